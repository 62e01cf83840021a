//! Z.ai's GLM: `OpenAI`'s format at its own address, JSON without a schema.

use genai::adapter::AdapterKind;
use genai::chat::ReasoningEffort;
use serde_json::Value;

use super::{AiError, Complaint, Dialect, Finish, openai};

pub(super) struct Zai;

impl Dialect for Zai {
    fn name(&self) -> &'static str {
        "zai"
    }

    /// Not the library's own for Z.ai, which ignores the address.
    fn adapter(&self) -> AdapterKind {
        AdapterKind::OpenAI
    }

    fn address(&self) -> Option<&'static str> {
        Some("https://api.z.ai/api/paas/v4/")
    }

    fn usual_model(&self) -> Option<&'static str> {
        Some("glm-4.6")
    }

    fn takes_schema(&self) -> bool {
        false
    }

    fn takes_json_mode(&self) -> bool {
        true
    }

    fn no_effort(&self) -> Option<ReasoningEffort> {
        Some(openai::no_effort())
    }

    fn held_back(&self, reply: &Value) -> Option<Finish> {
        let finish = reply.pointer("/choices/0/finish_reason")?.as_str()?;
        (finish == "sensitive").then(|| Finish::Blocked(finish.to_owned()))
    }

    fn meaning(&self, _status: u16, complaint: &Complaint) -> Option<AiError> {
        let any = |codes: &[&str]| codes.iter().any(|code| complaint.has_code(code));
        if any(&["1113"]) {
            return Some(AiError::NoCredit);
        }
        if any(&["1000", "1001", "1002", "1003", "1004"]) {
            return Some(AiError::Unauthorized);
        }
        if any(&["1211"]) {
            return Some(AiError::ModelUnknown);
        }
        any(&["1261"]).then_some(AiError::TooLong)
    }
}
