//! Links between issues with GitHub's limits, and what the handle shows.

use http::Method;
use serde_json::{Value, json};

use super::{Answer, Scene};

const PARENT: &str = "/repos/acme/shop/issues/1";

async fn link(scene: &Scene, token: &str, parent: u64, child: u64) -> Answer {
    let path = format!("/repos/acme/shop/issues/{parent}/sub_issues");
    scene
        .post(&path, token, json!({"sub_issue_id": child}))
        .await
}

#[tokio::test]
async fn sub_issues_take_the_database_id_and_have_one_parent() {
    let scene = Scene::new().await;
    let token = scene.token().await;
    scene.new_issue(&token, "Parent").await;
    let child = scene.new_issue(&token, "Child").await;
    scene.new_issue(&token, "Other parent").await;
    assert_eq!(link(&scene, &token, 1, 2).await.status, 404, "a number");
    assert_eq!(link(&scene, &token, 1, child).await.status, 201);
    let twice = link(&scene, &token, 3, child).await;
    assert_eq!(twice.status, 422);
    assert!(twice.message().contains("only have one parent"));
    let parent = scene.get("/repos/acme/shop/issues/2/parent", &token).await;
    assert_eq!(parent.body["number"], 1);
    assert_eq!(parent.body["sub_issues_summary"]["total"], 1);
    let body = json!({"sub_issue_id": child});
    let path = format!("{PARENT}/sub_issue");
    let detached = scene.ask(Method::DELETE, &path, &token, body).await;
    assert_eq!(detached.status, 200);
    let orphan = scene.get("/repos/acme/shop/issues/2/parent", &token).await;
    assert_eq!(orphan.status, 404);
}

#[tokio::test]
async fn parent_takes_a_hundred_children_closed_ones_included() {
    let scene = Scene::new().await;
    let token = scene.token().await;
    let alice = scene.sim.user("alice");
    let parent = alice.opens_issue("acme/shop", "Parent", "");
    for n in 0..100 {
        let child = alice.opens_issue("acme/shop", &format!("Child {n}"), "");
        alice.links_sub_issue(&parent, &child);
        alice.closes(&child);
    }
    let late = scene.new_issue(&token, "One too many").await;
    let refused = link(&scene, &token, 1, late).await;
    assert_eq!(refused.status, 422);
    assert!(refused.message().contains("100 sub-issues"));
    let shown = scene.get(PARENT, &token).await;
    assert_eq!(
        shown.body["sub_issues_summary"],
        json!({"total": 100, "completed": 100, "percent_completed": 100})
    );
    let page = scene
        .get(&format!("{PARENT}/sub_issues?per_page=100"), &token)
        .await;
    assert_eq!(page.body.as_array().unwrap().len(), 100);
}

#[tokio::test]
async fn eight_levels_and_no_circle() {
    let scene = Scene::new().await;
    let token = scene.token().await;
    let mut ids = Vec::new();
    for n in 1..=9 {
        ids.push(scene.new_issue(&token, &format!("Level {n}")).await);
    }
    for n in 1..8 {
        let linked = link(&scene, &token, n, ids[usize::try_from(n).unwrap()]).await;
        assert_eq!(linked.status, 201, "level {}", n + 1);
    }
    assert_eq!(link(&scene, &token, 8, ids[8]).await.status, 422);
    let circle = link(&scene, &token, 8, ids[0]).await;
    assert!(circle.message().contains("ancestor"));
}

#[tokio::test]
async fn sub_issues_cross_repositories_but_not_owners() {
    let scene = Scene::new().await;
    scene.sim.add_repository("acme/other");
    scene.sim.add_repository("globex/site");
    let alice = scene.sim.user("alice");
    let token = scene.token().await;
    scene.new_issue(&token, "Parent").await;
    let near = alice.opens_issue("acme/other", "Near", "");
    let far = alice.opens_issue("globex/site", "Far", "");
    assert_eq!(link(&scene, &token, 1, near.id).await.status, 201);
    assert_eq!(link(&scene, &token, 1, far.id).await.status, 404);
    let outline = scene.sim.repository("acme/other").outline();
    insta::assert_snapshot!(outline, @"#1 open   Near   [sub-issue of acme/shop#1]");
}

#[tokio::test]
async fn dependencies_form_no_circle_and_are_fifty_at_most() {
    let scene = Scene::new().await;
    let token = scene.token().await;
    let first = scene.new_issue(&token, "First").await;
    let second = scene.new_issue(&token, "Second").await;
    let block = async |number: u64, by: u64| -> Answer {
        let path = format!("/repos/acme/shop/issues/{number}/dependencies/blocked_by");
        scene.post(&path, &token, json!({"issue_id": by})).await
    };
    assert_eq!(block(2, first).await.status, 201);
    assert_eq!(block(2, first).await.status, 422, "twice");
    let circle = block(1, second).await;
    assert!(circle.message().contains("cycle"), "{}", circle.body);
    assert_eq!(block(1, first).await.status, 422, "itself");
    for n in 2..=50 {
        let id = scene.new_issue(&token, &format!("Blocker {n}")).await;
        assert_eq!(block(2, id).await.status, 201);
    }
    let late = scene.new_issue(&token, "One too many").await;
    assert_eq!(block(2, late).await.status, 422);
    let path = format!("/repos/acme/shop/issues/2/dependencies/blocked_by/{first}");
    let removed = scene.ask(Method::DELETE, &path, &token, Value::Null).await;
    assert_eq!(removed.status, 200);
    assert_eq!(block(2, late).await.status, 201);
}

#[tokio::test]
async fn outline_shows_the_graph() {
    let scene = Scene::new().await;
    let alice = scene.sim.user("alice");
    let trigger = alice.opens_issue("acme/shop", "Auth", "");
    let form = alice.opens_issue("acme/shop", "Add the login form", "");
    let store = alice.opens_issue("acme/shop", "Store passwords", "");
    alice.links_sub_issue(&trigger, &form);
    alice.links_sub_issue(&trigger, &store);
    alice.blocks(&form, &store);
    alice.closes(&store);
    insta::assert_snapshot!(scene.sim.repository("acme/shop").outline(), @r"
    #1 open   Auth
    #2 open   Add the login form   [sub-issue of #1] [blocked by #3]
    #3 closed Store passwords   [sub-issue of #1]
    ");
    assert_eq!(scene.sim.repository("acme/shop").open_issues(), [1, 2]);
}

#[tokio::test]
async fn watchers_hear_everything_in_plain_words() {
    let scene = Scene::new().await;
    let mut seen = scene.sim.watch();
    let alice = scene.sim.user("alice");
    let one = alice.opens_issue("acme/shop", "One", "");
    let two = alice.opens_issue("acme/shop", "Two", "");
    alice.links_sub_issue(&one, &two);
    alice.blocks(&two, &one);
    alice.labels(&one, &["fresh"]);
    alice.reacts(&one, "eyes");
    alice.comments(&one, "Hi");
    alice.closes(&two);
    let mut heard = String::new();
    while let Ok(happening) = seen.try_recv() {
        heard.push_str(&happening.to_string());
        heard.push('\n');
    }
    insta::assert_snapshot!(heard, @r"
    alice opened acme/shop#1 One
    alice opened acme/shop#2 Two
    alice made acme/shop#2 a sub-issue of acme/shop#1
    alice marked acme/shop#2 as blocked by acme/shop#1
    alice made the label fresh in acme/shop
    alice labeled acme/shop#1 fresh
    alice reacted 👀 on acme/shop#1
    alice commented on acme/shop#1
    alice closed acme/shop#2 as completed
    ");
}

#[tokio::test]
async fn simulator_stops_with_its_last_handle() {
    let scene = Scene::new().await;
    let address = scene.sim.web_url().replace("http://", "");
    let second = scene.sim.clone();
    drop(scene);
    assert!(tokio::net::TcpStream::connect(&address).await.is_ok());
    drop(second);
    // The listener is closed by its task, which runs when this one waits.
    for _ in 0..1000 {
        if tokio::net::TcpStream::connect(&address).await.is_err() {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("still listening");
}
