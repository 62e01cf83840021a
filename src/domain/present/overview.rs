//! A plan too large to be drawn whole: its groups, or its sections where nothing is grouped, as a Mermaid flowchart.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt::Write as _;

use super::many;
use super::mermaid::safe;
use crate::domain::plan::{Plan, PlannedIssue};

const EDGES_MOST: usize = 150;

/// At most `most` nodes, each for several issues, and how many groups there are.
pub fn overview(plan: &Plan, most: usize) -> (usize, String) {
    let groups = Groups::of(plan);
    let shown = groups.names.len().min(most.saturating_sub(1).max(1));
    let mut out = String::from("flowchart LR\n");
    for (n, (name, issues)) in groups
        .names
        .iter()
        .zip(&groups.sizes)
        .enumerate()
        .take(shown)
    {
        let issues = many(*issues, "issue", "issues");
        let _ = writeln!(out, "  g{n}[\"{} ({issues})\"]", safe(name));
    }
    let rest = groups.names.len() - shown;
    if rest > 0 {
        let _ = writeln!(
            out,
            "  more[\"and {}\"]",
            many(rest, "more group", "more groups")
        );
    }
    let mut arrows: BTreeSet<(usize, usize)> = BTreeSet::new();
    for issue in &plan.issues {
        let Some(to) = groups.of.get(issue.id.as_str()) else {
            continue;
        };
        let before = issue.blocked_by.iter();
        let before = before.filter_map(|id| groups.of.get(id.as_str()));
        arrows.extend(before.filter(|from| *from != to).map(|from| (*from, *to)));
    }
    let drawn = arrows.iter().filter(|(a, b)| *a < shown && *b < shown);
    for (from, to) in drawn.take(EDGES_MOST) {
        let _ = writeln!(out, "  g{from} --> g{to}");
    }
    (groups.names.len(), out)
}

/// Which issue is in which group.
struct Groups<'a> {
    names: Vec<String>,
    sizes: Vec<usize>,
    of: HashMap<&'a str, usize>,
}

impl<'a> Groups<'a> {
    fn of(plan: &'a Plan) -> Self {
        let by_id: HashMap<&str, &PlannedIssue> =
            plan.issues.iter().map(|i| (i.id.as_str(), i)).collect();
        let sections: BTreeMap<&str, &str> = plan
            .spec
            .blocks
            .iter()
            .filter_map(|b| Some((b.id.as_str(), b.section.last()?.as_str())))
            .collect();
        let holds: BTreeSet<&str> = plan
            .issues
            .iter()
            .filter_map(|i| i.parent.as_deref())
            .collect();
        let mut groups = Self {
            names: Vec::new(),
            sizes: Vec::new(),
            of: HashMap::new(),
        };
        let mut known: HashMap<String, usize> = HashMap::new();
        for issue in &plan.issues {
            let top = top(issue, &by_id);
            let section = issue
                .covers
                .iter()
                .rev()
                .find_map(|b| sections.get(b.as_str()));
            let (key, name) = match (holds.contains(top.id.as_str()), section) {
                (true, _) => (top.id.clone(), top.title.clone()),
                (false, Some(section)) => (format!("§{section}"), (*section).to_owned()),
                (false, None) => ("§".to_owned(), "Further issues".to_owned()),
            };
            let next = groups.names.len();
            let at = *known.entry(key).or_insert(next);
            if at == next {
                groups.names.push(name);
                groups.sizes.push(0);
            }
            groups.sizes[at] += 1;
            groups.of.insert(&issue.id, at);
        }
        groups
    }
}

/// The topmost issue above this one, or itself.
fn top<'a>(issue: &'a PlannedIssue, by_id: &HashMap<&str, &'a PlannedIssue>) -> &'a PlannedIssue {
    let mut at = issue;
    // A circle of parents ends the walk.
    for _ in 0..8 {
        match at.parent.as_deref().and_then(|parent| by_id.get(parent)) {
            Some(above) => at = above,
            None => break,
        }
    }
    at
}
