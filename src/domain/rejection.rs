//! What is wrong with what a person wrote, and where: complaints that stop a request, warnings that do not.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A mistake that must be put right before anything starts. Complaints sort by line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Complaint {
    /// The line of the text as it was given, counted from 1.
    pub line: usize,
    /// What is wrong and what would be right, in one sentence.
    pub says: String,
}

impl Complaint {
    /// A complaint about one line.
    pub fn new(line: usize, says: impl Into<String>) -> Self {
        Self {
            line,
            says: says.into(),
        }
    }
}

impl fmt::Display for Complaint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.says)
    }
}

/// Something that was read in a way its writer may not have meant; the work goes on. Warnings sort by line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Warning {
    /// The line of the text as it was given, counted from 1.
    pub line: usize,
    /// What was read how, and what to do if that is not what was meant.
    pub says: String,
}

impl Warning {
    /// A warning about one line.
    pub fn new(line: usize, says: impl Into<String>) -> Self {
        Self {
            line,
            says: says.into(),
        }
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.says)
    }
}

/// The longest piece of a person's text that is repeated back, in characters.
const QUOTED_CHARACTERS: usize = 80;

/// A stranger's text as a short code span: one line, no backtick in it, so that nothing in it can act.
pub fn quoted(text: &str) -> String {
    let plain: String = text
        .trim()
        .chars()
        .map(|c| match c {
            '`' => '\'',
            c if c.is_control() => ' ',
            c => c,
        })
        .take(QUOTED_CHARACTERS + 1)
        .collect();
    match plain.char_indices().nth(QUOTED_CHARACTERS) {
        _ if plain.trim().is_empty() => "nothing".to_owned(),
        Some((cut, _)) => format!("`{}…`", plain[..cut].trim_end()),
        None => format!("`{}`", plain.trim_end()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complaint_names_its_line() {
        let complaint = Complaint::new(4, "count must be 1 to 100, got 900");
        assert_eq!(
            complaint.to_string(),
            "line 4: count must be 1 to 100, got 900"
        );
    }

    #[test]
    fn complaints_sort_by_line() {
        let mut complaints = [
            Complaint::new(9, "a"),
            Complaint::new(10, "a"),
            Complaint::new(2, "z"),
        ];
        complaints.sort();
        assert_eq!(complaints.map(|c| c.line), [2, 9, 10]);
    }

    #[test]
    fn quoted_text_cannot_leave_its_code_span() {
        assert_eq!(quoted("a `@octocat`\n#1"), "`a '@octocat' #1`");
        assert_eq!(quoted(" \n "), "nothing");
        let long = quoted(&"ü".repeat(500));
        assert_eq!(long.chars().count(), QUOTED_CHARACTERS + 3);
        assert!(long.ends_with("…`"));
    }
}
