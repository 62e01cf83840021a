//! Rolling back: what a run created is closed and detached; what people have worked on is left and named.

use std::time::Duration;

use http::Method;
use insta::assert_snapshot;
use openproducer::simulator::{Effect, Fault, IssueRef, Person, RepositorySelection, Role};
use rstest::rstest;

use super::{PHASES, WORK, asked, dry, long_list};
use crate::harness::house::{House, SHOP, house};

const SITE: &str = "acme/site";
/// One issue here and one in [`SITE`].
const IN_TWO: &str = "@TheOpenProducerBot\nrepositories: acme/shop, acme/site\ncomponents: shop, site\n\n- Build the shop\n- Build the site\n";

#[tokio::test]
async fn everything_is_closed_as_not_planned_and_detached() {
    house(async |t| {
        let trigger = t.opens("Accounts", &asked(PHASES)).await;
        assert_eq!(t.shop().issue(trigger.number).sub_issues.len(), 2);
        t.says(&trigger, "@TheOpenProducerBot rollback last").await;
        assert_eq!(t.state(&trigger).await, "rolled_back");
        for issue in t.created() {
            assert!(!issue.open, "{issue:?}");
            assert_eq!(issue.state_reason.as_deref(), Some("not_planned"));
            assert!(issue.parent.is_none(), "{issue:?}");
        }
        assert!(t.shop().issue(trigger.number).sub_issues.is_empty());
        assert_snapshot!(t.bot_comment(&trigger), @"
        ### ↩️ Rolled back: 7 issues closed

        <details>
        <summary>Closed as not planned (7)</summary>

        - #2 · Deliver phase 1: storage
          - #3 · Create the accounts table
          - #4 · Write the migration from the old users
        - #5 · Deliver phase 2: sign in
          - #6 · Build the login form
          - #7 · Add sessions
          - #8 · Lock accounts after five wrong passwords

        </details>

        <sub>Run `RUN`</sub>
        ");
    })
    .await;
}

#[tokio::test]
async fn what_people_have_worked_on_is_left_and_named_until_it_is_forced() {
    house(async |t| {
        let work = "## Work\n\n- Build the login form\n- Write the guide for new users\n- Add a basket\n- Print the invoice\n- Measure the traffic\n- Translate the pages\n";
        let trigger = t.opens("Accounts", &asked(work)).await;
        let created: Vec<_> = t.created().into_iter().map(|i| i.reference).collect();
        assert_eq!(created.len(), 6);
        t.alice().comments(&created[0], "I am on it");
        t.alice().edits_issue(&created[1], Some("Write a better documentation"), None);
        let body = t.shop().issue(created[2].number).body;
        t.alice().edits_issue(&created[2], None, Some(&format!("Urgent!\n\n{body}")));
        t.alice().closes(&created[3]);
        t.alice().assigns(&created[4], &["olivia"]);
        t.quiet().await;
        t.says(&trigger, "@TheOpenProducerBot rollback last").await;
        assert_snapshot!(t.shop().outline(), @"
        #1 open   Accounts
        #2 open   Build the login form   [sub-issue of #1]
        #3 open   Write a better documentation   [sub-issue of #1]
        #4 open   Add a basket   [sub-issue of #1]
        #5 closed Print the invoice   [sub-issue of #1]
        #6 open   Measure the traffic   [sub-issue of #1]
        #7 closed Translate the pages
        ");
        assert_snapshot!(t.bot_comment(&trigger), @"
        ### ↩️ Rolled back: 1 issue closed, 5 left as they are

        **Left as they are, because people have worked on them:**
        - #2 · Build the login form: it has comments
        - #3 · Write the guide for new users: it was edited
        - #4 · Add a basket: it was edited
        - #5 · Print the invoice: it was closed
        - #6 · Measure the traffic: its assignees were changed

        `@TheOpenProducerBot rollback RUN force` closes these too.

        <details>
        <summary>Closed as not planned (1)</summary>

        - #7 · Translate the pages

        </details>

        <sub>Run `RUN`</sub>
        ");
        assert_eq!(t.shop().issue(created[3].number).state_reason.as_deref(), Some("completed"));

        t.says(&trigger, "@TheOpenProducerBot rollback last force").await;
        assert_eq!(t.shop().open_issues(), [trigger.number]);
        assert!(t.shop().issue(trigger.number).sub_issues.is_empty());
        assert_snapshot!(t.bot_comment(&trigger), @"
        ### ↩️ Rolled back: 6 issues closed

        <details>
        <summary>Closed as not planned (6)</summary>

        - #2 · Build the login form
        - #3 · Write the guide for new users
        - #4 · Add a basket
        - #5 · Print the invoice
        - #6 · Measure the traffic
        - #7 · Translate the pages

        </details>

        <sub>Run `RUN`</sub>
        ");
    })
    .await;
}

#[tokio::test]
async fn the_named_run_can_be_forced_as_its_comment_says() {
    house(async |t| {
        let trigger = t.opens("Accounts", &asked(WORK)).await;
        let first = t.created()[0].reference.clone();
        t.alice().comments(&first, "I am on it");
        t.says(&trigger, "@TheOpenProducerBot rollback last").await;
        let id = t.run(&trigger).await.id;
        t.says(
            &trigger,
            &format!("@TheOpenProducerBot rollback {id} force"),
        )
        .await;
        assert_eq!(t.shop().open_issues(), [trigger.number]);
        t.bot_comment(&trigger);
    })
    .await;
}

#[tokio::test]
async fn rolling_back_twice_is_answered_in_words() {
    house(async |t| {
        let trigger = t.opens("Accounts", &asked(WORK)).await;
        t.says(&trigger, "@TheOpenProducerBot rollback last").await;
        t.says(&trigger, "@TheOpenProducerBot rollback last").await;
        assert_eq!(t.state(&trigger).await, "rolled_back");
        assert_snapshot!(t.bot_comments(&trigger)[1], @"`RUN` is already rolled back; there is nothing left to roll back.");
    })
    .await;
}

#[tokio::test]
async fn last_is_the_last_run_that_created_something() {
    house(async |t| {
        let trigger = t.opens("Accounts", &asked(WORK)).await;
        t.says(&trigger, &dry("- Add a basket\n")).await;
        t.says(&trigger, "@TheOpenProducerBot cancel").await;
        t.says(&trigger, "@TheOpenProducerBot rollback last").await;
        assert_eq!(t.shop().open_issues(), [trigger.number]);
    })
    .await;
}

#[tokio::test]
async fn a_run_is_rolled_back_by_its_name_and_no_other_is() {
    house(async |t| {
        let trigger = t.opens("Accounts", &asked(WORK)).await;
        let first = t.run(&trigger).await.id;
        t.says(&trigger, &asked("- Add a basket\n")).await;
        let elsewhere = t.opens("Shop", &asked("- Print the invoice\n")).await;
        let foreign = t.run(&elsewhere).await.id;
        t.says(&trigger, &format!("@TheOpenProducerBot rollback {foreign}"))
            .await;
        assert_eq!(t.state(&elsewhere).await, "completed");
        t.says(&trigger, &format!("@TheOpenProducerBot rollback {first}"))
            .await;
        let open: Vec<_> = t
            .created()
            .into_iter()
            .filter(|i| i.open)
            .map(|i| i.title)
            .collect();
        assert_eq!(open, ["Add a basket", "Print the invoice"]);
        assert_eq!(t.bot_comments(&trigger).len(), 3, "two runs and one answer");
    })
    .await;
}

#[tokio::test]
async fn after_a_rollback_the_same_may_be_asked_again() {
    house(async |t| {
        let trigger = t.opens("Accounts", &asked(WORK)).await;
        t.says(&trigger, "@TheOpenProducerBot rollback last").await;
        t.says(&trigger, &asked(WORK)).await;
        assert_eq!(t.created().iter().filter(|i| i.open).count(), 3);
    })
    .await;
}

#[tokio::test]
async fn a_deleted_issue_does_not_hold_up_the_rollback() {
    house(async |t| {
        let trigger = t.opens("Accounts", &asked(WORK)).await;
        let second = t.created()[1].reference.clone();
        t.sim.delete_issue(&second);
        t.quiet().await;
        t.says(&trigger, "@TheOpenProducerBot rollback last").await;
        assert_eq!(t.shop().open_issues(), [trigger.number]);
        let said = t.bot_comment(&trigger);
        assert!(said.contains("Rolled back: 2 issues closed\n"), "{said}");
    })
    .await;
}

/// What a person may have done with one of the issues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    Comment,
    Assign,
    Retitle,
    Edit,
    Close,
    Label,
    Unlabel,
    TakeMilestone,
    SetType,
    GiveSubIssue,
    Move,
    Block,
    LetWait,
}

impl Deed {
    /// `other` was nobody's concern so far.
    fn is_done(self, who: &Person, issue: &IssueRef, other: &IssueRef) {
        match self {
            Self::Comment => drop(who.comments(issue, "I am on it")),
            Self::Assign => who.assigns(issue, &["olivia"]),
            Self::Retitle => who.edits_issue(issue, Some("Something else"), None),
            Self::Edit => who.edits_issue(issue, None, Some("Something else")),
            Self::Close => who.closes(issue),
            Self::Label => who.labels(issue, &["urgent"]),
            Self::Unlabel => who.sets_labels(issue, &[]),
            Self::TakeMilestone => who.sets_milestone(issue, None),
            Self::SetType => who.sets_type(issue, Some("Bug")),
            Self::GiveSubIssue => who.links_sub_issue(issue, other),
            Self::Move => who.moves_sub_issue(other, issue),
            Self::Block => who.blocks(issue, other),
            Self::LetWait => who.blocks(other, issue),
        }
    }
}

#[rstest]
#[case(Deed::Comment, "it has comments")]
#[case(Deed::Assign, "its assignees were changed")]
#[case(Deed::Retitle, "it was edited")]
#[case(Deed::Edit, "it was edited")]
#[case(Deed::Close, "it was closed")]
#[case(Deed::Label, "its labels were changed")]
#[case(Deed::Unlabel, "its labels were changed")]
#[case(Deed::TakeMilestone, "its milestone was changed")]
#[case(Deed::SetType, "its type was changed")]
#[case(Deed::GiveSubIssue, "other issues were put under it")]
#[case(Deed::Move, "it was put under another issue")]
#[case(Deed::Block, "it waits for other issues now")]
#[case(Deed::LetWait, "other issues wait for it")]
#[tokio::test]
async fn whatever_people_have_done_with_it_is_respected_and_named(
    #[case] deed: Deed,
    #[case] why: &str,
    #[values(false, true)] hides_counts: bool,
) {
    house(async |t| {
        t.sim.add_milestone(SHOP, "Version 2");
        let other = t.alice().opens_issue(SHOP, "Other", "");
        let options = "@TheOpenProducerBot\nlabels: backend\nmilestone: Version 2\ntype: Task";
        let trigger = t
            .opens("Accounts", &format!("{options}\n\n{}", &long_list(4)))
            .await;
        if hides_counts {
            t.sim.hide_link_summaries();
        }
        let touched = t.created()[2].reference.clone();
        deed.is_done(&t.alice(), &touched, &other);
        t.quiet().await;
        let left = format!(": {why}\n");

        // The second time it is as it was the first time.
        for _ in 0..2 {
            t.says(&trigger, "@TheOpenProducerBot rollback last").await;
            let said = t.bot_comment(&trigger);
            assert!(
                said.contains("3 issues closed, 1 left as they are"),
                "{said}"
            );
            assert!(said.contains(&left), "{said}");
            let open: Vec<u64> = t
                .created()
                .iter()
                .filter(|i| i.open)
                .map(|i| i.number)
                .collect();
            let open_still: &[u64] = if deed == Deed::Close {
                &[]
            } else {
                &[touched.number]
            };
            assert_eq!(open, open_still);
        }

        t.says(&trigger, "@TheOpenProducerBot rollback last force")
            .await;
        assert!(
            t.bot_comment(&trigger)
                .contains("Rolled back: 4 issues closed")
        );
        assert_eq!(t.shop().open_issues(), [other.number, trigger.number]);
        assert!(t.shop().issue(trigger.number).sub_issues.is_empty());
    })
    .await;
}

#[tokio::test]
async fn what_people_have_taken_back_is_closed_the_second_time() {
    house(async |t| {
        let trigger = t.opens("Accounts", &asked(WORK)).await;
        let first = t.created()[0].reference.clone();
        let comment = t.alice().comments(&first, "I am on it");
        t.quiet().await;
        t.says(&trigger, "@TheOpenProducerBot rollback last").await;
        assert_eq!(t.shop().open_issues(), [trigger.number, first.number]);
        t.alice().deletes_comment(&comment);
        t.quiet().await;
        t.says(&trigger, "@TheOpenProducerBot rollback last").await;
        assert_eq!(t.shop().open_issues(), [trigger.number]);
    })
    .await;
}

#[tokio::test]
async fn what_people_take_off_is_no_work_on_it() {
    house(async |t| {
        let trigger = t.opens("Accounts", &asked(WORK)).await;
        let created = t.created();
        t.sim.delete_issue(&created[0].reference);
        t.sim.detach_sub_issue(&trigger, &created[1].reference);
        t.quiet().await;
        t.says(&trigger, "@TheOpenProducerBot rollback last").await;
        assert_eq!(t.shop().open_issues(), [trigger.number]);
        let said = t.bot_comment(&trigger);
        assert!(said.contains("Rolled back: 2 issues closed\n"), "{said}");
    })
    .await;
}

#[tokio::test]
async fn a_group_whose_issue_is_left_is_closed_and_keeps_it() {
    house(async |t| {
        let trigger = t.opens("Accounts", &asked(PHASES)).await;
        let created = t.created();
        t.alice().comments(&created[1].reference, "I am on it");
        t.quiet().await;
        t.says(&trigger, "@TheOpenProducerBot rollback last").await;
        let group = t.shop().issue(created[0].number);
        assert!(!group.open && group.parent.is_none());
        assert_eq!(group.sub_issues.len(), 1);
        assert_eq!(t.shop().open_issues(), [trigger.number, created[1].number]);
    })
    .await;
}

#[tokio::test]
async fn children_go_before_their_parents() {
    house(async |t| {
        let trigger = t.opens("Accounts", &asked(PHASES)).await;
        let numbers: Vec<u64> = t.created().iter().map(|i| i.number).collect();
        t.says(&trigger, "@TheOpenProducerBot rollback last").await;
        let closed: Vec<u64> = t
            .sim
            .requests_matching(&Method::PATCH, "/repos/{owner}/{repo}/issues/{number}")
            .iter()
            .filter_map(|r| r.path.rsplit('/').next()?.parse().ok())
            .collect();
        let last_first: Vec<u64> = numbers.into_iter().rev().collect();
        assert_eq!(closed, last_first);
    })
    .await;
}

#[tokio::test]
async fn a_person_who_closes_what_could_not_be_closed_is_respected() {
    house(async |t| {
        let trigger = t
            .opens("Accounts", &asked("## Work\n\n- Build the login form\n"))
            .await;
        let first = t.created()[0].reference.clone();
        let close = "/repos/{owner}/{repo}/issues/{number}";
        t.sim
            .faults()
            .schedule(Fault::on(Method::PATCH, close).then(Effect::status(
                403,
                "Resource not accessible by integration",
            )));
        t.says(&trigger, "@TheOpenProducerBot rollback last").await;
        t.alice().closes(&first);
        t.quiet().await;
        t.says(&trigger, "@TheOpenProducerBot rollback last").await;
        let reason = t.shop().issue(first.number).state_reason;
        assert_eq!(reason.as_deref(), Some("completed"));
        let said = t.bot_comment(&trigger);
        assert!(said.contains(": it was closed\n"), "{said}");
    })
    .await;
}

#[tokio::test]
async fn an_issue_that_was_moved_away_is_named_and_left() {
    house(async |t| {
        t.sim.add_repository("acme/attic");
        let trigger = t.opens("Accounts", &asked(WORK)).await;
        let first = t.created()[0].reference.clone();
        let there = t.sim.transfer_issue(&first, "acme/attic");
        t.quiet().await;
        t.says(&trigger, "@TheOpenProducerBot rollback last").await;
        assert_eq!(t.shop().open_issues(), [trigger.number]);
        assert_eq!(t.sim.repository("acme/attic").open_issues(), [there.number]);
        assert_snapshot!(t.bot_comment(&trigger), @"
        ### ↩️ Rolled back: 2 issues closed, 1 left as they are

        **Could not be closed**
        - #2 · Build the login form: it was moved to another repository

        <details>
        <summary>Closed as not planned (2)</summary>

        - #3 · Add sessions after the login form
        - #4 · Write the guide for new users

        </details>

        <sub>Run `RUN`</sub>
        ");
    })
    .await;
}

fn is_removed(t: &House) {
    t.sim
        .remove_repository_from_installation(t.installation, SITE);
}

fn has_no_issues(t: &House) {
    t.sim.disable_issues(SITE);
}

fn goes_to_globex(t: &House) {
    t.sim.transfer_repository(SITE, "globex");
}

#[rstest]
#[case(is_removed, "its repository is out of the App's reach")]
#[case(has_no_issues, "issues are turned off in its repository")]
#[case(goes_to_globex, "its repository is out of the App's reach")]
#[tokio::test]
async fn what_is_out_of_reach_is_named_and_holds_up_nothing(
    #[case] happens: fn(&House),
    #[case] why: &str,
) {
    house(async |t| {
        t.sim.add_organization("globex");
        t.sim.install_app("globex", RepositorySelection::All);
        t.sim.add_repository(SITE);
        t.sim.set_role(SITE, "alice", Role::Write);
        t.quiet().await;
        let trigger = t.opens("Both", IN_TWO).await;
        assert_eq!(t.created_in(SITE).len(), 1);
        happens(t);
        t.quiet().await;
        // It can be asked for again, and is as it was.
        for _ in 0..2 {
            t.says(&trigger, "@TheOpenProducerBot rollback last").await;
            assert_eq!(t.state(&trigger).await, "rolled_back");
            assert_eq!(t.shop().open_issues(), [trigger.number]);
            let said = t.bot_comment(&trigger);
            assert!(
                said.contains("1 issue closed, 1 left as they are"),
                "{said}"
            );
            assert!(said.contains(&format!("Build the site: {why}\n")), "{said}");
            assert!(!said.contains("people have worked"), "{said}");
            assert!(!said.contains("globex"), "another tenant's name: {said}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_repository_that_goes_away_in_the_middle_costs_its_links_and_not_the_run() {
    house(async |t| {
        t.sim.add_organization("globex");
        t.sim.install_app("globex", RepositorySelection::All);
        t.sim.add_repository(SITE);
        t.sim.set_role(SITE, "alice", Role::Write);
        t.quiet().await;
        let route = "/repos/{owner}/{repo}/issues/{number}/sub_issues";
        let slow = Effect::Delay(Duration::from_secs(2));
        t.sim
            .faults()
            .schedule(Fault::on(Method::POST, route).nth(1).then(slow));
        let trigger = t.alice().opens_issue(SHOP, "Both", IN_TWO);
        t.until("the first link is on its way", |t| {
            t.sent(&Method::POST, route) == 1
        })
        .await;
        goes_to_globex(t);
        t.quiet().await;
        assert_eq!(t.state(&trigger).await, "completed");
        let said = t.bot_comment(&trigger);
        let words = "could not be linked: the repository of one of the two is out of reach";
        assert!(said.contains(words), "{said}");
    })
    .await;
}
