//! Issues of a component go to the repository that the settings name for it, as far as the asker may send them there, and
//! every issue bears the labels of the repository that it goes to.

use super::asked::Asked;
use super::{FlowResult, Services, authorize, repositories};
use crate::domain::event::{Account, AccountKind};
use crate::domain::ids::RepositoryName;
use crate::domain::plan::{Plan, PlannedIssue};
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
        let unsent = |i: &PlannedIssue| i.repository.is_none() && same(&i.component);
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

/// Gives issues that go elsewhere the usual labels of their repository in the place of ours, and takes off what its settings
/// do not allow.
pub(super) async fn label(
    services: &Services,
    run: &Run,
    asked: &Asked,
    settings: &Settings,
    plan: &mut Plan,
) -> FlowResult<()> {
    let mut places: Vec<RepositoryName> = plan
        .issues
        .iter()
        .filter_map(|i| i.repository.clone())
        .collect();
    places.sort_unstable();
    places.dedup();
    let is_asked = |label: &String| asked.labels.contains(label);
    let usual_here = |label: &String| settings.labels.value.contains(label) && !is_asked(label);
    for name in places {
        let found = services
            .find_repository_named(run.installation, &name)
            .await?;
        let Some(place) = found.filter(|place| place.id != run.repository) else {
            continue;
        };
        let there = services
            .settings(run.installation, place.id, &asked.for_settings())
            .await?;
        let mut refused = Vec::new();
        let going = |i: &&mut PlannedIssue| i.repository.as_ref() == Some(&name);
        for issue in plan.issues.iter_mut().filter(going) {
            issue.labels.retain(|label| !usual_here(label));
            for label in &there.labels.value {
                if !issue.labels.contains(label) {
                    issue.labels.push(label.clone());
                }
            }
            refused.extend(
                issue
                    .labels
                    .extract_if(.., |label| !there.allows_label(label)),
            );
        }
        refused.sort_unstable();
        refused.dedup();
        plan.warnings.extend(refused.iter().map(|label| {
            format!("Issues in `{name}` go without the label `{label}`: the settings there do not allow it.")
        }));
    }
    Ok(())
}

/// Why the asker's issues may not go there; `None`: they may. To somebody without a role there, a repository that exists and
/// one that does not look the same.
pub(super) async fn may_go(
    services: &Services,
    run: &Run,
    settings: &Settings,
    name: &RepositoryName,
) -> FlowResult<Option<String>> {
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
        // Only whoever may write there learns what the policy says of it.
        Some(standing) if standing.suffices() && !settings.allows_repository(name) => {
            Some("the policy does not allow that repository".to_owned())
        }
        Some(standing) if standing.suffices() => None,
        _ => Some(format!("{} may not send issues there", run.requested_by)),
    })
}
