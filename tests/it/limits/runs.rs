//! Whole runs against a GitHub that enforces its limits, by a clock that nobody waits for: nothing is refused, and hardly
//! any of what is allowed is left unused.

use std::fmt::Write as _;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use http::Method;
use openproducer::flows::pace::Pace;
use openproducer::github::Timeouts;
use openproducer::simulator::{Effect, Fault, Limits, Recorded};
use rstest::rstest;

use crate::crash::journey::{Journey, Lane};
use crate::harness::sight::ISSUES;

/// GitHub as it is, and an operator who allows runs of any size. Links are counted as content: GitHub may do so.
async fn open() -> Lane {
    let mut lane = Lane::open(Timeouts::default()).await;
    lane.pace = Pace::GITHUB;
    lane.operator.max_issues = 1200;
    lane.sim.enforce_limits(Limits {
        count_links: true,
        ..Limits::default()
    });
    lane
}

fn spec(issues: usize, options: &str) -> String {
    let mut text = format!("@TheOpenProducerBot\n\ndry_run: true\n{options}\n\n## Scope\n\n");
    for number in 1..=issues {
        writeln!(text, "- Add the price list of supplier {number}").unwrap();
    }
    text
}

/// The fastest that GitHub's limits allow so many content-creating requests: from the first to the last.
fn allowed(requests: usize) -> TimeDelta {
    let (hours, rest) = ((requests - 1) / 500, (requests - 1) % 500);
    TimeDelta::hours(i64::try_from(hours).unwrap())
        + TimeDelta::seconds(i64::try_from(rest).unwrap())
}

fn of<'a>(
    requests: &'a [Recorded],
    method: &'a Method,
    end: &'a str,
) -> impl Iterator<Item = &'a Recorded> {
    requests
        .iter()
        .filter(move |r| r.method == *method && r.route.ends_with(end))
}

/// When each issue was created, by our clock, which stands still while the machine works.
async fn created(lane: &Lane) -> Vec<DateTime<Utc>> {
    sqlx::query_scalar("select created_at from created_issues order by created_at")
        .fetch_all(lane.database.pool())
        .await
        .unwrap()
}

fn within(times: &[DateTime<Utc>], window: TimeDelta, most: usize) {
    for times in times.windows(most + 1) {
        assert!(times[most] - times[0] > window, "{most} within {window}");
    }
}

/// What must hold of all that was sent: nothing refused, writes a second apart, minutes and hours within their limits.
async fn keeps_every_limit(lane: &Lane, requests: &[Recorded]) {
    let refused: Vec<_> = requests
        .iter()
        .filter(|r| matches!(r.status, 403 | 429))
        .collect();
    assert!(refused.is_empty(), "{refused:#?}");
    let writes: Vec<DateTime<Utc>> = requests
        .iter()
        .filter(|r| r.method != Method::GET && !r.route.ends_with("access_tokens"))
        .map(|r| r.at)
        .collect();
    for pair in writes.windows(2) {
        assert!(
            pair[1] - pair[0] >= TimeDelta::milliseconds(999),
            "{pair:?}"
        );
    }
    let kinds = [
        "/issues",
        "/comments",
        "/labels",
        "/sub_issues",
        "/blocked_by",
    ];
    let mut content: Vec<DateTime<Utc>> = kinds
        .iter()
        .flat_map(|end| of(requests, &Method::POST, end))
        .map(|r| r.at)
        .collect();
    content.sort_unstable();
    for times in [content, created(lane).await] {
        within(&times, TimeDelta::minutes(1), 80);
        within(&times, TimeDelta::hours(1), 500);
    }
}

async fn confirmed(journey: &Journey<'_>) {
    journey.create().await.unwrap();
    // The preview is content too; it was read for longer than an hour.
    journey.rest(4000).await;
    journey.says("confirm").await.unwrap();
}

#[rstest]
#[case(200)]
#[case(500)]
#[case(1000)]
#[tokio::test]
async fn a_large_run_keeps_every_limit_and_uses_what_they_allow(#[case] issues: usize) {
    let lane = open().await;
    let options = "rate_limit_per_minute: 80\nsub_issues: false";
    let journey = lane.begin_with(&spec(issues, options), issues);
    confirmed(&journey).await;
    assert_eq!(journey.outcome().await.unwrap().state, "completed");
    let requests = journey.requests();
    keeps_every_limit(&lane, &requests).await;
    let created = created(&lane).await;
    assert_eq!(created.len(), issues);
    let took = created[issues - 1] - created[0];
    let used = allowed(issues).as_seconds_f64() / took.as_seconds_f64();
    assert!(
        used >= 0.97,
        "{used:.3} of what is allowed was used: {took}"
    );
    let each = ratio(requests.len(), issues);
    println!("{issues} issues: {used:.3} of what the limits allow, {each:.2} requests an issue");
    assert!(each < 1.2, "{each} requests an issue");
}

#[expect(clippy::cast_precision_loss, reason = "thousands")]
fn ratio(count: usize, of: usize) -> f64 {
    count as f64 / of as f64
}

#[tokio::test]
async fn the_rate_that_was_asked_for_is_kept_and_used() {
    let lane = open().await;
    let options = "rate_limit_per_minute: 20\nsub_issues: false";
    let journey = lane.begin_with(&spec(100, options), 100);
    confirmed(&journey).await;
    keeps_every_limit(&lane, &journey.requests()).await;
    let created = created(&lane).await;
    within(&created, TimeDelta::minutes(1), 20);
    let took = (created[99] - created[0]).as_seconds_f64();
    assert!((4.0 * 60.0 + 19.0) / took >= 0.97, "{took} s");
}

#[tokio::test]
async fn links_come_after_all_issues_and_within_the_hour() {
    let lane = open().await;
    // 300 sub-issues are more than GitHub lets one issue have: they come in groups.
    let journey = lane.begin_with(&spec(300, "rate_limit_per_minute: 80"), 303);
    confirmed(&journey).await;
    assert_eq!(journey.outcome().await.unwrap().state, "completed");
    let requests = journey.requests();
    keeps_every_limit(&lane, &requests).await;
    let last = of(&requests, &Method::POST, "/issues").last().unwrap().at;
    let links: Vec<_> = of(&requests, &Method::POST, "/sub_issues").collect();
    assert_eq!(links.len(), 303);
    assert!(links[0].at > last, "creation comes first");
    let first = created(&lane).await[0];
    let took = (journey.now() - first).as_seconds_f64();
    let used = allowed(303 + 303).as_seconds_f64() / took;
    assert!(
        used >= 0.97,
        "{used:.3} of what is allowed was used: {took} s"
    );
}

#[tokio::test]
async fn after_a_refusal_a_run_waits_and_goes_on_at_half_the_pace() {
    let lane = open().await;
    let refusal = Effect::secondary_limit(Duration::from_secs(90));
    let fault = Fault::on(Method::POST, ISSUES).nth(5).then(refusal);
    lane.sim.faults().schedule(fault);
    let options = "rate_limit_per_minute: 80\nsub_issues: false";
    let journey = lane.begin_with(&spec(20, options), 20);
    confirmed(&journey).await;
    assert_eq!(journey.outcome().await.unwrap().state, "completed");
    assert!(
        lane.sim.complaints().is_empty(),
        "{:?}",
        lane.sim.complaints()
    );
    let created = created(&lane).await;
    let apart: Vec<i64> = created
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).num_seconds())
        .collect();
    assert_eq!(apart[..3], [1, 1, 1]);
    // An edit of the comment may come first.
    assert!(
        (91..=94).contains(&apart[3]),
        "the wait that GitHub named: {apart:?}"
    );
    assert!(apart[4..].iter().all(|seconds| *seconds >= 2), "{apart:?}");
    let run = sqlx::query_as("select failure, waits_until from runs");
    let (failure, waited): (Option<String>, Option<DateTime<Utc>>) =
        run.fetch_one(lane.database.pool()).await.unwrap();
    assert_eq!(failure, None);
    let waited = waited.unwrap() - created[3];
    assert_eq!(waited, TimeDelta::seconds(91));
}

#[tokio::test]
async fn labels_that_github_refuses_take_one_place_each() {
    let lane = open().await;
    let labels = "/repos/{owner}/{repo}/labels";
    let refused = Fault::on(Method::POST, labels).forever();
    let refused = refused.then(Effect::status(
        403,
        "Resource not accessible by integration",
    ));
    lane.sim.faults().schedule(refused);
    let options = "labels: one, two, three\nsub_issues: false";
    let journey = lane.begin_with(&spec(3, options), 3);
    confirmed(&journey).await;
    assert_eq!(lane.sim.requests_matching(&Method::POST, labels).len(), 3);
    assert_eq!(created(&lane).await.len(), 3);
}

#[tokio::test]
async fn an_answer_does_not_wait_for_a_reaction_that_is_refused() {
    let lane = open().await;
    let journey = lane.begin_with(&spec(3, "sub_issues: false"), 3);
    confirmed(&journey).await;
    let reactions = "/repos/{owner}/{repo}/issues/comments/{number}/reactions";
    let refused = Fault::on(Method::POST, reactions).forever();
    let refused = refused.then(Effect::status(502, "Bad Gateway"));
    lane.sim.faults().schedule(refused);
    journey.says("help").await.unwrap();
    let comments = "/repos/{owner}/{repo}/issues/{number}/comments";
    let posted = lane.sim.requests_matching(&Method::POST, comments);
    assert_eq!(posted.len(), 2, "the preview, and the help");
}
