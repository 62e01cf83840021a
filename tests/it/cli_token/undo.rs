//! Rolling back with a token: whose comments count, and that no other repository is touched.

use openproducer::simulator::Role;

use super::{CREATES, Desk, SHOP, TITLES, WORK, failed, issue, succeeded};

#[tokio::test]
async fn what_anybody_has_said_since_is_left_and_named_and_our_own_marked_words_are_not() {
    let t = Desk::new().await;
    t.opens(&format!("{WORK}- Write the guide\n"));
    succeeded(&t.run(CREATES).await);
    let id = t.run_ids().await.remove(0);
    t.sim.user("bob").comments(&issue(&t, 2), "I am on it");
    t.sim.user("alice").comments(&issue(&t, 3), "So am I");
    let ours = t.comments().remove(0);
    t.sim.user("alice").comments(&issue(&t, 4), &ours);

    succeeded(&t.run(&format!("rollback --run {id}")).await);
    assert_eq!(t.open_issues(), [1, 2, 3]);
    let said = t.comments().remove(0);
    for title in TITLES {
        assert!(
            said.contains(&format!("{title}: it has comments\n")),
            "{said}"
        );
    }
    succeeded(&t.run(&format!("rollback --run {id} --force")).await);
    assert_eq!(t.open_issues(), [1]);
}

#[tokio::test]
async fn a_repository_that_took_the_name_of_the_runs_own_is_left_alone() {
    let t = Desk::new().await;
    t.opens(WORK);
    succeeded(&t.run(CREATES).await);
    let id = t.run_ids().await.remove(0);
    t.sim.rename_repository(SHOP, "acme/market");
    t.sim.add_repository(SHOP);
    t.sim.set_role(SHOP, "alice", Role::Write);
    for _ in 0..3 {
        t.opens("Nobody else's concern");
    }
    let writes = t.writes();
    let said = t.run(&format!("rollback --run {id} --force")).await;
    failed(&said, 1, &["acme/shop is another repository now"]);
    assert_eq!(t.open_issues(), [1, 2, 3]);
    assert_eq!(t.writes(), writes);
}

#[tokio::test]
async fn a_renamed_repository_is_found_under_its_new_name() {
    let t = Desk::new().await;
    t.opens(WORK);
    succeeded(&t.run(CREATES).await);
    let id = t.run_ids().await.remove(0);
    t.sim.rename_repository(SHOP, "acme/market");
    succeeded(&t.run(&format!("rollback --run {id}")).await);
    assert_eq!(t.sim.repository("acme/market").open_issues(), [1]);
    let status = t.run("status --repo acme/market").await;
    succeeded(&status);
    assert!(status.output.contains(&id), "{}", status.output);
}
