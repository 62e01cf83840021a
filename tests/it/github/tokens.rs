//! Who we are to GitHub: the App's signature, and tokens that are few, narrow and fresh.

use std::time::Duration;

use chrono::TimeDelta;
use futures_util::future::try_join_all;
use http::Method;
use openproducer::{
    clock::Clock,
    github::{AppCredentials, GitHub, GitHubError},
    simulator::{Actor, Effect, Fault, RepositorySelection, Setup},
};
use serde_json::json;

use super::{ISSUE, ISSUES, MINT, Scene, address, credentials, repository, titled};

#[tokio::test]
async fn app_knows_itself_and_asks_once_an_hour() {
    let t = Scene::start().await;
    assert_eq!(
        t.github.app().await.unwrap().bot_login(),
        "theopenproducerbot[bot]"
    );
    t.later(Duration::from_mins(59));
    t.github.app().await.unwrap();
    assert_eq!(t.count(&Method::GET, "/app"), 1);
    t.later(Duration::from_mins(2));
    t.github.app().await.unwrap();
    assert_eq!(t.count(&Method::GET, "/app"), 2);
}

#[tokio::test]
async fn app_may_sign_with_its_number() {
    let t = Scene::start().await;
    let credentials = AppCredentials {
        issuer: t.sim.app().id.to_string(),
        ..credentials(&t.sim)
    };
    let github = GitHub::new(&address(&t.sim), &credentials, t.clock.clone()).unwrap();
    assert_eq!(github.app().await.unwrap().slug, "theopenproducerbot");
}

#[tokio::test]
async fn wrong_issuer_is_unauthorized() {
    let t = Scene::start().await;
    let credentials = AppCredentials {
        issuer: "Iv1.somebodyelse".to_owned(),
        ..credentials(&t.sim)
    };
    let github = GitHub::new(&address(&t.sim), &credentials, t.clock.clone()).unwrap();
    let error = github.app().await.unwrap_err();
    assert!(matches!(error, GitHubError::Unauthorized { .. }), "{error}");
    assert_eq!(
        t.count(&Method::GET, "/app"),
        1,
        "asking again does not help"
    );
}

#[tokio::test]
async fn clock_far_off_is_set_right_by_the_first_refusal() {
    let t = Scene::start_with(Setup::default(), TimeDelta::hours(3)).await;
    t.github.app().await.unwrap();
    assert_eq!(t.statuses(&Method::GET, "/app"), [401, 200]);
    t.opens("One");
    assert_eq!(t.repo.list_issues(None, 1).await.unwrap().items.len(), 1);
    assert_eq!(t.statuses(&Method::POST, MINT), [201]);
}

#[tokio::test]
async fn twenty_first_calls_mint_one_token() {
    let t = Scene::start().await;
    let number = t.opens("One");
    let calls = (0..20).map(|_| t.repo.get_issue(number));
    assert_eq!(try_join_all(calls).await.unwrap().len(), 20);
    assert_eq!(t.count(&Method::POST, MINT), 1);
}

#[tokio::test]
async fn token_is_renewed_before_it_ends() {
    let t = Scene::start().await;
    let number = t.opens("One");
    t.repo.get_issue(number).await.unwrap();
    t.later(Duration::from_mins(54));
    t.repo.get_issue(number).await.unwrap();
    assert_eq!(t.count(&Method::POST, MINT), 1);
    t.later(Duration::from_mins(2));
    let calls = (0..20).map(|_| t.repo.get_issue(number));
    try_join_all(calls).await.unwrap();
    assert_eq!(t.count(&Method::POST, MINT), 2, "once, for all twenty");
    assert_eq!(
        t.statuses(&Method::GET, ISSUE),
        [200; 22],
        "no request with a token that had ended"
    );
}

#[tokio::test]
async fn token_reaches_one_repository_and_its_issues_only() {
    let t = Scene::start().await;
    t.repo.get().await.unwrap();
    let site = repository(&t.sim, &t.installation, "acme/site");
    site.get().await.unwrap();
    let minted = t.sim.requests_matching(&Method::POST, MINT);
    let asked: Vec<_> = minted.into_iter().map(|request| request.body).collect();
    let narrow = |ids: &[i64]| json!({"repository_ids": ids, "permissions": {"issues": "write", "metadata": "read"}});
    assert_eq!(asked, [narrow(&[t.repo.id().0]), narrow(&[site.id().0])]);
}

#[tokio::test]
async fn fresh_token_that_is_refused_is_tried_again() {
    // With GitHub's own time for a token to be known everywhere.
    let t = Scene::start_spreading(Duration::from_secs(5)).await;
    let number = t.opens("One");
    let refused = Effect::status(401, "Bad credentials");
    t.sim
        .faults()
        .schedule(Fault::on(Method::GET, ISSUE).times(1).then(refused));
    t.repo.get_issue(number).await.unwrap();
    assert_eq!(t.statuses(&Method::GET, ISSUE), [401, 200]);
    assert_eq!(t.count(&Method::POST, MINT), 1);
}

#[tokio::test]
async fn old_token_that_is_refused_is_minted_anew_even_for_a_write() {
    let t = Scene::start().await;
    t.repo.get().await.unwrap();
    tokio::time::sleep(Duration::from_millis(350)).await;
    let refused = Effect::status(401, "Bad credentials");
    t.sim
        .faults()
        .schedule(Fault::on(Method::POST, ISSUES).times(1).then(refused));
    t.repo.create_issue(&titled("One")).await.unwrap();
    assert_eq!(t.statuses(&Method::POST, ISSUES), [401, 201]);
    assert_eq!(t.count(&Method::POST, MINT), 2);
    assert_eq!(t.titles(), ["One"]);
}

#[tokio::test]
async fn token_that_stays_refused_is_given_up() {
    let t = Scene::start().await;
    let refused = Effect::status(401, "Bad credentials");
    t.sim
        .faults()
        .schedule(Fault::on(Method::POST, ISSUES).forever().then(refused));
    let error = t.repo.create_issue(&titled("One")).await.unwrap_err();
    assert!(matches!(error, GitHubError::Unauthorized { .. }), "{error}");
    assert!(!error.outcome_is_unknown());
    assert_eq!(t.count(&Method::POST, MINT), 2);
}

#[tokio::test]
async fn suspended_installation_is_told_apart_and_comes_back() {
    let t = Scene::start().await;
    t.repo.get().await.unwrap();
    t.sim.suspend_installation(t.installation_id());
    assert_eq!(
        t.repo.get().await.unwrap_err(),
        GitHubError::Suspended,
        "with a token"
    );
    assert_eq!(
        t.repo.get().await.unwrap_err(),
        GitHubError::Suspended,
        "when minting one"
    );
    let record = t
        .github
        .get_installation(t.installation.id())
        .await
        .unwrap();
    assert!(record.suspended_at.is_some());
    t.sim.unsuspend_installation(t.installation_id());
    t.repo.get().await.unwrap();
}

#[tokio::test]
async fn removed_installation_is_gone() {
    let t = Scene::start().await;
    t.repo.get().await.unwrap();
    t.sim.uninstall(t.installation_id());
    assert_eq!(
        t.repo.get().await.unwrap_err(),
        GitHubError::InstallationGone
    );
    let record = t.github.get_installation(t.installation.id()).await;
    assert_eq!(record.unwrap_err(), GitHubError::InstallationGone);
    assert!(
        t.github
            .find_repository_installation(t.repo.name())
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn forgotten_token_is_minted_anew() {
    let t = Scene::start().await;
    t.repo.get().await.unwrap();
    assert!(t.installation.rate_state().is_some());
    t.github.forget(t.installation.id());
    assert!(t.installation.rate_state().is_none());
    t.repo.get().await.unwrap();
    assert_eq!(t.count(&Method::POST, MINT), 2);
}

#[tokio::test]
async fn repository_out_of_reach_is_not_found() {
    let t = Scene::start().await;
    t.sim.add_repository("other/one");
    t.sim.install_app("other", RepositorySelection::All);
    let other = repository(&t.sim, &t.installation, "other/one");
    let error = other.get().await.unwrap_err();
    assert!(error.is_absent(), "{error}");
    assert_eq!(
        t.count(&Method::GET, "/repos/{owner}/{repo}"),
        0,
        "no token, no request"
    );
}

#[tokio::test]
async fn permission_that_was_not_granted_is_forbidden() {
    let setup = Setup {
        permissions: vec![("metadata".to_owned(), "read".to_owned())],
        ..Setup::default()
    };
    let t = Scene::start_with(setup, TimeDelta::zero()).await;
    let error = t.repo.create_issue(&titled("One")).await.unwrap_err();
    assert!(matches!(error, GitHubError::Forbidden { .. }), "{error}");
}

#[tokio::test]
async fn failure_to_mint_leaves_no_write_in_doubt() {
    let t = Scene::start().await;
    for effect in [
        Effect::DropAfter,
        Effect::Truncate,
        Effect::status(502, "Bad Gateway"),
    ] {
        t.sim
            .faults()
            .schedule(Fault::on(Method::POST, MINT).then(effect));
        let error = t.repo.create_issue(&titled("One")).await.unwrap_err();
        assert!(error.is_passing() && !error.outcome_is_unknown(), "{error}");
    }
    assert_eq!(t.count(&Method::POST, ISSUES), 0);
    t.repo.create_issue(&titled("One")).await.unwrap();
}

#[tokio::test]
async fn person_with_a_token_can_try_it_out() {
    let t = Scene::start().await;
    let token = t.sim.add_token("alice", &["repo"]);
    let clock = Clock::fixed(t.sim.now());
    let github = GitHub::with_token(&address(&t.sim), token.into(), clock).unwrap();
    let repo = repository(
        &t.sim,
        &github.installation(t.installation.id()),
        "acme/shop",
    );
    repo.create_issue(&titled("One")).await.unwrap();
    let sent = t.sim.requests_matching(&Method::POST, ISSUES);
    assert_eq!(sent[0].actor, Actor::Token("alice".to_owned()));
    let error = github.app().await.unwrap_err();
    assert!(matches!(error, GitHubError::Forbidden { .. }), "{error}");
}
