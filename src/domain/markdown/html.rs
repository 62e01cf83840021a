//! Raw HTML in Markdown: which of it a reader would not take for speech (tags, comments, code, quotes).

use std::ops::Range;

/// Elements whose content is shown as code or as a quote, or not at all.
const SILENT: [&str; 10] = [
    "blockquote",
    "code",
    "kbd",
    "pre",
    "samp",
    "script",
    "style",
    "template",
    "textarea",
    "tt",
];

#[derive(Debug, Clone, Copy, Default)]
struct Open {
    depth: usize,
    start: usize,
    /// How far it reaches if it is never closed.
    reach: usize,
    inline: bool,
}

/// Collects inert ranges while the Markdown parser hands over pieces of HTML, in order.
#[derive(Debug, Default)]
pub(super) struct Html {
    open: [Open; SILENT.len()],
    inert: Vec<Range<usize>>,
}

impl Html {
    /// A block of raw HTML: an element left open in it lasts until it is closed further down, or to the block's end.
    pub(super) fn block(&mut self, text: &str, range: Range<usize>) {
        self.scan(text, range, false);
    }

    /// One tag or comment within a line: an element left open ends with the paragraph and then hides nothing.
    pub(super) fn inline(&mut self, text: &str, range: Range<usize>) {
        self.scan(text, range, true);
    }

    /// A paragraph, list item, cell or the like begins or ends.
    pub(super) fn leave_block(&mut self) {
        for open in &mut self.open {
            if open.inline {
                *open = Open::default();
            }
        }
    }

    /// The ranges found.
    pub(super) fn finish(mut self) -> Vec<Range<usize>> {
        for open in self.open {
            if open.depth > 0 && !open.inline {
                self.inert.push(open.start..open.reach);
            }
        }
        self.inert
    }

    fn scan(&mut self, text: &str, range: Range<usize>, inline: bool) {
        let mut at = range.start;
        while let Some(found) = text[at..range.end].find('<') {
            let start = at + found;
            let rest = &text[start..range.end];
            let end = if rest.starts_with("<!--") {
                rest.find("-->").map_or(range.end, |n| start + n + 3)
            } else if rest[1..]
                .starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?'))
            {
                let end = start + tag_length(rest);
                self.tag(&rest[1..], start..end, range.end, inline);
                end
            } else {
                at = start + 1;
                continue;
            };
            self.inert.push(start..end);
            at = end;
        }
    }

    fn tag(&mut self, inside: &str, range: Range<usize>, reach: usize, inline: bool) {
        let closing = inside.starts_with('/');
        let name = inside.trim_start_matches('/');
        let name = &name[..name
            .find(|c: char| !c.is_ascii_alphanumeric() && c != '-')
            .unwrap_or(name.len())];
        let Some(which) = SILENT.iter().position(|s| s.eq_ignore_ascii_case(name)) else {
            return;
        };
        let open = &mut self.open[which];
        if !closing {
            if open.depth == 0 {
                *open = Open {
                    depth: 0,
                    start: range.start,
                    reach,
                    inline,
                };
            }
            open.depth += 1;
        } else if open.depth > 0 {
            open.depth -= 1;
            if open.depth == 0 {
                self.inert.push(open.start..range.end);
            }
        }
    }
}

/// How long the tag at the beginning of this text is, `>` in quoted attributes not counted; all of it if unclosed.
fn tag_length(text: &str) -> usize {
    let mut quote = None;
    for (at, byte) in text.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return at + 1,
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(q), b) if q == b => quote = None,
            _ => {}
        }
    }
    text.len()
}
