//! Nothing is lost while the server is down: GitHub's list is swept, and what failed is asked for again, once each.

use std::time::{Duration, Instant};

use axum::Router;
use chrono::TimeDelta;
use http::{Method, StatusCode};
use openproducer::clock::Clock;
use openproducer::flows::Services;
use openproducer::flows::sweep::{self, Occasion, Outcome};
use openproducer::simulator::{Effect, Fault, IssueRef};
use openproducer::store::deliveries;
use openproducer::store::sweeps::{self, Standing, Tally};
use rstest::rstest;

use crate::harness::house::{House, SHOP, STUCK, house};

const LIST: &str = "/app/hook/deliveries";
const AGAIN: &str = "/app/hook/deliveries/{id}/attempts";
const ASKED: &str = "@TheOpenProducerBot\n\n- Build the login form\n";

impl House {
    /// Starts the server and returns when its first sweep, and all that came of it, is done.
    async fn starts_and_sweeps(&mut self) {
        let before = self.sweeps().await;
        self.start_server().await;
        let begun = Instant::now();
        while self.sweeps().await == before {
            assert!(begun.elapsed() < STUCK, "no sweep");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        self.quiet().await;
    }

    /// How often GitHub was asked to deliver again.
    fn asked_again(&self) -> usize {
        self.sent(&Method::POST, AGAIN)
    }

    /// The titles of the issues whose `opened` was sent again, in that order.
    fn sent_again(&self) -> Vec<String> {
        let all = self.sim.deliveries();
        let again = all.iter().filter(|d| d.redelivery);
        again
            .map(|d| serde_json::from_slice::<serde_json::Value>(&d.payload).unwrap())
            .map(|p| p["issue"]["title"].as_str().unwrap_or("?").to_owned())
            .collect()
    }

    async fn standing(&self) -> Standing {
        let ever = chrono::DateTime::UNIX_EPOCH;
        sweeps::standing(self.pool(), ever, ever).await.unwrap()
    }

    fn asks_for(&self, title: &str) -> IssueRef {
        self.alice().opens_issue(SHOP, title, ASKED)
    }

    /// The server's own services, with a clock that is moved by hand; its own first sweep is over.
    async fn with_clock(&self) -> (Services, Clock) {
        self.first_sweep_is_over().await;
        let clock = Clock::fixed(self.sim.now());
        let mut services = self.services();
        services.clock = clock.clone();
        (services, clock)
    }
}

async fn sweep(services: &Services) -> Tally {
    match sweep::sweep(services, Occasion::Start).await.unwrap() {
        Outcome::Complete(tally) => tally,
        other => panic!("{other:?}"),
    }
}

#[derive(Clone, Copy)]
enum Down {
    Refused,
    Unavailable,
}

#[rstest]
#[case::connection_refused(Down::Refused)]
#[case::answered_with_503(Down::Unavailable)]
#[tokio::test]
async fn what_was_lost_while_down_comes_in_once_each_and_in_order(#[case] down: Down) {
    house(async |t| {
        let here = format!("http://{}/api/webhook/github", t.address());
        t.stop_server().await;
        if matches!(down, Down::Unavailable) {
            let app = Router::new().fallback(async || StatusCode::SERVICE_UNAVAILABLE);
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let elsewhere = format!("http://{}/hook", listener.local_addr().unwrap());
            tokio::spawn(async move { axum::serve(listener, app).await });
            t.sim.set_webhook_url(elsewhere);
        }
        let issues = ["One", "Two", "Three"].map(|title| t.asks_for(title));
        t.sim.settled().await;
        assert!(t.sim.deliveries().iter().any(|d| d.status != "OK"));
        t.sim.set_webhook_url(here);
        t.starts_and_sweeps().await;
        assert_eq!(t.sent_again(), ["One", "Two", "Three"]);
        for issue in &issues {
            assert_eq!(t.state(issue).await, "completed");
        }
        // The next sweep finds them here.
        let (services, _) = t.with_clock().await;
        assert_eq!(sweep(&services).await.redelivered, 0);
        assert_eq!(t.asked_again(), 3);
        let standing = t.standing().await;
        assert_eq!(
            (standing.recovered, standing.waiting, standing.given_up),
            (3, 0, 0)
        );
    })
    .await;
}

#[tokio::test]
async fn two_failed_attempts_of_one_guid_are_asked_for_once() {
    house(async |t| {
        t.stop_server().await;
        let issue = t.asks_for("One");
        t.sim.settled().await;
        let guid = t.sim.deliveries().last().unwrap().guid.clone();
        t.sim.redeliver(&guid);
        t.sim.settled().await;
        t.starts_and_sweeps().await;
        assert_eq!(t.asked_again(), 1);
        assert_eq!(t.state(&issue).await, "completed");
    })
    .await;
}

#[tokio::test]
async fn what_is_done_here_is_not_asked_for_though_github_heard_no_answer() {
    house(async |t| {
        t.first_sweep_is_over().await;
        t.sim.lose_answers(1);
        let issue = t.asks_for("One");
        t.quiet().await;
        assert_eq!(t.state(&issue).await, "completed");
        let (services, _) = t.with_clock().await;
        let tally = sweep(&services).await;
        assert_eq!((tally.failed, tally.redelivered), (1, 0));
        assert_eq!(t.asked_again(), 0);
    })
    .await;
}

#[tokio::test]
async fn what_waits_here_for_its_job_is_not_asked_for() {
    house(async |t| {
        t.first_sweep_is_over().await;
        let slow = Effect::Delay(Duration::from_secs(4));
        let role = "/repos/{owner}/{repo}/collaborators/{login}/permission";
        t.sim
            .faults()
            .schedule(Fault::on(Method::GET, role).then(slow));
        t.sim.lose_answers(1);
        let issue = t.asks_for("One");
        t.sim.settled().await;
        assert!(deliveries::count_unfinished(t.pool()).await.unwrap() > 0);
        let (services, _) = t.with_clock().await;
        let tally = sweep(&services).await;
        assert_eq!((tally.failed, tally.redelivered), (1, 0));
        t.quiet().await;
        assert_eq!(t.state(&issue).await, "completed");
    })
    .await;
}

#[tokio::test]
async fn what_concerns_nobody_is_not_asked_for() {
    house(async |t| {
        t.first_sweep_is_over().await;
        let issue = t.alice().opens_issue(SHOP, "One", "");
        t.quiet().await;
        t.sim.lose_deliveries(2);
        t.alice().labels(&issue, &["bug"]);
        t.alice().closes(&issue);
        t.sim.settled().await;
        let (services, _) = t.with_clock().await;
        let tally = sweep(&services).await;
        assert_eq!((tally.failed, tally.redelivered), (2, 0));
        assert_eq!(t.standing().await.waiting, 0);
    })
    .await;
}

#[tokio::test]
async fn a_redelivery_that_fails_again_is_asked_for_later() {
    house(async |t| {
        let (services, clock) = t.with_clock().await;
        t.sim.lose_deliveries(2);
        let issue = t.asks_for("One");
        t.sim.settled().await;
        assert_eq!(sweep(&services).await.redelivered, 1);
        t.sim.settled().await;
        assert_eq!(sweep(&services).await.redelivered, 0, "not at once");
        clock.advance(TimeDelta::minutes(11));
        assert_eq!(sweep(&services).await.redelivered, 1);
        t.quiet().await;
        assert_eq!(t.state(&issue).await, "completed");
        clock.advance(TimeDelta::minutes(11));
        sweep(&services).await;
        assert_eq!(t.asked_again(), 2);
        assert_eq!(t.standing().await.recovered, 1);
    })
    .await;
}

#[tokio::test]
async fn what_fails_again_and_again_is_given_up_and_shown() {
    house(async |t| {
        let (services, clock) = t.with_clock().await;
        t.sim.lose_deliveries(100);
        t.asks_for("One");
        let mut asked = Vec::new();
        // Every ten minutes for two days.
        for _ in 0..6 * 48 {
            t.sim.settled().await;
            sweep(&services).await;
            asked.push(t.asked_again());
            clock.advance(TimeDelta::minutes(10));
        }
        let at: Vec<usize> = (1..=5)
            .map(|n| asked.iter().position(|seen| *seen == n).unwrap())
            .collect();
        assert_eq!(asked.last(), Some(&5), "five times at most");
        let pauses: Vec<usize> = at.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(pauses.is_sorted() && pauses[0] < pauses[3], "{pauses:?}");
        let standing = t.standing().await;
        assert_eq!((standing.waiting, standing.given_up), (0, 1));

        // Somebody has it delivered by hand: then it is here after all.
        t.sim.lose_deliveries(0);
        let guid = t.sim.deliveries().last().unwrap().guid.clone();
        t.sim.redeliver(&guid);
        t.quiet().await;
        sweep(&services).await;
        assert_eq!(t.standing().await.given_up, 0);
    })
    .await;
}

#[tokio::test]
async fn while_nothing_gets_through_one_is_asked_for_and_the_others_keep_their_turns() {
    house(async |t| {
        let (services, clock) = t.with_clock().await;
        // GitHub tells whole seconds: what got through before must be older than what fails.
        t.sim.advance_clock(Duration::from_secs(5));
        t.sim.lose_deliveries(6);
        let issues = ["One", "Two", "Three"].map(|title| t.asks_for(title));
        t.sim.settled().await;
        assert_eq!(sweep(&services).await.redelivered, 3);
        t.sim.settled().await;
        t.sim.lose_deliveries(1);
        for (asked, why) in [(1, "still shut"), (1, "it opens"), (2, "open")] {
            clock.advance(TimeDelta::minutes(61));
            assert_eq!(sweep(&services).await.redelivered, asked, "{why}");
            t.quiet().await;
        }
        for issue in &issues {
            assert_eq!(t.state(issue).await, "completed");
        }
    })
    .await;
}

#[tokio::test]
async fn two_replicas_ask_for_each_once() {
    house(async |t| {
        t.first_sweep_is_over().await;
        t.sim.lose_deliveries(12);
        for n in 0..12 {
            t.alice().opens_issue(SHOP, &format!("Number {n}"), "");
        }
        t.sim.settled().await;
        let (one, _) = t.with_clock().await;
        let (other, _) = t.with_clock().await;
        let both = tokio::join!(
            Box::pin(sweep::sweep(&one, Occasion::Start)),
            Box::pin(sweep::sweep(&other, Occasion::Start))
        );
        let left_out = |outcome: &Outcome| *outcome == Outcome::LeftOut;
        let (first, second) = (both.0.unwrap(), both.1.unwrap());
        assert!(
            left_out(&first) != left_out(&second),
            "{first:?} {second:?}"
        );
        let routine = sweep::sweep(&other, Occasion::Routine).await.unwrap();
        assert_eq!(routine, Outcome::LeftOut, "the other's is young");
        sweep(&other).await;
        t.quiet().await;
        assert_eq!(t.asked_again(), 12);
        let order: Vec<String> = (0..12).map(|n| format!("Number {n}")).collect();
        assert_eq!(t.sent_again(), order);
    })
    .await;
}

#[tokio::test]
async fn a_sweep_that_is_cut_off_is_taken_up_over_three_pages() {
    house(async |t| {
        const LOST: usize = 230;
        t.first_sweep_is_over().await;
        t.sim.lose_deliveries(u32::try_from(LOST).unwrap());
        for n in 0..LOST {
            t.alice().opens_issue(SHOP, &format!("Number {n}"), "");
        }
        t.sim.settled().await;
        let (services, clock) = t.with_clock().await;
        let faults = t.sim.faults();
        faults.schedule(Fault::on(Method::GET, LIST).nth(2).then(Effect::DropAfter));
        sweep::sweep(&services, Occasion::Start).await.unwrap_err();
        assert_eq!(t.asked_again(), 0, "none before the oldest is known");

        // Now in the middle of asking: the first half is not asked for again.
        faults.schedule(
            Fault::on(Method::POST, AGAIN)
                .nth(100)
                .then(Effect::DropAfter),
        );
        sweep::sweep(&services, Occasion::Start).await.unwrap_err();
        assert_eq!(t.asked_again(), 100);
        let tally = sweep(&services).await;
        assert!(tally.pages >= 3, "{tally:?}");
        assert_eq!(tally.redelivered, 100, "so many at once");
        assert_eq!(sweep(&services).await.redelivered, LOST - 200);
        t.quiet().await;
        let order: Vec<String> = (0..LOST).map(|n| format!("Number {n}")).collect();
        assert_eq!(t.sent_again(), order);
        clock.advance(TimeDelta::minutes(20));
        let tally = sweep(&services).await;
        assert_eq!(tally.redelivered, 0);
        assert_eq!(t.standing().await.waiting, 0);
        // A quiet server reads one page.
        clock.advance(TimeDelta::minutes(20));
        assert_eq!(sweep(&services).await.pages, 1);
    })
    .await;
}

#[tokio::test]
async fn a_list_that_is_down_is_counted_shown_and_waited_for() {
    house(async |t| {
        let (services, clock) = t.with_clock().await;
        let faults = t.sim.faults();
        faults.schedule(Fault::on(Method::GET, LIST).then(Effect::status(502, "Bad Gateway")));
        sweep::sweep(&services, Occasion::Start).await.unwrap_err();
        let error = t.standing().await.error.unwrap();
        assert!(error.contains("502"), "{error}");

        faults.schedule(
            Fault::on(Method::GET, LIST).then(Effect::secondary_limit(Duration::from_mins(20))),
        );
        sweep::sweep(&services, Occasion::Start).await.unwrap_err();
        let asked = t.sent(&Method::GET, LIST);
        clock.advance(TimeDelta::minutes(19));
        let early = sweep::sweep(&services, Occasion::Start).await.unwrap();
        assert!(matches!(early, Outcome::Waits(_)), "{early:?}");
        assert_eq!(t.sent(&Method::GET, LIST), asked, "GitHub asked to wait");
        clock.advance(TimeDelta::minutes(2));
        sweep(&services).await;
        assert_eq!(t.standing().await.error, None);

        let metrics = metrics(t).await;
        let counted = |line: &str| assert!(metrics.contains(line), "{line}:\n{metrics}");
        counted("openproducer_delivery_sweeps_total{result=\"failed\"} 2\n");
        counted("openproducer_deliveries_lost{state=\"given_up\"} 0\n");
        counted("openproducer_deliveries_lost{state=\"waiting\"} 0\n");
        counted("openproducer_delivery_last_sweep_timestamp_seconds ");
    })
    .await;
}

#[tokio::test]
async fn a_redelivery_that_github_delays_is_asked_for_when_it_says() {
    house(async |t| {
        let (services, clock) = t.with_clock().await;
        t.sim.lose_deliveries(1);
        let issue = t.asks_for("One");
        t.sim.settled().await;
        let limit = Effect::secondary_limit(Duration::from_mins(2));
        t.sim
            .faults()
            .schedule(Fault::on(Method::POST, AGAIN).then(limit));
        sweep::sweep(&services, Occasion::Start).await.unwrap_err();
        // It was refused: that is no turn of the delivery's.
        clock.advance(TimeDelta::minutes(3));
        assert_eq!(sweep(&services).await.redelivered, 1);
        t.quiet().await;
        assert_eq!(t.state(&issue).await, "completed");
        assert_eq!(t.asked_again(), 2);
    })
    .await;
}

#[tokio::test]
async fn what_github_will_not_send_again_is_given_up() {
    house(async |t| {
        let (services, _) = t.with_clock().await;
        t.sim.lose_deliveries(2);
        t.asks_for("One");
        let two = t.asks_for("Two");
        t.sim.settled().await;
        t.sim
            .faults()
            .schedule(Fault::on(Method::POST, AGAIN).then(Effect::status(404, "Not Found")));
        assert_eq!(sweep(&services).await.redelivered, 1);
        t.quiet().await;
        assert_eq!(t.state(&two).await, "completed");
        assert_eq!(t.standing().await.given_up, 1);
    })
    .await;
}

#[tokio::test]
async fn status_tells_of_sweeps_and_keeps_its_json_a_list() {
    house(async |t| {
        t.first_sweep_is_over().await;
        t.sim.lose_deliveries(1);
        t.asks_for("One");
        t.sim.settled().await;
        let (services, _) = t.with_clock().await;
        sweep(&services).await;
        t.quiet().await;
        sweep(&services).await;
        let (said, _) = status(t, "").await;
        let line = said.lines().last().unwrap();
        assert_eq!(
            line,
            "Deliveries: last swept just now; 1 recovered in the last day; 0 given up"
        );
        let (json, aside) = status(t, "--json").await;
        let runs: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(runs.as_array().unwrap().len(), 1);
        let aside: serde_json::Value = serde_json::from_str(&aside).unwrap();
        assert_eq!(aside["deliveries"]["recovered_in_a_day"], 1);
        let (of_one, _) = status(t, "--repo acme/shop").await;
        assert!(!of_one.contains("Deliveries:"), "{of_one}");
    })
    .await;
}

/// Output and errors of `openproducer status`.
async fn status(t: &House, arguments: &str) -> (String, String) {
    let done = tokio::process::Command::new(env!("CARGO_BIN_EXE_openproducer"))
        .arg("status")
        .args(arguments.split_whitespace())
        .current_dir(std::env::temp_dir())
        .env_clear()
        .env("DATABASE_URL", t.database_url())
        .output()
        .await
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    assert!(done.status.success(), "{}", text(done.stderr));
    (text(done.stdout), text(done.stderr))
}

async fn metrics(t: &House) -> String {
    use http_body_util::{BodyExt as _, Empty};
    let client = hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new())
        .build_http::<Empty<bytes::Bytes>>();
    let address = format!("http://{}/metrics", t.address());
    let answer = client.get(address.parse().unwrap()).await.unwrap();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(body.to_vec()).unwrap()
}

#[tokio::test]
async fn what_was_accepted_and_gave_up_is_taken_up_again() {
    house(async |t| {
        let trigger = t.opens("Login", ASKED).await;
        t.says(&trigger, "@TheOpenProducerBot help").await;
        t.stop_server().await;
        let gave_up = "update deliveries set state = 'failed', error = 'GitHub was away', attempts = $1,
                              finished_at = now() - interval '2 hours' where event = 'issue_comment'";
        let gave_up = async |attempts: i32| {
            let done = sqlx::query(gave_up).bind(attempts).execute(t.pool()).await;
            assert_eq!(done.unwrap().rows_affected(), 1);
        };
        // One that cannot be read gives up at its first attempt, and stays for a person to look at.
        gave_up(1).await;
        let now = t.sim.now();
        let (long_ago, mut connection) = (now - TimeDelta::days(3), t.pool().acquire().await.unwrap());
        let taken = deliveries::take_up_failed(&mut connection, long_ago, now, 10, 100).await;
        assert!(taken.unwrap().is_empty());
        drop(connection);
        gave_up(10).await;
        t.starts_and_sweeps().await;
        assert_eq!(t.bot_comments(&trigger).len(), 2, "nothing is answered twice");
    })
    .await;
}
