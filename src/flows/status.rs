//! Where a trigger issue's runs stand, as a table.

use chrono::{DateTime, Utc};

use super::asking::Asking;
use super::{FlowResult, Services};
use crate::domain::comment::{self, StatusRow};
use crate::store::planned_issues::{self, Tally};
use crate::store::runs::{self, Run};

/// The answer to `status`: this issue's runs, newest first.
pub(super) async fn of_issue(services: &Services, asking: &Asking<'_>) -> FlowResult<String> {
    let place = asking.repository;
    let runs = runs::list_for_issue(
        &services.pool,
        place.installation,
        place.id,
        asking.issue.number,
    )
    .await?;
    let mut rows = Vec::with_capacity(runs.len());
    for run in &runs {
        let tally = planned_issues::tally(&services.pool, &run.id).await?;
        rows.push(row(run, &tally, services.clock.now()));
    }
    Ok(comment::status(&rows, &services.mention))
}

fn row(run: &Run, tally: &Tally, now: DateTime<Utc>) -> StatusRow {
    StatusRow {
        run: run.id.clone(),
        state: run.state,
        created: tally.existing,
        total: tally.existing + tally.open,
        failed: tally.failed,
        note: run
            .failure
            .clone()
            .or_else(|| run.waits_for(now))
            .unwrap_or_default(),
    }
}
