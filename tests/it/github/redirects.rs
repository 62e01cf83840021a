//! Renamed, transferred, or led astray: where a redirect is followed to, and where not.

use http::Method;
use openproducer::{
    domain::ids::{IssueNumber, RepositoryName},
    github::{GitHubError, IssueChange, StateReason},
    simulator::{Effect, Fault},
};
use rstest::rstest;

use super::{ISSUE, ISSUES, Scene, signed, titled};

#[tokio::test]
async fn renamed_repository_is_followed_with_method_and_body() {
    let t = Scene::start().await;
    let number = t.opens("One");
    t.sim.rename_repository("acme/shop", "acme/store");
    assert_eq!(t.repo.get_issue(number).await.unwrap().title, "One");
    let created = t.repo.create_issue(&titled("Two")).await.unwrap();
    assert_eq!(created.title, "Two");
    let close = IssueChange::close(StateReason::NotPlanned);
    t.repo.update_issue(created.number, &close).await.unwrap();
    assert_eq!(t.statuses(&Method::GET, ISSUE), [301, 200]);
    assert_eq!(t.statuses(&Method::POST, ISSUES), [307, 201]);
    let now_called = t.repo.get().await.unwrap().full_name;
    assert_eq!(now_called, RepositoryName::parse("acme/store").unwrap());
    let titles: Vec<_> = t.sim.repository("acme/store").issues();
    assert_eq!(titles.len(), 2, "created once");
    assert!(t.repo.list_issues(None, 1).await.unwrap().complete);
    assert_eq!(t.sim.complaints(), Vec::<String>::new());
}

#[tokio::test]
async fn transferred_issue_has_moved() {
    let t = Scene::start().await;
    let issue = t.sim.user("alice").opens_issue("acme/shop", "One", "");
    t.sim.transfer_issue(&issue, "acme/site");
    let number = IssueNumber(signed(issue.number));
    let error = t.repo.get_issue(number).await.unwrap_err();
    assert!(matches!(error, GitHubError::Moved { .. }), "{error}");
    assert!(t.repo.find_issue(number).await.unwrap().is_none());
}

#[tokio::test]
async fn missing_deleted_and_disabled_are_told_apart() {
    let t = Scene::start().await;
    let issue = t.sim.user("alice").opens_issue("acme/shop", "One", "");
    let number = IssueNumber(signed(issue.number));
    let missing = t.repo.get_issue(IssueNumber(999)).await.unwrap_err();
    assert!(matches!(missing, GitHubError::NotFound { .. }), "{missing}");
    t.sim.delete_issue(&issue);
    let deleted = t.repo.get_issue(number).await.unwrap_err();
    assert!(matches!(deleted, GitHubError::Gone { .. }), "{deleted}");
    assert!(t.repo.find_issue(number).await.unwrap().is_none());
    t.sim.disable_issues("acme/shop");
    let disabled = t.repo.create_issue(&titled("Two")).await.unwrap_err();
    assert!(matches!(disabled, GitHubError::Gone { .. }), "{disabled}");
}

/// `BASE` stands for the simulated GitHub's own address.
#[rstest]
#[case::another_host("https://evil.example/api/repositories/1/issues")]
#[case::another_port("http://127.0.0.1:9/api/repositories/1/issues")]
#[case::another_scheme("ftp://127.0.0.1/api/repositories/1/issues")]
#[case::a_file("BASE/api/repos/acme/shop/contents/README.md")]
#[case::a_file_by_a_trick("BASE/api/repos/acme/shop/issues/..%2fcontents")]
#[case::outside_the_api("BASE/acme/shop")]
#[tokio::test]
async fn redirect_out_of_the_allow_list_is_refused(#[case] location: &str) {
    let t = Scene::start().await;
    let location = location.replace("BASE", &t.sim.web_url());
    let redirect = Effect::status(307, "Temporary Redirect").with_header("Location", &location);
    t.sim
        .faults()
        .schedule(Fault::on(Method::POST, ISSUES).then(redirect));
    let error = t.repo.create_issue(&titled("One")).await.unwrap_err();
    assert!(matches!(error, GitHubError::Refused { .. }), "{error}");
    assert_eq!(
        t.sim.requests().last().unwrap().status,
        307,
        "nothing was sent after it"
    );
}

#[tokio::test]
async fn endless_redirect_is_given_up() {
    let t = Scene::start().await;
    let here = format!("{}/repos/acme/shop/issues", t.sim.api_url());
    let redirect = Effect::status(307, "Temporary Redirect").with_header("Location", &here);
    t.sim
        .faults()
        .schedule(Fault::on(Method::POST, ISSUES).forever().then(redirect));
    let error = t.repo.create_issue(&titled("One")).await.unwrap_err();
    assert!(matches!(error, GitHubError::Unexpected { .. }), "{error}");
    assert_eq!(t.count(&Method::POST, ISSUES), 4);
}
