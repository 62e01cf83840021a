//! The API as a client meets it when all goes well.

use http::Method;
use openproducer::simulator::{Actor, Role};
use serde_json::{Value, json};

use super::{MINUTE, Scene};

#[tokio::test]
async fn app_sees_itself_and_its_installation() {
    let scene = Scene::new().await;
    let jwt = scene.jwt();
    let app = scene.get("/app", &jwt).await;
    assert_eq!(app.status, 200);
    assert_eq!(app.body["slug"], "theopenproducerbot");
    let all = scene.get("/app/installations", &jwt).await;
    assert_eq!(all.body[0]["id"], scene.installation);
    assert_eq!(all.body[0]["account"]["login"], "acme");
    let one = scene.get("/repos/acme/shop/installation", &jwt).await;
    assert_eq!(one.body["id"], scene.installation);
    assert_eq!(one.body["repository_selection"], "all");
}

#[tokio::test]
async fn token_is_long_opaque_and_lists_its_repositories() {
    let scene = Scene::new().await;
    let token = scene.token().await;
    assert!(token.starts_with("ghs_1234567_"));
    assert!((450..650).contains(&token.len()), "{}", token.len());
    assert_eq!(token.matches('.').count(), 2);
    let repositories = scene.get("/installation/repositories", &token).await;
    assert_eq!(repositories.body["total_count"], 1);
    assert_eq!(
        repositories.body["repositories"][0]["full_name"],
        "acme/shop"
    );
}

#[tokio::test]
async fn octocrab_understands_every_answer() {
    let scene = Scene::new().await;
    let client = octocrab::Octocrab::builder()
        .base_uri(format!("{}/", scene.sim.api_url()))
        .unwrap()
        .personal_token(scene.token().await)
        .build()
        .unwrap();
    let issues = client.issues("acme", "shop");
    let made = Box::pin(
        issues
            .create("Build it")
            .body("All of it")
            .labels(vec!["bug".to_owned(), "new one".to_owned()])
            .assignees(vec!["alice".to_owned()])
            .send(),
    )
    .await
    .unwrap();
    assert_eq!((made.number, made.title.as_str()), (1, "Build it"));
    assert_eq!(made.labels.len(), 2);
    assert_eq!(made.assignees[0].login, "alice");
    assert_eq!(made.user.login, "theopenproducerbot[bot]");
    let comment = issues.create_comment(1, "Hello").await.unwrap();
    let edited = issues
        .update_comment(comment.id, "Hello again")
        .await
        .unwrap();
    assert_eq!(edited.body.as_deref(), Some("Hello again"));
    let listed = issues.list_comments(1).send().await.unwrap();
    assert_eq!(listed.items.len(), 1);
    let closed = issues
        .update(1)
        .state(octocrab::models::IssueState::Closed)
        .state_reason(octocrab::models::issues::IssueStateReason::NotPlanned)
        .send()
        .await
        .unwrap();
    assert_eq!(closed.state, octocrab::models::IssueState::Closed);
    assert!(closed.closed_at.is_some());
    let list = issues
        .list()
        .state(octocrab::params::State::All)
        .send()
        .await
        .unwrap();
    assert_eq!(list.items.len(), 1);
    let repository = client.repos("acme", "shop").get().await.unwrap();
    assert_eq!(repository.full_name.as_deref(), Some("acme/shop"));
    assert_eq!(client.ratelimit().get().await.unwrap().rate.limit, 5000);
    assert_eq!(scene.sim.complaints(), Vec::<String>::new());

    let key = jsonwebtoken::EncodingKey::from_rsa_pem(scene.sim.app().private_key_pem.as_bytes());
    let app = octocrab::Octocrab::builder()
        .base_uri(format!("{}/", scene.sim.api_url()))
        .unwrap()
        .app(scene.sim.app().id.into(), key.unwrap())
        .build()
        .unwrap();
    assert_eq!(app.current().app().await.unwrap().id.0, scene.sim.app().id);
    let installations = app.apps().installations().send().await.unwrap();
    assert_eq!(installations.items[0].account.login, "acme");
    let installed = app.apps().get_repository_installation("acme", "shop").await;
    let own = app.installation(installed.unwrap().id).unwrap();
    let milestone = scene.sim.add_milestone("acme/shop", "Soon");
    let made = Box::pin(
        own.issues("acme", "shop")
            .create("Another")
            .milestone(milestone)
            .send(),
    )
    .await
    .unwrap();
    assert_eq!(made.milestone.unwrap().title, "Soon");
}

#[tokio::test]
async fn pages_are_linked_to_the_last() {
    let scene = Scene::new().await;
    let alice = scene.sim.user("alice");
    for n in 1..=5 {
        alice.opens_issue("acme/shop", &format!("Issue {n}"), "");
    }
    let token = scene.token().await;
    let path = "/repos/acme/shop/issues?per_page=2&state=all&direction=asc";
    let first = scene.get(path, &token).await;
    assert_eq!(first.body.as_array().unwrap().len(), 2);
    let id = scene.sim.repository("acme/shop").id();
    let base = format!("{}/repositories/{id}/issues", scene.sim.api_url());
    assert_eq!(
        first.header("link"),
        format!(
            "<{base}?direction=asc&page=2&per_page=2&state=all>; rel=\"next\", \
             <{base}?direction=asc&page=3&per_page=2&state=all>; rel=\"last\""
        )
    );
    let last = format!("{base}?direction=asc&page=3&per_page=2&state=all");
    let last = scene.get(&last, &token).await;
    assert_eq!(last.body.as_array().unwrap().len(), 1);
    assert_eq!(last.body[0]["title"], "Issue 5");
    assert!(!last.header("link").contains("rel=\"next\""));
}

#[tokio::test]
async fn lists_are_narrowed_by_state_time_and_label() {
    let scene = Scene::new().await;
    let alice = scene.sim.user("alice");
    let old = alice.opens_issue("acme/shop", "Old", "");
    alice.closes(&old);
    scene.sim.advance_clock(MINUTE);
    let since = openproducer_time(&scene);
    let new = alice.opens_issue("acme/shop", "New", "");
    alice.labels(&new, &["bug"]);
    let token = scene.token().await;
    let titles = async |query: &str| -> Vec<String> {
        let path = format!("/repos/acme/shop/issues?{query}");
        let answer = scene.get(&path, &token).await;
        let items = answer.body.as_array().unwrap().clone();
        items
            .iter()
            .map(|i| i["title"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(titles("").await, ["New"]);
    assert_eq!(titles("state=closed").await, ["Old"]);
    assert_eq!(titles("state=all").await, ["New", "Old"]);
    assert_eq!(titles(&format!("state=all&since={since}")).await, ["New"]);
    assert_eq!(titles("labels=bug").await, ["New"]);
    assert!(titles("labels=bug,question").await.is_empty());
    scene.sim.lag_filtered_lists(MINUTE);
    assert!(titles("labels=bug").await.is_empty());
    assert_eq!(titles("").await, ["New"], "unfiltered lists do not lag");
}

fn openproducer_time(scene: &Scene) -> String {
    scene.sim.now().format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[tokio::test]
async fn pull_requests_share_numbers_and_lists_with_issues() {
    let scene = Scene::new().await;
    let alice = scene.sim.user("alice");
    alice.opens_issue("acme/shop", "One", "");
    let pull = alice.opens_pull_request("acme/shop", "Two", "");
    assert_eq!(pull.number, 2);
    let token = scene.token().await;
    let list = scene.get("/repos/acme/shop/issues", &token).await;
    assert!(list.body[0]["pull_request"]["url"].is_string());
    assert!(list.body[1].get("pull_request").is_none());
}

#[tokio::test]
async fn a_second_equal_reaction_is_the_first() {
    let scene = Scene::new().await;
    let issue = scene.sim.user("alice").opens_issue("acme/shop", "One", "");
    let comment = scene.sim.user("alice").comments(&issue, "Hi");
    let token = scene.token().await;
    let on_comment = format!("/repos/acme/shop/issues/comments/{}/reactions", comment.id);
    for path in ["/repos/acme/shop/issues/1/reactions", &on_comment] {
        let first = scene.post(path, &token, json!({"content": "eyes"})).await;
        let second = scene.post(path, &token, json!({"content": "eyes"})).await;
        assert_eq!((first.status, second.status), (201, 200));
        assert_eq!(first.body["id"], second.body["id"]);
        let list = scene.get(path, &token).await;
        assert_eq!(list.body.as_array().unwrap().len(), 1);
    }
    let view = scene.sim.repository("acme/shop");
    assert_eq!(view.reactions(1)[0].content, "eyes");
    assert_eq!(
        view.comments(1)[0].reactions[0].by,
        "theopenproducerbot[bot]"
    );
}

#[tokio::test]
async fn permission_is_coarse_and_role_name_exact() {
    let scene = Scene::new().await;
    let token = scene.token().await;
    for (role, permission) in [
        (Role::Read, "read"),
        (Role::Triage, "read"),
        (Role::Write, "write"),
        (Role::Maintain, "write"),
        (Role::Admin, "admin"),
    ] {
        scene.sim.set_role("acme/shop", "alice", role);
        let path = "/repos/acme/shop/collaborators/alice/permission";
        let answer = scene.get(path, &token).await;
        assert_eq!(answer.body["permission"], permission);
        assert_eq!(answer.body["role_name"], role.name());
    }
    let stranger = "/repos/acme/shop/collaborators/mallory/permission";
    assert_eq!(scene.get(stranger, &token).await.body["role_name"], "read");
    scene.sim.set_private("acme/shop", true);
    assert_eq!(scene.get(stranger, &token).await.body["role_name"], "none");
    let nobody = "/repos/acme/shop/collaborators/nobody/permission";
    assert_eq!(scene.get(nobody, &token).await.status, 404);
}

#[tokio::test]
async fn personal_token_acts_as_its_owner() {
    let scene = Scene::new().await;
    let token = scene.sim.add_token("mallory", &["repo"]);
    assert_eq!(scene.get("/user", &token).await.body["login"], "mallory");
    let body = json!({"title": "Mine", "labels": ["bug"], "assignees": ["alice"]});
    let made = scene.post("/repos/acme/shop/issues", &token, body).await;
    assert_eq!(made.status, 201);
    assert_eq!(made.body["user"]["login"], "mallory");
    // Without push access the metadata is dropped in silence.
    assert_eq!(made.body["labels"], json!([]));
    assert_eq!(made.body["assignees"], json!([]));
    let requests = scene
        .sim
        .requests_matching(&Method::POST, "/repos/{owner}/{repo}/issues");
    assert_eq!(requests[0].actor, Actor::Token("mallory".to_owned()));
    assert_eq!(requests[0].api_version.as_deref(), Some("2022-11-28"));
}

#[tokio::test]
async fn renamed_repository_redirects_and_keeps_the_method() {
    let scene = Scene::new().await;
    let token = scene.token().await;
    scene.sim.rename_repository("acme/shop", "acme/store");
    let id = scene.sim.repository("acme/store").id();
    let read = scene.get("/repos/acme/shop/issues?state=all", &token).await;
    assert_eq!(read.status, 301);
    let target = format!("{}/repositories/{id}/issues", scene.sim.api_url());
    assert_eq!(read.header("location"), format!("{target}?state=all"));
    let body = json!({"title": "Still here"});
    let write = scene
        .post("/repos/acme/shop/issues", &token, body.clone())
        .await;
    assert_eq!(write.status, 307);
    let followed = scene.post(write.header("location"), &token, body).await;
    assert_eq!(followed.status, 201);
    let url = format!("{}/repos/acme/store/issues/1", scene.sim.api_url());
    assert_eq!(followed.body["url"], Value::String(url));
}

#[tokio::test]
async fn transferred_and_deleted_issues_are_not_where_they_were() {
    let scene = Scene::new().await;
    scene.sim.add_repository("acme/other");
    let alice = scene.sim.user("alice");
    let moved = alice.opens_issue("acme/shop", "Moved", "");
    let deleted = alice.opens_issue("acme/shop", "Deleted", "");
    let new = scene.sim.transfer_issue(&moved, "acme/other");
    scene.sim.delete_issue(&deleted);
    let token = scene.token().await;
    let answer = scene.get("/repos/acme/shop/issues/1", &token).await;
    assert_eq!(answer.status, 301);
    let there = scene.get(answer.header("location"), &token).await;
    assert_eq!(there.body["id"], new.id);
    let gone = scene.get("/repos/acme/shop/issues/2", &token).await;
    assert_eq!(gone.status, 410);
    let list = scene.get("/repos/acme/shop/issues?state=all", &token).await;
    assert_eq!(list.body, json!([]));
}
