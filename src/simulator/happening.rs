//! What happens in the simulated world, told to whoever watches.

use std::fmt;

use chrono::{DateTime, Utc};

use super::handle::IssueRef;

/// One thing that happened, by whom and when (the simulator's clock).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happening {
    pub at: DateTime<Utc>,
    /// The login of the person or App.
    pub by: String,
    pub what: What,
}

/// The kinds of things that happen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum What {
    IssueOpened {
        issue: IssueRef,
        title: String,
    },
    IssueEdited {
        issue: IssueRef,
    },
    IssueClosed {
        issue: IssueRef,
        reason: String,
    },
    IssueReopened {
        issue: IssueRef,
    },
    IssueDeleted {
        issue: IssueRef,
    },
    CommentCreated {
        issue: IssueRef,
        comment: u64,
        text: String,
    },
    CommentEdited {
        issue: IssueRef,
        comment: u64,
        text: String,
    },
    CommentDeleted {
        issue: IssueRef,
        comment: u64,
    },
    LabelMade {
        repository: String,
        name: String,
    },
    IssueLabeled {
        issue: IssueRef,
        label: String,
    },
    IssueUnlabeled {
        issue: IssueRef,
        label: String,
    },
    IssueAssigned {
        issue: IssueRef,
        login: String,
    },
    SubIssueLinked {
        parent: IssueRef,
        child: IssueRef,
    },
    SubIssueUnlinked {
        parent: IssueRef,
        child: IssueRef,
    },
    DependencyAdded {
        issue: IssueRef,
        blocked_by: IssueRef,
    },
    DependencyRemoved {
        issue: IssueRef,
        blocked_by: IssueRef,
    },
    ReactionAdded {
        issue: IssueRef,
        comment: Option<u64>,
        content: String,
    },
    RepositoryRenamed {
        from: String,
        to: String,
    },
    InstallationChanged {
        installation: u64,
        action: String,
    },
}

impl fmt::Display for Happening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", self.by)?;
        match &self.what {
            What::IssueOpened { issue, title } => write!(f, "opened {issue} {title}"),
            What::IssueEdited { issue } => write!(f, "edited {issue}"),
            What::IssueClosed { issue, reason } => write!(f, "closed {issue} as {reason}"),
            What::IssueReopened { issue } => write!(f, "reopened {issue}"),
            What::IssueDeleted { issue } => write!(f, "deleted {issue}"),
            What::CommentCreated { issue, .. } => write!(f, "commented on {issue}"),
            What::CommentEdited { issue, .. } => write!(f, "edited a comment on {issue}"),
            What::CommentDeleted { issue, .. } => write!(f, "deleted a comment on {issue}"),
            What::LabelMade { repository, name } => {
                write!(f, "made the label {name} in {repository}")
            }
            What::IssueLabeled { issue, label } => write!(f, "labeled {issue} {label}"),
            What::IssueUnlabeled { issue, label } => write!(f, "took {label} off {issue}"),
            What::IssueAssigned { issue, login } => write!(f, "assigned {issue} to {login}"),
            What::SubIssueLinked { parent, child } => {
                write!(f, "made {child} a sub-issue of {parent}")
            }
            What::SubIssueUnlinked { parent, child } => {
                write!(f, "took {child} out of {parent}")
            }
            What::DependencyAdded { issue, blocked_by } => {
                write!(f, "marked {issue} as blocked by {blocked_by}")
            }
            What::DependencyRemoved { issue, blocked_by } => {
                write!(f, "marked {issue} as no longer blocked by {blocked_by}")
            }
            What::ReactionAdded { issue, content, .. } => {
                write!(f, "reacted {} on {issue}", emoji(content))
            }
            What::RepositoryRenamed { from, to } => write!(f, "renamed {from} to {to}"),
            What::InstallationChanged {
                installation,
                action,
            } => write!(f, "{action} installation {installation}"),
        }
    }
}

/// The picture of a reaction's name.
pub(crate) fn emoji(content: &str) -> &'static str {
    match content {
        "+1" => "👍",
        "-1" => "👎",
        "laugh" => "😄",
        "confused" => "😕",
        "heart" => "❤️",
        "hooray" => "🎉",
        "rocket" => "🚀",
        "eyes" => "👀",
        _ => "?",
    }
}
