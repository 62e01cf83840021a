//! What did not get here while we were down: GitHub's list of deliveries is swept, and what failed is asked for again.
//!
//! GitHub never retries by itself; it keeps deliveries for three days. Everything that a sweep learns is stored before it
//! acts, so that the next one, here or in another replica, goes on where one was cut off.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use metrics::counter;
use tracing::{info, warn};

use super::receive::admission;
use super::{FlowError, FlowResult, Services, installations};
use crate::domain::run::Phase;
use crate::github::{GitHubError, HookDelivery};
use crate::store::begin;
use crate::store::created_issues;
use crate::store::deliveries;
use crate::store::jobs::{self, HandleDelivery, Job};
use crate::store::redeliveries::{self, Due, Failed};
use crate::store::runs::{self, Run};
use crate::store::sweeps::{self, Before, End, Tally};

/// GitHub forgets deliveries after so long.
pub const KEPT: TimeDelta = TimeDelta::days(3);
/// How far a sweep reads behind the beginning of the one before: clocks differ, and attempts are listed when they end.
const OVERLAP: TimeDelta = TimeDelta::minutes(15);
/// 100,000 attempts.
const MAX_PAGES: usize = 1000;
/// How often one delivery is asked for.
const MOST: i32 = 5;
/// Redeliveries that one sweep asks for; the next goes on. GitHub allows 900 points a minute, and each costs 5.
const MOST_AT_ONCE: usize = 100;
/// A delivery whose job gave up rests so long before it is taken up again.
const RESTS: TimeDelta = TimeDelta::hours(1);
/// The first pause after asking for one: what comes of it is in the list by then.
const LEAST_PAUSE: TimeDelta = TimeDelta::minutes(10);
/// A routine sweep is left out where another replica's is younger.
const RECENT: TimeDelta = TimeDelta::minutes(4);
/// How often the installations are compared with GitHub's.
const RECONCILED_FOR: TimeDelta = TimeDelta::hours(1);

/// Why a sweep is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Occasion {
    /// The worker starts: whatever was missed while it was down is looked for at once.
    Start,
    /// It is time again.
    Routine,
}

/// What became of a sweep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It came to its end.
    Complete(Tally),
    /// Another replica sweeps, or has just done so.
    LeftOut,
    /// GitHub asked to wait until then.
    Waits(DateTime<Utc>),
}

/// How long one that was asked for so often has to wait until it is asked for again; after the last time, until it is
/// seen what came of it.
fn pause(times: i32) -> TimeDelta {
    match times {
        2 => TimeDelta::hours(1),
        3 => TimeDelta::hours(6),
        4 => TimeDelta::days(1),
        _ => LEAST_PAUSE,
    }
}

/// Sweeps once, if no other replica does. An error has been counted and stored, and the next sweep takes up the work.
pub async fn sweep(services: &Services, occasion: Occasion) -> FlowResult<Outcome> {
    let Some(lock) = sweeps::lock(&services.pool).await? else {
        return Ok(left_out());
    };
    let outcome = alone(services, occasion).await;
    lock.release().await;
    outcome
}

/// What was accepted and gave up in an outage is taken up again: GitHub thinks that it got through, and will not send it.
async fn take_up_failed(services: &Services) -> FlowResult<()> {
    let now = services.clock.now();
    let mut tx = begin(&services.pool).await?;
    let attempts = i32::from(HandleDelivery::MAX_ATTEMPTS);
    let (since, before) = (now - KEPT, now - RESTS);
    let most = i64::try_from(MOST_AT_ONCE).unwrap_or(i64::MAX);
    for guid in deliveries::take_up_failed(&mut tx, since, before, attempts, most).await? {
        info!(delivery = guid, "taken up again after it gave up");
        jobs::enqueue(&mut tx, &Job::HandleDelivery { guid }).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// A run whose job is gone goes on.
async fn take_up_stranded(services: &Services) -> FlowResult<()> {
    let mut tx = begin(&services.pool).await?;
    let most = i64::try_from(MOST_AT_ONCE).unwrap_or(i64::MAX);
    for Run {
        id: run,
        installation,
        state,
        ..
    } in runs::list_stranded(&mut *tx, most).await?
    {
        warn!(run.id = %run, installation.id = %installation, "taken up again: no job carried it");
        let job = match state.phase() {
            Some(Phase::Planning) => Job::PlanRun { run, installation },
            _ => Job::AdvanceRun { run, installation },
        };
        jobs::enqueue(&mut tx, &job).await?;
    }
    jobs::delete_superseded(&mut *tx).await?;
    tx.commit().await?;
    Ok(())
}

async fn alone(services: &Services, occasion: Occasion) -> FlowResult<Outcome> {
    let now = services.clock.now();
    take_up_failed(services).await?;
    take_up_stranded(services).await?;
    let before = sweeps::before(&services.pool).await?;
    if let Some(when) = before.not_before.filter(|when| *when > now) {
        return Ok(Outcome::Waits(when));
    }
    let is_recent = before.complete_since.is_some_and(|at| now - at < RECENT);
    if occasion == Occasion::Routine && is_recent {
        return Ok(left_out());
    }
    let floor = before
        .complete_since
        .map_or(now - KEPT, |at| (at - OVERLAP).max(now - KEPT));
    let id = sweeps::insert(&services.pool, now, floor).await?;
    let mut tally = Tally::default();
    let swept = steps(services, occasion, &before, floor, &mut tally).await;
    let now = services.clock.now();
    let error = swept.as_ref().err().map(ToString::to_string);
    let not_before = swept.as_ref().err().and_then(FlowError::retry_at);
    let (end, result) = match error.as_deref() {
        None => (End::Complete, "complete"),
        Some(error) => (End::CutOff { error, not_before }, "failed"),
    };
    counter!("openproducer_delivery_sweeps_total", "result" => result).increment(1);
    sweeps::finish(&services.pool, id, &tally, end, now).await?;
    swept?;
    if tally.failed > 0 || tally.redelivered > 0 {
        info!(
            seen = tally.seen,
            failed = tally.failed,
            redelivered = tally.redelivered,
            "swept GitHub's list of deliveries"
        );
    }
    Ok(Outcome::Complete(tally))
}

fn left_out() -> Outcome {
    counter!("openproducer_delivery_sweeps_total", "result" => "left_out").increment(1);
    Outcome::LeftOut
}

async fn steps(
    services: &Services,
    occasion: Occasion,
    before: &Before,
    floor: DateTime<Utc>,
    tally: &mut Tally,
) -> FlowResult<()> {
    let now = services.clock.now();
    tally.reached_at = before.reached_at;
    let is_fresh = before
        .reconciled_at
        .is_some_and(|at| now - at < RECONCILED_FOR);
    if occasion == Occasion::Start || !is_fresh {
        match installations::reconcile(services).await {
            Ok(()) => tally.reconciled_at = Some(now),
            Err(failure) if failure.retry_at().is_some() => return Err(failure),
            // It is tried again with the next sweep; the deliveries are no worse for it.
            Err(failure) => {
                warn!(error = %failure, "the installations could not be compared with GitHub's");
            }
        }
    }
    read(services, floor, tally).await?;
    ask(services, tally).await
}

/// Reads the list down to the floor and stores what it says.
async fn read(services: &Services, floor: DateTime<Utc>, tally: &mut Tally) -> FlowResult<()> {
    let list = services
        .github
        .list_hook_deliveries(floor, MAX_PAGES)
        .await?;
    (tally.pages, tally.seen) = (list.pages, list.items.len());
    if !list.complete {
        warn!(
            seen = tally.seen,
            "GitHub lists more deliveries than a sweep reads"
        );
    }
    let found = Found::among(list.items);
    tally.failed = found.failed;
    tally.reached_at = tally.reached_at.max(found.reached_at);
    let now = services.clock.now();
    let delivered: Vec<&str> = found.delivered.iter().map(String::as_str).collect();
    let recovered = redeliveries::settle(&services.pool, &delivered, now).await?;
    let wanted = of_ours(services, found.wanted).await?;
    redeliveries::insert_failed(&services.pool, &wanted, now).await?;
    let given_up = redeliveries::give_up(&services.pool, MOST, now - KEPT, now).await?;
    counter!("openproducer_deliveries_recovered_total").increment(recovered);
    counter!("openproducer_deliveries_given_up_total").increment(given_up);
    if given_up > 0 {
        warn!(
            given_up,
            "deliveries that did not come in spite of being asked for"
        );
    }
    Ok(())
}

/// What a list says, by GUID.
#[derive(Debug, Default)]
struct Found {
    /// Those whose newest attempt got through.
    delivered: Vec<String>,
    /// How many newest attempts failed.
    failed: usize,
    /// Those of them that may concern us.
    wanted: Vec<Failed>,
    /// The newest attempt that got through.
    reached_at: Option<DateTime<Utc>>,
}

impl Found {
    fn among(attempts: Vec<HookDelivery>) -> Self {
        let mut found = Self::default();
        let mut newest: HashMap<String, Failed> = HashMap::new();
        let mut through: HashMap<String, i64> = HashMap::new();
        for attempt in attempts {
            let delivered_at = attempt.delivered_at;
            if attempt.got_through() {
                found.reached_at = found.reached_at.max(Some(delivered_at));
                let id = through.entry(attempt.guid).or_insert(attempt.id);
                *id = attempt.id.max(*id);
                continue;
            }
            let known = newest
                .entry(attempt.guid.clone())
                .or_insert_with(|| failed(&attempt));
            let failed_at = known.failed_at.min(delivered_at);
            if attempt.id > known.delivery {
                *known = failed(&attempt);
            }
            known.failed_at = failed_at;
        }
        newest.retain(|guid, failed| through.get(guid).is_none_or(|id| *id < failed.delivery));
        found.failed = newest.len();
        through.retain(|guid, _| !newest.contains_key(guid));
        found.delivered = through.into_keys().collect();
        found.wanted = newest
            .into_values()
            .filter(|f| admission::may_concern(&f.event, action_of(f)))
            .collect();
        found
    }
}

fn action_of(failed: &Failed) -> &str {
    failed.action.as_deref().unwrap_or_default()
}

/// Without those about issues of repositories where we created none.
async fn of_ours(services: &Services, mut wanted: Vec<Failed>) -> FlowResult<Vec<Failed>> {
    let about = |f: &Failed| admission::is_about_ours(&f.event, action_of(f));
    let places = wanted.iter().filter(|f| about(f));
    let places: Vec<i64> = places.filter_map(|f| f.repository).collect();
    let ours = created_issues::list_places(&services.pool, &places).await?;
    let is_ours = |f: &Failed| f.repository.is_some_and(|id| ours.contains(&id));
    wanted.retain(|f| !about(f) || is_ours(f));
    Ok(wanted)
}

fn failed(attempt: &HookDelivery) -> Failed {
    Failed {
        guid: attempt.guid.clone(),
        installation: attempt.installation_id,
        repository: attempt.repository_id,
        event: attempt.event.clone(),
        action: attempt.action.clone(),
        delivery: attempt.id,
        failed_at: attempt.delivered_at,
        attempted_at: attempt.delivered_at,
        again: attempt.redelivery,
        status: attempt.status.clone(),
    }
}

/// Asks for what is due, oldest first. Where nothing gets through at all, one is asked for, to see: the others keep
/// their turns for when somebody is at the door again.
async fn ask(services: &Services, tally: &mut Tally) -> FlowResult<()> {
    let is_shut = redeliveries::is_shut(&services.pool, tally.reached_at).await?;
    let most = if is_shut { 1 } else { MOST_AT_ONCE };
    while tally.redelivered < most {
        let due = Due {
            now: services.clock.now(),
            most: MOST,
            reached_at: tally.reached_at,
            least_pause: LEAST_PAUSE,
        };
        let Some(asked) = redeliveries::claim(&services.pool, due, pause).await? else {
            return Ok(());
        };
        match services.github.redeliver(asked.delivery).await {
            Ok(()) => {
                tally.redelivered += 1;
                counter!("openproducer_deliveries_redelivered_total").increment(1);
                info!(
                    delivery = asked.guid,
                    times = asked.times,
                    "asked GitHub to deliver again"
                );
            }
            Err(error) if error.is_absent() || matches!(error, GitHubError::Validation { .. }) => {
                warn!(delivery = asked.guid, %error, "GitHub will not deliver it again");
                let now = services.clock.now();
                redeliveries::give_up_one(&services.pool, &asked.guid, now).await?;
                counter!("openproducer_deliveries_given_up_total").increment(1);
            }
            Err(error) => {
                // Where GitHub may have heard it, it counts: it is not asked for twice at once.
                if !error.outcome_is_unknown() {
                    let now = services.clock.now();
                    redeliveries::unclaim(&services.pool, &asked, now).await?;
                }
                return Err(FlowError::GitHub(error));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
