//! The JSON API through the door: tokens, runs, plans, commands and settings, and what no token gets.

// Tells clippy that the helpers here are tests too.
#![cfg(test)]

use http::Method;
use openproducer::domain::ids::{InstallationId, UserId};
use openproducer::flows::settings::By;
use openproducer::flows::tokens::{self, Scope};
use openproducer::simulator::{RepositorySelection, Role};
use serde_json::{Value, json};

use crate::harness::house::{House, SHOP, house};

mod answers;
mod makers;
mod suspended;

const SPEC: &str = "@TheOpenProducerBot\ndry_run: true\n\n- [ ] Build the login form\n- [ ] Store sessions in the database\n";

/// A script with a token, or with none.
pub(crate) struct Script {
    home: String,
    token: String,
    client: reqwest::Client,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) kind: String,
    pub(crate) retry_after: Option<String>,
    pub(crate) json: Value,
}

impl Script {
    pub(crate) fn new(t: &House, token: &str) -> Self {
        Self {
            home: format!("http://{}/api/v1", t.address()),
            token: token.to_owned(),
            client: reqwest::Client::builder().build().unwrap(),
        }
    }

    /// In the name of somebody, with all scopes.
    async fn of(t: &House, login: &str) -> Self {
        Self::new(t, &token(t, login, &Scope::ALL).await)
    }

    pub(crate) async fn asks(&self, method: Method, path: &str, body: Option<Value>) -> Reply {
        let mut request = self
            .client
            .request(method.clone(), format!("{}{path}", self.home));
        if !self.token.is_empty() {
            request = request.header("authorization", format!("Bearer {}", self.token));
        }
        if let Some(body) = body {
            request = request.body(body.to_string());
        }
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let kind = response.headers().get("content-type");
        let kind = kind.map_or("", |kind| kind.to_str().unwrap()).to_owned();
        self.is_described(&method, path, status).await;
        let retry_after = response.headers().get("retry-after");
        let retry_after = retry_after.map(|value| value.to_str().unwrap().to_owned());
        let text = response.text().await.unwrap();
        Reply {
            status,
            retry_after,
            json: match text.as_str() {
                "" => Value::Null,
                text => {
                    serde_json::from_str(text).unwrap_or_else(|_| panic!("{status} {kind}: {text}"))
                }
            },
            kind,
        }
    }

    /// Holds the answer to what the API says of itself: whatever a test sees has to stand there.
    async fn is_described(&self, method: &Method, path: &str, status: u16) {
        static SAID: tokio::sync::OnceCell<Value> = tokio::sync::OnceCell::const_new();
        let said = SAID.get_or_init(async || {
            let said = self.client.get(format!("{}/openapi.json", self.home));
            said.send().await.unwrap().json().await.unwrap()
        });
        let path = path.split('?').next().unwrap_or_default();
        for (template, methods) in said.await["paths"].as_object().unwrap() {
            let (asked, of_template) = (path.split('/'), template.split('/'));
            let is_of = asked.clone().count() == of_template.clone().count()
                && asked
                    .zip(of_template)
                    .all(|(asked, part)| part.starts_with('{') || part == asked);
            if let Some(about) = methods
                .get(method.as_str().to_lowercase())
                .filter(|_| is_of)
            {
                assert!(
                    about["responses"].get(status.to_string()).is_some(),
                    "{method} {template} was answered {status}, which its description does not know"
                );
            }
        }
    }

    async fn gets(&self, path: &str) -> Reply {
        self.asks(Method::GET, path, None).await
    }

    async fn posts(&self, path: &str, body: Value) -> Reply {
        self.asks(Method::POST, path, Some(body)).await
    }
}

fn acme(t: &House) -> InstallationId {
    InstallationId(i64::try_from(t.installation).unwrap())
}

pub(crate) async fn token(t: &House, login: &str, scopes: &[Scope]) -> String {
    let by = By {
        login: login.to_owned(),
        id: Some(UserId(i64::try_from(t.sim.user(login).id()).unwrap())),
        token: None,
    };
    let (services, name) = (t.services(), format!("{login}'s script"));
    let made = tokens::make(&services, &by, acme(t), &name, scopes, None);
    made.await.unwrap().secret().unwrap().to_owned()
}

#[tokio::test]
async fn a_script_confirms_what_it_has_read_and_rolls_it_back() {
    house(async |t| {
        t.sim.set_role(SHOP, "alice", Role::Admin);
        let script = Script::of(t, "alice").await;
        t.opens("Accounts", SPEC).await;
        let runs = script
            .gets("/runs?standing=waiting&repository=acme/shop")
            .await;
        assert_eq!(runs.status, 200, "{runs:?}");
        let run = runs.json["runs"][0]["id"].as_str().unwrap().to_owned();
        assert_eq!(runs.json["runs"][0]["title"], "Accounts");
        assert_eq!(runs.json["runs"][0]["phase"], "awaiting_confirmation");
        let plan = script.gets(&format!("/runs/{run}/plan")).await;
        assert_eq!(plan.json["plan"]["issues"].as_array().unwrap().len(), 2);
        let revision = plan.json["plan_revision"].as_i64().unwrap();

        let confirm = format!("/runs/{run}/confirm");
        let other = script
            .posts(&confirm, json!({"plan_revision": revision + 1}))
            .await;
        assert_eq!(
            (other.status, other.kind.as_str()),
            (409, "application/problem+json"),
            "{other:?}"
        );
        let beyond = script
            .posts(&confirm, json!({"plan_revision": revision, "items": [7]}))
            .await;
        assert_eq!(beyond.status, 409, "{beyond:?}");
        let said = script
            .posts(&confirm, json!({"plan_revision": revision, "items": [1]}))
            .await;
        assert_eq!(said.status, 202, "{said:?}");
        t.quiet().await;
        let now = script.gets(&format!("/runs/{run}")).await;
        assert_eq!(now.json["status"], "completed", "{now:?}");
        assert_eq!(now.json["issues"][0]["state"], "created");
        assert_eq!(now.json["issues"][1]["state"], "dropped");
        assert!(
            now.json["issues"][0]["url"]
                .as_str()
                .unwrap()
                .contains("acme/shop")
        );

        let late = script
            .posts(&format!("/runs/{run}/cancel"), json!({}))
            .await;
        assert_eq!(late.status, 409, "{late:?}");
        let back = script
            .posts(&format!("/runs/{run}/rollback"), json!({}))
            .await;
        assert_eq!(back.status, 202, "{back:?}");
        t.quiet().await;
        let now = script.gets(&format!("/runs/{run}")).await;
        assert_eq!(now.json["status"], "rolled_back");
        let log: Vec<(String, Value)> =
            sqlx::query_as("select actor, detail from audit_events where action = 'confirm'")
                .fetch_all(t.pool())
                .await
                .unwrap();
        assert_eq!(log[0].0, "alice");
        assert_eq!(log[0].1["token"], "alice's script");
    })
    .await;
}

#[tokio::test]
async fn a_token_may_no_more_than_its_scopes_and_its_maker() {
    house(async |t| {
        t.opens("Accounts", SPEC).await;
        let reads = Script::new(t, &token(t, "olivia", &[Scope::RunsRead]).await);
        let run = reads.gets("/runs").await.json["runs"][0]["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let revision = reads.gets(&format!("/runs/{run}")).await.json["plan_revision"].clone();
        for (method, path) in [
            (Method::POST, format!("/runs/{run}/cancel")),
            (Method::GET, "/settings".to_owned()),
        ] {
            let refused = reads.asks(method, &path, Some(json!({}))).await;
            assert_eq!(refused.status, 403, "{path}: {refused:?}");
        }
        // Rita may only read the repository, whatever her token says.
        let ritas = Script::of(t, "rita").await;
        let refused = ritas
            .posts(
                &format!("/runs/{run}/confirm"),
                json!({"plan_revision": revision}),
            )
            .await;
        assert_eq!(refused.status, 403);
        assert!(
            refused.json["detail"].as_str().unwrap().contains("rita"),
            "{refused:?}"
        );
        let refused = ritas
            .asks(
                Method::PUT,
                "/settings",
                Some(json!({"version": 0, "settings": {}})),
            )
            .await;
        assert_eq!(refused.status, 403);
        // Who loses the role takes the token's power along.
        t.sim.set_role(SHOP, "alice", Role::Admin);
        let alices = Script::of(t, "alice").await;
        t.sim.set_role(SHOP, "alice", Role::Read);
        let refused = alices
            .posts(
                &format!("/runs/{run}/confirm"),
                json!({"plan_revision": revision}),
            )
            .await;
        assert_eq!(refused.status, 403, "{refused:?}");
        let now = reads.gets(&format!("/runs/{run}")).await;
        assert_eq!(
            now.json["phase"], "awaiting_confirmation",
            "nothing was changed"
        );
    })
    .await;
}

#[tokio::test]
async fn a_token_goes_with_its_maker_s_rule_over_the_whole_installation() {
    house(async |t| {
        let script = Script::of(t, "olivia").await;
        assert_eq!(script.gets("/runs").await.status, 200);
        // Somewhere she is no admin: what she made before reads nothing and sets nothing there.
        t.sim.add_repository("acme/vault");
        t.sim.set_role("acme/vault", "olivia", Role::Read);
        t.sim.set_role("acme/vault", "alice", Role::Write);
        t.alice().opens_issue("acme/vault", "Accounts", SPEC);
        t.quiet().await;
        let other = Script::of(t, "olivia").await;
        for path in ["/runs", "/settings"] {
            let reply = other.gets(path).await;
            assert_eq!(reply.status, 403, "{reply:?}");
        }
        let set = json!({ "version": 0, "settings": { "max_issues": 5 } });
        assert_eq!(
            other.asks(Method::PUT, "/settings", Some(set)).await.status,
            403
        );
    })
    .await;
}

#[tokio::test]
async fn settings_are_read_and_changed_with_every_complaint() {
    house(async |t| {
        let script = Script::of(t, "olivia").await;
        let path = "/repositories/acme/shop/settings";
        let put = async |path: &str, version: i32, settings: Value| {
            let body = json!({"version": version, "settings": settings});
            script.asks(Method::PUT, path, Some(body)).await
        };
        let saved = put("/settings", 0, json!({"max_issues": 20, "monthly_budget": 2.5})).await;
        assert_eq!((saved.status, &saved.json["version"]), (200, &json!(1)), "{saved:?}");
        let wrong = put(path, 0, json!({"max_issues": 21, "colour": "red"})).await;
        assert_eq!(wrong.status, 422);
        assert_eq!(wrong.json["errors"], json!([
            {"field": "colour", "detail": "`colour` is not a setting"},
            {"field": "max_issues", "detail": "`max_issues` must be at most 20, the installation's limit; got 21"},
        ]));
        assert_eq!(put(path, 0, json!({"max_issues": 5})).await.status, 200);
        let late = put(path, 0, json!({"max_issues": 6})).await;
        assert_eq!(late.status, 409, "{late:?}");
        let shown = script.gets(path).await;
        assert_eq!(shown.json["effective"]["max_issues"], json!({"value": 5, "from": "repository"}));
        assert_eq!(shown.json["effective"]["monthly_budget"]["value"], json!(2.5));
        assert_eq!(shown.json["changed_by"], "olivia (token olivia's script)");
        for body in ["{", "[]", r#"{"version": 1}"#, r#"{"version": 1, "settings": {}, "more": 1}"#] {
            let request = script.client.put(format!("{}{path}", script.home)).bearer_auth(&script.token);
            let status = request.body(body.to_owned()).send().await.unwrap().status();
            assert_eq!(status.as_u16(), 400, "{body}");
        }
    })
    .await;
}

#[tokio::test]
async fn no_other_token_gets_anything() {
    house(async |t| {
        t.opens("Accounts", SPEC).await;
        let good = token(t, "olivia", &Scope::ALL).await;
        let run = Script::new(t, &good).gets("/runs").await.json["runs"][0]["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let paths = [
            (Method::GET, "/token".to_owned()),
            (Method::GET, "/runs".to_owned()),
            (Method::GET, format!("/runs/{run}")),
            (Method::GET, format!("/runs/{run}/plan")),
            (Method::POST, format!("/runs/{run}/confirm")),
            (Method::POST, format!("/runs/{run}/cancel")),
            (Method::POST, format!("/runs/{run}/rollback")),
            (Method::GET, "/settings".to_owned()),
            (Method::PUT, "/settings".to_owned()),
            (Method::GET, "/repositories/acme/shop/settings".to_owned()),
            (Method::PUT, "/repositories/acme/shop/settings".to_owned()),
        ];
        let revoked = token(t, "olivia", &Scope::ALL).await;
        let id = tokens::list(&t.services(), acme(t)).await.unwrap()[0].id;
        let by = By {
            login: "olivia".to_owned(),
            id: None,
            token: None,
        };
        assert!(
            tokens::revoke(&t.services(), &by, acme(t), id)
                .await
                .unwrap()
        );
        for wrong in [
            "",
            "opr_",
            "nonsense",
            &good[..good.len() - 1],
            &format!("{good}x"),
            &revoked,
        ] {
            let script = Script::new(t, wrong);
            for (method, path) in &paths {
                let refused = script.asks(method.clone(), path, Some(json!({}))).await;
                assert_eq!(
                    (refused.status, refused.kind.as_str()),
                    (401, "application/problem+json"),
                    "{path} with {wrong}"
                );
            }
        }

        // Another tenant's token, with all scopes, sees what somebody sees who asks for what does not exist.
        t.sim.add_organization("rival");
        t.sim.add_repository("rival/app");
        t.sim.set_role("rival/app", "stranger", Role::Admin);
        let theirs = t.sim.install_app("rival", RepositorySelection::All);
        t.quiet().await;
        let by = By {
            login: "stranger".to_owned(),
            id: Some(UserId(i64::try_from(t.sim.user("stranger").id()).unwrap())),
            token: None,
        };
        let theirs = InstallationId(i64::try_from(theirs).unwrap());
        let made = tokens::make(&t.services(), &by, theirs, "spy", &Scope::ALL, None)
            .await
            .unwrap();
        let spy = Script::new(t, made.secret().unwrap());
        assert_eq!(spy.gets("/runs").await.json["runs"], json!([]));
        let body = json!({"plan_revision": 1, "version": 0, "settings": {}});
        for (method, path) in &paths {
            if !path.contains("/runs/") && !path.contains("/repositories/") {
                continue;
            }
            let body = match path.rsplit('/').next() {
                Some("confirm") => json!({"plan_revision": 1}),
                Some("settings") => json!({"version": 0, "settings": {}}),
                _ => json!({}),
            };
            let nowhere = path
                .replace(&run, "run_20260101_000000_aaaaaaaa")
                .replace("acme/shop", "acme/nothing");
            let (real, none) = (
                spy.asks(method.clone(), path, Some(body.clone())).await,
                spy.asks(method.clone(), &nowhere, Some(body)).await,
            );
            assert_eq!(real.status, 404, "{method} {path}: {real:?}");
            assert_eq!(
                (real.status, &real.json),
                (none.status, &none.json),
                "{method} {path}"
            );
        }
        drop(body);
        let strange = spy.asks(Method::DELETE, "/runs", None).await;
        assert_eq!(strange.status, 405);
        assert_eq!(spy.gets("/nothing").await.status, 404);
    })
    .await;
}

#[tokio::test]
async fn too_many_requests_are_told_to_wait() {
    house(async |t| {
        let script = Script::of(t, "olivia").await;
        let mut statuses = Vec::new();
        for _ in 0..121 {
            statuses.push(script.gets("/token").await.status);
        }
        assert_eq!(statuses.iter().filter(|s| **s == 200).count(), 120);
        assert_eq!(statuses.last(), Some(&429));
        // Each token has its own count.
        assert_eq!(
            Script::of(t, "olivia").await.gets("/token").await.status,
            200
        );
    })
    .await;
}

#[tokio::test]
async fn the_api_describes_itself() {
    house(async |t| {
        let said = Script::new(t, "").gets("/openapi.json").await;
        assert_eq!(said.status, 200);
        let paths: Vec<String> = said.json["paths"]
            .as_object()
            .unwrap()
            .iter()
            .flat_map(|(path, does)| {
                let methods = does.as_object().unwrap().keys();
                methods
                    .map(move |method| format!("{method} {path}"))
                    .collect::<Vec<_>>()
            })
            .collect();
        insta::assert_snapshot!(paths.join("\n"), @"
        get /repositories/{owner}/{name}/settings
        put /repositories/{owner}/{name}/settings
        get /runs
        get /runs/{run}
        post /runs/{run}/cancel
        post /runs/{run}/confirm
        get /runs/{run}/plan
        post /runs/{run}/rollback
        get /settings
        put /settings
        get /token
        ");
        assert_eq!(
            said.json["components"]["securitySchemes"]["token"]["scheme"],
            "bearer"
        );
        assert!(
            said.json["components"]["schemas"]["RunDetailShape"].is_object(),
            "{:#}",
            said.json["components"]["schemas"]
        );
    })
    .await;
}

#[tokio::test]
async fn a_token_is_shown_once_and_kept_as_a_hash() {
    house(async |t| {
        let olivia = t.browser_of("olivia").await;
        let page = format!("/installations/{}/tokens", t.installation);
        let start = olivia.get(&page).await;
        assert_eq!(start.status, 200, "{}", start.text);
        let refused = olivia.submits(&start, &page, &[("name", "nightly")]).await;
        assert_eq!(refused.status, 422);
        assert!(
            refused.text.contains("Tick at least one")
                && refused.text.contains(r#"value="nightly""#),
            "{}",
            refused.text
        );
        let made = olivia
            .submits(
                &start,
                &page,
                &[("name", "nightly"), ("scope", "runs:read")],
            )
            .await;
        assert_eq!(made.status, 303, "{}", made.text);
        let made = olivia.follow(made).await;
        let (_, rest) = made.text.split_once("value=\"opr_").expect("the token");
        let token = format!("opr_{}", rest.split('"').next().unwrap());
        assert_eq!(made.header("cache-control"), "no-store");
        assert_eq!(
            Script::new(t, &token).gets("/token").await.json["scopes"],
            json!(["runs:read"])
        );
        let again = olivia.get(&page).await;
        assert!(
            !again.text.contains(&token) && again.text.contains("just now"),
            "{}",
            again.text
        );
        let stored: Vec<String> = sqlx::query_scalar(
            "select t::text from api_tokens t union all select a::text from audit_events a",
        )
        .fetch_all(t.pool())
        .await
        .unwrap();
        assert!(!stored.join("\n").contains(&token[4..20]));

        let id = tokens::list(&t.services(), acme(t)).await.unwrap()[0].id;
        let revoked = olivia
            .submits(&again, &format!("{page}/{id}/revoke"), &[])
            .await;
        assert_eq!(revoked.status, 303);
        assert_eq!(Script::new(t, &token).gets("/token").await.status, 401);
        let twice = olivia
            .submits(&again, &format!("{page}/{id}/revoke"), &[])
            .await;
        assert_eq!(twice.status, 404);
    })
    .await;
}
