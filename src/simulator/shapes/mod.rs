//! The JSON in which GitHub tells of things. Full enough for typed clients: every field they insist on is there.

mod account;
mod app;
mod issue;
mod repository;

pub(crate) use issue::REACTIONS;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Opaque, as GitHub's are.
pub(crate) fn node_id(kind: &str, id: u64) -> String {
    STANDARD.encode(format!("{kind}:{id}"))
}
