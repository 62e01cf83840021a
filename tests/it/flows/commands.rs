//! Commands: who may give them, when, and what is answered.

use std::time::Duration;

use http::Method;
use insta::assert_snapshot;
use openproducer::simulator::{Effect, Fault, Role};
use rstest::rstest;

use super::{PHASES, WORK, WORK_TITLES, asked, dry, long_list};
use crate::harness::house::{SHOP, house};
use crate::harness::sight::ISSUES;

const WAITS: &str = "running awaiting_confirmation";

#[rstest]
#[case("confirm 1,3-5", &[1, 3, 4, 5])]
#[case("confirm 2 6", &[2, 6])]
#[case("confirm #7", &[7])]
#[case("Confirm all, please!", &[1, 2, 3, 4, 5, 6, 7])]
#[tokio::test]
async fn only_the_confirmed_items_are_created(#[case] command: &str, #[case] items: &[usize]) {
    house(async |t| {
        let trigger = t.opens("Accounts", &dry(PHASES)).await;
        let plan = t.plan(&trigger).await;
        t.says(&trigger, &format!("@TheOpenProducerBot {command}"))
            .await;
        assert_eq!(t.state(&trigger).await, "completed");
        let wanted: Vec<&str> = items
            .iter()
            .map(|n| plan.issues[n - 1].title.as_str())
            .collect();
        assert_eq!(t.titles(), wanted);
    })
    .await;
}

#[tokio::test]
async fn links_to_what_was_left_out_are_left_out() {
    house(async |t| {
        let trigger = t.opens("Accounts", &dry(PHASES)).await;
        t.says(&trigger, "@TheOpenProducerBot confirm 2,4-6").await;
        assert_snapshot!(t.shop().outline(), @"
        #1 open   Accounts
        #2 open   Create the accounts table   [sub-issue of #1]
        #3 open   Deliver phase 2: sign in   [sub-issue of #1]
        #4 open   Build the login form   [sub-issue of #3]
        #5 open   Add sessions   [sub-issue of #3]
        ");
        assert_snapshot!(t.bot_comment(&trigger), @"
        ### ✅ 4 issues created

        - #2 · Create the accounts table
        - #3 · Deliver phase 2: sign in
          - #4 · Build the login form
          - #5 · Add sessions

        <details>
        <summary>Dropped (3)</summary>

        - **1.** Deliver phase 1: storage
        - **3.** Write the migration from the old users
        - **7.** Lock accounts after five wrong passwords

        </details>

        Planned in TIME, created in TIME. No model was used.

        To undo all of it, comment `@TheOpenProducerBot rollback last`.

        <sub>Run `RUN`</sub>
        ");
    })
    .await;
}

#[tokio::test]
async fn dropped_items_are_shown_as_unticked_and_not_created() {
    house(async |t| {
        let trigger = t.opens("Accounts", &dry(WORK)).await;
        t.says(&trigger, "@TheOpenProducerBot drop 1,3").await;
        let preview = t.bot_comment(&trigger);
        assert_snapshot!(preview.lines().filter(|l| l.starts_with("- [") || l.starts_with('#')).collect::<Vec<_>>().join("\n"), @"
        ### 📋 3 issues planned, 1 selected, waiting for your confirmation
        - [ ] **1.** Build the login form<br><sub>covers line 6 of “Work”</sub>
        - [x] **2.** Add sessions after the login form<br><sub>covers line 7 of “Work” · waits for 1</sub>
        - [ ] **3.** Write the guide for new users<br><sub>covers line 8 of “Work”</sub>
        ");
        assert_eq!(t.state(&trigger).await, WAITS);
        t.says(&trigger, "@TheOpenProducerBot confirm").await;
        assert_eq!(t.titles(), [WORK_TITLES[1]]);
    })
    .await;
}

#[tokio::test]
async fn numbers_that_the_plan_does_not_have_change_nothing() {
    house(async |t| {
        let trigger = t.opens("Accounts", &dry(WORK)).await;
        for words in [
            "confirm 3-4",
            "drop 9",
            "drop 1-3",
            "confirm 0",
            "drop",
            "confirm 5-3",
            "drop 1-99999999",
        ] {
            t.says(&trigger, &format!("@TheOpenProducerBot {words}"))
                .await;
        }
        assert_eq!(t.state(&trigger).await, WAITS);
        assert_snapshot!(t.bot_comments(&trigger)[1..].join("\n----\n"), @"
        The plan has 3 issues, numbered 1 to 3; there is no 4. Nothing was changed.
        ----
        The plan has 3 issues, numbered 1 to 3; there is no 9. Nothing was changed.
        ----
        That would leave nothing to create. To end the run instead, comment `@TheOpenProducerBot cancel`.
        ----
        ### I could not read your request

        Nothing was started. Please correct 1 line and ask again in a new comment.

        - **line 1**: items are counted from 1, got `0`  
          `@TheOpenProducerBot confirm 0`
        ----
        ### I could not read your request

        Nothing was started. Please correct 1 line and ask again in a new comment.

        - **line 1**: drop takes the numbers of items, for example `drop 2,4`; to have a text planned, begin its line with `/spawn-issues`  
          `@TheOpenProducerBot drop`
        ----
        ### I could not read your request

        Nothing was started. Please correct 1 line and ask again in a new comment.

        - **line 1**: a range runs upwards: write `3-5`, got `5-3`  
          `@TheOpenProducerBot confirm 5-3`
        ----
        ### I could not read your request

        Nothing was started. Please correct 1 line and ask again in a new comment.

        - **line 1**: there is no item with so large a number, got `1-99999999`  
          `@TheOpenProducerBot drop 1-99999999`
        ");
        t.says(&trigger, "@TheOpenProducerBot confirm").await;
        assert_eq!(t.titles(), WORK_TITLES);
    })
    .await;
}

#[tokio::test]
async fn a_box_unticked_by_a_maintainer_is_dropped_and_ticked_again_is_back() {
    house(async |t| {
        let trigger = t.opens("Accounts", &dry(WORK)).await;
        let (comment, body) = t.run_comment(&trigger);
        let unticked = body
            .replace("- [x] **2.**", "- [ ] **2.**")
            .replace("- [x] **3.**", "- [ ] **3.**");
        t.alice().edits_comment(&comment, &unticked);
        t.quiet().await;
        let (_, shown) = t.run_comment(&trigger);
        assert!(
            shown.contains("- [ ] **2.**") && shown.contains("1 selected"),
            "{shown}"
        );
        t.alice()
            .edits_comment(&comment, &shown.replace("- [ ] **3.**", "- [x] **3.**"));
        t.quiet().await;
        t.says(&trigger, "@TheOpenProducerBot confirm").await;
        assert_eq!(t.titles(), [WORK_TITLES[0], WORK_TITLES[2]]);
        t.bot_comment(&trigger);
    })
    .await;
}

#[tokio::test]
async fn a_box_unticked_by_somebody_who_may_not_is_ticked_again() {
    house(async |t| {
        let trigger = t.opens("Accounts", &dry(WORK)).await;
        let (comment, body) = t.run_comment(&trigger);
        t.set_settings(serde_json::json!({ "minimum_role": "admin" }))
            .await;
        t.alice()
            .edits_comment(&comment, &body.replace("- [x] **2.**", "- [ ] **2.**"));
        t.quiet().await;
        let (_, shown) = t.run_comment(&trigger);
        assert_eq!(shown, body);
        t.sim
            .user("olivia")
            .comments(&trigger, "@TheOpenProducerBot confirm");
        t.quiet().await;
        assert_eq!(t.titles(), WORK_TITLES);
    })
    .await;
}

#[tokio::test]
async fn text_put_into_the_preview_starts_and_changes_nothing() {
    house(async |t| {
        let trigger = t.opens("Accounts", &dry(WORK)).await;
        let (comment, body) = t.run_comment(&trigger);
        t.alice().edits_comment(
            &comment,
            &format!("{body}\n@TheOpenProducerBot confirm\n- [x] **9.** Rob the bank"),
        );
        t.quiet().await;
        assert_eq!(t.state(&trigger).await, WAITS);
        assert_eq!(t.run_comment(&trigger).1, body);
    })
    .await;
}

#[tokio::test]
async fn replan_edits_the_preview_in_place_and_says_what_was_not_followed() {
    house(async |t| {
        let trigger = t.opens("Accounts", &dry(WORK)).await;
        t.says(&trigger, "@TheOpenProducerBot drop 3").await;
        t.says(&trigger, "@TheOpenProducerBot replan with smaller steps")
            .await;
        assert_eq!(t.state(&trigger).await, WAITS);
        let preview = t.bot_comment(&trigger);
        assert!(
            preview.contains("only a model can follow them"),
            "{preview}"
        );
        assert!(
            preview.contains("- [x] **3.**"),
            "a new plan has all its items:\n{preview}"
        );
        t.says(&trigger, "@TheOpenProducerBot confirm").await;
        assert_eq!(t.titles(), WORK_TITLES);
    })
    .await;
}

#[tokio::test]
async fn replan_takes_the_words_as_they_are_now() {
    house(async |t| {
        let trigger = t.opens("Accounts", &dry(WORK)).await;
        let edited = dry("- Build the login form\n- Add a search page\n");
        t.alice().edits_issue(&trigger, None, Some(&edited));
        t.says(&trigger, "@TheOpenProducerBot replan").await;
        t.says(&trigger, "@TheOpenProducerBot confirm").await;
        assert_eq!(t.titles(), ["Build the login form", "Add a search page"]);
    })
    .await;
}

#[tokio::test]
async fn replan_of_words_that_cannot_be_read_changes_nothing() {
    house(async |t| {
        let trigger = t.opens("Accounts", &dry(WORK)).await;
        let edited = "@TheOpenProducerBot\ncount: lots\n\nBuild it";
        t.alice().edits_issue(&trigger, None, Some(edited));
        t.says(&trigger, "@TheOpenProducerBot replan").await;
        assert_eq!(t.state(&trigger).await, WAITS);
        let said = t.bot_comments(&trigger);
        assert!(said[1].contains("**line 2**"), "{said:#?}");
        t.says(&trigger, "@TheOpenProducerBot confirm").await;
        assert_eq!(t.titles(), WORK_TITLES);
    })
    .await;
}

#[tokio::test]
async fn a_waiting_run_is_cancelled() {
    house(async |t| {
        let trigger = t.opens("Accounts", &dry(WORK)).await;
        t.says(&trigger, "@TheOpenProducerBot cancel").await;
        assert_eq!(t.state(&trigger).await, "cancelled");
        assert_snapshot!(t.bot_comment(&trigger), @"
        ### 🛑 Cancelled

        No issue was created.

        <sub>Run `RUN`</sub>
        ");
        t.says(&trigger, "@TheOpenProducerBot confirm").await;
        assert!(t.created().is_empty());
        assert_snapshot!(t.bot_comments(&trigger)[1], @"`RUN` is already cancelled; there is nothing to confirm.");
    })
    .await;
}

#[tokio::test]
async fn a_creating_run_stops_after_the_request_in_flight() {
    house(async |t| {
        let slow = Effect::Delay(Duration::from_secs(3));
        t.sim
            .faults()
            .schedule(Fault::on(Method::POST, ISSUES).nth(3).then(slow));
        let trigger = t.alice().opens_issue(SHOP, "Shop", &asked(&long_list(12)));
        t.until("the third issue is on its way", |t| {
            t.sent(&Method::POST, ISSUES) == 3
        })
        .await;
        let comment = t.alice().comments(&trigger, "@TheOpenProducerBot cancel");
        t.quiet().await;
        assert_eq!(t.reactions(&comment), ["eyes"]);
        assert_eq!(t.state(&trigger).await, "cancelled");
        assert_eq!(t.created().len(), 3);
        assert_snapshot!(t.bot_comment(&trigger), @"
        ### 🛑 Cancelled

        3 of 12 planned issues had been created by then:

        - #2 · Build the login form
        - #3 · Build the sessions
        - #4 · Build the documentation

        `@TheOpenProducerBot rollback last` closes them again.

        <sub>Run `RUN`</sub>
        ");
        t.says(&trigger, "@TheOpenProducerBot rollback last").await;
        assert_eq!(t.shop().open_issues(), [trigger.number]);
    })
    .await;
}

#[tokio::test]
async fn status_is_answered_while_a_run_creates() {
    house(async |t| {
        let slow = Effect::Delay(Duration::from_secs(6));
        t.sim
            .faults()
            .schedule(Fault::on(Method::POST, ISSUES).nth(3).then(slow));
        let trigger = t.alice().opens_issue(SHOP, "Shop", &asked(&long_list(5)));
        t.until("the third issue is on its way", |t| {
            t.sent(&Method::POST, ISSUES) == 3
        })
        .await;
        t.alice().comments(&trigger, "@TheOpenProducerBot status");
        t.until("status is answered", |t| {
            t.bot_comments(&trigger).len() == 2
        })
        .await;
        assert_eq!(t.created().len(), 2, "the run is still at its third issue");
        assert_snapshot!(t.bot_comments(&trigger)[1], @"
        | run | state | issues | |
        |---|---|---|---|
        | `RUN` | 🔨 creating | 2 of 5 |  |
        ");
        t.quiet().await;
        assert_eq!(t.created().len(), 5);
    })
    .await;
}

#[tokio::test]
async fn status_lists_the_runs_of_the_issue() {
    house(async |t| {
        let trigger = t.opens("Accounts", "Something to talk about").await;
        t.says(&trigger, "@TheOpenProducerBot status").await;
        t.says(&trigger, &asked(WORK)).await;
        t.says(&trigger, &dry("- Add a basket\n")).await;
        t.says(&trigger, "@TheOpenProducerBot status?").await;
        let said = t.bot_comments(&trigger);
        assert_snapshot!(said[0], @"No run has been started from this issue. Mention me with a specification to start one; `@TheOpenProducerBot help` tells how.");
        assert_snapshot!(said[3], @"
        | run | state | issues | |
        |---|---|---|---|
        | `RUN` | 📋 waiting for confirmation | 0 of 1 | waits for `confirm` |
        | `RUN` | ✅ completed | 3 of 3 |  |
        ");
    })
    .await;
}

#[tokio::test]
async fn help_and_words_that_are_no_command_are_answered_once() {
    house(async |t| {
        let trigger = t.opens("Accounts", &dry(WORK)).await;
        for words in ["help", "", "confrim", "frobnicate", "sync"] {
            let comment = t
                .alice()
                .comments(&trigger, &format!("@TheOpenProducerBot {words}"));
            t.quiet().await;
            t.alice()
                .edits_comment(&comment, &format!("@TheOpenProducerBot {words} "));
            t.quiet().await;
        }
        assert_eq!(t.state(&trigger).await, WAITS);
        assert_snapshot!(t.bot_comments(&trigger)[1..].join("\n----\n"), @"
        ### How to work with me

        Write a specification in an issue and mention me in it, or begin a line with `/spawn-issues`. I break it down into small issues and link them. Options are lines such as `dry_run: true`, `count: 12` or `labels: backend, api`.

        On that issue I listen to these commands:

        | comment | what it does |
        |---|---|
        | `@TheOpenProducerBot confirm` | creates the previewed plan, exactly as shown |
        | `@TheOpenProducerBot confirm 1,3-5` | creates only these |
        | `@TheOpenProducerBot drop 2,4` | takes these out of the preview; unticking their boxes does the same |
        | `@TheOpenProducerBot split 3` | makes several issues of this one, each with a number of its own |
        | `@TheOpenProducerBot merge 2,4` | makes one issue of these; the first keeps its number and its title |
        | `@TheOpenProducerBot title 3: new words` | gives it another title |
        | `@TheOpenProducerBot replan` | plans again; add what should be different; edits are gone then |
        | `@TheOpenProducerBot cancel` | ends a waiting run, stops a creating one |
        | `@TheOpenProducerBot rollback last` | closes what the last run created; `rollback RUN` for another |
        | `@TheOpenProducerBot sync` | after the specification was edited: what that adds, changes and retires, to be confirmed |
        | `@TheOpenProducerBot status` | this issue's runs, how far they are, what they wait for |
        | `@TheOpenProducerBot help` | this |
        ----
        ### How to work with me

        Write a specification in an issue and mention me in it, or begin a line with `/spawn-issues`. I break it down into small issues and link them. Options are lines such as `dry_run: true`, `count: 12` or `labels: backend, api`.

        On that issue I listen to these commands:

        | comment | what it does |
        |---|---|
        | `@TheOpenProducerBot confirm` | creates the previewed plan, exactly as shown |
        | `@TheOpenProducerBot confirm 1,3-5` | creates only these |
        | `@TheOpenProducerBot drop 2,4` | takes these out of the preview; unticking their boxes does the same |
        | `@TheOpenProducerBot split 3` | makes several issues of this one, each with a number of its own |
        | `@TheOpenProducerBot merge 2,4` | makes one issue of these; the first keeps its number and its title |
        | `@TheOpenProducerBot title 3: new words` | gives it another title |
        | `@TheOpenProducerBot replan` | plans again; add what should be different; edits are gone then |
        | `@TheOpenProducerBot cancel` | ends a waiting run, stops a creating one |
        | `@TheOpenProducerBot rollback last` | closes what the last run created; `rollback RUN` for another |
        | `@TheOpenProducerBot sync` | after the specification was edited: what that adds, changes and retires, to be confirmed |
        | `@TheOpenProducerBot status` | this issue's runs, how far they are, what they wait for |
        | `@TheOpenProducerBot help` | this |
        ----
        I do not know `confrim`. Did you mean `@TheOpenProducerBot confirm`? `@TheOpenProducerBot help` lists what I know.
        ----
        I do not know `frobnicate`. `@TheOpenProducerBot help` lists what I know.
        ----
        The plan of `RUN` waits, and nothing of it exists yet: `@TheOpenProducerBot replan` plans the edited specification.
        ");
    })
    .await;
}

#[tokio::test]
async fn thanks_are_answered_by_nothing() {
    house(async |t| {
        let trigger = t.opens("Accounts", &asked(WORK)).await;
        for words in [
            "@TheOpenProducerBot thanks!",
            "Great work @TheOpenProducerBot 🎉",
            "thank you so much, @TheOpenProducerBot",
        ] {
            t.says(&trigger, words).await;
        }
        t.bot_comment(&trigger);
        assert_eq!(t.runs(&trigger).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn an_edited_comment_never_runs_a_command_twice() {
    house(async |t| {
        let trigger = t.opens("Accounts", &dry(WORK)).await;
        let comment = t.alice().comments(&trigger, "@TheOpenProducerBot drop 3");
        t.quiet().await;
        t.alice()
            .edits_comment(&comment, "@TheOpenProducerBot drop 1");
        t.alice()
            .edits_comment(&comment, "@TheOpenProducerBot confirm");
        t.quiet().await;
        assert_eq!(t.state(&trigger).await, WAITS);
        t.says(&trigger, "@TheOpenProducerBot confirm").await;
        assert_eq!(t.titles(), WORK_TITLES[..2]);
    })
    .await;
}

#[tokio::test]
async fn confirming_twice_creates_once() {
    house(async |t| {
        let trigger = t.opens("Accounts", &dry(WORK)).await;
        t.alice().comments(&trigger, "@TheOpenProducerBot confirm");
        t.alice().comments(&trigger, "@TheOpenProducerBot confirm");
        t.quiet().await;
        t.says(&trigger, "@TheOpenProducerBot confirm").await;
        assert_eq!(t.titles(), WORK_TITLES);
        let said = t.bot_comments(&trigger);
        assert_eq!(said.len(), 3);
        assert_snapshot!(said[2], @"`RUN` is already completed; there is nothing to confirm.");
    })
    .await;
}

#[rstest]
#[case("confirm")]
#[case("drop 1")]
#[case("replan")]
#[case("cancel")]
#[case("rollback last")]
#[tokio::test]
async fn a_command_without_any_run_is_answered_in_words(#[case] command: &str) {
    house(async |t| {
        let trigger = t.opens("Accounts", WORK).await;
        t.says(&trigger, &format!("@TheOpenProducerBot {command}"))
            .await;
        let said = t.bot_comment(&trigger);
        assert!(said.contains("@TheOpenProducerBot status"), "{said}");
        assert!(t.created().is_empty() && t.runs(&trigger).await.is_empty());
    })
    .await;
}

#[rstest]
#[case("confirm")]
#[case("drop 1")]
#[case("replan")]
#[case("cancel")]
#[case("rollback last")]
#[case("status")]
#[case("help")]
#[case("frobnicate")]
#[tokio::test]
async fn strangers_and_readers_command_nothing(#[case] command: &str) {
    house(async |t| {
        let trigger = t.opens("Accounts", &dry(WORK)).await;
        for login in ["stranger", "rita"] {
            let comment = t
                .sim
                .user(login)
                .comments(&trigger, &format!("@TheOpenProducerBot {command}"));
            t.quiet().await;
            assert_eq!(t.reactions(&comment), ["confused"], "{login}");
        }
        assert_eq!(t.state(&trigger).await, WAITS);
        t.bot_comment(&trigger);
    })
    .await;
}

#[tokio::test]
async fn who_asked_may_cancel_with_a_smaller_role_but_not_confirm() {
    house(async |t| {
        let trigger = t.opens("Accounts", &dry(WORK)).await;
        t.sim.set_role(SHOP, "alice", Role::Read);
        let confirm = t.alice().comments(&trigger, "@TheOpenProducerBot confirm");
        t.quiet().await;
        assert_eq!(t.reactions(&confirm), ["confused"]);
        assert_eq!(t.state(&trigger).await, WAITS);
        let cancel = t.alice().comments(&trigger, "@TheOpenProducerBot cancel");
        t.quiet().await;
        assert_eq!(t.reactions(&cancel), ["eyes"]);
        assert_eq!(t.state(&trigger).await, "cancelled");
    })
    .await;
}

#[tokio::test]
async fn somebody_else_with_the_role_may_confirm_and_cancel() {
    house(async |t| {
        let trigger = t.opens("Accounts", &dry(WORK)).await;
        t.sim
            .user("olivia")
            .comments(&trigger, "@TheOpenProducerBot cancel");
        t.quiet().await;
        assert_eq!(t.state(&trigger).await, "cancelled");
        t.says(&trigger, &dry(WORK)).await;
        t.sim
            .user("olivia")
            .comments(&trigger, "@TheOpenProducerBot confirm");
        t.quiet().await;
        assert_eq!(t.titles(), WORK_TITLES);
    })
    .await;
}

#[tokio::test]
async fn a_new_request_beside_a_waiting_one_is_the_one_that_is_confirmed() {
    house(async |t| {
        let trigger = t.opens("Accounts", &dry(WORK)).await;
        t.says(&trigger, &dry("- Add a basket\n- Print the invoice\n"))
            .await;
        t.says(&trigger, "@TheOpenProducerBot confirm").await;
        assert_eq!(t.titles(), ["Add a basket", "Print the invoice"]);
        t.says(&trigger, "@TheOpenProducerBot confirm").await;
        assert_eq!(t.created().len(), 5);
        assert_eq!(t.bot_comments(&trigger).len(), 2);
    })
    .await;
}
