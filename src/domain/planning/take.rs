//! Drafts become issues of the plan in the making: cleaned, linked, and looked at for inventions.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::assemble::{Node, Work};
use super::clean;
use super::cover::extent;
use super::draft::{DraftIssue, Drafts};
use super::grounding::Grounding;
use super::parts::Part;
use crate::domain::spec::BlockKind;

impl Work<'_> {
    /// Takes the drafts in, cleaned and looked at for inventions.
    pub(super) fn take(&mut self, drafts: &[(Part, Drafts)]) {
        let mut keys: HashMap<(usize, &str), usize> = HashMap::new();
        let mut issues: Vec<(usize, &DraftIssue)> = Vec::new();
        for (part, drafts) in drafts {
            for issue in &drafts.issues {
                keys.entry((part.number, issue.key.as_str()))
                    .or_insert(issues.len());
                issues.push((part.number, issue));
            }
            for out in &drafts.not_work {
                if let Some(n) = self.places.get(out.block.as_str())
                    && !out.reason.trim().is_empty()
                {
                    self.excused
                        .entry(*n)
                        .or_insert_with(|| clean::title(&out.reason));
                }
            }
        }
        let mut covers: Vec<BTreeSet<usize>> =
            issues.iter().map(|(_, i)| self.blocks(&i.covers)).collect();
        for extension in drafts.iter().flat_map(|(_, d)| &d.extends) {
            let named = extension.issue.split_once('.');
            let known = named.and_then(|(part, key)| keys.get(&(part.parse().ok()?, key)));
            if let Some(n) = known {
                covers[*n].extend(self.blocks(&extension.covers));
            }
        }
        let parents = issues
            .iter()
            .map(|(part, i)| keys.get(&(*part, i.parent.as_deref()?)).copied());
        self.links.parent = parents.collect();
        let with_children: HashSet<usize> = self.links.parent.iter().flatten().copied().collect();
        let grounding = Grounding::of(self.brief.spec);
        for (n, ((_, issue), covers)) in issues.iter().zip(covers).enumerate() {
            let node = self.node(issue, covers, with_children.contains(&n), &grounding);
            self.nodes.push(node);
        }
        self.ground_groups(&issues, &grounding);
        self.links.blocked_by = issues
            .iter()
            .map(|(part, i)| {
                i.after
                    .iter()
                    .filter_map(|k| keys.get(&(*part, k.as_str())).copied())
                    .collect()
            })
            .collect();
        let waits: Vec<BTreeSet<usize>> = issues
            .iter()
            .map(|(_, i)| self.behind(&i.after_blocks))
            .collect();
        for (own, more) in self.links.blocked_by.iter_mut().zip(waits) {
            own.extend(more);
        }
    }

    /// The places of blocks that there are.
    pub(super) fn blocks(&self, ids: &[String]) -> BTreeSet<usize> {
        ids.iter()
            .filter_map(|id| self.places.get(id.as_str()).copied())
            .collect()
    }

    fn node(
        &mut self,
        issue: &DraftIssue,
        covers: BTreeSet<usize>,
        is_group: bool,
        grounding: &Grounding,
    ) -> Node {
        let (description, mut dropped) = clean::description(&issue.description);
        let mut criteria: Vec<String> = Vec::new();
        for criterion in &issue.criteria {
            match clean::criterion(criterion) {
                Some(c) if !criteria.contains(&c) => criteria.push(c),
                Some(_) => {}
                None => dropped += 1,
            }
        }
        self.told.commands += usize::from(dropped > 0);
        let allowed = &self.brief.surroundings.allowed_labels;
        let (labels, refused): (Vec<&String>, Vec<&String>) = issue
            .labels
            .iter()
            .partition(|l| allowed.iter().any(|a| a.to_lowercase() == l.to_lowercase()));
        let wished = |l: &&&String| {
            self.brief
                .wishes
                .labels
                .iter()
                .any(|w| w.to_lowercase() == l.to_lowercase())
        };
        self.told.labels += refused.iter().filter(|l| !wished(l)).count();
        let named: Vec<usize> = covers.iter().copied().collect();
        let is_work = |n: &usize| self.brief.spec.blocks[*n].kind != BlockKind::Heading;
        let grounded = !covers.is_empty()
            && (grounding.supports(issue, &named) || (is_group && !named.iter().any(is_work)));
        let mut title = clean::title(&issue.title);
        if clean::words_of_title(&title).is_empty() {
            let first = named
                .first()
                .map(|n| self.brief.spec.blocks[*n].text.as_str());
            title = clean::title(first.unwrap_or_default());
        }
        if clean::words_of_title(&title).is_empty() {
            "Carry out the request".clone_into(&mut title);
        }
        let labels = labels.iter().filter_map(|l| {
            allowed
                .iter()
                .find(|a| a.to_lowercase() == l.to_lowercase())
        });
        Node {
            title,
            description,
            criteria,
            covers: if grounded { covers } else { BTreeSet::new() },
            component: issue
                .component
                .clone()
                .filter(|c| self.brief.wishes.parts().contains(c)),
            labels: labels.cloned().collect(),
            grounded,
            ..Node::default()
        }
    }

    /// A group is in the spec if anything in it is, and its own words are of what stands in it or above it. One that only
    /// takes others in stays an invention, and loses them.
    fn ground_groups(&mut self, issues: &[(usize, &DraftIssue)], grounding: &Grounding) {
        let mut links = self.links.clone();
        links.blocked_by = vec![BTreeSet::new(); links.parent.len()];
        links.untangle();
        self.links.parent = links.parent;
        for n in 0..self.nodes.len() {
            let mut at = n;
            while let Some(group) = self.links.parent[at].filter(|_| self.nodes[n].grounded) {
                let inside: Vec<usize> = self.nodes[n].covers.iter().copied().collect();
                self.nodes[group].grounded |= grounding.supports(issues[group].1, &inside);
                at = group;
            }
        }
        for n in 0..self.nodes.len() {
            while let Some(group) = self.links.parent[n].filter(|g| !self.nodes[*g].grounded) {
                self.links.parent[n] = self.links.parent[group];
            }
        }
    }

    /// The issues that carry out these blocks; for a heading, its group or all that stands below it.
    fn behind(&self, ids: &[String]) -> BTreeSet<usize> {
        let covering = |n: usize| {
            self.alive()
                .filter(move |i| self.nodes[*i].covers.contains(&n))
        };
        let mut out = BTreeSet::new();
        for block in self.blocks(ids) {
            let before = out.len();
            out.extend(covering(block));
            if out.len() == before && self.brief.spec.blocks[block].kind == BlockKind::Heading {
                let below = extent(self.brief.spec, block);
                let inside = self
                    .alive()
                    .filter(|i| self.nodes[*i].covers.range(below.clone()).next().is_some());
                out.extend(inside.take(20));
            }
        }
        out
    }
}
