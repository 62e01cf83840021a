//! Raw HTML: comments go, a few harmless tags stay, every other tag is shown as text.

use super::Spot;
use super::edits::Edits;

/// Tags that stay, without attributes. Those in [`VOID`] need no end.
const ALLOWED: [&str; 17] = [
    "b",
    "blockquote",
    "br",
    "code",
    "del",
    "details",
    "em",
    "hr",
    "i",
    "ins",
    "kbd",
    "p",
    "s",
    "strong",
    "sub",
    "summary",
    "sup",
];
const VOID: [&str; 2] = ["br", "hr"];
pub(super) const SHOWN: &str = "&lt;";

/// A piece of raw HTML.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    Text,
    Comment,
    Tag {
        name: &'static str,
        ends: bool,
    },
    /// To be shown as text.
    Refused,
}

/// Where the last `-->` begins: looked up once, so that a thousand unclosed comments cost no more than one.
pub(super) fn last_close(spots: &[Spot]) -> Option<usize> {
    (0..spots.len()).rev().find(|&i| closes(spots, i))
}

fn closes(spots: &[Spot], at: usize) -> bool {
    spots[at..].iter().map(|s| s.c).take(3).eq("-->".chars())
}

/// What stands at the beginning of the spots, and how many of them it takes. Never zero.
pub(super) fn piece(spots: &[Spot], last_close: Option<usize>) -> (Piece, usize) {
    let is = |i: usize, c: char| spots.get(i).is_some_and(|s| s.c == c);
    if !opens_markup(spots) {
        let more = (1..spots.len()).take_while(|&i| !opens_markup(&spots[i..]));
        return (Piece::Text, 1 + more.count());
    }
    if is(1, '!') && is(2, '-') && is(3, '-') {
        return match comment_length(spots, last_close) {
            Some(length) => (Piece::Comment, length),
            None => (Piece::Refused, 1),
        };
    }
    // The longest that can be allowed is `</blockquote >`.
    let tag: String = spots.iter().take(24).map(|s| s.c).collect();
    match tag
        .find('>')
        .and_then(|end| Some((allowed(&tag[1..end])?, end)))
    {
        Some((tag, end)) => (tag, tag_spots(spots, end)),
        None => (Piece::Refused, 1),
    }
}

fn tag_spots(spots: &[Spot], end: usize) -> usize {
    debug_assert!(spots[end].c == '>', "allowed tags are ASCII");
    end + 1
}

/// A written `<` that a browser could take for mark-up; an entity is text.
pub(super) fn opens_markup(spots: &[Spot]) -> bool {
    let written = spots
        .first()
        .is_some_and(|s| s.c == '<' && s.end - s.start == 1);
    written
        && spots
            .get(1)
            .is_some_and(|s| s.c.is_ascii_alphabetic() || matches!(s.c, '/' | '!' | '?'))
}

fn comment_length(spots: &[Spot], last_close: Option<usize>) -> Option<usize> {
    // `<!-->` and `<!--->` are whole comments, so the closing sign may share the opening's dashes.
    let last = last_close.filter(|&last| last >= 2)?;
    (2..=last).find(|&i| closes(spots, i)).map(|i| i + 3)
}

fn allowed(inner: &str) -> Option<Piece> {
    let (inner, ends) = match inner.strip_prefix('/') {
        Some(rest) => (rest, true),
        None => (inner, false),
    };
    let name = inner.trim_end().trim_end_matches('/').trim_end();
    let name = name.to_ascii_lowercase();
    let name = if name == "details open" {
        "details"
    } else {
        &name
    };
    let name = ALLOWED.into_iter().find(|known| *known == name)?;
    Some(Piece::Tag { name, ends })
}

/// Tags that stay, to see whether each has its end.
#[derive(Debug, Default)]
pub(super) struct Tags {
    open: Vec<(&'static str, Spot)>,
}

impl Tags {
    /// Takes the next tag of the document. An end without a beginning, and a beginning that another tag's end
    /// overtakes, are shown as text.
    pub(super) fn push(&mut self, name: &'static str, ends: bool, sign: Spot, edits: &mut Edits) {
        if VOID.contains(&name) {
            return;
        }
        if !ends {
            self.open.push((name, sign));
            return;
        }
        if !self.open.iter().any(|(open, _)| *open == name) {
            show(sign, edits);
            return;
        }
        while let Some((open, its_sign)) = self.open.pop() {
            if open == name {
                return;
            }
            show(its_sign, edits);
        }
    }

    /// Shows what was never closed: it would swallow what follows the text.
    pub(super) fn finish(self, edits: &mut Edits) {
        for (_, sign) in self.open {
            show(sign, edits);
        }
    }
}

pub(super) fn show(sign: Spot, edits: &mut Edits) {
    edits.replace(sign.start..sign.end, SHOWN);
}

/// A line without its comments; an opening that is never closed goes alone.
pub(super) fn without_comments(line: &str) -> String {
    let mut rest = line;
    let mut kept = String::with_capacity(line.len());
    while let Some((before, after)) = rest.split_once("<!--") {
        kept.push_str(before);
        rest = after.split_once("-->").map_or(after, |(_, tail)| tail);
    }
    kept + rest
}
