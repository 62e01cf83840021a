//! What a difference means for the issues that stand: which to add, which to change, which to retire, and why no other.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::blocks::Difference;
use super::rewrite::{self, Touched};
use crate::domain::fingerprint::{self, UniqueBy, normal_block};
use crate::domain::plan::{BlockCoverage, Plan, PlannedIssue};
use crate::domain::spec::{Block, BlockKind};

/// Two issues that cover the same blocks to this part are the same one in two plans.
const SAME: f64 = 0.5;

/// An issue that stands, as we have left it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Live {
    /// Blocks of the old spec.
    pub covers: BTreeSet<usize>,
    pub title: String,
    /// Without its hidden marker.
    pub body: String,
    /// What the issue says of blocks whose words it was not brought to; empty: nothing.
    pub says: BTreeMap<usize, String>,
}

/// Both versions of the spec, each as structure plans it: like is compared with like, whoever made the plan.
#[derive(Debug, Clone, Copy)]
pub struct Versions<'a> {
    pub old: &'a Plan,
    pub new: &'a Plan,
    pub difference: &'a Difference,
    /// Why blocks of the old spec were no work.
    pub reasons: &'a [Option<String>],
    /// Blocks of the old spec that somebody else's issue stands for.
    pub foreign: &'a BTreeSet<usize>,
}

/// What an issue hangs under or waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Up {
    Live(usize),
    Add(usize),
}

/// An issue to be created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Add {
    /// Its ids, parent and order are those of structure's plan: see `parent` and `waits_for`.
    pub planned: PlannedIssue,
    pub covers: BTreeSet<usize>,
    pub parent: Option<Up>,
    pub waits_for: BTreeSet<Up>,
}

/// An issue whose text changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub live: usize,
    pub title: String,
    /// Without its hidden marker.
    pub body: String,
}

/// A block that an issue covers and says in other words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Behind {
    /// Of the new spec.
    pub block: usize,
    /// Empty: nothing of it.
    pub says: String,
    /// Also once the issue's change is made: somebody has decided against it earlier.
    pub stays: bool,
}

/// Everything that follows from an edit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Decision {
    pub adds: Vec<Add>,
    pub changes: Vec<Change>,
    /// Issues of which nothing is left in the spec.
    pub retires: Vec<usize>,
    /// What each live issue covers of the new spec.
    pub covers: Vec<BTreeSet<usize>>,
    /// What each live issue says of blocks of the new spec in other words than theirs.
    pub behind: Vec<Vec<Behind>>,
    /// Why blocks of the new spec are no work.
    pub reasons: Vec<Option<String>>,
}

/// Decides by block: what covers no block that differs stays as it is.
pub fn decide(versions: &Versions<'_>, lives: &[Live]) -> Decision {
    let case = Case::of(versions, lives);
    let gone = case.gone();
    let mut covers: Vec<BTreeSet<usize>> = lives
        .iter()
        .map(|live| {
            let stay = live.covers.iter().filter(|o| !gone.contains(o));
            stay.filter_map(|o| case.to_new.get(o).copied()).collect()
        })
        .collect();
    let mut adds = Vec::new();
    let mut attached: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); lives.len()];
    let open = case.open();
    for (n, planned) in versions.new.issues.iter().enumerate() {
        let missed: BTreeSet<usize> = case.new_covers[n].intersection(&open).copied().collect();
        if missed.is_empty() {
            continue;
        }
        match case.taker(n, &open) {
            Some(live) => attached[live].extend(&missed),
            None => adds.push((n, planned, missed)),
        }
    }
    for (live, blocks) in attached.iter().enumerate() {
        covers[live].extend(blocks);
    }
    let retires: Vec<usize> = (0..lives.len())
        .filter(|l| attached[*l].is_empty() && case.is_retired(*l, &gone))
        .collect();
    let added: HashMap<usize, usize> = adds
        .iter()
        .enumerate()
        .map(|(a, (n, ..))| (*n, a))
        .collect();
    let changes: Vec<Change> = (0..lives.len())
        .filter(|l| !retires.contains(l))
        .filter_map(|l| case.change(l, &gone, &attached[l], &covers[l], &added))
        .collect();
    for l in &retires {
        covers[*l].clear();
    }
    let behind = (0..lives.len())
        .map(|l| {
            let mut behind = case.behind(l, &covers[l], &attached[l]);
            // Where nothing is to be changed it says the new words already.
            let has_change = changes.iter().any(|c| c.live == l);
            behind.retain(|b| b.stays || has_change);
            behind
        })
        .collect();
    let adds = adds
        .into_iter()
        .map(|(n, planned, missed)| case.add(n, planned, missed, &added, &covers, &retires))
        .collect();
    let mut decision = Decision {
        adds,
        changes,
        retires,
        covers,
        behind,
        reasons: Vec::new(),
    };
    decision.reasons = case.reasons(&decision);
    decision
}

struct Case<'a> {
    versions: &'a Versions<'a>,
    lives: &'a [Live],
    to_new: BTreeMap<usize, usize>,
    to_old: BTreeMap<usize, usize>,
    moved: BTreeSet<(usize, usize)>,
    old_covers: Vec<BTreeSet<usize>>,
    new_covers: Vec<BTreeSet<usize>>,
    old_is_work: Vec<bool>,
    new_is_work: Vec<bool>,
    /// How many live issues cover each old block.
    lives_of: Vec<usize>,
    /// How many of structure's issues cover each new block.
    planned_of: Vec<usize>,
}

impl<'a> Case<'a> {
    fn of(versions: &'a Versions<'a>, lives: &'a [Live]) -> Self {
        let difference = versions.difference;
        let pairs: Vec<(usize, usize)> = difference
            .kept
            .iter()
            .chain(&difference.changed)
            .copied()
            .collect();
        let new_covers = covers_of(versions.new);
        let live_covers = lives.iter().map(|l| &l.covers);
        Self {
            lives_of: counts(versions.old.spec.blocks.len(), live_covers),
            planned_of: counts(versions.new.spec.blocks.len(), new_covers.iter()),
            versions,
            lives,
            to_new: pairs.iter().copied().collect(),
            to_old: pairs.iter().map(|(o, n)| (*n, *o)).collect(),
            moved: difference.moved.iter().copied().collect(),
            old_covers: covers_of(versions.old),
            new_covers,
            old_is_work: is_work(versions.old),
            new_is_work: is_work(versions.new),
        }
    }

    fn is_heading(&self, old: usize) -> bool {
        self.versions.old.spec.blocks[old].kind == BlockKind::Heading
    }

    /// Old blocks that the new spec does not ask for: removed, or put where they are no work.
    fn gone(&self) -> BTreeSet<usize> {
        let excused = |(o, n): &&(usize, usize)| self.old_is_work[*o] && !self.new_is_work[*n];
        let excused = self.moved.iter().filter(excused).map(|(o, _)| *o);
        let removed = self.versions.difference.removed.iter().copied();
        removed.chain(excused).collect()
    }

    /// New blocks that no issue stands for: added, put where they are work now, or reworded after what was planned for them
    /// was dropped, refused or closed.
    fn open(&self) -> BTreeSet<usize> {
        let difference = self.versions.difference;
        let is_free = |o: usize| self.lives_of[o] == 0 && !self.versions.foreign.contains(&o);
        let became = |(o, _): &&(usize, usize)| !self.old_is_work[*o] && is_free(*o);
        let was_planned = |o: usize| {
            let reason = self.versions.reasons.get(o).and_then(Option::as_ref);
            reason.is_none() && !self.is_heading(o)
        };
        let reworded = |(o, _): &&(usize, usize)| was_planned(*o) && is_free(*o);
        let changed = difference.changed.iter();
        let moved = self.moved.iter().filter(became);
        let pairs = moved.chain(changed.filter(|pair| became(pair) || reworded(pair)));
        let pairs = pairs.map(|(_, n)| *n);
        let all = difference.added.iter().copied().chain(pairs);
        all.filter(|n| self.new_is_work[*n]).collect()
    }

    /// The live issue that has most of the other blocks of this planned one: what is new belongs to it.
    fn taker(&self, planned: usize, open: &BTreeSet<usize>) -> Option<usize> {
        let blocks = &self.versions.new.spec.blocks;
        let own: Vec<usize> = self.new_covers[planned]
            .iter()
            .copied()
            .filter(|b| !open.contains(b) && blocks[*b].kind != BlockKind::Heading)
            .filter(|b| self.planned_of[*b] == 1)
            .collect();
        let has = |live: &Live| {
            let mine = own.iter().filter_map(|n| self.to_old.get(n));
            mine.filter(|o| live.covers.contains(o)).count()
        };
        let best =
            (0..self.lives.len()).max_by_key(|l| (has(&self.lives[*l]), std::cmp::Reverse(*l)))?;
        (has(&self.lives[best]) * 2 > own.len()).then_some(best)
    }

    /// Whether nothing is left of what the issue alone was made for.
    fn is_retired(&self, live: usize, gone: &BTreeSet<usize>) -> bool {
        let covers = &self.lives[live].covers;
        let is_shared = |o: &usize| self.is_heading(*o) && self.lives_of[*o] > 1;
        let own: Vec<&usize> = covers.iter().filter(|o| !is_shared(o)).collect();
        let mut what = if own.is_empty() {
            covers.iter().collect()
        } else {
            own
        }
        .into_iter()
        .peekable();
        what.peek().is_some() && what.all(|o| gone.contains(o))
    }

    /// The issue's new text, if it differs in substance.
    fn change(
        &self,
        live: usize,
        gone: &BTreeSet<usize>,
        attached: &BTreeSet<usize>,
        covers: &BTreeSet<usize>,
        added: &HashMap<usize, usize>,
    ) -> Option<Change> {
        let (issue, versions) = (&self.lives[live], self.versions);
        let block = |plan: &'a Plan, n: usize| &plan.spec.blocks[n];
        let changed = versions.difference.changed.iter();
        let changed = changed
            .filter(|(o, _)| issue.covers.contains(o) && !gone.contains(o))
            .map(|(o, n)| (self.said(live, *o), block(versions.new, *n)))
            // The text was edited back to what the issue says.
            .filter(|(old, new)| normal_block(&old.text) != normal_block(&new.text));
        let touched = Touched {
            changed: changed.collect(),
            gone: issue
                .covers
                .intersection(gone)
                .map(|o| block(versions.old, *o))
                .collect(),
            added: attached.iter().map(|n| block(versions.new, *n)).collect(),
        };
        if touched.is_nothing() {
            return None;
        }
        let before = nearest(&self.old_covers, &issue.covers).map(|n| &versions.old.issues[n]);
        let after = nearest(&self.new_covers, covers).filter(|n| !added.contains_key(n));
        let after = after.map(|n| &versions.new.issues[n]);
        let (title, body) = rewrite::rewrite(issue, before, after, &touched);
        let same = |title: &str, body: &str| fingerprint::of(title, body, UniqueBy::Hash);
        (same(&title, &body) != same(&issue.title, &issue.body)).then_some(Change {
            live,
            title,
            body,
        })
    }

    /// The old block, in the words that the issue was last brought to.
    fn said(&self, live: usize, old: usize) -> Block {
        let block = self.versions.old.spec.blocks[old].clone();
        match self.lives[live].says.get(&old) {
            Some(text) => Block {
                text: text.clone(),
                ..block
            },
            None => block,
        }
    }

    /// What the issue goes on saying unless its change is made.
    fn behind(
        &self,
        live: usize,
        covers: &BTreeSet<usize>,
        attached: &BTreeSet<usize>,
    ) -> Vec<Behind> {
        let versions = self.versions;
        let now = |n: usize| normal_block(&versions.new.spec.blocks[n].text);
        let before = |o: usize| normal_block(&versions.old.spec.blocks[o].text);
        let of = |n: usize| {
            let old = self.to_old.get(&n).filter(|_| !attached.contains(&n));
            Behind {
                block: n,
                says: old.map(|o| self.said(live, *o).text).unwrap_or_default(),
                stays: old.is_some_and(|o| before(*o) == now(n)),
            }
        };
        let is_behind = |b: &Behind| normal_block(&b.says) != now(b.block);
        covers.iter().map(|n| of(*n)).filter(is_behind).collect()
    }

    fn add(
        &self,
        n: usize,
        planned: &PlannedIssue,
        covers: BTreeSet<usize>,
        added: &HashMap<usize, usize>,
        live_covers: &[BTreeSet<usize>],
        retires: &[usize],
    ) -> Add {
        let issues = &self.versions.new.issues;
        let place = |id: &str| issues.iter().position(|i| i.id == id);
        let up = |id: &String| -> Option<Up> {
            let at = place(id).filter(|at| *at != n)?;
            if let Some(add) = added.get(&at) {
                return Some(Up::Add(*add));
            }
            let live = nearest(live_covers, &self.new_covers[at])?;
            (!retires.contains(&live)).then_some(Up::Live(live))
        };
        Add {
            parent: planned.parent.as_ref().and_then(up),
            waits_for: planned.blocked_by.iter().filter_map(up).collect(),
            planned: planned.clone(),
            covers,
        }
    }

    /// Kept blocks keep their reasons; of the others structure says why they are no work.
    fn reasons(&self, decision: &Decision) -> Vec<Option<String>> {
        let new = &self.versions.new;
        let mut covered: BTreeSet<usize> = decision.covers.iter().flatten().copied().collect();
        covered.extend(decision.adds.iter().flat_map(|a| &a.covers));
        let by_structure = reasons_of(new);
        let of = |n: usize| {
            if covered.contains(&n) {
                return None;
            }
            let kept = self
                .to_old
                .get(&n)
                .filter(|o| !self.moved.contains(&(**o, n)));
            let kept = kept.and_then(|o| self.versions.reasons.get(*o).cloned().flatten());
            kept.or_else(|| by_structure[n].clone())
        };
        (0..new.spec.blocks.len()).map(of).collect()
    }
}

/// The one of these that covers most nearly the same.
fn nearest(all: &[BTreeSet<usize>], wanted: &BTreeSet<usize>) -> Option<usize> {
    let part = |covers: &BTreeSet<usize>| {
        let shared = covers.intersection(wanted).count();
        let all = covers.len() + wanted.len() - shared;
        let count = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
        count(shared) / count(all.max(1))
    };
    let scored = all.iter().enumerate().map(|(n, covers)| (part(covers), n));
    let best = scored.max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)))?;
    (best.0 >= SAME).then_some(best.1)
}

/// The place of a block by its id.
fn places(plan: &Plan) -> HashMap<&str, usize> {
    let blocks = plan.spec.blocks.iter().enumerate();
    blocks.map(|(n, b)| (b.id.as_str(), n)).collect()
}

fn covers_of(plan: &Plan) -> Vec<BTreeSet<usize>> {
    let places = places(plan);
    let of = |issue: &PlannedIssue| {
        let known = issue.covers.iter().filter_map(|id| places.get(id.as_str()));
        known.copied().collect()
    };
    plan.issues.iter().map(of).collect()
}

fn counts<'s>(blocks: usize, covers: impl Iterator<Item = &'s BTreeSet<usize>>) -> Vec<usize> {
    let mut counts = vec![0; blocks];
    covers.flatten().for_each(|n| counts[*n] += 1);
    counts
}

fn is_work(plan: &Plan) -> Vec<bool> {
    let mut work = vec![false; plan.spec.blocks.len()];
    covers_of(plan)
        .iter()
        .flatten()
        .for_each(|n| work[*n] = true);
    work
}

fn reasons_of(plan: &Plan) -> Vec<Option<String>> {
    let of: HashMap<&str, &BlockCoverage> = plan
        .coverage
        .iter()
        .map(|c| (c.block.as_str(), c))
        .collect();
    let reason = |id: &str| of.get(id).and_then(|c| c.reason.clone());
    plan.spec.blocks.iter().map(|b| reason(&b.id)).collect()
}
