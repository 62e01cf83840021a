//! A comment of ours for a cause: posted once whatever is lost on the way, then edited in place.

use chrono::TimeDelta;
use tracing::info;

use super::{FlowResult, Services};
use crate::domain::ids::{CommentId, IssueNumber, RunId};
use crate::github::Repo;
use crate::store::bot_comments::{self, Known, Place};
use crate::store::repositories::RepositoryRow;

/// How far before the stored intent a lost comment is looked for: clocks differ.
const LOOK_BACK: TimeDelta = TimeDelta::minutes(5);

/// The hidden line by which the answer to a cause is found again.
fn marker(cause: &str) -> String {
    format!("<!-- openproducer answer={cause} -->")
}

/// Posts the answer to a cause once; a second call does nothing.
pub async fn once(
    services: &Services,
    repository: &RepositoryRow,
    issue: IssueNumber,
    cause: &str,
    text: &str,
) -> FlowResult<()> {
    let body = format!("{}\n{text}", marker(cause));
    put(services, repository, issue, cause, &body, Again::Keep).await
}

/// The run whose own comment has this cause.
pub fn run_of(cause: &str) -> Option<RunId> {
    cause.strip_prefix("run:").and_then(RunId::parse)
}

/// Posts the comment of a run, or edits the one that stands. `body` begins with its mark.
pub async fn keep_up(
    services: &Services,
    repository: &RepositoryRow,
    issue: IssueNumber,
    run: &RunId,
    body: &str,
) -> FlowResult<()> {
    put(
        services,
        repository,
        issue,
        &cause_of(run),
        body,
        Again::Edit,
    )
    .await
}

/// The cause of a run's own comment.
pub fn cause_of(run: &RunId) -> String {
    format!("run:{run}")
}

/// What to do where the comment stands already.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Again {
    Keep,
    Edit,
}

async fn put(
    services: &Services,
    repository: &RepositoryRow,
    issue: IssueNumber,
    cause: &str,
    body: &str,
    again: Again,
) -> FlowResult<()> {
    let place = Place {
        installation: repository.installation,
        repository: repository.id,
        issue,
        cause,
    };
    let repo = services.repo(repository);
    let mark = body.lines().next().unwrap_or_default();
    let standing = match bot_comments::intend(&services.pool, &place, services.clock.now()).await? {
        Known::New => None,
        Known::Posted(id) => Some(id),
        Known::Intended(since) => find_lost(&repo, issue, mark, since - LOOK_BACK).await?,
    };
    if let Some(id) = standing {
        bot_comments::set_posted(&services.pool, &place, Some(id)).await?;
        if again == Again::Keep || edit(&repo, id, body).await? {
            return Ok(());
        }
    }
    let comment = repo.create_comment(issue, body).await?;
    bot_comments::set_posted(&services.pool, &place, Some(comment.id)).await?;
    info!(repository.id = %repository.id, issue.number = %issue, cause, "posted comment");
    Ok(())
}

/// Edits the comment; false if somebody has deleted it.
async fn edit(repo: &Repo, id: CommentId, body: &str) -> FlowResult<bool> {
    match repo.update_comment(id, body).await {
        Ok(_) => Ok(true),
        Err(error) if error.is_absent() => Ok(false),
        Err(error) => Err(error.into()),
    }
}

async fn find_lost(
    repo: &Repo,
    issue: IssueNumber,
    mark: &str,
    since: chrono::DateTime<chrono::Utc>,
) -> FlowResult<Option<CommentId>> {
    let comments = repo.list_comments(issue, Some(since)).await?;
    let found = comments.items.iter().find(|c| c.body.starts_with(mark));
    if found.is_none() && !comments.complete {
        return Err(anyhow::anyhow!("too many comments on #{issue} to look for a lost one").into());
    }
    Ok(found.map(|c| c.id))
}
