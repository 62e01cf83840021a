//! A token and an App on one database: each with its own runs, neither touches the other's.

use openproducer::simulator::RepositorySelection;

use super::{CREATES, Desk, WORK, failed, succeeded};

#[tokio::test]
async fn the_app_and_a_token_on_one_database_leave_each_other_alone() {
    let t = Desk::new().await;
    t.sim.install_app("acme", RepositorySelection::All);
    t.opens("@TheOpenProducerBot\nrate_limit_per_minute: 80\ndry_run: true\n\n- Build the App's thing\n");
    succeeded(&t.run_as_app(CREATES).await);
    let of_app = t.run_ids().await.remove(0);
    assert_eq!(owner(&t).await, of_run(&t, &of_app).await);

    // The same issue, with the token: a run of its own, and the repository stays the App's.
    let own = t.run(CREATES).await;
    succeeded(&own);
    assert!(!own.errors.contains(&of_app), "{}", own.errors);
    let ids = t.run_ids().await;
    assert_eq!(ids.len(), 2);
    let of_token = ids[1].clone();
    assert_eq!(owner(&t).await, of_run(&t, &of_app).await);
    assert!(of_run(&t, &of_token).await < 0);

    // Neither confirms, cancels or rolls back what is the other's.
    let said = t.run(&format!("rollback --run {of_app}")).await;
    failed(&said, 1, &["was made by the App", "GITHUB_APP_MODE=app"]);
    let said = t.run_as_app(&format!("rollback --run {of_token}")).await;
    failed(
        &said,
        1,
        &["was made with alice's token", "GITHUB_APP_MODE=token"],
    );
    succeeded(
        &t.run_as_app("process --repo acme/shop --issue 1 --cancel")
            .await,
    );
    assert_eq!(state(&t, &of_app).await, "cancelled");
    assert_eq!(state(&t, &of_token).await, "running");
    succeeded(&t.run("process --repo acme/shop --issue 1 --confirm").await);
    assert_eq!(t.titles(), ["Build the App's thing"]);
    assert_eq!(t.jobs().await, 0);

    // Bob's token is not Alice's.
    let mut bobs = t;
    bobs.token = bobs.sim.add_token("bob", &["public_repo"]);
    let said = bobs.run(&format!("rollback --run {of_token}")).await;
    failed(&said, 1, &["was made with alice's token"]);
    assert_eq!(bobs.titles().len(), 1);
}

#[tokio::test]
async fn an_app_that_comes_later_takes_nothing_away_from_the_token() {
    let t = Desk::new().await;
    t.opens(WORK);
    succeeded(&t.run("process --repo acme/shop --issue 1 --dry-run").await);
    let of_token = t.run_ids().await.remove(0);
    t.sim.install_app("acme", RepositorySelection::All);
    let other = t.opens("@TheOpenProducerBot\n\n- Build the App's thing\n");
    let said = t
        .run_as_app(&format!(
            "process --repo acme/shop --issue {}",
            other.number
        ))
        .await;
    succeeded(&said);
    assert!(owner(&t).await > 0, "the repository is the App's now");
    assert_eq!(state(&t, &of_token).await, "running");
    succeeded(&t.run("process --repo acme/shop --issue 1 --confirm").await);
    assert_eq!(state(&t, &of_token).await, "completed");
    assert!(owner(&t).await > 0);
    succeeded(&t.run(&format!("rollback --run {of_token}")).await);
    assert_eq!(state(&t, &of_token).await, "rolled_back");
}

async fn owner(t: &Desk) -> i64 {
    sqlx::query_scalar("select installation_id from repositories where name = 'shop'")
        .fetch_one(t.database.pool())
        .await
        .unwrap()
}

async fn of_run(t: &Desk, id: &str) -> i64 {
    sqlx::query_scalar("select installation_id from runs where id = $1")
        .bind(id)
        .fetch_one(t.database.pool())
        .await
        .unwrap()
}

async fn state(t: &Desk, id: &str) -> String {
    sqlx::query_scalar("select status from runs where id = $1")
        .bind(id)
        .fetch_one(t.database.pool())
        .await
        .unwrap()
}
