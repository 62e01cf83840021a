//! The rule of size: a plan of very many small issues is read by nobody, so that lists of short items become one issue each.
//!
//! Only groups are folded whose issues say little beyond their titles, and then all of them, so that equal parts come out equal.

use std::collections::BTreeMap;

use super::draft::{Criterion, Draft};
use super::outline::is_item;
use super::reader::Reader;
use super::rules;

/// A plan with more issues than this is folded.
const READABLE: usize = 40;
/// A group of more is no issue, however small each is.
const LARGEST: usize = 12;
/// An issue with more criteria of its own than this is not small.
const SMALL: usize = 2;

impl Reader<'_> {
    /// Folds groups of small issues while there are too many; from how many.
    pub(super) fn fold_small_issues(&mut self) -> Option<usize> {
        let before = self.alive();
        if before <= READABLE {
            return None;
        }
        let mut inside: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (n, draft) in self.drafts.iter().enumerate().filter(|(_, d)| !d.gone) {
            if let Some(parent) = draft.parent {
                inside.entry(parent).or_default().push(n);
            }
        }
        let mut into = BTreeMap::new();
        let mut left = before;
        for (group, children) in &inside {
            let group = *group;
            if children.len() > LARGEST || !children.iter().all(|n| self.is_small(*n)) {
                continue;
            }
            left -= children.len();
            self.call_by_what_it_checks(group, children);
            for child in children {
                self.fold(group, *child);
                into.insert(*child, group);
            }
            self.drafts[group].is_group = false;
            self.drafts[group].rule = rules::FOLDED;
        }
        self.wait_for_those(&into);
        (left < before).then_some(before)
    }

    /// A list of states is checked, not built.
    fn call_by_what_it_checks(&mut self, group: usize, children: &[usize]) {
        let checks = children
            .iter()
            .filter(|n| {
                ["Ensure ", "Verify ", "Check ", "Test "]
                    .iter()
                    .any(|verb| self.drafts[**n].title.starts_with(verb))
            })
            .count();
        if checks * 2 > children.len()
            && let Some(thing) = self.drafts[group].title.strip_prefix("Build ")
        {
            self.drafts[group].title = format!("Check {thing}");
        }
    }

    fn is_small(&self, n: usize) -> bool {
        let draft = &self.drafts[n];
        !draft.is_group && draft.criteria.len() <= SMALL && draft.main.len() <= 1
    }

    fn fold(&mut self, group: usize, child: usize) {
        let gone = std::mem::replace(
            &mut self.drafts[child],
            Draft {
                gone: true,
                ..Draft::default()
            },
        );
        let item = is_item(&self.pieces[gone.anchor]) && gone.excerpt.is_none();
        let words = gone.excerpt.clone().unwrap_or_else(|| gone.title.clone());
        let words = std::iter::once(words)
            .chain(gone.details.iter().cloned())
            .collect::<Vec<_>>()
            .join(": ");
        let draft = &mut self.drafts[group];
        draft.criteria.push(Criterion {
            piece: gone.anchor,
            sentence: (!item).then_some(words),
        });
        let own = self.outline.family(gone.anchor);
        draft.criteria.extend(
            gone.criteria
                .into_iter()
                .filter(|c| !item || !own.contains(&c.piece)),
        );
        draft
            .main
            .extend(gone.main.iter().filter(|p| **p != gone.anchor));
        draft.covers.extend(&gone.covers);
        draft.blocked_by.extend(&gone.blocked_by);
        draft.waits.extend(gone.waits);
        draft.keys.extend(gone.keys);
    }
}
