//! Says in the log when the database goes away, and when it is back.

use std::time::Duration;

use sqlx::PgPool;
use tokio::sync::watch;
use tokio::time::Instant;
use tracing::{info, warn};

use crate::store;

/// How often it is looked, and how long an answer may take.
const EVERY: Duration = Duration::from_secs(5);

/// Looks until the process stops.
pub(super) async fn database(pool: PgPool, mut stopping: watch::Receiver<bool>) {
    let mut away_since = None;
    loop {
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            _ = stopping.wait_for(|stop| *stop) => return,
        }
        match (store::try_to_reach(&pool, EVERY).await, away_since) {
            (Err(error), None) => {
                warn!(%error, "the database is away: deliveries are refused and GitHub keeps them; work goes on when it is back");
                away_since = Some(Instant::now());
            }
            (Ok(()), Some(since)) => {
                info!(away_s = since.elapsed().as_secs(), "the database is back");
                away_since = None;
            }
            (Err(_), Some(_)) | (Ok(()), None) => {}
        }
    }
}
