//! The queue: what waits, what gave up, and who works on it.

use std::time::Duration;

use super::database::refused;
use super::{Check, Finding, Patient};
use crate::config::AppMode;
use crate::domain::present::lasting;
use crate::store::jobs::{self, FailedJobs, QueueState};

/// A queue whose oldest job waits longer has no worker, or too few.
const LATE: Duration = Duration::from_mins(1);
/// A worker is heard of every two seconds; after eight its jobs are given to others.
const SILENT: f64 = 30.0;
const LONGEST_ERROR: usize = 160;

pub(super) async fn examine(
    patient: &Patient<'_>,
    reachable: &Check,
    tables: &Check,
) -> Vec<Check> {
    let pool = &patient.services.pool;
    let is_there = async {
        match jobs::is_migrated(pool).await {
            Ok(true) => Finding::ok(""),
            Ok(false) => Finding::failed(""),
            Err(error) => refused(&error),
        }
    };
    let queue = match tables.lack() {
        Some(_) => Check::new(tables.name, tables.finding.clone(), Duration::ZERO),
        None => {
            patient
                .after(reachable, "database.queue-tables", is_there)
                .await
        }
    };
    let jobs = patient.after(&queue, "queue.jobs", async {
        match tokio::try_join!(jobs::state(pool), jobs::list_failed(pool)) {
            Ok((state, failed)) => of_jobs(&state, &failed),
            Err(error) => refused(&error),
        }
    });
    let workers = patient.after(&queue, "queue.workers", async {
        if patient.config.github.mode == AppMode::Token {
            return Finding::skipped("with a person's token the commands do the work themselves");
        }
        match tokio::try_join!(jobs::list_silences(pool), jobs::state(pool)) {
            Ok((silences, state)) => of_workers(&silences, &state),
            Err(error) => refused(&error),
        }
    });
    let (jobs, workers) = tokio::join!(jobs, workers);
    vec![jobs, workers]
}

pub(super) fn of_jobs(state: &QueueState, failed: &[FailedJobs]) -> Finding {
    let open = match state.open {
        0 => "nothing waits".to_owned(),
        1 => "1 job is open".to_owned(),
        n => format!("{n} jobs are open"),
    };
    let late = state.oldest_waiting().filter(|waited| *waited > LATE);
    let waits = late.and_then(|waited| chrono::TimeDelta::from_std(waited).ok());
    let waits = waits.map_or_else(String::new, |waited| {
        format!("; the oldest that could start waits {}", lasting(waited))
    });
    let says = match state.failed {
        0 => format!("{open}{waits}"),
        1 => format!("{open}{waits}; 1 has given up"),
        n => format!("{open}{waits}; {n} have given up"),
    };
    if state.failed > 0 {
        return Finding::warning(says).with_details(failed.iter().map(given_up)).advise(
            "`openproducer status` shows the runs: once the cause is gone, `@bot replan` or a new request goes on; a delivery \
             that gave up is taken up again by itself",
        );
    }
    if late.is_some() {
        return Finding::warning(says).advise("Is a worker running, and does its log say what holds it up? Another one takes some of the load");
    }
    Finding::ok(says)
}

fn given_up(failed: &FailedJobs) -> String {
    let newest = failed.last_error.as_deref().unwrap_or("no reason was kept");
    let line: String = newest
        .lines()
        .next()
        .unwrap_or_default()
        .chars()
        .take(LONGEST_ERROR)
        .collect();
    format!("{} × {}, the newest: {line}", failed.number, failed.task)
}

pub(super) fn of_workers(silences: &[f64], state: &QueueState) -> Finding {
    let dead = silences.iter().filter(|silence| **silence > SILENT).count();
    let alive = silences.len() - dead;
    let dead = match dead {
        0 => String::new(),
        1 => "; 1 died, and its jobs wait to be taken over".to_owned(),
        n => format!("; {n} died, and their jobs wait to be taken over"),
    };
    match alive {
        0 if state.open > 0 => Finding::failed(format!("no worker runs, and jobs wait{dead}"))
            .advise("Start `openproducer serve`, or `openproducer worker` beside a server with --no-worker"),
        0 => Finding::warning(format!("no worker runs{dead}"))
            .advise("Start `openproducer serve`, or `openproducer worker` beside a server with --no-worker"),
        // Each process has three: for deliveries, for plans, and for runs.
        n if dead.is_empty() => Finding::ok(format!("{n} of the queue's workers are alive, three to a process")),
        n => Finding::ok(format!("{n} of the queue's workers are alive, three to a process{dead}")),
    }
}
