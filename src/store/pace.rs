//! When an installation may write to GitHub next: columns of `installations`, table `content_requests`, function `take_write`.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{PgExecutor, Row};

use crate::domain::ids::InstallationId;

/// What a write asks of the limits.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    /// The least time until the next write.
    pub spacing: TimeDelta,
    /// Content-creating requests a minute and an hour; `None`: this one is not counted.
    pub content: Option<(i32, i32)>,
    /// Somebody waits for it: runs leave it the next place.
    pub for_people: bool,
}

/// Takes the installation's next place to write. `Err(when)` inside: it is too early; come back then. Without a `now` it is the
/// database's, which all replicas share.
pub async fn take(
    db: impl PgExecutor<'_>,
    id: InstallationId,
    asked: &Asked,
    now: Option<DateTime<Utc>>,
) -> sqlx::Result<Result<(), DateTime<Utc>>> {
    let (per_minute, per_hour) = asked.content.unwrap_or_default();
    let later: Option<DateTime<Utc>> =
        sqlx::query_scalar("select take_write($1, $2, $3, $4, $5, $6, $7)")
            .bind(id.0)
            .bind(now)
            .bind(asked.spacing)
            .bind(asked.content.is_some())
            .bind(per_minute)
            .bind(per_hour)
            .bind(asked.for_people)
            .fetch_one(db)
            .await?;
    Ok(later.map_or(Ok(()), Err))
}

/// Nobody may write for the installation before this moment: GitHub has asked to wait.
pub async fn postpone(
    db: impl PgExecutor<'_>,
    id: InstallationId,
    until: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query(
        "update installations set next_write_at = greatest(next_write_at, $2) where id = $1",
    )
    .bind(id.0)
    .bind(until)
    .execute(db)
    .await
    .map(drop)
}

/// GitHub found us too fast: the pace is halved for an hour, and nobody writes before `until`; without one, for a minute,
/// and twice as long with each refusal. Refusals within `together` of the first are one. Answers until when.
pub async fn slow_down(
    db: impl PgExecutor<'_>,
    id: InstallationId,
    until: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
    together: TimeDelta,
) -> sqlx::Result<DateTime<Utc>> {
    sqlx::query(
        "with here as (
             select case when refused_at > $3 - interval '1 hour' then slowness else 0 end as slow,
                    coalesce(refused_at > $3 - $4, false) as same
             from installations where id = $1 for no key update
         )
         update installations
         set slowness = case when same then slow else least(slow + 1, 5) end,
             refused_at = case when same then refused_at else $3 end,
             next_write_at = greatest(next_write_at, coalesce($2, $3 + interval '1 minute' * (1 << slow)))
         from here where id = $1 returning next_write_at",
    )
    .bind(id.0)
    .bind(until)
    .bind(now)
    .bind(together)
    .fetch_one(db)
    .await?
    .try_get("next_write_at")
}

/// How an installation stands against the limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Content-creating requests of the last hour.
    pub content_in_hour: i64,
    /// How often the pace is halved at this moment.
    pub slowness: i32,
}

/// Where the installation stands now.
pub async fn usage(
    db: impl PgExecutor<'_>,
    id: InstallationId,
    now: DateTime<Utc>,
) -> sqlx::Result<Usage> {
    let row = sqlx::query(
        "select (select count(*) from content_requests where installation_id = $1 and at > $2 - interval '1 hour') as content,
                case when refused_at > $2 - interval '1 hour' then slowness else 0 end as slowness
         from installations where id = $1",
    )
    .bind(id.0)
    .bind(now)
    .fetch_one(db)
    .await?;
    Ok(Usage {
        content_in_hour: row.try_get("content")?,
        slowness: row.try_get("slowness")?,
    })
}
