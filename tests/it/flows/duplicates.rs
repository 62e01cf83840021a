//! What exists already: the same is left out and named, the like is shown and asked about.

use http::Method;
use insta::assert_snapshot;
use openproducer::simulator::{Effect, Fault, Role};

use super::{WORK, WORK_TITLES, asked};
use crate::harness::house::{SHOP, house};

const WAITS: &str = "running awaiting_confirmation";
const ISSUES: &str = "/repos/{owner}/{repo}/issues";

#[tokio::test]
async fn what_looks_like_an_existing_issue_is_shown_and_waits_for_a_decision() {
    house(async |t| {
        t.alice().opens_issue(SHOP, "Login form", "We need one.");
        t.alice().opens_issue(SHOP, "Add a logout form", "");
        let guide = t.alice().opens_issue(SHOP, "Guide for new users", "");
        t.alice().closes(&guide);
        let trigger = t.opens("Accounts", &asked(WORK)).await;
        assert_eq!(t.state(&trigger).await, WAITS);
        let preview = t.bot_comment(&trigger);
        let shown = preview.split("<details>").next().unwrap_or_default();
        assert_snapshot!(shown.trim_end(), @"
        ### 📋 3 issues planned, waiting for your confirmation

        Nothing has been created yet. Please have a look first:
        - 2 planned issues look like ones that exist already.

        **To create what is ticked, comment `@TheOpenProducerBot confirm`.** That makes 3 issues and 4 links in about 7 seconds. Untick first what you do not want, or change it: `split 3`, `merge 2,4`, `title 3: …`.

        <sub>Everybody who watches `acme/shop` is notified of each. Nobody is mentioned. At 30 requests a minute.</sub>

        - [x] **1.** Build the login form<br><sub>covers line 5 of “Work”</sub>
        - [x] **2.** Add sessions after the login form<br><sub>covers line 6 of “Work” · waits for 1</sub>
        - [x] **3.** Write the guide for new users<br><sub>covers line 7 of “Work”</sub>

        **Possible duplicates.** Drop the ones for which the existing issue will do.
        - **1.** is like #1 · Login form
        - **3.** is like #3 · Guide for new users (closed)
        ");
        t.says(&trigger, "@TheOpenProducerBot drop 1").await;
        assert!(t.bot_comment(&trigger).contains("is like #1"));
        t.says(&trigger, "@TheOpenProducerBot confirm").await;
        assert_eq!(t.titles(), WORK_TITLES[1..]);
    })
    .await;
}

#[tokio::test]
async fn an_open_issue_that_is_the_same_is_left_out_named_and_waited_for() {
    house(async |t| {
        t.alice()
            .opens_issue(SHOP, "Build the **login form**.", "By hand.");
        let body = format!("@TheOpenProducerBot\nunique_by: title\n\n{WORK}");
        let trigger = t.opens("Accounts", &body).await;
        assert_eq!(t.state(&trigger).await, "completed");
        assert_eq!(t.titles(), WORK_TITLES[1..]);
        let summary = t.bot_comment(&trigger);
        assert!(summary.contains("#1"), "{summary}");
        assert_snapshot!(t.sim.repository(SHOP).outline(), @"
        #1 open   Build the **login form**.
        #2 open   Accounts
        #3 open   Add sessions after the login form   [sub-issue of #2] [blocked by #1]
        #4 open   Write the guide for new users   [sub-issue of #2]
        ");
    })
    .await;
}

#[tokio::test]
async fn a_closed_issue_that_is_the_same_is_asked_about_and_not_left_out() {
    house(async |t| {
        let old = t.alice().opens_issue(SHOP, "Build the login form", "");
        t.alice().closes(&old);
        let body = format!("@TheOpenProducerBot\nunique_by: title\n\n{WORK}");
        let trigger = t.opens("Accounts", &body).await;
        assert_eq!(t.state(&trigger).await, WAITS);
        let preview = t.bot_comment(&trigger);
        assert!(
            preview.contains("- **1.** is like #1 · Build the login form (closed)"),
            "{preview}"
        );
    })
    .await;
}

#[tokio::test]
async fn neither_the_request_itself_nor_what_was_rolled_back_is_named() {
    house(async |t| {
        let trigger = t
            .opens("Build the login form", &asked("- Build the login form\n"))
            .await;
        assert_eq!(t.state(&trigger).await, "completed");
        t.says(&trigger, "@TheOpenProducerBot rollback last").await;
        t.alice().closes(&trigger);
        t.alice()
            .edits_issue(&trigger, Some("An old request"), None);
        let again = t
            .opens("Accounts", &asked("- Build the login form\n"))
            .await;
        assert_eq!(t.state(&again).await, "completed");
        assert_eq!(t.titles(), [WORK_TITLES[0], WORK_TITLES[0]]);
    })
    .await;
}

#[tokio::test]
async fn existing_issues_are_fetched_once_for_a_plan() {
    house(async |t| {
        t.opens("Accounts", &asked(WORK)).await;
        // Open ones and closed ones, a page of each.
        let lists = t.sim.requests_matching(&Method::GET, ISSUES);
        assert_eq!(lists.len(), 2, "{lists:?}");
    })
    .await;
}

#[tokio::test]
async fn a_passing_fault_puts_the_look_off_and_nothing_is_created_unseen() {
    house(async |t| {
        t.alice().opens_issue(SHOP, "Login form", "");
        let fault = Fault::on(Method::GET, ISSUES).then(Effect::status(503, "Unavailable"));
        t.sim.faults().schedule(fault);
        let trigger = t.opens("Accounts", &asked(WORK)).await;
        assert_eq!(t.state(&trigger).await, WAITS);
        assert_eq!(t.sim.faults().fired(), 1);
    })
    .await;
}

#[tokio::test]
async fn where_issues_cannot_be_listed_planning_goes_on_without() {
    house(async |t| {
        t.alice().opens_issue(SHOP, "Login form", "");
        let refused = Effect::status(403, "Resource not accessible by integration");
        let fault = Fault::on(Method::GET, ISSUES).times(2).then(refused);
        t.sim.faults().schedule(fault);
        let trigger = t.opens("Accounts", &asked(WORK)).await;
        assert_eq!(t.state(&trigger).await, "completed");
        assert_eq!(t.titles(), WORK_TITLES);
    })
    .await;
}

/// One issue here and one in another repository, where something like it is there already, and the same as another.
const IN_TWO: &str = "@TheOpenProducerBot\nunique_by: title\ndry_run: true\nrepositories: acme/shop, acme/site\ncomponents: shop, site\n\n- Build the login form of the shop\n- Build the login form of the site\n- Paint the walls of the shop\n- Paint the walls of the site\n";
const SITE: &str = "acme/site";

#[tokio::test]
async fn what_stands_in_a_private_repository_is_not_told_in_another() {
    for private in [true, false] {
        house(async |t| {
            t.sim.add_repository(SITE);
            t.sim.set_private(SITE, private);
            t.sim.set_role(SITE, "alice", Role::Write);
            t.quiet().await;
            for number in 1..=6 {
                t.alice().opens_issue(SITE, &format!("Secret {number}"), "");
            }
            t.alice()
                .opens_issue(SITE, "Login form of the site", "For Project Zebra.");
            t.alice()
                .opens_issue(SITE, "Paint the walls of the site", "");
            let trigger = t.opens("Both", IN_TWO).await;
            assert_eq!(t.state(&trigger).await, WAITS);
            let preview = t.bot_comment(&trigger);
            let likes: Vec<&str> = preview
                .lines()
                .filter(|line| line.contains("like") || line.contains("left out"))
                .collect();
            t.says(&trigger, "@TheOpenProducerBot confirm").await;
            let summary = t.bot_comment(&trigger);
            let same: Vec<&str> = summary
                .lines()
                .filter(|line| line.contains("Paint the walls of the site"))
                .collect();
            let told = [likes.join("\n"), same.join("\n")].join("\n");
            if private {
                assert!(
                    told.contains("looks like an issue that is there already"),
                    "{told}"
                );
                assert!(!told.contains("#7") && !told.contains("#8"), "{told}");
                assert!(!told.contains("· Login form of the site"), "{told}");
            } else {
                assert!(
                    told.contains("is like acme/site#7 · Login form of the site"),
                    "{told}"
                );
                assert!(told.contains("acme/site#8"), "{told}");
            }
        })
        .await;
    }
}
