//! `openproducer process`: LEAD writes it.

use super::arguments::ProcessArguments;
use super::failure::Failure;

/// Not merged yet.
#[expect(clippy::unused_async, reason = "the real one waits")]
pub(super) async fn run(_: ProcessArguments) -> Result<(), Failure> {
    Err(anyhow::anyhow!("`process` is not merged yet").into())
}
