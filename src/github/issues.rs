//! Issues of one repository: read, list, create, change.

use std::collections::BTreeSet;

use chrono::{DateTime, SecondsFormat, Utc};
use http::Method;
use serde::Serialize;

use super::{
    GitHubError, Issue, IssueState, Listed, Reaction, Repo, StateReason,
    call::{Call, query},
    error::absent_is_none,
};
use crate::domain::ids::IssueNumber;

/// An issue to be created. GitHub drops what the App may not set: compare the answer with what was asked.
#[derive(Debug, Clone, Default, Serialize)]
pub struct NewIssue {
    pub title: String,
    pub body: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub assignees: Vec<String>,
    /// The milestone's number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub milestone: Option<u64>,
    /// The type's name, as the organisation calls it.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub issue_type: Option<String>,
}

/// What to change in an issue; what is None stays as it is.
#[derive(Debug, Clone, Default, Serialize)]
pub struct IssueChange {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<IssueState>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_reason: Option<StateReason>,
}

impl IssueChange {
    /// Closes it for this reason.
    pub fn close(reason: StateReason) -> Self {
        Self {
            state: Some(IssueState::Closed),
            state_reason: Some(reason),
            ..Self::default()
        }
    }
}

impl Repo {
    /// The issue. `NotFound`: no such number; `Gone`: deleted, or issues are off; `Moved`: transferred.
    pub async fn get_issue(&self, number: IssueNumber) -> Result<Issue, GitHubError> {
        self.json(Call::get(self.path(&format!("/issues/{number}"))))
            .await
    }

    /// The issue, or None if it is not there, deleted or transferred.
    pub async fn find_issue(&self, number: IssueNumber) -> Result<Option<Issue>, GitHubError> {
        absent_is_none(self.get_issue(number).await)
    }

    /// Creates an issue. Never repeated by itself; on an error ask `outcome_is_unknown` before trying again.
    pub async fn create_issue(&self, issue: &NewIssue) -> Result<Issue, GitHubError> {
        self.json(Call::with_body(Method::POST, self.path("/issues"), issue))
            .await
    }

    /// Changes an issue.
    pub async fn update_issue(
        &self,
        number: IssueNumber,
        change: &IssueChange,
    ) -> Result<Issue, GitHubError> {
        self.json(Call::with_body(
            Method::PATCH,
            self.path(&format!("/issues/{number}")),
            change,
        ))
        .await
    }

    /// Issues in every state that changed at or after `since`, oldest first, without pull requests. Not filtered
    /// by GitHub, whose filtered lists can lag behind. At most `max_pages` pages of 100: where that is not all
    /// (`complete` is false), the oldest are missing.
    pub async fn list_issues(
        &self,
        since: Option<DateTime<Utc>>,
        max_pages: usize,
    ) -> Result<Listed<Issue>, GitHubError> {
        // The newest first, so that a bound cuts the old ones. What is made or changed meanwhile pushes others to
        // the next page: that one sees them twice, and none is missed.
        let mut parameters = vec![
            ("state", "all".to_owned()),
            ("sort", "created".to_owned()),
            ("direction", "desc".to_owned()),
            ("per_page", "100".to_owned()),
        ];
        if let Some(since) = since {
            parameters.push(("since", since.to_rfc3339_opts(SecondsFormat::Secs, true)));
        }
        let path = self.path(&format!("/issues?{}", query(&parameters)));
        let mut listed: Listed<Issue> = self.list(path, max_pages).await?;
        listed.items.retain(|issue| !issue.is_pull_request);
        listed.items.sort_by_key(|issue| issue.number);
        listed.items.dedup_by_key(|issue| issue.number);
        Ok(listed)
    }

    /// Issues in this state that changed at or after `since`, the last changed first, without pull requests. At most
    /// `max_pages` pages of 100. GitHub's filtered lists can lag behind a little.
    pub async fn list_issues_by_state(
        &self,
        state: IssueState,
        since: Option<DateTime<Utc>>,
        max_pages: usize,
    ) -> Result<Listed<Issue>, GitHubError> {
        let state = match state {
            IssueState::Open => "open",
            IssueState::Closed => "closed",
        };
        let mut parameters = vec![
            ("state", state.to_owned()),
            ("sort", "updated".to_owned()),
            ("direction", "desc".to_owned()),
            ("per_page", "100".to_owned()),
        ];
        if let Some(since) = since {
            parameters.push(("since", since.to_rfc3339_opts(SecondsFormat::Secs, true)));
        }
        let path = self.path(&format!("/issues?{}", query(&parameters)));
        let mut listed: Listed<Issue> = self.list(path, max_pages).await?;
        let mut seen = BTreeSet::new();
        // What changes meanwhile pushes others to the next page.
        listed
            .items
            .retain(|issue| !issue.is_pull_request && seen.insert(issue.number));
        Ok(listed)
    }

    /// Reacts to an issue; doing it again changes nothing.
    pub async fn react_to_issue(
        &self,
        number: IssueNumber,
        reaction: Reaction,
    ) -> Result<(), GitHubError> {
        let path = self.path(&format!("/issues/{number}/reactions"));
        self.done(Call::with_body(
            Method::POST,
            path,
            &Content { content: reaction },
        ))
        .await
    }
}

/// The body of a reaction.
#[derive(Serialize)]
pub(super) struct Content {
    pub(super) content: Reaction,
}
