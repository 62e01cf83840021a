//! GitHub as somebody who signed in sees it: who they are, and what both they and the App reach.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
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
const A_PAGE: usize = 100;
/// So many pages are asked for at a time: somebody waits for all of them.
const AT_A_TIME: usize = 8;

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
    total_count: usize,
    repositories: Vec<Repository>,
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
        let first = self.page_of_repositories(installation, 1).await?;
        let pages = first.total_count.div_ceil(A_PAGE);
        let rest = (2..=pages.min(MAX_REPOSITORY_PAGES))
            .map(|page| self.page_of_repositories(installation, page));
        let rest: Vec<Repositories> = stream::iter(rest).buffered(AT_A_TIME).try_collect().await?;
        let pages_read = [first].into_iter().chain(rest);
        let mut items: Vec<Repository> = pages_read.flat_map(|page| page.repositories).collect();
        // One that came or went meanwhile moves the others from page to page.
        items.sort_by_key(|repository| repository.id);
        items.dedup_by_key(|repository| repository.id);
        Ok(Listed {
            items,
            complete: pages <= MAX_REPOSITORY_PAGES,
        })
    }

    async fn page_of_repositories(
        &self,
        installation: InstallationId,
        page: usize,
    ) -> Result<Repositories, GitHubError> {
        let path = format!(
            "/user/installations/{installation}/repositories?per_page={A_PAGE}&page={page}"
        );
        let call = Call::get(path);
        self.github
            .client()
            .as_user(&self.token, &call)
            .await?
            .json()
    }
}

impl std::fmt::Debug for AsUser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AsUser")
    }
}
