//! Table `ai_keys`: tenants' own keys for models; written, used, never shown.

use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use sqlx::postgres::PgRow;
use sqlx::{PgExecutor, Row};
use url::Url;

use super::sealed::{Place, Seal, SealError};
use crate::clock::Chance;
use crate::domain::ids::{InstallationId, RepositoryId};
use crate::domain::settings::Provider;

/// Scheme, host and port of an address, which a key is bound to; empty for the provider's own.
pub fn origin(address: Option<&Url>) -> String {
    address.map_or_else(String::new, |url| url.origin().ascii_serialization())
}

/// Which key: of which layer, and what it was given for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    pub installation: InstallationId,
    /// `None`: the installation's own layer.
    pub repository: Option<RepositoryId>,
    pub provider: Provider,
    /// Scheme, host and port of the address that it may be sent to; empty for the provider's own.
    pub origin: String,
}

/// A key as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRow {
    pub repository: Option<RepositoryId>,
    pub provider: String,
    pub origin: String,
    /// Its last characters.
    pub hint: String,
    pub set_by: String,
    pub set_at: DateTime<Utc>,
    sealed: Vec<u8>,
}

impl KeyRow {
    /// Whether it was given for this provider at this address.
    pub fn is_for(&self, provider: Provider, origin: &str) -> bool {
        self.provider == provider.as_str() && self.origin == origin
    }

    /// The key itself, to be sent to its provider.
    pub fn open(
        &self,
        seal: &Seal,
        installation: InstallationId,
    ) -> Result<SecretString, SealError> {
        let owner = owner(installation, self.repository, &self.provider, &self.origin);
        seal.open(place(&owner), &self.sealed)
    }
}

/// Keeps the layer's key; the one before it is gone.
pub async fn set(
    db: impl PgExecutor<'_>,
    slot: &Slot,
    key: &SecretString,
    (seal, chance): (&Seal, &Chance),
    set_by: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let provider = slot.provider.as_str();
    let owner = owner(slot.installation, slot.repository, provider, &slot.origin);
    sqlx::query(
        "insert into ai_keys (installation_id, repository_id, provider, origin, sealed, hint, set_by, set_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (installation_id, repository_id) do update set provider = excluded.provider, origin = excluded.origin,
             sealed = excluded.sealed, hint = excluded.hint, set_by = excluded.set_by, set_at = excluded.set_at",
    )
    .bind(slot.installation.0)
    .bind(slot.repository.map(|r| r.0))
    .bind(provider)
    .bind(&slot.origin)
    .bind(seal.seal(place(&owner), key, chance))
    .bind(hint(key.expose_secret()))
    .bind(set_by)
    .bind(now)
    .execute(db)
    .await
    .map(drop)
}

/// Forgets the layer's key; false if there was none.
pub async fn delete(
    db: impl PgExecutor<'_>,
    installation: InstallationId,
    repository: Option<RepositoryId>,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "delete from ai_keys where installation_id = $1 and repository_id is not distinct from $2",
    )
    .bind(installation.0)
    .bind(repository.map(|r| r.0))
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Forgets every key of an installation that is gone.
pub async fn delete_all(db: impl PgExecutor<'_>, installation: InstallationId) -> sqlx::Result<()> {
    sqlx::query("delete from ai_keys where installation_id = $1")
        .bind(installation.0)
        .execute(db)
        .await
        .map(drop)
}

/// The keys of both layers that hold for a repository, the repository's own first. `None`: the installation's alone.
pub async fn list(
    db: impl PgExecutor<'_>,
    installation: InstallationId,
    repository: Option<RepositoryId>,
) -> sqlx::Result<Vec<KeyRow>> {
    let rows = sqlx::query(
        "select repository_id, provider, origin, sealed, hint, set_by, set_at from ai_keys
         where installation_id = $1 and (repository_id is null or repository_id = $2)
         order by repository_id nulls last",
    )
    .bind(installation.0)
    .bind(repository.map(|r| r.0))
    .fetch_all(db)
    .await?;
    rows.iter().map(from_row).collect()
}

/// The newest keys of all tenants, to try whether they open.
pub async fn list_newest(
    db: impl PgExecutor<'_>,
    limit: i64,
) -> sqlx::Result<Vec<(InstallationId, KeyRow)>> {
    let rows = sqlx::query(
        "select installation_id, repository_id, provider, origin, sealed, hint, set_by, set_at from ai_keys
         order by set_at desc limit $1",
    )
    .bind(limit)
    .fetch_all(db)
    .await?;
    rows.iter()
        .map(|row| {
            let installation = InstallationId(row.try_get("installation_id")?);
            Ok((installation, from_row(row)?))
        })
        .collect()
}

fn from_row(row: &PgRow) -> sqlx::Result<KeyRow> {
    Ok(KeyRow {
        repository: row
            .try_get::<Option<i64>, _>("repository_id")?
            .map(RepositoryId),
        provider: row.try_get("provider")?,
        origin: row.try_get("origin")?,
        hint: row.try_get("hint")?,
        set_by: row.try_get("set_by")?,
        set_at: row.try_get("set_at")?,
        sealed: row.try_get("sealed")?,
    })
}

fn place(owner: &str) -> Place<'_> {
    Place {
        column: "ai_keys.sealed",
        owner,
    }
}

/// The row's own columns, so that a key moved to another row, or a row led to another address, does not open.
fn owner(
    installation: InstallationId,
    repository: Option<RepositoryId>,
    provider: &str,
    origin: &str,
) -> String {
    let repository = repository.map_or_else(|| "-".to_owned(), |r| r.to_string());
    format!("{installation} {repository} {provider} {origin}")
}

/// Four characters of a long key, none of a short one.
fn hint(key: &str) -> String {
    let length = key.chars().count();
    if length < 16 {
        return String::new();
    }
    key.chars().skip(length - 4).collect()
}
