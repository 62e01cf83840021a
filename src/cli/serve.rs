//! `openproducer serve`: LEAD writes it.

use super::arguments::ServeArguments;
use super::failure::Failure;

/// Not merged yet.
#[expect(clippy::unused_async, reason = "the real one waits")]
pub(super) async fn run(_: ServeArguments) -> Result<(), Failure> {
    Err(anyhow::anyhow!("`serve` is not merged yet").into())
}
