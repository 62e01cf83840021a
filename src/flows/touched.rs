//! What people have done with an issue since we created it: a rollback leaves and names it then.

use std::collections::BTreeSet;

use super::asked::Asked;
use super::{FlowError, FlowResult, Services, link, native, reply};
use crate::domain::ids::IssueId;
use crate::github::{Comment, GitHubError, Issue, IssueState, Repo};
use crate::store::created_issues::{self, CreatedIssue};
use crate::store::issue_edits::{self, Deed};
use crate::store::issue_links::{self, Ours};
use crate::store::planned_issues::Item;
use crate::store::repositories::RepositoryRow;
use crate::store::runs::{Native, Run};

/// The words that follow the issue's name and a colon; `None`: nobody has touched it.
pub(super) async fn touched(
    services: &Services,
    repository: &RepositoryRow,
    run: &Run,
    repo: &Repo,
    item: &Item,
    created: &CreatedIssue,
    now: &Issue,
) -> FlowResult<Option<&'static str>> {
    // A sync may have changed it since, or closed it: that was us.
    let edit =
        issue_edits::find_standing(services.wall(run.installation), run.key(), item.position)
            .await?;
    let is_retired = edit.as_ref().is_some_and(|e| e.deed == Deed::Retire);
    if now.state == IssueState::Closed && created.closing_at.is_none() && !is_retired {
        return Ok(Some("it was closed"));
    }
    if now.comments > 0 && has_foreign_comments(services, repo, now).await? {
        return Ok(Some("it has comments"));
    }
    let asked = Asked::from_value(&run.request)?;
    if let Some(why) = relabelled(&asked, item, created, now) {
        return Ok(Some(why));
    }
    let is_ours = match edit {
        Some(edit) => now.title == edit.new.title && native::same(&edit.new.body, &now.body),
        None => {
            now.title == item.planned.title
                && native::is_ours(services, run, &asked, item, &now.body).await?
        }
    };
    if !is_ours {
        return Ok(Some("it was edited"));
    }
    linked(services, repository, run, repo, created, now).await
}

/// Comments of ours are no work on it. With a person's token the same person may have written others.
async fn has_foreign_comments(services: &Services, repo: &Repo, now: &Issue) -> FlowResult<bool> {
    let us = services.github.own_login().await?;
    let listed = repo.list_comments(now.number, None).await?;
    let is_person = services.github.is_person();
    let is_ours = |c: &Comment| {
        let by_us = c.user.as_ref().is_some_and(|u| u.login == us);
        by_us && (!is_person || reply::is_marked(&c.body))
    };
    Ok(!listed.complete || listed.items.iter().any(|c| !is_ours(c)))
}

/// What was set, less what GitHub left out, against what is there.
fn relabelled(
    asked: &Asked,
    item: &Item,
    created: &CreatedIssue,
    now: &Issue,
) -> Option<&'static str> {
    let was_set = |kind: &str, name: &str| !created.dropped.contains(&format!("{kind} `{name}`"));
    let set = |kind: &str, names: &[String]| -> BTreeSet<String> {
        let kept = names.iter().filter(|name| was_set(kind, name));
        kept.map(|name| name.to_lowercase()).collect()
    };
    let there = |names: &[String]| -> BTreeSet<String> {
        names.iter().map(|name| name.to_lowercase()).collect()
    };
    let milestone = asked
        .milestone
        .as_ref()
        .filter(|m| was_set("milestone", &m.title));
    let milestone = milestone.and_then(|m| m.numbers.get(&item.repository).copied());
    let kind = asked.issue_type.as_ref().filter(|t| was_set("type", t));
    let kind = kind.map(|t| t.to_lowercase());
    if there(&now.assignees) != set("assignee", &item.planned.assignees) {
        Some("its assignees were changed")
    } else if there(&now.labels) != set("label", &item.planned.labels) {
        Some("its labels were changed")
    } else if now.milestone.as_ref().map(|m| m.number) != milestone {
        Some("its milestone was changed")
    } else if now.issue_type.as_ref().map(|t| t.to_lowercase()) != kind {
        Some("its type was changed")
    } else {
        None
    }
}

/// Whether people have linked it to issues that the run did not create. What they took off is no work on it.
async fn linked(
    services: &Services,
    repository: &RepositoryRow,
    run: &Run,
    repo: &Repo,
    created: &CreatedIssue,
    now: &Issue,
) -> FlowResult<Option<&'static str>> {
    let native = run.native.unwrap_or(Native::ALL);
    let ours =
        issue_links::ours(services.wall(run.installation), run.key(), created.position).await?;
    if native.sub_issues {
        // The counts spare a request; without them GitHub is asked.
        if now.sub_issues_summary.is_none_or(|s| s.total > 0) {
            let known = created_ids(services, run).await?;
            let under = listed(repo.list_sub_issues(now.number).await)?;
            if under.iter().any(|i| !known.contains(&i.id)) {
                return Ok(Some("other issues were put under it"));
            }
        }
        if created.closing_at.is_none()
            && has_other_parent(services, repository, run, repo, &ours, now).await?
        {
            return Ok(Some("it was put under another issue"));
        }
    }
    if !native.dependencies {
        return Ok(None);
    }
    let counts = now.issue_dependencies_summary;
    let waiting = match counts {
        Some(counts) => counts.total_blocking,
        None => listed(repo.list_blocking(now.number).await)?.len(),
    };
    if waiting > ours.blocking {
        return Ok(Some("other issues wait for it"));
    }
    if counts.is_none_or(|c| c.total_blocked_by != ours.blocked_by.len()) {
        let mut known = BTreeSet::new();
        for target in &ours.blocked_by {
            known.extend(
                link::end(services, run, *target)
                    .await?
                    .map(|(_, _, id)| id),
            );
        }
        let first = listed(repo.list_blocked_by(now.number).await)?;
        if first.iter().any(|i| !known.contains(&i.id)) {
            return Ok(Some("it waits for other issues now"));
        }
    }
    Ok(None)
}

async fn created_ids(services: &Services, run: &Run) -> FlowResult<BTreeSet<IssueId>> {
    let all = created_issues::list(services.wall(run.installation), run.key()).await?;
    Ok(all.into_iter().map(|c| c.issue_id).collect())
}

fn listed(answer: Result<Vec<Issue>, GitHubError>) -> FlowResult<Vec<Issue>> {
    match answer {
        Ok(issues) => Ok(issues),
        Err(error) if error.is_absent() => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

/// Whether it hangs under an issue that is not the one we put it under.
async fn has_other_parent(
    services: &Services,
    repository: &RepositoryRow,
    run: &Run,
    repo: &Repo,
    ours: &Ours,
    now: &Issue,
) -> FlowResult<bool> {
    let set = match ours.parent {
        Some(position) => link::end(services, run, position).await?,
        None => None,
    };
    if let Some((name, number)) = now.parent() {
        // The address tells the most; the parent itself is asked for only where it looks different.
        let home = match set {
            Some((id, _, _)) if id == repository.id => Some(repository.name.clone()),
            Some((id, _, _)) => match services.repository(run.installation, id).await {
                Ok(home) => Some(home.name),
                Err(FlowError::GitHub(GitHubError::InstallationGone)) => None,
                Err(other) => return Err(other),
            },
            None => None,
        };
        if home == Some(name) && set.is_some_and(|(_, set, _)| set == number) {
            return Ok(false);
        }
    } else if now.sub_issues_summary.is_some() && ours.parent.is_none() {
        return Ok(false);
    }
    match repo.find_parent(now.number).await {
        Ok(parent) => Ok(parent.is_some_and(|p| set.is_none_or(|(_, _, id)| id != p.id))),
        Err(error) => Err(error.into()),
    }
}
