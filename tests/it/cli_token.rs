//! Without an App: the real program with a person's token, from the terminal to what stands on GitHub.

mod beside;
mod lacks;
mod undo;

use std::process::Stdio;
use std::time::{Duration, Instant};

use http::Method;
use openproducer::domain::command;
use openproducer::domain::trigger::BotNames;
use openproducer::simulator::{Effect, Fault, IssueRef, Role, Setup, Simulator};
use serde_json::{Value, json};
use tokio::process::{Child, Command};

use crate::harness::database::TestDatabase;

const SHOP: &str = "acme/shop";
const ISSUES: &str = "/repos/{owner}/{repo}/issues";
const COMMENTS: &str = "/repos/{owner}/{repo}/issues/{number}/comments";
/// As fast as the limits allow; the second item waits for the first.
const WORK: &str = "@TheOpenProducerBot\nrate_limit_per_minute: 80\n\n## Work\n\n- Build the login form\n- Add sessions after the login form\n";
const TITLES: [&str; 2] = ["Build the login form", "Add sessions after the login form"];
const CREATES: &str = "process --repo acme/shop --issue 1";

/// A GitHub, a database, and nobody's App.
struct Desk {
    sim: Simulator,
    database: TestDatabase,
    token: String,
}

#[derive(Debug)]
struct Said {
    code: i32,
    output: String,
    errors: String,
}

impl Desk {
    /// Alice may write in a public repository; her classic token has `public_repo`.
    async fn new() -> Self {
        let sim = Simulator::start(Setup::default()).await.unwrap();
        sim.add_organization("acme");
        sim.add_repository(SHOP);
        for (login, role) in [("alice", Role::Write), ("bob", Role::Write)] {
            sim.add_user(login);
            sim.set_role(SHOP, login, role);
        }
        sim.add_user("mallory");
        let token = sim.add_token("alice", &["public_repo"]);
        let database = TestDatabase::create().await;
        Self {
            sim,
            database,
            token,
        }
    }

    fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_openproducer"));
        command
            .args(arguments.split_whitespace())
            .current_dir(std::env::temp_dir())
            .env_clear()
            .env("DATABASE_URL", self.database.url())
            .env("GITHUB_API_URL", self.sim.api_url())
            .env("GITHUB_WEB_URL", self.sim.web_url())
            .env("GITHUB_APP_MODE", "token")
            .env("GITHUB_TOKEN", &self.token)
            .kill_on_drop(true)
            .stdin(Stdio::null());
        command
    }

    async fn run(&self, arguments: &str) -> Said {
        said(self.command(arguments)).await
    }

    /// The same program as an App's, on the same database.
    async fn run_as_app(&self, arguments: &str) -> Said {
        let app = self.sim.app();
        let mut command = self.command(arguments);
        command
            .env("GITHUB_APP_MODE", "app")
            .env("GITHUB_APP_ID", app.id.to_string())
            .env("GITHUB_PRIVATE_KEY", &app.private_key_pem);
        said(command).await
    }

    fn start(&self, arguments: &str) -> Child {
        let mut command = self.command(arguments);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().unwrap()
    }

    fn opens(&self, body: &str) -> IssueRef {
        self.sim.user("alice").opens_issue(SHOP, "Accounts", body)
    }

    /// The titles of all issues but the first, by number.
    fn titles(&self) -> Vec<String> {
        let mut issues = self.sim.repository(SHOP).issues();
        issues.retain(|issue| issue.number > 1);
        issues.into_iter().map(|issue| issue.title).collect()
    }

    fn open_issues(&self) -> Vec<u64> {
        self.sim.repository(SHOP).open_issues()
    }

    fn comments(&self) -> Vec<String> {
        let comments = self.sim.repository(SHOP).comments(1);
        assert!(
            comments.iter().all(|c| c.author == "alice"),
            "{comments:#?}"
        );
        comments.into_iter().map(|c| c.body).collect()
    }

    fn sent(&self, method: &Method, route: &str) -> usize {
        self.sim.requests_matching(method, route).len()
    }

    fn writes(&self) -> usize {
        let requests = self.sim.requests();
        requests.iter().filter(|r| r.method != Method::GET).count()
    }

    async fn until(&self, what: &str, so: impl Fn(&Self) -> bool) {
        let begun = Instant::now();
        while !so(self) {
            assert!(begun.elapsed() < Duration::from_secs(30), "never: {what}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn run_ids(&self) -> Vec<String> {
        sqlx::query_scalar("select id from runs order by created_at")
            .fetch_all(self.database.pool())
            .await
            .unwrap()
    }

    async fn jobs(&self) -> i64 {
        sqlx::query_scalar("select count(*) from graphile_worker.jobs")
            .fetch_one(self.database.pool())
            .await
            .unwrap()
    }
}

async fn said(mut command: Command) -> Said {
    let done = command.output().await.unwrap();
    let said = Said {
        code: done.status.code().unwrap_or(-1),
        output: String::from_utf8(done.stdout).unwrap(),
        errors: String::from_utf8(done.stderr).unwrap(),
    };
    for text in [&said.output, &said.errors] {
        assert!(
            !text.contains("ghp_") && !text.contains("github_pat_"),
            "a secret is shown: {text}"
        );
    }
    said
}

fn succeeded(said: &Said) {
    assert_eq!(said.code, 0, "{}\n{}", said.output, said.errors);
}

fn failed(said: &Said, code: i32, says: &[&str]) {
    assert_eq!(said.code, code, "{}\n{}", said.output, said.errors);
    let all = format!("{}{}", said.output, said.errors);
    for words in says {
        assert!(all.contains(words), "{words:?} is missing in:\n{all}");
    }
}

#[tokio::test]
async fn process_creates_links_and_sums_up_then_status_tells_and_rollback_takes_back() {
    let t = Desk::new().await;
    t.opens(WORK);
    let done = t.run(CREATES).await;
    succeeded(&done);
    assert_eq!(t.titles(), TITLES);
    insta::assert_snapshot!(t.sim.repository(SHOP).outline(), @"
    #1 open   Accounts
    #2 open   Build the login form   [sub-issue of #1]
    #3 open   Add sessions after the login form   [sub-issue of #1] [blocked by #2]
    ");
    let comments = t.comments();
    assert_eq!(comments.len(), 1, "{comments:#?}");
    assert!(comments[0].contains("2 issues created"), "{}", comments[0]);
    let id = t.run_ids().await.remove(0);
    let undo = format!("`openproducer rollback --run {id}`");
    assert!(comments[0].contains(&undo), "{}", comments[0]);
    assert!(
        !comments[0].contains("TheOpenProducerBot"),
        "nobody listens there: {}",
        comments[0]
    );
    assert_eq!(t.jobs().await, 0, "no worker could do them");
    let complaints = t.sim.complaints();
    assert!(complaints.is_empty(), "{complaints:#?}");

    let status = t.run(&format!("status --run {id} --json")).await;
    succeeded(&status);
    let status: Value = serde_json::from_str(&status.output).unwrap();
    assert_eq!(status["status"], "completed");
    assert_eq!(status["requested_by"], "alice");
    let all = t.run("status --repo acme/shop --json").await;
    let all: Value = serde_json::from_str(&all.output).unwrap();
    assert_eq!(all.as_array().map(Vec::len), Some(1));

    // What exists is not created again.
    succeeded(&t.run(CREATES).await);
    assert_eq!(t.titles(), TITLES);

    t.sim.user("alice").assigns(&issue(&t, 3), &["bob"]);
    succeeded(&t.run(&format!("rollback --run {id}")).await);
    assert_eq!(t.open_issues(), [1, 3], "what was assigned since is left");
    succeeded(&t.run(&format!("rollback --run {id} --force")).await);
    assert_eq!(t.open_issues(), [1]);
    let status = t.run(&format!("status --run {id} --json")).await;
    let status: Value = serde_json::from_str(&status.output).unwrap();
    assert_eq!(
        (&status["created"], &status["closed"]),
        (&json!(TITLES.len()), &json!(TITLES.len()))
    );
}

fn issue(t: &Desk, number: u64) -> IssueRef {
    let issues = t.sim.repository(SHOP).issues();
    let found = issues.into_iter().find(|issue| issue.number == number);
    found.unwrap().reference
}

#[tokio::test]
async fn a_dry_run_waits_and_what_is_unticked_then_is_not_created() {
    let t = Desk::new().await;
    let trigger = t.opens(WORK);
    let preview = t.run("process --repo acme/shop --issue 1 --dry-run").await;
    succeeded(&preview);
    let confirm = "openproducer process --repo acme/shop --issue 1 --confirm";
    assert!(preview.errors.contains(confirm), "{}", preview.errors);
    assert!(t.comments()[0].contains(confirm), "{}", t.comments()[0]);
    assert!(t.titles().is_empty());
    // An App that listens beside us must not take the comment for a command.
    let names = BotNames::new(["TheOpenProducerBot"]);
    assert!(command::read(&t.comments()[0], &names).is_none());

    // Again says what stands, and does nothing.
    let writes = t.writes();
    let again = t.run(CREATES).await;
    succeeded(&again);
    assert!(
        again.errors.contains("is the open run of"),
        "{}",
        again.errors
    );
    assert!(again.errors.contains(confirm), "{}", again.errors);
    assert_eq!(t.writes(), writes);

    // Edited and previewed again, in the same comment.
    let text = format!("{WORK}- Write the guide\n");
    t.sim.user("alice").edits_issue(&trigger, None, Some(&text));
    succeeded(&t.run("process --repo acme/shop --issue 1 --dry-run").await);
    let comments = t.comments();
    assert_eq!(comments.len(), 1);
    assert!(comments[0].contains("Write the guide"), "{}", comments[0]);

    let comment = t.sim.repository(SHOP).comments(1).remove(0).reference;
    let unticked = comments[0].replacen("- [x] **1.**", "- [ ] **1.**", 1);
    assert_ne!(unticked, comments[0]);
    t.sim.user("alice").edits_comment(&comment, &unticked);
    succeeded(&t.run("process --repo acme/shop --issue 1 --confirm").await);
    assert_eq!(
        t.titles(),
        ["Add sessions after the login form", "Write the guide"]
    );
    assert_eq!(t.run_ids().await.len(), 1);
}

#[tokio::test]
async fn a_waiting_run_is_cancelled_and_there_is_nothing_more_to_confirm() {
    let t = Desk::new().await;
    t.opens(WORK);
    succeeded(&t.run("process --repo acme/shop --issue 1 --dry-run").await);
    succeeded(&t.run("process --repo acme/shop --issue 1 --cancel").await);
    assert!(t.comments()[0].contains("Cancelled"), "{}", t.comments()[0]);
    let late = t.run("process --repo acme/shop --issue 1 --confirm").await;
    failed(&late, 1, &["no plan of acme/shop#1 waits"]);
    let late = t.run("process --repo acme/shop --issue 1 --cancel").await;
    failed(&late, 1, &["nothing to cancel"]);
    assert!(t.titles().is_empty());
}

/// Killed while this request is answered, at its nth time, and started again.
async fn killed_at(method: Method, route: &str, nth: u32) {
    let t = Desk::new().await;
    t.opens(WORK);
    let slow = Effect::AfterEffect(Box::new(Effect::Delay(Duration::from_secs(3))));
    t.sim
        .faults()
        .schedule(Fault::on(method.clone(), route).nth(nth).then(slow));
    let mut first = t.start(CREATES);
    let times = usize::try_from(nth).unwrap();
    t.until("the request is on its way", |t| {
        t.sent(&method, route) == times
    })
    .await;
    // It takes effect before it is answered.
    tokio::time::sleep(Duration::from_millis(100)).await;
    first.kill().await.unwrap();
    let again = t.run(CREATES).await;
    succeeded(&again);
    assert!(
        again.errors.contains("is the open run of"),
        "{}",
        again.errors
    );
    assert_eq!(t.titles(), TITLES);
    assert_eq!(t.comments().len(), 1);
    assert_eq!(t.run_ids().await.len(), 1);
    let outline = t.sim.repository(SHOP).outline();
    assert_eq!(outline.matches("[sub-issue of #1]").count(), 2, "{outline}");
}

#[tokio::test]
async fn killed_while_it_comments_it_goes_on_with_the_same_comment() {
    killed_at(Method::POST, COMMENTS, 1).await;
}

#[tokio::test]
async fn killed_while_it_creates_it_goes_on_and_doubles_nothing() {
    killed_at(Method::POST, ISSUES, 1).await;
}

#[tokio::test]
async fn killed_while_it_links_it_goes_on() {
    killed_at(
        Method::POST,
        "/repos/{owner}/{repo}/issues/{number}/sub_issues",
        1,
    )
    .await;
}

#[tokio::test]
async fn two_at_once_take_turns() {
    let t = Desk::new().await;
    t.opens(WORK);
    let (one, two) = tokio::join!(t.run(CREATES), t.run(CREATES));
    let mut codes = [one.code, two.code];
    codes.sort_unstable();
    assert!(codes == [0, 0] || codes == [0, 1], "{one:?} {two:?}");
    assert_eq!(t.titles(), TITLES);
}

#[tokio::test]
async fn an_answer_that_is_lost_is_looked_for_and_nothing_is_doubled() {
    let t = Desk::new().await;
    t.opens(WORK);
    t.sim.faults().schedule(
        Fault::on(Method::POST, ISSUES)
            .nth(1)
            .then(Effect::DropAfter),
    );
    let done = t.run(CREATES).await;
    succeeded(&done);
    assert!(done.errors.contains("trying again"), "{}", done.errors);
    assert_eq!(t.titles(), TITLES);
}

#[tokio::test]
async fn what_cannot_be_processed_is_said_with_the_right_code() {
    let t = Desk::new().await;
    let alice = t.sim.user("alice");
    let bad = t.opens("@TheOpenProducerBot\ncount: lots\n\nBuild it");
    let closed = t.opens(WORK);
    alice.closes(&closed);
    let pull = alice.opens_pull_request(SHOP, "Accounts", WORK);
    for (number, code, says) in [
        (bad.number, 2, "line 2"),
        (closed.number, 1, "is closed; reopen it"),
        (pull.number, 1, "is a pull request"),
        (99, 1, "there is no issue #99"),
    ] {
        let said = t
            .run(&format!("process --repo acme/shop --issue {number}"))
            .await;
        failed(&said, code, &[says]);
    }
    assert_eq!(t.writes(), 0);
    let said = t.run("rollback --run run_20261122_084408_a1b2c3d4").await;
    failed(&said, 1, &["there is no run"]);
    let both = t
        .run("process --repo acme/shop --issue 1 --dry-run --confirm")
        .await;
    failed(&both, 2, &["--confirm"]);
}

#[tokio::test]
async fn issues_may_go_to_another_repository_that_the_token_reaches() {
    let t = Desk::new().await;
    t.sim.add_repository("acme/site");
    t.sim.set_role("acme/site", "alice", Role::Write);
    t.sim.add_repository("globex/store");
    t.sim.set_private("globex/store", true);
    t.opens("@TheOpenProducerBot\nrepositories: globex/store\n\n- Build it\n");
    let hidden = t.run(CREATES).await;
    failed(
        &hidden,
        2,
        &["line 2", "`globex/store` is not a repository"],
    );
    let text = "@TheOpenProducerBot\nrate_limit_per_minute: 80\nrepositories: acme/shop, acme/site\ncomponents: shop, site\n\n- Build the shop\n- Build the site\n";
    t.sim
        .user("alice")
        .edits_issue(&issue(&t, 1), None, Some(text));
    succeeded(&t.run(CREATES).await);
    let elsewhere = t.sim.repository("acme/site").issues().len();
    assert_eq!(t.titles().len() + elsewhere, 2);
}
