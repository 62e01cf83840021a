//! What a run's step says of the one after it.

use chrono::{DateTime, Utc};

/// What a step says of the one after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Something was done; look again at once.
    Again,
    /// Nothing may be done before this moment.
    At(DateTime<Utc>),
    /// Nothing is left to do until somebody acts.
    Done,
}
