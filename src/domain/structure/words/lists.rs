//! Words that tell a list of work from a list of parts.

use super::asks::{demands, normal};
use super::verbs::opens_with_verb;

/// Verbs that say how a thing looks or behaves; a list of nothing else tells the parts of one thing.
#[rustfmt::skip] // words, many to a line
const HOW: &[&str] = &[
    "show", "display", "include", "contain", "have", "be", "use", "keep", "avoid", "respect", "hide", "highlight", "return",
    "accept", "reject", "ignore", "exclude",
];

/// Last words of a sentence that announces work, not the parts of one thing.
#[rustfmt::skip] // words, many to a line
const ANNOUNCING: &[&str] = &[
    "to", "tasks", "steps", "todo", "todos", "following", "things", "work", "changes", "needed", "done", "items", "issues",
    "improvements", "features", "stories", "bugs", "we", "should", "must", "points", "actions", "missing", "plan", "this",
    "scope", "goals", "also", "please", "ideas", "requests", "fixes", "problems", "include", "includes",
];

/// Does an order only say how one thing looks or behaves?
pub(crate) fn says_how(order: &str) -> bool {
    let first = order.split(' ').next().unwrap_or_default().to_lowercase();
    HOW.contains(&first.as_str())
}

/// Verbs of sentences that tell how things are.
#[rustfmt::skip] // words, many to a line
const TELLING: &[&str] = &[
    "is", "are", "was", "were", "has", "have", "had", "does", "do", "did", "follows", "uses", "allows", "allow", "provides",
    "includes", "contains", "involves", "means", "refers", "represents", "requires", "enables", "supports", "makes", "adds",
    "defines", "describes", "works", "happens", "causes", "comes", "gives", "returns", "signs", "verifies", "affects",
    "manages", "stores", "depends",
];

/// Does a text tell how things are, and ask for nothing?
pub(crate) fn describes(words: &str) -> bool {
    let plain = normal(words);
    plain.split(' ').count() >= 6
        && !demands(words)
        && !opens_with_verb(words)
        && plain
            .split(' ')
            .take(14)
            .skip(1)
            .any(|w| TELLING.contains(&w))
}

/// "Build a profile page that shows:" names one thing, whose parts follow; "We need to:" and "The following tasks:" do not.
pub(crate) fn introduces_parts(sentence: &str) -> bool {
    let sentence = sentence.trim();
    if !sentence.ends_with(':') {
        return false;
    }
    let last = super::asks::sentences(sentence).pop().unwrap_or(sentence);
    let words = normal(last);
    let end = words.rsplit(' ').next().unwrap_or_default();
    words.split(' ').count() >= 4
        && !ANNOUNCING.contains(&end)
        && (opens_with_verb(last) || demands(last))
}

/// Infinitives order in German ("Termin bestätigen"), French, Spanish and Portuguese ("Afficher l'historique").
pub(crate) fn is_foreign_order(phrase: &str) -> bool {
    let words: Vec<&str> = phrase.split_whitespace().collect();
    let (Some(first), Some(last)) = (words.first(), words.last()) else {
        return false;
    };
    let first = first.to_lowercase();
    let romance = first.chars().count() >= 4
        && ["er", "ir", "re", "ar"]
            .iter()
            .any(|end| first.ends_with(end));
    let german = last.chars().count() >= 4
        && last.starts_with(char::is_lowercase)
        && ["en", "ern", "eln"].iter().any(|end| last.ends_with(end));
    words.len() >= 2 && (romance || german)
}

#[cfg(test)]
mod tests {
    use super::{describes, introduces_parts, is_foreign_order, says_how};

    #[test]
    fn what_tells_how_things_are_describes() {
        assert!(describes(
            "A cookie is a small text that the browser keeps."
        ));
        assert!(!describes(
            "The cookie must be small and last for a day only."
        ));
        assert!(!describes("Search by name, by place and by date of birth"));
    }

    #[test]
    fn a_sentence_that_names_one_thing_introduces_its_parts() {
        assert!(introduces_parts("Build a profile page that shows:"));
        assert!(introduces_parts(
            "Nobody likes it. We need a form with these fields:"
        ));
        assert!(!introduces_parts("We need to:"));
        assert!(!introduces_parts("Please work on the following tasks:"));
        assert!(!introduces_parts("Build a profile page."));
    }

    #[test]
    fn verbs_of_looks_say_how() {
        assert!(says_how("Show the latest posts"));
        assert!(!says_how("Lock the account after five wrong passwords"));
    }

    #[test]
    fn infinitives_order_in_other_languages() {
        assert!(is_foreign_order("Termin per E-Mail bestätigen"));
        assert!(is_foreign_order("Afficher l'historique des commandes"));
        assert!(!is_foreign_order("Barrierefreiheit nach BITV"));
    }
}
