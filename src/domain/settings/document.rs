//! One layer as it is stored: a JSON document whose every field may be absent.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use url::Url;

use super::Provider;
use crate::domain::ids::RepositoryName;
use crate::domain::money::Money;
use crate::domain::policy::Role;

/// Whether a person has to confirm every plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confirmation {
    /// Only where there is a reason.
    Auto,
    Always,
}

/// The settings of an installation or of a repository.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Document {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirmation: Option<Confirmation>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum_role: Option<Role>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_issues: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confirmation_threshold: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_limit_per_minute: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labels: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_labels: Option<BTreeSet<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_repositories: Option<BTreeSet<RepositoryName>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_providers: Option<BTreeSet<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content_filtering: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prohibited_keywords: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub components: Option<BTreeMap<String, RepositoryName>>,
    /// Whose model plans. Unlike the operator's, it is asked with a key of the tenant's own, which is kept elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<Provider>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Where the provider's API is, if not at its usual address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base_url: Option<Url>,
    /// The most that planning may cost in a month, in US dollars.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_dollars")]
    pub monthly_budget: Option<Money>,
}

/// What is wrong with one field, and what would be right.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Wrong {
    /// The setting; empty for the document as a whole.
    pub field: String,
    pub says: String,
}

impl Wrong {
    /// About one setting.
    pub fn new(field: impl Into<String>, says: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            says: says.into(),
        }
    }
}

/// Entries of a list or a map.
const MOST_ENTRIES: usize = 200;
/// GitHub's own limit, in characters.
const LONGEST_LABEL: usize = 50;
const LONGEST_KEYWORD: usize = 100;

/// Every setting, in the order in which people read them.
pub const KEYS: [&str; 16] = [
    "confirmation",
    "minimum_role",
    "max_issues",
    "confirmation_threshold",
    "rate_limit_per_minute",
    "labels",
    "allowed_labels",
    "allowed_repositories",
    "allowed_providers",
    "content_filtering",
    "prohibited_keywords",
    "components",
    "provider",
    "model",
    "base_url",
    "monthly_budget",
];

impl Document {
    /// Reads a stored document. What is unknown or wrong is left out, with a complaint for each.
    pub fn read(json: &Value) -> (Self, Vec<String>) {
        let (document, wrong) = Self::check(json);
        (document, wrong.into_iter().map(|w| w.says).collect())
    }

    /// Reads a submitted document, each complaint with the field that it is about.
    pub fn check(json: &Value) -> (Self, Vec<Wrong>) {
        let Value::Object(fields) = json else {
            let says = "settings are written as `name: value`, one below the other";
            return (Self::default(), vec![Wrong::new("", says)]);
        };
        let mut document = Self::default();
        // By name: in what order a JSON object is kept depends on how the library was built.
        let mut fields: Vec<_> = fields.iter().collect();
        fields.sort_unstable_by_key(|(key, _)| *key);
        let wrong = fields
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .filter_map(|(key, value)| {
                let says = document.set(key, value).err()?;
                Some(Wrong::new(key, says))
            })
            .collect();
        (document, wrong)
    }

    fn set(&mut self, key: &str, value: &Value) -> Result<(), String> {
        match key {
            "confirmation" => self.confirmation = Some(read(key, value, "auto or always")?),
            "minimum_role" => self.minimum_role = Some(read_role(value)?),
            "max_issues" => self.max_issues = Some(read_number(key, value, 1, 1000)?),
            "confirmation_threshold" => {
                self.confirmation_threshold = Some(read_number(key, value, 0, 1000)?);
            }
            "rate_limit_per_minute" => {
                self.rate_limit_per_minute = Some(read_number(key, value, 1, 80)?);
            }
            "labels" => self.labels = Some(read_words(key, value, "labels", LONGEST_LABEL)?),
            "allowed_labels" => {
                let labels = read_words(key, value, "labels", LONGEST_LABEL)?;
                self.allowed_labels = Some(labels.into_iter().collect());
            }
            "allowed_repositories" => {
                bound(key, value)?;
                self.allowed_repositories = Some(read(key, value, "a list of owner/name")?);
            }
            "allowed_providers" => self.allowed_providers = Some(read_providers(value)?),
            "content_filtering" => {
                self.content_filtering = Some(read(key, value, "true or false")?);
            }
            "prohibited_keywords" => {
                let words = read_words(key, value, "words or phrases", LONGEST_KEYWORD)?;
                self.prohibited_keywords = Some(words);
            }
            "components" => self.components = Some(read_components(value)?),
            "provider" => self.provider = Some(read_provider(value)?),
            "model" => self.model = Some(read_model(value)?),
            "base_url" => self.base_url = Some(read_address(value)?),
            "monthly_budget" => self.monthly_budget = Some(read_budget(value)?),
            _ => return Err(unknown(key)),
        }
        Ok(())
    }
}

fn read<T: DeserializeOwned>(key: &str, value: &Value, wanted: &str) -> Result<T, String> {
    T::deserialize(value).map_err(|_| format!("`{key}` must be {wanted}, got {}", shown(value)))
}

/// As much of a value as a sentence can hold.
fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn read_number(key: &str, value: &Value, least: u32, most: u32) -> Result<u32, String> {
    let number = value.as_u64().and_then(|n| u32::try_from(n).ok());
    number
        .filter(|n| (least..=most).contains(n))
        .ok_or_else(|| format!("`{key}` must be {least} to {most}, got {}", shown(value)))
}

/// A list without blanks around its words and without a word twice; case does not tell words apart.
fn read_words(key: &str, value: &Value, what: &str, longest: usize) -> Result<Vec<String>, String> {
    bound(key, value)?;
    let given: Vec<String> = read(key, value, &format!("a list of {what}"))?;
    let mut words: Vec<String> = Vec::with_capacity(given.len());
    for word in given {
        let word = word.trim();
        let length = word.chars().count();
        if length == 0 || length > longest || word.chars().any(char::is_control) {
            return Err(format!(
                "`{key}` must be a list of {what}, each of 1 to {longest} characters, got {}",
                Value::from(word)
            ));
        }
        if !words.iter().any(|known| super::same_word(known, word)) {
            words.push(word.to_owned());
        }
    }
    Ok(words)
}

fn read_providers(value: &Value) -> Result<BTreeSet<String>, String> {
    let names = Provider::ALL.map(Provider::as_str);
    let given = read_words("allowed_providers", value, "providers", 50)?;
    match given.iter().find(|name| !names.contains(&name.as_str())) {
        Some(name) => Err(format!(
            "`allowed_providers` must be of {}, got {}",
            names.join(", "),
            Value::from(name.as_str())
        )),
        None => Ok(given.into_iter().collect()),
    }
}

fn read_components(value: &Value) -> Result<BTreeMap<String, RepositoryName>, String> {
    bound("components", value)?;
    let given: BTreeMap<String, RepositoryName> =
        read("components", value, "pairs such as api: owner/name")?;
    let wrong = given.keys().find(|name| {
        let length = name.trim().chars().count();
        length == 0 || length > LONGEST_KEYWORD || name.chars().any(char::is_control)
    });
    let trimmed = |name: &String| name.trim().to_owned();
    let mut known = BTreeSet::new();
    if let Some(twice) = given.keys().find(|name| !known.insert(trimmed(name))) {
        return Err(format!(
            "`components` must name each component once, got `{}` twice",
            twice.trim()
        ));
    }
    match wrong {
        Some(name) => Err(format!(
            "`components` must name each component with 1 to {LONGEST_KEYWORD} characters, got {}",
            Value::from(name.as_str())
        )),
        None => Ok(given
            .into_iter()
            .map(|(name, to)| (trimmed(&name), to))
            .collect()),
    }
}

fn bound(key: &str, value: &Value) -> Result<(), String> {
    let length = match value {
        Value::Array(list) => list.len(),
        Value::Object(map) => map.len(),
        _ => 0,
    };
    if length > MOST_ENTRIES {
        return Err(format!(
            "`{key}` may have at most {MOST_ENTRIES} entries, got {length}"
        ));
    }
    Ok(())
}

fn read_role(value: &Value) -> Result<Role, String> {
    // `none` would open the door to everybody.
    let role = value.as_str().and_then(Role::parse);
    role.filter(|role| *role > Role::None).ok_or_else(|| {
        format!(
            "`minimum_role` must be read, triage, write, maintain or admin, got {}",
            shown(value)
        )
    })
}

fn read_provider(value: &Value) -> Result<Provider, String> {
    Provider::deserialize(value).map_err(|_| {
        let names = Provider::ALL.map(Provider::as_str).join(", ");
        format!("`provider` must be one of {names}, got {}", shown(value))
    })
}

fn read_model(value: &Value) -> Result<String, String> {
    let named = value.as_str().map(str::trim).filter(|name| {
        !name.is_empty() && name.chars().count() <= 200 && !name.chars().any(char::is_control)
    });
    let named = named
        .ok_or_else(|| format!("`model` must be the name of a model, got {}", shown(value)))?;
    Ok(named.to_owned())
}

/// Whether it may be asked at all (a public host, https) is looked at when it is asked.
fn read_address(value: &Value) -> Result<Url, String> {
    let url = value.as_str().and_then(|text| Url::parse(text.trim()).ok());
    url.filter(|url| {
        matches!(url.scheme(), "https" | "http")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    })
    .ok_or_else(|| {
        "`base_url` must be an address such as https://llm.example.org/v1, without name, password or query"
            .to_owned()
    })
}

fn read_budget(value: &Value) -> Result<Money, String> {
    let dollars = value.as_f64().filter(|d| (0.0..=1_000_000.0).contains(d));
    dollars.map(Money::dollars).ok_or_else(|| {
        format!(
            "`monthly_budget` must be US dollars, 0 to 1000000, got {}",
            shown(value)
        )
    })
}

#[expect(clippy::ref_option, reason = "what serde hands over")]
fn as_dollars<S: serde::Serializer>(amount: &Option<Money>, to: S) -> Result<S::Ok, S::Error> {
    amount.map(Money::to_dollars).serialize(to)
}

fn unknown(key: &str) -> String {
    let near = KEYS
        .iter()
        .map(|known| (strsim::jaro_winkler(known, key), known))
        .filter(|(likeness, _)| *likeness > 0.85)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    match near {
        Some((_, known)) => format!("`{key}` is not a setting; did you mean `{known}`?"),
        None => format!("`{key}` is not a setting"),
    }
}
