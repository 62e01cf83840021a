//! Table `created_issues`: what stands on GitHub for which item of which run.

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, PgExecutor, Row};

use crate::domain::ids::{InstallationId, IssueId, IssueNumber, RepositoryId, RunId, RunKey};
use crate::domain::run::Standing;

/// One issue that we created.
#[derive(Debug, Clone)]
pub struct CreatedIssue {
    pub position: i32,
    pub repository: RepositoryId,
    pub issue_id: IssueId,
    pub number: IssueNumber,
    pub url: String,
    /// What was asked and GitHub silently left out.
    pub dropped: Vec<String>,
    /// When a rollback meant to close it: if it is found closed, that was us.
    pub closing_at: Option<DateTime<Utc>>,
    /// When a rollback closed it.
    pub closed_at: Option<DateTime<Utc>>,
    /// What has become of it since, as its own events told.
    pub standing: Standing,
}

/// Stores the created issue, settles its item and tells of it, in one statement. Answers the run's new revision.
pub async fn insert(
    db: impl PgExecutor<'_>,
    run: RunKey<'_>,
    issue: &CreatedIssue,
    fingerprints: &[Vec<u8>],
    now: DateTime<Utc>,
) -> sqlx::Result<i64> {
    sqlx::query(
        "with settled as (
             update planned_issues set state = 'created'
             where run_id = $1 and installation_id = $3 and position = $2
         ), stored as (
             insert into created_issues
                 (run_id, position, installation_id, repository_id, issue_id, number, url, dropped, created_at, fingerprints, standing)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
             on conflict (run_id, position) do nothing
         )
         update runs set revision = revision + 1
         where id = $1 and installation_id = $3 returning revision",
    )
    .bind(run.id.as_str())
    .bind(issue.position)
    .bind(run.installation.0)
    .bind(issue.repository.0)
    .bind(issue.issue_id.0)
    .bind(issue.number.0)
    .bind(&issue.url)
    .bind(&issue.dropped)
    .bind(now)
    .bind(fingerprints)
    .bind(issue.standing.as_str())
    .fetch_one(db)
    .await?
    .try_get("revision")
}

/// What stands for one item of the run.
pub async fn get(
    db: impl PgExecutor<'_>,
    run: RunKey<'_>,
    position: i32,
) -> sqlx::Result<CreatedIssue> {
    sqlx::query(
        "select position, repository_id, issue_id, number, url, dropped, closing_at, closed_at, standing
         from created_issues where run_id = $1 and installation_id = $3 and position = $2",
    )
    .bind(run.id.as_str())
    .bind(position)
    .bind(run.installation.0)
    .try_map(from_row)
    .fetch_one(db)
    .await
}

/// What the run created, in the order of the plan.
pub async fn list(db: impl PgExecutor<'_>, run: RunKey<'_>) -> sqlx::Result<Vec<CreatedIssue>> {
    sqlx::query(
        "select position, repository_id, issue_id, number, url, dropped, closing_at, closed_at, standing
         from created_issues where run_id = $1 and installation_id = $2 order by position",
    )
    .bind(run.id.as_str())
    .bind(run.installation.0)
    .try_map(from_row)
    .fetch_all(db)
    .await
}

/// Keeps what became of an issue, unless something newer is known. Answers its run, if that was news.
pub async fn set_standing(
    db: &mut PgConnection,
    installation: InstallationId,
    repository: RepositoryId,
    issue: IssueId,
    standing: Standing,
    at: DateTime<Utc>,
) -> sqlx::Result<Option<RunId>> {
    let run: Option<String> = sqlx::query_scalar(
        "with issue as materialized (
             select run_id, position, standing from created_issues
             where installation_id = $1 and repository_id = $2 and issue_id = $3
               and standing not in ('deleted', 'moved') and ($6 or standing_at is null or standing_at <= $5)
             for update
         ), changed as (
             update created_issues set standing = $4, standing_at = $5 from issue
             where created_issues.run_id = issue.run_id and created_issues.position = issue.position
         )
         select run_id from issue where standing <> $4",
    )
    .bind(installation.0)
    .bind(repository.0)
    .bind(issue.0)
    .bind(standing.as_str())
    .bind(at)
    .bind(standing.is_gone())
    .fetch_optional(db)
    .await?;
    run.map(|id| RunId::parse(&id).ok_or_else(|| sqlx::Error::Decode("unreadable run id".into())))
        .transpose()
}

/// Whether the issue is not here and may be one whose creation is under way there.
pub async fn may_come(
    db: impl PgExecutor<'_>,
    installation: InstallationId,
    repository: RepositoryId,
    issue: IssueId,
) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "select not exists (select from created_issues
                            where installation_id = $1 and repository_id = $2 and issue_id = $3)
            and exists (select from planned_issues item
                        where item.installation_id = $1 and item.repository_id = $2 and item.state = 'intended'
                          and not exists (select from issue_edits e
                                          where e.installation_id = $1 and e.run_id = item.run_id
                                            and e.position = item.position))",
    )
    .bind(installation.0)
    .bind(repository.0)
    .bind(issue.0)
    .fetch_one(db)
    .await
}

/// Those of the repositories in which a run has created something.
pub async fn list_places(db: impl PgExecutor<'_>, among: &[i64]) -> sqlx::Result<Vec<i64>> {
    sqlx::query_scalar(
        "select id from repositories where id = any($1)
           and exists (select from created_issues created where created.repository_id = repositories.id)",
    )
    .bind(among)
    .fetch_all(db)
    .await
}

/// When one of a run's issues was made, and closed again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    pub position: i32,
    pub number: IssueNumber,
    pub created_at: DateTime<Utc>,
    /// When a rollback closed it.
    pub closed_at: Option<DateTime<Utc>>,
}

/// When the run's issues were made, oldest first.
pub async fn list_moments(db: impl PgExecutor<'_>, run: RunKey<'_>) -> sqlx::Result<Vec<Moment>> {
    sqlx::query(
        "select position, number, created_at, closed_at from created_issues
         where installation_id = $1 and run_id = $2 order by created_at, position",
    )
    .bind(run.installation.0)
    .bind(run.id.as_str())
    .try_map(|row: PgRow| {
        Ok(Moment {
            position: row.try_get("position")?,
            number: IssueNumber(row.try_get("number")?),
            created_at: row.try_get("created_at")?,
            closed_at: row.try_get("closed_at")?,
        })
    })
    .fetch_all(db)
    .await
}

/// Issues of other runs with one of these fingerprints that no rollback has closed: (all fingerprints, number).
pub async fn list_by_fingerprint(
    db: impl PgExecutor<'_>,
    repository: RepositoryId,
    fingerprints: &[Vec<u8>],
    except: &RunId,
) -> sqlx::Result<Vec<(Vec<Vec<u8>>, IssueNumber)>> {
    sqlx::query(
        "select fingerprints, number from created_issues
         where repository_id = $1 and fingerprints && $2 and closed_at is null and run_id <> $3",
    )
    .bind(repository.0)
    .bind(fingerprints)
    .bind(except.as_str())
    .try_map(|row: PgRow| {
        Ok((
            row.try_get("fingerprints")?,
            IssueNumber(row.try_get("number")?),
        ))
    })
    .fetch_all(db)
    .await
}

/// Which item of which run the issue was created for, if it is one of ours.
pub async fn find_owner(
    db: impl PgExecutor<'_>,
    installation: InstallationId,
    repository: RepositoryId,
    number: IssueNumber,
) -> sqlx::Result<Option<(RunId, i32)>> {
    let row = sqlx::query(
        "select run_id, position from created_issues
         where installation_id = $1 and repository_id = $2 and number = $3",
    )
    .bind(installation.0)
    .bind(repository.0)
    .bind(number.0)
    .fetch_optional(db)
    .await?;
    row.map(|row| {
        let id: String = row.try_get("run_id")?;
        let unreadable = || sqlx::Error::Decode("unreadable run_id in created_issues".into());
        Ok((
            RunId::parse(&id).ok_or_else(unreadable)?,
            row.try_get("position")?,
        ))
    })
    .transpose()
}

/// A rollback is about to close it.
pub async fn set_closing(
    db: impl PgExecutor<'_>,
    run: RunKey<'_>,
    position: i32,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query(
        "update created_issues set closing_at = $3
         where run_id = $1 and installation_id = $4 and position = $2",
    )
    .bind(run.id.as_str())
    .bind(position)
    .bind(now)
    .bind(run.installation.0)
    .execute(db)
    .await
    .map(drop)
}

/// A rollback has closed it.
pub async fn set_closed(
    db: impl PgExecutor<'_>,
    run: RunKey<'_>,
    position: i32,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query(
        "with settled as (
             update planned_issues set state = 'closed', note = null
             where run_id = $1 and installation_id = $4 and position = $2
         )
         update created_issues set closed_at = $3
         where run_id = $1 and installation_id = $4 and position = $2",
    )
    .bind(run.id.as_str())
    .bind(position)
    .bind(now)
    .bind(run.installation.0)
    .execute(db)
    .await
    .map(drop)
}

/// A rollback meant to close it, and left it.
pub async fn clear_closing(
    db: impl PgExecutor<'_>,
    run: RunKey<'_>,
    position: i32,
) -> sqlx::Result<()> {
    sqlx::query(
        "update created_issues set closing_at = null
         where run_id = $1 and installation_id = $3 and position = $2",
    )
    .bind(run.id.as_str())
    .bind(position)
    .bind(run.installation.0)
    .execute(db)
    .await
    .map(drop)
}

/// The issue of an earlier run that stands in the place of a skipped item. Like the search for it this goes by the
/// repository alone: the App may have been installed anew meanwhile.
pub async fn find_twin(
    db: impl PgExecutor<'_>,
    run: RunKey<'_>,
    position: i32,
) -> sqlx::Result<Option<CreatedIssue>> {
    sqlx::query(
        "select created.position, created.repository_id, created.issue_id, created.number, created.url, created.dropped,
                created.closing_at, created.closed_at, created.standing
         from created_issues created
         join planned_issues skipped on skipped.repository_id = created.repository_id
         where skipped.run_id = $1 and skipped.installation_id = $3 and skipped.position = $2 and skipped.state = 'skipped'
           and skipped.note = '#' || created.number",
    )
    .bind(run.id.as_str())
    .bind(position)
    .bind(run.installation.0)
    .try_map(from_row)
    .fetch_optional(db)
    .await
}

#[expect(clippy::needless_pass_by_value, reason = "the shape try_map asks for")]
fn from_row(row: PgRow) -> sqlx::Result<CreatedIssue> {
    Ok(CreatedIssue {
        position: row.try_get("position")?,
        repository: RepositoryId(row.try_get("repository_id")?),
        issue_id: IssueId(row.try_get("issue_id")?),
        number: IssueNumber(row.try_get("number")?),
        url: row.try_get("url")?,
        dropped: row.try_get("dropped")?,
        closing_at: row.try_get("closing_at")?,
        closed_at: row.try_get("closed_at")?,
        standing: Standing::parse(row.try_get("standing")?)
            .ok_or_else(|| sqlx::Error::Decode("unreadable standing in created_issues".into()))?,
    })
}
