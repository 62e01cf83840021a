//! What each provider's API looks like: where it is, how a key comes, and its JSON there and back.

mod anthropic;
mod gemini;
mod openai;

use http::{HeaderMap, Method};
use serde_json::Value;

/// Whose API is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Brand {
    OpenAi,
    Gemini,
    Anthropic,
    Zai,
    /// `OpenAI`'s format without a key, as Ollama and vLLM serve it.
    Local,
}

/// What a request to an API wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    List,
    /// Of this model, where the path names it.
    Question(Option<String>),
}

/// A question, read from the provider's JSON.
#[derive(Clone, Debug, Default)]
pub(super) struct Question {
    pub(super) model: String,
    pub(super) system: String,
    pub(super) prompt: String,
    pub(super) schema: Option<Value>,
}

/// How an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Stop,
    Length,
    Refused,
    Blocked,
}

/// One answer before it is dressed.
pub(super) struct Said<'a> {
    pub(super) model: &'a str,
    pub(super) text: &'a str,
    pub(super) end: End,
    /// In and out; None: not told.
    pub(super) tokens: Option<(usize, usize)>,
}

impl Brand {
    pub const ALL: [Self; 5] = [
        Self::OpenAi,
        Self::Gemini,
        Self::Anthropic,
        Self::Zai,
        Self::Local,
    ];

    /// The path of its base address, with slashes at both ends.
    pub fn path(self) -> &'static str {
        match self {
            Self::OpenAi => "/openai/v1/",
            Self::Gemini => "/gemini/v1beta/",
            Self::Anthropic => "/anthropic/v1/",
            Self::Zai => "/zai/api/paas/v4/",
            Self::Local => "/local/v1/",
        }
    }

    /// Whose API this path is of, and the rest of the path.
    pub(super) fn of(path: &str) -> Option<(Self, &str)> {
        let find = |brand: Self| Some((brand, path.strip_prefix(brand.path())?));
        Self::ALL.into_iter().find_map(find)
    }

    pub(super) fn wish(self, method: &Method, rest: &str) -> Option<Wish> {
        match (method, rest) {
            (&Method::GET, "models") => Some(Wish::List),
            (&Method::POST, "messages") if self == Self::Anthropic => Some(Wish::Question(None)),
            (&Method::POST, "chat/completions")
                if !matches!(self, Self::Anthropic | Self::Gemini) =>
            {
                Some(Wish::Question(None))
            }
            (&Method::POST, rest) if self == Self::Gemini => {
                let model = rest
                    .strip_prefix("models/")?
                    .strip_suffix(":generateContent")?;
                Some(Wish::Question(Some(model.to_owned())))
            }
            _ => None,
        }
    }

    /// The key as this provider takes it.
    pub(super) fn key(self, headers: &HeaderMap, query: &str) -> Option<String> {
        let header = |name: &str| Some(headers.get(name)?.to_str().ok()?.to_owned());
        let key = match self {
            Self::Anthropic => header("x-api-key"),
            Self::Gemini => header("x-goog-api-key").or_else(|| {
                let mut pairs = url::form_urlencoded::parse(query.as_bytes());
                let found = pairs.find(|(name, _)| name == "key");
                found.map(|(_, value)| value.into_owned())
            }),
            _ => header("authorization")
                .and_then(|value| value.strip_prefix("Bearer ").map(str::to_owned)),
        };
        key.filter(|key| !key.is_empty())
    }

    /// What the provider would answer to a question that it cannot read; None: it can.
    pub(super) fn complaint(self, headers: &HeaderMap, body: &Value) -> Option<String> {
        match self {
            Self::Anthropic => anthropic::complaint(headers, body),
            Self::Gemini => gemini::complaint(body),
            _ => openai::complaint(body),
        }
    }

    pub(super) fn question(self, model: Option<String>, body: &Value) -> Question {
        match self {
            Self::Anthropic => anthropic::question(body),
            Self::Gemini => gemini::question(model.unwrap_or_default(), body),
            _ => openai::question(body),
        }
    }

    pub(super) fn answer(self, said: &Said<'_>) -> Value {
        match self {
            Self::Anthropic => anthropic::answer(said),
            Self::Gemini => gemini::answer(said),
            _ => openai::answer(said),
        }
    }

    /// An empty code: the usual one of the status.
    pub(super) fn error(self, status: u16, code: &str, message: &str) -> Value {
        match self {
            Self::Anthropic => anthropic::error(status, code, message),
            Self::Gemini => gemini::error(status, code, message),
            _ => openai::error(status, code, message),
        }
    }

    pub(super) fn list(self, models: &[String]) -> Value {
        match self {
            Self::Anthropic => anthropic::list(models),
            Self::Gemini => gemini::list(models),
            _ => openai::list(models),
        }
    }

    /// How a missing or wrong key is refused.
    pub(super) fn no_key(self) -> (u16, Value) {
        match self {
            Self::Gemini => (400, gemini::bad_key()),
            Self::Anthropic => (401, self.error(401, "", "invalid x-api-key")),
            _ => (401, self.error(401, "invalid_api_key", "Incorrect API key provided: sk-******123. You can find your API key at https://platform.openai.com/account/api-keys.")),
        }
    }

    pub(super) fn no_model(self, model: &str) -> (u16, Value) {
        let message = match self {
            Self::Gemini => format!(
                "models/{model} is not found for API version v1beta, or is not supported for generateContent."
            ),
            Self::Anthropic => format!("model: {model}"),
            _ => format!("The model `{model}` does not exist or you do not have access to it."),
        };
        (404, self.error(404, "", &message))
    }
}

/// Texts of a list of parts, or the text itself.
fn joined(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let texts = parts.iter().filter_map(|part| part["text"].as_str());
            texts.collect::<Vec<_>>().join("\n")
        }
        _ => String::new(),
    }
}
