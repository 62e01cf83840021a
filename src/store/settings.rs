//! Table `settings`: every version of every layer; the highest version of a layer is in force.

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::{PgExecutor, Row};

use crate::domain::ids::{InstallationId, RepositoryId};

/// The installation's and the repository's documents in force.
#[derive(Debug, Clone, Default)]
pub struct Layers {
    pub installation: Option<serde_json::Value>,
    pub repository: Option<serde_json::Value>,
}

/// Both layers that hold for a repository, in one statement.
pub async fn get_layers(
    db: impl PgExecutor<'_>,
    installation: InstallationId,
    repository: RepositoryId,
) -> sqlx::Result<Layers> {
    let rows = sqlx::query(
        "select distinct on (repository_id) repository_id, document from settings
         where installation_id = $1 and (repository_id is null or repository_id = $2)
         order by repository_id, version desc",
    )
    .bind(installation.0)
    .bind(repository.0)
    .fetch_all(db)
    .await?;
    let mut layers = Layers::default();
    for row in rows {
        let of: Option<i64> = row.try_get("repository_id")?;
        let document = Some(row.try_get("document")?);
        if of.is_some() {
            layers.repository = document;
        } else {
            layers.installation = document;
        }
    }
    Ok(layers)
}

/// Stores a new version of one layer; `repository: None` is the installation's own.
pub async fn insert(
    db: impl PgExecutor<'_>,
    installation: InstallationId,
    repository: Option<RepositoryId>,
    document: &serde_json::Value,
    changed_by: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<i32> {
    sqlx::query(
        "insert into settings (installation_id, repository_id, version, document, changed_by, changed_at)
         select $1, $2, coalesce(max(version), 0) + 1, $3, $4, $5 from settings
         where installation_id = $1 and repository_id is not distinct from $2
         returning version",
    )
    .bind(installation.0)
    .bind(repository.map(|r| r.0))
    .bind(document)
    .bind(changed_by)
    .bind(now)
    .fetch_one(db)
    .await?
    .try_get("version")
}

/// One version of one layer.
#[derive(Debug, Clone, PartialEq)]
pub struct VersionRow {
    /// `None`: the installation's own layer.
    pub repository: Option<RepositoryId>,
    pub version: i32,
    pub document: serde_json::Value,
    pub changed_by: String,
    pub changed_at: DateTime<Utc>,
}

/// The versions in force of the installation's layer and, if one is named, of the repository's.
pub async fn list_in_force(
    db: impl PgExecutor<'_>,
    installation: InstallationId,
    repository: Option<RepositoryId>,
) -> sqlx::Result<Vec<VersionRow>> {
    sqlx::query(
        "select distinct on (repository_id) repository_id, version, document, changed_by, changed_at from settings
         where installation_id = $1 and (repository_id is null or repository_id = $2)
         order by repository_id, version desc",
    )
    .bind(installation.0)
    .bind(repository.map(|r| r.0))
    .try_map(from_row)
    .fetch_all(db)
    .await
}

/// One version of a layer.
pub async fn find_version(
    db: impl PgExecutor<'_>,
    installation: InstallationId,
    repository: Option<RepositoryId>,
    version: i32,
) -> sqlx::Result<Option<VersionRow>> {
    sqlx::query(
        "select repository_id, version, document, changed_by, changed_at from settings
         where installation_id = $1 and repository_id is not distinct from $2 and version = $3",
    )
    .bind(installation.0)
    .bind(repository.map(|r| r.0))
    .bind(version)
    .try_map(from_row)
    .fetch_optional(db)
    .await
}

/// The versions of a layer before one of them, newest first.
pub async fn list_before(
    db: impl PgExecutor<'_>,
    installation: InstallationId,
    repository: Option<RepositoryId>,
    before: i32,
    limit: i64,
) -> sqlx::Result<Vec<VersionRow>> {
    sqlx::query(
        "select repository_id, version, document, changed_by, changed_at from settings
         where installation_id = $1 and repository_id is not distinct from $2 and version < $3
         order by version desc limit $4",
    )
    .bind(installation.0)
    .bind(repository.map(|r| r.0))
    .bind(before)
    .bind(limit)
    .try_map(from_row)
    .fetch_all(db)
    .await
}

/// Stores the version after `base`. `None`: somebody else has stored it.
pub async fn insert_after(
    db: impl PgExecutor<'_>,
    installation: InstallationId,
    repository: Option<RepositoryId>,
    base: i32,
    document: &serde_json::Value,
    (changed_by, now): (&str, DateTime<Utc>),
) -> sqlx::Result<Option<i32>> {
    sqlx::query_scalar(
        "insert into settings (installation_id, repository_id, version, document, changed_by, changed_at)
         select $1, $2, $3 + 1, $4, $5, $6
         where $3 = (select coalesce(max(version), 0) from settings
                     where installation_id = $1 and repository_id is not distinct from $2)
         on conflict do nothing returning version",
    )
    .bind(installation.0)
    .bind(repository.map(|r| r.0))
    .bind(base)
    .bind(document)
    .bind(changed_by)
    .bind(now)
    .fetch_optional(db)
    .await
}

#[expect(clippy::needless_pass_by_value, reason = "the shape try_map asks for")]
fn from_row(row: PgRow) -> sqlx::Result<VersionRow> {
    Ok(VersionRow {
        repository: row
            .try_get::<Option<i64>, _>("repository_id")?
            .map(RepositoryId),
        version: row.try_get("version")?,
        document: row.try_get("document")?,
        changed_by: row.try_get("changed_by")?,
        changed_at: row.try_get("changed_at")?,
    })
}
