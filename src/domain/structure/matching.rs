//! Which draft do these words mean? By number or id, or by the words that they share with its title.

use std::collections::HashMap;

use super::draft::Draft;
use super::words::asks::normal;
use super::words::language::COMMON;

/// Words that occur in more drafts than this do not tell them apart.
const TOO_COMMON: usize = 64;

/// An index over the drafts' names and words, so that a look-up costs what the words cost, not what the drafts do.
pub(super) struct Matching {
    by_key: HashMap<String, Vec<usize>>,
    by_word: HashMap<String, Vec<usize>>,
    sizes: HashMap<usize, usize>,
}

/// The words that tell a text apart from others, in a simple stem.
pub(super) fn telling(text: &str) -> Vec<String> {
    let mut words: Vec<String> = normal(text)
        .split(' ')
        .filter(|w| !w.is_empty() && !COMMON.contains(w))
        .map(stem)
        .filter(|w| !w.is_empty())
        .collect();
    words.sort_unstable();
    words.dedup();
    words
}

fn stem(word: &str) -> String {
    let word = word.trim_end_matches("'s");
    for ending in [
        "ations", "ation", "ings", "ing", "ies", "ed", "es", "s", "e",
    ] {
        if let Some(stem) = word.strip_suffix(ending)
            && stem.chars().count() >= 3
        {
            return stem.to_owned();
        }
    }
    word.to_owned()
}

impl Matching {
    pub(super) fn of<'d>(
        drafts: impl Iterator<Item = (usize, &'d Draft)>,
        extra: impl Fn(usize) -> String,
    ) -> Self {
        let mut out = Self {
            by_key: HashMap::new(),
            by_word: HashMap::new(),
            sizes: HashMap::new(),
        };
        for (n, draft) in drafts.filter(|(_, d)| !d.gone) {
            for key in &draft.keys {
                out.by_key.entry(key.clone()).or_default().push(n);
            }
            let words = telling(&format!("{} {}", draft.title, extra(n)));
            out.sizes.insert(n, telling(&draft.title).len());
            for word in words {
                out.by_word.entry(word).or_default().push(n);
            }
        }
        out
    }

    /// The draft that goes by this number or id; the nearest one before or after `near` when several do.
    pub(super) fn by_key(&self, key: &str, near: usize) -> Option<usize> {
        let all = self.by_key.get(key)?;
        let at = all.partition_point(|n| *n < near);
        let around = [at.checked_sub(1), Some(at), Some(at + 1)];
        around
            .into_iter()
            .flatten()
            .filter_map(|at| all.get(at).copied())
            .filter(|n| *n != near)
            .min_by_key(|n| n.abs_diff(near))
    }

    /// The draft that shares the most words; with how many, how many were asked for, and how many it has in its title.
    pub(super) fn by_words(
        &self,
        words: &[String],
        except: Option<usize>,
    ) -> Option<(usize, usize)> {
        let mut shared: HashMap<usize, usize> = HashMap::new();
        for word in words {
            let Some(drafts) = self.by_word.get(word).filter(|d| d.len() <= TOO_COMMON) else {
                continue;
            };
            for draft in drafts.iter().filter(|d| Some(**d) != except) {
                *shared.entry(*draft).or_default() += 1;
            }
        }
        shared.into_iter().max_by_key(|(draft, count)| {
            (
                *count,
                std::cmp::Reverse(self.sizes.get(draft).copied().unwrap_or(0)),
                std::cmp::Reverse(*draft),
            )
        })
    }

    /// Does another draft share as many of the words?
    pub(super) fn is_tied(&self, words: &[String], found: usize, own: usize) -> bool {
        let holds = |draft: usize| {
            words.iter().all(|w| {
                self.by_word
                    .get(w)
                    .is_some_and(|d| d.binary_search(&draft).is_ok())
            })
        };
        let rarest = words
            .iter()
            .filter_map(|w| self.by_word.get(w))
            .min_by_key(|d| d.len());
        rarest
            .filter(|drafts| drafts.len() <= TOO_COMMON)
            .is_some_and(|drafts| drafts.iter().any(|d| *d != found && *d != own && holds(*d)))
    }

    /// How many words the draft's title has.
    pub(super) fn size(&self, draft: usize) -> usize {
        self.sizes.get(&draft).copied().unwrap_or(0)
    }
}
