//! `openproducer doctor`: what is well, what is not, and what to do. It changes nothing.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use serde_json::json;

use super::arguments::DoctorArguments;
use super::database::Database;
use super::failure::Failure;
use super::terminal::Terminal;
use super::{keys, serve};
use crate::clock::Clock;
use crate::config::{AppMode, Config, Credentials, Fault};
use crate::flows::doctor::{self, Check, Finding, Patient, State};

mod print;

/// Looks at everything and prints one line each; exit code 1 if something failed, 2 if the config is wrong.
pub(super) async fn run(args: DoctorArguments) -> Result<(), Failure> {
    let begun = Instant::now();
    let progress = Terminal::of_errors();
    // Who pipes either stream away has no use for it.
    let is_watched = progress.is_watched() && Terminal::of_output().is_watched();
    if is_watched {
        let _ = progress.write(
            "Looking at configuration, database, cache, GitHub, webhooks, queue and model …",
        );
    }
    let examined = match configured(&args) {
        Ok((config, credentials)) => examine(config, credentials, &args).await,
        Err(faults) => Ok(doctor::of_faults(&faults)),
    };
    if is_watched {
        let _ = progress.write("\r\u{1b}[K");
    }
    let checks = examined?;
    let terminal = Terminal::of_output();
    let text = if args.json {
        format!("{:#}\n", document(&checks, Clock::system().now()))
    } else {
        print::text(&checks, begun.elapsed(), terminal)
    };
    terminal.write(&text)?;
    let state_of = |name: &str| {
        checks
            .iter()
            .find(|c| c.name == name)
            .map(|c| c.finding.state)
    };
    match worst(&checks) {
        _ if state_of("config.values") == Some(State::Failed) => Err(Failure::Told(2)),
        State::Failed => Err(Failure::Told(1)),
        _ => Ok(()),
    }
}

/// The config with what acts for it, or every fault of both. `None`: the App of the setup page, or nobody.
fn configured(args: &DoctorArguments) -> Result<(Config, Option<Credentials>), Vec<Fault>> {
    if args.worker {
        let config = Config::load()?;
        let credentials = config.for_worker()?;
        return Ok((config, credentials));
    }
    let config = Config::load();
    if let Ok(config) = config
        && config.github.mode == AppMode::Token
    {
        let credentials = config.credentials().ok();
        return Ok((config, credentials));
    }
    let (config, needs) = Config::load_for_serve()?;
    Ok((config, needs.map(|needs| needs.credentials)))
}

async fn examine(
    mut config: Config,
    credentials: Option<Credentials>,
    args: &DoctorArguments,
) -> Result<Vec<Check>, Failure> {
    let broken_key = keys::find(&mut config).err();
    let github = match &credentials {
        Some(credentials) => serve::github(&config, credentials)?,
        None => serve::unregistered(&config)?,
    };
    let (database, no_database) = match Database::to_look_at(&config, "openproducer doctor").await {
        Ok(Some(database)) => (database, None),
        Ok(None) => (Database::nowhere(), Some(not_running(&config))),
        Err(failure) => (
            Database::nowhere(),
            Some(Finding::failed(failure.to_string())),
        ),
    };
    let services = serve::services(&config, &database, github)?;
    let patient = Patient {
        services: &services,
        config: &config,
        no_database,
        limit: Duration::from_secs(args.timeout),
    };
    let mut checks = Box::pin(doctor::examine(&patient)).await;
    if let Some(broken) = broken_key
        && let Some(check) = checks
            .iter_mut()
            .find(|c| c.name == "config.encryption-key")
    {
        check.finding = Finding::failed(format!("{broken:#}"));
    }
    database.close().await;
    Ok(checks)
}

/// The embedded database runs with the server alone.
fn not_running(config: &Config) -> Finding {
    let folder = config.data_folder.join("postgres");
    if folder.join("data").exists() {
        return Finding::skipped(format!(
            "the embedded PostgreSQL in {} is not running: it runs as long as the server does",
            folder.display()
        ))
        .advise("Start `openproducer serve`, and ask again beside it");
    }
    Finding::skipped(format!(
        "DATABASE_URL is not set, and no embedded PostgreSQL is in {} yet: the first start makes one",
        folder.display()
    ))
    .advise("Start `openproducer serve`, and ask again beside it")
}

fn worst(checks: &[Check]) -> State {
    let states = checks.iter().map(|check| check.finding.state);
    states.max().unwrap_or(State::Ok)
}

/// The documented shape: docs/doctor.md.
fn document(checks: &[Check], now: DateTime<Utc>) -> serde_json::Value {
    let count = |state| {
        checks
            .iter()
            .filter(|check| check.finding.state == state)
            .count()
    };
    let worst = match worst(checks) {
        State::Skipped => State::Ok,
        other => other,
    };
    json!({
        "version": env!("CARGO_PKG_VERSION"),
        "at": now,
        "state": worst,
        "counts": {
            "ok": count(State::Ok), "warning": count(State::Warning),
            "failed": count(State::Failed), "skipped": count(State::Skipped),
        },
        "checks": checks,
    })
}
