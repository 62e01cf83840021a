//! Too fast: told apart from not allowed, with the time when to come back by our clock.

use std::time::Duration;

use chrono::TimeDelta;
use futures_util::future::join_all;
use http::Method;
use openproducer::{
    cache::Cache,
    flows::pace,
    github::GitHubError,
    simulator::{Effect, Fault, Limits, Setup},
};

use super::{ISSUES, Scene, titled};

#[tokio::test]
async fn secondary_limit_says_when_to_come_back() {
    let t = Scene::start().await;
    let limit = Effect::secondary_limit(Duration::from_secs(90));
    t.sim
        .faults()
        .schedule(Fault::on(Method::POST, ISSUES).then(limit));
    let error = t.repo.create_issue(&titled("One")).await.unwrap_err();
    let retry_at = t.clock.now() + TimeDelta::seconds(90);
    assert_eq!(
        error,
        GitHubError::RateLimited {
            retry_at,
            secondary: true,
            named: true,
        }
    );
    assert!(!error.outcome_is_unknown());
    assert_eq!(t.count(&Method::POST, ISSUES), 1, "not sent again");
}

#[tokio::test]
async fn enforced_limit_is_understood_under_both_statuses() {
    for status in [403, 429] {
        let t = Scene::start().await;
        let limits = Limits {
            per_minute: 1,
            status,
            ..Limits::default()
        };
        t.sim.enforce_limits(limits);
        t.repo.create_issue(&titled("One")).await.unwrap();
        let error = t.repo.create_issue(&titled("Two")).await.unwrap_err();
        assert!(
            matches!(
                error,
                GitHubError::RateLimited {
                    secondary: true,
                    ..
                }
            ),
            "{error}"
        );
        let wait = error.retry_at().unwrap() - t.clock.now();
        assert!(
            wait > TimeDelta::seconds(50) && wait <= TimeDelta::seconds(61),
            "{wait}"
        );
    }
}

#[tokio::test]
async fn exhausted_hour_waits_for_its_reset_by_our_clock() {
    let late = TimeDelta::minutes(30);
    let t = Scene::start_with(Setup::default(), late).await;
    t.repo.get().await.unwrap();
    let reset = t.sim.now() + TimeDelta::minutes(20);
    t.sim.set_rate_limit(0, reset);
    let error = t.repo.get().await.unwrap_err();
    assert!(
        matches!(
            error,
            GitHubError::RateLimited {
                secondary: false,
                ..
            }
        ),
        "{error}"
    );
    let wait = error.retry_at().unwrap() - t.clock.now();
    let difference = (wait - TimeDelta::minutes(20)).abs();
    assert!(difference <= TimeDelta::seconds(3), "{wait}");
    let state = t.installation.rate_state().unwrap();
    assert_eq!(
        (state.remaining, state.reset.timestamp()),
        (0, reset.timestamp())
    );
}

#[tokio::test]
async fn plain_refusal_is_forbidden_and_not_a_limit() {
    let t = Scene::start().await;
    let refusal = Effect::status(403, "Resource not accessible by integration");
    t.sim
        .faults()
        .schedule(Fault::on(Method::POST, ISSUES).then(refusal));
    let error = t.repo.create_issue(&titled("One")).await.unwrap_err();
    let message = "Resource not accessible by integration".to_owned();
    assert_eq!(error, GitHubError::Forbidden { message });
    assert_eq!(error.retry_at(), None);
}

#[tokio::test]
async fn rate_state_follows_the_answers() {
    let t = Scene::start().await;
    assert_eq!(t.installation.rate_state(), None);
    t.repo.get().await.unwrap();
    let first = t.installation.rate_state().unwrap();
    t.repo.get().await.unwrap();
    let second = t.installation.rate_state().unwrap();
    assert_eq!(first.limit, 5000);
    assert_eq!(second.remaining, first.remaining - 1);
}

#[tokio::test]
async fn no_more_requests_are_under_way_than_github_allows() {
    let t = Scene::start().await;
    t.sim.enforce_limits(Limits::default());
    t.github.set_gate(pace::gate(Cache::in_process(10)));
    t.repo.get().await.unwrap();
    let slow = Effect::Delay(Duration::from_secs(2));
    let repository = "/repos/{owner}/{repo}";
    t.sim
        .faults()
        .schedule(Fault::on(Method::GET, repository).times(150).then(slow));
    let answers = join_all((0..150).map(|_| t.repo.get())).await;
    let crowded = |answer: &&Result<_, _>| matches!(answer, Err(GitHubError::Crowded { .. }));
    let held_back = answers.iter().filter(crowded).count();
    assert_eq!(held_back, 60, "the rest may come again in a second");
    assert_eq!(
        answers.iter().filter(|a| a.is_ok()).count(),
        90,
        "none was refused"
    );
}
