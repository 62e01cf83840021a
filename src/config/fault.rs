//! What is wrong with the config: which name, what was found, what would be right.

use std::fmt;

use serde::Serialize;

/// One wrong value. Its words never hold a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
pub struct Fault {
    pub name: String,
    /// What was found, unless it is a secret or nothing.
    pub found: Option<String>,
    pub says: String,
}

impl Fault {
    /// A fault that repeats no value: the name and what is wrong with it.
    pub(super) fn about(name: impl Into<String>, says: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            found: None,
            says: says.into(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.found {
            Some(found) => write!(f, "{} is \"{found}\": {}", self.name, self.says),
            None => write!(f, "{}: {}", self.name, self.says),
        }
    }
}
