//! What waits for what, in the words of the text; never in a circle.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::draft::Draft;
use super::matching::{Matching, telling};
use super::reader::Reader;
use super::rules;
use super::words::asks::normal;
use super::words::phrases::any_of;

/// A phrase that opens the name of what is waited for.
struct Opening {
    words: &'static str,
    /// Says plainly that one thing waits for another; the others may only tell when something happens.
    plain: bool,
}

const fn plain(words: &'static str) -> Opening {
    Opening { words, plain: true }
}

const fn vague(words: &'static str) -> Opening {
    Opening {
        words,
        plain: false,
    }
}

const OPENINGS: &[Opening] = &[
    plain("depends on"),
    plain("depend on"),
    plain("depends:"),
    plain("dependencies:"),
    plain("dependency:"),
    plain("blocked by"),
    plain("blocked on"),
    plain("waits for"),
    plain("wait for"),
    plain("waits on"),
    plain("prerequisite:"),
    plain("prerequisites:"),
    plain("builds on"),
    plain("follows from"),
    plain("gated on"),
    plain("gated by"),
    plain("hängt ab von"),
    plain("abhängig von"),
    plain("blockiert durch"),
    plain("dépend de"),
    plain("depende de"),
    plain("bloqueado por"),
    vague("after"),
    vague("once"),
    vague("requires"),
    vague("needs"),
    vague("not before"),
    vague("only when"),
    vague("as soon as"),
    vague("nach"),
    vague("sobald"),
    vague("après"),
    vague("después de"),
    vague("depois de"),
    plain("cannot start until"),
];

/// Ends of the name of what is waited for.
#[rustfmt::skip] // words, many to a line
const ENDINGS: &[&str] = &[
    " is done", " are done", " is finished", " is complete", " are complete", " is completed", " is live", " are live",
    " is merged", " is ready", " are ready", " has landed", " have landed", " has shipped", " is in place", " is deployed",
    " is released", " has been", " have been", " is over", " lands", " ships", " completes", " exists", " exist", " works",
    " passes", " being ",
];

impl Reader<'_> {
    /// Finds the edges that the text tells, and adds them.
    pub(super) fn find_dependencies(&mut self) {
        let matching = Matching::of(self.drafts.iter().enumerate(), |_| String::new());
        for n in 0..self.drafts.len() {
            let mut told = self.drafts[n].waits.clone();
            let own: Vec<usize> = self.drafts[n]
                .main
                .iter()
                .copied()
                .chain(self.drafts[n].criteria.iter().map(|c| c.piece))
                .collect();
            if let Some(excerpt) = &self.drafts[n].excerpt {
                told.push(excerpt.clone());
            } else {
                told.extend(
                    own.iter()
                        .filter(|p| self.pieces[**p].cells.is_empty())
                        .map(|p| format!("{} {}", self.pieces[*p].plain, self.pieces[*p].more)),
                );
            }
            if let (Some(heading), true) = (
                self.section_at(self.drafts[n].section).heading,
                self.drafts[n].is_group,
            ) {
                told.push(self.pieces[heading].plain.clone());
            }
            for words in told {
                for target in named(&words, &matching, n) {
                    self.add_edge(n, target, rules::SAID);
                }
            }
        }
        self.read_orders(&matching);
    }

    /// Lines of a section of dependencies: "The read path depends on the backfill".
    fn read_orders(&mut self, matching: &Matching) {
        for piece in self.orders.clone() {
            let it = &self.pieces[piece];
            let words = format!("{} {}", it.plain, it.more);
            let lower = words.to_lowercase();
            let split = OPENINGS
                .iter()
                .filter_map(|o| find_phrase(&lower, o.words).map(|at| (at, o)))
                .min_by_key(|(at, _)| *at);
            let mut involved = Vec::new();
            if let Some((at, _)) = split
                && at > 0
                && lower.len() == words.len()
                && let Some(subject) = resolve(&words[..at], matching, usize::MAX, true)
            {
                involved.push(subject);
                for target in named(&words[at..], matching, subject) {
                    self.add_edge(subject, target, rules::DEPENDENCY_SECTION);
                    involved.push(target);
                }
            } else if let Some((before, after)) =
                words.split_once("→").or_else(|| words.split_once("->"))
                && let (Some(first), Some(then)) = (
                    resolve(before, matching, usize::MAX, true),
                    resolve(after, matching, usize::MAX, true),
                )
            {
                self.add_edge(then, first, rules::DEPENDENCY_SECTION);
                involved.extend([first, then]);
            }
            if involved.is_empty() {
                self.reasons[piece] = Some("dependency");
            }
            for draft in involved {
                self.drafts[draft].covers.insert(piece);
            }
        }
    }

    fn add_edge(&mut self, waiting: usize, target: usize, rule: &'static str) {
        if waiting == target || self.is_above(target, waiting) || self.is_above(waiting, target) {
            return;
        }
        self.drafts[waiting].blocked_by.insert(target);
        self.edges.entry((waiting, target)).or_insert(rule);
    }

    fn is_above(&self, upper: usize, lower: usize) -> bool {
        let mut at = self.drafts[lower].parent;
        while let Some(parent) = at {
            if parent == upper {
                return true;
            }
            at = self.drafts[parent].parent;
        }
        false
    }
}

fn find_phrase(text: &str, phrase: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = text[from..].find(phrase).map(|at| at + from) {
        let end = at + phrase.len();
        let starts = !text[..at].ends_with(|c: char| c.is_alphanumeric());
        let ends = phrase.ends_with(':')
            || !text[end..].starts_with(|c: char| c.is_alphanumeric() || c == '-');
        if starts && ends {
            return Some(at);
        }
        from = end;
    }
    None
}

/// The drafts that a text says it waits for.
fn named(words: &str, matching: &Matching, own: usize) -> Vec<usize> {
    static ANY: LazyLock<AhoCorasick> =
        LazyLock::new(|| any_of(OPENINGS.iter().map(|opening| opening.words)));
    let lower = words.to_lowercase();
    let mut out = Vec::new();
    if !ANY.is_match(&lower) {
        return out;
    }
    for opening in OPENINGS {
        let mut from = 0;
        while let Some(at) = find_phrase(&lower[from..], opening.words).map(|at| at + from) {
            let start = at + opening.words.len();
            from = start;
            let rest = &lower[start..];
            let end = rest
                .find(['.', ';', ')', '\n', '|'])
                .filter(|e| !rest[e + 1..].starts_with(|c: char| c.is_ascii_digit()))
                .unwrap_or(rest.len());
            let mut name = &rest[..end];
            if !opening.plain {
                name = name.split(',').next().unwrap_or(name);
            }
            if let Some(stop) = ENDINGS.iter().filter_map(|e| name.find(e)).min() {
                name = &name[..stop];
            }
            let mut last_kind = String::new();
            if let Some(whole) = resolve(name, matching, own, opening.plain) {
                out.push(whole);
            }
            for part in name
                .split([',', '&', '+', '/'])
                .flat_map(|p| p.split(" and "))
                .flat_map(|p| p.split(" und "))
            {
                // "phases 1 and 2": the second number is a phase as well.
                let tidy = normal(part);
                let tidy = tidy.strip_prefix("the ").unwrap_or(&tidy);
                let full = if !tidy.is_empty()
                    && tidy.len() <= 3
                    && tidy.bytes().all(|b| b.is_ascii_digit())
                    && !last_kind.is_empty()
                {
                    format!("{last_kind} {tidy}")
                } else {
                    tidy.to_owned()
                };
                if let Some((kind, _)) = full.split_once(' ') {
                    kind.trim_end_matches('s').clone_into(&mut last_kind);
                }
                out.extend(resolve(&full, matching, own, opening.plain));
            }
        }
    }
    out.sort_unstable();
    out.dedup();
    out.truncate(8);
    out
}

/// The draft that a name means.
fn resolve(name: &str, matching: &Matching, own: usize, is_plain: bool) -> Option<usize> {
    let tidy = normal(name);
    let tidy = tidy
        .trim_start_matches('#')
        .trim_start_matches("the ")
        .trim();
    let words: Vec<&str> = tidy.split(' ').collect();
    if let [first, second, ..] = words[..] {
        let first = first.trim_end_matches('s');
        if let Some(found) = matching.by_key(&format!("{first} {second}"), own) {
            return Some(found);
        }
    }
    if is_plain || words.len() <= 2 {
        if let Some(found) = matching.by_key(tidy, own).or_else(|| {
            words
                .first()
                .filter(|w| w.chars().any(|c| c.is_ascii_digit()))
                .and_then(|w| matching.by_key(w, own))
        }) {
            return Some(found);
        }
        if let Some(found) = matching.by_key(
            &words.iter().take(2).copied().collect::<Vec<_>>().join(" "),
            own,
        ) {
            return Some(found);
        }
        if is_plain
            && tidy.len() <= 3
            && tidy.bytes().all(|b| b.is_ascii_digit())
            && !tidy.is_empty()
        {
            return matching.by_key(&format!("step {tidy}"), own);
        }
    }
    let telling = telling(name);
    if telling.is_empty() || telling.len() > 12 {
        return None;
    }
    let (found, shared) = matching.by_words(&telling, (own != usize::MAX).then_some(own))?;
    // Plain words may name a thing by one word of its title; vague ones must name nearly all of it.
    let enough = if is_plain {
        shared * 3 >= telling.len() * 2 && shared * 3 >= matching.size(found)
    } else {
        shared >= 2 && shared == telling.len() && !matching.is_tied(&telling, found, own)
    };
    enough.then_some(found)
}

/// Takes out edges that close a circle; how many.
pub(super) fn break_circles(drafts: &mut [Draft]) -> usize {
    // A group waits for nothing that waits for one of its own: an edge to a group is one to all of it.
    let mut state = vec![0_u8; drafts.len()];
    let mut broken = 0;
    for start in 0..drafts.len() {
        if state[start] != 0 {
            continue;
        }
        let mut stack: Vec<(usize, Vec<usize>)> = vec![(start, edges(drafts, start))];
        state[start] = 1;
        while let Some((at, rest)) = stack.last_mut() {
            let at = *at;
            let Some(next) = rest.pop() else {
                state[at] = 2;
                stack.pop();
                continue;
            };
            if state[next] == 1 {
                broken += usize::from(drafts[at].blocked_by.remove(&next));
            } else if state[next] == 0 {
                state[next] = 1;
                let further = edges(drafts, next);
                stack.push((next, further));
            }
        }
    }
    broken
}

fn edges(drafts: &[Draft], n: usize) -> Vec<usize> {
    drafts[n].blocked_by.iter().copied().collect()
}
