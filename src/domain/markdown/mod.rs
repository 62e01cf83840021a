//! A person's text as GitHub's Markdown sees it: its lines, its top-level blocks, and the ranges that are not speech.

mod html;
mod lines;

use std::borrow::Cow;
use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, LinkType, Options, Parser, Tag, TagEnd};

pub use lines::Lines;

use html::Html;

/// GitHub's flavour, as far as the parser knows it.
pub fn options() -> Options {
    Options::ENABLE_TABLES
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_GFM
}

/// What stands at the top level of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    Paragraph,
    /// A heading, with a line of `#` or underlined.
    Heading,
    /// A fenced code block and the first word of its info string, in lower case.
    Fence(String),
    List,
    Other,
}

/// One block at the top level, by byte range; the range may end with the line's terminator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopBlock {
    pub shape: Shape,
    pub range: Range<usize>,
}

/// A text's outline, computed once. All ranges are in bytes of the text.
#[derive(Debug)]
pub struct Outline<'a> {
    pub text: &'a str,
    pub lines: Lines<'a>,
    pub blocks: Vec<TopBlock>,
    inert: Vec<Range<usize>>,
    underscores: Vec<usize>,
}

impl<'a> Outline<'a> {
    /// Parses the text; takes time in proportion to its length.
    pub fn of(text: &'a str) -> Self {
        let mut walk = Walk {
            text,
            ..Walk::default()
        };
        let parsed = with_line_feeds(text);
        let mut events = Parser::new_ext(&parsed, options()).into_offset_iter();
        for (event, range) in events.by_ref() {
            walk.step(&event, range);
        }
        for (_, definition) in events.reference_definitions().iter() {
            walk.inert.push(definition.span.clone());
        }
        walk.inert.extend(walk.html.finish());
        walk.underscores.sort_unstable();
        Self {
            text,
            lines: Lines::of(text),
            blocks: walk.blocks,
            inert: merged(walk.inert),
            underscores: walk.underscores,
        }
    }

    /// The ranges that say nothing to us: code, quotes, comments, HTML tags and what they hide, link targets.
    /// Sorted, and none touches another.
    pub fn inert(&self) -> &[Range<usize>] {
        &self.inert
    }

    /// Whether this byte lies in a range that says nothing to us.
    pub fn is_inert(&self, at: usize) -> bool {
        let after = self.inert.partition_point(|r| r.end <= at);
        self.inert.get(after).is_some_and(|r| r.start <= at)
    }

    /// Whether the `_` at this byte is markup for emphasis and not a letter.
    pub fn is_emphasis(&self, at: usize) -> bool {
        self.underscores.binary_search(&at).is_ok()
    }
}

/// The text, byte for byte, with a line feed where a lone carriage return ends a line: the parser does not see those
/// within code blocks.
fn with_line_feeds(text: &str) -> Cow<'_, str> {
    if !text.contains('\r') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for (at, piece) in text.match_indices('\r') {
        out.push_str(&text[out.len()..at]);
        out.push_str(if text[at + 1..].starts_with('\n') {
            piece
        } else {
            "\n"
        });
    }
    out.push_str(&text[out.len()..]);
    Cow::Owned(out)
}

/// The byte ranges of the text that are inert for us; see [`Outline::inert`].
pub fn inert(text: &str) -> Vec<Range<usize>> {
    Outline::of(text).inert
}

#[derive(Default)]
struct Walk<'a> {
    text: &'a str,
    depth: usize,
    previous_end: usize,
    blocks: Vec<TopBlock>,
    inert: Vec<Range<usize>>,
    underscores: Vec<usize>,
    html: Html,
}

impl Walk<'_> {
    fn step(&mut self, event: &Event<'_>, range: Range<usize>) {
        match event {
            Event::Start(tag) => {
                if self.depth == 0 {
                    self.blocks.push(TopBlock {
                        shape: shape(tag),
                        range: range.clone(),
                    });
                }
                self.depth += 1;
                self.start(tag, &range);
            }
            Event::End(tag) => {
                self.depth = self.depth.saturating_sub(1);
                self.end(*tag, &range);
            }
            Event::Code(_) => self.inert.push(range.clone()),
            Event::InlineHtml(_) => self.html.inline(self.text, range.clone()),
            Event::Rule if self.depth == 0 => self.blocks.push(TopBlock {
                shape: Shape::Other,
                range: range.clone(),
            }),
            _ => {}
        }
        self.previous_end = range.end;
    }

    fn start(&mut self, tag: &Tag<'_>, range: &Range<usize>) {
        match tag {
            Tag::BlockQuote(_) | Tag::CodeBlock(_) | Tag::Image { .. } => {
                self.inert.push(range.clone());
            }
            Tag::Link {
                link_type: LinkType::Autolink | LinkType::Email,
                ..
            } => self.inert.push(range.clone()),
            Tag::HtmlBlock => self.html.block(self.text, range.clone()),
            Tag::Emphasis => self.emphasis(range, 1),
            Tag::Strong => self.emphasis(range, 2),
            Tag::Strikethrough | Tag::Link { .. } => {}
            _ => self.html.leave_block(),
        }
    }

    fn end(&mut self, tag: TagEnd, range: &Range<usize>) {
        match tag {
            // What follows the link's text is its target.
            TagEnd::Link => self
                .inert
                .push(self.previous_end.clamp(range.start, range.end)..range.end),
            TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough | TagEnd::Image => {}
            _ => self.html.leave_block(),
        }
    }

    fn emphasis(&mut self, range: &Range<usize>, width: usize) {
        if self.text.as_bytes().get(range.start) == Some(&b'_') {
            self.underscores.extend(range.start..range.start + width);
            self.underscores
                .extend(range.end.saturating_sub(width)..range.end);
        }
    }
}

fn shape(tag: &Tag<'_>) -> Shape {
    match tag {
        Tag::Paragraph => Shape::Paragraph,
        Tag::Heading { .. } => Shape::Heading,
        Tag::CodeBlock(CodeBlockKind::Fenced(info)) => Shape::Fence(
            info.split_whitespace()
                .next()
                .unwrap_or_default()
                .to_ascii_lowercase(),
        ),
        Tag::List(_) => Shape::List,
        _ => Shape::Other,
    }
}

fn merged(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.retain(|r| !r.is_empty());
    ranges.sort_unstable_by_key(|r| r.start);
    let mut out: Vec<Range<usize>> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match out.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => out.push(range),
        }
    }
    out
}

#[cfg(test)]
mod tests;
