//! Signing in and out: a session holds the person's tokens sealed, renews them once for all who wait, and ends when GitHub says so.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tracing::{info, warn};
use url::Url;

use super::access::{self, Person};
use super::{FlowError, FlowResult, Services};
use crate::github::{Account, AsUser, GitHubError, OAuthError, UserTokens, Verifier};
use crate::store::{self, api_tokens};

use crate::store::sealed::{Place, Seal};
use crate::store::sessions::{self, Floor, SessionKey, SessionRow};

/// A session that nobody used for so long is over.
pub const IDLE: TimeDelta = TimeDelta::hours(24);
/// So is one that began so long ago.
pub const LONGEST: TimeDelta = TimeDelta::days(14);
/// How exactly it is known when a session was last used.
const SEEN_EVERY: TimeDelta = TimeDelta::minutes(5);
/// Tokens are renewed this long before they end.
const SPARE: TimeDelta = TimeDelta::minutes(5);
/// One process has so long to fetch new tokens, longer than a request may take; then another tries. A token that fetches new
/// ones works once.
const REFRESH_LEASE: TimeDelta = TimeDelta::seconds(60);
/// How often, and how many times, the others look whether they are there.
const LOOK_EVERY: Duration = Duration::from_millis(100);
const LOOKS: u32 = 80;
/// A fresh token may be refused until all of GitHub knows it.
const SPREAD: [Duration; 3] = [
    Duration::from_millis(200),
    Duration::from_millis(500),
    Duration::from_secs(1),
];

/// Why nobody could sign in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    #[error("secrets cannot be stored: ENCRYPTION_KEY is not set")]
    NoKey,
    #[error(transparent)]
    OAuth(#[from] OAuthError),
    #[error(transparent)]
    GitHub(#[from] GitHubError),
    #[error("database: {0}")]
    Store(#[from] sqlx::Error),
}

/// What is sealed in a session.
#[derive(Serialize, Deserialize)]
struct Kept {
    access: String,
    refresh: Option<String>,
}

/// Completes a sign-in with the code that GitHub sent along. Answers the person and what their cookie is to hold.
pub async fn begin(
    services: &Services,
    code: &str,
    redirect: &Url,
    verifier: &Verifier,
) -> Result<(Person, SecretString), SignInError> {
    let seal = services.seal.as_ref().ok_or(SignInError::NoKey)?;
    let tokens = services
        .oauth
        .fetch_tokens(code, redirect, verifier)
        .await?;
    let account = whose(&services.github.as_user(tokens.access.clone())).await?;
    let secret = new_secret(services);
    let key = key_of(&secret);
    let row = SessionRow {
        key,
        user: account.id,
        login: account.login.clone(),
        sealed: sealed(services, seal, &key, &tokens),
        token_ends_at: tokens.ends_at,
        seen_at: services.clock.now(),
    };
    let mut tx = store::begin(&services.pool).await?;
    sessions::delete_over(&mut *tx, floor(services)).await?;
    sessions::insert(&mut *tx, &row).await?;
    // GitHub is asked for roles by the login, and somebody else may have taken over the former one.
    sessions::rename(&mut *tx, row.user, &row.login).await?;
    api_tokens::rename_maker(&mut *tx, row.user, &row.login).await?;
    tx.commit().await?;
    let person = Person {
        id: account.id,
        login: account.login,
        session: key,
    };
    access::forget(services, &person).await;
    info!(user.id = %person.id, user = person.login, "signed in");
    Ok((person, secret))
}

async fn whose(user: &AsUser) -> Result<Account, GitHubError> {
    for pause in SPREAD {
        match user.account().await {
            Err(GitHubError::Unauthorized { .. }) => tokio::time::sleep(pause).await,
            other => return other,
        }
    }
    user.account().await
}

/// Whose cookie this is, if the session is not over.
pub async fn find(services: &Services, secret: &SecretString) -> FlowResult<Option<Person>> {
    let key = key_of(secret);
    let Some(row) = sessions::find(&services.pool, &key, floor(services)).await? else {
        return Ok(None);
    };
    let now = services.clock.now();
    if row.seen_at < now - SEEN_EVERY {
        sessions::touch(&services.pool, &key, now).await?;
    }
    Ok(Some(Person {
        id: row.user,
        login: row.login,
        session: key,
    }))
}

/// Ends the session of this cookie, if there is one.
pub async fn end(services: &Services, secret: &SecretString) -> FlowResult<()> {
    Ok(sessions::delete(&services.pool, &key_of(secret)).await?)
}

/// Ends every session of the person; says how many there were.
pub async fn end_everywhere(services: &Services, person: &Person) -> FlowResult<u64> {
    let ended = sessions::delete_all_of(&services.pool, person.id).await?;
    access::forget(services, person).await;
    info!(user.id = %person.id, ended, "signed out everywhere");
    Ok(ended)
}

/// GitHub refuses the person's token: what began with it is over.
pub(super) async fn refused(services: &Services, person: &Person) -> FlowResult<FlowError> {
    sessions::delete(&services.pool, &person.session).await?;
    access::forget(services, person).await;
    info!(user.id = %person.id, "GitHub refuses their token; signed out");
    Ok(FlowError::SignedOut)
}

/// The person's token, renewed if it is about to end. [`FlowError::SignedOut`]: there is none any more.
pub(super) async fn token(services: &Services, person: &Person) -> FlowResult<SecretString> {
    for _ in 0..LOOKS {
        let row = sessions::find(&services.pool, &person.session, floor(services)).await?;
        let row = row.ok_or(FlowError::SignedOut)?;
        let Some(kept) = opened(services, &row) else {
            return Err(refused(services, person).await?);
        };
        let now = services.clock.now();
        let ends = row.token_ends_at.is_some_and(|end| end - SPARE <= now);
        let Some(refresh) = kept.refresh.filter(|_| ends) else {
            return Ok(kept.access.into());
        };
        let until = now + REFRESH_LEASE;
        if sessions::claim_refresh(&services.pool, &row.key, now, until).await? {
            let (own, person) = (services.clone(), person.clone());
            // A task of its own: whoever leaves the page meanwhile must not take the new tokens along.
            let refreshed = services
                .detached
                .spawn(async move { refreshed(&own, &person, &row, refresh).await });
            return refreshed.await.map_err(anyhow::Error::from)?;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Err(FlowError::Later(services.clock.now()))
}

/// With the right to do so. Whoever looked before the last refresh finds the new tokens in place.
async fn refreshed(
    services: &Services,
    person: &Person,
    seen: &SessionRow,
    refresh: String,
) -> FlowResult<SecretString> {
    let pool = &services.pool;
    let now = sessions::find(pool, &seen.key, floor(services)).await?;
    let now = now.ok_or(FlowError::SignedOut)?;
    if now.sealed != seen.sealed {
        sessions::release_refresh(pool, &seen.key).await?;
        let kept = opened(services, &now).ok_or(FlowError::SignedOut)?;
        return Ok(kept.access.into());
    }
    match services.oauth.refresh_tokens(&refresh.into()).await {
        Ok(tokens) => {
            let seal = services.seal.as_ref().ok_or(FlowError::SignedOut)?;
            let sealed = sealed(services, seal, &seen.key, &tokens);
            sessions::set_tokens(pool, &seen.key, &sealed, tokens.ends_at).await?;
            Ok(tokens.access)
        }
        Err(OAuthError::Refused(_)) => Err(refused(services, person).await?),
        Err(OAuthError::GitHub(error)) => {
            sessions::release_refresh(pool, &seen.key).await?;
            Err(error.into())
        }
        Err(error) => {
            sessions::release_refresh(pool, &seen.key).await?;
            Err(FlowError::Internal(error.into()))
        }
    }
}

fn sealed(services: &Services, seal: &Seal, key: &SessionKey, tokens: &UserTokens) -> Vec<u8> {
    let kept = Kept {
        access: tokens.access.expose_secret().to_owned(),
        refresh: tokens
            .refresh
            .as_ref()
            .map(|t| t.expose_secret().to_owned()),
    };
    let text = serde_json::to_string(&kept).expect("two strings");
    seal.seal(place(&hex::encode(key)), &text.into(), &services.chance)
}

/// `None`: sealed with another key, which is as good as no session.
fn opened(services: &Services, row: &SessionRow) -> Option<Kept> {
    let seal = services.seal.as_ref()?;
    let text = seal
        .open(place(&hex::encode(row.key)), &row.sealed)
        .inspect_err(|error| warn!(%error, "a session cannot be opened"))
        .ok()?;
    serde_json::from_str(text.expose_secret()).ok()
}

fn place(owner: &str) -> Place<'_> {
    Place {
        column: "sessions.sealed",
        owner,
    }
}

fn floor(services: &Services) -> Floor {
    let now = services.clock.now();
    Floor {
        seen: now - IDLE,
        created: now - LONGEST,
    }
}

/// 32 bytes of chance as text.
pub fn new_secret(services: &Services) -> SecretString {
    let bytes: [u8; 32] = services.chance.random_bytes();
    URL_SAFE_NO_PAD.encode(bytes).into()
}

/// As what a secret of ours is stored.
pub fn key_of(secret: &SecretString) -> SessionKey {
    Sha256::digest(secret.expose_secret()).into()
}
