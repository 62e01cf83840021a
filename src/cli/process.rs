//! `openproducer process`: plans and creates the issues of one issue on GitHub, from the terminal.

use std::time::Duration;

use anyhow::anyhow;
use tokio::sync::watch;

use super::arguments::{ProcessArguments, RollbackArguments};
use super::database::Database;
use super::failure::{Failure, bad_config};
use super::serve;
use super::status;
use super::terminal::Terminal;
use crate::config::Config;
use crate::domain::ids::RunId;
use crate::domain::run::{Phase, Status};
use crate::flows::{Services, operate};
use crate::store::planned_issues;
use crate::store::runs::{self, Run};
use crate::worker;

/// How often the run's state is looked at.
const LOOK: Duration = Duration::from_millis(300);

/// Starts a run for the issue and follows it to its end, or to where it waits for a person.
pub(super) async fn run(args: ProcessArguments) -> Result<(), Failure> {
    with_worker(async |services: &Services, terminal: Terminal| {
        let started = operate::process(services, &args.repo, args.issue, args.dry_run)
            .await
            .map_err(|e| anyhow!("{e}"))?;
        let id = match started {
            Ok(id) => id,
            Err(complaints) => {
                let lines: Vec<String> = complaints.iter().map(ToString::to_string).collect();
                return Err(Failure::BadInput(format!(
                    "the request in {}#{} cannot be read:\n  {}",
                    args.repo,
                    args.issue,
                    lines.join("\n  ")
                )));
            }
        };
        terminal.step(format_args!("{id} for {}#{}", args.repo, args.issue));
        let run = follow(services, terminal, &id).await?;
        conclude(services, terminal, &run).await
    })
    .await
}

/// Rolls a run back and follows it to its end.
pub(super) async fn roll_back(args: RollbackArguments) -> Result<(), Failure> {
    with_worker(async |services: &Services, terminal: Terminal| {
        operate::roll_back(services, &args.run, args.force)
            .await
            .map_err(|e| anyhow!("{e}"))?;
        let run = follow(services, terminal, &args.run).await?;
        conclude(services, terminal, &run).await
    })
    .await
}

/// Opens what the command needs, runs a worker beside it, and closes everything whatever happens.
async fn with_worker(
    command: impl AsyncFnOnce(&Services, Terminal) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let config = Config::load().map_err(bad_config)?;
    super::logs::start(&config);
    let github = serve::github(&config, &config.credentials().map_err(bad_config)?)?;
    let database = Database::open(&config, "openproducer process").await?;
    let services = serve::services(&config, &database, github)?;
    let (shutdown, stopping) = watch::channel(false);
    let working = tokio::spawn(worker::run(services.clone(), stopping));
    let done = tokio::select! {
        done = command(&services, Terminal::of_errors()) => done,
        () = super::ended() => Err(anyhow!("ended; the run goes on where it was when a server or worker runs").into()),
    };
    shutdown.send_replace(true);
    let _ = working.await;
    database.close().await;
    done
}

async fn follow(services: &Services, terminal: Terminal, id: &RunId) -> Result<Run, Failure> {
    let mut seen = String::new();
    loop {
        let run = runs::get(&services.pool, id)
            .await
            .map_err(anyhow::Error::from)?;
        let tally = planned_issues::tally(&services.pool, id)
            .await
            .map_err(anyhow::Error::from)?;
        let words = format!(
            "{} ({} of {} issues)",
            status::in_words(run.state),
            tally.existing,
            tally.existing + tally.open
        );
        if words != seen {
            terminal.step(format_args!("{words}"));
            seen = words;
        }
        let waits = run.state.phase() == Some(Phase::AwaitingConfirmation);
        // The comment on GitHub is the last thing to be brought up to date.
        if (waits || run.state.status().is_final()) && run.shown_revision >= run.revision {
            return Ok(run);
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn conclude(services: &Services, terminal: Terminal, run: &Run) -> Result<(), Failure> {
    let text = status::one(&services.pool, &run.id, false).await?;
    Terminal::of_output().write(&text)?;
    match run.state.status() {
        Status::Failed => Err(anyhow!("the run failed").into()),
        Status::Running => {
            terminal.warning(format_args!(
                "the plan waits for a person: answer `confirm` in the issue"
            ));
            Ok(())
        }
        _ => Ok(()),
    }
}
