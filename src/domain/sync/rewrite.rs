//! An issue's new text: as structure writes it where structure wrote the old one, else the old text with the new words in it.

use std::ops::Range;

use super::decide::Live;
use crate::domain::defuse::defuse_body;
use crate::domain::fingerprint::normal_block;
use crate::domain::plan::{FROM_THE_SPEC, PlannedIssue};
use crate::domain::spec::{Block, BlockKind};

const CHANGED: &str = "### Changed in the specification";
/// What follows the new words in a note, before the old ones.
const WAS: &str = " (was: ";

/// The blocks of one issue that differ.
pub(super) struct Touched<'a> {
    /// The old ones in the words that the issue was last brought to; empty: it said nothing of them.
    pub changed: Vec<(Block, &'a Block)>,
    pub gone: Vec<&'a Block>,
    pub added: Vec<&'a Block>,
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
    let was_title =
        |(old, _): &&(Block, &Block)| normal_block(&old.text) == normal_block(&live.title);
    let title = match (touched.changed.iter().find(was_title), after) {
        (Some(_), Some(after)) => after.title.clone(),
        _ => live.title.clone(),
    };
    (title, patched(&live.body, touched))
}

/// The text with old words replaced by new ones where they stand in it as lines; what does not is named at its end. What
/// stands there already stays: a sync that was broken off is made again. Headings say nothing of the work.
fn patched(body: &str, touched: &Touched<'_>) -> String {
    let (text, tail) = match body.find(FROM_THE_SPEC) {
        Some(at) => (body[..at].trim_end(), &body[at..]),
        None => (body.trim_end(), ""),
    };
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut notes = Vec::new();
    let is_work = |block: &Block| block.kind != BlockKind::Heading;
    for (old, new) in touched.changed.iter().filter(|(_, new)| is_work(new)) {
        let mut from = 0;
        while let Some(at) = standing(&lines[from..], old) {
            let at = from + at.start..from + at.end;
            let line = format!("{}{}", mark_of(&lines[at.start]), words(&new.text));
            from = at.start + 1;
            lines.splice(at, [line]);
        }
        if from == 0 && standing(&lines, new).is_none() {
            let new = words(&new.text);
            notes.push(match words(&old.text) {
                none if none.is_empty() => format!("- [ ] {new}"),
                old => format!("- [ ] {new}{WAS}{old})"),
            });
        }
    }
    for old in touched.gone.iter().filter(|old| is_work(old)) {
        let before = lines.len();
        while let Some(at) = standing(&lines, old) {
            lines.drain(at);
        }
        if lines.len() == before {
            notes.push(format!(
                "- No longer in the specification: {}",
                words(&old.text)
            ));
        }
    }
    let added = touched.added.iter().filter(|new| is_work(new));
    let missing = added.filter(|new| standing(&lines, new).is_none());
    notes.extend(missing.map(|new| format!("- [ ] {}", words(&new.text))));
    notes.retain(|note| !lines.contains(note));
    if !notes.is_empty() {
        let last = lines.iter().rfind(|l| l.starts_with('#'));
        if last.is_none_or(|l| l != CHANGED) {
            lines.extend(["", CHANGED, ""].map(str::to_owned));
        }
        lines.append(&mut notes);
    }
    let text = lines.join("\n");
    match tail {
        "" => text,
        tail => format!("{}\n\n{tail}", text.trim_end()),
    }
}

/// The lines that say what the block says, and nothing else; a note may say what was there before.
fn standing(lines: &[String], block: &Block) -> Option<Range<usize>> {
    let wanted = normal_block(&block.text);
    if wanted.is_empty() {
        return None;
    }
    let long = block.text.trim().lines().count();
    let says = |at: &Range<usize>| {
        let text = lines[at.clone()].join("\n");
        normal_block(&text) == wanted
            || text
                .split_once(WAS)
                .is_some_and(|(now, _)| normal_block(now) == wanted)
    };
    let of = |size: usize| (0..(lines.len() + 1).saturating_sub(size)).map(move |n| n..n + size);
    of(1)
        .chain(of(long).filter(|_| long > 1))
        .find(|at| says(at))
}

/// Indent, bullet and open box of a line.
fn mark_of(line: &str) -> String {
    let indent = line.len() - line.trim_start().len();
    let rest = &line[indent..];
    let Some(bullet) = ["- ", "* ", "+ "].iter().find(|b| rest.starts_with(**b)) else {
        return line[..indent].to_owned();
    };
    let boxes = ["[ ] ", "[x] ", "[X] "];
    let is_task = boxes.iter().any(|b| rest[bullet.len()..].starts_with(b));
    format!(
        "{}{bullet}{}",
        &line[..indent],
        if is_task { "[ ] " } else { "" }
    )
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
