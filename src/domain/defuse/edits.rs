//! Replacements by byte range, collected in any order and applied at once.

use std::ops::Range;

/// The zero-width space that keeps a sign and a name apart.
pub(super) const APART: &str = "\u{200b}";

#[derive(Debug, Default)]
pub(super) struct Edits(Vec<(usize, usize, &'static str)>);

impl Edits {
    pub(super) fn insert(&mut self, at: usize, text: &'static str) {
        self.0.push((at, at, text));
    }

    pub(super) fn replace(&mut self, range: Range<usize>, text: &'static str) {
        self.0.push((range.start, range.end, text));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The text with all edits made; of two that overlap the later one waits for the next pass.
    pub(super) fn apply(mut self, text: &str) -> String {
        self.0.sort_unstable();
        self.0.dedup();
        let mut out = String::with_capacity(text.len() + 3 * self.0.len());
        let mut done = 0;
        for (start, end, new) in self.0 {
            if start < done {
                continue;
            }
            out.push_str(&text[done..start]);
            out.push_str(new);
            done = end;
        }
        out.push_str(&text[done..]);
        out
    }
}
