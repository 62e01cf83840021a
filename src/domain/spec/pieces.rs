//! One walk over the Markdown events: what lies on which lines, and how the pieces hang together.

use std::ops::Range;

use pulldown_cmark::{Event, MetadataBlockKind, Options, Parser, Tag, TagEnd};

use super::BlockKind;
use super::lines::{Lines, readable};

/// Items nested deeper than this hang on the last level that counts, so that no walk over the tree can run out of stack.
const DEEPEST: usize = 12;

#[expect(
    clippy::struct_excessive_bools,
    reason = "independent facts about a piece of text, not states"
)]
/// A block with what the planner wants to know of it.
#[derive(Debug, Clone)]
pub(crate) struct Piece {
    pub kind: BlockKind,
    /// First and last line, from 1.
    pub lines: [usize; 2],
    /// The trimmed bytes of those lines.
    pub range: Range<usize>,
    /// The words of the first paragraph (for a row: of all cells), without Markdown but with code in backticks.
    pub plain: String,
    /// The words of further paragraphs.
    pub more: String,
    /// The words in bold that it opens with.
    pub lead: Option<String>,
    /// A heading's level; 0 for everything else.
    pub level: u8,
    /// The list item, by index, that it is nested in.
    pub parent: Option<usize>,
    /// Which list an item belongs to, and which table a row belongs to.
    pub group: usize,
    /// An item's number in an ordered list.
    pub ordinal: Option<u64>,
    pub checked: Option<bool>,
    /// A row's cells.
    pub cells: Vec<String>,
    /// The head of a table.
    pub is_head: bool,
    /// Inside a quote.
    pub quoted: bool,
    /// A quote of GitHub's alert kind.
    pub alert: bool,
    /// All of its words are struck out.
    pub struck: bool,
    /// A footnote's own label, when it is a footnote's definition.
    pub footnote: Option<String>,
    /// Labels of the footnotes that it points to.
    pub notes: Vec<String>,
    /// Nothing but a link to a heading of the same document.
    pub contents_link: bool,
    /// A front matter block.
    pub front_matter: bool,
    /// Lines that the parser swallows: link reference definitions.
    pub reference: bool,
    depth: usize,
}

/// Reads a text into pieces, in order.
pub(crate) fn read(text: &str) -> Vec<Piece> {
    let readable = readable(text);
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_GFM
        | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS;
    let mut walk = Walk::new(Lines::of(text), &readable);
    for (event, range) in Parser::new_ext(&readable, options).into_offset_iter() {
        walk.event(event, range);
    }
    walk.finish(text)
}

/// What the walk is inside of.
enum Inside {
    Item(usize),
    Quote,
    List(usize, Option<u64>),
    Other,
}

#[expect(
    clippy::struct_excessive_bools,
    reason = "what the walk is inside of, all of it at once"
)]
struct Walk<'a> {
    lines: Lines,
    text: &'a str,
    pieces: Vec<Piece>,
    stack: Vec<Inside>,
    groups: usize,
    /// The piece that takes what comes now.
    now: Option<usize>,
    paragraphs: usize,
    in_code: bool,
    images: usize,
    in_strong: bool,
    in_struck: bool,
    unstruck: bool,
}

impl<'a> Walk<'a> {
    fn new(lines: Lines, text: &'a str) -> Self {
        Self {
            lines,
            text,
            pieces: Vec::new(),
            stack: Vec::new(),
            groups: 0,
            now: None,
            paragraphs: 0,
            in_code: false,
            images: 0,
            in_strong: false,
            in_struck: false,
            unstruck: false,
        }
    }

    fn event(&mut self, event: Event<'_>, range: Range<usize>) {
        match event {
            Event::Start(tag) => self.start(tag, range),
            Event::End(tag) => self.end(tag),
            Event::Text(words) => self.words(&words, range),
            Event::Code(code) => self.words(&format!("`{code}`"), range),
            Event::SoftBreak | Event::HardBreak => self.words(" ", range),
            Event::Html(_)
            | Event::InlineHtml(_)
            | Event::InlineMath(_)
            | Event::DisplayMath(_) => self.extend(&range),
            Event::FootnoteReference(label) => {
                self.extend(&range);
                if let Some(piece) = self.current() {
                    piece.notes.push(label.to_string());
                }
            }
            Event::Rule => self.now = None,
            Event::TaskListMarker(checked) => {
                if let Some(piece) = self.current() {
                    piece.kind = BlockKind::Task;
                    piece.checked = Some(checked);
                }
                self.extend(&range);
            }
        }
    }

    fn start(&mut self, tag: Tag<'_>, range: Range<usize>) {
        match tag {
            Tag::Heading { level, .. } => {
                let at_top = self.stack.is_empty();
                self.own_or_join(BlockKind::Heading, &range);
                if let (true, Some(piece)) = (at_top, self.current()) {
                    piece.level = level as u8;
                }
                self.stack.push(Inside::Other);
            }
            Tag::Paragraph => {
                self.own_or_join(BlockKind::Paragraph, &range);
                self.paragraphs += 1;
            }
            Tag::CodeBlock(_) => {
                self.own_or_join(BlockKind::Code, &range);
                self.in_code = true;
            }
            Tag::HtmlBlock => self.own_or_join(BlockKind::Html, &range),
            Tag::MetadataBlock(MetadataBlockKind::YamlStyle | MetadataBlockKind::PlusesStyle) => {
                self.open(BlockKind::Metadata, &range);
                self.extend(&range);
                self.in_code = true;
                if let Some(piece) = self.current() {
                    piece.front_matter = true;
                }
            }
            Tag::BlockQuote(alert) => {
                if self.joins().is_none() {
                    self.open(BlockKind::Quote, &range);
                    if let Some(piece) = self.current() {
                        piece.alert = alert.is_some();
                    }
                }
                self.stack.push(Inside::Quote);
            }
            Tag::FootnoteDefinition(label) => {
                self.open(BlockKind::Metadata, &range);
                self.extend(&(range.start..range.start + 1));
                if let Some(piece) = self.current() {
                    piece.footnote = Some(label.to_string());
                }
                self.stack.push(Inside::Item(self.pieces.len() - 1));
            }
            Tag::List(first) => {
                self.groups += 1;
                self.stack.push(Inside::List(self.groups, first));
            }
            Tag::Item => self.start_item(&range),
            Tag::Table(_) => self.groups += 1,
            Tag::TableHead | Tag::TableRow => {
                self.open(BlockKind::TableRow, &range);
                self.extend(&range);
                let (group, is_head) = (self.groups, matches!(tag, Tag::TableHead));
                if let Some(piece) = self.current() {
                    piece.group = group;
                    piece.is_head = is_head;
                }
            }
            Tag::TableCell => {
                if let Some(piece) = self.current() {
                    piece.cells.push(String::new());
                }
            }
            Tag::Strong => {
                self.in_strong = self.current().is_some_and(|piece| piece.plain.is_empty());
            }
            Tag::Strikethrough => self.in_struck = true,
            Tag::Link { dest_url, .. } => {
                self.extend(&range);
                let links = dest_url.starts_with('#');
                if let Some(piece) = self.current() {
                    piece.contents_link = links && piece.plain.is_empty();
                }
            }
            Tag::Image { .. } => {
                self.images += 1;
                self.extend(&range);
            }
            _ => self.extend(&range),
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Heading(_) | TagEnd::BlockQuote(_) => {
                self.stack.pop();
                if self.stack.is_empty() {
                    self.now = None;
                }
            }
            TagEnd::Item | TagEnd::FootnoteDefinition | TagEnd::List(_) => {
                self.stack.pop();
                if !matches!(self.stack.last(), Some(Inside::Quote)) {
                    self.settle_struck();
                }
                if self.stack.is_empty() {
                    self.now = None;
                }
            }
            TagEnd::CodeBlock | TagEnd::MetadataBlock(_) => {
                self.in_code = false;
                if self.stack.is_empty() {
                    self.now = None;
                }
            }
            TagEnd::Paragraph | TagEnd::HtmlBlock | TagEnd::TableRow | TagEnd::TableHead => {
                self.settle_struck();
                if self.stack.is_empty() {
                    self.now = None;
                }
            }
            TagEnd::Strong => self.in_strong = false,
            TagEnd::Strikethrough => self.in_struck = false,
            TagEnd::Image => self.images = self.images.saturating_sub(1),
            _ => {}
        }
    }

    fn start_item(&mut self, range: &Range<usize>) {
        let (group, ordinal) = match self.stack.last_mut() {
            Some(Inside::List(group, number)) => {
                let mine = *number;
                *number = number.map(|n| n.saturating_add(1));
                (*group, mine)
            }
            _ => (0, None),
        };
        self.open(BlockKind::ListItem, range);
        let index = self.pieces.len() - 1;
        let marker = self.skip_blank(range.start);
        self.extend(&(marker..marker + 1));
        let piece = &mut self.pieces[index];
        // An item that opens on the line of another one takes its place: `- - both`.
        piece.kind = BlockKind::ListItem;
        piece.group = group;
        piece.ordinal = ordinal;
        self.stack.push(Inside::Item(index));
    }

    /// A leaf inside an item or a quote belongs to it as long as nothing else came in between; elsewhere it is its own piece.
    fn own_or_join(&mut self, kind: BlockKind, range: &Range<usize>) {
        if self.joins().is_none() {
            self.open(kind, range);
            if self
                .stack
                .iter()
                .any(|inside| matches!(inside, Inside::Quote))
                && kind == BlockKind::Paragraph
                && let Some(piece) = self.current()
            {
                piece.kind = BlockKind::Quote;
            }
        }
        self.extend(range);
    }

    /// The piece that a leaf would continue.
    fn joins(&self) -> Option<usize> {
        let now = self.now?;
        match self.stack.last()? {
            Inside::Item(index) => (*index == now).then_some(now),
            Inside::Quote => match self.enclosing_item() {
                Some(item) => (item == now).then_some(now),
                None => (self.pieces[now].kind == BlockKind::Quote).then_some(now),
            },
            Inside::List(..) | Inside::Other => None,
        }
    }

    fn enclosing_item(&self) -> Option<usize> {
        self.stack.iter().rev().find_map(|inside| match inside {
            Inside::Item(index) => Some(*index),
            _ => None,
        })
    }

    fn skip_blank(&self, from: usize) -> usize {
        let rest = &self.text[from..];
        from + (rest.len() - rest.trim_start().len())
    }

    /// Opens a piece at the line of `range`; one that was opened on that very line is continued instead.
    fn open(&mut self, kind: BlockKind, range: &Range<usize>) {
        self.settle_struck();
        self.paragraphs = 0;
        self.unstruck = false;
        let line = self.lines.at(self.skip_blank(range.start).min(range.end));
        let parent = self.enclosing_item();
        if let Some(last) = self.pieces.last_mut() {
            if last.lines[0] == line {
                self.now = Some(self.pieces.len() - 1);
                return;
            }
            last.lines[1] = last.lines[1].min(line - 1);
        }
        let depth = parent.map_or(0, |p| self.pieces[p].depth + 1);
        let parent = match parent {
            Some(p) if depth > DEEPEST => self.pieces[p].parent,
            other => other,
        };
        self.pieces.push(Piece {
            kind,
            lines: [line, line],
            range: 0..0,
            plain: String::new(),
            more: String::new(),
            lead: None,
            level: 0,
            parent,
            group: 0,
            ordinal: None,
            checked: None,
            cells: Vec::new(),
            is_head: false,
            quoted: self
                .stack
                .iter()
                .any(|inside| matches!(inside, Inside::Quote)),
            alert: false,
            struck: false,
            footnote: None,
            notes: Vec::new(),
            contents_link: false,
            front_matter: false,
            reference: false,
            depth: depth.min(DEEPEST),
        });
        self.now = Some(self.pieces.len() - 1);
    }

    fn current(&mut self) -> Option<&mut Piece> {
        self.now.map(|index| &mut self.pieces[index])
    }

    /// The current piece reaches as far as `range` does.
    fn extend(&mut self, range: &Range<usize>) {
        let Some(now) = self.now else { return };
        let kept = self.text[range.clone()].trim_end();
        let last = (range.start + kept.len())
            .saturating_sub(1)
            .max(range.start);
        let line = self.lines.at(last);
        let piece = &mut self.pieces[now];
        piece.lines[1] = piece.lines[1].max(line);
    }

    fn words(&mut self, words: &str, range: Range<usize>) {
        // In a tight item the words stand there without a paragraph; after a nested list they are a piece of their own.
        if let (Some(Inside::Item(item)), Some(now)) = (self.stack.last(), self.now)
            && *item != now
            && self.paragraphs == 0
            && !self.in_code
            && self.pieces[now].cells.is_empty()
            && self.lines.at(range.start) > self.pieces[now].lines[1]
        {
            self.open(BlockKind::Paragraph, &range);
        }
        self.extend(&range);
        if self.in_code || self.images > 0 {
            return;
        }
        let (strong, later) = (self.in_strong, self.paragraphs > 1);
        self.unstruck |= !self.in_struck && words.chars().any(char::is_alphanumeric);
        let Some(piece) = self.current() else { return };
        if let Some(cell) = piece.cells.last_mut() {
            cell.push_str(words);
        }
        let sink = if later {
            &mut piece.more
        } else {
            &mut piece.plain
        };
        sink.push_str(words);
        if strong {
            piece.lead.get_or_insert_default().push_str(words);
        }
    }

    /// A piece whose every word was struck out is marked so.
    fn settle_struck(&mut self) {
        if self.paragraphs > 0
            && let Some(piece) = self.current()
            && !piece.more.is_empty()
            && !piece.more.ends_with(' ')
        {
            piece.more.push(' ');
        }
        let unstruck = self.unstruck;
        let text = self.text;
        let lines = &self.lines;
        if let Some(now) = self.now {
            let piece = &mut self.pieces[now];
            let span = lines.span(piece.lines[0], piece.lines[1]);
            piece.struck = !unstruck && text[span].contains("~~");
        }
    }

    fn finish(mut self, text: &str) -> Vec<Piece> {
        self.adopt_swallowed_lines(text);
        for piece in &mut self.pieces {
            let span = self.lines.span(piece.lines[0], piece.lines[1]);
            let slice = &text[span.clone()];
            let start = span.start + (slice.len() - slice.trim_start().len());
            piece.range = start..(start + slice.trim().len());
            piece.lines = [
                self.lines.at(piece.range.start) + 1,
                self.lines.at(piece.range.end.max(1) - 1) + 1,
            ];
            for words in [&mut piece.plain, &mut piece.more] {
                *words = words.split_whitespace().collect::<Vec<_>>().join(" ");
            }
            piece.lead = piece
                .lead
                .take()
                .map(|lead| lead.trim().to_owned())
                .filter(|lead| !lead.is_empty());
            for cell in &mut piece.cells {
                *cell = cell.split_whitespace().collect::<Vec<_>>().join(" ");
            }
        }
        self.pieces
    }

    /// Lines that say something but came with no event (link reference definitions) become pieces too.
    fn adopt_swallowed_lines(&mut self, text: &str) {
        let mut held = vec![false; self.lines.iter().count()];
        for piece in &self.pieces {
            held[piece.lines[0]..=piece.lines[1]].fill(true);
        }
        let mut found: Vec<[usize; 2]> = Vec::new();
        for (n, range) in self.lines.iter() {
            if held[n] || !text[range].chars().any(char::is_alphanumeric) {
                continue;
            }
            match found.last_mut() {
                Some(last) if last[1] + 1 == n => last[1] = n,
                _ => found.push([n, n]),
            }
        }
        if found.is_empty() {
            return;
        }
        let mut order: Vec<Option<usize>> = (0..self.pieces.len()).map(Some).collect();
        let old = std::mem::take(&mut self.pieces);
        let mut found = found.into_iter().peekable();
        let mut moved = vec![0; old.len()];
        order.clear();
        for (n, piece) in old.into_iter().enumerate() {
            while let Some(lines) = found.next_if(|lines| lines[0] < piece.lines[0]) {
                self.pieces.push(swallowed(lines));
            }
            moved[n] = self.pieces.len();
            self.pieces.push(piece);
        }
        self.pieces.extend(found.map(swallowed));
        for piece in &mut self.pieces {
            piece.parent = piece.parent.map(|p| moved[p]);
        }
    }
}

fn swallowed(lines: [usize; 2]) -> Piece {
    Piece {
        kind: BlockKind::Metadata,
        lines,
        range: 0..0,
        plain: String::new(),
        more: String::new(),
        lead: None,
        level: 0,
        parent: None,
        group: 0,
        ordinal: None,
        checked: None,
        cells: Vec::new(),
        is_head: false,
        quoted: false,
        alert: false,
        struck: false,
        footnote: None,
        notes: Vec::new(),
        contents_link: false,
        front_matter: false,
        reference: true,
        depth: 0,
    }
}
