//! Comments: list, write, show, edit, delete.

use chrono::{DateTime, Utc};

use super::{Reply, fields, page, unknown};
use crate::simulator::call::{Answer, Call, Refusal};
use crate::simulator::world::{Comment, Issue, Need, World};

fn since(call: &Call) -> Option<DateTime<Utc>> {
    call.asked("since")?.parse().ok()
}

fn fits(comment: &Comment, since: Option<DateTime<Utc>>) -> bool {
    since.is_none_or(|since| comment.updated_at.timestamp() >= since.timestamp())
}

pub(super) fn list(world: &World, call: &Call, issue: u64) -> Reply {
    let issue = &world.issues[&issue];
    world.allow(call, issue.repository, Need::ReadIssues)?;
    let since = since(call);
    let shown: Vec<_> = issue.comments.iter().filter(|c| fits(c, since)).collect();
    let rest = format!("issues/{}/comments", issue.number);
    Ok(page::in_repository(
        world,
        call,
        issue.repository,
        &rest,
        &shown,
        |comment| world.comment_json(issue, comment),
    ))
}

/// All comments of a repository.
pub(super) fn list_all(world: &World, call: &Call, repository: u64) -> Reply {
    world.allow(call, repository, Need::ReadIssues)?;
    let since = since(call);
    let mut shown: Vec<(&Issue, &Comment)> = world
        .issues_of(repository)
        .flat_map(|issue| issue.comments.iter().map(move |comment| (issue, comment)))
        .filter(|(_, comment)| fits(comment, since))
        .collect();
    if call.asked("sort") == Some("updated") {
        shown.sort_by_key(|(_, c)| (c.updated_at, c.id));
    } else {
        shown.sort_by_key(|(_, c)| c.id);
    }
    if call.asked("direction") == Some("desc") {
        shown.reverse();
    }
    let rest = "issues/comments";
    Ok(page::in_repository(
        world,
        call,
        repository,
        rest,
        &shown,
        |(issue, comment)| world.comment_json(issue, comment),
    ))
}

pub(super) fn create(world: &mut World, call: &Call, issue: u64) -> Reply {
    let repository = world.issues[&issue].repository;
    world.allow(call, repository, Need::WriteIssues)?;
    let doer = world.doer(call)?;
    let text = text(world, call)?;
    let id = world.write_comment(doer, issue, &text)?;
    tell(world, repository, id, 201)
}

pub(super) fn one(world: &mut World, call: &Call, repository: u64, comment: &str) -> Reply {
    let id: u64 = comment.parse().map_err(|_| Refusal::not_found())?;
    let found = |world: &World| {
        let found = world.find_comment(repository, id);
        found.map(|(issue, _)| issue).ok_or_else(Refusal::not_found)
    };
    match call.method.as_str() {
        "GET" => {
            world.allow(call, repository, Need::ReadIssues)?;
            tell(world, repository, id, 200)
        }
        // GitHub takes POST for PATCH too, and octocrab counts on it.
        "PATCH" | "POST" => {
            world.allow(call, repository, Need::WriteIssues)?;
            let (doer, issue) = (world.doer(call)?, found(world)?);
            let text = text(world, call)?;
            world.edit_comment(doer, issue, id, &text)?;
            tell(world, repository, id, 200)
        }
        "DELETE" => {
            world.allow(call, repository, Need::WriteIssues)?;
            let (doer, issue) = (world.doer(call)?, found(world)?);
            world.delete_comment(doer, issue, id)?;
            Ok(Answer::empty(204))
        }
        _ => Err(unknown(world, call)),
    }
}

fn text(world: &mut World, call: &Call) -> Result<String, Refusal> {
    let body = fields(world, call, &["body"])?;
    body.text("body")?
        .flatten()
        .ok_or_else(|| Refusal::new(422, "Invalid request.\n\n\"body\" wasn't supplied."))
}

fn tell(world: &World, repository: u64, id: u64, status: u16) -> Reply {
    let (issue, place) = world
        .find_comment(repository, id)
        .ok_or_else(Refusal::not_found)?;
    let issue = &world.issues[&issue];
    let body = world.comment_json(issue, &issue.comments[place]);
    Ok(Answer::new(status, body))
}
