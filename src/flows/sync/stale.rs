//! Commands for a sync that other runs have overtaken.

use sqlx::PgTransaction;

use super::chain::Found;
use crate::domain::command::Command;
use crate::domain::run::{Phase, Status};
use crate::flows::FlowResult;
use crate::store::runs::{self, Run};

/// What stands against the command, in words; `None`: nothing, or the run is no sync.
pub(crate) async fn objection(
    tx: &mut PgTransaction<'_>,
    run: &Run,
    command: &Command,
) -> FlowResult<Option<String>> {
    let Some(base) = &run.syncs else {
        return Ok(None);
    };
    let base = base.of(run.installation);
    match command {
        Command::Confirm(_) => {}
        Command::Rollback(_) => {
            let all = runs::list_completed_syncs(&mut **tx, base).await?;
            let of = |r: &Run| (r.created_at, r.id.to_string());
            let later = all.iter().find(|r| of(r) > of(run));
            return Ok(later.map(|later| {
                format!(
                    "`{}` builds upon this and stands: roll it back first.",
                    later.id
                )
            }));
        }
        _ => return Ok(None),
    }
    // Whoever confirms two at once waits here for the other.
    let base = runs::lock(tx, base).await?;
    if base.state.status() != Status::Completed {
        return Ok(Some(format!(
            "`{}`, whose issues this would change, was rolled back.",
            base.id
        )));
    }
    let completed = runs::list_completed_syncs(&mut **tx, base.key()).await?;
    let head = completed.last().map_or(&base.id, |r| &r.id);
    let found = runs::find_sync(&mut **tx, run.key()).await?;
    let found: Option<Found> = found.and_then(|f| serde_json::from_value(f).ok());
    let compared = found.and_then(|f| f.head);
    let others = runs::list_for_issue(&mut **tx, run.installation, run.repository, run.issue);
    let others = others.await?;
    let is_at_work = |r: &Run| {
        let phase = r.state.phase();
        let waits = matches!(
            phase,
            None | Some(Phase::AwaitingConfirmation | Phase::Planning)
        );
        r.syncs == run.syncs && r.id != run.id && !waits
    };
    if compared.is_some_and(|compared| compared != *head) || others.iter().any(is_at_work) {
        return Ok(Some(
            "Another sync has changed these issues since this one was planned: `replan` compares again.".to_owned(),
        ));
    }
    Ok(None)
}
