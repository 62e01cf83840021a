//! Planning with a model, all but calling it: what it is asked, how its reply is read, and what becomes of it.
//!
//! The spec is cut into [`parts`]; each part is asked for by [`issues_question`] and read by [`read_issues`] into
//! [`Drafts`]; what [`uncovered`] finds is asked for again; [`assemble`] makes one plan of all of it. A question is a
//! [`Prompt`]: text from the files in `prompts/`, and a JSON schema.
//!
//! Invariant: whatever the spec and the reply say, the plan keeps its rules and holds nothing that the maintainer did
//! not ask for: no label, assignee, repository, mention or command.

mod assemble;
mod clean;
mod complaints;
mod compose;
mod cover;
mod degraded;
mod draft;
mod fence;
mod grounding;
mod order;
mod parts;
mod prompts;
mod read;
mod reply;
mod rest;
mod schema;
mod shrink;
mod take;
#[cfg(test)]
mod tests;
mod vary;
mod warnings;

use super::spec::Spec;
use super::structure::Wishes;

pub use assemble::{Assembled, assemble};
pub use clean::title as harmless_title;
pub use compose::{is_ungrounded, lines, ungrounded, without_mark};
pub use cover::{left_out, uncovered};
pub use degraded::Degraded;
pub use draft::{Count, DraftIssue, Drafts, Extension, NotWork};
pub use fence::nonce;
pub use parts::{Part, missing_part, parts, share};
pub use prompts::{count_question, issues_question, missing_question, repair_question};
pub use read::{read_count, read_issues, read_missing};
pub use vary::{Varied, apply_varied, read_varied, vary_question};

/// Which prompts were used; kept with the plan and part of the cache's key. A test asks for a new one with every change
/// of the files.
pub const PROMPT_VERSION: &str = "2";

/// The longest title of an issue, in characters.
pub const LONGEST_TITLE: usize = 80;
/// More issues than this are no breakdown, whatever the maximum says.
const MOST_ISSUES: usize = 500;

/// What the repository is like, as far as the Issues API says it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// Labels that exist; for the model to know the repository's words.
    pub labels: Vec<String>,
    /// Those of them that a model may set by itself. None unless policy says so.
    pub allowed_labels: Vec<String>,
    pub milestones: Vec<String>,
    /// Titles of open issues, so that work is not planned twice.
    pub open_issues: Vec<String>,
}

/// What is to be planned.
#[derive(Debug, Clone, Copy)]
pub struct Brief<'a> {
    pub spec: &'a Spec,
    /// The trigger issue's title.
    pub title: &'a str,
    pub wishes: &'a Wishes,
    pub surroundings: &'a Surroundings,
    /// What `replan` was told, newest last.
    pub instructions: &'a [String],
    /// Marks where text from outside begins and ends; letters and digits that its writer cannot know. See [`nonce`].
    pub nonce: &'a str,
}

impl Brief<'_> {
    /// The most issues that the plan may have.
    fn most(&self) -> usize {
        (self.wishes.maximum.max(1) as usize).min(MOST_ISSUES)
    }
}

/// One question to a model.
#[derive(Debug, Clone, PartialEq)]
pub struct Prompt {
    pub system: String,
    pub prompt: String,
    pub schema_name: &'static str,
    pub schema: serde_json::Value,
}
