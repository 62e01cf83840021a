//! A later sync and what earlier ones did not do: dropped changes, issues that were left open, numbers that need nothing.

use insta::assert_snapshot;

use super::sync::{CONFIRM, SPEC, SYNC, boxes, edits, last, patches, syncs};
use super::{PHASES, asked, dry};
use crate::harness::house::house;

#[tokio::test]
async fn a_change_that_was_dropped_leaves_no_words_behind() {
    house(async |t| {
        let trigger = t.opens("Accounts", &asked(SPEC)).await;
        let second = SPEC
            .replace("two weeks", "thirty days")
            .replace("new users", "new users and admins");
        edits(t, &trigger, &second).await;
        t.says(&trigger, SYNC).await;
        t.says(&trigger, "@TheOpenProducerBot confirm 2").await;
        assert_eq!([2, 3, 4].map(|n| patches(t, n)), [0, 0, 1]);
        syncs(t, &trigger, &second.replace("thirty days", "one year")).await;
        assert_eq!(t.titles()[1], "Add sessions that last for one year");
        let body = t.shop().issue(3).body;
        assert_snapshot!(body.split_once("<!--").unwrap().0, @"
        Add sessions that last for one year

        ### Acceptance criteria

        - [ ] Add sessions that last for one year

        ### From the spec

        Work, line 6
        ");
        // And back to what was dropped: it is brought there now.
        syncs(t, &trigger, &second).await;
        assert_eq!(t.titles()[1], "Add sessions that last for thirty days");
        t.bot_comments(&trigger);
    })
    .await;
}

#[tokio::test]
async fn a_text_that_is_not_ours_quotes_only_what_it_was_brought_to() {
    house(async |t| {
        let trigger = t.opens("Accounts", &dry(SPEC)).await;
        let mut planned = t.plan(&trigger).await.issues.remove(1);
        // As a model might write it.
        planned.title = "Keep people signed in".to_owned();
        planned.body = "People stay signed in.\n".to_owned();
        t.replace_item(&trigger, &planned).await;
        t.says(&trigger, CONFIRM).await;
        let brought = |spec: &str| {
            t.alice().edits_issue(&trigger, None, Some(&dry(spec)));
        };
        let second = SPEC
            .replace("two weeks", "thirty days")
            .replace("new users", "new users and admins");
        brought(&second);
        t.quiet().await;
        t.says(&trigger, SYNC).await;
        t.says(&trigger, "@TheOpenProducerBot confirm 2").await;
        brought(&second.replace("thirty days", "one year"));
        t.quiet().await;
        t.says(&trigger, SYNC).await;
        t.says(&trigger, CONFIRM).await;
        let body = t.shop().issue(3).body;
        assert_snapshot!(body.split_once("<!--").unwrap().0, @"
        People stay signed in.

        ### Changed in the specification

        - [ ] Add sessions that last for one year (was: Add sessions that last for two weeks)
        ");
        t.bot_comments(&trigger);
    })
    .await;
}

#[tokio::test]
async fn words_that_people_have_written_themselves_are_built_upon() {
    house(async |t| {
        let trigger = t.opens("Accounts", &asked(SPEC)).await;
        let issue = t.created()[1].reference.clone();
        let body = t.shop().issue(3).body.replace("two weeks", "thirty days");
        let title = "Add sessions that last for thirty days";
        t.alice().edits_issue(&issue, Some(title), Some(&body));
        t.quiet().await;
        syncs(t, &trigger, &SPEC.replace("two weeks", "thirty days")).await;
        assert_eq!(patches(t, 3), 0);
        syncs(t, &trigger, &SPEC.replace("two weeks", "one year")).await;
        assert_eq!(patches(t, 3), 1);
        assert_eq!(t.titles()[1], "Add sessions that last for one year");
        let body = t.shop().issue(3).body;
        assert!(!body.contains("thirty") && !body.contains("was:"), "{body}");
        t.bot_comments(&trigger);
    })
    .await;
}

#[tokio::test]
async fn a_number_that_needs_nothing_is_answered() {
    house(async |t| {
        let trigger = t.opens("Accounts", &asked(PHASES)).await;
        let new = PHASES.replace(
            "- Add sessions\n",
            "- Add sessions\n- Write the audit log\n",
        );
        edits(t, &trigger, &new).await;
        t.says(&trigger, SYNC).await;
        t.says(&trigger, "@TheOpenProducerBot confirm 3").await;
        assert_snapshot!(last(t, &trigger), @"3 stays as it is: there is nothing to do with it. What there is to do is number 1. Nothing was changed.");
        assert_ne!(t.state(&trigger).await, "completed");
        t.says(&trigger, "@TheOpenProducerBot drop 3-5").await;
        assert_snapshot!(last(t, &trigger), @"3-5 stay as they are: there is nothing to do with them. What there is to do is number 1. Nothing was changed.");
        t.says(&trigger, "@TheOpenProducerBot confirm 90").await;
        assert_snapshot!(last(t, &trigger), @"The plan has 1 issue, numbered 1; there is no 90. Nothing was changed.");
        t.says(&trigger, "@TheOpenProducerBot confirm 1-4").await;
        assert_eq!(t.state(&trigger).await, "completed");
        assert!(t.titles().contains(&"Write the audit log".to_owned()));
    })
    .await;
}

#[tokio::test]
async fn an_issue_that_was_left_open_is_offered_again_whenever_there_is_something_to_do() {
    house(async |t| {
        let trigger = t.opens("Accounts", &asked(SPEC)).await;
        let without = SPEC.replace("- Write the guide for new users\n", "");
        edits(t, &trigger, &without.replace("two weeks", "thirty days")).await;
        t.says(&trigger, SYNC).await;
        t.says(&trigger, "@TheOpenProducerBot confirm 1").await;
        assert_snapshot!(last(t, &trigger), @"
        ### ✅ Synced: 1 changed

        **Changed**
        - #3 · Add sessions that last for two weeks → Add sessions that last for thirty days

        <details>
        <summary>Dropped (1)</summary>

        - **2.** #4 · Write the guide for new users

        </details>

        What was not retired is offered again, unticked, when a later sync has something to do.

        To undo all of it, comment `@TheOpenProducerBot rollback last`.

        <sub>Run `RUN`</sub>
        ");

        // Twice without an edit: it is told, and nothing is asked or done.
        let runs = t.runs(&trigger).await.len();
        let mut said = Vec::new();
        for _ in 0..2 {
            t.says(&trigger, SYNC).await;
            said.push(last(t, &trigger));
        }
        assert_snapshot!(said[0], @"Nothing has changed since the last sync, which left open what is no longer in the specification: #4. It is offered again, unticked, when a later sync has something to do; or close it by hand.");
        assert_eq!(said[1], said[0]);
        assert_eq!(t.runs(&trigger).await.len(), runs);

        // Where nothing else is to be done, nobody is asked.
        let third = without.replace("two weeks", "thirty days");
        edits(t, &trigger, &third.replace("Single sign-on", "Passkeys")).await;
        t.says(&trigger, SYNC).await;
        assert_eq!(t.state(&trigger).await, "completed");
        assert_snapshot!(last(t, &trigger), @"
        ### ✅ Synced: no issue had to be changed

        <details>
        <summary>Dropped (1)</summary>

        - **1.** #4 · Write the guide for new users: an earlier sync left it open

        </details>

        What was not retired is offered again, unticked, when a later sync has something to do.

        <sub>Run `RUN`</sub>
        ");

        edits(t, &trigger, &without.replace("two weeks", "one year")).await;
        t.says(&trigger, SYNC).await;
        assert_snapshot!(boxes(&last(t, &trigger)), @"
        - [x] **1.** #3 · Add sessions that last for thirty days → Add sessions that last for one year — covers lines 3, 6
        - [ ] **2.** #4 · Write the guide for new users — an earlier sync left it open
        ");
        t.says(&trigger, CONFIRM).await;
        assert!(t.shop().issue(4).open);

        edits(t, &trigger, &without.replace("two weeks", "a day")).await;
        t.says(&trigger, SYNC).await;
        t.says(&trigger, "@TheOpenProducerBot confirm 1-2").await;
        assert!(!t.shop().issue(4).open);
        t.says(&trigger, SYNC).await;
        assert_eq!(
            last(t, &trigger),
            "Nothing has changed: the issues follow the specification as it is now."
        );
        assert_eq!([2, 3, 4].map(|n| patches(t, n)), [0, 3, 1]);
    })
    .await;
}

#[tokio::test]
async fn what_was_left_open_and_is_closed_since_is_not_spoken_of() {
    house(async |t| {
        let trigger = t.opens("Accounts", &asked(SPEC)).await;
        let without = SPEC.replace("- Write the guide for new users\n", "");
        edits(t, &trigger, &without.replace("two weeks", "thirty days")).await;
        t.says(&trigger, SYNC).await;
        t.says(&trigger, "@TheOpenProducerBot confirm 1").await;
        t.alice().closes(&t.created()[2].reference);
        t.quiet().await;
        t.says(&trigger, SYNC).await;
        assert_eq!(
            last(t, &trigger),
            "Nothing has changed: the issues follow the specification as it is now."
        );
        edits(t, &trigger, &without.replace("two weeks", "one year")).await;
        t.says(&trigger, SYNC).await;
        assert_snapshot!(boxes(&last(t, &trigger)), @"- [x] **1.** #3 · Add sessions that last for thirty days → Add sessions that last for one year — covers lines 3, 6");
        t.says(&trigger, "@TheOpenProducerBot cancel").await;
    })
    .await;
}
