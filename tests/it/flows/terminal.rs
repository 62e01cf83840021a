//! The operator at a terminal: the real program, as a process of its own, against the same GitHub.

use http::Method;
use openproducer::simulator::IssueRef;
use serde_json::Value;
use tokio::process::Command;

use crate::harness::house::{House, SHOP, house};
use crate::harness::sight::redacted;

const ONE: &str = "- Build the login form\n";

/// Exit code, output and errors of the program.
async fn program(t: &House, arguments: &str) -> (i32, String, String) {
    let app = t.sim.app();
    let done = Command::new(env!("CARGO_BIN_EXE_openproducer"))
        .args(arguments.split_whitespace())
        .current_dir(std::env::temp_dir())
        .env_clear()
        .env("DATABASE_URL", t.database_url())
        .env("GITHUB_API_URL", t.sim.api_url())
        .env("GITHUB_WEB_URL", t.sim.web_url())
        .env("GITHUB_APP_ID", app.id.to_string())
        .env("GITHUB_PRIVATE_KEY", &app.private_key_pem)
        .env("GITHUB_WEBHOOK_SECRET", &app.webhook_secret)
        .output()
        .await
        .expect("the program runs");
    let text = |bytes| redacted(&String::from_utf8(bytes).expect("text"));
    (
        done.status.code().unwrap_or(-1),
        text(done.stdout),
        text(done.stderr),
    )
}

async fn stands(t: &mut House) -> IssueRef {
    // Its worker would help with the jobs.
    t.stop_server().await;
    t.alice().opens_issue(SHOP, "Accounts", ONE)
}

#[tokio::test]
async fn process_creates_status_tells_and_rollback_takes_back() {
    house(async |t| {
        let trigger = stands(t).await;
        let (code, said, errors) = program(t, "process --repo acme/shop --issue 1").await;
        assert_eq!(code, 0, "{said}{errors}");
        assert_eq!(t.titles(), ["Build the login form"]);
        assert!(t.bot_comment(&trigger).contains("1 issue created"));

        let id = t.run(&trigger).await.id;
        let (code, said, errors) = program(t, &format!("status --run {id} --json")).await;
        assert_eq!(code, 0, "{said}{errors}");
        let status: Value = serde_json::from_str(&said).expect("JSON");
        assert_eq!(status["status"], "completed");
        assert_eq!(status["items"][0]["title"], "Build the login form");
        let (code, said, _) = program(t, "status --repo acme/shop --limit 5 --json").await;
        assert_eq!(code, 0);
        let all: Value = serde_json::from_str(&said).expect("JSON");
        assert_eq!(all.as_array().map(Vec::len), Some(1));

        let (code, said, errors) = program(t, &format!("rollback --run {id}")).await;
        assert_eq!(code, 0, "{said}{errors}");
        assert_eq!(t.shop().open_issues(), [trigger.number]);

        let closings = |t: &House| t.sent(&Method::PATCH, "/repos/{owner}/{repo}/issues/{number}");
        let before = closings(t);
        let (code, said, errors) = program(t, &format!("rollback --run {id}")).await;
        assert_eq!(code, 0, "{said}{errors}");
        assert_eq!(closings(t), before, "there is nothing left to do");
    })
    .await;
}

#[tokio::test]
async fn a_dry_run_waits_for_a_person() {
    house(async |t| {
        let trigger = stands(t).await;
        let (code, said, errors) = program(t, "process --repo acme/shop --issue 1 --dry-run").await;
        assert_eq!(code, 0, "{said}{errors}");
        assert!(errors.contains("confirm"), "{errors}");
        assert!(t.created().is_empty());
        assert!(
            t.bot_comment(&trigger)
                .contains("waiting for your confirmation")
        );
        t.start_server().await;
        t.says(&trigger, "@TheOpenProducerBot confirm").await;
        assert_eq!(t.titles(), ["Build the login form"]);
    })
    .await;
}

#[tokio::test]
async fn an_open_run_is_joined_not_doubled_and_confirmed_at_the_terminal_too() {
    house(async |t| {
        let trigger = stands(t).await;
        let process = "process --repo acme/shop --issue 1";
        let (code, said, errors) = program(t, &format!("{process} --dry-run")).await;
        assert_eq!(code, 0, "{said}{errors}");
        let (code, said, errors) = program(t, process).await;
        assert_eq!(code, 0, "{said}{errors}");
        assert!(errors.contains("is the open run of"), "{errors}");
        assert!(errors.contains("--confirm"), "{errors}");
        assert!(t.created().is_empty());
        let (code, said, errors) = program(t, &format!("{process} --confirm")).await;
        assert_eq!(code, 0, "{said}{errors}");
        assert_eq!(t.titles(), ["Build the login form"]);
        assert_eq!(t.runs(&trigger).await.len(), 1);
        assert!(
            t.bot_comment(&trigger).contains("rollback last"),
            "the App listens"
        );
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_processed_is_said_with_the_right_code() {
    house(async |t| {
        t.sim.add_repository("other/place");
        stands(t).await;
        let bad = t.alice().opens_issue(
            SHOP,
            "Accounts",
            "@TheOpenProducerBot\ncount: lots\n\nBuild it",
        );
        let closed = t.alice().opens_issue(SHOP, "Accounts", ONE);
        t.alice().closes(&closed);
        let pull = t.alice().opens_pull_request(SHOP, "Accounts", ONE);
        for (arguments, code, says) in [
            (
                format!("process --repo acme/shop --issue {}", bad.number),
                2,
                "line 2",
            ),
            (
                format!("process --repo acme/shop --issue {}", closed.number),
                1,
                "is closed",
            ),
            (
                format!("process --repo acme/shop --issue {}", pull.number),
                1,
                "pull request",
            ),
            (
                "process --repo acme/shop --issue 99".to_owned(),
                1,
                "no issue #99",
            ),
            (
                "process --repo other/place --issue 1".to_owned(),
                1,
                "not installed on other/place",
            ),
            ("process --repo acme --issue 1".to_owned(), 2, "owner/name"),
            (
                "rollback --run run_20261122_084408_a1b2c3d4".to_owned(),
                1,
                "there is no run",
            ),
            (
                "status --run run_20261122_084408_a1b2c3d4".to_owned(),
                1,
                "there is no run",
            ),
        ] {
            let (got, said, errors) = program(t, &arguments).await;
            assert_eq!(got, code, "{arguments}: {said}{errors}");
            assert!(errors.contains(says), "{arguments}: {errors}");
            assert!(!errors.contains("PRIVATE KEY"), "{errors}");
        }
        assert!(t.created().is_empty());
    })
    .await;
}

#[tokio::test]
async fn status_says_that_a_run_is_parked_and_why() {
    house(async |t| {
        let asks = format!("@TheOpenProducerBot\ndry_run: true\n\n{ONE}");
        let trigger = t.opens("Accounts", &asks).await;
        let id = t.run(&trigger).await.id;
        t.sim.add_repository("acme/site");
        t.sim
            .remove_repository_from_installation(t.installation, SHOP);
        t.quiet().await;
        let (_, said, _) = program(t, &format!("status --run {id}")).await;
        assert!(
            said.contains("\nparked: the repository is out of the App's reach\n"),
            "{said}"
        );
        t.sim.add_repository_to_installation(t.installation, SHOP);
        t.quiet().await;
        t.sim.suspend_installation(t.installation);
        t.quiet().await;
        let words = "parked: the App is suspended on this account";
        let (_, said, _) = program(t, &format!("status --run {id} --json")).await;
        let status: Value = serde_json::from_str(&said).expect("JSON");
        assert_eq!(status["parked"], words);
        let (_, said, _) = program(t, "status").await;
        assert!(said.contains(&format!("({words})")), "{said}");
        t.sim.unsuspend_installation(t.installation);
        t.quiet().await;
        let (_, said, _) = program(t, &format!("status --run {id}")).await;
        assert!(said.contains("\nwaits for `confirm`\n"), "{said}");
    })
    .await;
}
