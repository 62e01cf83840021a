//! A real worker process, killed by its own id with SIGKILL between any two statements of a run, started anew, killed again.
//!
//! Every so many of the run's statements is a place to die; a run dies at places that lie apart, one life after another.
//! The lives of all tests together take a minute or two and end at every few statements;
//! `OPENPRODUCER_KILL_EVERYWHERE=1` has one end at each, before and after it.

use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use openproducer::cli::server;
use openproducer::config::Environment;
use openproducer::github::Timeouts;
use openproducer::store::{self, PoolSettings, deliveries, jobs};
use openproducer::worker;
use rstest::rstest;
use tokio::sync::watch;

use super::journey::{Lane, Outcome};
use super::proxy::{Proxy, Side};

use crate::harness::house::Outside;

/// Longer than any life takes that is not stuck.
const STUCK: Duration = Duration::from_secs(90);
/// Statements from one end of a life to the next: enough for some progress in each.
const APART: usize = 48;

/// No test of its own: the worker that others start, and kill.
#[tokio::test]
#[ignore = "started by the tests below"]
async fn a_worker_that_is_killed() {
    let environment = Environment::of_process_alone();
    let given = |name| environment.get(name).unwrap();
    let outside: Outside = serde_json::from_str(given("KILLED_OUTSIDE")).unwrap();
    let settings = PoolSettings::named("openproducer tests");
    let pool = store::connect(given("KILLED_DATABASE_URL"), &settings)
        .await
        .unwrap();
    let (shutdown, stopping) = watch::channel(false);
    let mut asked =
        tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).unwrap();
    tokio::spawn(async move {
        asked.recv().await;
        shutdown.send_replace(true);
        shutdown.closed().await;
    });
    worker::run(server::services(&outside.parts(pool)), stopping).await;
}

/// A run whose worker lives in another process, behind a proxy.
struct Stage<'a> {
    lane: &'a Lane,
    proxy: Proxy,
}

/// How a life ended.
#[derive(Debug, PartialEq, Eq)]
enum End {
    Killed,
    /// Nothing was left to do; after so many statements.
    Done(usize),
}

impl<'a> Stage<'a> {
    async fn set(lane: &'a Lane) -> Self {
        let url: url::Url = lane.database.url().parse().expect("an address");
        let host = url.host_str().expect("a host");
        let upstream = (host, url.port().unwrap_or(5432));
        let mut found = tokio::net::lookup_host(upstream)
            .await
            .expect("a known host");
        Self {
            lane,
            proxy: Proxy::start(found.next().expect("an address")).await,
        }
    }

    /// One life of the worker, to its death or until nothing is left to do.
    async fn live(&self, until: Option<(usize, Side)>) -> anyhow::Result<End> {
        self.pass_time().await?;
        self.proxy.arm(self.worker().spawn()?, until);
        let begun = Instant::now();
        loop {
            tokio::select! {
                () = self.proxy.sprung() => return Ok(End::Killed),
                () = tokio::time::sleep(Duration::from_millis(15)) => {}
            }
            if self.is_quiet().await? {
                return Ok(End::Done(self.proxy.end()));
            }
            if self.proxy.has_ended() || begun.elapsed() > STUCK {
                bail!("stuck, or ended by itself: {}", self.waiting().await?);
            }
            self.pull_jobs().await?;
        }
    }

    /// Lives until nothing is left to do, each to the next of these statements of its own; then to the end.
    async fn live_and_die(
        &self,
        deaths: impl IntoIterator<Item = (usize, Side)>,
    ) -> anyhow::Result<usize> {
        let mut lives = 0;
        for death in deaths {
            if self.live(Some(death)).await? != End::Killed {
                return Ok(lives);
            }
            lives += 1;
        }
        self.live(None).await?;
        Ok(lives)
    }

    fn worker(&self) -> Command {
        let program = std::env::current_exe().expect("this program");
        let mut url: url::Url = self.lane.database.url().parse().expect("an address");
        let SocketAddr::V4(address) = self.proxy.address else {
            unreachable!("bound to 127.0.0.1")
        };
        url.set_host(Some(&address.ip().to_string()))
            .expect("a host");
        url.set_port(Some(address.port())).expect("a port");
        url.set_query(Some("sslmode=disable"));
        let outside = serde_json::to_string(&Outside::of(&self.lane.sim)).expect("plain text");
        let mut command = Command::new(program);
        command
            .args([
                "--ignored",
                "--exact",
                "crash::kill::a_worker_that_is_killed",
            ])
            .env("KILLED_DATABASE_URL", url.as_str())
            .env("KILLED_OUTSIDE", outside)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    /// Between two lives: the dead are seen to be dead, and what had to settle has settled.
    async fn pass_time(&self) -> anyhow::Result<()> {
        for change in [
            "update graphile_worker._private_workers set last_heartbeat_at = now() - interval '1 hour'",
            "update bot_comments set intended_at = intended_at - interval '20 seconds' where comment_id is null",
        ] {
            sqlx::query(change)
                .execute(self.lane.database.pool())
                .await?;
        }
        Ok(())
    }

    /// What waits for its moment need not.
    async fn pull_jobs(&self) -> anyhow::Result<()> {
        sqlx::query(
            "update graphile_worker._private_jobs set run_at = now()
             where run_at > now() and locked_at is null and attempts < max_attempts",
        )
        .execute(self.lane.database.pool())
        .await?;
        Ok(())
    }

    async fn is_quiet(&self) -> anyhow::Result<bool> {
        let pool = self.lane.database.pool();
        Ok(jobs::count_open(pool).await? == 0 && deliveries::count_unfinished(pool).await? == 0)
    }

    async fn waiting(&self) -> anyhow::Result<String> {
        let rows: Vec<(String, i32, Option<String>)> = sqlx::query_as(
            "select task_identifier, attempts::int, last_error from graphile_worker.jobs",
        )
        .fetch_all(self.lane.database.pool())
        .await?;
        Ok(format!("{rows:?}"))
    }
}

/// A run without an accident and its rollback: outcomes, and how many statements each took.
struct Calm {
    created: Outcome,
    creating: usize,
    undone: Outcome,
    undoing: usize,
}

async fn calm() -> Calm {
    let lane = Lane::open(Timeouts::default()).await;
    let stage = Stage::set(&lane).await;
    let journey = lane.begin();
    let calmly = async |event| {
        journey.store(event).await.unwrap();
        let End::Done(statements) = stage.live(None).await.unwrap() else {
            unreachable!("nobody kills it")
        };
        (journey.outcome().await.unwrap(), statements)
    };
    let (created, creating) = calmly("issues").await;
    journey.comments("rollback last");
    let (undone, undoing) = calmly("issue_comment").await;
    assert_eq!((created.state, undone.state), ("completed", "rolled_back"));
    Calm {
        created,
        creating,
        undone,
        undoing,
    }
}

fn everywhere() -> bool {
    Environment::of_process_alone()
        .get("OPENPRODUCER_KILL_EVERYWHERE")
        .is_some()
}

/// From the trigger to the summary and back again, dying at `first` and then every [`APART`] statements.
async fn there_and_back(
    wanted: &Calm,
    lane: &Lane,
    stage: &Stage<'_>,
    (first, side): (usize, Side),
) -> anyhow::Result<usize> {
    let journey = lane.begin();
    let deaths = || {
        std::iter::once(first)
            .chain(std::iter::repeat(APART))
            .map(|at| (at, side))
    };
    journey.store("issues").await?;
    let lives = stage.live_and_die(deaths()).await?;
    journey.outcome().await?.must_be(&wanted.created)?;
    journey.comments("rollback last");
    journey.store("issue_comment").await?;
    let more = stage.live_and_die(deaths()).await?;
    journey.outcome().await?.must_be(&wanted.undone)?;
    Ok(lives + more)
}

#[rstest]
#[case::before_a_statement(Side::Before, 1)]
#[case::after_a_statement(Side::After, 4)]
#[tokio::test]
async fn a_worker_killed_anywhere_loses_nothing_and_doubles_nothing(
    #[case] side: Side,
    #[case] begin: usize,
) {
    let wanted = calm().await;
    eprintln!("{} and {} statements", wanted.creating, wanted.undoing);
    let lane = Lane::open(Timeouts::default()).await;
    let stage = Stage::set(&lane).await;
    let step = if everywhere() { 1 } else { 12 };
    for first in (begin..=APART).step_by(step) {
        let t = Instant::now();
        let lives = there_and_back(&wanted, &lane, &stage, (first, side)).await;
        let lives = lives
            .with_context(|| format!("{side:?} {first}, then every {APART}"))
            .unwrap();
        eprintln!("{first}: {lives} lives {:?}", t.elapsed());
        assert!(
            lives >= 2 * (wanted.creating + wanted.undoing) / APART / 3,
            "{lives} lives"
        );
    }
    assert_eq!(lane.sim.complaints(), [""; 0]);
}
