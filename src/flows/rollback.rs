//! Undoes a run: closes as not planned and detaches, but leaves what people have worked on since.

use tracing::{info, warn};

use super::pace::{self, For, Write};
use super::step::Next;
use super::touched::touched;
use super::{FlowError, FlowResult, Services, create, link};
use crate::domain::run::{IllegalMove, ItemState, Move};
use crate::github::{GitHubError, Issue, IssueChange, Repo, StateReason};
use crate::store::created_issues::{self, CreatedIssue};
use crate::store::planned_issues::{self, Item};
use crate::store::repositories::RepositoryRow;
use crate::store::runs::{self, Run};
use crate::store::tenant;

/// The note of an item whose issue was deleted: nothing is left of it to name.
pub(super) const DELETED: &str = "it was deleted";
pub(super) const MOVED: &str = "it was moved to another repository";
const OUT_OF_REACH: &str = "its repository is out of the App's reach";
const OUT_OF_THE_TOKENS_REACH: &str = "its repository is out of the token's reach";
const ISSUES_OFF: &str = "issues are turned off in its repository";

/// Whether this note of an issue that was left says that it could not be closed; else people have worked on it.
pub(super) fn could_not_be_closed(note: &str) -> bool {
    [MOVED, OUT_OF_REACH, OUT_OF_THE_TOKENS_REACH, ISSUES_OFF].contains(&note)
        || note.starts_with("GitHub ")
}

/// Why a run that may be rolled back has nothing for it: no item of it stands, or may stand, as we made it.
pub(super) fn nothing_left(run: &Run, items: &[Item]) -> Option<IllegalMove> {
    let rest = [
        ItemState::Created,
        ItemState::Changed,
        ItemState::Intended,
        ItemState::Left,
    ];
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
    match create::settle_lost(services, repository, run).await {
        Ok(Next::Done) => {}
        // It cannot be looked for, and holds up nothing else.
        Err(error) if error.is_out_of_reach() => {
            warn!(run.id = %run.id, %error, "a lost issue cannot be looked for");
        }
        other => return other,
    }
    let Some(item) =
        planned_issues::find_last_created(services.wall(run.installation), run.key()).await?
    else {
        return Ok(Next::Done);
    };
    pace::take(services, run.installation, Write::Edit, For::Run).await?;
    let issue =
        created_issues::get(services.wall(run.installation), run.key(), item.position).await?;
    let target = match create::target(services, repository, issue.repository).await {
        Err(FlowError::GitHub(GitHubError::InstallationGone)) => {
            return leave(services, run, &item, out_of_reach(services)).await;
        }
        other => other?,
    };
    let repo = services.repo(&target);
    let now = match find(services, &repo, &issue).await? {
        Ok(now) => now,
        Err(why) => return leave(services, run, &item, why).await,
    };
    if !run.rollback_force {
        let why = touched(services, repository, run, &repo, &item, &issue, &now).await?;
        if let Some(why) = why {
            return leave(services, run, &item, why).await;
        }
    }
    close(services, repository, run, &repo, &item, &issue).await
}

pub(super) fn out_of_reach(services: &Services) -> &'static str {
    if services.github.is_person() {
        OUT_OF_THE_TOKENS_REACH
    } else {
        OUT_OF_REACH
    }
}

/// The issue as it is now, or why it is not there for us.
pub(super) async fn find(
    services: &Services,
    repo: &Repo,
    issue: &CreatedIssue,
) -> FlowResult<Result<Issue, &'static str>> {
    match repo.get_issue(issue.number).await {
        Ok(now) if now.id == issue.issue_id => return Ok(Ok(now)),
        // The number is another issue's: the name of the repository has gone to another one.
        Ok(_) => return Ok(Err(out_of_reach(services))),
        Err(GitHubError::Moved { .. }) => return Ok(Err(MOVED)),
        Err(error) if error.is_absent() => {}
        Err(error) => return Err(error.into()),
    }
    // Deleted and hidden look the same: the repository tells them apart.
    match repo.get().await {
        Ok(home) if home.id != issue.repository => Ok(Err(out_of_reach(services))),
        Ok(home) if !home.has_issues => Ok(Err(ISSUES_OFF)),
        Ok(_) => Ok(Err(DELETED)),
        Err(error) if error.is_absent() => Ok(Err(out_of_reach(services))),
        Err(error) => Err(error.into()),
    }
}

async fn leave(services: &Services, run: &Run, item: &Item, why: &str) -> FlowResult<Next> {
    let mut tx = tenant::enter(&services.pool, run.installation).await?;
    planned_issues::set_state(
        &mut *tx,
        run.key(),
        item.position,
        ItemState::Left,
        Some(why),
    )
    .await?;
    // Whoever closes it from now on is not us.
    created_issues::clear_closing(&mut *tx, run.key(), item.position).await?;
    runs::bump_revision(&mut *tx, run.key()).await?;
    tx.commit().await?;
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
        created_issues::set_closing(
            services.wall(run.installation),
            run.key(),
            issue.position,
            now,
        )
        .await?;
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
    created_issues::set_closed(
        services.wall(run.installation),
        run.key(),
        issue.position,
        now,
    )
    .await?;
    runs::bump_revision(services.wall(run.installation), run.key()).await?;
    info!(run.id = %run.id, issue.number = %issue.number, "rolled back issue");
    Ok(Next::Again)
}
