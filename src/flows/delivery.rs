//! A stored delivery is read and handed to its story. Safe to run twice: every story asks whether its cause has acted.

use chrono::{DateTime, Utc};
use tracing::{debug, info, warn};

use super::answer::{self, Answer};
use super::asking::{Asking, Origin};
use super::{
    FlowError, FlowResult, Services, command, installations, marketplace, pace, progress, request,
    sync, tick,
};
use crate::domain::command::Said;
use crate::domain::event::{CommentEvent, Event, Issue, IssueEvent, Repository};
use crate::domain::ids::{InstallationId, RepositoryId};
use crate::domain::{command as grammar, trigger};
use crate::github::{GitHubError, webhook};
use crate::store::deliveries::{self, DeliveryError};
use crate::store::repositories::RepositoryRow;
use crate::store::{self, repositories, revocations, runs};

/// Handles one stored delivery and marks it done.
pub async fn handle(services: &Services, guid: &str) -> FlowResult<()> {
    let Some(delivery) = begin(services, guid).await? else {
        return Ok(());
    };
    match webhook::parse(&delivery.event, &delivery.body) {
        Ok(event) => match tell(services, &event, delivery.received_at).await {
            // It waits without a job until the installation is live again.
            Err(FlowError::GitHub(GitHubError::Suspended)) => {
                info!(delivery = guid, "parked: the App is suspended");
                park(services, delivery.installation).await
            }
            Err(FlowError::GitHub(error)) if is_out_of_reach(&error) => {
                info!(delivery = guid, event = %delivery.event, %error, "nothing can be done there any more");
                mark_done(services, guid).await
            }
            Err(FlowError::GitHub(error)) if error.retry_at().is_some() => {
                Err(later(services, delivery.installation, error).await?)
            }
            told => {
                told?;
                mark_done(services, guid).await
            }
        },
        // It will never parse better: keep it for a person to look at.
        Err(error) => {
            warn!(delivery = guid, event = %delivery.event, %error, "unreadable payload");
            give_up(services, guid, &error.to_string()).await
        }
    }
}

/// GitHub asks to wait: so does everything of the installation.
async fn later(
    services: &Services,
    installation: Option<InstallationId>,
    error: GitHubError,
) -> FlowResult<FlowError> {
    let until = match installation {
        Some(id) => pace::heed(services, id, &error).await?,
        None => None,
    };
    Ok(until.map_or(FlowError::GitHub(error), FlowError::Later))
}

async fn park(services: &Services, installation: Option<InstallationId>) -> FlowResult<()> {
    if let Some(id) = installation {
        let now = services.clock.now();
        store::installations::set_suspended(&services.pool, id, Some(now)).await?;
    }
    Ok(())
}

/// What was written is deleted, or the App does not reach it any more: there is nobody to answer.
fn is_out_of_reach(error: &GitHubError) -> bool {
    error.is_absent()
        || matches!(
            error,
            GitHubError::InstallationGone | GitHubError::Forbidden { .. }
        )
}

/// Keeps a delivery that cannot be handled, with the reason, for an operator to look at.
pub async fn give_up(services: &Services, guid: &str, why: &str) -> FlowResult<()> {
    let mut connection = services.pool.acquire().await?;
    deliveries::mark_failed(&mut connection, guid, why)
        .await
        .map_err(|e| FlowError::Internal(e.into()))
}

async fn begin(services: &Services, guid: &str) -> FlowResult<Option<deliveries::Delivery>> {
    match deliveries::begin(&services.pool, guid).await {
        Err(DeliveryError::Absent(_)) => {
            debug!(delivery = guid, "already swept away");
            Ok(None)
        }
        other => other.map_err(|e| FlowError::Internal(e.into())),
    }
}

async fn mark_done(services: &Services, guid: &str) -> FlowResult<()> {
    let mut connection = services.pool.acquire().await?;
    deliveries::mark_done(&mut connection, guid)
        .await
        .map_err(|e| FlowError::Internal(e.into()))
}

async fn tell(services: &Services, event: &Event, heard_at: DateTime<Utc>) -> FlowResult<()> {
    match event {
        Event::IssueOpened(e) => issue_opened(services, e).await,
        Event::IssueEdited(e) => issue_edited(services, e).await,
        Event::IssueCommentCreated(e) => commented(services, e).await,
        Event::IssueCommentEdited(e) => comment_edited(services, e).await,
        Event::IssueClosed(e)
        | Event::IssueReopened(e)
        | Event::IssueDeleted(e)
        | Event::IssueTransferred(e) => progress::moved(services, event, e, heard_at).await,
        Event::Installation(e) => installations::changed(services, e).await,
        Event::InstallationRepositories(e) => {
            installations::repositories_changed(services, e).await
        }
        Event::Repository(e) => installations::repository_changed(services, e).await,
        Event::InstallationTargetRenamed(e) => installations::renamed(services, e).await,
        // Their sessions look here before anything else.
        Event::AuthorizationRevoked { sender } => {
            revocations::insert(&services.pool, sender.id, heard_at).await?;
            info!(
                user = sender.login,
                "took back the App's leave to act as them"
            );
            Ok(())
        }
        Event::MarketplacePurchase(e) => marketplace::purchased(services, e, heard_at).await,
        _ => Ok(()),
    }
}

async fn issue_opened(services: &Services, event: &IssueEvent) -> FlowResult<()> {
    let Some(installation) = event.installation else {
        return Ok(());
    };
    let names = services.names().await?;
    let human = !event.sender.is_bot() && !event.issue.is_pull_request;
    if !human || trigger::find(&event.issue.body, &names).is_none() {
        return Ok(());
    }
    let repository = known(services, installation, &event.repository).await?;
    request::ask(
        services,
        &Asking {
            repository: &repository,
            issue: &event.issue,
            origin: Origin::Issue,
            points_at_issue: false,
            sender: &event.sender,
            is_operator: false,
            names: &names,
        },
    )
    .await
}

async fn commented(services: &Services, event: &CommentEvent) -> FlowResult<()> {
    let Some(installation) = event.installation else {
        return Ok(());
    };
    let names = services.names().await?;
    let human =
        !event.sender.is_bot() && !event.issue.is_pull_request && event.comment.app_id.is_none();
    let Some(said) = human
        .then(|| grammar::read(&event.comment.body, &names))
        .flatten()
    else {
        return Ok(());
    };
    let repository = known(services, installation, &event.repository).await?;
    let asking = Asking {
        repository: &repository,
        issue: &event.issue,
        origin: Origin::Comment(&event.comment),
        points_at_issue: matches!(said, Said::ThisIssue | Said::Nothing),
        sender: &event.sender,
        is_operator: false,
        names: &names,
    };
    match said {
        Said::Courtesy => Ok(()),
        Said::Request | Said::ThisIssue => request::ask(services, &asking).await,
        Said::Nothing if !has_runs(services, &asking).await? => {
            request::ask(services, &asking).await
        }
        Said::Nothing => answer::reply_if_allowed(services, &asking, Answer::Help).await,
        Said::Unknown { word, nearest } => {
            answer::reply_if_allowed(services, &asking, Answer::Unknown { word, nearest }).await
        }
        Said::Bad(complaints) => {
            answer::reply_if_allowed(services, &asking, Answer::Complaints(complaints)).await
        }
        Said::Command(command) => command::obey(services, &asking, command).await,
    }
}

async fn has_runs(services: &Services, asking: &Asking<'_>) -> FlowResult<bool> {
    let place = asking.repository;
    let runs = runs::list_for_issue(
        services.wall(place.installation),
        place.installation,
        place.id,
        asking.issue.number,
    )
    .await?;
    Ok(!runs.is_empty())
}

/// A person edited an issue: if its runs are completed, their specification may say something else now.
async fn issue_edited(services: &Services, event: &IssueEvent) -> FlowResult<()> {
    let human = !event.sender.is_bot() && !event.issue.is_pull_request;
    match event.installation.filter(|_| human) {
        Some(installation) => {
            specification_edited(services, installation, &event.repository, &event.issue).await
        }
        None => Ok(()),
    }
}

async fn specification_edited(
    services: &Services,
    installation: InstallationId,
    repository: &Repository,
    issue: &Issue,
) -> FlowResult<()> {
    let number = issue.number;
    if !sync::may_concern(services, installation, repository.id, number).await? {
        return Ok(());
    }
    let repository = known(services, installation, repository).await?;
    sync::look(services, &repository, number).await
}

/// A person ticked or unticked boxes in a preview of ours, or edited a comment that may have asked for a run.
async fn comment_edited(services: &Services, event: &CommentEvent) -> FlowResult<()> {
    let Some(installation) = event.installation else {
        return Ok(());
    };
    if event.sender.is_bot() {
        return Ok(());
    }
    if event.comment.author.as_ref().is_none_or(|a| !a.is_bot()) {
        return specification_edited(services, installation, &event.repository, &event.issue).await;
    }
    let repository = known(services, installation, &event.repository).await?;
    tick::boxes(services, &repository, event).await
}

/// Refreshes what is known of the repository and its installation, and gives the row.
async fn known(
    services: &Services,
    installation: InstallationId,
    seen: &Repository,
) -> FlowResult<RepositoryRow> {
    let row = RepositoryRow {
        id: RepositoryId(seen.id.0),
        installation,
        name: seen.name.clone(),
    };
    installations::ensure(services, installation).await?;
    let before = repositories::find_by_id(&services.pool, row.id).await?;
    let is_anothers = before.is_some_and(|before| before.installation != installation);
    if !is_anothers
        && !repositories::is_removed(services.wall(installation), installation, row.id).await?
    {
        repositories::upsert(&services.pool, &row, services.clock.now()).await?;
        return Ok(row);
    }
    // Either it came to this installation just now, or the delivery is older than its leaving: GitHub knows.
    services.repo(&row).get().await?;
    if installations::adopt(services, &row).await? {
        installations::wake(services, installation).await?;
    }
    Ok(row)
}
