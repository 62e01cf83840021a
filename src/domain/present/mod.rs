//! A plan as people read it: in a terminal, pasted as Markdown, and drawn.

mod explanation;
pub mod layers;
mod markdown;
mod mermaid;
mod moments;
mod overview;
mod quality;
mod terminal;
#[cfg(test)]
mod tests;

pub use explanation::explanation;
pub use markdown::markdown;
pub use mermaid::mermaid;
pub use moments::{ago, lasting};
pub use overview::overview;
pub use quality::quality;
pub use terminal::{text, wrap};

use std::collections::HashMap;
use std::fmt::Write as _;

use super::coverage::CoverageSummary;
use super::plan::{Plan, PlannedIssue};

/// The number by which people call an issue: its id without the letter.
fn number(id: &str) -> &str {
    id.strip_prefix('i').unwrap_or(id)
}

/// How deep each issue stands under its parents.
fn depths(plan: &Plan) -> HashMap<&str, usize> {
    let parents: HashMap<&str, &str> = plan
        .issues
        .iter()
        .filter_map(|i| Some((i.id.as_str(), i.parent.as_deref()?)))
        .collect();
    plan.issues
        .iter()
        .map(|issue| {
            let mut depth = 0;
            let mut at = issue.id.as_str();
            // A circle of parents ends the count, not the program.
            while let Some(parent) = parents.get(at).filter(|_| depth < 8) {
                depth += 1;
                at = parent;
            }
            (issue.id.as_str(), depth)
        })
        .collect()
}

/// "41 of 43 blocks covered or set aside…" in one line.
pub fn coverage_line(summary: &CoverageSummary<'_>) -> String {
    let mut line = if summary.covered == summary.total {
        match summary.total {
            1 => "the one block of the text is covered".to_owned(),
            total => format!("all {total} blocks of the text are covered"),
        }
    } else {
        format!(
            "{} of {} blocks are covered by issues",
            summary.covered, summary.total
        )
    };
    if summary.not_work > 0 {
        let reasons: Vec<String> = summary
            .reasons
            .iter()
            .map(|(reason, count)| format!("{reason} {count}"))
            .collect();
        let is = if summary.not_work == 1 { "is" } else { "are" };
        let _ = write!(
            line,
            "; {} {is} not work ({})",
            summary.not_work,
            reasons.join(", ")
        );
    }
    match summary.uncovered.len() {
        0 => line.push_str("; nothing is left over"),
        1 => line.push_str("; 1 is uncovered"),
        n => {
            let _ = write!(line, "; {n} are uncovered");
        }
    }
    line
}

/// "lines 12–14" of what an issue covers, without the headings that many issues share.
fn lines_of(plan: &Plan, issue: &PlannedIssue) -> Option<String> {
    let blocks: HashMap<&str, &super::spec::Block> = plan
        .spec
        .blocks
        .iter()
        .map(|b| (b.id.as_str(), b))
        .collect();
    spans(issue, &blocks)
}

fn spans(issue: &PlannedIssue, blocks: &HashMap<&str, &super::spec::Block>) -> Option<String> {
    let own: Vec<_> = issue
        .covers
        .iter()
        .filter_map(|id| blocks.get(id.as_str()))
        .collect();
    let only_headings = own
        .iter()
        .all(|b| b.kind == super::spec::BlockKind::Heading);
    let mut lines: Vec<[usize; 2]> = own
        .iter()
        .filter(|b| only_headings || b.kind != super::spec::BlockKind::Heading)
        .map(|b| b.lines)
        .collect();
    lines.sort_unstable();
    let mut merged: Vec<[usize; 2]> = Vec::new();
    for span in lines {
        match merged.last_mut() {
            Some(last) if span[0] <= last[1] + 2 => last[1] = last[1].max(span[1]),
            _ => merged.push(span),
        }
    }
    let told: Vec<String> = merged
        .iter()
        .take(4)
        .map(|[a, b]| {
            if a == b {
                a.to_string()
            } else {
                format!("{a}–{b}")
            }
        })
        .collect();
    let more = if merged.len() > 4 { ", …" } else { "" };
    match merged.as_slice() {
        [] => None,
        [[a, b]] if a == b => Some(format!("line {a}")),
        _ => Some(format!("lines {}{more}", told.join(", "))),
    }
}

/// "3, 5 and 6".
fn numbers(ids: &[String]) -> String {
    let names: Vec<&str> = ids.iter().map(|id| number(id)).collect();
    match names.as_slice() {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// The first words of a block, on one line.
fn opening(text: &str, longest: usize) -> String {
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if flat.chars().count() <= longest {
        return flat;
    }
    let cut: String = flat.chars().take(longest.saturating_sub(1)).collect();
    format!("{}…", cut.trim_end())
}

fn many(n: usize, one: &str, more: &str) -> String {
    if n == 1 {
        format!("1 {one}")
    } else {
        format!("{n} {more}")
    }
}
