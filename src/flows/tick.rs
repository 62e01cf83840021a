//! A person ticks or unticks boxes in the preview: the same as dropping items, or taking them back.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde_json::json;
use tracing::info;

use super::{FlowResult, Services, advance, authorize, reply};
use crate::domain::comment;
use crate::domain::event::CommentEvent;
use crate::domain::ids::{RunId, RunKey};
use crate::domain::run::{ItemState, Phase};
use crate::store::audit_events::{self, AuditEvent};
use crate::store::repositories::RepositoryRow;
use crate::store::runs::Run;
use crate::store::{bot_comments, planned_issues, runs, tenant};

/// GitHub's clock gives whole seconds, and may be another than ours.
const SECONDS_APART: TimeDelta = TimeDelta::seconds(3);

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
    let ticked = turned(event);
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
    let is_older = |planned_at| event.comment.updated_at + SECONDS_APART < planned_at;
    if may && run.shows_its_plan() && !run.planned_at.is_some_and(is_older) {
        take_over(services, &mut tx, &run, event, &ticked).await?;
    }
    runs::bump_revision(&mut *tx, key).await?;
    advance::enqueue(&mut tx, run.installation, &id, None).await?;
    tx.commit().await?;
    Ok(())
}

/// The boxes that this edit turned. What else the comment says may be older than what is stored: whoever ticks three boxes
/// in a row writes over our own edit of the first, and we over theirs.
fn turned(event: &CommentEvent) -> BTreeMap<u32, bool> {
    let before = event.before.body.as_deref().unwrap_or_default();
    let before = comment::ticked(before);
    let mut turned = comment::ticked(&event.comment.body);
    turned.retain(|n, is_ticked| before.get(n) != Some(is_ticked));
    turned
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

/// Takes over the boxes as they stand on GitHub; false where they may be older than what is stored: something has changed
/// that the comment does not show yet.
pub(super) async fn take_standing(
    tx: &mut sqlx::PgTransaction<'_>,
    run: &Run,
    ticked: &BTreeMap<u32, bool>,
) -> FlowResult<bool> {
    if run.shown_revision < run.revision {
        let items = planned_issues::list(&mut **tx, run.key()).await?;
        let differs = items.iter().any(|item| {
            let box_of = u32::try_from(item.position)
                .ok()
                .and_then(|n| ticked.get(&n));
            match item.state {
                ItemState::Planned => box_of == Some(&false),
                ItemState::Dropped => box_of == Some(&true),
                _ => false,
            }
        });
        return Ok(!differs);
    }
    include(tx, run.key(), ticked).await?;
    Ok(true)
}

/// Leaves out what has no box in the comment, for want of room: nobody has seen it there. `ticked` is empty for who confirms
/// on a page, where everything is shown.
pub(super) async fn leave_out_unseen(
    tx: &mut sqlx::PgTransaction<'_>,
    run: &Run,
    ticked: &BTreeMap<u32, bool>,
) -> FlowResult<()> {
    if ticked.is_empty() {
        return Ok(());
    }
    let items = planned_issues::list(&mut **tx, run.key()).await?;
    let is_seen = |p: i32| u32::try_from(p).is_ok_and(|n| ticked.contains_key(&n));
    let unseen: Vec<i32> = items
        .iter()
        .map(|i| i.position)
        .filter(|p| !is_seen(*p))
        .collect();
    planned_issues::set_included(&mut **tx, run.key(), &unseen, false).await?;
    Ok(())
}

/// Includes and leaves out what the boxes say; the two counts are what changed: dropped, and taken back.
async fn include(
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
