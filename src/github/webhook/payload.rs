//! From a payload to the event that it means.

use thiserror::Error;

use super::wire;
use crate::domain::event::{
    Account, AccountKind, Before, Comment, CommentEvent, Event, Installation, InstallationAction,
    InstallationEvent, InstallationRepositoriesEvent, InstallationTargetEvent, Issue, IssueEvent,
    MarketplaceAction, MarketplaceEvent, MarketplacePlan, MarketplacePurchase, Repository,
    RepositoryAction, RepositoryEvent,
};

/// Why a payload cannot be read.
#[derive(Debug, Error)]
pub enum PayloadError {
    /// Not JSON, or a field of another kind than GitHub documents.
    #[error("the payload is not as GitHub writes it: {0}")]
    Malformed(#[from] serde_json::Error),
    /// JSON, but what this event is about is not in it.
    #[error("the payload of {event} has no `{field}`")]
    Missing { event: String, field: &'static str },
}

/// Reads a whole payload. `event` is `X-GitHub-Event`; an event or action that we do not know is [`Event::Other`].
pub fn parse(event: &str, body: &[u8]) -> Result<Event, PayloadError> {
    let Some(read) = reader(event) else {
        #[derive(serde::Deserialize)]
        struct OnlyAction {
            #[serde(default)]
            action: Option<String>,
        }
        let OnlyAction { action } = serde_json::from_slice(body)?;
        return Ok(other(event, action));
    };
    let payload: wire::Payload = serde_json::from_slice(body)?;
    let action = payload.action.clone();
    match read(payload, action.as_deref().unwrap_or_default()) {
        Ok(Some(known)) => Ok(known),
        Ok(None) => Ok(other(event, action)),
        Err(Missing(field)) => Err(PayloadError::Missing {
            event: event.to_owned(),
            field,
        }),
    }
}

/// What should have been in the payload.
struct Missing(&'static str);

/// Turns the payload and its action into an event; `None` for an action that we do not know.
type Reader = fn(wire::Payload, &str) -> Result<Option<Event>, Missing>;

fn reader(event: &str) -> Option<Reader> {
    Some(match event {
        "ping" => |_, _| Ok(Some(Event::Ping)),
        "issues" => issues,
        "issue_comment" => issue_comment,
        "installation" => installation,
        "installation_repositories" => installation_repositories,
        "installation_target" => installation_target,
        "repository" => repository,
        "github_app_authorization" => github_app_authorization,
        "marketplace_purchase" => marketplace_purchase,
        _ => return None,
    })
}

fn other(event: &str, action: Option<String>) -> Event {
    Event::Other {
        name: event.to_owned(),
        action,
    }
}

fn issues(payload: wire::Payload, action: &str) -> Result<Option<Event>, Missing> {
    let event: fn(IssueEvent) -> Event = match action {
        "opened" => Event::IssueOpened,
        "edited" => Event::IssueEdited,
        "deleted" => Event::IssueDeleted,
        "closed" => Event::IssueClosed,
        "reopened" => Event::IssueReopened,
        "transferred" => Event::IssueTransferred,
        _ => return Ok(None),
    };
    Ok(Some(event(IssueEvent {
        installation: payload.installation.map(|i| i.id),
        repository: payload.repository.ok_or(Missing("repository"))?.into(),
        issue: payload.issue.ok_or(Missing("issue"))?.into(),
        sender: payload.sender.ok_or(Missing("sender"))?.into(),
        before: payload.changes.map(Before::from).unwrap_or_default(),
    })))
}

fn issue_comment(payload: wire::Payload, action: &str) -> Result<Option<Event>, Missing> {
    let event: fn(CommentEvent) -> Event = match action {
        "created" => Event::IssueCommentCreated,
        "edited" => Event::IssueCommentEdited,
        "deleted" => Event::IssueCommentDeleted,
        _ => return Ok(None),
    };
    Ok(Some(event(CommentEvent {
        installation: payload.installation.map(|i| i.id),
        repository: payload.repository.ok_or(Missing("repository"))?.into(),
        issue: payload.issue.ok_or(Missing("issue"))?.into(),
        comment: payload.comment.ok_or(Missing("comment"))?.into(),
        sender: payload.sender.ok_or(Missing("sender"))?.into(),
        before: payload.changes.map(Before::from).unwrap_or_default(),
    })))
}

fn installation(payload: wire::Payload, action: &str) -> Result<Option<Event>, Missing> {
    let action = match action {
        "created" => InstallationAction::Created,
        "deleted" => InstallationAction::Deleted,
        "suspend" => InstallationAction::Suspended,
        "unsuspend" => InstallationAction::Unsuspended,
        "new_permissions_accepted" => InstallationAction::NewPermissionsAccepted,
        _ => return Ok(None),
    };
    Ok(Some(Event::Installation(InstallationEvent {
        action,
        installation: whole_installation(payload.installation)?,
        repositories: repositories(payload.repositories),
        sender: payload.sender.ok_or(Missing("sender"))?.into(),
    })))
}

fn installation_repositories(
    payload: wire::Payload,
    action: &str,
) -> Result<Option<Event>, Missing> {
    if !matches!(action, "added" | "removed") {
        return Ok(None);
    }
    Ok(Some(Event::InstallationRepositories(
        InstallationRepositoriesEvent {
            installation: whole_installation(payload.installation)?,
            added: repositories(payload.repositories_added),
            removed: repositories(payload.repositories_removed),
            sender: payload.sender.ok_or(Missing("sender"))?.into(),
        },
    )))
}

fn installation_target(payload: wire::Payload, action: &str) -> Result<Option<Event>, Missing> {
    if action != "renamed" {
        return Ok(None);
    }
    Ok(Some(Event::InstallationTargetRenamed(
        InstallationTargetEvent {
            installation: payload.installation.map(|i| i.id),
            account: payload.account.ok_or(Missing("account"))?.into(),
        },
    )))
}

fn repository(payload: wire::Payload, action: &str) -> Result<Option<Event>, Missing> {
    let action = match action {
        "renamed" => RepositoryAction::Renamed,
        "transferred" => RepositoryAction::Transferred,
        "deleted" => RepositoryAction::Deleted,
        "archived" => RepositoryAction::Archived,
        "unarchived" => RepositoryAction::Unarchived,
        "privatized" => RepositoryAction::Privatized,
        "publicized" => RepositoryAction::Publicized,
        _ => return Ok(None),
    };
    Ok(Some(Event::Repository(RepositoryEvent {
        action,
        installation: payload.installation.map(|i| i.id),
        repository: payload.repository.ok_or(Missing("repository"))?.into(),
        sender: payload.sender.ok_or(Missing("sender"))?.into(),
    })))
}

fn github_app_authorization(
    payload: wire::Payload,
    action: &str,
) -> Result<Option<Event>, Missing> {
    if action != "revoked" {
        return Ok(None);
    }
    let sender = payload.sender.ok_or(Missing("sender"))?.into();
    Ok(Some(Event::AuthorizationRevoked { sender }))
}

fn marketplace_purchase(payload: wire::Payload, action: &str) -> Result<Option<Event>, Missing> {
    let action = match action {
        "purchased" => MarketplaceAction::Purchased,
        "changed" => MarketplaceAction::Changed,
        "cancelled" => MarketplaceAction::Cancelled,
        "pending_change" => MarketplaceAction::PendingChange,
        "pending_change_cancelled" => MarketplaceAction::PendingChangeCancelled,
        _ => return Ok(None),
    };
    let mut bought = payload
        .marketplace_purchase
        .ok_or(Missing("marketplace_purchase"))?;
    let account = bought.account.take();
    Ok(Some(Event::MarketplacePurchase(MarketplaceEvent {
        action,
        account: account
            .ok_or(Missing("marketplace_purchase.account"))?
            .into(),
        bought: bought.into(),
        before: payload.previous_marketplace_purchase.map(Into::into),
        effective_at: payload.effective_date,
    })))
}

fn repositories(listed: Option<Vec<wire::Repository>>) -> Vec<Repository> {
    listed
        .unwrap_or_default()
        .into_iter()
        .map(Repository::from)
        .collect()
}

fn whole_installation(given: Option<wire::Installation>) -> Result<Installation, Missing> {
    let given = given.ok_or(Missing("installation"))?;
    Ok(Installation {
        id: given.id,
        account: given.account.ok_or(Missing("installation.account"))?.into(),
        all_repositories: given.repository_selection.as_deref() == Some("all"),
        suspended: given.suspended_at.is_some(),
    })
}

impl From<wire::Account> for Account {
    fn from(given: wire::Account) -> Self {
        let kind = match given.kind.as_deref() {
            Some("User") => AccountKind::User,
            Some("Organization") => AccountKind::Organization,
            Some("Bot") => AccountKind::Bot,
            _ => AccountKind::Other,
        };
        Self {
            id: given.id,
            login: given.login.unwrap_or_default(),
            kind,
        }
    }
}

impl From<wire::MarketplacePurchase> for MarketplacePurchase {
    fn from(given: wire::MarketplacePurchase) -> Self {
        Self {
            plan: MarketplacePlan {
                id: given.plan.id,
                name: given.plan.name,
            },
            billing_cycle: given.billing_cycle,
            unit_count: given.unit_count,
            on_free_trial: given.on_free_trial.unwrap_or_default(),
            free_trial_ends_at: given.free_trial_ends_on,
            next_billing_at: given.next_billing_date,
        }
    }
}

impl From<wire::Repository> for Repository {
    fn from(given: wire::Repository) -> Self {
        Self {
            id: given.id,
            name: given.full_name,
            private: given.private,
        }
    }
}

impl From<wire::Issue> for Issue {
    fn from(given: wire::Issue) -> Self {
        Self {
            id: given.id,
            number: given.number,
            title: given.title,
            body: given.body.unwrap_or_default(),
            is_open: given.state.as_deref() != Some("closed"),
            state_reason: given.state_reason,
            is_pull_request: given.pull_request.is_some(),
            author: given.user.map(Account::from),
            updated_at: given.updated_at,
        }
    }
}

impl From<wire::Comment> for Comment {
    fn from(given: wire::Comment) -> Self {
        Self {
            id: given.id,
            body: given.body.unwrap_or_default(),
            author: given.user.map(Account::from),
            created_at: given.created_at,
            updated_at: given.updated_at,
            app_id: given.performed_via_github_app.map(|app| app.id),
        }
    }
}

impl From<wire::Changes> for Before {
    fn from(given: wire::Changes) -> Self {
        Self {
            title: given.title.and_then(|change| change.from),
            body: given.body.and_then(|change| change.from),
        }
    }
}

#[cfg(test)]
mod tests;
