//! Trouble on the way: nothing is lost, nothing is there twice.

use std::time::{Duration, Instant};

use http::Method;
use openproducer::simulator::{Effect, Fault, IssueRef};
use openproducer::store::jobs;
use rstest::rstest;

use super::{WORK, WORK_TITLES, asked, long_list};
use crate::harness::house::{House, SHOP, house};
use crate::harness::sight::{COMMENTS, ISSUES};

async fn all_there_once(t: &House, trigger: &IssueRef) {
    assert_eq!(t.state(trigger).await, "completed");
    assert_eq!(t.titles(), WORK_TITLES);
    let said = t.bot_comment(trigger);
    assert!(said.contains("3 issues created"), "{said}");
    assert_eq!(t.shop().issue(trigger.number).sub_issues.len(), 3);
    assert!(t.sim.faults().pending().is_empty(), "the trouble happened");
}

#[rstest]
#[case::before(Effect::DropBefore)]
#[case::after(Effect::DropAfter)]
#[case::bad_gateway(Effect::status(502, "Bad Gateway"))]
#[case::bad_gateway_after(Effect::status(502, "Bad Gateway").after_effect())]
#[case::truncated(Effect::Truncate)]
#[tokio::test]
async fn an_issue_whose_answer_is_lost_is_there_once(#[case] effect: Effect) {
    house(async |t| {
        t.sim
            .faults()
            .schedule(Fault::on(Method::POST, ISSUES).nth(2).then(effect.clone()));
        let trigger = t.opens("Accounts", &asked(WORK)).await;
        all_there_once(t, &trigger).await;
    })
    .await;
}

#[rstest]
#[case::before(Effect::DropBefore)]
#[case::after(Effect::DropAfter)]
#[case::bad_gateway_after(Effect::status(502, "Bad Gateway").after_effect())]
#[case::truncated(Effect::Truncate)]
#[tokio::test]
async fn a_comment_whose_answer_is_lost_is_there_once(#[case] effect: Effect) {
    house(async |t| {
        t.sim
            .faults()
            .schedule(Fault::on(Method::POST, COMMENTS).then(effect.clone()));
        let trigger = t.opens("Accounts", &asked(WORK)).await;
        all_there_once(t, &trigger).await;
        t.sim
            .faults()
            .schedule(Fault::on(Method::POST, COMMENTS).then(effect.clone()));
        t.says(&trigger, "@TheOpenProducerBot help").await;
        assert_eq!(t.bot_comments(&trigger).len(), 2);
    })
    .await;
}

#[rstest]
#[case("/repos/{owner}/{repo}/issues/{number}/sub_issues")]
#[case("/repos/{owner}/{repo}/issues/{number}/dependencies/blocked_by")]
#[case("/repos/{owner}/{repo}/issues/{number}/reactions")]
#[tokio::test]
async fn a_link_or_reaction_whose_answer_is_lost_is_there_once(#[case] route: &str) {
    house(async |t| {
        t.sim
            .faults()
            .schedule(Fault::on(Method::POST, route).then(Effect::DropAfter));
        let trigger = t.opens("Accounts", &asked(WORK)).await;
        all_there_once(t, &trigger).await;
        assert_eq!(t.created()[1].blocked_by.len(), 1);
        let said = t.bot_comment(&trigger);
        assert!(!said.contains("Not exactly as asked"), "{said}");
        assert_eq!(t.shop().reactions(trigger.number).len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_rollback_survives_lost_answers() {
    house(async |t| {
        let trigger = t.opens("Accounts", &asked(WORK)).await;
        let close = "/repos/{owner}/{repo}/issues/{number}";
        t.sim
            .faults()
            .schedule(Fault::on(Method::PATCH, close).then(Effect::DropAfter));
        let detach = "/repos/{owner}/{repo}/issues/{number}/sub_issue";
        t.sim.faults().schedule(
            Fault::on(Method::DELETE, detach)
                .nth(2)
                .then(Effect::DropAfter),
        );
        t.says(&trigger, "@TheOpenProducerBot rollback last").await;
        assert_eq!(t.state(&trigger).await, "rolled_back");
        assert_eq!(t.shop().open_issues(), [trigger.number]);
        assert!(
            t.bot_comment(&trigger).contains("3 issues closed"),
            "{}",
            t.bot_comment(&trigger)
        );
    })
    .await;
}

#[tokio::test]
async fn a_restart_in_the_middle_loses_nothing_and_doubles_nothing() {
    house(async |t| {
        let slow = Effect::Delay(Duration::from_secs(4));
        t.sim
            .faults()
            .schedule(Fault::on(Method::POST, ISSUES).nth(3).then(slow));
        let trigger = t.alice().opens_issue(SHOP, "Shop", &asked(&long_list(30)));
        t.until("the third issue is on its way", |t| {
            t.sent(&Method::POST, ISSUES) == 3
        })
        .await;
        t.stop_server().await;
        assert!(t.created().len() < 30, "it was stopped in the middle");
        t.start_server().await;
        t.quiet().await;
        all_of_the_list(t, &trigger, 30).await;
    })
    .await;
}

/// Every item of a long list is there, and none twice.
async fn all_of_the_list(t: &House, trigger: &IssueRef, items: usize) {
    assert_eq!(t.state(trigger).await, "completed");
    let titles = t.titles();
    let different: std::collections::BTreeSet<_> = titles.iter().collect();
    assert_eq!((titles.len(), different.len()), (items, items));
    assert_eq!(t.shop().issue(trigger.number).sub_issues.len(), items);
    t.bot_comment(trigger);
}

#[rstest]
#[case::before_the_answer(ISSUES, 3)]
#[case::before_the_first_comment_is_answered(COMMENTS, 1)]
#[tokio::test]
async fn a_crash_loses_nothing_and_doubles_nothing(#[case] route: &str, #[case] nth: u32) {
    house(async |t| {
        t.stop_server().await;
        t.start_server_apart().await;
        let late = Effect::Delay(Duration::from_mins(1)).after_effect();
        t.sim
            .faults()
            .schedule(Fault::on(Method::POST, route).nth(nth).then(late));
        let trigger = t.alice().opens_issue(SHOP, "Shop", &asked(&long_list(6)));
        t.until("its effect is there and its answer is not", |t| {
            t.sim.faults().pending().is_empty()
        })
        .await;
        t.crash_server();
        t.start_server().await;
        t.quiet().await;
        all_of_the_list(t, &trigger, 6).await;
    })
    .await;
}

#[tokio::test]
async fn a_job_that_was_superseded_stays_dead_with_its_worker() {
    house(async |t| {
        // The worker has begun: the queue knows this kind of job.
        let trigger = t.opens("Accounts", &asked(WORK)).await;
        t.stop_server().await;
        // As a crash leaves it while the newer job for the same delivery waits.
        let superseded = "insert into graphile_worker._private_jobs
                (task_id, payload, attempts, max_attempts, locked_at, locked_by)
            select id, '{\"guid\": \"superseded\"}', 10, 10, now() - interval '1 hour', 'gone'
            from graphile_worker._private_tasks where identifier = 'handle_delivery' returning id";
        let id: i64 = sqlx::query_scalar(superseded)
            .fetch_one(t.pool())
            .await
            .unwrap();
        t.start_server().await;
        t.quiet().await;
        all_there_once(t, &trigger).await;
        let left = "select attempts, locked_by from graphile_worker._private_jobs where id = $1";
        let left: Option<(i16, Option<String>)> = sqlx::query_as(left)
            .bind(id)
            .fetch_optional(t.pool())
            .await
            .unwrap();
        // A sweep clears it away.
        assert!(
            left.is_none_or(|left| left == (10, None)),
            "nobody tries it again"
        );
        assert_eq!(jobs::state(t.pool()).await.unwrap().failed, 0);
        jobs::delete_superseded(t.pool()).await.unwrap();
        let jobs: i64 = sqlx::query_scalar("select count(*) from graphile_worker._private_jobs")
            .fetch_one(t.pool())
            .await
            .unwrap();
        assert_eq!(jobs, 0);
    })
    .await;
}

#[rstest]
#[case::in_the_middle("update graphile_worker._private_jobs set attempts = max_attempts")]
#[case::without_a_trace("delete from graphile_worker._private_jobs")]
#[tokio::test]
async fn a_run_that_no_job_carries_any_more_is_taken_up_again(#[case] lost: &'static str) {
    house(async |t| {
        let limit = Effect::secondary_limit(Duration::from_secs(8));
        t.sim
            .faults()
            .schedule(Fault::on(Method::POST, ISSUES).nth(2).then(limit));
        let trigger = t.alice().opens_issue(SHOP, "Accounts", &asked(WORK));
        t.until("the second issue is on its way", |t| {
            t.sent(&Method::POST, ISSUES) == 2
        })
        .await;
        t.stop_server().await;
        let lost = sqlx::query(lost).execute(t.pool()).await.unwrap();
        assert_eq!(lost.rows_affected(), 1);
        t.start_server().await;
        // The queue is quiet until the first sweep has looked.
        let begun = Instant::now();
        while t.state(&trigger).await != "completed" {
            assert!(begun.elapsed() < Duration::from_mins(1), "it lies there");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        t.quiet().await;
        all_there_once(t, &trigger).await;
    })
    .await;
}

#[tokio::test]
async fn a_limit_with_retry_after_is_waited_for() {
    house(async |t| {
        let limit = Effect::secondary_limit(Duration::from_secs(1));
        t.sim
            .faults()
            .schedule(Fault::on(Method::POST, ISSUES).nth(2).then(limit.clone()));
        t.sim
            .faults()
            .schedule(Fault::on(Method::POST, COMMENTS).then(limit));
        let trigger = t.opens("Accounts", &asked(WORK)).await;
        all_there_once(t, &trigger).await;
        assert_eq!(t.sent(&Method::POST, ISSUES), 4);
    })
    .await;
}

#[tokio::test]
async fn a_limit_at_the_asking_itself_loses_nothing() {
    house(async |t| {
        let limit = Effect::secondary_limit(Duration::from_secs(1));
        let role = "/repos/{owner}/{repo}/collaborators/{login}/permission";
        t.sim
            .faults()
            .schedule(Fault::on(Method::GET, role).then(limit));
        let trigger = t.opens("Accounts", &asked(WORK)).await;
        all_there_once(t, &trigger).await;
    })
    .await;
}

#[tokio::test]
async fn a_plain_refusal_ends_the_run_in_words() {
    house(async |t| {
        let no = Effect::status(403, "Resource not accessible by integration");
        t.sim
            .faults()
            .schedule(Fault::on(Method::POST, ISSUES).nth(2).forever().then(no));
        let trigger = t.opens("Accounts", &asked(WORK)).await;
        assert_eq!(t.state(&trigger).await, "failed");
        insta::assert_snapshot!(t.bot_comment(&trigger), @"
        ### ❌ This did not work

        GitHub refused the request: the App has no permission to write issues here. An admin can grant it in the App's installation settings; then ask again.

        **What next?** Put it right and ask again in a new comment: what exists already is not created twice. Or close what was created with `@TheOpenProducerBot rollback last`.

        1 of 3 planned issues had been created by then:

        - #2 · Build the login form

        `@TheOpenProducerBot rollback last` closes them again.

        <sub>Run `RUN`</sub>
        ");
        t.says(&trigger, "@TheOpenProducerBot rollback last").await;
        assert_eq!(t.shop().open_issues(), [trigger.number]);
    })
    .await;
}

#[tokio::test]
async fn an_issue_that_github_refuses_is_named_and_the_others_are_created() {
    house(async |t| {
        let no = Effect::status(422, "Validation Failed");
        t.sim
            .faults()
            .schedule(Fault::on(Method::POST, ISSUES).then(no));
        let trigger = t.opens("Accounts", &asked(WORK)).await;
        assert_eq!(t.state(&trigger).await, "completed");
        assert_eq!(t.titles(), WORK_TITLES[1..]);
        insta::assert_snapshot!(t.bot_comment(&trigger), @"
        ### ⚠️ 2 issues created, 1 could not be

        - #2 · Add sessions after the login form
        - #3 · Write the guide for new users

        **Could not be created**
        - **1.** Build the login form: GitHub refuses it: Validation Failed

        Planned in TIME, created in TIME. No model was used.

        To undo all of it, comment `@TheOpenProducerBot rollback last`.

        <sub>Run `RUN`</sub>
        ");
    })
    .await;
}

#[tokio::test]
async fn a_token_that_expires_on_the_way_is_renewed() {
    house(async |t| {
        let slow = Effect::Delay(Duration::from_secs(1));
        t.sim
            .faults()
            .schedule(Fault::on(Method::POST, ISSUES).nth(2).then(slow));
        let trigger = t.alice().opens_issue(SHOP, "Accounts", &asked(WORK));
        t.until("the second issue is on its way", |t| {
            t.sent(&Method::POST, ISSUES) == 2
        })
        .await;
        t.sim.advance_clock(Duration::from_secs(3700));
        t.quiet().await;
        all_there_once(t, &trigger).await;
    })
    .await;
}

#[tokio::test]
async fn a_deleted_run_comment_is_written_anew() {
    house(async |t| {
        let trigger = t.opens("Accounts", &super::dry(WORK)).await;
        let (comment, _) = t.run_comment(&trigger);
        t.alice().deletes_comment(&comment);
        t.says(&trigger, "@TheOpenProducerBot confirm").await;
        all_there_once(t, &trigger).await;
    })
    .await;
}

#[tokio::test]
async fn an_archived_repository_is_called_so() {
    house(async |t| {
        let no = Effect::status(403, "Repository was archived so is read-only.");
        t.sim
            .faults()
            .schedule(Fault::on(Method::POST, ISSUES).nth(2).forever().then(no));
        let trigger = t.opens("Accounts", &asked(WORK)).await;
        assert_eq!(t.state(&trigger).await, "failed");
        let said = t.bot_comment(&trigger);
        assert!(
            said.contains("The repository is archived: nothing can be written there."),
            "{said}"
        );
        assert!(!said.contains("no permission"), "{said}");
    })
    .await;
}

#[tokio::test]
async fn how_a_run_ended_is_said_though_its_lost_issue_cannot_be_looked_for() {
    house(async |t| {
        let faults = t.sim.faults();
        faults.schedule(
            Fault::on(Method::POST, ISSUES)
                .nth(2)
                .then(Effect::DropBefore),
        );
        let hidden = Effect::status(404, "Not Found");
        faults.schedule(Fault::on(Method::GET, ISSUES).forever().then(hidden));
        let trigger = t.opens("Accounts", &asked(WORK)).await;
        assert_eq!(t.state(&trigger).await, "failed");
        let said = t.bot_comment(&trigger);
        assert!(said.contains("❌ This did not work"), "{said}");
        assert!(
            said.contains("1 of 3 planned issues had been created"),
            "{said}"
        );
    })
    .await;
}
