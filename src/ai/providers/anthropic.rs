//! Anthropic: messages, with the JSON schema as the output's format.

use genai::adapter::AdapterKind;
use genai::chat::ReasoningEffort;

use super::{AiError, Complaint, Dialect};

pub(super) struct Anthropic;

impl Dialect for Anthropic {
    fn name(&self) -> &'static str {
        "anthropic"
    }

    fn adapter(&self) -> AdapterKind {
        AdapterKind::Anthropic
    }

    fn address(&self) -> Option<&'static str> {
        Some("https://api.anthropic.com/v1/")
    }

    fn usual_model(&self) -> Option<&'static str> {
        Some("claude-sonnet-4-5")
    }

    /// Every effort, even none, would add a field that not every model takes.
    fn no_effort(&self) -> Option<ReasoningEffort> {
        None
    }

    fn meaning(&self, _status: u16, complaint: &Complaint) -> Option<AiError> {
        complaint
            .says(&["credit balance is too low"])
            .then_some(AiError::NoCredit)
    }
}
