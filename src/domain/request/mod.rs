//! A request: the options and the spec in what a person wrote to the bot.

mod keys;
mod layout;
mod list;
mod values;
mod yaml;

use serde::{Deserialize, Serialize};

pub use super::fingerprint::UniqueBy;
use super::ids::RepositoryName;
use super::markdown::Outline;
use super::rejection::{Complaint, Warning};
use super::trigger::{self, BotNames};
use layout::Layout;

/// What was asked for, ready to be planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub options: Options,
    pub spec: SpecText,
    /// What was read in a way that its writer may not have meant, in the order of the lines.
    pub warnings: Vec<Warning>,
}

/// The requirement text. Line *n* of `text` is line *n* of the body: lines that are no spec are blank, and every line
/// ends with a line feed alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpecText {
    pub text: String,
    /// The body says nothing but "here you are": `text` holds the issue's title, in the line of the trigger.
    pub from_title: bool,
}

/// Options as they were given; what was not given is left to the settings.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    pub count: Option<u32>,
    pub labels: Vec<String>,
    /// Logins, without `@`.
    pub assignees: Vec<String>,
    pub components: Vec<String>,
    pub dry_run: Option<bool>,
    pub unique_by: Option<UniqueBy>,
    pub rate_limit_per_minute: Option<u32>,
    /// A title or a number.
    pub milestone: Option<String>,
    pub issue_type: Option<String>,
    pub repositories: Vec<RepositoryName>,
    pub sub_issues: Option<bool>,
    pub dependencies: Option<bool>,
}

/// What a request may ask for at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The most issues in one run.
    pub maximum: u32,
}

/// Nobody reads more complaints, or more warnings, at once.
const MOST_COMPLAINTS: usize = 30;
const MOST_WARNINGS: usize = 30;

/// Takes a body apart into options and spec. A text without a trigger is spec from the first line to the last.
///
/// A bare mention is planned from the issue's title; options without any text are refused even where there is a title,
/// for a request that says how but not what is most often a paste gone wrong.
///
/// # Errors
/// Every complaint at once, in the order of the lines.
pub fn parse(
    title: Option<&str>,
    body: &str,
    names: &BotNames,
    limits: &Limits,
) -> Result<Request, Vec<Complaint>> {
    let outline = Outline::of(body);
    let trigger = trigger::find_in(&outline, names);
    let layout = match &trigger {
        Some(trigger) => layout::of(&outline, trigger),
        None => Layout {
            spec: outline
                .lines
                .iter()
                .map(|line| Some(line.to_owned()))
                .collect(),
            ..Layout::default()
        },
    };
    let (options, mut complaints) = values::read(&layout.given, limits);
    complaints.extend(layout.complaints.iter().cloned());
    let mut warnings = layout.warnings.clone();
    let given_line = layout.given.first().map(|given| given.line);
    let trigger_line = trigger.as_ref().map_or(1, |t| t.line);
    let spec = spec_text(layout, &mut warnings);
    let spec = match spec_or_title(spec, title, given_line, trigger_line, names) {
        Ok(spec) => Some(spec),
        Err(complaint) => {
            // A template without text has its own complaint.
            if !complaints.iter().any(|c| c.says.starts_with("template ")) {
                complaints.push(complaint);
            }
            None
        }
    };
    complaints.sort();
    warnings.sort();
    if warnings.len() > MOST_WARNINGS {
        let more = warnings.len() - (MOST_WARNINGS - 1);
        warnings.truncate(MOST_WARNINGS);
        warnings[MOST_WARNINGS - 1].says = format!("and {more} more lines like these from here on");
    }
    match spec {
        Some(spec) if complaints.is_empty() => Ok(Request {
            options,
            spec,
            warnings,
        }),
        _ => Err(shortened(complaints)),
    }
}

/// Whether a line by itself would be an option.
pub(super) fn is_option_line(line: &str) -> bool {
    keys::option_line(line).is_some()
}

/// Takes a comment apart. One with options only, or one that points at the issue without saying what to build, is about the
/// text of the issue: its own options are overridden by the comment's.
///
/// # Errors
/// Every complaint at once, about the comment, or about the issue where that is what is to be planned.
pub fn parse_comment(
    comment: &str,
    (title, body): (&str, &str),
    points_at_issue: bool,
    names: &BotNames,
    limits: &Limits,
) -> Result<Request, Vec<Complaint>> {
    let own = parse(None, comment, names, limits);
    let is_only_options = !points_at_issue && options_alone(comment, names, limits).is_some();
    if !(points_at_issue || is_only_options && has_words(body)) {
        return own;
    }
    let mut request = parse(Some(title), body, names, limits)?;
    if let Some(options) = options_alone(comment, names, limits) {
        request.options = options.over(request.options);
    }
    Ok(request)
}

/// The options of a text that holds options and nothing else, all of them right.
fn options_alone(text: &str, names: &BotNames, limits: &Limits) -> Option<Options> {
    let outline = Outline::of(text);
    let layout = layout::of(&outline, &trigger::find_in(&outline, names)?);
    let (options, complaints) = values::read(&layout.given, limits);
    let is_clean =
        complaints.is_empty() && layout.complaints.is_empty() && !layout.given.is_empty();
    let spec = spec_text(layout, &mut Vec::new());
    (is_clean && !has_words(&spec)).then_some(options)
}

impl Options {
    /// These, and where nothing was given, the others.
    fn over(self, others: Self) -> Self {
        fn list<T>(own: Vec<T>, other: Vec<T>) -> Vec<T> {
            if own.is_empty() { other } else { own }
        }
        Self {
            count: self.count.or(others.count),
            labels: list(self.labels, others.labels),
            assignees: list(self.assignees, others.assignees),
            components: list(self.components, others.components),
            dry_run: self.dry_run.or(others.dry_run),
            unique_by: self.unique_by.or(others.unique_by),
            rate_limit_per_minute: self.rate_limit_per_minute.or(others.rate_limit_per_minute),
            milestone: self.milestone.or(others.milestone),
            issue_type: self.issue_type.or(others.issue_type),
            repositories: list(self.repositories, others.repositories),
            sub_issues: self.sub_issues.or(others.sub_issues),
            dependencies: self.dependencies.or(others.dependencies),
        }
    }
}

fn shortened(mut complaints: Vec<Complaint>) -> Vec<Complaint> {
    if complaints.len() > MOST_COMPLAINTS {
        let more = complaints.len() - (MOST_COMPLAINTS - 1);
        complaints.truncate(MOST_COMPLAINTS);
        if let Some(last) = complaints.last_mut() {
            last.says = format!("and {more} more complaints from here on");
        }
    }
    complaints
}

fn spec_text(layout: Layout, warnings: &mut Vec<Warning>) -> String {
    let kept = layout.spec;
    let Some(template) = layout.template else {
        let lines: Vec<String> = kept.into_iter().map(Option::unwrap_or_default).collect();
        return lines.join("\n");
    };
    // Nobody needs to be told of options in a text that is no spec.
    warnings.retain(|w| kept.get(w.line - 1).is_none_or(Option::is_none));
    warnings.extend(left_outside(&kept));
    let last = template.iter().map(|(line, _)| line + 1).max().unwrap_or(0);
    let mut lines = vec![String::new(); kept.len().max(last)];
    for (line, text) in template {
        lines[line] = text;
    }
    lines.join("\n")
}

/// One warning that names the lines which a template leaves out of the spec.
fn left_outside(kept: &[Option<String>]) -> Option<Warning> {
    let is_blank = |line: &Option<String>| line.as_deref().is_some_and(|l| l.trim().is_empty());
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    let mut all_blank_since = false;
    for (line, text) in (1..).zip(kept) {
        if text.as_deref().is_some_and(says_something) {
            match ranges.last_mut() {
                Some((_, last)) if all_blank_since => *last = line,
                _ => ranges.push((line, line)),
            }
            all_blank_since = true;
        } else {
            all_blank_since &= is_blank(text);
        }
    }
    let names: Vec<String> = ranges
        .iter()
        .map(|(a, b)| {
            if a == b {
                a.to_string()
            } else {
                format!("{a}-{b}")
            }
        })
        .collect();
    let says = match ranges.as_slice() {
        [] => return None,
        [(a, b)] if a == b => {
            "this line stands outside `template` and is left out of the spec".to_owned()
        }
        _ => format!(
            "lines {} stand outside `template` and are left out of the spec",
            names.join(", ")
        ),
    };
    Some(Warning::new(ranges[0].0, says))
}

fn says_something(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

/// Whether anything is said outside HTML comments, which issue templates leave behind.
fn has_words(text: &str) -> bool {
    let mut rest = text;
    while let Some(start) = rest.find("<!--") {
        if says_something(&rest[..start]) {
            return true;
        }
        match rest[start..].find("-->") {
            Some(end) => rest = &rest[start + end + 3..],
            None => return false,
        }
    }
    says_something(rest)
}

fn spec_or_title(
    text: String,
    title: Option<&str>,
    given_line: Option<usize>,
    trigger_line: usize,
    names: &BotNames,
) -> Result<SpecText, Complaint> {
    if has_words(&text) {
        return Ok(SpecText {
            text,
            from_title: false,
        });
    }
    if let Some(line) = given_line {
        let says = "there is nothing to plan: these are options without a specification; write what should be built in a \
                    paragraph below them, or behind `template:`";
        return Err(Complaint::new(line, says));
    }
    match title
        .map(|title| spoken_title(title, names))
        .filter(|t| says_something(t))
    {
        Some(title) => {
            let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
            lines[trigger_line - 1] = title;
            Ok(SpecText {
                text: lines.join("\n"),
                from_title: true,
            })
        }
        None => Err(Complaint::new(
            trigger_line,
            "there is nothing to plan; write what should be built below the mention",
        )),
    }
}

/// A title without a mention in it, on one line.
fn spoken_title(title: &str, names: &BotNames) -> String {
    let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
    match trigger::find(&title, names) {
        Some(mention) => layout::beside(&title, 0..title.len(), &mention),
        None => title,
    }
}

#[cfg(test)]
mod tests;
