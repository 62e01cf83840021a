//! Why a plan comes from the document's structure although a model was wanted.

use serde::{Deserialize, Serialize};

use crate::domain::money::Money;

/// What kept a model from planning. Texts are one short line each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "why")]
pub enum Degraded {
    /// No key of the layer that chose the provider, or none for the address that it is to be sent to.
    NoKey {
        provider: String,
    },
    /// A key is stored, but not for this server's `ENCRYPTION_KEY`.
    KeyUnusable {
        provider: String,
    },
    NoModel {
        provider: String,
    },
    NoAddress {
        provider: String,
    },
    /// Policy leaves the provider out.
    NotAllowed {
        provider: String,
    },
    /// There is a budget, and nobody knows what the model costs.
    NoPrice {
        model: String,
    },
    BudgetSpent {
        budget: Money,
        spent: Money,
    },
    /// It cannot be asked now, or not with these settings.
    Unavailable {
        model: String,
        says: String,
    },
    /// The model, or a filter of its provider, declined.
    Refused {
        model: String,
        says: String,
    },
    BeyondRepair {
        model: String,
    },
    /// Not even a small part of the text fits into a question.
    TooLong {
        model: String,
    },
    TooSlow {
        model: String,
    },
    TooManyQuestions {
        model: String,
    },
}

impl Degraded {
    /// In one word, for metrics.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::NoKey { .. } => "no_key",
            Self::KeyUnusable { .. } => "key_unusable",
            Self::NoModel { .. } => "no_model",
            Self::NoAddress { .. } => "no_address",
            Self::NotAllowed { .. } => "not_allowed",
            Self::NoPrice { .. } => "no_price",
            Self::BudgetSpent { .. } => "budget_spent",
            Self::Unavailable { .. } => "unavailable",
            Self::Refused { .. } => "refused",
            Self::BeyondRepair { .. } => "beyond_repair",
            Self::TooLong { .. } => "too_long",
            Self::TooSlow { .. } => "too_slow",
            Self::TooManyQuestions { .. } => "too_many_questions",
        }
    }
}
