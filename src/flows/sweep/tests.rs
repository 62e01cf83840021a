//! What a list of attempts means.

use super::*;

fn attempt(id: i64, guid: &str, status: &str) -> HookDelivery {
    HookDelivery {
        repository_id: None,
        id,
        guid: guid.to_owned(),
        delivered_at: DateTime::UNIX_EPOCH + TimeDelta::minutes(id),
        redelivery: false,
        status: status.to_owned(),
        status_code: 0,
        event: "issues".to_owned(),
        action: Some("opened".to_owned()),
        installation_id: Some(1),
    }
}

#[test]
fn the_newest_attempt_decides_whatever_the_order() {
    let list = [
        attempt(6, "a", "OK"),
        attempt(5, "b", "timed out"),
        attempt(4, "b", "OK"),
        attempt(3, "a", "timed out"),
        attempt(2, "c", "timed out"),
        attempt(1, "c", "failed to connect to host"),
    ];
    for attempts in [list.to_vec(), list.iter().rev().cloned().collect()] {
        let mut found = Found::among(attempts);
        assert_eq!(found.delivered, ["a"]);
        assert_eq!(found.failed, 2);
        found.wanted.sort_by_key(|f| f.failed_at);
        let wanted = |f: &Failed| (f.guid.clone(), f.delivery, f.failed_at.timestamp() / 60);
        assert_eq!(
            found.wanted.iter().map(wanted).collect::<Vec<_>>(),
            [("c".to_owned(), 2, 1), ("b".to_owned(), 5, 5)]
        );
        assert_eq!(found.reached_at.map(|at| at.timestamp() / 60), Some(6));
    }
}

#[test]
fn what_never_concerns_us_is_counted_and_left() {
    let mut labeled = attempt(1, "a", "timed out");
    labeled.action = Some("labeled".to_owned());
    let mut star = attempt(2, "b", "timed out");
    star.event = "star".to_owned();
    let found = Found::among(vec![labeled, star]);
    assert_eq!((found.failed, found.wanted.len()), (2, 0));
}

#[test]
fn pauses_grow_and_end_within_what_github_keeps() {
    let pauses: Vec<TimeDelta> = (1..MOST).map(pause).collect();
    assert!(pauses.is_sorted(), "{pauses:?}");
    assert!(pauses.iter().sum::<TimeDelta>() < KEPT);
}
