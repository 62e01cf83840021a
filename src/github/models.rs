//! What GitHub says, as little of it as we need; unknown fields and missing extras never break it.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer};

use crate::domain::ids::{
    CommentId, InstallationId, IssueId, IssueNumber, RepositoryId, RepositoryName, UserId,
};

/// The App as GitHub knows it (`GET /app`).
#[derive(Debug, Clone, Deserialize)]
pub struct AppIdentity {
    pub id: i64,
    #[serde(default)]
    pub slug: String,
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub html_url: String,
    /// Its homepage, as its owner gave it.
    #[serde(default)]
    pub external_url: String,
    #[serde(default)]
    pub permissions: BTreeMap<String, String>,
    #[serde(default)]
    pub events: Vec<String>,
}

impl AppIdentity {
    /// The login under which the App writes.
    pub fn bot_login(&self) -> String {
        format!("{}[bot]", self.slug)
    }
}

/// The App on one account.
#[derive(Debug, Clone, Deserialize)]
pub struct InstallationRecord {
    pub id: InstallationId,
    pub account: Account,
    /// `all` or `selected`.
    #[serde(default)]
    pub repository_selection: String,
    #[serde(default)]
    pub permissions: BTreeMap<String, String>,
    #[serde(default)]
    pub events: Vec<String>,
    #[serde(default)]
    pub suspended_at: Option<DateTime<Utc>>,
    #[serde(default)]
    pub html_url: String,
}

/// A person, a bot or an organisation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Account {
    pub id: UserId,
    /// An enterprise has a slug instead.
    #[serde(alias = "slug")]
    pub login: String,
    /// `User`, `Bot`, `Organization`; an enterprise says nothing.
    #[serde(rename = "type", default)]
    pub kind: String,
}

/// A repository, without its contents.
#[derive(Debug, Clone, Deserialize)]
pub struct Repository {
    pub id: RepositoryId,
    pub full_name: RepositoryName,
    #[serde(default)]
    pub private: bool,
    #[serde(default)]
    pub archived: bool,
    #[serde(default = "yes")]
    pub has_issues: bool,
    #[serde(default)]
    pub html_url: String,
    pub owner: Account,
    /// What the asker may do there; only a person is told.
    #[serde(default)]
    pub permissions: Option<Permissions>,
}

/// What somebody may do in a repository, as GitHub counts it: a greater one brings the smaller ones along.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "GitHub tells it in this way")]
pub struct Permissions {
    #[serde(default)]
    pub admin: bool,
    #[serde(default)]
    pub maintain: bool,
    #[serde(default)]
    pub pull: bool,
    #[serde(default)]
    pub push: bool,
    /// Absent before GitHub knew it.
    #[serde(default)]
    pub triage: bool,
}

fn yes() -> bool {
    true
}

/// An issue (or a pull request, which GitHub lists among them).
#[derive(Debug, Clone, Deserialize)]
pub struct Issue {
    pub id: IssueId,
    pub number: IssueNumber,
    pub title: String,
    #[serde(default, deserialize_with = "null_is_default")]
    pub body: String,
    pub state: IssueState,
    #[serde(default)]
    pub state_reason: Option<String>,
    /// None: the account was deleted.
    #[serde(default)]
    pub user: Option<Account>,
    #[serde(default, deserialize_with = "label_names")]
    pub labels: Vec<String>,
    #[serde(default, deserialize_with = "logins")]
    pub assignees: Vec<String>,
    #[serde(default)]
    pub milestone: Option<Milestone>,
    /// The name of the issue's type.
    #[serde(rename = "type", default, deserialize_with = "type_name")]
    pub issue_type: Option<String>,
    /// How many comments it has.
    #[serde(default)]
    pub comments: u64,
    #[serde(default)]
    pub locked: bool,
    #[serde(rename = "pull_request", default, deserialize_with = "is_present")]
    pub is_pull_request: bool,
    #[serde(default)]
    pub performed_via_github_app: Option<AppReference>,
    #[serde(default)]
    pub html_url: String,
    /// The API's address of its repository.
    #[serde(default)]
    pub repository_url: String,
    /// The API's address of the issue that it is a sub-issue of. None: it has no parent, or the server does not say.
    #[serde(default)]
    pub parent_issue_url: Option<String>,
    /// None: the server knows no sub-issues, or does not say.
    #[serde(default)]
    pub sub_issues_summary: Option<SubIssuesSummary>,
    /// None: the server knows no dependencies, or does not say.
    #[serde(default)]
    pub issue_dependencies_summary: Option<DependenciesSummary>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    #[serde(default)]
    pub closed_at: Option<DateTime<Utc>>,
}

/// How many sub-issues an issue has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct SubIssuesSummary {
    /// Closed ones counted.
    pub total: usize,
}

/// How many issues an issue waits for, and how many wait for it; closed ones counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct DependenciesSummary {
    pub total_blocked_by: usize,
    pub total_blocking: usize,
}

impl Issue {
    /// The repository that it lives in, by its name.
    pub fn repository(&self) -> Option<RepositoryName> {
        repository_in(&self.repository_url).map(|(name, _)| name)
    }

    /// Where its parent lives, if the server says so: the repository's name and the number.
    pub fn parent(&self) -> Option<(RepositoryName, IssueNumber)> {
        let (name, rest) = repository_in(self.parent_issue_url.as_deref()?)?;
        let number = rest.strip_prefix("/issues/")?.parse().ok()?;
        Some((name, IssueNumber(number)))
    }
}

/// The name in an address of the API, and what follows it.
fn repository_in(url: &str) -> Option<(RepositoryName, &str)> {
    let (_, rest) = url.split_once("/repos/")?;
    let owner = rest.find('/')?;
    let end = rest[owner + 1..]
        .find('/')
        .map_or(rest.len(), |at| owner + 1 + at);
    Some((RepositoryName::parse(&rest[..end])?, &rest[end..]))
}

/// Whether work on an issue goes on. Any state but `open` counts as closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum IssueState {
    Open,
    #[serde(other)]
    Closed,
}

/// Why an issue is closed or open again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StateReason {
    Completed,
    NotPlanned,
    Duplicate,
    Reopened,
}

/// The App through which something was written.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AppReference {
    pub id: i64,
    #[serde(default)]
    pub slug: String,
}

/// A comment on an issue.
#[derive(Debug, Clone, Deserialize)]
pub struct Comment {
    pub id: CommentId,
    #[serde(default, deserialize_with = "null_is_default")]
    pub body: String,
    #[serde(default)]
    pub user: Option<Account>,
    #[serde(default)]
    pub performed_via_github_app: Option<AppReference>,
    #[serde(default)]
    pub html_url: String,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A label of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Label {
    pub name: String,
    #[serde(default)]
    pub color: String,
    #[serde(default, deserialize_with = "null_is_default")]
    pub description: String,
}

/// A milestone of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Milestone {
    pub number: u64,
    pub title: String,
    /// `open` or `closed`.
    #[serde(default)]
    pub state: String,
}

/// What a person may do in a repository.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CollaboratorRole {
    /// Exact: `none`, `read`, `triage`, `write`, `maintain`, `admin` or an organisation's own role. Decide by this.
    #[serde(default)]
    pub role_name: String,
    /// Coarse: triage shows as `read`, maintain as `write`.
    pub permission: String,
    /// Whose role it is.
    #[serde(default)]
    pub user: Option<Account>,
}

/// A reaction to an issue or a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Reaction {
    #[serde(rename = "+1")]
    ThumbsUp,
    #[serde(rename = "-1")]
    ThumbsDown,
    Laugh,
    Confused,
    Heart,
    Hooray,
    Rocket,
    Eyes,
}

fn null_is_default<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(
    d: D,
) -> Result<T, D::Error> {
    Ok(Option::deserialize(d)?.unwrap_or_default())
}

/// Anything but null.
fn is_present<'de, D: Deserializer<'de>>(d: D) -> Result<bool, D::Error> {
    Ok(Option::<serde::de::IgnoredAny>::deserialize(d)?.is_some())
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Named {
    Text(String),
    Thing { name: Option<String> },
}

impl Named {
    fn name(self) -> Option<String> {
        match self {
            Self::Text(name) => Some(name),
            Self::Thing { name } => name,
        }
    }
}

/// Labels come as objects or as bare names.
fn label_names<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<String>, D::Error> {
    let labels: Option<Vec<Named>> = Option::deserialize(d)?;
    Ok(labels
        .unwrap_or_default()
        .into_iter()
        .filter_map(Named::name)
        .collect())
}

fn type_name<'de, D: Deserializer<'de>>(d: D) -> Result<Option<String>, D::Error> {
    Ok(Option::<Named>::deserialize(d)?.and_then(Named::name))
}

fn logins<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    struct Person {
        login: String,
    }
    let people: Option<Vec<Person>> = Option::deserialize(d)?;
    Ok(people
        .unwrap_or_default()
        .into_iter()
        .map(|p| p.login)
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn issue_is_read_from_the_least_that_github_may_send() {
        let issue: Issue = serde_json::from_str(
            r#"{"id":1,"number":2,"title":"T","body":null,"state":"open","user":null,"labels":["a",{"name":"b","x":1},{"name":null}],
                "assignees":null,"milestone":null,"type":{"name":"Bug"},"created_at":"2026-01-02T03:04:05Z","updated_at":"2026-01-02T03:04:05Z"}"#,
        )
        .unwrap();
        assert_eq!(issue.body, "");
        assert_eq!(issue.labels, ["a", "b"]);
        assert_eq!(issue.issue_type.as_deref(), Some("Bug"));
        assert!(issue.assignees.is_empty() && !issue.is_pull_request);
    }

    #[test]
    fn where_an_issue_and_its_parent_live_is_read_from_their_addresses() {
        let mut issue: Issue = serde_json::from_str(
            r#"{"id":1,"number":2,"title":"T","state":"open","repository_url":"https://ghe.example/api/v3/repos/acme/shop",
                "parent_issue_url":"https://ghe.example/api/v3/repos/acme/plans/issues/7","sub_issues_summary":{"total":3,"completed":1,"percent_completed":33},
                "created_at":"2026-01-02T03:04:05Z","updated_at":"2026-01-02T03:04:05Z"}"#,
        )
        .unwrap();
        assert_eq!(issue.repository().unwrap().to_string(), "acme/shop");
        let (name, number) = issue.parent().unwrap();
        assert_eq!(
            (name.to_string().as_str(), number),
            ("acme/plans", IssueNumber(7))
        );
        assert_eq!(
            issue.sub_issues_summary,
            Some(SubIssuesSummary { total: 3 })
        );
        assert_eq!(issue.issue_dependencies_summary, None);
        issue.parent_issue_url = None;
        assert_eq!(issue.parent(), None);
    }

    #[test]
    fn pull_request_is_known_by_its_key() {
        let issue: Issue = serde_json::from_str(
            r#"{"id":1,"number":2,"title":"T","state":"queued","pull_request":{"url":"…"},"created_at":"2026-01-02T03:04:05Z","updated_at":"2026-01-02T03:04:05Z"}"#,
        )
        .unwrap();
        assert!(issue.is_pull_request);
        assert_eq!(
            issue.state,
            IssueState::Closed,
            "an unknown state is not open"
        );
    }
}
