//! What went wrong with one send: what it means to the caller, and whether sending again may help.

use std::error::Error as _;
use std::time::Duration;

use chrono::{DateTime, Utc};
use genai::webc;
use http::HeaderMap;
use serde_json::Value;

use super::gate::{MOST, Verdict};
use super::providers::{Complaint, Dialect};
use super::{AiError, redact, wait};

/// Why one send gave no answer.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: AiError,
    /// Whether the same may succeed in a moment.
    pub(super) again: bool,
    /// How long the provider asks us to wait.
    pub(super) wait: Option<Duration>,
    /// The API does not take a JSON schema, but may take the question without.
    pub(super) without_schema: bool,
}

impl Failure {
    pub(super) fn last(error: AiError) -> Self {
        Self {
            error,
            again: false,
            wait: None,
            without_schema: false,
        }
    }

    /// What the gate has seen tells more than the library's error.
    pub(super) fn of_verdict(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Forbidden(why) => Self::last(AiError::Address(why)),
            Verdict::Unresolved => Self::unavailable("no address is known for its host name"),
            Verdict::Unreachable => Self::unavailable("its host does not answer"),
            Verdict::TooMuch => Self::unreadable(&format!(
                "it is longer than {} megabytes",
                MOST / 1024 / 1024
            )),
        }
    }

    fn passing(error: AiError) -> Self {
        Self {
            again: true,
            ..Self::last(error)
        }
    }

    fn unavailable(why: &str) -> Self {
        Self::passing(AiError::Unavailable(why.to_owned()))
    }

    fn unreadable(why: &str) -> Self {
        Self::last(AiError::Unreadable(why.to_owned()))
    }
}

/// How errors are read: by whose habits, at what time, and without which key.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    pub(super) dialect: &'static dyn Dialect,
    pub(super) key: &'a str,
    pub(super) now: DateTime<Utc>,
}

impl Reader<'_> {
    /// From the library's error. Its text holds the question and the reply, so nothing of it is passed on.
    pub(super) fn of_library(self, error: &genai::Error) -> Failure {
        match error {
            genai::Error::WebModelCall { webc_error, .. }
            | genai::Error::WebAdapterCall { webc_error, .. } => self.of_web(webc_error),
            genai::Error::ChatResponseGeneration { response_body, .. } => {
                self.of_body(response_body)
            }
            genai::Error::ChatResponse { body, .. } => self.of_body(body),
            _ => Failure::unreadable("it is not in the provider's format"),
        }
    }

    fn of_web(self, error: &webc::Error) -> Failure {
        match error {
            webc::Error::ResponseFailedStatus {
                status,
                body,
                headers,
            } => self.of_status(status.as_u16(), body, headers),
            webc::Error::ResponseFailedNotJson { .. } => Failure::unreadable("it is not JSON"),
            webc::Error::ResponseFailedInvalidJson { .. } => {
                Failure::unreadable("its JSON is broken")
            }
            webc::Error::Reqwest(error) => of_transport(error),
            webc::Error::JsonValueExt(_) => {
                Failure::unreadable("it is not in the provider's format")
            }
        }
    }

    /// 200, but not an answer: an error in place of it, or something else.
    pub(super) fn of_body(self, body: &Value) -> Failure {
        if body.get("error").is_none_or(Value::is_null) {
            return Failure::unreadable("it holds no answer");
        }
        let complaint = Complaint::read(body);
        let status = complaint.codes.iter().find_map(|code| {
            let status = code.parse::<u16>().ok()?;
            (400..600).contains(&status).then_some(status)
        });
        self.of_complaint(status.unwrap_or(400), &complaint, None)
    }

    fn of_status(self, status: u16, body: &str, headers: &HeaderMap) -> Failure {
        let body = match serde_json::from_str::<Value>(body) {
            Ok(body) if !body.is_string() => body,
            _ => Value::Null,
        };
        let wait = wait::asked(headers, self.now).or_else(|| self.dialect.wait(&body));
        self.of_complaint(status, &Complaint::read(&body), wait)
    }

    fn of_complaint(self, status: u16, complaint: &Complaint, wait: Option<Duration>) -> Failure {
        if let Some(error) = self.dialect.meaning(status, complaint) {
            return Failure::last(error);
        }
        let mut failure = match status {
            300..=399 => Failure::last(AiError::Address(
                "it answers with a redirect, which is not followed".to_owned(),
            )),
            401 | 403 => Failure::last(AiError::Unauthorized),
            402 => Failure::last(AiError::NoCredit),
            404 | 410 => Failure::last(AiError::ModelUnknown),
            405 => Failure::last(AiError::Address("no API answers there".to_owned())),
            413 => Failure::last(AiError::TooLong),
            429 => Failure::passing(AiError::RateLimited { retry_after: wait }),
            408 | 409 | 425 | 500.. => Failure::unavailable(&self.told(status, complaint)),
            _ => self.of_refusal(status, complaint),
        };
        failure.wait = wait;
        failure
    }

    /// 400, 422 and their like: something in the request.
    fn of_refusal(self, status: u16, complaint: &Complaint) -> Failure {
        if complaint.has_code("context_length_exceeded") || complaint.says(TOO_LONG) {
            return Failure::last(AiError::TooLong);
        }
        if complaint.has_code("model_not_found") || complaint.says(NO_MODEL) {
            return Failure::last(AiError::ModelUnknown);
        }
        if complaint.says(NO_KEY) {
            return Failure::last(AiError::Unauthorized);
        }
        Failure {
            without_schema: complaint.says(NO_SCHEMA),
            ..Failure::last(AiError::Rejected(self.told(status, complaint)))
        }
    }

    fn told(self, status: u16, complaint: &Complaint) -> String {
        let line = redact::line(&complaint.message, self.key);
        if line.is_empty() {
            format!("it answered {status}")
        } else {
            format!("it answered {status}: {line}")
        }
    }
}

/// How providers say that the question is too long.
const TOO_LONG: &[&str] = &[
    "context length",
    "contextwindowexceeded",
    "context window",
    "context_length",
    "maximum context",
    "prompt is too long",
    "input is too long",
    "too many input tokens",
    "input token count",
    "exceeds the maximum number of tokens",
];
/// How local servers say that they have no such model.
const NO_MODEL: &[&str] = &["invalid model name", "model not found", "unknown model"];
const NO_KEY: &[&str] = &[
    "invalid api key",
    "incorrect api key",
    "api key is required",
];
/// How they say that they take no JSON schema.
const NO_SCHEMA: &[&str] = &[
    "response_format",
    "json_schema",
    "output_config",
    "responsejsonschema",
    "response schema",
    "structured output",
];

fn of_transport(error: &reqwest::Error) -> Failure {
    if error.is_connect() {
        let why = if is_tls(error) {
            "no secure connection to it can be made"
        } else {
            "no connection to it can be made"
        };
        return Failure::unavailable(why);
    }
    if error.is_timeout() {
        return Failure::last(AiError::TimedOut);
    }
    if error.is_builder() {
        return Failure::last(AiError::Address("no request can be made of it".to_owned()));
    }
    Failure::passing(AiError::CutOff)
}

/// Whether it failed over certificates or the like.
fn is_tls(error: &reqwest::Error) -> bool {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if inner.is::<rustls::Error>() {
            return true;
        }
        let io = inner.downcast_ref::<std::io::Error>();
        if io
            .and_then(std::io::Error::get_ref)
            .is_some_and(<dyn std::error::Error + Send + Sync>::is::<rustls::Error>)
        {
            return true;
        }
        cause = inner.source();
    }
    false
}
