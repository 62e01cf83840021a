//! Somebody says `sync`: what there is to bring in line, or why there is nothing.

use super::chain::{self, Chain};
use crate::domain::comment::Link;
use crate::domain::ids::RunId;
use crate::domain::run::{Phase, Standing, Status};
use crate::domain::spec::Spec;
use crate::domain::sync::compare;
use crate::flows::answer::Answer;
use crate::flows::asked::Asked;
use crate::flows::asking::Asking;
use crate::flows::{FlowResult, Services, command, repositories, request};
use crate::store::runs::{self, Run};

/// Runs of one issue whose text is compared at most, the newest first.
pub(super) const MOST_RUNS: usize = 5;

/// Starts a sync of the newest run whose text was edited; or answers why not.
pub(crate) async fn ask(services: &Services, asking: &Asking<'_>) -> FlowResult<Option<Answer>> {
    let place = asking.repository;
    let cause = asking.cause();
    if runs::exists_for_cause(&services.pool, place.id, &cause).await?
        || command::is_answered(services, asking).await?
    {
        return Ok(None);
    }
    if !asking.issue.is_open {
        return Ok(Some(Answer::Closed));
    }
    let number = asking.issue.number;
    let all = runs::list_for_issue(
        services.wall(place.installation),
        place.installation,
        place.id,
        number,
    )
    .await?;
    if let Some(open) = all.iter().find(|r| !r.state.status().is_final()) {
        return Ok(Some(Answer::SyncLater {
            run: open.id.clone(),
            is_preview: open.state.phase() == Some(Phase::AwaitingConfirmation),
            is_sync: open.syncs.is_some(),
        }));
    }
    let mut nothing = Answer::NothingToSync;
    for base in all.iter().filter(|r| is_base(r)).take(MOST_RUNS) {
        nothing = Answer::InSync(Vec::new());
        let asked = match request::read_again(services, asking, base).await? {
            Ok(asked) => asked,
            Err(answer) => return Ok(Some(answer)),
        };
        if differs(services, base, &asked.title, &asked.text).await? {
            let syncs: Option<&RunId> = Some(&base.id);
            request::start(services, asking, &cause, &asked, syncs).await?;
            return Ok(None);
        }
    }
    if let Answer::InSync(left) = &mut nothing {
        for base in all.iter().filter(|r| is_base(r)).take(MOST_RUNS) {
            left.extend(left_open(services, base).await?);
        }
    }
    Ok(Some(nothing))
}

/// The issues that earlier syncs would have retired, and that are open, as far as their events have told.
async fn left_open(services: &Services, base: &Run) -> FlowResult<Vec<Link>> {
    let mut links = Vec::new();
    if chain::head(services, base).await?.syncs.is_none() {
        return Ok(links);
    }
    for live in Chain::load(services, base).await?.lives {
        let (place, number) = (live.created.repository, live.created.number);
        if live.is_over && live.created.standing == Standing::Open {
            let repository = if place == base.repository {
                None
            } else {
                Some(repositories::name_of(services, base.installation, place).await?)
            };
            links.push(Link { number, repository });
        }
    }
    Ok(links)
}

/// Whether issues of this run may be brought in line.
pub(super) fn is_base(run: &Run) -> bool {
    run.syncs.is_none() && run.state.status() == Status::Completed
}

/// Whether this text says something else than the one that the run's issues follow.
pub(super) async fn differs(
    services: &Services,
    base: &Run,
    title: &str,
    text: &str,
) -> FlowResult<bool> {
    let head = chain::head(services, base).await?;
    differs_from(&head, title, text).await
}

/// Whether this text says something else than the run's.
pub(super) async fn differs_from(run: &Run, title: &str, text: &str) -> FlowResult<bool> {
    let before = Asked::from_value(&run.request)?;
    let (title, text) = (title.to_owned(), text.to_owned());
    let compared = tokio::task::spawn_blocking(move || {
        let old = Spec::parse(&before.title, &before.text);
        compare(&old, &Spec::parse(&title, &text)).is_nothing()
    });
    Ok(!compared.await.map_err(anyhow::Error::from)?)
}
