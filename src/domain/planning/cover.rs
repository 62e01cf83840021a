//! Where each block went, computed from what the drafts say they cover and never believed.

use std::collections::{BTreeSet, HashMap};

use super::Brief;
use super::assemble::Work;
use super::draft::Drafts;
use super::fence;
use super::parts::Part;
use crate::domain::plan::Plan;
use crate::domain::spec::{BlockKind, Spec};

/// The blocks that no draft covers and that nothing excuses, in order: to be asked for again. Issues that share no word
/// with the blocks that they name do not cover them.
pub fn uncovered(brief: &Brief<'_>, drafts: &[(Part, Drafts)], structural: &Plan) -> Vec<String> {
    let work = Work::of(brief, drafts, structural);
    let trace = work.trace();
    trace
        .open
        .iter()
        .map(|n| brief.spec.blocks[*n].id.clone())
        .collect()
}

/// How many blocks the plan excuses although structure takes them for work of their own: items and tasks, not the prose
/// around them.
pub fn left_out(plan: &Plan, structural: &Plan) -> usize {
    let excused: BTreeSet<&str> = plan
        .coverage
        .iter()
        .filter(|c| c.issues.is_empty())
        .map(|c| c.block.as_str())
        .collect();
    let of_work = |id: &str| {
        let block = structural.spec.blocks.iter().find(|b| b.id == id);
        block.is_some_and(|b| {
            matches!(
                b.kind,
                BlockKind::ListItem | BlockKind::Task | BlockKind::TableRow
            )
        })
    };
    let work = structural.coverage.iter().filter(|c| !c.issues.is_empty());
    work.filter(|c| excused.contains(c.block.as_str()) && of_work(&c.block))
        .count()
}

/// Where the blocks went, by their places.
#[derive(Debug, Default)]
pub(super) struct Trace {
    /// Headings, heads of tables and lead-ins: who carries them, as they are no work themselves.
    pub carried: Vec<(usize, usize)>,
    pub reasons: Vec<Option<String>>,
    /// What nobody covers and nothing excuses.
    pub open: Vec<usize>,
}

/// What the trace is computed from.
pub(super) struct Sources<'a> {
    pub spec: &'a Spec,
    pub structural: &'a Plan,
    /// For each issue the blocks that it covers.
    pub covers: &'a [BTreeSet<usize>],
    pub parents: &'a [Option<usize>],
    /// What the model says is no work.
    pub not_work: &'a HashMap<usize, String>,
}

impl Sources<'_> {
    pub(super) fn trace(&self) -> Trace {
        let count = self.spec.blocks.len();
        let mut takers: Vec<Option<usize>> = vec![None; count];
        for (issue, covers) in self.covers.iter().enumerate() {
            for block in covers {
                takers[*block].get_or_insert(issue);
            }
        }
        let mut trace = Trace {
            reasons: vec![None; count],
            ..Trace::default()
        };
        let verdicts = verdicts(self.structural);
        // From the end: what a heading carries on to is known when its turn comes.
        for n in (0..count).rev() {
            if takers[n].is_some() {
                continue;
            }
            let block = &self.spec.blocks[n];
            let verdict = || verdicts.get(block.id.as_str()).map(|r| (*r).to_owned());
            let hidden = || {
                fence::block(block, &block.text, "")
                    .is_none()
                    .then(|| "hidden comment".to_owned())
            };
            trace.reasons[n] = self
                .not_work
                .get(&n)
                .cloned()
                .or_else(verdict)
                .or_else(hidden);
            if trace.reasons[n].is_some() {
                continue;
            }
            match self.carrier(n, &takers, &trace) {
                Carried::By(issue) => {
                    takers[n] = Some(issue);
                    trace.carried.push((n, issue));
                }
                Carried::Idle => trace.reasons[n] = Some("nothing below it is work".to_owned()),
                Carried::Waits => {}
                Carried::Alone => trace.open.push(n),
            }
        }
        trace.open.reverse();
        trace
    }

    /// Who takes a block that is only there for the sake of others.
    fn carrier(&self, n: usize, takers: &[Option<usize>], trace: &Trace) -> Carried {
        let blocks = &self.spec.blocks;
        let block = &blocks[n];
        let next = n + 1;
        let follows = |kind: BlockKind| {
            blocks
                .get(next)
                .is_some_and(|b| b.kind == kind && b.section == block.section)
        };
        match block.kind {
            BlockKind::Heading => self.of_heading(n, takers, trace),
            BlockKind::TableRow
                if follows(BlockKind::TableRow)
                    && (n == 0 || blocks[n - 1].kind != BlockKind::TableRow) =>
            {
                takers[next].map_or(Carried::Alone, Carried::By)
            }
            BlockKind::Paragraph
                if block
                    .text
                    .trim_end()
                    .trim_end_matches(['*', '_'])
                    .ends_with([':', '：']) =>
            {
                let below = blocks.get(next).filter(|b| b.section == block.section);
                below
                    .and(takers.get(next).copied().flatten())
                    .map_or(Carried::Alone, Carried::By)
            }
            _ => Carried::Alone,
        }
    }

    fn of_heading(&self, n: usize, takers: &[Option<usize>], trace: &Trace) -> Carried {
        const LOOKED_AT: usize = 2_000;
        let extent = extent(self.spec, n);
        if extent.is_empty() {
            return Carried::Alone;
        }
        let below = extent.clone().take(LOOKED_AT);
        let found: BTreeSet<usize> = below.clone().filter_map(|b| takers[b]).collect();
        let Some(first) = below.clone().find_map(|b| takers[b]) else {
            let idle = extent.into_iter().all(|b| trace.reasons[b].is_some());
            return if idle { Carried::Idle } else { Carried::Waits };
        };
        // The group of all of them, if they have one.
        let group = self.parents.get(first).copied().flatten();
        let shared = group.filter(|g| {
            found
                .iter()
                .all(|i| i == g || self.parents.get(*i) == Some(&Some(*g)))
        });
        Carried::By(shared.unwrap_or(first))
    }
}

enum Carried {
    By(usize),
    /// All below it is excused.
    Idle,
    /// Until what is below it has been planned.
    Waits,
    Alone,
}

/// The blocks below a heading.
pub(super) fn extent(spec: &Spec, heading: usize) -> std::ops::Range<usize> {
    let depth = spec.blocks[heading].section.len();
    let below = spec.blocks[heading + 1..]
        .iter()
        .take_while(|b| b.section.len() > depth);
    heading + 1..heading + 1 + below.count()
}

/// The blocks that structure takes for no work, with the reason.
fn verdicts(structural: &Plan) -> HashMap<&str, &str> {
    let excused = structural.coverage.iter().filter(|c| c.issues.is_empty());
    excused
        .filter_map(|c| Some((c.block.as_str(), c.reason.as_deref()?)))
        .collect()
}
