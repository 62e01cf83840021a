//! Text from a model or a stranger is data: here it loses the power to mention, refer, hide or command.
//!
//! Code stays as it is; everything else is cut and filled by byte range, never re-rendered. Each pass looks for hazards
//! with a Markdown parser; passes go on until none is left, so that defusing twice changes nothing.

mod edits;
mod html;
mod links;
mod markdown;
mod references;
mod spots;

use edits::Edits;
use spots::Spot;

/// The most characters that GitHub takes as a title.
const TITLE_MAX: usize = 256;
/// Honest text needs two or three; what still changes after these is built to.
const PASSES: usize = 12;

/// Markdown that can mention nobody, refer to nothing, load nothing and start no command.
pub fn defuse_body(text: &str) -> String {
    let mut text = text.replace('\0', "");
    for _ in 0..PASSES {
        let edits = markdown::hazards(&text);
        if edits.is_empty() {
            return text;
        }
        text = edits.apply(&text);
    }
    as_code(&text)
}

/// One line of plain text, at most 256 characters, with the same promise. Code spans stay as they are.
pub fn defuse_title(text: &str) -> String {
    let mut text = one_line(text);
    for _ in 0..PASSES {
        let mut next = one_line(&spots::decoded(&html::without_comments(&text)));
        next = break_references(&next);
        if next.chars().count() > TITLE_MAX {
            next = next.chars().take(TITLE_MAX - 1).collect::<String>() + "…";
        }
        if next == text {
            return text;
        }
        text = next;
    }
    // Nothing honest gets here: keep the words alone.
    text.retain(|c| c.is_alphanumeric() || c == ' ');
    break_references(&text)
}

/// The byte ranges of a line's code spans, backticks included.
pub fn code_spans(line: &str) -> Vec<std::ops::Range<usize>> {
    let bytes = line.as_bytes();
    let run = |from: usize| bytes[from..].iter().take_while(|b| **b == b'`').count();
    let mut spans = Vec::new();
    let mut at = 0;
    // Lengths that were looked for in vain need not be looked for again.
    let mut missing = Vec::new();
    while at < bytes.len() {
        let open = run(at);
        if open == 0 {
            at += 1;
            continue;
        }
        let mut close = at + open;
        let found = !missing.contains(&open)
            && loop {
                match line[close..].find('`') {
                    None => break false,
                    Some(skip) => close += skip,
                }
                let length = run(close);
                close += length;
                if length == open {
                    break true;
                }
            };
        if found {
            spans.push(at..close);
            at = close;
        } else {
            missing.push(open);
            at += open;
        }
    }
    spans
}

fn break_references(line: &str) -> String {
    let mut edits = Edits::default();
    let mut from = 0;
    for span in code_spans(line) {
        references::find(&spots::plain(line, from..span.start), &mut edits);
        from = span.end;
    }
    references::find(&spots::plain(line, from..line.len()), &mut edits);
    edits.apply(line)
}

fn one_line(text: &str) -> String {
    let visible: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The last resort for text that no pass could calm: all of it as a code block, where nothing works.
fn as_code(text: &str) -> String {
    let runs = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(runs.max(2) + 1);
    format!("{fence}text\n{text}\n{fence}")
}

#[cfg(test)]
mod tests;
