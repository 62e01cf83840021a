//! Policy: who may ask, what is too much, and when a person has to look first; every decision explains itself.

mod filter;
mod role;

use std::fmt;

use serde::{Deserialize, Serialize};

use super::plan::Plan;

pub use filter::{ContentFilter, DEFAULT_KEYWORDS, Hit, Place};
pub use role::{Role, may};

/// Whether a stored plan may be created at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    GoAhead,
    /// A person has to confirm; never empty.
    AskFirst(Vec<Reason>),
}

impl Verdict {
    /// Why a person has to confirm; empty for [`Self::GoAhead`].
    pub fn reasons(&self) -> &[Reason] {
        match self {
            Self::GoAhead => &[],
            Self::AskFirst(reasons) => reasons,
        }
    }
}

/// One reason to ask, shown in the preview and kept with the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    DryRun,
    SettingsSayAlways,
    ManyIssues {
        planned: usize,
        limit: u32,
    },
    PossibleDuplicates(usize),
    ProhibitedKeyword(Hit),
    /// Blocks that look like work, and that the model says are none.
    LeftOut(usize),
    /// Somebody edited the plan.
    Edited,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DryRun => f.write_str("You asked for a dry run."),
            Self::SettingsSayAlways => {
                f.write_str("This repository's settings ask for confirmation every time.")
            }
            Self::ManyIssues { planned, limit } => write!(
                f,
                "{planned} issues are planned; more than {limit} need a confirmation."
            ),
            Self::PossibleDuplicates(1) => {
                f.write_str("1 planned issue looks like one that exists already.")
            }
            Self::PossibleDuplicates(n) => {
                write!(f, "{n} planned issues look like ones that exist already.")
            }
            Self::ProhibitedKeyword(hit) => hit.fmt(f),
            Self::Edited => f.write_str("The plan was edited."),
            Self::LeftOut(1) => f.write_str(
                "The model takes 1 piece of the text for no work that looks like work; the coverage below names it.",
            ),
            Self::LeftOut(n) => write!(
                f,
                "The model takes {n} pieces of the text for no work that look like work; the coverage below names them."
            ),
        }
    }
}

/// What the verdict is about.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    pub plan: &'a Plan,
    pub dry_run: bool,
    /// The settings say `confirmation: always`.
    pub always: bool,
    /// More planned issues than this need a confirmation.
    pub threshold: u32,
    /// Planned issues that look like existing ones without being the same.
    pub possible_duplicates: usize,
    /// Blocks that look like work, and that a model says are none.
    pub left_out: usize,
    /// `None` where content filtering is off.
    pub filter: Option<&'a ContentFilter>,
}

/// Whether the plan may be created at once, and if not, every reason why.
pub fn judge(case: &Case<'_>) -> Verdict {
    let planned = case.plan.issues.len();
    let mut reasons = Vec::new();
    if case.dry_run {
        reasons.push(Reason::DryRun);
    }
    if case.always {
        reasons.push(Reason::SettingsSayAlways);
    }
    if is_over(planned, case.threshold) {
        let limit = case.threshold;
        reasons.push(Reason::ManyIssues { planned, limit });
    }
    if case.possible_duplicates > 0 {
        reasons.push(Reason::PossibleDuplicates(case.possible_duplicates));
    }
    if case.left_out > 0 {
        reasons.push(Reason::LeftOut(case.left_out));
    }
    let hits = case.filter.map(|filter| filter.search(case.plan));
    reasons.extend(hits.into_iter().flatten().map(Reason::ProhibitedKeyword));
    if reasons.is_empty() {
        Verdict::GoAhead
    } else {
        Verdict::AskFirst(reasons)
    }
}

/// A plan with more issues than the maximum; it is never created, confirmed or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{planned} issues are planned, and at most {maximum} may be created in one run")]
pub struct TooMany {
    pub planned: usize,
    pub maximum: u32,
}

/// Checks the hard limit on the number of planned issues.
pub fn check_maximum(planned: usize, maximum: u32) -> Result<(), TooMany> {
    if is_over(planned, maximum) {
        return Err(TooMany { planned, maximum });
    }
    Ok(())
}

fn is_over(planned: usize, limit: u32) -> bool {
    u32::try_from(planned).map_or(true, |planned| planned > limit)
}

#[cfg(test)]
mod tests;
