//! Keeps the workers of the queue running until shutdown: over database outages, dead neighbours and stalls.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use graphile_worker::{
    JobRecovery, JobRecoveryResult, LocalQueueConfig, RefetchDelayConfig, Worker, WorkerOptions,
    WorkerRecoveryConfig,
};
use sqlx::PgPool;
use tokio::sync::watch;
use tracing::{error, info, warn};

use super::jobs::Carried;
use crate::flows::Services;
use crate::flows::sweep::{self, Occasion, Outcome};
use crate::store::jobs::{self, AdvanceRun, HandleDelivery, PlanRun, SCHEMA};
use crate::store::{self, ai_calls, deliveries, redeliveries, sweeps};

/// How late a job may start that waits for its moment; those without one are notified.
const POLL: Duration = Duration::from_millis(200);
/// A worker that was not heard of for this long is dead; its jobs run again.
const DEAD_AFTER: Duration = Duration::from_secs(8);
const HEARTBEAT: Duration = Duration::from_secs(2);
/// Each crew's: one listens, the others fetch, finish and look after jobs.
const QUEUE_CONNECTIONS: u32 = 4;
/// What jobs get to finish in at shutdown.
const GRACE: Duration = Duration::from_secs(10);
/// Deliveries that are done are kept this long, for redeliveries and for people who look into them.
const KEEP_DELIVERIES: TimeDelta = TimeDelta::days(14);
/// What models cost is kept this long: a year to compare with, and the month.
const KEEP_AI_CALLS: TimeDelta = TimeDelta::days(400);
const CLEAR_EVERY: Duration = Duration::from_hours(1);
const CLEAR_ROWS: i64 = 10_000;
/// How often GitHub's list is looked through for what did not get here.
const SWEEP_EVERY: Duration = Duration::from_mins(5);
/// After a sweep that was cut off the next comes sooner.
const SWEEP_AGAIN: Duration = Duration::from_secs(30);
const START_AGAIN: Duration = Duration::from_secs(5);

/// A worker for one kind of work. Deliveries have slots of their own, so that `status` and `cancel` are answered however
/// many runs and planners are busy.
#[derive(Debug, Clone, Copy)]
enum Crew {
    Deliveries,
    /// Models take minutes: whoever waits for one holds up no run.
    Plans,
    Runs,
}

impl Crew {
    /// Jobs at a time in one process: they wait for GitHub and PostgreSQL, not for processors.
    const fn concurrency(self) -> usize {
        match self {
            Self::Deliveries => 8,
            Self::Plans | Self::Runs => 12,
        }
    }

    const fn tasks(self) -> &'static [&'static str] {
        match self {
            Self::Deliveries => &[HandleDelivery::IDENTIFIER],
            Self::Plans => &[PlanRun::IDENTIFIER],
            Self::Runs => &[AdvanceRun::IDENTIFIER],
        }
    }

    /// Jobs that could start and wait this long, while none is finished, mean that the worker has stalled.
    const fn stalled_after(self) -> Duration {
        match self {
            Self::Deliveries | Self::Runs => Duration::from_mins(2),
            // A job may honestly take that long.
            Self::Plans => Duration::from_secs(super::jobs::TIME_LIMIT.as_secs() + 60),
        }
    }
}

/// Does jobs until `shutdown` turns true, asks for what did not get here, and clears old deliveries away.
pub async fn run(services: Services, shutdown: watch::Receiver<bool>) {
    tokio::join!(
        keep_running(&services, Crew::Deliveries, shutdown.clone()),
        keep_running(&services, Crew::Plans, shutdown.clone()),
        keep_running(&services, Crew::Runs, shutdown.clone()),
        keep_sweeping(&services, shutdown.clone()),
        keep_clear(&services, shutdown),
    );
}

/// A worker that ends by itself or stalls is started again.
async fn keep_running(services: &Services, crew: Crew, mut shutdown: watch::Receiver<bool>) {
    let mut pause = Duration::from_millis(500);
    while !*shutdown.borrow() {
        let carried = Carried {
            services: services.clone(),
            finished: Arc::new(AtomicU64::new(0)),
        };
        // The library drops what it is at when it ends, a transaction that just begins too: its connections end with it.
        let queue = store::beside(&services.pool, QUEUE_CONNECTIONS);
        let is_over = match start(&carried, crew, &queue).await {
            Ok(worker) => {
                pause = Duration::from_millis(500);
                until_end(&carried, crew, &worker, shutdown.clone()).await
            }
            Err(failure) => {
                error!(?crew, error = %failure, "the worker could not start");
                false
            }
        };
        if tokio::time::timeout(GRACE, queue.close()).await.is_err() {
            warn!(?crew, "the queue's connections did not end in time");
        }
        if is_over {
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = shutdown.wait_for(|stop| *stop) => return,
        }
        pause = (pause * 2).min(Duration::from_secs(15));
    }
}

async fn start(carried: &Carried, crew: Crew, queue: &PgPool) -> anyhow::Result<Worker> {
    let recovery = WorkerRecoveryConfig::default()
        .enabled(true)
        .heartbeat_interval(HEARTBEAT)
        .sweep_interval(HEARTBEAT)
        .sweep_threshold(DEAD_AFTER);
    // Without a delay the library fetches again at once, thousands of times a second; a notification ends it.
    let delay = RefetchDelayConfig::default()
        .with_duration(POLL)
        .with_max_abort_threshold(1);
    let clock = carried.services.clock.clone();
    let options = WorkerOptions::default()
        .pg_pool(queue.clone())
        .schema(SCHEMA)
        .concurrency(crew.concurrency())
        .poll_interval(POLL)
        .local_queue(
            LocalQueueConfig::default()
                .with_size(1)
                .with_refetch_delay(delay),
        )
        .worker_recovery(recovery)
        .listen_os_shutdown_signals(false)
        .shutdown_grace_period(GRACE)
        .shutdown_interrupted_job_retry_delay(Duration::from_secs(1))
        // A job that killed its worker would come back at once, for ever; its last attempt is kept, so that it can end in words.
        .on(JobRecovery, move |ctx| {
            let (attempts, most) = (*ctx.job.attempts(), *ctx.job.max_attempts());
            // The library takes the key away: a newer job does the work.
            let is_superseded = ctx.job.key().is_none();
            let again = clock.now() + TimeDelta::minutes(1);
            async move {
                if is_superseded || attempts < most {
                    return JobRecoveryResult::FailWithBackoff;
                }
                JobRecoveryResult::Reschedule {
                    run_at: again,
                    attempts: Some(most - 1),
                }
            }
        })
        .add_extension(carried.clone());
    let options = match crew {
        Crew::Deliveries => options.define_job::<HandleDelivery>(),
        Crew::Plans => options.define_job::<PlanRun>(),
        Crew::Runs => options.define_job::<AdvanceRun>(),
    };
    let worker = options.init().await?;
    info!(?crew, concurrency = crew.concurrency(), "worker started");
    Ok(worker)
}

/// Runs the worker; true if it ended because of `shutdown`.
async fn until_end(
    carried: &Carried,
    crew: Crew,
    worker: &Worker,
    mut shutdown: watch::Receiver<bool>,
) -> bool {
    let running = worker.run();
    tokio::pin!(running);
    let asked = tokio::select! {
        ended = &mut running => {
            match ended {
                Ok(()) => warn!(?crew, "the worker ended by itself"),
                Err(failure) => error!(?crew, error = %failure, "the worker ended"),
            }
            return false;
        }
        _ = shutdown.wait_for(|stop| *stop) => true,
        () = stalled(carried, crew) => false,
    };
    worker.request_shutdown();
    if tokio::time::timeout(GRACE + DEAD_AFTER, running)
        .await
        .is_err()
    {
        warn!(
            ?crew,
            "the worker did not end in time; its jobs will be taken over"
        );
    }
    asked
}

/// Returns when jobs that could start wait although the database answers, and none was finished for long.
async fn stalled(carried: &Carried, crew: Crew) {
    let mut seen = 0;
    loop {
        tokio::time::sleep(crew.stalled_after()).await;
        let finished = carried.finished.load(Ordering::Relaxed);
        let waited = jobs::longest_claimable(&carried.services.pool, crew.tasks()).await;
        let waits = waited
            .ok()
            .flatten()
            .is_some_and(|w| w > crew.stalled_after());
        if waits && finished == seen {
            error!(
                ?crew,
                "jobs wait and nothing takes them: starting the worker anew"
            );
            return;
        }
        seen = finished;
    }
}

/// Sweeps at once and then every few minutes; nothing that goes wrong ends it.
async fn keep_sweeping(services: &Services, mut shutdown: watch::Receiver<bool>) {
    if !services.github.is_app() {
        return;
    }
    let mut occasion = Occasion::Start;
    let mut after_failure = SWEEP_AGAIN;
    loop {
        let swept = tokio::select! {
            swept = sweep::sweep(services, occasion) => swept,
            // What it has stored is enough for the next one.
            _ = shutdown.wait_for(|stop| *stop) => return,
        };
        let until_next = match swept {
            Ok(Outcome::Waits(when)) => {
                let wait = (when - services.clock.now()).to_std().unwrap_or_default();
                info!(until = %when, "GitHub asks to wait before its deliveries are swept");
                wait.clamp(SWEEP_AGAIN, SWEEP_EVERY)
            }
            // Another replica sweeps, or the database has not yet noticed that the one before this has ended.
            Ok(Outcome::LeftOut) if occasion == Occasion::Start => START_AGAIN,
            Ok(Outcome::Complete(_) | Outcome::LeftOut) => {
                (occasion, after_failure) = (Occasion::Routine, SWEEP_AGAIN);
                SWEEP_EVERY
            }
            Err(failure) => {
                warn!(error = %failure, "the sweep of GitHub's deliveries was cut off; it is tried again");
                let pause = after_failure;
                after_failure = (after_failure * 2).min(SWEEP_EVERY);
                pause
            }
        };
        tokio::select! {
            () = tokio::time::sleep(until_next) => {}
            _ = shutdown.wait_for(|stop| *stop) => return,
        }
    }
}

/// Forgets what is old, a bounded number at a time.
async fn keep_clear(services: &Services, mut shutdown: watch::Receiver<bool>) {
    while !*shutdown.borrow() {
        match clear(services).await {
            Ok(0) => {}
            Ok(rows) => info!(rows, "forgot old deliveries"),
            Err(failure) => warn!(error = %failure, "old deliveries could not be cleared away"),
        }
        tokio::select! {
            () = tokio::time::sleep(CLEAR_EVERY) => {}
            _ = shutdown.wait_for(|stop| *stop) => return,
        }
    }
}

async fn clear(services: &Services) -> anyhow::Result<u64> {
    let cutoff = services.clock.now() - KEEP_DELIVERIES;
    let rows = deliveries::delete_finished_before(&services.pool, cutoff, CLEAR_ROWS).await?;
    sweeps::delete_before(&services.pool, cutoff).await?;
    redeliveries::delete_settled_before(&services.pool, cutoff).await?;
    let cutoff = services.clock.now() - KEEP_AI_CALLS;
    ai_calls::delete_before(&services.pool, cutoff, CLEAR_ROWS).await?;
    Ok(rows)
}
