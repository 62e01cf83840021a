//! Installations of the App, and tokens.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha512};

use super::{Grant, World};

/// Permission name to `read`, `write` or `admin`.
pub(crate) type Permissions = BTreeMap<String, String>;

#[derive(Clone, Debug)]
pub(crate) struct Installation {
    pub(crate) id: u64,
    pub(crate) account: u64,
    /// None: all repositories of the account.
    pub(crate) selected: Option<BTreeSet<u64>>,
    pub(crate) permissions: Permissions,
    pub(crate) events: BTreeSet<String>,
    pub(crate) suspended_at: Option<DateTime<Utc>>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

#[derive(Clone, Debug)]
pub(crate) enum Token {
    Installation {
        installation: u64,
        /// None: whatever the installation reaches.
        repositories: Option<BTreeSet<u64>>,
        permissions: Permissions,
        expires_at: DateTime<Utc>,
    },
    Personal {
        account: u64,
        grant: Grant,
    },
    /// The App's, to act as a person; it reaches what both reach.
    User {
        account: u64,
        expires_at: Option<DateTime<Utc>>,
    },
}

impl World {
    pub(crate) fn covers(&self, installation: &Installation, repository: u64) -> bool {
        let Some(repository) = self.repositories.get(&repository) else {
            return false;
        };
        repository.owner == installation.account
            && installation
                .selected
                .as_ref()
                .is_none_or(|selected| selected.contains(&repository.id))
    }

    pub(crate) fn installation_of(&self, repository: u64) -> Option<&Installation> {
        self.installations
            .values()
            .find(|i| self.covers(i, repository))
    }

    pub(crate) fn repositories_of(&self, installation: &Installation) -> Vec<u64> {
        self.repositories
            .keys()
            .copied()
            .filter(|id| self.covers(installation, *id))
            .collect()
    }

    /// Mints a token in GitHub's long form `ghs_APPID_JWT`: opaque, about 520 characters, with dots.
    pub(crate) fn mint(
        &mut self,
        installation: u64,
        repositories: Option<BTreeSet<u64>>,
        permissions: Permissions,
    ) -> (String, DateTime<Utc>) {
        let now = self.now();
        let expires_at = now + TimeDelta::hours(1);
        let serial = self.next_id(1);
        let encode = |text: String| URL_SAFE_NO_PAD.encode(text);
        let head = encode(r#"{"alg":"RS256","typ":"JWT","kid":"simulated"}"#.to_owned());
        let claims = encode(format!(
            r#"{{"iss":"simulated","sub":{installation},"iat":{},"exp":{},"jti":"{serial}"}}"#,
            now.timestamp(),
            expires_at.timestamp()
        ));
        let signature: Vec<u8> = (0..4)
            .flat_map(|part| Sha512::digest(format!("{}{serial}{part}{now}", self.base)))
            .collect();
        let token = format!(
            "ghs_{}_{head}.{claims}.{}",
            self.app.id,
            URL_SAFE_NO_PAD.encode(signature)
        );
        self.tokens.insert(
            token.clone(),
            Token::Installation {
                installation,
                repositories,
                permissions,
                expires_at,
            },
        );
        (token, expires_at)
    }
}
