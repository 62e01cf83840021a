//! Created issues are closed, reopened, deleted or moved: their run's comment tells how many are done, now and then.

use chrono::{DateTime, TimeDelta, Utc};
use tracing::info;

use super::{FlowError, FlowResult, Services, advance};
use crate::domain::event::{Event, IssueEvent};
use crate::domain::run::Standing;
use crate::store::{created_issues, runs, tenant};

/// When an event about an issue that may be just being created is looked at again.
const SOON: TimeDelta = TimeDelta::seconds(2);
/// An issue whose answer is not here after this is adopted as it stands then.
const LONGEST_MOMENT: TimeDelta = TimeDelta::minutes(1);

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
///
/// Between GitHub's answer and our own row the issue is not known here yet: the event comes back then.
pub(super) async fn moved(
    services: &Services,
    what: &Event,
    event: &IssueEvent,
    heard_at: DateTime<Utc>,
) -> FlowResult<()> {
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
    let now = services.clock.now();
    if now - heard_at < LONGEST_MOMENT
        && created_issues::may_come(&mut *tx, installation, place, issue.id).await?
    {
        return Err(FlowError::Later(now + SOON));
    }
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
