//! Near duplicates: which existing issues a planned one is like, found through an index and then compared word by word.
//!
//! | file | |
//! |---|---|
//! | `words` | a title as its words: stems, what is asked to be done, what it is about |
//! | `data` | little words, synonyms, deeds and alternatives |
//! | `compare` | how alike two titles are, and what makes them different whatever they share |
//!
//! Invariant: what is compared with a planned issue is what the index names, never all there is.

mod compare;
mod data;
#[cfg(test)]
mod tests;
mod words;

use std::collections::{BTreeSet, HashMap};

use bm25::{Embedder, EmbedderBuilder, Scorer, Tokenizer};

use words::Words;

/// From here on two issues are worth a look at both.
const ALIKE: f32 = 0.72;
/// Of those that share words, so many are compared.
const LOOKED_AT: usize = 12;
/// So many are named for one planned issue.
const NAMED: usize = 2;
/// The rarest word of a title is always searched for, others where no more issues than this have them.
const COMMON_IN: usize = 40;

/// One issue that a planned one is like.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Alike {
    /// Its place in what the index was made of.
    pub place: usize,
    /// 0 to 1.
    pub score: f32,
}

/// What a search found, and what it cost.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// The most alike first.
    pub alike: Vec<Alike>,
    /// How many issues were looked at.
    pub compared: usize,
}

/// The issues of one repository, by their words.
pub struct Index {
    issues: Vec<Words>,
    scorer: Scorer<usize, u64>,
    embedder: Embedder<u64, Spaces>,
    /// In how many issues a word is.
    spread: HashMap<String, usize>,
}

/// Words are stems already when they get to the index.
#[derive(Debug, Default)]
struct Spaces;

impl Tokenizer for Spaces {
    fn tokenize(&self, text: &str) -> Vec<String> {
        text.split(' ')
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    }
}

impl Index {
    /// Reads the issues, each a title and a body.
    pub fn of<'a>(issues: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let issues: Vec<Words> = issues
            .into_iter()
            .map(|(title, body)| Words::of(title, body))
            .collect();
        let texts: Vec<String> = issues.iter().map(Words::indexed).collect();
        let all: Vec<&str> = texts.iter().map(String::as_str).collect();
        let embedder: Embedder<u64, Spaces> =
            EmbedderBuilder::with_tokenizer_and_fit_to_corpus(Spaces, &all).build();
        let mut scorer = Scorer::new();
        let mut spread: HashMap<String, usize> = HashMap::new();
        for (place, text) in texts.iter().enumerate() {
            scorer.upsert(&place, embedder.embed(text));
            let distinct: BTreeSet<&str> = text.split(' ').filter(|w| !w.is_empty()).collect();
            for word in distinct {
                *spread.entry(word.to_owned()).or_default() += 1;
            }
        }
        Self {
            issues,
            scorer,
            embedder,
            spread,
        }
    }

    /// The issues that this one is like.
    pub fn find(&self, title: &str, body: &str) -> Found {
        let words = Words::of(title, body);
        let query = self.searched_for(&words);
        let mut matches = self.scorer.matches(&self.embedder.embed(&query));
        let compared = matches.len();
        // The library leaves the order of equals to chance.
        matches.sort_by(|a, b| b.score.total_cmp(&a.score).then(a.id.cmp(&b.id)));
        let mut alike: Vec<Alike> = matches
            .iter()
            .take(LOOKED_AT)
            .map(|found| Alike {
                place: found.id,
                score: compare::score(&words, &self.issues[found.id]),
            })
            .filter(|alike| alike.score >= ALIKE)
            .collect();
        alike.sort_by(|a, b| b.score.total_cmp(&a.score).then(b.place.cmp(&a.place)));
        alike.truncate(NAMED);
        Found { alike, compared }
    }

    /// The words of a title that single out issues: its rarest one, and the others that are not everywhere.
    fn searched_for(&self, words: &Words) -> String {
        let mut known: Vec<(usize, &str)> = words
            .about()
            .filter_map(|word| Some((*self.spread.get(word)?, word)))
            .collect();
        known.sort_unstable();
        known.dedup();
        let chosen: Vec<&str> = known
            .iter()
            .enumerate()
            .filter(|(n, (in_how_many, _))| *n == 0 || *in_how_many <= COMMON_IN)
            .map(|(_, (_, word))| *word)
            .collect();
        chosen.join(" ")
    }
}
