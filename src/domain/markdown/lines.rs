//! The lines of a text, whichever of LF, CR LF and CR ends them.

use std::ops::Range;

/// A text cut into lines. A text has at least one line; a terminator at its very end opens no further one.
#[derive(Debug)]
pub struct Lines<'a> {
    text: &'a str,
    ranges: Vec<Range<usize>>,
}

impl<'a> Lines<'a> {
    /// Cuts the text.
    pub fn of(text: &'a str) -> Self {
        let bytes = text.as_bytes();
        let mut ranges = Vec::new();
        let (mut start, mut at) = (0, 0);
        while at < bytes.len() {
            let width = match bytes[at] {
                b'\r' if bytes.get(at + 1) == Some(&b'\n') => 2,
                b'\n' | b'\r' => 1,
                _ => 0,
            };
            if width == 0 {
                at += 1;
            } else {
                ranges.push(start..at);
                at += width;
                start = at;
            }
        }
        if start < bytes.len() || ranges.is_empty() {
            ranges.push(start..bytes.len());
        }
        Self { text, ranges }
    }

    /// How many lines there are.
    #[expect(clippy::len_without_is_empty, reason = "a text has at least one line")]
    pub fn len(&self) -> usize {
        self.ranges.len()
    }

    /// The byte range of a line (counted from 0), without its terminator.
    pub fn range(&self, index: usize) -> Range<usize> {
        self.ranges[index].clone()
    }

    /// A line (counted from 0), without its terminator.
    pub fn get(&self, index: usize) -> &'a str {
        &self.text[self.range(index)]
    }

    /// Which line (counted from 0) holds this byte; a terminator belongs to the line that it ends.
    pub fn index_at(&self, at: usize) -> usize {
        self.ranges
            .partition_point(|r| r.start <= at)
            .saturating_sub(1)
    }

    /// The lines (counted from 0) that a byte range touches; a trailing terminator touches no further line.
    pub fn touched(&self, range: &Range<usize>) -> Range<usize> {
        let first = self.index_at(range.start);
        let last = self.index_at(range.end.saturating_sub(1).max(range.start));
        first..last + 1
    }

    /// All lines in order.
    pub fn iter(&self) -> impl Iterator<Item = &'a str> + '_ {
        self.ranges.iter().map(|r| &self.text[r.clone()])
    }
}
