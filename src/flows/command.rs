//! Somebody commands a run: who may, does its state allow it, and then it happens, once.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sqlx::PgTransaction;
use tracing::info;

use super::answer::{Answer, answer};
use super::asked::Asked;
use super::asking::Asking;
use super::{
    FlowResult, Services, advance, authorize, edit, plan, repositories, request, rollback, status,
    sync, tick,
};
use crate::domain::command::{Command, RollbackTarget, Selection};
use crate::domain::event::Account;
use crate::domain::ids::RunKey;
use crate::domain::run::{IllegalMove, ItemState, Move, State, Status};
use crate::github::Reaction;
use crate::store::audit_events::{self, AuditEvent};
use crate::store::bot_comments;
use crate::store::planned_issues::{self, Item};
use crate::store::runs::{self, Run};
use crate::store::tenant;

/// Carries out a command.
pub async fn obey(services: &Services, asking: &Asking<'_>, command: Command) -> FlowResult<()> {
    let standing = authorize::standing(services, asking.repository, asking.sender).await?;
    let mut run = find_run(services, asking, &command).await?;
    let mut may = standing.suffices();
    if !may && matches!(command, Command::Cancel) {
        // Whoever may do nothing else may still end what is their own, also beside somebody's newer run.
        if !standing.is_admin() {
            run = find_own_run(services, asking).await?;
        }
        may = standing.is_admin() || run.is_some();
    }
    if !may {
        return asking.react(services, Reaction::Confused).await;
    }
    let acts = !matches!(command, Command::Help | Command::Status | Command::Sync);
    if matches!(command, Command::Edit(_)) && run.is_some() {
        // It reads what exists, which takes its time.
        asking.acknowledge(services).await?;
    }
    // What changes a run does so before the reaction, which may have to wait for its place.
    let objection = match &run {
        Some(_) if acts && is_answered(services, asking).await? => return Ok(()),
        Some(run) if acts && !has_acted(services, asking).await? => {
            change(services, asking, run, &command).await?
        }
        _ => None,
    };
    asking.acknowledge(services).await?;
    let said = match (&command, run) {
        (Command::Help, _) => Some(Answer::Help),
        (Command::Status, _) => Some(Answer::Status(status::of_issue(services, asking).await?)),
        (Command::Sync, _) => sync::ask(services, asking).await?,
        (_, None) => Some(Answer::NothingToDo(command.name())),
        (_, Some(_)) => objection,
    };
    match said {
        Some(said) => answer(services, asking, said).await,
        None => Ok(()),
    }
}

/// The run that a command means: the one it names; for a rollback the newest that created something; else the newest
/// that it can apply to, or the newest at all.
async fn find_run(
    services: &Services,
    asking: &Asking<'_>,
    command: &Command,
) -> FlowResult<Option<Run>> {
    let place = asking.repository;
    let (installation, issue) = (place.installation, asking.issue.number);
    let runs =
        runs::list_for_issue(services.wall(installation), installation, place.id, issue).await?;
    match command {
        Command::Rollback(RollbackTarget::Run { id, .. }) => {
            Ok(runs.into_iter().find(|r| r.id == *id))
        }
        Command::Rollback(RollbackTarget::Last { .. }) => {
            for run in runs {
                let tally =
                    planned_issues::tally(services.wall(run.installation), run.key()).await?;
                if tally.existing > 0 {
                    return Ok(Some(run));
                }
            }
            Ok(None)
        }
        _ => {
            let fits = runs
                .iter()
                .position(|r| next_state(r.state, command).is_ok());
            Ok(runs.into_iter().nth(fits.unwrap_or(0)))
        }
    }
}

/// The newest run here that the sender asked for and that can be cancelled, or else their newest at all.
async fn find_own_run(services: &Services, asking: &Asking<'_>) -> FlowResult<Option<Run>> {
    let place = asking.repository;
    let (installation, issue) = (place.installation, asking.issue.number);
    let mut runs =
        runs::list_for_issue(services.wall(installation), installation, place.id, issue).await?;
    runs.retain(|run| run.requested_by_id == asking.sender.id);
    let open = runs.iter().position(|run| run.state.cancel().is_ok());
    Ok(runs.into_iter().nth(open.unwrap_or(0)))
}

/// The state that the command would bring; `Replan` of a waiting run plans again.
pub(super) fn next_state(state: State, command: &Command) -> Result<State, IllegalMove> {
    match command {
        Command::Confirm(_) => state.confirm(),
        Command::Drop(_) | Command::Edit(_) => state.drop_items(),
        Command::Replan(_) => state.replan(),
        Command::Cancel => state.cancel(),
        // A job may start its rollback again, a person may not.
        Command::Rollback(_) if state.status() == Status::Running => Err(IllegalMove {
            from: state,
            wanted: Move::StartRollback,
        }),
        Command::Rollback(_) => state.start_rollback(),
        Command::Status | Command::Sync | Command::Help => Ok(state),
    }
}

/// Judges the command against the run as it is now and carries it out, in one transaction; or answers what stands against it.
async fn change(
    services: &Services,
    asking: &Asking<'_>,
    run: &Run,
    command: &Command,
) -> FlowResult<Option<Answer>> {
    let id = run.key();
    if let Some(why) = objection_elsewhere(services, asking.sender, run, command).await? {
        return Ok(Some(Answer::NotEdited(format!("{why}."))));
    }
    if let Command::Edit(wanted) = command {
        return edit::edit(services, asking, id, wanted).await;
    }
    let asked = match command {
        Command::Replan(_) => match request::read_again(services, asking, run).await? {
            Ok(asked) => Some(asked),
            Err(answer) => return Ok(Some(answer)),
        },
        _ => None,
    };
    // The edit that unticked a box and the comment that confirms are two deliveries, in any order.
    let ticked = match command {
        Command::Confirm(None) => tick::standing(services, asking.repository, id.id).await?,
        _ => BTreeMap::new(),
    };
    let by = By {
        sender: asking.sender,
        cause: Some(&asking.cause()),
        plan_seen: None,
        token: None,
    };
    decide(services, &by, id, command, asked, &ticked).await
}

/// What stands against whoever would send issues to other repositories by this command: the role is needed there too.
pub(super) async fn objection_elsewhere(
    services: &Services,
    sender: &Account,
    run: &Run,
    command: &Command,
) -> FlowResult<Option<String>> {
    let picked: Vec<u32> = match command {
        Command::Confirm(Some(picked)) => picked.items().collect(),
        Command::Edit(edit) => edit.items(),
        Command::Confirm(None) => Vec::new(),
        _ => return Ok(None),
    };
    let concerns = |item: &Item| match command {
        Command::Confirm(None) => item.state == ItemState::Planned,
        _ => u32::try_from(item.position).is_ok_and(|n| picked.contains(&n)),
    };
    repositories::objection(services, run, sender, concerns).await
}

/// Who commands, and what a repetition is known by.
pub(super) struct By<'a> {
    pub(super) sender: &'a Account,
    /// The comment that says it; `None`: a button, which the run's state alone keeps from acting twice.
    pub(super) cause: Option<&'a str>,
    /// The plan that the person had before their eyes; another one is not confirmed.
    pub(super) plan_seen: Option<i64>,
    /// The API token's name, where a script acts in the person's stead.
    pub(super) token: Option<&'a str>,
}

/// Judges the command against the run as it is and carries it out, or answers what stands against it.
pub(super) async fn decide(
    services: &Services,
    by: &By<'_>,
    id: RunKey<'_>,
    command: &Command,
    asked: Option<Asked>,
    ticked: &BTreeMap<u32, bool>,
) -> FlowResult<Option<Answer>> {
    let mut tx = tenant::enter(&services.pool, id.installation).await?;
    let run = runs::lock(&mut tx, id).await?;
    let to = match next_state(run.state, command) {
        Ok(to) => to,
        Err(illegal) => {
            return Ok(Some(Answer::Already(illegal, run.id)));
        }
    };
    let is_another = |seen: i64| seen != run.plan_revision;
    if matches!(command, Command::Confirm(_) | Command::Drop(_))
        && by.plan_seen.is_some_and(is_another)
    {
        return Ok(Some(Answer::NotShown));
    }
    if run.shows_its_plan() && !tick::take_standing(&mut tx, &run, ticked).await? {
        return Ok(Some(Answer::NotShown));
    }
    if matches!(command, Command::Confirm(None)) && run.syncs.is_some() {
        tick::leave_out_unseen(&mut tx, &run, ticked).await?;
    }
    if let Some(objection) = objection(&mut tx, &run, command).await? {
        return Ok(Some(objection));
    }
    if !record(services, &mut tx, by, &run, command).await? {
        return Ok(None);
    }
    runs::set_state(&mut *tx, id, run.state, to, None, services.clock.now()).await?;
    carry_out(&mut tx, &run, command, asked).await?;
    tx.commit().await?;
    info!(
        run.id = %run.id, installation.id = %run.installation, login = by.sender.login,
        command = command.name(), "command carried out"
    );
    Ok(None)
}

async fn has_acted(services: &Services, asking: &Asking<'_>) -> FlowResult<bool> {
    let (place, cause) = (asking.repository.id, asking.cause());
    Ok(audit_events::exists_for_cause(&services.pool, place, &cause).await?)
}

/// Whether this very comment was told what stands against it: it does not act later, when that is gone.
pub(super) async fn is_answered(services: &Services, asking: &Asking<'_>) -> FlowResult<bool> {
    let (place, cause) = (asking.repository.id, asking.cause());
    let posted = bot_comments::find_posted(&services.pool, place, &cause).await?;
    Ok(posted.is_some())
}

/// What stands against the command although the run's state allows it.
async fn objection(
    tx: &mut PgTransaction<'_>,
    run: &Run,
    command: &Command,
) -> FlowResult<Option<Answer>> {
    if let Some(why) = sync::objection(tx, run, command).await? {
        return Ok(Some(Answer::NotEdited(why)));
    }
    let items = planned_issues::list(&mut **tx, run.key()).await?;
    let picked = match command {
        Command::Confirm(_) | Command::Drop(_) if !run.shows_its_plan() => {
            return Ok(Some(Answer::NotShown));
        }
        Command::Confirm(None) if nothing_is_ticked(&items) => {
            return Ok(Some(Answer::NothingLeft));
        }
        Command::Confirm(selection) => selection.as_ref(),
        Command::Drop(selection) => Some(selection),
        Command::Rollback(_) => {
            return Ok(rollback::nothing_left(run, &items).map(|illegal| {
                match run.state.status() {
                    Status::RolledBack => Answer::Already(illegal, run.id.clone()),
                    _ => Answer::NothingToDo("rollback"),
                }
            }));
        }
        _ => None,
    };
    let Some(picked) = picked else {
        return Ok(None);
    };
    let is_known = |n: u32| items.iter().any(|i| u32::try_from(i.position) == Ok(n));
    let numbers: Vec<u32> = picked.items().filter(|n| !is_known(*n)).collect();
    if !numbers.is_empty() {
        let known = match run.syncs {
            Some(_) => to_do(&items),
            None => known(&items),
        };
        return Ok(Some(Answer::UnknownItems { numbers, known }));
    }
    if run.syncs.is_some() {
        let to_do = to_do(&items);
        if !picked.items().any(|n| to_do.contains(&n)) {
            let numbers = picked.items().collect();
            return Ok(Some(Answer::NothingNeeded { numbers, to_do }));
        }
    }
    let mut left = items.iter().filter(|i| i.state == ItemState::Planned);
    let all_dropped = matches!(command, Command::Drop(_))
        && left.all(|i| u32::try_from(i.position).is_ok_and(|n| picked.contains(n)));
    Ok(all_dropped.then_some(Answer::NothingLeft))
}

/// The numbers that a plan has.
pub(super) fn known(items: &[Item]) -> Vec<u32> {
    let numbers = items.iter().filter_map(|i| u32::try_from(i.position).ok());
    numbers.collect()
}

/// The numbers with which something can be done.
fn to_do(items: &[Item]) -> Vec<u32> {
    let has_box = |i: &&Item| matches!(i.state, ItemState::Planned | ItemState::Dropped);
    let numbers = items.iter().filter(has_box);
    numbers
        .filter_map(|i| u32::try_from(i.position).ok())
        .collect()
}

fn nothing_is_ticked(items: &[Item]) -> bool {
    let any = |state| items.iter().any(|i| i.state == state);
    any(ItemState::Dropped) && !any(ItemState::Planned)
}

/// Records who commanded it; false if this very comment has commanded it already.
pub(super) async fn record(
    services: &Services,
    tx: &mut PgTransaction<'_>,
    by: &By<'_>,
    run: &Run,
    command: &Command,
) -> FlowResult<bool> {
    let mut detail = json!({ "issue": run.issue });
    if let Some((name, value)) = what(command) {
        detail[name] = value;
    }
    if let Some(token) = by.token {
        detail["token"] = json!(token);
    }
    let event = AuditEvent {
        installation: run.installation,
        repository: Some(run.repository),
        run: Some(&run.id),
        actor: &by.sender.login,
        actor_id: Some(by.sender.id),
        action: command.name(),
        detail,
        cause: by.cause,
    };
    Ok(audit_events::insert(&mut **tx, &event, services.clock.now()).await?)
}

/// What the log keeps of a command beside its name; null: nothing was said.
pub(super) fn what(command: &Command) -> Option<(&'static str, Value)> {
    match command {
        Command::Edit(edit) => Some(("items", json!(edit.items()))),
        Command::Confirm(picked) => {
            let picked = picked
                .as_ref()
                .map(|picked| picked.items().collect::<Vec<u32>>());
            Some(("items", json!(picked)))
        }
        Command::Rollback(RollbackTarget::Last { force } | RollbackTarget::Run { force, .. }) => {
            Some(("force", json!(force)))
        }
        _ => None,
    }
}

/// Changes the run's items and enqueues what follows.
async fn carry_out(
    tx: &mut PgTransaction<'_>,
    run: &Run,
    command: &Command,
    asked: Option<Asked>,
) -> FlowResult<()> {
    match command {
        Command::Confirm(Some(selection)) => {
            let all = planned_issues::list(&mut **tx, run.key()).await?;
            let others: Vec<i32> = all
                .iter()
                .map(|i| i.position)
                .filter(|p| u32::try_from(*p).is_ok_and(|n| !selection.contains(n)))
                .collect();
            planned_issues::set_included(&mut **tx, run.key(), &others, false).await?;
            planned_issues::set_included(&mut **tx, run.key(), &positions(selection), true).await?;
        }
        Command::Drop(selection) => {
            planned_issues::set_included(&mut **tx, run.key(), &positions(selection), false)
                .await?;
        }
        Command::Rollback(RollbackTarget::Last { force } | RollbackTarget::Run { force, .. }) => {
            planned_issues::take_left_again(&mut **tx, run.key()).await?;
            runs::set_rollback_force(&mut **tx, run.key(), *force).await?;
        }
        Command::Replan(words) => {
            if let Some(asked) = asked {
                plan::instruct(tx, run, asked, words.as_deref()).await?;
            }
            return plan::enqueue(tx, run.installation, &run.id).await;
        }
        _ => {}
    }
    advance::enqueue(tx, run.installation, &run.id, None).await
}

fn positions(selection: &Selection) -> Vec<i32> {
    selection
        .items()
        .filter_map(|n| i32::try_from(n).ok())
        .collect()
}
