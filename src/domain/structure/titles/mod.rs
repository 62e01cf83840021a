//! Titles that stand alone: from a heading, an item, a cell or a sentence to an imperative of at most 80 characters.

mod clauses;
mod clean;
mod findings;
mod nouns;
mod states;
mod stories;
#[cfg(test)]
mod tests;

use std::collections::HashSet;

pub(super) use clauses::has_predicate;
pub(super) use clean::{bare, id, label_of, phase};
pub(super) use findings::is_complaint;
pub(super) use nouns::as_thing;

use super::words::language::{Language, is_foreign};
use super::words::verbs::{from_gerund, opens_with_verb};

/// The longest title.
pub(super) const LONGEST: usize = 80;

/// What the document is about when nothing says so.
#[rustfmt::skip] // words, many to a line
pub(super) const NAMELESS: &str = "the request";

/// What titles need to know of the document.
pub(super) struct Titles {
    pub language: Language,
    /// Words that are always written with a capital.
    pub proper: HashSet<String>,
    /// What the document is about: "the team inbox".
    pub about: String,
}

impl Titles {
    /// A title from a name or a sentence. `near` names what it belongs to, nearest first.
    pub(super) fn title(&self, words: &str, near: &[&str]) -> String {
        let phrase = bare(words);
        if self.language == Language::Other || is_foreign(&phrase) {
            return cut(&capitalised(&phrase));
        }
        let (phrase, area) = if phrase.to_lowercase().starts_with("chosen option:") {
            (phrase, None)
        } else {
            self.without_area(&phrase)
        };
        let mut title = self.imperative(&phrase);
        if let Some(area) = area
            && nouns::is_thin(&title)
        {
            title = self.placed(&title, &area);
        } else if nouns::is_thin(&title)
            && !(opens_with_verb(&phrase) && title.split(' ').count() > 2)
            && let Some(place) = near.iter().find(|place| {
                !place.is_empty() && !nouns::is_generic(&bare(place)) && !same_words(place, &title)
            })
        {
            title = self.placed(&title, place);
        }
        cut(&title)
    }

    /// A title from an item among orders, where even a doubtful word is a verb: "Switch DNS".
    pub(super) fn order(&self, words: &str) -> Option<String> {
        let phrase = bare(words);
        // "Search: search files by a pattern"
        let phrase = match clean::split_head(&phrase) {
            Some((head, rest)) if !head.contains(' ') => capitalised(rest),
            _ => phrase,
        };
        let first = phrase.split(' ').next()?.to_lowercase();
        // "Lend a book": whatever stands before an article among orders is one.
        let by_shape = phrase
            .split(' ')
            .nth(1)
            .is_some_and(|second| ["a", "an", "the"].contains(&second))
            && !["s", "ing", "ed", "er", "th"]
                .iter()
                .any(|end| first.ends_with(end))
            && !super::words::language::COMMON.contains(&first.as_str())
            && phrase.starts_with(char::is_uppercase);
        (self.language == Language::English
            && phrase.split(' ').count() >= 2
            && !first.ends_with(':')
            && !opens_with_verb(&phrase)
            && (super::words::verbs::is_verb(&first) || by_shape)
            && !clauses::has_predicate(&phrase))
        .then(|| cut(&capitalised(&phrase)))
    }

    /// A title from a statement of how things are when they are done.
    pub(super) fn statement(&self, words: &str, near: &str) -> String {
        let title = self.title(words, &[near]);
        let phrase = bare(words);
        let named = title.starts_with("Add ") && !phrase.to_lowercase().starts_with("add ");
        if named && phrase.split(' ').count() >= 4 {
            cut(&format!("Ensure {}", self.lowered(&phrase)))
        } else {
            title
        }
    }

    /// A title for an issue that groups others.
    pub(super) fn group(&self, heading: &str) -> String {
        if let Some(phase) = phase(heading) {
            let name = format!("{} {}", phase.kind, phase.number);
            if self.language == Language::Other {
                return cut(&capitalised(heading));
            }
            return cut(&if phase.rest.is_empty() {
                format!("Deliver {name} of {}", self.about)
            } else {
                format!("Deliver {name}: {}", self.lowered(&bare(&phase.rest)))
            });
        }
        let title = self.title(heading, &[&self.about]);
        if let (true, Some(order)) = (title.starts_with("Add "), self.order(heading)) {
            return order;
        }
        let title = title
            .strip_prefix("Add ")
            .map_or(title.clone(), |thing| format!("Build {thing}"));
        // One word names a part of something.
        if title.split(' ').count() == 2 {
            cut(&self.placed(&title, &self.about))
        } else {
            title
        }
    }

    /// "Add rate limits" and "Public API" make "Add rate limits to public API".
    pub(super) fn placed(&self, title: &str, place: &str) -> String {
        let place = nouns::as_thing(&self.lowered(&bare(place)));
        if place.is_empty() || place == NAMELESS || same_words(&place, title) {
            return title.to_owned();
        }
        let joint = if title.starts_with("Add ") {
            "to"
        } else {
            "for"
        };
        let whole = format!("{title} {joint} {place}");
        if whole.chars().count() <= LONGEST && self.language == Language::English {
            whole
        } else {
            title.to_owned()
        }
    }

    /// "Backend: add an endpoint" is the order "Add an endpoint"; "Rate limits: the API must…" is about the head.
    fn without_area(&self, phrase: &str) -> (String, Option<String>) {
        let Some((head, rest)) = clean::split_head(phrase) else {
            return (phrase.to_owned(), None);
        };
        if opens_with_verb(head) && head.split(' ').count() > 1 {
            return (head.to_owned(), None);
        }
        // "Safari: the pay button is not clickable" says where a bug is.
        if findings::is_complaint(rest) {
            return (phrase.to_owned(), None);
        }
        let bound = rest.split(' ').next().unwrap_or_default().to_lowercase();
        if [
            "under", "below", "less", "within", "≤", "<", "above", "over", "≥", ">", "up",
        ]
        .contains(&bound.as_str())
            || rest.to_lowercase().starts_with("at most")
            || rest.to_lowercase().starts_with("at least")
        {
            return (format!("Keep {} {rest}", self.lowered(head)), None);
        }
        // "Business user: explainable results" names who wants it; "Admins: can delete posts" is a sentence.
        if clauses::is_person(head) && rest.split(' ').count() >= 2 {
            return if clauses::has_predicate(&format!("x {rest}")) {
                (format!("{head} {rest}"), None)
            } else {
                (rest.to_owned(), None)
            };
        }
        if opens_with_verb(rest) || stories::is_story(rest) {
            return (rest.to_owned(), Some(head.to_owned()));
        }
        if nouns::is_quality(head) || (head.split(' ').count() == 1 && nouns::is_generic(head)) {
            return (rest.to_owned(), Some(head.to_owned()));
        }
        (head.to_owned(), None)
    }

    fn imperative(&self, phrase: &str) -> String {
        let given = phrase;
        let phrase = clauses::without_opening(phrase);
        if let Some(wish) = stories::story(&phrase) {
            return self.imperative(&wish);
        }
        if let Some(order) = clauses::wanted_of(given, &phrase) {
            return capitalised(&order);
        }
        // After "we need to" or "must" even a doubtful word is a verb.
        let first = phrase.split(' ').next().unwrap_or_default().to_lowercase();
        let opening = given.len().saturating_sub(phrase.len());
        if opening > 0
            && super::words::verbs::is_verb(&first)
            && given.get(..opening).is_some_and(|o| {
                [
                    "to ", "must ", "should ", "shall ", "will ", "can ", "could ", "please ",
                    "also ", "let's ", "let’s ",
                ]
                .iter()
                .any(|end| o.to_lowercase().ends_with(end))
            })
        {
            return capitalised(&phrase);
        }
        if opens_with_verb(&phrase) && !phrase.to_lowercase().starts_with("support for ") {
            return capitalised(&phrase);
        }
        if let Some(rest) = phrase
            .strip_prefix("Support for ")
            .or_else(|| phrase.strip_prefix("support for "))
        {
            return format!("Support {rest}");
        }
        if let Some(order) = from_gerund_phrase(&phrase) {
            return order;
        }
        if clean::split_head(&phrase).is_some_and(|(_, rest)| findings::is_complaint(rest)) {
            return capitalised(&phrase);
        }
        // "Carefully insert the version" orders.
        if phrase
            .split_once(' ')
            .is_some_and(|(first, rest)| first.ends_with("ly") && opens_with_verb(rest))
        {
            return capitalised(&phrase);
        }
        if let Some(order) = states::of_heading(&phrase)
            .or_else(|| states::of_checklist(&phrase, |s| self.lowered(s)))
        {
            return capitalised(&order);
        }
        if let Some(question) = findings::asked_how(&phrase) {
            return question;
        }
        if findings::is_complaint(&phrase) {
            return capitalised(&phrase);
        }
        if let Some(order) = clauses::from_clause(&phrase, |s| self.lowered(s)) {
            return capitalised(&order);
        }
        capitalised(&nouns::with_verb(&phrase, |s| self.lowered(s)))
    }

    /// The phrase as it would read in the middle of a sentence.
    pub(super) fn lowered(&self, phrase: &str) -> String {
        if self.language == Language::Other {
            return phrase.to_owned();
        }
        let words: Vec<&str> = phrase.split(' ').collect();
        let plain = |word: &str| {
            let mut chars = word.chars();
            chars.next().is_some_and(char::is_uppercase)
                && chars.clone().next().is_some()
                && chars.all(|c| {
                    c.is_lowercase() || c == '-' || c == '\'' || c == '’' || c == ',' || c == ':'
                })
        };
        let common = |word: &str| {
            plain(word)
                && !self.proper.contains(
                    &word
                        .trim_matches(|c: char| !c.is_alphanumeric())
                        .to_lowercase(),
                )
        };
        // "Shared Inbox View" is a heading in title case, where capitals say nothing.
        let in_title_case = words.len() > 1
            && words.iter().all(|w| {
                plain(w)
                    || w.chars().count() <= 3
                    || !w.starts_with(char::is_alphabetic)
                    || w.chars().filter(|c| c.is_uppercase()).count() > 1
            });
        words
            .iter()
            .enumerate()
            .map(|(n, word)| {
                if (n == 0 || in_title_case) && (common(word) || (n == 0 && *word == "A")) {
                    word.to_lowercase()
                } else {
                    (*word).to_owned()
                }
            })
            .collect::<Vec<_>>()
            .join(" ")
    }
}

/// "Adding a cache" is the order "Add a cache".
fn from_gerund_phrase(phrase: &str) -> Option<String> {
    let (first, rest) = phrase.split_once(' ')?;
    let verb = from_gerund(&first.to_lowercase())?;
    let second = rest.split(' ').next()?.to_lowercase();
    let ordering = [
        "a", "an", "the", "all", "existing", "old", "new", "to", "from", "our", "each", "every",
        "support", "up", "several", "many", "more",
    ]
    .contains(&second.as_str())
        || [
            "adding",
            "removing",
            "creating",
            "implementing",
            "building",
            "writing",
            "migrating",
            "moving",
            "replacing",
            "updating",
            "improving",
            "introducing",
            "supporting",
            "fixing",
            "deprecating",
            "renaming",
            "enabling",
            "exposing",
            "making",
            "allowing",
            "refactoring",
            "handling",
            "converting",
            "defining",
            "using",
            "sending",
            "storing",
            "parsing",
            "validating",
            "detecting",
            "generating",
            "configuring",
            "deleting",
            "managing",
            "displaying",
            "rendering",
            "deploying",
            "connecting",
            "stabilizing",
            "stabilising",
            "preventing",
            "avoiding",
            "ensuring",
            "providing",
            "deciding",
            "choosing",
            "checking",
            "returning",
        ]
        .contains(&first.to_lowercase().as_str());
    ordering.then(|| capitalised(&format!("{verb} {rest}")))
}

/// With a capital first letter; words in code and mixed case stay.
pub(super) fn capitalised(phrase: &str) -> String {
    let first = phrase.split(' ').next().unwrap_or_default();
    if first.starts_with('`') || first.chars().skip(1).any(char::is_uppercase) {
        return phrase.to_owned();
    }
    let mut chars = phrase.chars();
    chars
        .next()
        .map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}

/// At most 80 characters, ended where a reader would pause.
pub(super) fn cut(title: &str) -> String {
    let title = title.trim();
    if title.chars().count() <= LONGEST {
        return clean::closed(title);
    }
    let end = title
        .char_indices()
        .nth(LONGEST)
        .map_or(title.len(), |(at, _)| at);
    let head = &title[..end];
    // A pause is a good place as long as enough is said before it.
    let pause = [
        ", so ",
        " so that ",
        " because ",
        " which ",
        " — ",
        " – ",
        "; ",
        " (",
        ". ",
        ": ",
        ", ",
    ]
    .iter()
    .filter_map(|mark| head.rfind(mark))
    .filter(|at| title[..*at].chars().count() >= 30)
    .max();
    let halfway = |at: &usize| title[..*at].chars().count() >= 36;
    let before = [
        " at ",
        " in ",
        " on ",
        " with ",
        " by ",
        " from ",
        " for ",
        " after ",
        " before ",
        " when ",
        " without ",
        " within ",
        " through ",
        " per ",
        " until ",
        " while ",
        " and ",
        " or ",
        " using ",
        " via ",
        " across ",
        " during ",
        " that ",
        " which ",
        " to ",
        " und ",
        " oder ",
        " mit ",
        " für ",
        " fuer ",
        " bei ",
        " von ",
        " aus ",
        " zur ",
        " zum ",
        " im ",
        " auf ",
        " nach ",
        " et ",
        " ou ",
        " pour ",
        " avec ",
        " dans ",
        " y ",
        " para ",
        " con ",
        " com ",
        " e ",
        " en ",
        " em ",
        " que ",
        "、",
        "，",
        "；",
        "。",
    ];
    let phrase = before
        .iter()
        .filter_map(|mark| head.rfind(mark))
        .filter(halfway)
        .max();
    let at = pause
        .or(phrase)
        .or_else(|| head.rfind(' ').filter(|at| *at > 0))
        .unwrap_or(end);
    clean::closed(&without_loose_end(&title[..at]))
}

/// Without the little words that a cut leaves hanging.
fn without_loose_end(title: &str) -> String {
    #[rustfmt::skip] // words, many to a line
    const LOOSE: &[&str] = &[
        "a", "an", "the", "of", "to", "for", "with", "and", "or", "in", "on", "by", "from", "at", "as", "that", "which", "when",
        "while", "if", "is", "are", "be", "its", "their", "our", "into", "than", "but", "not", "per", "via", "so", "any", "all",
        "each", "every", "no", "must", "should", "can", "will", "using", "this", "these", "those", "after", "before", "until",
        "without", "within", "between", "such", "including", "e.g.", "has", "have", "does", "do", "whose", "where", "only",
        "und", "der", "die", "das", "mit", "für", "de", "la", "le", "les", "des", "et", "el", "los", "y", "para", "con", "com",
        "e", "o", "other", "unless", "because", "oder", "den", "dem", "des", "ein", "eine", "einer", "eines", "fuer", "von", "zu",
        "nur", "un", "une", "du", "ou", "pour", "avec", "del", "al", "un", "una", "que", "da", "do", "dos", "das", "um", "uma",
    ];
    let mut words: Vec<&str> = title.split_whitespace().collect();
    while words.len() > 3
        && words
            .last()
            .is_some_and(|w| LOOSE.contains(&w.to_lowercase().trim_matches(',')))
    {
        words.pop();
    }
    words
        .join(" ")
        .trim_end_matches([',', ';', ':', '-', '–', '—', '.', ' ', '(', '/'])
        .to_owned()
}

/// The parts of a cell that a body may show apart.
pub(super) fn phrases(cell: &str) -> impl Iterator<Item = &str> {
    cell.split(['.', ';', ',', '\n'])
        .map(str::trim)
        .filter(|part| !part.is_empty())
}

/// Does the title already say these words?
fn same_words(place: &str, title: &str) -> bool {
    let title = super::words::asks::normal(title);
    let padded = format!(" {title} ");
    super::words::asks::normal(place)
        .split(' ')
        .filter(|w| w.len() > 2)
        .all(|word| padded.contains(&format!(" {word} ")) || padded.contains(&format!(" {word}s ")))
}
