//! Signing in with GitHub, staying signed in, and ending it: by hand, by time, and by GitHub.

use std::time::Duration;

use futures_util::future::join_all;
use http::Method;
use openproducer::domain::settings::Operator;
use openproducer::flows::sessions;
use openproducer::simulator::{Effect, Fault};

use crate::harness::browser::{Browser, Page};
use crate::harness::house::{House, house, house_tuned};

const SESSION: &str = "openproducer_session";
const TOKENS: &str = "/login/oauth/access_token";

/// Whether the browser is signed in, as the pages see it.
async fn is_signed_in(browser: &Browser) -> bool {
    let page = browser.get("/logout").await;
    assert!(matches!(page.status, 200 | 303), "{page:#?}");
    page.status == 200
}

/// A page whose session has ended meanwhile leads to the sign-in, and from there back to itself.
fn is_led_to_sign_in(page: &Page) {
    assert_eq!(page.status, 303, "{page:#?}");
    let to = page.header("location");
    assert!(to.starts_with("/login?next=%2F"), "{to}");
}

/// A page for which GitHub is asked what the person may see.
async fn asks_github(t: &House, browser: &Browser) -> Page {
    let path = format!("/install/callback?installation_id={}", t.installation);
    browser.get(&path).await
}

async fn execute(t: &House, sql: &'static str) {
    sqlx::query(sql).execute(t.pool()).await.unwrap();
}

#[tokio::test]
async fn somebody_signs_in_and_out() {
    house(async |t| {
        let browser = t.browser();
        assert!(!is_signed_in(&browser).await);

        browser.signs_in_as("alice").await;
        let page = browser.get("/logout").await;
        assert!(page.text.contains("signed in as alice"), "{page:#?}");
        let seen = asks_github(t, &browser).await;
        let there = format!("/installations/{}", t.installation);
        assert_eq!(seen.header("location"), there);

        let stolen = browser.cookie(SESSION).unwrap();
        let out = browser.submits(&page, "/logout", &[]).await;
        assert_eq!(out.header("location"), "/");
        assert!(browser.cookie(SESSION).is_none());
        browser.steal_cookie(SESSION, &stolen);
        assert!(!is_signed_in(&browser).await, "the session itself is over");
    })
    .await;
}

#[tokio::test]
async fn signing_out_everywhere_ends_every_session_of_that_person_alone() {
    house(async |t| {
        let (desk, phone) = (t.browser_of("alice").await, t.browser_of("alice").await);
        let other = t.browser_of("olivia").await;
        let page = desk.get("/logout").await;
        desk.submits(&page, "/logout", &[("everywhere", "yes")])
            .await;
        assert!(!is_signed_in(&desk).await && !is_signed_in(&phone).await);
        assert!(is_signed_in(&other).await);
    })
    .await;
}

#[tokio::test]
async fn each_sign_in_makes_a_new_session_and_ends_the_former_one() {
    house(async |t| {
        let browser = t.browser();
        browser.steal_cookie(SESSION, "chosen-by-somebody-else");
        browser.signs_in_as("alice").await;
        let first = browser.cookie(SESSION).unwrap();
        assert_ne!(first, "chosen-by-somebody-else");
        browser.signs_in_as("olivia").await;
        assert_ne!(browser.cookie(SESSION).unwrap(), first);
        let thief = t.browser();
        thief.steal_cookie(SESSION, &first);
        assert!(!is_signed_in(&thief).await);
    })
    .await;
}

#[tokio::test]
async fn a_sign_in_that_was_not_begun_in_this_browser_is_refused() {
    house(async |t| {
        let browser = t.browser();
        browser.is_on_github_as("alice");
        let out = browser.get("/login").await;
        let github = out.leads_to().unwrap();
        let asked: Vec<String> = github
            .query_pairs()
            .map(|(key, _)| key.into_owned())
            .collect();
        for name in [
            "client_id",
            "state",
            "code_challenge",
            "code_challenge_method",
            "redirect_uri",
        ] {
            assert!(
                asked.iter().any(|key| key == name),
                "{name} is not in {github}"
            );
        }
        let back = browser
            .send(Method::GET, github, None)
            .await
            .leads_to()
            .unwrap();

        let another = t.browser();
        let refused = another.send(Method::GET, back.clone(), None).await;
        assert_eq!(refused.status, 400, "{refused:#?}");
        assert!(refused.text.contains("not begun here"));

        let state = back
            .query_pairs()
            .find(|(key, _)| key == "state")
            .unwrap()
            .1
            .into_owned();
        let code = back
            .query_pairs()
            .find(|(key, _)| key == "code")
            .unwrap()
            .1
            .into_owned();
        let forged = if state.starts_with('x') { 'y' } else { 'x' };
        for forged in [
            format!("/login/callback?code={code}&state={forged}{}", &state[1..]),
            format!("/login/callback?code={code}"),
            "/login/callback".to_owned(),
        ] {
            let page = browser.get(&forged).await;
            assert_eq!(page.status, 400, "{forged}: {page:#?}");
            assert!(browser.cookie(SESSION).is_none());
        }

        let done = browser.send(Method::GET, back.clone(), None).await;
        assert_eq!(done.status, 303, "{done:#?}");
        let again = browser.send(Method::GET, back, None).await;
        assert_eq!(again.status, 400, "it works once");
    })
    .await;
}

#[tokio::test]
async fn a_code_without_the_verifier_of_this_browser_is_worth_nothing() {
    house(async |t| {
        // Somebody else's code under our own state, as if it had been slipped in on the way.
        let (thief, victim) = (t.browser(), t.browser());
        victim.is_on_github_as("alice");
        let github = victim.get("/login").await.leads_to().unwrap();
        let back = victim
            .send(Method::GET, github, None)
            .await
            .leads_to()
            .unwrap();
        let code = back
            .query_pairs()
            .find(|(key, _)| key == "code")
            .unwrap()
            .1
            .into_owned();

        let github = thief.get("/login").await.leads_to().unwrap();
        let state = github
            .query_pairs()
            .find(|(key, _)| key == "state")
            .unwrap()
            .1
            .into_owned();
        let page = thief
            .get(&format!("/login/callback?code={code}&state={state}"))
            .await;
        assert_eq!(page.status, 400, "{page:#?}");
        assert!(thief.cookie(SESSION).is_none());
    })
    .await;
}

#[tokio::test]
async fn whoever_says_no_at_github_gets_an_honest_page() {
    house(async |t| {
        t.sim.deny_authorization(true);
        let browser = t.browser();
        browser.is_on_github_as("alice");
        let page = browser.visit("/login?next=/runs/run_1").await;
        assert_eq!(page.status, 200);
        assert!(page.text.contains("You were not signed in"), "{page:#?}");
        assert!(page.text.contains("/login?next=/runs/run_1"), "{page:#?}");
        assert!(browser.cookie(SESSION).is_none());
    })
    .await;
}

#[tokio::test]
async fn sign_in_leads_back_to_our_own_pages_only() {
    house(async |t| {
        for (next, leads_to) in [
            ("/install", "/install"),
            ("/runs/run_1?tab=log", "/runs/run_1?tab=log"),
            ("https://evil.example/", "/installations"),
            ("//evil.example/", "/installations"),
            ("/%5Cevil.example", "/installations"),
            ("/%09/evil.example", "/installations"),
        ] {
            let browser = t.browser();
            browser.is_on_github_as("alice");
            let github = browser
                .get(&format!("/login?next={next}"))
                .await
                .leads_to()
                .unwrap();
            let back = browser.send(Method::GET, github, None).await;
            let done = browser
                .send(Method::GET, back.leads_to().unwrap(), None)
                .await;
            assert_eq!(done.header("location"), leads_to, "{next}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_page_for_the_signed_in_leads_through_sign_in_and_back() {
    house(async |t| {
        let browser = t.browser();
        browser.is_on_github_as("alice");
        let path = format!(
            "/install/callback?installation_id={}&setup_action=install",
            t.installation
        );
        let away = browser.get(&path).await;
        assert_eq!(away.status, 303);
        assert!(
            away.header("location")
                .starts_with("/login?next=%2Finstall%2Fcallback")
        );
        let last = browser.visit(&path).await;
        assert_eq!(
            last.url.path(),
            format!("/installations/{}", t.installation)
        );

        let mut script = t.browser();
        script
            .headers
            .push(("accept", "text/event-stream".to_owned()));
        let refused = script.get(&path).await;
        assert_eq!(
            (refused.status, refused.text.as_str()),
            (401, r#"{"error":"sign in first"}"#)
        );
    })
    .await;
}

#[tokio::test]
async fn sessions_end_when_idle_and_when_old() {
    house(async |t| {
        for sql in [
            "update sessions set seen_at = seen_at - interval '24 hours 1 second'",
            "update sessions set created_at = created_at - interval '14 days 1 second'",
        ] {
            let browser = t.browser_of("alice").await;
            assert!(is_signed_in(&browser).await);
            execute(t, sql).await;
            assert!(!is_signed_in(&browser).await, "{sql}");
        }
        // One that is used goes on.
        let browser = t.browser_of("alice").await;
        for _ in 0..2 {
            execute(
                t,
                "update sessions set seen_at = seen_at - interval '23 hours'",
            )
            .await;
            assert!(is_signed_in(&browser).await);
        }
        let left: i64 = sqlx::query_scalar("select count(*) from sessions")
            .fetch_one(t.pool())
            .await
            .unwrap();
        assert_eq!(left, 1, "those that were over are cleared away");
    })
    .await;
}

#[tokio::test]
async fn whoever_takes_back_their_leave_is_signed_out() {
    house(async |t| {
        let (browser, other) = (t.browser_of("alice").await, t.browser_of("olivia").await);
        t.sim.revoke_authorization("alice");
        t.quiet().await;
        assert!(!is_signed_in(&browser).await);
        assert!(is_signed_in(&other).await);
        browser.signs_in_as("alice").await;
        assert!(is_signed_in(&browser).await, "and may come back");
    })
    .await;
}

#[tokio::test]
async fn a_token_that_github_refuses_ends_the_session() {
    house(async |t| {
        let browser = t.browser_of("alice").await;
        t.sim.drop_user_tokens("alice");
        let page = asks_github(t, &browser).await;
        is_led_to_sign_in(&page);
        assert!(!is_signed_in(&browser).await);
    })
    .await;
}

/// How often tokens were asked for with this grant.
fn grants(t: &House, grant: &str) -> usize {
    let requests = t.sim.requests_matching(&Method::POST, TOKENS);
    requests
        .iter()
        .filter(|r| r.body["grant_type"] == grant)
        .count()
}

#[tokio::test]
async fn a_token_about_to_end_is_renewed_once_for_all_who_wait() {
    house(async |t| {
        let browser = t.browser_of("alice").await;
        let second = t.second_server().await;
        let there = format!("/installations/{}", t.installation);
        for round in 1..=2 {
            execute(
                t,
                "update sessions set token_ends_at = now() + interval '1 minute'",
            )
            .await;
            let here = (0..4).map(|_| asks_github(t, &browser));
            let replica = Browser::new(&format!("http://{}", second.address), &t.sim.web_url());
            replica.steal_cookie(SESSION, &browser.cookie(SESSION).unwrap());
            let beyond = (0..4).map(|_| asks_github(t, &replica));
            let (here, beyond) = tokio::join!(join_all(here), join_all(beyond));
            for page in here.iter().chain(&beyond) {
                assert_eq!(page.header("location"), there, "{page:#?}");
            }
            assert_eq!(
                grants(t, "refresh_token"),
                round,
                "a refresh token works once"
            );
        }
        second.stop().await;
    })
    .await;
}

#[tokio::test]
async fn whoever_leaves_the_page_while_it_is_renewed_stays_signed_in() {
    house(async |t| {
        let browser = t.browser_of("alice").await;
        execute(t, "update sessions set token_ends_at = now()").await;
        let slow = Effect::Delay(Duration::from_millis(600));
        t.sim
            .faults()
            .schedule(Fault::on(Method::POST, TOKENS).then(slow));
        let patience = Duration::from_millis(200);
        let gone = tokio::time::timeout(patience, asks_github(t, &browser)).await;
        assert!(gone.is_err(), "the answer came before they left");
        assert_eq!(asks_github(t, &browser).await.status, 303);
        assert_eq!(grants(t, "refresh_token"), 1);
    })
    .await;
}

#[tokio::test]
async fn a_process_that_died_while_renewing_holds_nobody_up_for_good() {
    house(async |t| {
        let browser = t.browser_of("alice").await;
        execute(
            t,
            "update sessions set token_ends_at = now(), refreshing_until = now() + interval '1 second'",
        )
        .await;
        let page = asks_github(t, &browser).await;
        assert_eq!(page.status, 303, "{page:#?}");
        assert_eq!(grants(t, "refresh_token"), 1);
    })
    .await;
}

#[tokio::test]
async fn a_refresh_token_that_github_refuses_ends_the_session_and_an_outage_does_not() {
    house(async |t| {
        let browser = t.browser_of("alice").await;
        execute(t, "update sessions set token_ends_at = now()").await;
        t.sim.faults().schedule(Fault::on(Method::POST, TOKENS));
        let page = asks_github(t, &browser).await;
        assert_eq!(page.status, 503, "{page:#?}");
        assert!(is_signed_in(&browser).await);
        assert_eq!(asks_github(t, &browser).await.status, 303);

        execute(t, "update sessions set token_ends_at = now()").await;
        t.sim.drop_user_tokens("alice");
        is_led_to_sign_in(&asks_github(t, &browser).await);
        assert!(!is_signed_in(&browser).await);
    })
    .await;
}

#[tokio::test]
async fn tokens_that_last_are_never_renewed() {
    house(async |t| {
        t.sim.issue_lasting_user_tokens();
        let browser = t.browser_of("alice").await;
        assert_eq!(asks_github(t, &browser).await.status, 303);
        assert_eq!(grants(t, "refresh_token"), 0);
        let ends: Option<chrono::DateTime<chrono::Utc>> =
            sqlx::query_scalar("select token_ends_at from sessions")
                .fetch_one(t.pool())
                .await
                .unwrap();
        assert_eq!(ends, None);
    })
    .await;
}

#[tokio::test]
async fn nothing_in_the_table_signs_anybody_in() {
    house(async |t| {
        let browser = t.browser_of("alice").await;
        let cookie = browser.cookie(SESSION).unwrap();
        let (row, sealed, key): (String, Vec<u8>, Vec<u8>) =
            sqlx::query_as("select sessions::text, sealed, key from sessions").fetch_one(t.pool()).await.unwrap();
        assert!(!row.contains(&cookie));
        for secret in ["ghu_", "ghr_", cookie.as_str()] {
            let found = sealed.windows(secret.len()).any(|bytes| bytes == secret.as_bytes());
            assert!(!found, "{secret} can be read");
        }
        let thief = t.browser();
        thief.steal_cookie(SESSION, &hex::encode(&key));
        assert!(!is_signed_in(&thief).await);

        // Another session's tokens in this one's place open nothing.
        t.browser_of("olivia").await;
        execute(
            t,
            "update sessions a set sealed = b.sealed from sessions b where a.login = 'alice' and b.login = 'olivia'",
        )
        .await;
        is_led_to_sign_in(&asks_github(t, &browser).await);
    })
    .await;
}

#[tokio::test]
async fn a_forged_form_changes_nothing() {
    house(async |t| {
        let (browser, other) = (t.browser_of("alice").await, t.browser_of("olivia").await);
        let page = browser.get("/logout").await;
        let (ours, theirs) = (
            page.hidden("csrf"),
            other.get("/logout").await.hidden("csrf"),
        );
        assert_ne!(ours, theirs);
        for fields in [vec![], vec![("csrf", "")], vec![("csrf", theirs.as_str())]] {
            let refused = browser.post("/logout", &fields).await;
            assert_eq!(refused.status, 403, "{refused:#?}");
            assert!(refused.text.contains("not from this sign-in"));
        }
        let mut elsewhere = t.browser();
        elsewhere.steal_cookie(SESSION, &browser.cookie(SESSION).unwrap());
        elsewhere
            .headers
            .push(("sec-fetch-site", "cross-site".to_owned()));
        let refused = elsewhere.post("/logout", &[("csrf", &ours)]).await;
        assert_eq!(refused.status, 403);
        assert!(is_signed_in(&browser).await);

        let stranger = t.browser().post("/logout", &[("csrf", &ours)]).await;
        assert_eq!(stranger.status, 401, "{stranger:#?}");
        let long = "x".repeat(300 * 1024);
        let refused = browser
            .post("/logout", &[("csrf", &ours), ("more", &long)])
            .await;
        assert_eq!(refused.status, 400);
        assert!(is_signed_in(&browser).await);
    })
    .await;
}

#[tokio::test]
async fn too_many_attempts_from_one_address_have_to_wait() {
    house(async |t| {
        let browser = t.browser();
        let mut statuses = Vec::new();
        for _ in 0..62 {
            statuses.push(browser.get("/login").await.status);
        }
        assert_eq!(statuses[..60], [303; 60]);
        assert_eq!(statuses[60..], [429; 2]);
        let page = browser.get("/login/callback").await;
        assert_eq!((page.status, page.header("retry-after")), (429, "60"));
        // The header that anybody can write changes nothing here: no proxy is trusted.
        let mut sly = t.browser();
        sly.headers
            .push(("x-forwarded-for", "203.0.113.9".to_owned()));
        assert_eq!(sly.get("/login").await.status, 429);
        assert_eq!(browser.get("/").await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn behind_a_trusted_proxy_each_visitor_counts_for_themselves() {
    house_tuned(
        Operator::default(),
        |parts| parts.trusted_proxies = 1,
        async |t| {
            let mut one = t.browser();
            one.headers
                .push(("x-forwarded-for", "198.51.100.1, 203.0.113.1".to_owned()));
            for _ in 0..61 {
                one.get("/login").await;
            }
            assert_eq!(one.get("/login").await.status, 429);
            let mut two = t.browser();
            two.headers
                .push(("x-forwarded-for", "203.0.113.2".to_owned()));
            assert_eq!(two.get("/login").await.status, 303);
        },
    )
    .await;
}

#[tokio::test]
async fn over_https_cookies_go_no_other_way() {
    let secure = |parts: &mut openproducer::cli::server::Parts| {
        parts.public_url = Some("https://bot.example.org".parse().unwrap());
    };
    house_tuned(Operator::default(), secure, async |t| {
        let page = t.browser().get("/login").await;
        let cookie = page.header("set-cookie");
        assert!(
            cookie.starts_with("__Host-openproducer_attempt="),
            "{cookie}"
        );
        for word in ["; Path=/", "; HttpOnly", "; SameSite=Lax", "; Secure"] {
            assert!(cookie.contains(word), "{cookie}");
        }
        assert!(!cookie.contains("Domain"));
        assert_eq!(page.header("strict-transport-security"), "max-age=63072000");
        let github = page.leads_to().unwrap();
        let back = github
            .query_pairs()
            .find(|(key, _)| key == "redirect_uri")
            .unwrap()
            .1
            .into_owned();
        assert_eq!(back, "https://bot.example.org/login/callback");
    })
    .await;
}

#[tokio::test]
async fn every_page_is_guarded() {
    house(async |t| {
        let browser = t.browser_of("alice").await;
        for path in [
            "/",
            "/logout",
            "/nowhere",
            "/setup",
            "/install/callback?setup_action=request",
            "/login/callback",
        ] {
            let page = browser.get(path).await;
            let policy = page.header("content-security-policy");
            assert!(
                policy.starts_with("default-src 'none'; script-src 'self';"),
                "{path}: {policy}"
            );
            assert!(
                policy.contains("form-action 'self';") && policy.contains("frame-ancestors 'none'"),
                "{path}: {policy}"
            );
            assert!(
                !policy.contains("unsafe") && !policy.contains('*'),
                "{path}: {policy}"
            );
            assert_eq!(page.header("cache-control"), "no-store", "{path}");
            assert_eq!(page.header("x-content-type-options"), "nosniff", "{path}");
            assert_eq!(page.header("referrer-policy"), "no-referrer", "{path}");
            assert_eq!(page.header("x-frame-options"), "DENY", "{path}");
            assert_eq!(
                page.header("strict-transport-security"),
                "",
                "it is not https: {path}"
            );
            let scripts = page.text.matches("<script").count();
            let ours = page.text.matches("<script src=\"/assets/").count();
            assert!(scripts == ours && !page.text.contains(" style="), "{path}");
        }
    })
    .await;
}

#[tokio::test]
async fn without_a_key_nobody_signs_in_and_is_told_why() {
    house_tuned(
        Operator::default(),
        |parts| parts.seal = None,
        async |t| {
            let page = t.browser().get("/login").await;
            assert_eq!(page.status, 503, "{page:#?}");
            assert!(page.text.contains("ENCRYPTION_KEY"), "{page:#?}");
            let back = t
                .browser()
                .get("/install/callback?setup_action=install&installation_id=1")
                .await;
            assert_eq!(back.status, 200);
            assert!(back.text.contains("open an issue"), "{back:#?}");
        },
    )
    .await;
}

#[tokio::test]
async fn what_the_log_may_print_of_a_session_holds_no_secret() {
    house(async |t| {
        let browser = t.browser_of("alice").await;
        let cookie = browser.cookie(SESSION).unwrap();
        let person = sessions::find(&t.services(), &cookie.clone().into())
            .await
            .unwrap()
            .unwrap();
        let printed = format!("{person:?}");
        assert!(
            !printed.contains(&cookie) && !printed.contains("ghu_"),
            "{printed}"
        );
    })
    .await;
}
