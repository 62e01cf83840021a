//! Table `api_tokens`: with which scripts act for an installation. What they are is not in it, only their hashes.

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::{PgExecutor, Row};

use crate::domain::ids::{InstallationId, UserId};

/// One token as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenRow {
    pub id: i64,
    pub installation: InstallationId,
    pub name: String,
    /// Its last characters.
    pub hint: String,
    pub scopes: Vec<String>,
    pub made_by: String,
    pub made_by_id: UserId,
    pub made_at: DateTime<Utc>,
    pub used_at: Option<DateTime<Utc>>,
    pub revoked_by: Option<String>,
    pub revoked_at: Option<DateTime<Utc>>,
    /// Until when it counts; `None`: until it is revoked.
    pub expires_at: Option<DateTime<Utc>>,
}

impl TokenRow {
    /// Neither revoked nor expired.
    pub fn counts_at(&self, now: DateTime<Utc>) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|at| at > now)
    }
}

/// A token to be stored.
#[derive(Debug)]
pub struct NewToken<'a> {
    pub installation: InstallationId,
    pub name: &'a str,
    pub hash: &'a [u8],
    pub hint: &'a str,
    pub scopes: &'a [String],
    pub made_by: &'a str,
    pub made_by_id: UserId,
    pub expires_at: Option<DateTime<Utc>>,
}

macro_rules! select_token {
    ($tail:literal) => {
        concat!(
            "select id, installation_id, name, hint, scopes, made_by, made_by_id, made_at, used_at, revoked_by, revoked_at, expires_at ",
            "from api_tokens ",
            $tail
        )
    };
}

/// Stores a token.
pub async fn insert(
    db: impl PgExecutor<'_>,
    new: &NewToken<'_>,
    now: DateTime<Utc>,
) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "insert into api_tokens (installation_id, name, hash, hint, scopes, made_by, made_by_id, made_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning id",
    )
    .bind(new.installation.0)
    .bind(new.name)
    .bind(new.hash)
    .bind(new.hint)
    .bind(new.scopes)
    .bind(new.made_by)
    .bind(new.made_by_id.0)
    .bind(now)
    .bind(new.expires_at)
    .fetch_one(db)
    .await
}

/// The tokens of an installation, those in use first, newest first.
pub async fn list(
    db: impl PgExecutor<'_>,
    installation: InstallationId,
) -> sqlx::Result<Vec<TokenRow>> {
    sqlx::query(select_token!(
        "where installation_id = $1 order by revoked_at is not null, made_at desc, id desc limit 200"
    ))
    .bind(installation.0)
    .try_map(from_row)
    .fetch_all(db)
    .await
}

/// The token of this hash, whosever it is, if it is not revoked: before this is known, nobody's installation is.
pub async fn find_live_anywhere(
    db: impl PgExecutor<'_>,
    hash: &[u8],
) -> sqlx::Result<Option<TokenRow>> {
    sqlx::query(select_token!(
        "where hash = $1 and revoked_at is null and exists
             (select from installations i where i.id = api_tokens.installation_id and i.removed_at is null)"
    ))
        .bind(hash)
        .try_map(from_row)
        .fetch_optional(db)
        .await
}

/// It was used; written at most once a minute.
pub async fn touch(
    db: impl PgExecutor<'_>,
    installation: InstallationId,
    id: i64,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query(
        "update api_tokens set used_at = $3
         where installation_id = $1 and id = $2 and (used_at is null or used_at < $3 - interval '1 minute')",
    )
    .bind(installation.0)
    .bind(id)
    .bind(now)
    .execute(db)
    .await
    .map(drop)
}

/// Whoever made them is called this now, in whatever installation.
pub async fn rename_maker(db: impl PgExecutor<'_>, id: UserId, login: &str) -> sqlx::Result<()> {
    sqlx::query("update api_tokens set made_by = $2 where made_by_id = $1 and made_by <> $2")
        .bind(id.0)
        .bind(login)
        .execute(db)
        .await
        .map(drop)
}

/// Revokes a token of the installation and gives its name; `None`: there is none to be revoked.
pub async fn revoke(
    db: impl PgExecutor<'_>,
    installation: InstallationId,
    id: i64,
    by: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar(
        "update api_tokens set revoked_by = $3, revoked_at = $4
         where installation_id = $1 and id = $2 and revoked_at is null returning name",
    )
    .bind(installation.0)
    .bind(id)
    .bind(by)
    .bind(now)
    .fetch_optional(db)
    .await
}

#[expect(clippy::needless_pass_by_value, reason = "the shape try_map asks for")]
fn from_row(row: PgRow) -> sqlx::Result<TokenRow> {
    Ok(TokenRow {
        id: row.try_get("id")?,
        installation: InstallationId(row.try_get("installation_id")?),
        name: row.try_get("name")?,
        hint: row.try_get("hint")?,
        scopes: row.try_get("scopes")?,
        made_by: row.try_get("made_by")?,
        made_by_id: UserId(row.try_get("made_by_id")?),
        made_at: row.try_get("made_at")?,
        used_at: row.try_get("used_at")?,
        revoked_by: row.try_get("revoked_by")?,
        revoked_at: row.try_get("revoked_at")?,
        expires_at: row.try_get("expires_at")?,
    })
}
