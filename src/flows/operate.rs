//! The operator at a terminal asks and commands: the same runs, with the terminal as the one who asks.

use std::time::Duration;

use anyhow::anyhow;
use serde_json::json;

use super::answer::Answer;
use super::asked::Asked;
use super::asking::{Asking, Origin};
use super::step::Next;
use super::{
    FlowError, FlowResult, Services, advance, installations, person, plan, request, rollback, tick,
};
use crate::domain::event::{Account, AccountKind, Issue};
use crate::domain::ids::{IssueNumber, RepositoryName, RunId, UserId};
use crate::domain::rejection::Complaint;
use crate::domain::run::{ItemState, Phase, State, Status};
use crate::github::IssueState;
use crate::store::audit_events::{self, AuditEvent};
use crate::store::holds::{self, Hold};
use crate::store::repositories::{self, RepositoryRow};
use crate::store::runs::{self, Run};
use crate::store::{installations as accounts, planned_issues, tenant};

/// The name under which the terminal appears in runs and in the audit log where the App acts.
pub const OPERATOR: &str = "operator";

/// What the operator wants of an issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// Plan and create, or go on with the run that is open.
    Go,
    /// Plan, show and wait; a preview that waits is made anew.
    Preview,
    /// Create the preview that waits, as its boxes stand now.
    Confirm,
    /// End the run that is open.
    Cancel,
}

/// What came of it.
#[derive(Debug)]
pub enum Outcome {
    /// A new run.
    Started(RunId),
    /// The issue's open run, which goes on or has been commanded.
    Joined(RunId),
    /// The request cannot be read; nothing was started.
    Complaints(Vec<Complaint>),
}

/// Does what is wished for an issue as it stands on GitHub, or says what is wrong with its request.
pub async fn process(
    services: &Services,
    name: &RepositoryName,
    number: IssueNumber,
    wish: Wish,
) -> FlowResult<Outcome> {
    let repository = find_repository(services, name).await?;
    let issue = read_issue(services, &repository, number).await?;
    let sender = operator(services).await?;
    let names = services.names().await?;
    let asking = Asking {
        repository: &repository,
        issue: &issue,
        origin: Origin::Issue,
        points_at_issue: false,
        sender: &sender,
        is_operator: true,
        names: &names,
    };
    let runs = runs::list_for_issue(
        services.wall(repository.installation),
        repository.installation,
        repository.id,
        number,
    );
    let open = runs.await?.into_iter().find(|run| is_open(run.state));
    match (open, wish) {
        (None, Wish::Go | Wish::Preview) => start(services, &asking, wish).await,
        (None, Wish::Confirm) => {
            Err(anyhow!("no plan of {name}#{number} waits to be confirmed").into())
        }
        (None, Wish::Cancel) => {
            Err(anyhow!("no run of {name}#{number} is open: there is nothing to cancel").into())
        }
        (Some(run), Wish::Go) => Ok(Outcome::Joined(run.id)),
        (Some(run), Wish::Preview) => preview(services, &asking, run).await,
        (Some(run), Wish::Confirm) => {
            confirm(services, &asking, &run).await?;
            Ok(Outcome::Joined(run.id))
        }
        (Some(run), Wish::Cancel) => {
            cancel(services, &asking, &run).await?;
            Ok(Outcome::Joined(run.id))
        }
    }
}

fn is_open(state: State) -> bool {
    !state.status().is_final()
}

/// As whom the terminal acts: the token's owner, or the operator of the App.
async fn operator(services: &Services) -> FlowResult<Account> {
    let (id, login) = if services.github.is_person() {
        let person = person::owner(services).await?;
        (person.id, person.login.clone())
    } else {
        (UserId(0), OPERATOR.to_owned())
    };
    Ok(Account {
        id,
        login,
        kind: AccountKind::User,
    })
}

async fn start(services: &Services, asking: &Asking<'_>, wish: Wish) -> FlowResult<Outcome> {
    let mut asked = match request::read(services, asking).await? {
        Ok(asked) => asked,
        Err(complaints) => return Ok(Outcome::Complaints(complaints)),
    };
    asked.dry_run |= wish == Wish::Preview;
    let chance = RunId::new(services.clock.now(), &services.chance.random_bytes());
    let cause = format!("process:{chance}");
    request::start(services, asking, &cause, &asked, None)
        .await?
        .map(Outcome::Started)
        .ok_or_else(|| anyhow!("the run was started already").into())
}

/// Plans a waiting run again from the words as they are now. One that has gone further cannot be previewed any more.
async fn preview(services: &Services, asking: &Asking<'_>, run: Run) -> FlowResult<Outcome> {
    if run.state.phase() != Some(Phase::AwaitingConfirmation) {
        let asked = Asked::from_value(&run.request)?;
        let planning = matches!(run.state.phase(), None | Some(Phase::Planning));
        if planning && asked.dry_run {
            return Ok(Outcome::Joined(run.id));
        }
        let state = run.state.in_words();
        return Err(anyhow!(
            "{} of this issue was begun without --dry-run and is {state}: leave --dry-run out to go on with it, or \
             end it with --cancel",
            run.id
        )
        .into());
    }
    let mut asked = match request::read_again(services, asking, &run).await? {
        Ok(asked) => asked,
        Err(Answer::Complaints(complaints)) => return Ok(Outcome::Complaints(complaints)),
        Err(Answer::NotEdited(why)) => return Err(anyhow!(why).into()),
        Err(other) => return Err(anyhow!("{other:?}").into()),
    };
    asked.dry_run = true;
    let mut tx = tenant::enter(&services.pool, run.installation).await?;
    let current = runs::lock(&mut tx, run.key()).await?;
    let to = current
        .state
        .replan()
        .map_err(|illegal| anyhow!(illegal.about(&run.id)))?;
    let now = services.clock.now();
    let detail = json!({ "issue": current.issue });
    record(services, &mut tx, asking.sender, &current, "replan", detail).await?;
    runs::set_state(&mut *tx, run.key(), current.state, to, None, now).await?;
    plan::instruct(&mut tx, &current, asked, None).await?;
    plan::enqueue(&mut tx, current.installation, &run.id).await?;
    tx.commit().await?;
    Ok(Outcome::Joined(run.id))
}

/// Confirms a waiting run as its boxes stand on GitHub now. One that was confirmed before goes on.
async fn confirm(services: &Services, asking: &Asking<'_>, run: &Run) -> FlowResult<()> {
    if matches!(
        run.state.phase(),
        Some(Phase::Creating | Phase::Linking | Phase::Summarising)
    ) {
        return Ok(());
    }
    let ticked = tick::standing(services, asking.repository, &run.id).await?;
    let mut tx = tenant::enter(&services.pool, run.installation).await?;
    let current = runs::lock(&mut tx, run.key()).await?;
    let to = current
        .state
        .confirm()
        .map_err(|illegal| anyhow!(illegal.about(&run.id)))?;
    if !current.shows_its_plan() || !tick::take_standing(&mut tx, &current, &ticked).await? {
        return Err(anyhow!(
            "the preview of {} is not up to date yet: run this without --confirm first, and have a look",
            run.id
        )
        .into());
    }
    let items = planned_issues::list(&mut *tx, run.key()).await?;
    if items.iter().all(|item| item.state == ItemState::Dropped) {
        return Err(anyhow!(
            "nothing is ticked in the preview of {}: tick what you want, or end it with --cancel",
            run.id
        )
        .into());
    }
    let detail = json!({ "issue": current.issue });
    record(
        services,
        &mut tx,
        asking.sender,
        &current,
        "confirm",
        detail,
    )
    .await?;
    let now = services.clock.now();
    runs::set_state(&mut *tx, run.key(), current.state, to, None, now).await?;
    advance::enqueue(&mut tx, current.installation, &run.id, None).await?;
    tx.commit().await?;
    Ok(())
}

async fn cancel(services: &Services, asking: &Asking<'_>, run: &Run) -> FlowResult<()> {
    let mut tx = tenant::enter(&services.pool, run.installation).await?;
    let current = runs::lock(&mut tx, run.key()).await?;
    let to = current
        .state
        .cancel()
        .map_err(|illegal| anyhow!(illegal.about(&run.id)))?;
    let detail = json!({ "issue": current.issue });
    record(services, &mut tx, asking.sender, &current, "cancel", detail).await?;
    let now = services.clock.now();
    runs::set_state(&mut *tx, run.key(), current.state, to, None, now).await?;
    advance::enqueue(&mut tx, current.installation, &run.id, None).await?;
    tx.commit().await?;
    Ok(())
}

async fn record(
    services: &Services,
    tx: &mut sqlx::PgTransaction<'_>,
    by: &Account,
    run: &Run,
    action: &str,
    detail: serde_json::Value,
) -> FlowResult<()> {
    let event = AuditEvent {
        installation: run.installation,
        repository: Some(run.repository),
        run: Some(&run.id),
        actor: &by.login,
        actor_id: (by.id != UserId(0)).then_some(by.id),
        action,
        detail,
        cause: None,
    };
    audit_events::insert(&mut **tx, &event, services.clock.now()).await?;
    Ok(())
}

async fn find_repository(services: &Services, name: &RepositoryName) -> FlowResult<RepositoryRow> {
    if services.github.is_person() {
        return match person::find_repository(services, name).await? {
            Some(row) => Ok(row),
            None => Err(person::invisible(services, name).await?),
        };
    }
    let installation = services
        .github
        .find_repository_installation(name)
        .await?
        .ok_or_else(|| {
            anyhow!("the App is not installed on {name}, or there is no such repository")
        })?;
    installations::ensure(services, installation.id).await?;
    installations::refresh(services, installation.id).await?;
    repositories::find_by_name(services.wall(installation.id), installation.id, name)
        .await?
        .ok_or_else(|| anyhow!("the App's installation does not reach {name}").into())
}

async fn read_issue(
    services: &Services,
    repository: &RepositoryRow,
    number: IssueNumber,
) -> FlowResult<Issue> {
    let issue = services
        .repo(repository)
        .find_issue(number)
        .await?
        .ok_or_else(|| anyhow!("there is no issue #{number} in {}", repository.name))?;
    if issue.is_pull_request {
        return Err(anyhow!(
            "{}#{number} is a pull request; only issues are processed",
            repository.name
        )
        .into());
    }
    if issue.state == IssueState::Closed {
        return Err(anyhow!("{}#{number} is closed; reopen it first", repository.name).into());
    }
    Ok(Issue {
        id: issue.id,
        number: issue.number,
        title: issue.title,
        body: issue.body,
        is_open: true,
        state_reason: None,
        is_pull_request: false,
        author: None,
        updated_at: issue.updated_at,
    })
}

/// Starts the rollback of a run.
pub async fn roll_back(services: &Services, id: &RunId, force: bool) -> FlowResult<()> {
    let Some(run) = runs::find_anywhere(&services.pool, id).await? else {
        return Err(anyhow!("there is no run {id}").into());
    };
    own(services, &run).await?;
    if services.github.is_person() {
        person::recognise(services, &run).await?;
    }
    let sender = operator(services).await?;
    let home = run.installation;
    let mut tx = tenant::enter(&services.pool, home).await?;
    let run = runs::lock(&mut tx, id.of(home)).await?;
    let to: State = run
        .state
        .start_rollback()
        .map_err(|illegal| FlowError::Internal(anyhow!(illegal.about(id))))?;
    let items = planned_issues::list(&mut *tx, run.key()).await?;
    if let Some(illegal) = rollback::nothing_left(&run, &items) {
        // Asked for twice is no failure: it is as it was asked to be.
        return match run.state.status() {
            Status::RolledBack => Ok(()),
            _ => Err(anyhow!(illegal.about(id)).into()),
        };
    }
    let now = services.clock.now();
    let detail = json!({ "force": force });
    record(services, &mut tx, &sender, &run, "rollback", detail).await?;
    runs::set_state(&mut *tx, run.key(), run.state, to, None, now).await?;
    planned_issues::take_left_again(&mut *tx, run.key()).await?;
    runs::set_rollback_force(&mut *tx, run.key(), force).await?;
    advance::enqueue(&mut tx, run.installation, id, None).await?;
    tx.commit().await?;
    Ok(())
}

/// A run belongs to whoever made it: the App's installation, or the owner of a token.
async fn own(services: &Services, run: &Run) -> FlowResult<()> {
    let (id, theirs) = (&run.id, run.installation);
    if !services.github.is_person() {
        if theirs.is_person() {
            let login = login_of(services, run).await?;
            return Err(anyhow!(
                "{id} was made with {login}'s token, not by the App: set GITHUB_APP_MODE=token and that GITHUB_TOKEN"
            )
            .into());
        }
        return Ok(());
    }
    if !theirs.is_person() {
        return Err(anyhow!(
            "{id} was made by the App, not with a personal token: set GITHUB_APP_MODE=app, or answer `rollback {id}` \
             in its issue"
        )
        .into());
    }
    if person::home(services).await? != theirs {
        let login = login_of(services, run).await?;
        return Err(anyhow!("{id} was made with {login}'s token: set that GITHUB_TOKEN").into());
    }
    Ok(())
}

async fn login_of(services: &Services, run: &Run) -> FlowResult<String> {
    let account = accounts::find(&services.pool, run.installation).await?;
    Ok(account.map_or_else(|| "another person".to_owned(), |account| account.login))
}

/// How long another process of the same person is waited for: one that was just killed holds on for a moment.
const TRIES: u32 = 20;
const BETWEEN_TRIES: Duration = Duration::from_millis(250);

/// Keeps other processes from acting with the same person's token meanwhile: there is no queue that would.
pub async fn hold(services: &Services) -> FlowResult<Hold> {
    let home = person::home(services).await?;
    for _ in 0..TRIES {
        if let Some(hold) = holds::take(&services.pool, home).await? {
            return Ok(hold);
        }
        tokio::time::sleep(BETWEEN_TRIES).await;
    }
    let login = person::owner(services).await?.login.clone();
    Err(anyhow!(
        "another openproducer works with {login}'s token in this database: wait until it is done"
    )
    .into())
}

/// Takes a person's run one turn further: what a worker's jobs do for an installation.
pub async fn take_turn(services: &Services, id: &RunId) -> FlowResult<Next> {
    let key = id.of(person::home(services).await?);
    let run = runs::get(services.wall(key.installation), key).await?;
    match (run.state.status(), run.state.phase()) {
        (Status::Pending, _) | (_, Some(Phase::Planning)) => {
            match plan::plan(services, key).await {
                Err(FlowError::Later(when)) => Ok(Next::At(when)),
                planned => planned.map(|()| Next::Again),
            }
        }
        _ => Box::pin(advance::advance(services, key)).await,
    }
}

/// Why a person's run cannot go on until the token is mended. None: trying again may help.
pub fn hopeless(services: &Services, failure: &FlowError) -> Option<String> {
    match failure {
        FlowError::GitHub(error) if !error.is_passing() && !error.outcome_is_unknown() => {
            person::in_words(services, error)
        }
        _ => None,
    }
}
