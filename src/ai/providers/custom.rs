//! Any address that speaks `OpenAI`'s format, with or without a key: Ollama (`/v1/`), vLLM, `LiteLLM`.

use genai::adapter::AdapterKind;
use genai::chat::ReasoningEffort;
use serde_json::Value;

use super::{AiError, Complaint, Dialect, Finish, openai};

pub(super) struct Custom;

impl Dialect for Custom {
    fn name(&self) -> &'static str {
        "custom"
    }

    /// Not the library's own for Ollama, which drops the schema.
    fn adapter(&self) -> AdapterKind {
        AdapterKind::OpenAI
    }

    fn address(&self) -> Option<&'static str> {
        None
    }

    fn needs_key(&self) -> bool {
        false
    }

    fn takes_json_mode(&self) -> bool {
        true
    }

    fn no_effort(&self) -> Option<ReasoningEffort> {
        Some(openai::no_effort())
    }

    fn held_back(&self, reply: &Value) -> Option<Finish> {
        openai::held_back(reply)
    }

    fn meaning(&self, _status: u16, complaint: &Complaint) -> Option<AiError> {
        complaint
            .has_code("insufficient_quota")
            .then_some(AiError::NoCredit)
    }
}
