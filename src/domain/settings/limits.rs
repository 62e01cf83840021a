//! What a layer may not do: go beyond the layers above it. It is said, never silently cut.

use super::document::{Document, Wrong};
use super::{Effective, Layer, Provider, Settings, same_word};
use crate::domain::ids::RepositoryName;
use crate::domain::policy::Role;

impl Document {
    /// Everything in which this layer goes beyond the layers above it. `above`: what holds without this layer; `with`:
    /// what would hold with it. Whoever rules one repository may not see the others, so of a repository's layer (`of`) it
    /// is not said here where issues may not go: that is judged when they are planned.
    pub fn beyond(&self, of: Layer, above: &Settings, with: &Settings) -> Vec<Wrong> {
        let mut wrong = Vec::new();
        if let Some(max) = self.max_issues.filter(|max| *max > above.max_issues.value) {
            let says = format!(
                "`max_issues` must be at most {}, {}; got {max}",
                above.max_issues.value,
                limit_of(above.max_issues.from)
            );
            wrong.push(Wrong::new("max_issues", says));
        }
        if let Some(role) = self.minimum_role.filter(|r| *r < above.minimum_role.value) {
            let least = above.minimum_role.value;
            let says = format!(
                "`minimum_role` must be {}, {}; got {role}",
                at_least(least),
                limit_of(above.minimum_role.from)
            );
            wrong.push(Wrong::new("minimum_role", says));
        }
        if self.content_filtering == Some(false) && above.content_filtering.value {
            let says = format!(
                "`content_filtering` cannot be switched off: {} keeps it on",
                above.content_filtering.whose()
            );
            wrong.push(Wrong::new("content_filtering", says));
        }
        self.labels_beyond(above, with, &mut wrong);
        if of == Layer::Repository {
            self.components_astray(&mut wrong);
        } else {
            self.repositories_beyond(above, with, &mut wrong);
        }
        self.models_beyond(above, with, &mut wrong);
        wrong
    }

    fn labels_beyond(&self, above: &Settings, with: &Settings, wrong: &mut Vec<Wrong>) {
        let not_above = |label: &&String| !above.allows_label(label);
        let outside = self.allowed_labels.iter().flatten().filter(not_above);
        wrong.extend(outside.map(|label| {
            let says = format!(
                "`allowed_labels` may only name labels that {} allows, got `{label}`",
                above.allowed_labels.whose()
            );
            Wrong::new("allowed_labels", says)
        }));
        let not_allowed = |label: &&String| !with.allows_label(label);
        let outside = self.labels.iter().flatten().filter(not_allowed);
        wrong.extend(outside.map(|label| {
            let says = format!("`labels` may only name labels of `allowed_labels`, got `{label}`");
            Wrong::new("labels", says)
        }));
    }

    fn repositories_beyond(&self, above: &Settings, with: &Settings, wrong: &mut Vec<Wrong>) {
        let not_above = |name: &&RepositoryName| !above.allows_repository(name);
        let outside = self.allowed_repositories.iter().flatten().filter(not_above);
        wrong.extend(outside.map(|name| {
            let says = format!(
                "`allowed_repositories` may only name repositories that {} allows, got `{name}`",
                above.allowed_repositories.whose()
            );
            Wrong::new("allowed_repositories", says)
        }));
        let outside = self.components.iter().flatten();
        let outside = outside.filter(|(_, name)| !with.allows_repository(name));
        wrong.extend(outside.map(|(component, name)| astray_of(component, name)));
    }

    /// Components that this very document leads where it lets no issue go.
    fn components_astray(&self, wrong: &mut Vec<Wrong>) {
        let Some(allowed) = &self.allowed_repositories else {
            return;
        };
        let led = self.components.iter().flatten();
        let astray = led.filter(|(_, name)| !allowed.iter().any(|one| one.is_same_as(name)));
        wrong.extend(astray.map(|(component, name)| astray_of(component, name)));
    }

    fn models_beyond(&self, above: &Settings, with: &Settings, wrong: &mut Vec<Wrong>) {
        let allowed = |name: &str, settings: &Settings| {
            let list = settings.allowed_providers.value.as_ref();
            list.is_none_or(|list| list.iter().any(|one| same_word(one, name)))
        };
        let names = self.allowed_providers.iter().flatten();
        wrong.extend(names.filter(|name| !allowed(name, above)).map(|name| {
            let says = format!(
                "`allowed_providers` may only name providers that {} allows, got `{name}`",
                above.allowed_providers.whose()
            );
            Wrong::new("allowed_providers", says)
        }));
        if let Some(provider) = self.provider
            && provider != Provider::None
            && !allowed(provider.as_str(), with)
        {
            let says = format!(
                "`provider` must be one of `allowed_providers`, set by {}; got {}",
                whose(with.allowed_providers.from),
                provider.as_str()
            );
            wrong.push(Wrong::new("provider", says));
        }
        let is_operators = with.provider.from == Layer::Operator;
        let has_no_model = with.provider.value == Provider::None;
        for (field, is_set) in [
            ("model", self.model.is_some()),
            ("base_url", self.base_url.is_some()),
        ] {
            if is_set && (is_operators || has_no_model) {
                let says = format!(
                    "`{field}` needs a `provider` as well: the operator's model stays as it is"
                );
                wrong.push(Wrong::new(field, says));
            }
        }
        if with.provider.value == Provider::Custom && !is_operators {
            if with.base_url.value.is_none() {
                let says = "`base_url` is needed for the provider `custom`: the address of the model's API";
                wrong.push(Wrong::new("base_url", says));
            }
            if with.model.value.is_empty() {
                let says = "`model` is needed for the provider `custom`: the name of the model";
                wrong.push(Wrong::new("model", says));
            }
        }
        if let (Some(wanted), Some(most)) = (self.monthly_budget, above.monthly_budget.value)
            && (is_operators || above.monthly_budget.from == Layer::Installation)
            && wanted > most
        {
            let says = format!(
                "`monthly_budget` must be at most {}, {}; got {}",
                most.to_dollars(),
                limit_of(above.monthly_budget.from),
                wanted.to_dollars()
            );
            wrong.push(Wrong::new("monthly_budget", says));
        }
    }
}

fn astray_of(component: &str, name: &RepositoryName) -> Wrong {
    let says = format!(
        "`components` leads `{component}` to `{name}`, which `allowed_repositories` does not allow"
    );
    Wrong::new("components", says)
}

fn at_least(least: Role) -> String {
    match least {
        Role::Admin => "admin".to_owned(),
        role => format!("{role} or more"),
    }
}

fn limit_of(layer: Layer) -> &'static str {
    match layer {
        Layer::Operator => "the operator's limit",
        Layer::Installation => "the installation's limit",
        Layer::Repository | Layer::Request => "the repository's limit",
    }
}

fn whose(layer: Layer) -> &'static str {
    match layer {
        Layer::Operator => "the operator",
        Layer::Installation => "the installation",
        Layer::Repository | Layer::Request => "the repository",
    }
}

impl<T> Effective<T> {
    /// Whose word it is, in words: "the operator", "the installation".
    pub fn whose(&self) -> &'static str {
        whose(self.from)
    }
}
