//! `openproducer status`: LEAD writes it.

use super::arguments::StatusArguments;
use super::failure::Failure;

/// Not merged yet.
#[expect(clippy::unused_async, reason = "the real one waits")]
pub(super) async fn run(_: StatusArguments) -> Result<(), Failure> {
    Err(anyhow::anyhow!("`status` is not merged yet").into())
}
