//! The rule of doubles: the same item written twice is one issue, which covers both places.
//!
//! The same words are the same item only in one place: under one named heading, or under headings that name nothing. "Write tests" in
//! two phases is two issues, and so is a step that comes twice in an order.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::draft::Draft;
use super::outline::Entry;
use super::reader::Reader;
use super::rules;
use super::titles::phase;
use super::words::asks::normal;
use super::words::headings::Meaning;

impl Reader<'_> {
    /// Joins what is written more than once; the title and the pieces of each.
    pub(super) fn join_doubles(&mut self) -> Vec<(String, Vec<usize>)> {
        let parents: HashSet<usize> = self.drafts.iter().filter_map(|d| d.parent).collect();
        let ordered: HashSet<usize> = self
            .edges
            .iter()
            .filter(|(_, rule)| **rule == rules::ORDERED_LIST)
            .flat_map(|((waiting, first), _)| [*waiting, *first])
            .collect();
        let mut seen: HashMap<(String, usize, Option<usize>), usize> = HashMap::new();
        let mut into: BTreeMap<usize, usize> = BTreeMap::new();
        for n in 0..self.drafts.len() {
            let draft = &self.drafts[n];
            let single = matches!(
                draft.rule,
                rules::LIST_ITEM | rules::DEMAND | rules::TABLE_ROW
            );
            if draft.gone || !single || parents.contains(&n) || ordered.contains(&n) {
                continue;
            }
            let words = self.own_words(draft);
            if words.is_empty() {
                continue;
            }
            let first = *seen
                .entry((words, self.named_place(draft.section), draft.parent))
                .or_insert(n);
            if first != n {
                into.insert(n, first);
            }
        }
        let mut found: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (later, first) in &into {
            let places = found
                .entry(*first)
                .or_insert_with(|| vec![self.drafts[*first].anchor]);
            places.push(self.drafts[*later].anchor);
        }
        for (later, first) in &into {
            self.join(*first, *later);
        }
        self.join_steps(&mut into);
        self.wait_for_those(&into);
        found
            .into_iter()
            .map(|(first, places)| (self.drafts[first].title.clone(), places))
            .collect()
    }

    /// A step that only names a thing that has a section of its own is the work of that section, and brings its order along.
    fn join_steps(&mut self, into: &mut BTreeMap<usize, usize>) {
        let mut told: HashMap<String, Option<usize>> = HashMap::new();
        for (n, draft) in self.drafts.iter().enumerate() {
            if !draft.gone && draft.rule == rules::SECTION {
                told.entry(thing_of(&draft.title))
                    .and_modify(|found| *found = None)
                    .or_insert(Some(n));
            }
        }
        let steps: Vec<(usize, usize)> = (0..self.drafts.len())
            .filter(|n| {
                let draft = &self.drafts[*n];
                !draft.gone
                    && draft.rule == rules::LIST_ITEM
                    && draft.criteria.is_empty()
                    && draft.main.len() == 1
                    && self.section_at(draft.section).meaning == Some(Meaning::Steps)
            })
            .filter_map(|n| {
                let section = (*told.get(&thing_of(&self.drafts[n].title))?)?;
                Some((n, section))
            })
            .collect();
        self.adopt_descriptions();
        for (step, section) in steps {
            let waits = std::mem::take(&mut self.drafts[step].blocked_by);
            self.join(section, step);
            self.drafts[section].blocked_by.extend(waits);
            into.insert(step, section);
        }
    }

    /// A section that describes the thing of one step belongs to that step.
    fn adopt_descriptions(&mut self) {
        let mut steps: HashMap<String, Option<usize>> = HashMap::new();
        for (n, draft) in self.drafts.iter().enumerate() {
            if !draft.gone && self.section_at(draft.section).meaning == Some(Meaning::Steps) {
                steps
                    .entry(thing_of(&draft.title))
                    .and_modify(|found| *found = None)
                    .or_insert(Some(n));
            }
        }
        if steps.is_empty() {
            return;
        }
        for index in 1..self.outline.sections.len() {
            let section = self.section_at(index);
            let name = thing_of(&super::titles::bare(&section.name));
            let (Some(heading), Some(Some(step))) = (section.heading, steps.get(&name)) else {
                continue;
            };
            if self.reasons[heading] != Some("description") {
                continue;
            }
            let pieces: Vec<usize> = section
                .entries
                .iter()
                .filter_map(|entry| match entry {
                    Entry::Prose(piece) | Entry::Other(piece) => Some(*piece),
                    _ => None,
                })
                .filter(|piece| self.reasons[*piece] == Some("description"))
                .collect();
            for piece in pieces.iter().chain([&heading]) {
                self.reasons[*piece] = None;
            }
            let draft = &mut self.drafts[*step];
            draft.covers.extend(pieces.iter().chain([&heading]));
            draft.main.extend(pieces);
        }
    }

    fn own_words(&self, draft: &Draft) -> String {
        let it = &self.pieces[draft.anchor];
        if !it.cells.is_empty() {
            return normal(&it.cells.join(" | "));
        }
        match &draft.excerpt {
            Some(own) => normal(own),
            None => normal(&format!("{} {}", it.plain, it.more)),
        }
    }

    /// The nearest heading above that names a thing or a phase.
    fn named_place(&self, section: usize) -> usize {
        let mut at = Some(section);
        while let Some(index) = at {
            let section = self.section_at(index);
            if self.is_specific(index) || phase(&section.name).is_some() {
                return index;
            }
            at = section.parent;
        }
        0
    }

    fn join(&mut self, first: usize, later: usize) {
        let gone = std::mem::replace(
            &mut self.drafts[later],
            Draft {
                gone: true,
                ..Draft::default()
            },
        );
        self.twins.extend(&gone.covers);
        let said: HashSet<String> = self.drafts[first]
            .criteria
            .iter()
            .map(|c| self.words_of(c))
            .collect();
        let new: Vec<_> = gone
            .criteria
            .iter()
            .filter(|c| !said.contains(&self.words_of(c)))
            .cloned()
            .collect();
        let draft = &mut self.drafts[first];
        for criterion in &new {
            self.twins.remove(&criterion.piece);
        }
        draft.criteria.extend(new);
        draft
            .main
            .extend(gone.main.iter().filter(|p| **p != gone.anchor));
        draft.covers.extend(&gone.covers);
        draft.waits.extend(gone.waits);
        draft.keys.extend(gone.keys);
        for piece in &draft.main {
            self.twins.remove(piece);
        }
    }

    fn words_of(&self, criterion: &super::draft::Criterion) -> String {
        match &criterion.sentence {
            Some(sentence) => normal(sentence),
            None => normal(&self.pieces[criterion.piece].plain),
        }
    }

    /// Whoever waits for one that went waits for the one that it went to.
    pub(super) fn wait_for_those(&mut self, into: &BTreeMap<usize, usize>) {
        if into.is_empty() {
            return;
        }
        let moved: Vec<((usize, usize), &'static str)> = self
            .edges
            .iter()
            .filter_map(|((waiting, first), rule)| {
                let to = (
                    into.get(waiting).copied().unwrap_or(*waiting),
                    into.get(first).copied().unwrap_or(*first),
                );
                (to != (*waiting, *first)).then_some((to, *rule))
            })
            .collect();
        self.edges.extend(moved);
        for (n, draft) in self.drafts.iter_mut().enumerate().filter(|(_, d)| !d.gone) {
            draft.blocked_by = draft
                .blocked_by
                .iter()
                .map(|b| into.get(b).copied().unwrap_or(*b))
                .filter(|b| *b != n)
                .collect();
        }
    }
}

/// "Create the adapter" and "Add adapter" are about the adapter.
fn thing_of(title: &str) -> String {
    const MAKING: &[&str] = &[
        "add",
        "create",
        "build",
        "implement",
        "introduce",
        "write",
        "make",
        "develop",
    ];
    let words = normal(title);
    let words = match words.split_once(' ') {
        Some((verb, thing)) if MAKING.contains(&verb) => thing,
        _ => &words,
    };
    ["the ", "a ", "an ", "new "]
        .iter()
        .find_map(|article| words.strip_prefix(article))
        .unwrap_or(words)
        .to_owned()
}
