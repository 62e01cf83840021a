//! `GET /metrics`: what is counted, as Prometheus reads it.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use metrics::{Unit, describe_counter, describe_histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use super::Shared;

/// How often samples are folded together where nobody scrapes.
const UPKEEP: Duration = Duration::from_secs(10);

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
    describe_histogram!(
        "openproducer_ingest_batch_rows",
        Unit::Count,
        "Deliveries stored by one transaction"
    );
}

pub(super) async fn render(State(shared): State<Arc<Shared>>) -> Response {
    match &shared.metrics {
        Some(handle) => (
            [(
                header::CONTENT_TYPE,
                "text/plain; version=0.0.4; charset=utf-8",
            )],
            handle.render(),
        )
            .into_response(),
        None => (
            StatusCode::NOT_FOUND,
            "nothing is counted in this process\n",
        )
            .into_response(),
    }
}
