//! Sub-issues and dependencies. Both take DATABASE ids, never numbers.

use super::{Reply, fields, page};
use crate::simulator::call::{Answer, Call, Refusal};
use crate::simulator::world::{Doer, Need, World};

fn list(world: &World, call: &Call, issue: u64, rest: &str, ids: &[u64]) -> Reply {
    let home = &world.issues[&issue];
    world.allow(call, home.repository, Need::ReadIssues)?;
    let rest = format!("issues/{}/{rest}", home.number);
    Ok(page::in_repository(
        world,
        call,
        home.repository,
        &rest,
        ids,
        |id| world.issue_json(&world.issues[id]),
    ))
}

/// The doer, and the other issue, which the caller must see too.
fn pair(world: &mut World, call: &Call, issue: u64, field: &str) -> Result<(Doer, u64), Refusal> {
    world.allow(call, world.issues[&issue].repository, Need::WriteIssues)?;
    let doer = world.doer(call)?;
    let known: &[&str] = match field {
        "sub_issue_id" => &["sub_issue_id", "replace_parent"],
        _ => &["issue_id"],
    };
    let body = fields(world, call, known)?;
    let other = body.number(field)?.flatten().ok_or_else(|| {
        Refusal::new(
            422,
            format!("Invalid request.\n\n\"{field}\" wasn't supplied."),
        )
    })?;
    let seen = world.issues.get(&other).filter(|i| i.here());
    let seen = seen.ok_or_else(|| {
        // GitHub says so for numbers that are mistaken for ids.
        Refusal::new(404, "The provided sub-issue does not exist")
    })?;
    world.allow(call, seen.repository, Need::WriteIssues)?;
    Ok((doer, other))
}

pub(super) fn sub_issues(world: &World, call: &Call, issue: u64) -> Reply {
    let ids = &world.issues[&issue].sub_issues;
    list(world, call, issue, "sub_issues", ids)
}

/// Answers the sub-issue.
pub(super) fn add_sub_issue(world: &mut World, call: &Call, issue: u64) -> Reply {
    let (doer, child) = pair(world, call, issue, "sub_issue_id")?;
    let replace = call
        .fields(&["sub_issue_id", "replace_parent"])?
        .flag("replace_parent")?;
    world.link_sub_issue(doer, issue, child, replace)?;
    Ok(Answer::created(world.issue_json(&world.issues[&child])))
}

pub(super) fn remove_sub_issue(world: &mut World, call: &Call, issue: u64) -> Reply {
    let (doer, child) = pair(world, call, issue, "sub_issue_id")?;
    world.unlink_sub_issue(doer, issue, child)?;
    Ok(Answer::ok(world.issue_json(&world.issues[&child])))
}

pub(super) fn parent(world: &World, call: &Call, issue: u64) -> Reply {
    let issue = &world.issues[&issue];
    world.allow(call, issue.repository, Need::ReadIssues)?;
    let parent = issue.parent.and_then(|id| world.issues.get(&id));
    let parent = parent.ok_or_else(Refusal::not_found)?;
    Ok(Answer::ok(world.issue_json(parent)))
}

pub(super) fn blocked_by(world: &World, call: &Call, issue: u64) -> Reply {
    let ids = &world.issues[&issue].blocked_by;
    list(world, call, issue, "dependencies/blocked_by", ids)
}

pub(super) fn blocking(world: &World, call: &Call, issue: u64) -> Reply {
    let ids = world.blocking(issue);
    list(world, call, issue, "dependencies/blocking", &ids)
}

/// Answers the issue that blocks.
pub(super) fn block(world: &mut World, call: &Call, issue: u64) -> Reply {
    let (doer, blocker) = pair(world, call, issue, "issue_id")?;
    world.add_dependency(doer, issue, blocker)?;
    Ok(Answer::created(world.issue_json(&world.issues[&blocker])))
}

pub(super) fn unblock(world: &mut World, call: &Call, issue: u64, blocker: &str) -> Reply {
    world.allow(call, world.issues[&issue].repository, Need::WriteIssues)?;
    let doer = world.doer(call)?;
    let blocker: u64 = blocker.parse().map_err(|_| Refusal::not_found())?;
    world.remove_dependency(doer, issue, blocker)?;
    Ok(Answer::ok(world.issue_json(&world.issues[&blocker])))
}
