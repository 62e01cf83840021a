//! What makes two issues the same: hashes over normalised text, and the hidden marks that issues and comments carry.

mod marker;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::plan::FROM_THE_SPEC;

pub use marker::{
    comment_marker, find_comment_marker, find_marker, marker, part_marker, with_marker,
    without_marker,
};

/// What is compared to find duplicates: the request's `unique_by`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UniqueBy {
    Title,
    Body,
    /// Title and body together.
    #[default]
    Hash,
}

impl UniqueBy {
    pub const ALL: [Self; 3] = [Self::Title, Self::Body, Self::Hash];

    /// The word in options, SQL and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Body => "body",
            Self::Hash => "hash",
        }
    }

    /// Reads the word, in any case.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|by| by.as_str().eq_ignore_ascii_case(text.trim()))
    }
}

impl fmt::Display for UniqueBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for UniqueBy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text).ok_or_else(|| format!("must be title, body or hash, got {text}"))
    }
}

/// SHA-256 over normalised text; unique per repository, never compared across tenants.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    /// Reads what the database gave back.
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

/// The fingerprint of an issue. Equal for texts that people would call the same: case, white space, emphasis,
/// a title's last full stop, ticked boxes, hidden comments and where in the spec it stands make no difference.
///
/// Issues without a body are never the same by body alone, so their title takes its place.
pub fn of(title: &str, body: &str, by: UniqueBy) -> Fingerprint {
    let (title, body) = (normal_title(title), normal_body(body));
    let mut hash = Sha256::new();
    match by {
        UniqueBy::Body if !body.is_empty() => hash.update(format!("body\0{body}")),
        UniqueBy::Title | UniqueBy::Body => hash.update(format!("title\0{title}")),
        UniqueBy::Hash => hash.update(format!("hash\0{title}\0{body}")),
    }
    Fingerprint(hash.finalize().into())
}

/// The fingerprints of every kind: what is kept of an issue, so that whoever asks later by any kind finds it.
pub fn all(title: &str, body: &str) -> Vec<Fingerprint> {
    UniqueBy::ALL
        .iter()
        .map(|by| of(title, body, *by))
        .collect()
}

fn normal_title(title: &str) -> String {
    let plain = normal_words(title);
    let end = |c: char| c.is_whitespace() || ".,;:!?…。".contains(c);
    plain.trim_end_matches(end).to_owned()
}

fn normal_body(body: &str) -> String {
    let lines: Vec<String> = without_comments(body)
        .lines()
        // A line more in the spec makes no other work of it.
        .take_while(|line| line.trim() != FROM_THE_SPEC)
        .map(|line| normal_words(without_box(line)))
        .filter(|line| !line.is_empty())
        .collect();
    lines.join(" ")
}

/// A piece of a text by what it says: without bullets, boxes, numbers and marks of headings, emphasis, case and space.
pub(crate) fn normal_block(text: &str) -> String {
    let lines = without_comments(text);
    let lines = lines.lines().map(|line| {
        let line = without_box(line).trim_start_matches(['#', '>', ' ']);
        normal_words(without_number(line).trim_end_matches(['#', ' ']))
    });
    let whole = lines
        .filter(|l| !l.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    whole.trim_end_matches(['.', ' ']).to_owned()
}

/// A list item without `3.` or `3)`.
fn without_number(line: &str) -> &str {
    let rest = line.trim_start_matches(|c: char| c.is_ascii_digit());
    let item = rest.strip_prefix(['.', ')']).filter(|i| i.starts_with(' '));
    match item {
        Some(item) if rest.len() < line.len() => without_box(item),
        _ => line,
    }
}

/// Lower case, one space between words, no emphasis marks, nothing invisible.
fn normal_words(text: &str) -> String {
    let plain: String = text
        .chars()
        .filter(|c| !is_emphasis(*c) && !is_invisible(*c))
        .flat_map(char::to_lowercase)
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_emphasis(c: char) -> bool {
    matches!(c, '*' | '_' | '`' | '~')
}

/// What is drawn as nothing, among it the zero-width space that defusing puts in.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{00ad}'
    ) || (c.is_control() && !c.is_whitespace())
}

/// A list item without its bullet and its box, ticked or not.
fn without_box(line: &str) -> &str {
    let line = line.trim_start();
    let item = line
        .strip_prefix("- ")
        .or_else(|| line.strip_prefix("* "))
        .or_else(|| line.strip_prefix("+ "));
    let Some(item) = item.map(str::trim_start) else {
        return line;
    };
    ["[ ]", "[x]", "[X]"]
        .iter()
        .find_map(|ticked| item.strip_prefix(ticked))
        .unwrap_or(item)
}

fn without_comments(text: &str) -> String {
    let mut rest = text;
    let mut kept = String::with_capacity(text.len());
    while let Some((before, after)) = rest.split_once("<!--") {
        kept.push_str(before);
        match after.split_once("-->") {
            Some((_, tail)) => rest = tail,
            None => return kept,
        }
    }
    kept + rest
}

#[cfg(test)]
mod tests;
