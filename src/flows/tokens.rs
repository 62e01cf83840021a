//! Tokens with which scripts act for an installation: made, shown once, known by their hashes, revoked.

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::settings::{By, Scope as Layer, change};
use super::{FlowResult, Services};
use crate::cache::Key;
use crate::domain::ids::{InstallationId, UserId};
use crate::store::api_tokens::{self, NewToken, TokenRow};
use crate::store::tenant;

/// What a token may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    RunsRead,
    RunsWrite,
    SettingsRead,
    SettingsWrite,
}

impl Scope {
    pub const ALL: [Self; 4] = [
        Self::RunsRead,
        Self::RunsWrite,
        Self::SettingsRead,
        Self::SettingsWrite,
    ];

    /// As it is written everywhere.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RunsRead => "runs:read",
            Self::RunsWrite => "runs:write",
            Self::SettingsRead => "settings:read",
            Self::SettingsWrite => "settings:write",
        }
    }

    /// For people who make a token.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::RunsRead => "See runs and plans",
            Self::RunsWrite => "Confirm, cancel and roll back runs",
            Self::SettingsRead => "See settings",
            Self::SettingsWrite => "Change settings",
        }
    }

    /// Reads [`Scope::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text)
    }
}

/// Who asks with a token: it acts for its installation, in the name of whoever made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    pub installation: InstallationId,
    pub token: i64,
    pub name: String,
    pub scopes: Vec<Scope>,
    pub made_by: String,
    pub made_by_id: UserId,
    /// Until when the token counts; `None`: until it is revoked.
    pub expires_at: Option<DateTime<Utc>>,
}

/// Whose a token is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    Caller(Caller),
    /// It counted until then.
    Expired(DateTime<Utc>),
    /// It is none of ours, or revoked.
    Nobody,
}

/// For how many days a token counts that is made without a word about it.
pub const USUAL_DAYS: u32 = 90;
/// The most days that can be asked for.
pub const MOST_DAYS: u32 = 3650;

impl Caller {
    /// As the history and the audit log name them.
    pub fn by(&self) -> By {
        By {
            login: self.made_by.clone(),
            id: Some(self.made_by_id),
            token: Some(self.name.clone()),
        }
    }
}

/// A new token.
#[derive(Debug)]
pub enum Made {
    /// The one time that it is shown.
    Token(SecretString),
    /// What is wrong with the wish.
    Refused(String),
}

/// In front of every token, so that scanners of leaked secrets know it.
const PREFIX: &str = "opr_";
/// Tokens of an installation that are not revoked.
const MOST: usize = 50;
const LONGEST_NAME: usize = 60;

/// Makes a token that counts for so many days; `None`: until it is revoked.
pub async fn make(
    services: &Services,
    by: &By,
    installation: InstallationId,
    name: &str,
    scopes: &[Scope],
    days: Option<u32>,
) -> FlowResult<Made> {
    let refused = |says: &str| Ok(Made::Refused(says.to_owned()));
    let name = name.trim();
    let length = name.chars().count();
    if length == 0 || length > LONGEST_NAME || name.chars().any(char::is_control) {
        return refused(
            "Give it a name of 1 to 60 characters, such as the script that will use it.",
        );
    }
    if scopes.is_empty() {
        return refused("Tick at least one thing that it may do.");
    }
    if days.is_some_and(|days| !(1..=MOST_DAYS).contains(&days)) {
        return refused("It can last 1 to 3650 days, or until it is revoked.");
    }
    let Some(made_by_id) = by.id else {
        return refused("Only somebody who signed in can make a token.");
    };
    let secret: [u8; 32] = services.chance.random_bytes();
    let secret = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(secret));
    let now = services.clock.now();
    let expires_at = days.map(|days| now + TimeDelta::days(days.into()));
    let mut tx = tenant::enter(&services.pool, installation).await?;
    let all = api_tokens::list(&mut *tx, installation).await?;
    if all.iter().filter(|token| token.counts_at(now)).count() >= MOST {
        return refused("There are 50 tokens already: revoke one that is not used any more.");
    }
    let scopes: Vec<String> = scopes
        .iter()
        .map(|scope| scope.as_str().to_owned())
        .collect();
    let new = NewToken {
        installation,
        name,
        hash: &hash(&secret),
        hint: &secret[secret.len() - 4..],
        scopes: &scopes,
        made_by: &by.login,
        made_by_id,
        expires_at,
    };
    api_tokens::insert(&mut *tx, &new, now).await?;
    let detail = json!({ "name": name, "scopes": scopes, "expires_at": expires_at });
    change::record(
        services,
        &mut tx,
        by,
        whole(installation),
        "make_token",
        detail,
    )
    .await?;
    tx.commit().await?;
    Ok(Made::Token(secret.into()))
}

/// The installation's tokens, those in use first.
pub async fn list(services: &Services, installation: InstallationId) -> FlowResult<Vec<TokenRow>> {
    let mut tx = tenant::enter(&services.pool, installation).await?;
    let all = api_tokens::list(&mut *tx, installation).await?;
    tx.commit().await?;
    Ok(all)
}

/// Revokes a token, at once and for good; false if there is none to be revoked.
pub async fn revoke(
    services: &Services,
    by: &By,
    installation: InstallationId,
    id: i64,
) -> FlowResult<bool> {
    let mut tx = tenant::enter(&services.pool, installation).await?;
    let now = services.clock.now();
    let name = api_tokens::revoke(&mut *tx, installation, id, &by.name(), now).await?;
    let Some(name) = name else {
        return Ok(false);
    };
    let detail = json!({ "name": name });
    change::record(
        services,
        &mut tx,
        by,
        whole(installation),
        "revoke_token",
        detail,
    )
    .await?;
    tx.commit().await?;
    Ok(true)
}

/// Who asks with this token. Its use is noted.
pub async fn find_caller(services: &Services, token: &str) -> FlowResult<Known> {
    if !token.starts_with(PREFIX) || token.len() > 100 {
        return Ok(Known::Nobody);
    }
    let Some(row) = api_tokens::find_live_anywhere(&services.pool, &hash(token)).await? else {
        return Ok(Known::Nobody);
    };
    let now = services.clock.now();
    if let Some(at) = row.expires_at.filter(|at| *at <= now) {
        return Ok(Known::Expired(at));
    }
    api_tokens::touch(
        services.wall(row.installation),
        row.installation,
        row.id,
        now,
    )
    .await?;
    Ok(Known::Caller(Caller {
        installation: row.installation,
        token: row.id,
        name: row.name,
        scopes: row
            .scopes
            .iter()
            .filter_map(|scope| Scope::parse(scope))
            .collect(),
        made_by: row.made_by,
        made_by_id: row.made_by_id,
        expires_at: row.expires_at,
    }))
}

/// Requests of a token within a minute, over all replicas.
const A_MINUTE: u32 = 120;

/// Counts one more request; false: there were too many within a minute.
pub async fn admit(services: &Services, caller: &Caller) -> bool {
    let key = Key::of(caller.installation, &["api", &caller.token.to_string()]);
    let minute = std::time::Duration::from_mins(1);
    services.cache.count(&key, A_MINUTE, minute).await
}

fn whole(installation: InstallationId) -> Layer {
    Layer {
        installation,
        repository: None,
    }
}

fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

impl Made {
    /// The token, for tests and for the page that shows it.
    pub fn secret(&self) -> Option<&str> {
        match self {
            Self::Token(secret) => Some(secret.expose_secret()),
            Self::Refused(_) => None,
        }
    }
}
