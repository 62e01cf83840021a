//! Table `bot_comments`: one comment for each cause, intent stored before it is sent, so that none is doubled.

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::{PgExecutor, Row};

use crate::domain::ids::{CommentId, InstallationId, IssueNumber, RepositoryId};

/// What is known of our comment for a cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// A request may have been on its way since then; look before sending again.
    Intended {
        since: DateTime<Utc>,
        /// How often it was looked for and not found.
        looks: i32,
    },
    /// It stands on GitHub.
    Posted(CommentId),
}

/// Where a comment of ours belongs.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    pub installation: InstallationId,
    pub repository: RepositoryId,
    pub issue: IssueNumber,
    /// `run:ID` for a run's own comment, `run:ID:2` for its second part, else the comment or issue that is answered.
    pub cause: &'a str,
}

/// What is known of the comment for a cause; `None`: nothing was sent.
pub async fn find(db: impl PgExecutor<'_>, place: &Place<'_>) -> sqlx::Result<Option<Known>> {
    let row = sqlx::query(
        "select comment_id, intended_at, looks from bot_comments where repository_id = $1 and cause = $2",
    )
    .bind(place.repository.0)
    .bind(place.cause)
    .fetch_optional(db)
    .await?;
    let Some(row) = row else {
        return Ok(None);
    };
    let comment: Option<i64> = row.try_get("comment_id")?;
    Ok(Some(match comment {
        Some(id) => Known::Posted(CommentId(id)),
        None => Known::Intended {
            since: row.try_get("intended_at")?,
            looks: row.try_get("looks")?,
        },
    }))
}

/// Stores the intent to comment; false if somebody has stored one meanwhile.
pub async fn intend(
    db: impl PgExecutor<'_>,
    place: &Place<'_>,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "insert into bot_comments (cause, installation_id, repository_id, issue_number, intended_at)
         values ($1, $2, $3, $4, $5) on conflict (repository_id, cause) do nothing",
    )
    .bind(place.cause)
    .bind(place.installation.0)
    .bind(place.repository.0)
    .bind(place.issue.0)
    .bind(now)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Stores the intent anew after what was sent at `since` was never seen; false if somebody else has done so.
pub async fn intend_again(
    db: impl PgExecutor<'_>,
    place: &Place<'_>,
    since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "update bot_comments set intended_at = $4, looks = 0
         where repository_id = $1 and cause = $2 and comment_id is null and intended_at = $3",
    )
    .bind(place.repository.0)
    .bind(place.cause)
    .bind(since)
    .bind(now)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Counts one look on GitHub that did not find the comment.
pub async fn count_look(db: impl PgExecutor<'_>, place: &Place<'_>) -> sqlx::Result<()> {
    sqlx::query("update bot_comments set looks = looks + 1 where repository_id = $1 and cause = $2")
        .bind(place.repository.0)
        .bind(place.cause)
        .execute(db)
        .await
        .map(drop)
}

/// No comment stands for the cause and none is on its way: it was deleted, or GitHub refused it.
pub async fn forget(db: impl PgExecutor<'_>, place: &Place<'_>) -> sqlx::Result<()> {
    sqlx::query("delete from bot_comments where repository_id = $1 and cause = $2")
        .bind(place.repository.0)
        .bind(place.cause)
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

/// Our comments that stand for some of these causes.
pub async fn list_posted(
    db: impl PgExecutor<'_>,
    repository: RepositoryId,
    causes: &[String],
) -> sqlx::Result<Vec<(String, CommentId)>> {
    sqlx::query(
        "select cause, comment_id from bot_comments
         where repository_id = $1 and cause = any($2) and comment_id is not null",
    )
    .bind(repository.0)
    .bind(causes)
    .try_map(|row: PgRow| {
        let comment: i64 = row.try_get("comment_id")?;
        Ok((row.try_get("cause")?, CommentId(comment)))
    })
    .fetch_all(db)
    .await
}

/// Whether the comment says this already; `text` is a hash.
pub async fn shows(db: impl PgExecutor<'_>, place: &Place<'_>, text: &[u8]) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "select exists (select from bot_comments where repository_id = $1 and cause = $2 and shown = $3)",
    )
    .bind(place.repository.0)
    .bind(place.cause)
    .bind(text)
    .fetch_one(db)
    .await
}

/// Remembers by its hash what the comment says now.
pub async fn set_shown(
    db: impl PgExecutor<'_>,
    place: &Place<'_>,
    text: &[u8],
) -> sqlx::Result<()> {
    sqlx::query("update bot_comments set shown = $3 where repository_id = $1 and cause = $2")
        .bind(place.repository.0)
        .bind(place.cause)
        .bind(text)
        .execute(db)
        .await
        .map(drop)
}

/// Somebody has edited the comment: what it says is not what was sent.
pub async fn forget_shown(
    db: impl PgExecutor<'_>,
    repository: RepositoryId,
    comment: CommentId,
) -> sqlx::Result<()> {
    sqlx::query("update bot_comments set shown = null where repository_id = $1 and comment_id = $2")
        .bind(repository.0)
        .bind(comment.0)
        .execute(db)
        .await
        .map(drop)
}

/// The cause behind a comment of ours: `run:ID` for a run's own, `run:ID:2` for its second part.
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
