//! What is judged without asking anybody.

use chrono::{DateTime, TimeDelta, Utc};

use super::finding::State;
use super::{database, github, queue, webhooks};
use crate::github::{HookDelivery, RateState};
use crate::store::jobs::QueueState;

fn noon() -> DateTime<Utc> {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

#[test]
fn a_slow_answer_is_no_wrong_clock() {
    let asked = noon();
    let answered = asked + TimeDelta::seconds(40);
    let of = |seconds| database::of_clock(asked + TimeDelta::seconds(seconds), asked, answered);
    assert_eq!(of(20).state, State::Ok);
    assert_eq!(of(44).state, State::Ok);
    assert_eq!(of(46).state, State::Warning);
    assert!(
        of(-600).says.contains("10 minutes behind ours"),
        "{:?}",
        of(-600)
    );
}

#[test]
fn connections_are_a_warning_before_there_are_none_left() {
    assert_eq!(database::of_connections(89, 100).state, State::Ok);
    assert_eq!(database::of_connections(90, 100).state, State::Warning);
}

#[test]
fn workers_are_missed_most_where_jobs_wait() {
    let idle = QueueState::default();
    let busy = QueueState { open: 3, ..idle };
    let state = |silences: &[f64], queue| queue::of_workers(silences, queue).state;
    assert_eq!(state(&[1.0, 2.0, 1.5], &busy), State::Ok);
    assert_eq!(state(&[], &idle), State::Warning);
    assert_eq!(state(&[900.0], &busy), State::Failed);
}

#[test]
fn of_each_delivery_the_newest_attempt_counts() {
    let attempt = |guid: &str, status: &str, code| HookDelivery {
        id: 1,
        guid: guid.to_owned(),
        delivered_at: noon(),
        redelivery: false,
        status: status.to_owned(),
        status_code: code,
        event: "issues".to_owned(),
        action: Some("opened".to_owned()),
        installation_id: None,
        repository_id: None,
    };
    let recovered = [attempt("a", "OK", 202), attempt("a", "timed out", 0)];
    assert_eq!(webhooks::of_list(&recovered, noon()).state, State::Ok);
    let lost = [attempt("a", "timed out", 0), attempt("b", "OK", 202)];
    let found = webhooks::of_list(&lost, noon());
    assert_eq!(found.details, ["issues.opened, just now: timed out"]);
    // A time-out says nothing of the secret; the one before it proves it.
    assert_eq!(webhooks::of_secret(&lost, noon()).state, State::Ok);
}

#[test]
fn scopes_and_limits_are_judged() {
    let scopes = |names: &[&str]| {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        github::of_scopes("alice", Some(&names)).state
    };
    assert_eq!(scopes(&["repo"]), State::Ok);
    assert_eq!(scopes(&["repo:status"]), State::Failed);
    assert_eq!(github::of_scopes("alice", None).state, State::Ok);
    let rate = |remaining| RateState {
        limit: 5000,
        remaining,
        reset: noon(),
    };
    assert_eq!(github::of_rate(Some(rate(500)), true).state, State::Ok);
    assert_eq!(github::of_rate(Some(rate(499)), true).state, State::Warning);
    assert_eq!(github::of_rate(None, true).state, State::Skipped);
}
