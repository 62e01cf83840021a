//! Deliveries, as a receiver and as the API tell of them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lc_rs::hmac;
use axum::Router;
use axum::body::Bytes;
use axum::routing::post;
use http::{HeaderMap, Method, StatusCode};
use openproducer::simulator::Setup;
use serde_json::{Value, json};

use super::Scene;
use crate::harness::port::closed_port;

/// One received delivery: headers and raw body.
type Received = Arc<Mutex<Vec<(HeaderMap, Bytes)>>>;

/// A receiver that answers this status; returns its address and what it has received.
async fn receiver(status: StatusCode) -> (String, Received) {
    let received = Received::default();
    let log = received.clone();
    let app = Router::new().route(
        "/hook",
        post(async move |headers: HeaderMap, body: Bytes| {
            log.lock().unwrap().push((headers, body));
            status
        }),
    );
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, received)
}

async fn scene_with(status: StatusCode) -> (Scene, Received) {
    let scene = Scene::new().await;
    let (url, received) = receiver(status).await;
    scene.sim.set_webhook_url(url);
    (scene, received)
}

fn told(received: &Received) -> Vec<String> {
    let received = received.lock().unwrap();
    let told = received.iter().map(|(headers, body)| {
        let payload: Value = serde_json::from_slice(body).unwrap();
        let event = headers["x-github-event"].to_str().unwrap();
        format!("{event}.{}", payload["action"].as_str().unwrap())
    });
    told.collect()
}

#[tokio::test]
async fn delivery_is_signed_over_its_raw_bytes() {
    let (scene, received) = scene_with(StatusCode::ACCEPTED).await;
    let alice = scene.sim.user("alice");
    alice.opens_issue("acme/shop", "Grüße", "@TheOpenProducerBot\nBuild login");
    scene.sim.settled().await;
    let received = received.lock().unwrap();
    let (headers, body) = &received[0];
    let key = hmac::Key::new(hmac::HMAC_SHA256, scene.sim.app().webhook_secret.as_bytes());
    let expected = format!("sha256={}", hex::encode(hmac::sign(&key, body)));
    assert_eq!(headers["x-hub-signature-256"], expected.as_str());
    assert!(
        headers["user-agent"]
            .to_str()
            .unwrap()
            .starts_with("GitHub-Hookshot/")
    );
    assert!((5_000..13_000).contains(&body.len()), "{}", body.len());
    let payload: Value = serde_json::from_slice(body).unwrap();
    assert_eq!(payload["issue"]["title"], "Grüße");
    assert_eq!(payload["sender"]["login"], "alice");
    assert_eq!(payload["organization"]["login"], "acme");
    assert_eq!(payload["installation"]["id"], scene.installation);
    let delivery = &scene.sim.deliveries()[0];
    assert_eq!(
        (delivery.status.as_str(), delivery.status_code),
        ("OK", 202)
    );
}

#[tokio::test]
async fn events_come_in_order_and_the_apps_own_too() {
    let (scene, received) = scene_with(StatusCode::OK).await;
    let alice = scene.sim.user("alice");
    let issue = alice.opens_issue("acme/shop", "One", "");
    let comment = alice.comments(&issue, "Hello");
    alice.edits_comment(&comment, "Hello!");
    alice.edits_issue(&issue, Some("Uno"), None);
    alice.labels(&issue, &["bug"]);
    alice.assigns(&issue, &["alice"]);
    alice.closes(&issue);
    alice.reopens(&issue);
    alice.deletes_comment(&comment);
    let token = scene.token().await;
    let body = json!({"body": "From the App"});
    scene
        .post("/repos/acme/shop/issues/1/comments", &token, body)
        .await;
    scene.sim.delete_issue(&issue);
    scene.sim.rename_repository("acme/shop", "acme/store");
    scene.sim.suspend_installation(scene.installation);
    scene.sim.settled().await;
    assert_eq!(
        told(&received),
        [
            "issues.opened",
            "issue_comment.created",
            "issue_comment.edited",
            "issues.edited",
            "issues.labeled",
            "issues.assigned",
            "issues.closed",
            "issues.reopened",
            "issue_comment.deleted",
            "issue_comment.created",
            "issues.deleted",
            "repository.renamed",
            "installation.suspend",
        ]
    );
    let received = received.lock().unwrap();
    let payload = |n: usize| serde_json::from_slice::<Value>(&received[n].1).unwrap();
    assert_eq!(payload(2)["changes"]["body"]["from"], "Hello");
    assert_eq!(payload(3)["changes"]["title"]["from"], "One");
    assert_eq!(payload(9)["sender"]["type"], "Bot");
    assert_eq!(
        payload(9)["comment"]["performed_via_github_app"]["id"],
        scene.sim.app().id
    );
}

#[tokio::test]
async fn refused_delivery_is_listed_and_sent_again_under_its_guid() {
    let (scene, received) = scene_with(StatusCode::INTERNAL_SERVER_ERROR).await;
    scene.sim.user("alice").opens_issue("acme/shop", "One", "");
    scene.sim.settled().await;
    let list = scene.get("/app/hook/deliveries", &scene.jwt()).await;
    let failed = &list.body[0];
    assert_eq!(failed["status"], "Invalid HTTP Response: 500");
    assert_eq!(failed["status_code"], 500);
    let path = format!("/app/hook/deliveries/{}", failed["id"]);
    let whole = scene.get(&path, &scene.jwt()).await;
    assert_eq!(whole.body["request"]["payload"]["action"], "opened");
    let again = scene
        .post(&format!("{path}/attempts"), &scene.jwt(), Value::Null)
        .await;
    assert_eq!(again.status, 202);
    scene.sim.settled().await;
    let received = received.lock().unwrap();
    assert_eq!(received.len(), 2);
    assert_eq!(
        received[0].0["x-github-delivery"],
        received[1].0["x-github-delivery"]
    );
    assert_eq!(received[0].1, received[1].1);
    assert!(scene.sim.deliveries()[1].redelivery);
}

#[tokio::test]
async fn deliveries_are_paged_by_cursor_and_forgotten_after_three_days() {
    let (scene, _received) = scene_with(StatusCode::OK).await;
    let alice = scene.sim.user("alice");
    for n in 1..=5 {
        alice.opens_issue("acme/shop", &format!("Issue {n}"), "");
    }
    scene.sim.settled().await;
    let mut seen = Vec::new();
    let mut next = format!("{}/app/hook/deliveries?per_page=2", scene.sim.api_url());
    let mut pages = 0;
    loop {
        let page = scene.get(&next, &scene.jwt()).await;
        pages += 1;
        let items = page.body.as_array().unwrap();
        seen.extend(items.iter().map(|d| d["id"].as_u64().unwrap()));
        let link = page.header("link");
        let Some(end) = link.find(">; rel=\"next\"") else {
            break;
        };
        next = link[1..end].to_owned();
    }
    assert_eq!((pages, seen.len()), (3, 5));
    assert!(seen.is_sorted_by(|a, b| a > b), "newest first: {seen:?}");
    scene.sim.advance_clock(Duration::from_hours(72));
    let later = scene.get("/app/hook/deliveries", &scene.jwt()).await;
    assert_eq!(later.body, json!([]));
}

#[tokio::test]
async fn lost_unanswered_and_unreachable_deliveries_failed() {
    let scene = Scene::with(Setup {
        webhook_timeout: Duration::from_secs(1),
        ..Setup::default()
    })
    .await;
    let alice = scene.sim.user("alice");
    let (url, received) = receiver(StatusCode::OK).await;
    scene.sim.set_webhook_url(url);
    scene.sim.lose_deliveries(1);
    let issue = alice.opens_issue("acme/shop", "Lost", "");
    scene.sim.settled().await;
    assert!(received.lock().unwrap().is_empty());
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = silent.local_addr().unwrap();
    scene.sim.set_webhook_url(format!("http://{address}/hook"));
    alice.comments(&issue, "Unanswered");
    scene.sim.settled().await;
    let (_closed, address) = closed_port();
    scene.sim.set_webhook_url(format!("http://{address}/hook"));
    alice.comments(&issue, "Unreachable");
    scene.sim.settled().await;
    let statuses: Vec<String> = scene
        .sim
        .deliveries()
        .iter()
        .map(|d| d.status.clone())
        .collect();
    assert_eq!(
        statuses,
        [
            "failed to connect to host",
            "timed out",
            "failed to connect to host"
        ]
    );
}

#[tokio::test]
async fn installation_is_told_whole_and_repositories_by_name() {
    let (scene, received) = scene_with(StatusCode::OK).await;
    scene.sim.add_repository("globex/site");
    let id = scene
        .sim
        .install_app("globex", openproducer::simulator::RepositorySelection::All);
    scene.sim.add_repository("globex/extra");
    scene
        .sim
        .remove_repository_from_installation(id, "globex/extra");
    scene.sim.add_repository_to_installation(id, "globex/extra");
    scene.sim.uninstall(id);
    scene.sim.settled().await;
    assert_eq!(
        told(&received),
        [
            "installation.created",
            "installation_repositories.removed",
            "installation_repositories.added",
            "installation.deleted"
        ]
    );
    let received = received.lock().unwrap();
    let created: Value = serde_json::from_slice(&received[0].1).unwrap();
    assert_eq!(created["installation"]["account"]["login"], "globex");
    assert_eq!(created["repositories"][0]["full_name"], "globex/site");
    let removed: Value = serde_json::from_slice(&received[1].1).unwrap();
    assert_eq!(
        removed["repositories_removed"][0]["full_name"],
        "globex/extra"
    );
}

#[tokio::test]
async fn nothing_is_delivered_for_repositories_out_of_reach() {
    let (scene, received) = scene_with(StatusCode::OK).await;
    scene.sim.add_repository("globex/site");
    scene
        .sim
        .user("mallory")
        .opens_issue("globex/site", "Elsewhere", "");
    scene.sim.settled().await;
    assert!(received.lock().unwrap().is_empty());
    let requests = scene
        .sim
        .requests_matching(&Method::POST, "/repos/{owner}/{repo}/issues");
    assert!(
        requests.is_empty(),
        "people on the web are not API requests"
    );
}
