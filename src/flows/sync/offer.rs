//! A trigger was edited: the comment of its run offers `sync` as long as the text differs in substance, and no longer.

use tracing::info;

use super::ask::{MOST_RUNS, differs, differs_from, is_base};
use crate::domain::command::{self, Said};
use crate::domain::ids::{CommentId, InstallationId, IssueNumber, RepositoryId};
use crate::domain::request::{self, Limits};
use crate::flows::{FlowResult, Services, advance};
use crate::github::{Issue, Repo};
use crate::store::repositories::RepositoryRow;
use crate::store::runs::{self, Run};
use crate::store::tenant;

/// Compares the texts of this issue's runs as they stand now, and lets the comments say it where that is news. Edits come
/// late and in any order: only GitHub knows what stands.
pub(crate) async fn look(
    services: &Services,
    repository: &RepositoryRow,
    number: IssueNumber,
) -> FlowResult<()> {
    let (installation, id) = (repository.installation, repository.id);
    let all = runs::list_for_issue(services.wall(installation), installation, id, number).await?;
    let repo = services.repo(repository);
    let Some(issue) = repo.find_issue(number).await? else {
        return Ok(());
    };
    for base in all.iter().filter(|r| may_differ(r)).take(MOST_RUNS) {
        if let Some((title, text)) = written(services, &repo, base, &issue).await? {
            let differs = differs(services, base, &title, &text).await?;
            say(services, base, differs).await?;
        }
    }
    Ok(())
}

/// Whether an edit there may concern a run.
pub(crate) async fn may_concern(
    services: &Services,
    installation: InstallationId,
    repository: RepositoryId,
    number: IssueNumber,
) -> FlowResult<bool> {
    let all = runs::list_for_issue(
        services.wall(installation),
        installation,
        repository,
        number,
    )
    .await?;
    Ok(all.iter().any(may_differ))
}

/// A run that is at work is looked at too: its comment says it when it is done.
fn may_differ(run: &Run) -> bool {
    is_base(run) || run.syncs.is_none() && !run.state.status().is_final()
}

/// A run is about to be completed: whether the text has been edited since it was read, only GitHub knows.
pub(crate) async fn settle(
    services: &Services,
    repository: &RepositoryRow,
    run: &Run,
) -> FlowResult<()> {
    let base = match &run.syncs {
        Some(base) => runs::get(services.wall(run.installation), base.of(run.installation)).await?,
        None if runs::offers_sync(services.wall(run.installation), run.key()).await? => run.clone(),
        None => return Ok(()),
    };
    let repo = services.repo(repository);
    let written = match repo.find_issue(run.issue).await? {
        Some(issue) => written(services, &repo, &base, &issue).await?,
        None => None,
    };
    let differs = match written {
        Some((title, text)) => differs_from(run, &title, &text).await?,
        None => false,
    };
    say(services, &base, differs).await
}

async fn say(services: &Services, base: &Run, offered: bool) -> FlowResult<()> {
    let mut tx = tenant::enter(&services.pool, base.installation).await?;
    if runs::set_sync_offered(&mut *tx, base.key(), offered).await? {
        advance::enqueue(&mut tx, base.installation, &base.id, None).await?;
        tx.commit().await?;
        info!(run.id = %base.id, offered, "the specification was edited");
    }
    Ok(())
}

/// Title and text of what asked for the run, as they are now; `None` where they cannot be read.
async fn written(
    services: &Services,
    repo: &Repo,
    base: &Run,
    issue: &Issue,
) -> FlowResult<Option<(String, String)>> {
    let names = services.names().await?;
    let limits = Limits { maximum: u32::MAX };
    let id = base.cause.strip_prefix("comment:");
    let read = match id.and_then(|id| id.parse().ok()) {
        None => request::parse(Some(&issue.title), &issue.body, &names, &limits),
        Some(id) => {
            let Some(comment) = repo.find_comment(CommentId(id)).await? else {
                return Ok(None);
            };
            let said = command::read(&comment.body, &names);
            let points = matches!(said, Some(Said::ThisIssue | Said::Nothing));
            let of = (issue.title.as_str(), issue.body.as_str());
            request::parse_comment(&comment.body, of, points, &names, &limits)
        }
    };
    Ok(read.ok().map(|r| (issue.title.clone(), r.spec.text)))
}
