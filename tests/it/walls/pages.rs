//! Every page and every form as another tenant, as a member of the wrong role, signed out, and forged: nothing leaks to those
//! who do not see it on GitHub, not even whether it exists.

use std::fs;
use std::path::Path;

use http::Method;
use openproducer::domain::ids::{InstallationId, UserId};
use openproducer::flows::settings::By;
use openproducer::flows::tokens::{self, Scope};
use openproducer::flows::{access, sessions};
use openproducer::simulator::{Effect, Fault, RepositorySelection, Role};
use sqlx::AssertSqlSafe;

use super::tables_of_tenants;
use crate::harness::browser::{Browser, Page};
use crate::harness::house::{House, house};

const SPEC: &str =
    "@TheOpenProducerBot\ndry_run: true\n\n- [ ] Build the login form\n- [ ] Store sessions\n";

/// Whose things an address names.
#[derive(Debug, Clone)]
pub(super) struct Things {
    installation: String,
    repository: String,
    pub(super) run: String,
    token: String,
}

impl Things {
    /// What nobody has.
    fn nothing() -> Self {
        Self {
            installation: "987654321".to_owned(),
            repository: "987654321".to_owned(),
            run: "run_20260101_000000_zzzzzzzz".to_owned(),
            token: "987654321".to_owned(),
        }
    }

    fn fill(&self, route: &str) -> String {
        route
            .replace("{installation}", &self.installation)
            .replace("{id}", &self.installation)
            .replace("{repository}", &self.repository)
            .replace("{run}", &self.run)
            .replace("{token}", &self.token)
    }
}

/// Who may see the page of an installation's things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum For {
    /// Whoever sees the repository.
    Members,
    Admins,
}

type Fields = &'static [(&'static str, &'static str)];

const LAYERS: [&str; 2] = [
    "/installations/{installation}/settings",
    "/installations/{installation}/repositories/{repository}/settings",
];

const OF_LAYERS: [(Method, &str, Fields); 9] = [
    (Method::GET, "", &[]),
    (Method::POST, "", &[("version", "0"), ("max_issues", "1")]),
    (Method::GET, "/history", &[]),
    (Method::POST, "/undo", &[("version", "1"), ("to", "0")]),
    (
        Method::POST,
        "/import",
        &[("version", "0"), ("text", "max_issues: 1")],
    ),
    (Method::GET, "/settings.yaml", &[]),
    (Method::POST, "/key", &[("key", "sk-0123456789abcdef")]),
    (Method::POST, "/key/remove", &[]),
    (Method::POST, "/key/test", &[]),
];

const OTHERS: [(Method, &str, Fields, For); 14] = [
    (Method::GET, "/installations/{id}", &[], For::Members),
    (Method::GET, "/runs/{run}", &[], For::Members),
    (Method::GET, "/runs/{run}/live", &[], For::Members),
    (
        Method::POST,
        "/runs/{run}/confirm",
        &[("plan", "1"), ("all", "1"), ("offered", "1")],
        For::Members,
    ),
    (Method::POST, "/runs/{run}/cancel", &[], For::Members),
    (
        Method::POST,
        "/runs/{run}/replan",
        &[("words", "fewer")],
        For::Members,
    ),
    (Method::POST, "/runs/{run}/rollback", &[], For::Members),
    (Method::POST, "/runs/{run}/nonsense", &[], For::Members),
    (
        Method::GET,
        "/installations/{installation}/audit",
        &[],
        For::Admins,
    ),
    (
        Method::GET,
        "/installations/{installation}/audit/events.csv",
        &[],
        For::Admins,
    ),
    (
        Method::GET,
        "/installations/{installation}/audit/events.jsonl",
        &[],
        For::Admins,
    ),
    (
        Method::GET,
        "/installations/{installation}/tokens",
        &[],
        For::Admins,
    ),
    (
        Method::POST,
        "/installations/{installation}/tokens",
        &[("name", "spy"), ("scope", "runs:read")],
        For::Admins,
    ),
    (
        Method::POST,
        "/installations/{installation}/tokens/{token}/revoke",
        &[],
        For::Admins,
    ),
];

/// Every address of tenants' things.
fn all() -> Vec<(Method, String, Fields, For)> {
    let mut all = Vec::new();
    for layer in LAYERS {
        for (method, end, fields) in OF_LAYERS {
            all.push((method, format!("{layer}{end}"), fields, For::Admins));
        }
    }
    all.extend(OTHERS.map(|(method, route, fields, who)| (method, route.to_owned(), fields, who)));
    all
}

/// Pages that are nobody's in particular; each has tests of its own, as the API has.
const OPEN: [&str; 17] = [
    "/",
    "/api/health",
    "/api/v1",
    "/api/webhook/github",
    "/assets/{name}",
    "/install",
    "/install/badge.svg",
    "/install/callback",
    "/installations",
    "/livez",
    "/login",
    "/login/callback",
    "/logout",
    "/metrics",
    "/openapi.json",
    "/readyz",
    "/setup",
];

#[test]
fn every_route_is_known_to_these_tests() {
    let mut routes = Vec::new();
    routes_in(Path::new("src/web"), &mut routes);
    assert!(routes.len() > 30, "{routes:?}");
    for route in routes {
        let known = all()
            .iter()
            .any(|(_, path, ..)| *path == route || path.replace("{installation}", "{id}") == route)
            || LAYERS.contains(&route.as_str())
            || OF_LAYERS.iter().any(|(_, end, _)| *end == route)
            || route == "/runs/{run}/{deed}"
            || route == "/setup/callback"
            || OPEN.contains(&route.as_str());
        assert!(
            known,
            "{route} is in no list here: who may see it, and what does everybody else get?"
        );
    }
}

fn routes_in(folder: &Path, routes: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            routes_in(&path, routes);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let text = fs::read_to_string(&path).unwrap();
            for start in [".route(", ".nest(", "at("] {
                for (at, _) in text.match_indices(start) {
                    let rest = text[at + start.len()..].trim_start();
                    let route = rest
                        .strip_prefix('"')
                        .and_then(|rest| rest.split('"').next());
                    routes.extend(
                        route
                            .filter(|route| route.starts_with('/'))
                            .map(str::to_owned),
                    );
                }
            }
        }
    }
}

async fn asks(
    browser: &Browser,
    method: &Method,
    path: &str,
    csrf: Option<&str>,
    fields: Fields,
) -> Page {
    if method == Method::GET {
        return browser.get(path).await;
    }
    let mut all: Vec<(&str, &str)> = csrf.map(|csrf| ("csrf", csrf)).into_iter().collect();
    all.extend(fields);
    browser.post(path, &all).await
}

/// What a person can see of an answer.
fn seen(page: &Page) -> (u16, Vec<String>, String) {
    let mut headers: Vec<String> = page
        .headers
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "date" | "x-request-id"))
        .map(|(name, value)| format!("{name}: {value:?}"))
        .collect();
    headers.sort_unstable();
    (page.status, headers, page.text.clone())
}

/// Two tenants, each with a run, a token and settings; and everything that they have as the database knows it.
pub(super) async fn scene(t: &mut House) -> (Things, Things) {
    t.sim.add_organization("rival");
    t.sim.add_repository("rival/app");
    t.sim.add_user("rex");
    t.sim.set_role("rival/app", "rex", Role::Admin);
    let theirs = t.sim.install_app("rival", RepositorySelection::All);
    t.quiet().await;
    t.opens("Accounts", SPEC).await;
    t.sim
        .user("rex")
        .opens_issue("rival/app", "Secret plans", SPEC);
    t.quiet().await;
    let mut things = Vec::new();
    for (installation, login) in [(t.installation, "olivia"), (theirs, "rex")] {
        let id = InstallationId(i64::try_from(installation).unwrap());
        let by = By {
            login: login.to_owned(),
            id: Some(UserId(1)),
            token: None,
        };
        tokens::make(&t.services(), &by, id, "script", &Scope::ALL, None)
            .await
            .unwrap();
        let (run, repository): (String, i64) =
            sqlx::query_as("select id, repository_id from runs where installation_id = $1")
                .bind(id.0)
                .fetch_one(t.pool())
                .await
                .unwrap();
        let token: i64 = sqlx::query_scalar("select id from api_tokens where installation_id = $1")
            .bind(id.0)
            .fetch_one(t.pool())
            .await
            .unwrap();
        things.push(Things {
            installation: installation.to_string(),
            repository: repository.to_string(),
            run,
            token: token.to_string(),
        });
    }
    let theirs = things.pop().unwrap();
    (things.pop().unwrap(), theirs)
}

/// Everything that tenants have, in one number.
pub(super) async fn stored(t: &House) -> Vec<String> {
    let mut sums = Vec::new();
    for (table, _) in tables_of_tenants(t.pool()).await {
        let sql = format!(
            "select '{table} ' || count(*) || ' ' || coalesce(md5(string_agg(x::text, '|' order by x::text)), '') from {table} x"
        );
        sums.push(
            sqlx::query_scalar(AssertSqlSafe(sql))
                .fetch_one(t.pool())
                .await
                .unwrap(),
        );
    }
    sums
}

async fn csrf_of(browser: &Browser) -> String {
    browser.get("/logout").await.hidden("csrf")
}

#[tokio::test]
async fn another_tenant_sees_what_does_not_exist() {
    house(async |t| {
        let (ours, _) = scene(t).await;
        let rex = t.browser_of("rex").await;
        let csrf = csrf_of(&rex).await;
        let before = stored(t).await;
        for (method, route, fields, _) in all() {
            let real = asks(&rex, &method, &ours.fill(&route), Some(&csrf), fields).await;
            let none = asks(
                &rex,
                &method,
                &Things::nothing().fill(&route),
                Some(&csrf),
                fields,
            )
            .await;
            assert_eq!(real.status, 404, "{method} {route}: {}", real.text);
            assert_eq!(seen(&real), seen(&none), "{method} {route}");
        }
        assert_eq!(stored(t).await, before);
    })
    .await;
}

#[tokio::test]
async fn numbers_of_two_tenants_do_not_mix() {
    house(async |t| {
        let (ours, theirs) = scene(t).await;
        let rex = t.browser_of("rex").await;
        let csrf = csrf_of(&rex).await;
        let before = stored(t).await;
        // His own installation, with our repository, run and token; and the other way round.
        for (one, other) in [(&theirs, &ours), (&ours, &theirs)] {
            let mixed = Things {
                installation: one.installation.clone(),
                ..other.clone()
            };
            for (method, route, fields, _) in all() {
                let names_two = route.contains("{installation}")
                    && (route.contains("{repository}") || route.contains("{token}"));
                if names_two {
                    let page = asks(&rex, &method, &mixed.fill(&route), Some(&csrf), fields).await;
                    assert_eq!(page.status, 404, "{method} {route}: {}", page.text);
                }
            }
        }
        let audit = format!("/installations/{}/audit", theirs.installation);
        for query in [
            format!("repository={}", ours.repository),
            format!("run={}", ours.run),
            "who=alice".to_owned(),
        ] {
            let page = rex.get(&format!("{audit}/events.csv?{query}")).await;
            assert_eq!(page.text.lines().count(), 1, "{query}: {}", page.text);
        }
        for place in ["overview", "audit"] {
            let path = if place == "audit" {
                audit.clone()
            } else {
                format!("/installations/{}", theirs.installation)
            };
            let page = rex.get(&path).await;
            assert_eq!(page.status, 200);
            assert!(
                page.text.contains("rival")
                    && !page.text.contains("acme")
                    && !page.text.contains(&ours.run),
                "{}",
                page.text
            );
        }
        let list = rex.get("/installations").await;
        assert!(
            list.text.contains("rival") && !list.text.contains("acme"),
            "{}",
            list.text
        );
        assert_eq!(stored(t).await, before);
    })
    .await;
}

#[tokio::test]
async fn a_member_is_told_that_a_page_is_for_admins_and_a_reader_commands_nothing() {
    house(async |t| {
        let (ours, _) = scene(t).await;
        for login in ["alice", "rita"] {
            let browser = t.browser_of(login).await;
            let csrf = csrf_of(&browser).await;
            let before = stored(t).await;
            for (method, route, fields, who) in all() {
                if who == For::Admins {
                    let real =
                        asks(&browser, &method, &ours.fill(&route), Some(&csrf), fields).await;
                    assert_eq!(real.status, 403, "{login} {method} {route}: {}", real.text);
                    assert!(
                        real.text.contains("This is for admins") && real.text.contains(login),
                        "{login} {method} {route}: {}",
                        real.text
                    );
                } else if login == "rita" && method == Method::POST {
                    let page =
                        asks(&browser, &method, &ours.fill(&route), Some(&csrf), fields).await;
                    assert!(
                        matches!(page.status, 403 | 404),
                        "{method} {route}: {} {}",
                        page.status,
                        page.text
                    );
                }
            }
            assert_eq!(stored(t).await, before, "{login}");
        }
    })
    .await;
}

#[tokio::test]
async fn who_is_signed_out_learns_nothing() {
    house(async |t| {
        let (ours, _) = scene(t).await;
        let nobody = t.browser();
        let thief = t.browser();
        thief.steal_cookie("openproducer_session", "0123456789abcdef0123456789abcdef");
        let before = stored(t).await;
        for browser in [&nobody, &thief] {
            for (method, route, fields, _) in all() {
                let path = ours.fill(&route);
                let real = asks(browser, &method, &path, Some("x"), fields).await;
                let none = asks(
                    browser,
                    &method,
                    &Things::nothing().fill(&route),
                    Some("x"),
                    fields,
                )
                .await;
                if method == Method::GET && !route.ends_with("/live") {
                    let next: String =
                        url::form_urlencoded::byte_serialize(path.as_bytes()).collect();
                    assert_eq!(
                        (real.status, real.header("location")),
                        (303, format!("/login?next={next}").as_str()),
                        "{route}"
                    );
                    assert_eq!(none.status, 303);
                } else if real.status != 303 {
                    assert_eq!(real.status, 401, "{method} {route}: {}", real.text);
                    assert_eq!(seen(&real), seen(&none), "{method} {route}");
                }
            }
        }
        assert_eq!(stored(t).await, before);
    })
    .await;
}

#[tokio::test]
async fn a_forged_form_changes_nothing_even_for_an_admin() {
    house(async |t| {
        let (ours, _) = scene(t).await;
        let mut olivia = t.browser_of("olivia").await;
        let other = csrf_of(&t.browser_of("olivia").await).await;
        let right = csrf_of(&olivia).await;
        let before = stored(t).await;
        for (method, route, fields, _) in all() {
            if method == Method::POST {
                for csrf in [None, Some(""), Some("x"), Some(other.as_str())] {
                    let page = asks(&olivia, &method, &ours.fill(&route), csrf, fields).await;
                    assert_eq!(page.status, 403, "{route} with {csrf:?}: {}", page.text);
                }
            }
        }
        // From another site, as a browser says it, with the right token.
        olivia
            .headers
            .push(("sec-fetch-site", "cross-site".to_owned()));
        for (method, route, fields, _) in all() {
            if method == Method::POST {
                let page = asks(&olivia, &method, &ours.fill(&route), Some(&right), fields).await;
                assert_eq!(page.status, 403, "{route}: {}", page.text);
            }
        }
        assert_eq!(stored(t).await, before);
    })
    .await;
}

#[tokio::test]
async fn an_admin_gets_every_one_of_these_pages() {
    house(async |t| {
        let (ours, _) = scene(t).await;
        let olivia = t.browser_of("olivia").await;
        for (method, route, ..) in all() {
            if method == Method::GET && !route.ends_with("/live") {
                let page = olivia.get(&ours.fill(&route)).await;
                assert_eq!(
                    page.status, 200,
                    "{route}: a list of addresses that do not exist shows nothing"
                );
            }
        }
    })
    .await;
}

/// Everything that somebody can ask of a run.
fn of_runs() -> Vec<(Method, String, Fields)> {
    let of_runs = all()
        .into_iter()
        .filter(|(_, route, ..)| route.starts_with("/runs/"));
    of_runs
        .map(|(method, route, fields, _)| (method, route, fields))
        .collect()
}

#[tokio::test]
async fn neither_a_failing_github_nor_the_number_of_questions_tells_whether_a_run_exists() {
    house(async |t| {
        let (ours, _) = scene(t).await;
        let rex = t.browser_of("rex").await;
        let csrf = csrf_of(&rex).await;
        let cookie = rex.cookie("openproducer_session").unwrap();
        let found = sessions::find(&t.services(), &cookie.into()).await.unwrap();
        let person = found.expect("rex is signed in");
        // What is asked without anything known of him.
        let cold = async |things: &Things, method: &Method, route: &str, fields: Fields| {
            access::forget(&t.services(), &person).await;
            let before = t.sim.requests().len();
            let page = asks(&rex, method, &things.fill(route), Some(&csrf), fields).await;
            (page, t.sim.requests().len() - before)
        };
        let nothing = Things::nothing();
        for (method, route, fields) in of_runs() {
            let (real, asked) = cold(&ours, &method, &route, fields).await;
            let (none, as_often) = cold(&nothing, &method, &route, fields).await;
            assert_eq!(seen(&real), seen(&none), "{method} {route}");
            assert_eq!(asked, as_often, "{method} {route}");
            assert!(asked > 0, "{method} {route}");
        }
        t.sim.faults().schedule(
            Fault::on(Method::GET, "/user/installations")
                .forever()
                .then(Effect::status(500, "Oops")),
        );
        for (method, route, fields) in of_runs() {
            let (real, _) = cold(&ours, &method, &route, fields).await;
            let (none, _) = cold(&nothing, &method, &route, fields).await;
            assert_eq!(real.status, 503, "{method} {route}: {}", real.text);
            assert_eq!(seen(&real), seen(&none), "{method} {route}");
        }
        t.sim.faults().clear();
    })
    .await;
}

#[tokio::test]
async fn a_token_that_was_taken_back_tells_nothing_of_a_run() {
    house(async |t| {
        let (ours, _) = scene(t).await;
        for (method, route, fields) in of_runs() {
            let mut answers = Vec::new();
            for things in [&ours, &Things::nothing()] {
                let rex = t.browser_of("rex").await;
                let csrf = csrf_of(&rex).await;
                let cookie = rex.cookie("openproducer_session").unwrap();
                let found = sessions::find(&t.services(), &cookie.into()).await.unwrap();
                access::forget(&t.services(), &found.unwrap()).await;
                t.sim.drop_user_tokens("rex");
                let page = asks(&rex, &method, &things.fill(&route), Some(&csrf), fields).await;
                let leads = page.header("location").replace(&things.run, "RUN");
                answers.push((page.status, leads));
            }
            assert_eq!(answers[0], answers[1], "{method} {route}");
        }
    })
    .await;
}

#[tokio::test]
async fn who_rules_one_repository_rules_no_other_and_not_the_installation() {
    house(async |t| {
        t.sim.add_repository("acme/vault");
        t.sim.add_user("mona");
        t.sim.set_role("acme/vault", "mona", Role::Read);
        t.sim.add_repository("acme/own");
        t.sim.set_role("acme/own", "mona", Role::Admin);
        let own = t.sim.repository("acme/own").id().to_string();
        let (ours, _) = scene(t).await;
        let mona = t.browser_of("mona").await;
        let csrf = csrf_of(&mona).await;
        let before = stored(t).await;
        let vault = Things {
            repository: t.sim.repository("acme/vault").id().to_string(),
            ..ours.clone()
        };
        for (method, route, fields, who) in all() {
            // Her role in the shop is none, in the vault too small.
            for things in [&ours, &vault] {
                let page = asks(&mona, &method, &things.fill(&route), Some(&csrf), fields).await;
                let is_open = route == "/installations/{id}";
                assert!(
                    is_open || matches!(page.status, 403 | 404),
                    "{who:?} {method} {route}: {} {}",
                    page.status,
                    page.text
                );
            }
        }
        assert_eq!(stored(t).await, before);
        let layer = LAYERS[1].replace("{installation}", &ours.installation);
        let page = mona.get(&layer.replace("{repository}", &own)).await;
        assert_eq!(page.status, 200, "her own: {}", page.text);
    })
    .await;
}
