//! A model's words before they become an issue: nothing hidden, no command, no heading or task that is not ours.
//!
//! Mentions, references, HTML and links are left to [`crate::domain::defuse`], which every body passes later.

use std::ops::Range;

use pulldown_cmark::{Event, Parser, Tag};

use super::complaints::one_line;
use super::{LONGEST_TITLE, fence};
use crate::domain::defuse::defuse_title;
use crate::domain::markdown;

const CRITERION_MOST: usize = 600;
/// Words that a bot of ours obeys after its name.
const COMMANDS: [&str; 10] = [
    "confirm", "drop", "replan", "cancel", "rollback", "status", "sync", "help", "process", "plan",
];

/// The words by which two titles are the same; empty for a title that says nothing.
pub(super) fn words_of_title(title: &str) -> String {
    let plain: String = one_line(title)
        .chars()
        .filter(|c| !matches!(c, '*' | '_' | '`' | '~'))
        .flat_map(char::to_lowercase)
        .collect();
    if !plain.contains(char::is_alphanumeric) {
        return String::new();
    }
    let plain = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    plain
        .trim_end_matches(|c: char| c.is_whitespace() || ".,;:!?…。".contains(c))
        .to_owned()
}

/// One harmless line of at most 80 characters; empty if nothing is left.
pub fn title(text: &str) -> String {
    let mut text = one_line(&fence::without_comments(text));
    text = bare(&text).to_owned();
    for _ in 0..8 {
        text = defuse_title(&text);
        if text.chars().count() <= LONGEST_TITLE {
            return text;
        }
        // A mention that was broken may have grown it.
        text = shortened(&text, LONGEST_TITLE);
    }
    text.retain(|c| c.is_alphabetic() || c == ' ');
    text.chars().take(LONGEST_TITLE).collect()
}

/// Without what makes a line a heading, a quote, a command or an item of a list.
fn bare(line: &str) -> &str {
    let mut rest = line.trim_start_matches(['#', '/', '>', ' ']);
    while let Some(after) = item_mark(rest) {
        rest = after.trim_start_matches(['#', '/', '>', ' ']);
    }
    rest
}

fn item_mark(line: &str) -> Option<&str> {
    let marks = ["- ", "* ", "+ ", "• ", "[ ] ", "[x] ", "[X] "];
    let number = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let numbered = (1..=3)
        .contains(&(line.len() - number.len()))
        .then(|| number.strip_prefix(". ").or(number.strip_prefix(") ")))
        .flatten();
    marks
        .iter()
        .find_map(|mark| line.strip_prefix(mark))
        .or(numbered)
}

/// At most so many characters, whole words where possible.
pub(super) fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    let end = kept
        .rfind(' ')
        .filter(|at| *at * 2 > kept.len())
        .unwrap_or(kept.len());
    format!("{}…", kept[..end].trim_end())
}

/// A description, and how many lines were left out of it because they speak to a bot or stand for another issue.
pub(super) fn description(text: &str) -> (String, usize) {
    let mut text = without_marks(text);
    let mut dropped = 0;
    // What is left out may make something else of what follows.
    for _ in 0..4 {
        let next = one_pass(&text, &mut dropped);
        if next == text {
            break;
        }
        text = next;
    }
    (with_closed_fence(text), dropped)
}

fn one_pass(text: &str, dropped: &mut usize) -> String {
    let code = code_blocks(text);
    let mut out: Vec<String> = Vec::new();
    let mut at = 0;
    for line in text.split('\n') {
        let next = code.partition_point(|c| c.end <= at);
        let in_code = code
            .get(next)
            .is_some_and(|c| c.start < at + line.len().max(1));
        at += line.len() + 1;
        let line: String = line.chars().filter(|c| !fence::is_hidden(*c)).collect();
        let line = line.trim_end();
        if in_code {
            out.push(line.to_owned());
            continue;
        }
        match plain_line(line) {
            Some(line) => out.push(line),
            None => *dropped += 1,
        }
    }
    out.join("\n").trim_matches('\n').trim_end().to_owned()
}

/// The bytes of code blocks, in order.
fn code_blocks(text: &str) -> Vec<Range<usize>> {
    let events = Parser::new_ext(text, markdown::options()).into_offset_iter();
    let blocks = events.filter(|(event, _)| matches!(event, Event::Start(Tag::CodeBlock(_))));
    blocks.map(|(_, range)| range).collect()
}

/// The text with the fence closed that would swallow what follows.
fn with_closed_fence(text: String) -> String {
    const AFTER: &str = "\n\nafter";
    let longer = format!("{text}{AFTER}");
    let swallows = code_blocks(&longer)
        .last()
        .cloned()
        .filter(|code| code.end > text.len() + 2);
    let Some(code) = swallows else {
        return text;
    };
    let opening = longer[code].trim_start();
    let mark = opening.chars().next().unwrap_or('`');
    let fence: String = opening.chars().take_while(|c| *c == mark).collect();
    format!("{text}\n{fence}")
}

/// One line of a task list without its box; `None` for a command, a bare reference, or nothing.
pub(super) fn criterion(text: &str) -> Option<String> {
    let line = one_line(&without_marks(text));
    let words = without_prefix(&line);
    let fine = !words.is_empty() && !is_command(words) && !is_bare_reference(words);
    let words = shortened(words, CRITERION_MOST);
    fine.then(|| guarded(&words).unwrap_or(words))
}

/// The text with one kind of line break and without HTML comments; those that look like our marks go even inside code.
fn without_marks(text: &str) -> String {
    const MARK: &str = "<!-- openproducer";
    let mut text = text.replace("\r\n", "\n").replace(
        ['\r', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}'],
        "\n",
    );
    text = fence_safe(&text);
    for _ in 0..4 {
        let Some(at) = text.to_ascii_lowercase().find(MARK) else {
            break;
        };
        let end = text[at..]
            .find("-->")
            .map_or(at + MARK.len(), |n| at + n + 3);
        text.replace_range(at..end, "");
    }
    if text.to_ascii_lowercase().contains(MARK) {
        text = text.replace("<!--", "");
    }
    text
}

/// Comments go, but not from code blocks, where readers see them.
fn fence_safe(text: &str) -> String {
    if !text.contains("<!--") {
        return text.to_owned();
    }
    let (mut out, mut at) = (String::new(), 0);
    for code in code_blocks(text) {
        out.push_str(&fence::without_comments(&text[at..code.start]));
        out.push_str(&text[code.clone()]);
        at = code.end;
    }
    out + &fence::without_comments(&text[at..])
}

/// A line outside code as it may stand; `None` if it may not.
fn plain_line(line: &str) -> Option<String> {
    let bare = without_prefix(line);
    if is_command(bare) {
        return None;
    }
    let is_task = line.len() > bare.len() && line[..line.len() - bare.len()].contains('[');
    if is_task && is_bare_reference(bare) {
        return None;
    }
    let trimmed = line.trim();
    let is_underline = trimmed.len() > 1
        && (trimmed.bytes().all(|b| b == b'=') || trimmed.bytes().all(|b| b == b'-'));
    if is_underline || trimmed == "=" || trimmed == "-" {
        return Some(String::new());
    }
    if let Some(heading) = heading(line) {
        return Some(heading);
    }
    if is_task {
        let prefix = &line[..line.len() - bare.len()];
        let bullet = &prefix[..prefix.find('[').unwrap_or(prefix.len())];
        return Some(format!("{bullet}{bare}"));
    }
    Some(match guarded(bare) {
        Some(guarded) => format!("{}{guarded}", &line[..line.len() - bare.len()]),
        None => line.to_owned(),
    })
}

/// A heading as a line in bold: the headings are ours.
fn heading(line: &str) -> Option<String> {
    let bare = line.trim_start_matches([' ', '>']);
    let words = bare.trim_start_matches('#');
    let level = bare.len() - words.len();
    if !(1..=6).contains(&level) || !(words.is_empty() || words.starts_with([' ', '\t'])) {
        return None;
    }
    let words = words.trim().trim_end_matches('#').trim().replace('*', "");
    Some(if words.is_empty() {
        String::new()
    } else {
        format!("**{words}**")
    })
}

/// What a line says after quote marks, bullets, numbers and boxes.
fn without_prefix(line: &str) -> &str {
    let mut rest = line.trim_start();
    loop {
        let before = rest.len();
        rest = rest.trim_start_matches('>').trim_start();
        for bullet in ["- ", "* ", "+ ", "[ ] ", "[x] ", "[X] "] {
            rest = rest.strip_prefix(bullet).unwrap_or(rest).trim_start();
        }
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if (1..=9).contains(&digits) && [". ", ") "].iter().any(|e| rest[digits..].starts_with(e)) {
            rest = rest[digits + 2..].trim_start();
        }
        if rest.len() == before {
            return rest
                .strip_prefix("[ ]")
                .filter(|r| r.is_empty())
                .unwrap_or(rest);
        }
    }
}

/// Does a line tell a bot of ours to do something?
fn is_command(line: &str) -> bool {
    let line = line.trim_start_matches(['*', '_', '`', '~', '\\', ' ']);
    let lower: String = line
        .chars()
        .take(200)
        .flat_map(char::to_lowercase)
        .collect();
    if lower.starts_with("/spawn-issues") {
        return true;
    }
    let Some(rest) = lower.strip_prefix(['@', '＠', '﹫']) else {
        return false;
    };
    let mut words =
        rest.split(|c: char| c.is_whitespace() || matches!(c, ',' | ':' | '*' | '_' | '`'));
    let name = words.next().unwrap_or_default();
    let first = words.find(|w| !w.is_empty()).unwrap_or_default();
    name.contains("openproducer") || name.contains("theopenproducer") || COMMANDS.contains(&first)
}

/// `/close` at the beginning of a line is a command to some bot or other: as code it is none.
fn guarded(line: &str) -> Option<String> {
    let word = line.strip_prefix('/')?;
    let length = word.find(|c: char| c.is_whitespace()).unwrap_or(word.len());
    let word = &word[..length];
    let is_word = word.starts_with(|c: char| c.is_ascii_alphabetic())
        && word
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    is_word.then(|| format!("`/{word}`{}", &line[1 + length..]))
}

/// `#12`, `owner/name#12`, `GH-12` or an issue's address, alone on its line: a task of somebody else.
fn is_bare_reference(words: &str) -> bool {
    let words = words
        .trim()
        .trim_matches(['<', '>', '*', '_', ' ', '.', '+']);
    if words.is_empty() || words.contains(char::is_whitespace) {
        return false;
    }
    let lower = words.to_ascii_lowercase();
    let head = lower.trim_end_matches(|c: char| c.is_ascii_digit());
    if head.len() == lower.len() {
        return false;
    }
    head.ends_with('#')
        || head == "gh-"
        || (head.starts_with("http")
            && (head.ends_with("/issues/")
                || head.ends_with("/pull/")
                || head.ends_with("/discussions/")))
}
