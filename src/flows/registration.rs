//! The App is registered from the setup page: a one-time link, a state, a code, and credentials that are sealed before anybody hears of them.

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use serde_json::json;
use tracing::{error, info};

use super::Services;
use super::sessions::{key_of, new_secret};
use crate::github::{AppCredentials, GitHubError, NewApp, OAuthClient, SetupError};
use crate::store::begin;
use crate::store::registrations::{self, RegistrationRow};
use crate::store::sealed::{Place, Seal, SealError};
use crate::store::setup_links::{self, LinkRow};

/// A link works for so long; whoever has left for GitHub by then may still come back.
pub const LINK_LASTS: TimeDelta = TimeDelta::hours(1);
/// For so long a used link shows how things stand.
const USED_LASTS: TimeDelta = TimeDelta::days(1);
/// Whoever began an exchange and was not heard of for so long has died.
const EXCHANGE_LASTS: TimeDelta = TimeDelta::minutes(2);

/// The App that was registered, secrets open.
#[derive(Debug, Clone)]
pub struct App {
    pub id: i64,
    pub slug: String,
    pub name: String,
    pub html_url: String,
    pub owner_login: String,
    pub client: OAuthClient,
    pub webhook_secret: SecretString,
    pub private_key: SecretString,
    pub first_webhook_at: Option<DateTime<Utc>>,
    pub registered_at: DateTime<Utc>,
}

impl App {
    /// What [`version`] says while this is the App.
    pub fn version(&self) -> (i64, DateTime<Utc>) {
        (self.id, self.registered_at)
    }
}

/// How a setup link stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    Open,
    /// The same, and what is registered with it takes the place of the App that there is.
    Replacing,
    /// The App was registered with it, within a day.
    Used,
    /// Expired, or never ours.
    Void,
}

/// Why the App is not known or not registered.
#[derive(Debug, thiserror::Error)]
pub enum RegistrationError {
    #[error("the credentials of the App cannot be stored: ENCRYPTION_KEY is not set")]
    NoKey,
    #[error("the stored credentials of the App cannot be opened: {0}")]
    Seal(#[from] SealError),
    #[error("the stored credentials of the App cannot be used: {0}")]
    Unusable(#[from] SetupError),
    /// The link, the state or the code is used, expired or forged.
    #[error("the link, the state or the code is used, has expired, or is not ours")]
    Refused,
    #[error("an App is registered already")]
    Already,
    /// Two forms were sent, with two links, and this one came back later.
    #[error("an App is registered already, and {slug} is a second one")]
    Second {
        name: String,
        slug: String,
        html_url: String,
    },
    #[error("GitHub gave no webhook secret")]
    NoWebhookSecret,
    #[error(transparent)]
    GitHub(GitHubError),
    #[error("database: {0}")]
    Store(#[from] sqlx::Error),
    /// GitHub has handed the credentials over, and they are lost: it does so once.
    #[error("the App exists on GitHub, but its credentials could not be stored: {0}")]
    Lost(sqlx::Error),
    #[error("the exchange broke off: {0}")]
    BrokenOff(#[from] tokio::task::JoinError),
}

/// A new link's secret, and until when it works.
pub async fn new_link(
    services: &Services,
    replaces: bool,
) -> sqlx::Result<(SecretString, DateTime<Utc>)> {
    let (secret, now) = (new_secret(services), services.clock.now());
    let until = now + LINK_LASTS;
    setup_links::insert(&services.pool, &key_of(&secret), now, until, replaces).await?;
    Ok((secret, until))
}

/// How the link of this secret stands.
pub async fn look_at(services: &Services, link: &SecretString) -> sqlx::Result<Link> {
    let row = setup_links::find(&services.pool, &key_of(link)).await?;
    Ok(match row {
        Some(LinkRow {
            used_at: Some(at), ..
        }) if at > services.clock.now() - USED_LASTS => Link::Used,
        Some(LinkRow {
            used_at: Some(_), ..
        }) => Link::Void,
        Some(row) if row.expires_at > services.clock.now() && row.replaces => Link::Replacing,
        Some(row) if row.expires_at > services.clock.now() => Link::Open,
        _ => Link::Void,
    })
}

/// Whether the App was registered with this link by the form that has sent this along: in that browser alone the link still
/// shows how things stand.
pub async fn was_used_by(
    services: &Services,
    link: &SecretString,
    state: &SecretString,
) -> sqlx::Result<bool> {
    let row = setup_links::find(&services.pool, &key_of(link)).await?;
    let used = row.filter(|row| row.used_at.is_some());
    Ok(used.is_some_and(|row| row.state.as_deref() == Some(&key_of(state)[..])))
}

/// What GitHub is to send back with the code. `None`: the link does not work any more.
pub async fn new_state(
    services: &Services,
    link: &SecretString,
) -> sqlx::Result<Option<SecretString>> {
    let (state, now) = (new_secret(services), services.clock.now());
    let (link, hash) = (key_of(link), key_of(&state));
    let noted = setup_links::set_state(&services.pool, &link, &hash, now).await?;
    Ok(noted.then_some(state))
}

/// Exchanges the code that GitHub sent along and stores what comes of it. From then on every replica is the App.
pub async fn complete(
    services: &Services,
    link: &SecretString,
    state: &SecretString,
    code: &str,
) -> Result<(), RegistrationError> {
    let seal = services.seal.as_ref().ok_or(RegistrationError::NoKey)?;
    let (key, now) = (key_of(link), services.clock.now());
    let row = setup_links::find(&services.pool, &key).await?;
    let replaces = row.is_some_and(|row| row.replaces);
    let state = key_of(state);
    // Where an App is registered already, the code tells at least which second one has been created.
    let (own, seal, code) = (services.clone(), seal.clone(), code.to_owned());
    // A task of its own: GitHub hands the credentials over once, and whoever closes the page must not take them along.
    let completed = services.detached.spawn(async move {
        let since = now - EXCHANGE_LASTS;
        if setup_links::claim(&own.pool, &key, &state, now, since).await? {
            return exchange(&own, &seal, (&key, replaces), &code).await;
        }
        let is_there = registrations::find(&own.pool).await?.is_some();
        Err(if is_there && !replaces {
            RegistrationError::Already
        } else {
            RegistrationError::Refused
        })
    });
    completed.await?
}

/// With the link claimed.
async fn exchange(
    services: &Services,
    seal: &Seal,
    (key, replaces): (&setup_links::Hash, bool),
    code: &str,
) -> Result<(), RegistrationError> {
    let exchanged = services.github.convert_manifest(code).await;
    let row = match exchanged.map(|app| row(services, seal, &app)) {
        Ok(Some(row)) => row,
        other => {
            setup_links::release(&services.pool, key).await?;
            return Err(match other {
                Err(error) if error.is_absent() => RegistrationError::Refused,
                Err(error) => RegistrationError::GitHub(error),
                Ok(_) => RegistrationError::NoWebhookSecret,
            });
        }
    };
    let stored = store(services, key, replaces, &row).await.map_err(|error| {
        error!(app.id = row.app_id, app.slug = row.slug, %error, "the App's credentials are lost");
        RegistrationError::Lost(error)
    })?;
    if !stored {
        error!(
            app.id = row.app_id,
            app.slug = row.slug,
            app.url = row.html_url,
            "a second App was created on GitHub, which nobody uses: delete it there"
        );
        return Err(RegistrationError::Second {
            name: row.name,
            slug: row.slug,
            html_url: row.html_url,
        });
    }
    info!(
        app.id = row.app_id,
        app.slug = row.slug,
        owner = row.owner_login,
        "registered the App"
    );
    Ok(())
}

async fn store(
    services: &Services,
    link: &setup_links::Hash,
    replaces: bool,
    row: &RegistrationRow,
) -> sqlx::Result<bool> {
    let mut tx = begin(&services.pool).await?;
    let former = if replaces {
        registrations::delete(&mut *tx).await?
    } else {
        None
    };
    let stored = registrations::insert(&mut *tx, row).await?;
    if stored {
        setup_links::mark_used(&mut *tx, link, row.registered_at).await?;
        let action = if former.is_some() {
            "replace_app"
        } else {
            "register_app"
        };
        let former = former.map(|(id, slug)| json!({ "app_id": id, "slug": slug }));
        let detail = json!({
            "app_id": row.app_id, "slug": row.slug, "owner": row.owner_login, "in_place_of": former,
        });
        registrations::note(&mut *tx, action, detail, row.registered_at).await?;
    }
    tx.commit().await?;
    Ok(stored)
}

/// `None`: there is no webhook secret, and without one anybody could send deliveries.
fn row(services: &Services, seal: &Seal, app: &NewApp) -> Option<RegistrationRow> {
    let owner = app.id.to_string();
    let sealed = |column: &'static str, secret: &SecretString| {
        let owner = owner.as_str();
        seal.seal(Place { column, owner }, secret, &services.chance)
    };
    Some(RegistrationRow {
        app_id: app.id,
        slug: app.slug.clone(),
        name: app.name.clone(),
        html_url: app.html_url.clone(),
        owner_login: app.owner.login.clone(),
        client_id: app.client_id.clone(),
        sealed_key: sealed(KEY, &app.pem),
        sealed_webhook: sealed(WEBHOOK, app.webhook_secret.as_ref()?),
        sealed_client: sealed(CLIENT, &app.client_secret),
        registered_at: services.clock.now(),
        first_webhook_at: None,
    })
}

const KEY: &str = "app_registrations.sealed_key";
const WEBHOOK: &str = "app_registrations.sealed_webhook";
const CLIENT: &str = "app_registrations.sealed_client";

/// The App that was registered, if one was.
pub async fn find(services: &Services) -> Result<Option<App>, RegistrationError> {
    let Some(row) = registrations::find(&services.pool).await? else {
        return Ok(None);
    };
    let seal = services.seal.as_ref().ok_or(RegistrationError::NoKey)?;
    let owner = row.app_id.to_string();
    let open = |column: &'static str, sealed: &[u8]| {
        let owner = owner.as_str();
        seal.open(Place { column, owner }, sealed)
    };
    Ok(Some(App {
        id: row.app_id,
        client: OAuthClient {
            id: row.client_id.clone(),
            secret: open(CLIENT, &row.sealed_client)?,
        },
        webhook_secret: open(WEBHOOK, &row.sealed_webhook)?,
        private_key: open(KEY, &row.sealed_key)?,
        slug: row.slug,
        name: row.name,
        html_url: row.html_url,
        owner_login: row.owner_login,
        first_webhook_at: row.first_webhook_at,
        registered_at: row.registered_at,
    }))
}

/// Which App is registered, and since when.
pub async fn version(services: &Services) -> sqlx::Result<Option<(i64, DateTime<Utc>)>> {
    registrations::find_version(&services.pool).await
}

/// From now on this process comes to GitHub as the App.
pub fn become_app(services: &Services, app: &App) -> Result<(), RegistrationError> {
    services.github.register(&AppCredentials {
        issuer: app.client.id.clone(),
        private_key: app.private_key.clone(),
    })?;
    services.oauth.set_client(app.client.clone());
    Ok(())
}

/// A delivery came in whose signature was right; the first one is remembered.
pub async fn note_webhook(services: &Services) -> sqlx::Result<()> {
    registrations::note_webhook(&services.pool, services.clock.now()).await
}
