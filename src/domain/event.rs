//! What a delivery means: GitHub's webhook payloads as far as the product needs them.

use chrono::{DateTime, Utc};

use super::ids::{
    CommentId, InstallationId, IssueId, IssueNumber, RepositoryId, RepositoryName, UserId,
};

/// One thing that happened on GitHub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// GitHub tries the hook out.
    Ping,
    IssueOpened(IssueEvent),
    IssueEdited(IssueEvent),
    IssueDeleted(IssueEvent),
    IssueClosed(IssueEvent),
    IssueReopened(IssueEvent),
    IssueTransferred(IssueEvent),
    IssueCommentCreated(CommentEvent),
    IssueCommentEdited(CommentEvent),
    IssueCommentDeleted(CommentEvent),
    Installation(InstallationEvent),
    InstallationRepositories(InstallationRepositoriesEvent),
    Repository(RepositoryEvent),
    /// The account that an installation is on has a new name.
    InstallationTargetRenamed(InstallationTargetEvent),
    /// A person took back the App's leave to act as them: their sessions end.
    AuthorizationRevoked {
        sender: Account,
    },
    MarketplacePurchase(MarketplaceEvent),
    /// Nothing that we act on.
    Other {
        name: String,
        action: Option<String>,
    },
}

impl Event {
    /// Whose installation this came through, if it came through one.
    pub fn installation(&self) -> Option<InstallationId> {
        match self {
            Self::IssueOpened(e)
            | Self::IssueEdited(e)
            | Self::IssueDeleted(e)
            | Self::IssueClosed(e)
            | Self::IssueReopened(e)
            | Self::IssueTransferred(e) => e.installation,
            Self::IssueCommentCreated(e)
            | Self::IssueCommentEdited(e)
            | Self::IssueCommentDeleted(e) => e.installation,
            Self::Installation(e) => Some(e.installation.id),
            Self::InstallationRepositories(e) => Some(e.installation.id),
            Self::Repository(e) => e.installation,
            Self::InstallationTargetRenamed(e) => e.installation,
            Self::Ping
            | Self::AuthorizationRevoked { .. }
            | Self::MarketplacePurchase(_)
            | Self::Other { .. } => None,
        }
    }
}

/// Something happened to an issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssueEvent {
    /// `None` only where the hook is a repository's own (`GITHUB_APP_MODE=token`).
    pub installation: Option<InstallationId>,
    pub repository: Repository,
    pub issue: Issue,
    pub sender: Account,
    /// What an edit replaced.
    pub before: Before,
}

/// Something happened to a comment on an issue (or on a pull request: see [`Issue::is_pull_request`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommentEvent {
    /// `None` only where the hook is a repository's own (`GITHUB_APP_MODE=token`).
    pub installation: Option<InstallationId>,
    pub repository: Repository,
    pub issue: Issue,
    pub comment: Comment,
    pub sender: Account,
    /// What an edit replaced; of a comment only the body.
    pub before: Before,
}

/// The words that an edit replaced; `None` where it left them alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Before {
    pub title: Option<String>,
    pub body: Option<String>,
}

/// The App came to an account, left it, or may do other things there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstallationEvent {
    pub action: InstallationAction,
    pub installation: Installation,
    /// At `created`: what it was installed on.
    pub repositories: Vec<Repository>,
    pub sender: Account,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InstallationAction {
    Created,
    Deleted,
    Suspended,
    Unsuspended,
    NewPermissionsAccepted,
}

/// The installation reaches other repositories than before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstallationRepositoriesEvent {
    pub installation: Installation,
    pub added: Vec<Repository>,
    pub removed: Vec<Repository>,
    pub sender: Account,
}

/// A repository changed its name, its owner or its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RepositoryEvent {
    pub action: RepositoryAction,
    pub installation: Option<InstallationId>,
    /// As it is now.
    pub repository: Repository,
    pub sender: Account,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RepositoryAction {
    Renamed,
    Transferred,
    Deleted,
    Archived,
    Unarchived,
    Privatized,
    Publicized,
}

/// An account with an installation has a new name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstallationTargetEvent {
    pub installation: Option<InstallationId>,
    pub account: Account,
}

/// Somebody bought, changed or cancelled a plan on the Marketplace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarketplaceEvent {
    pub action: MarketplaceAction,
    /// Who pays.
    pub account: Account,
    /// What is bought, given up, or wanted from `effective_at` on.
    pub bought: MarketplacePurchase,
    /// What it was before; GitHub says so of changes.
    pub before: Option<MarketplacePurchase>,
    /// From when on it holds; `None` where GitHub does not say.
    pub effective_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MarketplaceAction {
    Purchased,
    Changed,
    Cancelled,
    /// At the end of the billing cycle it will be another plan, or none.
    PendingChange,
    /// It will not.
    PendingChangeCancelled,
}

/// A plan as an account has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarketplacePurchase {
    pub plan: MarketplacePlan,
    /// `monthly` or `yearly`.
    pub billing_cycle: Option<String>,
    /// Seats, where the plan is priced by them.
    pub unit_count: Option<i64>,
    pub on_free_trial: bool,
    pub free_trial_ends_at: Option<DateTime<Utc>>,
    pub next_billing_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarketplacePlan {
    pub id: i64,
    pub name: String,
}

/// A person, a bot or an organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub id: UserId,
    pub login: String,
    pub kind: AccountKind,
}

impl Account {
    /// An App or another machine; never a trigger.
    pub fn is_bot(&self) -> bool {
        self.kind == AccountKind::Bot
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountKind {
    User,
    Organization,
    Bot,
    /// Mannequins, enterprises and what GitHub thinks of next.
    Other,
}

/// A repository as a payload shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    pub id: RepositoryId,
    pub name: RepositoryName,
    pub private: bool,
}

/// The App on one account, as a payload shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation {
    pub id: InstallationId,
    pub account: Account,
    /// Whether it reaches all of the account's repositories, or chosen ones.
    pub all_repositories: bool,
    pub suspended: bool,
}

/// An issue as a payload shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    pub id: IssueId,
    pub number: IssueNumber,
    pub title: String,
    /// Empty where GitHub says null.
    pub body: String,
    pub is_open: bool,
    /// Why it is closed, or open again, in GitHub's word.
    pub state_reason: Option<String>,
    pub is_pull_request: bool,
    /// `None`: the account is gone.
    pub author: Option<Account>,
    pub updated_at: DateTime<Utc>,
}

/// A comment as a payload shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    pub id: CommentId,
    pub body: String,
    /// `None`: the account is gone.
    pub author: Option<Account>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// The id of the App that wrote it, if an App did.
    pub app_id: Option<i64>,
}
