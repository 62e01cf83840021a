//! The spec: a request's Markdown as numbered blocks with their places in the text.

use serde::{Deserialize, Serialize};

/// The parsed requirement text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spec {
    pub title: String,
    pub blocks: Vec<Block>,
}

/// One piece of the spec. Blocks do not overlap, and together hold every line that says something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// `b1`, `b2`, … in the order of the text.
    pub id: String,
    pub kind: BlockKind,
    /// First and last line, counted from 1, of the text as it was given.
    pub lines: [usize; 2],
    /// The headings above it, outermost first.
    pub section: Vec<String>,
    pub text: String,
}

/// What a block is in GitHub's Markdown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockKind {
    Heading,
    Paragraph,
    ListItem,
    Task,
    TableRow,
    Code,
    Quote,
    Html,
    Metadata,
}
