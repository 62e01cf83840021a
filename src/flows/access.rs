//! Who may see and do what: asked of GitHub with the person's own token. No id from an address is believed.

use std::time::Duration;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::{Deserialize, Serialize};

use super::{FlowError, FlowResult, Services, sessions};
use crate::cache::Key;
use crate::domain::ids::{InstallationId, RepositoryId, RepositoryName, RunId, UserId};
use crate::domain::policy::Role;
use crate::github::{AsUser, GitHubError, InstallationRecord, Listed, Permissions, Repository};
use crate::store::runs::{self, Run};
use crate::store::sessions::SessionKey;
use crate::store::tenant;

/// A look that is not over by then has lost its process.
const LONGEST_LOOK: Duration = Duration::from_mins(2);
/// How often somebody who waits for the same look sees whether it is there.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// For so long GitHub's answer is given again.
const KEPT: Duration = Duration::from_mins(1);
/// So many of a person's installations are asked about at a time.
const AT_A_TIME: usize = 6;

/// Somebody who signed in. Their token stays sealed in the session and is printed nowhere.
#[derive(Debug, Clone)]
pub struct Person {
    pub id: UserId,
    pub login: String,
    /// Where their token is.
    pub(super) session: SessionKey,
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

/// Every installation that the person's own token shows, by its account's name. GitHub is asked once a minute.
pub async fn installations(services: &Services, person: &Person) -> FlowResult<Vec<Seen>> {
    let (key, asking) = (key(person, "access"), key(person, "asking"));
    let lease = loop {
        let lease = services.cache.lease(&asking, 1, LONGEST_LOOK).await;
        // Whoever had the lease may have been answered meanwhile.
        if let Some(seen) = services.cache.get_json(&key).await {
            return Ok(seen);
        }
        if let Some(lease) = lease {
            break lease;
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    };
    let (own, person) = (services.clone(), person.clone());
    // Somebody with many installations waits longer than a page does: what was asked for is there when they come back.
    let looked = services.detached.spawn(async move {
        let _lease = lease;
        look(&own, &person, &key).await
    });
    looked.await.map_err(anyhow::Error::from)?
}

async fn look(services: &Services, person: &Person, key: &Key) -> FlowResult<Vec<Seen>> {
    let token = sessions::token(services, person).await?;
    let user = services.github.as_user(token);
    match ask(services, person, &user).await {
        Ok(seen) => {
            services.cache.set_json(key, &seen, KEPT).await;
            Ok(seen)
        }
        Err(FlowError::GitHub(GitHubError::Unauthorized { .. })) => {
            Err(sessions::refused(services, person).await?)
        }
        Err(error) => Err(error),
    }
}

/// Drops what is kept of the person's view: it is known to have changed.
pub async fn forget(services: &Services, person: &Person) {
    services.cache.delete(&key(person, "access")).await;
}

fn key(person: &Person, what: &str) -> Key {
    Key::of_person(person.id, &[what, &hex::encode(person.session)])
}

async fn ask(services: &Services, person: &Person, user: &AsUser) -> FlowResult<Vec<Seen>> {
    let records = user.list_visible_installations().await?;
    let asked = records
        .into_iter()
        .map(|record| one(services, person, user, record));
    let mut seen: Vec<Seen> = stream::iter(asked)
        .buffered(AT_A_TIME)
        .try_filter_map(async |seen| Ok(seen))
        .try_collect()
        .await?;
    seen.sort_by_key(|seen| seen.account.login.to_lowercase());
    Ok(seen)
}

/// `None`: it was taken away between two questions.
async fn one(
    services: &Services,
    person: &Person,
    user: &AsUser,
    record: InstallationRecord,
) -> FlowResult<Option<Seen>> {
    let listed = match user.list_visible_repositories(record.id).await {
        Ok(listed) => listed,
        Err(error) if error.is_absent() => return Ok(None),
        // One account that keeps the person out (single sign-on, a suspension) does not take the others away.
        Err(error @ GitHubError::Forbidden { .. }) => {
            tracing::info!(installation.id = %record.id, %error, "an installation is shown without its repositories");
            Listed {
                items: Vec::new(),
                complete: false,
            }
        }
        Err(error) => return Err(error.into()),
    };
    let complete = listed.complete;
    let mut repositories: Vec<SeenRepository> = listed.into_iter().map(seen).collect();
    repositories.sort_by_key(|r| r.name.to_string().to_lowercase());
    let rules_them = complete && rules_all(services, record.id, &repositories).await;
    let level = if record.account.id == person.id || rules_them {
        Level::Admin
    } else {
        Level::Member
    };
    Ok(Some(Seen {
        id: record.id,
        suspended: record.suspended_at.is_some(),
        account: SeenAccount {
            id: record.account.id,
            login: record.account.login,
            kind: record.account.kind,
        },
        level,
        repositories,
    }))
}

/// With `issues: write` and `metadata: read` GitHub does not say who owns an organisation. It does say who administers a
/// repository: whoever administers every one that the App reaches there decides about all that the settings touch.
async fn rules_all(services: &Services, id: InstallationId, seen: &[SeenRepository]) -> bool {
    if seen.is_empty() || seen.iter().any(|r| r.role != Role::Admin) {
        return false;
    }
    match services.github.installation(id).count_repositories().await {
        Ok(count) => usize::try_from(count).is_ok_and(|count| count == seen.len()),
        Err(error) => {
            tracing::warn!(installation.id = %id, %error, "cannot see how much the App reaches; nobody counts as its admin");
            false
        }
    }
}

fn seen(repository: Repository) -> SeenRepository {
    SeenRepository {
        id: repository.id,
        name: repository.full_name,
        private: repository.private,
        role: role(repository.permissions.unwrap_or_default()),
    }
}

/// A greater permission brings the smaller ones along. What was listed can be read.
fn role(may: Permissions) -> Role {
    match may {
        Permissions { admin: true, .. } => Role::Admin,
        Permissions { maintain: true, .. } => Role::Maintain,
        Permissions { push: true, .. } => Role::Write,
        Permissions { triage: true, .. } => Role::Triage,
        _ => Role::Read,
    }
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
    // GitHub first, whatever there is: neither the time nor a refusal tells whether the run exists.
    let all = installations(services, person).await?;
    let Some((home, place)) = runs::find_home(&services.pool, id).await? else {
        return Ok(None);
    };
    let Some(installation) = all.into_iter().find(|seen| seen.id == home) else {
        return Ok(None);
    };
    let Some(repository) = installation.repository(place).cloned() else {
        return Ok(None);
    };
    let mut tx = tenant::enter(&services.pool, home).await?;
    let run = runs::find(&mut *tx, id.of(home)).await?;
    tx.commit().await?;
    // The repository may have changed hands between the two looks.
    Ok(run
        .filter(|run| run.repository == place)
        .map(|run| SeenRun {
            run,
            installation,
            repository,
        }))
}
