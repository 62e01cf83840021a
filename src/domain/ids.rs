//! Names and numbers by which GitHub and we know things; each its own type so that they cannot be swapped.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! numeric_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

numeric_id!(
    /// The App on one account.
    InstallationId
);
numeric_id!(
    /// A repository's numeric id, which outlives renames and transfers.
    RepositoryId
);
numeric_id!(
    /// A person, bot or organisation.
    UserId
);
numeric_id!(
    /// An issue's database id: what sub-issues and dependencies are addressed by.
    IssueId
);
numeric_id!(
    /// An issue's number within its repository: what people see.
    IssueNumber
);
numeric_id!(
    /// A comment on an issue.
    CommentId
);

impl InstallationId {
    /// What stands in an installation's place where a person's token is used. GitHub counts installations from 1, so
    /// that the two never meet.
    pub fn of_person(person: UserId) -> Self {
        Self(-person.0)
    }

    /// Is this a person and no installation of the App?
    pub fn is_person(self) -> bool {
        self.0 < 0
    }
}

/// `owner/name` as GitHub spells it now; display and routing only, never a key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RepositoryName {
    pub owner: String,
    pub name: String,
}

impl RepositoryName {
    /// Parses `owner/name`; `None` unless both parts are names that GitHub allows.
    pub fn parse(text: &str) -> Option<Self> {
        let (owner, name) = text.split_once('/')?;
        let owner_ok = !owner.is_empty()
            && owner.len() <= 39
            && owner
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        let name_ok = !name.is_empty()
            && name.len() <= 100
            && name != "."
            && name != ".."
            && name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
        (owner_ok && name_ok).then(|| Self {
            owner: owner.to_owned(),
            name: name.to_owned(),
        })
    }

    /// Whether both name the same repository; to GitHub case does not matter.
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.owner.eq_ignore_ascii_case(&other.owner) && self.name.eq_ignore_ascii_case(&other.name)
    }
}

impl fmt::Display for RepositoryName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.owner, self.name)
    }
}

impl TryFrom<String> for RepositoryName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or_else(|| format!("`{text}` is not of the form owner/name"))
    }
}

impl From<RepositoryName> for String {
    fn from(name: RepositoryName) -> Self {
        name.to_string()
    }
}

/// A run's name: `run_YYYYMMDD_HHMMSS_` (UTC) and 8 lower-case letters or digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunId(String);

/// A run by its name and its installation: every statement about a run takes both, so that a name that came from
/// elsewhere finds nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunKey<'a> {
    pub installation: InstallationId,
    pub id: &'a RunId,
}

impl RunId {
    /// The run of this name, if it is the installation's.
    pub fn of(&self, installation: InstallationId) -> RunKey<'_> {
        RunKey {
            installation,
            id: self,
        }
    }

    /// Builds the id from a moment and 8 characters of chance, both handed in.
    pub fn new(at: chrono::DateTime<chrono::Utc>, chance: &[u8; 8]) -> Self {
        const LETTERS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
        let tail: String = chance
            .iter()
            .map(|b| char::from(LETTERS[usize::from(*b) % LETTERS.len()]))
            .collect();
        Self(format!("run_{}_{tail}", at.format("%Y%m%d_%H%M%S")))
    }

    /// Reads an id that a person or the database gave back.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("run_")?;
        let mut parts = rest.split('_');
        let (date, time, tail) = (parts.next()?, parts.next()?, parts.next()?);
        let digits = |s: &str, n: usize| s.len() == n && s.bytes().all(|b| b.is_ascii_digit());
        let ok = parts.next().is_none()
            && digits(date, 8)
            && digits(time, 6)
            && tail.len() == 8
            && tail.bytes().all(|b| b.is_ascii_alphanumeric());
        ok.then(|| Self(text.to_owned()))
    }

    /// The id as people see it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for RunId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or_else(|| {
            format!("`{text}` is not a run id (run_YYYYMMDD_HHMMSS_ and 8 letters or digits)")
        })
    }
}

impl From<RunId> for String {
    fn from(id: RunId) -> Self {
        id.0
    }
}
