//! Creates a run's issues, exactly once: intent first, and whatever may have been sent is looked for before it is sent again.

use chrono::{DateTime, Utc};
use tracing::{info, warn};

use super::looks::{self, LOOK_BACK};
use super::pace::{self, For, Write};
use super::step::Next;
use super::{FlowError, FlowResult, Services, asked::Asked, native, show};
use crate::domain::fingerprint;
use crate::domain::ids::RepositoryId;
use crate::domain::run::{ItemState, Standing};
use crate::github::{GitHubError, Issue, IssueState, NewIssue};
use crate::store::created_issues::{self, CreatedIssue};
use crate::store::planned_issues::{self, Intent, Item};
use crate::store::repositories::RepositoryRow;
use crate::store::runs::{self, Run};

/// Pages of 100 issues that a look reads at most.
/// 1,000 labels: more are looked for one by one.
const LABEL_PAGES: usize = 10;
const PAGES: usize = 50;

/// Creates, adopts or prepares what the limits and the job's share (`left`) allow now; `Done` when every item of the plan
/// is settled.
pub(super) async fn step(
    services: &Services,
    repository: &RepositoryRow,
    run: &Run,
    asked: &Asked,
    left: &mut usize,
) -> FlowResult<Next> {
    let write = Write::Content {
        per_minute: rate(services, run, asked).await?,
    };
    if let Some(item) =
        planned_issues::find_intended(services.wall(run.installation), run.key()).await?
    {
        return recover(services, repository, run, asked, &item, write).await;
    }
    if !run.labels_ready {
        ensure_trigger(services, repository, run).await?;
        return ensure_labels(services, repository, run, write).await;
    }
    let mut run = run.clone();
    loop {
        pace::leave_some(services, run.installation, For::Run)?;
        let now = services.clock.now();
        let place = services.pace.asked(write, For::Run);
        let intent = planned_issues::intend_next(
            &services.pool,
            run.key(),
            &place,
            now,
            services.clock.set_by_hand(),
        );
        match intent.await? {
            Intent::Stored(item) => {
                run.revision = send(services, repository, &run, asked, &item).await?;
                if *left == 0 || show::is_due(services, &run) {
                    return Ok(Next::Again);
                }
                *left -= 1;
            }
            Intent::Later(when) => {
                return show::while_waiting(services, repository, &run, when).await;
            }
            Intent::NothingLeft => return Ok(Next::Done),
            Intent::Skipped | Intent::NotNow => return Ok(Next::Again),
        }
    }
}

/// Nothing is created for an issue that is not there any more.
async fn ensure_trigger(
    services: &Services,
    repository: &RepositoryRow,
    run: &Run,
) -> FlowResult<()> {
    let Some(trigger) = services.repo(repository).find_issue(run.issue).await? else {
        let message = format!("#{} is not there any more", run.issue);
        return Err(GitHubError::Gone { message }.into());
    };
    native::learn(services, repository, run, &trigger).await
}

/// Makes the labels that are missing: the call that creates an issue does not do it reliably.
async fn ensure_labels(
    services: &Services,
    repository: &RepositoryRow,
    run: &Run,
    write: Write,
) -> FlowResult<Next> {
    let items = planned_issues::list(services.wall(run.installation), run.key()).await?;
    let mut wanted: Vec<(RepositoryId, &str)> = items
        .iter()
        .filter(|i| i.state == ItemState::Planned)
        .flat_map(|i| i.planned.labels.iter().map(|l| (i.repository, l.as_str())))
        .collect();
    wanted.sort_unstable();
    wanted.dedup();
    for places in wanted.chunk_by(|a, b| a.0 == b.0) {
        let repo = services.repo(&target(services, repository, places[0].0).await?);
        let known = repo.list_labels(LABEL_PAGES).await?;
        for (_, label) in places {
            let is_known = known.iter().any(|k| k.name.eq_ignore_ascii_case(label));
            if is_known || run.labels_refused.iter().any(|l| l == label) {
                continue;
            }
            pace::take(services, run.installation, write, For::Run).await?;
            match repo.ensure_label(label).await {
                Ok(_) => {}
                // The summary names what is missing on the issues. 404: without push access, though the list was shown.
                Err(
                    error @ (GitHubError::Validation { .. }
                    | GitHubError::Forbidden { .. }
                    | GitHubError::NotFound { .. }),
                ) => {
                    warn!(run.id = %run.id, label, %error, "label could not be made");
                    runs::refuse_label(services.wall(run.installation), run.key(), label).await?;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
    runs::set_labels_ready(
        services.wall(run.installation),
        run.key(),
        services.clock.now(),
    )
    .await?;
    Ok(Next::Again)
}

pub(super) async fn rate(services: &Services, run: &Run, asked: &Asked) -> FlowResult<u32> {
    let settings = services
        .settings(run.installation, run.repository, &asked.for_settings())
        .await?;
    Ok(settings.rate_limit_per_minute.value)
}

/// Looks for an item whose answer was lost; adopts it, looks again later, or sends it again right after the last look.
async fn recover(
    services: &Services,
    repository: &RepositoryRow,
    run: &Run,
    asked: &Asked,
    item: &Item,
    write: Write,
) -> FlowResult<Next> {
    let last = looks::is_last(services, since(run, item), item.looks)?;
    if last {
        pace::take(services, run.installation, write, For::Run).await?;
    }
    if let Some(next) = look(services, repository, run, asked, item).await? {
        return Ok(next);
    }
    if !last {
        return look_again(services, run, item).await;
    }
    let now = services.clock.now();
    let again =
        planned_issues::intend_again(services.wall(run.installation), run.key(), item, now).await?;
    if again == Some(ItemState::Intended) {
        let item = Item {
            intended_at: Some(now),
            ..item.clone()
        };
        send(services, repository, run, asked, &item).await?;
    }
    Ok(Next::Again)
}

fn since(run: &Run, item: &Item) -> DateTime<Utc> {
    item.intended_at.unwrap_or(run.created_at)
}

async fn look_again(services: &Services, run: &Run, item: &Item) -> FlowResult<Next> {
    let looks =
        planned_issues::count_look(services.wall(run.installation), run.key(), item.position)
            .await?;
    Ok(Next::At(looks::next(services, since(run, item), looks)))
}

/// GitHub's words where it refused every issue of the run: then the run has failed.
pub(super) async fn refused_altogether(
    services: &Services,
    run: &Run,
) -> FlowResult<Option<String>> {
    let items = planned_issues::list(services.wall(run.installation), run.key()).await?;
    // What a sync could not change is named; the rest of the difference holds.
    if run.syncs.is_some() || items.iter().any(|i| i.state.exists()) {
        return Ok(None);
    }
    let refused = items.into_iter().find(|i| i.state == ItemState::Failed);
    Ok(refused.map(|i| format!("{}.", i.note.unwrap_or_default())))
}

/// After a run has ended: what was under way is looked for, and adopted if it is there; nothing is sent.
pub(super) async fn settle_lost(
    services: &Services,
    repository: &RepositoryRow,
    run: &Run,
) -> FlowResult<Next> {
    let Some(item) =
        planned_issues::find_intended(services.wall(run.installation), run.key()).await?
    else {
        return Ok(Next::Done);
    };
    let last = looks::is_last(services, since(run, &item), item.looks)?;
    let asked = Asked::from_value(&run.request)?;
    if let Some(next) = look(services, repository, run, &asked, &item).await? {
        return Ok(next);
    }
    if !last {
        return look_again(services, run, &item).await;
    }
    let planned = ItemState::Planned;
    planned_issues::set_state(
        services.wall(run.installation),
        run.key(),
        item.position,
        planned,
        None,
    )
    .await?;
    Ok(Next::Again)
}

/// One look for a lost item, which is adopted if it is there. `None`: it is not seen.
async fn look(
    services: &Services,
    repository: &RepositoryRow,
    run: &Run,
    asked: &Asked,
    item: &Item,
) -> FlowResult<Option<Next>> {
    let target = target(services, repository, item.repository).await?;
    let since = since(run, item) - LOOK_BACK;
    let Some(issue) = find_marked(services, &target, run, item, since).await? else {
        return Ok(None);
    };
    info!(run.id = %run.id, issue.number = %issue.number, "adopted an issue whose answer was lost");
    settle(services, run, asked, item, &issue).await?;
    Ok(Some(Next::Again))
}

async fn find_marked(
    services: &Services,
    target: &RepositoryRow,
    run: &Run,
    item: &Item,
    since: DateTime<Utc>,
) -> FlowResult<Option<Issue>> {
    let us = services.github.own_login().await?;
    let listed = services
        .repo(target)
        .list_issues(Some(since), PAGES)
        .await?;
    let found = listed.items.into_iter().find(|issue| {
        issue.user.as_ref().is_some_and(|u| u.login == us)
            && fingerprint::find_marker(&issue.body)
                .is_some_and(|(of, id)| of == run.id && id == item.planned.id)
    });
    if found.is_none() && !listed.complete {
        // Not seen is not the same as not there: better stuck and told than created twice.
        let name = &target.name;
        return Err(
            anyhow::anyhow!("{name} has changed too much since to look for a lost issue").into(),
        );
    }
    Ok(found)
}

/// The repository of an item. `InstallationGone`: it is in another installation by now.
pub(super) async fn target(
    services: &Services,
    repository: &RepositoryRow,
    id: RepositoryId,
) -> FlowResult<RepositoryRow> {
    if id == repository.id {
        return Ok(repository.clone());
    }
    services.repository(repository.installation, id).await
}

/// Sends an item whose intent is stored. Answers the run's revision after it.
async fn send(
    services: &Services,
    repository: &RepositoryRow,
    run: &Run,
    asked: &Asked,
    item: &Item,
) -> FlowResult<i64> {
    let target = target(services, repository, item.repository).await?;
    let new = NewIssue {
        title: item.planned.title.clone(),
        body: native::first_body(services, run, asked, item).await?,
        labels: item.planned.labels.clone(),
        assignees: item.planned.assignees.clone(),
        milestone: milestone(asked, item),
        issue_type: asked.issue_type.clone(),
    };
    let since = since(run, item);
    if !looks::is_fresh(services, since) {
        return Err(FlowError::Later(looks::next(services, since, 0)));
    }
    match services.repo(&target).create_issue(&new).await {
        Ok(issue) => settle(services, run, asked, item, &issue).await,
        Err(error) => put_back(services, run, item, error).await,
    }
}

/// A refusal had no effect: a refused item is left out and named, else it is planned again. After a lost answer it stays
/// intended, and is looked for.
async fn put_back(
    services: &Services,
    run: &Run,
    item: &Item,
    error: GitHubError,
) -> FlowResult<i64> {
    let refused = matches!(error, GitHubError::Validation { .. });
    if refused {
        let (failed, why) = (ItemState::Failed, error.to_string());
        warn!(run.id = %run.id, item = item.position, %error, "GitHub refused an issue");
        planned_issues::set_state(
            services.wall(run.installation),
            run.key(),
            item.position,
            failed,
            Some(&why),
        )
        .await?;
        runs::bump_revision(services.wall(run.installation), run.key()).await?;
        return Ok(run.revision + 1);
    }
    if !error.outcome_is_unknown() {
        let planned = ItemState::Planned;
        planned_issues::set_state(
            services.wall(run.installation),
            run.key(),
            item.position,
            planned,
            None,
        )
        .await?;
    }
    Err(error.into())
}

async fn settle(
    services: &Services,
    run: &Run,
    asked: &Asked,
    item: &Item,
    issue: &Issue,
) -> FlowResult<i64> {
    let is_open = issue.state == IssueState::Open;
    let created = CreatedIssue {
        // One that was looked for may have been closed meanwhile.
        standing: Standing::of(is_open, issue.state_reason.as_deref()),
        position: item.position,
        repository: item.repository,
        issue_id: issue.id,
        number: issue.number,
        url: issue.html_url.clone(),
        dropped: dropped(asked, item, issue),
        closing_at: None,
        closed_at: None,
    };
    let now = services.clock.now();
    let prints: Vec<Vec<u8>> = fingerprint::all(&item.planned.title, &item.planned.body)
        .into_iter()
        .map(|print| print.0.to_vec())
        .collect();
    let pool = &services.pool;
    let revision = created_issues::insert(pool, run.key(), &created, &prints, now).await?;
    info!(
        run.id = %run.id, installation.id = %run.installation, repository.id = %item.repository,
        issue.number = %issue.number, item = item.position, "created issue"
    );
    Ok(revision)
}

fn milestone(asked: &Asked, item: &Item) -> Option<u64> {
    asked
        .milestone
        .as_ref()?
        .numbers
        .get(&item.repository)
        .copied()
}

/// What was asked and is not on the issue: GitHub leaves out metadata without a word.
fn dropped(asked: &Asked, item: &Item, issue: &Issue) -> Vec<String> {
    let has = |list: &[String], wanted: &str| list.iter().any(|x| x.eq_ignore_ascii_case(wanted));
    let labels = item
        .planned
        .labels
        .iter()
        .filter(|l| !has(&issue.labels, l));
    let assignees = item
        .planned
        .assignees
        .iter()
        .filter(|a| !has(&issue.assignees, a));
    let mut dropped: Vec<String> = labels.map(|l| format!("label `{l}`")).collect();
    dropped.extend(assignees.map(|a| format!("assignee `{a}`")));
    if let Some(wanted) = &asked.milestone
        && issue.milestone.as_ref().map(|m| m.number) != milestone(asked, item)
    {
        dropped.push(format!("milestone `{}`", wanted.title));
    }
    if let Some(kind) = &asked.issue_type
        && !issue
            .issue_type
            .as_ref()
            .is_some_and(|t| t.eq_ignore_ascii_case(kind))
    {
        dropped.push(format!("type `{kind}`"));
    }
    dropped
}
