//! A comment of ours for a cause: posted once whatever is lost on the way, then edited in place.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};
use tracing::info;

use super::looks::{self, LOOK_BACK};
use super::pace::{self, For, Write};
use super::{FlowError, FlowResult, Services};
use crate::domain::fingerprint;
use crate::domain::ids::{CommentId, IssueNumber, RunId};
use crate::github::Repo;
use crate::store::bot_comments::{self, Known, Place};
use crate::store::repositories::RepositoryRow;

/// The hidden line by which the answer to a cause is found again.
fn marker(cause: &str) -> String {
    format!("<!-- openproducer answer={cause} -->")
}

/// Whether the comment begins with a mark of ours: a person's login alone does not tell who wrote it.
pub(super) fn is_marked(comment: &str) -> bool {
    let is_answer = comment
        .trim_start()
        .starts_with("<!-- openproducer answer=");
    is_answer || fingerprint::find_comment_marker(comment).is_some()
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

/// More parts than any preview has: the largest plan has 1,000 issues.
pub const MOST_PARTS: u32 = 64;

/// The run whose own comment, or a part of it, has this cause.
pub fn run_of(cause: &str) -> Option<RunId> {
    let run = cause.strip_prefix("run:")?;
    RunId::parse(run.split_once(':').map_or(run, |(run, _)| run))
}

/// Posts a part of a run's comment, counted from 1, or edits the one that stands. `body` begins with its mark.
pub async fn keep_up(
    services: &Services,
    repository: &RepositoryRow,
    issue: IssueNumber,
    (run, part): (&RunId, u32),
    body: &str,
) -> FlowResult<()> {
    let cause = cause_of(run, part);
    put(services, repository, issue, &cause, body, Again::Edit).await
}

/// The cause of a run's own comment, or of a further part of it.
pub fn cause_of(run: &RunId, part: u32) -> String {
    match part {
        0 | 1 => format!("run:{run}"),
        part => format!("run:{run}:{part}"),
    }
}

/// The parts of a run's comment that stand on GitHub.
pub(super) async fn parts(
    services: &Services,
    repository: &RepositoryRow,
    run: &RunId,
) -> FlowResult<BTreeMap<u32, CommentId>> {
    let causes: Vec<String> = (1..=MOST_PARTS).map(|part| cause_of(run, part)).collect();
    let posted = bot_comments::list_posted(&services.pool, repository.id, &causes).await?;
    let part_of = |cause: &str| (1..=MOST_PARTS).find(|part| cause == cause_of(run, *part));
    Ok(posted
        .into_iter()
        .filter_map(|(cause, comment)| Some((part_of(&cause)?, comment)))
        .collect())
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
    let tenant = repository.installation;
    let hash = Sha256::digest(body.as_bytes());
    // The place is taken before the intent is stored: an intent means that a request may be on its way.
    match bot_comments::find(&services.pool, &place).await? {
        None => {
            pace::take(services, tenant, Write::COMMENT, For::People).await?;
            if !bot_comments::intend(&services.pool, &place, services.clock.now()).await? {
                // Somebody else has begun to send it at this moment.
                return Err(FlowError::Later(looks::next(
                    services,
                    services.clock.now(),
                    0,
                )));
            }
        }
        Some(Known::Posted(id)) => {
            if again == Again::Keep || bot_comments::shows(&services.pool, &place, &hash).await? {
                return Ok(());
            }
            pace::take(services, tenant, Write::Edit, For::Run).await?;
            if edit(&repo, id, body).await? {
                bot_comments::set_shown(&services.pool, &place, &hash).await?;
                return Ok(());
            }
            bot_comments::forget(&services.pool, &place).await?;
            return Err(FlowError::Later(services.clock.now()));
        }
        Some(Known::Intended { since, looks }) => {
            let last = looks::is_last(services, since, looks)?;
            if last {
                pace::take(services, tenant, Write::COMMENT, For::People).await?;
            }
            let mark = body.lines().next().unwrap_or_default();
            if let Some(id) = find_lost(services, &repo, issue, mark, since - LOOK_BACK).await? {
                bot_comments::set_posted(&services.pool, &place, id).await?;
                // What stands there may be older than what is to be said: come again for the edit.
                return match again {
                    Again::Keep => Ok(()),
                    Again::Edit => Err(FlowError::Later(services.clock.now())),
                };
            }
            if !last {
                bot_comments::count_look(&services.pool, &place).await?;
                return Err(FlowError::Later(looks::next(services, since, looks + 1)));
            }
            let now = services.clock.now();
            if !bot_comments::intend_again(&services.pool, &place, since, now).await? {
                return Err(FlowError::Later(looks::next(services, now, 0)));
            }
        }
    }
    let comment = match repo.create_comment(issue, body).await {
        Ok(comment) => comment,
        Err(error) => {
            if !error.outcome_is_unknown() {
                // A refusal had no effect: nothing is on its way.
                bot_comments::forget(&services.pool, &place).await?;
            }
            return Err(error.into());
        }
    };
    bot_comments::set_posted(&services.pool, &place, comment.id).await?;
    bot_comments::set_shown(&services.pool, &place, &hash).await?;
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
    services: &Services,
    repo: &Repo,
    issue: IssueNumber,
    mark: &str,
    since: DateTime<Utc>,
) -> FlowResult<Option<CommentId>> {
    let us = services.github.own_login().await?;
    let comments = repo.list_comments(issue, Some(since)).await?;
    let found = comments
        .items
        .iter()
        .find(|c| c.body.starts_with(mark) && c.user.as_ref().is_some_and(|user| user.login == us));
    if found.is_none() && !comments.complete {
        return Err(anyhow::anyhow!("too many comments on #{issue} to look for a lost one").into());
    }
    Ok(found.map(|c| c.id))
}
