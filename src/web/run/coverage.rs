//! The spec side by side with the issues that each of its blocks led to.

use std::collections::HashMap;

use super::graph;
use super::read::Facts;
use crate::domain::plan::{Plan, PlannedIssue};
use crate::domain::present;
use crate::domain::spec::BlockKind;

/// The whole trace.
pub(super) struct CoverageView {
    /// "41 of 43 blocks…"
    pub(super) words: String,
    pub(super) rows: Vec<Row>,
}

/// One block of the spec.
pub(super) struct Row {
    /// Its anchor: `b4`.
    pub(super) id: String,
    pub(super) kind: &'static str,
    pub(super) lines: String,
    pub(super) text: String,
    pub(super) issues: Vec<Chip>,
    /// Why it is not work.
    pub(super) reason: Option<String>,
    /// Nothing covers it and nothing excuses it.
    pub(super) uncovered: bool,
}

/// An issue beside a block.
pub(super) struct Chip {
    pub(super) position: i32,
    pub(super) title: String,
    pub(super) state: &'static str,
}

/// Beside a block with more issues only their numbers are printed.
const WITH_TITLES: usize = 3;

impl Row {
    pub(super) fn has_titles(&self) -> bool {
        self.issues.len() <= WITH_TITLES
    }
}

/// The trace of the run's plan.
pub(super) fn of(facts: &Facts) -> Option<CoverageView> {
    let plan = facts.plan.as_ref()?;
    let items: HashMap<&str, Chip> = facts
        .items
        .iter()
        .map(|item| {
            let chip = Chip {
                position: item.position,
                title: item.planned.title.clone(),
                state: graph::class(item.state),
            };
            (item.planned.id.as_str(), chip)
        })
        .collect();
    let traced: HashMap<&str, _> = plan
        .coverage
        .iter()
        .map(|c| (c.block.as_str(), c))
        .collect();
    let rows = plan.spec.blocks.iter().map(|block| {
        let trace = traced.get(block.id.as_str());
        let ids = trace.map_or(&[][..], |trace| &trace.issues);
        let mut issues: Vec<Chip> = ids
            .iter()
            .filter_map(|id| items.get(id.as_str()))
            .map(|chip| Chip {
                position: chip.position,
                title: chip.title.clone(),
                state: chip.state,
            })
            .collect();
        issues.sort_by_key(|chip| chip.position);
        let reason = trace.and_then(|trace| trace.reason.clone());
        Row {
            id: block.id.clone(),
            kind: kind(block.kind),
            lines: span(block.lines),
            text: readable(block.kind, &block.text),
            uncovered: issues.is_empty() && reason.is_none(),
            issues,
            reason,
        }
    });
    Some(CoverageView {
        rows: rows.collect(),
        words: capital(&present::coverage_line(&crate::domain::coverage::summary(
            plan,
        ))),
    })
}

/// Where in the spec an issue comes from: the lines of each block with its anchor.
pub(super) fn places(plan: Option<&Plan>, issue: &PlannedIssue) -> Vec<(String, String)> {
    let Some(plan) = plan else {
        return Vec::new();
    };
    let covered = |id: &&String| plan.spec.blocks.iter().find(|b| b.id == **id);
    issue
        .covers
        .iter()
        .filter_map(|id| covered(&id))
        .filter(|block| block.kind != BlockKind::Heading || issue.covers.len() == 1)
        .map(|block| (block.id.clone(), span(block.lines)))
        .collect()
}

/// The block without the signs of Markdown that only say what it is.
fn readable(kind: BlockKind, text: &str) -> String {
    let text = text.trim();
    let plain = match kind {
        BlockKind::Heading => text.trim_start_matches('#').trim_end_matches('#').trim(),
        BlockKind::ListItem => ["- ", "* ", "+ "]
            .iter()
            .find_map(|sign| text.strip_prefix(sign))
            .unwrap_or(text),
        BlockKind::Quote => text.trim_start_matches('>').trim(),
        BlockKind::TableRow => {
            let row = text.trim_matches('|');
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            return cells.join(" · ").trim_matches([' ', '·']).to_owned();
        }
        BlockKind::Task => {
            let open = text.trim_start_matches(['-', '*', '+', ' ']);
            return open.replacen("[ ]", "☐", 1).replacen("[x]", "☑", 1);
        }
        _ => text,
    };
    plain.to_owned()
}

fn span([first, last]: [usize; 2]) -> String {
    if first == last {
        first.to_string()
    } else {
        format!("{first}–{last}")
    }
}

fn kind(kind: BlockKind) -> &'static str {
    match kind {
        BlockKind::Heading => "heading",
        BlockKind::Code => "code",
        BlockKind::TableRow => "row",
        BlockKind::Quote => "quote",
        BlockKind::ListItem | BlockKind::Task => "item",
        BlockKind::Paragraph | BlockKind::Html | BlockKind::Metadata => "text",
    }
}

fn capital(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| {
        format!("{}{}.", first.to_uppercase(), letters.as_str())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_reads_without_its_signs() {
        let read = |kind, text: &str| readable(kind, text);
        assert_eq!(read(BlockKind::Heading, "## Goals ##"), "Goals");
        assert_eq!(read(BlockKind::ListItem, "- one\n  two"), "one\n  two");
        assert_eq!(read(BlockKind::ListItem, "2. second"), "2. second");
        assert_eq!(
            read(BlockKind::TableRow, "| C-1 | Show it | |"),
            "C-1 · Show it"
        );
        assert_eq!(read(BlockKind::Task, "- [ ] tests"), "☐ tests");
        assert_eq!(read(BlockKind::Code, "- x"), "- x");
    }
}
