//! Table `settings`: every version of every layer; the highest version of a layer is in force.

use chrono::{DateTime, Utc};
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
