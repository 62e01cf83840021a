//! `openproducer plan`: from a file to a plan, with nothing else around.

use super::arguments::PlanArguments;
use super::failure::Failure;

pub(super) fn run(_: &PlanArguments) -> Result<(), Failure> {
    Err(anyhow::anyhow!("`plan` is not merged yet").into())
}
