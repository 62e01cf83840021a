//! Who asks: a token in the `Authorization` header, its installation, and what it may do.

use std::sync::Arc;

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::problem::ApiError;
use crate::flows::makers::{self, Rule};
use crate::flows::tokens::{self, Caller, Known, Scope};
use crate::web::{Origin, Shared};

/// How much of a token tells it from others: `opr_` and eight characters, which nobody guesses.
const BEGINNING: usize = 12;

/// A script with a token that counts.
pub(super) struct Authorized(pub(super) Caller);

impl Authorized {
    /// The caller, if its token may do this.
    pub(super) fn may(self, scope: Scope) -> Result<Caller, ApiError> {
        if self.0.scopes.contains(&scope) {
            return Ok(self.0);
        }
        Err(ApiError::LacksScope(scope.as_str()))
    }
}

impl FromRequestParts<Arc<Shared>> for Authorized {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, ApiError> {
        let token = parts
            .headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim())
            .ok_or(ApiError::NoToken)?;
        let token = token.to_owned();
        let caller = known(parts, shared, &token).await?;
        if !tokens::admit(&shared.services, &caller).await {
            return Err(ApiError::TooOften);
        }
        ruled(&caller, makers::rules(&shared.services, &caller).await?)?;
        Ok(Self(caller))
    }
}

/// Whether the token's maker still rules all that it speaks for; why it is not answered otherwise.
pub(super) fn ruled(caller: &Caller, rule: Rule) -> Result<(), ApiError> {
    let maker = &caller.made_by;
    match rule {
        Rule::Rules => Ok(()),
        Rule::Suspended => Err(ApiError::Suspended),
        Rule::RulesNot => Err(ApiError::Forbidden(format!(
            "This token speaks for {maker}, who does not administer the whole installation any more."
        ))),
        Rule::BeingAsked => Err(ApiError::Unavailable(format!(
            "GitHub is being asked whether {maker}, who made this token, administers every repository of the installation. Try again in a moment."
        ))),
        Rule::Unknown => Err(ApiError::Unavailable(format!(
            "GitHub does not say at this moment whether {maker}, who made this token, administers the installation. Try again in a moment."
        ))),
        Rule::TooLarge { most } => Err(ApiError::Forbidden(format!(
            "The installation reaches more than {most} repositories. With so many only a token counts that the account itself has made."
        ))),
    }
}

/// Whose token it is. Those that do not count are counted, by address and by how they begin, and soon no longer looked up: a
/// right token is answered all the same, whatever else comes from its address.
async fn known(parts: &mut Parts, shared: &Arc<Shared>, token: &str) -> Result<Caller, ApiError> {
    let beginning: String = token.chars().take(BEGINNING).collect();
    if shared.same_tokens.is_shut(&beginning).await {
        return Err(ApiError::TooManyBad);
    }
    match tokens::find_caller(&shared.services, token).await? {
        Known::Caller(caller) => Ok(caller),
        Known::Expired(at) => {
            shared.same_tokens.admit(&beginning).await;
            Err(ApiError::Expired(at))
        }
        Known::Nobody => {
            let Ok(origin) = Origin::from_request_parts(parts, shared).await;
            let visitor = shared.visitor(&origin);
            let same = shared.same_tokens.admit(&beginning).await;
            if shared.bad_tokens.admit(&visitor).await && same {
                Err(ApiError::NoToken)
            } else {
                tracing::warn!(visitor, "many API tokens that do not count");
                Err(ApiError::TooManyBad)
            }
        }
    }
}

/// What the token is.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TokenShape {
    installation: i64,
    name: String,
    /// In whose name it acts.
    made_by: String,
    scopes: Vec<&'static str>,
    /// From then on it is refused; null: it lasts until it is revoked.
    expires_at: Option<DateTime<Utc>>,
}

/// What this token is and may do.
#[utoipa::path(get, path = "/token", tag = "settings", responses(
    (status = 200, body = TokenShape),
))]
pub(super) async fn token(Authorized(caller): Authorized) -> Json<TokenShape> {
    Json(TokenShape {
        installation: caller.installation.0,
        name: caller.name,
        made_by: caller.made_by,
        scopes: caller.scopes.into_iter().map(Scope::as_str).collect(),
        expires_at: caller.expires_at,
    })
}
