//! The option keys, and the lines that look like `key: value`.

use std::fmt;

/// An option that a request may carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Count,
    Template,
    Labels,
    Assignees,
    Components,
    DryRun,
    UniqueBy,
    RateLimit,
    Milestone,
    Type,
    Repositories,
    SubIssues,
    Dependencies,
}

/// Every spelling, with `_` between words.
const SPELLINGS: [(&str, Key); 14] = [
    ("count", Key::Count),
    ("template", Key::Template),
    ("labels", Key::Labels),
    ("assignees", Key::Assignees),
    ("components_list", Key::Components),
    ("components", Key::Components),
    ("dry_run", Key::DryRun),
    ("unique_by", Key::UniqueBy),
    ("rate_limit_per_minute", Key::RateLimit),
    ("milestone", Key::Milestone),
    ("type", Key::Type),
    ("repositories", Key::Repositories),
    ("sub_issues", Key::SubIssues),
    ("dependencies", Key::Dependencies),
];

/// Longer words before a colon are prose.
const LONGEST_KEY: usize = 40;

impl Key {
    /// The key that a person meant: any case, with `_`, `-` or a space between words.
    pub(super) fn read(text: &str) -> Option<Self> {
        let name = normal(text)?;
        SPELLINGS
            .iter()
            .find(|(spelling, _)| *spelling == name)
            .map(|(_, key)| *key)
    }

    /// The key's name in the documentation.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Template => "template",
            Self::Labels => "labels",
            Self::Assignees => "assignees",
            Self::Components => "components_list",
            Self::DryRun => "dry_run",
            Self::UniqueBy => "unique_by",
            Self::RateLimit => "rate_limit_per_minute",
            Self::Milestone => "milestone",
            Self::Type => "type",
            Self::Repositories => "repositories",
            Self::SubIssues => "sub_issues",
            Self::Dependencies => "dependencies",
        }
    }

    /// What a right line looks like.
    pub(super) fn example(self) -> &'static str {
        match self {
            Self::Count => "count: 5",
            Self::Template => "template: and the text below it",
            Self::Labels => "labels: bug, \"good first issue\"",
            Self::Assignees => "assignees: octocat, hubot",
            Self::Components => "components_list: API, Web, Docs",
            Self::DryRun => "dry_run: true",
            Self::UniqueBy => "unique_by: title",
            Self::RateLimit => "rate_limit_per_minute: 30",
            Self::Milestone => "milestone: v1.0",
            Self::Type => "type: Task",
            Self::Repositories => "repositories: owner/name",
            Self::SubIssues => "sub_issues: true",
            Self::Dependencies => "dependencies: true",
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The two sides of a `word: value` line, trimmed; the word may be of several parts.
pub(super) fn word_and_value(line: &str) -> Option<(&str, &str)> {
    let (word, value) = line.split_once(':')?;
    normal(word)?;
    Some((word.trim(), value.trim()))
}

/// The known key with which the line begins, and the text after its colon.
pub(super) fn option_line(line: &str) -> Option<(Key, &str)> {
    let (word, value) = word_and_value(line)?;
    Key::read(word).map(|key| (key, value))
}

/// The key that an unknown word is most likely a slip of.
pub(super) fn nearest(word: &str) -> Option<&'static str> {
    let name = normal(word)?;
    let slips = if name.len() <= 5 { 1 } else { 2 };
    SPELLINGS
        .iter()
        .map(|(spelling, _)| (strsim::damerau_levenshtein(spelling, &name), *spelling))
        .filter(|(distance, _)| (1..=slips).contains(distance))
        .min()
        .map(|(_, spelling)| spelling)
}

fn normal(word: &str) -> Option<String> {
    let word = word.trim();
    let plain = word.starts_with(char::is_alphanumeric)
        && word.len() <= LONGEST_KEY
        && word
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | ' ' | '\t'));
    plain.then(|| {
        word.to_lowercase()
            .split(['_', '-', ' ', '\t'])
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join("_")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_in_any_spelling() {
        for line in [
            "dry_run: yes",
            "Dry-Run: yes",
            "  DRY RUN :yes",
            "dry_run:yes",
            "dry - run:\tyes ",
        ] {
            assert_eq!(option_line(line), Some((Key::DryRun, "yes")), "{line}");
        }
        assert_eq!(option_line("components: a"), Some((Key::Components, "a")));
        assert_eq!(option_line("count:"), Some((Key::Count, "")));
    }

    #[test]
    fn other_lines_are_no_options() {
        for line in [
            "",
            "count",
            "count 5",
            "- count: 5",
            "# count: 5",
            "the count: 5",
            "Note: x",
            ":",
            "dryrun: yes",
            "> count: 1",
        ] {
            assert_eq!(option_line(line), None, "{line}");
        }
    }

    #[test]
    fn a_slip_has_a_nearest_key() {
        assert_eq!(nearest("lables"), Some("labels"));
        assert_eq!(nearest("Label"), Some("labels"));
        assert_eq!(nearest("dryrun"), Some("dry_run"));
        assert_eq!(nearest("tpye"), Some("type"));
        for word in [
            "Note", "Goal", "Title", "Time", "Scope", "Context", "Status", "Priority", "",
        ] {
            assert_eq!(nearest(word), None, "{word}");
        }
    }
}
