//! Where a request may send issues: repositories of the same installation on which the asker may write.

use super::asking::Asking;
use super::{FlowResult, Services, authorize, installations, person};
use crate::domain::event::Account;
use crate::domain::ids::{InstallationId, RepositoryId, RepositoryName};
use crate::domain::policy::Role;
use crate::domain::rejection::Complaint;
use crate::domain::request::Options;
use crate::store::planned_issues::{self, Item};
use crate::store::repositories::{self, RepositoryRow};
use crate::store::runs::Run;

/// What stands against the repositories that a request names.
pub(super) async fn complaints(
    services: &Services,
    asking: &Asking<'_>,
    options: &Options,
) -> FlowResult<Vec<Complaint>> {
    let line = asking.line_of("repositories");
    let mut complaints = Vec::new();
    for name in &options.repositories {
        let found = find(services, asking, name).await?;
        let standing = match &found {
            Some(row) if !asking.is_operator => {
                Some(authorize::standing(services, row, asking.sender).await?)
            }
            _ => None,
        };
        // To somebody without a role there, a repository that exists and one that does not look the same.
        let hidden = found.is_none() || standing.is_some_and(|s| s.role == Role::None);
        let says = match standing {
            _ if hidden && services.github.is_person() => {
                format!("`{name}` is not a repository that the owner of GITHUB_TOKEN sees")
            }
            _ if hidden => {
                format!("`{name}` is not a repository that this installation of the App reaches")
            }
            Some(s) if !s.suffices() => {
                format!(
                    "you need the role `{}` on `{name}` to send issues there",
                    s.minimum
                )
            }
            _ => continue,
        };
        complaints.push(Complaint::new(line, says));
    }
    Ok(complaints)
}

/// The repository's name for what people of the installation read. One that went to another tenant has a name there that
/// they may not know: no account is called as this says, so that nothing is linked.
pub(super) async fn name_of(
    services: &Services,
    installation: InstallationId,
    id: RepositoryId,
) -> FlowResult<RepositoryName> {
    let row = repositories::get_anywhere(&services.pool, id).await?;
    // A person's token reaches what an App may have, too.
    if row.installation == installation || installation.is_person() {
        return Ok(row.name);
    }
    Ok(RepositoryName {
        owner: "(moved)".to_owned(),
        name: "elsewhere".to_owned(),
    })
}

/// What stands against a person's command for issues that go elsewhere; `None`: they may send all of those that `concerns` names.
pub(super) async fn objection(
    services: &Services,
    run: &Run,
    person: &Account,
    concerns: impl Fn(&Item) -> bool,
) -> FlowResult<Option<String>> {
    let items = planned_issues::list(services.wall(run.installation), run.key()).await?;
    let elsewhere = items.iter().filter(|i| i.repository != run.repository);
    let mut places: Vec<_> = elsewhere
        .filter(|i| concerns(i))
        .map(|i| i.repository)
        .collect();
    places.sort_unstable();
    places.dedup();
    for id in places {
        let Some(place) =
            repositories::find(services.wall(run.installation), run.installation, id).await?
        else {
            continue;
        };
        let standing = authorize::standing(services, &place, person).await?;
        if !standing.suffices() {
            // Whoever has no role there may not know what it is called.
            let place = match standing.role {
                Role::None => "another repository, in which you have no role and".to_owned(),
                _ => format!("`{}`, where you", place.name),
            };
            return Ok(Some(format!(
                "Some of these issues go to {place} need the role `{}`. Take them out, or ask somebody who has it",
                standing.minimum
            )));
        }
    }
    Ok(None)
}

/// The repository of that name, if the asker's installation reaches it.
pub(super) async fn find(
    services: &Services,
    asking: &Asking<'_>,
    name: &RepositoryName,
) -> FlowResult<Option<RepositoryRow>> {
    find_beside(services, asking.repository, name).await
}

/// The repository of that name, if the installation that reaches `own` reaches it too.
pub(super) async fn find_beside(
    services: &Services,
    own: &RepositoryRow,
    name: &RepositoryName,
) -> FlowResult<Option<RepositoryRow>> {
    if own.name == *name {
        return Ok(Some(own.clone()));
    }
    if services.github.is_person() {
        return person::find_repository(services, name).await;
    }
    let known =
        repositories::find_by_name(services.wall(own.installation), own.installation, name).await?;
    if known.is_some() {
        return Ok(known);
    }
    let found = services
        .github
        .find_repository_installation(name)
        .await?
        .filter(|record| record.id == own.installation);
    if found.is_none() {
        return Ok(None);
    }
    installations::refresh(services, own.installation).await?;
    Ok(repositories::find_by_name(services.wall(own.installation), own.installation, name).await?)
}
