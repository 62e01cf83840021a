//! Asking a model, whoever provides it: one question, one answer, or one reason why there is none.
//!
//! | file | |
//! |---|---|
//! | `ask` | a question with its retries, and the cheap check whether a model is there |
//! | `call` | one send through the library, and what came back |
//! | `providers/` | one small file a provider: its address and its ways to say no |
//! | `failure`, `wait` | what went wrong, whether to try again, and when |
//! | `address`, `network` | where a tenant's address may point |
//! | `gate` | the only way out: looks at every address it connects to, and bounds what comes back |
//! | `redact` | takes keys and reply text out of what people and logs get to see |
//!
//! Invariant: no key, header, question or reply reaches a log or an error; of a provider's complaint at most one
//! short line, redacted.

mod address;
mod ask;
mod call;
mod error;
mod failure;
mod gate;
mod network;
mod providers;
mod redact;
mod wait;

use std::fmt;

use secrecy::SecretString;
use serde_json::Value;
use url::Url;

pub use ask::Models;
pub use error::AiError;

use crate::domain::settings;

/// Whose models.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Provider {
    OpenAi,
    Gemini,
    Zai,
    Anthropic,
    /// Any address that speaks `OpenAI`'s format: Ollama (its `/v1/`), vLLM, `LiteLLM`.
    Custom,
}

impl Provider {
    /// The one that a setting names; `None`: no model plans.
    pub fn of_setting(setting: settings::Provider) -> Option<Self> {
        match setting {
            settings::Provider::OpenAi => Some(Self::OpenAi),
            settings::Provider::Gemini => Some(Self::Gemini),
            settings::Provider::Zai => Some(Self::Zai),
            settings::Provider::Anthropic => Some(Self::Anthropic),
            settings::Provider::Custom => Some(Self::Custom),
            settings::Provider::None => None,
        }
    }

    /// In lower case, as it stands in plans (`openai/gpt-…`) and metrics.
    pub fn name(self) -> &'static str {
        providers::dialect(self).name()
    }

    /// The model where none is named; `None`: it must be named.
    pub fn usual_model(self) -> Option<&'static str> {
        providers::dialect(self).usual_model()
    }

    /// Whether a question without a key is answered at all.
    pub fn needs_key(self) -> bool {
        providers::dialect(self).needs_key()
    }
}

/// Which model to ask, with whose key.
#[derive(Clone)]
pub struct Choice {
    pub provider: Provider,
    pub model: String,
    /// None: the provider's own. With or without a slash at its end.
    pub base_url: Option<Url>,
    pub key: Option<SecretString>,
    /// 0 to 2; None: the model's own.
    pub temperature: Option<f64>,
    /// The most that may be answered; None: the model's own.
    pub max_tokens: Option<u32>,
    /// A tenant's own address must be public https; an operator's may be anything.
    pub is_tenants: bool,
}

/// Without the key, and of the address only the host.
impl fmt::Debug for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Choice")
            .field("provider", &self.provider)
            .field("model", &self.model)
            .field("host", &self.base_url.as_ref().and_then(Url::host_str))
            .field("has_key", &self.key.is_some())
            .field("temperature", &self.temperature)
            .field("max_tokens", &self.max_tokens)
            .field("is_tenants", &self.is_tenants)
            .finish()
    }
}

/// One question: everything the reply depends on, beside the choice.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    pub system: String,
    pub prompt: String,
    /// Letters, digits, `_` and `-`.
    pub schema_name: &'static str,
    /// The JSON schema that the reply is to fit.
    pub schema: Value,
}

/// What a model said. The text is data from outside, and may be anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub text: String,
    pub usage: Usage,
    pub finish: Finish,
    /// How many sends before it were cut off while they were answered; each may have to be paid as well.
    pub lost: u32,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    pub tokens_in: u32,
    pub tokens_out: u32,
    /// The provider did not say; counted as a token for four characters.
    pub is_estimate: bool,
}

/// How an answer ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finish {
    Stop,
    /// Cut off at the limit of tokens.
    Length,
    /// The model declined, in its words (one short line).
    Refused(String),
    /// A filter of the provider, by its name for the reason.
    Blocked(String),
}
