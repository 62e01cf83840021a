//! One run from the person's words to its end, driven by hand: no worker, and time moves only as far as a step says.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use chrono::{DateTime, TimeDelta, Utc};
use http::Method;
use openproducer::cli::server::{self, Parts};
use openproducer::clock::Clock;
use openproducer::domain::fingerprint;
use openproducer::domain::ids::{InstallationId, IssueNumber, RepositoryId, RunId, RunKey};
use openproducer::domain::settings::Operator;
use openproducer::flows::looks::Looks;
use openproducer::flows::pace::Pace;
use openproducer::flows::progress::Quiet;
use openproducer::flows::step::Next;
use openproducer::flows::{FlowResult, Services, advance, delivery, plan};
use openproducer::github::{GitHub, Timeouts};
use openproducer::simulator::{
    IssueRef, Person, Recorded, RepositorySelection, RepositoryView, Role, Setup, Simulator,
};
use openproducer::store::deliveries::PackedBody;
use openproducer::store::ingest::{Ingest, NewDelivery};
use openproducer::store::{jobs, runs};

use super::{ISSUES, SPEC};
use crate::harness::database::TestDatabase;
use crate::harness::house::Outside;
use crate::harness::sight::redacted;

/// As often as the queue tries a delivery.
const ATTEMPTS: u32 = 10;
/// More turns than any run takes whose work goes on.
const TURNS: usize = 5000;
const OURS: &str = "theopenproducerbot[bot]";

/// A simulator and a database in which journeys are made one after another, each in a repository of its own.
pub(crate) struct Lane {
    pub(crate) sim: Simulator,
    pub(crate) database: TestDatabase,
    ingest: Ingest,
    installation: InstallationId,
    timeouts: Timeouts,
    /// What the operator says, and how fast may be written.
    pub(crate) operator: Operator,
    pub(crate) pace: Pace,
    journeys: Cell<u32>,
}

impl Lane {
    pub(crate) async fn open(timeouts: Timeouts) -> Self {
        let database = TestDatabase::create().await;
        jobs::migrate(database.pool())
            .await
            .expect("the queue's tables");
        let setup = Setup {
            requests_per_hour: 1_000_000,
            ..Setup::default()
        };
        let sim = Simulator::start(setup).await.expect("the simulator starts");
        sim.add_organization("acme");
        sim.add_user("alice");
        // Deliveries are made, and handed over by hand.
        sim.lose_deliveries(u32::MAX);
        sim.set_webhook_url("http://127.0.0.1:1/");
        let installation = sim.install_app("acme", RepositorySelection::All);
        Self {
            ingest: Ingest::start(database.pool()),
            sim,
            database,
            installation: InstallationId(i64::try_from(installation).expect("an id")),
            timeouts,
            operator: Operator::default(),
            pace: Pace::every(TimeDelta::zero()),
            journeys: Cell::new(0),
        }
    }

    /// Alice asks for [`SPEC`] in a new repository.
    pub(crate) fn begin(&self) -> Journey<'_> {
        self.begin_with(SPEC, ISSUES)
    }

    /// Alice asks for something that becomes so many issues, in a new repository.
    pub(crate) fn begin_with(&self, spec: &str, wanted: usize) -> Journey<'_> {
        self.journeys.set(self.journeys.get() + 1);
        let repository = format!("acme/club-{}", self.journeys.get());
        self.sim.add_repository(&repository);
        self.sim.set_role(&repository, "alice", Role::Write);
        let clock = Clock::fixed(self.sim.now());
        let outside = Outside::of(&self.sim);
        let github = GitHub::with_timeouts(
            &outside.api_url,
            &outside.credentials(),
            clock.clone(),
            self.timeouts,
        );
        let parts = Parts {
            github: github.expect("a client"),
            clock: clock.clone(),
            operator: self.operator.clone(),
            pace: self.pace,
            looks: Looks::GITHUB,
            quiet: Quiet::NONE,
            ..outside.parts(self.database.pool().clone())
        };
        let trigger = self.alice().opens_issue(&repository, "Reading club", spec);
        Journey {
            lane: self,
            services: server::services(&parts),
            clock,
            first_request: self.sim.requests().len(),
            repository,
            trigger,
            wanted,
            at_each_wait: Cell::new(Duration::ZERO),
        }
    }

    fn alice(&self) -> Person {
        self.sim.user("alice")
    }
}

/// One run, in a repository of its own.
pub(crate) struct Journey<'a> {
    lane: &'a Lane,
    services: Services,
    clock: Clock,
    first_request: usize,
    repository: String,
    trigger: IssueRef,
    /// How many issues it becomes.
    wanted: usize,
    /// How long the machine's own time goes on whenever the run waits.
    at_each_wait: Cell<Duration>,
}

impl Journey<'_> {
    /// From the trigger to the summary, or to wherever the run ends.
    pub(crate) async fn create(&self) -> anyhow::Result<()> {
        self.deliver("issues").await?;
        let id = self.run().await?;
        self.tried(async || Box::pin(plan::plan(&self.services, self.mine(&id))).await)
            .await
            .context("planning")?;
        self.advance(&id).await
    }

    /// Alice opens issues of her own beside the run's.
    pub(super) fn fill_up(&self, issues: usize) {
        for number in 0..issues {
            let title = format!("Something else {number}");
            self.lane.alice().opens_issue(&self.repository, &title, "");
        }
    }

    /// Alice commands it, and the run follows to its end.
    pub(crate) async fn says(&self, command: &str) -> anyhow::Result<()> {
        self.comments(command);
        self.deliver("issue_comment").await?;
        self.advance(&self.run().await?).await
    }

    /// Alice writes a command.
    pub(crate) fn comments(&self, command: &str) {
        let words = format!("@TheOpenProducerBot {command}");
        self.lane.alice().comments(&self.trigger, &words);
    }

    /// From now on real time passes whenever the run waits: for requests that take effect late.
    pub(crate) fn let_time_pass(&self, at_each_wait: Duration) {
        self.at_each_wait.set(at_each_wait);
    }

    /// The time, by the journey's own clock.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Nothing happens for a while.
    pub(crate) async fn rest(&self, seconds: i64) {
        self.wait_until(self.clock.now() + TimeDelta::seconds(seconds))
            .await;
    }

    /// The requests since the journey began.
    pub(crate) fn requests(&self) -> Vec<Recorded> {
        self.lane.sim.requests().split_off(self.first_request)
    }

    /// What people see when every issue is there, in words that are the same for every journey.
    pub(crate) async fn outcome(&self) -> anyhow::Result<Outcome> {
        let outcome = self.outcome_of_any().await?;
        let (there, wanted) = (outcome.shown.len(), self.wanted);
        ensure!(there == wanted, "{there} issues and not {wanted}");
        Ok(outcome)
    }

    /// The same of as many issues as there are.
    pub(super) async fn outcome_of_any(&self) -> anyhow::Result<Outcome> {
        let run = runs::get(&self.services.pool, self.mine(&self.run().await?)).await?;
        let shop = self.shop();
        let issues = shop.issues();
        let title = |wanted: &IssueRef| {
            let found = issues.iter().find(|i| i.id == wanted.id);
            found.map_or_else(|| wanted.to_string(), |i| i.title.clone())
        };
        let mut markers = BTreeSet::new();
        let mut shown = Vec::new();
        for issue in issues.iter().filter(|i| i.author == OURS) {
            let (of, item) = fingerprint::find_marker(&issue.body)
                .with_context(|| format!("{} has no marker", issue.reference))?;
            ensure!(of == run.id, "{} has another run's marker", issue.reference);
            ensure!(
                markers.insert(item.clone()),
                "item {item} was created twice"
            );
            let mut waits_for: Vec<String> = issue.blocked_by.iter().map(title).collect();
            waits_for.sort();
            shown.push(Shown {
                title: issue.title.clone(),
                state: format!(
                    "{} {}",
                    if issue.open { "open" } else { "closed" },
                    issue.state_reason.as_deref().unwrap_or_default()
                ),
                labels: issue.labels.clone(),
                assignees: issue.assignees.clone(),
                parent: issue.parent.as_ref().map(title),
                waits_for,
            });
        }
        let titles: BTreeSet<&str> = shown.iter().map(|s| s.title.as_str()).collect();
        ensure!(
            shown.len() == titles.len(),
            "a title is there twice: {shown:?}"
        );
        let comments = shop.comments(self.trigger.number);
        let mut ours: Vec<String> = comments
            .into_iter()
            .filter(|c| c.author == OURS)
            // What a long preview went on in says so in one line by now, once.
            .filter(|c| {
                !c.body
                    .contains("This part of the preview is not needed any more")
            })
            .map(|c| redacted(&c.body))
            .collect();
        ensure!(ours.len() == 1, "{} comments of ours", ours.len());
        Ok(Outcome {
            state: run.state.status().as_str(),
            shown,
            comment: ours.remove(0),
        })
    }

    fn shop(&self) -> RepositoryView {
        self.lane.sim.repository(&self.repository)
    }

    /// Alice edits the specification.
    pub(super) fn rewrites(&self, spec: &str) {
        let alice = self.lane.alice();
        alice.edits_issue(&self.trigger, None, Some(spec));
    }

    /// She does, and the run's comment follows.
    pub(super) async fn edits(&self, spec: &str) -> anyhow::Result<()> {
        self.rewrites(spec);
        self.deliver("issues").await?;
        self.follow().await
    }

    /// Alice comments on a trigger that may have several runs, and all of them follow.
    pub(super) async fn tells(&self, command: &str) -> anyhow::Result<()> {
        self.comments(command);
        self.deliver("issue_comment").await?;
        self.follow().await
    }

    async fn follow(&self) -> anyhow::Result<()> {
        for run in self.runs().await? {
            let plans = async || Box::pin(plan::plan(&self.services, run.key())).await;
            self.tried(plans).await.context("planning")?;
            self.advance(&run.id).await?;
        }
        // The end of one may be news for the comment of another.
        for run in self.runs().await? {
            self.advance(&run.id).await?;
        }
        Ok(())
    }

    /// Titles, states, texts and comments, with the states of all runs.
    pub(super) async fn sight(&self) -> anyhow::Result<Vec<String>> {
        let mut lines = Vec::new();
        for run in self.runs().await? {
            lines.push(run.state.status().as_str().to_owned());
        }
        for issue in self.shop().issues() {
            let (title, reason) = (issue.title, issue.state_reason.unwrap_or_default());
            let body = redacted(&issue.body);
            lines.push(format!("{title} · {} {reason}\n{body}", issue.open));
        }
        let comments = self.shop().comments(self.trigger.number);
        lines.extend(comments.iter().map(|c| redacted(&c.body)));
        Ok(lines)
    }

    async fn runs(&self) -> anyhow::Result<Vec<runs::Run>> {
        let found = runs::list_for_issue(
            &self.services.pool,
            self.lane.installation,
            RepositoryId(i64::try_from(self.shop().id())?),
            IssueNumber(i64::try_from(self.trigger.number)?),
        );
        Ok(found.await?)
    }

    async fn run(&self) -> anyhow::Result<RunId> {
        let mut runs = self.runs().await?;
        ensure!(runs.len() == 1, "{} runs of one trigger", runs.len());
        Ok(runs.remove(0).id)
    }

    fn mine<'a>(&self, id: &'a RunId) -> RunKey<'a> {
        id.of(self.lane.installation)
    }

    /// Stores the newest webhook delivery and handles it.
    async fn deliver(&self, event: &str) -> anyhow::Result<()> {
        let guid = self.store(event).await?;
        self.tried(async || Box::pin(delivery::handle(&self.services, &guid)).await)
            .await
            .with_context(|| format!("handling {event}"))
    }

    /// How many requests to create an issue here have arrived.
    pub(super) fn posts(&self) -> usize {
        let path = format!("/repos/{}/issues", self.repository);
        let requests = self.lane.sim.requests_matching(&Method::POST, &path);
        requests.len()
    }

    /// Stores the newest webhook delivery, with its job.
    pub(crate) async fn store(&self, event: &str) -> anyhow::Result<String> {
        let sent = self.lane.sim.deliveries().pop();
        let sent = sent.filter(|d| d.event == event).context("a delivery")?;
        let id = |id: Option<u64>| id.and_then(|id| i64::try_from(id).ok());
        let new = NewDelivery {
            guid: sent.guid.clone(),
            event: sent.event,
            action: sent.action,
            installation_id: id(sent.installation),
            repository_id: id(sent.repository),
            body: PackedBody::pack(&sent.payload).context("a small body")?,
        };
        let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
        self.lane.ingest.store(new, deadline).await?;
        Ok(sent.guid)
    }

    async fn advance(&self, id: &RunId) -> anyhow::Result<()> {
        for _ in 0..TURNS {
            let turn = async || Box::pin(advance::advance(&self.services, self.mine(id))).await;
            match self.tried(turn).await.context("advancing")? {
                Next::Done => return Ok(()),
                Next::Again => {}
                Next::At(when) => self.wait_until(when).await,
            }
        }
        bail!("it goes on for ever")
    }

    /// As a job is tried: again after a failure, later each time.
    async fn tried<T>(&self, job: impl AsyncFn() -> FlowResult<T>) -> anyhow::Result<T> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let failure = match job().await {
                Ok(done) => return Ok(done),
                Err(failure) => failure,
            };
            if attempt == ATTEMPTS {
                return Err(failure).context("tried often enough");
            }
            let back_off = TimeDelta::seconds(3_i64.pow(attempt));
            let again = self.clock.now() + back_off;
            self.wait_until(failure.retry_at().unwrap_or(again)).await;
        }
    }

    /// Both clocks move on; nobody waits.
    async fn wait_until(&self, when: DateTime<Utc>) {
        let by = (when - self.clock.now()).to_std().unwrap_or_default();
        self.clock
            .advance(TimeDelta::from_std(by).expect("a while"));
        self.lane.sim.advance_clock(by);
        tokio::time::sleep(self.at_each_wait.get()).await;
    }
}

/// What stands on GitHub after a journey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) state: &'static str,
    /// Our issues, by number.
    pub(crate) shown: Vec<Shown>,
    /// The run's one comment.
    pub(crate) comment: String,
}

/// An issue of ours; other issues are named by their titles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    pub(crate) title: String,
    /// `open `, `closed not_planned`.
    pub(crate) state: String,
    pub(crate) labels: Vec<String>,
    pub(crate) assignees: Vec<String>,
    pub(crate) parent: Option<String>,
    pub(crate) waits_for: Vec<String>,
}

impl Outcome {
    /// The same, down to the last word?
    pub(crate) fn must_be(&self, wanted: &Self) -> anyhow::Result<()> {
        ensure!(
            self.state == wanted.state,
            "{} and not {}:\n{}",
            self.state,
            wanted.state,
            self.comment
        );
        for (is, should) in self.shown.iter().zip(&wanted.shown) {
            ensure!(is == should, "{is:?} and not {should:?}:\n{}", self.comment);
        }
        ensure!(
            self.comment == wanted.comment,
            "the comment is\n{}\nand not\n{}",
            self.comment,
            wanted.comment
        );
        Ok(())
    }
}
