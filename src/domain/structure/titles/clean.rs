//! What does not belong in a title: numbers, ids, labels, people, priorities, links, marks at the ends.

use super::super::words::verbs::{is_verb, opens_with_verb};

/// "Phase 2: move the reads", taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Phase {
    /// "phase", "step", …
    pub kind: String,
    /// "2", as it would be counted.
    pub number: String,
    pub rest: String,
}

#[rustfmt::skip] // words, many to a line
const PHASES: &[&str] = &[
    "phase", "step", "stage", "milestone", "sprint", "wave", "iteration", "week", "étape", "schritt", "fase", "etapa",
    "meilenstein", "hito", "marco", "jalon", "increment",
];
const NUMBERS: &[&str] = &[
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
];
/// Labels that say what kind of thing follows.
#[rustfmt::skip] // words, many to a line
const KINDS: &[&str] = &[
    "feature", "task", "epic", "story", "user story", "requirement", "functional requirement", "use case", "todo", "action",
    "action item", "ai", "item", "work item", "deliverable", "feature request", "fr", "subtask", "sub-task", "bug", "workstream",
    "part", "fix", "change", "enhancement", "proposal", "rfc", "kep", "prd", "adr", "project", "migration plan", "project plan",
    "plan", "design doc", "design", "spec", "specification", "roadmap", "initiative", "tracking issue", "meta", "umbrella",
    "meta issue", "umbrella issue", "aufgabe", "funktion", "anforderung", "tâche", "fonctionnalité", "tarea", "funcionalidad",
    "requisito", "tarefa", "funcionalidade", "historia", "rep", "pep",
];

/// Takes a phase's label off its name; `None` when there is none.
pub(crate) fn phase(words: &str) -> Option<Phase> {
    let words = without_status(without_marks(words));
    let words =
        words.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ')' | ' '));
    let mut parts = words.splitn(2, ' ');
    let kind = parts.next()?.trim_end_matches(':').to_lowercase();
    let rest = parts.next().unwrap_or_default().trim_start();
    // "M2: the read path" is a milestone too.
    if let Some(number) = kind
        .strip_prefix('m')
        .filter(|n| !n.is_empty() && n.len() <= 2 && n.bytes().all(|b| b.is_ascii_digit()))
    {
        let labelled = words[kind.len()..]
            .trim_start()
            .starts_with([':', '-', '–', '—', '.'])
            || rest.is_empty();
        return labelled.then(|| Phase {
            kind: "milestone".to_owned(),
            number: number.to_owned(),
            rest: trimmed(rest).to_owned(),
        });
    }
    if !PHASES.contains(&kind.as_str()) {
        return None;
    }
    let end = rest
        .find(|c: char| !c.is_alphanumeric() && c != '.')
        .unwrap_or(rest.len());
    let number = rest[..end].trim_end_matches('.');
    let spelled = NUMBERS
        .iter()
        .position(|n| *n == number.to_lowercase())
        .map(|n| n.to_string());
    let digits = number.trim_start_matches(['M', 'm']);
    let plain = (!digits.is_empty()
        && digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.len() <= 3)
        || (number.len() == 1 && number.starts_with(|c: char| c.is_ascii_uppercase()))
        || ["II", "III", "IV"].contains(&number);
    let number = spelled
        .or_else(|| plain.then(|| if digits.is_empty() { number } else { digits }.to_owned()))?;
    Some(Phase {
        kind,
        number,
        rest: trimmed(&rest[end..]).to_owned(),
    })
}

fn trimmed(rest: &str) -> &str {
    rest.trim_start_matches([':', '-', '–', '—', '.', ' ', ')', '|', '/'])
        .trim()
}

/// The kind of thing and the rest, in "User story 3: export rows".
pub(crate) fn label_of(words: &str) -> Option<(&str, &str)> {
    let at = words.find([':', '—', '–']).or_else(|| words.find(" - "))?;
    let (head, rest) = (words[..at].trim(), trimmed(&words[at..]));
    let kind =
        head.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | '#' | ' ' | '-'));
    let lower = kind.to_lowercase();
    (KINDS.contains(&lower.as_str()) && !rest.is_empty()).then_some((head, rest))
}

/// The words of a title without what only orders, marks or plans it.
pub(crate) fn bare(words: &str) -> String {
    let mut text = without_status(without_marks(words)).trim().to_owned();
    for _ in 0..4 {
        let before = text.clone();
        text = without_number(&text).to_owned();
        text = without_id(&text).to_owned();
        if let Some((_, rest)) = label_of(&text) {
            text = rest.to_owned();
        }
        if let Some(phase) = phase(&text).filter(|p| !p.rest.is_empty()) {
            text = phase.rest;
        }
        text = without_person(&text).to_owned();
        if text == before {
            break;
        }
    }
    let text = without_notes(&text);
    let text = without_addresses(&text);
    let sentence = first_sentence(&text);
    closed(
        sentence
            .trim_end_matches(|c: char| {
                matches!(c, '.' | ',' | ';' | ':' | '!' | '?' | '-' | '–' | '—')
                    || c.is_whitespace()
            })
            .trim_start_matches(['-', '–', '—', ':', '.', ',', ' ', '*']),
    )
}

/// The first sentence when a whole paragraph is given; the rest is for the body.
fn first_sentence(text: &str) -> &str {
    super::super::words::asks::sentences(text)
        .first()
        .copied()
        .filter(|s| s.split(' ').count() >= 2)
        .unwrap_or(text)
}

/// Without a sign and capitals at the end that tell how far it is: "Storage 🚧 NEXT".
fn without_status(words: &str) -> &str {
    let sign = |c: char| {
        c as u32 >= 0x2300
            && !c.is_alphanumeric()
            && !matches!(c, '\u{3000}'..='\u{30ff}' | '\u{ff00}'..='\u{ffef}')
    };
    let Some(at) = words.rfind(sign).filter(|at| *at > 0) else {
        return words;
    };
    let tail = words[at..].trim_start_matches(|c: char| !c.is_alphanumeric());
    let shouts = tail.chars().all(|c| !c.is_lowercase()) && tail.split(' ').count() <= 2;
    if shouts && tail.is_ascii() {
        words[..at].trim_end_matches(|c: char| sign(c) || c == ' ' || c == '\u{fe0f}')
    } else {
        words
    }
}

/// Without emoji and other signs at the ends.
fn without_marks(words: &str) -> &str {
    let words = words.trim();
    let start = words
        .find(|c: char| {
            c.is_alphanumeric()
                || matches!(
                    c,
                    '`' | '"'
                        | '“'
                        | '\''
                        | '('
                        | '['
                        | '#'
                        | '@'
                        | '<'
                        | '/'
                        | '.'
                        | '$'
                        | '«'
                        | '„'
                )
        })
        .unwrap_or(0);
    words[start..].trim_end_matches(|c: char| {
        !c.is_alphanumeric()
            && !c.is_ascii_punctuation()
            && !matches!(c, '”' | '’' | '»' | '…' | '°' | '€')
    })
}

/// Without "1.", "2.3", "a)", "(3)", "#4", "§2".
fn without_number(words: &str) -> &str {
    let token_end = words.find(' ').unwrap_or(words.len());
    let token = &words[..token_end];
    let core = token
        .trim_start_matches(['(', '[', '#', '§'])
        .trim_end_matches(['.', ')', ']', ':']);
    let numeric = !core.is_empty()
        && core.split('.').all(|part| {
            !part.is_empty() && part.len() <= 3 && part.bytes().all(|b| b.is_ascii_digit())
        });
    let marked = token.len() > core.len() || core.contains('.');
    let lettered = core.len() == 1
        && core.starts_with(|c: char| c.is_ascii_alphabetic())
        && token.ends_with([')', '.']);
    let roman = token.ends_with(['.', ')'])
        && core.len() <= 4
        && !core.is_empty()
        && core
            .chars()
            .all(|c| matches!(c, 'i' | 'v' | 'x' | 'I' | 'V' | 'X'));
    let rest = words[token_end..].trim_start();
    // "1 Login" in a heading is a number; "3 retries" is not.
    let bare_number = numeric
        && (marked || rest.starts_with(|c: char| c.is_uppercase() || matches!(c, '-' | '–' | '—')));
    if !rest.is_empty() && (bare_number || lettered || roman) {
        rest.trim_start_matches(['-', '–', '—', ' ', '.', ':'])
    } else {
        words
    }
}

/// Without "FR-1:", "[US-001]", "REQ12 –", "T3.".
fn without_id(words: &str) -> &str {
    let end = words.find([' ', ':']).unwrap_or(words.len());
    let core = words[..end].trim_matches(['[', ']', '(', ')', '.', '`', '*']);
    if id(core) {
        let rest = trimmed(&words[end..]);
        if !rest.is_empty() {
            return rest.trim_start_matches(']').trim_start();
        }
    }
    // "[Feature] Export", "[Backend] …": what stands in brackets sorts, it does not name.
    if let Some((tag, rest)) = words.strip_prefix('[').and_then(|w| w.split_once(']'))
        && tag.len() <= 24
        && !rest.trim().is_empty()
        && !rest.starts_with('(')
        && tag
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '/' | '#' | '.'))
    {
        return trimmed(rest);
    }
    words
}

/// "FR-1", "US001", "REQ-2.3", "BE-12a".
pub(crate) fn id(word: &str) -> bool {
    let digits = word
        .find(|c: char| c.is_ascii_digit())
        .unwrap_or(word.len());
    let (head, tail) = word.split_at(digits);
    let head_core = head.trim_end_matches(['-', '_', '.', '#']);
    let letters = !head_core.is_empty()
        && head_core.len() <= 12
        && head_core
            .chars()
            .all(|c| c.is_ascii_uppercase() || c == '-' || c == '_');
    let known = [
        "P0", "P1", "P2", "P3", "V1", "V2", "V3", "HTTP2", "S3", "K8", "H2", "IPV4", "IPV6",
        "UTF-8", "SHA-256", "ISO-8601", "OAUTH2", "MP3", "MP4", "EC2", "TLS1", "GPT-4", "WCAG",
        "RFC",
    ]
    .contains(&word.to_uppercase().as_str());
    letters
        && !known
        && !tail.is_empty()
        && tail.len() <= 8
        && tail
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, '.' | '-' | '_') || c.is_ascii_lowercase())
        && (head_core.len() <= 6 || head.ends_with('-'))
}

/// Without "@alice:", "Bob to", "Carol –" before an order.
fn without_person(words: &str) -> &str {
    let end = words.find([' ', ':', ',']).unwrap_or(words.len());
    let name = &words[..end];
    let is_mention = name.starts_with('@') && name.len() > 1;
    let is_name = name.chars().next().is_some_and(char::is_uppercase)
        && name.chars().skip(1).all(char::is_lowercase)
        && !is_verb(&name.to_lowercase());
    let rest = words[end..].trim_start();
    let order = |rest: &str| {
        opens_with_verb(rest)
            || rest
                .split(' ')
                .next()
                .is_some_and(|w| is_verb(&w.to_lowercase()) && rest.contains(' '))
    };
    for joint in ["to ", "will ", "should "] {
        if let Some(order_words) = rest.strip_prefix(joint)
            && (is_mention || is_name && order_words.contains(' '))
            && order(order_words)
            && ![
                "Users",
                "Admins",
                "It",
                "We",
                "This",
                "They",
                "People",
                "Need",
                "Customers",
                "Ability",
                "Option",
                "System",
                "How",
                "Whether",
                "What",
                "Way",
                "Everyone",
                "Anyone",
                "Users",
                "There",
                "Clients",
                "Servers",
                "Everything",
                "Nothing",
                "Something",
                "All",
                "Both",
                "Each",
                "Nobody",
                "Ways",
                "Tools",
                "Things",
                "Steps",
                "Files",
                "Options",
                "Rules",
                "Guide",
                "Reasons",
                "Plan",
                "Plans",
            ]
            .contains(&name)
        {
            return order_words;
        }
    }
    if is_mention {
        let rest = trimmed(rest.trim_start_matches(','));
        return if rest.is_empty() { words } else { rest };
    }
    words
}

/// Without what stands in brackets to plan it: "(P1)", "(owner: ann)", "(depends on 2)", "[must]", "(optional)".
fn without_notes(words: &str) -> String {
    #[rustfmt::skip] // words, many to a line
    const NOTES: &[&str] = &[
        "p0", "p1", "p2", "p3", "must", "should", "could", "must have", "should have", "nice to have", "optional", "required",
        "high", "medium", "low", "mvp", "wip", "tbd", "new", "stretch", "critical", "blocker", "v1", "v2", "s", "m", "l", "xl",
        "xs", "breaking", "done", "todo", "high priority", "low priority",
    ];
    #[rustfmt::skip] // words, many to a line
    const OPENINGS: &[&str] = &[
        "depends on", "blocked by", "after ", "requires ", "owner", "assignee", "priority", "estimate", "@", "eta", "due",
        "see ", "needs ", "once ", "~", "est.", "#", "waits for", "follows ", "blocks ", "closes ", "fixes ", "by ", "http",
        "lead:", "cc ",
    ];
    let mut out = String::new();
    let mut rest = words;
    while let Some(at) = rest.find(['(', '[']) {
        let closing = if rest[at..].starts_with('(') {
            ')'
        } else {
            ']'
        };
        let Some(end) = rest[at..].find(closing).map(|e| at + e) else {
            break;
        };
        let inside = rest[at + 1..end].trim().to_lowercase();
        let effort = inside.starts_with(|c: char| c.is_ascii_digit())
            && inside.ends_with(['d', 'h', 'w', 's', 't', 'k', 'p'])
            && inside.len() <= 8;
        let note = NOTES.contains(&inside.as_str())
            || OPENINGS.iter().any(|o| inside.starts_with(o))
            || effort
            || inside.is_empty()
            || id(&rest[at + 1..end]);
        out.push_str(if note {
            rest[..at].trim_end()
        } else {
            &rest[..=end]
        });
        rest = &rest[end + 1..];
    }
    out.push_str(rest);
    out
}

/// Without addresses; code and words around them stay.
fn without_addresses(words: &str) -> String {
    if !words.contains("://") {
        return words.to_owned();
    }
    words
        .split(' ')
        .filter(|w| !w.contains("://") || w.starts_with('`'))
        .collect::<Vec<_>>()
        .join(" ")
}

/// With no bracket or code mark left open by a cut.
pub(super) fn closed(title: &str) -> String {
    let mut title = title.trim().to_owned();
    if title.matches('`').count() % 2 == 1 {
        let at = title.rfind('`').unwrap_or(0);
        title = if at > 30 {
            title[..at].trim_end().to_owned()
        } else {
            title.replace('`', "")
        };
    }
    for (open, close) in [('(', ')'), ('[', ']')] {
        if title.matches(open).count() > title.matches(close).count()
            && let Some(at) = title.rfind(open)
        {
            title = if at > 20 {
                title[..at].trim_end().to_owned()
            } else {
                title.replacen(open, "", 1)
            };
        }
    }
    title.trim_end_matches([',', ':', ';', ' ']).to_owned()
}

/// "Rate limits: the public API must…" as a head of at most six words and the rest.
pub(super) fn split_head(phrase: &str) -> Option<(&str, &str)> {
    let (at, mark) = [": ", " — ", " – ", " - ", " -- "]
        .iter()
        .filter_map(|mark| phrase.find(mark).map(|at| (at, *mark)))
        .min()?;
    let (head, rest) = (phrase[..at].trim(), phrase[at + mark.len()..].trim());
    let words = head.split(' ').count();
    let in_brackets = head.matches('(').count() != head.matches(')').count()
        || head.matches('`').count() % 2 == 1;
    (words <= 6 && !head.is_empty() && !rest.is_empty() && !in_brackets).then_some((head, rest))
}
