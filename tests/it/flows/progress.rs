//! Progress: what becomes of created issues afterwards is told in their run's comment, now and then.

use std::time::Duration;

use http::Method;
use insta::assert_snapshot;
use openproducer::domain::settings::Operator;
use openproducer::flows::progress::Quiet;
use openproducer::simulator::{Effect, Fault, IssueRef};
use openproducer::store::deliveries;

use super::asked;
use crate::harness::house::{House, SHOP, house, house_tuned};
use crate::harness::sight::ISSUES;

const SIX: &str = "## Work\n\n- Build the login form\n- Write the guide for new users\n- Add a basket\n- Print the invoice\n- Measure the traffic\n- Translate the pages\n";

fn created(t: &House) -> Vec<IssueRef> {
    t.created()
        .into_iter()
        .map(|issue| issue.reference)
        .collect()
}

/// Returns when every delivery is handled, whatever jobs wait.
async fn handled(t: &House) {
    t.sim.settled().await;
    while deliveries::count_unfinished(t.pool()).await.unwrap() > 0 {
        tokio::time::sleep(Duration::from_millis(15)).await;
    }
}

fn progress(comment: &str) -> Option<&str> {
    comment.lines().find(|line| line.contains(" closed"))
}

#[tokio::test]
async fn the_comment_and_status_tell_how_many_are_closed() {
    house(async |t| {
        let trigger = t.opens("Accounts", &asked(SIX)).await;
        let issues = created(t);
        assert_eq!(progress(&t.bot_comment(&trigger)), None);
        t.alice().closes(&issues[0]);
        t.alice().closes(&issues[1]);
        t.quiet().await;
        assert_snapshot!(progress(&t.bot_comment(&trigger)).unwrap(), @"`██████░░░░░░░░░░░░░░` 33% · 2 of 6 closed");
        t.alice().closes_as_not_planned(&issues[2]);
        t.alice().reopens(&issues[1]);
        t.sim.delete_issue(&issues[3]);
        t.quiet().await;
        assert_snapshot!(progress(&t.bot_comment(&trigger)).unwrap(), @"`████████░░░░░░░░░░░░` 40% · 2 of 5 closed (1 not planned); 1 deleted");
        let run = t.run(&trigger).await.id;
        let page = t.browser_of("alice").await.visit(&format!("/runs/{run}")).await;
        for words in ["; 2 of 5 closed (1 not planned); 1 deleted", ">Done<", ">Closed, not planned<", ">Deleted<"] {
            assert!(page.text.contains(words), "{words}: {}", page.text);
        }
        t.says(&trigger, "@TheOpenProducerBot status").await;
        assert_snapshot!(t.bot_comments(&trigger)[1], @"
        | run | state | issues | |
        |---|---|---|---|
        | `RUN` | ✅ completed | 6 of 6, 2 of 5 closed (1 not planned); 1 deleted |  |
        ");
    })
    .await;
}

#[tokio::test]
async fn a_dozen_closed_at_once_are_one_edit_some_time_later() {
    house_tuned(
        Operator::default(),
        |parts| parts.quiet = Quiet::USUAL,
        async |t| {
            let trigger = t.opens("Accounts", &asked(SIX)).await;
            let edits = || {
                t.sent(
                    &Method::PATCH,
                    "/repos/{owner}/{repo}/issues/comments/{comment_id}",
                )
            };
            let before = edits();
            for issue in created(t) {
                t.alice().closes(&issue);
            }
            handled(t).await;
            let waiting: Vec<(f64,)> = sqlx::query_as(
                "select extract(epoch from run_at - now())::float8 from graphile_worker.jobs
                 where task_identifier = 'advance_run'",
            )
            .fetch_all(t.pool())
            .await
            .unwrap();
            assert_eq!(waiting.len(), 1, "one job for all of them: {waiting:?}");
            assert!(
                (9.0 * 60.0..=10.0 * 60.0).contains(&waiting[0].0),
                "{waiting:?}"
            );
            assert_eq!(edits(), before, "nothing is edited before that");

            sqlx::query("update graphile_worker._private_jobs set run_at = now()")
                .execute(t.pool())
                .await
                .unwrap();
            t.quiet().await;
            assert_eq!(edits(), before + 1);
            assert_snapshot!(progress(&t.bot_comment(&trigger)).unwrap(), @"`████████████████████` 100% · 6 of 6 closed");
        },
    )
    .await;
}

#[tokio::test]
async fn old_news_that_come_late_change_nothing() {
    house(async |t| {
        let trigger = t.opens("Accounts", &asked(SIX)).await;
        let issues = created(t);
        t.alice().closes(&issues[0]);
        t.quiet().await;
        let closed = t
            .sim
            .deliveries()
            .into_iter()
            .rfind(|d| d.event == "issues" && d.action.as_deref() == Some("closed"));
        t.sim.advance_clock(Duration::from_secs(2));
        t.alice().reopens(&issues[0]);
        t.quiet().await;
        assert_eq!(progress(&t.bot_comment(&trigger)), None);
        t.send_copy_of(
            &closed.unwrap().payload,
            "issues",
            "00000000-0000-0000-0000-00000000c105",
        )
        .await;
        t.quiet().await;
        assert_eq!(progress(&t.bot_comment(&trigger)), None);
    })
    .await;
}

#[tokio::test]
async fn other_peoples_issues_and_our_own_rollback_are_not_even_stored() {
    house(async |t| {
        let trigger = t.opens("Accounts", &asked(SIX)).await;
        let stored = || async {
            let (count,): (i64,) = sqlx::query_as("select count(*) from deliveries")
                .fetch_one(t.pool())
                .await
                .unwrap();
            count
        };
        let before = stored().await;
        let theirs = t.alice().opens_issue(SHOP, "Something else", "");
        t.alice().closes(&theirs);
        t.quiet().await;
        assert_eq!(stored().await, before);
        t.says(&trigger, "@TheOpenProducerBot rollback last").await;
        assert_eq!(
            stored().await,
            before + 1,
            "the command, and none of what it closed"
        );
    })
    .await;
}

#[tokio::test]
async fn what_happened_while_the_server_was_down_is_told_too() {
    house(async |t| {
        let trigger = t.opens("Accounts", &asked(SIX)).await;
        let issues = created(t);
        t.while_down(|t| t.alice().closes(&issues[4])).await;
        assert!(
            progress(&t.bot_comment(&trigger))
                .unwrap()
                .contains("1 of 6 closed")
        );
    })
    .await;
}

#[tokio::test]
async fn an_issue_that_is_closed_before_we_know_of_it_is_told_too() {
    house(async |t| {
        let late = Effect::Delay(Duration::from_secs(4)).after_effect();
        let faults = t.sim.faults();
        faults.schedule(Fault::on(Method::POST, ISSUES).nth(2).then(late));
        let trigger = t.alice().opens_issue(SHOP, "Accounts", &asked(SIX));
        t.until("the second issue is there", |t| created(t).len() == 2)
            .await;
        t.alice().closes(&created(t)[1]);
        t.sim.settled().await;
        assert_eq!(created(t).len(), 2, "the answer is still on its way");
        t.quiet().await;
        let said = t.bot_comment(&trigger);
        assert!(
            progress(&said).is_some_and(|p| p.contains("1 of 6 closed")),
            "{said}"
        );
        let path = format!("/repos/{SHOP}/issues/3");
        let asked = t.sim.requests_matching(&Method::GET, &path);
        assert_eq!(asked.len(), 0, "GitHub is asked nothing more");
    })
    .await;
}
