//! The content filter: keywords and phrases that make a person look before anything is created.

use std::collections::BTreeMap;
use std::fmt;

use aho_corasick::AhoCorasick;

use serde::{Deserialize, Serialize};

use crate::domain::plan::Plan;

/// Names abuse, not everyday words: "password", "leak" or "attack surface" are ordinary work.
pub const DEFAULT_KEYWORDS: &[&str] = &[
    "malware",
    "ransomware",
    "spyware",
    "stalkerware",
    "botnet",
    "botnets",
    "keylogger",
    "keyloggers",
    "infostealer",
    "password stealer",
    "credential stealer",
    "remote access trojan",
    "exploit kit",
    "exploit kits",
    "ddos",
    "credential stuffing",
    "stolen credentials",
    "stolen passwords",
    "stolen accounts",
    "stolen credit cards",
    "stolen card numbers",
    "carding forum",
    "card skimmer",
    "phishing kit",
    "phishing kits",
    "phishing page",
    "phishing pages",
    "phishing campaign",
    "spam bot",
    "spam bots",
    "spambot",
    "spam campaign",
    "mass unsolicited",
    "buy followers",
    "fake followers",
    "buy likes",
    "buy backlinks",
    "buy reviews",
    "fake reviews",
    "click farm",
    "click fraud",
    "view bot",
    "double your bitcoin",
    "free crypto giveaway",
    "cheap viagra",
    "doxing",
    "doxxing",
    "csam",
];

/// Where a keyword stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    SpecTitle,
    /// A block of the spec, with its first and last line.
    Block {
        id: String,
        lines: [usize; 2],
    },
    /// A planned issue, by its id.
    Issue(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SpecTitle => f.write_str("the title"),
            Self::Block {
                lines: [first, last],
                ..
            } if first == last => write!(f, "line {first}"),
            Self::Block {
                lines: [first, last],
                ..
            } => write!(f, "lines {first}–{last}"),
            Self::Issue(id) => {
                write!(f, "planned issue {}", id.strip_prefix('i').unwrap_or(id))
            }
        }
    }
}

/// A keyword that was found, and every place of it, the spec's first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hit {
    pub word: String,
    pub places: Vec<Place>,
}

impl fmt::Display for Hit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 3;
        let shown: Vec<String> = self
            .places
            .iter()
            .take(SHOWN)
            .map(ToString::to_string)
            .collect();
        write!(
            f,
            "The content filter found “{}” ({}",
            self.word,
            shown.join(", ")
        )?;
        match self.places.len().saturating_sub(SHOWN) {
            0 => f.write_str(")."),
            more => write!(f, " and {more} more)."),
        }
    }
}

/// Finds keywords and phrases as whole words, whatever their case and the white space or hyphens between.
#[derive(Debug, Clone)]
pub struct ContentFilter {
    matcher: AhoCorasick,
    words: Vec<String>,
}

impl ContentFilter {
    /// A filter for these words and phrases; blank ones are left out.
    pub fn new<S: AsRef<str>>(words: &[S]) -> Self {
        let (patterns, words): (Vec<String>, Vec<String>) = words
            .iter()
            .map(|word| (normal(word.as_ref()), word.as_ref().trim().to_owned()))
            .filter(|(pattern, _)| !pattern.is_empty())
            .unzip();
        let matcher = AhoCorasick::new(&patterns)
            .expect("only gigabytes of keywords are too many, and config is far smaller");
        Self { matcher, words }
    }

    /// The keywords that stand in the text, each once, in the order of the list.
    pub fn find(&self, text: &str) -> Vec<&str> {
        self.find_indices(text)
            .into_iter()
            .map(|index| self.words[index].as_str())
            .collect()
    }

    /// Searches the spec and the planned issues. A word of the spec is not named again for the issues made of it.
    pub fn search(&self, plan: &Plan) -> Vec<Hit> {
        let mut found: BTreeMap<usize, Vec<Place>> = BTreeMap::new();
        for index in self.find_indices(&plan.spec.title) {
            found.entry(index).or_default().push(Place::SpecTitle);
        }
        for block in &plan.spec.blocks {
            for index in self.find_indices(&block.text) {
                found.entry(index).or_default().push(Place::Block {
                    id: block.id.clone(),
                    lines: block.lines,
                });
            }
        }
        let in_spec: Vec<usize> = found.keys().copied().collect();
        for issue in &plan.issues {
            let text = [&*issue.title, &*issue.body, &*issue.labels.join("\n")].join("\n\n");
            for index in self.find_indices(&text) {
                if !in_spec.contains(&index) {
                    let places = found.entry(index).or_default();
                    places.push(Place::Issue(issue.id.clone()));
                }
            }
        }
        found
            .into_iter()
            .map(|(index, places)| Hit {
                word: self.words[index].clone(),
                places,
            })
            .collect()
    }

    fn find_indices(&self, text: &str) -> Vec<usize> {
        let text = normal(text);
        let mut found: Vec<usize> = self
            .matcher
            .find_overlapping_iter(&text)
            .filter(|hit| is_whole(&text, hit.start(), hit.end()))
            .map(|hit| hit.pattern().as_usize())
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }
}

impl Default for ContentFilter {
    fn default() -> Self {
        Self::new(DEFAULT_KEYWORDS)
    }
}

fn is_whole(text: &str, start: usize, end: usize) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let before = text[..start].chars().next_back().is_some_and(is_word);
    let after = text[end..].chars().next().is_some_and(is_word);
    !before && !after
}

/// Lower case; white space, hyphens and dashes as one space; nothing invisible.
fn normal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut gap = false;
    for c in text.chars() {
        if matches!(
            c,
            '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}'
        ) {
            continue;
        }
        if c.is_whitespace() || matches!(c, '-' | '\u{2010}'..='\u{2015}') {
            gap = !out.is_empty();
            continue;
        }
        if std::mem::take(&mut gap) {
            out.push(' ');
        }
        out.extend(c.to_lowercase());
    }
    out
}
