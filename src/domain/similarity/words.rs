//! A title as its words: stems of what it is about, and what it asks to be done.

use std::collections::BTreeSet;

use rust_stemmers::{Algorithm, Stemmer};

use super::data::{ALTERNATIVES, DEEDS, Deed, LITTLE, SAME, THINGS, TURNS};
use crate::domain::plan::FROM_THE_SPEC;

/// A body says what it is about at its beginning.
const READ: usize = 1_500;
/// Words in a phrase of [`SAME`], at most.
const LONGEST_PHRASE: usize = 3;

/// One issue, ready to be compared.
#[derive(Debug)]
pub(super) struct Words {
    pub deed: Option<Deed>,
    /// Stems of what the title names.
    pub head: BTreeSet<String>,
    /// Stems of where, when and for whom.
    pub tail: BTreeSet<String>,
    pub body: BTreeSet<String>,
    /// Words of the title that have alternatives, as (kind, word).
    pub choices: BTreeSet<(usize, &'static str)>,
}

impl Words {
    pub(super) fn of(title: &str, body: &str) -> Self {
        let stemmer = Stemmer::create(Algorithm::English);
        let plain = plain(title);
        let choices = ALTERNATIVES
            .iter()
            .enumerate()
            .flat_map(|(kind, words)| words.iter().map(move |word| (kind, *word)))
            .filter(|(_, word)| plain.iter().any(|p| is_form_of(p, word, &stemmer)))
            .collect();
        let (deed, rest) = deed(&plain);
        let turn = rest
            .iter()
            .position(|word| TURNS.contains(&word.as_str()))
            .filter(|at| rest[..*at].iter().any(|word| says_something(word)));
        let (head, tail) = rest.split_at(turn.unwrap_or(rest.len()));
        let head = stems(head, &stemmer);
        let tail: BTreeSet<String> = &stems(tail, &stemmer) - &head;
        let text: String = body
            .split(FROM_THE_SPEC)
            .next()
            .unwrap_or_default()
            .chars()
            .take(READ)
            .collect();
        Self {
            deed,
            head,
            tail,
            body: stems(&self::plain(&text), &stemmer),
            choices,
        }
    }

    /// The stems of the title.
    pub(super) fn about(&self) -> impl Iterator<Item = &str> {
        self.head.iter().chain(&self.tail).map(String::as_str)
    }

    /// What the index holds: the title alone, for it is titles that decide.
    pub(super) fn indexed(&self) -> String {
        self.about().collect::<Vec<_>>().join(" ")
    }
}

fn is_form_of(word: &str, plain: &str, stemmer: &Stemmer) -> bool {
    word == plain || (word.starts_with(plain) && stemmer.stem(word) == stemmer.stem(plain))
}

fn says_something(word: &str) -> bool {
    !LITTLE.contains(&word) && !TURNS.contains(&word)
}

fn stems(words: &[String], stemmer: &Stemmer) -> BTreeSet<String> {
    words
        .iter()
        .filter(|word| says_something(word))
        .map(|word| stemmer.stem(word).into_owned())
        .collect()
}

/// What the first word asks to be done, and the other words.
fn deed(plain: &[String]) -> (Option<Deed>, Vec<String>) {
    let first = plain
        .iter()
        .position(|word| !LITTLE.contains(&word.as_str()));
    let Some(first) = first else {
        return (None, plain.to_vec());
    };
    let of = |table: &[(Deed, &[&str])], word: &str| {
        let found = table.iter().find(|(_, words)| words.contains(&word));
        found.map(|(deed, _)| *deed)
    };
    let verb = of(DEEDS, &plain[first]);
    let rest = &plain[if verb.is_some() { first + 1 } else { first }..];
    // "Set up", "clean up", "speed up".
    let rest = match rest {
        [up, rest @ ..] if verb.is_some() && up == "up" => rest,
        rest => rest,
    };
    let turn = rest.iter().position(|word| TURNS.contains(&word.as_str()));
    let named = &rest[..turn.unwrap_or(rest.len())];
    let makes = matches!(verb, None | Some(Deed::Make | Deed::Change));
    let thing = named
        .iter()
        .filter(|_| makes)
        .position(|word| of(THINGS, word).is_some());
    match thing {
        // "Tests for the login form": what they are for is what it is about.
        Some(at) => {
            let deed = of(THINGS, &rest[at]);
            let mut others = rest.to_vec();
            others.remove(at);
            if !others.iter().any(|word| says_something(word)) {
                // "Guide for new users": there is nothing else that it is about.
                return (deed, rest.to_vec());
            }
            let leads = others[..at].iter().all(|word| !says_something(word));
            if leads && others.get(at).is_some_and(|w| TURNS.contains(&w.as_str())) {
                others.remove(at);
            }
            (deed, others)
        }
        None => (verb, rest.to_vec()),
    }
}

/// Lower-case words with one word for what has several.
fn plain(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for run in text
        .to_lowercase()
        .split(|c: char| !c.is_alphanumeric() && c != '\'')
    {
        let run = run.trim_matches('\'');
        let run = run.strip_suffix("'s").unwrap_or(run);
        if run.chars().any(|c| c as u32 >= 0x2e80) {
            // No spaces between words: pairs of characters stand for them, without Japanese endings and particles.
            let chars: Vec<char> = run.chars().collect();
            let pairs = chars.windows(2);
            let pairs = pairs.filter(|pair| !pair.iter().any(|c| ('ぁ'..='ゟ').contains(c)));
            words.extend(pairs.map(|pair| pair.iter().collect::<String>()));
        } else if !run.is_empty() {
            words.push(run.to_owned());
        }
    }
    let mut joined = Vec::with_capacity(words.len());
    let mut at = 0;
    while at < words.len() {
        let longest = LONGEST_PHRASE.min(words.len() - at);
        let same = (1..=longest).rev().find_map(|length| {
            let phrase = words[at..at + length].join(" ");
            let found = SAME.iter().find(|(from, _)| *from == phrase)?;
            Some((length, found.1))
        });
        if let Some((length, word)) = same {
            joined.extend(word.split(' ').map(str::to_owned));
            at += length;
        } else {
            joined.push(words[at].clone());
            at += 1;
        }
    }
    joined
}
