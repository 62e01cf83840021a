//! Lists over many pages: all of it, with credentials on every page, and honest about a bound.

use std::time::Duration;

use http::Method;
use openproducer::simulator::Actor;

use super::{ISSUES, Scene};

#[tokio::test]
async fn two_hundred_and_fifty_issues_come_with_credentials_on_every_page() {
    let t = Scene::start().await;
    t.sim.set_private("acme/shop", true);
    let alice = t.sim.user("alice");
    for n in 1..=250 {
        let issue = alice.opens_issue("acme/shop", &format!("Issue {n}"), "");
        if n % 3 == 0 {
            alice.closes(&issue);
        }
    }
    alice.opens_pull_request("acme/shop", "Not an issue", "");
    let listed = t.repo.list_issues(None, 10).await.unwrap();
    assert!(listed.complete);
    let titles: Vec<String> = listed.items.into_iter().map(|issue| issue.title).collect();
    let expected: Vec<String> = (1..=250).map(|n| format!("Issue {n}")).collect();
    assert_eq!(titles, expected);
    let pages = t.sim.requests_matching(&Method::GET, ISSUES);
    let askers: Vec<_> = pages.iter().map(|page| page.actor.clone()).collect();
    assert_eq!(askers, vec![Actor::Installation(t.installation_id()); 3]);
}

#[tokio::test]
async fn bound_on_pages_is_said_and_cuts_the_oldest() {
    let t = Scene::start().await;
    for n in 0..201 {
        t.opens(&format!("Issue {n}"));
    }
    let listed = t.repo.list_issues(None, 2).await.unwrap();
    assert_eq!((listed.items.len(), listed.complete), (200, false));
    assert_eq!(listed.items[199].title, "Issue 200");
    let whole = t.repo.list_issues(None, 3).await.unwrap();
    assert_eq!((whole.items.len(), whole.complete), (201, true));
}

#[tokio::test]
async fn since_leaves_out_what_has_not_changed() {
    let t = Scene::start().await;
    t.opens("Old");
    t.later(Duration::from_mins(10));
    let since = t.clock.now();
    t.later(Duration::from_mins(10));
    let number = t.opens("New");
    let listed = t.repo.list_issues(Some(since), 1).await.unwrap();
    assert_eq!(listed.items.len(), 1);
    assert_eq!(listed.items[0].number, number);
}

#[tokio::test]
async fn all_comments_come_oldest_first() {
    let t = Scene::start().await;
    let alice = t.sim.user("alice");
    let issue = alice.opens_issue("acme/shop", "One", "");
    for n in 1..=130 {
        alice.comments(&issue, &format!("Comment {n}"));
    }
    let number = openproducer::domain::ids::IssueNumber(super::signed(issue.number));
    let listed = t.repo.list_comments(number, None).await.unwrap();
    assert_eq!((listed.items.len(), listed.complete), (130, true));
    assert_eq!(listed.items[0].body, "Comment 1");
    assert_eq!(listed.items[129].body, "Comment 130");
}
