//! The queue, behind one small module: what jobs there are, how one is put in, what waits.
//!
//! Invariant: a job's payload holds ids only (the library logs payloads), and a job is put in by the transaction
//! that stores its cause.

use std::time::Duration;

use chrono::{DateTime, Utc};
use graphile_worker::WorkerUtils;
use serde::{Deserialize, Serialize};
use sqlx::{FromRow, PgConnection, PgExecutor, PgPool};

use crate::domain::ids::{InstallationId, RunId};

/// Where the library keeps its tables.
pub const SCHEMA: &str = "graphile_worker";

/// Reads a stored delivery and starts what it asks for. Beside every queue, so that `status` and `cancel` never wait
/// behind a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandleDelivery {
    pub guid: String,
}

/// Makes the plan of a run. May wait for a model, so it holds up no queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanRun {
    pub run: RunId,
    /// Whose run it is; jobs of version 0.1 did not say.
    #[serde(default)]
    pub installation: Option<InstallationId>,
}

/// Takes a run one small step on. Steps of one installation are done one after another: one writer per installation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdvanceRun {
    pub run: RunId,
    /// Whose run it is; jobs of version 0.1 did not say.
    #[serde(default)]
    pub installation: Option<InstallationId>,
}

impl HandleDelivery {
    pub const IDENTIFIER: &'static str = "handle_delivery";
    /// With the library's back-off (e^attempt seconds): about four hours.
    pub const MAX_ATTEMPTS: i16 = 10;
    /// Lower runs first: people wait for the first answer.
    pub const PRIORITY: i16 = -10;
    /// In front of the GUID: one waiting job for each delivery.
    pub const KEY_PREFIX: &'static str = "delivery:";
}

impl PlanRun {
    pub const IDENTIFIER: &'static str = "plan_run";
    pub const MAX_ATTEMPTS: i16 = 10;
}

impl AdvanceRun {
    pub const IDENTIFIER: &'static str = "advance_run";
    /// Days: limits and outages of GitHub pass, and the run is not lost meanwhile.
    pub const MAX_ATTEMPTS: i16 = 25;
}

/// One durable step, as it is put in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Job {
    HandleDelivery {
        guid: String,
    },
    PlanRun {
        run: RunId,
        installation: InstallationId,
    },
    AdvanceRun {
        run: RunId,
        installation: InstallationId,
    },
}

impl Job {
    fn identifier(&self) -> &'static str {
        match self {
            Self::HandleDelivery { .. } => HandleDelivery::IDENTIFIER,
            Self::PlanRun { .. } => PlanRun::IDENTIFIER,
            Self::AdvanceRun { .. } => AdvanceRun::IDENTIFIER,
        }
    }

    fn payload(&self) -> serde_json::Value {
        match self {
            Self::HandleDelivery { guid } => serde_json::json!({ "guid": guid }),
            Self::PlanRun { run, installation } | Self::AdvanceRun { run, installation } => {
                serde_json::json!({ "run": run.as_str(), "installation": installation.0 })
            }
        }
    }

    /// A second job with the key of one that waits takes its place; one that runs already is followed by the new one.
    fn key(&self) -> String {
        match self {
            Self::HandleDelivery { guid } => format!("{}{guid}", HandleDelivery::KEY_PREFIX),
            Self::PlanRun { run, .. } => format!("plan:{run}"),
            Self::AdvanceRun { run, .. } => format!("advance:{run}"),
        }
    }

    /// Jobs of one queue run one after another.
    fn queue(&self) -> Option<String> {
        match self {
            Self::HandleDelivery { .. } | Self::PlanRun { .. } => None,
            Self::AdvanceRun { installation, .. } => Some(format!("installation:{installation}")),
        }
    }

    fn max_attempts(&self) -> i16 {
        match self {
            Self::HandleDelivery { .. } => HandleDelivery::MAX_ATTEMPTS,
            Self::PlanRun { .. } => PlanRun::MAX_ATTEMPTS,
            Self::AdvanceRun { .. } => AdvanceRun::MAX_ATTEMPTS,
        }
    }

    fn priority(&self) -> i16 {
        match self {
            Self::HandleDelivery { .. } => HandleDelivery::PRIORITY,
            Self::PlanRun { .. } | Self::AdvanceRun { .. } => 0,
        }
    }
}

/// Puts a job in; it starts when the transaction of `connection` is committed.
pub async fn enqueue(connection: &mut PgConnection, job: &Job) -> Result<(), sqlx::Error> {
    put(connection, job, None, "replace").await
}

/// Puts a job in that starts no earlier than `run_at`: after GitHub's Retry-After, at the next slot of a limit. One that
/// waits already keeps its own, sooner moment: somebody has commanded something meanwhile.
pub async fn enqueue_at(
    connection: &mut PgConnection,
    job: &Job,
    run_at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    put(connection, job, Some(run_at), "preserve_run_at").await
}

async fn put(
    connection: &mut PgConnection,
    job: &Job,
    run_at: Option<DateTime<Utc>>,
    key_mode: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query("select put_job($1, $2::json, $3, $4, $5, $6, $7, $8)")
        .bind(job.identifier())
        .bind(job.payload())
        .bind(job.queue())
        .bind(run_at)
        .bind(i32::from(job.max_attempts()))
        .bind(job.key())
        .bind(i32::from(job.priority()))
        .bind(key_mode)
        .execute(connection)
        .await?;
    Ok(())
}

/// Has every worker look for jobs that may start now.
pub async fn wake(pool: &PgPool) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT pg_notify('jobs:insert', '')")
        .execute(pool)
        .await
        .map(drop)
}

/// What the queue holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, FromRow)]
pub struct QueueState {
    /// Waiting, running, or waiting to be retried.
    pub open: i64,
    /// Out of attempts; they stay until somebody looks.
    pub failed: i64,
    /// How long the oldest that could start has been waiting, in seconds; `None`: nothing waits.
    pub oldest_waiting_seconds: Option<f64>,
}

impl QueueState {
    /// How long the oldest that could start has been waiting.
    pub fn oldest_waiting(&self) -> Option<Duration> {
        self.oldest_waiting_seconds
            .and_then(|seconds| Duration::try_from_secs_f64(seconds.max(0.0)).ok())
    }
}

/// What the queue holds, in one look.
pub async fn state(pool: &PgPool) -> Result<QueueState, sqlx::Error> {
    sqlx::query_as(
        "SELECT count(*) FILTER (WHERE attempts < max_attempts OR locked_at IS NOT NULL) AS open,
                count(*) FILTER (WHERE attempts >= max_attempts AND locked_at IS NULL AND key IS NOT NULL) AS failed,
                extract(epoch FROM now() - min(run_at) FILTER
                    (WHERE attempts < max_attempts AND locked_at IS NULL AND run_at <= now()))::float8
                    AS oldest_waiting_seconds
         FROM graphile_worker.jobs",
    )
    .fetch_one(pool)
    .await
}

/// Jobs of one kind that are out of attempts.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct FailedJobs {
    pub task: String,
    pub number: i64,
    /// Why the newest of them gave up.
    pub last_error: Option<String>,
}

/// What is out of attempts, by kind.
pub async fn list_failed(db: impl PgExecutor<'_>) -> Result<Vec<FailedJobs>, sqlx::Error> {
    sqlx::query_as(
        "SELECT task_identifier AS task, count(*) AS number,
                (array_agg(last_error ORDER BY updated_at DESC))[1] AS last_error
         FROM graphile_worker.jobs
         WHERE attempts >= max_attempts AND locked_at IS NULL AND key IS NOT NULL
         GROUP BY task_identifier ORDER BY task_identifier",
    )
    .fetch_all(db)
    .await
}

/// Since when each worker that the queue knows was not heard of, in seconds. One that ends in order takes itself off.
pub async fn list_silences(db: impl PgExecutor<'_>) -> Result<Vec<f64>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT extract(epoch FROM now() - last_heartbeat_at)::float8 FROM graphile_worker._private_workers
         ORDER BY last_heartbeat_at DESC",
    )
    .fetch_all(db)
    .await
}

/// Forgets jobs that did not end well and that a newer one had taken the place of while they ran: the library takes their
/// key and their attempts away, and the newer one does the work.
pub async fn delete_superseded(db: impl PgExecutor<'_>) -> Result<(), sqlx::Error> {
    sqlx::query(
        "DELETE FROM graphile_worker._private_jobs
         WHERE key IS NULL AND attempts >= max_attempts AND locked_at IS NULL",
    )
    .execute(db)
    .await
    .map(drop)
}

/// How many jobs are waiting, running, or waiting to be retried.
pub async fn count_open(pool: &PgPool) -> Result<i64, sqlx::Error> {
    Ok(state(pool).await?.open)
}

/// How long the oldest job that could start has been waiting; `None`: nothing waits.
pub async fn oldest_waiting(pool: &PgPool) -> Result<Option<Duration>, sqlx::Error> {
    Ok(state(pool).await?.oldest_waiting())
}

/// How long the oldest of these tasks has been waiting that a free worker would take: due, and its queue not busy.
pub async fn longest_claimable(
    pool: &PgPool,
    tasks: &[&str],
) -> Result<Option<Duration>, sqlx::Error> {
    let seconds: Option<f64> = sqlx::query_scalar(
        "SELECT extract(epoch FROM now() - min(job.run_at))::float8
         FROM graphile_worker._private_jobs job
         JOIN graphile_worker._private_tasks task ON task.id = job.task_id
         LEFT JOIN graphile_worker._private_job_queues queue ON queue.id = job.job_queue_id
         WHERE task.identifier = ANY($1) AND job.locked_at IS NULL AND job.attempts < job.max_attempts
           AND job.run_at <= now() AND queue.locked_at IS NULL",
    )
    .bind(tasks)
    .fetch_one(pool)
    .await?;
    Ok(seconds.and_then(|s| Duration::try_from_secs_f64(s.max(0.0)).ok()))
}

/// Why the queue's own tables could not be made.
#[derive(Debug, thiserror::Error)]
#[error("cannot migrate the queue: {0}")]
pub struct MigrateQueueError(String);

/// Brings the library's own tables up to its version; a worker does the same when it starts. Safe to run at once from
/// several processes.
pub async fn migrate(pool: &PgPool) -> Result<(), MigrateQueueError> {
    WorkerUtils::new(pool, SCHEMA)
        .migrate()
        .await
        .map_err(|error| MigrateQueueError(error.to_string()))
}

/// Whether the library's tables are there.
pub async fn is_migrated(pool: &PgPool) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT to_regclass('graphile_worker.migrations') IS NOT NULL")
        .fetch_one(pool)
        .await
}
