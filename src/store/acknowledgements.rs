//! Table `acknowledgements`: which comments and issues carry our reaction.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use crate::domain::ids::{InstallationId, RepositoryId};

/// Remembers that what caused it carries our reaction.
pub async fn insert(
    db: impl PgExecutor<'_>,
    installation: InstallationId,
    repository: RepositoryId,
    cause: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into acknowledgements (repository_id, cause, installation_id, at) values ($1, $2, $3, $4)
         on conflict do nothing",
    )
    .bind(repository.0)
    .bind(cause)
    .bind(installation.0)
    .bind(now)
    .execute(db)
    .await
    .map(drop)
}

/// Whether it carries our reaction already.
pub async fn exists(
    db: impl PgExecutor<'_>,
    repository: RepositoryId,
    cause: &str,
) -> sqlx::Result<bool> {
    sqlx::query("select 1 from acknowledgements where repository_id = $1 and cause = $2")
        .bind(repository.0)
        .bind(cause)
        .fetch_optional(db)
        .await
        .map(|row| row.is_some())
}
