//! Each setting in words: what it means, what holds and whose word that is, and how far it can go.

use std::collections::BTreeSet;

use serde_json::Value;

use super::form::{self, EMPTY, Shape, Typed};
use crate::domain::settings::{Effective, KEYS, Layer, Provider, Settings, Wrong};
use crate::flows::settings::Sheet;
use crate::web::parts::Choice;

/// Settings that belong together.
pub(super) struct Section {
    pub(super) title: &'static str,
    pub(super) fields: Vec<Field>,
}

/// One setting as the form shows it.
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) label: &'static str,
    pub(super) hint: String,
    /// What holds and whose word it is.
    pub(super) from: String,
    pub(super) fault: String,
    pub(super) value: String,
    pub(super) input: Input,
}

/// How it is typed.
pub(super) enum Input {
    Number {
        least: u32,
        most: u32,
    },
    Text {
        kind: &'static str,
    },
    /// Several lines, and a box for a list that is empty on purpose.
    Area {
        rows: usize,
        empty_name: String,
        empty: bool,
        empty_label: &'static str,
    },
    Choice(Vec<Choice>),
    Boxes {
        choices: Vec<Choice>,
        empty_name: String,
        empty: bool,
        empty_label: &'static str,
    },
}

const SECTIONS: [(&str, &[&str]); 5] = [
    (
        "Asking and confirming",
        &[
            "minimum_role",
            "confirmation",
            "confirmation_threshold",
            "max_issues",
            "rate_limit_per_minute",
        ],
    ),
    ("Labels", &["labels", "allowed_labels"]),
    ("Where issues go", &["components", "allowed_repositories"]),
    (
        "Content filter",
        &["content_filtering", "prohibited_keywords"],
    ),
    (
        "Planning with a model",
        &[
            "provider",
            "model",
            "base_url",
            "monthly_budget",
            "allowed_providers",
        ],
    ),
];

/// The whole form.
pub(super) fn sections(sheet: &Sheet, typed: &Typed, wrong: &[Wrong]) -> Vec<Section> {
    let section = |(title, keys): (&'static str, &[&'static str])| Section {
        title,
        fields: keys
            .iter()
            .map(|key| field(key, sheet, typed, wrong))
            .collect(),
    };
    SECTIONS.into_iter().map(section).collect()
}

/// Faults that belong to no field of the form, such as an unknown name.
pub(super) fn elsewhere(wrong: &[Wrong]) -> Vec<String> {
    let strange = wrong.iter().filter(|w| !KEYS.contains(&w.field.as_str()));
    strange.map(plain).collect()
}

fn field(key: &'static str, sheet: &Sheet, typed: &Typed, wrong: &[Wrong]) -> Field {
    let faults = wrong.iter().filter(|w| w.field == key);
    let faults: Vec<String> = faults.map(plain).collect();
    let (label, meaning) = words(key);
    let limit = limit(key, &sheet.above);
    Field {
        name: key,
        label,
        hint: [meaning, limit.as_str()].join(" ").trim().to_owned(),
        from: in_force(key, &sheet.effective, sheet),
        fault: faults.join(" "),
        value: typed.text(key).to_owned(),
        input: input(key, sheet, typed),
    }
}

fn input(key: &'static str, sheet: &Sheet, typed: &Typed) -> Input {
    let choice = |options: Vec<(String, String)>| {
        let inherits = format!("Inherit ({})", shown(key, &sheet.above).0);
        let mut all = vec![Choice::new("", inherits, typed.text(key).is_empty())];
        all.extend(options.into_iter().map(|(value, words)| {
            let chosen = typed.text(key) == value;
            Choice::new(value, words, chosen)
        }));
        Input::Choice(all)
    };
    match key {
        "confirmation" => choice(options(&[
            ("auto", "Only where there is a reason"),
            ("always", "Always"),
        ])),
        "minimum_role" => choice(options(&[
            ("read", "Read"),
            ("triage", "Triage"),
            ("write", "Write"),
            ("maintain", "Maintain"),
            ("admin", "Admin"),
        ])),
        "content_filtering" => choice(options(&[("true", "On"), ("false", "Off")])),
        "provider" => choice(
            Provider::ALL
                .iter()
                .map(|p| (p.as_str().to_owned(), provider_words(*p).to_owned()))
                .collect(),
        ),
        "max_issues" => Input::Number {
            least: 1,
            most: sheet.above.max_issues.value.min(1000),
        },
        "confirmation_threshold" => Input::Number {
            least: 0,
            most: 1000,
        },
        "rate_limit_per_minute" => Input::Number { least: 1, most: 80 },
        "base_url" => Input::Text { kind: "url" },
        "allowed_providers" => {
            let models = Provider::ALL.into_iter().filter(|p| *p != Provider::None);
            Input::Boxes {
                choices: models
                    .map(|p| {
                        Choice::new(
                            p.as_str(),
                            provider_words(p),
                            typed.is_ticked(key, p.as_str()),
                        )
                    })
                    .collect(),
                empty_name: format!("{key}.{EMPTY}"),
                empty: typed.is_empty_on_purpose(key),
                empty_label: empty_words(key),
            }
        }
        _ if matches!(form::shape(key), Shape::Lines | Shape::Pairs) => {
            let lines = typed.text(key).lines().count();
            Input::Area {
                rows: lines.clamp(2, 12) + 1,
                empty_name: format!("{key}.{EMPTY}"),
                empty: typed.is_empty_on_purpose(key),
                empty_label: empty_words(key),
            }
        }
        _ => Input::Text { kind: "text" },
    }
}

fn options(given: &[(&str, &str)]) -> Vec<(String, String)> {
    given
        .iter()
        .map(|(value, words)| ((*value).to_owned(), (*words).to_owned()))
        .collect()
}

fn words(key: &str) -> (&'static str, &'static str) {
    match key {
        "minimum_role" => (
            "Who may ask",
            "The least role on the repository with which somebody can ask for issues and command runs.",
        ),
        "confirmation" => (
            "Confirmation",
            "Whether somebody has to confirm every plan, or only those with a reason: many issues, possible duplicates, a word of the content filter.",
        ),
        "confirmation_threshold" => (
            "Confirm plans of more than",
            "A plan with more issues than this waits for a confirmation.",
        ),
        "max_issues" => ("Most issues in a run", ""),
        "rate_limit_per_minute" => (
            "Issues a minute",
            "How fast issues are created, 1 to 80. A request can ask for another pace. GitHub’s own limits are kept anyway.",
        ),
        "labels" => (
            "Labels on every issue",
            "One a line. Every created issue carries them beside those that are asked for.",
        ),
        "allowed_labels" => (
            "Allowed labels",
            "One a line. A request can ask for these and no others. Inherited and empty: any label.",
        ),
        "components" => (
            "Components and their repositories",
            "One a line, as “api: owner/repository”. Issues of a component go to its repository.",
        ),
        "allowed_repositories" => (
            "Allowed repositories",
            "One a line, as owner/repository. Issues can go to these and no others. Inherited and empty: any repository of this installation.",
        ),
        "content_filtering" => (
            "Content filter",
            "Plans in which one of the words below is found wait for a confirmation.",
        ),
        "prohibited_keywords" => (
            "More words for the filter",
            "One word or phrase a line; they come on top of those above this layer.",
        ),
        "provider" => (
            "Provider",
            "Whose model plans. Any other than the operator’s is asked with a key of your own, below.",
        ),
        "model" => (
            "Model",
            "As the provider spells it. Empty: the provider’s usual one.",
        ),
        "base_url" => (
            "Address of its API",
            "Only where it is not the provider’s own, such as https://llm.example.org/v1. Changing it voids the key.",
        ),
        "monthly_budget" => (
            "Budget a month, in US dollars",
            "When it is spent, plans come from the document’s structure until the next month.",
        ),
        _ => ("Allowed providers", "With none ticked it is inherited."),
    }
}

fn empty_words(key: &str) -> &'static str {
    match key {
        "labels" => "No labels, whatever is above this layer",
        "allowed_labels" => "Allow no labels at all",
        "allowed_repositories" => "Allow no repositories at all",
        "allowed_providers" => "Allow no provider at all",
        "components" => "No mapping, whatever is above this layer",
        _ => "No more words from this layer",
    }
}

fn provider_words(provider: Provider) -> &'static str {
    match provider {
        Provider::OpenAi => "OpenAI",
        Provider::Gemini => "Gemini",
        Provider::Zai => "Z.ai",
        Provider::Anthropic => "Anthropic",
        Provider::Custom => "Custom (OpenAI’s format)",
        Provider::None => "None: plan by structure",
    }
}

/// How far this layer can go, and whose limit that is.
fn limit(key: &str, above: &Settings) -> String {
    match key {
        "max_issues" => format!(
            "At most {}, {}.",
            above.max_issues.value,
            limit_of(&above.max_issues)
        ),
        "minimum_role" => format!(
            "At least {}, {}.",
            above.minimum_role.value,
            limit_of(&above.minimum_role)
        ),
        "content_filtering" if above.content_filtering.value => {
            format!(
                "It cannot be switched off: {} keeps it on.",
                above.content_filtering.whose()
            )
        }
        "allowed_labels" if above.allowed_labels.value.is_some() => narrows(&above.allowed_labels),
        "allowed_repositories" if above.allowed_repositories.value.is_some() => {
            narrows(&above.allowed_repositories)
        }
        "allowed_providers" if above.allowed_providers.value.is_some() => {
            narrows(&above.allowed_providers)
        }
        "monthly_budget" => match above.monthly_budget.value {
            Some(most) => format!(
                "With the operator’s model at most {most}, {}.",
                limit_of(&above.monthly_budget)
            ),
            None => String::new(),
        },
        _ => String::new(),
    }
}

fn limit_of<T>(above: &Effective<T>) -> String {
    format!("{}’s limit", above.whose())
}

fn narrows<T>(above: &Effective<T>) -> String {
    format!("Only fewer than {} allows.", above.whose())
}

/// `In force: 20, set here`.
fn in_force(key: &str, settings: &Settings, sheet: &Sheet) -> String {
    let (mut value, from) = shown(key, settings);
    // Whoever rules one repository may not see the others.
    if sheet.scope.repository.is_some() && from == Layer::Installation {
        let hidden = match key {
            "components" => Some(settings.components.value.len()),
            "allowed_repositories" => settings
                .allowed_repositories
                .value
                .as_ref()
                .map(BTreeSet::len),
            _ => None,
        };
        if let Some(count) = hidden {
            value = format!("{count} set");
        }
    }
    // Nor which of those that they name here the installation allows.
    if sheet.scope.repository.is_some()
        && key == "allowed_repositories"
        && let Some(own) = &sheet.own.allowed_repositories
        && sheet.above.allowed_repositories.value.is_some()
    {
        let names: Vec<String> = own.iter().map(ToString::to_string).collect();
        value = match names.as_slice() {
            [] => "none".to_owned(),
            names => format!("{}, as far as the installation allows", names.join(", ")),
        };
    }
    let is_usual = match key {
        "model" => settings.model.value.is_empty(),
        "base_url" => settings.base_url.value.is_none(),
        _ => false,
    };
    if is_usual {
        return format!("In force: {value}");
    }
    let here = match sheet.scope.repository {
        None => Layer::Installation,
        Some(_) => Layer::Repository,
    };
    let whose = if from == here {
        "set here"
    } else {
        match from {
            Layer::Operator => "from the operator",
            Layer::Installation => "from the installation",
            Layer::Repository | Layer::Request => "from the repository",
        }
    };
    format!("In force: {value}, {whose}")
}

fn shown(key: &str, s: &Settings) -> (String, Layer) {
    let list = |words: Vec<String>, none: &str| {
        if words.is_empty() {
            return none.to_owned();
        }
        let more = words.len().saturating_sub(4);
        let first = words.into_iter().take(4).collect::<Vec<_>>().join(", ");
        if more == 0 {
            first
        } else {
            format!("{first} and {more} more")
        }
    };
    let on = |on: bool| if on { "on" } else { "off" }.to_owned();
    match key {
        "minimum_role" => (s.minimum_role.value.to_string(), s.minimum_role.from),
        "confirmation" => (
            match s.confirmation.value {
                crate::domain::settings::Confirmation::Auto => "only where there is a reason",
                crate::domain::settings::Confirmation::Always => "always",
            }
            .to_owned(),
            s.confirmation.from,
        ),
        "confirmation_threshold" => (
            s.confirmation_threshold.value.to_string(),
            s.confirmation_threshold.from,
        ),
        "max_issues" => (s.max_issues.value.to_string(), s.max_issues.from),
        "rate_limit_per_minute" => (
            s.rate_limit_per_minute.value.to_string(),
            s.rate_limit_per_minute.from,
        ),
        "labels" => (list(s.labels.value.clone(), "none"), s.labels.from),
        "allowed_labels" => (
            s.allowed_labels.value.as_ref().map_or_else(
                || "any".to_owned(),
                |all| list(all.iter().cloned().collect(), "none"),
            ),
            s.allowed_labels.from,
        ),
        "components" => (
            list(
                s.components
                    .value
                    .iter()
                    .map(|(name, to)| format!("{name} to {to}"))
                    .collect(),
                "none",
            ),
            s.components.from,
        ),
        "allowed_repositories" => (
            s.allowed_repositories.value.as_ref().map_or_else(
                || "any of this installation".to_owned(),
                |all| list(all.iter().map(ToString::to_string).collect(), "none"),
            ),
            s.allowed_repositories.from,
        ),
        "content_filtering" => (on(s.content_filtering.value), s.content_filtering.from),
        "prohibited_keywords" => (
            format!("{} words", s.prohibited_keywords.value.len()),
            s.prohibited_keywords.from,
        ),
        "provider" => (provider_words(s.provider.value).to_owned(), s.provider.from),
        "model" => (
            Some(s.model.value.clone())
                .filter(|m| !m.is_empty())
                .unwrap_or_else(|| "the usual one".to_owned()),
            s.model.from,
        ),
        "base_url" => (
            s.base_url
                .value
                .as_ref()
                .map_or_else(|| "the provider’s own".to_owned(), ToString::to_string),
            s.base_url.from,
        ),
        "monthly_budget" => (
            s.monthly_budget
                .value
                .map_or_else(|| "none".to_owned(), |m| m.to_string()),
            s.monthly_budget.from,
        ),
        _ => (
            s.allowed_providers.value.as_ref().map_or_else(
                || "any".to_owned(),
                |all| list(all.iter().cloned().collect(), "none"),
            ),
            s.allowed_providers.from,
        ),
    }
}

/// A stored value as the history tells it.
pub(in crate::web) fn told(value: Option<&Value>) -> String {
    match value {
        None => "inherited".to_owned(),
        Some(Value::Array(list)) if list.is_empty() => "an empty list".to_owned(),
        Some(Value::Array(list)) => list.iter().map(bare).collect::<Vec<_>>().join(", "),
        Some(Value::Object(map)) if map.is_empty() => "an empty mapping".to_owned(),
        Some(Value::Object(map)) => {
            let mut pairs: Vec<_> = map
                .iter()
                .map(|(name, to)| format!("{name}: {}", bare(to)))
                .collect();
            pairs.sort_unstable();
            pairs.join(", ")
        }
        Some(other) => bare(other),
    }
}

/// Whether the form has a field for it.
pub(super) fn knows(key: &str) -> bool {
    KEYS.contains(&key)
}

/// A setting's name for people.
pub(in crate::web) fn label(key: &str) -> String {
    if KEYS.contains(&key) {
        words(key).0.to_owned()
    } else {
        key.to_owned()
    }
}

fn bare(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Complaints are written for any place; beside its field one needs no name, and a page prints no backticks.
fn plain(wrong: &Wrong) -> String {
    let own = format!("`{}`", wrong.field);
    let says = match wrong.says.strip_prefix(&own) {
        Some(rest) if KEYS.contains(&wrong.field.as_str()) => rest.trim_start_matches([' ', ':']),
        _ => &wrong.says,
    };
    let says = says.replace('`', "");
    let mut letters = says.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string());
    let rest = letters.as_str().trim_end_matches('.');
    format!("{}{rest}.", first.unwrap_or_default())
}
