//! Settings for scripts: the document of a layer, and what holds with it.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::body::{Body, Sent, number};
use super::caller::{Authorized, ruled};
use super::problem::{ApiError, Code};
use crate::domain::ids::{RepositoryId, RepositoryName};
use crate::flows::makers;
use crate::flows::settings::change::{self, Changed};
use crate::flows::settings::{Scope as Layer, sheet};
use crate::flows::tokens::{Caller, Scope};
use crate::web::Shared;

/// The settings of a layer.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SettingsShape {
    /// Grows with every change; a change wants it back. 0: nothing was ever set.
    version: i32,
    changed_by: Option<String>,
    changed_at: Option<DateTime<Utc>>,
    /// What this layer says; what it does not name is inherited. Keys for models are not in it.
    #[schema(value_type = Object, example = json!({"max_issues": 20, "labels": ["planned"]}))]
    settings: Value,
    /// What holds, each value with the layer that it comes from.
    #[schema(value_type = Object, example = json!({"max_issues": {"value": 20, "from": "installation"}}))]
    effective: Value,
}

/// A change of a layer.
#[derive(Debug, ToSchema)]
pub(super) struct Change {
    /// The version that was looked at: where somebody was quicker, nothing is changed.
    version: i32,
    /// The whole document: `confirmation`, `minimum_role`, `max_issues`, `confirmation_threshold`,
    /// `rate_limit_per_minute`, `labels`, `allowed_labels`, `allowed_repositories`, `allowed_providers`,
    /// `content_filtering`, `prohibited_keywords`, `components`, `provider`, `model`, `base_url`, `monthly_budget`.
    /// What it does not name is inherited.
    #[schema(value_type = Object, example = json!({"max_issues": 20, "labels": ["planned"]}))]
    settings: Value,
}

impl Body for Change {
    const FIELDS: &'static [&'static str] = &["version", "settings"];

    fn read(object: &mut Map<String, Value>) -> Result<Self, String> {
        let version = number(
            object,
            "version",
            "the version of the settings that were read; 0 before the first change",
        )?;
        match object.remove("settings") {
            Some(settings @ Value::Object(_)) => Ok(Self { version, settings }),
            Some(_) => Err("`settings` must be an object.".to_owned()),
            None => Err("`settings` is missing: the whole document of this layer.".to_owned()),
        }
    }
}

/// The installation's settings. Scope `settings:read`.
#[utoipa::path(get, path = "/settings", tag = "settings", responses(
    (status = 200, body = SettingsShape),
))]
pub(super) async fn of_installation(
    State(shared): State<Arc<Shared>>,
    caller: Authorized,
) -> Result<Json<SettingsShape>, ApiError> {
    let caller = caller.may(Scope::SettingsRead)?;
    shown(&shared, layer(&caller, None)).await
}

/// Replaces the installation's settings. Scope `settings:write`; who made the token must still be an admin.
#[utoipa::path(put, path = "/settings", tag = "settings", request_body = Change, responses(
    (status = 200, body = SettingsShape, description = "They are so, by this or before"),
    (status = 204, description = "The same for a token that lacks `settings:read`"),
))]
pub(super) async fn set_of_installation(
    State(shared): State<Arc<Shared>>,
    caller: Authorized,
    Sent(sent): Sent<Change>,
) -> Result<Response, ApiError> {
    let caller = caller.may(Scope::SettingsWrite)?;
    set(&shared, &caller, None, sent).await
}

/// A repository's settings. Scope `settings:read`.
#[utoipa::path(get, path = "/repositories/{owner}/{name}/settings", tag = "settings",
    params(("owner" = String, Path), ("name" = String, Path)), responses(
    (status = 200, body = SettingsShape),
))]
pub(super) async fn of_repository(
    State(shared): State<Arc<Shared>>,
    caller: Authorized,
    Path((owner, name)): Path<(String, String)>,
) -> Result<Json<SettingsShape>, ApiError> {
    let caller = caller.may(Scope::SettingsRead)?;
    let repository = find(&shared, &caller, &owner, &name).await?;
    shown(&shared, layer(&caller, Some(repository))).await
}

/// Replaces a repository's settings. Scope `settings:write`; who made the token must still be an admin of it.
#[utoipa::path(put, path = "/repositories/{owner}/{name}/settings", tag = "settings",
    params(("owner" = String, Path), ("name" = String, Path)), request_body = Change, responses(
    (status = 200, body = SettingsShape, description = "They are so, by this or before"),
    (status = 204, description = "The same for a token that lacks `settings:read`"),
))]
pub(super) async fn set_of_repository(
    State(shared): State<Arc<Shared>>,
    caller: Authorized,
    Path((owner, name)): Path<(String, String)>,
    Sent(sent): Sent<Change>,
) -> Result<Response, ApiError> {
    let caller = caller.may(Scope::SettingsWrite)?;
    let repository = find(&shared, &caller, &owner, &name).await?;
    set(&shared, &caller, Some(repository), sent).await
}

fn layer(caller: &Caller, repository: Option<RepositoryId>) -> Layer {
    Layer {
        installation: caller.installation,
        repository,
    }
}

async fn find(
    shared: &Shared,
    caller: &Caller,
    owner: &str,
    name: &str,
) -> Result<RepositoryId, ApiError> {
    let name = RepositoryName::parse(&format!("{owner}/{name}")).ok_or(ApiError::NotFound)?;
    let services = &shared.services;
    let row = services
        .find_repository_named(caller.installation, &name)
        .await?;
    Ok(row.ok_or(ApiError::NotFound)?.id)
}

async fn shown(shared: &Shared, layer: Layer) -> Result<Json<SettingsShape>, ApiError> {
    let sheet = sheet(&shared.services, layer).await?;
    let budget = sheet.effective.monthly_budget.value;
    let json = |value| serde_json::to_value(value).map_err(|_| ApiError::Internal);
    let mut effective = serde_json::to_value(&sheet.effective).map_err(|_| ApiError::Internal)?;
    // In dollars, as it is set.
    effective["monthly_budget"]["value"] =
        json!(budget.map(crate::domain::money::Money::to_dollars));
    Ok(Json(SettingsShape {
        version: sheet.version,
        changed_by: sheet.changed.as_ref().map(|(by, _)| by.clone()),
        changed_at: sheet.changed.as_ref().map(|(_, at)| *at),
        settings: json(&sheet.own)?,
        effective,
    }))
}

async fn set(
    shared: &Shared,
    caller: &Caller,
    repository: Option<RepositoryId>,
    sent: Change,
) -> Result<Response, ApiError> {
    let services = &shared.services;
    match repository {
        None => ruled(caller, makers::rules_now(services, caller).await?)?,
        Some(id) => {
            if !makers::administers_now(services, caller, id).await? {
                return Err(ApiError::Forbidden(format!(
                    "This token acts in the name of {}, who is no admin here any more.",
                    caller.made_by
                )));
            }
        }
    }
    let layer = layer(caller, repository);
    let done = change::change(services, &caller.by(), layer, sent.version, &sent.settings).await?;
    match done {
        Changed::Saved { .. } | Changed::Unchanged => {}
        Changed::Wrong(wrong) => return Err(ApiError::Wrong(wrong)),
        // Whoever did not hear the answer sends it again.
        Changed::Overtaken { .. } if change::is_so(services, layer, &sent.settings).await? => {}
        Changed::Overtaken { version, by, .. } => {
            return Err(ApiError::Conflict(
                Code::SettingsChanged,
                format!(
                    "{by} has changed the settings meanwhile: they are at version {version}. Read them again, then change them."
                ),
            ));
        }
        Changed::NoSuchVersion => return Err(ApiError::NotFound),
    }
    if caller.scopes.contains(&Scope::SettingsRead) {
        Ok(shown(shared, layer).await?.into_response())
    } else {
        Ok(StatusCode::NO_CONTENT.into_response())
    }
}
