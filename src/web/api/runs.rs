//! Runs and plans for scripts: seen, confirmed, cancelled, rolled back.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Map, Value};
use url::form_urlencoded;
use utoipa::{IntoParams, ToSchema};

use super::body::{Body, Sent, number};
use super::caller::Authorized;
use super::names;
use super::problem::{ApiError, Code, Problem};
use crate::domain::command::{Command, RollbackTarget, Selection};
use crate::domain::ids::{RepositoryName, RunId};
use crate::domain::run::{Phase, State as RunState};
use crate::flows::press::{self, Called};
use crate::flows::runs::{self, RunDetail};
use crate::flows::tokens::{Caller, Scope};
use crate::store::overview::{Filter, RunLine, Standing};
use crate::web::Shared;

/// Runs that one answer has at most.
const MOST: u32 = 100;

/// Which runs are wanted.
#[derive(Debug, Default, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// `owner/name`.
    repository: Option<String>,
    /// How it stands.
    #[param(value_type = Option<names::RunStanding>)]
    standing: Option<String>,
    /// The login of who asked.
    requested_by: Option<String>,
    /// Only runs asked for before this one: how to go on after the last of a page.
    before: Option<String>,
    /// How many at most; 30 unless said.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

impl Wanted {
    const FIELDS: [&str; 5] = ["repository", "standing", "requested_by", "before", "limit"];

    fn read(query: &str) -> Result<Self, ApiError> {
        let mut wanted = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let value = value.into_owned();
            match &*name {
                "repository" => wanted.repository = Some(value),
                "standing" => wanted.standing = Some(value),
                "requested_by" => wanted.requested_by = Some(value),
                "before" => wanted.before = Some(value),
                "limit" => {
                    let limit = value
                        .parse()
                        .ok()
                        .filter(|limit| (1..=MOST).contains(limit));
                    let limit = limit.ok_or_else(|| {
                        let value: String = value.chars().take(60).collect();
                        malformed(format!(
                            "limit must be a number from 1 to {MOST}, got {value}."
                        ))
                    });
                    wanted.limit = Some(limit?);
                }
                other => {
                    let other: String = other.chars().take(60).collect();
                    return Err(malformed(format!(
                        "`{other}` is not known here; what can be asked for is {}.",
                        Self::FIELDS.join(", ")
                    )));
                }
            }
        }
        Ok(wanted)
    }
}

fn malformed(says: String) -> ApiError {
    ApiError::Malformed(says)
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
    #[schema(value_type = names::RunStatus)]
    status: &'static str,
    /// Null where it rests.
    #[schema(value_type = Option<names::RunPhase>)]
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
    /// Of what a sync does with an issue that is there: `changed`, and `undone` after a rollback.
    #[schema(value_type = names::IssueState)]
    state: &'static str,
    /// Of a sync alone.
    #[schema(value_type = Option<names::IssueDeed>)]
    deed: Option<&'static str>,
    /// Why it was skipped or left.
    note: Option<String>,
    /// The issue's, created or changed.
    number: Option<i64>,
    url: Option<String>,
    /// What has become of it.
    #[schema(value_type = Option<names::IssueStanding>)]
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
#[derive(Debug, ToSchema)]
pub(super) struct Confirm {
    /// Of the plan that was looked at; another is not created.
    plan_revision: i64,
    /// Only these, by their numbers; all that are not dropped unless said.
    items: Option<Vec<u32>>,
}

impl Body for Confirm {
    const FIELDS: &'static [&'static str] = &["plan_revision", "items"];

    fn read(object: &mut Map<String, Value>) -> Result<Self, String> {
        let plan_revision = number(
            object,
            "plan_revision",
            "the revision of the plan that was read",
        )?;
        let items =
            match object.remove("items") {
                None | Some(Value::Null) => None,
                Some(items) => {
                    let read = serde_json::from_value(items);
                    Some(read.map_err(
                        |_| "`items` must be a list of numbers from 1 on, or be left out.",
                    )?)
                }
            };
        Ok(Self {
            plan_revision,
            items,
        })
    }
}

/// How to roll back.
#[derive(Debug, Default, ToSchema)]
pub(super) struct RollBack {
    /// Takes back what people have worked on as well; not unless said.
    #[schema(required = false, default = false)]
    force: bool,
}

impl Body for RollBack {
    const FIELDS: &'static [&'static str] = &["force"];

    fn read(object: &mut Map<String, Value>) -> Result<Self, String> {
        match object.remove("force") {
            None => Ok(Self::default()),
            Some(Value::Bool(force)) => Ok(Self { force }),
            Some(_) => Err("`force` must be true or false, or be left out.".to_owned()),
        }
    }
}

/// Nothing needs to be said.
#[derive(Debug, ToSchema)]
pub(super) struct Nothing {}

impl Body for Nothing {
    const FIELDS: &'static [&'static str] = &[];

    fn read(_: &mut Map<String, Value>) -> Result<Self, String> {
        Ok(Self {})
    }
}

/// Runs, newest first. Scope `runs:read`.
#[utoipa::path(get, path = "/runs", tag = "runs", params(Wanted), responses(
    (status = 200, body = RunsShape),
))]
pub(super) async fn list(
    State(shared): State<Arc<Shared>>,
    caller: Authorized,
    RawQuery(query): RawQuery,
) -> Result<Json<RunsShape>, ApiError> {
    let caller = caller.may(Scope::RunsRead)?;
    let wanted = Wanted::read(query.as_deref().unwrap_or_default())?;
    let limit = wanted.limit.unwrap_or(30);
    let standing = match &wanted.standing {
        None => None,
        Some(text) => Some(Standing::parse(text).ok_or_else(|| {
            let names = Standing::ALL.map(Standing::as_str).join(", ");
            malformed(format!("standing must be one of {names}."))
        })?),
    };
    let before = match &wanted.before {
        None => None,
        Some(text) => {
            let unknown =
                || malformed("before must be the id of a run of this installation.".to_owned());
            let id = RunId::parse(text).ok_or_else(unknown)?;
            let is_known = runs::is_known(&shared.services, caller.installation, &id).await?;
            Some(is_known.then_some(id).ok_or_else(unknown)?)
        }
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
        .ok_or_else(|| ApiError::Conflict(Code::NoPlan, "The run has no plan yet.".to_owned()))?;
    let plan = serde_json::to_value(plan).map_err(|_| ApiError::Internal)?;
    Ok(Json(PlanShape {
        plan_revision,
        plan,
    }))
}

/// Creates the plan exactly as it was looked at. Scope `runs:write`, and the role that the settings ask of who made the
/// token.
#[utoipa::path(post, path = "/runs/{run}/confirm", tag = "runs", params(("run" = String, Path)), request_body = Confirm, responses(
    (status = 202, body = RunDetailShape, description = "It is carried out, now or before"),
    (status = 204, description = "The same for a token that lacks `runs:read`"),
))]
pub(super) async fn confirm(
    State(shared): State<Arc<Shared>>,
    caller: Authorized,
    Path(id): Path<String>,
    Sent(sent): Sent<Confirm>,
) -> Result<Response, ApiError> {
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
    (status = 202, body = RunDetailShape, description = "It is carried out, now or before"),
    (status = 204, description = "The same for a token that lacks `runs:read`"),
))]
pub(super) async fn cancel(
    State(shared): State<Arc<Shared>>,
    caller: Authorized,
    Path(id): Path<String>,
    Sent(Nothing {}): Sent<Nothing>,
) -> Result<Response, ApiError> {
    command_run(&shared, caller, &id, |_| Command::Cancel, None).await
}

/// Closes what the run created; what people have worked on since is left, and named. Scope `runs:write`.
#[utoipa::path(post, path = "/runs/{run}/rollback", tag = "runs", params(("run" = String, Path)), request_body = RollBack, responses(
    (status = 202, body = RunDetailShape, description = "It is carried out, now or before"),
    (status = 204, description = "The same for a token that lacks `runs:read`"),
))]
pub(super) async fn roll_back(
    State(shared): State<Arc<Shared>>,
    caller: Authorized,
    Path(id): Path<String>,
    Sent(RollBack { force }): Sent<RollBack>,
) -> Result<Response, ApiError> {
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
) -> Result<Response, ApiError> {
    let caller = caller.may(Scope::RunsWrite)?;
    let found = find(shared, &caller, id).await?;
    let command = command(&found.run.id);
    let answer = press::call(&shared.services, &caller, &found.run, &command, plan_seen);
    match answer.await? {
        Called::Done | Called::Before if !caller.scopes.contains(&Scope::RunsRead) => {
            Ok(StatusCode::NO_CONTENT.into_response())
        }
        Called::Done | Called::Before => {
            let now = find(shared, &caller, id).await?;
            Ok((StatusCode::ACCEPTED, Json(of_detail(&now))).into_response())
        }
        Called::NotAllowed(says) => Err(ApiError::Forbidden(format!(
            "This token acts in the name of {}. {says}",
            caller.made_by
        ))),
        Called::PlanChanged { revision } => Err(ApiError::Conflict(
            Code::PlanChanged,
            format!(
                "The plan is at revision {revision}, or is being written at this moment. Nothing was done: read the plan again."
            ),
        )),
        Called::NoSuchItems(says) => Err(ApiError::Conflict(Code::NoSuchItems, says)),
        Called::Objection(says) => Err(ApiError::Conflict(Code::NotPossible, says)),
    }
}
