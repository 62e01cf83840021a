//! `OpenAI`: chat completions with a strict JSON schema.

use genai::adapter::AdapterKind;
use genai::chat::ReasoningEffort;
use serde_json::Value;

use super::{AiError, Complaint, Dialect, Finish};

pub(super) struct OpenAi;

impl Dialect for OpenAi {
    fn name(&self) -> &'static str {
        "openai"
    }

    fn adapter(&self) -> AdapterKind {
        AdapterKind::OpenAI
    }

    fn address(&self) -> Option<&'static str> {
        Some("https://api.openai.com/v1/")
    }

    fn usual_model(&self) -> Option<&'static str> {
        Some("gpt-5-mini")
    }

    fn takes_json_mode(&self) -> bool {
        true
    }

    fn no_effort(&self) -> Option<ReasoningEffort> {
        Some(no_effort())
    }

    fn held_back(&self, reply: &Value) -> Option<Finish> {
        held_back(reply)
    }

    fn meaning(&self, _status: u16, complaint: &Complaint) -> Option<AiError> {
        complaint
            .has_code("insufficient_quota")
            .then_some(AiError::NoCredit)
    }
}

/// A budget is no word of this API, so it is left out.
pub(super) fn no_effort() -> ReasoningEffort {
    ReasoningEffort::Budget(0)
}

/// `refusal` stands beside an empty content, with an ordinary finish.
pub(super) fn held_back(reply: &Value) -> Option<Finish> {
    let refusal = reply.pointer("/choices/0/message/refusal")?.as_str()?;
    (!refusal.is_empty()).then(|| Finish::Refused(refusal.to_owned()))
}
