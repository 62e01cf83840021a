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

const KEYS: [&str; 16] = [
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
    /// Reads a stored or submitted document. What is unknown or wrong is left out, with a complaint for each.
    pub fn read(json: &Value) -> (Self, Vec<String>) {
        let Value::Object(fields) = json else {
            return (
                Self::default(),
                vec!["the settings must be a JSON object".to_owned()],
            );
        };
        let mut document = Self::default();
        // By name: in what order a JSON object is kept depends on how the library was built.
        let mut fields: Vec<_> = fields.iter().collect();
        fields.sort_unstable_by_key(|(key, _)| *key);
        let complaints = fields
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .filter_map(|(key, value)| document.set(key, value).err())
            .collect();
        (document, complaints)
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
            "labels" => self.labels = Some(read(key, value, "a list of labels")?),
            "allowed_labels" => self.allowed_labels = Some(read(key, value, "a list of labels")?),
            "allowed_repositories" => {
                self.allowed_repositories = Some(read(key, value, "a list of owner/name")?);
            }
            "allowed_providers" => {
                self.allowed_providers = Some(read(key, value, "a list of providers")?);
            }
            "content_filtering" => {
                self.content_filtering = Some(read(key, value, "true or false")?);
            }
            "prohibited_keywords" => {
                self.prohibited_keywords = Some(read(key, value, "a list of words")?);
            }
            "components" => {
                self.components = Some(read(key, value, "a map of component to owner/name")?);
            }
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
    T::deserialize(value).map_err(|_| format!("`{key}` must be {wanted}, got {value}"))
}

fn read_number(key: &str, value: &Value, least: u32, most: u32) -> Result<u32, String> {
    let number = value.as_u64().and_then(|n| u32::try_from(n).ok());
    number
        .filter(|n| (least..=most).contains(n))
        .ok_or_else(|| format!("`{key}` must be {least} to {most}, got {value}"))
}

fn read_role(value: &Value) -> Result<Role, String> {
    // `none` would open the door to everybody.
    let role = value.as_str().and_then(Role::parse);
    role.filter(|role| *role > Role::None).ok_or_else(|| {
        format!("`minimum_role` must be read, triage, write, maintain or admin, got {value}")
    })
}

fn read_provider(value: &Value) -> Result<Provider, String> {
    Provider::deserialize(value).map_err(|_| {
        let names = Provider::ALL.map(Provider::as_str).join(", ");
        format!("`provider` must be one of {names}, got {value}")
    })
}

fn read_model(value: &Value) -> Result<String, String> {
    let named = value.as_str().map(str::trim).filter(|name| {
        !name.is_empty() && name.chars().count() <= 200 && !name.chars().any(char::is_control)
    });
    let named = named.ok_or_else(|| format!("`model` must be the name of a model, got {value}"))?;
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
    dollars
        .map(Money::dollars)
        .ok_or_else(|| format!("`monthly_budget` must be US dollars, 0 to 1000000, got {value}"))
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
