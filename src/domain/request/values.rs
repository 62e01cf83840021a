//! From what was written behind a key to a typed value, with a complaint for everything that is not right.

use super::keys::Key;
use super::list::{distinct, items};
use super::{Limits, Options, UniqueBy};
use crate::domain::ids::RepositoryName;
use crate::domain::rejection::{Complaint, quoted};

/// What a person wrote behind a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Written {
    Text(String),
    /// A list that YAML has taken apart already.
    List(Vec<String>),
    /// YAML that no option takes.
    Other,
}

/// One option as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Given {
    pub(super) key: Key,
    /// Counted from 1.
    pub(super) line: usize,
    pub(super) written: Written,
}

const LABEL_CHARACTERS: usize = 50;
const ASSIGNEES: usize = 10;
const LABELS: usize = 100;
const NAME_CHARACTERS: usize = 255;
const RATE_LIMIT: u32 = 80;
const TRUE: [&str; 4] = ["true", "yes", "on", "1"];
const FALSE: [&str; 4] = ["false", "no", "off", "0"];
const NUMBERS: [&str; 13] = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve",
];

/// Reads every option; complaints are in the order of the text. `template` is not a value and is left alone.
pub(super) fn read(given: &[Given], limits: &Limits) -> (Options, Vec<Complaint>) {
    let mut options = Options::default();
    let mut complaints = Vec::new();
    for (index, one) in given.iter().enumerate() {
        if let Some(first) = given[..index].iter().find(|other| other.key == one.key) {
            let says = format!(
                "{} is given twice, first in line {}; keep one of the two",
                one.key, first.line
            );
            complaints.push(Complaint::new(one.line, says));
            continue;
        }
        if let Err(faults) = read_one(&mut options, one, limits) {
            complaints.extend(
                faults
                    .into_iter()
                    .map(|says| Complaint::new(one.line, says)),
            );
        }
    }
    (options, complaints)
}

fn read_one(options: &mut Options, given: &Given, limits: &Limits) -> Result<(), Vec<String>> {
    let key = given.key;
    let written = &given.written;
    if key != Key::Template && is_empty(written) {
        return Err(vec![format!(
            "{key} has no value; write for example `{}`",
            key.example()
        )]);
    }
    match key {
        Key::Template => {}
        Key::Count => options.count = Some(number(key, written, limits.maximum)?),
        Key::RateLimit => options.rate_limit_per_minute = Some(number(key, written, RATE_LIMIT)?),
        Key::Labels => options.labels = labels(items(key, written)?)?,
        Key::Assignees => options.assignees = assignees(&items(key, written)?)?,
        Key::Components => options.components = items(key, written)?,
        Key::DryRun => options.dry_run = Some(boolean(key, written)?),
        Key::SubIssues => options.sub_issues = Some(boolean(key, written)?),
        Key::Dependencies => options.dependencies = Some(boolean(key, written)?),
        Key::UniqueBy => options.unique_by = Some(unique_by(written)?),
        Key::Milestone => options.milestone = Some(name(key, written)?),
        Key::Type => options.issue_type = Some(name(key, written)?),
        Key::Repositories => options.repositories = repositories(items(key, written)?)?,
    }
    Ok(())
}

fn is_empty(written: &Written) -> bool {
    match written {
        Written::Text(text) => text.trim().is_empty(),
        Written::List(items) => items.iter().all(|item| item.trim().is_empty()),
        Written::Other => false,
    }
}

/// The one value that is wanted, or what to say instead.
fn single(key: Key, written: &Written) -> Result<&str, Vec<String>> {
    match written {
        Written::Text(text) => Ok(unquoted(text)),
        Written::List(items) if items.len() == 1 => Ok(items[0].trim()),
        _ => Err(vec![format!(
            "{key} takes one value; write for example `{}`",
            key.example()
        )]),
    }
}

fn unquoted(text: &str) -> &str {
    let text = text.trim();
    [
        ('"', '"'),
        ('\'', '\''),
        ('`', '`'),
        ('\u{201c}', '\u{201d}'),
    ]
    .iter()
    .find_map(|(open, close)| text.strip_prefix(*open)?.strip_suffix(*close))
    .map_or(text, str::trim)
}

fn number(key: Key, written: &Written, maximum: u32) -> Result<u32, Vec<String>> {
    let text = single(key, written)?;
    let digits = text.strip_prefix('-').unwrap_or(text);
    if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
        return match text.parse::<u32>() {
            Ok(n) if (1..=maximum).contains(&n) => Ok(n),
            _ => Err(vec![format!(
                "{key} must be 1 to {maximum}, got {}",
                short_number(text)
            )]),
        };
    }
    let hint = number_hint(text).filter(|n| *n >= 1 && *n <= maximum);
    let hint = hint.map_or_else(String::new, |n| format!("; did you mean `{key}: {n}`?"));
    Err(vec![format!(
        "{key} must be a number from 1 to {maximum}, got {}{hint}",
        quoted(text)
    )])
}

fn short_number(text: &str) -> String {
    if text.len() <= 20 {
        text.to_owned()
    } else {
        quoted(text)
    }
}

/// The number that a text most likely means: `five`, `5 issues`, `5.0`, `+5`.
fn number_hint(text: &str) -> Option<u32> {
    let lower = text.to_lowercase();
    let first = lower
        .split([' ', '\t', '.', ',', '-'])
        .next()
        .unwrap_or_default();
    if let Some(n) = NUMBERS.iter().position(|word| *word == first) {
        return u32::try_from(n).ok();
    }
    first.trim_start_matches(['+', '~', '#']).parse().ok()
}

fn boolean(key: Key, written: &Written) -> Result<bool, Vec<String>> {
    let text = single(key, written)?;
    let lower = text.to_lowercase();
    if TRUE.contains(&lower.as_str()) {
        return Ok(true);
    }
    if FALSE.contains(&lower.as_str()) {
        return Ok(false);
    }
    let hint = if text.contains(char::is_whitespace) {
        format!("; if the line belongs to the specification, make it a list item: `- {key}: …`")
    } else {
        did_you_mean(&lower, TRUE.iter().chain(&FALSE).copied())
    };
    Err(vec![format!(
        "{key} must be true or false, got {}{hint}",
        quoted(text)
    )])
}

fn unique_by(written: &Written) -> Result<UniqueBy, Vec<String>> {
    let text = single(Key::UniqueBy, written)?;
    match text.to_lowercase().as_str() {
        "title" => Ok(UniqueBy::Title),
        "body" => Ok(UniqueBy::Body),
        "hash" => Ok(UniqueBy::Hash),
        other => {
            let hint = did_you_mean(other, ["title", "body", "hash"]);
            let got = quoted(text);
            Err(vec![format!(
                "unique_by must be title, body or hash (both), got {got}{hint}"
            )])
        }
    }
}

fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    if word.len() > 20 {
        return String::new();
    }
    known
        .into_iter()
        .filter(|k| k.len() > 1)
        .map(|k| (strsim::damerau_levenshtein(k, word), k))
        .filter(|(distance, k)| *distance <= 2 && *distance * 2 <= k.len())
        .min()
        .map_or_else(String::new, |(_, k)| format!("; did you mean `{k}`?"))
}

fn name(key: Key, written: &Written) -> Result<String, Vec<String>> {
    let text = single(key, written)?;
    if text.chars().count() > NAME_CHARACTERS {
        return Err(vec![format!(
            "{key} may have at most {NAME_CHARACTERS} characters, got {}",
            quoted(text)
        )]);
    }
    if text.is_empty() {
        return Err(vec![format!(
            "{key} has no value; write for example `{}`",
            key.example()
        )]);
    }
    Ok(text.to_owned())
}

fn labels(items: Vec<String>) -> Result<Vec<String>, Vec<String>> {
    let mut faults = Vec::new();
    for item in &items {
        let characters = item.chars().count();
        if item.contains(',') {
            let parts = item.split(',').map(str::trim).filter(|p| !p.is_empty());
            let right = parts.collect::<Vec<_>>().join(", ");
            faults.push(format!(
                "a label cannot contain a comma, got {}; if these are several labels, write `labels: {}`",
                quoted(item),
                quoted(&right).trim_matches('`')
            ));
        } else if characters > LABEL_CHARACTERS {
            faults.push(format!(
                "a label may have at most {LABEL_CHARACTERS} characters, got {characters} in {}",
                quoted(item)
            ));
        } else if let Some(key) = item.strip_suffix(':').and_then(Key::read) {
            faults.push(format!(
                "`{key}:` stands behind another option; put it on a line of its own"
            ));
        }
    }
    if items.len() > LABELS {
        faults.push(format!(
            "an issue may have at most {LABELS} labels, got {}",
            items.len()
        ));
    }
    if faults.is_empty() {
        Ok(items)
    } else {
        Err(faults)
    }
}

fn assignees(items: &[String]) -> Result<Vec<String>, Vec<String>> {
    let logins: Vec<String> = distinct(items.iter().map(|i| i.trim_start_matches('@').to_owned()));
    let mut faults: Vec<String> = logins
        .iter()
        .filter(|login| !is_login(login))
        .map(|login| {
            format!(
                "an assignee must be a GitHub login such as `octocat`, got {}",
                quoted(login)
            )
        })
        .collect();
    if logins.len() > ASSIGNEES {
        faults.push(format!(
            "an issue may have at most {ASSIGNEES} assignees, got {}",
            logins.len()
        ));
    }
    if faults.is_empty() {
        Ok(logins)
    } else {
        Err(faults)
    }
}

/// Letters, digits and single hyphens within; an underscore where a company manages its people's logins.
fn is_login(text: &str) -> bool {
    (1..=39).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
        && !text.starts_with(['-', '_'])
        && !text.ends_with('-')
        && !text.contains("--")
}

fn repositories(items: Vec<String>) -> Result<Vec<RepositoryName>, Vec<String>> {
    let mut names = Vec::new();
    let mut faults = Vec::new();
    for item in items {
        if let Some(name) = RepositoryName::parse(&item) {
            names.push(name);
            continue;
        }
        let path = item.split_once("://").map(|(_, rest)| rest);
        let guess = path.and_then(|rest| {
            let mut parts = rest.split('/').skip(1);
            let (owner, name) = (parts.next()?, parts.next()?);
            RepositoryName::parse(&format!("{owner}/{}", name.trim_end_matches(".git")))
        });
        let hint = guess.map_or_else(String::new, |name| format!("; did you mean `{name}`?"));
        faults.push(format!(
            "a repository must be written as `owner/name`, got {}{hint}",
            quoted(&item)
        ));
    }
    if faults.is_empty() {
        Ok(names)
    } else {
        Err(faults)
    }
}

#[cfg(test)]
mod tests;
