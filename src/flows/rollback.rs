//! Undoes a run: closes as not planned and detaches, but leaves what people have worked on since.

use tracing::info;

use super::pace::{self, For, Write};
use super::step::Next;
use super::touched::touched;
use super::{FlowResult, Services, create, link};
use crate::domain::run::{IllegalMove, ItemState, Move};
use crate::github::{GitHubError, IssueChange, Repo, StateReason};
use crate::store::created_issues::{self, CreatedIssue};
use crate::store::planned_issues::{self, Item};
use crate::store::repositories::RepositoryRow;
use crate::store::runs::{self, Run};

/// The note of an item whose issue was deleted: nothing is left of it to name.
pub(super) const DELETED: &str = "it was deleted";

/// Why a run that may be rolled back has nothing for it: no item of it stands, or may stand, as we made it.
pub(super) fn nothing_left(run: &Run, items: &[Item]) -> Option<IllegalMove> {
    let rest = [ItemState::Created, ItemState::Intended, ItemState::Left];
    let is_left = items.iter().any(|i| rest.contains(&i.state));
    (!is_left).then_some(IllegalMove {
        from: run.state,
        wanted: Move::StartRollback,
    })
}

/// Settles the last issue that still stands; `Done` when none is left.
pub(super) async fn step(
    services: &Services,
    repository: &RepositoryRow,
    run: &Run,
) -> FlowResult<Next> {
    // What was under way when the run ended may have been made all the same.
    let lost = create::settle_lost(services, repository, run).await?;
    if lost != Next::Done {
        return Ok(lost);
    }
    let Some(item) = planned_issues::find_last_created(&services.pool, &run.id).await? else {
        return Ok(Next::Done);
    };
    pace::take(services, run.installation, Write::Edit, For::Run).await?;
    let issue = created_issues::get(&services.pool, &run.id, item.position).await?;
    let target = if issue.repository == repository.id {
        repository.clone()
    } else {
        services
            .repository(run.installation, issue.repository)
            .await?
    };
    let repo = services.repo(&target);
    let Some(now) = repo.find_issue(issue.number).await? else {
        return leave(services, run, &item, DELETED).await;
    };
    if !run.rollback_force {
        let why = touched(services, repository, run, &repo, &item, &issue, &now).await?;
        if let Some(why) = why {
            return leave(services, run, &item, why).await;
        }
    }
    close(services, repository, run, &repo, &item, &issue).await
}

async fn leave(services: &Services, run: &Run, item: &Item, why: &str) -> FlowResult<Next> {
    let left = ItemState::Left;
    planned_issues::set_state(&services.pool, &run.id, item.position, left, Some(why)).await?;
    // Whoever closes it from now on is not us.
    created_issues::clear_closing(&services.pool, &run.id, item.position).await?;
    runs::bump_revision(&services.pool, &run.id).await?;
    Ok(Next::Again)
}

async fn close(
    services: &Services,
    repository: &RepositoryRow,
    run: &Run,
    repo: &Repo,
    item: &Item,
    issue: &CreatedIssue,
) -> FlowResult<Next> {
    let now = services.clock.now();
    if issue.closing_at.is_none() {
        created_issues::set_closing(&services.pool, &run.id, issue.position, now).await?;
    }
    if link::detach(services, repository, run, issue.position).await? {
        return Ok(Next::Again);
    }
    let change = IssueChange::close(StateReason::NotPlanned);
    match repo.update_issue(issue.number, &change).await {
        Ok(_) => {}
        Err(error @ (GitHubError::Validation { .. } | GitHubError::Forbidden { .. })) => {
            return leave(services, run, item, &error.to_string()).await;
        }
        Err(error) => return Err(error.into()),
    }
    created_issues::set_closed(&services.pool, &run.id, issue.position, now).await?;
    runs::bump_revision(&services.pool, &run.id).await?;
    info!(run.id = %run.id, issue.number = %issue.number, "rolled back issue");
    Ok(Next::Again)
}
