//! Several issues become one: the first that was named stays and takes in what the others ask for.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::body::{self, ALL_DONE, Body, joined, normal, says_nothing, segments};
use super::refused::numbers;
use super::{Edited, Refused, find, id, number, once};
use crate::domain::comment::inline;
use crate::domain::plan::{Plan, PlannedIssue};
use crate::domain::planning::{is_ungrounded, without_mark};
use crate::domain::spec::BlockKind;

/// GitHub's limit on the people of an issue.
pub(super) const MOST_ASSIGNEES: usize = 10;
/// In characters; GitHub takes 65,536, our mark and links included.
const LONGEST_BODY: usize = 60_000;

pub(super) fn merge(plan: &Plan, last: u32, into: u32, others: &[u32]) -> Result<Edited, Refused> {
    let all: Vec<u32> = std::iter::once(into)
        .chain(others.iter().copied())
        .collect();
    let get = |n: u32| find(plan, n).ok_or(Refused::Unknown(vec![n]));
    let keeper = get(into)?;
    let taken: Vec<&PlannedIssue> = others.iter().map(|n| get(*n)).collect::<Result<_, _>>()?;
    for other in &taken {
        if other.repository != keeper.repository {
            return Err(Refused::Apart {
                into,
                other: number(&other.id).unwrap_or_default(),
                places: Box::new((keeper.repository.clone(), other.repository.clone())),
            });
        }
    }
    let mut gone: HashSet<&str> = taken.iter().map(|i| i.id.as_str()).collect();
    let emptied = Emptied::by(plan, keeper, &mut gone);
    let mut one = united(plan, keeper, &taken, &emptied.folded);
    if one.assignees.len() > MOST_ASSIGNEES {
        return Err(Refused::TooManyPeople {
            people: one.assignees.len(),
        });
    }
    if one.body.chars().count() > LONGEST_BODY {
        return Err(Refused::TooLong { items: all });
    }
    one.parent = parent(plan, keeper, &gone);
    let above = ancestors(plan, one.parent.as_deref());
    // What it hangs under is done after it.
    one.blocked_by
        .retain(|first| !above.contains(first.as_str()));
    let renamed = |id: &String| {
        if gone.contains(id.as_str()) {
            keeper.id.clone()
        } else {
            id.clone()
        }
    };
    let mut issues = Vec::with_capacity(plan.issues.len());
    for issue in plan.issues.iter().filter(|i| !gone.contains(i.id.as_str())) {
        let mut issue = if issue.id == keeper.id {
            one.clone()
        } else {
            issue.clone()
        };
        issue.parent = issue
            .parent
            .as_ref()
            .map(renamed)
            .filter(|p| *p != issue.id);
        issue.blocked_by = once(issue.blocked_by.iter().map(renamed));
        let holds = above.contains(issue.id.as_str());
        issue
            .blocked_by
            .retain(|first| *first != issue.id && !(holds && *first == keeper.id));
        if emptied.alone.contains(issue.id.as_str()) {
            issue.body = body::of_its_own(&issue.body, &issue.title);
        }
        issues.push(issue);
    }
    let merged = Plan {
        issues,
        ..plan.clone()
    };
    let merged = in_order(merged, &keeper.id, &all)?;
    let made_of = once(std::iter::once(keeper.id.clone()).chain(all.iter().map(|n| id(*n))));
    let alone = emptied.alone.into_iter();
    let mut made_of = BTreeMap::from([(keeper.id.clone(), made_of)]);
    made_of.extend(alone.map(|id| (id.to_owned(), vec![id.to_owned()])));
    Ok(Edited {
        plan: merged,
        last,
        made_of,
    })
}

/// The groups that lose their last issue.
struct Emptied<'a> {
    /// They stand for headings alone, and go into the one issue.
    folded: Vec<&'a PlannedIssue>,
    /// They ask for something themselves, and are issues like others now.
    alone: HashSet<&'a str>,
}

impl<'a> Emptied<'a> {
    /// `gone` are the issues that are taken in, and get those that are folded.
    fn by(plan: &'a Plan, keeper: &PlannedIssue, gone: &mut HashSet<&'a str>) -> Self {
        let kinds = plan.spec.blocks.iter();
        let kinds: HashMap<&str, BlockKind> = kinds.map(|b| (b.id.as_str(), b.kind)).collect();
        let mut inside: HashMap<&str, Vec<&str>> = HashMap::new();
        for issue in &plan.issues {
            if let Some(parent) = &issue.parent {
                inside.entry(parent).or_default().push(&issue.id);
            }
        }
        let mut emptied = Self {
            folded: Vec::new(),
            alone: HashSet::new(),
        };
        loop {
            let next = plan.issues.iter().find(|i| {
                let id = i.id.as_str();
                let is_empty = inside
                    .get(id)
                    .is_some_and(|all| all.iter().all(|child| gone.contains(child)));
                is_empty && *id != keeper.id && !gone.contains(id) && !emptied.alone.contains(id)
            });
            let Some(group) = next else {
                return emptied;
            };
            let is_heading = |b: &String| kinds.get(b.as_str()) == Some(&BlockKind::Heading);
            if group.covers.iter().all(is_heading) {
                gone.insert(&group.id);
                emptied.folded.push(group);
            } else {
                emptied.alone.insert(&group.id);
            }
        }
    }
}

/// An issue and everything that it hangs under.
fn ancestors<'a>(plan: &'a Plan, from: Option<&str>) -> HashSet<&'a str> {
    let mut above = HashSet::new();
    let mut at = from;
    while let Some(issue) = at.and_then(|id| plan.issues.iter().find(|i| i.id == *id)) {
        if !above.insert(issue.id.as_str()) {
            break;
        }
        at = issue.parent.as_deref();
    }
    above
}

/// Under what the one issue hangs: the keeper's own parent, or, where that goes in or hangs under what goes in, what was above
/// all of them.
fn parent(plan: &Plan, keeper: &PlannedIssue, gone: &HashSet<&str>) -> Option<String> {
    let above: HashMap<&str, Option<&str>> = plan
        .issues
        .iter()
        .map(|i| (i.id.as_str(), i.parent.as_deref()))
        .collect();
    let mut found = keeper.parent.as_deref();
    let mut at = found;
    for _ in 0..plan.issues.len() {
        let Some(here) = at else { break };
        let next = above.get(here).copied().flatten();
        if gone.contains(here) {
            found = next;
        }
        at = next;
    }
    found.map(str::to_owned)
}

/// The plan without what follows from the tree (a group waits for what it holds anyway), or why it has a circle.
fn in_order(mut plan: Plan, one: &str, items: &[u32]) -> Result<Plan, Refused> {
    let parents: HashMap<String, Option<String>> = plan
        .issues
        .iter()
        .map(|i| (i.id.clone(), i.parent.clone()))
        .collect();
    let is_under = |id: &str, group: &str| {
        let mut at = parents.get(id).and_then(Option::as_ref);
        for _ in 0..parents.len() {
            match at {
                Some(above) if above == group => return true,
                Some(above) => at = parents.get(above).and_then(Option::as_ref),
                None => return false,
            }
        }
        false
    };
    for issue in &mut plan.issues {
        if issue.id == one {
            issue.blocked_by.retain(|first| !is_under(first, one));
        } else if issue.blocked_by.iter().any(|first| first == one) && is_under(&issue.id, one) {
            return Err(Refused::WaitsForItsGroup {
                items: items.to_vec(),
                inside: number(&issue.id).unwrap_or_default(),
            });
        }
    }
    let waits: HashMap<&str, &Vec<String>> = plan
        .issues
        .iter()
        .map(|i| (i.id.as_str(), &i.blocked_by))
        .collect();
    let first = waits.get(one).into_iter().flat_map(|w| w.iter());
    for start in first {
        let mut seen: HashSet<&str> = HashSet::new();
        let mut open = vec![start.as_str()];
        while let Some(at) = open.pop() {
            if at == one {
                return Err(Refused::Circle {
                    items: items.to_vec(),
                    through: number(start).unwrap_or_default(),
                });
            }
            if seen.insert(at) {
                open.extend(
                    waits
                        .get(at)
                        .into_iter()
                        .flat_map(|w| w.iter())
                        .map(String::as_str),
                );
            }
        }
    }
    Ok(plan)
}

/// The keeper with everything that the others say, cover and wait for.
fn united(
    plan: &Plan,
    keeper: &PlannedIssue,
    taken: &[&PlannedIssue],
    folded: &[&PlannedIssue],
) -> PlannedIssue {
    let mut one = keeper.clone();
    let all = || {
        let others = taken.iter().chain(folded).copied();
        std::iter::once(keeper).chain(others)
    };
    one.labels = union(all().map(|i| &i.labels));
    one.assignees = union(all().map(|i| &i.assignees));
    one.component = all().find_map(|i| i.component.clone());
    one.blocked_by = once(all().flat_map(|i| i.blocked_by.clone()));
    let covers: BTreeSet<&String> = all().flat_map(|i| &i.covers).collect();
    one.covers = plan
        .spec
        .blocks
        .iter()
        .filter(|b| covers.contains(&b.id))
        .map(|b| b.id.clone())
        .collect();
    let says_more = |i: &&PlannedIssue| !Body::read(&i.body).says_nothing(&i.title);
    let telling = folded.iter().copied().filter(says_more);
    let telling: Vec<&PlannedIssue> = taken.iter().copied().chain(telling).collect();
    one.body = body(plan, keeper, &telling, &one.covers);
    one
}

/// Each once, whatever its case, in the order in which they come.
fn union<'a>(lists: impl Iterator<Item = &'a Vec<String>>) -> Vec<String> {
    let mut seen = HashSet::new();
    lists
        .flatten()
        .filter(|word| seen.insert(word.to_lowercase()))
        .cloned()
        .collect()
}

fn body(plan: &Plan, keeper: &PlannedIssue, taken: &[&PlannedIssue], covers: &[String]) -> String {
    let all_invented = is_ungrounded(keeper) && taken.iter().all(|i| is_ungrounded(i));
    // Our mark says that nothing of it is in the spec.
    let read = |issue: &PlannedIssue| {
        if all_invented {
            Body::read(&issue.body)
        } else {
            Body::read(&without_mark(&issue.body))
        }
    };
    let mut one = read(keeper);
    one.criteria = criteria(plan, keeper, one.criteria);
    for other in taken {
        let theirs = read(other);
        let known = normal(&format!("{} {}", keeper.title, one.what));
        let title = normal(&other.title);
        // "Build it." says no more than the title, and what stands there already is not said twice.
        let new: Vec<String> = segments(&theirs.what)
            .into_iter()
            .filter(|s| normal(s) != title && !known.contains(&normal(s)))
            .collect();
        if !new.is_empty() || !known.contains(&title) {
            let mut parts = vec![one.what, format!("**{}**", inline(&other.title))];
            parts.extend(new);
            parts.retain(|p| !p.trim().is_empty());
            one.what = joined(&parts);
        }
        one.criteria.extend(criteria(plan, other, theirs.criteria));
        for (heading, text) in theirs.further {
            match one.further.iter_mut().find(|(known, _)| *known == heading) {
                Some((_, known)) => *known = format!("{known}\n{text}"),
                None => one.further.push((heading, text)),
            }
        }
        one.quotes.extend(theirs.quotes);
    }
    let mut seen = HashSet::new();
    one.criteria.retain(|c| seen.insert(normal(c)));
    seen.clear();
    one.quotes.retain(|q| seen.insert(normal(q)));
    if one.criteria.is_empty() {
        one.criteria.push(ALL_DONE.to_owned());
    }
    one.written(plan, covers)
}

/// What has to hold for an issue's part of the whole; that it is done, where its text names nothing. A group is done with what
/// it holds.
fn criteria(plan: &Plan, issue: &PlannedIssue, mut own: Vec<String>) -> Vec<String> {
    own.retain(|c| !says_nothing(c, &issue.title));
    let is_group = plan
        .issues
        .iter()
        .any(|i| i.parent.as_ref() == Some(&issue.id));
    if own.is_empty() && !is_group {
        own.push(inline(&issue.title));
    }
    own
}

/// The numbers of what hangs under an issue.
pub(super) fn inside(plan: &Plan, id: &str) -> Vec<u32> {
    let children = plan
        .issues
        .iter()
        .filter(|i| i.parent.as_deref() == Some(id));
    numbers(children.map(|i| i.id.as_str()))
}
