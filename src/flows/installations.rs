//! The App comes to an account, leaves it, is suspended, and things get other names.

use tracing::info;

use super::{FlowResult, Services, advance};
use crate::domain::event::{
    self, AccountKind, InstallationAction, InstallationEvent, InstallationRepositoriesEvent,
    InstallationTargetEvent, Repository, RepositoryAction, RepositoryEvent,
};
use crate::domain::ids::InstallationId;
use crate::store::deliveries;
use crate::store::installations::{self, Account};
use crate::store::jobs::{self, Job};
use crate::store::repositories::{self, RepositoryRow};
use crate::store::runs;

/// Makes sure that an installation that speaks to us is known.
pub(super) async fn ensure(services: &Services, id: InstallationId) -> FlowResult<()> {
    if installations::find(&services.pool, id).await?.is_some() {
        return Ok(());
    }
    let record = services.github.get_installation(id).await?;
    let account = Account {
        id: record.account.id,
        login: record.account.login,
        kind: record.account.kind,
    };
    installations::upsert(&services.pool, id, &account, services.clock.now()).await?;
    Ok(())
}

/// The App was installed, removed, suspended or unsuspended.
pub(super) async fn changed(services: &Services, event: &InstallationEvent) -> FlowResult<()> {
    let id = event.installation.id;
    let now = services.clock.now();
    let account = Account {
        id: event.installation.account.id,
        login: event.installation.account.login.clone(),
        kind: kind(&event.installation.account),
    };
    installations::upsert(&services.pool, id, &account, now).await?;
    services.github.forget(id);
    match event.action {
        InstallationAction::Created => {
            installations::set_removed(&services.pool, id, None).await?;
            store_all(services, id, &event.repositories).await?;
        }
        InstallationAction::Deleted => {
            installations::set_removed(&services.pool, id, Some(now)).await?;
            cancel_open_runs(services, id).await?;
        }
        // Events can come late and in any order: GitHub knows how it is now.
        InstallationAction::Suspended | InstallationAction::Unsuspended => {
            let record = services.github.get_installation(id).await?;
            installations::set_suspended(&services.pool, id, record.suspended_at).await?;
            if record.suspended_at.is_none() {
                wake(services, id).await?;
            }
        }
        InstallationAction::NewPermissionsAccepted => wake(services, id).await?,
    }
    info!(installation.id = %id, action = ?event.action, account = account.login, "installation changed");
    Ok(())
}

/// The installation reaches other repositories than before.
pub(super) async fn repositories_changed(
    services: &Services,
    event: &InstallationRepositoriesEvent,
) -> FlowResult<()> {
    let id = event.installation.id;
    ensure(services, id).await?;
    store_all(services, id, &event.added).await?;
    for gone in &event.removed {
        repositories::mark_removed(&services.pool, id, gone.id, services.clock.now()).await?;
    }
    services.github.forget(id);
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
    ensure(services, id).await?;
    if event.action == RepositoryAction::Deleted {
        let now = services.clock.now();
        repositories::mark_removed(&services.pool, id, event.repository.id, now).await?;
        return Ok(());
    }
    store_all(services, id, std::slice::from_ref(&event.repository)).await
}

/// The account has another name; its repositories are asked for by id, so only display changes.
pub(super) async fn renamed(
    services: &Services,
    event: &InstallationTargetEvent,
) -> FlowResult<()> {
    let Some(id) = event.installation else {
        return Ok(());
    };
    let account = Account {
        id: event.account.id,
        login: event.account.login.clone(),
        kind: kind(&event.account),
    };
    installations::upsert(&services.pool, id, &account, services.clock.now()).await?;
    Ok(())
}

async fn store_all(
    services: &Services,
    installation: InstallationId,
    seen: &[Repository],
) -> FlowResult<()> {
    for repository in seen {
        let row = RepositoryRow {
            id: repository.id,
            installation,
            name: repository.name.clone(),
        };
        repositories::upsert(&services.pool, &row, services.clock.now()).await?;
    }
    Ok(())
}

/// Asks GitHub which repositories the installation reaches now.
pub(super) async fn refresh(services: &Services, id: InstallationId) -> FlowResult<()> {
    let reached = services.github.installation(id).list_repositories().await?;
    for repository in reached.items {
        let row = RepositoryRow {
            id: repository.id,
            installation: id,
            name: repository.full_name,
        };
        repositories::upsert(&services.pool, &row, services.clock.now()).await?;
    }
    Ok(())
}

/// Ends what can never go on: nobody is there to act for.
async fn cancel_open_runs(services: &Services, id: InstallationId) -> FlowResult<()> {
    let mut tx = services.pool.begin().await?;
    for open in runs::list_open(&mut *tx, id).await? {
        let run = runs::lock(&mut tx, &open.id).await?;
        let Ok(to) = run.state.cancel().or_else(|_| run.state.fail()) else {
            continue;
        };
        let why = Some("the App was removed from the account");
        runs::set_state(&mut *tx, &run.id, run.state, to, why, services.clock.now()).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// What waited for the installation goes on.
async fn wake(services: &Services, id: InstallationId) -> FlowResult<()> {
    let mut tx = services.pool.begin().await?;
    for guid in deliveries::list_waiting(&mut tx, id).await? {
        jobs::enqueue(&mut tx, &Job::HandleDelivery { guid }).await?;
    }
    for run in runs::list_open(&mut *tx, id).await? {
        advance::enqueue(&mut tx, id, &run.id, None).await?;
    }
    tx.commit().await?;
    Ok(())
}

fn kind(account: &event::Account) -> String {
    match account.kind {
        AccountKind::Organization => "Organization",
        AccountKind::User | AccountKind::Bot | AccountKind::Other => "User",
    }
    .to_owned()
}
