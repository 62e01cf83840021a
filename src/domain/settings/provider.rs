//! Which provider's model plans, as a setting says it.

use serde::{Deserialize, Serialize};

/// Whose model, or none: planning by structure alone is a choice too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    OpenAi,
    Gemini,
    Zai,
    Anthropic,
    /// Any address that speaks `OpenAI`'s format.
    Custom,
    None,
}

impl Provider {
    pub const ALL: [Self; 6] = [
        Self::OpenAi,
        Self::Gemini,
        Self::Zai,
        Self::Anthropic,
        Self::Custom,
        Self::None,
    ];

    /// The word in settings, plans and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Gemini => "gemini",
            Self::Zai => "zai",
            Self::Anthropic => "anthropic",
            Self::Custom => "custom",
            Self::None => "none",
        }
    }
}
