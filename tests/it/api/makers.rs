//! Whether a token still speaks for an admin: asked once for all who wait, over any number of repositories.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use http::Method;
use openproducer::domain::ids::{InstallationId, UserId};
use openproducer::flows::settings::By;
use openproducer::flows::tokens::{self, Scope};
use openproducer::simulator::{Effect, Fault, RepositorySelection, Role};
use serde_json::json;

use super::Script;
use crate::harness::house::{House, house};

const ROLE: &str = "/repos/{owner}/{repo}/collaborators/{name}/permission";
const MINTED: &str = "/app/installations/{id}/access_tokens";
const MANY: usize = 260;

/// An organisation with many repositories, all of which olivia administers, and a token of hers.
async fn large(t: &House) -> (Script, u64) {
    t.sim.add_organization("large");
    let names: Vec<String> = (0..MANY)
        .map(|number| format!("large/part-{number:03}"))
        .collect();
    for name in &names {
        t.sim.add_repository(name);
        t.sim.set_role(name, "olivia", Role::Admin);
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let id = t
        .sim
        .install_app("large", RepositorySelection::only(&names));
    t.quiet().await;
    (of(t, "olivia", id).await, id)
}

pub(super) async fn of(t: &House, login: &str, installation: u64) -> Script {
    let by = By {
        login: login.to_owned(),
        id: Some(UserId(i64::try_from(t.sim.user(login).id()).unwrap())),
        token: None,
    };
    let id = InstallationId(i64::try_from(installation).unwrap());
    let services = t.services();
    let made = tokens::make(&services, &by, id, "script", &Scope::ALL, None);
    Script::new(t, made.await.unwrap().secret().unwrap())
}

fn count(t: &House, method: &Method, template: &str) -> usize {
    t.sim.requests_matching(method, template).len()
}

#[tokio::test]
async fn a_large_installation_is_asked_about_once_for_all_who_wait() {
    house(async |t| {
        let (script, _) = large(t).await;
        let minted = count(t, &Method::POST, MINTED);
        // Longer than a request waits.
        t.sim.faults().schedule(
            Fault::on(Method::GET, ROLE)
                .forever()
                .then(Effect::Delay(Duration::from_millis(260))),
        );
        let replies = join_all((0..20).map(|_| script.gets("/runs"))).await;
        for reply in &replies {
            assert_eq!(reply.status, 503, "{reply:?}");
            assert_eq!(reply.retry_after.as_deref(), Some("10"));
            let says = reply.json["detail"].as_str().unwrap();
            assert!(
                says.contains("GitHub is being asked whether olivia"),
                "{says}"
            );
        }
        let mut last = 503;
        for _ in 0..20 {
            last = script.gets("/runs").await.status;
            if last != 503 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        assert_eq!(last, 200, "what was asked for is there when they come back");
        let again = join_all((0..20).map(|_| script.gets("/settings"))).await;
        assert!(again.iter().all(|reply| reply.status == 200), "{again:?}");
        // A change asks no more than the pages do.
        let set = json!({ "version": 0, "settings": { "max_issues": 5 } });
        let set = script.asks(Method::PUT, "/settings", Some(set)).await;
        assert_eq!(set.status, 200, "{set:?}");
        assert_eq!(count(t, &Method::GET, ROLE), MANY);
        assert!(
            count(t, &Method::POST, MINTED) <= minted + 1,
            "one token for all of them"
        );
    })
    .await;
}

#[tokio::test]
async fn one_repository_beyond_the_maker_s_rule_ends_the_looking() {
    house(async |t| {
        let (script, id) = large(t).await;
        t.sim.set_role("large/part-259", "olivia", Role::Write);
        assert_eq!(script.gets("/runs").await.status, 403);
        assert!(count(t, &Method::GET, ROLE) < 30, "the newest come first");
        // What comes in later is asked about at once, whatever is known of the rest.
        t.sim.set_role("large/part-259", "olivia", Role::Admin);
        t.sim.add_repository("large/late");
        t.sim.set_role("large/late", "olivia", Role::Admin);
        t.sim.add_repository_to_installation(id, "large/late");
        t.quiet().await;
        assert_eq!(script.gets("/runs").await.status, 200);
        t.sim.add_repository("large/secret");
        t.sim.add_repository_to_installation(id, "large/secret");
        t.quiet().await;
        assert_eq!(script.gets("/runs").await.status, 403);
    })
    .await;
}

#[tokio::test]
async fn nothing_is_asked_about_the_account_itself() {
    house(async |t| {
        t.sim.add_user("paula");
        t.sim.add_repository("paula/notes");
        let id = t.sim.install_app("paula", RepositorySelection::All);
        t.quiet().await;
        let script = of(t, "paula", id).await;
        assert_eq!(script.gets("/runs").await.status, 200);
        assert_eq!(count(t, &Method::GET, ROLE), 0);
    })
    .await;
}

#[tokio::test]
async fn a_github_that_fails_is_left_alone_for_a_moment() {
    house(async |t| {
        let script = Script::of(t, "olivia").await;
        t.sim.faults().schedule(
            Fault::on(Method::GET, ROLE)
                .forever()
                .then(Effect::status(500, "Oops")),
        );
        let begun = Instant::now();
        let first = script.gets("/runs").await;
        assert_eq!(first.status, 503, "{first:?}");
        let asked = count(t, &Method::GET, ROLE);
        let replies = join_all((0..20).map(|_| script.gets("/runs"))).await;
        assert!(
            replies.iter().all(|reply| reply.status == 503),
            "{replies:?}"
        );
        // Once in five seconds, should all of this take so long.
        let looks = 1 + usize::try_from(begun.elapsed().as_secs() / 5).unwrap();
        let all = count(t, &Method::GET, ROLE);
        assert!(
            all <= asked * looks,
            "{all} of at most {looks} times {asked}"
        );
        t.sim.faults().clear();
    })
    .await;
}

#[tokio::test]
async fn a_maker_who_has_another_login_keeps_their_tokens() {
    house(async |t| {
        let script = Script::of(t, "olivia").await;
        let earlier = t.browser_of("olivia").await;
        assert_eq!(script.gets("/runs").await.status, 200);
        t.sim.rename_account("olivia", "olive");
        // Signing in tells what they are called now.
        t.browser_of("olive").await;
        let said = script.gets("/token").await;
        assert_eq!(
            (said.status, &said.json["made_by"]),
            (200, &json!("olive")),
            "{said:?}"
        );
        let set = json!({ "version": 0, "settings": { "max_issues": 5 } });
        let set = script.asks(Method::PUT, "/settings", Some(set)).await;
        assert_eq!(
            set.json["changed_by"], "olive (token olivia's script)",
            "{set:?}"
        );
        // And so do their other browsers, whose buttons go by the login.
        let page = earlier.get("/installations").await;
        assert!(
            page.text.contains("olive") && !page.text.contains("olivia"),
            "{}",
            page.text
        );
    })
    .await;
}
