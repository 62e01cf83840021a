//! The planned issues as a task list: parents first, what they group below them, by repository where there are several.

use std::collections::{BTreeMap, BTreeSet};

use super::super::coverage::line_ranges;
use super::super::text::{code, count, inline};
use super::{Preview, number_of};
use crate::domain::ids::RepositoryName;
use crate::domain::plan::{Plan, PlannedIssue};
use crate::domain::planning::is_ungrounded;
use crate::domain::spec::{Block, BlockKind};

/// More labels are counted.
const LABELS_MOST: usize = 6;
const WAITS_MOST: usize = 12;
const SECTION_MOST: usize = 40;

/// One line of the list, or a heading above some.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// Levels of issues above it in the list.
    pub(super) depth: usize,
    /// The issue's number; `None` for a heading.
    pub(super) item: Option<u32>,
    pub(super) text: String,
}

/// The numbers in a preview, or in one that somebody edited, and whether their boxes are ticked. A number that is
/// absent (it stands in another part) is unchanged.
pub fn ticked(comment: &str) -> BTreeMap<u32, bool> {
    comment.lines().filter_map(read_box).collect()
}

fn read_box(line: &str) -> Option<(u32, bool)> {
    let item = line.trim_start().strip_prefix("- [")?;
    let (mark, rest) = item.split_once("] **")?;
    let (number, _) = rest.split_once(".** ")?;
    let is_ticked = match mark {
        "x" | "X" => true,
        " " => false,
        _ => return None,
    };
    Some((number.parse().ok()?, is_ticked))
}

/// The repositories of the plan, the trigger's own first.
pub(super) fn repositories<'a>(p: &Preview<'a>) -> Vec<&'a RepositoryName> {
    let all: BTreeSet<&RepositoryName> = p.plan.issues.iter().map(|i| home(p, i)).collect();
    let (own, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|name| *name == p.home);
    [own, others].concat()
}

/// Where an issue goes.
pub(super) fn home<'a>(p: &Preview<'a>, issue: &'a PlannedIssue) -> &'a RepositoryName {
    issue.repository.as_ref().unwrap_or(p.home)
}

pub(super) fn lines(p: &Preview<'_>) -> Vec<Line> {
    let list = List::of(p);
    let repositories = repositories(p);
    let mut lines = Vec::new();
    for name in &repositories {
        if repositories.len() > 1 {
            let here = p.plan.issues.iter().filter(|i| home(p, i) == *name);
            let text = format!("#### `{name}` · {}", count(here.count(), "issue"));
            let (depth, item) = (0, None);
            lines.push(Line { depth, item, text });
        }
        list.of_repository(name, &mut lines);
    }
    lines
}

/// What every issue has, said once above the list.
pub(super) fn of_all(plan: &Plan) -> String {
    let common = Common::of(plan);
    let labels: Vec<String> = common.labels.iter().map(|l| code(l)).collect();
    let people: Vec<String> = common.assignees.iter().map(|a| code(a)).collect();
    match (labels.is_empty(), people.is_empty()) {
        (true, true) => String::new(),
        (false, true) => format!("Every issue gets {}.", labels.join(", ")),
        (true, false) => format!("Every issue is for {}.", people.join(", ")),
        (false, false) => format!(
            "Every issue gets {} and is for {}.",
            labels.join(", "),
            people.join(", ")
        ),
    }
}

/// Labels and assignees of each issue of a plan of several.
struct Common {
    labels: BTreeSet<String>,
    assignees: BTreeSet<String>,
}

impl Common {
    fn of(plan: &Plan) -> Self {
        let several = plan.issues.len() > 1;
        let shared = |list: fn(&PlannedIssue) -> &Vec<String>| {
            let first = plan.issues.first().filter(|_| several);
            let first = first.into_iter().flat_map(list);
            first
                .filter(|word| plan.issues.iter().all(|i| list(i).contains(word)))
                .cloned()
                .collect()
        };
        Self {
            labels: shared(|i| &i.labels),
            assignees: shared(|i| &i.assignees),
        }
    }
}

struct List<'a> {
    p: &'a Preview<'a>,
    /// What hangs under each issue, wherever it goes.
    children: BTreeMap<&'a str, Vec<&'a PlannedIssue>>,
    homes: BTreeMap<&'a str, &'a RepositoryName>,
    blocks: BTreeMap<&'a str, &'a Block>,
    common: Common,
}

impl<'a> List<'a> {
    fn of(p: &'a Preview<'a>) -> Self {
        let issues = || p.plan.issues.iter();
        let homes: BTreeMap<&str, &RepositoryName> =
            issues().map(|i| (i.id.as_str(), home(p, i))).collect();
        let mut children: BTreeMap<&str, Vec<&PlannedIssue>> = BTreeMap::new();
        for issue in issues() {
            let parent = issue.parent.as_deref();
            if let Some(parent) = parent.filter(|parent| homes.contains_key(parent)) {
                children.entry(parent).or_default().push(issue);
            }
        }
        let blocks = p.plan.spec.blocks.iter();
        Self {
            p,
            children,
            homes,
            blocks: blocks.map(|b| (b.id.as_str(), b)).collect(),
            common: Common::of(p.plan),
        }
    }

    fn of_repository(&self, name: &RepositoryName, lines: &mut Vec<Line>) {
        let is_here = |issue: &&PlannedIssue| home(self.p, issue) == name;
        let is_root = |issue: &&PlannedIssue| !self.stands_under_parent(issue);
        let roots = self.p.plan.issues.iter().filter(is_here).filter(is_root);
        let mut waiting: Vec<(usize, &PlannedIssue)> = roots.map(|root| (0, root)).collect();
        waiting.reverse();
        while let Some((depth, issue)) = waiting.pop() {
            lines.push(Line {
                depth,
                item: number_of(&issue.id).parse().ok(),
                text: self.task(issue),
            });
            let below = self.children.get(issue.id.as_str());
            let below = below.into_iter().flatten().copied().filter(is_here);
            let below: Vec<&PlannedIssue> = below.collect();
            waiting.extend(below.into_iter().rev().map(|child| (depth + 1, child)));
        }
    }

    /// Its parent stands above it in the same list.
    fn stands_under_parent(&self, issue: &PlannedIssue) -> bool {
        let parent = issue.parent.as_deref().and_then(|p| self.homes.get(p));
        parent.is_some_and(|there| *there == home(self.p, issue))
    }

    fn task(&self, issue: &PlannedIssue) -> String {
        let mark = if self.p.is_dropped(&issue.id) {
            ' '
        } else {
            'x'
        };
        let notes = self.notes(issue);
        let notes = match notes.as_slice() {
            [] => String::new(),
            notes => format!("<br><sub>{}</sub>", notes.join(" · ")),
        };
        let (number, title) = (number_of(&issue.id), inline(&issue.title));
        format!("- [{mark}] **{number}.** {title}{notes}")
    }

    fn notes(&self, issue: &PlannedIssue) -> Vec<String> {
        let mut notes = Vec::new();
        if is_ungrounded(issue) {
            notes.push("**not in the spec**".to_owned());
        }
        if let Some(below) = self.children.get(issue.id.as_str()) {
            notes.push(format!("groups {}", count(below.len(), "issue")));
        }
        notes.extend(self.covers(issue));
        if !issue.blocked_by.is_empty() {
            let mut numbers: Vec<&str> = issue.blocked_by.iter().map(|id| number_of(id)).collect();
            numbers.sort_by_key(|n| n.parse::<u32>().unwrap_or(u32::MAX));
            let more = numbers.len().saturating_sub(WAITS_MOST);
            let shown = numbers[..numbers.len() - more].join(", ");
            let more = match more {
                0 => String::new(),
                n => format!(" and {n} more"),
            };
            notes.push(format!("waits for {shown}{more}"));
        }
        let parent = issue
            .parent
            .as_deref()
            .filter(|p| self.homes.contains_key(p));
        if let Some(parent) = parent.filter(|_| !self.stands_under_parent(issue)) {
            notes.push(format!("part of {}", number_of(parent)));
        }
        let own = |all: &BTreeSet<String>, words: &[String]| -> Vec<String> {
            let own = words.iter().filter(|word| !all.contains(*word));
            own.map(|word| code(word)).collect()
        };
        let labels = own(&self.common.labels, &issue.labels);
        let more = labels.len().saturating_sub(LABELS_MOST);
        notes.extend(labels.iter().take(LABELS_MOST).cloned());
        if more > 0 {
            notes.push(count(more, "more label"));
        }
        let people = own(&self.common.assignees, &issue.assignees);
        if !people.is_empty() {
            notes.push(format!("for {}", people.join(", ")));
        }
        notes
    }

    /// "lines 4–7 of Checkout": headings are where it stands, not what it is.
    fn covers(&self, issue: &PlannedIssue) -> Option<String> {
        let blocks: Vec<&Block> = issue
            .covers
            .iter()
            .filter_map(|id| self.blocks.get(id.as_str()).copied())
            .collect();
        let only_headings = blocks.iter().all(|b| b.kind == BlockKind::Heading);
        let mut said = blocks
            .into_iter()
            .filter(|b| only_headings || b.kind != BlockKind::Heading)
            .peekable();
        let section = said.peek().and_then(|b| b.section.last()).cloned();
        let lines = line_ranges(said.map(|b| b.lines))?;
        // What stands under its group is in the group's section.
        let section = section.filter(|_| !self.stands_under_parent(issue) && !only_headings);
        let Some(section) = section else {
            return Some(format!("covers {lines}"));
        };
        let mut short: String = section.chars().take(SECTION_MOST).collect();
        if short.len() < section.len() {
            short = format!("{}…", short.trim_end());
        }
        Some(format!("covers {lines} of “{}”", inline(&short)))
    }
}
