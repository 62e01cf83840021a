//! Table `revoked_authorizations`: people who took back the App's leave to act as them.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use crate::domain::ids::UserId;

/// What the person began with us up to `at` is over. An earlier moment takes nothing back.
pub async fn insert(db: impl PgExecutor<'_>, user: UserId, at: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query(
        "insert into revoked_authorizations as r (user_id, revoked_at) values ($1, $2)
         on conflict (user_id) do update set revoked_at = greatest(r.revoked_at, excluded.revoked_at)",
    )
    .bind(user.0)
    .bind(at)
    .execute(db)
    .await
    .map(drop)
}

/// When the person last took it back; sessions begun up to then are over. `None`: never.
pub async fn find(db: impl PgExecutor<'_>, user: UserId) -> sqlx::Result<Option<DateTime<Utc>>> {
    sqlx::query_scalar("select revoked_at from revoked_authorizations where user_id = $1")
        .bind(user.0)
        .fetch_optional(db)
        .await
}
