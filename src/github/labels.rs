//! What a repository offers for its issues: labels and milestones.

use http::Method;
use serde_json::json;

use super::{GitHubError, Label, Milestone, Repo, call::Call, error::absent_is_none};

/// 1,000 milestones.
const MAX_PAGES: usize = 10;

impl Repo {
    /// The repository's labels, at most so many hundred.
    pub async fn list_labels(&self, max_pages: usize) -> Result<Vec<Label>, GitHubError> {
        Ok(self
            .list(self.path("/labels?per_page=100"), max_pages)
            .await?
            .items)
    }

    /// Makes the label unless it is there. True: it is new.
    pub async fn ensure_label(&self, name: &str) -> Result<bool, GitHubError> {
        let call = Call::with_body(Method::POST, self.path("/labels"), &json!({ "name": name }));
        match self.done(call).await {
            Ok(()) => Ok(true),
            Err(error) if error.has_code("already_exists") => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The first hundred open milestones.
    pub async fn list_open_milestones(&self) -> Result<Vec<Milestone>, GitHubError> {
        let path = self.path("/milestones?state=open&per_page=100");
        Ok(self.list(path, 1).await?.items)
    }

    /// The milestone with this title (case does not matter, an open one first) or else with this number.
    pub async fn find_milestone(
        &self,
        title_or_number: &str,
    ) -> Result<Option<Milestone>, GitHubError> {
        let wanted = title_or_number.trim();
        let path = self.path("/milestones?state=all&per_page=100");
        let mut milestones: Vec<Milestone> = self.list(path, MAX_PAGES).await?.items;
        milestones.sort_by_key(|m| m.state != "open");
        if let Some(at) = milestones
            .iter()
            .position(|m| m.title.to_lowercase() == wanted.to_lowercase())
        {
            return Ok(Some(milestones.swap_remove(at)));
        }
        let Ok(number) = wanted.trim_start_matches('#').parse::<u64>() else {
            return Ok(None);
        };
        absent_is_none(
            self.json(Call::get(self.path(&format!("/milestones/{number}"))))
                .await,
        )
    }
}
