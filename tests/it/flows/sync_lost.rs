//! A sync's edit whose answer was lost, and a person who edited the issue before we looked: what became of ours is told.

use http::Method;
use insta::assert_snapshot;
use openproducer::simulator::{Effect, Fault, IssueRef};

use super::asked;
use super::sync::{CONFIRM, SPEC, SYNC, edits, last, patches, syncs};
use crate::harness::house::{House, house};

const ISSUE: &str = "/repos/{owner}/{repo}/issues/{number}";

/// The sync's first edit goes wrong so, and the person acts before we look.
async fn confirms(
    t: &House,
    trigger: &IssueRef,
    effect: Effect,
    number: u64,
    acts: impl FnOnce(&House),
) {
    t.says(trigger, SYNC).await;
    let faults = t.sim.faults();
    faults.schedule(Fault::on(Method::PATCH, ISSUE).then(effect));
    t.alice().comments(trigger, CONFIRM);
    t.until("the edit is sent", |t| patches(t, number) == 1)
        .await;
    acts(t);
    t.quiet().await;
    assert!(faults.pending().is_empty());
    assert_eq!(t.state(trigger).await, "completed");
}

#[tokio::test]
async fn an_edit_that_had_gone_in_is_told_as_made_and_built_upon() {
    house(async |t| {
        let trigger = t.opens("Accounts", &asked(SPEC)).await;
        let issue = t.created()[1].reference.clone();
        edits(t, &trigger, &SPEC.replace("two weeks", "thirty days")).await;
        confirms(t, &trigger, Effect::DropAfter, 3, |t| {
            let body = t.shop().issue(3).body;
            let body = body.replace("### Acceptance", "Ask Rita first.\n\n### Acceptance");
            t.alice().edits_issue(&issue, None, Some(&body));
        })
        .await;
        assert_snapshot!(last(t, &trigger), @"
        ### ✅ Synced: 1 changed

        **Changed**
        - #3 · Add sessions that last for two weeks → Add sessions that last for thirty days

        To undo all of it, comment `@TheOpenProducerBot rollback last`.

        <sub>Run `RUN`</sub>
        ");
        assert_eq!(patches(t, 3), 1);
        syncs(t, &trigger, &SPEC.replace("two weeks", "one year")).await;
        assert_eq!(t.titles()[1], "Add sessions that last for one year");
        let body = t.shop().issue(3).body;
        assert!(body.contains("Ask Rita first."), "{body}");
        assert!(!body.contains("thirty days"), "{body}");
    })
    .await;
}

#[tokio::test]
async fn an_edit_that_had_not_gone_in_is_told_as_left() {
    house(async |t| {
        let trigger = t.opens("Accounts", &asked(SPEC)).await;
        let issue = t.created()[1].reference.clone();
        edits(t, &trigger, &SPEC.replace("two weeks", "thirty days")).await;
        confirms(t, &trigger, Effect::DropBefore, 3, |t| {
            let body = t.shop().issue(3).body + "\n\nAsk Rita first.";
            t.alice().edits_issue(&issue, None, Some(&body));
        })
        .await;
        assert_snapshot!(last(t, &trigger), @"
        ### ✅ Synced: no issue had to be changed

        **Left as they are**
        - **1.** #3 · Add sessions that last for two weeks: it was edited since the preview

        What was left or dropped is not asked about again until the specification is edited there once more.

        <sub>Run `RUN`</sub>
        ");
        assert_eq!(patches(t, 3), 1, "nothing is written over her words");
    })
    .await;
}

#[tokio::test]
async fn an_edit_that_nobody_can_know_of_is_told_so() {
    house(async |t| {
        let trigger = t.opens("Accounts", &asked(SPEC)).await;
        let issue = t.created()[1].reference.clone();
        edits(t, &trigger, &SPEC.replace("two weeks", "thirty days")).await;
        confirms(t, &trigger, Effect::DropAfter, 3, |t| {
            let (title, body) = ("Sessions", "All of it in other words.");
            t.alice().edits_issue(&issue, Some(title), Some(body));
        })
        .await;
        assert_snapshot!(last(t, &trigger), @"
        ### ✅ Synced: no issue had to be changed

        **Left as they are**
        - **1.** #3 · Add sessions that last for two weeks: somebody edited it while our change was on its way, and whether that went in before cannot be told: compare it with the specification

        What was left or dropped is not asked about again until the specification is edited there once more.

        <sub>Run `RUN`</sub>
        ");
        assert_eq!(t.shop().issue(3).body, "All of it in other words.");
    })
    .await;
}

#[tokio::test]
async fn an_issue_that_is_opened_again_before_we_look_is_not_closed_twice() {
    house(async |t| {
        let trigger = t.opens("Accounts", &asked(SPEC)).await;
        let issue = t.created()[2].reference.clone();
        let new = SPEC.replace("- Write the guide for new users\n", "");
        edits(t, &trigger, &new).await;
        confirms(t, &trigger, Effect::DropAfter, 4, |t| {
            t.alice().reopens(&issue);
        })
        .await;
        assert_snapshot!(last(t, &trigger), @"
        ### ✅ Synced: no issue had to be changed

        **Left as they are**
        - **1.** #4 · Write the guide for new users: it was closed, and somebody has opened it again

        What was not retired is offered again, unticked, when a later sync has something to do.

        <sub>Run `RUN`</sub>
        ");
        assert!(t.shop().issue(4).open);
        assert_eq!(patches(t, 4), 1);
    })
    .await;
}
