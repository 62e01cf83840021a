//! `deliveries`: webhook deliveries as they were signed, and how far their jobs are. [`super::ingest`] writes them.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgConnection, PgPool};

use crate::domain::ids::{InstallationId, RepositoryId};

/// GitHub sends no more, and no more is ever unpacked.
pub const MAX_BODY_BYTES: usize = 25 * 1024 * 1024;

/// How far a delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum DeliveryState {
    /// Its job is waiting, running or being retried.
    Stored,
    Done,
    /// Its job gave up; a redelivery starts again.
    Failed,
}

/// One delivery with its payload.
#[derive(Debug, Clone)]
pub struct Delivery {
    pub guid: String,
    pub event: String,
    pub action: Option<String>,
    pub installation: Option<InstallationId>,
    pub repository: Option<RepositoryId>,
    pub received_at: DateTime<Utc>,
    /// The payload as it was signed.
    pub body: Vec<u8>,
    pub state: DeliveryState,
    /// How often a job began on it, this time included once [`begin`] was called.
    pub attempts: i32,
    pub redeliveries: i32,
}

/// Why a delivery cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    #[error("there is no delivery {0}")]
    Absent(String),
    /// The row is not what was written.
    #[error("the body of delivery {guid} cannot be unpacked: {why}")]
    Damaged { guid: String, why: String },
    #[error("database: {0}")]
    Query(#[from] sqlx::Error),
}

#[derive(FromRow)]
struct Row {
    guid: String,
    event: String,
    action: Option<String>,
    installation_id: Option<i64>,
    repository_id: Option<i64>,
    received_at: DateTime<Utc>,
    body: Vec<u8>,
    body_bytes: i32,
    state: DeliveryState,
    attempts: i32,
    redeliveries: i32,
}

/// The delivery with its payload unpacked.
pub async fn get(pool: &PgPool, guid: &str) -> Result<Delivery, DeliveryError> {
    sqlx::query_as::<_, Row>(
        "SELECT guid, event, action, installation_id, repository_id, received_at, body, body_bytes, state, attempts,
                redeliveries
         FROM deliveries WHERE guid = $1",
    )
    .bind(guid)
    .fetch_optional(pool)
    .await?
    .ok_or_else(|| DeliveryError::Absent(guid.to_owned()))?
    .unpacked()
}

/// Counts an attempt and gives the delivery to work on; `None` if it is done already, so that there is nothing to do.
pub async fn begin(pool: &PgPool, guid: &str) -> Result<Option<Delivery>, DeliveryError> {
    let row = sqlx::query_as::<_, Row>(
        "UPDATE deliveries SET attempts = attempts + 1 WHERE guid = $1 AND state <> 'done'
         RETURNING guid, event, action, installation_id, repository_id, received_at, body, body_bytes, state, attempts,
                   redeliveries",
    )
    .bind(guid)
    .fetch_optional(pool)
    .await?;
    match row {
        Some(row) => row.unpacked().map(Some),
        None if exists(pool, guid).await? => Ok(None),
        None => Err(DeliveryError::Absent(guid.to_owned())),
    }
}

/// All that the delivery asked for is done or is on its way as other jobs: call it in the transaction that stores those.
pub async fn mark_done(connection: &mut PgConnection, guid: &str) -> Result<(), DeliveryError> {
    finish(connection, guid, DeliveryState::Done, None).await
}

/// Nobody tries again by themselves; `error` is for operators and holds no secret.
pub async fn mark_failed(
    connection: &mut PgConnection,
    guid: &str,
    error: &str,
) -> Result<(), DeliveryError> {
    finish(connection, guid, DeliveryState::Failed, Some(error)).await
}

async fn finish(
    connection: &mut PgConnection,
    guid: &str,
    state: DeliveryState,
    error: Option<&str>,
) -> Result<(), DeliveryError> {
    let changed = sqlx::query(
        "UPDATE deliveries SET state = $2, error = $3, finished_at = now() WHERE guid = $1",
    )
    .bind(guid)
    .bind(state)
    .bind(error)
    .execute(connection)
    .await?;
    if changed.rows_affected() == 0 {
        return Err(DeliveryError::Absent(guid.to_owned()));
    }
    Ok(())
}

/// Takes up again what gave up after all its attempts between these moments, oldest first: its guids.
pub async fn take_up_failed(
    connection: &mut PgConnection,
    received_after: DateTime<Utc>,
    failed_before: DateTime<Utc>,
    attempts: i32,
    limit: i64,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "WITH again AS (
             UPDATE deliveries SET state = 'stored', error = NULL, finished_at = NULL WHERE guid IN (
                 SELECT guid FROM deliveries
                 WHERE state = 'failed' AND received_at > $1 AND finished_at < $2 AND attempts >= $3
                 ORDER BY received_at LIMIT $4)
             RETURNING guid, received_at
         )
         SELECT guid FROM again ORDER BY received_at",
    )
    .bind(received_after)
    .bind(failed_before)
    .bind(attempts)
    .bind(limit)
    .fetch_all(connection)
    .await
}

/// Those of an installation whose jobs are not through, in the order of arrival.
pub async fn list_waiting(
    connection: &mut PgConnection,
    installation: InstallationId,
) -> Result<Vec<String>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT guid FROM deliveries WHERE state = 'stored' AND installation_id = $1 ORDER BY received_at",
    )
    .bind(installation.0)
    .fetch_all(connection)
    .await
}

/// How many are not done: waiting, running or given up.
pub async fn count_unfinished(pool: &PgPool) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("SELECT count(*) FROM deliveries WHERE state <> 'done'")
        .fetch_one(pool)
        .await
}

/// Forgets what is done and came in before `cutoff`, at most `limit` rows at a time. Answers how many went.
pub async fn delete_finished_before(
    pool: &PgPool,
    cutoff: DateTime<Utc>,
    limit: i64,
) -> Result<u64, sqlx::Error> {
    let deleted = sqlx::query(
        "DELETE FROM deliveries WHERE guid IN
            (SELECT guid FROM deliveries WHERE received_at < $1 AND state = 'done' LIMIT $2)",
    )
    .bind(cutoff)
    .bind(limit)
    .execute(pool)
    .await?;
    Ok(deleted.rows_affected())
}

async fn exists(pool: &PgPool, guid: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT EXISTS (SELECT FROM deliveries WHERE guid = $1)")
        .bind(guid)
        .fetch_one(pool)
        .await
}

impl Row {
    fn unpacked(self) -> Result<Delivery, DeliveryError> {
        let body = unpack(&self.body, self.body_bytes).map_err(|why| DeliveryError::Damaged {
            guid: self.guid.clone(),
            why,
        })?;
        Ok(Delivery {
            guid: self.guid,
            event: self.event,
            action: self.action,
            installation: self.installation_id.map(InstallationId),
            repository: self.repository_id.map(RepositoryId),
            received_at: self.received_at,
            body,
            state: self.state,
            attempts: self.attempts,
            redeliveries: self.redeliveries,
        })
    }
}

/// A payload as the table holds it.
#[derive(Debug, Clone)]
pub struct PackedBody {
    /// One LZ4 block.
    pub(super) packed: Vec<u8>,
    /// The size before packing, at most [`MAX_BODY_BYTES`].
    pub(super) bytes: i32,
}

impl PackedBody {
    /// Packs a payload: 10 µs for 13 KB, 20 ms for 25 MB, so large ones off the reactor. `None`: over the limit.
    pub fn pack(body: &[u8]) -> Option<Self> {
        if body.len() > MAX_BODY_BYTES {
            return None;
        }
        let bytes = i32::try_from(body.len()).ok()?;
        Some(Self {
            packed: lz4_flex::block::compress(body),
            bytes,
        })
    }

    /// What it takes while it waits.
    pub fn len(&self) -> usize {
        self.packed.len()
    }

    /// Never: an empty payload packs to one byte.
    pub fn is_empty(&self) -> bool {
        self.packed.is_empty()
    }
}

/// The payload again; a row that lies about its size costs no more than [`MAX_BODY_BYTES`].
fn unpack(packed: &[u8], bytes: i32) -> Result<Vec<u8>, String> {
    let bytes = usize::try_from(bytes)
        .ok()
        .filter(|bytes| *bytes <= MAX_BODY_BYTES);
    let bytes = bytes.ok_or("its size is beyond the limit")?;
    let body = lz4_flex::block::decompress(packed, bytes).map_err(|error| error.to_string())?;
    if body.len() != bytes {
        return Err(format!("{} bytes where {bytes} were stored", body.len()));
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_packed_comes_back() {
        for body in [Vec::new(), b"{}".to_vec(), b"{\"a\":1}".repeat(5_000)] {
            let packed = PackedBody::pack(&body).unwrap();
            assert_eq!(unpack(&packed.packed, packed.bytes).unwrap(), body);
        }
    }

    #[test]
    fn a_row_that_lies_about_its_size_is_refused() {
        let packed = PackedBody::pack(&b"x".repeat(1_000)).unwrap().packed;
        for bytes in [999, 1_001, -1, i32::MAX] {
            assert!(unpack(&packed, bytes).is_err(), "{bytes}");
        }
        assert!(unpack(b"garbage", 100).is_err());
    }

    #[test]
    fn a_body_over_the_limit_is_not_packed() {
        assert!(PackedBody::pack(&vec![b' '; MAX_BODY_BYTES + 1]).is_none());
    }
}

/// How deliveries stand, for the operator.
#[derive(Debug, Clone, Default, PartialEq, FromRow)]
pub struct Intake {
    /// When the newest came in that concerned us.
    pub last_at: Option<DateTime<Utc>>,
    /// Their jobs are waiting, running or being retried.
    pub unfinished: i64,
    /// When the oldest of those came in.
    pub oldest_at: Option<DateTime<Utc>>,
    /// Their jobs gave up.
    pub failed: i64,
}

/// How deliveries stand.
pub async fn intake(pool: &PgPool) -> sqlx::Result<Intake> {
    sqlx::query_as(
        "SELECT (SELECT max(received_at) FROM deliveries) AS last_at,
                count(*) FILTER (WHERE state = 'stored') AS unfinished,
                min(received_at) FILTER (WHERE state = 'stored') AS oldest_at,
                count(*) FILTER (WHERE state = 'failed') AS failed
         FROM deliveries WHERE state <> 'done'",
    )
    .fetch_one(pool)
    .await
}
