//! Tenants: each with its own installation, token and data; suspended ones wait, removed ones end.

use http::Method;
use openproducer::simulator::{Actor, RepositorySelection, Role};

use super::{WORK, WORK_TITLES, asked, dry};
use crate::harness::house::{SHOP, house};

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
