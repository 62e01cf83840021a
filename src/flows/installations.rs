//! The App comes to an account, leaves it, is suspended, and things get other names or owners.
//!
//! Events come late, twice and in any order, and some never: what they tell of is asked of GitHub, and GitHub's answer
//! is stored. Only that an installation is gone is believed at once; its id never comes back.

mod reconcile;

use std::collections::HashSet;

use tracing::info;

use super::{FlowResult, Services, advance};
use crate::domain::event::{
    self, AccountKind, InstallationAction, InstallationEvent, InstallationRepositoriesEvent,
    InstallationTargetEvent, RepositoryAction, RepositoryEvent,
};
use crate::domain::ids::{InstallationId, RepositoryId};
use crate::domain::run::Phase;
use crate::github::{GitHubError, InstallationRecord};
use crate::store::ai_keys;
use crate::store::begin;
use crate::store::deliveries;
use crate::store::installations::{self, Account};
use crate::store::jobs::{self, Job};
use crate::store::repositories::{self, RepositoryRow};
use crate::store::runs;
use crate::store::tenant;
pub(super) use reconcile::reconcile;

/// Why runs ended, as people read it.
pub(super) const UNINSTALLED: &str =
    "The App was removed from the account while this was under way.";
const OUT_OF_REACH: &str = "The App was removed from this repository, or the repository went to \
    another account, while this was under way. To have it done, install the App on the repository and ask again.";

/// Makes sure that an installation that speaks to us is known.
pub(super) async fn ensure(services: &Services, id: InstallationId) -> FlowResult<()> {
    if installations::find(&services.pool, id).await?.is_some() {
        return Ok(());
    }
    let record = services.github.get_installation(id).await?;
    installations::upsert(&services.pool, id, &account(&record), services.clock.now()).await?;
    Ok(())
}

/// The App was installed, removed, suspended or unsuspended, or may do other things.
pub(super) async fn changed(services: &Services, event: &InstallationEvent) -> FlowResult<()> {
    let id = event.installation.id;
    services.github.forget(id);
    let found = match event.action {
        InstallationAction::Deleted => Err(GitHubError::InstallationGone),
        _ => services.github.get_installation(id).await,
    };
    match found {
        Ok(record) => stands(services, &record).await?,
        Err(GitHubError::InstallationGone) => {
            let told = &event.installation.account;
            let account = Account {
                id: told.id,
                login: told.login.clone(),
                kind: kind(told),
            };
            installations::upsert(&services.pool, id, &account, services.clock.now()).await?;
            gone(services, id).await?;
        }
        Err(error) => return Err(error.into()),
    }
    info!(
        installation.id = %id, action = ?event.action, account = event.installation.account.login,
        "installation changed"
    );
    Ok(())
}

/// Stores how GitHub says that an installation is, and lets what waited for it go on.
async fn stands(services: &Services, record: &InstallationRecord) -> FlowResult<()> {
    let (id, now) = (record.id, services.clock.now());
    services.github.forget(id);
    let live = record.suspended_at.is_none();
    let mut tx = begin(&services.pool).await?;
    installations::upsert(&mut *tx, id, &account(record), now).await?;
    installations::set_removed(&mut *tx, id, None).await?;
    installations::set_suspended(&mut *tx, id, record.suspended_at).await?;
    installations::set_unsettled(&mut *tx, id, live).await?;
    tx.commit().await?;
    if !live {
        return Ok(());
    }
    repositories::set_owner(&services.pool, id, &record.account.login).await?;
    refresh(services, id).await?;
    wake(services, id).await?;
    installations::set_unsettled(services.wall(id), id, false).await?;
    Ok(())
}

/// The App is not installed there any more: nobody is there to act for.
async fn gone(services: &Services, id: InstallationId) -> FlowResult<()> {
    let now = services.clock.now();
    services.github.forget(id);
    let mut tx = begin(&services.pool).await?;
    installations::set_removed(&mut *tx, id, Some(now)).await?;
    installations::set_unsettled(&mut *tx, id, true).await?;
    tx.commit().await?;
    // Nobody is left who could change them; whoever installs it again enters theirs again.
    ai_keys::delete_all(&services.pool, id).await?;
    end_runs(services, id, None, Waiting::Ends, UNINSTALLED).await?;
    repositories::mark_all_removed(&services.pool, id, now).await?;
    // What was parked for it finds nobody to answer, and is done.
    let mut tx = begin(&services.pool).await?;
    for guid in deliveries::list_waiting(&mut tx, id).await? {
        jobs::enqueue(&mut tx, &Job::HandleDelivery { guid }).await?;
    }
    installations::set_unsettled(&mut *tx, id, false).await?;
    tx.commit().await?;
    info!(installation.id = %id, "the App was removed from an account");
    Ok(())
}

/// The installation reaches other repositories than before.
pub(super) async fn repositories_changed(
    services: &Services,
    event: &InstallationRepositoriesEvent,
) -> FlowResult<()> {
    let id = event.installation.id;
    ensure(services, id).await?;
    services.github.forget(id);
    if refresh(services, id).await? {
        wake(services, id).await?;
    }
    Ok(())
}

/// A repository has another name or owner, or is gone.
pub(super) async fn repository_changed(
    services: &Services,
    event: &RepositoryEvent,
) -> FlowResult<()> {
    let Some(id) = event.installation else {
        return Ok(());
    };
    let seen = &event.repository;
    if event.action == RepositoryAction::Deleted {
        return left(services, id, seen.id, Waiting::Ends).await;
    }
    ensure(services, id).await?;
    let place = services
        .github
        .installation(id)
        .repository(seen.id, seen.name.clone());
    let name = match place.get().await {
        Ok(now) if now.id == seen.id => now.full_name,
        // Its name belongs to another by now, and it is out of sight.
        Ok(_) => return left(services, id, seen.id, Waiting::Stays).await,
        Err(error) if error.is_absent() => {
            return left(services, id, seen.id, Waiting::Stays).await;
        }
        Err(error) => return Err(error.into()),
    };
    let row = RepositoryRow {
        id: seen.id,
        installation: id,
        name,
    };
    if adopt(services, &row).await? {
        wake(services, id).await?;
    }
    Ok(())
}

/// Stores that the installation reaches the repository, as GitHub has just said; what was under way there for another
/// installation ends. Answers whether it was out of reach before.
pub(super) async fn adopt(services: &Services, row: &RepositoryRow) -> FlowResult<bool> {
    let before = repositories::find_by_id(&services.pool, row.id).await?;
    // A person's runs go on beside the App's.
    let others =
        before.filter(|b| b.installation != row.installation && !b.installation.is_person());
    if let Some(other) = others {
        left(services, other.installation, row.id, Waiting::Ends).await?;
    }
    let is_back =
        repositories::is_removed(services.wall(row.installation), row.installation, row.id).await?;
    repositories::upsert(&services.pool, row, services.clock.now()).await?;
    Ok(is_back)
}

/// What becomes of a run that only waits for a person, where nothing can be done at present.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Waiting {
    /// It does nothing by itself, and can be confirmed should the App come back.
    Stays,
    Ends,
}

/// The installation does not reach the repository any more: what was under way there ends, and no token is left.
async fn left(
    services: &Services,
    installation: InstallationId,
    repository: RepositoryId,
    waiting: Waiting,
) -> FlowResult<()> {
    let now = services.clock.now();
    services.github.forget(installation);
    let place = Some(repository);
    // The mark comes last: with it a repository is not looked at again.
    end_runs(services, installation, place, waiting, OUT_OF_REACH).await?;
    repositories::mark_removed(&services.pool, installation, repository, now).await?;
    info!(installation.id = %installation, repository.id = %repository, "a repository is out of reach");
    Ok(())
}

/// The account has another name, and so have its repositories.
pub(super) async fn renamed(
    services: &Services,
    event: &InstallationTargetEvent,
) -> FlowResult<()> {
    let Some(id) = event.installation else {
        return Ok(());
    };
    let record = services.github.get_installation(id).await?;
    let account = account(&record);
    installations::upsert(&services.pool, id, &account, services.clock.now()).await?;
    repositories::set_owner(&services.pool, id, &account.login).await?;
    Ok(())
}

/// Asks GitHub which repositories the installation reaches now, and stores what has come and what has gone. Answers
/// whether any has come, or has another name.
pub(super) async fn refresh(services: &Services, id: InstallationId) -> FlowResult<bool> {
    let known = repositories::list(services.wall(id), id).await?;
    let reached = services.github.installation(id).list_repositories().await?;
    let mut news = false;
    let mut seen = HashSet::with_capacity(reached.items.len());
    for repository in reached.items {
        seen.insert(repository.id);
        let row = RepositoryRow {
            id: repository.id,
            installation: id,
            name: repository.full_name,
        };
        if known.contains(&row) {
            continue;
        }
        adopt(services, &row).await?;
        news = true;
    }
    // Of a list that was cut off, what is not in it may be there all the same.
    if reached.complete {
        for row in known.iter().filter(|row| !seen.contains(&row.id)) {
            left(services, id, row.id, Waiting::Stays).await?;
        }
    }
    Ok(news)
}

/// Ends what can never go on, in the installation or in one of its repositories.
async fn end_runs(
    services: &Services,
    id: InstallationId,
    repository: Option<RepositoryId>,
    waiting: Waiting,
    why: &str,
) -> FlowResult<()> {
    let mut tx = tenant::enter(&services.pool, id).await?;
    for open in runs::list_open(&mut *tx, id).await? {
        if repository.is_some_and(|repository| open.repository != repository) {
            continue;
        }
        let run = runs::lock(&mut tx, open.key()).await?;
        let waits = run.state.phase() == Some(Phase::AwaitingConfirmation);
        if waits && waiting == Waiting::Stays {
            continue;
        }
        let Ok(to) = run.state.cancel().or_else(|_| run.state.fail()) else {
            continue;
        };
        let now = services.clock.now();
        runs::set_state(&mut *tx, run.key(), run.state, to, Some(why), now).await?;
        info!(run.id = %run.id, installation.id = %id, why, "run ended");
    }
    tx.commit().await?;
    Ok(())
}

/// What waited for the installation goes on.
pub(super) async fn wake(services: &Services, id: InstallationId) -> FlowResult<()> {
    let mut tx = begin(&services.pool).await?;
    for guid in deliveries::list_waiting(&mut tx, id).await? {
        jobs::enqueue(&mut tx, &Job::HandleDelivery { guid }).await?;
    }
    for run in runs::list_open(&mut *tx, id).await? {
        advance::enqueue(&mut tx, id, &run.id, None).await?;
    }
    tx.commit().await?;
    Ok(())
}

fn account(record: &InstallationRecord) -> Account {
    Account {
        id: record.account.id,
        login: record.account.login.clone(),
        kind: record.account.kind.clone(),
    }
}

fn kind(account: &event::Account) -> String {
    match account.kind {
        AccountKind::Organization => "Organization",
        AccountKind::User | AccountKind::Bot | AccountKind::Other => "User",
    }
    .to_owned()
}
