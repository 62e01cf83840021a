//! A person's token in the App's place: whose it is, what it reaches, and in words what it lacks.
//!
//! The person stands where an installation would, with an id of its own kind. Repositories may belong to the App at the
//! same time: a row of its is read here and never taken.

use anyhow::anyhow;

use super::{FlowError, FlowResult, Services};
use crate::domain::ids::{InstallationId, RepositoryId, RepositoryName};
use crate::github::{GitHubError, Person, Repository};
use crate::store::installations::{self, Account};
use crate::store::repositories::{self, RepositoryRow};
use crate::store::runs::Run;

/// Whose token it is, or in words why GitHub does not say.
pub async fn owner(services: &Services) -> FlowResult<std::sync::Arc<Person>> {
    services.github.person().await.map_err(|error| {
        let web = &services.web_url;
        match &error {
            GitHubError::Unauthorized { .. } => refused(services),
            GitHubError::Forbidden { message } => anyhow!(
                "GITHUB_TOKEN is no person's token, GitHub says \"{message}\"; make one at \
                 {web}/settings/personal-access-tokens (fine-grained) or {web}/settings/tokens (classic)"
            )
            .into(),
            _ => error.into(),
        }
    })
}

/// Where the person's runs are kept; made at first use.
pub async fn home(services: &Services) -> FlowResult<InstallationId> {
    let person = owner(services).await?;
    let id = InstallationId::of_person(person.id);
    let account = Account {
        id: person.id,
        login: person.login.clone(),
        kind: person.kind.clone(),
    };
    installations::upsert(&services.pool, id, &account, services.clock.now()).await?;
    Ok(id)
}

/// The repository of that name, if the person sees it. Fails in words where the token may not write issues there.
pub(super) async fn find_repository(
    services: &Services,
    name: &RepositoryName,
) -> FlowResult<Option<RepositoryRow>> {
    let home = home(services).await?;
    let person = owner(services).await?;
    let seen = services.github.find_visible_repository(name).await;
    let seen = seen.map_err(|error| match in_words(services, &error) {
        Some(words) => anyhow!(words).into(),
        None => FlowError::from(error),
    })?;
    let Some(seen) = seen else {
        return Ok(None);
    };
    if let Some(lack) = lack(services, &person, &seen) {
        return Err(anyhow!(lack).into());
    }
    let row = RepositoryRow {
        id: seen.id,
        installation: home,
        name: seen.full_name,
    };
    repositories::insert_unless_taken(&services.pool, &row, services.clock.now()).await?;
    Ok(Some(row))
}

/// Makes sure that the repository of a run still has the name under which it is kept. A person's token reaches whatever has
/// that name today, and the numbers of its issues are others.
pub(super) async fn recognise(services: &Services, run: &Run) -> FlowResult<()> {
    let row = repository(services, run.installation, run.repository).await?;
    let name = &row.name;
    let seen = services.github.find_visible_repository(name).await;
    let seen = seen.map_err(|error| match in_words(services, &error) {
        Some(words) => anyhow!(words).into(),
        None => FlowError::from(error),
    })?;
    match seen {
        None => Err(invisible(services, name).await?),
        Some(seen) if seen.id != row.id => Err(anyhow!(
            "{name} is another repository now than the one of {}, which was renamed or deleted: nothing was changed",
            run.id
        )
        .into()),
        Some(seen) => {
            let row = RepositoryRow {
                name: seen.full_name,
                ..row
            };
            repositories::insert_unless_taken(&services.pool, &row, services.clock.now()).await?;
            Ok(())
        }
    }
}

/// What stands against writing issues there, as far as GitHub tells before something is written: of a fine-grained token
/// it tells nothing, and the first request is refused.
fn lack(services: &Services, person: &Person, seen: &Repository) -> Option<String> {
    let (name, login, web) = (&seen.full_name, &person.login, &services.web_url);
    if seen.archived {
        return Some(format!("{name} is archived: nothing can be written there"));
    }
    if !seen.has_issues {
        return Some(format!(
            "issues are turned off in {name}: an admin turns them on under Settings, Features"
        ));
    }
    if seen.permissions.is_some_and(|may| !may.push && !may.triage) {
        return Some(format!(
            "{login} may only read {name}: issues with labels, assignees and links take the role triage or more, \
             which an admin of {name} can give"
        ));
    }
    let scopes = person.scopes.as_ref()?;
    let has = |wanted: &str| scopes.iter().any(|scope| scope == wanted);
    if has("repo") || (has("public_repo") && !seen.private) {
        return None;
    }
    let tick = if seen.private {
        "`repo` (this repository is private)"
    } else {
        "`public_repo` (enough for public repositories) or `repo`"
    };
    Some(format!(
        "GITHUB_TOKEN has {} and may not write issues in {name}: at {web}/settings/tokens open it, tick {tick}, and run \
         this again",
        listed(scopes)
    ))
}

/// What a person can do about a repository that GitHub does not show.
pub(super) async fn invisible(services: &Services, name: &RepositoryName) -> FlowResult<FlowError> {
    let person = owner(services).await?;
    let (login, web) = (&person.login, &services.web_url);
    let then = match &person.scopes {
        Some(scopes) if scopes.iter().any(|scope| scope == "repo") => format!(
            "{login} has no access to it: an admin of {name} can give it (the token itself reaches private repositories)"
        ),
        Some(scopes) => format!(
            "it is private, and GITHUB_TOKEN has {}: at {web}/settings/tokens open it, tick `repo`, and run this again",
            listed(scopes)
        ),
        None => format!(
            "it is private and GITHUB_TOKEN does not reach it: at {web}/settings/personal-access-tokens the token needs \
             {} as resource owner, {name} under Repository access, and Issues: Read and write",
            name.owner
        ),
    };
    Ok(anyhow!("GitHub shows {login} no repository {name}. If the name is right, {then}").into())
}

fn listed(scopes: &[String]) -> String {
    if scopes.is_empty() {
        return "no scope".to_owned();
    }
    let quoted: Vec<String> = scopes.iter().map(|scope| format!("`{scope}`")).collect();
    format!("only the scope {}", quoted.join(", "))
}

fn refused(services: &Services) -> FlowError {
    let web = &services.web_url;
    anyhow!(
        "GITHUB_TOKEN is refused by GitHub: it is expired, revoked or mistyped. Make a new one at \
         {web}/settings/personal-access-tokens (fine-grained; Issues: Read and write) or {web}/settings/tokens (classic; \
         tick `public_repo`, or `repo` for private repositories)"
    )
    .into()
}

/// GitHub's refusal for the owner of a token: what it lacks, and where that is mended. None: it says nothing of the token.
pub fn in_words(services: &Services, error: &GitHubError) -> Option<String> {
    if !services.github.is_person() {
        return None;
    }
    let web = &services.web_url;
    match error {
        GitHubError::Unauthorized { .. } => Some(refused(services).to_string()),
        GitHubError::SingleSignOn { url: Some(url) } => Some(format!(
            "The organisation asks for single sign-on: authorise GITHUB_TOKEN at {url} and run this again."
        )),
        GitHubError::SingleSignOn { url: None } => Some(format!(
            "The organisation asks for single sign-on: at {web}/settings/tokens choose Configure SSO beside the token, \
             authorise it for the organisation, and run this again."
        )),
        GitHubError::Forbidden { .. } if error.is_archived() => Some(
            "The repository is archived: nothing can be written there. An admin can unarchive it; then run this again."
                .to_owned(),
        ),
        GitHubError::Forbidden { message } => Some(format!(
            "GitHub does not let GITHUB_TOKEN do this (\"{message}\"). A fine-grained token needs this repository under \
             Repository access and Issues: Read and write, at {web}/settings/personal-access-tokens; a classic one needs \
             `repo`, or `public_repo` for a public repository, at {web}/settings/tokens. Then run this again."
        )),
        GitHubError::NotFound { .. } | GitHubError::Moved { .. } | GitHubError::InstallationGone => Some(
            "The repository or the issue is not visible to GITHUB_TOKEN any more: it was deleted or moved, or the token \
             does not reach it."
                .to_owned(),
        ),
        _ => None,
    }
}

/// A repository as the person's own, whoever else reaches it too.
pub(super) async fn repository(
    services: &Services,
    person: InstallationId,
    id: RepositoryId,
) -> sqlx::Result<RepositoryRow> {
    let row = repositories::get_anywhere(&services.pool, id).await?;
    Ok(RepositoryRow {
        installation: person,
        ..row
    })
}

/// The same by its name.
pub(super) async fn known(
    services: &Services,
    person: InstallationId,
    name: &RepositoryName,
) -> sqlx::Result<Option<RepositoryRow>> {
    let row = repositories::find_anywhere(&services.pool, name).await?;
    Ok(row.map(|row| RepositoryRow {
        installation: person,
        ..row
    }))
}
