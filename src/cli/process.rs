//! `openproducer process` and `rollback`: one run, from the terminal, followed to its end.

use std::time::Duration;

use anyhow::anyhow;
use tokio::sync::watch;

use super::arguments::{ProcessArguments, RollbackArguments};
use super::database::Database;
use super::failure::{Failure, bad_config};
use super::serve;
use super::status;
use super::terminal::Terminal;
use crate::config::{AppMode, Config};
use crate::domain::ids::RunId;
use crate::domain::run::{Phase, Status};
use crate::flows::operate::{self, Outcome, Wish};
use crate::flows::step::Next;
use crate::flows::{FlowError, Services};
use crate::store::planned_issues;
use crate::store::runs::{self, Run};
use crate::worker;

/// How often the run's state is looked at.
const LOOK: Duration = Duration::from_millis(300);
/// How often in a row a run without a worker may fail before the person is told.
const ATTEMPTS: u32 = 6;
/// Longer waits than this are announced.
const NOTABLE: Duration = Duration::from_secs(5);

/// Starts a run for the issue, or goes on with its open one, and follows it to its end or to where it waits for a person.
pub(super) async fn run(args: ProcessArguments) -> Result<(), Failure> {
    let wish = match &args {
        args if args.dry_run => Wish::Preview,
        args if args.confirm => Wish::Confirm,
        args if args.cancel => Wish::Cancel,
        _ => Wish::Go,
    };
    command("openproducer process", async |services, terminal| {
        let outcome = Box::pin(operate::process(services, &args.repo, args.issue, wish))
            .await
            .map_err(|failure| in_words(services, &failure))?;
        let (id, what) = match outcome {
            Outcome::Started(id) => (id, "for"),
            Outcome::Joined(id) => (id, "is the open run of"),
            Outcome::Complaints(complaints) => {
                let lines: Vec<String> = complaints.iter().map(ToString::to_string).collect();
                return Err(Failure::BadInput(format!(
                    "the request in {}#{} cannot be read:\n  {}",
                    args.repo,
                    args.issue,
                    lines.join("\n  ")
                )));
            }
        };
        terminal.step(format_args!("{id} {what} {}#{}", args.repo, args.issue));
        let run = to_its_end(services, terminal, &id).await?;
        conclude(services, &run).await?;
        if run.state.status() == Status::Running {
            let confirm = format!(
                "openproducer process --repo {} --issue {} --confirm",
                args.repo, args.issue
            );
            terminal.warning(format_args!("{}", waits(services, &args, &confirm)));
        }
        Ok(())
    })
    .await
}

fn waits(services: &Services, args: &ProcessArguments, confirm: &str) -> String {
    if services.github.is_person() {
        let page = format!("{}/{}/issues/{}", services.web_url, args.repo, args.issue);
        return format!(
            "the plan waits for you: look at it at {page}, untick what you do not want, then confirm with\n  {confirm}"
        );
    }
    format!("the plan waits for a person: answer `confirm` in the issue, or run\n  {confirm}")
}

/// Rolls a run back and follows it to its end.
pub(super) async fn roll_back(args: RollbackArguments) -> Result<(), Failure> {
    command("openproducer rollback", async |services, terminal| {
        Box::pin(operate::roll_back(services, &args.run, args.force))
            .await
            .map_err(|failure| in_words(services, &failure))?;
        let run = to_its_end(services, terminal, &args.run).await?;
        conclude(services, &run).await
    })
    .await
}

fn in_words(services: &Services, failure: &FlowError) -> Failure {
    let words = operate::hopeless(services, failure).unwrap_or_else(|| failure.to_string());
    anyhow!(words).into()
}

/// Opens what the command needs, with a worker beside it where an App acts, and closes everything whatever happens.
async fn command(
    name: &'static str,
    command: impl AsyncFnOnce(&Services, Terminal) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut config = Config::load().map_err(bad_config)?;
    super::logs::start(&config);
    let credentials = match config.credentials() {
        Ok(credentials) => Some(credentials),
        // It may have been registered on the setup page of a server with this database.
        Err(_) if config.may_have_registered() => None,
        Err(faults) => return Err(bad_config(faults)),
    };
    let database = Database::open(&config, name).await?;
    let services = match serve::acting(&mut config, &database, credentials).await {
        Ok(services) => services,
        Err(failure) => {
            database.close().await;
            return Err(failure);
        }
    };
    let terminal = Terminal::of_errors();
    let done = match config.github.mode {
        AppMode::App => {
            let (shutdown, stopping) = watch::channel(false);
            let working = tokio::spawn(worker::run(services.clone(), stopping));
            let done = tokio::select! {
                done = command(&services, terminal) => done,
                () = super::ended() => Err(anyhow!("ended; the run goes on where it was when a server or worker runs").into()),
            };
            shutdown.send_replace(true);
            let _ = working.await;
            done
        }
        AppMode::Token => tokio::select! {
            done = alone(&services, async || command(&services, terminal).await) => done,
            () = super::ended() => Err(anyhow!("ended; nothing is lost: `openproducer process` for the same issue goes on where this stopped").into()),
        },
    };
    database.close().await;
    done
}

/// A person's runs have no queue: one process at a time acts with a token.
async fn alone(
    services: &Services,
    command: impl AsyncFnOnce() -> Result<(), Failure>,
) -> Result<(), Failure> {
    let hold = operate::hold(services)
        .await
        .map_err(|failure| in_words(services, &failure))?;
    let done = command().await;
    hold.release().await;
    done
}

/// Follows the run; where no worker takes it on, does that too.
async fn to_its_end(services: &Services, terminal: Terminal, id: &RunId) -> Result<Run, Failure> {
    if !services.github.is_person() {
        return follow(services, terminal, id).await;
    }
    tokio::select! {
        run = follow(services, terminal, id) => run,
        failure = take_on(services, terminal, id) => Err(failure),
    }
}

/// Takes the run from turn to turn, waits where the limits ask for it, and returns only when it cannot go on.
async fn take_on(services: &Services, terminal: Terminal, id: &RunId) -> Failure {
    let mut failures = 0;
    loop {
        let turn = Box::pin(operate::take_turn(services, id)).await;
        let pause = match turn {
            Ok(next) => {
                failures = 0;
                match next {
                    Next::Again => Duration::ZERO,
                    Next::At(when) => until(services, terminal, when),
                    Next::Done => LOOK,
                }
            }
            Err(failure) => {
                if let Some(words) = operate::hopeless(services, &failure) {
                    return anyhow!(words).into();
                }
                failures += 1;
                if failures == ATTEMPTS {
                    return anyhow!(
                        "{id} could not go on: {failure}\nnothing is lost: the same command goes on where this stopped"
                    )
                    .into();
                }
                terminal.warning(format_args!("{failure}; trying again"));
                match failure.retry_at() {
                    Some(when) => until(services, terminal, when),
                    None => Duration::from_secs(1 << failures.min(5)),
                }
            }
        };
        tokio::time::sleep(pause).await;
    }
}

fn until(services: &Services, terminal: Terminal, when: chrono::DateTime<chrono::Utc>) -> Duration {
    let pause = (when - services.clock.now()).to_std().unwrap_or_default();
    if pause > NOTABLE {
        terminal.step(format_args!(
            "GitHub's limits: goes on at {} UTC",
            when.format("%H:%M:%S")
        ));
    }
    pause
}

async fn follow(services: &Services, terminal: Terminal, id: &RunId) -> Result<Run, Failure> {
    let mut seen = String::new();
    loop {
        let run = runs::find_anywhere(&services.pool, id)
            .await
            .map_err(anyhow::Error::from)?
            .ok_or_else(|| anyhow!("there is no run {id}"))?;
        let tally = planned_issues::tally(&services.pool, run.key())
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

async fn conclude(services: &Services, run: &Run) -> Result<(), Failure> {
    let text = status::one(&services.pool, &run.id, false).await?;
    Terminal::of_output().write(&text)?;
    match run.state.status() {
        Status::Failed => Err(anyhow!("the run failed").into()),
        _ => Ok(()),
    }
}
