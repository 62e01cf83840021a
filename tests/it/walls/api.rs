//! Every path and method that the API describes, with every kind of token that must not get it.

use http::Method;
use openproducer::domain::ids::{InstallationId, UserId};
use openproducer::flows::settings::By;
use openproducer::flows::tokens::{self, Scope};
use serde_json::{Value, json};

use super::pages::{scene, stored};
use crate::api::{Reply, Script};
use crate::harness::house::{House, house, house_tuned};

/// One thing that the API can do.
struct Deed {
    method: Method,
    path: String,
    /// As its description says; `None`: any token will do.
    scope: Option<Scope>,
}

impl Deed {
    fn at(&self, run: &str, owner: &str, name: &str) -> String {
        let path = self.path.replace("{run}", run);
        let path = path.replace("{owner}", owner).replace("{name}", name);
        assert!(!path.contains('{'), "{path}: what stands for this?");
        path
    }

    /// A body that would do, so that nothing but the token stands against it.
    fn body(&self) -> Value {
        match self.path.rsplit('/').next() {
            Some("confirm") => json!({ "plan_revision": 1 }),
            Some("settings") => json!({ "version": 0, "settings": {} }),
            _ => json!({}),
        }
    }

    async fn done_by(&self, script: &Script, path: &str) -> Reply {
        script
            .asks(self.method.clone(), path, Some(self.body()))
            .await
    }
}

/// Everything that the API says it can do.
async fn deeds(t: &House) -> Vec<Deed> {
    let said = Script::new(t, "")
        .asks(Method::GET, "/openapi.json", None)
        .await;
    let mut deeds = Vec::new();
    for (path, methods) in said.json["paths"].as_object().expect("paths") {
        for (method, about) in methods.as_object().expect("methods") {
            let Ok(method) = method.to_uppercase().parse::<Method>() else {
                continue;
            };
            let words = format!("{} {}", about["summary"], about["description"]);
            let scope = Scope::ALL
                .into_iter()
                .find(|scope| words.contains(&format!("Scope `{}`", scope.as_str())));
            assert!(
                scope.is_some() || path == "/token",
                "{method} {path} does not say which scope it needs"
            );
            deeds.push(Deed {
                method,
                path: path.clone(),
                scope,
            });
        }
    }
    assert!(deeds.len() >= 11, "only {} were described", deeds.len());
    deeds
}

async fn made(
    t: &House,
    login: &str,
    installation: u64,
    scopes: &[Scope],
    days: Option<u32>,
) -> Script {
    let by = By {
        login: login.to_owned(),
        id: Some(UserId(i64::try_from(t.sim.user(login).id()).unwrap())),
        token: None,
    };
    let home = InstallationId(i64::try_from(installation).unwrap());
    let services = t.services();
    let made = tokens::make(&services, &by, home, "script", scopes, days);
    Script::new(t, made.await.unwrap().secret().expect("a token"))
}

/// What tenants have, but for when a token was last used.
async fn kept(t: &House) -> Vec<String> {
    let mut all = stored(t).await;
    all.retain(|line| !line.starts_with("api_tokens"));
    all
}

#[tokio::test]
async fn every_deed_of_the_api_is_refused_to_whoever_may_not() {
    house(async |t| {
        let (ours, theirs) = scene(t).await;
        let rivals: i64 =
            sqlx::query_scalar("select id from installations where account_login = 'rival'")
                .fetch_one(t.pool())
                .await
                .unwrap();
        let rex = made(t, "rex", u64::try_from(rivals).unwrap(), &Scope::ALL, None).await;
        let rita = made(t, "rita", t.installation, &Scope::ALL, None).await;
        let nobody = Script::new(t, "");
        let forged = Script::new(t, "opr_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
        let deeds = deeds(t).await;
        let before = kept(t).await;
        for deed in &deeds {
            let what = format!("{} {}", deed.method, deed.path);
            let real = deed.at(&ours.run, "acme", "shop");
            for script in [&nobody, &forged] {
                let reply = deed.done_by(script, &real).await;
                assert_eq!(reply.status, 401, "{what}: {reply:?}");
                assert_eq!(reply.kind, "application/problem+json", "{what}");
            }
            // Who made it reads the repository and administers nothing.
            assert_eq!(deed.done_by(&rita, &real).await.status, 403, "{what}");
            if let Some(scope) = deed.scope {
                let others: Vec<Scope> = Scope::ALL.into_iter().filter(|s| *s != scope).collect();
                let lacks = made(t, "olivia", t.installation, &others, None).await;
                let reply = deed.done_by(&lacks, &real).await;
                assert_eq!(reply.status, 403, "{what}: {reply:?}");
                assert!(
                    reply.json["detail"]
                        .as_str()
                        .unwrap()
                        .contains(scope.as_str()),
                    "{what}"
                );
            }
            if real == deed.path {
                // It says nothing but what is the caller's own.
                if deed.method == Method::GET {
                    let reply = deed.done_by(&rex, &real).await;
                    let text = reply.json.to_string();
                    assert_eq!(reply.status, 200, "{what}");
                    assert!(
                        !text.contains("acme") && !text.contains(&ours.run),
                        "{what}: {text}"
                    );
                }
                continue;
            }
            let none = deed.at("run_20260101_000000_zzzzzzzz", "acme", "nothing");
            let (seen, unseen) = (
                deed.done_by(&rex, &real).await,
                deed.done_by(&rex, &none).await,
            );
            assert_eq!(seen.status, 404, "{what}: {seen:?}");
            assert_eq!((seen.kind, seen.json), (unseen.kind, unseen.json), "{what}");
        }
        // Making tokens is written down; nothing else has changed.
        let made_since = |lines: Vec<String>| -> Vec<String> {
            lines
                .into_iter()
                .filter(|line| !line.starts_with("audit_events"))
                .collect()
        };
        assert_eq!(made_since(kept(t).await), made_since(before));
        let own = Deed {
            method: Method::GET,
            path: "/runs/{run}".to_owned(),
            scope: None,
        };
        let reply = own.done_by(&rex, &own.at(&theirs.run, "", "")).await;
        assert_eq!(reply.status, 200, "its own run is there: {reply:?}");
    })
    .await;
}

#[tokio::test]
async fn a_token_that_has_expired_says_so_and_does_nothing() {
    house(async |t| {
        let (ours, _) = scene(t).await;
        let short = made(t, "olivia", t.installation, &Scope::ALL, Some(1)).await;
        let said = short.asks(Method::GET, "/token", None).await;
        assert!(said.json["expires_at"].is_string(), "{said:?}");
        sqlx::query("update api_tokens set expires_at = now() - interval '1 minute' where expires_at is not null")
            .execute(t.pool())
            .await
            .unwrap();
        for deed in deeds(t).await {
            let reply = deed.done_by(&short, &deed.at(&ours.run, "acme", "shop")).await;
            assert_eq!(reply.status, 401, "{}: {reply:?}", deed.path);
            assert_eq!(reply.json["title"], "The token has expired", "{}", deed.path);
        }
        let days: Vec<Option<i32>> = sqlx::query_scalar(
            "select round(extract(epoch from (detail ->> 'expires_at')::timestamptz - at) / 86400)::int from audit_events
             where action = 'make_token' order by id",
        )
        .fetch_all(t.pool())
        .await
        .unwrap();
        assert_eq!(days.last(), Some(&Some(1)), "the log says for how long");
    })
    .await;
}

#[tokio::test]
async fn wrong_tokens_are_counted_and_a_right_one_is_answered_all_the_same() {
    house(async |t| {
        let good = made(t, "olivia", t.installation, &Scope::ALL, None).await;
        let same = Script::new(t, "opr_same-beginning-of-an-old-token");
        let mut statuses = Vec::new();
        for _ in 0..32 {
            statuses.push(same.asks(Method::GET, "/token", None).await.status);
        }
        assert_eq!(statuses[..30], [401; 30]);
        assert_eq!(statuses[30..], [429; 2]);
        // Ever new ones from the same address.
        let mut last = 0;
        for n in 0..85 {
            let guess = Script::new(t, &format!("opr_{n:08}-guessed"));
            last = guess.asks(Method::GET, "/token", None).await.status;
        }
        assert_eq!(last, 429);
        assert_eq!(good.asks(Method::GET, "/token", None).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn attempts_are_counted_over_all_replicas() {
    let redis = crate::harness::services::services().redis_url.clone();
    house_tuned(
        openproducer::domain::settings::Operator::default(),
        move |parts| {
            parts.cache = openproducer::cache::Cache::redis_within(
                &redis,
                std::time::Duration::from_secs(10),
            )
            .expect("an address");
            parts.trusted_proxies = 1;
        },
        async |t| {
            // An address of its own: other tests share the Redis.
            let bytes = uuid::Uuid::now_v7().as_u128();
            let address = std::net::Ipv6Addr::from(bytes << 64).to_string();
            let second = t.second_server().await;
            let mut statuses = Vec::new();
            for home in [t.address(), second.address] {
                let mut browser = crate::harness::browser::Browser::new(
                    &format!("http://{home}"),
                    &t.sim.web_url(),
                );
                browser.headers.push(("x-forwarded-for", address.clone()));
                for _ in 0..35 {
                    statuses.push(browser.get("/login").await.status);
                }
            }
            assert_eq!(statuses.iter().filter(|status| **status == 303).count(), 60);
            assert_eq!(statuses[60..], [429; 10]);
            second.stop().await;
        },
    )
    .await;
}
