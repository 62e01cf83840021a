//! What headings mean: the rules, as data, each with its name.

mod asides;
mod work;

/// What a section is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// Not work, with the reason that people read. A firm one is never overruled by a heading inside it.
    Aside { reason: &'static str, firm: bool },
    /// Holds work, and is no thing itself ("Requirements").
    Work,
    /// Tells how the whole is to be built ("Design").
    Design,
    /// Holds work whose order matters ("Milestones").
    Steps,
    /// Says when work is done ("Acceptance criteria").
    Criteria,
    /// Holds demands on the whole ("Non-functional requirements").
    Qualities,
    /// Says what waits for what ("Dependencies").
    Dependencies,
    /// Work that was finished before ("Done").
    Done,
}

/// Headings that mean the same.
pub(crate) struct Rule {
    pub name: &'static str,
    pub meaning: Meaning,
    /// Whole headings, in lower case, without numbers and signs.
    pub phrases: &'static [&'static str],
    /// Beginnings that are enough.
    pub openings: &'static [&'static str],
}

pub(super) const fn aside(
    name: &'static str,
    reason: &'static str,
    firm: bool,
    phrases: &'static [&'static str],
    openings: &'static [&'static str],
) -> Rule {
    Rule {
        name,
        meaning: Meaning::Aside { reason, firm },
        phrases,
        openings,
    }
}

pub(super) const fn holds(
    name: &'static str,
    meaning: Meaning,
    phrases: &'static [&'static str],
    openings: &'static [&'static str],
) -> Rule {
    Rule {
        name,
        meaning,
        phrases,
        openings,
    }
}

/// Looked through from the top; the first that fits counts.
pub(crate) fn rules() -> impl Iterator<Item = &'static Rule> {
    asides::RULES.iter().chain(work::RULES)
}

/// Words before a heading's noun that change nothing about what the section is for.
#[rustfmt::skip] // words, many to a line
pub(crate) const MODIFIERS: &[&str] = &[
    "our", "the", "project", "product", "key", "main", "high-level", "high level", "business", "user", "current", "known",
    "initial", "general", "additional", "detailed", "other", "some", "primary", "secondary", "overall", "proposed", "core",
    "important", "potential", "possible", "basic", "further", "more", "remaining", "specific", "system", "technical",
    "functional", "document", "brief", "short", "major", "minor", "team", "new", "explicit", "immediate", "full",
];
