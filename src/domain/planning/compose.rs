//! A planned issue's body: what to build, acceptance criteria as a task list, and where it stands in the spec.

use std::collections::BTreeSet;

use super::assemble::Node;
use super::clean;
use super::fence::without_comments;
use crate::domain::comment::inline;
use crate::domain::defuse::defuse_body;
use crate::domain::plan::{FROM_THE_SPEC, Plan, PlannedIssue};
use crate::domain::spec::{BlockKind, Spec};

/// Begins the body of an issue that no block of the spec supports.
const NOT_IN_THE_SPEC: &str = "> **Not in the spec.**";
const SPANS_MOST: usize = 6;
const QUOTED_MOST: usize = 600;

/// The ids of a plan's issues that no block of the spec supports, by the line that their bodies begin with. They are off
/// until a maintainer wants them. Grouping may give new ids: ask again after it.
pub fn ungrounded(plan: &Plan) -> Vec<String> {
    let marked = plan.issues.iter().filter(|i| is_ungrounded(i));
    marked.map(|i| i.id.clone()).collect()
}

/// Whether no block of the spec supports the issue.
pub fn is_ungrounded(issue: &PlannedIssue) -> bool {
    issue.body.starts_with(NOT_IN_THE_SPEC)
}

/// A body whose words are not ours: our mark in it means nothing.
pub fn without_mark(body: &str) -> String {
    body.replace(NOT_IN_THE_SPEC, "> Not in the spec.")
}

/// The body of an issue, defused; `title` is its final one.
pub(super) fn body(node: &Node, title: &str, is_group: bool, spec: &Spec) -> String {
    if let Some(body) = &node.ready {
        return without_mark(&defuse_body(body));
    }
    let mut parts = Vec::new();
    if !node.grounded {
        parts.push(format!(
            "{NOT_IN_THE_SPEC} No part of the specification asks for this; the model added it."
        ));
    }
    parts.push(if node.description.is_empty() {
        format!("{title}.")
    } else {
        // Our mark is ours.
        without_mark(&node.description)
    });
    let also: Vec<String> = node.also.iter().filter_map(|n| quoted(spec, *n)).collect();
    if !also.is_empty() {
        parts.push(format!("Also asked for here:\n\n{}", also.join("\n>\n")));
    }
    let mut criteria: Vec<String> = node.criteria.iter().map(|c| format!("- [ ] {c}")).collect();
    if criteria.is_empty() {
        let done = if is_group {
            "All sub-issues are done".to_owned()
        } else {
            format!("{title}, as described above")
        };
        criteria.push(format!("- [ ] {done}"));
    }
    parts.push(format!(
        "### Acceptance criteria\n\n{}",
        criteria.join("\n")
    ));
    parts.push(format!("{FROM_THE_SPEC}\n\n{}", place(spec, &node.covers)));
    defuse_body(&(parts.join("\n\n") + "\n"))
}

/// A block in its author's words.
fn quoted(spec: &Spec, block: usize) -> Option<String> {
    let text = without_comments(&spec.blocks[block].text);
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let words = words.trim_start_matches(['#', '>', '-', '*', '+', ' ', '|']);
    let words = words.strip_prefix("[ ]").unwrap_or(words).trim();
    (!words.is_empty()).then(|| format!("> {}", inline(&clean::shortened(words, QUOTED_MOST))))
}

/// "Scope › Checkout, lines 12–18".
fn place(spec: &Spec, covers: &BTreeSet<usize>) -> String {
    let blocks = || covers.iter().map(|n| &spec.blocks[*n]);
    let Some(first) = blocks()
        .find(|b| b.kind != BlockKind::Heading)
        .or_else(|| blocks().next())
    else {
        return "Nowhere in it.".to_owned();
    };
    let mut path: Vec<String> = first.section.iter().map(|s| inline(s)).collect();
    if first.kind == BlockKind::Heading {
        let own = first.text.lines().next().unwrap_or_default();
        path.push(inline(own.trim_matches(['#', ' ', '\t'])));
    }
    let lines = lines(blocks().map(|b| b.lines));
    if path.is_empty() {
        let mut chars = lines.chars();
        return chars
            .next()
            .map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect());
    }
    format!("{}, {lines}", path.join(" › "))
}

/// `line 4`, or `lines 4–7, 12`.
pub fn lines(spans: impl Iterator<Item = [usize; 2]>) -> String {
    let mut spans: Vec<[usize; 2]> = spans.collect();
    spans.sort_unstable();
    let mut joined: Vec<[usize; 2]> = Vec::new();
    for span in spans {
        match joined.last_mut() {
            // A blank line between two blocks is no gap worth telling.
            Some(last) if span[0] <= last[1] + 2 => last[1] = last[1].max(span[1]),
            _ => joined.push(span),
        }
    }
    let one = |s: &[usize; 2]| {
        if s[0] == s[1] {
            s[0].to_string()
        } else {
            format!("{}–{}", s[0], s[1])
        }
    };
    let mut words: Vec<String> = joined.iter().take(SPANS_MOST).map(one).collect();
    if joined.len() > SPANS_MOST {
        words.push("…".to_owned());
    }
    let word = if matches!(joined.as_slice(), [[a, b]] if a == b) {
        "line"
    } else {
        "lines"
    };
    format!("{word} {}", words.join(", "))
}
