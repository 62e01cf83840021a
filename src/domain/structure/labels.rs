//! Words before a colon: what they make of the line that follows.

use super::outline::meaning;
use super::titles::{label_of, phase};
use super::words::asks::normal;
use super::words::columns::DOCUMENT_KEYS;
use super::words::headings::Meaning;
use crate::domain::spec::pieces::Piece;

/// The label of a line and the rest: "Owner: Ann".
pub(super) fn split(words: &str) -> Option<(&str, &str)> {
    let (at, mark) = words
        .char_indices()
        .find(|(_, c)| matches!(c, ':' | '：'))?;
    let after = &words[at + mark.len_utf8()..];
    let (head, rest) = (words[..at].trim(), after.trim());
    (!head.is_empty()
        && head.split(' ').count() <= 5
        && (rest.is_empty() || mark == '：' || after.starts_with([' ', '\t']))
        && !head.contains('`'))
    .then_some((head, rest))
}

pub(super) fn is_document_key(head: &str) -> bool {
    DOCUMENT_KEYS.contains(&normal(head).as_str())
}

/// Why a paragraph or an item is no work, when its own label says so: "Out of scope: …", "Author: …".
pub(super) fn aside_of(piece: &Piece, text: &str) -> Option<&'static str> {
    let lines: Vec<&str> = text[piece.range.clone()].lines().collect();
    let keyed = |line: &str| {
        let line = line
            .trim()
            .trim_start_matches(['*', '_', '-', '+', ' '])
            .replace("**", "")
            .replace("__", "");
        split(&line).is_some_and(|(head, _)| is_document_key(head))
    };
    if lines.iter().all(|line| keyed(line)) && !lines.is_empty() {
        return Some("document data");
    }
    match split(&piece.plain).and_then(|(head, _)| meaning(head)) {
        Some(Meaning::Aside { reason, .. }) => Some(reason),
        Some(Meaning::Done) if split(&piece.plain).is_some_and(|(_, rest)| !rest.is_empty()) => {
            None
        }
        _ => None,
    }
}

/// Is the line a criterion by its label? `Some(true)` when the criterion stands on the line itself.
pub(super) fn criteria_of(piece: &Piece) -> Option<bool> {
    let (head, rest) = split(&piece.plain)?;
    (meaning(head) == Some(Meaning::Criteria)).then_some(!rest.is_empty())
}

/// Says what the item waits for: "Depends on: the store".
pub(super) fn is_order(words: &str) -> bool {
    let lower = words.trim_start_matches(['*', '_', '(']).to_lowercase();
    [
        "depends on",
        "blocked by",
        "dependency:",
        "dependencies:",
        "after:",
        "requires:",
        "waits for",
        "prerequisite",
        "needs:",
        "depends:",
    ]
    .iter()
    .any(|o| lower.starts_with(o))
}

/// Says about the planning of the item, not about the item: "Owner: Ann", "Estimate: 3 d", "Priority: P1".
pub(super) fn is_planning(words: &str) -> bool {
    split(words).is_some_and(|(head, rest)| is_document_key(head) && !rest.is_empty())
}

/// An action item wherever it stands.
pub(super) fn is_action(words: &str) -> bool {
    let lower = words.to_lowercase();
    [
        "todo",
        "action:",
        "action item",
        "ai:",
        "@todo",
        "[action]",
        "action -",
        "action –",
    ]
    .iter()
    .any(|o| lower.starts_with(o))
}

/// Names by which other lines may call this one: "phase 2", "step 3", "fr-12", "2".
pub(super) fn keys(words: &str, ordinal: Option<u64>) -> Vec<String> {
    let mut out = Vec::new();
    if let Some(phase) = phase(words) {
        out.push(format!("{} {}", phase.kind, phase.number));
        if phase.kind == "milestone" {
            out.push(format!("m{}", phase.number));
        }
    }
    if let Some((head, _)) = label_of(words)
        && head.ends_with(|c: char| c.is_ascii_digit())
    {
        out.push(normal(head));
    }
    let first = words
        .trim_start_matches(['[', '(', '*'])
        .split([' ', ':', ']', ')'])
        .next()
        .unwrap_or_default();
    let bare = first.trim_end_matches(['.', ':']);
    if super::titles::id(bare) {
        out.push(normal(bare));
    } else if !bare.is_empty()
        && bare.len() <= 3
        && bare.bytes().all(|b| b.is_ascii_digit())
        && first.len() > bare.len()
    {
        out.push(format!("step {bare}"));
    }
    if let Some(n) = ordinal {
        out.push(format!("step {n}"));
        out.push(format!("item {n}"));
        out.push(format!("task {n}"));
    }
    out
}
