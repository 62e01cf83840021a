//! An operator's desk: a GitHub, a database, and the program with an environment that tests change.

use std::fmt::Write as _;
use std::process::Stdio;

use openproducer::simulator::{Setup, Simulator};
use serde_json::Value;
use tokio::process::Command;

use crate::harness::database::TestDatabase;

/// 32 times the byte 7, as the house's servers have it.
pub(super) const KEY: &str = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
pub(super) const PUBLIC: &str = "https://bot.example.org";

#[derive(Debug)]
pub(super) struct Said {
    pub(super) code: i32,
    pub(super) output: String,
    pub(super) errors: String,
}

/// The program with nothing else in its environment.
pub(super) async fn run(environment: &[(&str, String)], arguments: &str) -> Said {
    let done = Command::new(env!("CARGO_BIN_EXE_openproducer"))
        .args(arguments.split_whitespace())
        .current_dir(std::env::temp_dir())
        .env_clear()
        .envs(environment.iter().cloned())
        .kill_on_drop(true)
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    let said = Said {
        code: done.status.code().unwrap_or(-1),
        output: String::from_utf8(done.stdout).unwrap(),
        errors: String::from_utf8(done.stderr).unwrap(),
    };
    let secret = ["KEY", "SECRET", "TOKEN"];
    let secrets = environment
        .iter()
        .filter(|(name, _)| secret.iter().any(|s| name.contains(s)));
    for (name, value) in secrets {
        let all = format!("{}{}", said.output, said.errors);
        assert!(!all.contains(value.as_str()), "{name} is shown: {all}");
    }
    said
}

pub(super) struct Desk {
    pub(super) sim: Simulator,
    pub(super) database: TestDatabase,
    environment: Vec<(&'static str, String)>,
}

impl Desk {
    /// An App of the environment that is installed on acme; no server runs.
    pub(super) async fn new() -> Self {
        Self::of(Setup::default(), TestDatabase::create().await).await
    }

    pub(super) async fn of(setup: Setup, database: TestDatabase) -> Self {
        let sim = Simulator::start(setup).await.unwrap();
        sim.install_app("acme", openproducer::simulator::RepositorySelection::All);
        let app = sim.app().clone();
        let environment = vec![
            ("DATABASE_URL", database.url().to_owned()),
            ("ENCRYPTION_KEY", KEY.to_owned()),
            ("PUBLIC_URL", PUBLIC.to_owned()),
            ("TRUSTED_PROXIES", "1".to_owned()),
            ("LISTEN_ADDR", "127.0.0.1:1".to_owned()),
            ("GITHUB_API_URL", sim.api_url()),
            ("GITHUB_WEB_URL", sim.web_url()),
            ("GITHUB_APP_ID", app.id.to_string()),
            ("GITHUB_PRIVATE_KEY", app.private_key_pem.clone()),
            ("GITHUB_WEBHOOK_SECRET", app.webhook_secret.clone()),
            ("GITHUB_CLIENT_ID", app.client_id.clone()),
            ("GITHUB_CLIENT_SECRET", app.client_secret.clone()),
        ];
        Self {
            sim,
            database,
            environment,
        }
    }

    pub(super) fn set(&mut self, name: &'static str, value: &str) {
        self.unset(name);
        self.environment.push((name, value.to_owned()));
    }

    pub(super) fn unset(&mut self, name: &str) {
        self.environment.retain(|(known, _)| *known != name);
    }

    /// Nothing of an App in the environment.
    pub(super) fn forget_app(&mut self) {
        let of_app = [
            "GITHUB_APP_ID",
            "GITHUB_PRIVATE_KEY",
            "GITHUB_WEBHOOK_SECRET",
            "GITHUB_CLIENT_ID",
            "GITHUB_CLIENT_SECRET",
        ];
        self.environment
            .retain(|(known, _)| !of_app.contains(known));
    }

    pub(super) async fn run(&self, arguments: &str) -> Said {
        run(&self.environment, arguments).await
    }

    pub(super) async fn sql(&self, statement: &'static str) {
        sqlx::query(statement)
            .execute(self.database.pool())
            .await
            .unwrap();
    }

    /// Everything, as a person sees it.
    pub(super) async fn text(&self) -> String {
        let said = self.run("doctor").await;
        format!("exit {}\n{}", said.code, redacted(&said.output, &self.sim))
    }

    /// What is said of these checks: in words, and as JSON.
    pub(super) async fn seen(&self, names: &[&str]) -> String {
        let text = self.run("doctor").await;
        let json = self.run("doctor --json").await;
        assert_eq!(text.code, json.code, "{}\n{}", text.output, json.output);
        let document: Value = serde_json::from_str(&json.output).unwrap();
        let mut seen = format!("exit {}\n", text.code);
        for name in names {
            seen.push_str(&in_words(&text.output, name));
        }
        for name in names {
            let checks = document["checks"].as_array().unwrap();
            let mut check = checks
                .iter()
                .find(|check| check["name"] == *name)
                .unwrap()
                .clone();
            check.as_object_mut().unwrap().remove("took_ms");
            writeln!(seen, "{check}").unwrap();
        }
        redacted(&seen, &self.sim)
    }
}

/// The lines of one check, or those in which it is named among others that are skipped for the same reason.
fn in_words(text: &str, name: &str) -> String {
    let (part, short) = name.split_once('.').unwrap();
    let folded = format!("{part}.*");
    let mut blocks: Vec<String> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        match blocks.last_mut() {
            Some(block) if line.starts_with("        ") => writeln!(block, "{line}").unwrap(),
            _ => blocks.push(format!("{line}\n")),
        }
    }
    let is_it = |block: &String| {
        let called = block.split_whitespace().nth(1);
        called == Some(name) || (called == Some(folded.as_str()) && block.contains(short))
    };
    let found = blocks.into_iter().find(is_it);
    found.unwrap_or_else(|| panic!("{name} is not in\n{text}"))
}

/// Without what differs each time.
pub(super) fn redacted(text: &str, sim: &Simulator) -> String {
    let text = text.replace(&sim.web_url(), "http://GITHUB");
    let mut lines: Vec<String> = text.lines().map(of_line).collect();
    lines.push(String::new());
    lines.join("\n")
}

fn of_line(line: &str) -> String {
    let mut line = line.to_owned();
    for (after, upto) in [
        ("PostgreSQL ", " answers, connected"),
        ("connected in ", " ms"),
        ("answers in ", " ms"),
        (" well in ", " s."),
        (" skipped in ", " s."),
        ("    all ", " are there"),
        ("", " of 400 are open"),
        ("", " of 5000 requests"),
        ("left until ", " UTC"),
        ("by the prices of ", ""),
        ("the server at ", " is ready"),
        ("\"took_ms\": ", ""),
        ("\"at\": \"", "\""),
        ("\"version\": \"", "\""),
    ] {
        line = without(&line, after, upto);
    }
    line
}

/// With `N` in the place of the number, time or address between these two.
fn without(line: &str, after: &str, upto: &str) -> String {
    let is_of_it = |c: char| c.is_ascii_digit() || ".:-TZ".contains(c);
    let (start, end) = if after.is_empty() {
        let Some(end) = line.find(upto) else {
            return line.to_owned();
        };
        (line[..end].trim_end_matches(is_of_it).len(), end)
    } else {
        let Some(start) = line.find(after).map(|at| at + after.len()) else {
            return line.to_owned();
        };
        let rest = line[start..].trim_start_matches(is_of_it);
        (start, line.len() - rest.len())
    };
    if start == end || !line[end..].starts_with(upto) {
        return line.to_owned();
    }
    format!("{}N{}", &line[..start], &line[end..])
}
