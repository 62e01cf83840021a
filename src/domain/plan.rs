//! The plan: what is proposed, in the shape that `plan --format json` prints and the database stores.

use serde::{Deserialize, Serialize};

use super::ids::RepositoryName;
use super::spec::Spec;

/// The heading in a planned issue's body above where in the spec it comes from.
pub const FROM_THE_SPEC: &str = "### From the spec";

/// A whole breakdown: the spec it was made from, the planned issues, and where each block went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Who planned: `structural`, or `provider/model`.
    pub planner: String,
    /// Why there are as many issues as there are, in one sentence.
    pub count_reason: String,
    /// What a person should know before confirming.
    pub warnings: Vec<String>,
    pub spec: Spec,
    pub issues: Vec<PlannedIssue>,
    /// One entry for each block of the spec, in the spec's order.
    pub coverage: Vec<BlockCoverage>,
}

/// One proposed issue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedIssue {
    /// `i1`, `i2`, … in the order of creation; people call it by the number.
    pub id: String,
    /// At most 80 characters; starts with a verb or names the thing to be done.
    pub title: String,
    /// Markdown: what to build, acceptance criteria as a task list, and where in the spec it comes from.
    pub body: String,
    pub labels: Vec<String>,
    pub assignees: Vec<String>,
    pub component: Option<String>,
    /// Where it is to be created; `None` is the trigger's own repository.
    pub repository: Option<RepositoryName>,
    /// The planned issue that groups this one.
    pub parent: Option<String>,
    /// Planned issues that must be done first.
    pub blocked_by: Vec<String>,
    /// Blocks of the spec that this issue carries out.
    pub covers: Vec<String>,
}

/// Where one block of the spec went: to issues, or out, with the reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockCoverage {
    pub block: String,
    pub issues: Vec<String>,
    /// Why the block is not work (`context`, `goal`, `out of scope`, …); `None` for a covered or an uncovered one.
    pub reason: Option<String>,
}
