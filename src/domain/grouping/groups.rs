//! Where the groups go: the document's sections, split and merged until they fit.

use std::collections::HashSet;

use super::MOST_SUB_ISSUES;
use super::sections::Sections;
use super::tree::{Node, Tree};
use crate::domain::comment::inline;
use crate::domain::defuse::defuse_title;
use crate::domain::plan::{FROM_THE_SPEC, Plan, PlannedIssue};

/// The longest title, in characters.
const LONGEST: usize = 80;
/// Up to so many sections each keep a group of their own.
const FEW_SECTIONS: usize = 50;
/// Where there are more, neighbours are merged to groups of about this size.
const USUAL_SIZE: usize = 10;

/// Neighbours of one list that may become a group.
struct Unit {
    nodes: Vec<usize>,
    weight: usize,
    /// The sections that it begins and ends with.
    first: Vec<String>,
    last: Vec<String>,
    /// Which part of how many, where one section needs several groups.
    part: Option<(usize, usize)>,
}

/// What may stand under one issue that takes `free` sub-issues and `levels` levels below itself; so too in each of them.
pub(super) fn fit_level(
    tree: &mut Tree,
    plan: &Plan,
    mut list: Vec<usize>,
    free: usize,
    levels: usize,
) -> Vec<usize> {
    if list.is_empty() {
        return list;
    }
    let mut layers = 0;
    loop {
        list = tree.clamp(list, levels - layers);
        match layers_for(tree.weight(&list), free) {
            needed if needed <= layers => break,
            needed if needed < levels => layers = needed,
            _ => {
                tree.unfit += tree.weight(&list) - free;
                layers = 0;
                break;
            }
        }
    }
    for layer in (0..layers).rev() {
        let most = free.saturating_mul(MOST_SUB_ISSUES.saturating_pow(small(layer)));
        list = group(tree, plan, &list, most);
    }
    for node in list.clone() {
        let below = std::mem::take(&mut tree.nodes[node].children);
        let fitting = fit_level(tree, plan, below, MOST_SUB_ISSUES, levels.max(1) - 1);
        tree.nodes[node].children = fitting;
    }
    list
}

/// How many layers of groups so many issues need under one that takes `free`.
fn layers_for(weight: usize, free: usize) -> usize {
    let (mut layers, mut takes) = (0, free.max(1));
    while takes < weight {
        takes = takes.saturating_mul(MOST_SUB_ISSUES);
        layers += 1;
    }
    layers
}

fn small(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// One layer: at most `most` of groups and single issues in place of the list.
fn group(tree: &mut Tree, plan: &Plan, list: &[usize], most: usize) -> Vec<usize> {
    let depth = common(tree, list).len();
    let total = tree.weight(list);
    let mut units = units(tree, list, depth);
    if units.len() > most.min(FEW_SECTIONS) {
        merge(&mut units, most.min(total.div_ceil(USUAL_SIZE)));
    }
    if units.len() > most {
        let path = common(tree, list);
        units = parts(tree, list, &path);
    }
    let mut titles: HashSet<String> = tree
        .nodes
        .iter()
        .map(|n| n.issue.title.to_lowercase())
        .collect();
    let sections = Sections::of(&plan.spec);
    units
        .into_iter()
        .flat_map(|unit| {
            if unit.nodes.len() < 2 || unit.weight < 2 {
                return unit.nodes;
            }
            let node = node(tree, plan, &sections, unit, &mut titles);
            tree.nodes.push(node);
            vec![tree.nodes.len() - 1]
        })
        .collect()
}

/// The headings that all of them stand under.
fn common(tree: &Tree, list: &[usize]) -> Vec<String> {
    let mut paths = list.iter().map(|n| &tree.nodes[*n].path);
    let mut shared = paths.next().cloned().unwrap_or_default();
    for path in paths {
        let same = shared.iter().zip(path).take_while(|(a, b)| a == b).count();
        shared.truncate(same);
    }
    shared
}

/// Neighbours of the same section; what is too much for one group, by the sections below, or in equal parts.
fn units(tree: &Tree, list: &[usize], depth: usize) -> Vec<Unit> {
    let section = |n: &usize| tree.nodes[*n].path.get(depth);
    let mut out = Vec::new();
    for run in list.chunk_by(|a, b| section(a) == section(b)) {
        let path = tree.nodes[run[0]].path.iter().take(depth + 1);
        let path: Vec<String> = path.cloned().collect();
        let weight = tree.weight(run);
        let has_more = run.iter().any(|n| tree.nodes[*n].path.len() > depth + 1);
        if weight <= MOST_SUB_ISSUES {
            out.push(Unit {
                nodes: run.to_vec(),
                weight,
                first: path.clone(),
                last: path,
                part: None,
            });
        } else if has_more {
            out.extend(units(tree, run, depth + 1));
        } else {
            out.extend(parts(tree, run, &path));
        }
    }
    out
}

/// Equal parts, none of them too much for one group.
fn parts(tree: &Tree, list: &[usize], path: &[String]) -> Vec<Unit> {
    let count = tree.weight(list).div_ceil(MOST_SUB_ISSUES).max(1);
    let size = tree.weight(list).div_ceil(count);
    let mut out: Vec<Unit> = Vec::new();
    for node in list {
        let weight = tree.weight_of(*node);
        match out.last_mut() {
            Some(open) if open.weight + weight <= size => {
                open.nodes.push(*node);
                open.weight += weight;
            }
            _ => out.push(Unit {
                nodes: vec![*node],
                weight,
                first: path.to_vec(),
                last: path.to_vec(),
                part: None,
            }),
        }
    }
    let of = out.len();
    for (n, unit) in out.iter_mut().enumerate().filter(|_| of > 1) {
        unit.part = Some((n + 1, of));
    }
    out
}

/// Joins the smallest neighbours, as long as they fit into one group, until there are `target` left.
fn merge(units: &mut Vec<Unit>, target: usize) {
    while units.len() > target {
        let smallest = (1..units.len())
            .map(|n| (units[n - 1].weight + units[n].weight, n))
            .filter(|(weight, _)| *weight <= MOST_SUB_ISSUES)
            .min();
        let Some((weight, at)) = smallest else {
            return;
        };
        let right = units.remove(at);
        let left = &mut units[at - 1];
        left.nodes.extend(right.nodes);
        left.weight = weight;
        left.last = right.last;
        left.part = None;
    }
}

fn node(
    tree: &mut Tree,
    plan: &Plan,
    sections: &Sections<'_>,
    unit: Unit,
    titles: &mut HashSet<String>,
) -> Node {
    let title = title(plan, &unit, titles);
    let path = common(tree, &unit.nodes);
    let covers = headings(tree, plan, sections, &unit);
    let all = |has: &dyn Fn(&PlannedIssue) -> bool| {
        let mut inside = unit.nodes.iter().map(|n| &tree.nodes[*n].issue);
        inside.all(has)
    };
    let first = &tree.nodes[unit.nodes[0]].issue;
    let labels = first.labels.iter();
    let labels = labels.filter(|l| all(&|i| i.labels.contains(l))).cloned();
    let body = body(tree, plan, sections, &unit, &title);
    let issue = PlannedIssue {
        // Unlike any planned one; all are named anew at the end.
        id: format!("group{}", tree.nodes.len()),
        title,
        body,
        labels: labels.collect(),
        assignees: Vec::new(),
        component: first
            .component
            .clone()
            .filter(|_| all(&|i| i.component == first.component)),
        repository: first
            .repository
            .clone()
            .filter(|_| all(&|i| i.repository == first.repository)),
        parent: None,
        blocked_by: Vec::new(),
        covers,
    };
    Node {
        issue,
        children: unit.nodes,
        skipped: false,
        path,
    }
}

/// Names the sections, so that it stands alone in a list of issues; no other title is the same.
fn title(plan: &Plan, unit: &Unit, taken: &mut HashSet<String>) -> String {
    let (first, last) = names(plan, unit);
    let part = unit
        .part
        .map(|(n, of)| format!(", part {n} of {of}"))
        .unwrap_or_default();
    let title = match last {
        Some(last) => format!(
            "Deliver “{}” to “{}”{part}",
            cut(&first, 28),
            cut(&last, 28)
        ),
        None => format!("Deliver “{}”{part}", cut(&first, LONGEST - 12 - part.len())),
    };
    let mut unique = title.clone();
    let mut n = 2;
    while !taken.insert(unique.to_lowercase()) {
        let suffix = format!(" ({n})");
        unique = format!("{}{suffix}", cut(&title, LONGEST - suffix.len()));
        n += 1;
    }
    unique
}

/// What the group is called after: one section, or the first and the last of several; else the whole document.
fn names(plan: &Plan, unit: &Unit) -> (String, Option<String>) {
    let name = |path: &[String]| {
        let words = path.last().map_or("", |last| last.as_str());
        let words = [words, plan.spec.title.as_str(), "the plan"]
            .into_iter()
            .find(|words| !words.trim().is_empty());
        defuse_title(words.unwrap_or_default())
    };
    let (first, last) = (name(&unit.first), name(&unit.last));
    let last = (first != last).then_some(last);
    (first, last)
}

/// At most so many characters, whole words where possible.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    let end = kept.rfind(' ').filter(|at| *at * 2 > kept.len());
    format!("{}…", kept[..end.unwrap_or(kept.len())].trim_end())
}

/// The headings of its sections, but for those that are not work: the coverage counts stay as they are.
fn headings(tree: &Tree, plan: &Plan, sections: &Sections<'_>, unit: &Unit) -> Vec<String> {
    let depth = unit.first.len().max(unit.last.len());
    let mut paths: Vec<Vec<String>> = unit
        .nodes
        .iter()
        .map(|n| tree.nodes[*n].path.iter().take(depth).cloned().collect())
        .filter(|path: &Vec<String>| !path.is_empty())
        .collect();
    paths.dedup();
    let excused: HashSet<&str> = plan
        .coverage
        .iter()
        .filter(|c| c.reason.is_some())
        .map(|c| c.block.as_str())
        .collect();
    let mut found = sections.headings(&paths);
    found.retain(|id| !excused.contains(id.as_str()));
    found
}

/// What it groups GitHub shows by itself: a list here would be wrong after the first edit.
fn body(tree: &Tree, plan: &Plan, sections: &Sections<'_>, unit: &Unit, title: &str) -> String {
    let (first, last) = names(plan, unit);
    let all = tree.walk(&unit.nodes);
    let lines = sections.lines(all.iter().flat_map(|n| &tree.nodes[*n].issue.covers));
    let place = match (lines, &last) {
        (Some([a, b]), None) if a == b => format!("{}, line {a}", inline(&first)),
        (Some([a, b]), None) => format!("{}, lines {a}–{b}", inline(&first)),
        (Some([a, b]), Some(last)) => {
            format!("{} to {}, lines {a}–{b}", inline(&first), inline(last))
        }
        (None, _) => inline(&first),
    };
    format!(
        "{}.\n\n### Acceptance criteria\n\n- [ ] All sub-issues are done\n\n{FROM_THE_SPEC}\n\n{place}\n",
        inline(title)
    )
}
