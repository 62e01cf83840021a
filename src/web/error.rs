//! What goes wrong at the door, and the status code that says so: the only place that knows both.

use std::any::Any;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::flows::receive::ReceiveError;

/// Why a request gets no answer of the kind it wants.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WebError {
    #[error("there is no X-Hub-Signature-256: set the webhook secret on GitHub to the server's")]
    SignatureMissing,
    #[error("the signature is wrong: the webhook secrets here and on GitHub differ")]
    SignatureWrong,
    #[error(
        "there is no secret here for Marketplace deliveries: set GITHUB_MARKETPLACE_WEBHOOK_SECRET to the listing's"
    )]
    NoMarketplaceSecret,
    #[error("the body is over 25 MB")]
    TooLarge,
    #[error("the body did not arrive in time")]
    TooSlow,
    #[error("the body broke off: {0}")]
    BrokenOff(String),
    #[error("{0}")]
    Malformed(String),
    /// What was sent is not kept; it has to come again.
    #[error("this cannot be taken in now: {0}")]
    Unavailable(String),
}

/// After this many seconds a sender may try again.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("10");

impl WebError {
    fn status(&self) -> StatusCode {
        match self {
            Self::SignatureMissing | Self::SignatureWrong | Self::NoMarketplaceSecret => {
                StatusCode::UNAUTHORIZED
            }
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::BrokenOff(_) | Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl From<ReceiveError> for WebError {
    fn from(error: ReceiveError) -> Self {
        match error {
            ReceiveError::Malformed(why) => {
                Self::Malformed(format!("the payload cannot be read: {why}"))
            }
            // What the database said is in the log.
            ReceiveError::NotStored(_) => {
                Self::Unavailable("the delivery could not be stored".to_owned())
            }
        }
    }
}

impl IntoResponse for WebError {
    fn into_response(self) -> Response {
        let status = self.status();
        let mut response = (status, Json(json!({ "error": self.to_string() }))).into_response();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, RETRY_AFTER);
        }
        response
    }
}

/// A handler that panics costs its request, not the server.
#[expect(clippy::needless_pass_by_value, reason = "the layer hands it over")]
pub(super) fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let said = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("it did not say why");
    tracing::error!(said, "a handler panicked");
    (
        StatusCode::INTERNAL_SERVER_ERROR,
        Json(json!({ "error": "something went wrong here; the log says what" })),
    )
        .into_response()
}
