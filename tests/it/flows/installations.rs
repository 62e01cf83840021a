//! Tenants: each with its own installation, token and data; suspended ones wait, removed ones end.

use std::time::Duration;

use http::Method;
use openproducer::flows::advance;
use openproducer::flows::sweep::{self, Occasion, Outcome};
use openproducer::simulator::{Actor, Effect, Fault, IssueRef, RepositorySelection, Role};
use rstest::rstest;

use super::{WORK, WORK_TITLES, asked, dry};
use crate::harness::house::{House, SHOP, house};
use crate::harness::leaving::leave_at_wait;
use crate::harness::sight::ISSUES;

#[tokio::test]
async fn two_tenants_run_side_by_side_and_nothing_crosses() {
    house(async |t| {
        t.sim.add_repository("globex/store");
        t.sim.add_user("gina");
        t.sim.set_role("globex/store", "gina", Role::Write);
        let other = t.sim.install_app("globex", RepositorySelection::All);
        t.quiet().await;
        let gina = t.sim.user("gina");
        let ours = t.alice().opens_issue(SHOP, "Accounts", &dry(WORK));
        let theirs = gina.opens_issue("globex/store", "Accounts", &asked(WORK));
        t.quiet().await;
        assert_eq!(t.state(&ours).await, "running awaiting_confirmation");
        assert_eq!(t.state(&theirs).await, "completed");

        // Another tenant's run cannot be reached by its name.
        let foreign = t.run(&theirs).await.id;
        t.says(&ours, &format!("@TheOpenProducerBot rollback {foreign}"))
            .await;
        assert_eq!(t.state(&theirs).await, "completed");
        // Nor can its repository be written to.
        t.says(
            &ours,
            &format!("@TheOpenProducerBot\nrepositories: globex/store\n\n{WORK}"),
        )
        .await;
        assert_eq!(t.created_in("globex/store").len(), 3);

        t.says(&ours, "@TheOpenProducerBot confirm").await;
        assert_eq!(t.titles(), WORK_TITLES);
        for request in t.sim.requests() {
            let own = match request.actor {
                Actor::Installation(id) if id == other => "/repos/globex/store",
                Actor::Installation(id) if id == t.installation => "/repos/acme/shop",
                _ => continue,
            };
            if request.route.starts_with("/repos/") && !request.route.starts_with("/repos/{owner}")
            {
                assert!(request.route.starts_with(own), "{request:?}");
            }
        }
        let tenants: Vec<(i64, i64)> = sqlx::query_as(
            "select p.installation_id, count(*) from planned_issues p join runs r on r.id = p.run_id
             where r.installation_id = p.installation_id group by 1 order by 1",
        )
        .fetch_all(t.pool())
        .await
        .unwrap();
        assert_eq!(tenants.iter().map(|t| t.1).collect::<Vec<_>>(), [3, 3]);
    })
    .await;
}

#[tokio::test]
async fn a_stranger_in_one_tenant_may_not_ask_though_maintainer_of_another() {
    house(async |t| {
        t.sim.add_repository("globex/store");
        t.sim.install_app("globex", RepositorySelection::All);
        t.quiet().await;
        let issue = t
            .alice()
            .opens_issue("globex/store", "Accounts", &asked(WORK));
        t.quiet().await;
        assert!(t.created_in("globex/store").is_empty());
        let faces = t.sim.repository("globex/store").reactions(issue.number);
        assert_eq!(faces.len(), 1);
        assert_eq!(faces[0].content, "confused");
    })
    .await;
}

#[tokio::test]
async fn a_suspended_installation_waits_and_goes_on() {
    house(async |t| {
        let trigger = t.opens("Accounts", &dry(WORK)).await;
        let id = t.installation;
        t.stop_server().await;
        t.alice().comments(&trigger, "@TheOpenProducerBot confirm");
        t.sim.suspend_installation(id);
        t.start_server().await;
        // Its deliveries wait without a job, so that it is not quiet.
        t.send_again().await;
        t.until_parked().await;
        assert!(t.created().is_empty());
        t.sim.unsuspend_installation(id);
        t.quiet().await;
        assert_eq!(t.state(&trigger).await, "completed");
        assert_eq!(t.titles(), WORK_TITLES);
    })
    .await;
}

#[tokio::test]
async fn a_run_that_is_suspended_in_the_middle_goes_on_where_it_was() {
    house(async |t| {
        let route = crate::harness::sight::ISSUES;
        let slow = openproducer::simulator::Effect::Delay(std::time::Duration::from_secs(1));
        t.sim.faults().schedule(
            openproducer::simulator::Fault::on(Method::POST, route)
                .nth(2)
                .then(slow),
        );
        let trigger = t.alice().opens_issue(SHOP, "Accounts", &asked(WORK));
        t.until("the second issue is on its way", |t| {
            t.sent(&Method::POST, route) == 2
        })
        .await;
        t.sim.suspend_installation(t.installation);
        t.quiet().await;
        assert!(t.created().len() < 3);
        assert!(
            t.state(&trigger).await.starts_with("running"),
            "{}",
            t.state(&trigger).await
        );
        t.sim.unsuspend_installation(t.installation);
        t.quiet().await;
        assert_eq!(t.state(&trigger).await, "completed");
        assert_eq!(t.titles(), WORK_TITLES);
    })
    .await;
}

#[tokio::test]
async fn a_removed_installation_ends_its_runs_and_comes_back_clean() {
    house(async |t| {
        let trigger = t.opens("Accounts", &dry(WORK)).await;
        t.sim.uninstall(t.installation);
        t.quiet().await;
        assert_eq!(t.state(&trigger).await, "cancelled");
        t.installation = t.sim.install_app("acme", RepositorySelection::All);
        t.quiet().await;
        let again = t.opens("Accounts", &asked(WORK)).await;
        assert_eq!(t.state(&again).await, "completed");
        assert_eq!(t.titles(), WORK_TITLES);
    })
    .await;
}

#[tokio::test]
async fn a_renamed_repository_is_still_the_same() {
    house(async |t| {
        let trigger = t.opens("Accounts", &dry(WORK)).await;
        t.sim.rename_repository(SHOP, "acme/market");
        t.quiet().await;
        t.alice().comments(&trigger, "@TheOpenProducerBot confirm");
        t.quiet().await;
        assert_eq!(t.created_in("acme/market").len(), 3);
    })
    .await;
}

/// Does what the worker does when it starts.
async fn sweeps(t: &House) {
    let services = t.services();
    while sweep::sweep(&services, Occasion::Start)
        .await
        .expect("a sweep")
        == Outcome::LeftOut
    {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    t.quiet().await;
}

/// A run of three issues of which the second takes four seconds.
async fn in_the_middle(t: &House) -> IssueRef {
    let slow = Effect::Delay(Duration::from_secs(4));
    let fault = Fault::on(Method::POST, ISSUES).nth(2).then(slow);
    t.sim.faults().schedule(fault);
    let trigger = t.alice().opens_issue(SHOP, "Accounts", &asked(WORK));
    t.until("the second issue is on its way", |t| {
        t.sent(&Method::POST, ISSUES) == 2
    })
    .await;
    trigger
}

/// The newest run of a trigger, wherever its repository has gone: state and words.
async fn ended(t: &House, trigger: &IssueRef) -> (String, String) {
    sqlx::query_as("select status, coalesce(failure, '') from runs where issue_id = $1 order by created_at desc")
        .bind(i64::try_from(trigger.id).expect("an id"))
        .fetch_one(t.pool())
        .await
        .expect("a run")
}

#[rstest]
#[case::the_repository("acme/market")]
#[case::the_account("apex/shop")]
#[tokio::test]
async fn a_run_goes_on_when_its_repository_gets_another_name(#[case] name: &str) {
    house(async |t| {
        let trigger = in_the_middle(t).await;
        match name.split_once('/') {
            Some(("acme", _)) => t.sim.rename_repository(SHOP, name),
            Some((owner, _)) => t.sim.rename_account("acme", owner),
            None => unreachable!("a full name"),
        }
        t.quiet().await;
        let titles: Vec<String> = t.created_in(name).into_iter().map(|i| i.title).collect();
        assert_eq!(titles, WORK_TITLES);
        assert_eq!(ended(t, &trigger).await.0, "completed");
        let known: String = sqlx::query_scalar("select owner || '/' || name from repositories")
            .fetch_one(t.pool())
            .await
            .expect("the repository");
        assert_eq!(known, name);
    })
    .await;
}

#[tokio::test]
async fn a_run_ends_in_words_when_its_repository_goes_where_the_app_is_not() {
    house(async |t| {
        let waiting = t.opens("Waiting", &dry(WORK)).await;
        let trigger = in_the_middle(t).await;
        t.sim.transfer_repository(SHOP, "globex");
        t.quiet().await;
        assert!(t.created_in("globex/shop").len() < 3);
        let (status, words) = ended(t, &trigger).await;
        assert_eq!(status, "failed");
        assert!(words.contains("not visible to the App any more"), "{words}");
        // The one that only waits does nothing, and can be confirmed when the repository is back.
        sweeps(t).await;
        let is_out_of_reach = "select removed_at is not null from repositories where name = 'shop'";
        let is_out_of_reach: bool = sqlx::query_scalar(is_out_of_reach)
            .fetch_one(t.pool())
            .await
            .expect("the repository");
        assert!(is_out_of_reach, "nobody told us, and it is known");
        assert_eq!(ended(t, &waiting).await.0, "running");
        t.sim.transfer_repository("globex/shop", "acme");
        t.quiet().await;
        t.says(&waiting, "@TheOpenProducerBot confirm").await;
        assert_eq!(t.state(&waiting).await, "completed");
    })
    .await;
}

#[tokio::test]
async fn a_repository_that_changes_tenants_leaves_its_runs_behind() {
    house(async |t| {
        t.sim.add_organization("globex");
        let theirs = t.sim.install_app("globex", RepositorySelection::All);
        let waiting = t.opens("Waiting", &dry(WORK)).await;
        let told = t.sim.deliveries();
        let told = told.iter().rev().find(|d| d.event == "issues").cloned();
        t.sim.transfer_repository(SHOP, "globex");
        t.quiet().await;
        assert_eq!(ended(t, &waiting).await.0, "cancelled");
        // A delivery of before comes late: it takes nothing back.
        let old = told.expect("a delivery").payload;
        t.send_copy_of(&old, "issues", "late-1").await;
        t.quiet().await;
        let again = t
            .alice()
            .opens_issue("globex/shop", "Accounts", &asked(WORK));
        t.quiet().await;
        assert_eq!(t.state(&again).await, "completed");
        assert_eq!(t.run(&again).await.installation.0.unsigned_abs(), theirs);
        assert_eq!(t.created_in("globex/shop").len(), 3);
    })
    .await;
}

#[tokio::test]
async fn a_running_run_ends_when_its_repository_is_removed_and_says_so_when_it_is_back() {
    house(async |t| {
        t.sim.add_repository("acme/site");
        let trigger = in_the_middle(t).await;
        t.sim
            .remove_repository_from_installation(t.installation, SHOP);
        t.quiet().await;
        let made = t.created().len();
        assert!(made < 3);
        let (status, words) = ended(t, &trigger).await;
        assert_eq!(status, "cancelled");
        assert!(words.contains("removed from this repository"), "{words}");
        let minted = |t: &House| t.sent(&Method::POST, "/app/installations/{id}/access_tokens");
        let before = minted(t);
        t.sim.add_repository_to_installation(t.installation, SHOP);
        t.quiet().await;
        assert!(minted(t) > before, "the old tokens are dropped");
        assert_eq!(t.created().len(), made, "nothing is created unasked");
        let said = t.bot_comment(&trigger);
        assert!(
            said.contains("🛑 Cancelled") && said.contains("ask again"),
            "{said}"
        );
        t.says(&trigger, &asked(WORK)).await;
        assert_eq!(t.state(&trigger).await, "completed");
        assert_eq!(t.titles(), WORK_TITLES);
    })
    .await;
}

#[tokio::test]
async fn a_late_word_of_an_installation_does_not_bring_it_back() {
    house(async |t| {
        let trigger = t.opens("Accounts", &dry(WORK)).await;
        t.sim.uninstall(t.installation);
        t.quiet().await;
        let created = t.sim.deliveries();
        let created = created
            .iter()
            .find(|d| d.action.as_deref() == Some("created"));
        let payload = created.expect("the installation's").payload.clone();
        t.send_copy_of(&payload, "installation", "late-1").await;
        t.quiet().await;
        assert_eq!(ended(t, &trigger).await.0, "cancelled");
        let removed: bool = sqlx::query_scalar("select removed_at is not null from installations")
            .fetch_one(t.pool())
            .await
            .expect("the installation");
        assert!(removed);
    })
    .await;
}

#[tokio::test]
async fn what_happened_to_installations_longer_ago_than_deliveries_are_kept_is_found() {
    house(async |t| {
        t.sim.add_repository("globex/store");
        let globex = t.sim.install_app("globex", RepositorySelection::All);
        t.quiet().await;
        let trigger = t.opens("Accounts", &dry(WORK)).await;
        // None of this is heard of, and GitHub forgets that it was to be told.
        t.sim.lose_deliveries(3);
        t.sim.uninstall(t.installation);
        t.installation = t.sim.install_app("acme", RepositorySelection::All);
        t.sim.suspend_installation(globex);
        t.sim.settled().await;
        t.sim.advance_clock(Duration::from_hours(73));
        assert_eq!(t.state(&trigger).await, "running awaiting_confirmation");
        sweeps(t).await;
        assert_eq!(ended(t, &trigger).await.0, "cancelled");
        let suspended: i64 =
            sqlx::query_scalar("select id from installations where suspended_at is not null")
                .fetch_one(t.pool())
                .await
                .expect("the suspended one");
        assert_eq!(suspended.unsigned_abs(), globex);
        let again = t.opens("Again", &asked(WORK)).await;
        assert_eq!(t.state(&again).await, "completed");
        assert_eq!(
            t.run(&again).await.installation.0.unsigned_abs(),
            t.installation
        );
    })
    .await;
}

#[tokio::test]
async fn a_suspension_that_was_lifted_unheard_is_found_and_its_runs_go_on() {
    house(async |t| {
        let trigger = in_the_middle(t).await;
        t.sim.suspend_installation(t.installation);
        t.quiet().await;
        assert!(t.created().len() < 3);
        t.sim.lose_deliveries(1);
        t.sim.unsuspend_installation(t.installation);
        t.sim.settled().await;
        t.sim.advance_clock(Duration::from_hours(73));
        sweeps(t).await;
        assert_eq!(t.state(&trigger).await, "completed");
        assert_eq!(t.titles(), WORK_TITLES);
    })
    .await;
}

#[tokio::test]
async fn what_waited_goes_on_though_the_first_sweep_after_it_came_to_nothing() {
    house(async |t| {
        let trigger = t.opens("Accounts", &dry(WORK)).await;
        t.stop_server().await;
        t.alice().comments(&trigger, "@TheOpenProducerBot confirm");
        t.sim.suspend_installation(t.installation);
        t.start_server().await;
        t.send_again().await;
        t.until_parked().await;
        t.sim.lose_deliveries(1);
        t.sim.unsuspend_installation(t.installation);
        t.sim.settled().await;
        t.sim.advance_clock(Duration::from_hours(73));
        let list = Fault::on(Method::GET, "/installation/repositories");
        t.sim.faults().schedule(list.forever());
        let services = t.services();
        while sweep::sweep(&services, Occasion::Start).await.ok() == Some(Outcome::LeftOut) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(t.created().is_empty());
        t.sim.faults().clear();
        sweeps(t).await;
        assert_eq!(t.state(&trigger).await, "completed");
    })
    .await;
}

#[tokio::test]
async fn a_removal_is_acted_upon_whole_wherever_the_sweep_that_finds_it_is_cut_off() {
    house(async |t| {
        let trigger = t.opens("Accounts", &dry(WORK)).await;
        t.sim.lose_deliveries(1);
        t.sim.uninstall(t.installation);
        t.sim.settled().await;
        t.sim.advance_clock(Duration::from_hours(73));
        let services = t.services();
        let mut n = 1;
        loop {
            let sweep = Box::pin(sweep::sweep(&services, Occasion::Start));
            match leave_at_wait(n, sweep).await {
                None => n += 1,
                // The one before this has not yet let go of the lock.
                Some(Ok(Outcome::LeftOut)) => tokio::time::sleep(Duration::from_millis(5)).await,
                Some(Ok(_)) => break,
                Some(Err(failure)) => panic!("{failure}"),
            }
        }
        assert!(n > 10, "it was cut off {n} times");
        sweeps(t).await;
        assert_eq!(ended(t, &trigger).await.0, "cancelled");
        let left: i64 =
            sqlx::query_scalar("select count(*) from repositories where removed_at is null")
                .fetch_one(t.pool())
                .await
                .expect("the repositories");
        assert_eq!(left, 0);
    })
    .await;
}

#[tokio::test]
async fn one_installation_that_cannot_be_asked_for_does_not_hold_up_the_others() {
    house(async |t| {
        let trigger = t.opens("Accounts", &dry(WORK)).await;
        t.sim.add_repository("globex/store");
        t.sim.lose_deliveries(2);
        let globex = t.sim.install_app("globex", RepositorySelection::All);
        t.sim.uninstall(t.installation);
        t.sim.settled().await;
        t.sim.advance_clock(Duration::from_hours(73));
        let broken = format!("/app/installations/{globex}");
        t.sim
            .faults()
            .schedule(Fault::on(Method::GET, &broken).forever());
        sweeps(t).await;
        assert_eq!(ended(t, &trigger).await.0, "cancelled");
        t.sim.faults().clear();
    })
    .await;
}

#[tokio::test]
async fn new_permissions_are_used_at_once() {
    house(async |t| {
        t.opens("Accounts", &asked(WORK)).await;
        let minted = |t: &House| t.sent(&Method::POST, "/app/installations/{id}/access_tokens");
        let before = minted(t);
        t.sim.accept_permissions(t.installation);
        t.quiet().await;
        assert!(minted(t) > before, "the old tokens are dropped");
        let again = t.opens("Again", &asked("- Build the search page\n")).await;
        assert_eq!(t.state(&again).await, "completed");
    })
    .await;
}

#[tokio::test]
async fn a_repository_that_another_installation_names_first_leaves_its_runs_behind() {
    house(async |t| {
        t.sim.add_organization("globex");
        t.sim.add_repository("globex/store");
        let theirs = t
            .sim
            .install_app("globex", RepositorySelection::only(&["globex/store"]));
        let waiting = t.opens("Waiting", &dry(WORK)).await;
        // Nobody is told: the App is not there, and not here any more.
        t.sim.transfer_repository(SHOP, "globex");
        t.quiet().await;
        assert_eq!(ended(t, &waiting).await.0, "running");
        t.sim.add_repository_to_installation(theirs, "globex/shop");
        t.quiet().await;
        let (status, words) = ended(t, &waiting).await;
        assert_eq!(status, "cancelled");
        assert!(words.contains("went to another account"), "{words}");
    })
    .await;
}

#[tokio::test]
async fn a_comment_that_comes_before_the_word_that_a_repository_is_back_wakes_what_waited() {
    house(async |t| {
        t.sim.add_repository("acme/site");
        let trigger = in_the_middle(t).await;
        t.sim
            .remove_repository_from_installation(t.installation, SHOP);
        t.quiet().await;
        assert_eq!(ended(t, &trigger).await.0, "cancelled");
        t.sim.lose_deliveries(1);
        t.sim.add_repository_to_installation(t.installation, SHOP);
        t.says(&trigger, "@TheOpenProducerBot status").await;
        let said = t.bot_comments(&trigger);
        assert_eq!(said.len(), 2, "{said:#?}");
        assert!(said[0].contains("🛑 Cancelled"), "{said:#?}");
    })
    .await;
}

#[tokio::test]
async fn what_an_earlier_installation_created_is_linked_by_the_next() {
    house(async |t| {
        t.opens("Accounts", &asked(WORK)).await;
        let guide = t.created()[2].number;
        t.sim.uninstall(t.installation);
        t.quiet().await;
        t.installation = t.sim.install_app("acme", RepositorySelection::All);
        t.quiet().await;
        let more = format!("{WORK}- Print it after the guide for new users\n");
        let again = t.opens("Accounts", &asked(&more)).await;
        assert_eq!(t.created().len(), 4, "what is there is skipped");
        let waits_for: Vec<u64> = t.created()[3].blocked_by.iter().map(|i| i.number).collect();
        let said = t.bot_comment(&again);
        assert_eq!(waits_for, [guide], "{said}");
        assert!(!said.contains("could not be linked"), "{said}");
    })
    .await;
}

#[tokio::test]
async fn a_run_that_began_while_the_app_was_removed_ends() {
    house(async |t| {
        let trigger = t.opens("Accounts", &dry(WORK)).await;
        let run = t.run(&trigger).await;
        sqlx::query("update installations set removed_at = now()")
            .execute(t.pool())
            .await
            .expect("the installation");
        Box::pin(advance::advance(&t.services(), run.key()))
            .await
            .expect("a step");
        let (status, words) = ended(t, &trigger).await;
        assert_eq!(status, "failed");
        assert!(words.contains("The App was removed"), "{words}");
    })
    .await;
}
