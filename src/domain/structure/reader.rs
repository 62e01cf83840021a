//! From the tree to drafts: which sections, lists, tables and sentences are work, and which are not.
//!
//! Every piece ends in one of two ways: a draft covers it, or it has a reason for being no work.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::draft::Draft;
use super::outline::{Entry, Outline, Section, is_ambiguous, strip_tags};
use super::rules;
use super::titles::{Titles, phase};
use super::words::asks::{demands, is_normative};
use super::words::headings::Meaning;
use crate::domain::spec::BlockKind;
use crate::domain::spec::pieces::Piece;

/// What a section is read for: its own meaning, or that of what it stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Work,
    Steps,
    Qualities,
    /// Nothing says yet that work is meant.
    Plain,
    Aside {
        reason: &'static str,
        firm: bool,
    },
    Criteria,
    Dependencies,
    Done,
}

impl Role {
    pub(super) fn is_work(self) -> bool {
        matches!(self, Self::Work | Self::Steps | Self::Qualities)
    }
}

/// Headings of what a phase delivers.
const DELIVERABLES: &[&str] = &[
    "deliverable",
    "deliverables",
    "ergebnisse",
    "livrables",
    "entregables",
    "entregáveis",
    "产出",
    "成果物",
];
/// Headings under which a section tells what its own thing must do.
const OWN: &[&str] = &[
    "requirement",
    "requirements",
    "functional requirements",
    "feature requirements",
    "functionality",
    "behavior",
    "behaviour",
    "expected behavior",
    "expected behaviour",
    "what",
    "scope",
    "specification",
    "anforderungen",
    "funktionalität",
    "exigences",
    "requisitos",
    "需求",
    "功能",
    "要件",
    "機能",
];

fn names(heading: &str, words: &[&str]) -> bool {
    words.contains(&super::words::asks::normal(heading).as_str())
}

pub(super) const ALREADY_DONE: &str = "already done";

/// The reading, as far as it has come.
pub(super) struct Reader<'a> {
    pub text: &'a str,
    pub pieces: &'a [Piece],
    pub outline: &'a Outline,
    pub titles: &'a Titles,
    pub drafts: Vec<Draft>,
    /// Why a piece is not work.
    pub reasons: Vec<Option<&'static str>>,
    /// Pieces that only say what waits for what.
    pub orders: Vec<usize>,
    /// Items of lists that are mostly orders: there a doubtful word is a verb too.
    pub among_orders: HashSet<usize>,
    /// Does the text describe what exists?
    pub is_readme: bool,
    /// Sentences that the text itself puts off.
    pub later: Vec<String>,
    /// By which rule a draft waits for another one, as (waiting, first).
    pub edges: HashMap<(usize, usize), &'static str>,
    /// Pieces that no rule took.
    pub rest: BTreeSet<usize>,
    /// Pieces that say again what an issue is made of.
    pub twins: BTreeSet<usize>,
    /// By which rule a piece is a part of an issue, where a rule of its own says so.
    pub why: HashMap<usize, &'static str>,
}

/// What was met in one section.
#[derive(Default)]
pub(super) struct Found {
    /// Drafts that stand directly under the section.
    pub made: Vec<usize>,
    pub prose: Vec<usize>,
    /// How many drafts there were before each paragraph.
    pub before_prose: Vec<usize>,
    /// How many drafts the whole reading had before this section.
    pub from: usize,
    /// List items that are parts of one thing.
    pub facets: Vec<usize>,
    /// Code, quotes and facts, with how many drafts there were before them.
    pub details: Vec<(usize, usize)>,
    pub criteria: Vec<usize>,
    /// Headings of criteria sections and the like, covered by whatever takes their content.
    pub labels: Vec<usize>,
}

impl<'a> Reader<'a> {
    pub(super) fn section_at(&self, index: usize) -> &'a Section {
        &self.outline.sections[index]
    }

    /// Is the section named after a thing, not after a kind of content?
    pub(super) fn is_specific(&self, index: usize) -> bool {
        let section = self.section_at(index);
        section.heading.is_some()
            && self.outline.title_section != Some(index)
            && (section.meaning.is_none()
                || (is_ambiguous(&section.name) && self.parent_holds_work(index)))
    }

    fn parent_holds_work(&self, index: usize) -> bool {
        let mut at = self.section_at(index).parent;
        while let Some(parent) = at {
            if matches!(
                self.section_at(parent).meaning,
                Some(Meaning::Work | Meaning::Design | Meaning::Steps | Meaning::Qualities)
            ) {
                return true;
            }
            at = self.section_at(parent).parent;
        }
        false
    }

    /// What a title in this section may lean on, nearest first.
    pub(super) fn near(&self, index: usize) -> Vec<&'a str> {
        let mut names = Vec::new();
        let mut at = Some(index);
        while let Some(section) = at {
            if self.is_specific(section) && phase(&self.section_at(section).name).is_none() {
                names.push(self.section_at(section).name.as_str());
            }
            at = self.section_at(section).parent;
        }
        names
    }

    pub(super) fn title(&self, words: &str, section: usize) -> String {
        let mut near = self.near(section);
        near.push(&self.titles.about);
        self.titles.title(words, &near)
    }

    pub(super) fn push(&mut self, draft: Draft) -> usize {
        self.drafts.push(draft);
        self.drafts.len() - 1
    }

    pub(super) fn set_aside(&mut self, piece: usize, reason: &'static str) {
        for member in self.outline.family(piece) {
            self.reasons[member] = Some(reason);
        }
    }

    /// The role of a section inside one that has `outer`.
    pub(super) fn role(&self, index: usize, outer: Role) -> Role {
        let section = self.section_at(index);
        let own = match section.meaning {
            Some(Meaning::Work)
                if self.is_readme
                    && ["features", "key features", "core features", "highlights"]
                        .contains(&section.name.to_lowercase().as_str()) =>
            {
                Some(Role::Done)
            }
            None => None,
            Some(Meaning::Aside { .. }) if is_ambiguous(&section.name) && outer.is_work() => None,
            Some(Meaning::Aside { reason, firm }) => Some(Role::Aside { reason, firm }),
            // What bound a decision is why it was taken.
            Some(Meaning::Qualities) if self.outline.decision.is_some() => Some(Role::Aside {
                reason: "context",
                firm: false,
            }),
            Some(Meaning::Work | Meaning::Design) => Some(Role::Work),
            Some(Meaning::Steps) => Some(Role::Steps),
            Some(Meaning::Criteria) => Some(Role::Criteria),
            Some(Meaning::Qualities) => Some(Role::Qualities),
            Some(Meaning::Dependencies) => Some(Role::Dependencies),
            Some(Meaning::Done) => Some(Role::Done),
        };
        match (outer, own) {
            (Role::Done, _) => Role::Done,
            (Role::Aside { firm: true, .. }, Some(aside @ Role::Aside { .. })) => aside,
            (Role::Aside { firm: true, .. } | Role::Criteria, _) => outer,
            // A phase is work wherever it is told.
            (Role::Aside { firm: false, .. }, None) if phase(&section.name).is_some() => Role::Work,
            // Steps are the sections or items themselves; what stands inside one of them is not.
            (Role::Steps, None) => Role::Work,
            (_, Some(own)) => own,
            (_, None) => outer,
        }
    }

    /// Reads one section; the drafts that stand directly under it.
    pub(super) fn section(&mut self, index: usize, role: Role) -> Vec<usize> {
        match role {
            Role::Aside { reason, firm } => return self.aside_section(index, role, reason, firm),
            Role::Done => return self.aside_section(index, role, ALREADY_DONE, true),
            Role::Dependencies => return self.order_section(index, role),
            _ => {}
        }
        let mut found = Found {
            from: self.drafts.len(),
            ..Found::default()
        };
        for entry in &self.section_at(index).entries {
            self.entry(entry, index, role, &mut found);
        }
        self.chain_phases(&found.made, index, role);
        let made = self.settle(index, role, found);
        self.cover_heading(index, &made);
        made
    }

    pub(super) fn entry(&mut self, entry: &'a Entry, index: usize, role: Role, found: &mut Found) {
        match entry {
            Entry::Prose(piece) => self.prose(*piece, found),
            Entry::List(items) if role == Role::Criteria => found.criteria.extend(items),
            Entry::List(items) => self.list(items, index, role, found),
            Entry::Table { head, rows } => self.table(*head, rows, index, role, found),
            Entry::Other(piece) => self.other(*piece, found),
            Entry::Section(inner) => self.inner_section(*inner, role, found),
        }
    }

    fn prose(&mut self, piece: usize, found: &mut Found) {
        if self.pieces[piece].struck {
            self.reasons[piece] = Some("struck out");
        } else if let Some(reason) = super::labels::aside_of(&self.pieces[piece], self.text) {
            self.reasons[piece] = Some(reason);
        } else if let Some(rest) = super::labels::criteria_of(&self.pieces[piece]) {
            if rest {
                found.criteria.push(piece);
            } else {
                found.labels.push(piece);
            }
        } else {
            found.prose.push(piece);
            found.before_prose.push(found.made.len());
        }
    }

    fn other(&mut self, piece: usize, found: &mut Found) {
        let it = &self.pieces[piece];
        let source = &self.text[it.range.clone()];
        let reason = match it.kind {
            BlockKind::Metadata if it.front_matter => Some("document data"),
            BlockKind::Metadata if it.footnote.is_some() => Some("footnote"),
            BlockKind::Metadata => Some("reference"),
            BlockKind::Html if source.starts_with("<!--") && source.trim_end().ends_with("-->") => {
                Some("comment")
            }
            BlockKind::Html if !strip_tags(source).chars().any(char::is_alphanumeric) => {
                Some("markup")
            }
            BlockKind::Quote if !it.alert && !demands(&it.plain) => Some("quotation"),
            _ => None,
        };
        match reason {
            Some(reason) => self.set_aside(piece, reason),
            None => found.details.push((piece, found.made.len())),
        }
    }

    fn inner_section(&mut self, inner: usize, outer: Role, found: &mut Found) {
        let role = self.role(inner, outer);
        let section = self.section_at(inner);
        match role {
            Role::Criteria => {
                let mut within = Found::default();
                for entry in &section.entries {
                    self.entry(entry, inner, role, &mut within);
                }
                found.labels.extend(section.heading);
                found.labels.extend(within.labels);
                found.criteria.extend(within.prose);
                found.criteria.extend(within.criteria);
                found.criteria.extend(within.facets);
                found
                    .criteria
                    .extend(within.details.into_iter().map(|(piece, _)| piece));
                found.made.extend(within.made);
            }
            // What a phase delivers says when the phase is done, where its tasks were told before.
            Role::Work if self.delivers_a_phase(inner, found) => {
                self.why_of_section(inner, rules::DELIVERABLE);
                found.labels.extend(section.heading);
                for entry in &section.entries {
                    self.entry(entry, inner, Role::Criteria, found);
                }
            }
            // "Requirements" inside the section of one thing are that thing's own.
            Role::Work if self.tells_of_one_thing(inner) => {
                self.why_of_section(inner, rules::OWN_REQUIREMENT);
                found.labels.extend(section.heading);
                let outer_index = section.parent.unwrap_or(0);
                for entry in &section.entries {
                    self.entry(entry, outer_index, outer, found);
                }
            }
            // "Description" inside a feature describes that feature.
            Role::Aside {
                reason: "introduction",
                ..
            } if outer.is_work() => {
                found.labels.extend(section.heading);
                for entry in &section.entries {
                    self.entry(entry, inner, outer, found);
                }
            }
            _ if role.is_work() && self.is_part_of_design(inner) => {
                self.read_as_part(inner, role, found);
            }
            _ => found.made.extend(self.section(inner, role)),
        }
    }

    fn why_of_section(&mut self, index: usize, rule: &'static str) {
        let section = self.section_at(index);
        self.why
            .extend(section.heading.map(|heading| (heading, rule)));
        for entry in &section.entries {
            match entry {
                Entry::Prose(piece) => {
                    self.why.insert(*piece, rule);
                }
                Entry::List(items) => self.why.extend(items.iter().map(|i| (*i, rule))),
                _ => {}
            }
        }
    }

    fn delivers_a_phase(&self, index: usize, found: &Found) -> bool {
        let section = self.section_at(index);
        let in_phase = section
            .parent
            .is_some_and(|parent| phase(&self.section_at(parent).name).is_some());
        in_phase && !found.made.is_empty() && names(&section.name, DELIVERABLES)
    }

    fn tells_of_one_thing(&self, index: usize) -> bool {
        let section = self.section_at(index);
        section.parent.is_some_and(|parent| {
            self.is_specific(parent) && phase(&self.section_at(parent).name).is_none()
        }) && names(&section.name, OWN)
            && section
                .entries
                .iter()
                .all(|entry| matches!(entry, Entry::Prose(_) | Entry::List(_) | Entry::Other(_)))
    }

    fn cover_heading(&mut self, index: usize, made: &[usize]) {
        let Some(heading) = self.section_at(index).heading else {
            return;
        };
        if self.outline.title_section == Some(index) {
            self.reasons[heading] = Some("document title");
            return;
        }
        if made.is_empty() {
            self.reasons[heading].get_or_insert("empty section");
        }
        for draft in made {
            self.drafts[*draft].covers.insert(heading);
        }
    }

    /// A section that is no work, except for what plainly is.
    fn aside_section(
        &mut self,
        index: usize,
        role: Role,
        reason: &'static str,
        firm: bool,
    ) -> Vec<usize> {
        let section = self.section_at(index);
        let mut made = Vec::new();
        for entry in &section.entries {
            match entry {
                Entry::Section(inner) => {
                    let inner_role = self.role(*inner, role);
                    if inner_role == Role::Criteria {
                        made.extend(self.section(*inner, if firm { role } else { Role::Work }));
                    } else {
                        made.extend(self.section(*inner, inner_role));
                    }
                }
                Entry::Prose(piece) if !firm && is_normative(&self.pieces[*piece].plain) => {
                    made.extend(self.prose_issues(&[*piece], index));
                }
                Entry::Prose(piece) | Entry::Other(piece) => self.set_aside(*piece, reason),
                Entry::List(items) => {
                    for item in items {
                        let it = &self.pieces[*item];
                        for nested in self.outline.family(*item).into_iter().skip(1) {
                            if super::labels::is_action(&self.pieces[nested].plain)
                                && reason != ALREADY_DONE
                            {
                                made.extend(self.item(nested, index, Role::Work));
                            }
                        }
                        let action = super::labels::is_action(&it.plain)
                            || (!firm && it.checked == Some(false))
                            || (!firm && is_normative(&it.plain));
                        if action && reason != ALREADY_DONE {
                            made.extend(self.item(*item, index, Role::Work));
                        } else {
                            self.set_aside(*item, reason);
                        }
                    }
                }
                Entry::Table { head, rows } => head
                    .iter()
                    .chain(rows)
                    .for_each(|row| self.set_aside(*row, reason)),
            }
        }
        if let Some(heading) = section.heading {
            self.reasons[heading] = Some(reason);
        }
        made
    }

    /// "Dependencies": read later, when there is something to depend on.
    fn order_section(&mut self, index: usize, role: Role) -> Vec<usize> {
        let section = self.section_at(index);
        let mut made = Vec::new();
        self.orders.extend(section.heading);
        for entry in &section.entries {
            match entry {
                Entry::Prose(piece) | Entry::Other(piece) => self.orders.push(*piece),
                Entry::List(items) => {
                    for item in items {
                        if self.pieces[*item].checked == Some(false) {
                            made.extend(self.item(*item, index, Role::Work));
                        } else {
                            self.orders.extend(self.outline.family(*item));
                        }
                    }
                }
                Entry::Table { head, rows } => self.orders.extend(head.iter().chain(rows)),
                Entry::Section(inner) => made.extend(self.section(*inner, self.role(*inner, role))),
            }
        }
        made
    }

    /// Phases wait for the one before: one edge each.
    fn chain_phases(&mut self, made: &[usize], index: usize, role: Role) {
        let _ = role;
        let mut last: Option<(String, usize)> = None;
        for draft in made {
            let section = self.drafts[*draft].section;
            let inner = self.section_at(section);
            let Some(found) = phase(&inner.name).filter(|_| inner.parent == Some(index)) else {
                continue;
            };
            if let Some((kind, before)) = &last
                && *kind == found.kind
                && before != draft
            {
                let before = *before;
                self.drafts[*draft].blocked_by.insert(before);
                self.edges.insert((*draft, before), rules::PHASES);
            }
            last = Some((found.kind, *draft));
        }
    }
}
