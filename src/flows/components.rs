//! Issues of a component go to the repository that the settings name for it, as far as the asker may send them there.

use super::{FlowResult, Services, authorize, repositories};
use crate::domain::event::{Account, AccountKind};
use crate::domain::ids::RepositoryName;
use crate::domain::plan::Plan;
use crate::domain::settings::Settings;
use crate::store::runs::Run;

/// Sends the plan's issues to their components' repositories. Where that cannot be they stay, and a warning says why.
pub(super) async fn place(
    services: &Services,
    run: &Run,
    settings: &Settings,
    plan: &mut Plan,
) -> FlowResult<()> {
    for (component, name) in &settings.components.value {
        let same = |other: &Option<String>| {
            other
                .as_ref()
                .is_some_and(|other| other.to_lowercase() == component.to_lowercase())
        };
        // What the request itself sent somewhere stays there.
        let unsent =
            |i: &crate::domain::plan::PlannedIssue| i.repository.is_none() && same(&i.component);
        if !plan.issues.iter().any(unsent) {
            continue;
        }
        match may_go(services, run, settings, name).await? {
            None => {
                for issue in plan.issues.iter_mut().filter(|i| unsent(i)) {
                    issue.repository = Some(name.clone());
                }
            }
            Some(why) => plan.warnings.push(format!(
                "Issues of `{component}` stay in this repository, although the settings send them elsewhere: {why}."
            )),
        }
    }
    Ok(())
}

/// Why the asker's issues may not go there; `None`: they may. To somebody without a role there, a repository that exists and
/// one that does not look the same.
async fn may_go(
    services: &Services,
    run: &Run,
    settings: &Settings,
    name: &RepositoryName,
) -> FlowResult<Option<String>> {
    if !settings.allows_repository(name) {
        return Ok(Some("the policy does not allow that repository".to_owned()));
    }
    let own = services
        .repository(run.installation, run.repository)
        .await?;
    let found = repositories::find_beside(services, &own, name).await?;
    let asker = Account {
        id: run.requested_by_id,
        login: run.requested_by.clone(),
        kind: AccountKind::User,
    };
    let standing = match &found {
        Some(row) => Some(authorize::standing(services, row, &asker).await?),
        None => None,
    };
    Ok(match standing {
        Some(standing) if standing.suffices() => None,
        _ => Some(format!("{} may not send issues there", run.requested_by)),
    })
}
