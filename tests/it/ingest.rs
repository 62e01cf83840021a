//! The webhook's door: real HTTP in, rows and jobs in a real PostgreSQL out.

mod door;
mod health;

use std::time::Duration;

use openproducer::flows::receive::Receipt;
use openproducer::store::{self, deliveries, jobs};
use rstest::rstest;
use serde_json::{Value, json};

use door::{Door, Reply, opened, signed};

const MENTION: &str = "@TheOpenProducerBot\nBuild a login page";

#[tokio::test]
async fn a_delivery_that_concerns_us_is_stored_with_its_job() {
    let door = Door::open().await;
    let body = opened(MENTION);
    let reply = door.deliver("d-1", "issues", &body).await;
    assert_eq!(
        (reply.status, reply.json()),
        (202, json!({ "status": "stored" }))
    );

    let stored = deliveries::get(door.pool(), "d-1").await.unwrap();
    assert_eq!(stored.body, body);
    assert_eq!(
        (stored.event.as_str(), stored.action.as_deref()),
        ("issues", Some("opened"))
    );
    assert_eq!(
        (stored.installation.unwrap().0, stored.repository.unwrap().0),
        (9, 77)
    );
    assert_eq!((stored.attempts, stored.redeliveries), (0, 0));
    let (task, payload, key): (String, Value, String) = sqlx::query_as(
        "SELECT t.identifier, j.payload, j.key FROM graphile_worker._private_jobs j
         JOIN graphile_worker._private_tasks t ON t.id = j.task_id",
    )
    .fetch_one(door.pool())
    .await
    .unwrap();
    assert_eq!(
        (task.as_str(), payload, key.as_str()),
        ("handle_delivery", json!({ "guid": "d-1" }), "delivery:d-1")
    );
}

#[tokio::test]
async fn the_job_of_a_delivery_is_what_the_library_would_put_in() {
    const ALL_BUT_NAMES: &str = "SELECT (to_jsonb(j) - '{id,created_at,updated_at,run_at}'::text[])::text
         FROM graphile_worker._private_jobs j WHERE run_at BETWEEN now() - interval '1 minute' AND now()";
    let door = Door::open().await;
    let mut listener = sqlx::postgres::PgListener::connect_with(door.pool())
        .await
        .unwrap();
    listener.listen("jobs:insert").await.unwrap();
    door.deliver("d-1", "issues", &opened(MENTION)).await;
    let told = listener.recv().await.unwrap();
    let told: Value = serde_json::from_str(told.payload()).unwrap();
    assert_eq!(told["count"], 1, "workers are told at once");
    let ours: String = sqlx::query_scalar(ALL_BUT_NAMES)
        .fetch_one(door.pool())
        .await
        .unwrap();

    door.finish_jobs().await;
    let mut connection = door.pool().acquire().await.unwrap();
    let job = jobs::Job::HandleDelivery {
        guid: "d-1".to_owned(),
    };
    jobs::enqueue(&mut connection, &job).await.unwrap();
    let theirs: String = sqlx::query_scalar(ALL_BUT_NAMES)
        .fetch_one(door.pool())
        .await
        .unwrap();
    let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    assert_eq!(read(&ours), read(&theirs));
}

#[tokio::test]
async fn a_redelivery_leaves_a_running_job_alone_and_revives_a_failed_one() {
    let door = Door::open().await;
    let body = opened(MENTION);
    door.deliver("d-1", "issues", &body).await;
    let revision = "SELECT revision, attempts FROM graphile_worker._private_jobs";
    let update = |set: &'static str| sqlx::query(set).execute(door.pool());
    update(
        "UPDATE graphile_worker._private_jobs SET locked_at = now(), locked_by = 'w', attempts = 1",
    )
    .await
    .unwrap();
    assert_eq!(
        door.deliver("d-1", "issues", &body).await.json()["status"],
        "known"
    );
    let found: (i32, i16) = sqlx::query_as(revision)
        .fetch_one(door.pool())
        .await
        .unwrap();
    assert_eq!(found, (0, 1));

    update("UPDATE graphile_worker._private_jobs SET locked_at = NULL, locked_by = NULL, attempts = max_attempts").await.unwrap();
    assert_eq!(jobs::state(door.pool()).await.unwrap().failed, 1);
    assert_eq!(
        door.deliver("d-1", "issues", &body).await.json()["status"],
        "known"
    );
    let found: (i32, i16) = sqlx::query_as(revision)
        .fetch_one(door.pool())
        .await
        .unwrap();
    assert_eq!(found, (1, 0));
    assert_eq!(door.count().await, (1, 1));
}

#[rstest]
#[case::without_a_mention("issues", opened("It crashes on Tuesdays."), "no_mention")]
#[case::an_event_that_we_do_not_know("star", json!({ "action": "created" }).to_string().into(), "event")]
#[case::an_action_that_we_do_not_use("issues", json!({ "action": "labeled" }).to_string().into(), "action")]
#[case::a_ping("ping", json!({ "zen": "Keep it logically awesome." }).to_string().into(), "ping")]
#[tokio::test]
async fn a_delivery_that_does_not_concern_us_leaves_nothing(
    #[case] event: &str,
    #[case] body: Vec<u8>,
    #[case] reason: &str,
) {
    let door = Door::open().await;
    let reply = door.deliver("d-1", event, &body).await;
    assert_eq!(
        (reply.status, reply.json()),
        (202, json!({ "status": "ignored", "reason": reason }))
    );
    assert_eq!(door.count().await, (0, 0));
}

#[tokio::test]
async fn a_wrong_or_missing_signature_is_turned_away_before_anything_is_read() {
    let door = Door::open().await;
    let body = opened(MENTION);
    let right = signed(&body);
    let wrong = signed(b"another body");
    for signature in [
        None,
        Some(wrong.as_str()),
        Some("sha256="),
        Some("sha1=00"),
        Some(&right[7..]),
    ] {
        let mut headers = vec![
            ("content-type", "application/json"),
            ("x-github-event", "issues"),
            ("x-github-delivery", "d-1"),
        ];
        headers.extend(signature.map(|value| ("x-hub-signature-256", value)));
        let reply = door.post(&headers, &body).await;
        assert_eq!(reply.status, 401, "{signature:?}: {}", reply.text());
    }
    // Nonsense without a signature is no different: nothing was parsed.
    assert_eq!(door.post(&[], b"{").await.status, 401);
    assert_eq!(door.count().await, (0, 0));
}

#[rstest]
#[case::not_json(b"nonsense".to_vec())]
#[case::cut_off(br#"{"action":"opened","issue":{"#.to_vec())]
#[case::a_list(b"[]".to_vec())]
#[case::nothing(Vec::new())]
#[case::invalid_inside(br#"{"action":"opened","issue":{"body":}}"#.to_vec())]
#[case::not_text(b"{\"a\":\"\xff\"}".to_vec())]
#[case::no_issue(br#"{"action":"opened","sender":{"id":1,"type":"User"}}"#.to_vec())]
#[tokio::test]
async fn a_malformed_payload_is_refused(#[case] body: Vec<u8>) {
    let door = Door::open().await;
    let reply = door.deliver("d-1", "issues", &body).await;
    assert_eq!(reply.status, 400, "{}", reply.text());
    assert!(
        reply.json()["error"]
            .as_str()
            .unwrap()
            .starts_with("the payload cannot be read: ")
    );
    assert_eq!(door.count().await, (0, 0));
}

#[tokio::test]
async fn a_delivery_without_its_headers_is_refused() {
    let door = Door::open().await;
    let body = opened(MENTION);
    let signature = signed(&body);
    let whole = [
        ("content-type", "application/json; charset=utf-8"),
        ("x-hub-signature-256", &signature),
        ("x-github-event", "issues"),
        ("x-github-delivery", "d-1"),
    ];
    let long = "x".repeat(65);
    let told = async |missing: &str, instead: Option<&str>| {
        let mut headers: Vec<_> = whole
            .into_iter()
            .filter(|(name, _)| *name != missing)
            .collect();
        headers.extend(instead.map(|value| (missing, value)));
        let reply = door.post(&headers, &body).await;
        assert_eq!(reply.status, 400, "{missing}: {}", reply.text());
        reply.text()
    };
    assert!(
        told("x-github-event", None)
            .await
            .contains("x-github-event")
    );
    assert!(
        told("x-github-delivery", None)
            .await
            .contains("x-github-delivery")
    );
    assert!(
        told("x-github-delivery", Some(""))
            .await
            .contains("1 to 64")
    );
    assert!(
        told("x-github-delivery", Some("a b"))
            .await
            .contains("1 to 64")
    );
    assert!(
        told("x-github-delivery", Some(&long))
            .await
            .contains("1 to 64")
    );
    assert!(
        told("content-type", None)
            .await
            .contains("application/json")
    );
    assert!(
        told("content-type", Some("text/plain"))
            .await
            .contains("application/json")
    );
    let form = told("content-type", Some("application/x-www-form-urlencoded")).await;
    assert!(
        form.contains("choose the content type application/json"),
        "{form}"
    );
    assert_eq!(door.count().await, (0, 0));
    assert_eq!(
        door.post(&whole, &body).await.status,
        202,
        "whole it is taken"
    );
}

#[tokio::test]
async fn the_webhook_takes_posts_only() {
    let door = Door::open().await;
    let reply = door.get("/api/webhook/github").await;
    assert_eq!((reply.status, reply.header("allow")), (405, Some("POST")));
}

#[tokio::test]
async fn a_redelivery_creates_nothing() {
    let door = Door::open().await;
    let body = opened(MENTION);
    assert_eq!(
        door.deliver("d-1", "issues", &body).await.json()["status"],
        "stored"
    );
    let again = door.deliver("d-1", "issues", &body).await;
    assert_eq!(
        (again.status, again.json()),
        (202, json!({ "status": "known" }))
    );
    assert_eq!(door.count().await, (1, 1));
    assert_eq!(
        deliveries::get(door.pool(), "d-1")
            .await
            .unwrap()
            .redeliveries,
        1
    );
}

#[tokio::test]
async fn pages_that_hold_every_connection_keep_no_delivery_out() {
    let door = Door::open().await;
    let mut held = Vec::new();
    for _ in 0..door.pool().options().get_max_connections() {
        held.push(door.pool().acquire().await.unwrap());
    }
    let reply = door.deliver("d-1", "issues", &opened(MENTION)).await;
    assert_eq!(reply.status, 202, "{}", reply.text());
    drop(held);
    assert_eq!(door.count().await, (1, 1));
}

#[tokio::test]
async fn a_worker_that_starts_at_this_moment_is_not_in_the_way() {
    let door = Door::open().await;
    let mut worker = store::begin(door.pool()).await.unwrap();
    sqlx::query(
        "INSERT INTO graphile_worker._private_tasks (identifier) VALUES ('handle_delivery')",
    )
    .execute(&mut *worker)
    .await
    .unwrap();
    let body = opened(MENTION);
    let registered = async {
        door.until_busy().await;
        worker.commit().await.unwrap();
    };
    let (reply, ()) = tokio::join!(door.deliver("d-1", "issues", &body), registered);
    assert_eq!(reply.status, 202);
    assert_eq!(door.count().await, (1, 1));
}

#[tokio::test]
async fn a_redelivery_of_what_is_done_is_only_counted() {
    let door = Door::open().await;
    let body = opened(MENTION);
    door.deliver("d-1", "issues", &body).await;
    door.finish_jobs().await;
    let mut connection = door.pool().acquire().await.unwrap();
    deliveries::mark_done(&mut connection, "d-1").await.unwrap();

    assert_eq!(
        door.deliver("d-1", "issues", &body).await.json()["status"],
        "known"
    );
    assert_eq!(door.count().await, (1, 0));
    let stored = deliveries::get(door.pool(), "d-1").await.unwrap();
    assert_eq!(
        (stored.state, stored.redeliveries),
        (deliveries::DeliveryState::Done, 1)
    );
    assert!(
        deliveries::begin(door.pool(), "d-1")
            .await
            .unwrap()
            .is_none(),
        "a late job finds nothing to do"
    );
}

#[tokio::test]
async fn a_redelivery_of_what_failed_or_lost_its_job_runs_again() {
    let door = Door::open().await;
    let body = opened(MENTION);
    door.deliver("d-1", "issues", &body).await;
    door.finish_jobs().await;
    assert_eq!(
        deliveries::begin(door.pool(), "d-1")
            .await
            .unwrap()
            .unwrap()
            .attempts,
        1
    );
    let mut connection = door.pool().acquire().await.unwrap();
    deliveries::mark_failed(&mut connection, "d-1", "GitHub was away")
        .await
        .unwrap();
    assert_eq!(deliveries::count_unfinished(door.pool()).await.unwrap(), 1);

    assert_eq!(
        door.deliver("d-1", "issues", &body).await.json()["status"],
        "known"
    );
    assert_eq!(door.count().await, (1, 1));
    let stored = deliveries::get(door.pool(), "d-1").await.unwrap();
    assert_eq!(stored.state, deliveries::DeliveryState::Stored);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_delivery_many_times_at_once_is_one_row_and_one_job() {
    let door = Door::open().await;
    let body = opened(MENTION);
    let replies = door
        .deliver_all((0..40).map(|_| ("d-1".to_owned(), body.clone())))
        .await;
    let said = |word: &str| {
        replies
            .iter()
            .filter(|reply| reply.json()["status"] == word)
            .count()
    };
    assert_eq!((said("stored"), said("known")), (1, 39));
    assert_eq!(door.count().await, (1, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deliveries_that_come_together_are_stored_together() {
    let door = Door::open().await;
    // While the table is locked, all of them gather behind the writers.
    let mut blocker = store::begin(door.pool()).await.unwrap();
    sqlx::query("LOCK TABLE deliveries")
        .execute(&mut *blocker)
        .await
        .unwrap();
    let body = opened(MENTION);
    let deliveries = (0..200).map(|n| (format!("d-{n}"), body.clone()));
    let unlocked = async {
        door.until_busy().await;
        blocker.commit().await.unwrap();
    };
    // Past HTTP, which takes its time over so many: each is with the writers before anything else happens.
    let (receipts, ()) = tokio::join!(door.receive_all(deliveries), unlocked);
    assert!(receipts.iter().all(|receipt| *receipt == Receipt::Stored));
    assert_eq!(door.count().await, (200, 200));
    let transactions: i64 = sqlx::query_scalar("SELECT count(DISTINCT xmin::text) FROM deliveries")
        .fetch_one(door.pool())
        .await
        .unwrap();
    // What each of the two writers began with, and the rest.
    assert!(
        transactions <= 3,
        "{transactions} transactions for 200 deliveries"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_bad_row_does_not_take_its_neighbours_with_it() {
    let door = Door::open().await;
    sqlx::query("ALTER TABLE deliveries ADD CONSTRAINT poison CHECK (guid <> 'd-7')")
        .execute(door.pool())
        .await
        .unwrap();
    let mut blocker = store::begin(door.pool()).await.unwrap();
    sqlx::query("LOCK TABLE deliveries")
        .execute(&mut *blocker)
        .await
        .unwrap();
    let body = opened(MENTION);
    let deliveries = (0..30).map(|n| (format!("d-{n}"), body.clone()));
    let unlocked = async {
        door.until_busy().await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        blocker.commit().await.unwrap();
    };
    let (replies, ()) = tokio::join!(door.deliver_all(deliveries), unlocked);
    for (n, reply) in replies.iter().enumerate() {
        assert_eq!(
            reply.status,
            if n == 7 { 503 } else { 202 },
            "d-{n}: {}",
            reply.text()
        );
    }
    assert_eq!(door.count().await, (29, 29));
}

#[tokio::test]
async fn exactly_25_mb_are_taken_and_a_byte_more_is_not() {
    let door = Door::open().await;
    let mut body = opened(MENTION);
    let limit = deliveries::MAX_BODY_BYTES;
    body.resize(limit, b' ');
    assert_eq!(
        door.deliver("d-1", "issues", &body).await.json(),
        json!({ "status": "stored" })
    );
    assert_eq!(
        deliveries::get(door.pool(), "d-1")
            .await
            .unwrap()
            .body
            .len(),
        limit
    );

    body.push(b' ');
    let signature = signed(&body);
    let headers = [
        ("content-type", "application/json"),
        ("x-hub-signature-256", signature.as_str()),
        ("x-github-event", "issues"),
        ("x-github-delivery", "d-2"),
    ];
    assert_eq!(door.post(&headers, &body).await.status, 413, "announced");
    assert_eq!(
        door.post_in_chunks(&headers, &body).await.status,
        413,
        "not announced"
    );
    assert_eq!(door.count().await, (1, 1));
}

#[tokio::test]
async fn a_body_in_many_pieces_is_one_body() {
    let door = Door::open().await;
    let mut body = opened(MENTION);
    body.resize(3_000_000, b' ');
    let signature = signed(&body);
    let headers = [
        ("content-type", "application/json"),
        ("x-hub-signature-256", signature.as_str()),
        ("x-github-event", "issues"),
        ("x-github-delivery", "d-1"),
    ];
    let reply = door.post_in_chunks(&headers, &body).await;
    assert_eq!(reply.json(), json!({ "status": "stored" }));
    assert_eq!(
        deliveries::get(door.pool(), "d-1").await.unwrap().body,
        body
    );
}

#[tokio::test]
async fn a_sender_who_hangs_up_half_way_leaves_nothing() {
    let door = Door::open().await;
    let body = opened(MENTION);
    door.hang_up_after(&signed(&body), &body[..body.len() / 2], body.len())
        .await;
    assert_eq!(
        door.deliver("d-2", "issues", &opened(MENTION)).await.status,
        202,
        "the next is served"
    );
    assert_eq!(door.count().await, (1, 1));
}

#[tokio::test]
async fn without_a_database_the_sender_is_told_to_come_again() {
    let door = Door::open().await;
    let body = opened(MENTION);
    sqlx::query("ALTER TABLE deliveries RENAME TO deliveries_gone")
        .execute(door.pool())
        .await
        .unwrap();
    let refused = door.deliver("d-1", "issues", &body).await;
    assert_eq!(
        (refused.status, refused.header("retry-after")),
        (503, Some("10"))
    );
    assert!(
        !refused.text().contains("deliveries_gone") && !refused.text().contains("relation"),
        "{}",
        refused.text()
    );
    // What needs no database is answered all the same.
    assert_eq!(
        door.deliver("d-2", "issues", &opened("no mention"))
            .await
            .status,
        202
    );

    sqlx::query("ALTER TABLE deliveries_gone RENAME TO deliveries")
        .execute(door.pool())
        .await
        .unwrap();
    assert_eq!(
        door.deliver("d-1", "issues", &body).await.json(),
        json!({ "status": "stored" })
    );
    assert_eq!(door.count().await, (1, 1));
}

#[tokio::test]
async fn a_database_that_hangs_up_is_a_503_and_comes_back() {
    let door = Door::open().await;
    let body = opened(MENTION);
    assert_eq!(door.deliver("d-1", "issues", &body).await.status, 202);
    door.cut_off_database(true).await;
    let refused = door.deliver("d-2", "issues", &body).await;
    assert_eq!(refused.status, 503, "{}", refused.text());
    door.cut_off_database(false).await;
    let status = |reply: Reply| reply.json()["status"].clone();
    assert_eq!(status(door.deliver("d-2", "issues", &body).await), "stored");
    assert_eq!(door.count().await, (2, 2));
}

#[tokio::test]
async fn retention_forgets_what_is_done_and_keeps_the_rest() {
    let door = Door::open().await;
    for guid in ["d-1", "d-2", "d-3"] {
        door.deliver(guid, "issues", &opened(MENTION)).await;
    }
    let mut connection = door.pool().acquire().await.unwrap();
    deliveries::mark_done(&mut connection, "d-1").await.unwrap();
    deliveries::mark_done(&mut connection, "d-2").await.unwrap();
    let long_ago = chrono::DateTime::UNIX_EPOCH;
    let in_an_hour = deliveries::get(door.pool(), "d-3")
        .await
        .unwrap()
        .received_at
        + chrono::TimeDelta::hours(1);
    assert_eq!(
        deliveries::delete_finished_before(door.pool(), long_ago, 100)
            .await
            .unwrap(),
        0
    );
    assert_eq!(
        deliveries::delete_finished_before(door.pool(), in_an_hour, 1)
            .await
            .unwrap(),
        1
    );
    assert_eq!(
        deliveries::delete_finished_before(door.pool(), in_an_hour, 100)
            .await
            .unwrap(),
        1
    );
    assert!(deliveries::get(door.pool(), "d-1").await.is_err());
    assert!(deliveries::get(door.pool(), "d-3").await.is_ok());
}

#[tokio::test]
async fn jobs_wait_in_their_queues_and_can_be_taken_back() {
    use openproducer::domain::ids::{InstallationId, RunId};
    let door = Door::open().await;
    let run = RunId::new(chrono::DateTime::UNIX_EPOCH, b"abcdefgh");
    let advance = jobs::Job::AdvanceRun {
        run: run.clone(),
        installation: InstallationId(9),
    };
    let mut transaction = store::begin(door.pool()).await.unwrap();
    let plan = jobs::Job::PlanRun {
        run: run.clone(),
        installation: InstallationId(9),
    };
    jobs::enqueue(&mut transaction, &plan).await.unwrap();
    jobs::enqueue_at(&mut transaction, &advance, chrono::DateTime::UNIX_EPOCH)
        .await
        .unwrap();
    jobs::enqueue(&mut transaction, &advance).await.unwrap();
    assert_eq!(
        jobs::count_open(door.pool()).await.unwrap(),
        0,
        "not before the commit"
    );
    transaction.commit().await.unwrap();

    assert_eq!(jobs::count_open(door.pool()).await.unwrap(), 2);
    assert!(jobs::oldest_waiting(door.pool()).await.unwrap().is_some());
    let queues: Vec<(String, Option<String>)> =
        sqlx::query_as("SELECT task_identifier, queue_name FROM graphile_worker.jobs ORDER BY 1")
            .fetch_all(door.pool())
            .await
            .unwrap();
    assert_eq!(
        queues,
        [
            ("advance_run".into(), Some("installation:9".into())),
            ("plan_run".to_owned(), None)
        ]
    );
}
