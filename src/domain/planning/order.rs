//! What comes first: circles broken, and issues in an order in which nothing comes before what it needs.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};

/// Dependencies of one issue; GitHub takes no more.
const WAITS_MOST: usize = 50;
/// After so many circles the order that was given is not worth saving.
const CIRCLES_MOST: usize = 200;

/// How the issues hang together, by index.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Links {
    pub parent: Vec<Option<usize>>,
    pub blocked_by: Vec<BTreeSet<usize>>,
}

impl Links {
    /// Leaves out what cannot be: parents and waits in circles, an issue that waits for its own group or for what it
    /// groups. How many waits that were.
    pub(super) fn untangle(&mut self) -> usize {
        self.cut_parent_circles();
        let before: usize = self.blocked_by.iter().map(BTreeSet::len).sum();
        for n in 0..self.parent.len() {
            let above = self.above(n);
            for group in &above {
                self.blocked_by[*group].remove(&n);
            }
            self.blocked_by[n].retain(|b| *b != n && !above.contains(b));
            while self.blocked_by[n].len() > WAITS_MOST {
                self.blocked_by[n].pop_last();
            }
        }
        let children = self.children();
        // A group is done when all of it is, and begins before any of it: neither may lead back to itself.
        self.cut_circles(&children);
        let parents: Vec<Vec<usize>> = self
            .parent
            .iter()
            .map(|p| p.iter().copied().collect())
            .collect();
        self.cut_circles(&parents);
        before - self.blocked_by.iter().map(BTreeSet::len).sum::<usize>()
    }

    /// The indices so that groups and what is waited for come first, else by their places. [`Self::untangle`] goes before.
    pub(super) fn sorted(&self, places: &[usize]) -> Vec<usize> {
        let count = self.parent.len();
        let places = self.with_groups_early(places);
        let mut followers: Vec<Vec<usize>> = vec![Vec::new(); count];
        let mut open = vec![0_usize; count];
        for (n, open) in open.iter_mut().enumerate() {
            for first in self.blocked_by[n].iter().chain(&self.parent[n]) {
                followers[*first].push(n);
                *open += 1;
            }
        }
        let ready = (0..count)
            .filter(|n| open[*n] == 0)
            .map(|n| Reverse((places[n], n)));
        let mut ready: BinaryHeap<_> = ready.collect();
        let mut out = Vec::with_capacity(count);
        while let Some(Reverse((_, n))) = ready.pop() {
            out.push(n);
            for follower in &followers[n] {
                open[*follower] -= 1;
                if open[*follower] == 0 {
                    ready.push(Reverse((places[*follower], *follower)));
                }
            }
        }
        out
    }

    /// The groups that an issue is in, the nearest first.
    fn above(&self, n: usize) -> Vec<usize> {
        let mut out = Vec::new();
        let mut at = n;
        while let Some(parent) = self.parent[at].filter(|p| !out.contains(p) && *p != n) {
            out.push(parent);
            at = parent;
        }
        out
    }

    fn children(&self) -> Vec<Vec<usize>> {
        let mut out = vec![Vec::new(); self.parent.len()];
        for (n, parent) in self.parent.iter().enumerate() {
            if let Some(parent) = parent {
                out[*parent].push(n);
            }
        }
        out
    }

    fn with_groups_early(&self, places: &[usize]) -> Vec<usize> {
        let mut early = places.to_vec();
        for (n, place) in places.iter().enumerate() {
            for group in self.above(n) {
                early[group] = early[group].min(*place);
            }
        }
        early
    }

    fn cut_parent_circles(&mut self) {
        for n in 0..self.parent.len() {
            let (mut at, mut steps) = (n, 0);
            while let Some(parent) = self.parent[at] {
                steps += 1;
                if parent == n || steps > self.parent.len() {
                    self.parent[n] = None;
                    break;
                }
                at = parent;
            }
        }
    }

    /// Takes waits out until waits and `fixed` edges together have no circle.
    fn cut_circles(&mut self, fixed: &[Vec<usize>]) {
        for _ in 0..CIRCLES_MOST {
            let edges: Vec<Vec<usize>> = (0..fixed.len())
                .map(|n| {
                    self.blocked_by[n]
                        .iter()
                        .chain(&fixed[n])
                        .copied()
                        .collect()
                })
                .collect();
            let Some(circle) = circle(&edges) else {
                return;
            };
            let waits = circle
                .windows(2)
                .filter(|w| self.blocked_by[w[0]].contains(&w[1]));
            // Rather the one that waits for something further down.
            let Some(worst) = waits
                .max_by_key(|w| (w[1] > w[0], w[1]))
                .map(|w| (w[0], w[1]))
            else {
                return;
            };
            self.blocked_by[worst.0].remove(&worst.1);
        }
        self.blocked_by.iter_mut().for_each(BTreeSet::clear);
    }
}

/// A way from an issue back to itself, first and last the same; edges from an issue to itself do not count.
pub(super) fn circle(edges: &[Vec<usize>]) -> Option<Vec<usize>> {
    const NEW: u8 = 0;
    const OPEN: u8 = 1;
    const DONE: u8 = 2;
    let mut state = vec![NEW; edges.len()];
    for start in 0..edges.len() {
        if state[start] != NEW {
            continue;
        }
        let mut path: Vec<(usize, usize)> = vec![(start, 0)];
        state[start] = OPEN;
        while let Some((at, next)) = path.last_mut() {
            let at = *at;
            let Some(to) = edges[at].get(*next).copied() else {
                state[at] = DONE;
                path.pop();
                continue;
            };
            *next += 1;
            if to == at {
                continue;
            }
            if state[to] == OPEN {
                let from = path.iter().position(|(n, _)| *n == to).unwrap_or_default();
                return Some(path[from..].iter().map(|(n, _)| *n).chain([to]).collect());
            }
            if state[to] == NEW {
                state[to] = OPEN;
                path.push((to, 0));
            }
        }
    }
    None
}
