//! A person ticks or unticks boxes in the preview: the same as dropping items, or taking them back.

use serde_json::json;
use tracing::info;

use super::{FlowResult, Services, advance, authorize, reply};
use crate::domain::comment;
use crate::domain::event::CommentEvent;
use crate::domain::run::Phase;
use crate::store::audit_events::{self, AuditEvent};
use crate::store::repositories::RepositoryRow;
use crate::store::{bot_comments, planned_issues, runs};

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
    let run = runs::get(&services.pool, &id).await?;
    if run.state.phase() != Some(Phase::AwaitingConfirmation) {
        return Ok(());
    }
    let ticked = comment::ticked(&event.comment.body);
    let mut tx = services.pool.begin().await?;
    if authorize::standing(services, repository, &event.sender.login)
        .await?
        .suffices()
    {
        let positions = |on: bool| -> Vec<i32> {
            ticked
                .iter()
                .filter(|(_, ticked)| **ticked == on)
                .filter_map(|(n, _)| i32::try_from(*n).ok())
                .collect()
        };
        let dropped = planned_issues::set_included(&mut *tx, &id, &positions(false), false).await?;
        let restored = planned_issues::set_included(&mut *tx, &id, &positions(true), true).await?;
        if dropped + restored > 0 {
            let audit = AuditEvent {
                installation: run.installation,
                repository: Some(run.repository),
                run: Some(&id),
                actor: &event.sender.login,
                actor_id: Some(event.sender.id),
                action: "tick",
                detail: json!({ "dropped": dropped, "restored": restored }),
                cause: None,
            };
            audit_events::insert(&mut *tx, &audit, services.clock.now()).await?;
            info!(run.id = %id, login = event.sender.login, dropped, restored, "boxes ticked");
        }
    }
    runs::bump_revision(&mut *tx, &id).await?;
    advance::enqueue(&mut tx, run.installation, &id, None).await?;
    tx.commit().await?;
    Ok(())
}
