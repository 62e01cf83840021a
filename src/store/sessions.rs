//! Table `sessions`: people who signed in. Who took back their leave since is signed out, whatever stands here.

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::{PgExecutor, Row};

use crate::domain::ids::UserId;

/// SHA-256 of what the cookie holds.
pub type SessionKey = [u8; 32];

/// One session.
#[derive(Debug, Clone)]
pub struct SessionRow {
    pub key: SessionKey,
    pub user: UserId,
    pub login: String,
    /// The tokens, sealed.
    pub sealed: Vec<u8>,
    /// When the access token ends; `None`: it lasts.
    pub token_ends_at: Option<DateTime<Utc>>,
    /// When it was last used, to some minutes.
    pub seen_at: DateTime<Utc>,
}

/// What is left of a session after so long.
#[derive(Debug, Clone, Copy)]
pub struct Floor {
    /// One that was last seen before is over.
    pub seen: DateTime<Utc>,
    /// One that began before is over.
    pub created: DateTime<Utc>,
}

/// Stores a new one.
pub async fn insert(db: impl PgExecutor<'_>, row: &SessionRow) -> sqlx::Result<()> {
    sqlx::query(
        "insert into sessions (key, user_id, login, sealed, token_ends_at, created_at, seen_at)
         values ($1, $2, $3, $4, $5, $6, $6)",
    )
    .bind(row.key)
    .bind(row.user.0)
    .bind(&row.login)
    .bind(&row.sealed)
    .bind(row.token_ends_at)
    .bind(row.seen_at)
    .execute(db)
    .await
    .map(drop)
}

/// The person is called this now, in all their sessions.
pub async fn rename(db: impl PgExecutor<'_>, id: UserId, login: &str) -> sqlx::Result<()> {
    sqlx::query("update sessions set login = $2 where user_id = $1 and login <> $2")
        .bind(id.0)
        .bind(login)
        .execute(db)
        .await
        .map(drop)
}

/// The session, if it is not over.
pub async fn find(
    db: impl PgExecutor<'_>,
    key: &SessionKey,
    floor: Floor,
) -> sqlx::Result<Option<SessionRow>> {
    sqlx::query(
        "select key, user_id, login, sealed, token_ends_at, seen_at from sessions s
         where key = $1 and seen_at > $2 and created_at > $3
           and not exists (select from revoked_authorizations r
                           where r.user_id = s.user_id and r.revoked_at >= s.created_at)",
    )
    .bind(key)
    .bind(floor.seen)
    .bind(floor.created)
    .try_map(from_row)
    .fetch_optional(db)
    .await
}

/// Marks it as seen.
pub async fn touch(
    db: impl PgExecutor<'_>,
    key: &SessionKey,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query("update sessions set seen_at = $2 where key = $1 and seen_at < $2")
        .bind(key)
        .bind(now)
        .execute(db)
        .await
        .map(drop)
}

/// Takes the right to fetch new tokens until `until`; false: another process has it, or the session is over.
pub async fn claim_refresh(
    db: impl PgExecutor<'_>,
    key: &SessionKey,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> sqlx::Result<bool> {
    sqlx::query(
        "update sessions set refreshing_until = $3
         where key = $1 and (refreshing_until is null or refreshing_until <= $2)",
    )
    .bind(key)
    .bind(now)
    .bind(until)
    .execute(db)
    .await
    .map(|done| done.rows_affected() == 1)
}

/// Gives that right back without new tokens.
pub async fn release_refresh(db: impl PgExecutor<'_>, key: &SessionKey) -> sqlx::Result<()> {
    sqlx::query("update sessions set refreshing_until = null where key = $1")
        .bind(key)
        .execute(db)
        .await
        .map(drop)
}

/// Puts new tokens in place of the old, and gives the right back.
pub async fn set_tokens(
    db: impl PgExecutor<'_>,
    key: &SessionKey,
    sealed: &[u8],
    token_ends_at: Option<DateTime<Utc>>,
) -> sqlx::Result<()> {
    sqlx::query(
        "update sessions set sealed = $2, token_ends_at = $3, refreshing_until = null where key = $1",
    )
    .bind(key)
    .bind(sealed)
    .bind(token_ends_at)
    .execute(db)
    .await
    .map(drop)
}

/// Ends one.
pub async fn delete(db: impl PgExecutor<'_>, key: &SessionKey) -> sqlx::Result<()> {
    sqlx::query("delete from sessions where key = $1")
        .bind(key)
        .execute(db)
        .await
        .map(drop)
}

/// Ends all of a person's; says how many there were.
pub async fn delete_all_of(db: impl PgExecutor<'_>, user: UserId) -> sqlx::Result<u64> {
    sqlx::query("delete from sessions where user_id = $1")
        .bind(user.0)
        .execute(db)
        .await
        .map(|done| done.rows_affected())
}

/// Clears away those that are over.
pub async fn delete_over(db: impl PgExecutor<'_>, floor: Floor) -> sqlx::Result<u64> {
    sqlx::query(
        "delete from sessions s where seen_at <= $1 or created_at <= $2
            or exists (select from revoked_authorizations r
                       where r.user_id = s.user_id and r.revoked_at >= s.created_at)",
    )
    .bind(floor.seen)
    .bind(floor.created)
    .execute(db)
    .await
    .map(|done| done.rows_affected())
}

#[expect(clippy::needless_pass_by_value, reason = "what try_map hands over")]
fn from_row(row: PgRow) -> sqlx::Result<SessionRow> {
    Ok(SessionRow {
        key: row.try_get("key")?,
        user: UserId(row.try_get("user_id")?),
        login: row.try_get("login")?,
        sealed: row.try_get("sealed")?,
        token_ends_at: row.try_get("token_ends_at")?,
        seen_at: row.try_get("seen_at")?,
    })
}
