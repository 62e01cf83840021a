//! Runs as scripts see them: everything is read behind the wall of one installation.

use serde_json::Value;

use super::{FlowResult, Services};
use crate::domain::ids::{InstallationId, RunId};
use crate::domain::plan::Plan;
use crate::store::created_issues::{self, CreatedIssue};
use crate::store::issue_edits::{self, Edited};
use crate::store::overview::{self, Filter, RunLine, Sight};
use crate::store::planned_issues::{self, Item};
use crate::store::repositories::{self, RepositoryRow};
use crate::store::runs::{self, Run};
use crate::store::tenant;

/// A run with what became of its plan.
#[derive(Debug, Clone)]
pub struct RunDetail {
    pub run: Run,
    pub title: String,
    /// `None`: the repository is out of the installation's reach.
    pub repository: Option<RepositoryRow>,
    pub items: Vec<Item>,
    pub created: Vec<CreatedIssue>,
    /// Of a sync: the issues that it changes and retires.
    pub edited: Vec<Edited>,
}

/// Runs of every repository that the installation reaches, newest first.
pub async fn list(
    services: &Services,
    installation: InstallationId,
    filter: &Filter,
    limit: i64,
) -> FlowResult<Vec<RunLine>> {
    let mut tx = tenant::enter(&services.pool, installation).await?;
    let repositories = repositories::list(&mut *tx, installation).await?;
    let sight = Sight {
        installation,
        repositories: repositories.into_iter().map(|row| row.id).collect(),
    };
    let lines = overview::list_runs(&mut *tx, &sight, filter, limit).await?;
    tx.commit().await?;
    Ok(lines)
}

/// Whether the installation has a run of this name.
pub async fn is_known(
    services: &Services,
    installation: InstallationId,
    id: &RunId,
) -> FlowResult<bool> {
    let found = runs::find(services.wall(installation), id.of(installation)).await?;
    Ok(found.is_some())
}

/// The run, if it is the installation's.
pub async fn find(
    services: &Services,
    installation: InstallationId,
    id: &RunId,
) -> FlowResult<Option<RunDetail>> {
    let mut tx = tenant::enter(&services.pool, installation).await?;
    let Some(run) = runs::find(&mut *tx, id.of(installation)).await? else {
        return Ok(None);
    };
    let repository = repositories::find(&mut *tx, installation, run.repository).await?;
    let items = planned_issues::list(&mut *tx, run.key()).await?;
    let created = created_issues::list(&mut *tx, run.key()).await?;
    let edited = issue_edits::list_edited(&mut *tx, run.key()).await?;
    tx.commit().await?;
    let title = run.request.get("title").and_then(Value::as_str);
    Ok(Some(RunDetail {
        title: title.unwrap_or_default().to_owned(),
        run,
        repository,
        items,
        created,
        edited,
    }))
}

/// The run's plan with its revision. The outer `None`: no such run; the inner: no plan yet.
pub async fn find_plan(
    services: &Services,
    installation: InstallationId,
    id: &RunId,
) -> FlowResult<Option<Option<(i64, Plan)>>> {
    let mut tx = tenant::enter(&services.pool, installation).await?;
    let Some(run) = runs::find(&mut *tx, id.of(installation)).await? else {
        return Ok(None);
    };
    let plan = runs::find_plan(&mut *tx, run.key()).await?;
    tx.commit().await?;
    Ok(Some(plan.map(|plan| (run.plan_revision, plan))))
}
