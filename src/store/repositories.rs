//! Table `repositories`: which installation a repository belongs to, and its name of today.

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::{PgExecutor, Row};

use crate::domain::ids::{InstallationId, RepositoryId, RepositoryName};

/// One repository of one installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryRow {
    pub id: RepositoryId,
    pub installation: InstallationId,
    pub name: RepositoryName,
}

/// Stores the repository, or refreshes its name and installation; it is no longer removed. A late event of an
/// installation that is gone takes nothing away from the one that came after it.
pub async fn upsert(
    db: impl PgExecutor<'_>,
    row: &RepositoryRow,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into repositories (id, installation_id, owner, name, updated_at) values ($1, $2, $3, $4, $5)
         on conflict (id) do update
         set installation_id = $2, owner = $3, name = $4, removed_at = null, updated_at = $5
         where exists (select from installations where id = $2 and removed_at is null)",
    )
    .bind(row.id.0)
    .bind(row.installation.0)
    .bind(&row.name.owner)
    .bind(&row.name.name)
    .bind(now)
    .execute(db)
    .await
    .map(drop)
}

/// Stores a repository that nobody has claimed, or refreshes its own; another's row stays as it is.
pub async fn insert_unless_taken(
    db: impl PgExecutor<'_>,
    row: &RepositoryRow,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into repositories (id, installation_id, owner, name, updated_at) values ($1, $2, $3, $4, $5)
         on conflict (id) do update set owner = $3, name = $4, removed_at = null, updated_at = $5
         where repositories.installation_id = $2",
    )
    .bind(row.id.0)
    .bind(row.installation.0)
    .bind(&row.name.owner)
    .bind(&row.name.name)
    .bind(now)
    .execute(db)
    .await
    .map(drop)
}

/// Marks the repository as no longer reachable for the installation.
pub async fn mark_removed(
    db: impl PgExecutor<'_>,
    installation: InstallationId,
    id: RepositoryId,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query("update repositories set removed_at = $3 where id = $2 and installation_id = $1")
        .bind(installation.0)
        .bind(id.0)
        .bind(now)
        .execute(db)
        .await
        .map(drop)
}

/// Marks all of the installation's repositories as no longer reachable.
pub async fn mark_all_removed(
    db: impl PgExecutor<'_>,
    installation: InstallationId,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query(
        "update repositories set removed_at = $2 where installation_id = $1 and removed_at is null",
    )
    .bind(installation.0)
    .bind(now)
    .execute(db)
    .await
    .map(drop)
}

/// The account that the installation is on has this login now.
pub async fn set_owner(
    db: impl PgExecutor<'_>,
    installation: InstallationId,
    login: &str,
) -> sqlx::Result<()> {
    sqlx::query(
        "update repositories set owner = $2 where installation_id = $1 and owner <> $2 and removed_at is null",
    )
    .bind(installation.0)
    .bind(login)
    .execute(db)
    .await
    .map(drop)
}

/// Those that the installation reaches, as far as we know.
pub async fn list(
    db: impl PgExecutor<'_>,
    installation: InstallationId,
) -> sqlx::Result<Vec<RepositoryRow>> {
    sqlx::query(
        "select id, installation_id, owner, name from repositories
         where installation_id = $1 and removed_at is null order by id",
    )
    .bind(installation.0)
    .try_map(from_row)
    .fetch_all(db)
    .await
}

/// How many the installation reaches, as far as we know, and a sum that changes with them.
pub async fn reach(
    db: impl PgExecutor<'_>,
    installation: InstallationId,
) -> sqlx::Result<(i64, String)> {
    sqlx::query_as(
        "select count(*), coalesce(md5(string_agg(id::text, ',' order by id)), '') from repositories
         where installation_id = $1 and removed_at is null",
    )
    .bind(installation.0)
    .fetch_one(db)
    .await
}

/// Whether we know that the installation does not reach the repository any more.
pub async fn is_removed(
    db: impl PgExecutor<'_>,
    installation: InstallationId,
    id: RepositoryId,
) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "select exists (select from repositories
                        where id = $2 and installation_id = $1 and removed_at is not null)",
    )
    .bind(installation.0)
    .bind(id.0)
    .fetch_one(db)
    .await
}

/// The repository by its id, whichever installation reached it last: to see that it has gone to another one.
pub async fn find_by_id(
    db: impl PgExecutor<'_>,
    id: RepositoryId,
) -> sqlx::Result<Option<RepositoryRow>> {
    sqlx::query("select id, installation_id, owner, name from repositories where id = $1")
        .bind(id.0)
        .try_map(from_row)
        .fetch_optional(db)
        .await
}

/// The repository by its id, whoever reaches it now: for showing names to the operator.
pub async fn get_anywhere(
    db: impl PgExecutor<'_>,
    id: RepositoryId,
) -> sqlx::Result<RepositoryRow> {
    find_by_id(db, id).await?.ok_or(sqlx::Error::RowNotFound)
}

/// The repository by its id, within the installation.
pub async fn find(
    db: impl PgExecutor<'_>,
    installation: InstallationId,
    id: RepositoryId,
) -> sqlx::Result<Option<RepositoryRow>> {
    sqlx::query("select id, installation_id, owner, name from repositories where id = $2 and installation_id = $1")
        .bind(installation.0)
        .bind(id.0)
        .try_map(from_row)
        .fetch_optional(db)
        .await
}

/// The repository by today's name, within the installation.
pub async fn find_by_name(
    db: impl PgExecutor<'_>,
    installation: InstallationId,
    name: &RepositoryName,
) -> sqlx::Result<Option<RepositoryRow>> {
    sqlx::query(
        "select id, installation_id, owner, name from repositories
         where installation_id = $1 and lower(owner) = lower($2) and lower(name) = lower($3) and removed_at is null
         order by updated_at desc limit 1",
    )
    .bind(installation.0)
    .bind(&name.owner)
    .bind(&name.name)
    .try_map(from_row)
    .fetch_optional(db)
    .await
}

/// The repository by today's name, in whatever installation: for the operator's own commands only.
pub async fn find_anywhere(
    db: impl PgExecutor<'_>,
    name: &RepositoryName,
) -> sqlx::Result<Option<RepositoryRow>> {
    sqlx::query(
        "select id, installation_id, owner, name from repositories
         where lower(owner) = lower($1) and lower(name) = lower($2) order by updated_at desc limit 1",
    )
    .bind(&name.owner)
    .bind(&name.name)
    .try_map(from_row)
    .fetch_optional(db)
    .await
}

#[expect(clippy::needless_pass_by_value, reason = "the shape try_map asks for")]
fn from_row(row: PgRow) -> sqlx::Result<RepositoryRow> {
    Ok(RepositoryRow {
        id: RepositoryId(row.try_get("id")?),
        installation: InstallationId(row.try_get("installation_id")?),
        name: RepositoryName {
            owner: row.try_get("owner")?,
            name: row.try_get("name")?,
        },
    })
}
