//! Payloads as GitHub sends them, cut to what matters here, and payloads as it should not.

use serde_json::{Value, json};

use super::*;

fn account(id: i64, login: &str, kind: &str) -> Value {
    json!({ "id": id, "login": login, "type": kind, "site_admin": false })
}

fn repository() -> Value {
    json!({ "id": 77, "node_id": "R_x", "full_name": "acme/shop", "private": true, "created_at": 1_700_000_000 })
}

fn issue() -> Value {
    json!({
        "id": 501, "number": 12, "title": "Auth", "body": null, "state": "open", "user": account(5, "ann", "User"),
        "updated_at": "2026-11-22T08:00:00Z", "labels": [{ "id": 1 }], "milestone": null,
    })
}

fn read(event: &str, payload: &Value) -> Event {
    parse(event, payload.to_string().as_bytes()).unwrap()
}

#[test]
fn an_opened_issue_is_read() {
    let payload = json!({
        "action": "opened", "issue": issue(), "repository": repository(),
        "installation": { "id": 9, "node_id": "x" }, "sender": account(5, "ann", "User"),
    });
    let Event::IssueOpened(event) = read("issues", &payload) else {
        panic!("another event")
    };
    assert_eq!(event.installation.unwrap().0, 9);
    assert_eq!(event.repository.name.to_string(), "acme/shop");
    assert_eq!(
        (
            event.issue.id.0,
            event.issue.number.0,
            event.issue.body.as_str()
        ),
        (501, 12, "")
    );
    assert!(event.issue.is_open && !event.issue.is_pull_request && !event.sender.is_bot());
    assert_eq!(event.issue.author.unwrap().login, "ann");
    assert_eq!(event.before, Before::default());
}

#[test]
fn a_comment_by_an_app_on_a_pull_request_is_read() {
    let mut on = issue();
    on["pull_request"] = json!({ "url": "…" });
    on["user"] = Value::Null;
    let payload = json!({
        "action": "edited", "issue": on, "repository": repository(), "sender": account(6, "bob", "User"),
        "changes": { "body": { "from": "- [ ] one" } },
        "comment": {
            "id": 900, "body": "- [x] one", "user": account(41, "theopenproducerbot[bot]", "Bot"),
            "created_at": "2026-11-22T08:00:00Z", "updated_at": "2026-11-22T09:00:00Z",
            "performed_via_github_app": { "id": 3, "slug": "theopenproducerbot" },
        },
    });
    let Event::IssueCommentEdited(event) = read("issue_comment", &payload) else {
        panic!("another event")
    };
    assert_eq!(event.installation, None);
    assert!(event.issue.is_pull_request && event.issue.author.is_none());
    assert_eq!((event.comment.id.0, event.comment.app_id), (900, Some(3)));
    assert!(event.comment.author.unwrap().is_bot());
    assert!(event.comment.updated_at > event.comment.created_at);
    assert_eq!(event.before.body.as_deref(), Some("- [ ] one"));
}

#[test]
fn an_installation_with_a_number_for_a_date_is_read() {
    let payload = json!({
        "action": "suspend", "sender": account(5, "ann", "User"),
        "installation": {
            "id": 9, "account": account(8, "acme", "Organization"), "repository_selection": "all",
            "created_at": 1_700_000_000, "updated_at": "2026-11-22T08:00:00.000+00:00", "suspended_at": "2026-11-22T08:00:00Z",
        },
    });
    let Event::Installation(event) = read("installation", &payload) else {
        panic!("another event")
    };
    assert_eq!(event.action, InstallationAction::Suspended);
    assert_eq!(event.installation.account.kind, AccountKind::Organization);
    assert!(event.installation.all_repositories && event.installation.suspended);
    assert!(event.repositories.is_empty());
}

#[test]
fn added_and_removed_repositories_are_read() {
    let payload = json!({
        "action": "added", "sender": account(5, "ann", "User"), "repositories_added": [repository()],
        "repositories_removed": [], "requester": null,
        "installation": { "id": 9, "account": account(8, "acme", "Organization"), "suspended_at": null },
    });
    let Event::InstallationRepositories(event) = read("installation_repositories", &payload) else {
        panic!("another event")
    };
    assert_eq!(event.added[0].id.0, 77);
    assert!(
        event.removed.is_empty()
            && !event.installation.all_repositories
            && !event.installation.suspended
    );
}

#[test]
fn renames_revocations_and_purchases_are_read() {
    let sender = account(5, "ann", "User");
    let renamed = json!({
        "action": "renamed", "repository": repository(), "sender": sender, "installation": { "id": 9 },
        "changes": { "repository": { "name": { "from": "store" } } },
    });
    assert!(
        matches!(read("repository", &renamed), Event::Repository(e) if e.action == RepositoryAction::Renamed)
    );

    let target = json!({
        "action": "renamed", "account": { "id": 8, "login": "acme2", "type": "Organization" }, "sender": sender,
        "installation": { "id": 9 }, "target_type": "Organization", "changes": { "login": { "from": "acme" } },
    });
    assert!(
        matches!(read("installation_target", &target), Event::InstallationTargetRenamed(e) if e.account.login == "acme2")
    );

    let revoked = json!({ "action": "revoked", "sender": sender });
    assert!(
        matches!(read("github_app_authorization", &revoked), Event::AuthorizationRevoked { sender } if sender.id.0 == 5)
    );

    let bought = json!({
        "action": "purchased", "sender": sender, "effective_date": "2026-11-22T00:00:00+00:00",
        "marketplace_purchase": { "account": account(8, "acme", "Organization"), "plan": { "id": 4, "name": "Team" } },
    });
    assert!(
        matches!(read("marketplace_purchase", &bought), Event::MarketplacePurchase(e)
            if e.bought.plan.name == "Team" && e.effective_at.is_some() && e.bought.unit_count.is_none())
    );
}

#[test]
fn what_we_do_not_know_is_other() {
    let starred = json!({ "action": "created", "starred_at": null });
    assert_eq!(
        read("star", &starred),
        Event::Other {
            name: "star".into(),
            action: Some("created".into())
        }
    );
    let labeled = json!({ "action": "labeled", "issue": issue(), "repository": repository() });
    assert!(matches!(read("issues", &labeled), Event::Other { .. }));
    assert_eq!(
        read("ping", &json!({ "zen": "Design for failure." })),
        Event::Ping
    );
}

#[test]
fn what_is_missing_or_malformed_is_said() {
    let says = |event: &str, body: &str| parse(event, body.as_bytes()).unwrap_err().to_string();
    assert_eq!(
        says("issues", r#"{"action":"opened","sender":null}"#),
        "the payload of issues has no `repository`"
    );
    assert!(says("issues", "{").contains("EOF"));
    assert!(
        says(
            "issues",
            r#"{"action":"opened","repository":{"id":1,"full_name":"no slash"}}"#
        )
        .contains("owner/name")
    );
    assert!(says("star", "nonsense").contains("not as GitHub writes it"));
}

#[test]
fn the_installation_of_an_event_is_found() {
    let payload = json!({ "action": "revoked", "sender": account(5, "ann", "User") });
    assert_eq!(
        read("github_app_authorization", &payload).installation(),
        None
    );
    let payload = json!({
        "action": "deleted", "sender": account(5, "ann", "User"),
        "installation": { "id": 9, "account": account(8, "acme", "Organization") },
    });
    assert_eq!(read("installation", &payload).installation().unwrap().0, 9);
}

#[test]
fn a_purchase_is_read_whole_whatever_its_dates_look_like() {
    let purchase = |plan: &str| {
        json!({
            "account": { "type": "Organization", "id": 8, "node_id": "x", "login": "acme" }, "billing_cycle": "monthly",
            "unit_count": 3, "on_free_trial": true, "free_trial_ends_on": "2026-12-06", "next_billing_date": 7,
            "plan": { "id": 4, "name": plan, "bullets": [], "monthly_price_in_cents": 900 },
        })
    };
    let mut payload = json!({
        "action": "pending_change", "effective_date": "2026-12-01T00:00:00+00:00",
        "marketplace_purchase": purchase("Solo"), "previous_marketplace_purchase": purchase("Team"),
    });
    // A date that is none spoils nothing but itself.
    payload["marketplace_purchase"]["next_billing_date"] = json!("soon");
    payload["previous_marketplace_purchase"]["next_billing_date"] = json!(null);
    let Event::MarketplacePurchase(event) = read("marketplace_purchase", &payload) else {
        panic!("another event")
    };
    assert_eq!(event.action, MarketplaceAction::PendingChange);
    assert_eq!(
        (event.account.id.0, event.account.login.as_str()),
        (8, "acme")
    );
    let (bought, before) = (event.bought, event.before.unwrap());
    assert_eq!(
        (bought.plan.name.as_str(), before.plan.name.as_str()),
        ("Solo", "Team")
    );
    assert_eq!((bought.unit_count, bought.on_free_trial), (Some(3), true));
    let day = |at: Option<chrono::DateTime<chrono::Utc>>| at.map(|at| at.date_naive().to_string());
    assert_eq!(
        day(bought.free_trial_ends_at).as_deref(),
        Some("2026-12-06")
    );
    assert_eq!(bought.next_billing_at, None);
    assert_eq!(day(event.effective_at).as_deref(), Some("2026-12-01"));
    payload["action"] = json!("gifted");
    assert!(matches!(
        read("marketplace_purchase", &payload),
        Event::Other { .. }
    ));
}
