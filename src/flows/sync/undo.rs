//! Rolling a sync back: what it changed gets its text again, what it retired is reopened, unless people have worked on it.

use tracing::info;

use super::deeds::{self, Place};
use crate::domain::run::ItemState;
use crate::domain::sync;
use crate::flows::looks;
use crate::flows::pace::{self, For, Write};
use crate::flows::step::Next;
use crate::flows::{FlowResult, Services};
use crate::github::{GitHubError, IssueChange, IssueState};
use crate::store::issue_edits::{self, Deed, IssueEdit, Text};
use crate::store::planned_issues;
use crate::store::repositories::RepositoryRow;
use crate::store::runs::{self, Run};

/// Puts the next edited issue back; `Done` when none is left.
pub(crate) async fn step(
    services: &Services,
    repository: &RepositoryRow,
    run: &Run,
) -> FlowResult<Next> {
    match deeds::settle_lost(services, repository, run).await? {
        Next::Done => {}
        other => return Ok(other),
    }
    let changed = ItemState::Changed;
    let Some(edit) =
        issue_edits::find_in_state(services.wall(run.installation), run.key(), changed).await?
    else {
        return Ok(Next::Done);
    };
    pace::take(services, run.installation, Write::Edit, For::Run).await?;
    let place = match deeds::find(services, repository, &edit).await? {
        Ok(place) => place,
        Err(why) => return leave(services, run, &edit, why).await,
    };
    let Some((before, sent)) = edit.before.as_ref().zip(edit.sent.as_ref()) else {
        return settle(services, run, &edit).await;
    };
    // A rollback of the run that created it has closed it since: what was to be undone is undone.
    let is_closed_again = edit.deed == Deed::Retire && place.created.closed_at.is_some();
    // The answer to an earlier try may have been lost.
    if is_closed_again || is_back(&edit, before, &place) {
        return settle(services, run, &edit).await;
    }
    if !run.rollback_force
        && let Some(why) = worked_on(&edit, sent, &place)
    {
        return leave(services, run, &edit, why).await;
    }
    let change = match edit.deed {
        Deed::Retire => IssueChange {
            state: Some(IssueState::Open),
            ..IssueChange::default()
        },
        Deed::Change => IssueChange {
            title: Some(before.title.clone()),
            body: Some(before.body.clone()),
            ..IssueChange::default()
        },
    };
    // Read too long ago: somebody may have written there since.
    if !looks::is_fresh(services, place.read_at) {
        return Ok(Next::Again);
    }
    match place.repo.update_issue(place.created.number, &change).await {
        Ok(_) => settle(services, run, &edit).await,
        Err(error @ (GitHubError::Validation { .. } | GitHubError::Forbidden { .. })) => {
            leave(services, run, &edit, &error.to_string()).await
        }
        Err(error) => Err(error.into()),
    }
}

fn is_back(edit: &IssueEdit, before: &Text, place: &Place) -> bool {
    match edit.deed {
        Deed::Retire => place.now.state == IssueState::Open,
        Deed::Change => place.now.title == before.title && place.now.body == before.body,
    }
}

/// What people have done with it since the sync.
fn worked_on(edit: &IssueEdit, sent: &Text, place: &Place) -> Option<&'static str> {
    let now = &place.now;
    if edit.deed == Deed::Change && now.state == IssueState::Closed {
        return Some("it was closed");
    }
    if edit.deed == Deed::Retire && !deeds::is_retired(now) {
        return Some("somebody has closed it for another reason");
    }
    let is_same = match edit.deed {
        Deed::Change => now.title == sent.title && now.body.replace("\r\n", "\n") == sent.body,
        Deed::Retire => sync::same_but_ticks(&now.body, &sent.body),
    };
    (!is_same).then_some("it was edited")
}

async fn settle(services: &Services, run: &Run, edit: &IssueEdit) -> FlowResult<Next> {
    let prints = deeds::prints(&edit.our);
    issue_edits::set_undone(services.wall(run.installation), run.key(), edit, &prints).await?;
    info!(run.id = %run.id, item = edit.position, deed = edit.deed.as_str(), "put an issue back");
    Ok(Next::Again)
}

async fn leave(services: &Services, run: &Run, edit: &IssueEdit, why: &str) -> FlowResult<Next> {
    let left = ItemState::Left;
    planned_issues::set_state(
        services.wall(run.installation),
        run.key(),
        edit.position,
        left,
        Some(why),
    )
    .await?;
    runs::bump_revision(services.wall(run.installation), run.key()).await?;
    Ok(Next::Again)
}
