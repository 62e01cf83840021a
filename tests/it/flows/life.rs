//! The life of a run: asked, planned, confirmed, created, linked, summarised, rolled back.

use insta::assert_snapshot;

use crate::harness::house::house;

const SPEC: &str = "\
@TheOpenProducerBot
dry_run: true

## Login

- Add a login form with email and password
- Lock the account after five wrong passwords
- Send a mail when somebody logs in from a new device
";

#[tokio::test]
async fn confirmed_plan_becomes_issues_and_rolls_back() {
    house(async |t| {
        let trigger = t.opens("Accounts", SPEC).await;
        assert_snapshot!(t.shop().outline(), @"#1 open   Accounts");
        assert_snapshot!(t.bot_comment(&trigger), @r#"
        ### 📋 3 issues planned, waiting for your confirmation

        Nothing has been created yet. You asked for a dry run, so have a look first.

        - [x] **1.** Add a login form with email and password — covers lines 4, 6
        - [x] **2.** Lock the account after five wrong passwords — covers lines 4, 7
        - [x] **3.** Send a mail when somebody logs in from a new device — covers lines 4, 8

        <details>
        <summary>What waits for what, as a graph</summary>

        ```mermaid
        flowchart LR
          ni1["1 Add a login form with email and password"]
          ni2["2 Lock the account after five wrong passwords"]
          ni3["3 Send a mail when somebody logs in from a new…"]
        ```

        </details>

        **Coverage.** 4 of 4 blocks became issues. Nothing is left out.

        **What next?** Untick what you do not want, then confirm in a comment.

        | to | comment |
        |---|---|
        | create what is ticked, exactly as shown | `@TheOpenProducerBot confirm` |
        | create only some | `@TheOpenProducerBot confirm 1,3-5` |
        | take some out | `@TheOpenProducerBot drop 2,4` |
        | plan again | `@TheOpenProducerBot replan` and what should be different |
        | stop | `@TheOpenProducerBot cancel` |

        3 work items in 1 section; planned from the document's structure, no model was used. Creating 3 issues takes about 3 seconds at 30 requests a minute.

        <sub>Run `RUN`</sub>
        "#);

        t.says(&trigger, "@TheOpenProducerBot confirm").await;
        assert_snapshot!(t.shop().outline(), @"
        #1 open   Accounts
        #2 open   Add a login form with email and password   [sub-issue of #1]
        #3 open   Lock the account after five wrong passwords   [sub-issue of #1]
        #4 open   Send a mail when somebody logs in from a new device   [sub-issue of #1]
        ");
        assert_snapshot!(t.bot_comment(&trigger), @"
        ### ✅ 3 issues created

        - #2 · Add a login form with email and password
        - #3 · Lock the account after five wrong passwords
        - #4 · Send a mail when somebody logs in from a new device

        Planned in TIME, created in TIME. No model was used.

        To undo all of it, comment `@TheOpenProducerBot rollback last`.

        <sub>Run `RUN`</sub>
        ");

        t.says(&trigger, "@TheOpenProducerBot rollback last").await;
        assert_eq!(t.shop().open_issues(), [trigger.number]);
        assert_snapshot!(t.bot_comment(&trigger), @"
        ### ↩️ Rolled back: 3 issues closed

        <details>
        <summary>Closed as not planned (3)</summary>

        - #2 · Add a login form with email and password
        - #3 · Lock the account after five wrong passwords
        - #4 · Send a mail when somebody logs in from a new device

        </details>

        <sub>Run `RUN`</sub>
        ");
    })
    .await;
}
