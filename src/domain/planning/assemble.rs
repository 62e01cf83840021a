//! All parts' drafts become one plan that keeps its rules, whatever they say.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::cover::{Sources, Trace};
use super::draft::Drafts;
use super::order::Links;
use super::parts::Part;
use super::warnings::Outcome;
use super::{Brief, LONGEST_TITLE, clean, compose, shrink};
use crate::domain::plan::{BlockCoverage, FROM_THE_SPEC, Plan, PlannedIssue};
use crate::domain::spec::BlockKind;
use crate::domain::structure::repository;

/// A plan from a model's drafts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assembled {
    /// Its warnings say what was left out, mended or planned by structure.
    pub plan: Plan,
    /// The ids of issues that no block of the spec supports: off until a maintainer wants them.
    pub ungrounded: Vec<String>,
    /// The ids of issues whose titles were those of others: they carry a section's name or a number now.
    pub told_apart: Vec<String>,
}

/// An issue on its way into the plan.
#[derive(Debug, Clone, Default)]
pub(super) struct Node {
    pub title: String,
    pub description: String,
    pub criteria: Vec<String>,
    /// Places of the blocks that it carries out.
    pub covers: BTreeSet<usize>,
    /// Blocks that were added to it because nobody else had them.
    pub also: Vec<usize>,
    pub component: Option<String>,
    pub labels: Vec<String>,
    /// Does the spec ask for it?
    pub grounded: bool,
    /// Structure's own body, for an issue that structure planned.
    pub ready: Option<String>,
    /// The structural issue that it is.
    pub structural: Option<String>,
    /// Its title was another one's as well.
    pub told_apart: bool,
    /// Merged into another one, or left out.
    pub gone: bool,
}

impl Node {
    /// Structure's body in the pieces of which a model's issue is made, to be merged.
    fn unpack(&mut self) {
        let Some(body) = self.ready.take() else {
            return;
        };
        let (what, _) = body.split_once(FROM_THE_SPEC).unwrap_or((&body, ""));
        let (what, criteria) = what
            .split_once("### Acceptance criteria")
            .unwrap_or((what, ""));
        what.trim().clone_into(&mut self.description);
        let criteria = criteria
            .trim()
            .trim_start_matches("- [ ] ")
            .split("\n- [ ] ");
        self.criteria = criteria
            .map(|c| c.trim().to_owned())
            .filter(|c| !c.is_empty())
            .collect();
    }
}

/// What happened on the way, for the warnings.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub merged: usize,
    pub labels: usize,
    pub commands: usize,
    pub circles: usize,
    pub attached: Vec<usize>,
    pub structural_blocks: Vec<usize>,
    pub too_many: Option<(usize, usize)>,
    pub inventions_left_out: usize,
}

/// The plan in the making.
pub(super) struct Work<'a> {
    pub brief: &'a Brief<'a>,
    pub structural: &'a Plan,
    pub nodes: Vec<Node>,
    pub links: Links,
    pub excused: HashMap<usize, String>,
    pub told: Told,
    /// Blocks that several structural issues have, such as the head of a table.
    pub shared: HashSet<usize>,
    /// The place of each block.
    pub places: HashMap<&'a str, usize>,
}

/// Makes one plan of the drafts of all parts. `structural` is the plan of the same spec by structure: it decides where
/// the model is silent, knows what waits for what, and plans what the model left out. `planner` is `provider/model`,
/// `count_reason` the model's own words on the number of issues, if it was asked.
pub fn assemble(
    brief: &Brief<'_>,
    drafts: &[(Part, Drafts)],
    structural: &Plan,
    planner: &str,
    count_reason: Option<&str>,
) -> Assembled {
    let mut work = Work::of(brief, drafts, structural);
    let alive = work.alive().collect::<Vec<_>>();
    if !alive.iter().any(|n| work.nodes[*n].grounded) {
        return nothing_found(structural);
    }
    work.plan_the_rest();
    work.add_structural_waits();
    shrink::to_limit(&mut work);
    work.told.circles += work.links.untangle();
    work.carry();
    work.tell_titles_apart();
    let repairs = drafts.iter().map(|(_, d)| d.repairs).sum();
    work.into_plan(planner, count_reason, repairs)
}

/// The model found no work: structure's plan is the better one.
fn nothing_found(structural: &Plan) -> Assembled {
    let mut plan = structural.clone();
    if !plan.issues.is_empty() {
        plan.warnings.push(
            "The model found no work in the text; this plan comes from the document's structure instead.".to_owned(),
        );
    }
    Assembled {
        plan,
        ungrounded: Vec::new(),
        told_apart: Vec::new(),
    }
}

impl<'a> Work<'a> {
    /// The drafts, cleaned, merged where two parts planned the same, and looked at for inventions.
    pub(super) fn of(
        brief: &'a Brief<'a>,
        drafts: &[(Part, Drafts)],
        structural: &'a Plan,
    ) -> Self {
        let places: HashMap<&str, usize> = brief
            .spec
            .blocks
            .iter()
            .enumerate()
            .map(|(n, b)| (b.id.as_str(), n))
            .collect();
        let several = structural.coverage.iter().filter(|c| c.issues.len() > 1);
        let shared = several
            .filter_map(|c| places.get(c.block.as_str()).copied())
            .collect();
        let mut work = Work {
            shared,
            brief,
            structural,
            nodes: Vec::new(),
            links: Links::default(),
            excused: HashMap::new(),
            told: Told::default(),
            places,
        };
        work.take(drafts);
        work.merge_twins();
        work
    }

    pub(super) fn alive(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.nodes.len()).filter(|n| !self.nodes[*n].gone)
    }

    /// Issues with one title: the same work is merged; what only sounds the same gets its title told apart later.
    fn merge_twins(&mut self) {
        let mut first: HashMap<String, usize> = HashMap::new();
        for n in 0..self.nodes.len() {
            let words = clean::words_of_title(&self.nodes[n].title);
            let Some(twin) = first.get(&words).copied() else {
                first.insert(words, n);
                continue;
            };
            let (one, other) = (&self.nodes[twin], &self.nodes[n]);
            let same_text = one
                .description
                .split_whitespace()
                .eq(other.description.split_whitespace());
            if same_text
                || !one.covers.is_disjoint(&other.covers)
                || (!one.grounded && !other.grounded)
            {
                self.merge(twin, n);
                self.told.merged += 1;
            }
        }
    }

    /// Puts the second into the first.
    pub(super) fn merge(&mut self, into: usize, from: usize) {
        self.nodes[from].unpack();
        self.nodes[into].unpack();
        let gone = std::mem::take(&mut self.nodes[from]);
        let node = &mut self.nodes[into];
        let differs = !gone.description.is_empty() && !node.description.contains(&gone.description);
        if differs {
            if node.description.is_empty() {
                node.description = gone.description;
            } else {
                node.description = format!("{}\n\n{}", node.description, gone.description);
            }
        }
        for criterion in gone.criteria {
            if !node.criteria.contains(&criterion) {
                node.criteria.push(criterion);
            }
        }
        node.covers.extend(gone.covers);
        node.also.extend(gone.also);
        node.grounded |= gone.grounded;
        for label in gone.labels {
            if !node.labels.contains(&label) {
                node.labels.push(label);
            }
        }
        node.component = node.component.take().or(gone.component);
        node.structural = node.structural.take().or(gone.structural);
        self.nodes[from].gone = true;
        let waits = std::mem::take(&mut self.links.blocked_by[from]);
        self.links.blocked_by[into].extend(waits);
        let parent = self.links.parent[from].take();
        if self.links.parent[into].is_none() {
            self.links.parent[into] = parent.filter(|p| *p != into);
        }
        for n in 0..self.nodes.len() {
            if self.links.blocked_by[n].remove(&from) && n != into {
                self.links.blocked_by[n].insert(into);
            }
            if self.links.parent[n] == Some(from) {
                self.links.parent[n] = Some(into).filter(|p| *p != n);
            }
        }
        self.links.blocked_by[into].remove(&into);
    }

    /// Takes an issue out; what it grouped goes one up.
    pub(super) fn remove(&mut self, n: usize) {
        self.nodes[n].gone = true;
        self.nodes[n].covers.clear();
        let parent = self.links.parent[n].take();
        self.links.blocked_by[n].clear();
        for other in 0..self.nodes.len() {
            self.links.blocked_by[other].remove(&n);
            if self.links.parent[other] == Some(n) {
                self.links.parent[other] = parent.filter(|p| *p != other);
            }
        }
    }

    pub(super) fn trace(&self) -> Trace {
        let covers: Vec<BTreeSet<usize>> = self.nodes.iter().map(|n| n.covers.clone()).collect();
        Sources {
            spec: self.brief.spec,
            structural: self.structural,
            covers: &covers,
            parents: &self.links.parent,
            not_work: &self.excused,
        }
        .trace()
    }

    /// Headings and the like go with what they lead to.
    fn carry(&mut self) {
        for (block, issue) in self.trace().carried {
            self.nodes[issue].covers.insert(block);
        }
    }

    /// No two titles are the same: the later one gets its section, or a number.
    fn tell_titles_apart(&mut self) {
        let mut taken: HashSet<String> = HashSet::new();
        for n in self.alive().collect::<Vec<_>>() {
            let title = self.nodes[n].title.clone();
            let blocks = self.nodes[n]
                .covers
                .iter()
                .map(|b| &self.brief.spec.blocks[*b]);
            let mut work = blocks.filter(|b| b.kind != BlockKind::Heading);
            let section = work.next().and_then(|b| b.section.last());
            let section = section.map(|s| clean::title(s)).filter(|s| !s.is_empty());
            let sections = section.into_iter().map(|s| clean::shortened(&s, 30));
            let numbers = (2..5_000).map(|n: usize| n.to_string());
            let told = sections
                .chain(numbers)
                .map(|suffix| clean::title(&suffixed(&title, &suffix)));
            let plain = std::iter::once(format!("Carry out part {} of the request", n + 1));
            let mut all = std::iter::once(title.clone()).chain(told).chain(plain);
            let free = all.find(|t| taken.insert(clean::words_of_title(t)));
            let free = free.unwrap_or_else(|| title.clone());
            self.nodes[n].told_apart = free != title;
            self.nodes[n].title = free;
        }
    }

    fn into_plan(self, planner: &str, count_reason: Option<&str>, repairs: u32) -> Assembled {
        let trace = self.trace();
        let places: Vec<usize> = self
            .nodes
            .iter()
            .map(|n| n.covers.first().copied().unwrap_or(usize::MAX))
            .collect();
        let mut order = self.links.sorted(&places);
        order.retain(|n| !self.nodes[*n].gone);
        let numbers: HashMap<usize, usize> =
            order.iter().enumerate().map(|(at, n)| (*n, at)).collect();
        let id = |n: &usize| numbers.get(n).map(|at| format!("i{}", at + 1));
        let groups: HashSet<usize> = self.links.parent.iter().flatten().copied().collect();
        let issues: Vec<PlannedIssue> = order
            .iter()
            .map(|n| {
                let node = &self.nodes[*n];
                let mut first: Vec<&usize> = self.links.blocked_by[*n]
                    .iter()
                    .filter(|b| numbers.contains_key(b))
                    .collect();
                first.sort_unstable_by_key(|b| numbers[b]);
                PlannedIssue {
                    id: id(n).unwrap_or_default(),
                    title: node.title.clone(),
                    body: compose::body(node, &node.title, groups.contains(n), self.brief.spec),
                    labels: self.labels(node),
                    assignees: self.brief.wishes.assignees.clone(),
                    component: node.component.clone(),
                    repository: repository(
                        node.component.as_deref(),
                        &self.brief.wishes.repositories,
                    ),
                    parent: self.links.parent[*n].as_ref().and_then(id),
                    blocked_by: first.into_iter().filter_map(id).collect(),
                    covers: node
                        .covers
                        .iter()
                        .map(|b| self.brief.spec.blocks[*b].id.clone())
                        .collect(),
                }
            })
            .collect();
        let ungrounded: Vec<String> = order
            .iter()
            .filter(|n| !self.nodes[**n].grounded)
            .filter_map(id)
            .collect();
        let told_apart = order
            .iter()
            .filter(|n| self.nodes[**n].told_apart && self.nodes[**n].grounded)
            .filter_map(id)
            .collect();
        let warnings = self.warnings(&issues, &ungrounded, &trace, repairs);
        let coverage = self.coverage(&issues, trace);
        Assembled {
            plan: Plan {
                planner: planner.to_owned(),
                count_reason: self.count_reason(count_reason, &issues),
                warnings,
                spec: self.brief.spec.clone(),
                issues,
                coverage,
            },
            ungrounded,
            told_apart,
        }
    }

    fn labels(&self, node: &Node) -> Vec<String> {
        let mut labels = self.brief.wishes.labels.clone();
        for label in &node.labels {
            if !labels
                .iter()
                .any(|l| l.to_lowercase() == label.to_lowercase())
            {
                labels.push(label.clone());
            }
        }
        labels
    }

    fn coverage(&self, issues: &[PlannedIssue], trace: Trace) -> Vec<BlockCoverage> {
        let mut by: HashMap<&str, Vec<String>> = HashMap::new();
        for issue in issues {
            for block in &issue.covers {
                by.entry(block).or_default().push(issue.id.clone());
            }
        }
        let blocks = self.brief.spec.blocks.iter().zip(trace.reasons);
        blocks
            .map(|(block, reason)| {
                let issues = by.remove(block.id.as_str()).unwrap_or_default();
                BlockCoverage {
                    block: block.id.clone(),
                    reason: reason.filter(|_| issues.is_empty()),
                    issues,
                }
            })
            .collect()
    }

    fn count_reason(&self, said: Option<&str>, issues: &[PlannedIssue]) -> String {
        let said = said
            .map(|s| clean::shortened(&super::complaints::one_line(s), 300))
            .filter(|s| !s.is_empty());
        match (said, self.brief.wishes.count) {
            (_, Some(count)) if count as usize == issues.len() => format!("{count}, as asked."),
            // What the model said was about another number.
            (Some(said), None)
                if self.told.structural_blocks.is_empty() && self.told.too_many.is_none() =>
            {
                said
            }
            _ => format!("{} as the model found the work in the text.", issues.len()),
        }
    }

    fn warnings(
        &self,
        issues: &[PlannedIssue],
        ungrounded: &[String],
        trace: &Trace,
        repairs: u32,
    ) -> Vec<String> {
        let invented = issues.iter().filter(|i| ungrounded.contains(&i.id));
        let titles: Vec<&str> = invented.map(|i| i.title.as_str()).collect();
        let outcome = Outcome {
            brief: self.brief,
            told: &self.told,
            trace,
            inventions: &titles,
            overruled: &self.overruled(trace),
            issues: issues.len(),
            repairs,
        };
        outcome.warnings()
    }

    /// Blocks that the model takes for no work and structure for work.
    fn overruled(&self, trace: &Trace) -> Vec<usize> {
        let planned: HashSet<&str> = self
            .structural
            .issues
            .iter()
            .flat_map(|i| i.covers.iter().map(String::as_str))
            .collect();
        let blocks = &self.brief.spec.blocks;
        let is_work = |n: &usize| {
            planned.contains(blocks[*n].id.as_str())
                && !matches!(blocks[*n].kind, BlockKind::Heading)
        };
        let said = (0..blocks.len())
            .filter(|n| self.excused.contains_key(n) && trace.reasons[*n].is_some());
        said.filter(is_work).collect()
    }
}

/// "Title (suffix)" in at most 80 characters.
fn suffixed(title: &str, suffix: &str) -> String {
    let room = LONGEST_TITLE.saturating_sub(suffix.chars().count() + 3);
    format!("{} ({suffix})", clean::shortened(title, room))
}
