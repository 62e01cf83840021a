//! A tenant's own key for a model: written, tried and forgotten; nobody can read it back, or have it sent elsewhere.

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use sqlx::PgConnection;

use super::change::record;
use super::{By, Scope, read};
use crate::ai::AiError;
use crate::cache::Key;
use crate::domain::planning::Degraded;
use crate::domain::settings::{Layer, Provider, Settings};
use crate::flows::{FlowResult, Services, planner};
use crate::store::ai_keys::{self, Slot};
use crate::store::tenant;

/// The key of a layer as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyShown {
    /// Its last characters; may be empty.
    pub hint: String,
    pub set_by: String,
    pub set_at: DateTime<Utc>,
    pub provider: String,
    /// The address that it was given for; empty: the provider's own.
    pub origin: String,
    /// It is for the provider and the address that are in force now.
    pub is_used: bool,
}

/// What came of setting a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySet {
    Set,
    /// Why not, and what would be right.
    Refused(String),
}

/// What came of trying a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tried {
    /// The model, as `provider/model`.
    Works(String),
    /// In words, with what to do.
    Fails(String),
    /// Tried too often.
    Later { seconds: u64 },
    /// Other trials of the installation are under way.
    Busy,
}

/// A key is printable, without blanks, and no longer than this.
const LONGEST: usize = 512;
/// Trials of an installation under way at once, whatever layer they are of.
const AT_ONCE: u32 = 2;
/// A trial that is not over by then has lost its process.
const LONGEST_TRIAL: std::time::Duration = std::time::Duration::from_secs(30);
/// Between two trials of one layer: each is a request to somebody else's server.
const BETWEEN_TRIALS: TimeDelta = TimeDelta::seconds(5);

/// The layer's own key.
pub async fn find(services: &Services, scope: Scope) -> FlowResult<Option<KeyShown>> {
    let mut tx = tenant::enter(&services.pool, scope.installation).await?;
    let effective = read(services, &mut tx, scope).await?.effective;
    let keys = ai_keys::list(&mut *tx, scope.installation, scope.repository).await?;
    tx.commit().await?;
    let own = keys
        .into_iter()
        .find(|key| key.repository == scope.repository);
    Ok(own.map(|key| KeyShown {
        is_used: effective.provider.from != Layer::Operator
            && key.is_for(
                effective.provider.value,
                &ai_keys::origin(effective.base_url.value.as_ref()),
            ),
        hint: key.hint,
        set_by: key.set_by,
        set_at: key.set_at,
        provider: key.provider,
        origin: key.origin,
    }))
}

/// Keeps a key for the provider and the address that are in force for the layer now.
pub async fn set(
    services: &Services,
    by: &By,
    scope: Scope,
    key: &SecretString,
) -> FlowResult<KeySet> {
    let Some(seal) = &services.seal else {
        let says = "This server cannot keep secrets: its operator has to set ENCRYPTION_KEY first.";
        return Ok(KeySet::Refused(says.to_owned()));
    };
    let key = SecretString::from(key.expose_secret().trim());
    let length = key.expose_secret().len();
    if length == 0 || length > LONGEST || !key.expose_secret().bytes().all(|b| b.is_ascii_graphic())
    {
        let says = format!(
            "A key is 1 to {LONGEST} letters, digits and signs without blanks: copy it whole from the provider's page."
        );
        return Ok(KeySet::Refused(says));
    }
    let mut tx = tenant::enter(&services.pool, scope.installation).await?;
    let effective = read(services, &mut tx, scope).await?.effective;
    let provider = effective.provider.value;
    if effective.provider.from == Layer::Operator || provider == Provider::None {
        let says =
            "Choose and save a provider first: a key is kept for one provider at one address.";
        return Ok(KeySet::Refused(says.to_owned()));
    }
    let slot = Slot {
        installation: scope.installation,
        repository: scope.repository,
        provider,
        origin: ai_keys::origin(effective.base_url.value.as_ref()),
    };
    let (name, now) = (by.name(), services.clock.now());
    ai_keys::set(&mut *tx, &slot, &key, (seal, &services.chance), &name, now).await?;
    let detail = json!({ "provider": provider, "address": address(&slot.origin) });
    record(services, &mut tx, by, scope, "set_ai_key", detail).await?;
    tx.commit().await?;
    Ok(KeySet::Set)
}

/// Forgets the layer's key; false if there was none.
pub async fn remove(services: &Services, by: &By, scope: Scope) -> FlowResult<bool> {
    let mut tx = tenant::enter(&services.pool, scope.installation).await?;
    let there = ai_keys::delete(&mut *tx, scope.installation, scope.repository).await?;
    if there {
        record(services, &mut tx, by, scope, "remove_ai_key", json!({})).await?;
    }
    tx.commit().await?;
    Ok(there)
}

/// Forgets the layer's key if it is not for the provider and the address that hold now.
pub(super) async fn void(
    services: &Services,
    db: &mut PgConnection,
    by: &By,
    scope: Scope,
    with: &Settings,
) -> FlowResult<bool> {
    let keys = ai_keys::list(&mut *db, scope.installation, scope.repository).await?;
    let Some(own) = keys.iter().find(|key| key.repository == scope.repository) else {
        return Ok(false);
    };
    let origin = ai_keys::origin(with.base_url.value.as_ref());
    if with.provider.from != Layer::Operator && own.is_for(with.provider.value, &origin) {
        return Ok(false);
    }
    ai_keys::delete(&mut *db, scope.installation, scope.repository).await?;
    let detail = json!({ "provider": own.provider, "address": address(&own.origin) });
    record(services, db, by, scope, "void_ai_key", detail).await?;
    Ok(true)
}

fn address(origin: &str) -> &str {
    if origin.is_empty() {
        "the provider's own"
    } else {
        origin
    }
}

/// Asks the model that is in force for the layer whether it can be asked.
pub async fn test(services: &Services, scope: Scope) -> FlowResult<Tried> {
    let all = Key::of(scope.installation, &["trials", "ai_key"]);
    let Some(_until_answered) = services.cache.lease(&all, AT_ONCE, LONGEST_TRIAL).await else {
        return Ok(Tried::Busy);
    };
    let place = scope.repository.map_or_else(String::new, |r| r.to_string());
    let turn = Key::of(scope.installation, &["tries", "ai_key", &place]);
    let wait = BETWEEN_TRIALS.to_std().expect("a positive span");
    if !services.cache.count(&turn, 1, wait).await {
        return Ok(Tried::Later {
            seconds: wait.as_secs(),
        });
    }
    let mut tx = tenant::enter(&services.pool, scope.installation).await?;
    let effective = read(services, &mut tx, scope).await?.effective;
    tx.commit().await?;
    let choice =
        planner::choice_of(services, scope.installation, scope.repository, &effective).await?;
    Ok(match choice {
        Ok(None) => {
            Tried::Fails("No model is chosen: plans come from the document's structure.".to_owned())
        }
        Err(why) => Tried::Fails(cannot_be_asked(&why)),
        Ok(Some(choice)) => {
            let name = format!("{}/{}", choice.provider.name(), choice.model);
            match services
                .ai
                .models
                .of(scope.installation)
                .check(&choice)
                .await
            {
                Ok(()) => Tried::Works(name),
                Err(error) => Tried::Fails(in_words(&error, &name)),
            }
        }
    })
}

fn cannot_be_asked(why: &Degraded) -> String {
    match why {
        Degraded::NoKey { provider } => {
            format!("There is no key for {provider} at this address yet. Enter one.")
        }
        Degraded::KeyUnusable { .. } => {
            "The stored key cannot be opened by this server any more. Enter it again.".to_owned()
        }
        Degraded::NoModel { provider } => format!("{provider} needs the name of a model."),
        Degraded::NoAddress { provider } => format!("{provider} needs the address of its API."),
        Degraded::NotAllowed { provider } => format!("The policy does not allow {provider}."),
        other => format!("The model cannot be asked ({}).", other.kind()),
    }
}

/// What the provider's refusal means for whoever sets the key.
fn in_words(error: &AiError, model: &str) -> String {
    match error {
        AiError::Unauthorized => format!(
            "The provider does not take the key. Copy it again, and see that it may use {model}."
        ),
        AiError::NoCredit => "The key is right, but its account has no credit left.".to_owned(),
        AiError::ModelUnknown => format!(
            "The provider does not know {model}, or the key may not use it. See how the provider spells it."
        ),
        AiError::TooLong | AiError::Rejected(_) => {
            format!("{model} does not take questions as we send them: {error}.")
        }
        AiError::RateLimited { .. } => format!("The key works, but {error}."),
        AiError::Unavailable(_) | AiError::CutOff | AiError::TimedOut => format!(
            "{error}. Try again in a minute; if it stays so, look at the provider's status page."
        ),
        AiError::Address(_) => format!("{error}."),
        AiError::Unreadable(_) => {
            format!("What answers there is no model's API: {error}. Look at the address.")
        }
    }
}
