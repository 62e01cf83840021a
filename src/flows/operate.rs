//! The operator at a terminal asks and commands: the same runs, with the terminal as the one who asks.

use anyhow::anyhow;
use serde_json::json;

use super::asking::{Asking, Origin};
use super::request;
use super::{FlowError, FlowResult, Services, advance, installations, rollback};
use crate::domain::event::{Account, AccountKind, Issue};
use crate::domain::ids::{IssueNumber, RepositoryName, RunId, UserId};
use crate::domain::rejection::Complaint;
use crate::domain::run::{State, Status};
use crate::github::IssueState;
use crate::store::audit_events::{self, AuditEvent};
use crate::store::repositories::{self, RepositoryRow};
use crate::store::{planned_issues, runs};

/// The name under which the terminal appears in runs and in the audit log.
pub const OPERATOR: &str = "operator";

/// Starts a run for an issue as it stands on GitHub, or says what is wrong with its request.
pub async fn process(
    services: &Services,
    name: &RepositoryName,
    number: IssueNumber,
    dry_run: bool,
) -> FlowResult<Result<RunId, Vec<Complaint>>> {
    let repository = find_repository(services, name).await?;
    let issue = read_issue(services, &repository, number).await?;
    let sender = Account {
        id: UserId(0),
        login: OPERATOR.to_owned(),
        kind: AccountKind::User,
    };
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
    let mut asked = match request::read(services, &asking).await? {
        Ok(asked) => asked,
        Err(complaints) => return Ok(Err(complaints)),
    };
    asked.dry_run |= dry_run;
    let chance = RunId::new(services.clock.now(), &services.chance.random_bytes());
    let cause = format!("process:{chance}");
    request::start(services, &asking, &cause, &asked)
        .await?
        .map(Ok)
        .ok_or_else(|| anyhow!("the run was started already").into())
}

async fn find_repository(services: &Services, name: &RepositoryName) -> FlowResult<RepositoryRow> {
    let installation = services
        .github
        .find_repository_installation(name)
        .await?
        .ok_or_else(|| {
            anyhow!("the App is not installed on {name}, or there is no such repository")
        })?;
    installations::ensure(services, installation.id).await?;
    installations::refresh(services, installation.id).await?;
    repositories::find_by_name(&services.pool, installation.id, name)
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
        is_pull_request: false,
        author: None,
        updated_at: issue.updated_at,
    })
}

/// Starts the rollback of a run.
pub async fn roll_back(services: &Services, id: &RunId, force: bool) -> FlowResult<()> {
    if runs::find(&services.pool, id).await?.is_none() {
        return Err(anyhow!("there is no run {id}").into());
    }
    let mut tx = services.pool.begin().await?;
    let run = runs::lock(&mut tx, id).await?;
    let to: State = run
        .state
        .start_rollback()
        .map_err(|illegal| FlowError::Internal(anyhow!(illegal.about(id))))?;
    let items = planned_issues::list(&mut *tx, id).await?;
    if let Some(illegal) = rollback::nothing_left(&run, &items) {
        // Asked for twice is no failure: it is as it was asked to be.
        return match run.state.status() {
            Status::RolledBack => Ok(()),
            _ => Err(anyhow!(illegal.about(id)).into()),
        };
    }
    let now = services.clock.now();
    let event = AuditEvent {
        installation: run.installation,
        repository: Some(run.repository),
        run: Some(id),
        actor: OPERATOR,
        actor_id: None,
        action: "rollback",
        detail: json!({ "force": force }),
        cause: None,
    };
    audit_events::insert(&mut *tx, &event, now).await?;
    runs::set_state(&mut *tx, id, run.state, to, None, now).await?;
    planned_issues::take_left_again(&mut *tx, id).await?;
    runs::set_rollback_force(&mut *tx, id, force).await?;
    advance::enqueue(&mut tx, run.installation, id, None).await?;
    tx.commit().await?;
    Ok(())
}
