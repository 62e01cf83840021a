//! What happened to installations while nobody listened: our table is compared with GitHub's list.

use std::collections::HashMap;

use tracing::{info, warn};

use super::{gone, refresh, stands, wake};
use crate::domain::ids::InstallationId;
use crate::flows::{FlowResult, Services};
use crate::github::{GitHubError, InstallationRecord};
use crate::store::installations::{self, InstallationRow};

/// Acts on every difference as its event would have. One that fails does not hold up the others.
pub(in crate::flows) async fn reconcile(services: &Services) -> FlowResult<()> {
    // Ours first: what an event changes meanwhile is no difference.
    let ours = installations::list_installed(&services.pool).await?;
    let busy = installations::list_busy(&services.pool).await?;
    let unsettled = installations::list_unsettled(&services.pool).await?;
    let listed = services.github.list_installations().await?;
    let mut ours: HashMap<InstallationId, InstallationRow> =
        ours.into_iter().map(|row| (row.id, row)).collect();
    let mut differing: Vec<InstallationId> = Vec::new();
    for record in &listed.items {
        let known = ours.remove(&record.id);
        if known.is_none_or(|row| differs(&row, record)) {
            differing.push(record.id);
        }
    }
    // Of a list that was cut off, what is not in it may be there all the same.
    if listed.complete {
        differing.extend(ours.into_keys());
    }
    let halfway = unsettled.into_iter().filter(|id| !differing.contains(id));
    differing.extend(halfway.collect::<Vec<_>>());
    let mut outcome = Ok(());
    for id in &differing {
        outcome = first(outcome, *id, settle(services, *id).await)?;
    }
    // Where something is under way, its repositories may have gone as well.
    for id in busy.into_iter().filter(|id| !differing.contains(id)) {
        outcome = first(outcome, id, reach(services, id).await)?;
    }
    outcome
}

/// The first failure counts, and the others go on; but where GitHub asks to wait, everything waits.
fn first(
    before: FlowResult<()>,
    id: InstallationId,
    this: FlowResult<()>,
) -> FlowResult<FlowResult<()>> {
    let Err(failure) = this else {
        return Ok(before);
    };
    if failure.retry_at().is_some() {
        return Err(failure);
    }
    warn!(installation.id = %id, error = %failure, "an installation could not be compared with GitHub's");
    Ok(before.and(Err(failure)))
}

fn differs(row: &InstallationRow, record: &InstallationRecord) -> bool {
    row.suspended_at.is_some() != record.suspended_at.is_some() || row.login != record.account.login
}

/// The list may be older than the last event: the one in question is asked for again.
async fn settle(services: &Services, id: InstallationId) -> FlowResult<()> {
    info!(installation.id = %id, "an installation is not as we knew it");
    match services.github.get_installation(id).await {
        Ok(record) => stands(services, &record).await,
        Err(GitHubError::InstallationGone) => gone(services, id).await,
        Err(error) => Err(error.into()),
    }
}

async fn reach(services: &Services, id: InstallationId) -> FlowResult<()> {
    // Only what has come: a job that a dead worker still holds is not to be put in twice.
    if refresh(services, id).await? {
        wake(services, id).await?;
    }
    Ok(())
}
