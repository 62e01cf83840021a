//! One small file a provider: where it is, what its API takes, and its own ways to say no.

mod anthropic;
mod custom;
mod gemini;
mod openai;
mod zai;

use std::time::Duration;

use genai::adapter::AdapterKind;
use genai::chat::ReasoningEffort;
use serde_json::Value;

use super::{AiError, Finish, Provider};

/// How one provider differs from the others. To add one: a file with this, a line in [`dialect`], and a name in
/// [`Provider`].
pub(super) trait Dialect: Sync {
    /// In lower case, as it stands in plans and metrics.
    fn name(&self) -> &'static str;

    /// Always set: the library would guess by the model's name, and fall back to a local server.
    fn adapter(&self) -> AdapterKind;

    /// The provider's own address, with a slash at its end; None: it must be given.
    fn address(&self) -> Option<&'static str>;

    fn usual_model(&self) -> Option<&'static str> {
        None
    }

    fn needs_key(&self) -> bool {
        true
    }

    /// Whether the API takes a JSON schema; if not, the schema is told in words.
    fn takes_schema(&self) -> bool {
        true
    }

    /// Whether the API knows a mode for JSON without a schema.
    fn takes_json_mode(&self) -> bool {
        false
    }

    /// What keeps the library from reading `-high` or `-max` at the end of a model's name as a wish, without
    /// asking for anything.
    fn no_effort(&self) -> Option<ReasoningEffort>;

    /// The model's name as the API wants it; None: it cannot be one.
    fn model<'a>(&self, name: &'a str) -> Option<&'a str> {
        Some(name)
    }

    /// Whether the library puts the name into the body, where ours can replace what it made of it.
    fn model_is_in_body(&self) -> bool {
        true
    }

    /// What the reply says of why it holds nothing, where the library does not look.
    fn held_back(&self, reply: &Value) -> Option<Finish> {
        let _ = reply;
        None
    }

    /// This provider's own meaning of an error, before the usual ones.
    fn meaning(&self, status: u16, complaint: &Complaint) -> Option<AiError> {
        let _ = (status, complaint);
        None
    }

    /// How long to wait, where the body says it.
    fn wait(&self, body: &Value) -> Option<Duration> {
        let _ = body;
        None
    }
}

/// An error as the provider tells it.
#[derive(Debug, Default)]
pub(super) struct Complaint {
    /// `code`, `status` and `type`, whichever there are.
    pub(super) codes: Vec<String>,
    pub(super) message: String,
}

impl Complaint {
    /// From `{"error": {…}}`, `{"error": "…"}`, `{"message": "…"}` or `[{"error": {…}}]`.
    pub(super) fn read(body: &Value) -> Self {
        let body = body.get(0).unwrap_or(body);
        let error = body.get("error").unwrap_or(body);
        let text = |value: &Value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        };
        let fields = ["code", "status", "type"].iter();
        Self {
            codes: fields.filter_map(|field| text(&error[*field])).collect(),
            message: text(error)
                .or_else(|| text(&error["message"]))
                .unwrap_or_default(),
        }
    }

    pub(super) fn has_code(&self, code: &str) -> bool {
        self.codes.iter().any(|known| known == code)
    }

    /// Whether one of these stands in the message, in whatever case.
    pub(super) fn says(&self, any: &[&str]) -> bool {
        let message = self.message.to_lowercase();
        any.iter().any(|part| message.contains(part))
    }
}

pub(super) fn dialect(provider: Provider) -> &'static dyn Dialect {
    match provider {
        Provider::OpenAi => &openai::OpenAi,
        Provider::Gemini => &gemini::Gemini,
        Provider::Zai => &zai::Zai,
        Provider::Anthropic => &anthropic::Anthropic,
        Provider::Custom => &custom::Custom,
    }
}
