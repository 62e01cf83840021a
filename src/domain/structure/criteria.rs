//! Acceptance criteria that stand apart from what they are about.

use super::draft::Draft;
use super::matching::{Matching, telling};
use super::outline::Entry;
use super::reader::Reader;
use super::rules;
use super::words::language::Language;

impl Reader<'_> {
    /// Gives each criterion to the draft that it is about; those about the whole become one draft that checks them.
    pub(super) fn spread_criteria(
        &mut self,
        criteria: &[usize],
        made: &mut Vec<usize>,
        index: usize,
        from: usize,
    ) -> Vec<usize> {
        let mut takers = Vec::new();
        if criteria.is_empty() {
            return takers;
        }
        let mut rest = Vec::new();
        let leaves = self.leaves(made, from);
        let matching = Matching::of(leaves.iter().map(|n| (*n, &self.drafts[*n])), |n| {
            self.drafts[n]
                .main
                .first()
                .map(|p| self.pieces[*p].plain.clone())
                .unwrap_or_default()
        });
        for piece in criteria {
            let words = telling(&self.pieces[*piece].plain);
            let target = if leaves.len() == 1 {
                Some(leaves[0])
            } else {
                matching
                    .by_words(&words, None)
                    .filter(|(_, shared)| *shared >= 2 && shared * 2 >= words.len())
                    .map(|(draft, _)| draft)
            };
            match target {
                Some(draft) => {
                    let mut taken = std::mem::take(&mut self.drafts[draft]);
                    self.absorb_criterion(&mut taken, *piece);
                    self.drafts[draft] = taken;
                    takers.push(draft);
                }
                None => rest.push(*piece),
            }
        }
        if !rest.is_empty() {
            let about = if self.is_specific(index) {
                self.titles
                    .lowered(&super::titles::bare(&self.section_at(index).name))
            } else {
                self.titles.about.clone()
            };
            let title = match self.titles.language {
                Language::English => format!(
                    "Verify the acceptance criteria of {}",
                    super::titles::as_thing(&about)
                ),
                Language::Other => self.heading_of(rest[0], index).unwrap_or(about),
            };
            let mut draft = Draft {
                title: super::titles::cut(&title),
                rule: rules::CRITERIA_ALONE,
                section: index,
                ..Draft::default()
            };
            for piece in rest {
                self.absorb_criterion(&mut draft, piece);
            }
            draft.anchor = draft.covers.first().copied().unwrap_or(0);
            if !draft.covers.is_empty() {
                let check = self.push(draft);
                takers.push(check);
                made.push(check);
            }
        }
        takers.sort_unstable();
        takers.dedup();
        takers
    }

    /// The words of the heading that a piece stands directly under.
    fn heading_of(&self, piece: usize, from: usize) -> Option<String> {
        let holds = |entry: &Entry| match entry {
            Entry::Prose(it) | Entry::Other(it) => *it == piece,
            Entry::List(items) => items.contains(&piece),
            Entry::Table { rows, .. } => rows.contains(&piece),
            Entry::Section(_) => false,
        };
        let section = self
            .outline
            .sections
            .iter()
            .skip(from)
            .take(64)
            .find(|s| s.entries.iter().any(holds))?;
        Some(super::titles::capitalised(&super::titles::bare(
            &section.name,
        )))
        .filter(|t| !t.is_empty())
    }

    /// In a section of criteria even a quote, a row or a paragraph is one.
    fn absorb_criterion(&mut self, draft: &mut Draft, piece: usize) {
        let it = &self.pieces[piece];
        match it.kind {
            crate::domain::spec::BlockKind::Paragraph
                if it.plain.ends_with(':')
                    || super::words::asks::sentences(&it.plain).len() > 3 =>
            {
                self.take_prose(draft, piece, false);
            }
            crate::domain::spec::BlockKind::Paragraph => {
                let sentence = super::labels::split(&it.plain)
                    .filter(|(_, rest)| {
                        !rest.is_empty() && super::labels::criteria_of(it).is_some()
                    })
                    .map(|(_, rest)| rest.to_owned());
                draft
                    .criteria
                    .push(super::draft::Criterion { piece, sentence });
                draft.covers.insert(piece);
            }
            crate::domain::spec::BlockKind::TableRow if it.is_head => {
                draft.covers.insert(piece);
            }
            crate::domain::spec::BlockKind::TableRow => {
                let sentence = it
                    .cells
                    .iter()
                    .filter(|c| !c.is_empty())
                    .cloned()
                    .collect::<Vec<_>>()
                    .join(" – ");
                draft.criteria.push(super::draft::Criterion {
                    piece,
                    sentence: Some(sentence),
                });
                draft.covers.insert(piece);
            }
            _ => self.absorb(draft, piece),
        }
    }

    /// The drafts under these that are work; all were made since `from`.
    fn leaves(&self, made: &[usize], from: usize) -> Vec<usize> {
        let roots: std::collections::HashSet<usize> = made.iter().copied().collect();
        (from..self.drafts.len())
            .filter(|n| {
                let mut at = *n;
                while let Some(parent) = self.drafts[at].parent {
                    at = parent;
                }
                roots.contains(&at) && !self.drafts[*n].is_group
            })
            .collect()
    }
}
