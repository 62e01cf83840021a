//! Three texts of an issue: as we sent it, as people have left it, as it should be now.

use std::collections::{HashMap, HashSet, VecDeque};

use diffy::DiffOptions;

/// GitHub's limit on an issue's body, in characters.
const BODY_MAX: usize = 65_536;

/// What came of merging.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Merged {
    /// The new text with everything in it that people wrote.
    Text(String),
    /// People have edited the very lines that the spec changes.
    Conflict,
}

/// What people gave a line beside its words; lines that say the same keep theirs in their order.
#[derive(Debug, Clone, Copy, Default)]
struct Traits {
    is_ticked: bool,
    is_broken: bool,
}

/// Merges line by line. Ticks stay on the lines that stay; a line with new words is a new task, without one.
pub fn merge(sent: &str, now: &str, new: &str) -> Merged {
    let (sent, new) = (plain(sent), plain(new));
    let known: HashSet<&str> = sent.lines().chain(new.lines()).collect();
    let mut traits: HashMap<String, VecDeque<Traits>> = HashMap::new();
    let mut bare = String::with_capacity(now.len());
    for line in now.trim_end().lines() {
        let plain = line.trim_end();
        let open = unticked(plain).filter(|open| known.contains(open.as_str()));
        let own = Traits {
            is_ticked: open.is_some(),
            // Markdown's hard break.
            is_broken: line.ends_with("  ") && !plain.is_empty(),
        };
        let open = open.unwrap_or_else(|| plain.to_owned());
        bare.push_str(&open);
        bare.push('\n');
        traits.entry(open).or_default().push_back(own);
    }
    let Ok(merged) = diffy::merge(&sent, &bare, &new) else {
        return Merged::Conflict;
    };
    let lines: Vec<String> = merged
        .lines()
        .map(|line| {
            let own = traits.get_mut(line).and_then(VecDeque::pop_front);
            let own = own.unwrap_or_default();
            let line = if own.is_ticked {
                line.replacen("[ ]", "[x]", 1)
            } else {
                line.to_owned()
            };
            line + if own.is_broken { "  " } else { "" }
        })
        .collect();
    let text = lines.join("\n");
    if text.chars().count() > BODY_MAX {
        return Merged::Conflict;
    }
    Merged::Text(text)
}

/// Whether two bodies differ in nothing but ticks and line ends.
pub fn same_but_ticks(a: &str, b: &str) -> bool {
    let (a, b) = (plain(a), plain(b));
    let open = |line: &str| unticked(line).unwrap_or_else(|| line.to_owned());
    a.lines().map(open).eq(b.lines().map(open))
}

/// Upon which of two texts a third was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Upon {
    Before,
    Sent,
    Unknown,
}

/// Whether somebody wrote `now` upon `before` or upon `sent`, by the lines in which these two differ.
pub fn written_upon(before: &str, sent: &str, now: &str) -> Upon {
    let lines = |text: &str| -> HashSet<String> {
        let text = plain(text);
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        lines
            .map(|line| unticked(line).unwrap_or_else(|| line.to_owned()))
            .collect()
    };
    let (before, sent, now) = (lines(before), lines(sent), lines(now));
    let new_are_there = sent.difference(&before).any(|line| now.contains(line));
    let old_are_there = before.difference(&sent).any(|line| now.contains(line));
    match (new_are_there, old_are_there) {
        (true, false) => Upon::Sent,
        (false, true) => Upon::Before,
        _ => Upon::Unknown,
    }
}

/// What differs, as a unified diff without its head.
pub fn unified(old: &str, new: &str) -> String {
    let (old, new) = (plain(old), plain(new));
    let mut options = DiffOptions::new();
    options.set_context_len(1);
    let patch = options.create_patch(&old, &new).to_string();
    let lines = patch.lines().filter(|line| {
        let is_head = ["--- ", "+++ ", "@@ ", "\\ No newline"];
        !line.trim().is_empty() && !is_head.iter().any(|head| line.starts_with(head))
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn plain(text: &str) -> String {
    let lines: Vec<&str> = text.trim_end().lines().map(str::trim_end).collect();
    lines.join("\n") + "\n"
}

/// A ticked task as it was before.
fn unticked(line: &str) -> Option<String> {
    let at = line.find(|c: char| !c.is_whitespace())?;
    let task = &line[at..];
    let is_ticked = ["- [x] ", "- [X] ", "* [x] ", "* [X] "];
    is_ticked.iter().any(|t| task.starts_with(t)).then(|| {
        let mut open = line.to_owned();
        open.replace_range(at + 2..at + 5, "[ ]");
        open
    })
}
