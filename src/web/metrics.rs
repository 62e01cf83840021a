//! `GET /metrics`: what is counted, as Prometheus reads it.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::TimeDelta;
use metrics::{Unit, describe_counter, describe_gauge, describe_histogram, gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use sqlx::PgPool;
use tokio::time::timeout;

use super::Shared;
use crate::clock::Clock;
use crate::store::sweeps;

/// How often samples are folded together where nobody scrapes.
const UPKEEP: Duration = Duration::from_secs(10);
/// What the database may take to say how sweeping goes; without an answer the last one stands.
const LOOK: Duration = Duration::from_millis(1500);

/// Starts counting in this process and keeps the counts small; the first call does it, later ones give the same
/// handle. `None`: something else counts here already. Needs a runtime.
pub fn install() -> Option<PrometheusHandle> {
    static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    HANDLE
        .get_or_init(|| {
            let recorder = PrometheusBuilder::new()
                .set_buckets_for_metric(
                    Matcher::Suffix("_rows".to_owned()),
                    &[1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 256.0],
                )
                .ok()?
                .build_recorder();
            let handle = recorder.handle();
            metrics::set_global_recorder(recorder).ok()?;
            describe();
            let kept = handle.clone();
            tokio::spawn(async move {
                let mut every = tokio::time::interval(UPKEEP);
                loop {
                    every.tick().await;
                    kept.run_upkeep();
                }
            });
            Some(handle)
        })
        .clone()
}

fn describe() {
    describe_counter!(
        "openproducer_deliveries_total",
        "Signed deliveries by event and by what was done: stored, known, ignored (and why), malformed, not_stored"
    );
    describe_counter!(
        "openproducer_deliveries_refused_total",
        "Requests to the webhook that were no signed delivery"
    );
    describe_counter!(
        "openproducer_ingest_batches_total",
        "Transactions in which deliveries were stored"
    );
    describe_counter!(
        "openproducer_ingest_batches_split_total",
        "Batches written one by one because of a bad row"
    );
    describe_counter!(
        "openproducer_delivery_sweeps_total",
        "Sweeps of GitHub's list of deliveries by this process, by result: complete, failed, left_out (another replica's turn)"
    );
    describe_counter!(
        "openproducer_deliveries_redelivered_total",
        "Redeliveries that this process asked GitHub for"
    );
    describe_counter!(
        "openproducer_deliveries_recovered_total",
        "Deliveries that had failed and are here after all, as this process found"
    );
    describe_counter!(
        "openproducer_deliveries_given_up_total",
        "Deliveries that this process has stopped asking for"
    );
    describe_gauge!(
        "openproducer_delivery_last_sweep_timestamp_seconds",
        Unit::Seconds,
        "When any replica's sweep last came to its end; absent before the first"
    );
    describe_gauge!(
        "openproducer_deliveries_lost",
        Unit::Count,
        "Deliveries that did not get here, by state: waiting (asked for again), given_up (in the last three days)"
    );
    describe_histogram!(
        "openproducer_ingest_batch_rows",
        Unit::Count,
        "Deliveries stored by one transaction"
    );
}

pub(super) async fn render(State(shared): State<Arc<Shared>>) -> Response {
    match &shared.metrics {
        Some(handle) => {
            look(&shared.services.pool).await;
            let kind = "text/plain; version=0.0.4; charset=utf-8";
            ([(header::CONTENT_TYPE, kind)], handle.render()).into_response()
        }
        None => (
            StatusCode::NOT_FOUND,
            "nothing is counted in this process\n",
        )
            .into_response(),
    }
}

/// How sweeping goes is the database's to say: whichever replica did it, everyone's metrics show it.
async fn look(pool: &PgPool) {
    let now = Clock::system().now();
    let standing = sweeps::standing(pool, now, now - TimeDelta::days(3));
    let Ok(Ok(standing)) = timeout(LOOK, standing).await else {
        return;
    };
    #[expect(
        clippy::cast_precision_loss,
        reason = "seconds and counts far below 2^52"
    )]
    let set = |name, state, value: i64| match state {
        "" => gauge!(name).set(value as f64),
        state => gauge!(name, "state" => state).set(value as f64),
    };
    if let Some(at) = standing.swept_at {
        let name = "openproducer_delivery_last_sweep_timestamp_seconds";
        set(name, "", at.timestamp());
    }
    set("openproducer_deliveries_lost", "waiting", standing.waiting);
    set(
        "openproducer_deliveries_lost",
        "given_up",
        standing.given_up,
    );
}
