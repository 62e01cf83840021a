//! The spec: a request's Markdown as numbered blocks with their places in the text.

use serde::{Deserialize, Serialize};

mod lines;
pub(crate) mod pieces;
#[cfg(test)]
mod tests;

use pieces::Piece;

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

impl Spec {
    /// Numbers the blocks of a text in GitHub's Markdown; never fails, whatever the text is.
    pub fn parse(title: &str, text: &str) -> Self {
        Self::of_pieces(title, text, &pieces::read(text))
    }

    /// The same, from pieces that were read already.
    pub(crate) fn of_pieces(title: &str, text: &str, pieces: &[Piece]) -> Self {
        let mut above: Vec<(u8, String)> = Vec::new();
        let mut blocks = Vec::with_capacity(pieces.len());
        for (n, piece) in pieces.iter().enumerate() {
            if piece.level > 0 {
                above.retain(|(level, _)| *level < piece.level);
            }
            blocks.push(Block {
                id: block_id(n),
                kind: piece.kind,
                lines: piece.lines,
                section: above.iter().map(|(_, name)| name.clone()).collect(),
                text: text[piece.range.clone()].to_owned(),
            });
            if piece.level > 0 {
                above.push((piece.level, piece.plain.clone()));
            }
        }
        Self {
            title: title.to_owned(),
            blocks,
        }
    }
}

/// The name of the n-th block, counted from 0.
pub(crate) fn block_id(n: usize) -> String {
    format!("b{}", n + 1)
}
