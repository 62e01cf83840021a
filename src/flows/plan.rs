//! The spec becomes a plan, judged by policy and stored before anybody sees it.

use std::collections::HashMap;

use sqlx::PgTransaction;
use tracing::info;

use super::asked::Asked;
use super::components;
use super::existing::{self, Existing};
use super::planner::{self, How, Planned};
use super::{FlowError, FlowResult, Services, advance, edit, pace, room, sync};
use crate::domain::comment;
use crate::domain::fingerprint;
use crate::domain::grouping;
use crate::domain::ids::{InstallationId, IssueNumber, RunId, RunKey};
use crate::domain::plan::{Plan, PlannedIssue};
use crate::domain::planning::is_ungrounded;
use crate::domain::policy::{self, Case, ContentFilter, Reason, Verdict};
use crate::domain::run::ItemState;
use crate::domain::settings::{Confirmation, Settings};
use crate::github::GitHubError;
use crate::store::created_issues;
use crate::store::jobs::{self, Job};
use crate::store::planned_issues::{self, NewItem};
use crate::store::repositories::RepositoryRow;
use crate::store::runs::{self, Made, Run};
use crate::store::tenant;

/// The note of an item that a model added by itself.
pub(super) const NOT_IN_THE_SPEC: &str = "not in the spec";

/// Enqueues the planning of a run. A person's run has no jobs: the command that asks for it takes it on.
pub async fn enqueue(
    tx: &mut PgTransaction<'_>,
    installation: InstallationId,
    id: &RunId,
) -> FlowResult<()> {
    if installation.is_person() {
        return Ok(());
    }
    let job = Job::PlanRun {
        run: id.clone(),
        installation,
    };
    jobs::enqueue(tx, &job).await?;
    Ok(())
}

/// Keeps the request as it is now, with what `replan` was told.
pub async fn instruct(
    tx: &mut PgTransaction<'_>,
    run: &Run,
    mut asked: Asked,
    words: Option<&str>,
) -> FlowResult<()> {
    asked.instructions.extend(words.map(str::to_owned));
    asked.replans = Asked::from_value(&run.request)?.replans + 1;
    runs::set_request(&mut **tx, run.key(), &asked.to_value()?).await?;
    Ok(())
}

/// Plans a run, decides whether a person must confirm, stores both and lets the run go on.
pub async fn plan(services: &Services, id: RunKey<'_>) -> FlowResult<()> {
    let run = runs::get(services.wall(id.installation), id).await?;
    let Ok(planning) = run.state.start_planning() else {
        return Ok(());
    };
    let now = services.clock.now();
    if run.state != planning
        && !runs::set_state(
            services.wall(id.installation),
            id,
            run.state,
            planning,
            None,
            now,
        )
        .await?
    {
        return Ok(());
    }
    let asked = Asked::from_value(&run.request)?;
    let settings = settings_of(services, &run, &asked).await?;
    if run.syncs.is_some() {
        return match Box::pin(sync::plan(services, &run, &asked, &settings)).await {
            Err(FlowError::GitHub(refused)) if refused.retry_at().is_some() => {
                Err(put_off(services, &run, refused).await?)
            }
            other => other,
        };
    }
    let planned = planner::plan(services, &run, &asked, &settings);
    let Some(planned) = Box::pin(planned).await? else {
        return Ok(());
    };
    let Planned { mut plan, mut how } = planned;
    components::place(services, &run, &settings, &mut plan).await?;
    components::label(services, &run, &asked, &settings, &mut plan).await?;
    if plan.issues.is_empty() {
        let words = "No work was found in the text: nothing in it asks for something to be built. \
                     Say what should be done, for example as a list, and ask again in a new comment.";
        return advance::give_up(services, id, words).await;
    }
    if let Err(over) = policy::check_maximum(plan.issues.len(), settings.max_issues.value) {
        let (error, next) = comment::too_many(over);
        return advance::give_up(services, id, &format!("{error} {next}")).await;
    }
    let before = plan.clone();
    let (plan, items, existing) = match Box::pin(made_to_fit(services, &run, &asked, plan)).await {
        Err(FlowError::GitHub(refused)) if refused.retry_at().is_some() => {
            return Err(put_off(services, &run, refused).await?);
        }
        other => other?,
    };
    how.similar = existing.similar(&items);
    how.public = existing.public().to_vec();
    how.groups = grouping::added(&before, &plan);
    store(services, &run, &asked, &settings, &(plan, how), items).await
}

/// GitHub asks to wait.
async fn put_off(services: &Services, run: &Run, refused: GitHubError) -> FlowResult<FlowError> {
    let until = pace::heed(services, run.installation, &refused).await?;
    let until = until.or(refused.retry_at());
    let until = until.unwrap_or_else(|| services.clock.now());
    info!(run.id = %run.id, %until, "planning put off, GitHub asks to wait");
    Ok(FlowError::Later(until))
}

/// The plan as GitHub will take it, its items, and what exists already. Groups do not count toward the maximum: GitHub asks for them.
async fn made_to_fit(
    services: &Services,
    run: &Run,
    asked: &Asked,
    plan: Plan,
) -> FlowResult<(Plan, Vec<NewItem>, Existing)> {
    let existing = Box::pin(Existing::fetch(services, run, asked, &plan)).await?;
    let planned = items(services, run, asked, &plan, &existing).await?;
    let skipped = planned
        .iter()
        // An invention is no part of a group before somebody wants it.
        .filter(|i| i.state == ItemState::Skipped || is_ungrounded(&i.planned))
        .map(|i| i.planned.id.clone())
        .collect();
    let home = services
        .repository(run.installation, run.repository)
        .await?;
    let fitting = room::fit(services, &home, run, asked, plan.clone(), &skipped).await?;
    if fitting.issues == plan.issues {
        return Ok((fitting, planned, existing));
    }
    let planned = items(services, run, asked, &fitting, &existing).await?;
    Ok((fitting, planned, existing))
}

pub(super) async fn settings_of(
    services: &Services,
    run: &Run,
    asked: &Asked,
) -> FlowResult<Settings> {
    services
        .settings(run.installation, run.repository, &asked.for_settings())
        .await
}

/// The plan's issues as rows: each with its repository, and skipped where the same issue is there already.
pub(super) async fn items(
    services: &Services,
    run: &Run,
    asked: &Asked,
    plan: &Plan,
    existing: &Existing,
) -> FlowResult<Vec<NewItem>> {
    let own = services
        .repository(run.installation, run.repository)
        .await?;
    let unique_by = asked.unique_by.unwrap_or_default();
    let mut items = Vec::with_capacity(plan.issues.len());
    let mut seen: HashMap<Vec<u8>, i32> = HashMap::new();
    for (position, planned) in (1..).zip(&plan.issues) {
        let repository = place(services, &own, planned).await?;
        let print = fingerprint::of(&planned.title, &planned.body, unique_by)
            .0
            .to_vec();
        let twin = *seen.entry(print.clone()).or_insert(position);
        let note = (twin != position).then(|| format!("item {twin}"));
        items.push(NewItem {
            position,
            repository: repository.id,
            planned: planned.clone(),
            fingerprint: print,
            state: state_of(note.as_ref()),
            note,
        });
    }
    skip_existing(services, run, &mut items).await?;
    existing.skip_same(&mut items);
    Ok(items)
}

pub(super) fn state_of(note: Option<&String>) -> ItemState {
    if note.is_some() {
        ItemState::Skipped
    } else {
        ItemState::Planned
    }
}

pub(super) async fn place(
    services: &Services,
    own: &RepositoryRow,
    planned: &PlannedIssue,
) -> FlowResult<RepositoryRow> {
    let Some(name) = planned.repository.as_ref().filter(|n| **n != own.name) else {
        return Ok(own.clone());
    };
    services
        .find_repository_named(own.installation, name)
        .await?
        .ok_or_else(|| {
            FlowError::Internal(anyhow::anyhow!(
                "{name} is not in the installation any more"
            ))
        })
}

/// Marks what an earlier run has created and is still there.
pub(super) async fn skip_existing(
    services: &Services,
    run: &Run,
    items: &mut [NewItem],
) -> FlowResult<()> {
    let mut repositories: Vec<_> = items.iter().map(|i| i.repository).collect();
    repositories.sort_unstable();
    repositories.dedup();
    for repository in repositories {
        let mine = |i: &&mut NewItem| i.repository == repository && i.state == ItemState::Planned;
        let prints: Vec<Vec<u8>> = items
            .iter_mut()
            .filter(mine)
            .map(|i| i.fingerprint.clone())
            .collect();
        let known =
            created_issues::list_by_fingerprint(&services.pool, repository, &prints, &run.id)
                .await?;
        let known: HashMap<Vec<u8>, IssueNumber> = known
            .into_iter()
            .flat_map(|(prints, number)| prints.into_iter().map(move |print| (print, number)))
            .collect();
        for item in items.iter_mut().filter(mine) {
            if let Some(number) = known.get(&item.fingerprint) {
                item.state = ItemState::Skipped;
                item.note = Some(format!("#{number}"));
            }
        }
    }
    Ok(())
}

pub(super) fn judge(plan: &Plan, how: &How, asked: &Asked, settings: &Settings) -> Vec<Reason> {
    let filter = settings
        .content_filtering
        .value
        .then(|| ContentFilter::new(&settings.prohibited_keywords.value));
    let case = Case {
        plan,
        dry_run: asked.dry_run,
        always: settings.confirmation.value == Confirmation::Always,
        threshold: settings.confirmation_threshold.value,
        possible_duplicates: existing::count(&how.similar),
        left_out: how.left_out,
        filter: filter.as_ref(),
    };
    match policy::judge(&case) {
        Verdict::GoAhead => Vec::new(),
        Verdict::AskFirst(reasons) => reasons,
    }
}

async fn store(
    services: &Services,
    run: &Run,
    asked: &Asked,
    settings: &Settings,
    (plan, how): &(Plan, How),
    mut items: Vec<NewItem>,
) -> FlowResult<()> {
    let mut plan = plan.clone();
    if edit::was_edited(services, run.key()).await? {
        plan.warnings.push(edit::GONE.to_owned());
    }
    // Nobody has asked for them: whoever wants them ticks them.
    let planned = items.iter_mut().filter(|i| i.state == ItemState::Planned);
    for item in planned.filter(|i| is_ungrounded(&i.planned)) {
        item.state = ItemState::Dropped;
        item.note = Some(NOT_IN_THE_SPEC.to_owned());
    }
    let now = services.clock.now();
    let reasons = judge(&plan, how, asked, settings);
    let mut tx = tenant::enter(&services.pool, run.installation).await?;
    let current = runs::lock(&mut tx, run.key()).await?;
    let Ok(next) = current.state.plan_stored(!reasons.is_empty()) else {
        return Ok(());
    };
    if Asked::from_value(&current.request)?.replans != asked.replans {
        // Somebody has asked for another plan meanwhile, and a job makes it.
        return Ok(());
    }
    planned_issues::replace_all(&mut tx, run.key(), &items).await?;
    let made = Made {
        plan: &plan,
        reasons: &serde_json::to_value(&reasons).map_err(anyhow::Error::from)?,
        planning: &serde_json::to_value(how).map_err(anyhow::Error::from)?,
    };
    runs::set_plan(&mut *tx, run.key(), &made, now).await?;
    if !runs::set_state(&mut *tx, run.key(), current.state, next, None, now).await? {
        return Ok(());
    }
    advance::enqueue(&mut tx, run.installation, &run.id, None).await?;
    tx.commit().await?;
    info!(
        run.id = %run.id, installation.id = %run.installation, issues = plan.issues.len(),
        blocks = plan.spec.blocks.len(), planner = plan.planner, asks = !reasons.is_empty(), "planned"
    );
    Ok(())
}
