//! Who may: the role that GitHub names at that moment against the least that the settings ask for.

use chrono::DateTime;
use http::Method;
use openproducer::domain::ids::InstallationId;
use openproducer::domain::settings::Operator;
use openproducer::simulator::{IssueRef, Role};
use openproducer::store::settings;
use rstest::rstest;
use serde_json::{Value, json};

use super::{WORK, WORK_TITLES, asked, dry};
use crate::harness::house::{House, SHOP, house, house_with};

const WAITS: &str = "running awaiting_confirmation";
const ROLE: &str = "/repos/{owner}/{repo}/collaborators/{name}/permission";
const FACE: &str = "/repos/{owner}/{repo}/issues/{number}/reactions";

fn operator(minimum_role: openproducer::domain::policy::Role) -> Operator {
    Operator {
        minimum_role,
        ..Operator::default()
    }
}

/// What an issue's own reactions are.
fn faces(t: &House, issue: &IssueRef) -> Vec<String> {
    let all = t.shop().reactions(issue.number);
    all.into_iter().map(|face| face.content).collect()
}

async fn set_installation_settings(t: &House, document: &Value) {
    let id = InstallationId(i64::try_from(t.installation).unwrap());
    let now = DateTime::UNIX_EPOCH;
    settings::insert(t.pool(), id, None, document, "olivia", now)
        .await
        .unwrap();
}

async fn count(t: &House, what: &'static str) -> i64 {
    sqlx::query_scalar(what).fetch_one(t.pool()).await.unwrap()
}

/// GitHub's older `permission` shows triage as read and maintain as write: only `role_name` tells them apart.
#[rstest]
#[case(Role::Read, "triage", false)]
#[case(Role::Triage, "triage", true)]
#[case(Role::Triage, "write", false)]
#[case(Role::Write, "write", true)]
#[case(Role::Write, "maintain", false)]
#[case(Role::Maintain, "maintain", true)]
#[case(Role::Maintain, "admin", false)]
#[case(Role::Admin, "admin", true)]
#[tokio::test]
async fn the_exact_role_decides(#[case] role: Role, #[case] minimum: &str, #[case] may: bool) {
    let minimum = minimum.parse().unwrap();
    house_with(operator(minimum), async |t| {
        t.sim.set_role(SHOP, "alice", role);
        let trigger = t.opens("Accounts", &asked(WORK)).await;
        if may {
            assert_eq!(faces(t, &trigger), ["eyes"]);
            assert_eq!(t.titles(), WORK_TITLES);
        } else {
            assert_eq!(faces(t, &trigger), ["confused"]);
            assert!(t.created().is_empty() && t.bot_comments(&trigger).is_empty());
        }
    })
    .await;
}

#[tokio::test]
async fn installation_and_repository_raise_the_least_role_and_never_lower_it() {
    house(async |t| {
        // The operator says write; nobody lets readers in.
        set_installation_settings(t, &json!({ "minimum_role": "read" })).await;
        t.set_settings(json!({ "minimum_role": "read" })).await;
        let rita = t.sim.user("rita");
        let refused = rita.opens_issue(SHOP, "Accounts", &asked(WORK));
        t.quiet().await;
        assert_eq!(faces(t, &refused), ["confused"]);

        set_installation_settings(t, &json!({ "minimum_role": "maintain" })).await;
        let refused = t.opens("Accounts", &asked(WORK)).await;
        assert_eq!(faces(t, &refused), ["confused"]);

        // The repository may ask for more than its installation, not for less.
        t.sim.set_role(SHOP, "alice", Role::Maintain);
        t.set_settings(json!({ "minimum_role": "triage" })).await;
        let allowed = t.opens("Accounts", &dry(WORK)).await;
        assert_eq!(t.state(&allowed).await, WAITS);
        t.set_settings(json!({ "minimum_role": "admin" })).await;
        let comment = t.alice().comments(&allowed, "@TheOpenProducerBot confirm");
        t.quiet().await;
        assert_eq!(t.reactions(&comment), ["confused"]);
        assert_eq!(t.state(&allowed).await, WAITS);
        t.sim
            .user("olivia")
            .comments(&allowed, "@TheOpenProducerBot confirm");
        t.quiet().await;
        assert_eq!(t.titles(), WORK_TITLES);
    })
    .await;
}

#[tokio::test]
async fn a_role_counts_as_it_is_at_that_moment() {
    house(async |t| {
        let trigger = t.opens("Accounts", &dry(WORK)).await;
        for (role, face) in [
            (Role::Read, "confused"),
            (Role::Write, "eyes"),
            (Role::None, "confused"),
        ] {
            t.sim.set_role(SHOP, "alice", role);
            let before = t.sent(&Method::GET, ROLE);
            let comment = t.alice().comments(&trigger, "@TheOpenProducerBot status");
            t.quiet().await;
            assert_eq!(t.reactions(&comment), [face], "{role:?}");
            assert_eq!(t.sent(&Method::GET, ROLE), before + 1, "asked each time");
        }
    })
    .await;
}

#[tokio::test]
async fn whoever_took_over_a_login_is_another_person() {
    house(async |t| {
        let trigger = t.alice().opens_issue(SHOP, "Accounts", "Nothing yet");
        t.alice().comments(&trigger, &asked("Talk about it"));
        t.quiet().await;
        let before = t.created().len();
        let payloads = t.sim.deliveries().into_iter().rev();
        let mut payloads = payloads
            .filter(|d| d.event == "issue_comment")
            .map(|d| serde_json::from_slice::<Value>(&d.payload).unwrap());
        let of_alice = payloads.find(|payload| payload["sender"]["login"] == "alice");
        let mut payload = of_alice.unwrap();
        // The same login, and a comment of its own, by somebody who had the login before.
        payload["sender"]["id"] = json!(4_711);
        payload["comment"]["user"]["id"] = json!(4_711);
        let other = t.alice().comments(&trigger, "Just talk");
        payload["comment"]["id"] = json!(other.id);
        payload["comment"]["body"] = json!(asked(WORK));
        let payload = serde_json::to_vec(&payload).unwrap();
        t.send_copy_of(&payload, "issue_comment", "taken-over")
            .await;
        t.quiet().await;
        assert_eq!(t.reactions(&other), ["confused"]);
        assert_eq!(t.created().len(), before);
    })
    .await;
}

#[tokio::test]
async fn who_asked_may_cancel_their_own_beside_somebody_s_newer_run() {
    house(async |t| {
        let trigger = t.opens("Accounts", &dry(WORK)).await;
        let olivia = t.sim.user("olivia");
        olivia.comments(&trigger, &dry("- Add a basket\n"));
        t.quiet().await;
        t.sim.set_role(SHOP, "alice", Role::Read);
        for command in ["confirm", "drop 1", "replan", "rollback last", "status"] {
            let comment = t
                .alice()
                .comments(&trigger, &format!("@TheOpenProducerBot {command}"));
            t.quiet().await;
            assert_eq!(t.reactions(&comment), ["confused"], "{command}");
        }
        let cancel = t.alice().comments(&trigger, "@TheOpenProducerBot cancel");
        t.quiet().await;
        assert_eq!(t.reactions(&cancel), ["eyes"]);
        let runs = t.runs(&trigger).await;
        let of = |login: &str| runs.iter().find(|r| r.requested_by == login).unwrap();
        assert_eq!(of("alice").state.status().as_str(), "cancelled");
        assert_eq!(of("olivia").state.status().as_str(), "running");

        // Again: her own is over, and the other is not hers.
        t.says(&trigger, "@TheOpenProducerBot cancel").await;
        let runs = t.runs(&trigger).await;
        assert_eq!(runs[0].state.status().as_str(), "running");
    })
    .await;
}

#[tokio::test]
async fn an_admin_may_cancel_anybody_s_run_and_others_without_the_role_nobody_s() {
    house(async |t| {
        let trigger = t.opens("Accounts", &dry(WORK)).await;
        t.set_settings(json!({ "minimum_role": "admin" })).await;
        t.sim.add_user("max");
        t.sim.set_role(SHOP, "max", Role::Maintain);
        let comment = t
            .sim
            .user("max")
            .comments(&trigger, "@TheOpenProducerBot cancel");
        t.quiet().await;
        assert_eq!(t.reactions(&comment), ["confused"]);
        assert_eq!(t.state(&trigger).await, WAITS);
        t.sim
            .user("olivia")
            .comments(&trigger, "@TheOpenProducerBot cancel");
        t.quiet().await;
        assert_eq!(t.state(&trigger).await, "cancelled");
    })
    .await;
}

#[tokio::test]
async fn a_stranger_costs_one_question_and_one_face_however_often_it_is_delivered() {
    house(async |t| {
        let before = t.sim.requests().len();
        let issue = t
            .sim
            .user("stranger")
            .opens_issue(SHOP, "Accounts", &asked(WORK));
        t.quiet().await;
        let requests = t.sim.requests().split_off(before);
        let asked_for: Vec<&Method> = requests
            .iter()
            .filter(|r| r.route.starts_with("/repos/"))
            .map(|r| &r.method)
            .collect();
        assert_eq!(asked_for, [Method::GET, Method::POST], "{requests:#?}");
        assert_eq!(t.sent(&Method::GET, ROLE), 1);
        assert_eq!(t.sent(&Method::POST, FACE), 1);
        for copy in ["copy-1", "copy-2"] {
            t.send_copy("issues", copy).await;
        }
        t.quiet().await;
        assert_eq!(faces(t, &issue), ["confused"]);
        assert!(t.bot_comments(&issue).is_empty());
        for table in [
            "select count(*) from runs",
            "select count(*) from bot_comments",
            "select count(*) from audit_events",
        ] {
            assert_eq!(count(t, table).await, 0, "{table}");
        }
    })
    .await;
}

#[tokio::test]
async fn bots_and_our_own_words_are_passed_over_without_a_question() {
    house(async |t| {
        let trigger = t.opens("Accounts", &dry(WORK)).await;
        t.sim.add_bot("ci-bot[bot]");
        t.sim.set_role(SHOP, "ci-bot[bot]", Role::Admin);
        let before = t.sim.requests().len();
        let deliveries = count(t, "select count(*) from deliveries").await;
        for login in ["ci-bot[bot]", "theopenproducerbot[bot]"] {
            let bot = t.sim.user(login);
            for words in ["confirm", "cancel", "rollback last", "frobnicate"] {
                let comment = bot.comments(&trigger, &format!("@TheOpenProducerBot {words}"));
                t.quiet().await;
                assert!(t.reactions(&comment).is_empty(), "{login} {words}");
            }
        }
        assert_eq!(t.sim.requests().len(), before, "nothing was asked or done");
        let after = count(t, "select count(*) from deliveries").await;
        assert_eq!(after, deliveries, "nothing was stored");
        assert_eq!(t.state(&trigger).await, WAITS);
    })
    .await;
}

#[tokio::test]
async fn a_tick_by_somebody_whose_role_is_gone_is_put_back_and_recorded_nowhere() {
    house(async |t| {
        let trigger = t.opens("Accounts", &dry(WORK)).await;
        let (comment, body) = t.run_comment(&trigger);
        let unticked = body.replace("- [x] **2.**", "- [ ] **2.**");
        assert_ne!(unticked, body);
        // The role goes between the click and the delivery.
        t.stop_server().await;
        t.alice().edits_comment(&comment, &unticked);
        t.sim.set_role(SHOP, "alice", Role::Triage);
        t.start_server().await;
        t.send_again().await;
        t.quiet().await;
        let (_, shown) = t.run_comment(&trigger);
        assert_eq!(shown, body);
        let ticks = "select count(*) from audit_events where action = 'tick'";
        assert_eq!(count(t, ticks).await, 0);
        let dropped = "select count(*) from planned_issues where state = 'dropped'";
        assert_eq!(count(t, dropped).await, 0);
    })
    .await;
}
