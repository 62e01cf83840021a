//! What a model's reply says, once it has been read: issues before they have numbers, and blocks that are no work.

/// How many issues the work needs, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    pub count: u32,
    /// One sentence.
    pub reason: String,
}

/// An issue as a model drafted it. Its texts are still the model's: [`super::assemble`] cleans them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DraftIssue {
    /// Its name within its part.
    pub key: String,
    pub title: String,
    /// What to build.
    pub description: String,
    /// Acceptance criteria, one line each.
    pub criteria: Vec<String>,
    /// Blocks that it carries out.
    pub covers: Vec<String>,
    /// The draft of the same part that groups this one.
    pub parent: Option<String>,
    /// Drafts of the same part that must be done first.
    pub after: Vec<String>,
    /// Blocks, in any part, whose issues must be done first.
    pub after_blocks: Vec<String>,
    /// One of the components that were asked for.
    pub component: Option<String>,
    /// Labels that it would like; only allowed ones are taken.
    pub labels: Vec<String>,
}

/// A block that asks for nothing, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotWork {
    pub block: String,
    pub reason: String,
}

/// An issue of an earlier reply that covers more than it said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extension {
    /// `PART.KEY`, as [`super::missing_question`] lists them.
    pub issue: String,
    pub covers: Vec<String>,
}

/// All that was read from one reply.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Drafts {
    pub issues: Vec<DraftIssue>,
    pub not_work: Vec<NotWork>,
    /// Only in an answer to [`super::missing_question`].
    pub extends: Vec<Extension>,
    /// How often the reply had to be asked for again; the caller counts, the preview tells.
    pub repairs: u32,
}
