//! Every word that users read on GitHub. A run has one comment, which begins with its hidden marker and is edited.
//!
//! Functions take plain data and return Markdown of at most 65,536 characters. What people or models wrote goes
//! through [`super::defuse`] first.

mod coverage;
mod links;
mod planner;
mod preview;
mod reply;
mod state;
mod sync;
mod text;

use super::ids::{IssueNumber, RepositoryName, RunId};

pub use links::{not_native, with_links};
pub use planner::{AiUse, Spent, degraded, partly_degraded};
pub use preview::{Preview, SimilarIssue, part_is_over, preview, ticked};
pub use reply::{
    Fault, StatusRow, already, closed, complaints, help, not_edited, not_shown, nothing_left,
    nothing_needed, nothing_to_confirm, nothing_to_roll_back, status, too_many, unknown_command,
    unknown_items,
};
pub use state::{
    Ended, Failure, LeftOpen, Note, Progress, RolledBack, SameAs, Skipped, Step, Summary,
    cancelled, failed, progress, rolled_back, summary, working,
};
pub use sync::{
    SyncItem, SyncKind, SyncPreview, Synced, in_sync, nothing_to_sync, sync_cancelled, sync_later,
    sync_preview, sync_rolled_back, synced, with_offer,
};
pub use text::inline;

/// The most characters that GitHub takes as a comment.
pub const COMMENT_MAX: usize = 65_536;

/// Which run a comment is about, and by which name people call the bot there.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    pub run: &'a RunId,
    /// Without `@`.
    pub bot: &'a str,
    /// The trigger issue, where nobody listens to comments and the same is done by commands at a terminal.
    pub terminal: Option<(&'a RepositoryName, IssueNumber)>,
}

impl About<'_> {
    /// `process` for this issue, where the terminal is the place to command.
    fn process(&self, flag: &str) -> Option<String> {
        let (name, issue) = self.terminal?;
        Some(format!(
            "`openproducer process --repo {name} --issue {issue} {flag}`"
        ))
    }

    /// How people have the run's issues closed again: a command in a comment, or one at the terminal.
    fn rollback(&self) -> String {
        match self.terminal {
            Some(_) => format!("`openproducer rollback --run {}`", self.run),
            None => format!("`@{} rollback last`", self.bot),
        }
    }
}

/// An issue that exists, as it is linked: `#12`, or `owner/name#12` where it is in another repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub number: IssueNumber,
    /// `None`: the repository of the trigger issue.
    pub repository: Option<RepositoryName>,
}

impl std::fmt::Display for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.repository {
            Some(repository) => write!(f, "{repository}#{}", self.number),
            None => write!(f, "#{}", self.number),
        }
    }
}

/// A created issue of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    /// Its number in the plan.
    pub item: u32,
    pub title: String,
    pub link: Link,
    /// The number in the plan of the issue that groups it.
    pub parent: Option<u32>,
}

/// The number by which people call a planned issue: the digits of its id.
pub fn item_number(id: &str) -> Option<u32> {
    id.strip_prefix('i')?.parse().ok()
}

#[cfg(test)]
mod tests;
