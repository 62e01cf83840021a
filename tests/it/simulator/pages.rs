//! The web pages: what is shown, and what the forms do.

use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;

use super::Scene;

/// Status, headers and text of a page.
async fn browse(
    scene: &Scene,
    path: &str,
    cookie: &str,
    form: Option<&[(&str, &str)]>,
) -> (u16, HeaderMap, String) {
    let url = format!("{}{path}", scene.sim.web_url());
    let request = Request::builder().uri(url).header("Cookie", cookie);
    let request = match form {
        None => request.body(Full::default()),
        Some(fields) => request
            .method("POST")
            .header("Content-Type", "application/x-www-form-urlencoded")
            .body(Full::new(Bytes::from(
                url::form_urlencoded::Serializer::new(String::new())
                    .extend_pairs(fields)
                    .finish(),
            ))),
    };
    let client = Client::builder(TokioExecutor::new()).build_http();
    let response = client.request(request.unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    (parts.status.as_u16(), parts.headers, text)
}

const MALLORY: &str = "theme=x; acting_as=mallory";

#[tokio::test]
async fn issue_is_opened_and_answered_by_the_chosen_person() {
    let scene = Scene::new().await;
    let fields = [("title", "Sign-in"), ("body", "one\r\ntwo")];
    let path = "/acme/shop/issues/new";
    let (status, headers, _) = browse(&scene, path, MALLORY, Some(&fields)).await;
    assert_eq!(status, 303);
    assert_eq!(headers["location"], "/acme/shop/issues/1");
    let fields = [("body", "Done."), ("then", "close")];
    browse(
        &scene,
        "/acme/shop/issues/1/comment",
        MALLORY,
        Some(&fields),
    )
    .await;
    let shop = scene.sim.repository("acme/shop");
    let issue = shop.issue(1);
    assert_eq!(
        (issue.author.as_str(), issue.body.as_str()),
        ("mallory", "one\ntwo")
    );
    assert_eq!(issue.state_reason.as_deref(), Some("completed"));
    assert_eq!(shop.comments(1)[0].body, "Done.");
}

#[tokio::test]
async fn choice_of_person_is_kept_and_leads_back_only_here() {
    let scene = Scene::new().await;
    let choose = async |back: &str| {
        let fields = [("login", "mallory\r\nx: y"), ("back", back)];
        browse(&scene, "/_simulator/act-as", "", Some(&fields))
            .await
            .1
    };
    let headers = choose("/acme/shop/issues").await;
    assert_eq!(headers["location"], "/acme/shop/issues");
    let cookie = headers["set-cookie"].to_str().unwrap();
    assert!(cookie.starts_with("acting_as=malloryxy;"), "{cookie}");
    assert_eq!(choose("//elsewhere.example").await["location"], "/");
}

#[tokio::test]
async fn pages_show_what_is_there_and_escape_it() {
    let scene = Scene::new().await;
    let alice = scene.sim.user("alice");
    let body = "<script>steal()</script>\n\n<!-- hidden -->\n- [ ] **box**";
    let one = alice.opens_issue("acme/shop", "<b>Bold</b> title", body);
    let two = alice.opens_issue("acme/shop", "Child", "");
    let three = alice.opens_issue("acme/shop", "Blocker", "");
    alice.links_sub_issue(&one, &two);
    alice.blocks(&one, &three);
    alice.labels(&one, &["bug"]);
    alice.closes(&two);
    let (_, _, page) = browse(&scene, "/acme/shop/issues/1", "", None).await;
    assert!(page.contains("&#60;b&#62;Bold") || page.contains("&lt;b&gt;Bold"));
    assert!(!page.contains("<script>steal") && !page.contains("hidden -->"));
    for shown in [
        "1 of 1 closed",
        "Blocked by",
        "Blocker",
        ">bug</span>",
        "role=\"checkbox\"",
        "<strong>box</strong>",
    ] {
        assert!(page.contains(shown), "{shown} is missing");
    }
    let (_, _, open) = browse(&scene, "/acme/shop/issues", "", None).await;
    assert!(open.contains("Open <b>2</b>") && open.contains("Closed <b>1</b>"));
    assert!(open.contains("Blocker") && !open.contains(">Child<"));
    let (_, _, closed) = browse(&scene, "/acme/shop/issues?state=closed", "", None).await;
    assert!(closed.contains(">Child<"));
    let (_, _, home) = browse(&scene, "/", "", None).await;
    assert!(home.contains("acme/shop") && home.contains("Simulated GitHub"));
    assert_eq!(browse(&scene, "/acme/none/issues", "", None).await.0, 404);
}

#[tokio::test]
async fn ticking_a_box_edits_the_comment_for_those_who_may() {
    let scene = Scene::new().await;
    let alice = scene.sim.user("alice");
    let issue = alice.opens_issue("acme/shop", "One", "");
    let comment = alice.comments(&issue, "- [x] keep\n- [x] drop");
    let id = comment.id.to_string();
    let fields = [("comment", id.as_str()), ("box", "13")];
    let path = "/acme/shop/issues/1/tick";
    let text = || {
        scene.sim.repository("acme/shop").comments(1)[0]
            .body
            .clone()
    };
    let (stranger, _, _) = browse(&scene, path, MALLORY, Some(&fields)).await;
    assert_eq!((stranger, text().as_str()), (403, "- [x] keep\n- [x] drop"));
    let (status, _, _) = browse(&scene, path, "acting_as=alice", Some(&fields)).await;
    assert_eq!((status, text().as_str()), (303, "- [x] keep\n- [ ] drop"));
}

#[tokio::test]
async fn refused_issue_keeps_what_was_written() {
    let scene = Scene::new().await;
    let title = "t".repeat(257);
    let fields = [("title", title.as_str()), ("body", "my long work")];
    let (_, _, page) = browse(&scene, "/acme/shop/issues/new", "", Some(&fields)).await;
    assert!(page.contains("maximum is 256") && page.contains("my long work"));
}
