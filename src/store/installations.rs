//! Table `installations`: the App on one account.

use chrono::{DateTime, Utc};
use sqlx::{PgExecutor, Row};

use crate::domain::ids::{InstallationId, UserId};

/// Whose account the App is installed on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub id: UserId,
    pub login: String,
    /// `User` or `Organization`, as GitHub says.
    pub kind: String,
}

/// One row, as far as flows ask.
#[derive(Debug, Clone)]
pub struct InstallationRow {
    pub id: InstallationId,
    pub login: String,
    pub suspended_at: Option<DateTime<Utc>>,
    pub removed_at: Option<DateTime<Utc>>,
}

impl InstallationRow {
    /// May we act for it now?
    pub fn is_live(&self) -> bool {
        self.suspended_at.is_none() && self.removed_at.is_none()
    }
}

/// Stores the installation, or refreshes its account. Does not lift a suspension.
pub async fn upsert(
    db: impl PgExecutor<'_>,
    id: InstallationId,
    account: &Account,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query(
        "insert into installations (id, account_id, account_login, account_type, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $5)
         on conflict (id) do update set account_id = $2, account_login = $3, account_type = $4, updated_at = $5",
    )
    .bind(id.0)
    .bind(account.id.0)
    .bind(&account.login)
    .bind(&account.kind)
    .bind(now)
    .execute(db)
    .await
    .map(drop)
}

/// The account that it is on.
pub async fn find_account(
    db: impl PgExecutor<'_>,
    id: InstallationId,
) -> sqlx::Result<Option<UserId>> {
    let row = sqlx::query("select account_id from installations where id = $1")
        .bind(id.0)
        .fetch_optional(db)
        .await?;
    row.map(|row| row.try_get("account_id").map(UserId))
        .transpose()
}

/// The installation, if it was ever seen.
pub async fn find(
    db: impl PgExecutor<'_>,
    id: InstallationId,
) -> sqlx::Result<Option<InstallationRow>> {
    sqlx::query("select account_login, suspended_at, removed_at from installations where id = $1")
        .bind(id.0)
        .try_map(|row: sqlx::postgres::PgRow| {
            Ok(InstallationRow {
                id,
                login: row.try_get("account_login")?,
                suspended_at: row.try_get("suspended_at")?,
                removed_at: row.try_get("removed_at")?,
            })
        })
        .fetch_optional(db)
        .await
}

/// Marks it suspended, or live again.
pub async fn set_suspended(
    db: impl PgExecutor<'_>,
    id: InstallationId,
    at: Option<DateTime<Utc>>,
) -> sqlx::Result<()> {
    sqlx::query("update installations set suspended_at = $2 where id = $1")
        .bind(id.0)
        .bind(at)
        .execute(db)
        .await
        .map(drop)
}

/// Marks it uninstalled, or installed again (which also ends a suspension).
pub async fn set_removed(
    db: impl PgExecutor<'_>,
    id: InstallationId,
    at: Option<DateTime<Utc>>,
) -> sqlx::Result<()> {
    sqlx::query(
        "update installations set removed_at = $2,
                suspended_at = case when $2 is null then null else suspended_at end
         where id = $1",
    )
    .bind(id.0)
    .bind(at)
    .execute(db)
    .await
    .map(drop)
}

/// Marks that a change of it is being acted upon, or has been to its end.
pub async fn set_unsettled(
    db: impl PgExecutor<'_>,
    id: InstallationId,
    unsettled: bool,
) -> sqlx::Result<()> {
    sqlx::query("update installations set unsettled = $2 where id = $1")
        .bind(id.0)
        .bind(unsettled)
        .execute(db)
        .await
        .map(drop)
}

/// The installations, removed ones included, whose last change may not have been acted upon to its end.
pub async fn list_unsettled(db: impl PgExecutor<'_>) -> sqlx::Result<Vec<InstallationId>> {
    let ids: Vec<i64> =
        sqlx::query_scalar("select id from installations where unsettled and id > 0 order by id")
            .fetch_all(db)
            .await?;
    Ok(ids.into_iter().map(InstallationId).collect())
}

/// Every installation of the App that is not removed, suspended ones included; people with their tokens are none.
pub async fn list_installed(db: impl PgExecutor<'_>) -> sqlx::Result<Vec<InstallationRow>> {
    sqlx::query(
        "select id, account_login, suspended_at, removed_at from installations where removed_at is null and id > 0 order by id",
    )
    .try_map(|row: sqlx::postgres::PgRow| {
        Ok(InstallationRow {
            id: InstallationId(row.try_get("id")?),
            login: row.try_get("account_login")?,
            suspended_at: row.try_get("suspended_at")?,
            removed_at: row.try_get("removed_at")?,
        })
    })
    .fetch_all(db)
    .await
}

/// The live installations in which runs are under way or wait for a person.
pub async fn list_busy(db: impl PgExecutor<'_>) -> sqlx::Result<Vec<InstallationId>> {
    let ids: Vec<i64> = sqlx::query_scalar(
        "select id from installations i where id > 0 and removed_at is null and suspended_at is null
         and exists (select from runs where installation_id = i.id and status in ('pending', 'running'))
         order by id",
    )
    .fetch_all(db)
    .await?;
    Ok(ids.into_iter().map(InstallationId).collect())
}
