//! Table `bot_comments`: one comment for each cause, intent stored before it is sent, so that none is doubled.

use chrono::{DateTime, Utc};
use sqlx::{PgExecutor, Row};

use crate::domain::ids::{CommentId, InstallationId, IssueNumber, RepositoryId};

/// What is known of our comment for a cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// Nothing was sent before; the intent is stored now.
    New,
    /// A request may have been on its way since then; look before sending again.
    Intended(DateTime<Utc>),
    /// It stands on GitHub.
    Posted(CommentId),
}

/// Where a comment of ours belongs.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    pub installation: InstallationId,
    pub repository: RepositoryId,
    pub issue: IssueNumber,
    /// `run:ID` for a run's own comment, else the comment or issue that is answered.
    pub cause: &'a str,
}

/// Stores the intent to comment, or says what is known already.
pub async fn intend(
    db: impl PgExecutor<'_>,
    place: &Place<'_>,
    now: DateTime<Utc>,
) -> sqlx::Result<Known> {
    let row = sqlx::query(
        "insert into bot_comments (cause, installation_id, repository_id, issue_number, intended_at)
         values ($1, $2, $3, $4, $5)
         on conflict (repository_id, cause) do update set cause = excluded.cause
         returning comment_id, intended_at, (xmax = 0) as fresh",
    )
    .bind(place.cause)
    .bind(place.installation.0)
    .bind(place.repository.0)
    .bind(place.issue.0)
    .bind(now)
    .fetch_one(db)
    .await?;
    let comment: Option<i64> = row.try_get("comment_id")?;
    Ok(match comment {
        Some(id) => Known::Posted(CommentId(id)),
        None if row.try_get("fresh")? => Known::New,
        None => Known::Intended(row.try_get("intended_at")?),
    })
}

/// Stores the intent anew: what stood was deleted, or what was sent was never seen.
pub async fn intend_again(
    db: impl PgExecutor<'_>,
    place: &Place<'_>,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query(
        "update bot_comments set comment_id = null, intended_at = $3 where repository_id = $1 and cause = $2",
    )
    .bind(place.repository.0)
    .bind(place.cause)
    .bind(now)
    .execute(db)
    .await
    .map(drop)
}

/// Takes an intent back: the request surely had no effect. Nothing happens where it was stored anew meanwhile.
pub async fn withdraw(
    db: impl PgExecutor<'_>,
    place: &Place<'_>,
    intended_at: DateTime<Utc>,
) -> sqlx::Result<()> {
    // PostgreSQL keeps microseconds.
    sqlx::query(
        "delete from bot_comments where repository_id = $1 and cause = $2 and comment_id is null
           and abs(extract(epoch from intended_at - $3)) < 0.000002",
    )
    .bind(place.repository.0)
    .bind(place.cause)
    .bind(intended_at)
    .execute(db)
    .await
    .map(drop)
}

/// Remembers that the comment stands.
pub async fn set_posted(
    db: impl PgExecutor<'_>,
    place: &Place<'_>,
    comment: CommentId,
) -> sqlx::Result<()> {
    sqlx::query("update bot_comments set comment_id = $3 where repository_id = $1 and cause = $2")
        .bind(place.repository.0)
        .bind(place.cause)
        .bind(comment.0)
        .execute(db)
        .await
        .map(drop)
}

/// Our comment for a cause, if it stands.
pub async fn find_posted(
    db: impl PgExecutor<'_>,
    repository: RepositoryId,
    cause: &str,
) -> sqlx::Result<Option<CommentId>> {
    let row =
        sqlx::query("select comment_id from bot_comments where repository_id = $1 and cause = $2")
            .bind(repository.0)
            .bind(cause)
            .fetch_optional(db)
            .await?;
    let id: Option<Option<i64>> = row.map(|r| r.try_get("comment_id")).transpose()?;
    Ok(id.flatten().map(CommentId))
}

/// The cause behind a comment of ours: `run:ID` for a run's own.
pub async fn find_cause(
    db: impl PgExecutor<'_>,
    repository: RepositoryId,
    comment: CommentId,
) -> sqlx::Result<Option<String>> {
    let row =
        sqlx::query("select cause from bot_comments where repository_id = $1 and comment_id = $2")
            .bind(repository.0)
            .bind(comment.0)
            .fetch_optional(db)
            .await?;
    row.map(|r| r.try_get("cause")).transpose()
}
