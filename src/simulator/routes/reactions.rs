//! Reactions to issues and comments: 201 when new, 200 when it was there.

use super::{Reply, fields, page};
use crate::simulator::call::{Answer, Call, Refusal};
use crate::simulator::world::{Need, World};

pub(super) fn of_issue(world: &mut World, call: &Call, issue: u64) -> Reply {
    route(world, call, issue, None)
}

pub(super) fn of_comment(world: &mut World, call: &Call, repository: u64, comment: &str) -> Reply {
    let id = comment.parse().map_err(|_| Refusal::not_found())?;
    world.allow(call, repository, Need::ReadIssues)?;
    let found = world.find_comment(repository, id);
    let (issue, _) = found.ok_or_else(Refusal::not_found)?;
    route(world, call, issue, Some(id))
}

fn route(world: &mut World, call: &Call, issue: u64, comment: Option<u64>) -> Reply {
    let home = &world.issues[&issue];
    let (repository, number) = (home.repository, home.number);
    if call.method == http::Method::POST {
        world.allow(call, repository, Need::WriteIssues)?;
        let doer = world.doer(call)?;
        let body = fields(world, call, &["content"])?;
        let content = body.text("content")?.flatten().unwrap_or_default();
        let (reaction, new) = world.react(doer.account, issue, comment, &content)?;
        let status = if new { 201 } else { 200 };
        return Ok(Answer::new(status, world.reaction_json(&reaction)));
    }
    world.allow(call, repository, Need::ReadIssues)?;
    let mut reactions = world.reactions_mut(issue, comment)?.clone();
    if let Some(content) = call.asked("content") {
        reactions.retain(|r| r.content == content);
    }
    let rest = comment.map_or_else(
        || format!("issues/{number}/reactions"),
        |id| format!("issues/comments/{id}/reactions"),
    );
    Ok(page::in_repository(
        world,
        call,
        repository,
        &rest,
        &reactions,
        |r| world.reaction_json(r),
    ))
}
