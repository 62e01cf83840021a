//! Table `delivery_sweeps`: each look through the App's list of deliveries; and the lock that lets one replica look.

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::{Connection as _, PgConnection, PgExecutor, PgPool, Row};

/// Names the lock among the database's advisory locks.
const LOCK: i64 = 0x6f70_7377_6565_7000;

/// Held by whoever sweeps, on a connection of its own: it ends with the process, however that ends.
#[derive(Debug)]
pub struct SweepLock(PgConnection);

impl SweepLock {
    /// Gives it back at once; a connection that cannot say so any more is gone, and the lock with it.
    pub async fn release(mut self) {
        let unlocked = sqlx::query("select pg_advisory_unlock($1)")
            .bind(LOCK)
            .execute(&mut self.0)
            .await;
        if let Err(error) = unlocked {
            tracing::debug!(%error, "the sweeps' lock ends with its connection");
        }
        drop(self.0.close().await);
    }
}

/// Takes the lock; `None`: another replica sweeps at this moment.
pub async fn lock(pool: &PgPool) -> sqlx::Result<Option<SweepLock>> {
    let mut connection = pool.acquire().await?.detach();
    let taken: bool = sqlx::query_scalar("select pg_try_advisory_lock($1)")
        .bind(LOCK)
        .fetch_one(&mut connection)
        .await?;
    if taken {
        return Ok(Some(SweepLock(connection)));
    }
    connection.close().await?;
    Ok(None)
}

/// What earlier sweeps mean for the next one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Before {
    /// When the newest sweep that came to its end began.
    pub complete_since: Option<DateTime<Utc>>,
    /// GitHub asked to wait until then.
    pub not_before: Option<DateTime<Utc>>,
    /// The newest attempt known that got through, by GitHub's clock.
    pub reached_at: Option<DateTime<Utc>>,
    /// When the installations were last compared.
    pub reconciled_at: Option<DateTime<Utc>>,
}

/// What earlier sweeps mean for the next one.
pub async fn before(db: impl PgExecutor<'_>) -> sqlx::Result<Before> {
    sqlx::query(
        "select max(started_at) filter (where finished_at is not null) as complete_since,
                max(not_before) as not_before, max(reached_at) as reached_at, max(reconciled_at) as reconciled_at
         from delivery_sweeps",
    )
    .try_map(|row: PgRow| {
        Ok(Before {
            complete_since: row.try_get("complete_since")?,
            not_before: row.try_get("not_before")?,
            reached_at: row.try_get("reached_at")?,
            reconciled_at: row.try_get("reconciled_at")?,
        })
    })
    .fetch_one(db)
    .await
}

/// What a sweep did, as it is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Pages of the list that were read.
    pub pages: usize,
    /// Attempts in them.
    pub seen: usize,
    /// GUIDs whose newest attempt failed, done here or not.
    pub failed: usize,
    /// Redeliveries that were asked for.
    pub redelivered: usize,
    /// The newest attempt known that got through, by GitHub's clock.
    pub reached_at: Option<DateTime<Utc>>,
    /// When the installations were compared, if they were.
    pub reconciled_at: Option<DateTime<Utc>>,
}

/// Stores that a sweep has begun, and gives its id.
pub async fn insert(
    db: impl PgExecutor<'_>,
    now: DateTime<Utc>,
    floor: DateTime<Utc>,
) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "insert into delivery_sweeps (started_at, floor_at) values ($1, $2) returning id",
    )
    .bind(now)
    .bind(floor)
    .fetch_one(db)
    .await
}

/// How a sweep ended.
#[derive(Debug, Clone, Copy)]
pub enum End<'a> {
    Complete,
    /// It was cut off, for this reason; perhaps GitHub asked to wait.
    CutOff {
        error: &'a str,
        not_before: Option<DateTime<Utc>>,
    },
}

/// Stores what the sweep did and how it ended.
pub async fn finish(
    db: impl PgExecutor<'_>,
    id: i64,
    tally: &Tally,
    end: End<'_>,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    let (finished_at, error, not_before) = match end {
        End::Complete => (Some(now), None, None),
        End::CutOff { error, not_before } => (None, Some(error), not_before),
    };
    let count = |n: usize| i32::try_from(n).unwrap_or(i32::MAX);
    sqlx::query(
        "update delivery_sweeps set pages = $2, seen = $3, failed = $4, redelivered = $5, reached_at = $6,
                reconciled_at = $7, finished_at = $8, error = $9, not_before = $10
         where id = $1",
    )
    .bind(id)
    .bind(count(tally.pages))
    .bind(count(tally.seen))
    .bind(count(tally.failed))
    .bind(count(tally.redelivered))
    .bind(tally.reached_at)
    .bind(tally.reconciled_at)
    .bind(finished_at)
    .bind(error)
    .bind(not_before)
    .execute(db)
    .await
    .map(drop)
}

/// How sweeping goes, for people and metrics.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// When the newest sweep that came to its end did so.
    pub swept_at: Option<DateTime<Utc>>,
    /// Why the newest sweep was cut off; `None` if it was not.
    pub error: Option<String>,
    /// What got here after all since the moment asked about.
    pub recovered: i64,
    /// What is asked for again, sooner or later.
    pub waiting: i64,
    /// What is not asked for any more, among what GitHub still lists.
    pub given_up: i64,
}

/// How sweeping goes; what was recovered or given up counts since these moments.
pub async fn standing(
    db: impl PgExecutor<'_>,
    recovered_since: DateTime<Utc>,
    given_up_since: DateTime<Utc>,
) -> sqlx::Result<Standing> {
    sqlx::query(
        "select (select max(finished_at) from delivery_sweeps) as swept_at,
                (select error from delivery_sweeps where finished_at is not null or error is not null
                 order by started_at desc, id desc limit 1) as error,
                count(*) filter (where state = 'recovered' and settled_at >= $1) as recovered,
                count(*) filter (where state = 'waiting') as waiting,
                count(*) filter (where state = 'given_up' and settled_at >= $2) as given_up
         from redeliveries",
    )
    .bind(recovered_since)
    .bind(given_up_since)
    .try_map(|row: PgRow| {
        Ok(Standing {
            swept_at: row.try_get("swept_at")?,
            error: row.try_get("error")?,
            recovered: row.try_get("recovered")?,
            waiting: row.try_get("waiting")?,
            given_up: row.try_get("given_up")?,
        })
    })
    .fetch_one(db)
    .await
}

/// Forgets sweeps of before `cutoff`, but for the newest that came to its end.
pub async fn delete_before(db: impl PgExecutor<'_>, cutoff: DateTime<Utc>) -> sqlx::Result<u64> {
    sqlx::query(
        "delete from delivery_sweeps where started_at < $1
         and id is distinct from (select id from delivery_sweeps where finished_at is not null
                                  order by started_at desc limit 1)",
    )
    .bind(cutoff)
    .execute(db)
    .await
    .map(|done| done.rows_affected())
}
