//! A plan that fits into GitHub: 100 sub-issues under one issue, 8 levels, 50 dependencies of a kind.
//!
//! It is decided when the plan is made, so that the preview shows the groups and `confirm` creates what was shown.
//! Groups are planned issues like others. They do not count toward a run's maximum: GitHub's limit asks for them, not
//! the person, and a request of exactly the maximum must not fail because of them. There are at most as many as the
//! trigger issue takes, each holds two issues or more, and the preview's count includes them.
//!
//! Invariant: no step looks at all pairs of anything.

mod groups;
mod sections;
#[cfg(test)]
mod tests;
mod tree;
mod waits;

use std::collections::{BTreeMap, BTreeSet};

use super::plan::{Plan, PlannedIssue};
use super::spec::BlockKind;
use tree::Tree;

pub use waits::{ALSO_WAITS, limit_waits};

/// Sub-issues under one issue, closed ones counted.
pub const MOST_SUB_ISSUES: usize = 100;
/// Levels of issues, the topmost included.
pub const MOST_LEVELS: usize = 8;

/// What the trigger issue can still take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// How many sub-issues.
    pub free: usize,
    /// How many levels of issues below it.
    pub levels: usize,
}

impl Room {
    /// Under an issue that has no parent and no sub-issues.
    pub const EMPTY: Self = Self {
        free: MOST_SUB_ISSUES,
        levels: MOST_LEVELS - 1,
    };
}

/// Whether the plan has issues under issues.
pub fn is_nested(plan: &Plan) -> bool {
    plan.issues.iter().any(|i| i.parent.is_some())
}

/// How many levels of issues the plan has.
pub fn depth(plan: &Plan) -> usize {
    let parents: BTreeMap<&str, Option<&str>> = plan
        .issues
        .iter()
        .map(|i| (i.id.as_str(), i.parent.as_deref()))
        .collect();
    let level = |issue: &PlannedIssue| {
        let mut at = issue.parent.as_deref();
        let mut level = 1;
        // A circle of parents ends the count.
        while let Some(above) = at.filter(|_| level <= plan.issues.len()) {
            level += 1;
            at = parents.get(above).copied().flatten();
        }
        level
    };
    plan.issues.iter().map(level).max().unwrap_or(0)
}

/// Whether any issue of the plan, or the trigger with so much room, would get more sub-issues than it takes. Skipped
/// issues take no room.
pub fn is_too_wide(plan: &Plan, free: usize, skipped: &BTreeSet<String>) -> bool {
    let mut children: BTreeMap<Option<&str>, usize> = BTreeMap::new();
    for issue in plan.issues.iter().filter(|i| !skipped.contains(&i.id)) {
        *children.entry(issue.parent.as_deref()).or_default() += 1;
    }
    // What hangs under a skipped issue goes to the trigger.
    let of_skipped: usize = children
        .iter()
        .filter(|(parent, _)| parent.is_some_and(|p| skipped.contains(p)))
        .map(|(_, count)| count)
        .sum();
    let top = children.get(&None).copied().unwrap_or_default() + of_skipped;
    top > free
        || children
            .iter()
            .any(|(parent, count)| parent.is_some() && *count > MOST_SUB_ISSUES)
}

/// The ids of what was added to group a plan's issues, once it was made to fit.
pub fn added(before: &Plan, fitting: &Plan) -> Vec<String> {
    // Ids were given anew; titles differ.
    let known: BTreeSet<&str> = before.issues.iter().map(|i| i.title.as_str()).collect();
    let is_new = |i: &&PlannedIssue| !known.contains(i.title.as_str());
    let new = fitting.issues.iter().filter(is_new);
    new.map(|i| i.id.clone()).collect()
}

/// How many issues of a plan count toward the maximum: all but the added `groups` that still do nothing else.
pub fn counted(plan: &Plan, groups: &[String]) -> usize {
    let headings: BTreeSet<&str> = plan
        .spec
        .blocks
        .iter()
        .filter(|b| b.kind == BlockKind::Heading)
        .map(|b| b.id.as_str())
        .collect();
    let is_group = |i: &PlannedIssue| {
        groups.contains(&i.id) && i.covers.iter().all(|b| headings.contains(b.as_str()))
    };
    plan.issues.iter().filter(|i| !is_group(i)).count()
}

/// The plan with groups where GitHub would refuse so many sub-issues, and no deeper than it allows. What cannot be
/// made to fit is said in a warning. The ids are given anew where issues were added or moved.
pub fn fit(plan: Plan, room: &Room, skipped: &BTreeSet<String>) -> Plan {
    let before = plan.issues.len();
    let mut tree = Tree::of(&plan, skipped);
    let top = std::mem::take(&mut tree.top);
    let is_closed = room.free == 0 || room.levels == 0;
    let (free, levels) = if is_closed {
        (usize::MAX, MOST_LEVELS)
    } else {
        (room.free, room.levels)
    };
    tree.top = groups::fit_level(&mut tree, &plan, top, free, levels);
    let mut warnings = Vec::new();
    if is_closed {
        let why = if room.levels == 0 {
            format!("it is {MOST_LEVELS} levels deep already, the deepest that GitHub allows")
        } else {
            format!("it has {MOST_SUB_ISSUES} sub-issues already, the most that GitHub allows")
        };
        warnings.push(format!(
            "Nothing can become a sub-issue of this issue: {why}. What is created stands beside it."
        ));
    }
    if tree.raised > 0 {
        warnings.push(format!(
            "GitHub nests issues {MOST_LEVELS} levels deep at most: {} moved up.",
            were(tree.raised, "issue", "issues")
        ));
    }
    if tree.unfit > 0 {
        warnings.push(format!(
            "GitHub keeps at most {MOST_SUB_ISSUES} sub-issues under one issue, and there is no level left for groups: \
             {} stay beside their parent.",
            tree.unfit
        ));
    }
    let groups = tree.nodes.len() - before;
    if groups > 0 {
        let fewer = if room.free < MOST_SUB_ISSUES && !is_closed {
            format!(", and this one has {} already", MOST_SUB_ISSUES - room.free)
        } else {
            String::new()
        };
        warnings.push(format!(
            "GitHub keeps at most {MOST_SUB_ISSUES} sub-issues under one issue{fewer}: {} added that group the others.",
            were(groups, "issue", "issues")
        ));
    }
    if tree.is_unchanged(&plan) {
        return Plan {
            warnings: [plan.warnings, warnings].concat(),
            ..plan
        };
    }
    rebuilt(plan, tree, warnings, groups)
}

fn were(n: usize, one: &str, more: &str) -> String {
    if n == 1 {
        format!("1 {one} was")
    } else {
        format!("{n} {more} were")
    }
}

/// The plan with the tree's issues, whose ids and whose trace it names anew.
fn rebuilt(plan: Plan, tree: Tree, warnings: Vec<String>, groups: usize) -> Plan {
    let issues: Vec<PlannedIssue> = tree.into_issues();
    let mut of: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for issue in &issues {
        for block in &issue.covers {
            of.entry(block).or_default().push(issue.id.clone());
        }
    }
    let mut coverage = plan.coverage;
    for entry in &mut coverage {
        entry.issues = of.remove(entry.block.as_str()).unwrap_or_default();
    }
    let reason = plan.count_reason.trim_end_matches('.');
    let count_reason = if groups == 0 || reason.is_empty() {
        plan.count_reason
    } else {
        format!("{reason}; {groups} more that group them.")
    };
    Plan {
        warnings: [plan.warnings, warnings].concat(),
        count_reason,
        coverage,
        issues,
        ..plan
    }
}
