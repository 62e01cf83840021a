//! Why the API does not do what was asked, as RFC 9457 has it: `application/problem+json`.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::settings::Wrong;
use crate::flows::FlowError;
use crate::github::GitHubError;

/// Why not, told apart by what a script does about it.
#[derive(Debug)]
pub(crate) enum ApiError {
    /// No token, or none that counts.
    NoToken,
    /// The token counted until then.
    Expired(DateTime<Utc>),
    /// Too many tokens that do not count.
    TooManyBad,
    /// The token has not this scope.
    LacksScope(&'static str),
    /// The token, or who made it, may not.
    Forbidden(String),
    /// The account's owner has suspended the App, or removed it.
    Suspended,
    /// There is none, or none of this installation: nobody learns which.
    NotFound,
    MethodNotAllowed,
    /// The request cannot be read.
    Malformed(String),
    /// It can be read, and this is wrong with it.
    Wrong(Vec<Wrong>),
    /// What is stands against it; the code says what.
    Conflict(Code, String),
    TooLarge,
    TooOften,
    Unavailable(String),
    /// It was not done in time.
    Slow,
    Internal,
}

/// What went wrong, for scripts to tell apart. These names stay; more may be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Code {
    /// 401: there is no token, or none that counts.
    TokenNeeded,
    /// 401: the token was good until a while ago.
    TokenExpired,
    /// 403: the token has not the scope that this needs.
    ScopeMissing,
    /// 403: who made the token may not do it, or does not rule the installation any more.
    NotAllowed,
    /// 403: the account's owner has suspended the App, or removed it.
    Suspended,
    /// 404
    NotFound,
    /// 405
    MethodNotAllowed,
    /// 400: the query or the body cannot be read.
    Malformed,
    /// 422: `errors` says what is wrong with the settings.
    SettingsWrong,
    /// 409: the settings were changed after they were read. Read them again.
    SettingsChanged,
    /// 409: the plan is another one than was read, or is just being written. Read it again.
    PlanChanged,
    /// 409: the run has no plan yet.
    NoPlan,
    /// 409: the plan has no issues of these numbers.
    NoSuchItems,
    /// 409: the run's state stands against it. Sending it again changes nothing.
    NotPossible,
    /// 413
    TooLarge,
    /// 429: wait, then go on slower.
    TooManyRequests,
    /// 429: many tokens came that do not count.
    TooManyWrongTokens,
    /// 503: GitHub or the database does not answer, or is still being asked. `Retry-After` says when to try again.
    Unavailable,
    /// 504: it was not done in time; it may be done. Look how things stand.
    Slow,
    /// 500
    Internal,
}

/// What is wrong with a request.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Problem {
    /// Always `about:blank`: `code` says what kind it is.
    r#type: &'static str,
    /// For scripts.
    code: Code,
    title: &'static str,
    status: u16,
    /// What to do, in words.
    detail: String,
    /// Everything that is wrong with a settings document.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldProblem>,
}

/// What is wrong with one field.
#[derive(Debug, Serialize, ToSchema)]
struct FieldProblem {
    field: String,
    detail: String,
}

impl ApiError {
    fn code(&self) -> Code {
        match self {
            Self::NoToken => Code::TokenNeeded,
            Self::Expired(_) => Code::TokenExpired,
            Self::TooManyBad => Code::TooManyWrongTokens,
            Self::LacksScope(_) => Code::ScopeMissing,
            Self::Forbidden(_) => Code::NotAllowed,
            Self::Suspended => Code::Suspended,
            Self::NotFound => Code::NotFound,
            Self::MethodNotAllowed => Code::MethodNotAllowed,
            Self::Malformed(_) => Code::Malformed,
            Self::Wrong(_) => Code::SettingsWrong,
            Self::Conflict(code, _) => *code,
            Self::TooLarge => Code::TooLarge,
            Self::TooOften => Code::TooManyRequests,
            Self::Unavailable(_) => Code::Unavailable,
            Self::Slow => Code::Slow,
            Self::Internal => Code::Internal,
        }
    }

    fn told(&self) -> (StatusCode, &'static str, String) {
        let own = |words: &str| words.to_owned();
        match self {
            Self::NoToken => (
                StatusCode::UNAUTHORIZED,
                "A token is needed",
                own(
                    "Send `Authorization: Bearer opr_…` with a token that is not revoked; an admin of the installation makes one on its page.",
                ),
            ),
            Self::Expired(at) => (
                StatusCode::UNAUTHORIZED,
                "The token has expired",
                format!(
                    "This token was good until {}. An admin of the installation makes a new one on its page.",
                    at.format("%Y-%m-%d %H:%M UTC")
                ),
            ),
            Self::TooManyBad => (
                StatusCode::TOO_MANY_REQUESTS,
                "Too many wrong tokens",
                own(
                    "Many requests came with tokens that are none, or no longer. Wait a minute, then send one that is not revoked or expired.",
                ),
            ),
            Self::LacksScope(scope) => (
                StatusCode::FORBIDDEN,
                "Not allowed",
                format!("This token lacks the scope `{scope}`."),
            ),
            Self::Forbidden(detail) => (StatusCode::FORBIDDEN, "Not allowed", detail.clone()),
            Self::Suspended => (
                StatusCode::FORBIDDEN,
                "The App is suspended",
                own(
                    "The App is suspended on this account, or was removed from it: nothing is answered until an owner lifts that in GitHub's settings.",
                ),
            ),
            Self::NotFound => (
                StatusCode::NOT_FOUND,
                "Not found",
                own("There is nothing here that this token may know of."),
            ),
            Self::MethodNotAllowed => (
                StatusCode::METHOD_NOT_ALLOWED,
                "Not with this method",
                own("/api/v1/openapi.json says what can be done here."),
            ),
            Self::Malformed(detail) => (
                StatusCode::BAD_REQUEST,
                "The request cannot be read",
                detail.clone(),
            ),
            Self::Wrong(_) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "The settings are not right",
                own("Nothing was changed; `errors` has everything that is wrong."),
            ),
            Self::Conflict(_, detail) => (
                StatusCode::CONFLICT,
                "It cannot be done now",
                detail.clone(),
            ),
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "The body is too large",
                own("At most 64 KB are read."),
            ),
            Self::TooOften => (
                StatusCode::TOO_MANY_REQUESTS,
                "Too many requests",
                own(
                    "At most 120 requests a minute are answered for a token. Wait, then go on slower.",
                ),
            ),
            Self::Unavailable(detail) => {
                (StatusCode::SERVICE_UNAVAILABLE, "Not now", detail.clone())
            }
            Self::Slow => (
                StatusCode::GATEWAY_TIMEOUT,
                "It takes too long",
                own(
                    "GitHub or the database is slow at this moment. Look how things stand, then try again.",
                ),
            ),
            Self::Internal => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "Something went wrong here",
                own("The server's log says what."),
            ),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (status, title, detail) = self.told();
        let errors = match &self {
            Self::Wrong(wrong) => wrong
                .iter()
                .map(|w| FieldProblem {
                    field: w.field.clone(),
                    detail: w.says.clone(),
                })
                .collect(),
            _ => Vec::new(),
        };
        let problem = Problem {
            r#type: "about:blank",
            code: self.code(),
            title,
            status: status.as_u16(),
            detail,
            errors,
        };
        let mut response = (status, Json(problem)).into_response();
        let headers = response.headers_mut();
        let kind = HeaderValue::from_static("application/problem+json");
        headers.insert(header::CONTENT_TYPE, kind);
        if matches!(self, Self::NoToken | Self::Expired(_)) {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        if matches!(self, Self::TooManyBad) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
        }
        if matches!(self, Self::TooOften | Self::Unavailable(_)) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("10"));
        }
        response
    }
}

impl From<FlowError> for ApiError {
    fn from(error: FlowError) -> Self {
        match error {
            FlowError::GitHub(GitHubError::RateLimited { .. } | GitHubError::Crowded { .. }) => {
                Self::Unavailable("GitHub asks us to wait. Try again in a minute.".to_owned())
            }
            FlowError::GitHub(GitHubError::Suspended | GitHubError::InstallationGone) => {
                Self::Suspended
            }
            FlowError::GitHub(error) if error.is_passing() => {
                tracing::warn!(%error, "GitHub does not answer the API's question");
                Self::Unavailable("GitHub does not answer. Try again in a moment.".to_owned())
            }
            FlowError::Store(error) => {
                tracing::error!(%error, "the database does not answer the API's question");
                Self::Unavailable("The database does not answer. Try again in a moment.".to_owned())
            }
            error => {
                tracing::error!(%error, "the API cannot answer");
                Self::Internal
            }
        }
    }
}
