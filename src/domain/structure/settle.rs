//! What a section comes to: one draft for all of it, a group, or the drafts of what stands in it.

use super::draft::{Criterion, Draft};
use super::outline::Entry;
use super::reader::{Found, Reader, Role};
use super::rules;
use super::titles::phase;
use super::words::asks::{asks, demands, is_normative};
use super::words::headings::Meaning;
use super::words::language::Language;
use super::words::verbs::{from_third_person, opens_with_verb};

impl Reader<'_> {
    /// What a section comes to: its drafts, one draft for all of it, or a group.
    pub(super) fn settle(&mut self, index: usize, role: Role, found: Found) -> Vec<usize> {
        if role == Role::Criteria {
            // Criteria inside criteria: the caller has no draft yet, so they are work of their own.
            return self.loose_criteria(index, found);
        }
        if found.made.is_empty() {
            return self.settle_leaf(index, role, found);
        }
        let phased = phase(&self.section_at(index).name).is_some();
        let grouping = self.is_specific(index) && found.made.len() >= 2;
        if grouping
            || (phased
                && (found.made.len() >= 2
                    || !found.facets.is_empty()
                    || !found.criteria.is_empty()))
        {
            return vec![self.group(index, found)];
        }
        self.settle_collection(index, role, found)
    }

    fn settle_leaf(&mut self, index: usize, role: Role, found: Found) -> Vec<usize> {
        let section = self.section_at(index);
        let specific = self.is_specific(index);
        let empty = found.prose.is_empty()
            && found.facets.is_empty()
            && found.details.is_empty()
            && found.criteria.is_empty();
        let all_words: Vec<&str> = found
            .prose
            .iter()
            .map(|p| self.pieces[*p].plain.as_str())
            .collect();
        // Prose about when and in which order tells dates, not work.
        let dates = role == Role::Steps
            && found.facets.is_empty()
            && found.criteria.is_empty()
            && !specific;
        let wants = (role.is_work() && !dates)
            || !found.facets.is_empty()
            || !found.criteria.is_empty()
            || specific && opens_with_verb(&super::titles::bare(&section.name))
            || phase(&section.name).is_some()
            || specific && self.tells_what_it_does(&all_words)
            || all_words.iter().any(|words| demands(words));
        if (empty && (!(specific && role.is_work()) || numbered_kind(&section.name))) || !wants {
            for piece in found
                .prose
                .iter()
                .chain(found.details.iter().map(|(p, _)| p))
                .chain(&found.labels)
            {
                self.set_aside(
                    *piece,
                    if dates {
                        "timeline"
                    } else if section.heading.is_some() && self.outline.title_section != Some(index)
                    {
                        "description"
                    } else {
                        "introduction"
                    },
                );
            }
            if let (true, Some(heading)) = (specific || empty || dates, section.heading) {
                self.reasons[heading] = Some(if empty {
                    "empty section"
                } else if dates {
                    "timeline"
                } else {
                    "description"
                });
            }
            return Vec::new();
        }
        if !specific && found.facets.is_empty() && section.meaning != Some(Meaning::Design) {
            let made = self.prose_issues(&found.prose, index);
            if made.is_empty() {
                for piece in found
                    .prose
                    .iter()
                    .chain(found.details.iter().map(|(p, _)| p))
                    .chain(&found.labels)
                    .chain(&found.criteria)
                {
                    self.set_aside(*piece, "description");
                }
                return made;
            }
            return self.with_rest(
                made,
                index,
                Found {
                    prose: Vec::new(),
                    ..found
                },
            );
        }
        vec![self.leaf(index, &found)]
    }

    /// "Wraps a provider behind our interface": a thing to build, told by what it does, in a text that asks for work.
    fn tells_what_it_does(&self, prose: &[&str]) -> bool {
        let first = |words: &&str| words.split(' ').next().unwrap_or_default().to_lowercase();
        self.titles.language == Language::English
            && self.outline.expects_work
            && !self.is_readme
            && prose.first().is_some_and(|words| {
                words.contains(' ') && from_third_person(&first(words)).is_some()
            })
    }

    /// One draft for all of a section.
    fn leaf(&mut self, index: usize, found: &Found) -> usize {
        let section = self.section_at(index);
        let title = if let Some(name) = numbered_kind(&section.name)
            .then(|| found.facets.first().or(found.prose.first()))
            .flatten()
        {
            self.title(&super::lists::naming(&self.pieces[*name]), index)
        } else if let (Some(Meaning::Design), Some(thing)) = (
            section.meaning,
            self.near(section.parent.unwrap_or(0)).first(),
        ) {
            // "How it works" under one feature tells of that feature.
            self.title(thing, section.parent.unwrap_or(0))
        } else if section.meaning == Some(Meaning::Design)
            && self.titles.about != super::titles::NAMELESS
        {
            if super::titles::has_predicate(&self.titles.about) {
                self.titles.title(&self.titles.about, &[])
            } else if opens_with_verb(&self.titles.about) || self.titles.language == Language::Other
            {
                super::titles::cut(&super::titles::capitalised(&self.titles.about))
            } else {
                super::titles::cut(&format!("Implement {}", self.titles.about))
            }
        } else if self.is_specific(index) || found.prose.is_empty() {
            let words = if self.is_specific(index) {
                section.name.clone()
            } else {
                self.titles.about.clone()
            };
            let title = self.title(&words, section.parent.unwrap_or(0));
            if phase(&section.name).is_some_and(|p| p.rest.is_empty()) {
                self.titles.group(&section.name)
            } else {
                title
            }
        } else {
            let wish = found
                .prose
                .iter()
                .map(|p| self.pieces[*p].plain.as_str())
                .find_map(|words| {
                    super::words::asks::sentences(words)
                        .into_iter()
                        .find(|s| asks(s))
                        .map(str::to_owned)
                });
            self.title(
                &wish.unwrap_or_else(|| self.pieces[found.prose[0]].plain.clone()),
                index,
            )
        };
        let anchor = section
            .heading
            .filter(|_| self.is_specific(index))
            .or(found.prose.first().copied())
            .or(found.facets.first().copied())
            .or(found.criteria.first().copied())
            .or(section.heading)
            .unwrap_or(0);
        let context = section
            .heading
            .map(|_| section.name.clone())
            .into_iter()
            .collect();
        let mut draft = Draft {
            title,
            rule: rules::SECTION,
            context,
            anchor,
            section: index,
            keys: super::labels::keys(&section.name, None),
            ..Draft::default()
        };
        draft.covers.extend(section.heading);
        draft.covers.extend(&found.labels);
        for piece in &found.prose {
            self.take_prose(&mut draft, *piece, true);
        }
        draft
            .main
            .extend(found.details.iter().map(|(piece, _)| *piece));
        draft.main.sort_unstable();
        draft
            .covers
            .extend(found.details.iter().map(|(piece, _)| *piece));
        for item in found.facets.iter().chain(&found.criteria) {
            self.absorb(&mut draft, *item);
        }
        self.push(draft)
    }

    /// A draft that groups those of its section and keeps the section's own words.
    fn group(&mut self, index: usize, found: Found) -> usize {
        let section = self.section_at(index);
        let mut draft = Draft {
            title: self.titles.group(&section.name),
            anchor: section.heading.unwrap_or(0),
            section: index,
            is_group: true,
            rule: rules::SECTION_GROUP,
            keys: super::labels::keys(&section.name, None),
            ..Draft::default()
        };
        draft.covers.extend(section.heading);
        draft.covers.extend(&found.labels);
        for piece in &found.prose {
            self.take_prose(&mut draft, *piece, true);
        }
        for item in found.facets.iter().chain(&found.criteria) {
            self.absorb(&mut draft, *item);
        }
        for (piece, before) in &found.details {
            let nearest = found.made[before.saturating_sub(1).min(found.made.len() - 1)];
            self.give_detail(nearest, *piece);
        }
        let group = self.push(draft);
        for made in found.made {
            self.drafts[made].parent = Some(group);
        }
        group
    }

    /// Drafts under a heading that is no thing itself.
    fn settle_collection(&mut self, index: usize, role: Role, found: Found) -> Vec<usize> {
        let mut made = found.made.clone();
        let document =
            self.section_at(index).heading.is_none() || self.outline.title_section == Some(index);
        let has_sections = self
            .section_at(index)
            .entries
            .iter()
            .any(|e| matches!(e, Entry::Section(_)));
        let mut intros = Vec::new();
        for (n, piece) in found.prose.iter().enumerate() {
            let words = &self.pieces[*piece].plain;
            let own = if document || role == Role::Plain || has_sections {
                is_normative(words)
            } else {
                demands(words)
            };
            if own && !words.ends_with(':') {
                made.extend(self.prose_issues(&[*piece], index));
            } else if document {
                self.reasons[*piece] = Some("introduction");
            } else {
                intros.push((*piece, n));
            }
        }
        // An introduction belongs to what follows it, up to the next paragraph.
        for (piece, n) in intros {
            let from = found.before_prose[n].min(found.made.len() - 1);
            let to = found
                .before_prose
                .get(n + 1)
                .copied()
                .unwrap_or(found.made.len())
                .max(from + 1);
            for draft in &found.made[from..to.min(found.made.len())] {
                self.drafts[*draft].covers.insert(piece);
            }
        }
        if !found.facets.is_empty() {
            let facets = Found {
                facets: found.facets.clone(),
                from: found.from,
                ..Found::default()
            };
            made.push(self.leaf(index, &facets));
        }
        self.with_rest(
            made,
            index,
            Found {
                prose: Vec::new(),
                facets: Vec::new(),
                ..found
            },
        )
    }

    /// Gives details to the nearest draft and criteria to those that they are about.
    fn with_rest(&mut self, mut made: Vec<usize>, index: usize, found: Found) -> Vec<usize> {
        for (piece, before) in found.details {
            let nearest = made[before.saturating_sub(1).min(made.len() - 1)];
            self.give_detail(nearest, piece);
        }
        let takers = self.spread_criteria(&found.criteria, &mut made, index, found.from);
        for label in found.labels {
            let takers = if takers.is_empty() {
                made.clone()
            } else {
                takers.clone()
            };
            for draft in takers {
                self.drafts[draft].covers.insert(label);
            }
        }
        made
    }

    fn give_detail(&mut self, draft: usize, piece: usize) {
        let draft = &mut self.drafts[draft];
        if !draft.main.contains(&piece) {
            draft.main.push(piece);
        }
        draft.covers.insert(piece);
    }

    fn loose_criteria(&mut self, index: usize, found: Found) -> Vec<usize> {
        let mut made = found.made;
        let mut draft = Draft {
            title: self.title(&self.section_at(index).name, 0),
            rule: rules::CRITERIA_ALONE,
            section: index,
            ..Draft::default()
        };
        for piece in found
            .criteria
            .iter()
            .chain(&found.prose)
            .chain(&found.facets)
            .copied()
            .chain(found.details.iter().map(|(p, _)| *p))
        {
            draft.criteria.push(Criterion {
                piece,
                sentence: None,
            });
            draft.covers.extend(self.outline.family(piece));
        }
        draft.covers.extend(found.labels);
        draft.anchor = draft.covers.first().copied().unwrap_or(0);
        if draft.covers.is_empty() {
            made
        } else {
            made.push(self.push(draft));
            made
        }
    }
}

/// "Story 1": a heading that only counts.
fn numbered_kind(name: &str) -> bool {
    super::titles::label_of(&format!("{name}: x"))
        .is_some_and(|(head, _)| head.ends_with(|c: char| c.is_ascii_digit()))
}
