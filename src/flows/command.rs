//! Somebody commands a run: who may, does its state allow it, and then it happens, once.

use serde_json::json;
use tracing::info;

use super::request::Asking;
use super::{FlowResult, Services, advance, authorize, plan, reply, rollback, status};
use crate::domain::command::{Command, RollbackTarget, Selection};
use crate::domain::comment::{self, About};
use crate::domain::ids::RunId;
use crate::domain::rejection::Complaint;
use crate::domain::run::{IllegalMove, ItemState, State};
use crate::github::Reaction;
use crate::store::audit_events::{self, AuditEvent};
use crate::store::planned_issues;
use crate::store::runs::{self, Run};

/// An answer in a comment of its own.
#[derive(Debug)]
pub enum Answer {
    Help,
    Status(String),
    Unknown {
        word: String,
        nearest: Option<&'static str>,
    },
    Complaints(Vec<Complaint>),
    /// The trigger issue is closed.
    Closed,
    NotYet(&'static str),
    NothingToDo(&'static str),
    /// The run's state does not allow it.
    Already(IllegalMove, RunId),
    UnknownItems {
        numbers: Vec<u32>,
        total: usize,
    },
    /// `drop` of all that is left.
    NothingLeft,
}

/// Answers once, however often the delivery comes.
pub async fn answer(services: &Services, asking: &Asking<'_>, answer: Answer) -> FlowResult<()> {
    if !matches!(answer, Answer::Complaints(_) | Answer::Closed)
        && !asking.is_allowed(services).await?
    {
        return Ok(());
    }
    let bot = &services.mention;
    let text = match answer {
        Answer::Help => comment::help(bot, None),
        Answer::Status(table) => table,
        Answer::Unknown { word, nearest } => comment::unknown_command(&word, nearest, bot),
        Answer::Complaints(complaints) => {
            comment::complaints(&faults(&complaints, asking.written()))
        }
        Answer::Closed => comment::closed(bot),
        Answer::NotYet(command) => comment::not_yet(command, bot),
        Answer::NothingToDo("rollback") => comment::nothing_to_roll_back(bot),
        Answer::NothingToDo(_) => comment::nothing_to_confirm(bot),
        Answer::Already(illegal, run) => comment::already(illegal, About { run: &run, bot }),
        Answer::UnknownItems { numbers, total } => comment::unknown_items(&numbers, total),
        Answer::NothingLeft => comment::nothing_left(bot),
    };
    let cause = asking.cause();
    reply::once(
        services,
        asking.repository,
        asking.issue.number,
        &cause,
        &text,
    )
    .await
}

fn faults(complaints: &[Complaint], written: &str) -> Vec<comment::Fault> {
    let lines: Vec<&str> = written.lines().collect();
    complaints
        .iter()
        .map(|c| comment::Fault {
            line: c.line,
            says: c.says.clone(),
            quoted: lines.get(c.line.wrapping_sub(1)).unwrap_or(&"").to_string(),
        })
        .collect()
}

/// Carries out a command.
pub async fn obey(services: &Services, asking: &Asking<'_>, command: Command) -> FlowResult<()> {
    let standing = authorize::standing(services, asking.repository, &asking.sender.login).await?;
    let run = find_run(services, asking, &command).await?;
    let may = standing.suffices()
        || matches!(command, Command::Cancel)
            && (standing.is_admin()
                || run
                    .as_ref()
                    .is_some_and(|r| r.requested_by_id == asking.sender.id));
    if !may {
        return asking.react(services, Reaction::Confused).await;
    }
    asking.react(services, Reaction::Eyes).await?;
    match (&command, run) {
        (Command::Help, _) => answer(services, asking, Answer::Help).await,
        (Command::Status, _) => {
            let table = status::of_issue(services, asking).await?;
            answer(services, asking, Answer::Status(table)).await
        }
        (Command::Sync, _) => answer(services, asking, Answer::NotYet(command.name())).await,
        (_, None) => answer(services, asking, Answer::NothingToDo(command.name())).await,
        (_, Some(run)) => change(services, asking, &run, command).await,
    }
}

/// The run that a command means: the one it names, else the newest to which it can apply, else the newest.
async fn find_run(
    services: &Services,
    asking: &Asking<'_>,
    command: &Command,
) -> FlowResult<Option<Run>> {
    let place = asking.repository;
    let runs = runs::list_for_issue(
        &services.pool,
        place.installation,
        place.id,
        asking.issue.number,
    )
    .await?;
    match command {
        Command::Rollback(RollbackTarget::Run { id, .. }) => {
            return Ok(runs.into_iter().find(|r| r.id == *id));
        }
        Command::Rollback(RollbackTarget::Last { force }) => {
            return rollback::find_last(services, runs, *force).await;
        }
        _ => {}
    }
    let fits = runs
        .iter()
        .position(|r| next_state(r.state, command).is_ok());
    Ok(runs.into_iter().nth(fits.unwrap_or(0)))
}

/// The state that the command would bring; `Replan` of a waiting run plans again.
fn next_state(state: State, command: &Command) -> Result<State, IllegalMove> {
    match command {
        Command::Confirm(_) => state.confirm(),
        Command::Drop(_) => state.drop_items(),
        Command::Replan(_) => state.replan(),
        Command::Cancel => state.cancel(),
        Command::Rollback(RollbackTarget::Last { force } | RollbackTarget::Run { force, .. }) => {
            rollback::begin(state, *force)
        }
        Command::Status | Command::Sync | Command::Help => Ok(state),
    }
}

async fn change(
    services: &Services,
    asking: &Asking<'_>,
    run: &Run,
    command: Command,
) -> FlowResult<()> {
    let to = match next_state(run.state, &command) {
        Ok(to) => to,
        Err(illegal) => {
            if has_acted(services, asking).await? {
                return Ok(());
            }
            return answer(services, asking, Answer::Already(illegal, run.id.clone())).await;
        }
    };
    let picked = match &command {
        Command::Confirm(selection) => selection.as_ref(),
        Command::Drop(selection) => Some(selection),
        _ => None,
    };
    if let Some(objection) = check(services, run, picked, &command).await? {
        return answer(services, asking, objection).await;
    }
    carry_out(services, asking, run, to, &command).await
}

async fn has_acted(services: &Services, asking: &Asking<'_>) -> FlowResult<bool> {
    Ok(
        audit_events::exists_for_cause(&services.pool, asking.repository.id, &asking.cause())
            .await?,
    )
}

/// What is wrong with the numbers that a command names.
async fn check(
    services: &Services,
    run: &Run,
    picked: Option<&Selection>,
    command: &Command,
) -> FlowResult<Option<Answer>> {
    let Some(picked) = picked else {
        return Ok(None);
    };
    let items = planned_issues::list(&services.pool, &run.id).await?;
    let known = |n: u32| items.iter().any(|i| u32::try_from(i.position) == Ok(n));
    let numbers: Vec<u32> = picked.items().filter(|n| !known(*n)).collect();
    if !numbers.is_empty() {
        let total = items.len();
        return Ok(Some(Answer::UnknownItems { numbers, total }));
    }
    let mut left = items.iter().filter(|i| i.state == ItemState::Planned);
    let all_dropped = matches!(command, Command::Drop(_))
        && left.all(|i| u32::try_from(i.position).is_ok_and(|n| picked.contains(n)));
    Ok(all_dropped.then_some(Answer::NothingLeft))
}

/// Records who commanded it, changes the rows and enqueues what follows, in one transaction.
async fn carry_out(
    services: &Services,
    asking: &Asking<'_>,
    run: &Run,
    to: State,
    command: &Command,
) -> FlowResult<()> {
    let now = services.clock.now();
    let cause = asking.cause();
    let mut tx = services.pool.begin().await?;
    let event = AuditEvent {
        installation: run.installation,
        repository: Some(run.repository),
        run: Some(&run.id),
        actor: &asking.sender.login,
        actor_id: Some(asking.sender.id),
        action: command.name(),
        detail: json!({ "issue": run.issue }),
        cause: Some(&cause),
    };
    if !audit_events::insert(&mut *tx, &event, now).await? {
        return Ok(());
    }
    if !runs::set_state(&mut *tx, &run.id, run.state, to, None, now).await? {
        // It has moved on since it was read: the job runs again and decides anew.
        return Err(anyhow::anyhow!("{} moved on while it was commanded", run.id).into());
    }
    match command {
        Command::Confirm(Some(selection)) => {
            let all = planned_issues::list(&mut *tx, &run.id).await?;
            let others: Vec<i32> = all
                .iter()
                .map(|i| i.position)
                .filter(|p| u32::try_from(*p).is_ok_and(|n| !selection.contains(n)))
                .collect();
            planned_issues::set_included(&mut *tx, &run.id, &others, false).await?;
            planned_issues::set_included(&mut *tx, &run.id, &positions(selection), true).await?;
        }
        Command::Drop(selection) => {
            planned_issues::set_included(&mut *tx, &run.id, &positions(selection), false).await?;
        }
        Command::Rollback(RollbackTarget::Last { force } | RollbackTarget::Run { force, .. }) => {
            planned_issues::take_left_again(&mut *tx, &run.id).await?;
            runs::set_rollback_force(&mut *tx, &run.id, *force).await?;
        }
        Command::Replan(words) => plan::instruct(&mut tx, run, words.as_deref()).await?,
        _ => {}
    }
    if matches!(command, Command::Replan(_)) {
        plan::enqueue(&mut tx, &run.id).await?;
    } else {
        advance::enqueue(&mut tx, run.installation, &run.id, None).await?;
    }
    tx.commit().await?;
    info!(
        run.id = %run.id, installation.id = %run.installation, login = asking.sender.login,
        command = command.name(), "command carried out"
    );
    Ok(())
}

fn positions(selection: &Selection) -> Vec<i32> {
    selection
        .items()
        .filter_map(|n| i32::try_from(n).ok())
        .collect()
}
