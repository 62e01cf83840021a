//! The last step: numbers, titles that differ, bodies, and the trace of every block.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::Wishes;
use super::bodies::Source;
use super::components::repository;
use super::explain::{self, Decision};
use super::reader::Reader;
use super::titles::{LONGEST, cut};
use crate::domain::plan::{BlockCoverage, Plan, PlannedIssue};
use crate::domain::spec::{Spec, block_id};

pub(super) fn plan(
    mut reader: Reader<'_>,
    spec: Spec,
    wishes: &Wishes,
    warnings: Vec<String>,
    sized: &str,
    is_explained: bool,
) -> (Plan, Vec<Decision>) {
    let order = order(&reader);
    cover_the_rest(&mut reader, &order);
    tell_apart(&mut reader, &order);
    let numbers: HashMap<usize, usize> = order
        .iter()
        .enumerate()
        .map(|(n, draft)| (*draft, n))
        .collect();
    let id = |draft: &usize| numbers.get(draft).map(|n| issue_id(*n));
    let source = Source {
        text: reader.text,
        pieces: reader.pieces,
        outline: reader.outline,
    };
    let issues: Vec<PlannedIssue> = order
        .iter()
        .map(|n| {
            let draft = &reader.drafts[*n];
            let mut blocked_by: Vec<usize> = draft
                .blocked_by
                .iter()
                .filter_map(|b| numbers.get(b).copied())
                .collect();
            blocked_by.sort_unstable();
            PlannedIssue {
                id: issue_id(numbers[n]),
                title: draft.title.clone(),
                body: source.body(draft),
                labels: wishes.labels.clone(),
                assignees: wishes.assignees.clone(),
                component: draft.component.clone(),
                repository: repository(draft.component.as_deref(), &wishes.repositories),
                parent: draft.parent.as_ref().and_then(id),
                blocked_by: blocked_by.into_iter().map(issue_id).collect(),
                covers: draft.covers.iter().map(|p| block_id(*p)).collect(),
            }
        })
        .collect();
    let coverage = trace(&reader, &order);
    let count_reason = count_reason(&reader, &order, sized);
    let plan = Plan {
        planner: "structural".to_owned(),
        count_reason,
        warnings,
        spec,
        issues,
        coverage,
    };
    let decisions = if is_explained {
        explain::decisions(&reader, &order, &plan)
    } else {
        Vec::new()
    };
    (plan, decisions)
}

fn issue_id(n: usize) -> String {
    format!("i{}", n + 1)
}

/// In the order of the text, groups before what they hold.
fn order(reader: &Reader<'_>) -> Vec<usize> {
    let mut children: HashMap<Option<usize>, Vec<usize>> = HashMap::new();
    let mut first: HashMap<usize, usize> = HashMap::new();
    for (n, draft) in reader.drafts.iter().enumerate().filter(|(_, d)| !d.gone) {
        children.entry(draft.parent).or_default().push(n);
        first.insert(n, draft.place());
    }
    for siblings in children.values_mut() {
        siblings.sort_by_key(|n| (first[n], *n));
    }
    let mut out = Vec::new();
    let mut stack: Vec<usize> = children.remove(&None).unwrap_or_default();
    stack.reverse();
    while let Some(next) = stack.pop() {
        out.push(next);
        stack.extend(
            children
                .remove(&Some(next))
                .unwrap_or_default()
                .into_iter()
                .rev(),
        );
    }
    out
}

/// A piece that nothing took goes to the issue nearest before it: rather there than lost.
fn cover_the_rest(reader: &mut Reader<'_>, order: &[usize]) {
    if order.is_empty() {
        return;
    }
    let mut taker: Vec<Option<usize>> = vec![None; reader.pieces.len()];
    for draft in order {
        for piece in &reader.drafts[*draft].covers {
            taker[*piece].get_or_insert(*draft);
        }
    }
    let mut nearest = order[0];
    for (piece, taken) in taker.iter().enumerate() {
        match (*taken, reader.reasons[piece]) {
            (Some(draft), _) => nearest = draft,
            (None, None) => {
                let keep = if reader.drafts[nearest].gone {
                    order[0]
                } else {
                    nearest
                };
                reader.drafts[keep].covers.insert(piece);
                reader.rest.insert(piece);
            }
            (None, Some(_)) => {}
        }
    }
}

/// No two titles are the same: the later one gets its context, or a number.
fn tell_apart(reader: &mut Reader<'_>, order: &[usize]) {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for n in order {
        *counts
            .entry(reader.drafts[*n].title.to_lowercase())
            .or_default() += 1;
    }
    let mut taken: HashSet<String> = HashSet::new();
    let mut numbered: HashMap<String, usize> = HashMap::new();
    for n in order {
        let draft = &reader.drafts[*n];
        let mut title = if draft.title.is_empty() {
            "Carry out the request".to_owned()
        } else {
            draft.title.clone()
        };
        if counts[&draft.title.to_lowercase()] > 1 {
            let contexts: Vec<String> = draft
                .context
                .iter()
                .cloned()
                .chain(reader.near(draft.section).into_iter().map(str::to_owned))
                .collect();
            let placed = contexts
                .iter()
                .map(|context| reader.titles.placed(&title, context))
                .find(|placed| *placed != title && !taken.contains(&placed.to_lowercase()));
            title = placed.unwrap_or(title);
        }
        let base = title.clone();
        let next = numbered.entry(base.to_lowercase()).or_insert(2);
        while !taken.insert(title.to_lowercase()) {
            let suffix = format!(" ({next})");
            let head: String = base.chars().take(LONGEST - suffix.len()).collect();
            title = format!("{}{suffix}", cut(&head));
            *next += 1;
        }
        reader.drafts[*n].title = title;
    }
}

fn trace(reader: &Reader<'_>, order: &[usize]) -> Vec<BlockCoverage> {
    let mut issues: Vec<Vec<String>> = vec![Vec::new(); reader.pieces.len()];
    for (n, draft) in order.iter().enumerate() {
        for piece in &reader.drafts[*draft].covers {
            issues[*piece].push(issue_id(n));
        }
    }
    issues
        .into_iter()
        .enumerate()
        .map(|(piece, issues)| {
            let reason = if issues.is_empty() {
                reader.reasons[piece].map(str::to_owned)
            } else {
                None
            };
            BlockCoverage {
                block: block_id(piece),
                issues,
                reason,
            }
        })
        .collect()
}

fn count_reason(reader: &Reader<'_>, order: &[usize], sized: &str) -> String {
    let groups = order.iter().filter(|n| reader.drafts[**n].is_group).count();
    let work = order.len() - groups;
    let sections: BTreeSet<usize> = order.iter().map(|n| reader.drafts[*n].section).collect();
    let many = |n: usize, one: &str, more: &str| {
        if n == 1 {
            format!("1 {one}")
        } else {
            format!("{n} {more}")
        }
    };
    let mut said = if sized.is_empty() {
        format!(
            "{} in {}",
            many(work, "work item", "work items"),
            many(sections.len(), "section", "sections")
        )
    } else {
        sized.to_owned()
    };
    if groups > 0 && sized.is_empty() {
        said.push_str(" and ");
        said.push_str(&many(
            groups,
            "issue that groups them",
            "issues that group them",
        ));
    }
    format!("{said}; planned from the document's structure, no model was used.")
}
