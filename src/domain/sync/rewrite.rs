//! An issue's new text: as structure writes it where structure wrote the old one, else the old text with the new words in it.

use super::decide::Live;
use crate::domain::defuse::defuse_body;
use crate::domain::fingerprint::normal_block;
use crate::domain::plan::{FROM_THE_SPEC, PlannedIssue};

/// The blocks of one issue that differ, by their texts.
pub(super) struct Touched<'a> {
    pub changed: Vec<(&'a str, &'a str)>,
    pub gone: Vec<&'a str>,
    pub added: Vec<&'a str>,
}

impl Touched<'_> {
    pub(super) fn is_nothing(&self) -> bool {
        self.changed.is_empty() && self.gone.is_empty() && self.added.is_empty()
    }
}

/// Title and body. `before` and `after` are the issue in structure's plans of the two specs, as far as it is there.
pub(super) fn rewrite(
    live: &Live,
    before: Option<&PlannedIssue>,
    after: Option<&PlannedIssue>,
    touched: &Touched<'_>,
) -> (String, String) {
    let ours = before.filter(|b| b.body.trim() == live.body.trim());
    if let (Some(before), Some(after)) = (ours, after) {
        let title = if live.title == before.title {
            after.title.clone()
        } else {
            live.title.clone()
        };
        return (title, after.body.clone());
    }
    let was_title = |(old, _): &&(&str, &str)| normal_block(old) == normal_block(&live.title);
    let title = match (touched.changed.iter().find(was_title), after) {
        (Some(_), Some(after)) => after.title.clone(),
        _ => live.title.clone(),
    };
    (title, patched(&live.body, touched))
}

/// The text with old words replaced by new ones where they stand in it; what does not is named at its end.
fn patched(body: &str, touched: &Touched<'_>) -> String {
    let (mut text, tail) = match body.find(FROM_THE_SPEC) {
        Some(at) => (body[..at].trim_end().to_owned(), &body[at..]),
        None => (body.trim_end().to_owned(), ""),
    };
    let mut notes = Vec::new();
    for (old, new) in &touched.changed {
        let (old, new) = (words(old), words(new));
        if !old.is_empty() && text.contains(&old) {
            text = text.replace(&old, &new);
        } else {
            notes.push(format!("- [ ] {new} (was: {old})"));
        }
    }
    for old in &touched.gone {
        let normal = normal_block(old);
        let kept: Vec<&str> = text.lines().filter(|l| normal_block(l) != normal).collect();
        if kept.len() < text.lines().count() {
            text = kept.join("\n");
        } else {
            notes.push(format!("- No longer in the specification: {}", words(old)));
        }
    }
    notes.extend(
        touched
            .added
            .iter()
            .map(|new| format!("- [ ] {}", words(new))),
    );
    if !notes.is_empty() {
        text.push_str("\n\n### Changed in the specification\n\n");
        text.push_str(&notes.join("\n"));
    }
    if !tail.is_empty() {
        text.push_str("\n\n");
        text.push_str(tail);
    }
    text
}

/// A block's words in one line, harmless, without its bullet or marks.
fn words(block: &str) -> String {
    let line = block.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = line.trim_start_matches(['#', '>', '-', '*', '+', ' ']);
    let boxes = ["[ ] ", "[x] ", "[X] "];
    let line = boxes
        .iter()
        .find_map(|b| line.strip_prefix(b))
        .unwrap_or(line);
    defuse_body(line).trim().to_owned()
}
