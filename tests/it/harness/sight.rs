//! What a test sees of a house: runs, plans, what stands on GitHub, and words without what differs each time.

use std::time::{Duration, Instant};

use aws_lc_rs::hmac;
use chrono::DateTime;
use http::Method;
use openproducer::domain::ids::{InstallationId, IssueNumber, RepositoryId, RunId};
use openproducer::domain::plan::{Plan, PlannedIssue};
use openproducer::simulator::{CommentRef, IssueRef, IssueView};
use openproducer::store::runs::{self, Run};
use openproducer::store::{deliveries, jobs, settings, sweeps};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::house::{House, SHOP, STUCK};

/// Where issues are created.
pub(crate) const ISSUES: &str = "/repos/{owner}/{repo}/issues";
/// Where comments are posted.
pub(crate) const COMMENTS: &str = "/repos/{owner}/{repo}/issues/{number}/comments";

impl House {
    /// The runs of a trigger issue, newest first.
    pub(crate) async fn runs(&self, issue: &IssueRef) -> Vec<Run> {
        let home = self.sim.repository(&issue.repository).id();
        let installation: i64 =
            sqlx::query_scalar("select installation_id from repositories where id = $1")
                .bind(i64::try_from(home).expect("an id"))
                .fetch_one(self.pool())
                .await
                .expect("a known repository");
        runs::list_for_issue(
            self.pool(),
            InstallationId(installation),
            RepositoryId(i64::try_from(home).expect("an id")),
            IssueNumber(i64::try_from(issue.number).expect("a number")),
        )
        .await
        .expect("the runs")
    }

    /// The newest run of a trigger issue.
    pub(crate) async fn run(&self, issue: &IssueRef) -> Run {
        let mut all = self.runs(issue).await;
        assert!(!all.is_empty(), "no run of {issue}");
        all.remove(0)
    }

    /// Status and phase of the newest run: `running awaiting_confirmation`.
    pub(crate) async fn state(&self, issue: &IssueRef) -> String {
        let state = self.run(issue).await.state;
        let phase = state.phase().map_or("", |p| p.as_str());
        format!("{} {phase}", state.status().as_str())
            .trim_end()
            .to_owned()
    }

    /// The stored plan of the newest run.
    pub(crate) async fn plan(&self, issue: &IssueRef) -> Plan {
        let run = self.run(issue).await;
        let plan = runs::find_plan(self.pool(), run.key())
            .await
            .expect("the plan");
        plan.expect("a stored plan")
    }

    /// Puts another planned issue in the place of the stored one with its id.
    pub(crate) async fn replace_item(&self, issue: &IssueRef, planned: &PlannedIssue) {
        let run = self.run(issue).await.id;
        sqlx::query(
            "update planned_issues set document = $2 where run_id = $1 and document ->> 'id' = $3",
        )
        .bind(run.as_str())
        .bind(sqlx::types::Json(planned))
        .bind(&planned.id)
        .execute(self.pool())
        .await
        .expect("the item");
    }

    /// The login under which the App writes.
    pub(crate) fn bot_login(&self) -> String {
        format!("{}[bot]", self.sim.app().slug)
    }

    /// The issues that the bot has created in the shop, by number.
    pub(crate) fn created(&self) -> Vec<IssueView> {
        self.created_in(SHOP)
    }

    /// The issues that the bot has created in a repository, by number.
    pub(crate) fn created_in(&self, repository: &str) -> Vec<IssueView> {
        let mut issues = self.sim.repository(repository).issues();
        issues.retain(|i| i.author == self.bot_login());
        issues
    }

    /// The titles of the issues that the bot has created in the shop.
    pub(crate) fn titles(&self) -> Vec<String> {
        self.created().into_iter().map(|i| i.title).collect()
    }

    /// What the bot reacted with to a comment.
    pub(crate) fn reactions(&self, comment: &CommentRef) -> Vec<String> {
        let all = self
            .sim
            .repository(&comment.issue.repository)
            .comments(comment.issue.number);
        let found = all.into_iter().find(|c| c.id == comment.id);
        let reactions = found.expect("the comment").reactions;
        reactions.into_iter().map(|r| r.content).collect()
    }

    /// The bot's own comment of a run, to be edited by people.
    pub(crate) fn run_comment(&self, issue: &IssueRef) -> (CommentRef, String) {
        let comments = self.shop().comments(issue.number);
        let of_bot = comments.into_iter().find(|c| c.author == self.bot_login());
        let found = of_bot.expect("a comment of the bot");
        (found.reference, found.body)
    }

    /// How many requests of this kind have arrived.
    pub(crate) fn sent(&self, method: &Method, template: &str) -> usize {
        self.sim.requests_matching(method, template).len()
    }

    /// Returns when it is so.
    pub(crate) async fn until(&self, what: &str, so: impl Fn(&Self) -> bool) {
        let begun = Instant::now();
        while !so(self) {
            assert!(begun.elapsed() < STUCK, "never: {what}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// How many sweeps have come to their end.
    pub(crate) async fn sweeps(&self) -> i64 {
        sqlx::query_scalar("select count(*) from delivery_sweeps where finished_at is not null")
            .fetch_one(self.pool())
            .await
            .expect("the sweeps")
    }

    /// Returns when the sweep with which the server began is over, and its lock is free.
    pub(crate) async fn first_sweep_is_over(&self) {
        let begun = Instant::now();
        loop {
            // Not sooner: whoever has the lock keeps the server from its sweep.
            if self.sweeps().await > 0
                && let Some(free) = sweeps::lock(self.pool()).await.expect("the lock")
            {
                free.release().await;
                return;
            }
            assert!(begun.elapsed() < STUCK, "no sweep");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Stores a new version of the shop's settings.
    pub(crate) async fn set_settings(&self, document: serde_json::Value) {
        settings::insert(
            self.pool(),
            InstallationId(i64::try_from(self.installation).expect("an id")),
            Some(RepositoryId(
                i64::try_from(self.shop().id()).expect("an id"),
            )),
            &document,
            "olivia",
            DateTime::UNIX_EPOCH,
        )
        .await
        .expect("the settings");
    }

    /// Sends what the latest delivery of this event said, rightly signed, under another GUID.
    pub(crate) async fn send_copy(&self, event: &str, guid: &str) {
        let deliveries = self.sim.deliveries();
        let latest = deliveries.iter().rev().find(|d| d.event == event);
        let payload = latest.expect("a delivery of the event").payload.clone();
        self.send_copy_of(&payload, event, guid).await;
    }

    /// Sends a payload once more, rightly signed, under another GUID.
    pub(crate) async fn send_copy_of(&self, payload: &[u8], event: &str, guid: &str) {
        let status = self.deliver(event, guid, payload).await;
        assert_eq!(status, 202);
    }

    /// The server is down while this happens; then it starts and GitHub sends again what was lost.
    pub(crate) async fn while_down<T>(&mut self, happens: impl FnOnce(&Self) -> T) -> T {
        self.stop_server().await;
        let outcome = happens(self);
        self.start_server().await;
        self.redeliver_lost().await;
        outcome
    }

    /// Returns when a delivery waits without a job.
    pub(crate) async fn until_parked(&self) {
        let begun = Instant::now();
        loop {
            let open = jobs::count_open(self.pool()).await.expect("the queue");
            let unfinished = deliveries::count_unfinished(self.pool())
                .await
                .expect("deliveries");
            if open == 0 && unfinished > 0 {
                return;
            }
            assert!(
                begun.elapsed() < STUCK,
                "{open} jobs, {unfinished} deliveries"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn redeliver_lost(&self) {
        self.send_again().await;
        self.quiet().await;
    }

    /// Has GitHub send again, in their order, what could not be delivered.
    pub(crate) async fn send_again(&self) {
        self.sim.settled().await;
        let mut lost: Vec<_> = self.sim.deliveries();
        lost.retain(|d| d.status_code == 0);
        for delivery in lost {
            self.sim.redeliver(&delivery.guid);
        }
        self.sim.settled().await;
    }

    /// Posts a rightly signed payload and gives the status.
    pub(crate) async fn deliver(&self, event: &str, guid: &str, payload: &[u8]) -> u16 {
        let secret = self.sim.app().webhook_secret.clone();
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        let signature = format!("sha256={}", hex::encode(hmac::sign(&key, payload)));
        self.deliver_signed(event, guid, payload, &signature).await
    }

    /// Posts a payload with this signature and gives the status.
    pub(crate) async fn deliver_signed(
        &self,
        event: &str,
        guid: &str,
        payload: &[u8],
        signature: &str,
    ) -> u16 {
        let head = format!(
            "POST /api/webhook/github HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n\
             X-GitHub-Event: {event}\r\nX-GitHub-Delivery: {guid}\r\nX-Hub-Signature-256: {signature}\r\n\
             Content-Length: {}\r\n\r\n",
            payload.len()
        );
        let mut stream = TcpStream::connect(self.address())
            .await
            .expect("the server listens");
        stream.write_all(head.as_bytes()).await.expect("it reads");
        stream.write_all(payload).await.expect("it reads");
        let mut answer = String::new();
        stream
            .read_to_string(&mut answer)
            .await
            .expect("it answers");
        answer
            .split(' ')
            .nth(1)
            .and_then(|s| s.parse().ok())
            .expect("a status")
    }
}

/// The text with `RUN` for every run's id and `TIME` for what something took.
pub(crate) fn redacted(text: &str) -> String {
    const ID: usize = "run_20261122_084408_a1b2c3d4".len();
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("run_") {
        let id = rest
            .get(at..at + ID)
            .filter(|id| RunId::parse(id).is_some());
        let (kept, word) = if id.is_some() {
            (at, "RUN")
        } else {
            (at + 4, "")
        };
        out.push_str(&rest[..kept]);
        out.push_str(word);
        rest = &rest[if id.is_some() { at + ID } else { at + 4 }..];
    }
    out.push_str(rest);
    out.lines().map(without_time).collect::<Vec<_>>().join("\n")
}

fn without_time(line: &str) -> String {
    let Some((_, model)) = line
        .strip_prefix("Planned in ")
        .and_then(|rest| rest.split_once(". "))
    else {
        return line.to_owned();
    };
    let created = if line.contains(", created in ") {
        ", created in TIME"
    } else {
        ""
    };
    format!("Planned in TIME{created}. {model}")
}
