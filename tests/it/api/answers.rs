//! What a script hears: whatever was lost on the way can be sent again, and what is refused says why in our own words.

use http::Method;
use openproducer::flows::tokens::Scope;
use serde_json::{Value, json};

use super::{SPEC, Script, token};
use crate::harness::house::{House, house};

/// A run that waits, by its address, and its plan's revision.
async fn waiting(t: &House, script: &Script) -> (String, Value) {
    t.opens("Accounts", SPEC).await;
    let run = &script.gets("/runs").await.json["runs"][0]["id"];
    let run = format!("/runs/{}", run.as_str().unwrap());
    let revision = script.gets(&run).await.json["plan_revision"].clone();
    (run, revision)
}

/// How often somebody commanded this, as the log says.
async fn logged(t: &House, action: &str) -> i64 {
    sqlx::query_scalar("select count(*) from audit_events where action = $1")
        .bind(action)
        .fetch_one(t.pool())
        .await
        .unwrap()
}

#[tokio::test]
async fn a_command_whose_answer_was_lost_is_answered_again_and_done_once() {
    house(async |t| {
        let script = Script::of(t, "olivia").await;
        let (run, revision) = waiting(t, &script).await;
        let confirm = format!("{run}/confirm");
        let first = json!({"plan_revision": revision, "items": [1]});
        for _ in 0..3 {
            let reply = script.posts(&confirm, first.clone()).await;
            assert_eq!(reply.status, 202, "{reply:?}");
        }
        t.quiet().await;
        assert_eq!(script.posts(&confirm, first).await.status, 202);
        assert_eq!((logged(t, "confirm").await, t.created().len()), (1, 1));
        // Another command is none that was carried out.
        for other in [
            json!({"plan_revision": revision}),
            json!({"plan_revision": revision, "items": [1, 2]}),
            json!({"plan_revision": 99, "items": [1]}),
        ] {
            let reply = script.posts(&confirm, other.clone()).await;
            assert_eq!(
                (reply.status, &reply.json["code"]),
                (409, &json!("not_possible")),
                "{other}: {reply:?}"
            );
        }
        let back = format!("{run}/rollback");
        for _ in 0..2 {
            assert_eq!(script.posts(&back, json!({})).await.status, 202);
        }
        t.quiet().await;
        assert_eq!(script.posts(&back, json!({})).await.status, 202);
        assert_eq!(logged(t, "rollback").await, 1);
        let late = script.posts(&format!("{run}/cancel"), json!({})).await;
        assert_eq!(late.json["code"], "not_possible", "{late:?}");
    })
    .await;
}

#[tokio::test]
async fn a_cancelled_run_is_cancelled_however_often_it_is_said() {
    house(async |t| {
        let script = Script::of(t, "olivia").await;
        let (run, revision) = waiting(t, &script).await;
        for _ in 0..2 {
            let reply = script.posts(&format!("{run}/cancel"), json!({})).await;
            assert_eq!(
                (reply.status, &reply.json["status"]),
                (202, &json!("cancelled"))
            );
        }
        assert_eq!(logged(t, "cancel").await, 1);
        let late = json!({"plan_revision": revision});
        let late = script.posts(&format!("{run}/confirm"), late).await;
        assert_eq!(late.json["code"], "not_possible", "{late:?}");
    })
    .await;
}

#[tokio::test]
async fn a_plan_that_nobody_read_is_told_by_its_code() {
    house(async |t| {
        let script = Script::of(t, "olivia").await;
        let (run, revision) = waiting(t, &script).await;
        let confirm = format!("{run}/confirm");
        let reply = script.posts(&confirm, json!({"plan_revision": 99})).await;
        assert_eq!(reply.json["code"], "plan_changed", "{reply:?}");
        let says = reply.json["detail"].as_str().unwrap();
        assert!(
            says.contains(&format!("revision {revision},")) && !says.contains("page"),
            "{says}"
        );
        let beyond = json!({"plan_revision": revision, "items": [7]});
        let reply = script.posts(&confirm, beyond).await;
        assert_eq!(reply.json["code"], "no_such_items", "{reply:?}");
        script.posts(&format!("{run}/cancel"), json!({})).await;
    })
    .await;
}

#[tokio::test]
async fn settings_that_are_so_already_are_no_conflict() {
    house(async |t| {
        let script = Script::of(t, "olivia").await;
        let put = async |version: i32, settings: Value| {
            let body = json!({"version": version, "settings": settings});
            script.asks(Method::PUT, "/settings", Some(body)).await
        };
        for _ in 0..2 {
            let reply = put(0, json!({"max_issues": 20})).await;
            assert_eq!(
                (reply.status, &reply.json["version"]),
                (200, &json!(1)),
                "{reply:?}"
            );
        }
        let reply = put(0, json!({"max_issues": 21})).await;
        assert_eq!(
            (reply.status, &reply.json["code"]),
            (409, &json!("settings_changed")),
            "{reply:?}"
        );
    })
    .await;
}

#[tokio::test]
async fn who_may_not_read_is_told_no_more_than_that_it_is_done() {
    house(async |t| {
        let reads = Script::of(t, "olivia").await;
        let (run, _) = waiting(t, &reads).await;
        let writes = Script::new(
            t,
            &token(t, "olivia", &[Scope::RunsWrite, Scope::SettingsWrite]).await,
        );
        let set = json!({"version": 0, "settings": {"max_issues": 20}});
        let replies = [
            writes.asks(Method::PUT, "/settings", Some(set)).await,
            writes.posts(&format!("{run}/cancel"), json!({})).await,
        ];
        for reply in replies {
            assert_eq!(
                (reply.status, &reply.json),
                (204, &Value::Null),
                "{reply:?}"
            );
        }
        assert_eq!(reads.gets(&run).await.json["status"], "cancelled");
        assert_eq!(
            reads.gets("/settings").await.json["settings"]["max_issues"],
            20
        );
    })
    .await;
}

/// What programmers say among themselves.
const JARGON: [&str; 9] = [
    "deserialize",
    "struct",
    "i64",
    "u32",
    "expected",
    "invalid type",
    "EOF",
    "query string",
    "serde",
];

#[tokio::test]
async fn what_cannot_be_read_is_told_in_words_with_what_would_be_right() {
    house(async |t| {
        let script = Script::of(t, "olivia").await;
        let (run, revision) = waiting(t, &script).await;
        let confirm = format!("{run}/confirm");
        let cancel = format!("{run}/cancel");
        let back = format!("{run}/rollback");
        let raw = async |method: Method, path: &str, body: &str| {
            let request = script
                .client
                .request(method, format!("{}{path}", script.home));
            let request = request.bearer_auth(&script.token).body(body.to_owned());
            let response = request.send().await.unwrap();
            let status = response.status().as_u16();
            let said: Value = response.json().await.unwrap();
            (status, said)
        };
        let (get, post, put) = (Method::GET, Method::POST, Method::PUT);
        let twice = format!(r#"{{"plan_revision": {revision}, "items": ["a"]}}"#);
        let asked: [(&Method, &str, &str, &str); 20] = [
            (&get, "/runs?limit=many", "", "from 1 to 100, got many"),
            (&get, "/runs?limit=0", "", "from 1 to 100, got 0"),
            (&get, "/runs?limit=99999999999", "", "from 1 to 100"),
            (&get, "/runs?standing=lost", "", "must be one of"),
            (
                &get,
                "/runs?before=run_20260101_000000_zzzzzzzz",
                "",
                "the id of a run of this installation",
            ),
            (
                &get,
                "/runs?before=x",
                "",
                "the id of a run of this installation",
            ),
            (&get, "/runs?repository=x", "", "owner/name"),
            (&get, "/runs?colour=red", "", "`colour` is not known here"),
            (&get, "/runs?requested_by=%00", "", "cannot be read"),
            (&get, "/runs/%ff", "", "cannot be read"),
            (
                &post,
                &confirm,
                "",
                "There is no body, and this needs a JSON object. `plan_revision` is missing",
            ),
            (&post, &confirm, "{", "line 1, at character 1"),
            (&post, &confirm, "[]", "must be a JSON object"),
            (
                &post,
                &confirm,
                r#"{"plan_revision": "x"}"#,
                "`plan_revision` must be a whole number",
            ),
            (&post, &confirm, &twice, "`items` must be a list of numbers"),
            (
                &post,
                &cancel,
                r#"{"why": 1}"#,
                "`why` is not known here; nothing can be said here",
            ),
            (
                &post,
                &back,
                r#"{"force": "yes"}"#,
                "`force` must be true or false",
            ),
            (
                &put,
                "/settings",
                r#"{"version": 0}"#,
                "`settings` is missing",
            ),
            (
                &put,
                "/settings",
                r#"{"version": 99999999999, "settings": {}}"#,
                "`version` must be a whole number",
            ),
            (
                &put,
                "/settings",
                r#"{"version": 0, "settings": {"model": "a\u0000b"}}"#,
                "U+0000",
            ),
        ];
        for (method, path, body, says) in asked {
            let (status, said) = raw(method.clone(), path, body).await;
            let detail = said["detail"].as_str().unwrap_or_default();
            assert_eq!(
                (status, &said["code"]),
                (400, &json!("malformed")),
                "{path} {body}: {said}"
            );
            assert!(detail.contains(says), "{path} {body}: {detail}");
            let found = JARGON.iter().find(|word| detail.contains(**word));
            assert_eq!(found, None, "{path} {body}: {detail}");
        }
        script.posts(&cancel, json!({})).await;
    })
    .await;
}

#[tokio::test]
async fn a_body_of_64_kb_is_read_and_a_larger_one_is_not() {
    house(async |t| {
        let script = Script::of(t, "olivia").await;
        let send = async |length: usize| {
            let empty = json!({"version": 0, "settings": {}}).to_string();
            let body = format!("{empty}{}", " ".repeat(length - empty.len()));
            let request = script.client.put(format!("{}/settings", script.home));
            let response = request
                .bearer_auth(&script.token)
                .body(body)
                .send()
                .await
                .unwrap();
            let status = response.status().as_u16();
            (
                status,
                response.json::<Value>().await.unwrap()["code"].clone(),
            )
        };
        assert_eq!(send(64 * 1024).await.0, 200);
        assert_eq!(send(64 * 1024 + 1).await, (413, json!("too_large")));
    })
    .await;
}

#[tokio::test]
async fn pages_of_runs_follow_one_another_to_the_end() {
    house(async |t| {
        let script = Script::of(t, "olivia").await;
        for title in ["One", "Two", "Three"] {
            t.opens(title, SPEC).await;
        }
        let mut titles = Vec::new();
        let mut next = "/runs?limit=1".to_owned();
        loop {
            let page = script.gets(&next).await.json;
            assert_eq!(page["runs"].as_array().unwrap().len(), 1, "{page}");
            titles.push(page["runs"][0]["title"].as_str().unwrap().to_owned());
            let Some(last) = page["next"].as_str() else {
                break;
            };
            next = format!("/runs?limit=1&before={last}");
        }
        assert_eq!(titles, ["Three", "Two", "One"]);
        let rest = script.gets("/runs?limit=100&standing=waiting").await.json;
        assert_eq!(rest["runs"].as_array().unwrap().len(), 3);
        for run in rest["runs"].as_array().unwrap() {
            let cancel = format!("/runs/{}/cancel", run["id"].as_str().unwrap());
            script.posts(&cancel, json!({})).await;
        }
    })
    .await;
}

#[tokio::test]
async fn the_description_says_what_may_be_answered() {
    house(async |t| {
        let said = Script::new(t, "").gets("/openapi.json").await.json;
        for (path, methods) in said["paths"].as_object().unwrap() {
            for (method, about) in methods.as_object().unwrap() {
                let known = &about["responses"];
                let mut wanted = vec!["400", "401", "403", "429", "500", "503", "504"];
                if path.contains('{') {
                    wanted.push("404");
                }
                if method != "get" {
                    wanted.extend(["204", "409", "413"]);
                }
                for status in wanted {
                    assert!(known.get(status).is_some(), "{method} {path}: {status}");
                }
                assert!(
                    known["503"]["headers"].get("Retry-After").is_some(),
                    "{method} {path}"
                );
            }
        }
        let limit = said["paths"]["/runs"]["get"]["parameters"]
            .as_array()
            .unwrap()
            .iter()
            .find(|parameter| parameter["name"] == "limit")
            .unwrap();
        assert_eq!(
            (&limit["schema"]["minimum"], &limit["schema"]["maximum"]),
            (&json!(1), &json!(100))
        );
        let codes = &said["components"]["schemas"]["Code"]["enum"];
        assert!(
            codes.as_array().unwrap().contains(&json!("plan_changed")),
            "{codes}"
        );
    })
    .await;
}
