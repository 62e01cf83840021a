//! Google Gemini by its native API.

use std::time::Duration;

use genai::adapter::AdapterKind;
use genai::chat::ReasoningEffort;
use serde_json::Value;

use super::{AiError, Complaint, Dialect, Finish};
use crate::ai::wait;

pub(super) struct Gemini;

impl Dialect for Gemini {
    fn name(&self) -> &'static str {
        "gemini"
    }

    fn adapter(&self) -> AdapterKind {
        AdapterKind::Gemini
    }

    fn address(&self) -> Option<&'static str> {
        Some("https://generativelanguage.googleapis.com/v1beta/")
    }

    fn usual_model(&self) -> Option<&'static str> {
        Some("gemini-2.5-flash")
    }

    fn no_effort(&self) -> Option<ReasoningEffort> {
        Some(ReasoningEffort::Zero)
    }

    /// It becomes a part of the path, so nothing in it may change where the path leads.
    fn model<'a>(&self, name: &'a str) -> Option<&'a str> {
        let bare = name.strip_prefix("models/").unwrap_or(name);
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        (bare.chars().all(plain) && !bare.starts_with('.')).then_some(bare)
    }

    fn model_is_in_body(&self) -> bool {
        false
    }

    /// A blocked question has no candidates at all, a blocked reply one without content.
    fn held_back(&self, reply: &Value) -> Option<Finish> {
        let reason = reply.pointer("/promptFeedback/blockReason")?.as_str()?;
        Some(Finish::Blocked(reason.to_owned()))
    }

    /// A wrong key is answered with 400.
    fn meaning(&self, status: u16, complaint: &Complaint) -> Option<AiError> {
        let key = status == 400 && complaint.says(&["api key not valid", "api key expired"]);
        key.then_some(AiError::Unauthorized)
    }

    /// `retryDelay` among the details.
    fn wait(&self, body: &Value) -> Option<Duration> {
        let details = body.pointer("/error/details")?.as_array()?;
        let delay = details
            .iter()
            .find_map(|detail| detail["retryDelay"].as_str())?;
        wait::seconds(delay)
    }
}
