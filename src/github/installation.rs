//! The App on one account: a cheap handle; its tokens are minted when something is asked.

use serde::Deserialize;

use super::{
    GitHubError, Listed, RateState, Repo, Repository,
    app::GitHub,
    call::Call,
    page::{self, Asker},
    tokens::Access,
};
use crate::domain::ids::{InstallationId, RepositoryId, RepositoryName};

/// 10,000 repositories.
const MAX_PAGES: usize = 100;

/// One installation of the App.
#[derive(Clone)]
pub struct Installation {
    github: GitHub,
    id: InstallationId,
}

/// A page of repositories.
#[derive(Deserialize)]
struct Wrapped {
    repositories: Vec<Repository>,
}

impl From<Wrapped> for Vec<Repository> {
    fn from(page: Wrapped) -> Self {
        page.repositories
    }
}

impl Installation {
    pub(super) fn new(github: GitHub, id: InstallationId) -> Self {
        Self { github, id }
    }

    pub fn id(&self) -> InstallationId {
        self.id
    }

    /// A repository of this installation. The id is what the token is narrowed to; the name only routes.
    pub fn repository(&self, id: RepositoryId, name: RepositoryName) -> Repo {
        Repo::new(self.github.clone(), self.id, id, name)
    }

    /// The same to read its metadata alone: one token serves all of the installation's repositories.
    pub fn metadata_of(&self, id: RepositoryId, name: RepositoryName) -> Repo {
        Repo::to_metadata(self.github.clone(), self.id, id, name)
    }

    /// The repositories that the installation reaches.
    pub async fn list_repositories(&self) -> Result<Listed<Repository>, GitHubError> {
        let access = Access::to_metadata(self.id);
        let first = Call::get("/installation/repositories?per_page=100".to_owned());
        let asker = Asker::Installation(&access);
        page::list::<Wrapped, _>(self.github.client(), asker, first, MAX_PAGES).await
    }

    /// How many repositories the installation reaches.
    pub async fn count_repositories(&self) -> Result<u64, GitHubError> {
        #[derive(Deserialize)]
        struct Counted {
            total_count: u64,
        }
        let access = Access::to_metadata(self.id);
        let call = Call::get("/installation/repositories?per_page=1".to_owned());
        let answer = self.github.client().as_installation(&access, &call);
        Ok(answer.await?.json::<Counted>()?.total_count)
    }

    /// GitHub's account of this installation's requests, as its last answer said.
    pub fn rate_state(&self) -> Option<RateState> {
        self.github.client().rates.get(self.id)
    }
}

impl std::fmt::Debug for Installation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Installation({})", self.id)
    }
}
