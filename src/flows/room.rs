//! How much the trigger issue can still take, asked when a plan is made, so that the preview shows what will be created.

use std::collections::BTreeSet;

use tracing::{error, info};

use super::{FlowResult, Services, asked::Asked};
use crate::domain::coverage;
use crate::domain::grouping::{self, MOST_LEVELS, MOST_SUB_ISSUES, Room};
use crate::domain::ids::IssueNumber;
use crate::domain::plan::Plan;
use crate::github::{GitHubError, Issue, Repo};
use crate::store::repositories::{self, RepositoryRow};
use crate::store::runs::Run;

/// The plan as GitHub will take it. `skipped` are the ids of what exists already.
pub(super) async fn fit(
    services: &Services,
    repository: &RepositoryRow,
    run: &Run,
    asked: &Asked,
    mut plan: Plan,
    skipped: &BTreeSet<String>,
) -> FlowResult<Plan> {
    if asked.dependencies != Some(false) {
        plan = or_as_it_was(plan, grouping::limit_waits);
    }
    if asked.sub_issues == Some(false) {
        return Ok(plan);
    }
    let Some(free) = free(services, repository, run).await? else {
        return Ok(plan);
    };
    let goes_deep = grouping::is_nested(&plan) || grouping::is_too_wide(&plan, free, skipped);
    let levels = if goes_deep {
        (MOST_LEVELS - 1).saturating_sub(above(services, repository, run.issue).await?)
    } else {
        Room::EMPTY.levels
    };
    let room = Room { free, levels };
    Ok(or_as_it_was(plan, |plan| {
        grouping::fit(plan, &room, skipped)
    }))
}

/// Why GitHub would not take an edited plan as it is, in words. Ids are for good by then: nothing is grouped anew.
pub(super) async fn refusal(
    services: &Services,
    repository: &RepositoryRow,
    run: &Run,
    asked: &Asked,
    (before, after): (&Plan, &Plan),
    skipped: &BTreeSet<String>,
) -> FlowResult<Option<String>> {
    if asked.sub_issues == Some(false) {
        return Ok(None);
    }
    let Some(free) = free(services, repository, run).await? else {
        return Ok(None);
    };
    if grouping::is_too_wide(after, free, skipped) && !grouping::is_too_wide(before, free, skipped)
    {
        return Ok(Some(format!(
            "GitHub keeps at most {MOST_SUB_ISSUES} sub-issues under one issue, and that would be more."
        )));
    }
    let (was, would_be) = (grouping::depth(before), grouping::depth(after));
    if would_be <= was {
        return Ok(None);
    }
    let levels = (MOST_LEVELS - 1).saturating_sub(above(services, repository, run.issue).await?);
    Ok((would_be > levels).then(|| {
        format!("GitHub nests issues {MOST_LEVELS} levels deep at most, and that would be deeper.")
    }))
}

/// A plan that breaks its own rules would be worse than one that GitHub does not take whole.
fn or_as_it_was(plan: Plan, change: impl FnOnce(Plan) -> Plan) -> Plan {
    let changed = change(plan.clone());
    let broken = coverage::check(&changed);
    if broken.is_empty() {
        return changed;
    }
    error!(
        faults = broken.join("; "),
        "a plan could not be made to fit"
    );
    plan
}

/// How many sub-issues the trigger can still take. `None`: the server knows no sub-issues.
async fn free(
    services: &Services,
    repository: &RepositoryRow,
    run: &Run,
) -> FlowResult<Option<usize>> {
    let repo = services.repo(repository);
    let known = async {
        let trigger = repo.get_issue(run.issue).await?;
        match trigger.sub_issues_summary {
            Some(summary) => Ok(summary.total),
            None => Ok(repo.list_sub_issues(run.issue).await?.len()),
        }
    };
    match known.await {
        Ok(taken) => Ok(Some(MOST_SUB_ISSUES.saturating_sub(taken))),
        Err(error @ GitHubError::NotFound { .. }) => {
            info!(run.id = %run.id, %error, "the server knows no sub-issues");
            Ok(None)
        }
        Err(error) => unless_passing(error).map(|()| Some(MOST_SUB_ISSUES)),
    }
}

/// What passes is waited for. Any other refusal is the business of whoever creates: planning needs nothing of GitHub.
fn unless_passing(error: GitHubError) -> FlowResult<()> {
    if error.is_passing() {
        return Err(error.into());
    }
    info!(%error, "could not look at the trigger issue; its room is taken to be free");
    Ok(())
}

/// How many levels of issues are above the trigger, as far as the App can see.
async fn above(
    services: &Services,
    repository: &RepositoryRow,
    trigger: IssueNumber,
) -> FlowResult<usize> {
    let mut at: (Repo, IssueNumber) = (services.repo(repository), trigger);
    for level in 0..MOST_LEVELS - 1 {
        let parent: Issue = match at.0.find_parent(at.1).await {
            Ok(Some(parent)) => parent,
            Ok(None) => return Ok(level),
            Err(error) => return unless_passing(error).map(|()| level),
        };
        let Some(home) = parent.repository() else {
            return Ok(level + 1);
        };
        let repo = if home == *at.0.name() {
            at.0
        } else {
            let tenant = repository.installation;
            match repositories::find_by_name(services.wall(tenant), tenant, &home).await? {
                Some(row) => services.repo(&row),
                None => return Ok(level + 1),
            }
        };
        at = (repo, parent.number);
    }
    Ok(MOST_LEVELS - 1)
}
