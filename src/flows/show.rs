//! The run's one comment: says what the database says, edited when something changed.

use super::advance::Next;
use super::{FlowResult, Services, asked::Asked, pace, reply};
use crate::domain::comment;
use crate::domain::run::{ItemState, Phase, Status};
use crate::store::repositories::RepositoryRow;
use crate::store::runs::{self, Run};
use crate::store::{created_issues, issue_links, planned_issues};

/// Brings the run's comment up to date, if the pace allows it now.
pub(super) async fn bring_up_to_date(
    services: &Services,
    repository: &RepositoryRow,
    run: &Run,
) -> FlowResult<Next> {
    if run.shown_revision >= run.revision {
        return Ok(Next::Done);
    }
    if let Err(when) = pace::writing(services, run.installation).await? {
        return Ok(Next::At(when));
    }
    let text = words(services, run).await?;
    let cause = format!("run:{}", run.id);
    reply::keep_up(services, repository, run.issue, &cause, &text).await?;
    runs::set_shown(&services.pool, &run.id, run.revision, services.clock.now()).await?;
    Ok(Next::Again)
}
