//! Table `audit_events`: who commanded or changed what, and when; also keeps a command from running twice.

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::{PgExecutor, Row};

use crate::domain::ids::{InstallationId, RepositoryId, RunId, UserId};

/// One thing that somebody did.
#[derive(Debug, Clone)]
pub struct AuditEvent<'a> {
    pub installation: InstallationId,
    pub repository: Option<RepositoryId>,
    pub run: Option<&'a RunId>,
    pub actor: &'a str,
    pub actor_id: Option<UserId>,
    pub action: &'a str,
    pub detail: serde_json::Value,
    /// The comment or issue that commanded it (`comment:ID`); each acts once.
    pub cause: Option<&'a str>,
}

/// Records the event; false if its cause has already acted.
pub async fn insert(
    db: impl PgExecutor<'_>,
    event: &AuditEvent<'_>,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "insert into audit_events
             (installation_id, repository_id, run_id, actor, actor_id, action, detail, cause, at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict (repository_id, cause) where cause is not null do nothing",
    )
    .bind(event.installation.0)
    .bind(event.repository.map(|r| r.0))
    .bind(event.run.map(RunId::as_str))
    .bind(event.actor)
    .bind(event.actor_id.map(|a| a.0))
    .bind(event.action)
    .bind(&event.detail)
    .bind(event.cause)
    .bind(now)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Has this cause already acted?
pub async fn exists_for_cause(
    db: impl PgExecutor<'_>,
    repository: RepositoryId,
    cause: &str,
) -> sqlx::Result<bool> {
    sqlx::query("select 1 from audit_events where repository_id = $1 and cause = $2")
        .bind(repository.0)
        .bind(cause)
        .fetch_optional(db)
        .await
        .map(|row| row.is_some())
}

/// Something that was done to a run.
#[derive(Debug, Clone)]
pub struct RunEvent {
    pub actor: String,
    pub action: String,
    pub detail: serde_json::Value,
    pub at: DateTime<Utc>,
}

/// What was done to a run, oldest first; at most 500.
pub async fn list_for_run(
    db: impl PgExecutor<'_>,
    installation: InstallationId,
    run: &RunId,
) -> sqlx::Result<Vec<RunEvent>> {
    sqlx::query(
        "select actor, action, detail, at from audit_events
         where installation_id = $1 and run_id = $2 order by at, id limit 500",
    )
    .bind(installation.0)
    .bind(run.as_str())
    .try_map(|row: PgRow| {
        Ok(RunEvent {
            actor: row.try_get("actor")?,
            action: row.try_get("action")?,
            detail: row.try_get("detail")?,
            at: row.try_get("at")?,
        })
    })
    .fetch_all(db)
    .await
}

/// One line of the log.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditRow {
    pub id: i64,
    pub at: DateTime<Utc>,
    pub actor: String,
    pub actor_id: Option<UserId>,
    pub action: String,
    pub repository: Option<RepositoryId>,
    pub run: Option<String>,
    pub detail: serde_json::Value,
}

/// Which lines of the log; what is `None` or empty does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// As GitHub spells it, in any case.
    pub actor: Option<String>,
    pub actions: Vec<String>,
    pub repository: Option<RepositoryId>,
    pub run: Option<RunId>,
    pub since: Option<DateTime<Utc>>,
    /// Before this moment.
    pub until: Option<DateTime<Utc>>,
}

/// The installation's lines before this one, newest first.
pub async fn list_before(
    db: impl PgExecutor<'_>,
    installation: InstallationId,
    filter: &AuditFilter,
    before: i64,
    limit: i64,
) -> sqlx::Result<Vec<AuditRow>> {
    sqlx::query(
        "select id, at, actor, actor_id, action, repository_id, run_id, detail from audit_events
         where installation_id = $1 and id < $2
           and ($3::text is null or lower(actor) = lower($3))
           and (cardinality($4::text[]) = 0 or action = any ($4))
           and ($5::bigint is null or repository_id = $5)
           and ($6::text is null or run_id = $6)
           and ($7::timestamptz is null or at >= $7)
           and ($8::timestamptz is null or at < $8)
         order by id desc limit $9",
    )
    .bind(installation.0)
    .bind(before)
    .bind(filter.actor.as_deref())
    .bind(&filter.actions)
    .bind(filter.repository.map(|r| r.0))
    .bind(filter.run.as_ref().map(RunId::as_str))
    .bind(filter.since)
    .bind(filter.until)
    .bind(limit)
    .try_map(|row: sqlx::postgres::PgRow| {
        Ok(AuditRow {
            id: row.try_get("id")?,
            at: row.try_get("at")?,
            actor: row.try_get("actor")?,
            actor_id: row.try_get::<Option<i64>, _>("actor_id")?.map(UserId),
            action: row.try_get("action")?,
            repository: row
                .try_get::<Option<i64>, _>("repository_id")?
                .map(RepositoryId),
            run: row.try_get("run_id")?,
            detail: row.try_get("detail")?,
        })
    })
    .fetch_all(db)
    .await
}
