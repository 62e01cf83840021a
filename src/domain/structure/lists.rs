//! Lists: is each item a piece of work, or are they parts of one?

use super::draft::{Criterion, Draft};
use super::labels;
use super::outline::{is_item, meaning};
use super::reader::{ALREADY_DONE, Found, Reader, Role};
use super::rules;
use super::titles::{bare, id, phase};
use super::words;
use super::words::asks::{asks, demands, is_deferred, sentences};
use super::words::headings::Meaning;
use super::words::language::Language;
use super::words::verbs::opens_with_verb;

/// What a list is made of, as shares of its items.
struct Shape {
    items: usize,
    words: usize,
    orders: usize,
    demands: usize,
    /// Those that demand wherever they stand.
    strong: usize,
    stories: usize,
    ids: usize,
    parents: usize,
    leads: usize,
    boxes: usize,
    phases: usize,
    fields: usize,
}

impl Shape {
    fn most(&self, count: usize) -> bool {
        count * 5 >= self.items * 3
    }

    fn average(&self) -> usize {
        self.words / self.items.max(1)
    }
}

impl<'a> Reader<'a> {
    pub(super) fn list(&mut self, items: &'a [usize], index: usize, role: Role, found: &mut Found) {
        let contents = items
            .iter()
            .filter(|i| self.pieces[**i].contents_link)
            .count();
        if contents * 4 >= items.len() * 3 {
            for item in items {
                self.set_aside(*item, "table of contents");
            }
            return;
        }
        let document =
            self.section_at(index).heading.is_none() || self.outline.title_section == Some(index);
        if document && self.tells_of_the_document(items) {
            for item in items {
                self.set_aside(*item, "document data");
            }
            return;
        }
        if role == Role::Plain && self.only_describe(items) {
            for item in items {
                self.set_aside(*item, "description");
            }
            return;
        }
        if !self.is_independent(items, index, role, found) {
            let because = if self.is_procedure(items, index, found) {
                Some(rules::PROCEDURE)
            } else {
                self.tells_a_design(index).then_some(rules::STATEMENT)
            };
            // "Users: developers only" in a list of parts says itself that it is none.
            let (asides, items): (Vec<usize>, Vec<usize>) = items.iter().partition(|i| {
                labels::aside_of(&self.pieces[**i], self.text).is_some()
                    && self.outline.children[**i].is_empty()
            });
            for item in asides {
                let reason =
                    labels::aside_of(&self.pieces[item], self.text).unwrap_or("description");
                self.set_aside(item, reason);
            }
            self.why.extend(
                because
                    .into_iter()
                    .flat_map(|rule| items.iter().map(move |i| (*i, rule))),
            );
            found.facets.extend(&items);
            return;
        }
        let shape = self.shape(items);
        let steps = role == Role::Steps || phase(&self.section_at(index).name).is_some();
        if shape.most(shape.orders) || (steps && shape.orders > 0) {
            self.among_orders.extend(items);
        }
        let first = found.made.len();
        for item in items {
            let made = self.item(*item, index, role);
            found.made.extend(made);
        }
        let in_phase = phase(&self.section_at(index).name).is_some();
        self.chain_items(&found.made[first..], items, role, in_phase);
    }

    /// Items that tell how things are, in a text that speaks of no work: "SAML is an older standard".
    fn only_describe(&self, items: &[usize]) -> bool {
        let told = |item: &usize| {
            let it = &self.pieces[*item];
            it.checked.is_none() && words::lists::describes(&format!("{} {}", it.plain, it.more))
        };
        self.titles.language == Language::English
            && !self.outline.expects_work
            && items.iter().filter(|i| told(i)).count() * 2 >= items.len()
            && items.iter().all(|i| {
                let it = &self.pieces[*i];
                it.checked.is_none() && !demands(&it.plain) && !opens_with_verb(&bare(&it.plain))
            })
    }

    /// Is the section a design, or a part of one?
    fn tells_a_design(&self, index: usize) -> bool {
        self.section_at(index).meaning == Some(Meaning::Design)
            || self.depth_in_design(index).is_some()
    }

    /// "Author: Ann", "Status: draft": labels and values, most of them known to tell of documents.
    fn tells_of_the_document(&self, items: &[usize]) -> bool {
        let labels: Vec<Option<&str>> = items
            .iter()
            .map(|i| labels::split(&self.pieces[*i].plain).map(|(head, _)| head))
            .collect();
        let known = labels
            .iter()
            .flatten()
            .filter(|head| labels::is_document_key(head))
            .count();
        labels.iter().all(Option::is_some) && known * 2 > items.len()
            || items
                .iter()
                .all(|i| labels::is_planning(&self.pieces[*i].plain))
    }

    /// Ordered steps wait for the one before.
    fn chain_items(&mut self, made: &[usize], items: &[usize], role: Role, in_phase: bool) {
        let ordered = (role == Role::Steps || in_phase)
            && items.iter().all(|i| self.pieces[*i].ordinal.is_some());
        let phased = items
            .iter()
            .filter(|i| phase(&self.pieces[**i].plain).is_some())
            .count()
            * 2
            > items.len();
        if !ordered && !phased {
            return;
        }
        for pair in made.windows(2) {
            self.drafts[pair[1]].blocked_by.insert(pair[0]);
            self.edges.insert((pair[1], pair[0]), rules::ORDERED_LIST);
        }
    }

    fn shape(&self, items: &[usize]) -> Shape {
        let mut shape = Shape {
            items: items.len(),
            words: 0,
            orders: 0,
            demands: 0,
            strong: 0,
            stories: 0,
            ids: 0,
            parents: 0,
            leads: 0,
            boxes: 0,
            phases: 0,
            fields: 0,
        };
        for item in items {
            let it = &self.pieces[*item];
            let name = bare(&it.plain);
            shape.words += it.plain.split(' ').count();
            shape.orders += usize::from(
                opens_with_verb(&name)
                    || (self.titles.language == Language::Other
                        && words::lists::is_foreign_order(&name))
                    || labels::split(&name).is_some_and(|(_, rest)| opens_with_verb(rest)),
            );
            shape.demands += usize::from(asks(&it.plain));
            shape.strong += usize::from(demands(&it.plain));
            shape.stories += usize::from(it.plain.to_lowercase().starts_with("as a"));
            shape.ids += usize::from(id(it
                .plain
                .split([' ', ':'])
                .next()
                .unwrap_or_default()
                .trim_matches(['[', ']', '.'])));
            shape.parents += usize::from(
                self.outline.children[*item]
                    .iter()
                    .any(|c| is_item(&self.pieces[*c])),
            );
            shape.leads +=
                usize::from(it.lead.as_ref().is_some_and(|lead| {
                    lead.len() < it.plain.len() && lead.split(' ').count() <= 6
                }));
            shape.boxes += usize::from(it.checked.is_some());
            shape.phases += usize::from(phase(&it.plain).is_some());
            shape.fields += usize::from(
                labels::is_planning(&it.plain)
                    || labels::is_order(&it.plain)
                    || labels::split(&it.plain)
                        .is_some_and(|(head, _)| meaning(head).is_some_and(|m| m != Meaning::Work)),
            );
        }
        shape
    }

    fn is_independent(&self, items: &[usize], index: usize, role: Role, found: &Found) -> bool {
        let shape = self.shape(items);
        if shape.fields * 2 >= shape.items && shape.fields > 0 {
            return false;
        }
        if shape.most(shape.stories)
            || shape.most(shape.ids)
            || (shape.phases >= 2 && shape.most(shape.phases))
        {
            return true;
        }
        let section = self.section_at(index);
        if tests(&section.name) {
            return false;
        }
        if !self.is_specific(index) && section.meaning != Some(Meaning::Design) {
            // A list after a wish at the top of a short text tells the parts of that wish.
            let wish = found.prose.last().is_some_and(|p| {
                demands(&self.pieces[*p].plain) || opens_with_verb(&bare(&self.pieces[*p].plain))
            });
            let bare_text = section.meaning.is_none() && role == Role::Plain;
            return !(bare_text && wish)
                || shape.boxes > 0
                || shape.items >= 6
                || self.are_orders(items, index, &shape, found)
                || shape.average() >= 9;
        }
        if phase(&section.name).is_some() {
            return shape.items >= 2 || shape.boxes > 0 || shape.orders > 0;
        }
        if shape.most(shape.boxes) {
            return shape.average() >= 2 && (shape.items >= 2 || role == Role::Steps);
        }
        if self.are_orders(items, index, &shape, found) {
            return true;
        }
        if shape.items < 2 {
            return false;
        }
        if shape.most(shape.parents) && role.is_work() {
            return true;
        }
        // Where nothing says that work is meant, "X can do Y" describes.
        let expected = role.is_work() && !self.tells_a_design(index);
        let asked = if expected {
            shape.demands
        } else {
            shape.strong
        };
        (expected && shape.most(shape.leads) && shape.average() >= 6)
            || (shape.most(asked) && shape.average() >= 9 && shape.items >= 4)
    }

    /// The rule of orders: items that each tell what to do are issues of their own, unless a sentence before them names the one
    /// thing that they are parts of, or all of them only say how one thing looks ("Show …", "Show …").
    fn are_orders(&self, items: &[usize], index: usize, shape: &Shape, found: &Found) -> bool {
        let last = found.prose.last().map(|p| &self.pieces[*p]);
        let facets = items
            .iter()
            .filter(|i| words::lists::says_how(&bare(&self.pieces[**i].plain)))
            .count();
        shape.most(shape.orders)
            && !self.is_procedure(items, index, found)
            && shape.average() >= 3
            && (shape.items >= 2 || last.is_none())
            && !(shape.items >= 2 && shape.most(facets))
            && !last.is_some_and(|it| words::lists::introduces_parts(&whole(it)))
    }

    /// "We do the following: 1. get …, 2. save …" in a design tells a procedure.
    fn is_procedure(&self, items: &[usize], index: usize, found: &Found) -> bool {
        self.section_at(index).meaning == Some(Meaning::Design)
            && found.prose.last().is_some_and(|p| {
                let intro = whole(&self.pieces[*p]);
                intro.trim_end().ends_with(':') && !demands(&intro)
            })
            && items.iter().all(|i| {
                let it = &self.pieces[*i];
                it.checked.is_none() && it.ordinal.is_some()
            })
    }

    /// An item as one draft, or as a group of those under it.
    pub(super) fn item(&mut self, item: usize, index: usize, role: Role) -> Vec<usize> {
        let it = &self.pieces[item];
        let kids: Vec<usize> = self.outline.children[item]
            .iter()
            .copied()
            .filter(|c| is_item(&self.pieces[*c]))
            .collect();
        if it.struck {
            self.set_aside(item, "struck out");
            return Vec::new();
        }
        if it.checked == Some(true) || super::outline::is_over(&it.plain) {
            return self.done_item(item, &kids, index, role);
        }
        let question = super::outline::is_question(&it.plain)
            || it.lead.as_deref().is_some_and(super::outline::is_question);
        if let Some(reason) =
            labels::aside_of(it, self.text).or(question.then_some("open question"))
        {
            self.set_aside(item, reason);
            return Vec::new();
        }
        let label = labels::split(&it.plain)
            .filter(|(_, rest)| rest.is_empty())
            .map_or(it.plain.as_str(), |(head, _)| head);
        match meaning(label) {
            // "- Not now" over what is not wanted now
            Some(Meaning::Aside { reason, .. })
                if !kids.is_empty() && label.split(' ').count() <= 4 =>
            {
                self.set_aside(item, reason);
                return Vec::new();
            }
            // "- Features:" holds work, and is none.
            Some(Meaning::Work | Meaning::Design | Meaning::Steps | Meaning::Qualities)
                if !kids.is_empty() =>
            {
                let mut made = Vec::new();
                for kid in &kids {
                    made.extend(self.item(*kid, index, role));
                }
                for draft in &made {
                    self.drafts[*draft].covers.extend(
                        self.outline.children[item]
                            .iter()
                            .filter(|c| !kids.contains(c))
                            .chain([&item]),
                    );
                }
                return made;
            }
            Some(Meaning::Done) if !kids.is_empty() => {
                self.set_aside(item, ALREADY_DONE);
                return Vec::new();
            }
            _ => {}
        }
        if self.groups(item, &kids) {
            vec![self.item_group(item, &kids, index, role)]
        } else {
            vec![self.item_leaf(item, index)]
        }
    }

    /// Ticked: done, but what is unticked under it is not.
    fn done_item(&mut self, item: usize, kids: &[usize], index: usize, role: Role) -> Vec<usize> {
        self.set_aside(item, ALREADY_DONE);
        let mut made = Vec::new();
        for kid in kids {
            if self.pieces[*kid].checked == Some(false) {
                for member in self.outline.family(*kid) {
                    self.reasons[member] = None;
                }
                made.extend(self.item(*kid, index, role));
            }
        }
        made
    }

    /// Does an item only name what those under it are for?
    fn groups(&self, item: usize, kids: &[usize]) -> bool {
        let work: Vec<usize> = kids
            .iter()
            .copied()
            .filter(|kid| {
                !labels::is_planning(&self.pieces[*kid].plain)
                    && !labels::is_order(&self.pieces[*kid].plain)
                    && labels::criteria_of(&self.pieces[*kid]).is_none()
            })
            .collect();
        if work.len() < 2 {
            return false;
        }
        let it = &self.pieces[item];
        let words = it.plain.split(' ').count();
        let is_phase = phase(&it.plain).is_some();
        let names = is_phase
            || it.plain.ends_with(':')
            || (words <= 5 && !opens_with_verb(&bare(&it.plain)) && !demands(&it.plain));
        let shape = self.shape(&work);
        let boxes = shape.boxes >= 2 && shape.average() >= 2;
        names
            && (is_phase
                || boxes
                || (shape.most(shape.orders) && shape.average() >= 2)
                || shape.most(shape.stories)
                || shape.most(shape.parents))
    }

    fn item_group(&mut self, item: usize, kids: &[usize], index: usize, role: Role) -> usize {
        let it = &self.pieces[item];
        let words = it.plain.trim_end_matches(':');
        let mut draft = Draft {
            title: self.titles.group(words),
            anchor: item,
            main: vec![item],
            section: index,
            is_group: true,
            rule: rules::ITEM_WITH_PARTS,
            keys: labels::keys(&it.plain, it.ordinal),
            ..Draft::default()
        };
        draft.covers.insert(item);
        for extra in self.outline.children[item].clone() {
            if !kids.contains(&extra) {
                draft.main.push(extra);
                draft.covers.insert(extra);
            }
        }
        let mut made = Vec::new();
        for kid in kids {
            let words = &self.pieces[*kid].plain;
            if labels::is_planning(words)
                || labels::is_order(words)
                || labels::criteria_of(&self.pieces[*kid]).is_some()
            {
                self.absorb(&mut draft, *kid);
            } else {
                let near = bare(&it.plain);
                for inner in self.item(*kid, index, role) {
                    if self.titles.title(&self.pieces[*kid].plain, &[]) == self.drafts[inner].title
                    {
                        self.drafts[inner].context.insert(0, near.clone());
                    }
                    made.push(inner);
                }
            }
        }
        let group = self.push(draft);
        for inner in made {
            self.drafts[inner].parent = Some(group);
        }
        group
    }

    fn item_leaf(&mut self, item: usize, index: usize) -> usize {
        let it = &self.pieces[item];
        let title = if self.among_orders.contains(&item) {
            self.titles.order(&naming(it))
        } else {
            None
        };
        let mut draft = Draft {
            title: title.unwrap_or_else(|| self.title(&naming(it), index)),
            rule: rules::LIST_ITEM,
            anchor: item,
            main: vec![item],
            section: index,
            keys: labels::keys(&it.plain, it.ordinal),
            ..Draft::default()
        };
        draft.covers.insert(item);
        self.demanding_sentences(&mut draft, item, true);
        for child in self.outline.children[item].clone() {
            self.absorb(&mut draft, child);
        }
        self.push(draft)
    }

    /// Takes a nested item (or what else hangs on an item) into a draft: mostly as a criterion.
    pub(super) fn absorb(&mut self, draft: &mut Draft, piece: usize) {
        let it = &self.pieces[piece];
        let label = labels::split(&it.plain);
        if it.struck {
            self.set_aside(piece, "struck out");
            return;
        }
        if it.checked == Some(true) {
            self.set_aside(piece, ALREADY_DONE);
            return;
        }
        let planning = labels::is_planning(&it.plain) || labels::is_order(&it.plain);
        if let (false, true, Some(reason)) =
            (planning, is_item(it), labels::aside_of(it, self.text))
        {
            self.set_aside(piece, reason);
            return;
        }
        draft.covers.extend(self.outline.family(piece));
        if !is_item(it) && !matches!(it.kind, crate::domain::spec::BlockKind::Paragraph) || planning
        {
            draft.main.push(piece);
            return;
        }
        if !is_item(it) {
            self.take_prose(draft, piece, false);
            return;
        }
        match label.map(|(head, rest)| (meaning(head), rest)) {
            Some((Some(Meaning::Criteria | Meaning::Work | Meaning::Qualities), ""))
                if !self.outline.children[piece].is_empty() =>
            {
                for child in self.outline.children[piece].clone() {
                    self.absorb(draft, child);
                }
            }
            Some((Some(Meaning::Criteria), rest))
                if self.outline.children[piece].is_empty() && !rest.is_empty() =>
            {
                draft.criteria.push(Criterion {
                    piece,
                    sentence: Some(rest.to_owned()),
                });
            }
            _ => draft.criteria.push(Criterion {
                piece,
                sentence: None,
            }),
        }
    }

    /// A paragraph in a draft: its text says what to build, its demands are criteria.
    pub(super) fn take_prose(&mut self, draft: &mut Draft, piece: usize, _own: bool) {
        draft.main.push(piece);
        draft.covers.insert(piece);
        self.demanding_sentences(draft, piece, false);
    }

    /// "Must" sentences and Given/When/Then of a paragraph; the first of an item is the item's title, not a criterion.
    fn demanding_sentences(&self, draft: &mut Draft, piece: usize, skip_first: bool) {
        let it = &self.pieces[piece];
        if it.plain.starts_with("Given ")
            && it.plain.contains(" hen ") | it.plain.contains("When ") | it.plain.contains(" when ")
        {
            draft.criteria.push(Criterion {
                piece,
                sentence: Some(it.plain.clone()),
            });
            return;
        }
        let whole = format!("{} {}", it.plain, it.more);
        for (n, sentence) in sentences(&whole).into_iter().enumerate() {
            if (skip_first && n == 0)
                || !asks(sentence)
                || is_deferred(sentence)
                || sentence.ends_with([':', '?'])
            {
                continue;
            }
            draft.criteria.push(Criterion {
                piece,
                sentence: Some(sentence.to_owned()),
            });
        }
    }
}

/// The words of an item that name it: bold words at the start come first.
pub(super) fn naming(piece: &crate::domain::spec::pieces::Piece) -> String {
    #[rustfmt::skip] // words, many to a line
    const EMPHASIS: &[&str] = &[
        "must", "should", "could", "may", "shall", "as a", "as an", "as the", "note", "important", "new", "optional", "p0", "p1",
        "p2", "p3", "i want", "not", "no", "all", "only", "every", "given", "when", "then", "users", "user",
    ];
    let Some(lead) = &piece.lead else {
        return piece.plain.clone();
    };
    let name = lead.trim_end_matches([':', '.', '—', '–', '-', ' ']);
    let Some(rest) = piece.plain.strip_prefix(lead.as_str()) else {
        return piece.plain.clone();
    };
    let rest = rest.trim_start_matches([':', '.', '—', '–', '-', ' ']);
    if rest.is_empty()
        || name.is_empty()
        || EMPHASIS.contains(&name.to_lowercase().as_str())
        || name.to_lowercase().starts_with("as a")
    {
        return piece.plain.clone();
    }
    // Bold words in the middle of a sentence are no name.
    let joined = lead.ends_with([':', '.', '—', '–'])
        || piece.plain[lead.len()..]
            .trim_start()
            .starts_with([':', '—', '–', '-', '.', '(']);
    if joined || rest.starts_with(char::is_uppercase) {
        format!("{name}: {rest}")
    } else {
        piece.plain.clone()
    }
}

/// What a test plan lists says how the work is checked.
fn tests(heading: &str) -> bool {
    let name = super::words::asks::normal(heading);
    [
        "test plan",
        "testing strategy",
        "test strategy",
        "test cases",
        "testplan",
        "plan de test",
        "plan de pruebas",
        "plano de testes",
    ]
    .iter()
    .any(|tail| name.ends_with(tail))
}

/// All sentences of a paragraph.
fn whole(piece: &crate::domain::spec::pieces::Piece) -> String {
    format!("{} {}", piece.plain, piece.more)
}
