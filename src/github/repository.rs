//! One repository through one installation: the handle that every Issues call goes through.

use std::{fmt, sync::Arc};

use serde::de::DeserializeOwned;

use super::{
    CollaboratorRole, GitHubError, Listed, Repository,
    app::GitHub,
    call::{Call, segment},
    error::absent_is_none,
    page::{self, Asker},
    tokens::Access,
};
use crate::domain::ids::{InstallationId, RepositoryId, RepositoryName};

/// A repository, reached with a token that is narrowed to it: issues (write) and metadata (read), nothing else.
#[derive(Clone)]
pub struct Repo {
    github: GitHub,
    access: Access,
    id: RepositoryId,
    name: Arc<RepositoryName>,
}

impl Repo {
    pub(super) fn new(
        github: GitHub,
        installation: InstallationId,
        id: RepositoryId,
        name: RepositoryName,
    ) -> Self {
        Self {
            github,
            access: Access::to_issues(installation, [id]),
            id,
            name: Arc::new(name),
        }
    }

    pub(super) fn to_metadata(
        github: GitHub,
        installation: InstallationId,
        id: RepositoryId,
        name: RepositoryName,
    ) -> Self {
        Self {
            access: Access::to_metadata(installation),
            ..Self::new(github, installation, id, name)
        }
    }

    /// The same handle with a token that also reaches these repositories: linking an issue of one to an issue of
    /// another needs both.
    #[must_use]
    pub fn with_access_to(mut self, others: impl IntoIterator<Item = RepositoryId>) -> Self {
        let all = others.into_iter().chain([self.id]);
        self.access = Access::to_issues(self.access.installation, all);
        self
    }

    pub fn id(&self) -> RepositoryId {
        self.id
    }

    /// The name it is addressed by; a rename since then is followed.
    pub fn name(&self) -> &RepositoryName {
        &self.name
    }

    pub fn installation_id(&self) -> InstallationId {
        self.access.installation
    }

    /// The repository as it is now, with its present name.
    pub async fn get(&self) -> Result<Repository, GitHubError> {
        self.json(Call::get(self.path(""))).await
    }

    /// What this person may do here, asked now. None: GitHub knows no such person.
    pub async fn role_of(&self, login: &str) -> Result<Option<CollaboratorRole>, GitHubError> {
        let path = self.path(&format!("/collaborators/{}/permission", segment(login)));
        absent_is_none(self.json(Call::get(path)).await)
    }

    pub(super) fn path(&self, rest: &str) -> String {
        format!(
            "/repos/{}/{}{rest}",
            segment(&self.name.owner),
            segment(&self.name.name)
        )
    }

    pub(super) async fn json<T: DeserializeOwned>(&self, call: Call) -> Result<T, GitHubError> {
        let call = call.within(self.id);
        self.github
            .client()
            .as_installation(&self.access, &call)
            .await?
            .json()
    }

    /// For answers that say nothing more than that it was done.
    pub(super) async fn done(&self, call: Call) -> Result<(), GitHubError> {
        let call = call.within(self.id);
        self.github
            .client()
            .as_installation(&self.access, &call)
            .await
            .map(drop)
    }

    pub(super) async fn list<T: DeserializeOwned>(
        &self,
        path: String,
        max_pages: usize,
    ) -> Result<Listed<T>, GitHubError> {
        let first = Call::get(path).within(self.id);
        let asker = Asker::Installation(&self.access);
        page::list::<Vec<T>, T>(self.github.client(), asker, first, max_pages).await
    }
}

impl fmt::Debug for Repo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Repo({} #{} in installation {})",
            self.name, self.id, self.access.installation
        )
    }
}
