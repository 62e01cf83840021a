//! A waiting plan edited by hand: an issue split into its parts, several merged into one, a title said anew.
//!
//! Numbers are for good: no edit gives an issue another one, a number that is gone never comes back, and what is new is
//! numbered after the highest that the plan ever had. An edit is planned by structure, never by a model.
//!
//! Invariant: what a plan covers it covers after any edit, its order has no circle, its titles differ.

mod body;
mod merge;
mod refused;
mod rename;
mod split;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::comment::inline;
use super::grouping::ALSO_WAITS;
use super::plan::{Plan, PlannedIssue};

pub use refused::Refused;

/// One change of a waiting plan; issues by the numbers that people use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// Into its parts: the first keeps the number.
    Split(u32),
    /// The others into the one that was named first.
    Merge { into: u32, others: Vec<u32> },
    /// A title of 1 to 80 characters.
    Title { item: u32, title: String },
}

impl Edit {
    /// The numbers that it names, in the order in which they were named.
    pub fn items(&self) -> Vec<u32> {
        match self {
            Self::Split(item) | Self::Title { item, .. } => vec![*item],
            Self::Merge { into, others } => std::iter::once(*into).chain(others.clone()).collect(),
        }
    }
}

/// A plan after an edit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edited {
    pub plan: Plan,
    /// The highest number that the plan ever had.
    pub last: u32,
    /// The issues whose text is new, each with the ids of those that it was made of.
    pub made_of: BTreeMap<String, Vec<String>>,
}

/// Edits a plan. `text` is what it was planned from, `last` the highest number that it ever had.
pub fn apply(plan: &Plan, text: &str, last: u32, edit: &Edit) -> Result<Edited, Refused> {
    let unknown: Vec<u32> = edit
        .items()
        .into_iter()
        .filter(|n| find(plan, *n).is_none())
        .collect();
    if !unknown.is_empty() {
        return Err(Refused::Unknown(unknown));
    }
    let edited = match edit {
        Edit::Split(item) => split::split(plan, text, last, *item),
        Edit::Merge { into, others } => merge::merge(plan, last, *into, others),
        Edit::Title { item, title } => rename::rename(plan, last, *item, title),
    }?;
    let mut edited = Edited {
        plan: traced(edited.plan),
        ..edited
    };
    rename_waits(plan, edit, &mut edited);
    edited.plan.count_reason = by_hand(&plan.count_reason);
    Ok(edited)
}

/// The reason for the count with the word that it is not the planner's any more; once, however often.
fn by_hand(reason: &str) -> String {
    const WORDS: &str = "edited by hand.";
    match reason.trim_end_matches('.') {
        _ if reason.ends_with(WORDS) => reason.to_owned(),
        "" => format!("E{}", &WORDS[1..]),
        reason => format!("{reason}; then {WORDS}"),
    }
}

/// What is written down as "also waits for" names the issues as they are called now.
fn rename_waits(before: &Plan, edit: &Edit, after: &mut Edited) {
    let now = &after.plan.issues;
    if !now.iter().any(|i| i.body.contains(ALSO_WAITS)) {
        return;
    }
    let line = |issue: &PlannedIssue| format!("- {}", inline(&issue.title));
    let has_become = |old: &PlannedIssue| -> Vec<String> {
        let is_of = |id: &String| {
            let of = after.made_of.get(id);
            of.is_some_and(|of| of.contains(&old.id))
        };
        // A group waits for what became issues under it.
        let heirs = now
            .iter()
            .filter(|i| is_of(&i.id) && i.parent.as_ref() != Some(&old.id));
        let heirs: Vec<String> = heirs.map(line).collect();
        match edit {
            Edit::Merge { into, .. } if heirs.is_empty() && now.iter().all(|i| i.id != old.id) => {
                find(&after.plan, *into).map(line).into_iter().collect()
            }
            _ if heirs.is_empty() => vec![line(old)],
            _ => heirs,
        }
    };
    let names: HashMap<String, Vec<String>> = before
        .issues
        .iter()
        .map(|old| (line(old), has_become(old)))
        .collect();
    for issue in &mut after.plan.issues {
        let own = line(issue);
        issue.body = body::with_waits(&issue.body, |said| match names.get(said) {
            Some(names) => names.iter().filter(|n| **n != own).cloned().collect(),
            None => vec![said.to_owned()],
        });
    }
}

/// The highest number in a plan that was never edited.
pub fn highest(plan: &Plan) -> u32 {
    let numbers = plan.issues.iter().filter_map(|i| number(&i.id));
    numbers.max().unwrap_or(0)
}

fn id(number: u32) -> String {
    format!("i{number}")
}

fn number(id: &str) -> Option<u32> {
    super::comment::item_number(id)
}

fn find(plan: &Plan, item: u32) -> Option<&PlannedIssue> {
    plan.issues.iter().find(|i| number(&i.id) == Some(item))
}

/// The plan with its coverage as the issues have it; a block that is covered has no reason to be no work.
fn traced(mut plan: Plan) -> Plan {
    let mut of: HashMap<&str, Vec<String>> = HashMap::new();
    for issue in &plan.issues {
        for block in &issue.covers {
            of.entry(block).or_default().push(issue.id.clone());
        }
    }
    for entry in &mut plan.coverage {
        entry.issues = of.remove(entry.block.as_str()).unwrap_or_default();
        if !entry.issues.is_empty() {
            entry.reason = None;
        }
    }
    plan
}

/// The ids with each once, in their order.
fn once(ids: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut seen = HashSet::new();
    ids.into_iter()
        .filter(|id| seen.insert(id.clone()))
        .collect()
}

/// The words by which two titles are the same.
fn same_words(title: &str) -> String {
    body::normal(title)
}

/// A title that no issue of the plan has, but for those in `except`: `title`, or the same with a number.
fn free_title(plan: &Plan, except: &BTreeSet<String>, title: &str) -> String {
    let others = plan.issues.iter().filter(|i| !except.contains(&i.id));
    let taken: HashSet<String> = others.map(|i| same_words(&i.title)).collect();
    let longest = super::planning::LONGEST_TITLE;
    let mut free = title.to_owned();
    let mut n = 2;
    while taken.contains(&same_words(&free)) {
        let tail = format!(" ({n})");
        let head: String = title.chars().take(longest - tail.len()).collect();
        free = format!("{}{tail}", head.trim_end());
        n += 1;
    }
    free
}
