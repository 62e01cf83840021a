//! Who asks: a token in the `Authorization` header, its installation, and what it may do.

use std::sync::Arc;

use axum::Json;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header;
use axum::http::request::Parts;
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

use super::problem::{ApiError, Problem};
use crate::flows::tokens::{self, Caller, Scope};
use crate::web::Shared;

/// The longest body that is read: settings.
const LONGEST_BODY: usize = 64 * 1024;

/// A script with a token that counts.
pub(super) struct Authorized(pub(super) Caller);

impl Authorized {
    /// The caller, if its token may do this.
    pub(super) fn may(self, scope: Scope) -> Result<Caller, ApiError> {
        if self.0.scopes.contains(&scope) {
            return Ok(self.0);
        }
        let says = format!("This token lacks the scope `{}`.", scope.as_str());
        Err(ApiError::Forbidden(says))
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
        let caller = tokens::find_caller(&shared.services, token)
            .await?
            .ok_or(ApiError::NoToken)?;
        if !tokens::admit(&shared.services, &caller).await {
            return Err(ApiError::TooOften);
        }
        if !tokens::maker_rules(&shared.services, &caller).await? {
            return Err(ApiError::Forbidden(format!(
                "This token speaks for {}, who does not administer the whole installation any more.",
                caller.made_by
            )));
        }
        Ok(Self(caller))
    }
}

/// A JSON body; what is wrong with it is said with its place. No body is an empty object.
pub(super) struct Sent<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Arc<Shared>> for Sent<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, _shared: &Arc<Shared>) -> Result<Self, ApiError> {
        let body = axum::body::to_bytes(request.into_body(), LONGEST_BODY)
            .await
            .map_err(|_| ApiError::TooLarge)?;
        let body: &[u8] = if body.is_empty() { b"{}" } else { &body };
        let read = serde_json::from_slice(body);
        read.map(Self).map_err(|error| {
            ApiError::Malformed(format!("The body is not as it should be: {error}."))
        })
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
}

/// What this token is and may do.
#[utoipa::path(get, path = "/token", tag = "settings", responses(
    (status = 200, body = TokenShape),
    (status = 401, body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn token(Authorized(caller): Authorized) -> Json<TokenShape> {
    Json(TokenShape {
        installation: caller.installation.0,
        name: caller.name,
        made_by: caller.made_by,
        scopes: caller.scopes.into_iter().map(Scope::as_str).collect(),
    })
}
