//! What operators and orchestrators ask, and the pages that need no login.

use openproducer::store::jobs;
use openproducer::web::health::PartState;
use serde_json::json;

use super::door::{Door, opened};
use crate::harness::database::TestDatabase;

#[tokio::test]
async fn a_whole_server_is_up_alive_and_ready() {
    let door = Door::open().await;
    let reply = door.get("/api/health").await;
    let health = reply.json();
    assert_eq!(reply.status, 200, "{health}");
    assert_eq!(health["state"], "up");
    assert_eq!(health["application"]["version"], env!("CARGO_PKG_VERSION"));
    assert!(health["application"]["uptime_seconds"].is_u64());
    assert_eq!(health["database"]["state"], "up");
    assert_eq!(
        health["queue"],
        json!({ "state": "up", "open": 0, "failed": 0, "oldest_waiting_seconds": null })
    );
    assert_eq!(
        (&health["cache"], &health["ai"]),
        (&json!({ "state": "up" }), &json!({ "state": "off" }))
    );
    assert_eq!(
        (
            door.get("/livez").await.status,
            door.get("/readyz").await.status
        ),
        (200, 200)
    );
}

#[tokio::test]
async fn a_dead_cache_only_degrades() {
    let door = Door::open().await;
    door.cache.send(PartState::Down).unwrap();
    let reply = door.get("/api/health").await;
    assert_eq!(
        (
            reply.status,
            &reply.json()["state"],
            &reply.json()["cache"]["state"]
        ),
        (200, &json!("degraded"), &json!("down"))
    );
}

#[tokio::test]
async fn a_dead_database_is_down_but_the_process_is_alive() {
    let door = Door::open().await;
    door.cut_off_database(true).await;
    let reply = door.get("/api/health").await;
    let health = reply.json();
    assert_eq!(reply.status, 503);
    assert_eq!(
        (
            &health["state"],
            &health["database"]["state"],
            &health["queue"]["state"]
        ),
        (&json!("down"), &json!("down"), &json!("down"))
    );
    let ready = door.get("/readyz").await;
    assert_eq!(
        (ready.status, ready.text().as_str()),
        (503, "not ready: the database does not answer\n")
    );
    assert_eq!(door.get("/livez").await.status, 200);
    door.cut_off_database(false).await;
}

#[tokio::test]
async fn a_database_without_the_queues_tables_is_not_ready() {
    let database = TestDatabase::create_empty().await;
    openproducer::store::migrator()
        .run(database.pool())
        .await
        .unwrap();
    let door = Door::over(database).await;
    let ready = door.get("/readyz").await;
    assert_eq!(ready.status, 503);
    assert!(
        ready.text().contains("openproducer migrate"),
        "{}",
        ready.text()
    );
    assert_eq!(
        door.get("/api/health").await.json()["queue"]["state"],
        "down"
    );
}

#[tokio::test]
async fn a_queue_that_nobody_works_on_degrades() {
    let door = Door::open().await;
    door.deliver("d-1", "issues", &opened("@TheOpenProducerBot go"))
        .await;
    sqlx::query("UPDATE graphile_worker._private_jobs SET run_at = now() - interval '5 minutes'")
        .execute(door.pool())
        .await
        .unwrap();
    let reply = door.get("/api/health").await;
    let queue = &reply.json()["queue"];
    assert_eq!(
        (reply.status, &queue["state"], &queue["open"]),
        (200, &json!("degraded"), &json!(1))
    );
    assert!(queue["oldest_waiting_seconds"].as_u64().unwrap() >= 300);
    assert_eq!(jobs::state(door.pool()).await.unwrap().failed, 0);
}

#[tokio::test]
async fn deliveries_are_counted_by_event_and_outcome() {
    let door = Door::open().await;
    door.deliver("d-1", "issues", &opened("@TheOpenProducerBot go"))
        .await;
    door.deliver("d-2", "issues", &opened("no mention")).await;
    let reply = door.get("/metrics").await;
    assert_eq!(reply.status, 200);
    let text = reply.text();
    for line in [
        r#"openproducer_deliveries_total{event="issues",outcome="stored",reason=""} "#,
        r#"openproducer_deliveries_total{event="issues",outcome="ignored",reason="no_mention"} "#,
        "openproducer_ingest_batch_rows_bucket{le=\"1\"} ",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
}

#[tokio::test]
async fn the_first_page_says_what_it_is_and_leads_to_github() {
    let door = Door::open().await;
    let page = door.get("/").await;
    assert_eq!(
        (page.status, page.header("content-type")),
        (200, Some("text/html; charset=utf-8"))
    );
    assert!(
        page.text().contains("@TheOpenProducerBot") && !page.text().contains("href=\"/install\"")
    );
    assert_eq!(door.get("/install").await.status, 404, "no slug is known");

    door.slug.send(Some("open-producer".to_owned())).unwrap();
    assert!(door.get("/").await.text().contains("href=\"/install\""));
    let install = door.get("/install").await;
    assert_eq!(
        (install.status, install.header("location")),
        (
            302,
            Some("https://github.test/apps/open-producer/installations/new")
        )
    );
}

#[tokio::test]
async fn pages_come_with_their_guards() {
    let door = Door::open().await;
    for path in ["/", "/nowhere", "/assets/site.css", "/api/health"] {
        let reply = door.get(path).await;
        let policy = reply.header("content-security-policy").unwrap_or_default();
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"),
            "{path}: {policy}"
        );
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(
            reply.header("x-content-type-options"),
            Some("nosniff"),
            "{path}"
        );
        assert_eq!(
            reply.header("referrer-policy"),
            Some("no-referrer"),
            "{path}"
        );
        assert!(reply.header("x-request-id").is_some(), "{path}");
    }
    assert_eq!(door.get("/nowhere").await.status, 404);
}
