//! GitHub as somebody who signed in sees it: who they are, and what both they and the App reach.

use secrecy::SecretString;
use serde::Deserialize;

use super::{
    Account, GitHubError, InstallationRecord, Listed, Repository,
    app::GitHub,
    call::Call,
    page::{self, Asker},
};
use crate::domain::ids::InstallationId;

/// 1,000 installations.
const MAX_INSTALLATION_PAGES: usize = 10;
/// 10,000 repositories.
const MAX_REPOSITORY_PAGES: usize = 100;

/// A cheap handle with a person's token. Every `Unauthorized` means that their sign-in is over.
#[derive(Clone)]
pub struct AsUser {
    github: GitHub,
    token: SecretString,
}

/// A page of installations.
#[derive(Deserialize)]
struct Installations {
    installations: Vec<InstallationRecord>,
}

impl From<Installations> for Vec<InstallationRecord> {
    fn from(page: Installations) -> Self {
        page.installations
    }
}

/// A page of repositories.
#[derive(Deserialize)]
struct Repositories {
    repositories: Vec<Repository>,
}

impl From<Repositories> for Vec<Repository> {
    fn from(page: Repositories) -> Self {
        page.repositories
    }
}

impl GitHub {
    /// A handle on what a person's token shows; nothing is asked yet.
    pub fn as_user(&self, token: SecretString) -> AsUser {
        AsUser {
            github: self.clone(),
            token,
        }
    }
}

impl AsUser {
    /// Whose token it is.
    pub async fn account(&self) -> Result<Account, GitHubError> {
        let call = Call::get("/user".to_owned());
        self.github
            .client()
            .as_user(&self.token, &call)
            .await?
            .json()
    }

    /// The App's installations in which the person may see something: no proof that they may change anything there.
    pub async fn list_visible_installations(
        &self,
    ) -> Result<Listed<InstallationRecord>, GitHubError> {
        let first = Call::get("/user/installations?per_page=100".to_owned());
        let asker = Asker::User(&self.token);
        let client = self.github.client();
        page::list::<Installations, _>(client, asker, first, MAX_INSTALLATION_PAGES).await
    }

    /// The repositories of an installation that the person may see, each with what they may do there.
    pub async fn list_visible_repositories(
        &self,
        installation: InstallationId,
    ) -> Result<Listed<Repository>, GitHubError> {
        let path = format!("/user/installations/{installation}/repositories?per_page=100");
        let asker = Asker::User(&self.token);
        let client = self.github.client();
        page::list::<Repositories, _>(client, asker, Call::get(path), MAX_REPOSITORY_PAGES).await
    }
}

impl std::fmt::Debug for AsUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AsUser")
    }
}
