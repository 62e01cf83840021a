//! Changes and retires issues, once each: what stands there is read right before, and looked at again after a lost answer.

use chrono::{DateTime, TimeDelta, Utc};
use tracing::{info, warn};

use crate::domain::fingerprint;
use crate::domain::run::ItemState;
use crate::domain::sync::{self, Merged, Upon};
use crate::flows::looks;
use crate::flows::pace::{self, For, Write};
use crate::flows::step::Next;
use crate::flows::touched::touched;
use crate::flows::{FlowError, FlowResult, Services, create, rollback};
use crate::github::{GitHubError, Issue, IssueChange, IssueState, Repo, StateReason};
use crate::store::created_issues::{self, CreatedIssue};
use crate::store::issue_edits::{self, Deed, IssueEdit, Text};
use crate::store::planned_issues::{self, Item};
use crate::store::repositories::RepositoryRow;
use crate::store::runs::{self, Run};

/// Somebody has rewritten the issue while our request was under way.
const CANNOT_BE_TOLD: &str = "somebody edited it while our change was on its way, and whether that went in before \
                              cannot be told: compare it with the specification";
/// GitHub's clock may be another than ours.
const CLOCKS_APART: TimeDelta = TimeDelta::minutes(1);

/// Makes the next edit of the run; `Done` when none is left.
pub(crate) async fn step(
    services: &Services,
    repository: &RepositoryRow,
    run: &Run,
) -> FlowResult<Next> {
    let wall = services.wall(run.installation);
    if let Some(edit) = issue_edits::find_in_state(wall, run.key(), ItemState::Intended).await? {
        return recover(services, repository, run, &edit, true).await;
    }
    let Some(edit) = issue_edits::find_in_state(wall, run.key(), ItemState::Planned).await? else {
        return Ok(Next::Done);
    };
    pace::take(services, run.installation, Write::Edit, For::Run).await?;
    let place = match find(services, repository, &edit).await? {
        Ok(place) => place,
        Err(why) => return leave(services, run, &edit, why).await,
    };
    make(services, repository, run, &edit, &place).await
}

/// After a run has ended: what was under way is looked at; nothing is sent.
pub(crate) async fn settle_lost(
    services: &Services,
    repository: &RepositoryRow,
    run: &Run,
) -> FlowResult<Next> {
    let wall = services.wall(run.installation);
    match issue_edits::find_in_state(wall, run.key(), ItemState::Intended).await? {
        Some(edit) => recover(services, repository, run, &edit, false).await,
        None => Ok(Next::Done),
    }
}

/// Where the issue is, and how it stands there.
pub(super) struct Place {
    pub(super) repo: Repo,
    pub(super) created: CreatedIssue,
    pub(super) now: Issue,
    /// From when on that may be old.
    pub(super) read_at: DateTime<Utc>,
}

/// The issue of an edit, or why it is not there for us.
pub(super) async fn find(
    services: &Services,
    repository: &RepositoryRow,
    edit: &IssueEdit,
) -> FlowResult<Result<Place, &'static str>> {
    let of = edit.of_run.of(repository.installation);
    let created = created_issues::get(services.wall(of.installation), of, edit.of_position).await?;
    let target = match create::target(services, repository, created.repository).await {
        Err(FlowError::GitHub(GitHubError::InstallationGone)) => {
            return Ok(Err(rollback::out_of_reach(services)));
        }
        other => other?,
    };
    let repo = services.repo(&target);
    let read_at = services.clock.now();
    let found = rollback::find(services, &repo, &created).await?;
    Ok(found.map(|now| Place {
        repo,
        created,
        now,
        read_at,
    }))
}

/// Whether the issue stands as the edit was to leave it.
pub(super) fn is_made(edit: &IssueEdit, now: &Issue) -> bool {
    let Some(sent) = &edit.sent else {
        return false;
    };
    match edit.deed {
        Deed::Change => now.title == sent.title && sync::same_but_ticks(&now.body, &sent.body),
        Deed::Retire => is_retired(now),
    }
}

/// Whether it is closed as we close it; people who have done the work close it as completed.
pub(super) fn is_retired(now: &Issue) -> bool {
    now.state == IssueState::Closed && now.state_reason.as_deref() == Some("not_planned")
}

async fn make(
    services: &Services,
    repository: &RepositoryRow,
    run: &Run,
    edit: &IssueEdit,
    place: &Place,
) -> FlowResult<Next> {
    let sent = match to_send(edit, &place.now) {
        Ok(sent) => sent,
        Err(why) => return leave(services, run, edit, why).await,
    };
    if edit.deed == Deed::Retire
        && let Some(why) = Box::pin(worked_on(services, repository, run, edit, place)).await?
    {
        return leave(services, run, edit, why).await;
    }
    let now = services.clock.now();
    let before = Text {
        title: place.now.title.clone(),
        body: place.now.body.clone(),
    };
    if !issue_edits::intend(
        services.wall(run.installation),
        run.key(),
        edit.position,
        &before,
        &sent,
        now,
    )
    .await?
    {
        return Ok(Next::Again);
    }
    let change = match edit.deed {
        Deed::Retire => IssueChange::close(StateReason::NotPlanned),
        Deed::Change => IssueChange {
            title: (sent.title != before.title).then(|| sent.title.clone()),
            body: Some(sent.body.clone()),
            ..IssueChange::default()
        },
    };
    // Whoever stood still since must not write over what people have written meanwhile.
    let since = if edit.deed == Deed::Change {
        place.read_at
    } else {
        now
    };
    if !looks::is_fresh(services, since) {
        return Err(FlowError::Later(looks::next(services, now, 0)));
    }
    match place.repo.update_issue(place.created.number, &change).await {
        Ok(_) => settle(services, run, edit, &place.created).await,
        Err(error @ (GitHubError::Validation { .. } | GitHubError::Forbidden { .. })) => {
            leave(services, run, edit, &error.to_string()).await
        }
        Err(error) => {
            if !error.outcome_is_unknown() {
                // A refusal had no effect.
                let planned = ItemState::Planned;
                planned_issues::set_state(
                    services.wall(run.installation),
                    run.key(),
                    edit.position,
                    planned,
                    None,
                )
                .await?;
            }
            Err(error.into())
        }
    }
}

/// What people have begun to do on an issue since the preview. Where that was known there, somebody has ticked it all the same.
async fn worked_on(
    services: &Services,
    repository: &RepositoryRow,
    run: &Run,
    edit: &IssueEdit,
    place: &Place,
) -> FlowResult<Option<&'static str>> {
    if item(services, run, edit).await?.note.is_some() {
        return Ok(None);
    }
    let of = edit.of_run.of(run.installation);
    let items = planned_issues::list(services.wall(of.installation), of).await?;
    let Some(of_item) = items.iter().find(|i| i.position == edit.of_position) else {
        return Ok(None);
    };
    let of_run = runs::get(services.wall(of.installation), of).await?;
    let (repo, created, now) = (&place.repo, &place.created, &place.now);
    touched(services, repository, &of_run, repo, of_item, created, now).await
}

/// The text to be sent, with what people have ticked since the preview; or why the issue is left as it is.
fn to_send(edit: &IssueEdit, now: &Issue) -> Result<Text, &'static str> {
    if now.state == IssueState::Closed {
        return Err("it was closed since the preview");
    }
    if now.title != edit.seen.title || !sync::same_but_ticks(&now.body, &edit.seen.body) {
        return Err("it was edited since the preview");
    }
    if edit.deed == Deed::Retire {
        return Ok(edit.seen.clone());
    }
    let body = match sync::merge(&edit.our.body, &now.body, &edit.new.body) {
        Merged::Text(body) => body,
        Merged::Conflict => return Err("it was edited since the preview"),
    };
    // A title that somebody has written stays.
    let title = if now.title == edit.our.title {
        edit.new.title.clone()
    } else {
        now.title.clone()
    };
    Ok(Text { title, body })
}

/// After a lost answer: made if it stands; sent again only when nothing of it can be on its way any more.
async fn recover(
    services: &Services,
    repository: &RepositoryRow,
    run: &Run,
    edit: &IssueEdit,
    may_send: bool,
) -> FlowResult<Next> {
    let item = item(services, run, edit).await?;
    let since = item.intended_at.unwrap_or(run.created_at);
    let last = looks::is_last(services, since, item.looks)?;
    if last && may_send {
        pace::take(services, run.installation, Write::Edit, For::Run).await?;
    }
    let place = match find(services, repository, edit).await? {
        Ok(place) => place,
        Err(why) => return leave(services, run, edit, why).await,
    };
    if is_made(edit, &place.now) {
        info!(run.id = %run.id, issue.number = %place.created.number, "found an edit whose answer was lost");
        return settle(services, run, edit, &place.created).await;
    }
    let upon = upon(edit, &place.now, since);
    if upon == Some(Upon::Sent) && edit.deed == Deed::Change {
        info!(run.id = %run.id, issue.number = %place.created.number, "somebody wrote upon an edit whose answer was lost");
        return settle(services, run, edit, &place.created).await;
    }
    if !last {
        let looks =
            planned_issues::count_look(services.wall(run.installation), run.key(), edit.position)
                .await?;
        return Ok(Next::At(looks::next(services, since, looks)));
    }
    match (upon, edit.deed) {
        (Some(Upon::Unknown), _) => {
            return leave(services, run, edit, CANNOT_BE_TOLD).await;
        }
        (Some(Upon::Sent), Deed::Retire) => {
            return leave(
                services,
                run,
                edit,
                "it was closed, and somebody has opened it again",
            )
            .await;
        }
        _ => {}
    }
    if may_send {
        return make(services, repository, run, edit, &place).await;
    }
    let planned = ItemState::Planned;
    planned_issues::set_state(
        services.wall(run.installation),
        run.key(),
        edit.position,
        planned,
        None,
    )
    .await?;
    Ok(Next::Again)
}

/// Upon what somebody wrote since the request left; `None`: nobody did.
fn upon(edit: &IssueEdit, now: &Issue, since: DateTime<Utc>) -> Option<Upon> {
    let (before, sent) = edit.before.as_ref().zip(edit.sent.as_ref())?;
    if edit.deed == Deed::Retire {
        let is_open_again = now.state == IssueState::Open
            && now.state_reason.as_deref() == Some("reopened")
            && now.updated_at + CLOCKS_APART > since;
        return is_open_again.then_some(Upon::Sent);
    }
    if now.title == before.title && sync::same_but_ticks(&now.body, &before.body) {
        return None;
    }
    let body = sync::written_upon(&before.body, &sent.body, &now.body);
    let title = sync::written_upon(&before.title, &sent.title, &now.title);
    Some(match (title, body) {
        (Upon::Unknown, one) | (one, Upon::Unknown) => one,
        (title, body) if title == body => body,
        _ => Upon::Unknown,
    })
}

async fn item(services: &Services, run: &Run, edit: &IssueEdit) -> FlowResult<Item> {
    let items = planned_issues::list(services.wall(run.installation), run.key()).await?;
    let item = items.into_iter().find(|i| i.position == edit.position);
    item.ok_or_else(|| anyhow::anyhow!("{} has no item {}", run.id, edit.position).into())
}

async fn settle(
    services: &Services,
    run: &Run,
    edit: &IssueEdit,
    created: &CreatedIssue,
) -> FlowResult<Next> {
    let prints: Vec<Vec<u8>> = match edit.deed {
        // Who asks for the same again gets a new issue.
        Deed::Retire => Vec::new(),
        Deed::Change => prints(&edit.new),
    };
    issue_edits::set_made(services.wall(run.installation), run.key(), edit, &prints).await?;
    info!(
        run.id = %run.id, installation.id = %run.installation, issue.number = %created.number,
        deed = edit.deed.as_str(), "edited issue"
    );
    Ok(Next::Again)
}

/// The fingerprints of an issue with this text.
pub(super) fn prints(text: &Text) -> Vec<Vec<u8>> {
    let body = fingerprint::without_marker(&text.body);
    let all = fingerprint::all(&text.title, body).into_iter();
    all.map(|print| print.0.to_vec()).collect()
}

async fn leave(services: &Services, run: &Run, edit: &IssueEdit, why: &str) -> FlowResult<Next> {
    warn!(run.id = %run.id, item = edit.position, why, "left an issue as it is");
    let failed = ItemState::Failed;
    planned_issues::set_state(
        services.wall(run.installation),
        run.key(),
        edit.position,
        failed,
        Some(why),
    )
    .await?;
    runs::bump_revision(services.wall(run.installation), run.key()).await?;
    Ok(Next::Again)
}
