//! `openproducer serve`, `worker` and `setup` as processes: a fresh server prints its link, the worker beside it goes live too.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use http::Method;
use openproducer::simulator::{RepositorySelection, Role, Setup, Simulator};
use openproducer::store::jobs;
use url::Url;

use crate::harness::browser::Browser;
use crate::harness::database::TestDatabase;

const STUCK: Duration = Duration::from_mins(2);

/// The program with a database, a key, and a GitHub where it has no App yet.
fn program(database: &TestDatabase, sim: &Simulator, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_openproducer"));
    command
        .args(arguments)
        .current_dir(std::env::temp_dir())
        .env_clear()
        .env("DATABASE_URL", database.url())
        .env("ENCRYPTION_KEY", "ab".repeat(32))
        .env("GITHUB_API_URL", sim.api_url())
        .env("GITHUB_WEB_URL", sim.web_url())
        .env("LISTEN_ADDR", "127.0.0.1:0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

/// Killed when the test ends, however it ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The link that it prints.
fn link(running: &mut Running) -> Url {
    let output = running.0.stdout.take().unwrap();
    let mut lines = BufReader::new(output).lines();
    let line = lines.find_map(|line| line.ok().filter(|line| line.contains("/setup?link=")));
    line.expect("a link").trim().parse().unwrap()
}

fn said(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (
        output.status.code().unwrap_or(-1),
        text(&output.stdout),
        text(&output.stderr),
    )
}

async fn until(what: &str, condition: impl AsyncFn() -> bool) {
    let begun = Instant::now();
    while !condition().await {
        assert!(begun.elapsed() < STUCK, "never: {what}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn a_headless_server_and_its_worker_go_live_by_a_link_of_the_command() {
    let database = TestDatabase::create().await;
    jobs::migrate(database.pool()).await.unwrap();
    let sim = Simulator::start(Setup::default()).await.unwrap();
    sim.add_organization("acme");
    sim.add_repository("acme/shop");
    let olivia = sim.add_user("olivia");
    sim.set_role("acme/shop", "olivia", Role::Admin);
    let mut server = Running(
        program(&database, &sim, &["serve", "--no-worker"])
            .spawn()
            .unwrap(),
    );
    let printed = link(&mut server);
    let _worker = Running(program(&database, &sim, &["worker"]).spawn().unwrap());

    // The command knows the address only from its config.
    let mut setup = program(&database, &sim, &["setup", "--print"]);
    let address = format!("127.0.0.1:{}", printed.port().unwrap());
    setup.env("LISTEN_ADDR", &address).stderr(Stdio::piped());
    let (code, output, errors) = said(&setup.output().unwrap());
    assert_eq!(code, 0, "{errors}");
    assert!(errors.contains("it works once, until"), "{errors}");
    let link: Url = output.trim().parse().unwrap();
    assert_eq!((link.port(), link.path()), (printed.port(), "/setup"));

    let browser = Browser::new(&format!("http://{address}"), &sim.web_url());
    let form = browser
        .visit(&format!("/setup?{}", link.query().unwrap()))
        .await;
    let fields = [
        ("owner", "organization"),
        ("organization", "acme"),
        ("name", "Headless"),
    ];
    let forward = browser.submits(&form, "/setup", &fields).await;
    let (_, action) = forward
        .text
        .split_once("<form method=\"post\" action=\"")
        .unwrap();
    let action: Url = action.split_once('"').unwrap().0.parse().unwrap();
    let manifest = forward.hidden("manifest");
    let github = browser
        .send(Method::POST, action, Some(&[("manifest", &manifest)]))
        .await;
    let state = github.hidden("state");
    let fields = [
        ("owner", "acme"),
        ("manifest", &manifest),
        ("state", &state),
    ];
    let create = github.url.join("/_simulator/apps").unwrap();
    let created = browser.send(Method::POST, create, Some(&fields)).await;
    let done = browser.follow(created).await;
    assert!(done.text.contains("Headless is registered"), "{done:#?}");

    until("the server is live", async || {
        browser.get("/install").await.status == 302
    })
    .await;
    sim.install_app("acme", RepositorySelection::All);
    sim.settled().await;
    assert_eq!(sim.deliveries().last().unwrap().status_code, 202);
    until("the worker is live", async || {
        let done: bool = sqlx::query_scalar("select exists (select from installations)")
            .fetch_one(database.pool())
            .await
            .unwrap();
        done
    })
    .await;

    // A command at the terminal acts as the same App.
    let issue = olivia.opens_issue("acme/shop", "Shop", "- Build the shop\n- Paint the shop");
    let number = issue.number.to_string();
    let arguments = ["process", "--repo", "acme/shop", "--issue", &number];
    let mut process = program(&database, &sim, &arguments);
    process.stderr(Stdio::piped());
    // Not in this thread: GitHub lives in it.
    let done = tokio::task::spawn_blocking(move || process.output().unwrap());
    let (code, _, errors) = said(&done.await.unwrap());
    assert_eq!(code, 0, "{errors}");
    assert_eq!(sim.repository("acme/shop").issues().len(), 3);

    let mut again = program(&database, &sim, &["setup", "--print"]);
    again.stderr(Stdio::piped());
    let (code, output, errors) = said(&again.output().unwrap());
    assert_eq!((code, output.as_str()), (1, ""));
    assert!(
        errors.contains("Headless") && errors.contains("registered already"),
        "{errors}"
    );
    let mut given = program(&database, &sim, &["setup"]);
    given.env("GITHUB_APP_ID", "42").stderr(Stdio::piped());
    let (code, _, errors) = said(&given.output().unwrap());
    assert_eq!(code, 2);
    assert!(errors.contains("comes from the environment"), "{errors}");
}

#[tokio::test]
async fn without_a_key_a_server_without_an_app_does_not_start_and_says_what_is_needed() {
    let database = TestDatabase::create().await;
    let sim = Simulator::start(Setup::default()).await.unwrap();
    for command in ["serve", "worker", "setup"] {
        let mut program = program(&database, &sim, &[command]);
        program.env_remove("ENCRYPTION_KEY").stderr(Stdio::piped());
        let (code, _, errors) = said(&program.output().unwrap());
        assert_eq!(code, 2, "{command}: {errors}");
        assert!(
            errors.contains("ENCRYPTION_KEY: is not set"),
            "{command}: {errors}"
        );
        assert!(
            errors.contains("openssl rand -base64 32"),
            "{command}: {errors}"
        );
    }
}
