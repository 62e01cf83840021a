//! Design documents: of their many subsections only those directly below the design are issues.
//!
//! The rule of depth: what stands deeper than a subsection of the design is a part of that subsection. The rule of explanation: a
//! subsection that tells at length and asks for nothing is no issue of its own; its text goes to the issue beside it.

use super::outline::{Entry, is_item};
use super::reader::{Found, Reader, Role};
use super::rules;
use super::titles::{bare, phase};
use super::words::asks::demands;
use super::words::headings::Meaning;
use super::words::verbs::opens_with_verb;

/// A subsection with fewer words names a thing to build, even if it does not ask for it.
const SHORT: usize = 60;

impl Reader<'_> {
    /// How deep a section stands below a design, 1 for directly; `None` for one with a meaning of its own, or in no design.
    pub(super) fn depth_in_design(&self, index: usize) -> Option<usize> {
        let section = self.section_at(index);
        if section.meaning.is_some() || phase(&section.name).is_some() {
            return None;
        }
        let (mut at, mut depth) = (section.parent, 1);
        while let Some(parent) = at {
            let section = self.section_at(parent);
            match section.meaning {
                Some(Meaning::Design) => return Some(depth),
                Some(_) => return None,
                None => {}
            }
            at = section.parent;
            depth += 1;
        }
        None
    }

    /// Is a section of a design read as a part of what stands above it?
    pub(super) fn is_part_of_design(&self, index: usize) -> bool {
        self.depth_in_design(index).is_some_and(|depth| {
            depth >= 2 || self.only_explains(index) || self.is_named_for_the_rest(index)
        })
    }

    /// "Other" and "Miscellaneous" name nothing.
    fn is_named_for_the_rest(&self, index: usize) -> bool {
        let name = super::words::asks::normal(&self.section_at(index).name);
        [
            "other",
            "others",
            "misc",
            "miscellaneous",
            "various",
            "general",
            "remarks",
            "sonstiges",
            "divers",
            "otros",
            "outros",
        ]
        .contains(&name.as_str())
    }

    fn only_explains(&self, index: usize) -> bool {
        let mut words = 0;
        !opens_with_verb(&bare(&self.section_at(index).name))
            && self.asks_for_nothing(index, &mut words)
            && words > SHORT
    }

    fn asks_for_nothing(&self, index: usize, words: &mut usize) -> bool {
        self.section_at(index).entries.iter().all(|entry| {
            let pieces: &[usize] = match entry {
                Entry::Prose(piece) => std::slice::from_ref(piece),
                Entry::List(items) => items,
                Entry::Table { .. } => return false,
                Entry::Other(_) => return true,
                Entry::Section(inner) => {
                    return self.section_at(*inner).meaning.is_none()
                        && self.asks_for_nothing(*inner, words);
                }
            };
            pieces.iter().all(|piece| {
                let it = &self.pieces[*piece];
                *words += it.plain.split(' ').count() + it.more.split(' ').count();
                !(demands(&it.plain)
                    || demands(&it.more)
                    || it.checked.is_some()
                    || is_item(it) && opens_with_verb(&bare(&it.plain)))
            })
        })
    }

    /// The rule of one design: guide and reference tell of the same work, so that their issues are one.
    pub(super) fn merge_designs(&mut self) {
        let is_proposal = self.outline.is_proposal;
        let mut designs: Vec<usize> = (0..self.drafts.len())
            .filter(|n| {
                let draft = &self.drafts[*n];
                !draft.gone
                    && !draft.is_group
                    && draft.parent.is_none()
                    && self.section_at(draft.section).meaning == Some(Meaning::Design)
                    && matches!(draft.rule, rules::SECTION | rules::DEMAND)
            })
            .collect();
        let Some(first) = designs.first().copied() else {
            return;
        };
        let title = self.drafts[first].title.clone();
        designs.retain(|n| self.drafts[*n].title == title);
        // What a proposal wants is told at its top and once more by its design.
        if is_proposal {
            designs.extend(self.told_at_the_top());
            designs.sort_unstable();
        }
        let first = designs[0];
        if designs.len() < 2 {
            return;
        }
        self.merge(&designs);
        self.drafts[first].title = title;
        self.drafts[first].rule = rules::ONE_DESIGN;
        for (n, draft) in self.drafts.iter_mut().enumerate() {
            let waits = designs.iter().any(|d| draft.blocked_by.remove(d));
            if waits && n != first {
                draft.blocked_by.insert(first);
            }
        }
    }

    /// What is asked for before the first section, or in a summary.
    fn told_at_the_top(&self) -> impl Iterator<Item = usize> {
        (0..self.drafts.len()).filter(|n| {
            let draft = &self.drafts[*n];
            let section = self.section_at(draft.section);
            let top = section.heading.is_none()
                || self.outline.title_section == Some(draft.section)
                || matches!(section.meaning, Some(Meaning::Aside { firm: false, .. }));
            !draft.gone && draft.rule == rules::DEMAND && draft.parent.is_none() && top
        })
    }

    /// Reads a section as a part of the one above: its heading and its text are details there, its bullets criteria when it asks.
    pub(super) fn read_as_part(&mut self, index: usize, role: Role, found: &mut Found) {
        let section = self.section_at(index);
        let explains = self.asks_for_nothing(index, &mut 0);
        let at = found.made.len();
        let tells = section
            .entries
            .iter()
            .any(|entry| matches!(entry, Entry::Prose(_) | Entry::Other(_)))
            || explains;
        if tells {
            found.details.extend(section.heading.map(|h| (h, at)));
        } else {
            found.labels.extend(section.heading);
        }
        for entry in &section.entries {
            match entry {
                Entry::List(items) if items.iter().any(|i| self.pieces[*i].checked.is_some()) => {
                    self.entry(entry, index, role, found);
                }
                Entry::List(items) if explains => {
                    for item in items {
                        let family = self.outline.family(*item);
                        found
                            .details
                            .extend(family.into_iter().map(|piece| (piece, at)));
                    }
                }
                Entry::List(items) => found.facets.extend(items),
                Entry::Prose(piece) if explains => found.details.push((*piece, at)),
                Entry::Table { head, rows } => {
                    found
                        .details
                        .extend(head.iter().chain(rows).map(|row| (*row, at)));
                }
                _ => self.entry(entry, index, role, found),
            }
        }
    }
}
