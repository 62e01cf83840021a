//! Many phrases, looked for in one pass.

use aho_corasick::AhoCorasick;

/// A matcher that says whether any of these occurs, within longer words as well.
pub(crate) fn any_of<P: AsRef<[u8]>>(phrases: impl IntoIterator<Item = P>) -> AhoCorasick {
    AhoCorasick::new(phrases).expect("only gigabytes of phrases are too many")
}

/// Phrases that are looked for as whole words.
pub(crate) struct WholeWords(AhoCorasick);

impl WholeWords {
    pub(crate) fn new(phrases: &[&str]) -> Self {
        Self(any_of(phrases.iter().map(|phrase| format!(" {phrase} "))))
    }

    /// Whether any stands in words as [`normal`](super::asks::normal) gives them.
    pub(crate) fn are_in(&self, normal: &str) -> bool {
        self.0.is_match(&format!(" {normal} "))
    }
}
