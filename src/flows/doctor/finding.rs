//! What a check says: how it stands, in a sentence, and what to do.

use std::time::Duration;

use serde::Serialize;

/// How it stands, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Ok,
    /// Could not be looked at, or does not apply; says why.
    Skipped,
    /// The server works; somebody should look.
    Warning,
    /// Something that is configured, or that the server cannot do without, does not work.
    Failed,
}

/// What was found, in words without secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub state: State,
    pub says: String,
    /// What stands behind the sentence, one line each.
    pub details: Vec<String>,
    /// What to do.
    pub advice: Option<String>,
}

impl Finding {
    fn new(state: State, says: impl Into<String>) -> Self {
        Self {
            state,
            says: says.into(),
            details: Vec::new(),
            advice: None,
        }
    }

    pub fn ok(says: impl Into<String>) -> Self {
        Self::new(State::Ok, says)
    }

    pub fn warning(says: impl Into<String>) -> Self {
        Self::new(State::Warning, says)
    }

    pub fn failed(says: impl Into<String>) -> Self {
        Self::new(State::Failed, says)
    }

    pub fn skipped(says: impl Into<String>) -> Self {
        Self::new(State::Skipped, says)
    }

    #[must_use]
    pub fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    #[must_use]
    pub fn with_details(mut self, details: impl IntoIterator<Item = String>) -> Self {
        self.details.extend(details);
        self
    }
}

/// One check, done.
#[derive(Debug, Clone, Serialize)]
pub struct Check {
    pub name: &'static str,
    #[serde(flatten)]
    pub finding: Finding,
    pub took_ms: u64,
}

impl Check {
    pub(super) fn new(name: &'static str, finding: Finding, took: Duration) -> Self {
        Self {
            name,
            finding,
            took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        }
    }

    /// Why what needs this one cannot be looked at; `None`: it can.
    pub(super) fn lack(&self) -> Option<Finding> {
        match self.finding.state {
            State::Ok | State::Warning => None,
            State::Failed => Some(Finding::skipped(format!("needs {}", self.name))),
            State::Skipped => Some(Finding::skipped(self.finding.says.clone())),
        }
    }
}
