//! `openproducer demo`: LEAD writes it.

use super::arguments::DemoArguments;
use super::failure::Failure;

/// Not merged yet.
#[expect(clippy::unused_async, reason = "the real one waits")]
pub(super) async fn run(_: DemoArguments) -> Result<(), Failure> {
    Err(anyhow::anyhow!("`demo` is not merged yet").into())
}
