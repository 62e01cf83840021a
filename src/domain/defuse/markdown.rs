//! One pass over Markdown: every hazard outside code, as edits by byte range.

use std::ops::Range;

use pulldown_cmark::{Event, LinkType, OffsetIter, Options, Parser, Tag, TagEnd};

use super::Spot;
use super::edits::Edits;
use super::html::{self, Piece, Tags};
use super::spots::Reading;
use super::{links, references, spots};

/// What this pass would change; empty for harmless text.
pub(super) fn hazards(text: &str) -> Edits {
    let mut pass = Pass {
        text,
        edits: Edits::default(),
        tags: Tags::default(),
        run: Vec::new(),
        html: Vec::new(),
        open: Vec::new(),
        in_code: false,
    };
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_GFM;
    let events = Parser::new_ext(text, options).into_offset_iter();
    pass.definitions(&events);
    for (event, range) in events {
        pass.event(&event, range);
    }
    pass.end_run();
    pass.tags.finish(&mut pass.edits);
    pass.edits
}

/// A link or an image that is being read.
struct Open {
    is_image: bool,
    is_autolink: bool,
    /// Where its text ended so far; its address comes after.
    text_end: usize,
    start: usize,
    is_dangerous: bool,
    to: String,
    /// Its text without mark-up.
    shown: String,
}

struct Pass<'a> {
    text: &'a str,
    edits: Edits,
    tags: Tags,
    /// The run of text that is being collected; mark-up inside it does not count.
    run: Vec<Spot>,
    html: Vec<Spot>,
    open: Vec<Open>,
    in_code: bool,
}

impl Pass<'_> {
    fn event(&mut self, event: &Event<'_>, range: Range<usize>) {
        let end = range.end;
        match event {
            Event::Start(Tag::CodeBlock(_)) => {
                self.end_run();
                self.in_code = true;
            }
            Event::End(TagEnd::CodeBlock) => self.in_code = false,
            Event::Start(Tag::Link {
                link_type,
                dest_url,
                ..
            }) => self.open_link(*link_type, dest_url, &range, false),
            Event::Start(Tag::Image {
                link_type,
                dest_url,
                ..
            }) => self.open_link(*link_type, dest_url, &range, true),
            Event::End(TagEnd::Link | TagEnd::Image) => self.close_link(end),
            Event::Text(shown) => {
                self.show_in_links(shown);
                self.words(shown, range);
            }
            Event::Code(shown) => {
                self.show_in_links(shown);
                self.end_run();
            }
            Event::InlineHtml(_) => self.inline_html(range),
            Event::Html(_) => self.html.extend(spots::raw(self.text, range)),
            Event::End(TagEnd::HtmlBlock) => self.end_html(),
            // Emphasis and the like: its marks are not text, what it holds goes on.
            Event::Start(Tag::Emphasis | Tag::Strong | Tag::Strikethrough)
            | Event::End(TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough) => {}
            _ => self.end_run(),
        }
        if let Some(open) = self.open.last_mut()
            && !matches!(event, Event::Start(_))
        {
            open.text_end = open.text_end.max(end);
        }
    }

    fn show_in_links(&mut self, shown: &str) {
        for open in &mut self.open {
            open.shown.push_str(shown);
        }
    }

    fn words(&mut self, shown: &str, range: Range<usize>) {
        if self.in_code || self.open.iter().any(|o| o.is_image || o.is_autolink) {
            return;
        }
        if self.text[range.clone()] == *shown {
            self.run.extend(spots::raw(self.text, range));
        } else {
            // An entity: what is shown is not what is written.
            self.run.extend(shown.chars().map(|c| Spot {
                c,
                start: range.start,
                end: range.end,
            }));
        }
    }

    fn end_run(&mut self) {
        let run = std::mem::take(&mut self.run);
        for at in 0..run.len() {
            // To us it is text; another parser might disagree.
            if html::opens_markup(&run[at..]) && !self.is_escaped(run[at].start) {
                html::show(run[at], &mut self.edits);
            }
        }
        references::find(&spots::decode(run, Reading::Markdown), &mut self.edits);
    }

    fn is_escaped(&self, at: usize) -> bool {
        let before = &self.text.as_bytes()[..at];
        before.iter().rev().take_while(|b| **b == b'\\').count() % 2 == 1
    }

    fn inline_html(&mut self, range: Range<usize>) {
        let html = spots::raw(self.text, range.clone());
        match html::piece(&html, html::last_close(&html)) {
            (Piece::Comment, length) if length == html.len() => self.edits.replace(range, ""),
            (Piece::Tag { name, ends }, length) if length == html.len() => {
                self.tags.push(name, ends, html[0], &mut self.edits);
            }
            _ => html::show(html[0], &mut self.edits),
        }
    }

    fn end_html(&mut self) {
        let html = std::mem::take(&mut self.html);
        let close = html::last_close(&html);
        let mut words = Vec::new();
        let mut at = 0;
        while at < html.len() {
            let (piece, length) = html::piece(&html[at..], close.and_then(|c| c.checked_sub(at)));
            let part = &html[at..at + length];
            match piece {
                Piece::Text => words.extend_from_slice(part),
                Piece::Comment => self.remove(part),
                Piece::Tag { name, ends } => self.tags.push(name, ends, part[0], &mut self.edits),
                Piece::Refused => html::show(part[0], &mut self.edits),
            }
            at += length;
        }
        references::find(&spots::decode(words, Reading::Html), &mut self.edits);
    }

    /// Cuts spots out, but not what stands between them: a quote's marks at the beginning of each line, which then
    /// need their line breaks too.
    fn remove(&mut self, part: &[Spot]) {
        let pieces: Vec<&[Spot]> = part.chunk_by(|one, next| one.end == next.start).collect();
        let keeps_lines = pieces.len() > 1;
        for piece in pieces {
            let ends_line = |s: &&Spot| keeps_lines && matches!(s.c, '\r' | '\n');
            let kept = piece.iter().rev().take_while(ends_line).count();
            let cut = &piece[..piece.len() - kept];
            if let (Some(first), Some(last)) = (cut.first(), cut.last()) {
                self.edits.replace(first.start..last.end, "");
            }
        }
    }

    fn open_link(&mut self, kind: LinkType, to: &str, range: &Range<usize>, is_image: bool) {
        self.end_run();
        let is_autolink = matches!(kind, LinkType::Autolink | LinkType::Email);
        self.open.push(Open {
            is_image,
            is_autolink,
            text_end: range.start + 1 + usize::from(is_image),
            start: range.start,
            is_dangerous: matches!(kind, LinkType::Inline | LinkType::Autolink)
                && leads_to_issue(to),
            to: to.to_owned(),
            shown: String::new(),
        });
    }

    fn close_link(&mut self, end: usize) {
        self.end_run();
        let Some(link) = self.open.pop() else {
            return;
        };
        let deceives =
            links::is_deceptive(&link.to) || links::shows_another_host(&link.shown, &link.to);
        if link.is_image {
            self.unload(&link, end);
        } else if deceives {
            // As text it shows where it would have led.
            self.edits.insert(link.start, "\\");
        } else if link.is_dangerous {
            let from = if link.is_autolink {
                link.start
            } else {
                link.text_end
            };
            self.break_address(from..end, link.start);
        }
    }

    /// Makes an image a link, or its words alone where it stands inside a link.
    fn unload(&mut self, image: &Open, end: usize) {
        let text = image.start + 2;
        let is_empty = image.text_end <= text;
        if self.open.is_empty() {
            self.edits.replace(image.start..image.start + 1, "");
        } else {
            self.edits.replace(image.start..text, "");
            self.edits.replace(image.text_end.max(text)..end, "");
        }
        if is_empty {
            self.edits.insert(text, "image");
        }
    }

    fn definitions(&mut self, events: &OffsetIter<'_>) {
        for (_, definition) in events.reference_definitions().iter() {
            if links::is_deceptive(&definition.dest) {
                let span = definition.span.clone();
                let start = self.text[span.clone()]
                    .find('[')
                    .map_or(span.start, |at| span.start + at);
                self.edits.insert(start, "\\");
            } else if leads_to_issue(&definition.dest) {
                let span = definition.span.clone();
                let start = self.text[span.clone()]
                    .find('[')
                    .map_or(span.start, |at| span.start + at);
                self.break_address(span, start);
            }
        }
    }

    /// Breaks the address where it is written; where it is written in disguise, what begins at `start` stops being a link.
    fn break_address(&mut self, range: Range<usize>, start: usize) {
        let before = self.edits.len();
        let written = spots::plain(self.text, range);
        references::find_issue_urls(&written, &mut self.edits);
        if self.edits.len() == before {
            self.edits.insert(start, "\\");
        }
    }
}

fn leads_to_issue(address: &str) -> bool {
    let mut edits = Edits::default();
    references::find_issue_urls(&spots::plain(address, 0..address.len()), &mut edits);
    !edits.is_empty()
}
