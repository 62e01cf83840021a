//! Why there is no answer, told apart by what the caller does about it.

use std::time::Duration;

/// Texts in it are one short line without keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AiError {
    /// No key, a wrong one, or one that may not use this model.
    #[error("the provider does not take the key")]
    Unauthorized,
    #[error("the provider's account has no credit left")]
    NoCredit,
    #[error("the provider does not know this model")]
    ModelUnknown,
    /// Ask in smaller parts.
    #[error("the question is longer than the model can read")]
    TooLong,
    /// `retry_after` is known where the provider says it.
    #[error("the provider asks for fewer questions{}", after(*.retry_after))]
    RateLimited { retry_after: Option<Duration> },
    /// The provider understands us, but not this request: a parameter of the settings, most likely.
    #[error("the provider does not take the question: {0}")]
    Rejected(String),
    /// May pass by itself.
    #[error("the provider is not available: {0}")]
    Unavailable(String),
    /// Something came, and was cut off on its way.
    #[error("the connection broke off before the end of the reply")]
    CutOff,
    #[error("the provider did not answer in time")]
    TimedOut,
    /// The address is not allowed, or not one of an API; somebody has to change it.
    #[error("the provider's address cannot be used: {0}")]
    Address(String),
    /// Something answered, but not as a model does.
    #[error("the provider's reply cannot be read: {0}")]
    Unreadable(String),
}

impl AiError {
    /// In one word, for metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Unauthorized => "unauthorized",
            Self::NoCredit => "no_credit",
            Self::ModelUnknown => "model_unknown",
            Self::TooLong => "too_long",
            Self::RateLimited { .. } => "rate_limited",
            Self::Rejected(_) => "rejected",
            Self::Unavailable(_) => "unavailable",
            Self::CutOff => "cut_off",
            Self::TimedOut => "timed_out",
            Self::Address(_) => "address",
            Self::Unreadable(_) => "unreadable",
        }
    }

    /// Whether a model may have worked on it, and be paid for it, although nothing came that could be used.
    pub fn may_have_been_answered(&self) -> bool {
        matches!(self, Self::TimedOut | Self::CutOff | Self::Unreadable(_))
    }

    /// Whether the same question may be answered later without anybody changing anything.
    pub fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::RateLimited { .. }
                | Self::Unavailable(_)
                | Self::CutOff
                | Self::TimedOut
                | Self::Unreadable(_)
        )
    }
}

fn after(wait: Option<Duration>) -> String {
    wait.map_or_else(String::new, |wait| {
        format!(" for {} seconds", wait.as_secs().max(1))
    })
}
