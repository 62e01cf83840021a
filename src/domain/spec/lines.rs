//! Line numbers of a text with any line endings.

use std::borrow::Cow;
use std::ops::Range;

/// Where each line begins and ends, without its line break.
pub(super) struct Lines {
    ranges: Vec<Range<usize>>,
}

impl Lines {
    pub(super) fn of(text: &str) -> Self {
        let bytes = text.as_bytes();
        let mut ranges = Vec::new();
        let (mut start, mut at) = (0, 0);
        while at < bytes.len() {
            let width = match bytes[at] {
                b'\r' if bytes.get(at + 1) == Some(&b'\n') => 2,
                b'\n' | b'\r' => 1,
                _ => {
                    at += 1;
                    continue;
                }
            };
            ranges.push(start..at);
            at += width;
            start = at;
        }
        ranges.push(start..bytes.len());
        Self { ranges }
    }

    /// The line (from 0) that holds a byte.
    pub(super) fn at(&self, byte: usize) -> usize {
        self.ranges
            .partition_point(|line| line.start <= byte)
            .saturating_sub(1)
    }

    /// The bytes of whole lines, first to last (from 0).
    pub(super) fn span(&self, first: usize, last: usize) -> Range<usize> {
        self.ranges[first].start..self.ranges[last].end
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, Range<usize>)> {
        self.ranges.iter().cloned().enumerate()
    }
}

/// The text as the parser should see it, byte for byte as long: a byte order mark blanked, lone carriage returns as line feeds.
pub(super) fn readable(text: &str) -> Cow<'_, str> {
    let mut out = Cow::Borrowed(text);
    if let Some(rest) = text.strip_prefix('\u{feff}') {
        // Three line breaks would shift numbers and spaces would indent; three bytes of nothing are an empty comment's worth.
        out = Cow::Owned(format!("   {rest}"));
    }
    let lone = |bytes: &[u8], at: usize| bytes[at] == b'\r' && bytes.get(at + 1) != Some(&b'\n');
    if (0..out.len()).any(|at| lone(out.as_bytes(), at)) {
        let bytes = out.as_bytes();
        let swapped = (0..bytes.len())
            .map(|at| if lone(bytes, at) { b'\n' } else { bytes[at] })
            .collect();
        out = Cow::Owned(
            String::from_utf8(swapped).expect("one ASCII byte for another keeps the text valid"),
        );
    }
    out
}
