//! A run takes its next small steps: what the limits allow now, then it says when to come back.
//!
//! Nothing sleeps here, and nothing is kept in memory between two steps: a restart loses nothing, a cancel acts
//! before the next request.

use chrono::{DateTime, TimeDelta, Utc};
use tracing::{error, info, warn};

use super::step::Next;
use super::{
    FlowError, FlowResult, Services, asked::Asked, create, link, pace, person, rollback, show, sync,
};
use crate::domain::ids::{InstallationId, RunId, RunKey};
use crate::domain::run::{Phase, State};
use crate::github::GitHubError;
use crate::store::repositories::RepositoryRow;
use crate::store::runs::{self, Run};
use crate::store::{installations, jobs, jobs::Job, tenant};

/// Steps in one job: enough to use the pace, few enough that others of the installation get their turn.
const STEPS_IN_ONE_JOB: usize = 30;

/// A wait that people are told of when they ask for the run's status.
const LONG_WAIT: TimeDelta = TimeDelta::seconds(30);

/// Pauses between two tries while GitHub does not answer, and for how long it is tried.
const SHORTEST_PAUSE: TimeDelta = TimeDelta::seconds(2);
const LONGEST_PAUSE: TimeDelta = TimeDelta::minutes(5);
const LONGEST_TROUBLE: TimeDelta = TimeDelta::days(3);

/// What people read when the last try has failed; the log has the cause.
pub const TRIED_LONG_ENOUGH: &str = "The server tried for a long time and could not go on. \
    Its operator finds the cause in the log under this run's id.";

/// Enqueues the next steps of a run, at once or at a moment. A person's run has no jobs: no worker could take them.
pub async fn enqueue(
    connection: &mut sqlx::PgConnection,
    installation: InstallationId,
    run: &RunId,
    at: Option<DateTime<Utc>>,
) -> FlowResult<()> {
    if installation.is_person() {
        return Ok(());
    }
    let job = Job::AdvanceRun {
        run: run.clone(),
        installation,
    };
    match at {
        Some(at) => jobs::enqueue_at(connection, &job, at).await?,
        None => jobs::enqueue(connection, &job).await?,
    }
    Ok(())
}

/// One job's share of a run, and the job for what is left. Answers the moment for which that one waits.
pub async fn take_turn(services: &Services, id: RunKey<'_>) -> FlowResult<Option<DateTime<Utc>>> {
    let at = match Box::pin(advance(services, id)).await? {
        Next::Done => return Ok(None),
        Next::Again => None,
        Next::At(when) => Some(when),
    };
    let mut tx = tenant::enter(&services.pool, id.installation).await?;
    enqueue(&mut tx, id.installation, id.id, at).await?;
    tx.commit().await?;
    Ok(at)
}

/// Takes steps until the limits, the job's share or the work ends. `Again`: come back at once.
pub async fn advance(services: &Services, id: RunKey<'_>) -> FlowResult<Next> {
    let mut left = STEPS_IN_ONE_JOB;
    while left > 0 {
        left -= 1;
        let run = runs::get(services.wall(id.installation), id).await?;
        let next = match step(services, &run, &mut left).await {
            Err(FlowError::GitHub(error)) => settle(services, &run, error).await?,
            Err(FlowError::Later(when)) => Next::At(when),
            other => {
                if run.troubled_since.is_some() {
                    runs::clear_trouble(services.wall(id.installation), id).await?;
                }
                other?
            }
        };
        if let Next::At(when) = next
            && when - services.clock.now() >= LONG_WAIT
        {
            runs::set_waits_until(services.wall(id.installation), id, when).await?;
        }
        if next != Next::Again {
            return Ok(next);
        }
    }
    Ok(Next::Again)
}

/// `left`: how many steps more this job may take.
async fn step(services: &Services, run: &Run, left: &mut usize) -> FlowResult<Next> {
    if !services.reaches(run.installation, run.repository).await? {
        if is_gone(services, run).await? {
            give_up(services, run.key(), super::installations::UNINSTALLED).await?;
            return Ok(Next::Done);
        }
        info!(run.id = %run.id, installation.id = %run.installation, "parked: the App is suspended or removed");
        return Ok(Next::Done);
    }
    let repository = services
        .repository(run.installation, run.repository)
        .await?;
    match run.state.phase() {
        Some(Phase::Planning) => Ok(Next::Done),
        Some(Phase::AwaitingConfirmation) => {
            show::bring_up_to_date(services, &repository, run).await
        }
        // A request may have been under way when the run ended: what it made is ours all the same.
        None => match settle_lost(services, &repository, run).await {
            Ok(Next::Done) => show::bring_up_to_date(services, &repository, run).await,
            // It cannot be looked for. How the run has ended is said all the same.
            Err(error) if error.is_out_of_reach() || matches!(error, FlowError::Internal(_)) => {
                warn!(run.id = %run.id, %error, "a lost issue cannot be looked for");
                show::bring_up_to_date(services, &repository, run).await
            }
            other => other,
        },
        Some(working) => work(services, &repository, run, working, left).await,
    }
}

async fn settle_lost(
    services: &Services,
    repository: &RepositoryRow,
    run: &Run,
) -> FlowResult<Next> {
    match sync::settle_lost(services, repository, run).await? {
        Next::Done => create::settle_lost(services, repository, run).await,
        other => Ok(other),
    }
}

/// What a sync does with issues that are there, before it creates any.
async fn edit(
    services: &Services,
    repository: &RepositoryRow,
    run: &Run,
    phase: Phase,
) -> FlowResult<Next> {
    match phase {
        Phase::Summarising => sync::settle(services, repository, run)
            .await
            .map(|()| Next::Done),
        _ if run.syncs.is_none() => Ok(Next::Done),
        Phase::Creating => sync::step(services, repository, run).await,
        Phase::RollingBack => sync::undo(services, repository, run).await,
        _ => Ok(Next::Done),
    }
}

/// Whether the App was removed before the run could be ended with the others: nobody else would end it.
async fn is_gone(services: &Services, run: &Run) -> FlowResult<bool> {
    let installation =
        installations::find(services.wall(run.installation), run.installation).await?;
    Ok(installation.is_some_and(|i| i.removed_at.is_some()))
}

async fn work(
    services: &Services,
    repository: &RepositoryRow,
    run: &Run,
    phase: Phase,
    left: &mut usize,
) -> FlowResult<Next> {
    if show::is_due(services, run) {
        return show::bring_up_to_date(services, repository, run).await;
    }
    let edited = edit(services, repository, run, phase).await?;
    if edited != Next::Done {
        return Ok(edited);
    }
    let asked = Asked::from_value(&run.request)?;
    let next = match phase {
        Phase::Creating => create::step(services, repository, run, &asked, left).await?,
        Phase::Linking => link::step(services, repository, run, &asked).await?,
        Phase::RollingBack => rollback::step(services, repository, run).await?,
        Phase::Summarising | Phase::Planning | Phase::AwaitingConfirmation => Next::Done,
    };
    if next != Next::Done {
        return Ok(next);
    }
    let done = match phase {
        Phase::Creating => run.state.creating_done(),
        Phase::Linking => run.state.linking_done(),
        Phase::RollingBack => run.state.rolled_back(),
        Phase::Summarising | Phase::Planning | Phase::AwaitingConfirmation => {
            run.state.summarised()
        }
    };
    let to = done.map_err(anyhow::Error::from)?;
    if phase == Phase::Creating {
        if let Some(why) = create::refused_altogether(services, run).await? {
            give_up(services, run.key(), &why).await?;
            return Ok(Next::Again);
        }
        link::plan_links(services, run, &asked).await?;
    }
    move_on(services, run, to).await?;
    Ok(Next::Again)
}

/// Moves the run on and says so; somebody who moved it meanwhile wins.
async fn move_on(services: &Services, run: &Run, to: State) -> FlowResult<()> {
    let now = services.clock.now();
    if runs::set_state(
        services.wall(run.installation),
        run.key(),
        run.state,
        to,
        None,
        now,
    )
    .await?
    {
        info!(
            run.id = %run.id, installation.id = %run.installation,
            status = to.status().as_str(), phase = to.phase().map(Phase::as_str), "run moved on"
        );
    }
    Ok(())
}

/// What GitHub's refusal means for the run: wait, park, try again, or end it in plain words.
async fn settle(services: &Services, run: &Run, error: GitHubError) -> FlowResult<Next> {
    if let Some(until) = pace::heed(services, run.installation, &error).await? {
        return Ok(Next::At(until));
    }
    if let Some(when) = error.retry_at() {
        return Ok(Next::At(when));
    }
    if matches!(error, GitHubError::Suspended) {
        let now = services.clock.now();
        installations::set_suspended(services.wall(run.installation), run.installation, Some(now))
            .await?;
        return Ok(Next::Done);
    }
    if error.is_passing() || error.outcome_is_unknown() || is_ours(services, &error) {
        return in_trouble(services, run, error).await;
    }
    if run.state.fail().is_err() {
        warn!(run.id = %run.id, %error, "the run is over, but its comment could not be brought up to date");
        runs::set_shown(
            services.wall(run.installation),
            run.key(),
            run.revision,
            services.clock.now(),
        )
        .await?;
        return Ok(Next::Done);
    }
    warn!(run.id = %run.id, installation.id = %run.installation, %error, "run failed");
    let words = person::in_words(services, &error).unwrap_or_else(|| in_words(&error));
    give_up(services, run.key(), &words).await?;
    Ok(Next::Done)
}

/// What may pass is tried again, ever more seldom but never so seldom that nobody would notice its end; after days the run ends in
/// words. A person's command decides for itself how long to try.
async fn in_trouble(services: &Services, run: &Run, error: GitHubError) -> FlowResult<Next> {
    if run.installation.is_person() {
        return Err(error.into());
    }
    let now = services.clock.now();
    let lasted = now - runs::set_troubled(services.wall(run.installation), run.key(), now).await?;
    if lasted < LONGEST_TROUBLE {
        let pause = (lasted / 2).clamp(SHORTEST_PAUSE, LONGEST_PAUSE);
        warn!(run.id = %run.id, installation.id = %run.installation, %error, seconds = pause.num_seconds(), "tries again");
        return Ok(Next::At(now + pause));
    }
    error!(run.id = %run.id, installation.id = %run.installation, %error, "tried for days");
    if run.state.fail().is_ok() {
        give_up(services, run.key(), TRIED_LONG_ENOUGH).await?;
    }
    Ok(Next::Done)
}

/// A wrong key or a refused token is the operator's trouble, not the run's: it waits until that is mended. So is what a
/// person's token may not do.
fn is_ours(services: &Services, error: &GitHubError) -> bool {
    match error {
        GitHubError::Unauthorized { .. }
        | GitHubError::Refused { .. }
        | GitHubError::SingleSignOn { .. } => true,
        GitHubError::Forbidden { .. } => services.github.is_person(),
        _ => false,
    }
}

/// Ends a run that cannot go on, with the words that people will read in its comment.
pub async fn give_up(services: &Services, id: RunKey<'_>, words: &str) -> FlowResult<()> {
    let mut tx = tenant::enter(&services.pool, id.installation).await?;
    let run = runs::lock(&mut tx, id).await?;
    if let Ok(failed) = run.state.fail() {
        let now = services.clock.now();
        runs::set_state(&mut *tx, id, run.state, failed, Some(words), now).await?;
        enqueue(&mut tx, run.installation, id.id, None).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// GitHub's refusal for a maintainer: what was refused, and what would help.
fn in_words(error: &GitHubError) -> String {
    match error {
        GitHubError::Forbidden { .. } if error.is_archived() => {
            "The repository is archived: nothing can be written there. An admin can unarchive it; then ask again."
                .to_owned()
        }
        GitHubError::Forbidden { .. } => {
            "GitHub refused the request: the App has no permission to write issues here. \
             An admin can grant it in the App's installation settings; then ask again."
                .to_owned()
        }
        GitHubError::Gone { .. } => {
            "Issues are switched off in this repository, or the issue was deleted.".to_owned()
        }
        GitHubError::NotFound { .. } | GitHubError::Moved { .. } | GitHubError::InstallationGone => {
            "The repository or the issue is not visible to the App any more: it was deleted, moved, or the App \
             was removed from it."
                .to_owned()
        }
        GitHubError::Validation { .. } => format!("{error}."),
        other => format!("GitHub refused the request: {other}"),
    }
}
