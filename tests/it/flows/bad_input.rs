//! What cannot be done is answered in words, once, and starts nothing.

use http::Method;
use insta::assert_snapshot;
use openproducer::simulator::{IssueRef, Role};
use rstest::rstest;

use super::{WORK, asked, dry};
use crate::harness::house::{House, SHOP, house};
use crate::harness::sight::ISSUES;

async fn starts_nothing(t: &House, trigger: &IssueRef) -> String {
    assert!(t.runs(trigger).await.is_empty());
    assert!(t.created().is_empty());
    t.bot_comment(trigger)
}

#[tokio::test]
async fn every_complaint_comes_at_once_with_its_line_and_what_would_be_right() {
    house(async |t| {
        let body = "@TheOpenProducerBot\ncount: lots\nlabels: \"a,b\", backend\nunique_by: titel\ndry_run: perhaps\nrate_limit_per_minute: 81\nrepositories: docs\n\nBuild it";
        let trigger = t.opens("Accounts", body).await;
        assert_snapshot!(starts_nothing(t, &trigger).await, @r#"
        ### I could not read your request

        Nothing was started. Please correct 6 lines and ask again in a new comment.

        - **line 2**: count must be a number from 1 to 100, got `lots`  
          `count: lots`
        - **line 3**: a label cannot contain a comma, got `a,b`; if these are several labels, write `labels: a, b`  
          `labels: "a,b", backend`
        - **line 4**: unique_by must be title, body or hash (both), got `titel`; did you mean `title`?  
          `unique_by: titel`
        - **line 5**: dry_run must be true or false, got `perhaps`  
          `dry_run: perhaps`
        - **line 6**: rate_limit_per_minute must be 1 to 80, got 81  
          `rate_limit_per_minute: 81`
        - **line 7**: a repository must be written as `owner/name`, got `docs`  
          `repositories: docs`
        "#);
    })
    .await;
}

#[rstest]
#[case("count: 0", 3)]
#[case("count: lots", 3)]
#[case("count: 101", 3)]
#[case("count: -1", 3)]
#[case("labels: [\"a,b\"]", 3)]
#[case("milestone: Nirvana", 3)]
#[case("repositories: other/place", 3)]
#[case("repositories: acme/nowhere", 3)]
#[tokio::test]
async fn a_bad_value_is_named_with_its_line(#[case] option: &str, #[case] line: usize) {
    house(async |t| {
        t.sim.add_repository("other/place");
        let trigger = t
            .opens(
                "Accounts",
                &format!("@TheOpenProducerBot\n\n{option}\n\nBuild it"),
            )
            .await;
        let said = starts_nothing(t, &trigger).await;
        assert!(said.contains(&format!("**line {line}**")), "{said}");
        assert!(
            said.contains(&format!("`{option}`")),
            "the line is quoted:\n{said}"
        );
        t.send_copy("issues", "again").await;
        t.quiet().await;
        t.bot_comment(&trigger);
    })
    .await;
}

#[tokio::test]
async fn a_bad_value_in_a_comment_is_named_with_the_comment_s_line() {
    house(async |t| {
        let trigger = t.opens("Accounts", WORK).await;
        t.says(
            &trigger,
            "@TheOpenProducerBot\nlabels: web\nmilestone: Nirvana",
        )
        .await;
        let said = starts_nothing(t, &trigger).await;
        assert!(said.contains("**line 3**"), "{said}");
    })
    .await;
}

#[tokio::test]
async fn another_repository_needs_the_asker_s_role_there() {
    house(async |t| {
        t.sim.add_repository("acme/secret");
        t.sim.set_role("acme/secret", "alice", Role::Read);
        let trigger = t
            .opens(
                "Accounts",
                &format!("@TheOpenProducerBot\nrepositories: acme/secret\n\n{WORK}"),
            )
            .await;
        let said = starts_nothing(t, &trigger).await;
        assert!(
            said.contains("acme/secret") && said.contains("write"),
            "{said}"
        );
        assert!(t.created_in("acme/secret").is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_specification_of_nothing_but_options_is_answered_with_what_is_missing() {
    house(async |t| {
        let trigger = t
            .opens(
                "Add a dark mode",
                "@TheOpenProducerBot\nlabels: web\ncount: 1",
            )
            .await;
        assert_snapshot!(starts_nothing(t, &trigger).await, @"
        ### I could not read your request

        Nothing was started. Please correct 1 line and ask again in a new comment.

        - **line 2**: there is nothing to plan: these are options without a specification; write what should be built in a paragraph below them, or behind `template:`  
          `labels: web`
        ");
    })
    .await;
}

#[tokio::test]
async fn an_assignee_who_cannot_be_assigned_is_answered_in_words() {
    house(async |t| {
        let trigger = t
            .opens(
                "Accounts",
                &format!("@TheOpenProducerBot\nassignees: alice, nobody-here\n\n{WORK}"),
            )
            .await;
        let said = t.bot_comment(&trigger);
        assert!(said.contains("nobody-here"), "{said}");
    })
    .await;
}

#[tokio::test]
async fn a_closed_trigger_issue_starts_nothing() {
    house(async |t| {
        let trigger = t.opens("Accounts", WORK).await;
        t.alice().closes(&trigger);
        t.says(&trigger, "@TheOpenProducerBot").await;
        assert_snapshot!(starts_nothing(t, &trigger).await, @"This issue is closed, so nothing was started. Reopen it and mention `@TheOpenProducerBot` again.");
        t.alice().reopens(&trigger);
        t.says(&trigger, "@TheOpenProducerBot").await;
        assert_eq!(t.created().len(), 3);
    })
    .await;
}

#[tokio::test]
async fn a_trigger_issue_deleted_before_it_is_read_leaves_nothing() {
    house(async |t| {
        let trigger = t
            .while_down(|t| {
                let trigger = t.alice().opens_issue(SHOP, "Accounts", &asked(WORK));
                t.sim.delete_issue(&trigger);
                trigger
            })
            .await;
        assert!(t.created().is_empty());
        assert_eq!(t.sent(&Method::POST, ISSUES), 0);
        for run in t.runs(&trigger).await {
            assert_eq!(run.state.status().as_str(), "failed");
        }
    })
    .await;
}

#[tokio::test]
async fn a_trigger_issue_deleted_while_it_waits_ends_the_run() {
    house(async |t| {
        let trigger = t.opens("Accounts", &dry(WORK)).await;
        t.while_down(|t| {
            t.alice().comments(&trigger, "@TheOpenProducerBot confirm");
            t.sim.delete_issue(&trigger);
        })
        .await;
        assert_eq!(t.state(&trigger).await, "failed");
        assert!(t.created().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_repository_taken_from_the_app_before_it_is_read_leaves_nothing() {
    house(async |t| {
        let id = t.installation;
        let trigger = t
            .while_down(|t| {
                let trigger = t.alice().opens_issue(SHOP, "Accounts", &asked(WORK));
                t.sim.remove_repository_from_installation(id, SHOP);
                trigger
            })
            .await;
        assert!(t.created().is_empty());
        assert!(t.bot_comments(&trigger).is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_repository_taken_from_the_app_while_a_run_waits_ends_it() {
    house(async |t| {
        t.sim.add_repository("acme/docs");
        let trigger = t.opens("Accounts", &dry(WORK)).await;
        let id = t.installation;
        t.sim.remove_repository_from_installation(id, SHOP);
        t.quiet().await;
        t.sim.add_repository_to_installation(id, SHOP);
        t.quiet().await;
        t.says(&trigger, "@TheOpenProducerBot confirm").await;
        assert_eq!(t.created().len(), 3, "it is back, and so is the run");
    })
    .await;
}

#[tokio::test]
async fn issues_switched_off_before_it_is_read_leaves_nothing() {
    house(async |t| {
        let trigger = t
            .while_down(|t| {
                let trigger = t.alice().opens_issue(SHOP, "Accounts", &asked(WORK));
                t.sim.disable_issues(SHOP);
                trigger
            })
            .await;
        assert!(t.created().is_empty());
        assert!(t.bot_comments(&trigger).is_empty());
    })
    .await;
}

#[tokio::test]
async fn issues_switched_off_while_it_creates_ends_the_run() {
    house(async |t| {
        let trigger = t.opens("Accounts", &dry(WORK)).await;
        t.while_down(|t| {
            t.alice().comments(&trigger, "@TheOpenProducerBot confirm");
            t.sim.disable_issues(SHOP);
        })
        .await;
        assert_eq!(t.state(&trigger).await, "failed");
        assert!(t.created().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_delivery_about_a_repository_that_never_was_leaves_nothing() {
    house(async |t| {
        let trigger = t.opens("Accounts", "Something to talk about @TheOpenProducerBotX").await;
        let payload = serde_json::json!({
            "action": "opened", "installation": { "id": t.installation },
            "sender": { "id": 5, "login": "alice", "type": "User" },
            "repository": { "id": 77, "full_name": "acme/ghost", "private": false },
            "issue": { "id": 501, "number": 12, "title": "Auth", "body": asked(WORK), "state": "open",
                       "user": { "id": 5, "login": "alice", "type": "User" },
                       "updated_at": "2026-11-22T08:00:00Z" },
        });
        let status = t.deliver("issues", "ghost", payload.to_string().as_bytes()).await;
        assert_eq!(status, 202);
        t.quiet().await;
        assert!(t.bot_comments(&trigger).is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_delivery_of_an_installation_that_never_was_leaves_nothing() {
    house(async |t| {
        let payload = serde_json::json!({
            "action": "opened", "installation": { "id": 999 },
            "sender": { "id": 5, "login": "alice", "type": "User" },
            "repository": { "id": 77, "full_name": "acme/ghost", "private": false },
            "issue": { "id": 501, "number": 12, "title": "Auth", "body": asked(WORK), "state": "open",
                       "user": { "id": 5, "login": "alice", "type": "User" },
                       "updated_at": "2026-11-22T08:00:00Z" },
        });
        let status = t.deliver("issues", "ghost", payload.to_string().as_bytes()).await;
        assert_eq!(status, 202);
        t.quiet().await;
    })
    .await;
}
