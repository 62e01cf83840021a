//! Webhooks: is this delivery GitHub's, and what does it say?

pub mod glimpse;
pub mod payload;
pub mod signature;

mod wire;

pub use glimpse::Glimpse;
pub use payload::{PayloadError, parse};
pub use signature::{Check, Verifier};
