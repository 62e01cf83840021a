//! Whose model plans, with whose key: the settings' choice, never a tenant's address with the operator's key.

use chrono::NaiveDate;
use tracing::warn;

use crate::ai::{Choice, Provider};
use crate::domain::ids::{InstallationId, RepositoryId};
use crate::domain::money::{Money, Price};
use crate::domain::planning::Degraded;
use crate::domain::settings::{self, Layer, Settings};
use crate::flows::{FlowResult, Services};
use crate::store::ai_keys;
use crate::store::runs::Run;

/// Who is to plan.
#[derive(Debug)]
pub(super) enum Chosen {
    /// Nobody wants a model.
    Structure,
    Model(Box<Model>),
    /// A model is wanted, and none can be asked.
    Nothing(Degraded),
}

/// A model with what it costs and may cost.
#[derive(Debug, Clone)]
pub(super) struct Model {
    pub choice: Choice,
    pub budget: Option<Money>,
    pub price: Option<Price>,
    pub priced_as_of: Option<NaiveDate>,
}

impl Model {
    /// `provider/model`, as it stands in plans.
    pub(super) fn name(&self) -> String {
        format!("{}/{}", self.choice.provider.name(), self.choice.model)
    }
}

pub(super) async fn choose(
    services: &Services,
    run: &Run,
    settings: &Settings,
) -> FlowResult<Chosen> {
    let choice = choice_of(services, run.installation, Some(run.repository), settings);
    Ok(match choice.await? {
        Ok(None) => Chosen::Structure,
        Ok(Some(choice)) => with_price(services, choice, settings.monthly_budget.value),
        Err(why) => Chosen::Nothing(why),
    })
}

/// The model that the settings of a layer choose, with its key, or why it cannot be asked; `None`: nobody wants a model.
pub async fn choice_of(
    services: &Services,
    installation: InstallationId,
    repository: Option<RepositoryId>,
    settings: &Settings,
) -> FlowResult<Result<Option<Choice>, Degraded>> {
    let Some(provider) = Provider::of_setting(settings.provider.value) else {
        return Ok(Ok(None));
    };
    let name = provider.name().to_owned();
    let allowed = settings.allowed_providers.value.as_ref();
    if allowed.is_some_and(|all| !all.iter().any(|one| one.eq_ignore_ascii_case(&name))) {
        return Ok(Err(Degraded::NotAllowed { provider: name }));
    }
    let choice = if settings.provider.from == Layer::Operator {
        operators(services, provider, &settings.model.value)
    } else {
        tenants(services, installation, repository, settings, provider).await?
    };
    Ok(choice.map(Some))
}

fn with_price(services: &Services, choice: Choice, budget: Option<Money>) -> Chosen {
    let mut model = Model {
        choice,
        budget,
        price: None,
        priced_as_of: None,
    };
    if let Some(table) = &services.ai.prices {
        model.price = table.find(&model.name());
        model.priced_as_of = model.price.map(|_| table.as_of);
    }
    if budget.is_some() && model.price.is_none() {
        return Chosen::Nothing(Degraded::NoPrice {
            model: model.name(),
        });
    }
    Chosen::Model(Box::new(model))
}

/// The operator's own model, of whatever layer's run.
pub(super) fn operators(
    services: &Services,
    provider: Provider,
    model: &str,
) -> Result<Choice, Degraded> {
    let ai = &services.ai;
    let name = provider.name().to_owned();
    if ai.key.is_none() && provider.needs_key() {
        return Err(Degraded::NoKey { provider: name });
    }
    let Some(model) = named(provider, model) else {
        return Err(Degraded::NoModel { provider: name });
    };
    Ok(Choice {
        provider,
        model,
        base_url: ai.base_url.clone(),
        key: ai.key.clone(),
        temperature: ai.temperature,
        max_tokens: ai.max_tokens,
        is_tenants: false,
    })
}

/// A tenant's, with a key that was given for that provider at that address.
async fn tenants(
    services: &Services,
    installation: InstallationId,
    repository: Option<RepositoryId>,
    settings: &Settings,
    provider: Provider,
) -> FlowResult<Result<Choice, Degraded>> {
    let name = provider.name().to_owned();
    let Some(model) = named(provider, &settings.model.value) else {
        return Ok(Err(Degraded::NoModel { provider: name }));
    };
    let base_url = settings.base_url.value.clone();
    if settings.provider.value == settings::Provider::Custom && base_url.is_none() {
        return Ok(Err(Degraded::NoAddress { provider: name }));
    }
    let keys = ai_keys::list(services.wall(installation), installation, repository).await?;
    let origin = ai_keys::origin(base_url.as_ref());
    let found = keys
        .iter()
        .find(|key| key.is_for(settings.provider.value, &origin));
    let key = match (found, &services.seal) {
        (None, _) if provider.needs_key() => return Ok(Err(Degraded::NoKey { provider: name })),
        (None, _) => None,
        (Some(_), None) => return Ok(Err(Degraded::KeyUnusable { provider: name })),
        (Some(row), Some(seal)) => match row.open(seal, installation) {
            Ok(key) => Some(key),
            Err(error) => {
                warn!(installation.id = %installation, %error, "a tenant's key cannot be opened");
                return Ok(Err(Degraded::KeyUnusable { provider: name }));
            }
        },
    };
    Ok(Ok(Choice {
        provider,
        model,
        base_url,
        key,
        temperature: None,
        max_tokens: None,
        is_tenants: true,
    }))
}

fn named(provider: Provider, model: &str) -> Option<String> {
    let usual = provider.usual_model().map(str::to_owned);
    Some(model.to_owned())
        .filter(|model| !model.is_empty())
        .or(usual)
}
