//! As many issues as were wished for: neighbours merged, or issues split along their own parts.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap};

use super::draft::{Criterion, Draft};
use super::outline::is_item;
use super::reader::Reader;
use super::rules;
use super::titles::{LONGEST, cut};

/// Two neighbours that may become one: how far apart, how large together, which two, and their size when this was written.
type Pair = (usize, usize, usize, usize, usize);

impl Reader<'_> {
    pub(super) fn alive(&self) -> usize {
        self.drafts.iter().filter(|d| !d.gone).count()
    }

    /// A group that holds everything says nothing that the trigger issue does not say; one that holds a single issue neither.
    pub(super) fn dissolve_needless_groups(&mut self) {
        let mut groups = Groups::of(&self.drafts);
        let mut small: Vec<usize> = groups
            .children
            .iter()
            .filter(|(_, inside)| inside.len() < 2)
            .map(|(group, _)| *group)
            .collect();
        small.sort_unstable();
        for group in small {
            // Of two groups in each other the outer one has the name that says more of the whole.
            match groups.children.get(&group).map(Vec::as_slice) {
                Some([inner])
                    if self.drafts[*inner].is_group && groups.children.contains_key(inner) =>
                {
                    self.dissolve(*inner, &mut groups);
                }
                _ => self.dissolve(group, &mut groups),
            }
        }
        let mut roots = (0..self.drafts.len())
            .filter(|n| !self.drafts[*n].gone && self.drafts[*n].parent.is_none());
        if let (Some(only), None) = (roots.next(), roots.next())
            && self.drafts[only].is_group
        {
            self.dissolve(only, &mut groups);
        }
    }

    /// Takes a group away; what it said goes to those that it held.
    fn dissolve(&mut self, group: usize, groups: &mut Groups) {
        let inside = groups.children.remove(&group).unwrap_or_default();
        let gone = std::mem::replace(
            &mut self.drafts[group],
            Draft {
                gone: true,
                ..Draft::default()
            },
        );
        let (Some(first), Some(last)) = (inside.first().copied(), inside.last().copied()) else {
            // A group whose children all went is work itself.
            self.drafts[group] = Draft {
                is_group: false,
                ..gone
            };
            return;
        };
        for child in &inside {
            self.drafts[*child].parent = gone.parent;
            self.drafts[*child].covers.insert(gone.anchor);
            self.drafts[*child].home.get_or_insert(group);
        }
        self.drafts[first].covers.extend(&gone.covers);
        self.drafts[first]
            .criteria
            .extend(gone.criteria.iter().cloned());
        self.drafts[first]
            .blocked_by
            .extend(gone.blocked_by.iter().filter(|b| !inside.contains(b)));
        for waiting in groups.waiting.remove(&group).unwrap_or_default() {
            if self.drafts[waiting].blocked_by.remove(&group) {
                self.drafts[waiting].blocked_by.insert(last);
                groups.waiting.entry(last).or_default().push(waiting);
            }
        }
        for before in self.drafts[first].blocked_by.clone() {
            groups.waiting.entry(before).or_default().push(first);
        }
        self.drafts[first].blocked_by.remove(&first);
        self.drafts[last].blocked_by.remove(&last);
        if let Some(siblings) = gone
            .parent
            .and_then(|parent| groups.children.get_mut(&parent))
        {
            siblings.retain(|n| *n != group);
            siblings.extend(&inside);
            siblings.sort_unstable();
        }
        self.drafts[group].title = gone.title;
        self.drafts[group].section = gone.section;
    }

    /// Fewer: groups go first, then the most related neighbours become one.
    pub(super) fn merge_to(&mut self, wanted: usize) {
        let mut groups = Groups::of(&self.drafts);
        let mut smallest: Vec<(usize, usize)> = groups
            .children
            .iter()
            .map(|(group, inside)| (inside.len(), *group))
            .collect();
        smallest.sort_unstable_by_key(|(size, group)| (*size, Reverse(*group)));
        let mut surplus = self.alive().saturating_sub(wanted);
        for (_, group) in smallest {
            if surplus == 0 {
                return;
            }
            self.dissolve(group, &mut groups);
            surplus -= 1;
        }
        self.merge_neighbours(wanted);
    }

    fn merge_neighbours(&mut self, wanted: usize) {
        let mut order: Vec<usize> = (0..self.drafts.len())
            .filter(|n| !self.drafts[*n].gone)
            .collect();
        order.sort_by_key(|n| (self.drafts[*n].place(), *n));
        let mut left = order.len();
        let mut next: Vec<Option<usize>> = (0..order.len())
            .map(|n| (n + 1 < order.len()).then_some(n + 1))
            .collect();
        let mut before: Vec<Option<usize>> = (0..order.len()).map(|n| n.checked_sub(1)).collect();
        let mut sets: Vec<Vec<usize>> = order.iter().map(|n| vec![*n]).collect();
        let mut heap: BinaryHeap<Reverse<Pair>> = BinaryHeap::new();
        let distance = |one: usize, other: usize| self.distance(one, other);
        for n in 0..order.len().saturating_sub(1) {
            heap.push(Reverse((distance(order[n], order[n + 1]), 2, n, n + 1, 2)));
        }
        while left > wanted.max(1) {
            let Some(Reverse((_, _, at, other, size))) = heap.pop() else {
                break;
            };
            if next[at] != Some(other)
                || sets[at].is_empty()
                || sets[at].len() + sets[other].len() != size
            {
                continue;
            }
            let taken = std::mem::take(&mut sets[other]);
            sets[at].extend(taken);
            next[at] = next[other];
            if let Some(after) = next[other] {
                before[after] = Some(at);
            }
            next[other] = None;
            left -= 1;
            for (one, two) in [(before[at], Some(at)), (Some(at), next[at])] {
                if let (Some(one), Some(two)) = (one, two) {
                    let size = sets[one].len() + sets[two].len();
                    let last = *sets[one].last().unwrap_or(&0);
                    heap.push(Reverse((
                        distance(last, sets[two][0]),
                        size,
                        one,
                        two,
                        size,
                    )));
                }
            }
        }
        let sets: Vec<Vec<usize>> = sets.into_iter().filter(|s| s.len() > 1).collect();
        let into: HashMap<usize, usize> = sets
            .iter()
            .flat_map(|set| set.iter().map(|n| (*n, set[0])))
            .collect();
        for set in &sets {
            self.merge(set);
        }
        for (n, draft) in self.drafts.iter_mut().enumerate().filter(|(_, d)| !d.gone) {
            draft.blocked_by = draft
                .blocked_by
                .iter()
                .map(|b| into.get(b).copied().unwrap_or(*b))
                .filter(|b| *b != n)
                .collect();
        }
    }

    /// How far apart two neighbours are: 0 in one group, 1 in one section, more with each heading between them.
    fn distance(&self, one: usize, other: usize) -> usize {
        let (a, b) = (&self.drafts[one], &self.drafts[other]);
        if a.home.is_some() && a.home == b.home {
            return 0;
        }
        if a.section == b.section {
            return if a.home.is_none() && b.home.is_none() {
                1
            } else {
                2
            };
        }
        let (a, b) = (self.outline.path(a.section), self.outline.path(b.section));
        let shared = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
        3 + a.len().max(b.len()) - shared
    }

    pub(super) fn merge(&mut self, set: &[usize]) {
        let members: Vec<Draft> = set
            .iter()
            .map(|n| {
                std::mem::replace(
                    &mut self.drafts[*n],
                    Draft {
                        gone: true,
                        ..Draft::default()
                    },
                )
            })
            .collect();
        let first = set[0];
        let mut whole = Draft {
            anchor: members[0].anchor,
            section: members[0].section,
            home: members[0].home,
            merged: set.to_vec(),
            rule: rules::MERGED,
            ..Draft::default()
        };
        whole.title = self.merged_title(&members);
        for member in &members {
            whole.covers.extend(&member.covers);
            whole.blocked_by.extend(&member.blocked_by);
            whole.keys.extend(member.keys.iter().cloned());
            match member.main.first() {
                Some(item) if is_item(&self.pieces[*item]) && member.excerpt.is_none() => {
                    whole.criteria.push(Criterion {
                        piece: *item,
                        sentence: None,
                    });
                    let family: BTreeSet<usize> = self.outline.family(*item).into_iter().collect();
                    whole.criteria.extend(
                        member
                            .criteria
                            .iter()
                            .filter(|c| !family.contains(&c.piece))
                            .cloned(),
                    );
                }
                _ => {
                    let place = member.place();
                    if member.merged.is_empty() {
                        let words = member
                            .excerpt
                            .clone()
                            .filter(|e| !self.pieces[place].cells.is_empty() && !e.is_empty())
                            .unwrap_or_else(|| member.title.clone());
                        let words = std::iter::once(words)
                            .chain(member.details.iter().cloned())
                            .collect::<Vec<_>>()
                            .join(": ");
                        whole.criteria.push(Criterion {
                            piece: place,
                            sentence: Some(words),
                        });
                    }
                    whole.main.extend(member.main.iter().filter(|p| {
                        member.excerpt.is_none()
                            || (**p != place && self.pieces[**p].cells.is_empty())
                    }));
                    whole.criteria.extend(member.criteria.iter().cloned());
                }
            }
        }
        let gone: BTreeSet<usize> = set.iter().copied().collect();
        whole.blocked_by.retain(|b| !gone.contains(b));
        self.drafts[first] = whole;
    }

    fn merged_title(&self, members: &[Draft]) -> String {
        let homes: BTreeSet<Option<usize>> = members.iter().map(|m| m.home).collect();
        if let (1, Some(home)) = (homes.len(), members[0].home)
            && !self.drafts.iter().any(|d| !d.gone && d.home == Some(home))
            && !self.drafts[home].title.is_empty()
        {
            return self.drafts[home].title.clone();
        }
        let mut units: Vec<String> = Vec::new();
        for member in members {
            let name = member
                .home
                .map(|home| &self.drafts[home].title)
                .filter(|t| !t.is_empty() && homes.len() > 1)
                .unwrap_or(&member.title);
            if units.last() != Some(name) {
                units.push(name.clone());
            }
        }
        if let Some(name) = self
            .joined(&units)
            .filter(|name| name.chars().count() <= LONGEST)
        {
            return name;
        }
        if let [one, other] = &units[..] {
            let both = cut(&joined(one, &self.titles.lowered(other)));
            if both.chars().count() > one.chars().count() + 12 {
                return both;
            }
        }
        let mut sections: Vec<&str> = members
            .iter()
            .filter_map(|m| self.outline.path(m.section).last().copied())
            .collect();
        sections.dedup();
        let named: Vec<String> = sections
            .iter()
            .map(|name| self.titles.lowered(&super::titles::bare(name)))
            .collect();
        let complete = format!("Complete {}", super::list(&named));
        if !named.is_empty()
            && named.len() <= 3
            && homes.len() > 1
            && complete.chars().count() <= LONGEST
        {
            return complete;
        }
        let whole: usize = members.iter().map(|m| m.merged.len().max(1)).sum();
        let tail = format!(" and {} more", whole - 1);
        let mut head = members[0].title.clone();
        while head.chars().count() + tail.len() > LONGEST && head.contains(' ') {
            head.truncate(head.rfind(' ').unwrap_or(0));
        }
        cut(&format!(
            "{}{tail}",
            cut(&head).trim_end_matches([',', ':'])
        ))
    }

    /// "Add search, shortcuts and an overview", when one verb fits all or two orders stand side by side.
    fn joined(&self, units: &[String]) -> Option<String> {
        if let [one, other] = units {
            return Some(joined(one, &self.titles.lowered(other)));
        }
        let (verb, _) = units.first()?.split_once(' ')?;
        let things: Vec<String> = units
            .iter()
            .map(|u| {
                u.split_once(' ')
                    .filter(|(v, _)| v.eq_ignore_ascii_case(verb))
                    .map(|(_, thing)| thing.to_owned())
            })
            .collect::<Option<_>>()?;
        Some(format!("{verb} {}", super::list(&things)))
    }

    /// More: parts of the issue that has the most of them become issues of their own, as long as there are parts.
    pub(super) fn split_to(&mut self, wanted: usize) {
        let mut heap: BinaryHeap<(usize, Reverse<usize>)> = self
            .drafts
            .iter()
            .enumerate()
            .filter(|(_, d)| !d.gone && !d.is_group && !d.criteria.is_empty())
            .map(|(n, d)| (d.criteria.len(), Reverse(n)))
            .collect();
        let mut missing = wanted.saturating_sub(self.alive());
        while missing > 0
            && let Some((parts, Reverse(n))) = heap.pop()
        {
            // The last criterion goes first, so that what is left still reads from the top.
            self.split_off(n);
            missing -= 1;
            if parts > 1 {
                heap.push((parts - 1, Reverse(n)));
            }
        }
    }

    /// Makes the last criterion of an issue an issue of its own.
    fn split_off(&mut self, n: usize) {
        let Some(criterion) = self.drafts[n].criteria.pop() else {
            return;
        };
        let whole = self.drafts[n].clone();
        let it = &self.pieces[criterion.piece];
        let words = criterion
            .sentence
            .clone()
            .unwrap_or_else(|| super::lists::naming(it));
        let title = self.titles.statement(&words, &whole.title);
        let mut part = Draft {
            title,
            anchor: whole.anchor.max(criterion.piece),
            section: whole.section,
            parent: whole.parent,
            blocked_by: whole.blocked_by.clone(),
            context: vec![whole.title],
            rule: rules::SPLIT,
            ..Draft::default()
        };
        part.main.push(criterion.piece);
        part.covers.extend(self.outline.family(criterion.piece));
        if let Some(sentence) = criterion.sentence {
            part.excerpt = Some(sentence);
        } else {
            for child in self.outline.children[criterion.piece].clone() {
                self.absorb(&mut part, child);
            }
            let kept: BTreeSet<usize> = self.drafts[n]
                .criteria
                .iter()
                .map(|c| c.piece)
                .chain(self.drafts[n].main.iter().copied())
                .collect();
            for piece in self.outline.family(criterion.piece) {
                if !kept.contains(&piece) {
                    self.drafts[n].covers.remove(&piece);
                }
            }
        }
        self.push(part);
    }
}

/// "Add labels" and "add filters" are "Add labels and filters".
fn joined(one: &str, other: &str) -> String {
    let mut chars = other.chars();
    let other: String = if other.chars().nth(1).is_some_and(char::is_uppercase) {
        other.to_owned()
    } else {
        chars
            .next()
            .map_or_else(String::new, |c| c.to_lowercase().chain(chars).collect())
    };
    match (one.split_once(' '), other.split_once(' ')) {
        (Some((verb, _)), Some((again, rest))) if verb.eq_ignore_ascii_case(again) => {
            format!("{one} and {rest}")
        }
        _ => format!("{one} and {other}"),
    }
}

/// Who stands in which group, and who waits for whom; kept while groups are taken away.
struct Groups {
    children: HashMap<usize, Vec<usize>>,
    waiting: HashMap<usize, Vec<usize>>,
}

impl Groups {
    fn of(drafts: &[Draft]) -> Self {
        let alive = || drafts.iter().enumerate().filter(|(_, d)| !d.gone);
        let mut children: HashMap<usize, Vec<usize>> = alive()
            .filter(|(_, d)| d.is_group)
            .map(|(n, _)| (n, Vec::new()))
            .collect();
        let mut waiting: HashMap<usize, Vec<usize>> = HashMap::new();
        for (n, draft) in alive() {
            if let Some(parent) = draft.parent {
                children.entry(parent).or_default().push(n);
            }
            for before in &draft.blocked_by {
                waiting.entry(*before).or_default().push(n);
            }
        }
        Self { children, waiting }
    }
}
