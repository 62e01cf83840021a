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

        **To create what is ticked, comment `@TheOpenProducerBot confirm`.** That makes 3 issues and 3 links in about 6 seconds. Untick first what you do not want, or change it: `split 3`, `merge 2,4`, `title 3: …`.

        <sub>Everybody who watches `acme/shop` is notified of each. Nobody is mentioned. At 30 requests a minute.</sub>

        - [x] **1.** Add a login form with email and password<br><sub>covers line 6 of “Login”</sub>
        - [x] **2.** Lock the account after five wrong passwords<br><sub>covers line 7 of “Login”</sub>
        - [x] **3.** Send a mail when somebody logs in from a new device<br><sub>covers line 8 of “Login”</sub>

        <details>
        <summary>What waits for what, as a graph</summary>

        ```mermaid
        flowchart LR
          ni1["1 Add a login form with email and password"]
          ni2["2 Lock the account after five wrong passwords"]
          ni3["3 Send a mail when somebody logs in from a new…"]
        ```

        </details>

        **Coverage.** 4 of 4 blocks of [the text](https://github.test/acme/shop/issues/1) became issues. Nothing is left out.

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

        3 work items in 1 section; planned from the document's structure, no model was used.

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
