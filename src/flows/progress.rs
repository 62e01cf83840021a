//! Created issues are closed, reopened, deleted or moved: their run's comment tells how many are done, now and then.

use chrono::TimeDelta;
use tracing::info;

use super::{FlowResult, Services, advance};
use crate::domain::event::{Event, IssueEvent};
use crate::domain::run::Standing;
use crate::store::{created_issues, runs, tenant};

/// How seldom a run's comment tells of its issues' progress.
#[derive(Debug, Clone, Copy)]
pub struct Quiet {
    /// Between two edits of one comment.
    between: TimeDelta,
    /// After the first news: issues are often closed by the dozen, and one edit tells of them all.
    settling: TimeDelta,
}

impl Quiet {
    /// Six edits an hour at most, which nobody is notified of.
    pub const USUAL: Self = Self {
        between: TimeDelta::minutes(10),
        settling: TimeDelta::seconds(30),
    };
    /// Each change at once.
    pub const NONE: Self = Self {
        between: TimeDelta::zero(),
        settling: TimeDelta::zero(),
    };
}

/// Keeps what became of an issue, and has its run's comment brought up to date before long.
pub(super) async fn moved(services: &Services, what: &Event, event: &IssueEvent) -> FlowResult<()> {
    let Some(installation) = event.installation else {
        return Ok(());
    };
    let standing = match what {
        Event::IssueDeleted(_) => Standing::Deleted,
        Event::IssueTransferred(_) => Standing::Moved,
        _ => Standing::of(event.issue.is_open, event.issue.state_reason.as_deref()),
    };
    let mut tx = tenant::enter(&services.pool, installation).await?;
    let (place, issue) = (event.repository.id, &event.issue);
    let changed = created_issues::set_standing(
        &mut tx,
        installation,
        place,
        issue.id,
        standing,
        issue.updated_at,
    )
    .await?;
    if let Some(run) = changed
        && let Some(shown_at) = runs::tell_of_progress(&mut *tx, installation, &run).await?
    {
        let now = services.clock.now();
        let Quiet { between, settling } = services.quiet;
        let due = shown_at.map_or(now, |at| at + between).max(now + settling);
        advance::enqueue(&mut tx, installation, &run, Some(due)).await?;
        info!(
            run.id = %run, installation.id = %installation, issue.number = %issue.number,
            standing = standing.as_str(), "an issue of a run has moved"
        );
    }
    tx.commit().await?;
    Ok(())
}
