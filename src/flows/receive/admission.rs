//! Does a delivery concern us? Decided without IO from a glimpse of the payload.

use crate::domain::trigger::{self, BotNames};
use crate::github::webhook::Glimpse;
use crate::github::webhook::glimpse::{Author, Words};

/// Who we are on GitHub, as far as deliveries tell.
#[derive(Debug, Clone)]
pub struct Identity {
    /// What people call us.
    pub names: BotNames,
    /// The App's id; `None` in token mode.
    pub app_id: Option<i64>,
    /// The logins that we write comments under: `<slug>[bot]`, or the token's user.
    pub logins: Vec<String>,
}

/// What is to be done with a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Concerns,
    Ignored(Reason),
}

/// Why a delivery does not concern us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// GitHub tries the hook out.
    Ping,
    /// Nothing that we act on.
    Event,
    /// An event that we know, with an action that we do not act on.
    Action,
    PullRequest,
    Bot,
    /// Something that we did ourselves.
    Ourselves,
    /// Nobody said our name.
    NoMention,
}

impl Reason {
    /// The word for metrics and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ping => "ping",
            Self::Event => "event",
            Self::Action => "action",
            Self::PullRequest => "pull_request",
            Self::Bot => "bot",
            Self::Ourselves => "ourselves",
            Self::NoMention => "no_mention",
        }
    }
}

impl Identity {
    fn wrote(&self, words: &Words<'_>) -> bool {
        let by_app = self.app_id.is_some() && words.app_id() == self.app_id;
        by_app
            || words
                .user
                .as_ref()
                .is_some_and(|user| self.is_login(user.login()))
    }

    /// Until GitHub has told who we are, what may be for us is kept: its job decides when we know.
    fn is_unknown(&self) -> bool {
        self.app_id.is_none() && self.logins.is_empty()
    }

    fn may_be_named(&self, text: &str) -> bool {
        trigger::may_concern(text, &self.names) || self.is_unknown() && text.contains('@')
    }

    fn is_login(&self, login: &str) -> bool {
        self.logins
            .iter()
            .any(|ours| ours.eq_ignore_ascii_case(login))
    }
}

/// Decides on one delivery. An error says what the payload lacks or has wrong.
pub fn judge(event: &str, payload: &Glimpse<'_>, us: &Identity) -> Result<Verdict, String> {
    let action = payload.action().unwrap_or_default();
    Ok(match (event, action) {
        ("ping", _) => Verdict::Ignored(Reason::Ping),
        ("issues", "opened") => issue_opened(payload, us)?,
        ("issues", "edited") => issue_edited(payload, us)?,
        ("issue_comment", "created") => comment_created(payload, us)?,
        ("issue_comment", "edited") => comment_edited(payload, us)?,
        _ if is_about_ours(event, action) => issue_moved(payload, us)?,
        _ if always_concerns(event, action) => Verdict::Concerns,
        _ if is_known(event) => Verdict::Ignored(Reason::Action),
        _ => Verdict::Ignored(Reason::Event),
    })
}

/// Whether such an event can concern us at all, whatever its payload says.
pub fn may_concern(event: &str, action: &str) -> bool {
    always_concerns(event, action)
        || is_about_ours(event, action)
        || matches!(
            (event, action),
            ("issues", "opened") | ("issue_comment", "created" | "edited")
        )
}

/// Whether it can only be about something that a run has made, or was made from: the words of a specification, or what became
/// of a created issue.
pub fn is_about_ours(event: &str, action: &str) -> bool {
    event == "issues"
        && matches!(
            action,
            "edited" | "closed" | "reopened" | "deleted" | "transferred"
        )
}

fn always_concerns(event: &str, action: &str) -> bool {
    matches!(
        (event, action),
        (
            "installation",
            "created" | "deleted" | "suspend" | "unsuspend" | "new_permissions_accepted",
        ) | ("installation_repositories", "added" | "removed")
            | ("installation_target", "renamed")
            | (
                "repository",
                "renamed"
                    | "transferred"
                    | "deleted"
                    | "archived"
                    | "unarchived"
                    | "privatized"
                    | "publicized",
            )
            | ("github_app_authorization", "revoked")
            | ("marketplace_purchase", _)
    )
}

/// Events that we act on in some case.
fn is_known(event: &str) -> bool {
    matches!(
        event,
        "issues"
            | "issue_comment"
            | "installation"
            | "installation_repositories"
            | "installation_target"
            | "repository"
            | "github_app_authorization"
    )
}

/// A person opened an issue that may ask us for something.
fn issue_opened(payload: &Glimpse<'_>, us: &Identity) -> Result<Verdict, String> {
    if let Some(reason) = sender(payload, us)? {
        return Ok(Verdict::Ignored(reason));
    }
    // Most issues of an organisation end here, hardly read.
    if !payload.issue_may_hold(|raw| may_ask(raw, us)) {
        return Ok(Verdict::Ignored(Reason::NoMention));
    }
    let issue = required("issue", payload.issue())?;
    Ok(if issue.is_pull_request() {
        Verdict::Ignored(Reason::PullRequest)
    } else if us.may_be_named(issue.title()) || us.may_be_named(issue.body()) {
        Verdict::Concerns
    } else {
        Verdict::Ignored(Reason::NoMention)
    })
}

/// [`Identity::may_be_named`] for long texts that hardly ever do: whoever asks writes an `@`, or a slash before `spawn`.
fn may_ask(text: &str, us: &Identity) -> bool {
    let spawn = |at: usize| {
        text.as_bytes()
            .get(at + 1..at + 6)
            .is_some_and(|word| word.eq_ignore_ascii_case(b"spawn"))
    };
    (text.contains('@') || text.match_indices('/').any(|(at, _)| spawn(at)))
        && us.may_be_named(text)
}

/// A person wrote a comment that may ask us for something.
fn comment_created(payload: &Glimpse<'_>, us: &Identity) -> Result<Verdict, String> {
    if let Some(reason) = sender(payload, us)? {
        return Ok(Verdict::Ignored(reason));
    }
    let comment = required("comment", payload.comment())?;
    if us.wrote(&comment) {
        return Ok(Verdict::Ignored(Reason::Ourselves));
    }
    if !us.may_be_named(comment.body()) {
        return Ok(Verdict::Ignored(Reason::NoMention));
    }
    on_an_issue(payload)
}

/// A person edited the text of an issue, which may be a trigger: only the database knows. Titles, labels and the like are no
/// specification.
fn issue_edited(payload: &Glimpse<'_>, us: &Identity) -> Result<Verdict, String> {
    if let Some(reason) = sender(payload, us)? {
        return Ok(Verdict::Ignored(reason));
    }
    if !payload.has_changed("body") {
        return Ok(Verdict::Ignored(Reason::Action));
    }
    on_an_issue(payload)
}

/// A person edited a comment of ours: boxes were ticked. Or one that names us: it may have asked for a run. No edit runs a
/// command.
fn comment_edited(payload: &Glimpse<'_>, us: &Identity) -> Result<Verdict, String> {
    if let Some(reason) = sender(payload, us)? {
        return Ok(Verdict::Ignored(reason));
    }
    let comment = required("comment", payload.comment())?;
    let may_be_ours = us.is_unknown() && comment.user.as_ref().is_some_and(Author::is_bot);
    if us.wrote(&comment) || may_be_ours || us.may_be_named(comment.body()) {
        on_an_issue(payload)
    } else {
        Ok(Verdict::Ignored(Reason::Action))
    }
}

/// Something became of an issue of ours: its run tells how many are done.
fn issue_moved(payload: &Glimpse<'_>, us: &Identity) -> Result<Verdict, String> {
    let sender = required("sender", payload.sender())?;
    if us.is_login(sender.login()) {
        return Ok(Verdict::Ignored(Reason::Ourselves));
    }
    let issue = required("issue", payload.issue())?;
    let may_be_ours = us.is_unknown() && issue.user.as_ref().is_some_and(Author::is_bot);
    Ok(if us.wrote(&issue) || may_be_ours {
        Verdict::Concerns
    } else {
        Verdict::Ignored(Reason::Action)
    })
}

fn on_an_issue(payload: &Glimpse<'_>) -> Result<Verdict, String> {
    Ok(if required("issue", payload.issue())?.is_pull_request() {
        Verdict::Ignored(Reason::PullRequest)
    } else {
        Verdict::Concerns
    })
}

/// Why whoever caused the event is not to be listened to.
fn sender(payload: &Glimpse<'_>, us: &Identity) -> Result<Option<Reason>, String> {
    let sender = required("sender", payload.sender())?;
    Ok(if us.is_login(sender.login()) {
        Some(Reason::Ourselves)
    } else {
        sender.is_bot().then_some(Reason::Bot)
    })
}

fn required<T>(field: &str, found: Result<Option<T>, serde_json::Error>) -> Result<T, String> {
    found
        .map_err(|error| format!("`{field}`: {error}"))?
        .ok_or_else(|| format!("there is no `{field}` in the payload"))
}

#[cfg(test)]
mod tests;
