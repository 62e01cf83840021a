//! `openproducer rollback`: LEAD writes it.

use super::arguments::RollbackArguments;
use super::failure::Failure;

/// Not merged yet.
#[expect(clippy::unused_async, reason = "the real one waits")]
pub(super) async fn run(_: RollbackArguments) -> Result<(), Failure> {
    Err(anyhow::anyhow!("`rollback` is not merged yet").into())
}
