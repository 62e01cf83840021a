//! The trace of the spec: what is covered, what is not work, what was missed, and which rules a plan breaks.

use std::collections::{HashMap, HashSet};

use super::plan::{Plan, PlannedIssue};
use super::spec::Block;

/// The longest title that a planned issue may have, in characters.
const LONGEST_TITLE: usize = 80;

/// How many blocks went where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoverageSummary<'a> {
    pub total: usize,
    pub covered: usize,
    pub not_work: usize,
    /// Blocks that no issue covers and that nothing excuses.
    pub uncovered: Vec<&'a Block>,
    /// Reasons for not being work with how many blocks they hold; the most frequent first.
    pub reasons: Vec<(&'a str, usize)>,
}

/// Counts where the blocks of a plan's spec went.
pub fn summary(plan: &Plan) -> CoverageSummary<'_> {
    let traced: HashMap<&str, (bool, Option<&str>)> = plan
        .coverage
        .iter()
        .map(|c| {
            (
                c.block.as_str(),
                (!c.issues.is_empty(), c.reason.as_deref()),
            )
        })
        .collect();
    let mut summary = CoverageSummary {
        total: plan.spec.blocks.len(),
        covered: 0,
        not_work: 0,
        uncovered: Vec::new(),
        reasons: Vec::new(),
    };
    for block in &plan.spec.blocks {
        match traced.get(block.id.as_str()) {
            Some((true, _)) => summary.covered += 1,
            Some((false, Some(reason))) => {
                summary.not_work += 1;
                match summary
                    .reasons
                    .iter_mut()
                    .find(|(known, _)| known == reason)
                {
                    Some((_, count)) => *count += 1,
                    None => summary.reasons.push((reason, 1)),
                }
            }
            _ => summary.uncovered.push(block),
        }
    }
    summary
        .reasons
        .sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    summary
}

/// Every broken rule of a plan, in words; none for a sound one. Plans from elsewhere (a model, the database) are checked too.
pub fn check(plan: &Plan) -> Vec<String> {
    let mut faults = Vec::new();
    let issues: HashMap<&str, &PlannedIssue> =
        plan.issues.iter().map(|i| (i.id.as_str(), i)).collect();
    if issues.len() != plan.issues.len() {
        faults.push("two issues have the same id".to_owned());
    }
    let blocks: HashSet<&str> = plan.spec.blocks.iter().map(|b| b.id.as_str()).collect();
    for issue in &plan.issues {
        check_issue(issue, &issues, &blocks, &mut faults);
    }
    check_coverage(plan, &issues, &blocks, &mut faults);
    let by_parent = |issue: &PlannedIssue| issue.parent.iter().cloned().collect();
    faults.extend(
        find_circle(&plan.issues, &issues, by_parent)
            .map(|id| format!("{id} is its own parent by a circle")),
    );
    let by_order = |issue: &PlannedIssue| issue.blocked_by.clone();
    faults.extend(
        find_circle(&plan.issues, &issues, by_order)
            .map(|id| format!("{id} waits for itself by a circle")),
    );
    faults
}

fn check_issue(
    issue: &PlannedIssue,
    issues: &HashMap<&str, &PlannedIssue>,
    blocks: &HashSet<&str>,
    faults: &mut Vec<String>,
) {
    let id = &issue.id;
    let length = issue.title.chars().count();
    if length > LONGEST_TITLE {
        faults.push(format!(
            "the title of {id} has {length} characters, at most {LONGEST_TITLE} are allowed"
        ));
    }
    if issue.title.trim().is_empty() {
        faults.push(format!("{id} has no title"));
    }
    if issue.title.contains(['\n', '\r']) {
        faults.push(format!("the title of {id} has a line break"));
    }
    if let Some(parent) = issue
        .parent
        .as_ref()
        .filter(|p| !issues.contains_key(p.as_str()))
    {
        faults.push(format!("the parent {parent} of {id} does not exist"));
    }
    for target in issue
        .blocked_by
        .iter()
        .filter(|t| !issues.contains_key(t.as_str()))
    {
        faults.push(format!("{id} waits for {target}, which does not exist"));
    }
    for block in issue.covers.iter().filter(|b| !blocks.contains(b.as_str())) {
        faults.push(format!("{id} covers {block}, which does not exist"));
    }
}

fn check_coverage(
    plan: &Plan,
    issues: &HashMap<&str, &PlannedIssue>,
    blocks: &HashSet<&str>,
    faults: &mut Vec<String>,
) {
    let mut seen = HashSet::new();
    for entry in &plan.coverage {
        let block = &entry.block;
        if !blocks.contains(block.as_str()) {
            faults.push(format!("the coverage names {block}, which does not exist"));
        }
        if !seen.insert(block.as_str()) {
            faults.push(format!("the coverage names {block} twice"));
        }
        if entry.reason.is_some() && !entry.issues.is_empty() {
            faults.push(format!("{block} is covered and not work at once"));
        }
        for id in &entry.issues {
            match issues.get(id.as_str()) {
                None => faults.push(format!("{block} is covered by {id}, which does not exist")),
                Some(issue) if !issue.covers.contains(block) => faults.push(format!(
                    "{block} is said to be covered by {id}, which does not say so"
                )),
                Some(_) => {}
            }
        }
    }
    let traced: HashMap<&str, HashSet<&str>> = plan
        .coverage
        .iter()
        .map(|c| {
            (
                c.block.as_str(),
                c.issues.iter().map(String::as_str).collect(),
            )
        })
        .collect();
    for block in plan
        .spec
        .blocks
        .iter()
        .filter(|b| !seen.contains(b.id.as_str()))
    {
        faults.push(format!("the coverage leaves out {}", block.id));
    }
    for issue in &plan.issues {
        for block in issue.covers.iter().filter(|b| {
            traced
                .get(b.as_str())
                .is_some_and(|ids| !ids.contains(issue.id.as_str()))
        }) {
            faults.push(format!(
                "{} covers {block}, which the coverage does not say",
                issue.id
            ));
        }
    }
}

/// An issue that is reached from itself.
fn find_circle(
    all: &[PlannedIssue],
    issues: &HashMap<&str, &PlannedIssue>,
    edges: impl Fn(&PlannedIssue) -> Vec<String>,
) -> Option<String> {
    let mut finished: HashSet<&str> = HashSet::new();
    for start in all {
        let mut path: Vec<(&PlannedIssue, Vec<String>)> = vec![(start, edges(start))];
        let mut open: HashSet<&str> = HashSet::from([start.id.as_str()]);
        while let Some((at, rest)) = path.last_mut() {
            let Some(next) = rest.pop() else {
                finished.insert(at.id.as_str());
                open.remove(at.id.as_str());
                path.pop();
                continue;
            };
            let Some(next) = issues.get(next.as_str()) else {
                continue;
            };
            if open.contains(next.id.as_str()) {
                return Some(next.id.clone());
            }
            if !finished.contains(next.id.as_str()) {
                open.insert(next.id.as_str());
                path.push((next, edges(next)));
            }
        }
    }
    None
}
