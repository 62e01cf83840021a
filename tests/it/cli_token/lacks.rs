//! What a token lacks is said in words, with the page where it is mended; no token is ever shown.

use super::{CREATES, Desk, SHOP, TITLES, WORK, failed, said, succeeded};

#[tokio::test]
async fn a_token_that_is_no_good_is_explained_before_anything_is_written() {
    let mut t = Desk::new().await;
    t.opens(WORK);
    let web = t.sim.web_url();
    let good = t.token.clone();
    let classic = format!("{web}/settings/tokens");
    let fine = format!("{web}/settings/personal-access-tokens");

    t.token = "ghp_mistyped".to_owned();
    let said = t.run(CREATES).await;
    failed(
        &said,
        1,
        &[
            "GITHUB_TOKEN is refused by GitHub: it is expired, revoked or mistyped",
            &classic,
            &fine,
        ],
    );

    t.token = t.sim.add_token("alice", &["read:org"]);
    let said = t.run(CREATES).await;
    failed(
        &said,
        1,
        &["only the scope `read:org`", "tick `public_repo`", &classic],
    );

    t.token = t.sim.add_token("alice", &[]);
    failed(&t.run(CREATES).await, 1, &["no scope"]);

    t.token = t.sim.add_token("mallory", &["repo"]);
    failed(
        &t.run(CREATES).await,
        1,
        &["mallory may only read acme/shop", "triage"],
    );

    t.token.clear();
    let said = t.run(CREATES).await;
    failed(&said, 2, &["GITHUB_TOKEN: is not set"]);

    t.token = good;
    t.sim.disable_issues(SHOP);
    failed(
        &t.run(CREATES).await,
        1,
        &["issues are turned off in acme/shop"],
    );
    assert_eq!(t.writes(), 0);
    assert_eq!(t.run_ids().await.len(), 0);
}

#[tokio::test]
async fn a_private_repository_that_the_token_does_not_reach_is_explained() {
    let mut t = Desk::new().await;
    t.opens(WORK);
    t.sim.set_private(SHOP, true);
    let web = t.sim.web_url();

    let said = t.run(CREATES).await;
    failed(
        &said,
        1,
        &[
            "no repository acme/shop",
            "only the scope `public_repo`",
            "tick `repo`",
            &format!("{web}/settings/tokens"),
        ],
    );

    t.token = t
        .sim
        .add_fine_grained_token("alice", &[], &[("issues", "write")]);
    let said = t.run(CREATES).await;
    failed(
        &said,
        1,
        &[
            "acme as resource owner",
            "Issues: Read and write",
            &format!("{web}/settings/personal-access-tokens"),
        ],
    );

    t.token = t.sim.add_token("mallory", &["repo"]);
    failed(&t.run(CREATES).await, 1, &["mallory has no access to it"]);
    let said = t.run("process --repo acme/nowhere --issue 1").await;
    failed(&said, 1, &["no repository acme/nowhere"]);

    t.token = t
        .sim
        .add_fine_grained_token("alice", &[SHOP], &[("metadata", "read")]);
    let said = t.run(CREATES).await;
    failed(&said, 1, &["Issues: Read and write"]);
    assert_eq!(t.writes(), 0);

    t.token = t
        .sim
        .add_fine_grained_token("alice", &[SHOP], &[("issues", "write")]);
    succeeded(&t.run(CREATES).await);
    assert_eq!(t.titles(), TITLES);
}

#[tokio::test]
async fn a_token_that_may_only_read_fails_at_the_first_write_with_what_to_tick() {
    let mut t = Desk::new().await;
    t.opens(WORK);
    let good = t.token.clone();
    t.token = t
        .sim
        .add_fine_grained_token("alice", &[SHOP], &[("issues", "read")]);
    let said = t.run(CREATES).await;
    let page = format!("{}/settings/personal-access-tokens", t.sim.web_url());
    failed(
        &said,
        1,
        &[
            "Resource not accessible by personal access token",
            "Issues: Read and write",
            &page,
        ],
    );
    assert!(t.titles().is_empty() && t.comments().is_empty());
    // With a better token the same command goes on.
    t.token = good;
    succeeded(&t.run(CREATES).await);
    assert_eq!(t.run_ids().await.len(), 1);
    assert_eq!(t.titles(), TITLES);
    assert_eq!(t.comments().len(), 1);
}

#[tokio::test]
async fn single_sign_on_is_asked_for_with_the_page_to_open() {
    let mut t = Desk::new().await;
    t.opens(WORK);
    t.sim.set_private(SHOP, true);
    t.sim.require_single_sign_on("acme");
    t.token = t.sim.add_token("alice", &["repo"]);
    let said = t.run(CREATES).await;
    let page = format!("{}/orgs/acme/sso?authorization_request=", t.sim.web_url());
    failed(&said, 1, &["single sign-on", &page]);
    assert_eq!(t.writes(), 0);
    // A public repository may be read, and is refused at the first write.
    t.sim.set_private(SHOP, false);
    failed(&t.run(CREATES).await, 1, &["single sign-on", &page]);
    assert!(t.titles().is_empty() && t.comments().is_empty());
    t.sim.authorise_token(&t.token, "acme");
    succeeded(&t.run(CREATES).await);
    assert_eq!(t.titles(), TITLES);
    assert!(!t.comments()[0].contains("/sso"), "{}", t.comments()[0]);
}

#[tokio::test]
async fn a_token_revoked_in_the_middle_stops_it_and_a_new_one_goes_on() {
    let mut t = Desk::new().await;
    t.opens(WORK);
    let first = t.start(CREATES);
    t.until("the first issue is there", |t| t.titles().len() == 1)
        .await;
    t.sim.revoke_token(&t.token);
    let code = first.wait_with_output().await.unwrap().status.code();
    assert_eq!(code, Some(1));
    t.token = t.sim.add_token("alice", &["repo"]);
    let again = t.run(CREATES).await;
    succeeded(&again);
    assert!(
        again.errors.contains("is the open run of"),
        "{}",
        again.errors
    );
    assert_eq!(t.titles(), TITLES);
}

#[tokio::test]
async fn serve_and_worker_say_what_token_mode_is_for() {
    let t = Desk::new().await;
    for command in ["serve", "worker"] {
        let said = t.run(command).await;
        failed(
            &said,
            2,
            &[
                "GITHUB_APP_MODE: is token, which is for process, status and rollback",
                "set GITHUB_APP_MODE=app",
            ],
        );
    }
    let config = t.run("config").await;
    succeeded(&config);
    for says in [
        "process, status and rollback act as the owner of GITHUB_TOKEN",
        "not set: only an App needs it",
        "set (hidden)",
    ] {
        assert!(config.output.contains(says), "{}", config.output);
    }
    let mut without = t.command("config");
    without.env_remove("GITHUB_TOKEN");
    let said = said(without).await;
    assert!(
        said.errors.contains("GITHUB_TOKEN is not set"),
        "{}",
        said.errors
    );
}
