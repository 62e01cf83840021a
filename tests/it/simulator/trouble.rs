//! Faults on demand: each kind, and whether the request took effect.

use std::time::Duration;

use http::Method;
use openproducer::simulator::{Effect, Fault};
use serde_json::json;

use super::Scene;

const ISSUES: &str = "/repos/{owner}/{repo}/issues";

/// Schedules the fault for the next creation, tries it, and says what came back and how many issues there are.
async fn struck_by(effect: Effect) -> (Result<u16, String>, usize, u16) {
    let scene = Scene::new().await;
    let token = scene.token().await;
    let fault = Fault::on(Method::POST, ISSUES).then(effect);
    scene.sim.faults().schedule(fault);
    let body = json!({"title": "One"});
    let answer = scene
        .try_ask(Method::POST, "/repos/acme/shop/issues", &token, body)
        .await;
    assert!(scene.sim.faults().pending().is_empty());
    let recorded = scene.sim.requests_matching(&Method::POST, ISSUES);
    assert_eq!(
        recorded.len(),
        1,
        "a cut request is not sent twice by itself"
    );
    (
        answer.map(|a| a.status),
        scene.sim.repository("acme/shop").issues().len(),
        recorded[0].status,
    )
}

#[tokio::test]
async fn status_keeps_the_request_from_taking_effect() {
    let (answer, issues, recorded) = struck_by(Effect::status(502, "Bad gateway")).await;
    assert_eq!((answer, issues, recorded), (Ok(502), 0, 502));
}

#[tokio::test]
async fn status_after_effect_hides_that_it_worked() {
    let effect = Effect::status(502, "Bad gateway").after_effect();
    let (answer, issues, _) = struck_by(effect).await;
    assert_eq!((answer, issues), (Ok(502), 1));
}

#[tokio::test]
async fn drop_before_leaves_nothing() {
    let (answer, issues, recorded) = struck_by(Effect::DropBefore).await;
    assert!(answer.is_err());
    assert_eq!((issues, recorded), (0, 0));
}

#[tokio::test]
async fn drop_after_leaves_the_issue() {
    let (answer, issues, recorded) = struck_by(Effect::DropAfter).await;
    assert!(answer.is_err());
    assert_eq!((issues, recorded), (1, 0));
}

#[tokio::test]
async fn truncated_answer_is_an_error_and_the_issue_is_there() {
    let (answer, issues, recorded) = struck_by(Effect::Truncate).await;
    assert!(answer.is_err());
    assert_eq!((issues, recorded), (1, 201));
}

#[tokio::test]
async fn delay_takes_effect_though_the_caller_hangs_up() {
    let scene = Scene::new().await;
    let token = scene.token().await;
    let effect = Effect::Delay(Duration::from_secs(2));
    let fault = Fault::on(Method::POST, ISSUES).then(effect);
    scene.sim.faults().schedule(fault);
    let mut seen = scene.sim.watch();
    let path = "/repos/acme/shop/issues";
    let arrived = async {
        while scene
            .sim
            .requests_matching(&Method::POST, ISSUES)
            .is_empty()
        {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        answer = scene.post(path, &token, json!({"title": "Late"})) => panic!("{}", answer.status),
        () = arrived => {}
    }
    let happening = seen.recv().await.unwrap();
    assert_eq!(
        happening.to_string(),
        "theopenproducerbot[bot] opened acme/shop#1 Late"
    );
}

#[tokio::test]
async fn third_request_of_a_route_is_struck_by_either_address() {
    let scene = Scene::new().await;
    let token = scene.token().await;
    let effect = Effect::secondary_limit(Duration::from_secs(7));
    let fault = Fault::on(Method::POST, ISSUES).nth(3).times(2).then(effect);
    scene.sim.faults().schedule(fault);
    let id = scene.sim.repository("acme/shop").id();
    let by_id = format!("/repositories/{id}/issues");
    let mut statuses = Vec::new();
    for path in ["/repos/acme/shop/issues", by_id.as_str()].repeat(3) {
        let answer = scene.post(path, &token, json!({"title": "One"})).await;
        if answer.status == 403 {
            assert_eq!(answer.header("retry-after"), "7");
        }
        statuses.push(answer.status);
    }
    assert_eq!(statuses, [201, 201, 403, 403, 201, 201]);
    assert_eq!(scene.sim.faults().fired(), 2);
}
