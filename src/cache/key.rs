//! Keys that carry their installation, so that no tenant meets another's bytes.

use std::fmt::{self, Write as _};

use crate::domain::ids::{InstallationId, UserId};

/// `op:{installation}:…`; the braces keep a tenant's keys on one node of a Redis cluster.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key(String);

impl Key {
    /// Of one installation. Parts are kept apart whatever they hold: `["a", "b"]` is never `["a:b"]`.
    pub fn of(installation: InstallationId, parts: &[&str]) -> Self {
        Self::built(format!("op:{{{installation}}}"), parts)
    }

    /// Of one person who signed in, whatever installations they see.
    pub fn of_person(person: UserId, parts: &[&str]) -> Self {
        Self::built(format!("op:{{person-{person}}}"), parts)
    }

    /// Of the whole server: nothing that belongs to a tenant.
    pub fn of_server(parts: &[&str]) -> Self {
        Self::built("op:{server}".to_owned(), parts)
    }

    fn built(mut key: String, parts: &[&str]) -> Self {
        for part in parts {
            // Cannot fail: a String takes everything.
            let _ = write!(key, ":{}", part.replace('%', "%25").replace(':', "%3A"));
        }
        Self(key)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_carry_their_installation_and_keep_parts_apart() {
        let key = |parts: &[&str]| Key::of(InstallationId(7), parts);
        assert_eq!(key(&["role", "alice"]).as_str(), "op:{7}:role:alice");
        assert_ne!(key(&["a", "b"]), key(&["a:b"]));
        assert_ne!(key(&["a:b"]), key(&["a%3Ab"]));
        assert_ne!(Key::of(InstallationId(8), &["a"]), key(&["a"]));
        assert_eq!(
            Key::of_person(UserId(7), &["seen"]).as_str(),
            "op:{person-7}:seen"
        );
        assert_eq!(Key::of_server(&["ai"]).as_str(), "op:{server}:ai");
    }
}
