//! `sync`: an edited specification becomes a difference to confirm, and touches only what it is about.

use http::Method;
use insta::assert_snapshot;
use openproducer::simulator::IssueRef;

use super::asked;
use crate::harness::house::{House, SHOP, house};

pub(super) const SPEC: &str = "\
## Work

- Build the login form with a password field
- Add sessions that last for two weeks
- Write the guide for new users

## Out of scope

- Single sign-on
";

pub(super) const SYNC: &str = "@TheOpenProducerBot sync";
pub(super) const CONFIRM: &str = "@TheOpenProducerBot confirm";

/// Alice edits the specification; returns when the bot has done all that it asks for.
pub(super) async fn edits(t: &House, trigger: &IssueRef, spec: &str) {
    t.alice().edits_issue(trigger, None, Some(&asked(spec)));
    t.quiet().await;
}

/// She edits it, has the issues brought in line, and confirms what is shown.
pub(super) async fn syncs(t: &House, trigger: &IssueRef, spec: &str) {
    edits(t, trigger, spec).await;
    t.says(trigger, SYNC).await;
    t.says(trigger, CONFIRM).await;
}

/// How often an issue was changed through the API.
pub(super) fn patches(t: &House, issue: u64) -> usize {
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

        **Coverage.** 4 of 6 blocks of the text became issues, 2 are not work. Nothing is left out.

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
        let body = t.shop().issue(3).body;
        assert_snapshot!(body.split_once("<!--").unwrap().0, @"
        Add sessions that last for thirty days

        ### Acceptance criteria

        - [ ] Add sessions that last for thirty days

        ### From the spec

        Work, line 6
        ");
        assert_eq!([2, 3, 4].map(|n| patches(t, n)), [0, 1, 0]);
        t.says(&trigger, SYNC).await;
        assert_snapshot!(t.bot_comments(&trigger)[2], @"Nothing has changed: the issues follow the specification as it is now.");
        assert_eq!([2, 3, 4].map(|n| patches(t, n)), [0, 1, 0]);
    })
    .await;
}

/// The part of a comment from the line that begins so to the next empty line.
pub(super) fn part(comment: &str, begins: &str) -> String {
    let mut lines = comment.lines().skip_while(|l| !l.starts_with(begins));
    let first = lines.next().unwrap_or_default();
    let rest = lines.take_while(|l| !l.is_empty());
    std::iter::once(first)
        .chain(rest)
        .collect::<Vec<_>>()
        .join("\n")
}

/// The newest comment of the bot.
pub(super) fn last(t: &House, trigger: &IssueRef) -> String {
    t.bot_comments(trigger).pop().expect("a comment")
}

pub(super) fn boxes(comment: &str) -> String {
    let lines = comment
        .lines()
        .filter(|l| l.starts_with("- [") && l.contains("] **"));
    lines.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn lines_that_came_and_went_are_issues_to_add_and_to_retire() {
    house(async |t| {
        let trigger = t.opens("Accounts", &asked(SPEC)).await;
        let new = SPEC.replace(
            "- Write the guide for new users\n",
            "- Lock accounts after five wrong passwords\n",
        );
        edits(t, &trigger, &new).await;
        t.says(&trigger, SYNC).await;
        assert_snapshot!(boxes(&last(t, &trigger)), @"
        - [x] **1.** Lock accounts after five wrong passwords — covers line 7
        - [x] **2.** #4 · Write the guide for new users
        ");
        t.says(&trigger, CONFIRM).await;
        assert_snapshot!(last(t, &trigger), @"
        ### ✅ Synced: 1 added, 1 retired

        **Added**
        - #5 · Lock accounts after five wrong passwords

        **Retired**
        - #4 · Write the guide for new users

        To undo all of it, comment `@TheOpenProducerBot rollback last`.

        <sub>Run `RUN`</sub>
        ");
        assert_snapshot!(t.shop().outline(), @"
        #1 open   Accounts
        #2 open   Build the login form with a password field   [sub-issue of #1]
        #3 open   Add sessions that last for two weeks   [sub-issue of #1]
        #4 closed Write the guide for new users   [sub-issue of #1]
        #5 open   Lock accounts after five wrong passwords   [sub-issue of #1]
        ");
        assert_eq!(
            t.shop().issue(4).state_reason.as_deref(),
            Some("not_planned")
        );

        // And back again: what was retired is made anew, what was added is retired.
        edits(t, &trigger, SPEC).await;
        t.says(&trigger, SYNC).await;
        assert_snapshot!(boxes(&last(t, &trigger)), @"
        - [x] **1.** Write the guide for new users — covers line 7
        - [x] **2.** #5 · Lock accounts after five wrong passwords
        ");
        t.says(&trigger, CONFIRM).await;
        t.says(&trigger, SYNC).await;
        assert_eq!(
            last(t, &trigger),
            "Nothing has changed: the issues follow the specification as it is now."
        );
        assert_eq!(t.shop().open_issues(), [1, 2, 3, 6]);
    })
    .await;
}

#[tokio::test]
async fn a_new_line_of_a_phase_hangs_under_its_issue() {
    house(async |t| {
        let trigger = t.opens("Accounts", &asked(super::PHASES)).await;
        let new = super::PHASES.replace(
            "- Add sessions\n",
            "- Add sessions\n- Write the audit log\n",
        );
        syncs(t, &trigger, &new).await;
        assert_snapshot!(t.shop().outline(), @"
        #1 open   Accounts
        #2 open   Deliver phase 1: storage   [sub-issue of #1]
        #3 open   Create the accounts table   [sub-issue of #2]
        #4 open   Write the migration from the old users   [sub-issue of #2]
        #5 open   Deliver phase 2: sign in   [sub-issue of #1] [blocked by #2]
        #6 open   Build the login form   [sub-issue of #5]
        #7 open   Add sessions   [sub-issue of #5]
        #8 open   Lock accounts after five wrong passwords   [sub-issue of #5]
        #9 open   Write the audit log   [sub-issue of #5]
        ");
        assert_eq!(t.titles().len(), 8);
        t.bot_comments(&trigger);
    })
    .await;
}

#[tokio::test]
async fn what_people_did_stays() {
    house(async |t| {
        let trigger = t.opens("Accounts", &asked(SPEC)).await;
        let issue = t.created()[1].reference.clone();
        t.alice().labels(&issue, &["urgent"]);
        t.alice().assigns(&issue, &["olivia"]);
        let body = t
            .shop()
            .issue(3)
            .body
            .replace("### Acceptance", "Ask Rita first.\r\n\r\n### Acceptance");
        let body = body.replace(
            "### From the spec",
            "- [x] Reviewed by Rita\r\n\r\n### From the spec",
        );
        t.alice()
            .edits_issue(&issue, Some("Keep people signed in"), Some(&body));
        t.quiet().await;
        syncs(t, &trigger, &SPEC.replace("two weeks", "thirty days")).await;
        let now = t.shop().issue(3);
        assert_eq!(now.title, "Keep people signed in");
        assert_eq!(now.labels, ["urgent"]);
        assert_eq!(now.assignees, ["olivia"]);
        assert_snapshot!(now.body.split_once("<!--").unwrap().0, @"
        Add sessions that last for thirty days

        Ask Rita first.

        ### Acceptance criteria

        - [ ] Add sessions that last for thirty days

        - [x] Reviewed by Rita

        ### From the spec

        Work, line 6
        ");
        t.bot_comments(&trigger);
    })
    .await;
}

#[tokio::test]
async fn conflicts_closed_and_deleted_issues_are_named_and_left() {
    house(async |t| {
        let trigger = t.opens("Accounts", &asked(SPEC)).await;
        let issues: Vec<IssueRef> = t.created().into_iter().map(|i| i.reference).collect();
        let body = t
            .shop()
            .issue(2)
            .body
            .replace("with a password field", "with two fields");
        t.alice().edits_issue(&issues[0], None, Some(&body));
        t.alice().closes(&issues[1]);
        t.sim.delete_issue(&issues[2]);
        t.quiet().await;
        let new = SPEC
            .replace("a password field", "a passkey button")
            .replace("two weeks", "thirty days")
            .replace("new users", "new users and admins");
        edits(t, &trigger, &new).await;
        t.says(&trigger, SYNC).await;
        let preview = last(t, &trigger);
        assert_snapshot!(boxes(&preview), @"
        - [ ] **1.** Add sessions that last for thirty days — covers lines 3, 6 · follows a closed issue
        - [ ] **2.** Write the guide for new users and admins — covers lines 3, 7 · follows an issue that is gone
        ");
        assert_snapshot!(part(&preview, "**Left to you**"), @"
        **Left to you**
        - #2 is not changed: somebody has edited the very lines that the specification changes. Compare it with the specification.
        - #3 covers what was changed, and is closed: it stays as it is. If there is more to do, tick the new issue for it below.
        - #4 covers what was changed, and was deleted. If there is more to do, tick the new issue for it below.
        ");
        t.says(&trigger, "@TheOpenProducerBot confirm 1").await;
        assert_eq!([2, 3].map(|n| patches(t, n)), [0, 0]);
        let follow_up = t.shop().issue(5);
        assert_eq!(follow_up.title, "Add sessions that last for thirty days");
        assert!(
            follow_up.body.starts_with("Follows #3, which was closed"),
            "{}",
            follow_up.body
        );
        assert!(!t.shop().issue(3).open);
        t.bot_comments(&trigger);
    })
    .await;
}

#[tokio::test]
async fn an_issue_that_people_work_on_is_retired_only_if_somebody_ticks_it() {
    house(async |t| {
        let trigger = t.opens("Accounts", &asked(SPEC)).await;
        t.alice().comments(&t.created()[2].reference, "Half done");
        t.quiet().await;
        edits(
            t,
            &trigger,
            &SPEC.replace("- Write the guide for new users\n", ""),
        )
        .await;
        t.says(&trigger, SYNC).await;
        let preview = last(t, &trigger);
        assert_snapshot!(boxes(&preview), @"- [ ] **1.** #4 · Write the guide for new users — it has comments");
        assert_snapshot!(part(&preview, "**Left to you**"), @"
        **Left to you**
        - #4 is no longer in the specification, but it has comments: it stays open unless you tick it.
        ");
        t.says(&trigger, "@TheOpenProducerBot cancel").await;
        assert!(t.shop().issue(4).open);
        assert_snapshot!(last(t, &trigger), @"
        ### 🛑 Cancelled

        Nothing was changed.

        <sub>Run `RUN`</sub>
        ");
    })
    .await;
}

#[tokio::test]
async fn what_was_edited_or_closed_after_the_preview_is_left_and_named() {
    house(async |t| {
        let trigger = t.opens("Accounts", &asked(SPEC)).await;
        let new = SPEC
            .replace("a password field", "a passkey button")
            .replace("two weeks", "thirty days")
            .replace("new users", "new users and admins");
        edits(t, &trigger, &new).await;
        t.says(&trigger, SYNC).await;
        let body = t.shop().issue(2).body;
        t.alice().edits_issue(
            &t.created()[0].reference,
            None,
            Some(&format!("Wait!\n\n{body}")),
        );
        t.alice().closes(&t.created()[1].reference);
        let ticked = t.shop().issue(4).body.replacen("- [ ]", "- [x]", 1);
        t.alice()
            .edits_issue(&t.created()[2].reference, None, Some(&ticked));
        t.quiet().await;
        t.says(&trigger, CONFIRM).await;
        assert_eq!(t.state(&trigger).await, "completed");
        assert_snapshot!(last(t, &trigger), @"
        ### ✅ Synced: 1 changed

        **Changed**
        - #4 · Write the guide for new users → Write the guide for new users and admins

        **Left as they are**
        - **1.** #2 · Build the login form with a password field: it was edited since the preview
        - **2.** #3 · Add sessions that last for two weeks: it was closed since the preview

        What was left or dropped is not asked about again until the specification is edited there once more.

        To undo all of it, comment `@TheOpenProducerBot rollback last`.

        <sub>Run `RUN`</sub>
        ");
        assert_eq!([2, 3, 4].map(|n| patches(t, n)), [0, 0, 1]);
    })
    .await;
}

#[tokio::test]
async fn a_rollback_of_a_sync_puts_everything_back() {
    house(async |t| {
        let trigger = t.opens("Accounts", &asked(SPEC)).await;
        let before = t.shop().issue(3);
        let new = SPEC.replace("two weeks", "thirty days").replace(
            "- Write the guide for new users\n",
            "- Lock accounts after five wrong passwords\n",
        );
        syncs(t, &trigger, &new).await;
        assert_eq!(t.shop().open_issues(), [1, 2, 3, 5]);
        t.says(&trigger, "@TheOpenProducerBot rollback last").await;
        assert_eq!(t.state(&trigger).await, "rolled_back");
        assert_eq!(t.shop().open_issues(), [1, 2, 3, 4]);
        let after = t.shop().issue(3);
        assert_eq!((after.title, after.body), (before.title, before.body));
        assert_snapshot!(last(t, &trigger), @"
        ### ↩️ Rolled back

        **Closed again**
        - #5 · Lock accounts after five wrong passwords

        **As before**
        - #3 · Add sessions that last for two weeks

        **Open again**
        - #4 · Write the guide for new users

        <sub>Run `RUN`</sub>
        ");
        // The difference is there again.
        t.says(&trigger, SYNC).await;
        assert_snapshot!(boxes(&last(t, &trigger)), @"
        - [x] **1.** Lock accounts after five wrong passwords — covers line 7
        - [x] **2.** #3 · Add sessions that last for two weeks → Add sessions that last for thirty days — covers lines 3, 6
        - [x] **3.** #4 · Write the guide for new users
        ");
        t.says(&trigger, "@TheOpenProducerBot cancel").await;
    })
    .await;
}

#[tokio::test]
async fn a_rollback_leaves_what_was_edited_after_the_sync() {
    house(async |t| {
        let trigger = t.opens("Accounts", &asked(SPEC)).await;
        syncs(t, &trigger, &SPEC.replace("two weeks", "thirty days")).await;
        t.alice()
            .edits_issue(&t.created()[1].reference, Some("Stay signed in"), None);
        t.quiet().await;
        t.says(&trigger, "@TheOpenProducerBot rollback last").await;
        assert_eq!(t.shop().issue(3).title, "Stay signed in");
        assert_snapshot!(last(t, &trigger), @"
        ### ↩️ Rolled back, 1 issue left as it is

        **Left as they are, because people have worked on them**
        - **1.** #3 · Add sessions that last for two weeks → Add sessions that last for thirty days: it was edited

        `@TheOpenProducerBot rollback RUN force` takes these too.

        <sub>Run `RUN`</sub>
        ");
        t.says(&trigger, "@TheOpenProducerBot rollback last force")
            .await;
        assert_eq!(
            t.shop().issue(3).title,
            "Add sessions that last for two weeks"
        );
        t.bot_comments(&trigger);
    })
    .await;
}

#[tokio::test]
async fn after_a_sync_the_first_run_can_still_be_rolled_back() {
    house(async |t| {
        let trigger = t.opens("Accounts", &asked(SPEC)).await;
        let first = t.run(&trigger).await.id;
        let new = SPEC
            .replace("two weeks", "thirty days")
            .replace("- Write the guide for new users\n", "");
        syncs(t, &trigger, &new).await;
        t.says(&trigger, &format!("@TheOpenProducerBot rollback {first}"))
            .await;
        assert_eq!(t.shop().open_issues(), [trigger.number]);
        t.bot_comments(&trigger);
    })
    .await;
}

#[tokio::test]
async fn an_edit_in_substance_is_offered_in_one_line_and_no_other() {
    house(async |t| {
        let trigger = t.opens("Accounts", &asked(SPEC)).await;
        let offer = "🔄 The specification was edited since: `@TheOpenProducerBot sync` shows what that changes, and asks first.";
        let edited = || {
            let comments = t.shop().comments(trigger.number);
            let path = format!("/repos/{SHOP}/issues/comments/{}", comments[0].id);
            t.sim.requests_matching(&Method::PATCH, &path).len()
        };
        let before = edited();
        // Space, ticks, mark-up, order: nothing of substance.
        edits(t, &trigger, &SPEC.replace("- Add", "*  **Add**").replace("## Work\n", "## Work\n\n")).await;
        assert_eq!(edited(), before);
        for weeks in ["three weeks", "four weeks", "five weeks"] {
            edits(t, &trigger, &SPEC.replace("two weeks", weeks)).await;
            assert_eq!(t.bot_comment(&trigger).matches(offer).count(), 1);
        }
        assert_eq!(edited(), before + 1, "a storm of edits is one edit of the comment");
        edits(t, &trigger, SPEC).await;
        assert!(!t.bot_comment(&trigger).contains("sync"), "undone");
        edits(t, &trigger, &SPEC.replace("two weeks", "thirty days")).await;
        assert!(t.bot_comment(&trigger).contains(offer));
        t.says(&trigger, SYNC).await;
        t.says(&trigger, CONFIRM).await;
        assert!(!t.bot_comments(&trigger)[0].contains("sync"), "synced");
    })
    .await;
}

#[tokio::test]
async fn an_edit_of_the_comment_that_asked_is_followed_too() {
    house(async |t| {
        let trigger = t.opens("Accounts", "Nothing here for the bot.").await;
        let asking = t.alice().comments(&trigger, &asked(SPEC));
        t.quiet().await;
        t.alice()
            .edits_comment(&asking, &asked(&SPEC.replace("two weeks", "thirty days")));
        t.quiet().await;
        assert!(t.bot_comment(&trigger).contains("sync` shows"));
        t.says(&trigger, SYNC).await;
        t.says(&trigger, CONFIRM).await;
        assert_eq!(t.titles()[1], "Add sessions that last for thirty days");
        t.bot_comments(&trigger);
    })
    .await;
}

#[tokio::test]
async fn edits_of_others_issues_and_by_bots_offer_nothing() {
    house(async |t| {
        let other = t.opens("Something else", "Nobody asked.").await;
        t.alice()
            .edits_issue(&other, None, Some("Nobody asked, twice."));
        t.quiet().await;
        assert_eq!(t.bot_comments(&other), [""; 0]);
    })
    .await;
}

#[tokio::test]
async fn only_the_picked_items_are_done_and_unticking_is_dropping() {
    house(async |t| {
        let trigger = t.opens("Accounts", &asked(SPEC)).await;
        let new = SPEC
            .replace("a password field", "a passkey button")
            .replace("two weeks", "thirty days")
            .replace("- Write the guide for new users\n", "");
        edits(t, &trigger, &new).await;
        t.says(&trigger, SYNC).await;
        t.says(&trigger, "@TheOpenProducerBot drop 2").await;
        assert_snapshot!(boxes(&last(t, &trigger)), @"
        - [x] **1.** #2 · Build the login form with a password field → Build the login form with a passkey button — covers lines 3, 5
        - [ ] **2.** #3 · Add sessions that last for two weeks → Add sessions that last for thirty days — covers lines 3, 6
        - [x] **3.** #4 · Write the guide for new users
        ");
        t.says(&trigger, "@TheOpenProducerBot confirm 2-3").await;
        assert_eq!([2, 3, 4].map(|n| patches(t, n)), [0, 1, 1]);
        assert_snapshot!(last(t, &trigger), @"
        ### ✅ Synced: 1 changed, 1 retired

        **Changed**
        - #3 · Add sessions that last for two weeks → Add sessions that last for thirty days

        **Retired**
        - #4 · Write the guide for new users

        <details>
        <summary>Dropped (1)</summary>

        - **1.** #2 · Build the login form with a password field → Build the login form with a passkey button

        </details>

        What was left or dropped is not asked about again until the specification is edited there once more.

        To undo all of it, comment `@TheOpenProducerBot rollback last`.

        <sub>Run `RUN`</sub>
        ");
    })
    .await;
}

#[tokio::test]
async fn replan_compares_again() {
    house(async |t| {
        let trigger = t.opens("Accounts", &asked(SPEC)).await;
        edits(t, &trigger, &SPEC.replace("two weeks", "thirty days")).await;
        t.says(&trigger, SYNC).await;
        edits(
            t,
            &trigger,
            &SPEC.replace("a password field", "a passkey button"),
        )
        .await;
        t.says(&trigger, SYNC).await;
        assert_snapshot!(last(t, &trigger), @"`RUN` shows a difference and waits: `@TheOpenProducerBot confirm` it, `@TheOpenProducerBot replan` to compare again, or `@TheOpenProducerBot cancel`.");
        t.says(&trigger, "@TheOpenProducerBot replan").await;
        assert_snapshot!(boxes(&t.bot_comments(&trigger)[1]), @"- [x] **1.** #2 · Build the login form with a password field → Build the login form with a passkey button — covers lines 3, 5");
        t.says(&trigger, CONFIRM).await;
        assert_eq!([2, 3, 4].map(|n| patches(t, n)), [1, 0, 0]);
    })
    .await;
}

#[tokio::test]
async fn one_sync_follows_another() {
    house(async |t| {
        let trigger = t.opens("Accounts", &asked(SPEC)).await;
        let second = SPEC.replace("two weeks", "thirty days").replace(
            "## Out",
            "- Lock accounts after five wrong passwords\n\n## Out",
        );
        syncs(t, &trigger, &second).await;
        let third = second
            .replace("thirty days", "one year")
            .replace("five wrong", "ten wrong");
        edits(t, &trigger, &third).await;
        t.says(&trigger, SYNC).await;
        assert_snapshot!(boxes(&last(t, &trigger)), @"
        - [x] **1.** #3 · Add sessions that last for thirty days → Add sessions that last for one year — covers lines 3, 6
        - [x] **2.** #5 · Lock accounts after five wrong passwords → Lock accounts after ten wrong passwords — covers line 9
        ");
        t.says(&trigger, CONFIRM).await;
        assert_snapshot!(t.shop().outline(), @"
        #1 open   Accounts
        #2 open   Build the login form with a password field   [sub-issue of #1]
        #3 open   Add sessions that last for one year   [sub-issue of #1]
        #4 open   Write the guide for new users   [sub-issue of #1]
        #5 open   Lock accounts after ten wrong passwords   [sub-issue of #1]
        ");
        assert_eq!([2, 3, 4, 5].map(|n| patches(t, n)), [0, 2, 0, 1]);
    })
    .await;
}

#[tokio::test]
async fn there_is_nothing_to_sync_before_issues_exist() {
    house(async |t| {
        let trigger = t.opens("Accounts", "Nobody asked.").await;
        t.says(&trigger, SYNC).await;
        assert_snapshot!(last(t, &trigger), @"No run of this issue is completed, so there are no issues to bring in line. `@TheOpenProducerBot status` shows this issue's runs.");
        t.says(&trigger, &super::dry(SPEC)).await;
        t.says(&trigger, SYNC).await;
        assert_snapshot!(last(t, &trigger), @"The plan of `RUN` waits, and nothing of it exists yet: `@TheOpenProducerBot replan` plans the edited specification.");
        t.says(&trigger, "@TheOpenProducerBot cancel").await;
    })
    .await;
}

#[tokio::test]
async fn a_change_of_what_is_no_work_touches_no_issue() {
    house(async |t| {
        let trigger = t.opens("Accounts", &asked(SPEC)).await;
        edits(
            t,
            &trigger,
            &SPEC.replace("Single sign-on", "Single sign-on and passkeys"),
        )
        .await;
        t.says(&trigger, SYNC).await;
        assert_eq!(t.state(&trigger).await, "completed");
        assert_snapshot!(last(t, &trigger), @"
        ### ✅ Synced: no issue had to be changed

        <sub>Run `RUN`</sub>
        ");
        assert_eq!([2, 3, 4].map(|n| patches(t, n)), [0, 0, 0]);
        assert!(
            !t.bot_comments(&trigger)[0].contains("sync"),
            "no offer is left"
        );
    })
    .await;
}

#[tokio::test]
async fn strangers_sync_nothing() {
    house(async |t| {
        let trigger = t.opens("Accounts", &asked(SPEC)).await;
        edits(t, &trigger, &SPEC.replace("two weeks", "thirty days")).await;
        t.sim.user("rita").comments(&trigger, SYNC);
        t.quiet().await;
        t.bot_comment(&trigger);
        assert_eq!(patches(t, 3), 0);
    })
    .await;
}

#[tokio::test]
async fn status_and_the_runs_of_the_issue_know_a_sync() {
    house(async |t| {
        let trigger = t.opens("Accounts", &asked(SPEC)).await;
        syncs(t, &trigger, &SPEC.replace("two weeks", "thirty days")).await;
        t.says(&trigger, "@TheOpenProducerBot status").await;
        assert_snapshot!(last(t, &trigger), @"
        | run | state | issues | |
        |---|---|---|---|
        | `RUN` | ✅ completed | 1 of 1 |  |
        | `RUN` | ✅ completed | 3 of 3 |  |
        ");
    })
    .await;
}

#[tokio::test]
async fn a_sync_that_was_cancelled_midway_is_made_again_and_edits_nothing_twice() {
    house(async |t| {
        let spec = SPEC.replace("two weeks", "two");
        let trigger = t.opens("Accounts", &asked(&spec)).await;
        let new = spec
            .replace("last for two", "last for two weeks")
            .replace("new users", "new users and admins");
        edits(t, &trigger, &new).await;
        for round in [1, 2] {
            t.says(&trigger, SYNC).await;
            t.says(&trigger, CONFIRM).await;
            if round == 1 {
                t.says(&trigger, "@TheOpenProducerBot rollback last").await;
                // Somebody does by hand what was rolled back.
                let body = t.shop().issue(3).body;
                let issue = t.created()[1].reference.clone();
                let title = "Add sessions that last for two weeks";
                t.alice().edits_issue(
                    &issue,
                    Some(title),
                    Some(&body.replace("last for two", "last for two weeks")),
                );
                t.quiet().await;
            }
        }
        assert_eq!(t.titles()[1], "Add sessions that last for two weeks");
        assert!(!t.shop().issue(3).body.contains("weeks weeks"));
        assert_eq!([2, 3, 4].map(|n| patches(t, n)), [0, 2, 3]);
        t.bot_comments(&trigger);
    })
    .await;
}

#[tokio::test]
async fn what_was_dropped_is_an_issue_once_its_line_is_edited() {
    house(async |t| {
        let trigger = t.opens("Accounts", &super::dry(SPEC)).await;
        t.says(&trigger, "@TheOpenProducerBot drop 2").await;
        t.says(&trigger, CONFIRM).await;
        let new = SPEC.replace("two weeks", "thirty days");
        t.alice()
            .edits_issue(&trigger, None, Some(&super::dry(&new)));
        t.quiet().await;
        t.says(&trigger, SYNC).await;
        assert_snapshot!(boxes(&last(t, &trigger)), @"- [x] **1.** Add sessions that last for thirty days — covers line 7");
        t.says(&trigger, "@TheOpenProducerBot cancel").await;
    })
    .await;
}

#[tokio::test]
async fn what_people_begin_after_the_preview_is_not_retired() {
    house(async |t| {
        let trigger = t.opens("Accounts", &asked(SPEC)).await;
        let new = SPEC.replace("- Write the guide for new users\n", "");
        edits(t, &trigger, &new).await;
        t.says(&trigger, SYNC).await;
        t.alice().comments(&t.created()[2].reference, "Begun");
        t.quiet().await;
        t.says(&trigger, CONFIRM).await;
        assert!(t.shop().issue(4).open);
        assert!(last(t, &trigger).contains("it has comments"));
        t.bot_comments(&trigger);
    })
    .await;
}

#[tokio::test]
async fn an_issue_that_is_there_already_is_named_and_followed() {
    house(async |t| {
        let trigger = t.opens("Accounts", &asked(SPEC)).await;
        edits(t, &trigger, &SPEC.replace("- Write the guide for new users\n", "")).await;
        t.says(&trigger, SYNC).await;
        t.says(&trigger, "@TheOpenProducerBot drop 1").await;
        t.says(&trigger, "@TheOpenProducerBot cancel").await;
        edits(t, &trigger, &SPEC.replace("two weeks", "thirty days").replace("- Write the guide for new users\n", "")).await;
        t.says(&trigger, SYNC).await;
        t.says(&trigger, "@TheOpenProducerBot confirm 1").await;
        edits(t, &trigger, &SPEC.replace("two weeks", "thirty days")).await;
        t.says(&trigger, SYNC).await;
        assert_snapshot!(part(&last(t, &trigger), "**Left to you**"), @"
        **Left to you**
        - Write the guide for new users is already there: #4.
        ");
        edits(t, &trigger, &SPEC.replace("two weeks", "thirty days").replace("new users", "all users")).await;
        t.says(&trigger, SYNC).await;
        assert_snapshot!(boxes(&last(t, &trigger)), @"- [x] **1.** #4 · Write the guide for new users → Write the guide for all users — covers line 7");
        t.says(&trigger, "@TheOpenProducerBot cancel").await;
    })
    .await;
}

#[tokio::test]
async fn a_later_sync_stands_in_the_way_of_rolling_back_an_older_one() {
    house(async |t| {
        let trigger = t.opens("Accounts", &asked(SPEC)).await;
        let mut syncs = Vec::new();
        for days in ["thirty days", "one year"] {
            edits(t, &trigger, &SPEC.replace("two weeks", days)).await;
            t.says(&trigger, SYNC).await;
            t.says(&trigger, CONFIRM).await;
            syncs.push(t.run(&trigger).await.id);
        }
        let rollback = |id: &dyn std::fmt::Display| format!("@TheOpenProducerBot rollback {id}");
        t.says(&trigger, &rollback(&syncs[0])).await;
        assert_snapshot!(last(t, &trigger), @"`RUN` builds upon this and stands: roll it back first. Nothing was changed.");
        assert_eq!(t.titles()[1], "Add sessions that last for one year");
        t.says(&trigger, &rollback(&syncs[1])).await;
        t.says(&trigger, &rollback(&syncs[0])).await;
        assert_eq!(t.titles()[1], "Add sessions that last for two weeks");
        t.bot_comments(&trigger);
    })
    .await;
}

#[tokio::test]
async fn a_sync_whose_run_was_rolled_back_is_not_confirmed() {
    house(async |t| {
        let trigger = t.opens("Accounts", &asked(SPEC)).await;
        let first = t.run(&trigger).await.id;
        edits(t, &trigger, &SPEC.replace("two weeks", "thirty days")).await;
        t.says(&trigger, SYNC).await;
        t.says(&trigger, &format!("@TheOpenProducerBot rollback {first}"))
            .await;
        t.says(&trigger, CONFIRM).await;
        assert_snapshot!(last(t, &trigger), @"`RUN`, whose issues this would change, was rolled back. Nothing was changed.");
        assert!(!t.bot_comments(&trigger)[0].contains("sync` shows"));
        t.says(&trigger, "@TheOpenProducerBot cancel").await;
    })
    .await;
}

#[tokio::test]
async fn an_edit_while_a_sync_waits_is_offered_when_it_is_done() {
    house(async |t| {
        let trigger = t.opens("Accounts", &asked(SPEC)).await;
        edits(t, &trigger, &SPEC.replace("two weeks", "thirty days")).await;
        t.says(&trigger, SYNC).await;
        edits(t, &trigger, &SPEC.replace("two weeks", "one year")).await;
        t.says(&trigger, CONFIRM).await;
        assert!(t.bot_comments(&trigger)[0].contains("sync` shows"));
    })
    .await;
}

#[tokio::test]
async fn a_comment_that_asked_and_is_gone_retires_nothing() {
    house(async |t| {
        let trigger = t.opens("Accounts", "Nothing here for the bot.").await;
        let asking = t.alice().comments(&trigger, &asked(SPEC));
        t.quiet().await;
        t.alice().deletes_comment(&asking);
        t.quiet().await;
        t.says(&trigger, SYNC).await;
        assert_snapshot!(last(t, &trigger), @"The comment that asked for this is gone, so there is no text to compare or to plan. Ask again in a new comment. Nothing was changed.");
    })
    .await;
}

#[tokio::test]
async fn a_rollback_of_a_sync_opens_nothing_that_was_closed_for_another_reason() {
    house(async |t| {
        let trigger = t.opens("Accounts", &asked(SPEC)).await;
        let first = t.run(&trigger).await.id;
        let new = SPEC
            .replace("- Add sessions that last for two weeks\n", "")
            .replace("- Write the guide for new users\n", "");
        syncs(t, &trigger, &new).await;
        let sync = t.run(&trigger).await.id;
        // Done after all.
        let done = t.created()[1].reference.clone();
        t.alice().reopens(&done);
        t.alice().closes(&done);
        t.quiet().await;
        t.says(&trigger, &format!("@TheOpenProducerBot rollback {first}"))
            .await;
        t.says(&trigger, &format!("@TheOpenProducerBot rollback {sync}"))
            .await;
        assert_eq!(t.state(&trigger).await, "rolled_back");
        assert_eq!(t.shop().open_issues(), [trigger.number]);
        t.bot_comments(&trigger);
    })
    .await;
}

#[tokio::test]
async fn its_page_says_what_it_would_do_and_does_it() {
    house(async |t| {
        let trigger = t.opens("Accounts", &asked(SPEC)).await;
        let spec = SPEC.replace("two weeks", "thirty days");
        edits(
            t,
            &trigger,
            &format!("{spec}\n## More work\n\n- Add a page for lost passwords\n"),
        )
        .await;
        t.says(&trigger, SYNC).await;
        let path = format!("/runs/{}", t.run(&trigger).await.id);
        let browser = t.browser_of("alice").await;
        let page = browser.visit(&path).await;
        for words in [
            "Make the ticked changes",
            "Nothing has been changed yet",
            "To change",
            "To add",
        ] {
            assert!(page.text.contains(words), "{words}: {}", page.text);
        }
        let plan = page.hidden("plan");
        let form = [
            ("plan", plan.as_str()),
            ("offered", "1"),
            ("offered", "2"),
            ("all", "1"),
        ];
        let done = browser
            .submits(&page, &format!("{path}/confirm"), &form)
            .await;
        assert_eq!(done.status, 303);
        t.quiet().await;
        assert_eq!(t.state(&trigger).await, "completed");
        assert_eq!(
            t.shop().issue(3).title,
            "Add sessions that last for thirty days"
        );
        assert!(
            t.titles()
                .contains(&"Add a page for lost passwords".to_owned())
        );
        let page = browser.visit(&path).await;
        assert!(
            page.text.contains("puts back what it changed and retired"),
            "{}",
            page.text
        );
    })
    .await;
}
