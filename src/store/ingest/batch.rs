//! One batch of deliveries: one statement, one answer for each that waits.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use metrics::{counter, histogram};
use sqlx::{PgConnection, PgPool};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};

use super::{IngestError, NewDelivery, Stored, Waiting};
use crate::store::jobs::HandleDelivery;

type Answer = oneshot::Sender<Result<Stored, IngestError>>;

/// Deliveries by GUID, so that two writers lock rows in the same order, each with those who sent it.
#[derive(Default)]
pub(super) struct Batch {
    waiting: BTreeMap<String, (NewDelivery, Vec<Answer>)>,
    bytes: usize,
}

impl Batch {
    pub(super) fn add(&mut self, Waiting { delivery, answer }: Waiting) {
        // Told at its deadline that it is not stored: so it is not.
        if answer.is_closed() {
            return;
        }
        self.bytes += delivery.body.len();
        let same = self
            .waiting
            .entry(delivery.guid.clone())
            .or_insert_with(|| (delivery, Vec::new()));
        same.1.push(answer);
    }

    pub(super) fn rows(&self) -> usize {
        self.waiting.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Stores what can be stored and answers everybody.
    pub(super) async fn settle(self, pool: &PgPool, within: Duration) {
        if self.waiting.is_empty() {
            return;
        }
        let deadline = Instant::now() + within;
        let (rows, answers): (Vec<_>, Vec<_>) = self.waiting.into_values().unzip();
        counter!("openproducer_ingest_batches_total").increment(1);
        #[expect(clippy::cast_precision_loss, reason = "a few hundred")]
        histogram!("openproducer_ingest_batch_rows").record(rows.len() as f64);

        match store(pool, &rows, deadline).await {
            Ok(outcomes) => {
                for (row, answers) in rows.iter().zip(answers) {
                    answer(
                        answers,
                        outcomes.get(&row.guid).copied().ok_or_else(unanswered),
                    );
                }
            }
            // One bad row must not take its neighbours with it.
            Err(IngestError::Refused(_)) if rows.len() > 1 => {
                counter!("openproducer_ingest_batches_split_total").increment(1);
                for (row, answers) in rows.into_iter().zip(answers) {
                    let outcome = store(pool, std::slice::from_ref(&row), deadline).await;
                    answer(
                        answers,
                        outcome.and_then(|o| o.get(&row.guid).copied().ok_or_else(unanswered)),
                    );
                }
            }
            Err(error) => {
                tracing::error!(rows = rows.len(), %error, "deliveries could not be stored");
                for answers in answers {
                    answer(answers, Err(error.clone()));
                }
            }
        }
    }
}

/// The first who sent it hears what became of it; who sent the same at the same moment, that it was there.
fn answer(answers: Vec<Answer>, outcome: Result<Stored, IngestError>) {
    let mut outcome = outcome;
    for answer in answers {
        // Whoever has hung up meanwhile needs no answer.
        let _ = answer.send(outcome.clone());
        if outcome == Ok(Stored::New) {
            outcome = Ok(Stored::Again);
        }
    }
}

fn unanswered() -> IngestError {
    IngestError::Unavailable("the database said nothing about the delivery".to_owned())
}

/// One transaction, begun and ended by its one statement.
async fn store(
    pool: &PgPool,
    rows: &[NewDelivery],
    deadline: Instant,
) -> Result<HashMap<String, Stored>, IngestError> {
    let mut connection = timeout_at(deadline, pool.acquire())
        .await
        .map_err(|_| IngestError::TimedOut)?
        .map_err(|error| classify(&error))?;
    if let Ok(outcome) = timeout_at(deadline, insert(&mut connection, rows)).await {
        return outcome.map_err(|error| classify(&error));
    }
    // Whatever hangs, hangs on this connection: nobody is to get it next.
    drop(connection.detach());
    Err(IngestError::TimedOut)
}

/// Stores the rows and puts in the jobs of those that are new or unfinished.
///
/// The library's own `add_jobs` looks for the keys by a plan that it keeps from when the queue was empty: with a
/// backlog each batch reads the whole queue. So the jobs are written here, and a test holds them to what the library
/// would write. A worker that starts at this moment may register the task first; its row is then taken, not missed. A
/// job that runs already is left alone: it does all that a redelivery could ask for.
async fn insert(
    connection: &mut PgConnection,
    rows: &[NewDelivery],
) -> Result<HashMap<String, Stored>, sqlx::Error> {
    let column = |of: fn(&NewDelivery) -> &str| rows.iter().map(of).collect::<Vec<_>>();
    let found: Vec<(String, bool, bool)> = sqlx::query_as(
        "WITH stored AS (
             INSERT INTO deliveries AS d (guid, event, action, installation_id, repository_id, body, body_bytes)
             SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bytea[], $7::int[])
             ON CONFLICT (guid) DO UPDATE SET
                 redeliveries = d.redeliveries + 1,
                 state = CASE d.state WHEN 'done' THEN 'done' ELSE 'stored' END,
                 finished_at = CASE d.state WHEN 'done' THEN d.finished_at END
             RETURNING guid, state = 'done' AS finished, redeliveries > 0 AS again
         ), task AS (
             SELECT id FROM graphile_worker._private_tasks WHERE identifier = $8
         ), new_task AS (
             INSERT INTO graphile_worker._private_tasks (identifier) SELECT $8 WHERE NOT EXISTS (SELECT FROM task)
             ON CONFLICT (identifier) DO UPDATE SET identifier = excluded.identifier RETURNING id
         ), queued AS (
             INSERT INTO graphile_worker._private_jobs AS j (task_id, payload, max_attempts, key, priority)
             SELECT (SELECT id FROM task UNION ALL SELECT id FROM new_task),
                    json_build_object('guid', guid), $9, $10 || guid, $11
             FROM stored WHERE NOT finished
             ON CONFLICT (key) DO UPDATE SET
                 attempts = 0, last_error = NULL, run_at = now(), revision = j.revision + 1, updated_at = now()
             WHERE j.locked_at IS NULL
             RETURNING id
         ), told AS MATERIALIZED (
             SELECT pg_notify('jobs:insert', json_build_object('r', random(), 'count', count(*))::text) FROM queued
         )
         SELECT guid, finished, again FROM stored, told",
    )
    .bind(column(|row| &row.guid))
    .bind(column(|row| &row.event))
    .bind(rows.iter().map(|row| row.action.as_deref()).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.installation_id).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.repository_id).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.body.packed.as_slice()).collect::<Vec<_>>())
    .bind(rows.iter().map(|row| row.body.bytes).collect::<Vec<_>>())
    .bind(HandleDelivery::IDENTIFIER)
    .bind(HandleDelivery::MAX_ATTEMPTS)
    .bind(HandleDelivery::KEY_PREFIX)
    .bind(HandleDelivery::PRIORITY)
    .fetch_all(connection)
    .await?;
    let outcome = |finished, again| match (finished, again) {
        (true, _) => Stored::Finished,
        (false, true) => Stored::Again,
        (false, false) => Stored::New,
    };
    Ok(found
        .into_iter()
        .map(|(guid, finished, again)| (guid, outcome(finished, again)))
        .collect())
}

/// Is it the database that cannot, or something about the rows?
fn classify(error: &sqlx::Error) -> IngestError {
    let code = error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code);
    // Classes of SQLSTATE: data, constraints, and clashes with another transaction (which a second try gets past).
    match code.as_deref().and_then(|code| code.get(..2)) {
        Some("21" | "22" | "23" | "40") => IngestError::Refused(error.to_string()),
        _ => IngestError::Unavailable(error.to_string()),
    }
}
