//! What can go wrong between us and GitHub, told apart by what the caller does about it.

use chrono::{DateTime, Utc};

/// Why a request to GitHub did not give what was asked. Every text in it is cut and redacted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GitHubError {
    /// 404: not there, or hidden from this installation (access lost).
    #[error("GitHub does not know it, or hides it from this App: {message}")]
    NotFound { message: String },
    /// 410: deleted, or issues are turned off in the repository.
    #[error("it is gone, or issues are turned off: {message}")]
    Gone { message: String },
    /// It was transferred to a repository other than the one that was addressed.
    #[error("it has moved to another repository ({to})")]
    Moved { to: String },
    /// 401: the key, the issuer or our clock is wrong; or a token stayed refused after it was minted anew.
    #[error("GitHub does not accept our credentials: {message}")]
    Unauthorized { message: String },
    /// A plain 403: the permission is missing. Waiting does not help.
    #[error("GitHub forbids it: {message}")]
    Forbidden { message: String },
    /// 403 or 429: too fast. `retry_at` is by our clock; before it nothing should be sent for this installation.
    /// `named` is false where GitHub said no time, and `retry_at` is the least that it asks for.
    #[error("GitHub asks to wait until {} ({} rate limit)", retry_at.format("%H:%M:%S UTC"), if *secondary { "secondary" } else { "primary" })]
    RateLimited {
        retry_at: DateTime<Utc>,
        secondary: bool,
        named: bool,
    },
    /// As many requests of the installation are under way as GitHub allows at a time; this one was not sent.
    #[error("too many requests are under way for this installation")]
    Crowded { retry_at: DateTime<Utc> },
    /// The organisation wants the token to be authorised for its single sign-on, at `url` if GitHub names it.
    #[error("the organisation asks for single sign-on: authorise the token{}", url.as_ref().map(|url| format!(" at {url}")).unwrap_or_default())]
    SingleSignOn { url: Option<String> },
    /// The account's owner has suspended the App.
    #[error("this installation has been suspended")]
    Suspended,
    /// The App is no longer installed there.
    #[error("the App is no longer installed there")]
    InstallationGone,
    /// 422: GitHub understood and refuses.
    #[error("GitHub refuses it: {message}{}", list(errors))]
    Validation {
        message: String,
        errors: Vec<FieldError>,
    },
    /// 5xx. For a write the outcome is unknown: look before sending again.
    #[error("GitHub has a problem of its own (HTTP {status}){}", doubt(*outcome_unknown))]
    Server { status: u16, outcome_unknown: bool },
    /// No (whole) answer came. `outcome_unknown` is false only if the request was a read or surely never left.
    #[error("GitHub could not be reached: {detail}{}", doubt(*outcome_unknown))]
    Transport {
        detail: String,
        outcome_unknown: bool,
    },
    /// Our own allow-list refused it; nothing was sent.
    #[error(
        "refused before sending: {method} {path} is not on the list of routes that this program uses"
    )]
    Refused { method: String, path: String },
    /// GitHub said yes in words that we do not understand.
    #[error("GitHub's answer could not be read: {detail}{}", doubt(*outcome_unknown))]
    Decode {
        detail: String,
        outcome_unknown: bool,
    },
    /// Any other status.
    #[error("GitHub answered HTTP {status}: {message}")]
    Unexpected { status: u16, message: String },
}

/// One entry of a 422's `errors`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldError {
    pub resource: Option<String>,
    pub field: Option<String>,
    /// What was refused, where GitHub repeats it.
    pub value: Option<String>,
    /// `missing`, `missing_field`, `invalid`, `already_exists`, `unprocessable`, `custom`.
    pub code: Option<String>,
    pub message: Option<String>,
}

impl GitHubError {
    /// Whether a write may have happened although this error came back: look for its effect before repeating it.
    pub fn outcome_is_unknown(&self) -> bool {
        match self {
            Self::Server {
                outcome_unknown, ..
            }
            | Self::Transport {
                outcome_unknown, ..
            }
            | Self::Decode {
                outcome_unknown, ..
            } => *outcome_unknown,
            _ => false,
        }
    }

    /// When GitHub wants to hear from this installation again, by our clock.
    pub fn retry_at(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::RateLimited { retry_at, .. } | Self::Crowded { retry_at } => Some(*retry_at),
            _ => None,
        }
    }

    /// Whether the same request may succeed later without anybody changing anything.
    pub fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::RateLimited { .. }
                | Self::Crowded { .. }
                | Self::Server { .. }
                | Self::Transport { .. }
        )
    }

    /// Whether the thing is not there (any more) for us: 404, 410, or transferred.
    pub fn is_absent(&self) -> bool {
        matches!(
            self,
            Self::NotFound { .. } | Self::Gone { .. } | Self::Moved { .. }
        )
    }

    /// Whether it is forbidden because the repository is archived, in GitHub's words.
    pub fn is_archived(&self) -> bool {
        matches!(self, Self::Forbidden { message } if message.contains("was archived"))
    }

    /// Whether a 422 carries this code (`already_exists`, …).
    pub fn has_code(&self, code: &str) -> bool {
        matches!(self, Self::Validation { errors, .. } if errors.iter().any(|e| e.code.as_deref() == Some(code)))
    }
}

/// `None` in place of an error that says the thing is not there.
pub(super) fn absent_is_none<T>(result: Result<T, GitHubError>) -> Result<Option<T>, GitHubError> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.is_absent() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Why the client could not be built from the operator's config.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    #[error(
        "the GitHub API address must be an http(s) address without user, query or fragment: {0}"
    )]
    ApiUrl(String),
    #[error(
        "the App's private key cannot be used: {0}. It must be an RSA key in PEM form, as GitHub gave it"
    )]
    PrivateKey(String),
    #[error("the App's id or client id is empty")]
    Issuer,
    #[error(
        "no root certificates to check GitHub's with: {0}. Install the package ca-certificates"
    )]
    Roots(String),
    #[error("the GitHub client must be built inside the asynchronous runtime")]
    Runtime,
}

fn doubt(outcome_unknown: bool) -> &'static str {
    if outcome_unknown {
        "; whether it took effect is unknown"
    } else {
        ""
    }
}

fn list(errors: &[FieldError]) -> String {
    let said: Vec<String> = errors.iter().map(ToString::to_string).collect();
    if said.is_empty() {
        String::new()
    } else {
        format!(" ({})", said.join("; "))
    }
}

impl std::fmt::Display for FieldError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = self.field.as_deref().unwrap_or("request");
        let field = match &self.value {
            Some(value) => format!("{name} `{value}`"),
            None => name.to_owned(),
        };
        match (self.message.as_deref(), self.code.as_deref()) {
            (Some(message), _) => write!(f, "{field}: {message}"),
            (None, Some(code)) => write!(f, "{field}: {code}"),
            (None, None) => f.write_str(&field),
        }
    }
}
