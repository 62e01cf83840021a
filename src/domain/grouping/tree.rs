//! A plan's issues as a tree that can be rearranged.

use std::collections::{BTreeSet, HashMap};

use super::sections::Sections;
use crate::domain::plan::{Plan, PlannedIssue};

/// One issue with what hangs under it.
pub(super) struct Node {
    pub(super) issue: PlannedIssue,
    pub(super) children: Vec<usize>,
    /// It will not be created, because it exists already.
    pub(super) skipped: bool,
    /// The headings that it stands under, outermost first.
    pub(super) path: Vec<String>,
}

/// All issues; those of `top` hang under the trigger.
pub(super) struct Tree {
    pub(super) nodes: Vec<Node>,
    pub(super) top: Vec<usize>,
    /// How many issues stand higher than planned.
    pub(super) raised: usize,
    /// How many issues have no place under their parent.
    pub(super) unfit: usize,
}

impl Tree {
    pub(super) fn of(plan: &Plan, skipped: &BTreeSet<String>) -> Self {
        let sections = Sections::of(&plan.spec);
        let place: HashMap<&str, usize> = plan
            .issues
            .iter()
            .enumerate()
            .map(|(n, issue)| (issue.id.as_str(), n))
            .collect();
        let mut nodes: Vec<Node> = plan
            .issues
            .iter()
            .map(|issue| Node {
                issue: issue.clone(),
                children: Vec::new(),
                skipped: skipped.contains(&issue.id),
                path: sections.path(&issue.covers),
            })
            .collect();
        let mut top = Vec::new();
        for (n, issue) in plan.issues.iter().enumerate() {
            let parent = issue.parent.as_deref().and_then(|p| place.get(p));
            match parent {
                Some(parent) => nodes[*parent].children.push(n),
                None => top.push(n),
            }
        }
        Self {
            nodes,
            top,
            raised: 0,
            unfit: 0,
        }
    }

    /// How many sub-issues these become: what is skipped leaves its own to its parent.
    pub(super) fn weight(&self, list: &[usize]) -> usize {
        list.iter().map(|n| self.weight_of(*n)).sum()
    }

    pub(super) fn weight_of(&self, node: usize) -> usize {
        if self.nodes[node].skipped {
            self.weight(&self.nodes[node].children)
        } else {
            1
        }
    }

    /// The list with nothing deeper than `levels`, itself the first: what is deeper moves up beside its ancestor.
    pub(super) fn clamp(&mut self, list: Vec<usize>, levels: usize) -> Vec<usize> {
        let mut out = Vec::with_capacity(list.len());
        for node in list {
            out.push(node);
            let below = std::mem::take(&mut self.nodes[node].children);
            if levels > 1 {
                self.nodes[node].children = self.clamp(below, levels - 1);
            } else {
                self.raised += below.len();
                out.extend(self.clamp(below, levels));
            }
        }
        out
    }

    /// Every issue below and with these, parents first.
    pub(super) fn walk(&self, list: &[usize]) -> Vec<usize> {
        let mut out = Vec::new();
        let mut open: Vec<usize> = list.iter().rev().copied().collect();
        while let Some(node) = open.pop() {
            out.push(node);
            open.extend(self.nodes[node].children.iter().rev());
        }
        out
    }

    /// Whether each issue of the plan still has its place and its parent, and none was added.
    pub(super) fn is_unchanged(&self, plan: &Plan) -> bool {
        let order = self.walk(&self.top);
        order.len() == plan.issues.len()
            && order.iter().enumerate().all(|(n, node)| n == *node)
            && self.top.iter().all(|n| plan.issues[*n].parent.is_none())
            && (0..order.len()).all(|n| {
                self.nodes[n]
                    .children
                    .iter()
                    .all(|child| plan.issues[*child].parent.as_ref() == Some(&plan.issues[n].id))
            })
    }

    /// The issues, parents before what hangs under them, numbered in this order.
    pub(super) fn into_issues(self) -> Vec<PlannedIssue> {
        let order = self.walk(&self.top);
        let ids: HashMap<usize, String> = order
            .iter()
            .enumerate()
            .map(|(n, node)| (*node, format!("i{}", n + 1)))
            .collect();
        let renamed: HashMap<String, String> = self
            .nodes
            .iter()
            .enumerate()
            .map(|(n, node)| (node.issue.id.clone(), ids[&n].clone()))
            .collect();
        let mut parents: HashMap<usize, String> = HashMap::new();
        for (n, node) in self.nodes.iter().enumerate() {
            parents.extend(node.children.iter().map(|child| (*child, ids[&n].clone())));
        }
        let mut issues: Vec<Option<PlannedIssue>> =
            self.nodes.into_iter().map(|n| Some(n.issue)).collect();
        order
            .iter()
            .filter_map(|n| {
                let mut issue = issues[*n].take()?;
                issue.parent = parents.remove(n);
                issue.id.clone_from(&ids[n]);
                for first in &mut issue.blocked_by {
                    if let Some(id) = renamed.get(first) {
                        first.clone_from(id);
                    }
                }
                Some(issue)
            })
            .collect()
    }
}
