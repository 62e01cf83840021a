//! What structure adds to a model's drafts: the work that they leave out, and what the text says about the order.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::assemble::{Node, Work};
use super::clean;
use crate::domain::spec::BlockKind;

impl Work<'_> {
    /// What the model left out: whole structural issues where it has nothing of them, else added to who has the most.
    pub(super) fn plan_the_rest(&mut self) {
        let open: BTreeSet<usize> = self.trace().open.into_iter().collect();
        if open.is_empty() {
            return;
        }
        let own: HashSet<usize> = self
            .nodes
            .iter()
            .flat_map(|n| n.covers.iter().copied())
            .collect();
        let mut added: HashMap<&str, usize> = HashMap::new();
        let mut planned: HashSet<usize> = HashSet::new();
        let issues = &self.structural.issues;
        for issue in issues {
            let covers = self.blocks(&issue.covers);
            let missed: BTreeSet<usize> = covers.intersection(&open).copied().collect();
            if missed.is_empty() {
                continue;
            }
            if let Some(taker) = self.taker(&covers, &own) {
                let new: Vec<usize> = missed
                    .iter()
                    .copied()
                    .filter(|b| planned.insert(*b))
                    .collect();
                self.nodes[taker].covers.extend(&new);
                self.nodes[taker].also.extend(&new);
                self.told.attached.extend(new);
                continue;
            }
            let parent = issue.parent.as_deref().and_then(|p| added.get(p)).copied();
            let new = missed.iter().copied().filter(|b| planned.insert(*b));
            self.told.structural_blocks.extend(new);
            added.insert(&issue.id, self.nodes.len());
            self.nodes.push(Node {
                title: clean::title(&issue.title),
                ready: Some(issue.body.clone()),
                covers: missed,
                component: issue.component.clone(),
                grounded: true,
                structural: Some(issue.id.clone()),
                ..Node::default()
            });
            self.links.parent.push(parent);
            self.links.blocked_by.push(BTreeSet::new());
        }
    }

    /// The issue of the model that has most of these blocks already.
    fn taker(&self, covers: &BTreeSet<usize>, own: &HashSet<usize>) -> Option<usize> {
        let has: BTreeSet<usize> = self
            .told_apart(covers)
            .filter(|b| own.contains(b))
            .collect();
        let shared = |n: &usize| self.nodes[*n].covers.intersection(&has).count();
        let from_model = self.alive().filter(|n| self.nodes[*n].ready.is_none());
        from_model
            .filter(|n| shared(n) > 0)
            .max_by_key(|n| (shared(n), std::cmp::Reverse(*n)))
    }

    /// Those of a structural issue's blocks that are its own alone, without headings.
    fn told_apart<'s>(&'s self, covers: &'s BTreeSet<usize>) -> impl Iterator<Item = usize> + 's {
        let is_own = |b: &usize| {
            self.brief.spec.blocks[*b].kind != BlockKind::Heading && !self.shared.contains(b)
        };
        covers.iter().copied().filter(is_own)
    }

    /// What structure read in the text about the order of the work holds between the issues that have most of it.
    pub(super) fn add_structural_waits(&mut self) {
        let groups: HashSet<&str> = self
            .structural
            .issues
            .iter()
            .filter_map(|i| i.parent.as_deref())
            .collect();
        let mut takers: Vec<Option<usize>> = vec![None; self.brief.spec.blocks.len()];
        for n in self.alive() {
            for block in &self.nodes[n].covers {
                takers[*block].get_or_insert(n);
            }
        }
        let stands_for: HashMap<&str, usize> = self
            .structural
            .issues
            .iter()
            .filter(|i| !groups.contains(i.id.as_str()))
            .filter_map(|issue| {
                let covers = self.blocks(&issue.covers);
                let mut votes: HashMap<usize, usize> = HashMap::new();
                let work = self.told_apart(&covers).count();
                for taker in self.told_apart(&covers).filter_map(|b| takers[b]) {
                    *votes.entry(taker).or_default() += 1;
                }
                let (winner, count) = votes
                    .into_iter()
                    .max_by_key(|(n, v)| (*v, std::cmp::Reverse(*n)))?;
                (count * 2 > work).then_some((issue.id.as_str(), winner))
            })
            .collect();
        for issue in &self.structural.issues {
            let Some(n) = stands_for.get(issue.id.as_str()).copied() else {
                continue;
            };
            let first = issue
                .blocked_by
                .iter()
                .filter_map(|b| stands_for.get(b.as_str()).copied());
            self.links.blocked_by[n].extend(first.filter(|b| *b != n));
        }
    }
}
