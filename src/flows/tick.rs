//! A person ticks or unticks boxes in the preview: the same as dropping items, or taking them back.

use std::collections::BTreeMap;

use serde_json::json;
use tracing::info;

use super::{FlowResult, Services, advance, authorize, reply};
use crate::domain::comment;
use crate::domain::event::CommentEvent;
use crate::domain::ids::{RunId, RunKey};
use crate::domain::run::Phase;
use crate::store::audit_events::{self, AuditEvent};
use crate::store::repositories::RepositoryRow;
use crate::store::runs::Run;
use crate::store::{bot_comments, planned_issues, runs, tenant};

/// Takes over the boxes of an edited preview, if the person may and the run still waits; in any case the comment is
/// shown again as the database has it.
pub(super) async fn boxes(
    services: &Services,
    repository: &RepositoryRow,
    event: &CommentEvent,
) -> FlowResult<()> {
    let cause = bot_comments::find_cause(&services.pool, repository.id, event.comment.id).await?;
    let Some(id) = cause.as_deref().and_then(reply::run_of) else {
        return Ok(());
    };
    bot_comments::forget_shown(&services.pool, repository.id, event.comment.id).await?;
    let may = authorize::standing(services, repository, &event.sender)
        .await?
        .suffices();
    // As it is now: events can come late and in any order.
    let now = services
        .repo(repository)
        .find_comment(event.comment.id)
        .await?;
    let ticked = now.map(|c| comment::ticked(&c.body)).unwrap_or_default();
    let key = id.of(repository.installation);
    let mut tx = tenant::enter(&services.pool, key.installation).await?;
    // The comment may be of a run from before the App was installed anew.
    if runs::find(&mut *tx, key).await?.is_none() {
        return Ok(());
    }
    let run = runs::lock(&mut tx, key).await?;
    if run.state.phase() != Some(Phase::AwaitingConfirmation) {
        return Ok(());
    }
    // Boxes of an older plan say nothing about this one.
    if may && run.shows_its_plan() {
        take_over(services, &mut tx, &run, event, &ticked).await?;
    }
    runs::bump_revision(&mut *tx, key).await?;
    advance::enqueue(&mut tx, run.installation, &id, None).await?;
    tx.commit().await?;
    Ok(())
}

/// The boxes of a run's preview, all its parts, as they stand on GitHub now; empty where there is no preview.
pub(super) async fn standing(
    services: &Services,
    repository: &RepositoryRow,
    run: &RunId,
) -> FlowResult<BTreeMap<u32, bool>> {
    let mut ticked = BTreeMap::new();
    for comment in reply::parts(services, repository, run).await?.into_values() {
        let comment = services.repo(repository).find_comment(comment).await?;
        ticked.extend(comment.iter().flat_map(|c| comment::ticked(&c.body)));
    }
    Ok(ticked)
}

/// Includes and leaves out what the boxes say; the two counts are what changed: dropped, and taken back.
pub(super) async fn include(
    tx: &mut sqlx::PgTransaction<'_>,
    run: RunKey<'_>,
    ticked: &BTreeMap<u32, bool>,
) -> FlowResult<(u64, u64)> {
    let positions = |on: bool| -> Vec<i32> {
        ticked
            .iter()
            .filter(|(_, ticked)| **ticked == on)
            .filter_map(|(n, _)| i32::try_from(*n).ok())
            .collect()
    };
    let dropped = planned_issues::set_included(&mut **tx, run, &positions(false), false).await?;
    let restored = planned_issues::set_included(&mut **tx, run, &positions(true), true).await?;
    Ok((dropped, restored))
}

async fn take_over(
    services: &Services,
    tx: &mut sqlx::PgTransaction<'_>,
    run: &Run,
    event: &CommentEvent,
    ticked: &BTreeMap<u32, bool>,
) -> FlowResult<()> {
    let (dropped, restored) = include(tx, run.key(), ticked).await?;
    if dropped + restored == 0 {
        return Ok(());
    }
    let audit = AuditEvent {
        installation: run.installation,
        repository: Some(run.repository),
        run: Some(&run.id),
        actor: &event.sender.login,
        actor_id: Some(event.sender.id),
        action: "tick",
        detail: json!({ "dropped": dropped, "restored": restored }),
        cause: None,
    };
    audit_events::insert(&mut **tx, &audit, services.clock.now()).await?;
    info!(run.id = %run.id, login = event.sender.login, dropped, restored, "boxes ticked");
    Ok(())
}
