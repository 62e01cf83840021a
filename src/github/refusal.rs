//! Reads an answer that is not a success: what GitHub means by its status, headers and words.

use chrono::{DateTime, TimeDelta, Utc};
use http::{HeaderName, StatusCode, header};
use serde::Deserialize;
use serde_json::Value;

use super::{FieldError, GitHubError, answer::Answer, limits::RateState, redact::redact};

/// GitHub asks for at least this when it names no time.
const LEAST_WAIT: TimeDelta = TimeDelta::seconds(60);
/// Nobody waits longer on a server's word than this.
const LONGEST_WAIT: TimeDelta = TimeDelta::days(1);

/// Now, by both clocks.
#[derive(Clone, Copy)]
pub(super) struct Times {
    pub(super) ours: DateTime<Utc>,
    pub(super) githubs: DateTime<Utc>,
}

#[derive(Deserialize, Default)]
struct Said {
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    errors: Value,
}

/// The error that an unsuccessful answer stands for.
pub(super) fn read(answer: &Answer, now: Times) -> GitHubError {
    let said: Said = serde_json::from_slice(&answer.body).unwrap_or_default();
    let message = match &said.message {
        Some(message) => redact(message),
        None => answer
            .status
            .canonical_reason()
            .unwrap_or("no message")
            .to_owned(),
    };
    if let Some(url) = single_sign_on(answer) {
        return GitHubError::SingleSignOn { url };
    }
    match answer.status {
        StatusCode::UNAUTHORIZED => GitHubError::Unauthorized { message },
        StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS => forbidden(answer, message, now),
        StatusCode::NOT_FOUND => GitHubError::NotFound { message },
        StatusCode::GONE => GitHubError::Gone { message },
        StatusCode::UNPROCESSABLE_ENTITY => GitHubError::Validation {
            message,
            errors: fields(&said.errors),
        },
        status if status.is_server_error() => GitHubError::Server {
            status: status.as_u16(),
            outcome_unknown: answer.to_a_write,
        },
        status => GitHubError::Unexpected {
            status: status.as_u16(),
            message,
        },
    }
}

/// `X-GitHub-SSO: required; url=…` beside a 403: the token must be authorised first, and where.
#[expect(
    clippy::option_option,
    reason = "asked for or not, and then with an address or without one"
)]
fn single_sign_on(answer: &Answer) -> Option<Option<String>> {
    let refused = matches!(
        answer.status,
        StatusCode::FORBIDDEN | StatusCode::NOT_FOUND | StatusCode::UNAUTHORIZED
    );
    let asked = answer.header(HeaderName::from_static("x-github-sso"))?;
    let rest = asked.trim().strip_prefix("required").filter(|_| refused)?;
    let url = rest
        .trim_start_matches([';', ' '])
        .strip_prefix("url=")
        .filter(|url| url.starts_with("http") && url.len() < 2_000);
    Some(url.map(str::to_owned))
}

/// 403 and 429: suspended, too fast, or plainly not allowed, in GitHub's documented order.
fn forbidden(answer: &Answer, message: String, now: Times) -> GitHubError {
    let words = message.to_lowercase();
    if words.contains("installation") && words.contains("suspended") {
        return GitHubError::Suspended;
    }
    let rate = RateState::read(&answer.headers);
    let exhausted = rate.filter(|rate| rate.remaining == 0);
    if let Some(wait) = answer
        .header(header::RETRY_AFTER)
        .and_then(|value| retry_after(value, now.githubs))
    {
        // A primary limit may carry it too; then remaining is 0.
        return GitHubError::RateLimited {
            retry_at: now.ours + wait,
            secondary: exhausted.is_none(),
            named: true,
        };
    }
    if let Some(rate) = exhausted {
        // A reset that lies behind us is no answer to when.
        let wait = (rate.reset - now.githubs).clamp(TimeDelta::seconds(1), LONGEST_WAIT);
        return GitHubError::RateLimited {
            retry_at: now.ours + wait,
            secondary: false,
            named: true,
        };
    }
    let slow_down = answer.status == StatusCode::TOO_MANY_REQUESTS
        || words.contains("rate limit")
        || words.contains("abuse detection");
    if slow_down {
        return GitHubError::RateLimited {
            retry_at: now.ours + LEAST_WAIT,
            secondary: true,
            named: false,
        };
    }
    GitHubError::Forbidden { message }
}

/// Seconds or a date.
fn retry_after(value: &str, githubs_now: DateTime<Utc>) -> Option<TimeDelta> {
    let wait = match value.trim().parse::<u32>() {
        Ok(seconds) => TimeDelta::seconds(i64::from(seconds)),
        Err(_) => http_date(value)? - githubs_now,
    };
    Some(wait.clamp(TimeDelta::seconds(1), LONGEST_WAIT))
}

/// A date as HTTP headers write it.
pub(super) fn http_date(value: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc2822(value.trim())
        .ok()
        .map(|date| date.to_utc())
}

fn fields(errors: &Value) -> Vec<FieldError> {
    let one = |error: &Value| {
        let text = |key: &str| error.get(key).and_then(Value::as_str).map(redact);
        FieldError {
            resource: text("resource"),
            field: text("field"),
            value: text("value"),
            code: text("code"),
            message: text("message").or_else(|| error.as_str().map(redact)),
        }
    };
    match errors {
        Value::Array(all) => all.iter().take(20).map(one).collect(),
        Value::Null => Vec::new(),
        single => vec![one(single)],
    }
}

/// When the answer was written, by GitHub's clock.
pub(super) fn date(answer: &Answer) -> Option<DateTime<Utc>> {
    http_date(answer.header(HeaderName::from_static("date"))?)
}

#[cfg(test)]
mod tests;
