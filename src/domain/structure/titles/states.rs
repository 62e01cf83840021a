//! Items of checklists, which say how things are when they are done: "All tests passing", "Formula updated".

use super::super::words::verbs::{from_participle, opens_with_verb};

/// Last words that tell a state and take "is" or "are".
#[rustfmt::skip] // words, many to a line
const STATES: &[&str] = &[
    "passing", "working", "running", "clean", "complete", "accurate", "available", "stable", "successful", "present", "correct",
    "ready", "green", "valid", "up to date", "up-to-date", "downloadable", "acceptable", "reachable", "healthy", "consistent",
    "present and correct", "current",
];
/// Participles that end a checklist's items; the order is the verb behind them.
#[rustfmt::skip] // words, many to a line
const DEEDS: &[&str] = &[
    "updated", "verified", "tested", "reviewed", "documented", "fixed", "published", "pushed", "deployed", "merged", "uploaded",
    "attached", "approved", "signed", "closed", "enabled", "disabled", "configured", "optimized", "optimised", "announced",
    "tagged", "archived", "removed", "migrated", "moved", "validated", "checked", "confirmed", "scheduled", "notified", "built",
    "written", "cleaned", "renamed", "bumped", "signed off", "informed",
];
/// Verbs that end an item which tells what happens.
#[rustfmt::skip] // words, many to a line
const HAPPENS: &[&str] = &[
    "works", "work", "starts", "passes", "pass", "loads", "succeeds", "succeed", "builds", "runs", "responds", "exists",
];

/// "Known issues documented in the changelog" is "document known issues in the changelog"; "Linters clean" is "ensure linters are
/// clean".
pub(super) fn of_checklist(phrase: &str, lowered: impl Fn(&str) -> String) -> Option<String> {
    let (core, note) = match phrase.find(" (") {
        Some(at) => phrase.split_at(at),
        None => (phrase, ""),
    };
    let words: Vec<&str> = core.split(' ').collect();
    if words.len() < 2 || words.len() > 10 || opens_with_verb(phrase) {
        return None;
    }
    let lower = core.to_lowercase();
    if let Some(state) = STATES
        .iter()
        .filter(|state| lower.ends_with(&format!(" {state}")))
        .max_by_key(|state| state.len())
    {
        let subject = core[..core.len() - state.len()].trim_end();
        if !is_subject(subject) {
            return None;
        }
        let is = if is_plural(subject) { "are" } else { "is" };
        return Some(format!("ensure {} {is} {state}{note}", lowered(subject)));
    }
    let last = lower.rsplit(' ').next().unwrap_or_default();
    if HAPPENS.contains(&last) && words.len() >= 3 {
        return Some(format!("ensure {}", lowered(phrase)));
    }
    // "Reads moved to the store"
    let at = (1..words.len()).find(|n| {
        DEEDS.contains(&words[*n].to_lowercase().as_str())
            && words
                .get(n + 1)
                .is_none_or(|next| ["in", "to", "with", "on", "for", "from", "by"].contains(next))
    })?;
    let subject = words[..at].join(" ");
    if !is_subject(&subject) {
        return None;
    }
    let verb = from_participle(&words[at].to_lowercase())?;
    let rest = words[at + 1..].join(" ");
    Some(
        format!("{verb} {} {rest}", lowered(&subject))
            .trim_end()
            .to_owned()
            + note,
    )
}

/// A phrase of nouns alone: no verb of its own, nothing that binds it to more.
fn is_subject(words: &str) -> bool {
    #[rustfmt::skip] // words, many to a line
    const NOT: &[&str] = &[
        "is", "are", "was", "were", "be", "been", "that", "which", "of", "must", "should", "will", "can", "has", "have", "to",
        "no", "never", "not", "if", "when", "stay", "stays", "i", "we",
    ];
    !words.is_empty()
        && words
            .split(' ')
            .all(|w| !NOT.contains(&w.to_lowercase().as_str()))
}

fn is_plural(subject: &str) -> bool {
    let last = subject
        .rsplit(' ')
        .next()
        .unwrap_or_default()
        .to_lowercase();
    let last = last.trim_matches(|c: char| !c.is_alphanumeric());
    last.ends_with('s') && !["ss", "us", "is"].iter().any(|end| last.ends_with(end))
        || subject.contains(" and ")
}

/// "Tools to implement" is "implement tools".
pub(super) fn of_heading(phrase: &str) -> Option<String> {
    const VERBS: &[&str] = &[
        "implement",
        "build",
        "add",
        "create",
        "write",
        "fix",
        "support",
        "migrate",
        "remove",
        "deliver",
        "update",
        "change",
        "test",
        "port",
        "replace",
    ];
    let (things, verb) = phrase.rsplit_once(" to ")?;
    let verb = verb.to_lowercase();
    (VERBS.contains(&verb.as_str()) && things.split(' ').count() <= 4 && !opens_with_verb(phrase))
        .then(|| format!("{verb} {}", things.to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::{of_checklist, of_heading};

    #[test]
    fn states_are_ensured_and_deeds_are_done() {
        let title = |words: &str| of_checklist(words, str::to_lowercase);
        for (words, title_of_it) in [
            (
                "All tests passing (`make test`)",
                "ensure all tests are passing (`make test`)",
            ),
            (
                "Security audit complete",
                "ensure security audit is complete",
            ),
            (
                "Known issues documented in the changelog",
                "document known issues in the changelog",
            ),
            ("Formula updated", "update formula"),
            ("Interactive mode starts", "ensure interactive mode starts"),
        ] {
            assert_eq!(title(words).as_deref(), Some(title_of_it));
        }
        assert_eq!(title("Tasks assigned to me"), None);
        assert_eq!(title("The list must be complete"), None);
        assert_eq!(title("Search results page"), None);
    }

    #[test]
    fn things_to_do_are_done() {
        assert_eq!(
            of_heading("Tools to Implement").as_deref(),
            Some("implement tools")
        );
        assert_eq!(of_heading("Guide to writing"), None);
    }
}
