//! A person's role on a repository, as GitHub orders them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// From no access to full control.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    None,
    Read,
    Triage,
    Write,
    Maintain,
    Admin,
}

impl Role {
    pub const ALL: [Self; 6] = [
        Self::None,
        Self::Read,
        Self::Triage,
        Self::Write,
        Self::Maintain,
        Self::Admin,
    ];

    /// The name that GitHub uses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Read => "read",
            Self::Triage => "triage",
            Self::Write => "write",
            Self::Maintain => "maintain",
            Self::Admin => "admin",
        }
    }

    /// Reads one of the six names, in any case.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str().eq_ignore_ascii_case(text.trim()))
    }

    /// The role in GitHub's answer. An organisation's own role has a name that says nothing to us, so the
    /// `permission` that it is based on counts; what is known of neither is no access.
    pub fn from_github(role_name: &str, permission: &str) -> Self {
        Self::parse(role_name)
            .or_else(|| Self::parse(permission))
            .unwrap_or(Self::None)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text).ok_or_else(|| {
            format!("must be none, read, triage, write, maintain or admin, got {text}")
        })
    }
}

/// True when a person in this role may do what needs at least `minimum`. No access is never enough.
pub fn may(role: Role, minimum: Role) -> bool {
    role != Role::None && role >= minimum
}
