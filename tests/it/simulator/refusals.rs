//! What GitHub refuses, and in which words.

use std::time::Duration;

use chrono::TimeDelta;
use http::Method;
use openproducer::simulator::{Limits, RepositorySelection};
use rstest::rstest;
use serde_json::{Value, json};

use super::{MINUTE, Scene};

#[rstest]
#[case::past(-600, -1, "must be a numeric value representing the future time")]
#[case::far(-60, 700, "'exp') is too far in the future")]
#[case::young(120, 300, "'Issued at' claim ('iat')")]
#[tokio::test]
async fn jwt_with_wrong_times_is_refused(#[case] iat: i64, #[case] exp: i64, #[case] says: &str) {
    let scene = Scene::new().await;
    let now = scene.sim.now().timestamp();
    let claims = json!({"iat": now + iat, "exp": now + exp, "iss": scene.sim.app().id});
    let answer = scene.get("/app", &scene.jwt_with(&claims)).await;
    assert_eq!(answer.status, 401);
    assert!(answer.message().contains(says), "{}", answer.message());
}

#[tokio::test]
async fn jwt_of_another_app_or_key_is_refused() {
    let scene = Scene::new().await;
    let now = scene.sim.now().timestamp();
    let claims = json!({"iat": now, "exp": now + 60, "iss": "Iv1.another"});
    let answer = scene.get("/app", &scene.jwt_with(&claims)).await;
    assert_eq!(
        (answer.status, answer.message()),
        (401, "Integration not found")
    );
    let mut forged = scene.jwt();
    forged.truncate(forged.len() - 8);
    forged.push_str("AAAAAAAA");
    let answer = scene.get("/app", &forged).await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.message(), "A JSON web token could not be decoded");
}

#[tokio::test]
async fn app_id_is_an_issuer_as_good_as_the_client_id() {
    let scene = Scene::new().await;
    let now = scene.sim.now().timestamp();
    for issuer in [
        json!(scene.sim.app().id),
        json!(scene.sim.app().id.to_string()),
    ] {
        let claims = json!({"iat": now, "exp": now + 60, "iss": issuer});
        assert_eq!(
            scene.get("/app", &scene.jwt_with(&claims)).await.status,
            200
        );
    }
}

#[tokio::test]
async fn token_ends_after_an_hour() {
    let scene = Scene::new().await;
    let token = scene.token().await;
    scene.sim.advance_clock(Duration::from_mins(59));
    assert_eq!(scene.get("/repos/acme/shop", &token).await.status, 200);
    scene.sim.advance_clock(2 * MINUTE);
    let answer = scene.get("/repos/acme/shop", &token).await;
    assert_eq!((answer.status, answer.message()), (401, "Bad credentials"));
}

#[tokio::test]
async fn narrowed_token_reaches_nothing_else() {
    let scene = Scene::new().await;
    let other = scene.sim.add_repository("acme/other").id();
    let token = scene.token_with(json!({"repository_ids": [other]})).await;
    assert_eq!(scene.get("/repos/acme/other", &token).await.status, 200);
    let hidden = scene.get("/repos/acme/shop/issues", &token).await;
    assert_eq!((hidden.status, hidden.message()), (404, "Not Found"));
    let path = format!("/app/installations/{}/access_tokens", scene.installation);
    let absurd = json!({"repository_ids": [1]});
    assert_eq!(scene.post(&path, &scene.jwt(), absurd).await.status, 422);
    let greedy = json!({"permissions": {"contents": "write"}});
    assert_eq!(scene.post(&path, &scene.jwt(), greedy).await.status, 422);
}

#[tokio::test]
async fn missing_permission_is_named() {
    let scene = Scene::new().await;
    let token = scene
        .token_with(json!({"permissions": {"issues": "read"}}))
        .await;
    let body = json!({"title": "No"});
    let answer = scene.post("/repos/acme/shop/issues", &token, body).await;
    assert_eq!(answer.status, 403);
    assert_eq!(answer.message(), "Resource not accessible by integration");
    assert_eq!(
        answer.header("x-accepted-github-permissions"),
        "issues=write"
    );
    assert!(scene.sim.repository("acme/shop").issues().is_empty());
}

#[tokio::test]
async fn suspended_removed_and_uninstalled_apps_are_shut_out() {
    let scene = Scene::new().await;
    let token = scene.token().await;
    let mint = format!("/app/installations/{}/access_tokens", scene.installation);
    scene.sim.suspend_installation(scene.installation);
    for answer in [
        scene.post(&mint, &scene.jwt(), Value::Null).await,
        scene.get("/repos/acme/shop", &token).await,
    ] {
        assert_eq!(answer.status, 403);
        assert_eq!(answer.message(), "This installation has been suspended");
    }
    scene.sim.unsuspend_installation(scene.installation);
    assert_eq!(scene.get("/repos/acme/shop", &token).await.status, 200);
    scene
        .sim
        .remove_repository_from_installation(scene.installation, "acme/shop");
    assert_eq!(scene.get("/repos/acme/shop", &token).await.status, 404);
    scene.sim.uninstall(scene.installation);
    assert_eq!(scene.get("/repos/acme/shop", &token).await.status, 401);
    let gone = scene.post(&mint, &scene.jwt(), Value::Null).await;
    assert_eq!(gone.status, 404);
}

#[tokio::test]
async fn nobody_reads_public_things_and_writes_nothing() {
    let scene = Scene::new().await;
    assert_eq!(scene.get("/repos/acme/shop/issues", "").await.status, 200);
    let body = json!({"title": "No"});
    let answer = scene.post("/repos/acme/shop/issues", "", body).await;
    assert_eq!(answer.status, 401);
    scene.sim.set_private("acme/shop", true);
    assert_eq!(scene.get("/repos/acme/shop/issues", "").await.status, 404);
    let wrong = scene.get("/repos/acme/shop/issues", "ghs_wrong").await;
    assert_eq!((wrong.status, wrong.message()), (401, "Bad credentials"));
}

#[rstest]
#[case::no_title(json!({"body": "x"}), "\"title\" wasn't supplied")]
#[case::empty_title(json!({"title": "  "}), "Validation Failed")]
#[case::long_title(json!({"title": "é".repeat(257)}), "Validation Failed")]
#[case::long_body(json!({"title": "x", "body": "é".repeat(65_537)}), "Validation Failed")]
#[case::title_type(json!({"title": 12}), "For 'properties/title', 12 is not a string.")]
#[case::labels_type(json!({"title": "x", "labels": "bug"}), "is not an array")]
#[case::assignee(json!({"title": "x", "assignees": ["mallory"]}), "Validation Failed")]
#[case::milestone(json!({"title": "x", "milestone": 7}), "Validation Failed")]
#[case::issue_type(json!({"title": "x", "type": "Chore"}), "Validation Failed")]
#[tokio::test]
async fn bad_issue_is_refused_and_not_made(#[case] body: Value, #[case] says: &str) {
    let scene = Scene::new().await;
    let token = scene.token().await;
    let answer = scene.post("/repos/acme/shop/issues", &token, body).await;
    assert_eq!(answer.status, 422);
    assert!(answer.message().contains(says), "{}", answer.body);
    assert!(scene.sim.repository("acme/shop").issues().is_empty());
}

#[tokio::test]
async fn longest_title_and_body_are_taken() {
    let scene = Scene::new().await;
    let token = scene.token().await;
    let body = json!({"title": "é".repeat(256), "body": "é".repeat(65_536), "type": "bug"});
    let answer = scene.post("/repos/acme/shop/issues", &token, body).await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.body["type"]["name"], "Bug");
}

#[tokio::test]
async fn broken_json_blank_comment_and_unknown_reaction_are_refused() {
    let scene = Scene::new().await;
    let token = scene.token().await;
    scene.new_issue(&token, "One").await;
    let comments = "/repos/acme/shop/issues/1/comments";
    let broken = scene.post(comments, &token, json!("{nonsense")).await;
    assert_eq!(
        (broken.status, broken.message()),
        (400, "Problems parsing JSON")
    );
    let blank = scene.post(comments, &token, json!({"body": " "})).await;
    assert_eq!(blank.status, 422);
    let reaction = json!({"content": "shrug"});
    let unknown = scene
        .post("/repos/acme/shop/issues/1/reactions", &token, reaction)
        .await;
    assert_eq!(unknown.status, 422);
}

#[tokio::test]
async fn label_exists_once_whatever_its_case() {
    let scene = Scene::new().await;
    let token = scene.token().await;
    let labels = "/repos/acme/shop/labels";
    let made = scene
        .post(
            labels,
            &token,
            json!({"name": "área:web", "color": "FFAA00"}),
        )
        .await;
    assert_eq!((made.status, &made.body["color"]), (201, &json!("ffaa00")));
    let again = scene.post(labels, &token, json!({"name": "BUG"})).await;
    assert_eq!(again.status, 422);
    assert_eq!(again.body["errors"][0]["code"], "already_exists");
    let found = scene
        .get("/repos/acme/shop/labels/%C3%A1rea%3Aweb", &token)
        .await;
    assert_eq!(found.body["id"], made.body["id"]);
}

#[tokio::test]
async fn state_reason_counts_only_with_a_change_and_must_fit() {
    let scene = Scene::new().await;
    let token = scene.token().await;
    scene.new_issue(&token, "One").await;
    let path = "/repos/acme/shop/issues/1";
    let change = async |body: Value| scene.ask(Method::PATCH, path, &token, body).await;
    let closed = change(json!({"state": "closed", "state_reason": "not_planned"})).await;
    assert_eq!(closed.body["state_reason"], "not_planned");
    assert_eq!(closed.body["closed_by"]["type"], "Bot");
    let same = change(json!({"state": "closed", "state_reason": "completed"})).await;
    assert_eq!(same.body["state_reason"], "not_planned");
    let wrong = change(json!({"state": "closed", "state_reason": "reopened"})).await;
    assert_eq!(wrong.status, 422);
    let unknown = change(json!({"state": "closed", "state_reason": "bored"})).await;
    assert_eq!(unknown.status, 422);
    let open = change(json!({"state": "open"})).await;
    assert_eq!(open.body["state_reason"], "reopened");
    assert_eq!(open.body["closed_at"], Value::Null);
}

#[tokio::test]
async fn repository_without_issues_answers_410() {
    let scene = Scene::new().await;
    let token = scene.token().await;
    scene.new_issue(&token, "One").await;
    scene.sim.disable_issues("acme/shop");
    let body = json!({"title": "Two"});
    let create = scene.post("/repos/acme/shop/issues", &token, body).await;
    assert_eq!(create.status, 410);
    for path in ["/repos/acme/shop/issues", "/repos/acme/shop/issues/1"] {
        assert_eq!(scene.get(path, &token).await.status, 410);
    }
}

#[tokio::test]
async fn unknown_fields_and_routes_become_complaints() {
    let scene = Scene::new().await;
    let token = scene.token().await;
    let body = json!({"title": "One", "assignee": "alice"});
    scene.post("/repos/acme/shop/issues", &token, body).await;
    let answer = scene
        .get("/repos/acme/shop/contents/README.md", &token)
        .await;
    assert_eq!(answer.status, 404);
    assert_eq!(
        scene.sim.complaints(),
        [
            "POST /repos/acme/shop/issues: unknown field `assignee`",
            "GET /repos/acme/shop/contents/README.md: no such route",
        ]
    );
}

#[tokio::test]
async fn spent_hour_is_refused_until_the_reset() {
    let scene = Scene::new().await;
    let token = scene.token().await;
    let reset = scene.sim.now() + TimeDelta::minutes(5);
    scene.sim.set_rate_limit(1, reset);
    let last = scene.get("/repos/acme/shop", &token).await;
    assert_eq!(
        (last.status, last.header("x-ratelimit-remaining")),
        (200, "0")
    );
    let refused = scene.get("/repos/acme/shop", &token).await;
    assert_eq!(refused.status, 403);
    assert!(refused.message().starts_with("API rate limit exceeded"));
    assert_eq!(
        refused.header("x-ratelimit-reset"),
        reset.timestamp().to_string()
    );
    scene.sim.advance_clock(5 * MINUTE);
    assert_eq!(scene.get("/repos/acme/shop", &token).await.status, 200);
}

#[tokio::test]
async fn secondary_limit_says_how_long_and_haste_is_a_complaint() {
    let scene = Scene::new().await;
    let token = scene.token().await;
    scene.sim.enforce_limits(Limits {
        per_minute: 2,
        status: 429,
        ..Limits::default()
    });
    scene.new_issue(&token, "One").await;
    scene.new_issue(&token, "Two").await;
    let body = json!({"title": "Three"});
    for _ in 0..2 {
        let refused = scene
            .post("/repos/acme/shop/issues", &token, body.clone())
            .await;
        assert_eq!(refused.status, 429);
        assert!(refused.message().contains("secondary rate limit"));
        let wait: u64 = refused.header("retry-after").parse().unwrap();
        assert!((1..=60).contains(&wait));
    }
    assert_eq!(scene.sim.complaints().len(), 1);
    scene.sim.advance_clock(MINUTE);
    let answer = scene.post("/repos/acme/shop/issues", &token, body).await;
    assert_eq!(answer.status, 201);
}

#[tokio::test]
async fn other_accounts_repositories_are_not_seen() {
    let scene = Scene::new().await;
    scene.sim.add_repository("globex/secret");
    scene
        .sim
        .install_app("globex", RepositorySelection::only(&["globex/secret"]));
    let token = scene.token().await;
    let body = json!({"title": "No"});
    let answer = scene
        .post("/repos/globex/secret/issues", &token, body)
        .await;
    assert_eq!(answer.status, 404);
}
