//! Does an issue speak of what the blocks say that it names? A cheap look at words, made so that honest issues pass.

use std::collections::HashSet;

use super::draft::DraftIssue;
use crate::domain::spec::{Block, Spec};
use crate::domain::structure::{COMMON, Language, language};

/// Words this long may be parts of one another: "Datensicherung" and "Sicherung".
const COMPOUND: usize = 5;
/// More pairs of words are not looked at; so many words are no sign of an invention.
const COMPARISONS: usize = 400_000;

/// Words that many issues have and that say nothing about which block they are of.
const FILLER: &[&str] = &[
    "issue", "work", "create", "update", "change", "feature", "system", "user", "users", "need",
    "needs", "want", "der", "die", "das", "und", "ein", "eine", "einen", "mit", "für", "von",
    "nicht", "werden", "wird", "soll", "muss", "den", "dem", "des", "auf", "ist", "sind", "les",
    "des", "une", "est", "pour", "dans", "sur", "doit", "los", "las", "una", "para", "con", "por",
    "del", "que", "debe", "uma", "com", "deve",
];

/// What an issue is compared with.
pub(super) struct Grounding {
    language: Language,
    words: Vec<HashSet<String>>,
}

impl Grounding {
    pub(super) fn of(spec: &Spec) -> Self {
        let text: Vec<&str> = spec.blocks.iter().map(|b| b.text.as_str()).collect();
        let words = |b: &Block| content_words(&format!("{} {}", b.text, b.section.join(" ")));
        Self {
            language: language(&text.join("\n")),
            words: spec.blocks.iter().map(words).collect(),
        }
    }

    /// Whether these blocks, by their places, have a word in common with the issue. Where the issue is in another
    /// language than the spec, or there are no words to compare, it has the benefit of the doubt.
    pub(super) fn supports(&self, issue: &DraftIssue, blocks: &[usize]) -> bool {
        let said = format!(
            "{}\n{}\n{}",
            issue.title,
            issue.description,
            issue.criteria.join("\n")
        );
        let own = content_words(&said);
        if own.is_empty() || blocks.iter().any(|n| !self.words[*n].is_disjoint(&own)) {
            return true;
        }
        let theirs: HashSet<&String> = blocks.iter().flat_map(|n| &self.words[*n]).collect();
        theirs.is_empty()
            || own.len() * theirs.len() > COMPARISONS
            || has_latin(own.iter()) != has_latin(theirs.iter().copied())
            || language(&said) != self.language
            || own
                .iter()
                .any(|w| theirs.iter().any(|t| is_part(w, t) || is_part(t, w)))
    }
}

/// Scripts that share no letter cannot share a word.
fn has_latin<'w>(mut words: impl Iterator<Item = &'w String>) -> bool {
    words.any(|w| w.chars().any(|c| c.is_alphabetic() && (c as u32) < 0x250))
}

fn is_part(part: &str, whole: &str) -> bool {
    part.chars().count() >= COMPOUND && whole.contains(part)
}

/// The words that say what a text is about, in a simple stem; scripts without spaces by pairs of letters.
fn content_words(text: &str) -> HashSet<String> {
    let mut out = HashSet::new();
    for word in text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
    {
        let word = word.to_lowercase();
        if word.chars().all(|c| c as u32 >= 0x2e80) {
            let chars: Vec<char> = word.chars().collect();
            out.extend(
                chars
                    .windows(2.min(chars.len()))
                    .map(|pair| pair.iter().collect::<String>()),
            );
        } else if !COMMON.contains(&word.as_str()) && !FILLER.contains(&word.as_str()) {
            let stem = stem(&word);
            if stem.chars().count() >= 3
                || stem.len() > 1 && stem.bytes().any(|b| b.is_ascii_digit())
            {
                out.insert(stem);
            }
        }
    }
    out
}

fn stem(word: &str) -> String {
    for ending in [
        "ations", "ation", "ings", "ing", "ies", "ied", "ed", "es", "en", "s", "e", "y",
    ] {
        if let Some(stem) = word.strip_suffix(ending)
            && stem.chars().count() >= 3
        {
            return stem.to_owned();
        }
    }
    word.to_owned()
}
