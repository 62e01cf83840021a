//! Runs and plans for scripts: seen, confirmed, cancelled, rolled back.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::caller::{Authorized, Sent};
use super::problem::{ApiError, Problem};
use crate::domain::command::{Command, RollbackTarget, Selection};
use crate::domain::ids::{RepositoryName, RunId};
use crate::domain::run::{Phase, State as RunState};
use crate::flows::press::{self, Pressed};
use crate::flows::runs::{self, RunDetail};
use crate::flows::tokens::{Caller, Scope};
use crate::store::overview::{Filter, RunLine, Standing};
use crate::web::Shared;

/// Runs that one answer has at most.
const MOST: u32 = 100;

/// Which runs are wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// `owner/name`.
    repository: Option<String>,
    /// `waiting`, `under_way`, `completed`, `failed`, `cancelled` or `rolled_back`.
    standing: Option<String>,
    /// The login of who asked.
    requested_by: Option<String>,
    /// Only runs asked for before this one: how to go on after the last of a page.
    before: Option<String>,
    /// 1 to 100; 30 unless said.
    limit: Option<u32>,
}

/// A run.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RunShape {
    id: String,
    /// `owner/name`; null where the App does not reach it any more.
    repository: Option<String>,
    /// The trigger issue's number.
    issue: i64,
    title: String,
    requested_by: String,
    /// `pending`, `running`, `completed`, `failed`, `cancelled` or `rolled_back`.
    status: &'static str,
    /// `planning`, `awaiting_confirmation`, `creating`, `linking`, `summarising` or `rolling_back`; null where it rests.
    phase: Option<&'static str>,
    created_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
    planned_issues: i64,
    created_issues: i64,
}

/// A page of runs, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RunsShape {
    runs: Vec<RunShape>,
    /// `before` of the next page; null where there is none.
    next: Option<String>,
}

/// A run with what became of each planned issue.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RunDetailShape {
    #[serde(flatten)]
    run: RunShape,
    /// Why it failed or was ended, in words.
    failure: Option<String>,
    /// Grows when the plan is made anew; `confirm` wants it back. 0: there is no plan yet.
    plan_revision: i64,
    /// Of a sync: the run whose issues it brings in line.
    syncs: Option<String>,
    issues: Vec<IssueShape>,
}

/// A planned issue and what became of it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct IssueShape {
    /// The number that commands call it by.
    item: i32,
    title: String,
    /// `planned`, `dropped`, `intended`, `created`, `skipped`, `failed`, `closed` or `left`; of what a sync does with an
    /// issue that is there: `changed`, and `undone` after a rollback.
    state: &'static str,
    /// Of a sync: `add`, `change`, `retire`, or `keep`.
    deed: Option<&'static str>,
    /// Why it was skipped or left.
    note: Option<String>,
    /// The issue's, created or changed.
    number: Option<i64>,
    url: Option<String>,
    /// What has become of it: `open`, `done`, `not_planned`, `deleted` or `moved`.
    standing: Option<&'static str>,
}

/// A run's plan.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PlanShape {
    plan_revision: i64,
    /// As `openproducer plan --format json` prints it.
    #[schema(value_type = Object)]
    plan: Value,
}

/// What to confirm.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Confirm {
    /// Of the plan that was looked at; another is not created.
    plan_revision: i64,
    /// Only these, by their numbers; all that are not dropped unless said.
    items: Option<Vec<u32>>,
}

/// How to roll back.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RollBack {
    /// Takes back what people have worked on as well.
    force: bool,
}

/// Nothing needs to be said.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// Runs, newest first. Scope `runs:read`.
#[utoipa::path(get, path = "/runs", tag = "runs", params(Wanted), responses(
    (status = 200, body = RunsShape),
    (status = 400, body = Problem, content_type = "application/problem+json"),
    (status = 401, body = Problem, content_type = "application/problem+json"),
    (status = 403, body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn list(
    State(shared): State<Arc<Shared>>,
    caller: Authorized,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Json<RunsShape>, ApiError> {
    let caller = caller.may(Scope::RunsRead)?;
    let Query(wanted) = wanted.map_err(|error| ApiError::Malformed(format!("{error}.")))?;
    let malformed = |says: String| ApiError::Malformed(says);
    let limit = wanted.limit.unwrap_or(30);
    if !(1..=MOST).contains(&limit) {
        return Err(malformed(format!(
            "limit must be 1 to {MOST}, got {limit}."
        )));
    }
    let standing = match &wanted.standing {
        None => None,
        Some(text) => Some(Standing::parse(text).ok_or_else(|| {
            let names = Standing::ALL.map(Standing::as_str).join(", ");
            malformed(format!("standing must be one of {names}."))
        })?),
    };
    let before = match &wanted.before {
        None => None,
        Some(text) => Some(
            RunId::parse(text)
                .ok_or_else(|| malformed("before must be the id of a run.".to_owned()))?,
        ),
    };
    let repository = match &wanted.repository {
        None => None,
        Some(text) => {
            let name = RepositoryName::parse(text)
                .ok_or_else(|| malformed("repository must be owner/name.".to_owned()))?;
            let row = shared
                .services
                .find_repository_named(caller.installation, &name)
                .await?;
            Some(row.ok_or(ApiError::NotFound)?.id)
        }
    };
    let filter = Filter {
        standing,
        repository,
        requested_by: wanted.requested_by,
        before,
    };
    let mut lines = runs::list(
        &shared.services,
        caller.installation,
        &filter,
        i64::from(limit) + 1,
    )
    .await?;
    let goes_on = lines.len() > usize::try_from(limit).unwrap_or(usize::MAX);
    if goes_on {
        lines.pop();
    }
    let next = lines
        .last()
        .filter(|_| goes_on)
        .map(|line| line.id.to_string());
    Ok(Json(RunsShape {
        runs: lines.into_iter().map(of_line).collect(),
        next,
    }))
}

fn of_line(line: RunLine) -> RunShape {
    RunShape {
        id: line.id.to_string(),
        repository: Some(line.name.to_string()),
        issue: line.issue.0,
        title: line.title,
        requested_by: line.requested_by,
        status: line.state.status().as_str(),
        phase: line.state.phase().map(Phase::as_str),
        created_at: line.created_at,
        finished_at: line.finished_at,
        planned_issues: line.planned,
        created_issues: line.existing,
    }
}

/// One run with its issues. Scope `runs:read`.
#[utoipa::path(get, path = "/runs/{run}", tag = "runs", params(("run" = String, Path)), responses(
    (status = 200, body = RunDetailShape),
    (status = 404, body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn show(
    State(shared): State<Arc<Shared>>,
    caller: Authorized,
    Path(id): Path<String>,
) -> Result<Json<RunDetailShape>, ApiError> {
    let caller = caller.may(Scope::RunsRead)?;
    Ok(Json(of_detail(&find(&shared, &caller, &id).await?)))
}

async fn find(shared: &Shared, caller: &Caller, id: &str) -> Result<RunDetail, ApiError> {
    let id = RunId::parse(id).ok_or(ApiError::NotFound)?;
    let found = runs::find(&shared.services, caller.installation, &id).await?;
    found.ok_or(ApiError::NotFound)
}

fn of_detail(found: &RunDetail) -> RunDetailShape {
    use crate::domain::run::ItemState::{Changed, Closed, Created, Dropped, Left, Skipped, Undone};
    let count = |is: &dyn Fn(&crate::domain::run::ItemState) -> bool| {
        let many = found.items.iter().filter(|item| is(&item.state)).count();
        i64::try_from(many).unwrap_or(i64::MAX)
    };
    let state: RunState = found.run.state;
    let run = RunShape {
        id: found.run.id.to_string(),
        repository: found.repository.as_ref().map(|row| row.name.to_string()),
        issue: found.run.issue.0,
        title: found.title.clone(),
        requested_by: found.run.requested_by.clone(),
        status: state.status().as_str(),
        phase: state.phase().map(Phase::as_str),
        created_at: found.run.created_at,
        finished_at: found.run.finished_at,
        planned_issues: count(&|state| {
            *state != Dropped && (*state != Skipped || found.run.syncs.is_none())
        }),
        created_issues: count(&|state| matches!(state, Created | Closed | Left | Changed | Undone)),
    };
    let issue = |item: &crate::store::planned_issues::Item| {
        let created = found.created.iter().find(|c| c.position == item.position);
        let edited = found.edited.iter().find(|e| e.position == item.position);
        let deed = found
            .run
            .syncs
            .as_ref()
            .map(|_| match (edited, item.state) {
                (Some(edited), _) => edited.deed.as_str(),
                (None, Skipped) => "keep",
                (None, _) => "add",
            });
        let place = created.map(|c| (c.number, &c.url));
        let place = place.or(edited.map(|e| (e.number, &e.url)));
        IssueShape {
            item: item.position,
            title: item.planned.title.clone(),
            state: item.state.as_str(),
            note: item.note.clone(),
            deed,
            number: place.map(|(number, _)| number.0),
            url: place.map(|(_, url)| url.clone()),
            standing: created.map(|c| c.standing.as_str()),
        }
    };
    RunDetailShape {
        run,
        failure: found.run.failure.clone(),
        plan_revision: found.run.plan_revision,
        syncs: found.run.syncs.as_ref().map(ToString::to_string),
        issues: found.items.iter().map(issue).collect(),
    }
}

/// The plan that `confirm` would create, with the trace of every block of the spec. Scope `runs:read`.
#[utoipa::path(get, path = "/runs/{run}/plan", tag = "runs", params(("run" = String, Path)), responses(
    (status = 200, body = PlanShape),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    (status = 409, body = Problem, content_type = "application/problem+json", description = "There is no plan yet"),
))]
pub(super) async fn plan(
    State(shared): State<Arc<Shared>>,
    caller: Authorized,
    Path(id): Path<String>,
) -> Result<Json<PlanShape>, ApiError> {
    let caller = caller.may(Scope::RunsRead)?;
    let id = RunId::parse(&id).ok_or(ApiError::NotFound)?;
    let found = runs::find_plan(&shared.services, caller.installation, &id).await?;
    let (plan_revision, plan) = found
        .ok_or(ApiError::NotFound)?
        .ok_or_else(|| ApiError::Conflict("The run has no plan yet.".to_owned()))?;
    let plan = serde_json::to_value(plan).map_err(|_| ApiError::Internal)?;
    Ok(Json(PlanShape {
        plan_revision,
        plan,
    }))
}

/// Creates the plan exactly as it was looked at. Scope `runs:write`, and the role that the settings ask of who made the
/// token.
#[utoipa::path(post, path = "/runs/{run}/confirm", tag = "runs", params(("run" = String, Path)), request_body = Confirm, responses(
    (status = 202, body = RunDetailShape),
    (status = 403, body = Problem, content_type = "application/problem+json"),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    (status = 409, body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn confirm(
    State(shared): State<Arc<Shared>>,
    caller: Authorized,
    Path(id): Path<String>,
    Sent(sent): Sent<Confirm>,
) -> Result<(StatusCode, Json<RunDetailShape>), ApiError> {
    let selection = match sent.items {
        None => None,
        Some(items) => Some(Selection::of(items).ok_or_else(|| {
            ApiError::Malformed("items must be numbers from 1 on, or be left out.".to_owned())
        })?),
    };
    let command = Command::Confirm(selection);
    command_run(&shared, caller, &id, |_| command, Some(sent.plan_revision)).await
}

/// Ends a waiting run, and stops a creating one after the request in flight. Scope `runs:write`.
#[utoipa::path(post, path = "/runs/{run}/cancel", tag = "runs", params(("run" = String, Path)), responses(
    (status = 202, body = RunDetailShape),
    (status = 403, body = Problem, content_type = "application/problem+json"),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    (status = 409, body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn cancel(
    State(shared): State<Arc<Shared>>,
    caller: Authorized,
    Path(id): Path<String>,
    Sent(Nothing {}): Sent<Nothing>,
) -> Result<(StatusCode, Json<RunDetailShape>), ApiError> {
    command_run(&shared, caller, &id, |_| Command::Cancel, None).await
}

/// Closes what the run created; what people have worked on since is left, and named. Scope `runs:write`.
#[utoipa::path(post, path = "/runs/{run}/rollback", tag = "runs", params(("run" = String, Path)), request_body = RollBack, responses(
    (status = 202, body = RunDetailShape),
    (status = 403, body = Problem, content_type = "application/problem+json"),
    (status = 404, body = Problem, content_type = "application/problem+json"),
    (status = 409, body = Problem, content_type = "application/problem+json"),
))]
pub(super) async fn roll_back(
    State(shared): State<Arc<Shared>>,
    caller: Authorized,
    Path(id): Path<String>,
    Sent(RollBack { force }): Sent<RollBack>,
) -> Result<(StatusCode, Json<RunDetailShape>), ApiError> {
    let command = |id: &RunId| {
        Command::Rollback(RollbackTarget::Run {
            id: id.clone(),
            force,
        })
    };
    command_run(&shared, caller, &id, command, None).await
}

async fn command_run(
    shared: &Shared,
    caller: Authorized,
    id: &str,
    command: impl FnOnce(&RunId) -> Command,
    plan_seen: Option<i64>,
) -> Result<(StatusCode, Json<RunDetailShape>), ApiError> {
    let caller = caller.may(Scope::RunsWrite)?;
    let found = find(shared, &caller, id).await?;
    let command = command(&found.run.id);
    match press::call(&shared.services, &caller, &found.run, &command, plan_seen).await? {
        Pressed::Done => {
            let now = find(shared, &caller, id).await?;
            Ok((StatusCode::ACCEPTED, Json(of_detail(&now))))
        }
        Pressed::NotAllowed(says) => Err(ApiError::Forbidden(format!(
            "This token acts in the name of {}. {says}",
            caller.made_by
        ))),
        Pressed::Objection(says) => Err(ApiError::Conflict(says)),
    }
}
