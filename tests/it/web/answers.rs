//! What is asked for wrongly is answered in our own words, with the headers of every page, and never in the framework's.

use std::time::{Duration, Instant};

use http::Method;
use openproducer::domain::settings::Operator;
use openproducer::flows::{access, sessions};

use crate::harness::browser::Page;
use crate::harness::house::{House, STUCK, house, house_tuned};

/// Every page has these.
const GUARDS: [&str; 7] = [
    "content-security-policy",
    "x-content-type-options",
    "x-frame-options",
    "referrer-policy",
    "cache-control",
    "cross-origin-opener-policy",
    "permissions-policy",
];

async fn raw(t: &House, method: Method, path: &str, accept: &str) -> Page {
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let request = client
        .request(method, format!("http://{}{path}", t.address()))
        .header("accept", accept);
    let response = request.send().await.unwrap();
    Page {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        url: response.url().clone(),
        text: response.text().await.unwrap(),
    }
}

#[tokio::test]
async fn what_is_asked_wrongly_is_answered_by_a_page_of_ours() {
    house(async |t| {
        for (method, path, status) in [
            (Method::GET, "/setup?link=a&link=b", 400),
            (Method::GET, "/login?next=/a&next=/b", 400),
            (Method::GET, "/login/callback?code=1&code=2", 400),
            (Method::GET, "/nowhere", 404),
            (Method::GET, "/assets/nothing.css", 404),
            (Method::DELETE, "/", 405),
            (
                Method::GET,
                "/runs/run_20260101_000000_aaaaaaaa/cancel",
                405,
            ),
            (Method::POST, "/installations", 405),
        ] {
            let page = raw(t, method.clone(), path, "text/html").await;
            assert_eq!(page.status, status, "{method} {path}: {}", page.text);
            assert!(page.text.contains("<h1>"), "{method} {path}: {}", page.text);
            for guard in GUARDS {
                assert!(
                    !page.header(guard).is_empty(),
                    "{method} {path} without {guard}"
                );
            }
            for word in [
                "deserialize",
                "Deserialize",
                "extractor",
                "panicked",
                "axum",
            ] {
                assert!(!page.text.contains(word), "{method} {path}: {}", page.text);
            }
        }
        let page = raw(t, Method::DELETE, "/", "text/html").await;
        assert!(page.header("allow").contains("GET"), "{:?}", page.headers);
    })
    .await;
}

#[tokio::test]
async fn trouble_is_told_in_the_frame_of_who_is_signed_in() {
    house(async |t| {
        let olivia = t.browser_of("olivia").await;
        for path in [
            "/nowhere",
            "/login/callback?state=x",
            "/install/callback?setup_action=request",
        ] {
            let page = olivia.get(path).await;
            for said in [
                "<h1>",
                "<span class=\"hidden\">Signed in as </span>olivia",
                "Sign out everywhere",
            ] {
                assert!(page.text.contains(said), "{path}, {said}: {}", page.text);
            }
        }
        assert!(
            olivia
                .get("/nowhere")
                .await
                .text
                .contains("To your installations")
        );
        let nobody = t.browser().get("/nowhere").await;
        assert!(
            nobody.text.contains("Sign in with GitHub") && !nobody.text.contains("Sign out"),
            "{}",
            nobody.text
        );
        // Without its sessions the server still says what is wrong.
        sqlx::query("alter table sessions rename to sessions_away")
            .execute(t.pool())
            .await
            .unwrap();
        let page = olivia.get("/nowhere").await;
        assert_eq!(page.status, 404);
        assert!(page.text.contains("There is no such page"), "{}", page.text);
        sqlx::query("alter table sessions_away rename to sessions")
            .execute(t.pool())
            .await
            .unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_api_answers_everything_as_a_problem() {
    house(async |t| {
        for (method, path, status) in [
            (Method::GET, "/api/nothing", 404),
            (Method::GET, "/api/v1/nothing", 404),
            (Method::GET, "/api/v2/runs", 404),
            (Method::DELETE, "/api/v1/runs", 405),
            (Method::DELETE, "/api/health", 405),
            (Method::GET, "/api/v1/runs/%ff", 401),
        ] {
            let page = raw(t, method.clone(), path, "*/*").await;
            assert_eq!(page.status, status, "{method} {path}: {}", page.text);
            if path == "/api/health" {
                continue;
            }
            assert_eq!(
                page.header("content-type"),
                "application/problem+json",
                "{method} {path}"
            );
            let problem: serde_json::Value = serde_json::from_str(&page.text).unwrap();
            assert_eq!(problem["status"], status, "{path}");
            for guard in GUARDS {
                assert!(
                    !page.header(guard).is_empty(),
                    "{method} {path} without {guard}"
                );
            }
        }
        let hook = raw(t, Method::GET, "/api/webhook/github", "text/html").await;
        assert_eq!((hook.status, hook.header("allow")), (405, "POST"));
        assert!(
            hook.text.contains("GitHub sends its webhooks here"),
            "{}",
            hook.text
        );
    })
    .await;
}

#[tokio::test]
async fn a_page_leads_to_the_sign_in_when_github_has_ended_it_meanwhile() {
    house(async |t| {
        let olivia = t.browser_of("olivia").await;
        let secret = olivia.cookie("openproducer_session").unwrap().into();
        let services = t.services();
        let person = sessions::find(&services, &secret).await.unwrap().unwrap();
        // What GitHub said before is kept for a minute; that minute is over, and so is the sign-in.
        access::forget(&services, &person).await;
        t.sim.drop_user_tokens("olivia");
        let page = olivia.get("/installations?x=1").await;
        assert_eq!(
            (page.status, page.header("location")),
            (303, "/login?next=%2Finstallations%3Fx%3D1"),
            "{}",
            page.text
        );
    })
    .await;
}

/// What every answer to somebody who signed in has, word for word.
const HELD: [(&str, &str); 6] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
    ("cache-control", "no-store"),
    ("strict-transport-security", ""),
];

#[tokio::test]
async fn pages_and_streams_of_who_signed_in_are_kept_to_themselves() {
    house(async |t| {
        let issue = t
            .opens(
                "Accounts",
                "@TheOpenProducerBot\ndry_run: true\n\n- Build it",
            )
            .await;
        let run = t.run(&issue).await.id;
        let olivia = t.browser_of("olivia").await;
        let home = format!("/installations/{}", t.installation);
        let shop = format!("{home}/repositories/{}/settings", t.shop().id());
        let cookie = olivia.cookie("openproducer_session").unwrap();
        let paths = [
            "/installations".to_owned(),
            home.clone(),
            format!("{home}/settings"),
            format!("{home}/settings/history"),
            shop,
            format!("{home}/tokens"),
            format!("{home}/audit"),
            format!("{home}/audit/events.csv"),
            format!("/runs/{run}"),
            format!("/runs/{run}/live"),
        ];
        for path in paths {
            let request = reqwest::Client::new().get(format!("http://{}{path}", t.address()));
            let request = request.header("cookie", format!("openproducer_session={cookie}"));
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), 200, "{path}");
            for (name, value) in HELD {
                let held = answer
                    .headers()
                    .get(name)
                    .map_or("", |held| held.to_str().unwrap());
                assert_eq!(held, value, "{path}: {name}");
            }
        }
        t.says(&issue, "@TheOpenProducerBot cancel").await;
    })
    .await;
}

#[tokio::test]
async fn over_https_every_answer_asks_for_https() {
    let secure = |parts: &mut openproducer::cli::server::Parts| {
        parts.public_url = Some("https://bot.example.org".parse().unwrap());
    };
    house_tuned(Operator::default(), secure, async |t| {
        for path in [
            "/",
            "/login",
            "/nowhere",
            "/api/v1/token",
            "/api/v1/openapi.json",
            "/assets/x",
        ] {
            let page = raw(t, Method::GET, path, "text/html").await;
            assert_eq!(
                page.header("strict-transport-security"),
                "max-age=63072000",
                "{path}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_form_of_256_kb_is_read_and_a_longer_one_is_not() {
    house(async |t| {
        let olivia = t.browser_of("olivia").await;
        let path = format!("/installations/{}/settings/import", t.installation);
        let start = olivia
            .get(&format!("/installations/{}/settings", t.installation))
            .await;
        let csrf = start.hidden("csrf");
        let around = format!("csrf={csrf}&version=0&text=").len();
        let text = |length: usize| "x".repeat(length - around);
        let read = text(256 * 1024);
        let fields = [
            ("csrf", csrf.as_str()),
            ("version", "0"),
            ("text", read.as_str()),
        ];
        let page = olivia.post(&path, &fields).await;
        assert_eq!(page.status, 422, "it is read, and is no document");
        let long = text(256 * 1024 + 1);
        let fields = [
            ("csrf", csrf.as_str()),
            ("version", "0"),
            ("text", long.as_str()),
        ];
        let page = olivia.post(&path, &fields).await;
        assert_eq!(page.status, 400);
        assert!(
            page.text.contains("At most 256 KB are read"),
            "{}",
            page.text
        );
    })
    .await;
}

#[tokio::test]
async fn what_no_name_holds_is_refused_before_the_database_is_asked() {
    house(async |t| {
        let olivia = t.browser_of("olivia").await;
        let home = format!("/installations/{}", t.installation);
        for path in [
            format!("{home}?by=%00"),
            format!("{home}/audit?who=%00"),
            format!("{home}/audit?action=a%00b"),
            format!("{home}/audit/events.csv?who=%00"),
        ] {
            let page = olivia.get(&path).await;
            assert_eq!(page.status, 400, "{path}: {}", page.text);
            assert!(
                page.text.contains("The address cannot be read"),
                "{}",
                page.text
            );
        }
        let start = olivia.get(&format!("{home}/settings")).await;
        let fields = [("version", "0"), ("labels", "a\0b")];
        let sent = olivia
            .submits(&start, &format!("{home}/settings"), &fields)
            .await;
        assert_eq!(sent.status, 400, "{}", sent.text);
    })
    .await;
}

/// Sessions of this database that are in a transaction and do nothing, by what they said last.
async fn forgotten(t: &House) -> Vec<String> {
    sqlx::query_scalar(
        "select coalesce(query, '') from pg_stat_activity
         where datname = current_database() and state like 'idle in transaction%'",
    )
    .fetch_all(t.pool())
    .await
    .unwrap()
}

#[tokio::test]
async fn whoever_hangs_up_leaves_no_transaction_behind() {
    house(async |t| {
        let olivia = t.browser_of("olivia").await;
        let cookie = olivia.cookie("openproducer_session").unwrap();
        let page = format!("http://{}/installations/{}", t.address(), t.installation);
        for patience in (0..6000).step_by(40).map(Duration::from_micros) {
            let request = reqwest::Client::new()
                .get(&page)
                .header("cookie", format!("openproducer_session={cookie}"));
            drop(tokio::time::timeout(patience, request.send()).await);
        }
        let begun = Instant::now();
        while let left = forgotten(t).await
            && !left.is_empty()
        {
            assert!(begun.elapsed() < STUCK, "left: {left:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let answer = olivia
            .get(&format!("/installations/{}", t.installation))
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    })
    .await;
}
