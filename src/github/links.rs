//! How issues hang together: sub-issues and dependencies, both addressed by database id.

use http::Method;
use serde_json::json;

use super::{GitHubError, Issue, Repo, call::Call, error::absent_is_none};
use crate::domain::ids::{IssueId, IssueNumber};

/// GitHub keeps at most 100 sub-issues per parent and 50 dependencies of a kind; twice that is never reached.
const MAX_PAGES: usize = 2;

impl Repo {
    /// Whether the server knows sub-issues, asked at an issue that is there: older GitHub Enterprise Servers answer 404.
    pub async fn knows_sub_issues(&self, number: IssueNumber) -> Result<bool, GitHubError> {
        self.is_route(&format!("/issues/{number}/sub_issues?per_page=1"))
            .await
    }

    /// Whether the server knows dependencies, asked at an issue that is there.
    pub async fn knows_dependencies(&self, number: IssueNumber) -> Result<bool, GitHubError> {
        self.is_route(&format!(
            "/issues/{number}/dependencies/blocked_by?per_page=1"
        ))
        .await
    }

    async fn is_route(&self, rest: &str) -> Result<bool, GitHubError> {
        let answer = self.done(Call::get(self.path(rest))).await;
        Ok(absent_is_none(answer)?.is_some())
    }

    /// The issue that this one is a sub-issue of; it may live in another repository.
    pub async fn find_parent(&self, child: IssueNumber) -> Result<Option<Issue>, GitHubError> {
        let path = self.path(&format!("/issues/{child}/parent"));
        absent_is_none(self.json(Call::get(path)).await)
    }

    /// The sub-issues of an issue, closed ones too, in their order. They may live in other repositories.
    pub async fn list_sub_issues(&self, parent: IssueNumber) -> Result<Vec<Issue>, GitHubError> {
        let path = self.path(&format!("/issues/{parent}/sub_issues?per_page=100"));
        Ok(self.list(path, MAX_PAGES).await?.items)
    }

    /// Puts `child` under `parent`. `Validation` if it is there already, has another parent, or there are too many.
    pub async fn add_sub_issue(
        &self,
        parent: IssueNumber,
        child: IssueId,
    ) -> Result<(), GitHubError> {
        let path = self.path(&format!("/issues/{parent}/sub_issues"));
        self.done(Call::with_body(
            Method::POST,
            path,
            &json!({ "sub_issue_id": child }),
        ))
        .await
    }

    /// Takes `child` from under `parent`. `NotFound` if it is not there.
    pub async fn remove_sub_issue(
        &self,
        parent: IssueNumber,
        child: IssueId,
    ) -> Result<(), GitHubError> {
        let path = self.path(&format!("/issues/{parent}/sub_issue"));
        self.done(Call::with_body(
            Method::DELETE,
            path,
            &json!({ "sub_issue_id": child }),
        ))
        .await
    }

    /// The issues that block this one.
    pub async fn list_blocked_by(&self, number: IssueNumber) -> Result<Vec<Issue>, GitHubError> {
        let path = self.path(&format!(
            "/issues/{number}/dependencies/blocked_by?per_page=100"
        ));
        Ok(self.list(path, MAX_PAGES).await?.items)
    }

    /// The issues that wait for this one.
    pub async fn list_blocking(&self, number: IssueNumber) -> Result<Vec<Issue>, GitHubError> {
        let path = self.path(&format!(
            "/issues/{number}/dependencies/blocking?per_page=100"
        ));
        Ok(self.list(path, MAX_PAGES).await?.items)
    }

    /// Says that the issue waits for `blocker`. `Validation` if it does already.
    pub async fn add_blocked_by(
        &self,
        number: IssueNumber,
        blocker: IssueId,
    ) -> Result<(), GitHubError> {
        let path = self.path(&format!("/issues/{number}/dependencies/blocked_by"));
        self.done(Call::with_body(
            Method::POST,
            path,
            &json!({ "issue_id": blocker }),
        ))
        .await
    }
}
