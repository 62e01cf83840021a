//! What is said about a write whose answer is missing: never "it failed" when it may have happened.

use std::time::Duration;

use http::Method;
use openproducer::{
    github::{GitHub, GitHubError, Timeouts},
    simulator::{Effect, Fault},
};

use super::{ISSUE, ISSUES, Scene, address, credentials, repository, titled};

/// Creates an issue while `effect` strikes; the error, and how many issues there are then.
async fn create_under(effect: Effect) -> (GitHubError, usize) {
    let t = Scene::start().await;
    let timeouts = Timeouts {
        read: Duration::from_secs(2),
        ..Timeouts::default()
    };
    let credentials = credentials(&t.sim);
    let github =
        GitHub::with_timeouts(&address(&t.sim), &credentials, t.clock.clone(), timeouts).unwrap();
    let repo = repository(
        &t.sim,
        &github.installation(t.installation.id()),
        "acme/shop",
    );
    let is_late = matches!(effect, Effect::Delay(_));
    t.sim
        .faults()
        .schedule(Fault::on(Method::POST, ISSUES).then(effect));
    let error = repo.create_issue(&titled("One")).await.unwrap_err();
    if is_late {
        // The effect comes after our time-out.
        while t.titles().is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
    // Nothing else happens any more.
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(
        t.count(&Method::POST, ISSUES),
        1,
        "sent once, whatever happens"
    );
    (error, t.titles().len())
}

#[tokio::test]
async fn cut_before_the_effect_leaves_it_open() {
    let (error, issues) = create_under(Effect::DropBefore).await;
    assert!(
        matches!(
            error,
            GitHubError::Transport {
                outcome_unknown: true,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(issues, 0);
}

#[tokio::test]
async fn cut_after_the_effect_leaves_it_open() {
    let (error, issues) = create_under(Effect::DropAfter).await;
    assert!(
        matches!(
            error,
            GitHubError::Transport {
                outcome_unknown: true,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(issues, 1);
}

#[tokio::test]
async fn half_an_answer_leaves_it_open() {
    let (error, issues) = create_under(Effect::Truncate).await;
    assert!(
        matches!(
            error,
            GitHubError::Transport {
                outcome_unknown: true,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(issues, 1);
}

#[tokio::test]
async fn late_answer_leaves_it_open() {
    let (error, issues) = create_under(Effect::Delay(Duration::from_secs(4))).await;
    assert!(
        matches!(
            error,
            GitHubError::Transport {
                outcome_unknown: true,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(issues, 1);
}

#[tokio::test]
async fn bad_gateway_leaves_it_open_with_and_without_effect() {
    let gateway = Effect::status(502, "Bad Gateway");
    let expected = GitHubError::Server {
        status: 502,
        outcome_unknown: true,
    };
    assert_eq!(create_under(gateway.clone()).await, (expected.clone(), 0));
    assert_eq!(create_under(gateway.after_effect()).await, (expected, 1));
}

#[tokio::test]
async fn reads_are_never_in_doubt() {
    let t = Scene::start().await;
    let number = t.opens("One");
    for effect in [
        Effect::DropBefore,
        Effect::Truncate,
        Effect::status(503, "Unavailable"),
    ] {
        t.sim
            .faults()
            .schedule(Fault::on(Method::GET, ISSUE).then(effect));
        let error = t.repo.get_issue(number).await.unwrap_err();
        assert!(error.is_passing() && !error.outcome_is_unknown(), "{error}");
    }
    t.repo.get_issue(number).await.unwrap();
}

#[tokio::test]
async fn server_that_is_down_was_surely_not_reached() {
    let t = Scene::start().await;
    t.repo.get().await.unwrap();
    let credentials = credentials(&t.sim);
    let nowhere = url::Url::parse("http://127.0.0.1:1/api").unwrap();
    let github = GitHub::new(&nowhere, &credentials, t.clock.clone()).unwrap();
    let repo = repository(
        &t.sim,
        &github.installation(t.installation.id()),
        "acme/shop",
    );
    let error = repo.create_issue(&titled("One")).await.unwrap_err();
    assert!(
        matches!(
            error,
            GitHubError::Transport {
                outcome_unknown: false,
                ..
            }
        ),
        "{error}"
    );
}

#[tokio::test]
async fn refused_fields_are_named() {
    let t = Scene::start().await;
    let error = t.repo.create_issue(&titled("")).await.unwrap_err();
    assert!(matches!(error, GitHubError::Validation { .. }), "{error}");
    assert!(!error.outcome_is_unknown() && !error.is_passing());
}
