//! An issue in the making.

use std::collections::BTreeSet;

/// One acceptance criterion, in the words of the text.
#[derive(Debug, Clone)]
pub(super) struct Criterion {
    /// The block that it stands in.
    pub piece: usize,
    /// A sentence of that block; `None`: the whole block with what hangs on it.
    pub sentence: Option<String>,
}

/// An issue before it has a number.
#[derive(Debug, Clone, Default)]
pub(super) struct Draft {
    pub title: String,
    /// Titles that may replace one that is taken, with more and more context.
    pub context: Vec<String>,
    /// Blocks whose text says what to build, in order.
    pub main: Vec<usize>,
    /// The sentences of its block that are its own, when the block holds several wishes.
    pub excerpt: Option<String>,
    /// A table row's longer cells, each a paragraph of the body.
    pub details: Vec<String>,
    /// A table row's cells that belong in the body, as (head, cell).
    pub fields: Vec<(String, String)>,
    pub criteria: Vec<Criterion>,
    /// The block that it starts from.
    pub anchor: usize,
    /// All blocks that it carries out, `main` and `criteria` among them.
    pub covers: BTreeSet<usize>,
    /// The section that it stands in.
    pub section: usize,
    pub parent: Option<usize>,
    pub blocked_by: BTreeSet<usize>,
    /// Groups others and has no work of its own.
    pub is_group: bool,
    /// Numbers and ids by which the text may call it: "phase 2", "fr-3", "2".
    pub keys: Vec<String>,
    /// Words in which it says what it waits for.
    pub waits: Vec<String>,
    pub component: Option<String>,
    /// The group that it stood in before that was dissolved.
    pub home: Option<usize>,
    /// Of how many drafts it was merged.
    pub merged: Vec<usize>,
    /// The name of the rule that made it.
    pub rule: &'static str,
    /// Merged into another one or dissolved.
    pub gone: bool,
}

impl Draft {
    /// Where it stands in the text.
    pub(super) fn place(&self) -> usize {
        self.anchor
    }
}
