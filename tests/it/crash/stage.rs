//! A worker in a process of its own, behind a proxy that kills it, and the lives that follow one another.

use std::net::SocketAddr;
use std::os::unix::process::parent_id;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::bail;
use openproducer::cli::server;
use openproducer::config::Environment;
use openproducer::store::{self, PoolSettings, deliveries, jobs};
use openproducer::worker;
use tokio::sync::watch;

use super::journey::Lane;
use super::proxy::{Proxy, Side};
use crate::harness::house::Outside;

/// Longer than any life takes that is not stuck.
const STUCK: Duration = Duration::from_mins(3);

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
    let (_shutdown, stopping) = watch::channel(false);
    let working = worker::run(server::services(&outside.parts(pool)), stopping);
    tokio::select! {
        () = working => {}
        () = orphaned() => {}
    }
}

/// Returns when whoever started this process is gone: nobody would end it.
async fn orphaned() {
    let parent = parent_id();
    while parent_id() == parent {
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// A run whose worker lives in another process, behind a proxy.
pub(super) struct Stage<'a> {
    lane: &'a Lane,
    proxy: Proxy,
}

/// How a life ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    Killed,
    /// Nothing was left to do; after so many statements.
    Done(usize),
}

impl<'a> Stage<'a> {
    pub(super) async fn set(lane: &'a Lane) -> Self {
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
    pub(super) async fn live(&self, until: Option<(usize, Side)>) -> anyhow::Result<End> {
        self.pass_time().await?;
        self.proxy.arm(self.worker().spawn()?, until);
        let begun = Instant::now();
        loop {
            tokio::select! {
                () = self.proxy.sprung() => return Ok(End::Killed),
                () = tokio::time::sleep(Duration::from_millis(15)) => {}
            }
            if self.is_quiet().await? {
                return Ok(self.proxy.end().map_or(End::Killed, End::Done));
            }
            if self.proxy.has_ended() || begun.elapsed() > STUCK {
                bail!("stuck, or ended by itself: {}", self.waiting().await?);
            }
            self.pull_jobs().await?;
        }
    }

    /// One life of the worker until it is so, and then its death.
    pub(super) async fn live_until(&self, so: impl Fn() -> bool) -> anyhow::Result<()> {
        self.pass_time().await?;
        self.proxy.arm(self.worker().spawn()?, None);
        let begun = Instant::now();
        while !so() {
            if self.proxy.has_ended() || begun.elapsed() > STUCK {
                bail!("stuck, or ended by itself: {}", self.waiting().await?);
            }
            self.pull_jobs().await?;
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.proxy.end();
        Ok(())
    }

    /// Lives until nothing is left to do, each to the next of these statements of its own; then to the end.
    pub(super) async fn live_and_die(
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

    /// This test program again, as nothing but a worker.
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
                "crash::stage::a_worker_that_is_killed",
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
            "update planned_issues set intended_at = intended_at - interval '20 seconds' where state = 'intended'",
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

    pub(super) async fn is_quiet(&self) -> anyhow::Result<bool> {
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
