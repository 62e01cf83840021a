//! Whether a model can be asked at all: looked at once in five minutes for everybody, not once a run.

use std::time::Duration;

use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use tracing::warn;

use super::choice;
use crate::ai::{AiError, Choice, Provider};
use crate::cache::Key;
use crate::domain::ids::InstallationId;
use crate::domain::planning::Degraded;
use crate::flows::Services;

/// A look that is not over by then has lost its process.
const LONGEST_LOOK: Duration = Duration::from_secs(20);

/// How a model was when it was last looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Availability {
    /// What kept it from answering, in words without keys; `None`: it can be asked.
    pub trouble: Option<String>,
}

/// Why it does not answer. Of the operator's model only what kind of trouble it is: many tenants read it, and what the
/// provider said may be about one of them, or about the operator's account.
pub(super) fn words(choice: &Choice, error: &AiError) -> String {
    let kind = match error {
        _ if choice.is_tenants => return error.to_string(),
        AiError::Unavailable(_) => "the provider is not available",
        AiError::Rejected(_) => "the provider does not take the question",
        AiError::Address(_) => "the provider's address cannot be used",
        AiError::Unreadable(_) => "the provider's reply cannot be read",
        without_texts => return without_texts.to_string(),
    };
    kind.to_owned()
}

/// Whether it can be asked, as known, or looked at now; `None`: somebody else is looking.
pub(super) async fn look(
    services: &Services,
    installation: InstallationId,
    choice: &Choice,
    fresh: bool,
) -> Option<Availability> {
    let key = key(installation, choice, "available");
    if !fresh && let Some(known) = services.cache.get_json(&key).await {
        return Some(known);
    }
    let flight = self::key(installation, choice, "looking");
    let _lease = services.cache.lease(&flight, 1, LONGEST_LOOK).await?;
    let looked = services.ai.models.of(installation).check(choice).await;
    if let Err(error) = &looked {
        warn!(model = choice.model, %error, "a model cannot be asked");
    }
    let trouble = looked.err().map(|error| words(choice, &error));
    let seen = Availability { trouble };
    keep(services, installation, choice, &seen).await;
    Some(seen)
}

/// A question failed in a way that the next will too.
pub(super) async fn note(
    services: &Services,
    installation: InstallationId,
    choice: &Choice,
    error: &AiError,
) {
    let seen = Availability {
        trouble: Some(words(choice, error)),
    };
    keep(services, installation, choice, &seen).await;
}

async fn keep(
    services: &Services,
    installation: InstallationId,
    choice: &Choice,
    seen: &Availability,
) {
    let key = key(installation, choice, "available");
    let ttl = services.ai.availability_ttl;
    services.cache.set_json(&key, seen, ttl).await;
}

/// The operator's model as `provider/model`, and how it is, if that is known; `None`: there is none.
pub async fn operators_model(services: &Services) -> Option<(String, Option<Availability>)> {
    let provider = Provider::of_setting(services.operator.provider)?;
    let choice = match choice::operators(services, provider, &services.operator.model) {
        Ok(choice) => choice,
        Err(why) => {
            let trouble = Some(why.kind().to_owned());
            return Some((provider.name().to_owned(), Some(Availability { trouble })));
        }
    };
    let name = format!("{}/{}", provider.name(), choice.model);
    let seen = look(services, InstallationId(0), &choice, false).await;
    Some((name, seen))
}

/// The operator's model as `provider/model`, asked anew, past everything that is known of it; nothing is kept. `None`:
/// there is none.
pub async fn ask_operators_model(
    services: &Services,
) -> Option<Result<(String, Result<(), AiError>), Degraded>> {
    let provider = Provider::of_setting(services.operator.provider)?;
    let choice = match choice::operators(services, provider, &services.operator.model) {
        Ok(choice) => choice,
        Err(why) => return Some(Err(why)),
    };
    let name = format!("{}/{}", provider.name(), choice.model);
    let asked = services.ai.models.check(&choice).await;
    Some(Ok((name, asked)))
}

/// The operator's model is the same for all tenants; a tenant's is its own.
fn key(installation: InstallationId, choice: &Choice, what: &str) -> Key {
    let hash = super::digest(&[
        choice.provider.name(),
        &choice.model,
        choice.base_url.as_ref().map_or("", url::Url::as_str),
        choice.key.as_ref().map_or("", |key| key.expose_secret()),
    ]);
    if choice.is_tenants {
        Key::of(installation, &["ai", what, &hash])
    } else {
        Key::of_server(&["ai", what, &hash])
    }
}
