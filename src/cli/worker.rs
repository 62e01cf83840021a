//! `openproducer worker`: LEAD writes it.

use super::arguments::WorkerArguments;
use super::failure::Failure;

/// Not merged yet.
#[expect(clippy::unused_async, reason = "the real one waits")]
pub(super) async fn run(_: WorkerArguments) -> Result<(), Failure> {
    Err(anyhow::anyhow!("`worker` is not merged yet").into())
}
