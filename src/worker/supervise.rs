//! Keeps a worker of the queue running until shutdown: over database outages, dead neighbours and stalls.

use std::time::Duration;

use graphile_worker::{
    JobRecovery, JobRecoveryResult, LocalQueueConfig, Worker, WorkerOptions, WorkerRecoveryConfig,
};
use tokio::sync::watch;
use tracing::{error, info, warn};

use super::jobs::Carried;
use crate::flows::Services;
use crate::store::jobs::{self, AdvanceRun, HandleDelivery, PlanRun, SCHEMA};

/// Jobs at a time in one process: they wait for GitHub and PostgreSQL, not for processors.
const CONCURRENCY: usize = 16;
/// How late a job may start that waits for its moment; those without one are notified.
const POLL: Duration = Duration::from_millis(200);
/// A worker that was not heard of for this long is dead; its jobs run again.
const DEAD_AFTER: Duration = Duration::from_secs(8);
const HEARTBEAT: Duration = Duration::from_secs(2);
/// Jobs that could start and have waited this long mean that the worker has stalled.
const STALLED_AFTER: Duration = Duration::from_mins(2);
const WATCH_EVERY: Duration = Duration::from_secs(20);
/// What jobs get to finish in at shutdown.
const GRACE: Duration = Duration::from_secs(10);

/// Runs jobs until `shutdown` turns true. A worker that ends by itself or stalls is started again.
pub async fn run(services: Services, mut shutdown: watch::Receiver<bool>) {
    let mut pause = Duration::from_millis(500);
    while !*shutdown.borrow() {
        match start(&services).await {
            Ok(worker) => {
                pause = Duration::from_millis(500);
                if until_end(&services, &worker, shutdown.clone()).await {
                    return;
                }
            }
            Err(failure) => error!(error = %failure, "the worker could not start"),
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = shutdown.wait_for(|stop| *stop) => return,
        }
        pause = (pause * 2).min(Duration::from_secs(15));
    }
}

async fn start(services: &Services) -> anyhow::Result<Worker> {
    let recovery = WorkerRecoveryConfig::default()
        .enabled(true)
        .heartbeat_interval(HEARTBEAT)
        .sweep_interval(HEARTBEAT)
        .sweep_threshold(DEAD_AFTER);
    let worker = WorkerOptions::default()
        .pg_pool(services.pool.clone())
        .schema(SCHEMA)
        .concurrency(CONCURRENCY)
        .poll_interval(POLL)
        .local_queue(LocalQueueConfig::default().with_size(1))
        .worker_recovery(recovery)
        .listen_os_shutdown_signals(false)
        .shutdown_grace_period(GRACE)
        .shutdown_interrupted_job_retry_delay(Duration::from_secs(1))
        // A job that killed its worker would come back at once, for ever.
        .on(JobRecovery, |_| async {
            JobRecoveryResult::FailWithBackoff
        })
        .add_extension(Carried(services.clone()))
        .define_job::<HandleDelivery>()
        .define_job::<PlanRun>()
        .define_job::<AdvanceRun>()
        .init()
        .await?;
    info!(concurrency = CONCURRENCY, "worker started");
    Ok(worker)
}

/// Runs the worker; true if it ended because of `shutdown`.
async fn until_end(
    services: &Services,
    worker: &Worker,
    mut shutdown: watch::Receiver<bool>,
) -> bool {
    let running = worker.run();
    tokio::pin!(running);
    let asked = tokio::select! {
        ended = &mut running => {
            match ended {
                Ok(()) => warn!("the worker ended by itself"),
                Err(failure) => error!(error = %failure, "the worker ended"),
            }
            return false;
        }
        _ = shutdown.wait_for(|stop| *stop) => true,
        () = stalled(services) => false,
    };
    worker.request_shutdown();
    if tokio::time::timeout(GRACE + DEAD_AFTER, running)
        .await
        .is_err()
    {
        warn!("the worker did not end in time; its jobs will be taken over");
    }
    asked
}

/// Returns when jobs that could start have waited too long although the database answers.
async fn stalled(services: &Services) {
    loop {
        tokio::time::sleep(WATCH_EVERY).await;
        let waited = jobs::oldest_waiting(&services.pool).await.ok().flatten();
        if let Some(waited) = waited.filter(|w| *w > STALLED_AFTER) {
            error!(
                seconds = waited.as_secs(),
                "jobs wait and nothing takes them: starting the worker anew"
            );
            return;
        }
    }
}
