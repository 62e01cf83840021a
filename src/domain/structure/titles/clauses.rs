//! From a sentence that asks to an order: "the system must send mail" to "send mail".

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use super::super::words::phrases::any_of;
use super::super::words::verbs::{from_participle, from_third_person, is_verb, opens_with_verb};
use super::stories::is_story;

/// Openings that ask without saying what; the rest is the order or the thing.
#[rustfmt::skip] // words, many to a line
const OPENINGS: &[&str] = &[
    "we need to be able to ", "we need to ", "we need ", "we should be able to ", "we should also ", "we should ",
    "we must also ", "we must ", "we want to be able to ", "we want to ", "we want ", "we will also ", "we will ", "we'll ",
    "we would like to ", "we would like ", "we'd like to ", "we'd like ", "we have to ", "we also need to ", "we also need ",
    "we also want to ", "we also want ", "we shall ", "we propose to ", "we plan to ", "we are going to ", "we can ",
    "we could ", "i want to ", "i want ", "i'd like to ", "i would like to ", "i need to ", "i'd love to have ",
    "i would love to have ", "i'd love to ", "i would love to ", "i'd love ", "i would love ", "we'd love to ", "we'd love ",
    "we would love to ", "we would love ", "i need ", "i wish ", "please also ", "please ", "let's ", "need to ", "needs to ",
    "should ", "must ", "shall ", "will ", "be able to ", "able to ", "the ability to ", "ability to ", "i'll ", "i will ",
    "it should be possible to ", "it must be possible to ", "it should also ", "it should ", "it must also ", "it must ",
    "it shall ", "it will ", "it needs to ", "it has to ", "it can ", "it would be great to ", "it would be nice to ",
    "it would be great if we could ", "it would be great if i could ", "it would be nice if i could ", "it would be great if ",
    "it would be nice if ", "would be nice if ", "would be great if ", "i wish i could ", "i wish we could ", "it would be nice if we could ", "would be nice to ", "would be great to ",
    "could we please ", "could we ", "can we please ", "can we ", "could you please ", "could you ", "can you please ",
    "can you ", "also ", "and ", "then ", "first, ", "first ", "second, ", "secondly, ", "third, ", "finally, ", "finally ",
    "lastly, ", "additionally, ", "additionally ", "in addition, ", "next, ", "optionally, ", "optionally ", "ideally, ",
    "ideally ", "eventually, ", "eventually ", "later, ", "afterwards, ", "furthermore, ", "moreover, ", "but ", "however, ",
    "there must also be ", "there must be ", "there should also be ", "there should be ", "there needs to be ",
    "there has to be ", "there will be ", "there shall be ", "the system must ", "the system shall ", "the system should ",
    "the system will ", "the system can ", "the system needs to ", "the application must ", "the application shall ",
    "the application should ", "the app must ", "the app should ", "the app shall ", "the app will ", "the product must ",
    "the product should ", "the product shall ", "the service must ", "the service shall ", "the service should ",
    "the solution must ", "the solution should ", "the solution shall ", "the tool must ", "the tool should ",
    "the platform must ", "the platform should ", "the platform shall ", "the software shall ", "the software must ",
    "the software should ", "system must ", "system shall ", "system should ", "for this we need ", "to ",
    "this rfc proposes to ", "this rfc proposes ", "this proposal adds ",
];

/// Where a wish begins inside a sentence: "The pages hurt, so I would love a dark mode".
#[rustfmt::skip] // words, many to a line
const WISHES_WITHIN: &[&str] = &[
    "i would love to have ", "i would love to ", "i would love ", "i'd love to have ", "i'd love to ", "i'd love ",
    "i would like to have ", "i would like ", "i'd like ", "we would like ", "we would love ", "we'd love ", "we'd like ",
    "i want ", "we want ", "we need ", "i need ", "please ", "we should ", "we must ", "let's ", "could we ", "can we ",
    "it would be great if ", "it would be great to ", "it would be nice if ", "it would be nice to ",
];

/// The wish inside a sentence that first says why.
fn wish_within(phrase: &str) -> Option<String> {
    static ANY: LazyLock<AhoCorasick> = LazyLock::new(|| any_of(WISHES_WITHIN));
    let straight = phrase.replace('’', "'");
    let lower = straight.to_lowercase();
    if lower.len() != straight.len() || !ANY.is_match(&lower) {
        return None;
    }
    let at = WISHES_WITHIN
        .iter()
        .filter_map(|wish| lower.find(wish))
        .filter(|at| {
            *at > 0
                && [
                    ", ", ", so ", ", and ", " so ", "; ", ": ", " — ", " – ", " and ", "that ",
                    ", but ",
                ]
                .iter()
                .any(|before| lower[..*at].ends_with(before))
        })
        .min()?;
    Some(straight[at..].to_owned())
}

/// "Decided on Bulma": what was decided is to be adopted.
fn decided(phrase: &str) -> Option<String> {
    const OPENINGS: &[(&str, &str)] = &[
        ("we decided to ", ""),
        ("we have decided to ", ""),
        ("decided to ", ""),
        ("we decided on ", "adopt "),
        ("decided on ", "adopt "),
        ("we chose ", "adopt "),
        ("we have chosen ", "adopt "),
        ("chosen option: ", "adopt "),
        ("the decision is to ", ""),
    ];
    let lower = phrase.to_lowercase();
    let (opening, verb) = OPENINGS.iter().find(|(o, _)| lower.starts_with(o))?;
    let rest = phrase.get(opening.len()..)?;
    Some(format!("{verb}{}", rest.trim_matches(['"', '“', '”'])))
}

/// "Before the branch is cut, verify the builds": what is to be done comes first.
fn order_after_setting(phrase: &str) -> Option<String> {
    const SETTINGS: &[&str] = &[
        "before ",
        "after ",
        "once ",
        "when ",
        "in order to ",
        "in addition to ",
        "instead of ",
        "for each ",
    ];
    const WE: &[&str] = &[
        "we will ",
        "we should ",
        "we must ",
        "we need to ",
        "please ",
    ];
    let lower = phrase.to_lowercase();
    SETTINGS.iter().find(|s| lower.starts_with(**s))?;
    let (setting, rest) = phrase.split_once(", ")?;
    let order = WE
        .iter()
        .find_map(|we| {
            rest.to_lowercase()
                .starts_with(we)
                .then(|| &rest[we.len()..])
        })
        .unwrap_or(rest);
    (setting.split(' ').count() <= 20 && opens_with_verb(order)).then(|| order.to_owned())
}

/// Without openings that carry nothing.
pub(super) fn without_opening(phrase: &str) -> String {
    let mut phrase = phrase.trim().to_owned();
    if let Some(order) = decided(&phrase).or_else(|| order_after_setting(&phrase)) {
        return order;
    }
    if !is_story(&phrase)
        && let Some(wish) = wish_within(&phrase)
    {
        phrase = wish;
    }
    for _ in 0..4 {
        let straight = phrase.replace('’', "'");
        let lower = straight.to_lowercase();
        let Some(opening) = OPENINGS
            .iter()
            .filter(|o| lower.starts_with(**o))
            .max_by_key(|o| o.len())
        else {
            break;
        };
        let rest = straight.get(opening.len()..).unwrap_or_default().trim();
        // "It must be fast" says nothing of what "it" is, but "be fast" says less; "It must not" neither.
        if rest.is_empty()
            || (rest.to_lowercase().starts_with("not ")
                || rest.to_lowercase().starts_with("be ")
                    && !rest.to_lowercase().starts_with("be able to "))
                && !opening.starts_with("it ")
        {
            break;
        }
        // "First week" is no order.
        if *opening == "first " && !opens_with_verb(rest) {
            break;
        }
        if opening.len() <= 4
            && *opening != "to "
            && !opens_with_verb(rest)
            && rest.split(' ').count() < 2
        {
            break;
        }
        phrase = String::from(rest);
    }
    phrase
}

/// "We want the tool to print JSON" wants the tool made so.
pub(super) fn wanted_of(given: &str, phrase: &str) -> Option<String> {
    let opening = given.len().saturating_sub(phrase.len());
    let opened = given.get(..opening)?.to_lowercase();
    if !["want ", "like ", "love ", "need "]
        .iter()
        .any(|end| opened.ends_with(end))
    {
        return None;
    }
    let at = phrase.find(" to ")?;
    let (subject, rest) = (&phrase[..at], &phrase[at + 4..]);
    let first = subject.split(' ').next()?.to_lowercase();
    let person = PEOPLE.contains(&subject.rsplit(' ').next()?.to_lowercase().as_str());
    let names =
        person || ["the", "our", "all", "each", "every", "my", "its"].contains(&first.as_str());
    if !names
        || subject.split(' ').count() > 5
        || !(rest.starts_with("be ") || is_verb(&rest.split(' ').next()?.to_lowercase()))
    {
        return None;
    }
    if let Some(state) = rest.strip_prefix("be ") {
        return Some(if person {
            format!("let {subject} {}", state.strip_prefix("able to ")?)
        } else {
            passive(
                subject,
                state,
                is_plural(subject, subject.rsplit(' ').next()?),
            )
        });
    }
    Some(if person {
        format!("let {subject} {rest}")
    } else {
        format!("make {subject} {rest}")
    })
}

#[rustfmt::skip] // words, many to a line
const MODALS: &[&str] = &[
    "must also", "should also", "can also", "must", "shall", "should", "will", "needs to", "need to", "has to", "have to", "can",
    "may", "cannot", "is able to", "are able to", "ought to",
];
#[rustfmt::skip] // words, many to a line
const PEOPLE: &[&str] = &[
    "user", "users", "customer", "customers", "admin", "admins", "administrator", "administrators", "operator", "operators",
    "member", "members", "maintainer", "maintainers", "people", "anyone", "everyone", "agent", "agents", "editor", "editors",
    "viewer", "viewers", "owner", "owners", "developer", "developers", "person", "visitor", "visitors", "guest", "guests",
    "manager", "managers", "teammate", "teammates", "reader", "readers", "author", "authors", "reviewer", "reviewers", "player",
    "players", "student", "students", "teacher", "teachers", "buyer", "buyers", "seller", "sellers", "merchant", "merchants",
    "subscriber", "subscribers", "lead", "leads", "clients", "shopper", "shoppers", "tenant", "tenants", "organisers",
    "organizers", "they", "you", "employee", "employees", "driver", "drivers", "contributor", "contributors", "patients",
    "patient", "team", "teams", "board", "committee", "clerk", "clerks", "resident", "residents", "citizen", "citizens", "staff",
    "parents", "family", "families", "coach", "coaches", "librarian", "librarians",
];

/// An order from a sentence with a modal verb or a verb in the third person.
pub(super) fn from_clause(phrase: &str, lowered: impl Fn(&str) -> String) -> Option<String> {
    let lower = phrase.to_lowercase();
    let found = MODALS
        .iter()
        .filter_map(|m| find_word(&lower, m).map(|at| (at, *m)))
        .min_by_key(|(at, m)| (*at, usize::MAX - m.len()));
    if let Some((at, modal)) = found
        && at > 0
        && phrase[..at].split_whitespace().count() <= 9
        && lower.is_char_boundary(at)
        && phrase.is_char_boundary(at)
        && lower.len() == phrase.len()
    {
        let (subject, predicate) = (phrase[..at].trim(), phrase[at + modal.len()..].trim());
        let setting = subject.rsplit_once(", ");
        let (before, subject) =
            setting.map_or(("", subject), |(before, subject)| (before, subject));
        if let Some(order) = order(&lowered(subject), predicate, modal) {
            return Some(if before.is_empty() || before.split(' ').count() > 8 {
                order
            } else {
                format!("{order} {}", lowered(before))
            });
        }
    }
    // "Code samples need colours" wants them given.
    if let Some((subject, thing)) = phrase
        .split_once(" needs ")
        .or_else(|| phrase.split_once(" need "))
        && subject.split(' ').count() <= 6
        && !thing.starts_with("to ")
        && !["we", "i", "they", "you", "no"].contains(&subject.to_lowercase().as_str())
    {
        return Some(format!("give {} {thing}", lowered(subject)));
    }
    third_person(phrase, lowered)
}

/// "Business users", "the reviewer".
pub(super) fn is_person(words: &str) -> bool {
    let last = words.rsplit(' ').next().unwrap_or_default().to_lowercase();
    PEOPLE.contains(&last.as_str())
}

/// Does the second word make the first one a subject?
pub(crate) fn has_predicate(phrase: &str) -> bool {
    phrase
        .split(' ')
        .skip(1)
        .take(3)
        .any(|w| MODALS.contains(&w) || ["is", "are", "was", "were", "has", "have"].contains(&w))
}

fn find_word(text: &str, word: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = text[from..].find(word).map(|at| from + at) {
        let end = at + word.len();
        let starts = at == 0 || text[..at].ends_with(' ');
        if starts && text[end..].starts_with(' ') {
            return Some(at);
        }
        from = end;
    }
    None
}

/// Words that tell of a clause inside the subject: then the modal verb is not the sentence's own.
#[rustfmt::skip] // words, many to a line
const FINITE: &[&str] = &[
    "does", "do", "is", "are", "has", "have", "was", "were", "doesn't", "don't", "isn't", "aren't", "which", "that", "how", "what", "if", "when",
    "where", "who", "whose", "whom",
];
/// Adverbs that a title does without.
const ADVERBS: &[&str] = &[
    "first ",
    "also ",
    "then ",
    "now ",
    "still ",
    "therefore ",
    "thus ",
];
/// Subjects that go without saying.
#[rustfmt::skip] // words, many to a line
const EVIDENT: &[&str] = &[
    "system", "it", "this", "app", "application", "service", "we", "product", "solution", "platform", "software",
];

/// "the importer", "skip broken rows" and "must" make an order.
fn order(subject: &str, predicate: &str, modal: &str) -> Option<String> {
    if predicate.is_empty() || subject.is_empty() || subject.split(' ').any(|w| FINITE.contains(&w))
    {
        return None;
    }
    let predicate = ADVERBS
        .iter()
        .find_map(|adverb| predicate.strip_prefix(adverb))
        .unwrap_or(predicate);
    let last = subject.rsplit(' ').next().unwrap_or(subject).to_lowercase();
    let person = subject
        .split(' ')
        .any(|w| PEOPLE.contains(&w.to_lowercase().as_str()));
    let plural = is_plural(subject, &last);
    if modal == "cannot" || predicate.starts_with("not ") {
        let rest = predicate.strip_prefix("not ").unwrap_or(predicate);
        return prohibition(subject, rest, person, plural);
    }
    let able = predicate.strip_prefix("be able to ").filter(|_| person);
    if let (Some(state), None) = (predicate.strip_prefix("be "), able) {
        return Some(passive(subject, state, plural));
    }
    if person {
        let allowed = able.is_some()
            || !matches!(
                modal,
                "must"
                    | "must also"
                    | "shall"
                    | "needs to"
                    | "need to"
                    | "has to"
                    | "have to"
                    | "ought to"
            );
        let deed = able.unwrap_or(predicate);
        return Some(if allowed {
            format!("let {subject} {deed}")
        } else {
            format!("require {subject} to {deed}")
        });
    }
    if let Some(thing) = predicate.strip_prefix("have ") {
        return Some(format!("give {subject} {thing}"));
    }
    if let Some(state) = ["stay ", "remain "]
        .iter()
        .find_map(|stays| predicate.strip_prefix(stays))
    {
        return Some(format!("keep {subject} {state}"));
    }
    if let Some(thing) = predicate.strip_prefix("support ") {
        return Some(format!("support {thing} in {subject}"));
    }
    if EVIDENT.contains(&last.as_str()) && subject.split(' ').count() <= 2 {
        return Some(predicate.to_owned());
    }
    Some(format!("make {subject} {predicate}"))
}

/// "must not …": what is to be ensured or prevented.
fn prohibition(subject: &str, rest: &str, person: bool, plural: bool) -> Option<String> {
    let (is, does) = if plural {
        ("are", "do")
    } else {
        ("is", "does")
    };
    if let Some(state) = rest.strip_prefix("be ") {
        return Some(format!("ensure {subject} {is} not {state}"));
    }
    if person {
        return Some(format!("prevent {subject} from {}", gerund_phrase(rest)?));
    }
    Some(format!("ensure {subject} {does} not {rest}"))
}

/// Words that open a bound.
const MEASURES: &[&str] = &[
    "under", "below", "less", "at", "within", "no", "up", "above", "over", "more", "between",
    "fewer", "lower", "higher", "greater", "≤", "≥", "<", ">",
];

/// "must be hashed" is "hash …"; "must be fast" is "make … fast"; "must be under 300 ms" is "keep … under 300 ms".
fn passive(subject: &str, state: &str, plural: bool) -> String {
    let mut words = state.splitn(2, ' ');
    let first = words.next().unwrap_or_default();
    let rest = words.next().unwrap_or_default();
    let lower = first.trim_end_matches([',', '.']).to_lowercase();
    if let Some(verb) = from_participle(&lower) {
        return format!("{verb} {subject} {rest}").trim().to_owned();
    }
    if let Some((adverb, verb)) = rest
        .split(' ')
        .next()
        .and_then(|next| from_participle(&next.to_lowercase()))
        .filter(|_| lower.ends_with("ly"))
        .map(|verb| (&lower, verb))
    {
        return format!(
            "{adverb} {verb} {subject} {}",
            rest.split_once(' ').map_or("", |(_, r)| r)
        )
        .trim()
        .to_owned();
    }
    if MEASURES.contains(&lower.as_str()) || first.starts_with(|c: char| c.is_ascii_digit()) {
        return format!("keep {subject} {state}");
    }
    if [
        "a", "an", "the", "in", "on", "one", "part", "of", "for", "based", "enough",
    ]
    .contains(&lower.as_str())
    {
        return format!(
            "ensure {subject} {} {state}",
            if plural { "are" } else { "is" }
        );
    }
    format!("make {subject} {state}")
}

fn is_plural(subject: &str, last: &str) -> bool {
    let lower = subject.to_lowercase();
    if ["each ", "every ", "a ", "an ", "this ", "no "]
        .iter()
        .any(|d| lower.starts_with(d))
    {
        return false;
    }
    ["all ", "both ", "these ", "those "]
        .iter()
        .any(|d| lower.starts_with(d))
        || (last.ends_with('s')
            && !last.ends_with("ss")
            && !last.ends_with("us")
            && !last.ends_with("is"))
        || last == "people"
        || last == "data"
        || subject.contains(" and ")
}

fn gerund_phrase(rest: &str) -> Option<String> {
    let (verb, tail) = rest.split_once(' ').unwrap_or((rest, ""));
    if !is_verb(&verb.to_lowercase()) {
        return None;
    }
    Some(
        format!("{} {tail}", super::nouns::gerund(verb))
            .trim()
            .to_owned(),
    )
}

/// "The bot replies with a table" is "ensure the bot replies with a table"; "Shows a banner" is "show a banner".
fn third_person(phrase: &str, lowered: impl Fn(&str) -> String) -> Option<String> {
    let words: Vec<&str> = phrase.split(' ').collect();
    let clean = |word: &str| {
        word.trim_matches(|c: char| !c.is_alphanumeric())
            .to_lowercase()
    };
    if words.len() >= 3
        && let Some(verb) = from_third_person(&clean(words[0]))
        && !clean(words[1]).ends_with('s')
        && [
            "a", "an", "the", "all", "any", "each", "every", "no", "new", "only", "its", "their",
            "when", "to", "with", "in", "on", "at", "by", "from", "after", "for",
        ]
        .contains(&clean(words[1]).as_str())
    {
        return Some(format!("{verb} {}", words[1..].join(" ")));
    }
    if words.len() < 5 || ["if", "when", "no"].contains(&clean(words[0]).as_str()) {
        return None;
    }
    let lower: Vec<String> = words.iter().map(|w| clean(w)).collect();
    let determiner = [
        "the", "a", "an", "each", "every", "all", "any", "no", "it", "this",
    ]
    .contains(&lower[0].as_str());
    let verb = (1..words.len().min(6)).find(|n| {
        matches!(
            lower[*n].as_str(),
            "is" | "are"
                | "has"
                | "have"
                | "stays"
                | "lives"
                | "does"
                | "works"
                | "never"
                | "always"
        ) || (from_third_person(&lower[*n]).is_some()
            && (determiner || *n >= 2)
            && lower.get(n + 1).is_some_and(|next| {
                [
                    "a", "an", "the", "in", "on", "to", "with", "at", "by", "from", "after",
                    "within", "under", "all", "any", "its", "their", "only", "no", "when", "for",
                    "as", "into", "every", "each", "per", "out", "up",
                ]
                .contains(&next.as_str())
            }))
    })?;
    // A noun phrase before "of", "for", "to" is no clause: "Search results in the sidebar".
    if !determiner
        && !matches!(
            lower[verb].as_str(),
            "is" | "are" | "has" | "have" | "never" | "always" | "stays" | "does" | "works"
        )
        && [
            "in", "on", "for", "to", "with", "from", "by", "per", "as", "at",
        ]
        .contains(&lower[verb + 1].as_str())
        && words.len() < 7
    {
        return None;
    }
    Some(format!("ensure {}", lowered(phrase)))
}
