//! At most 50 dependencies of a kind: what follows from others is left out first, what is still too much is written down.

use std::collections::{HashMap, HashSet};

use super::were;
use crate::domain::comment::inline;
use crate::domain::plan::{FROM_THE_SPEC, Plan, PlannedIssue};

/// Dependencies of one kind that an issue may have.
pub(super) const MOST_WAITS: usize = 50;
/// The heading in a body above what has no place among its dependencies.
pub const ALSO_WAITS: &str = "### Also waits for";
/// Titles that a body names of what has no place among the dependencies.
const NAMED: usize = 100;

/// The plan with no more dependencies than GitHub keeps. Nothing is lost: what goes follows from what stays, or is named in
/// the issue's body and in a warning.
pub fn limit_waits(mut plan: Plan) -> Plan {
    if !is_over(&plan.issues) {
        return plan;
    }
    reduce(&mut plan.issues);
    if is_over(&plan.issues) {
        wait_for_groups(&mut plan.issues);
    }
    let left_out = keep_the_first(&mut plan.issues);
    let waiting: HashSet<usize> = left_out.iter().map(|(issue, _)| *issue).collect();
    if !left_out.is_empty() {
        plan.warnings.push(format!(
            "GitHub keeps at most {MOST_WAITS} dependencies of an issue: {} written in the text of {} instead.",
            were(left_out.len(), "dependency", "dependencies"),
            if waiting.len() == 1 {
                "the issue that waits".to_owned()
            } else {
                format!("the {} issues that wait", waiting.len())
            }
        ));
    }
    write_down(&mut plan.issues, &left_out);
    plan
}

fn is_over(issues: &[PlannedIssue]) -> bool {
    let mut blocking: HashMap<&str, usize> = HashMap::new();
    for first in issues.iter().flat_map(|i| &i.blocked_by) {
        *blocking.entry(first).or_default() += 1;
    }
    issues.iter().any(|i| i.blocked_by.len() > MOST_WAITS)
        || blocking.values().any(|count| *count > MOST_WAITS)
}

fn places(issues: &[PlannedIssue]) -> HashMap<String, usize> {
    let named = issues.iter().enumerate();
    named.map(|(n, issue)| (issue.id.clone(), n)).collect()
}

/// Leaves out each dependency that follows from another one of the same issue.
fn reduce(issues: &mut [PlannedIssue]) {
    let place = places(issues);
    let waits: Vec<Vec<usize>> = issues
        .iter()
        .map(|i| {
            let known = i.blocked_by.iter();
            known.filter_map(|id| place.get(id).copied()).collect()
        })
        .collect();
    let words = issues.len().div_ceil(64);
    // One bit an issue: what each waits for, at however many removes.
    let mut reach: Vec<Option<Vec<u64>>> = vec![None; issues.len()];
    for issue in order(&waits) {
        let mut far = vec![0_u64; words];
        for first in &waits[issue] {
            for (into, from) in far.iter_mut().zip(reach[*first].iter().flatten()) {
                *into |= from;
            }
        }
        issues[issue].blocked_by.retain(|id| {
            let at = place.get(id);
            at.is_none_or(|n| far[n / 64] >> (n % 64) & 1 == 0)
        });
        for first in &waits[issue] {
            far[first / 64] |= 1 << (first % 64);
        }
        reach[issue] = Some(far);
    }
}

/// Every issue after those that it waits for.
fn order(waits: &[Vec<usize>]) -> Vec<usize> {
    let mut seen = vec![false; waits.len()];
    let mut out = Vec::with_capacity(waits.len());
    for start in 0..waits.len() {
        let mut path = vec![(start, 0)];
        while let Some((at, next)) = path.last_mut() {
            let at = *at;
            if *next == 0 && std::mem::replace(&mut seen[at], true) {
                path.pop();
                continue;
            }
            if let Some(first) = waits[at].get(*next) {
                *next += 1;
                path.push((*first, 0));
            } else {
                out.push(at);
                path.pop();
            }
        }
    }
    out
}

/// Who waits for everything in a group waits for the group, which is closed last.
fn wait_for_groups(issues: &mut [PlannedIssue]) {
    let place = places(issues);
    let mut inside: HashMap<String, Vec<String>> = HashMap::new();
    for issue in issues.iter() {
        if let Some(parent) = &issue.parent {
            inside
                .entry(parent.clone())
                .or_default()
                .push(issue.id.clone());
        }
    }
    for n in 0..issues.len() {
        if issues[n].blocked_by.len() > MOST_WAITS {
            issues[n].blocked_by = through_groups(issues, &place, &inside, n);
        }
    }
}

/// What an issue waits for, with a group in the place of all that hangs under it.
fn through_groups(
    issues: &[PlannedIssue],
    place: &HashMap<String, usize>,
    inside: &HashMap<String, Vec<String>>,
    n: usize,
) -> Vec<String> {
    let issue = &issues[n];
    let above = ancestors(issues, place, n);
    let first: HashSet<&String> = issue.blocked_by.iter().collect();
    let parent_of = |id: &String| issues[*place.get(id)?].parent.as_ref();
    let mut judged: HashMap<&String, bool> = HashMap::new();
    let mut waits: Vec<String> = Vec::new();
    let mut named: HashSet<&String> = HashSet::new();
    for id in &issue.blocked_by {
        let group = parent_of(id).filter(|group| {
            *judged.entry(group).or_insert_with(|| {
                let all = |c: &Vec<String>| c.iter().all(|id| first.contains(id));
                // A group that waits for this very issue, or holds it, would close a circle.
                inside.get(*group).is_some_and(all)
                    && place
                        .get(*group)
                        .is_some_and(|g| !above.contains(g) && !waits_for(issues, place, *g, n))
            })
        });
        let stands = group.unwrap_or(id);
        if named.insert(stands) {
            waits.push(stands.clone());
        }
    }
    waits
}

fn ancestors(
    issues: &[PlannedIssue],
    place: &HashMap<String, usize>,
    from: usize,
) -> HashSet<usize> {
    let mut above = HashSet::from([from]);
    let mut at = from;
    while let Some(parent) = issues[at].parent.as_ref().and_then(|p| place.get(p)) {
        if !above.insert(*parent) {
            break;
        }
        at = *parent;
    }
    above
}

fn waits_for(
    issues: &[PlannedIssue],
    place: &HashMap<String, usize>,
    from: usize,
    goal: usize,
) -> bool {
    let mut seen = HashSet::new();
    let mut open = vec![from];
    while let Some(at) = open.pop() {
        if at == goal {
            return true;
        }
        if seen.insert(at) {
            open.extend(issues[at].blocked_by.iter().filter_map(|id| place.get(id)));
        }
    }
    false
}

/// Takes out what is too much, of both kinds; which issue waits for which without GitHub knowing.
fn keep_the_first(issues: &mut [PlannedIssue]) -> Vec<(usize, String)> {
    let mut blocking: HashMap<String, usize> = HashMap::new();
    let mut left_out = Vec::new();
    for (n, issue) in issues.iter_mut().enumerate() {
        let mut kept = 0;
        issue.blocked_by.retain(|id| {
            let of_first = blocking.entry(id.clone()).or_default();
            let fits = kept < MOST_WAITS && *of_first < MOST_WAITS;
            if fits {
                kept += 1;
                *of_first += 1;
            } else {
                left_out.push((n, id.clone()));
            }
            fits
        });
    }
    left_out
}

fn write_down(issues: &mut [PlannedIssue], left_out: &[(usize, String)]) {
    let titles: HashMap<String, String> = issues
        .iter()
        .map(|i| (i.id.clone(), inline(&i.title)))
        .collect();
    for of_one in left_out.chunk_by(|a, b| a.0 == b.0) {
        let names = of_one.iter().filter_map(|(_, id)| titles.get(id));
        let mut lines: Vec<String> = names.take(NAMED).map(|t| format!("- {t}")).collect();
        if of_one.len() > NAMED {
            lines.push(format!("- and {} more", of_one.len() - NAMED));
        }
        let text = format!("{ALSO_WAITS}\n\n{}\n\n", lines.join("\n"));
        let body = &mut issues[of_one[0].0].body;
        if let Some(at) = body.find(&format!("{ALSO_WAITS}\n\n")) {
            // An edit made them more.
            body.insert_str(
                at + ALSO_WAITS.len() + 2,
                &format!("{}\n", lines.join("\n")),
            );
            continue;
        }
        match body.rfind(FROM_THE_SPEC) {
            Some(at) => body.insert_str(at, &text),
            None => *body = format!("{}\n\n{text}", body.trim_end()),
        }
    }
}
