//! Text from outside inside a prompt: between two lines that it cannot write, and with nothing in it that people cannot see.

use sha2::{Digest, Sha256};

use crate::domain::defuse::code_spans;
use crate::domain::spec::{Block, BlockKind};

/// A mark that the text cannot hold: it depends on a secret and on the text itself. Equal for equal texts, so that
/// equal questions can be answered from the cache.
pub fn nonce(secret: &[u8], title: &str, text: &str) -> String {
    let mut hash = Sha256::new();
    for part in [
        b"openproducer fence",
        secret,
        title.as_bytes(),
        text.as_bytes(),
    ] {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    hex::encode(&hash.finalize()[..12])
}

/// The line that opens a fence.
pub(super) fn open(name: &str, nonce: &str) -> String {
    format!("<<<{name} {nonce}")
}

/// The line that closes it.
pub(super) fn close(name: &str, nonce: &str) -> String {
    format!("{name} {nonce}>>>")
}

/// Lines between the two lines of a fence. Each must come from [`line`] or begin with a mark of ours.
pub(super) fn fenced(name: &str, nonce: &str, inside: &str) -> String {
    format!("{}\n{inside}\n{}", open(name, nonce), close(name, nonce))
}

/// A block as the model sees it: `[b3 task] text`, what follows the first line indented. `None` where it holds nothing
/// that a reader sees.
pub(super) fn block(block: &Block, text: &str, nonce: &str) -> Option<String> {
    let shown = if block.kind == BlockKind::Code {
        text.to_owned()
    } else {
        without_comments(text)
    };
    let lines: Vec<String> = lines(&shown)
        .map(|l| visible(l, nonce))
        .filter(|l| !l.trim().is_empty())
        .collect();
    let kind = kind(block.kind);
    (!lines.is_empty()).then(|| format!("[{} {kind}] {}", block.id, lines.join("\n    ")))
}

/// Any text on one line of a fence, at most so many characters.
pub(super) fn line(text: &str, nonce: &str, most: usize) -> String {
    let text = without_comments(text);
    let words: Vec<String> = lines(&text).map(|l| visible(l, nonce)).collect();
    let words = words.join(" ");
    cut(
        &words.split_whitespace().collect::<Vec<_>>().join(" "),
        most,
    )
}

/// At most so many characters, with a mark where something is missing.
pub(super) fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

fn kind(kind: BlockKind) -> &'static str {
    match kind {
        BlockKind::Heading => "heading",
        BlockKind::Paragraph => "paragraph",
        BlockKind::ListItem => "item",
        BlockKind::Task => "task",
        BlockKind::TableRow => "row",
        BlockKind::Code => "code",
        BlockKind::Quote => "quote",
        BlockKind::Html => "html",
        BlockKind::Metadata => "metadata",
    }
}

/// Lines by whatever ends a line for anybody.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split([
        '\n', '\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}',
    ])
}

/// A line without the nonce, in any case, and without what is drawn as nothing or turns the text around: people could
/// not see what they confirm.
fn visible(line: &str, nonce: &str) -> String {
    let mut text: String = line
        .chars()
        .filter(|c| !is_hidden(*c))
        .map(|c| if c == '\t' { ' ' } else { c })
        .collect();
    // Taking one out may make another.
    while let Some(at) = find_ignoring_case(&text, nonce) {
        text.replace_range(at..at + nonce.len(), "…");
    }
    text.trim_end().to_owned()
}

fn find_ignoring_case(text: &str, ascii: &str) -> Option<usize> {
    if ascii.is_empty() {
        return None;
    }
    let wanted = ascii.as_bytes();
    text.as_bytes()
        .windows(wanted.len())
        .position(|window| window.eq_ignore_ascii_case(wanted))
        .filter(|at| text.is_char_boundary(*at) && text.is_char_boundary(at + wanted.len()))
}

/// Control, format and tag characters. The joiners that some scripts and emoji need stay.
pub(super) fn is_hidden(c: char) -> bool {
    (c.is_control() && c != '\t')
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}'
            | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// The text without HTML comments, which no reader sees; code spans stay.
pub(super) fn without_comments(text: &str) -> String {
    if !text.contains("<!--") {
        return text.to_owned();
    }
    let spans = code_spans(text);
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(found) = text[at..].find("<!--").map(|f| at + f) {
        let next = spans.partition_point(|s| s.end <= found);
        if let Some(span) = spans.get(next).filter(|s| s.start <= found) {
            out.push_str(&text[at..span.end]);
            at = span.end;
            continue;
        }
        out.push_str(&text[at..found]);
        match text[found..].find("-->") {
            Some(end) => at = found + end + 3,
            // GitHub hides all that follows.
            None => return out,
        }
    }
    out.push_str(&text[at..]);
    out
}

/// All lines of a text, indented, with their white space but without what [`line`] takes out.
pub(super) fn indented(text: &str, nonce: &str) -> String {
    let lines: Vec<String> = lines(text)
        .map(|l| format!("  {}", visible(l, nonce)))
        .collect();
    lines.join("\n")
}
