//! Settings in layers: operator, installation, repository, request; the later wins, policy limits only narrow.

mod changes;
mod document;
mod limits;
mod provider;
pub mod yaml;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use url::Url;

use super::fingerprint::UniqueBy;
use super::ids::RepositoryName;
use super::money::Money;
use super::policy::Role;

pub use changes::{Change, changes};
pub use document::{Confirmation, Document, KEYS, Wrong};
pub use provider::Provider;

/// Where an effective value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layer {
    Operator,
    Installation,
    Repository,
    Request,
}

impl Layer {
    /// The name on the settings page.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Installation => "installation",
            Self::Repository => "repository",
            Self::Request => "request",
        }
    }
}

/// A value and the layer that set it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effective<T> {
    pub value: T,
    pub from: Layer,
}

/// The operator's word on everything that can be set: config, with its defaults filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operator {
    pub minimum_role: Role,
    pub max_issues: u32,
    pub confirmation_threshold: u32,
    pub rate_limit_per_minute: u32,
    pub content_filtering: bool,
    pub prohibited_keywords: Vec<String>,
    /// Whose model plans for those who bring none of their own.
    pub provider: Provider,
    /// Its name; empty for none.
    pub model: String,
    /// What planning with the operator's model may cost each installation in a month; `None`: as much as it takes.
    pub monthly_budget: Option<Money>,
}

impl Default for Operator {
    fn default() -> Self {
        Self {
            minimum_role: Role::Write,
            max_issues: 100,
            confirmation_threshold: 50,
            rate_limit_per_minute: 30,
            content_filtering: true,
            prohibited_keywords: super::policy::DEFAULT_KEYWORDS
                .iter()
                .map(|word| (*word).to_owned())
                .collect(),
            provider: Provider::None,
            model: String::new(),
            monthly_budget: None,
        }
    }
}

/// What the request's options ask of the settings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    pub rate_limit_per_minute: Option<u32>,
    pub unique_by: Option<UniqueBy>,
    pub dry_run: Option<bool>,
    pub sub_issues: Option<bool>,
    pub dependencies: Option<bool>,
}

/// What holds for one request, each value with the layer it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    pub confirmation: Effective<Confirmation>,
    /// Policy: only ever raised.
    pub minimum_role: Effective<Role>,
    /// Policy: only ever lowered.
    pub max_issues: Effective<u32>,
    pub confirmation_threshold: Effective<u32>,
    pub rate_limit_per_minute: Effective<u32>,
    /// Put on every created issue.
    pub labels: Effective<Vec<String>>,
    /// Policy: `None` allows every label; only ever fewer.
    pub allowed_labels: Effective<Option<BTreeSet<String>>>,
    /// Policy: `None` allows every repository of the installation; only ever fewer.
    pub allowed_repositories: Effective<Option<BTreeSet<RepositoryName>>>,
    /// Policy: `None` allows every configured AI provider; only ever fewer.
    pub allowed_providers: Effective<Option<BTreeSet<String>>>,
    /// Policy: can be switched on, never off.
    pub content_filtering: Effective<bool>,
    /// Policy: later layers add words.
    pub prohibited_keywords: Effective<Vec<String>>,
    /// Where a component's issues go.
    pub components: Effective<BTreeMap<String, RepositoryName>>,
    /// From a layer below the operator's it is asked with a key of the tenant's own.
    pub provider: Effective<Provider>,
    /// Empty: the provider's usual one.
    pub model: Effective<String>,
    /// A tenant's own address; `None`: the provider's, or the operator's.
    pub base_url: Effective<Option<Url>>,
    /// With the operator's model only ever lowered; with the tenant's own, what the tenant says.
    pub monthly_budget: Effective<Option<Money>>,
    pub unique_by: Effective<UniqueBy>,
    pub dry_run: Effective<bool>,
    pub sub_issues: Effective<bool>,
    pub dependencies: Effective<bool>,
}

/// Puts the layers on top of each other.
pub fn resolve(
    operator: &Operator,
    installation: Option<&Document>,
    repository: Option<&Document>,
    asked: &Asked,
) -> Settings {
    let layers = Layers([
        (Layer::Installation, installation),
        (Layer::Repository, repository),
    ]);
    let provider = layers.latest(operator.provider, |d| d.provider);
    // The model and the address of another layer's provider mean nothing to this one.
    let own = |d: &&Document| d.provider.is_none_or(|p| p == provider.value);
    let model = if provider.from == Layer::Operator {
        default(operator.model.clone())
    } else {
        layers.latest(String::new(), |d| Some(d).filter(own)?.model.clone())
    };
    let base_url = if provider.from == Layer::Operator {
        default(None)
    } else {
        layers.latest(None, |d| Some(d).filter(own)?.base_url.clone().map(Some))
    };
    let lower = |one: Option<Money>, other: Option<Money>| match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    };
    // With a key of their own tenants pay themselves.
    let operators = operator
        .monthly_budget
        .filter(|_| provider.from == Layer::Operator);
    let monthly_budget = layers.narrowed(operators, |d| d.monthly_budget.map(Some), lower);
    Settings {
        provider,
        model,
        base_url,
        monthly_budget,
        confirmation: layers.latest(Confirmation::Auto, |d| d.confirmation),
        minimum_role: layers.narrowed(operator.minimum_role, |d| d.minimum_role, Role::max),
        max_issues: layers.narrowed(operator.max_issues, |d| d.max_issues, u32::min),
        confirmation_threshold: layers.latest(operator.confirmation_threshold, |d| {
            d.confirmation_threshold
        }),
        rate_limit_per_minute: layers
            .latest(operator.rate_limit_per_minute, |d| d.rate_limit_per_minute)
            .or_asked(asked.rate_limit_per_minute),
        labels: layers.latest(Vec::new(), |d| d.labels.clone()),
        allowed_labels: layers.narrowed(None, |d| d.allowed_labels.clone().map(Some), fewer_words),
        allowed_repositories: layers.narrowed(
            None,
            |d| d.allowed_repositories.clone().map(Some),
            |allowed, wanted| fewer(allowed, wanted, RepositoryName::is_same_as),
        ),
        allowed_providers: layers.narrowed(
            None,
            |d| d.allowed_providers.clone().map(Some),
            fewer_words,
        ),
        content_filtering: layers.narrowed(
            operator.content_filtering,
            |d| d.content_filtering,
            |on, wanted| on || wanted,
        ),
        prohibited_keywords: layers.narrowed(
            operator.prohibited_keywords.clone(),
            |d| d.prohibited_keywords.clone(),
            more_words,
        ),
        components: layers.latest(BTreeMap::new(), |d| d.components.clone()),
        unique_by: default(UniqueBy::Hash).or_asked(asked.unique_by),
        dry_run: default(false).or_asked(asked.dry_run),
        sub_issues: default(true).or_asked(asked.sub_issues),
        dependencies: default(true).or_asked(asked.dependencies),
    }
}

impl Settings {
    /// True when policy lets this label be put on an issue; case does not matter, as on GitHub.
    pub fn allows_label(&self, label: &str) -> bool {
        let allowed = self.allowed_labels.value.as_ref();
        allowed.is_none_or(|set| set.iter().any(|one| same_word(one, label)))
    }

    /// True when policy lets issues go to this repository.
    pub fn allows_repository(&self, repository: &RepositoryName) -> bool {
        let allowed = self.allowed_repositories.value.as_ref();
        allowed.is_none_or(|set| set.iter().any(|one| one.is_same_as(repository)))
    }
}

struct Layers<'a>([(Layer, Option<&'a Document>); 2]);

impl Layers<'_> {
    fn latest<T>(&self, base: T, get: impl Fn(&Document) -> Option<T>) -> Effective<T> {
        self.wanted(get)
            .fold(default(base), |_, (from, value)| Effective { value, from })
    }

    /// Like `latest`, but a layer can only make the value narrower; what changes nothing does not count as its source.
    fn narrowed<T: Clone + PartialEq>(
        &self,
        base: T,
        get: impl Fn(&Document) -> Option<T>,
        narrower: impl Fn(T, T) -> T,
    ) -> Effective<T> {
        self.wanted(get)
            .fold(default(base), |current, (from, wanted)| {
                let value = narrower(current.value.clone(), wanted);
                if value == current.value {
                    return current;
                }
                Effective { value, from }
            })
    }

    fn wanted<T>(&self, get: impl Fn(&Document) -> Option<T>) -> impl Iterator<Item = (Layer, T)> {
        self.0
            .into_iter()
            .filter_map(move |(layer, document)| Some((layer, get(document?)?)))
    }
}

impl<T> Effective<T> {
    fn or_asked(self, asked: Option<T>) -> Self {
        asked.map_or(self, |value| Self {
            value,
            from: Layer::Request,
        })
    }
}

fn default<T>(value: T) -> Effective<T> {
    Effective {
        value,
        from: Layer::Operator,
    }
}

fn same_word(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

fn fewer_words(
    allowed: Option<BTreeSet<String>>,
    wanted: Option<BTreeSet<String>>,
) -> Option<BTreeSet<String>> {
    fewer(allowed, wanted, |a, w| same_word(a, w))
}

/// Those of the allowed that are wanted too.
fn fewer<T: Ord>(
    allowed: Option<BTreeSet<T>>,
    wanted: Option<BTreeSet<T>>,
    same: impl Fn(&T, &T) -> bool,
) -> Option<BTreeSet<T>> {
    match (allowed, wanted) {
        (Some(allowed), Some(wanted)) => Some(
            allowed
                .into_iter()
                .filter(|a| wanted.iter().any(|w| same(a, w)))
                .collect(),
        ),
        (allowed, wanted) => allowed.or(wanted),
    }
}

fn more_words(mut words: Vec<String>, added: Vec<String>) -> Vec<String> {
    for word in added {
        if !words.iter().any(|known| same_word(known, &word)) {
            words.push(word);
        }
    }
    words
}

#[cfg(test)]
mod tests;
