//! Table `redeliveries`: what GitHub could not hand over and is asked for again, each a bounded number of times.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::postgres::PgRow;
use sqlx::{PgExecutor, PgPool, Row};

/// A GUID whose newest attempt failed, as GitHub's list tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    pub guid: String,
    pub installation: Option<i64>,
    pub repository: Option<i64>,
    pub event: String,
    pub action: Option<String>,
    /// The newest attempt.
    pub delivery: i64,
    /// The first attempt in the list.
    pub failed_at: DateTime<Utc>,
    /// The newest attempt.
    pub attempted_at: DateTime<Utc>,
    /// Whether the newest attempt was a redelivery.
    pub again: bool,
    /// What GitHub said of the newest attempt.
    pub status: String,
}

/// Stores what failed and is neither done here nor waiting for its job. What is known already gets its newest attempt.
pub async fn insert_failed(
    pool: &PgPool,
    failed: &[Failed],
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    fn column<'f, T>(failed: &'f [Failed], of: impl Fn(&'f Failed) -> T) -> Vec<T> {
        failed.iter().map(of).collect()
    }
    sqlx::query(
        "insert into redeliveries as r (guid, installation_id, event, action, delivery_id, failed_at, attempted_at,
                                        refused_at, status, state, next_at)
         select f.guid, f.installation, f.event, f.action, f.delivery, f.failed_at, f.attempted_at,
                case when f.again then f.attempted_at end, f.status, 'waiting', $10
         from unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::timestamptz[],
                     $7::timestamptz[], $8::bool[], $9::text[])
              as f (guid, installation, event, action, delivery, failed_at, attempted_at, again, status)
         where not exists (select from deliveries d where d.guid = f.guid and d.state <> 'failed')
         on conflict (guid) do update set
             delivery_id = excluded.delivery_id, attempted_at = excluded.attempted_at,
             refused_at = coalesce(excluded.refused_at, r.refused_at), status = excluded.status,
             state = case r.state when 'recovered' then 'waiting' else r.state end,
             settled_at = case r.state when 'recovered' then null else r.settled_at end
         where excluded.delivery_id > r.delivery_id",
    )
    .bind(column(failed, |f| f.guid.as_str()))
    .bind(column(failed, |f| f.installation))
    .bind(column(failed, |f| f.event.as_str()))
    .bind(column(failed, |f| f.action.as_deref()))
    .bind(column(failed, |f| f.delivery))
    .bind(column(failed, |f| f.failed_at))
    .bind(column(failed, |f| f.attempted_at))
    .bind(column(failed, |f| f.again))
    .bind(column(failed, |f| f.status.as_str()))
    .bind(now)
    .execute(pool)
    .await
    .map(drop)
}

/// Settles what GitHub has handed over meanwhile (`delivered`), or what is here by now whatever GitHub thinks.
/// Answers how many that were.
pub async fn settle(pool: &PgPool, delivered: &[&str], now: DateTime<Utc>) -> sqlx::Result<u64> {
    sqlx::query(
        "update redeliveries r set state = 'recovered', settled_at = $2
         where (state <> 'recovered' and guid = any($1))
            or (state = 'waiting'
                and exists (select from deliveries d where d.guid = r.guid and d.state <> 'failed'))",
    )
    .bind(delivered)
    .bind(now)
    .execute(pool)
    .await
    .map(|done| done.rows_affected())
}

/// Gives up what was asked for `most` times and did not come, and what GitHub has forgotten since `forgotten`. Answers
/// how many that were.
pub async fn give_up(
    pool: &PgPool,
    most: i32,
    forgotten: DateTime<Utc>,
    now: DateTime<Utc>,
) -> sqlx::Result<u64> {
    sqlx::query(
        "update redeliveries set state = 'given_up', settled_at = $3
         where state = 'waiting' and ((times >= $1 and next_at <= $3) or attempted_at < $2)",
    )
    .bind(most)
    .bind(forgotten)
    .bind(now)
    .execute(pool)
    .await
    .map(|done| done.rows_affected())
}

/// GitHub will not send this one again.
pub async fn give_up_one(
    db: impl PgExecutor<'_>,
    guid: &str,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query("update redeliveries set state = 'given_up', settled_at = $2 where guid = $1")
        .bind(guid)
        .bind(now)
        .execute(db)
        .await
        .map(drop)
}

/// Whether redeliveries failed and nothing has got through since: then nobody is at the door.
pub async fn is_shut(
    db: impl PgExecutor<'_>,
    reached_at: Option<DateTime<Utc>>,
) -> sqlx::Result<bool> {
    sqlx::query_scalar(
        "select exists (select from redeliveries
                        where state = 'waiting' and refused_at > coalesce($1, '-infinity'::timestamptz))",
    )
    .bind(reached_at)
    .fetch_one(db)
    .await
}

/// When one that was asked for comes up again.
#[derive(Debug, Clone, Copy)]
pub struct Due {
    pub now: DateTime<Utc>,
    /// How often each is asked for.
    pub most: i32,
    /// The newest attempt known that got through: what was refused before it need not wait its pause out …
    pub reached_at: Option<DateTime<Utc>>,
    /// … but this long.
    pub least_pause: TimeDelta,
}

/// One that is to be asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    pub guid: String,
    pub delivery: i64,
    /// This time included.
    pub times: i32,
}

/// Takes the oldest that is due and counts it as asked for, until its pause is over; `None`: nothing is due. No two
/// callers are given the same one.
pub async fn claim(
    pool: &PgPool,
    due: Due,
    pause: impl Fn(i32) -> TimeDelta,
) -> sqlx::Result<Option<Asked>> {
    let mut tx = super::begin(pool).await?;
    let found = sqlx::query(
        "select guid, delivery_id, times from redeliveries r
         where state = 'waiting' and times < $2
           and (next_at <= $1 or (refused_at < $3 and asked_at <= $1 - $4))
           and not exists (select from deliveries d where d.guid = r.guid and d.state <> 'failed')
         order by failed_at, delivery_id limit 1 for update skip locked",
    )
    .bind(due.now)
    .bind(due.most)
    .bind(due.reached_at)
    .bind(due.least_pause)
    .try_map(|row: PgRow| {
        Ok(Asked {
            guid: row.try_get("guid")?,
            delivery: row.try_get("delivery_id")?,
            times: row.try_get::<i32, _>("times")? + 1,
        })
    })
    .fetch_optional(&mut *tx)
    .await?;
    let Some(asked) = found else {
        return Ok(None);
    };
    sqlx::query("update redeliveries set times = $2, asked_at = $3, next_at = $4 where guid = $1")
        .bind(&asked.guid)
        .bind(asked.times)
        .bind(due.now)
        .bind(due.now + pause(asked.times))
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(Some(asked))
}

/// The request surely had no effect: it does not count, and the next sweep asks again.
pub async fn unclaim(
    db: impl PgExecutor<'_>,
    asked: &Asked,
    now: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query("update redeliveries set times = times - 1, next_at = $2 where guid = $1")
        .bind(&asked.guid)
        .bind(now)
        .execute(db)
        .await
        .map(drop)
}

/// Forgets what was settled before `cutoff`.
pub async fn delete_settled_before(
    db: impl PgExecutor<'_>,
    cutoff: DateTime<Utc>,
) -> sqlx::Result<u64> {
    sqlx::query("delete from redeliveries where state <> 'waiting' and settled_at < $1")
        .bind(cutoff)
        .execute(db)
        .await
        .map(|done| done.rows_affected())
}
