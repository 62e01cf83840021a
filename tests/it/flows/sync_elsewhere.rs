//! A sync of issues in several repositories, and on a server without sub-issues and dependencies.

use http::Method;
use insta::assert_snapshot;
use openproducer::simulator::{IssueRef, Role};

use super::sync::{CONFIRM, SYNC, boxes, edits, last, patches, syncs};
use super::{PHASES, asked};
use crate::harness::house::{House, house};

const SITE: &str = "acme/site";

fn spec(items: &str) -> String {
    format!(
        "@TheOpenProducerBot\nrepositories: acme/shop, acme/site\ncomponents: shop, site\n\n{items}"
    )
}

const ITEMS: &str = "\
- Build the shop with a basket
- Build the site with a map
- Write the guide for the site
";

async fn rewrites(t: &House, trigger: &IssueRef, items: &str) {
    t.alice().edits_issue(trigger, None, Some(&spec(items)));
    t.quiet().await;
}

async fn opens(t: &House) -> IssueRef {
    t.sim.add_repository(SITE);
    t.sim.set_role(SITE, "alice", Role::Write);
    t.quiet().await;
    let trigger = t.opens("Both", &spec(ITEMS)).await;
    assert_eq!(t.created_in(SITE).len(), 2, "{}", t.bot_comment(&trigger));
    trigger
}

#[tokio::test]
async fn issues_of_another_repository_are_changed_added_and_retired_there() {
    house(async |t| {
        let trigger = opens(t).await;
        let new = ITEMS.replace("a map", "two maps").replace(
            "- Write the guide for the site\n",
            "- Add a search box to the site\n",
        );
        rewrites(t, &trigger, &new).await;
        t.says(&trigger, SYNC).await;
        assert_snapshot!(boxes(&last(t, &trigger)), @"
        - [x] **1.** Add a search box to the site — covers line 7
        - [x] **2.** acme/site#1 · Build the site with a map → Build the site with two maps — covers line 6
        - [x] **3.** acme/site#2 · Write the guide for the site
        ");
        t.says(&trigger, CONFIRM).await;
        assert_eq!(t.state(&trigger).await, "completed");
        assert_snapshot!(last(t, &trigger), @"
        ### ✅ Synced: 1 added, 1 changed, 1 retired

        **Added**
        - acme/site#3 · Add a search box to the site

        **Changed**
        - acme/site#1 · Build the site with a map → Build the site with two maps

        **Retired**
        - acme/site#2 · Write the guide for the site

        To undo all of it, comment `@TheOpenProducerBot rollback last`.

        <sub>Run `RUN`</sub>
        ");
        assert_snapshot!(t.sim.repository(SITE).outline(), @"
        #1 open   Build the site with two maps   [sub-issue of acme/shop#1]
        #2 closed Write the guide for the site   [sub-issue of acme/shop#1]
        #3 open   Add a search box to the site   [sub-issue of acme/shop#1]
        ");
        assert_eq!(patches(t, 2), 0, "the shop's own is not touched");
        t.says(&trigger, SYNC).await;
        assert_eq!(
            last(t, &trigger),
            "Nothing has changed: the issues follow the specification as it is now."
        );
        t.says(&trigger, "@TheOpenProducerBot rollback last").await;
        assert_snapshot!(t.sim.repository(SITE).outline(), @"
        #1 open   Build the site with a map   [sub-issue of acme/shop#1]
        #2 open   Write the guide for the site   [sub-issue of acme/shop#1]
        #3 closed Add a search box to the site
        ");
    })
    .await;
}

#[tokio::test]
async fn an_issue_left_open_in_another_repository_is_named_with_it() {
    house(async |t| {
        let trigger = opens(t).await;
        let new = ITEMS
            .replace("a basket", "two baskets")
            .replace("- Write the guide for the site\n", "");
        rewrites(t, &trigger, &new).await;
        t.says(&trigger, SYNC).await;
        t.says(&trigger, "@TheOpenProducerBot confirm 1").await;
        t.says(&trigger, SYNC).await;
        assert_snapshot!(last(t, &trigger), @"Nothing has changed since the last sync, which left open what is no longer in the specification: acme/site#2. It is offered again, unticked, when a later sync has something to do; or close it by hand.");
    })
    .await;
}

#[tokio::test]
async fn who_may_not_write_there_changes_nothing_there() {
    house(async |t| {
        let trigger = opens(t).await;
        t.sim.set_role(SITE, "alice", Role::Read);
        let new = ITEMS
            .replace("a basket", "two baskets")
            .replace("a map", "two maps")
            .replace("- Write the guide for the site\n", "");
        rewrites(t, &trigger, &new).await;
        t.says(&trigger, SYNC).await;
        assert_snapshot!(last(t, &trigger), @"
        ### I could not read your request

        Nothing was started. Please correct 1 line and ask again in a new comment.

        - **line 2**: you need the role `write` on `acme/site` to send issues there
        ");
        t.says(&trigger, CONFIRM).await;
        let site = format!("/repos/{SITE}/issues/{{number}}");
        let written = |n: u64| {
            let path = site.replace("{number}", &n.to_string());
            t.sim.requests_matching(&Method::PATCH, &path).len()
        };
        assert_eq!([1, 2].map(written), [0, 0]);
        assert_eq!(patches(t, 2), 0);
        assert!(!last(t, &trigger).contains("Synced"));
    })
    .await;
}

#[tokio::test]
async fn an_old_server_keeps_its_task_lists_through_a_sync() {
    house(async |t| {
        t.sim.forget_sub_issues();
        t.sim.forget_dependencies();
        let trigger = t.opens("Accounts", &asked(PHASES)).await;
        let new = PHASES
            .replace(
                "- Create the accounts table\n",
                "- Create the accounts table with a name\n",
            )
            .replace(
                "- Add sessions\n",
                "- Add sessions\n- Write the audit log\n",
            )
            .replace("- Lock accounts after five wrong passwords\n", "");
        edits(t, &trigger, &new).await;
        t.says(&trigger, SYNC).await;
        assert_snapshot!(boxes(&last(t, &trigger)), @"
        - [x] **1.** Write the audit log — covers line 12
        - [x] **2.** #3 · Create the accounts table → Create the accounts table with a name — covers line 5
        - [x] **3.** #8 · Lock accounts after five wrong passwords
        ");
        t.says(&trigger, CONFIRM).await;
        assert_eq!(t.state(&trigger).await, "completed");
        assert_snapshot!(last(t, &trigger), @"
        ### ✅ Synced: 1 added, 1 changed, 1 retired

        **Added**
        - #9 · Write the audit log

        **Changed**
        - #3 · Create the accounts table → Create the accounts table with a name

        **Retired**
        - #8 · Lock accounts after five wrong passwords

        **Left to you**
        - #9 belongs under #5, which does not name it: this GitHub server knows no sub-issues.

        To undo all of it, comment `@TheOpenProducerBot rollback last`.

        <sub>Run `RUN`</sub>
        ");
        let bodies: Vec<String> = [3, 5, 9]
            .into_iter()
            .map(|n| {
                format!(
                    "#{n}\n{}",
                    t.shop().issue(n).body.split_once("<!--").unwrap().0
                )
            })
            .collect();
        assert_snapshot!(bodies.join("\n----\n"), @"
        #3
        Create the accounts table with a name

        ### Acceptance criteria

        - [ ] Create the accounts table with a name

        ### From the spec

        Phase 1: Storage, line 5


        ----
        #5
        Deliver phase 2: sign in.

        ### Acceptance criteria

        - [ ] All sub-issues are done

        ### From the spec

        Phase 2: Sign in, line 8

        ### Sub-issues

        - [ ] #6
        - [ ] #7
        - [x] #8

        ### Waits for

        - [ ] #2


        ----
        #9
        Write the audit log

        ### Acceptance criteria

        - [ ] Write the audit log

        ### From the spec

        Phase 2: Sign in, line 12
        ");
        t.says(&trigger, SYNC).await;
        assert_eq!(
            last(t, &trigger),
            "Nothing has changed: the issues follow the specification as it is now."
        );
        // A group with a task list of ours is changed like any other.
        syncs(
            t,
            &trigger,
            &new.replace("Phase 2: Sign in", "Phase 2: Sign in and out"),
        )
        .await;
        assert_snapshot!(last(t, &trigger), @"
        ### ✅ Synced: 1 changed

        **Changed**
        - #5 · Deliver phase 2: sign in → Deliver phase 2: sign in and out

        To undo all of it, comment `@TheOpenProducerBot rollback last`.

        <sub>Run `RUN`</sub>
        ");
        let body = t.shop().issue(5).body;
        assert!(
            body.contains("- [ ] #6") && body.contains("sign in and out"),
            "{body}"
        );
        t.says(&trigger, "@TheOpenProducerBot rollback last").await;
        assert_eq!(t.state(&trigger).await, "rolled_back");
    })
    .await;
}
