//! `sync`: an edited specification becomes a difference to confirm, and touches only what it is about.

use http::Method;
use insta::assert_snapshot;
use openproducer::simulator::IssueRef;

use super::asked;
use crate::harness::house::{House, SHOP, house};

const SPEC: &str = "\
## Work

- Build the login form with a password field
- Add sessions that last for two weeks
- Write the guide for new users

## Out of scope

- Single sign-on
";

const SYNC: &str = "@TheOpenProducerBot sync";
const CONFIRM: &str = "@TheOpenProducerBot confirm";

/// Alice edits the specification; returns when the bot has done all that it asks for.
async fn edits(t: &House, trigger: &IssueRef, spec: &str) {
    t.alice().edits_issue(trigger, None, Some(&asked(spec)));
    t.quiet().await;
}

/// How often an issue was changed through the API.
fn patches(t: &House, issue: u64) -> usize {
    let path = format!("/repos/{SHOP}/issues/{issue}");
    t.sim.requests_matching(&Method::PATCH, &path).len()
}

#[tokio::test]
async fn a_changed_paragraph_changes_the_one_issue_that_covers_it() {
    house(async |t| {
        let trigger = t.opens("Accounts", &asked(SPEC)).await;
        assert_snapshot!(t.shop().outline(), @"
        #1 open   Accounts
        #2 open   Build the login form with a password field   [sub-issue of #1]
        #3 open   Add sessions that last for two weeks   [sub-issue of #1]
        #4 open   Write the guide for new users   [sub-issue of #1]
        ");
        edits(t, &trigger, &SPEC.replace("two weeks", "thirty days")).await;
        t.says(&trigger, SYNC).await;
        assert_snapshot!(t.bot_comments(&trigger)[1], @"
        ### 🔄 Sync: 1 to change, waiting for your confirmation

        The specification was edited. Nothing has been changed yet. 2 issues stay as they are. Labels, assignees, links, ticks and people's own words stay.

        **To change**
        - [x] **1.** #3 · Add sessions that last for two weeks → Add sessions that last for thirty days — covers lines 3, 6

        <details>
        <summary>1. #3: old and new text</summary>

        ```diff
        -Add sessions that last for two weeks
        +Add sessions that last for thirty days


        -- [ ] Add sessions that last for two weeks
        +- [ ] Add sessions that last for thirty days

        ```

        </details>

        **Coverage.** 4 of 6 blocks became issues, 2 are not work. Nothing is left out.

        <details>
        <summary>Not work (2)</summary>

        - out of scope · line 9: Out of scope
        - out of scope · line 11: - Single sign-on

        </details>

        **What next?** Untick what you do not want, then confirm in a comment.

        | to | comment |
        |---|---|
        | do what is ticked | `@TheOpenProducerBot confirm` |
        | do only some of it | `@TheOpenProducerBot confirm 1,3-5` |
        | take some out | `@TheOpenProducerBot drop 2,4` |
        | compare again, after another edit | `@TheOpenProducerBot replan` |
        | leave everything as it is | `@TheOpenProducerBot cancel` |

        <sub>Run `RUN`</sub>
        ");
        t.says(&trigger, CONFIRM).await;
        assert_snapshot!(t.bot_comments(&trigger).join("\n----\n"), @"
        ### ✅ 3 issues created

        - #2 · Build the login form with a password field
        - #3 · Add sessions that last for two weeks
        - #4 · Write the guide for new users

        Planned in TIME, created in TIME. No model was used.

        To undo all of it, comment `@TheOpenProducerBot rollback last`.

        <sub>Run `RUN`</sub>
        ----
        ### ✅ Synced: 1 changed

        **Changed**
        - #3 · Add sessions that last for two weeks → Add sessions that last for thirty days

        To undo all of it, comment `@TheOpenProducerBot rollback last`.

        <sub>Run `RUN`</sub>
        ");
        assert_snapshot!(t.shop().outline(), @"
        #1 open   Accounts
        #2 open   Build the login form with a password field   [sub-issue of #1]
        #3 open   Add sessions that last for thirty days   [sub-issue of #1]
        #4 open   Write the guide for new users   [sub-issue of #1]
        ");
        assert_snapshot!(t.shop().issue(3).body, @"
        Add sessions that last for thirty days

        ### Acceptance criteria

        - [ ] Add sessions that last for thirty days

        ### From the spec

        Work, line 6

        <!-- openproducer run=run_20261122_184030_5vkthgn1 item=i2 -->
        ");
        assert_eq!([2, 3, 4].map(|n| patches(t, n)), [0, 1, 0]);
        t.says(&trigger, SYNC).await;
        assert_snapshot!(t.bot_comments(&trigger)[2], @"Nothing has changed: the issues follow the specification as it is now.");
        assert_eq!([2, 3, 4].map(|n| patches(t, n)), [0, 1, 0]);
    })
    .await;
}
