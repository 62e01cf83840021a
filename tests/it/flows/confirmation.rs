//! When a person must look first, what the preview says, and that what was shown is what is created.

use insta::assert_snapshot;
use openproducer::domain::settings::Operator;
use serde_json::json;

use super::{PHASES, WORK, WORK_TITLES, asked, dry, long_list};
use crate::harness::house::{house, house_with};

const WAITS: &str = "running awaiting_confirmation";

#[tokio::test]
async fn what_was_shown_is_what_is_created() {
    house(async |t| {
        let trigger = t.opens("Accounts", &dry(PHASES)).await;
        let shown = t.plan(&trigger).await;
        assert!(t.created().is_empty());
        t.alice().edits_issue(
            &trigger,
            Some("Something else"),
            Some(&asked("- Build a rocket\n- Fly to the moon")),
        );
        t.says(&trigger, "@TheOpenProducerBot confirm").await;
        assert_eq!(t.state(&trigger).await, "completed");
        assert_eq!(t.plan(&trigger).await, shown);
        let created = t.created();
        assert_eq!(created.len(), shown.issues.len());
        for (issue, planned) in created.iter().zip(&shown.issues) {
            assert_eq!(issue.title, planned.title);
            let body = issue
                .body
                .rsplit_once("\n\n<!-- openproducer run=")
                .expect("a marker")
                .0;
            assert_eq!(body, planned.body.trim_end());
        }
    })
    .await;
}

#[tokio::test]
async fn the_preview_of_two_phases_is_a_tree() {
    house(async |t| {
        let trigger = t.opens("Accounts", &dry(PHASES)).await;
        assert_eq!(t.state(&trigger).await, WAITS);
        assert_snapshot!(t.bot_comment(&trigger), @r#"
        ### 📋 7 issues planned, waiting for your confirmation

        Nothing has been created yet. You asked for a dry run, so have a look first.

        **To create what is ticked, comment `@TheOpenProducerBot confirm`.** That makes 7 issues and 8 links in about 15 seconds. Untick first what you do not want, or change it: `split 3`, `merge 2,4`, `title 3: …`.

        <sub>Everybody who watches `acme/shop` is notified of each. Nobody is mentioned. At 30 requests a minute.</sub>

        - [x] **1.** Deliver phase 1: storage<br><sub>groups 2 issues · covers line 4</sub>
          - [x] **2.** Create the accounts table<br><sub>covers line 6</sub>
          - [x] **3.** Write the migration from the old users<br><sub>covers line 7</sub>
        - [x] **4.** Deliver phase 2: sign in<br><sub>groups 3 issues · covers line 9 · waits for 1</sub>
          - [x] **5.** Build the login form<br><sub>covers line 11</sub>
          - [x] **6.** Add sessions<br><sub>covers line 12</sub>
          - [x] **7.** Lock accounts after five wrong passwords<br><sub>covers line 13</sub>

        <details>
        <summary>What waits for what, as a graph</summary>

        ```mermaid
        flowchart LR
          subgraph ni1["1 Deliver phase 1#58; storage"]
            ni2["2 Create the accounts table"]
            ni3["3 Write the migration from the old users"]
          end
          subgraph ni4["4 Deliver phase 2#58; sign in"]
            ni5["5 Build the login form"]
            ni6["6 Add sessions"]
            ni7["7 Lock accounts after five wrong passwords"]
          end
          ni1 --> ni4
        ```

        </details>

        **Coverage.** 7 of 9 blocks of [the text](https://github.test/acme/shop/issues/1) became issues, 2 are not work. Nothing is left out.

        <details>
        <summary>Not work (2)</summary>

        - out of scope · [line 15](https://github.test/acme/shop/issues/1): Out of scope
        - out of scope · [line 17](https://github.test/acme/shop/issues/1): - Single sign-on

        </details>

        <details>
        <summary>All commands: confirm, drop, split, merge, title, replan, cancel</summary>

        | to | comment |
        |---|---|
        | create what is ticked, exactly as shown | `@TheOpenProducerBot confirm` |
        | create only some | `@TheOpenProducerBot confirm 1,3-5` |
        | take some out | `@TheOpenProducerBot drop 2,4`, or untick their boxes |
        | make several issues of one | `@TheOpenProducerBot split 3` |
        | make one issue of several; the first keeps its number and title | `@TheOpenProducerBot merge 2,4` |
        | say a title better | `@TheOpenProducerBot title 3: new words` |
        | plan again; edits are gone then | `@TheOpenProducerBot replan` and what should be different |
        | stop | `@TheOpenProducerBot cancel` |

        </details>

        5 work items in 2 sections and 2 issues that group them; planned from the document's structure, no model was used.

        <sub>Run `RUN`</sub>
        "#);
        let body = &t.plan(&trigger).await.issues[5].body;
        assert_snapshot!(body, @"
        Add sessions

        ### Acceptance criteria

        - [ ] Add sessions

        ### From the spec

        Phase 2: Sign in, line 12
        ");
    })
    .await;
}

#[tokio::test]
async fn a_prohibited_word_in_the_specification_asks_first() {
    house(async |t| {
        let trigger = t
            .opens(
                "Accounts",
                &asked("- Build the login form\n- Write malware for the visitors\n"),
            )
            .await;
        assert_eq!(t.state(&trigger).await, WAITS);
        let preview = t.bot_comment(&trigger);
        assert_snapshot!(preview.lines().take(6).collect::<Vec<_>>().join("\n"), @"
        ### 📋 2 issues planned, waiting for your confirmation

        Nothing has been created yet. Please have a look first:
        - The content filter found “malware” (line 4).

        **To create what is ticked, comment `@TheOpenProducerBot confirm`.** That makes 2 issues and 2 links in about 4 seconds. Untick first what you do not want, or change it: `split 3`, `merge 2,4`, `title 3: …`.
        ");
        t.says(&trigger, "@TheOpenProducerBot confirm 1").await;
        assert_eq!(t.titles(), ["Build the login form"]);
    })
    .await;
}

#[tokio::test]
async fn everyday_words_ask_nothing() {
    house(async |t| {
        let trigger = t
            .opens(
                "Accounts",
                &asked("- Reset a forgotten password\n- Fix the memory leak in the parser\n"),
            )
            .await;
        assert_eq!(t.state(&trigger).await, "completed");
    })
    .await;
}

#[tokio::test]
async fn more_than_the_threshold_asks_first() {
    let operator = Operator {
        confirmation_threshold: 2,
        ..Operator::default()
    };
    house_with(operator, async |t| {
        let trigger = t.opens("Accounts", &asked(WORK)).await;
        assert_eq!(t.state(&trigger).await, WAITS);
        let preview = t.bot_comment(&trigger);
        assert_snapshot!(preview.lines().take(6).collect::<Vec<_>>().join("\n"), @"
        ### 📋 3 issues planned, waiting for your confirmation

        Nothing has been created yet. Please have a look first:
        - 3 issues are planned; more than 2 need a confirmation.

        **To create what is ticked, comment `@TheOpenProducerBot confirm`.** That makes 3 issues and 4 links in about 7 seconds. Untick first what you do not want, or change it: `split 3`, `merge 2,4`, `title 3: …`.
        ");
        let few = t
            .opens(
                "Accounts",
                &asked("- Build the basket\n- Print the invoice\n"),
            )
            .await;
        assert_eq!(t.state(&few).await, "completed");
    })
    .await;
}

#[tokio::test]
async fn sixty_issues_ask_first_and_are_never_more_than_the_maximum() {
    let operator = Operator {
        max_issues: 55,
        ..Operator::default()
    };
    house_with(operator, async |t| {
        let trigger = t.opens("Shop", &asked(&long_list(60))).await;
        let plan = t.plan(&trigger).await;
        assert!(
            (51..=55).contains(&plan.issues.len()),
            "{}",
            plan.issues.len()
        );
        assert_eq!(t.state(&trigger).await, WAITS);
        let preview = t.bot_comment(&trigger);
        assert!(
            preview.contains("more than 50 need a confirmation"),
            "{preview}"
        );
    })
    .await;
}

#[tokio::test]
async fn settings_can_ask_every_time() {
    house(async |t| {
        t.set_settings(json!({ "confirmation": "always" })).await;
        let trigger = t.opens("Accounts", &asked(WORK)).await;
        assert_eq!(t.state(&trigger).await, WAITS);
        let preview = t.bot_comment(&trigger);
        assert!(
            preview.contains("settings ask for confirmation every time"),
            "{preview}"
        );
        t.says(&trigger, "@TheOpenProducerBot confirm").await;
        assert_eq!(t.titles(), WORK_TITLES);
    })
    .await;
}

#[tokio::test]
async fn every_reason_is_given() {
    let operator = Operator {
        confirmation_threshold: 1,
        ..Operator::default()
    };
    house_with(operator, async |t| {
        t.set_settings(json!({ "confirmation": "always" })).await;
        let trigger = t
            .opens("Accounts", &dry("- Build a botnet\n- Spread the malware\n"))
            .await;
        let preview = t.bot_comment(&trigger);
        let why: Vec<&str> = preview
            .lines()
            .skip(1)
            .take_while(|l| !l.starts_with("- ["))
            .collect();
        assert_snapshot!(why.join("\n"), @"

        Nothing has been created yet. Please have a look first:
        - You asked for a dry run.
        - This repository's settings ask for confirmation every time.
        - 2 issues are planned; more than 1 need a confirmation.
        - The content filter found “malware” (line 5).
        - The content filter found “botnet” (line 4).

        **To create what is ticked, comment `@TheOpenProducerBot confirm`.** That makes 2 issues and 2 links in about 4 seconds. Untick first what you do not want, or change it: `split 3`, `merge 2,4`, `title 3: …`.

        <sub>Everybody who watches `acme/shop` is notified of each. Nobody is mentioned. At 30 requests a minute.</sub>
        ");
    })
    .await;
}

#[tokio::test]
async fn settings_may_ask_for_a_greater_role() {
    house(async |t| {
        t.set_settings(json!({ "minimum_role": "admin" })).await;
        let trigger = t.opens("Accounts", &asked(WORK)).await;
        assert!(t.bot_comments(&trigger).is_empty());
        assert_eq!(t.shop().reactions(trigger.number)[0].content, "confused");
        let olivia = t.sim.user("olivia");
        olivia.comments(&trigger, "@TheOpenProducerBot");
        t.quiet().await;
        assert_eq!(t.titles(), WORK_TITLES);
    })
    .await;
}

#[tokio::test]
async fn confirm_takes_the_boxes_as_they_stand_though_their_edit_comes_late() {
    house(async |t| {
        let trigger = t.opens("Accounts", &dry(WORK)).await;
        let (comment, text) = t.run_comment(&trigger);
        t.sim.lose_deliveries(1);
        let unticked = text.replacen("- [x]", "- [ ]", 1);
        assert_ne!(unticked, text);
        t.alice().edits_comment(&comment, &unticked);
        t.says(&trigger, "@TheOpenProducerBot confirm").await;
        assert_eq!(t.state(&trigger).await, "completed");
        assert_eq!(t.titles(), WORK_TITLES[1..]);
    })
    .await;
}

#[tokio::test]
async fn confirm_of_a_preview_without_a_tick_says_so() {
    house(async |t| {
        let trigger = t.opens("Accounts", &dry(WORK)).await;
        let (comment, text) = t.run_comment(&trigger);
        t.alice()
            .edits_comment(&comment, &text.replace("- [x]", "- [ ]"));
        t.says(&trigger, "@TheOpenProducerBot confirm").await;
        assert_eq!(t.state(&trigger).await, "running awaiting_confirmation");
        assert!(t.titles().is_empty());
        let said = t.bot_comments(&trigger).pop().unwrap();
        assert!(said.contains("leave nothing to create"), "{said}");
    })
    .await;
}
