//! Table `setup_links`: one-time links to the setup page, each known by the hash of its secret.

use chrono::{DateTime, Utc};
use sqlx::{PgExecutor, Row};

/// SHA-256 of a secret that is in the link, or in the form to GitHub.
pub type Hash = [u8; 32];

/// How a link stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkRow {
    pub expires_at: DateTime<Utc>,
    /// When the App was registered with it.
    pub used_at: Option<DateTime<Utc>>,
    /// The hash of what the form sent along that was finished last, or began last.
    pub state: Option<Vec<u8>>,
    /// What is registered with it takes the place of the App that there is.
    pub replaces: bool,
}

/// Stores a new one, and clears away those that expired or were used long ago.
pub async fn insert(
    db: impl PgExecutor<'_>,
    key: &Hash,
    now: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    replaces: bool,
) -> sqlx::Result<()> {
    sqlx::query(
        "with over as (delete from setup_links where coalesce(used_at, expires_at) < $2 - interval '1 day')
         insert into setup_links (key, created_at, expires_at, replaces) values ($1, $2, $3, $4)",
    )
    .bind(key)
    .bind(now)
    .bind(expires_at)
    .bind(replaces)
    .execute(db)
    .await
    .map(drop)
}

/// The link of this secret, if there ever was one.
pub async fn find(db: impl PgExecutor<'_>, key: &Hash) -> sqlx::Result<Option<LinkRow>> {
    sqlx::query("select expires_at, used_at, state, replaces from setup_links where key = $1")
        .bind(key)
        .try_map(|row: sqlx::postgres::PgRow| {
            Ok(LinkRow {
                expires_at: row.try_get("expires_at")?,
                used_at: row.try_get("used_at")?,
                state: row.try_get("state")?,
                replaces: row.try_get("replaces")?,
            })
        })
        .fetch_optional(db)
        .await
}

/// Notes what GitHub is to send back, in place of what was noted before; false: the link is used or has expired.
pub async fn set_state(
    db: impl PgExecutor<'_>,
    key: &Hash,
    state: &Hash,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    sqlx::query(
        "update setup_links set state = $2 where key = $1 and used_at is null and expires_at > $3",
    )
    .bind(key)
    .bind(state)
    .bind(now)
    .execute(db)
    .await
    .map(|done| done.rows_affected() == 1)
}

/// Takes the link for one exchange. Whoever left for GitHub before it expired has an hour to come back, as long as GitHub's
/// code works. False: it is used, has expired, belongs to another form, or is being exchanged.
pub async fn claim(
    db: impl PgExecutor<'_>,
    key: &Hash,
    state: &Hash,
    now: DateTime<Utc>,
    unless_since: DateTime<Utc>,
) -> sqlx::Result<bool> {
    sqlx::query(
        "update setup_links set claimed_at = $3
         where key = $1 and state = $2 and used_at is null and expires_at > $3 - interval '1 hour'
           and (claimed_at is null or claimed_at < $4)",
    )
    .bind(key)
    .bind(state)
    .bind(now)
    .bind(unless_since)
    .execute(db)
    .await
    .map(|done| done.rows_affected() == 1)
}

/// Gives it back: the exchange failed.
pub async fn release(db: impl PgExecutor<'_>, key: &Hash) -> sqlx::Result<()> {
    sqlx::query("update setup_links set claimed_at = null where key = $1")
        .bind(key)
        .execute(db)
        .await
        .map(drop)
}

/// The App was registered with it: it leads no further than to the page that says so, in the browser that sent the form.
pub async fn mark_used(
    db: impl PgExecutor<'_>,
    key: &Hash,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query("update setup_links set used_at = $2 where key = $1")
        .bind(key)
        .bind(now)
        .execute(db)
        .await
        .map(drop)
}
