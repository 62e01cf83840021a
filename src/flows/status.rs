//! Where a trigger issue's runs stand, as a table.

use chrono::{DateTime, Utc};
use sqlx::PgPool;

use super::asking::Asking;
use super::{FlowResult, Services};
use crate::domain::comment::{self, StatusRow};
use crate::store::planned_issues::{self, Tally};
use crate::store::runs::{self, Run};
use crate::store::tenant::Walled;
use crate::store::{installations, repositories};

/// The answer to `status`: this issue's runs, newest first.
pub(super) async fn of_issue(services: &Services, asking: &Asking<'_>) -> FlowResult<String> {
    let place = asking.repository;
    let runs = runs::list_for_issue(
        services.wall(place.installation),
        place.installation,
        place.id,
        asking.issue.number,
    )
    .await?;
    let mut rows = Vec::with_capacity(runs.len());
    for run in &runs {
        let tally = planned_issues::tally(services.wall(run.installation), run.key()).await?;
        let parked = parked(&services.pool, run).await?;
        rows.push(row(run, &tally, parked, services.clock.now()));
    }
    Ok(comment::status(&rows, &services.bot().await?))
}

/// Why nothing is done for a run that is not over, in words; `None`: it is not parked.
pub async fn parked(pool: &PgPool, run: &Run) -> sqlx::Result<Option<&'static str>> {
    if run.state.status().is_final() {
        return Ok(None);
    }
    let wall = Walled::new(pool, run.installation);
    let installation = installations::find(wall, run.installation).await?;
    match installation {
        Some(row) if row.removed_at.is_some() => {
            return Ok(Some("parked: the App was removed from this account"));
        }
        Some(row) if row.suspended_at.is_some() => {
            return Ok(Some("parked: the App is suspended on this account"));
        }
        _ => {}
    }
    let is_removed = repositories::is_removed(wall, run.installation, run.repository).await?;
    Ok(is_removed.then_some("parked: the repository is out of the App's reach"))
}

fn row(run: &Run, tally: &Tally, parked: Option<&'static str>, now: DateTime<Utc>) -> StatusRow {
    StatusRow {
        run: run.id.clone(),
        state: run.state,
        created: tally.existing,
        total: tally.existing + tally.open,
        failed: tally.failed,
        done: tally.done,
        note: run
            .failure
            .clone()
            .or(parked.map(str::to_owned))
            .or_else(|| run.waits_for(now))
            .unwrap_or_default(),
    }
}
