//! A repository and its milestones.

use serde_json::json;

use super::{Reply, page};
use crate::simulator::call::{Answer, Call, Refusal};
use crate::simulator::world::{Need, Role, Token, World};

pub(super) fn show(world: &World, call: &Call, id: u64) -> Reply {
    world.allow(call, id, Need::Metadata)?;
    let mut whole = world.repository_json(id);
    let role = match world.token(call) {
        Some(Token::Personal { account, .. }) => world.role(id, *account),
        _ => Role::Read,
    };
    whole["permissions"] = json!({
        "admin": role >= Role::Admin,
        "maintain": role >= Role::Maintain,
        "push": role >= Role::Write,
        "triage": role >= Role::Triage,
        "pull": role >= Role::Read,
    });
    Ok(Answer::ok(whole))
}

pub(super) fn milestones(world: &World, call: &Call, id: u64) -> Reply {
    world.allow(call, id, Need::ReadIssues)?;
    let state = call.asked("state").unwrap_or("open");
    let home = world.repositories.get(&id).ok_or_else(Refusal::not_found)?;
    let fits = |open: bool| state == "all" || (state == "open") == open;
    let shown: Vec<_> = home.milestones.iter().filter(|m| fits(m.open)).collect();
    Ok(page::in_repository(
        world,
        call,
        id,
        "milestones",
        &shown,
        |m| world.milestone_json(id, m),
    ))
}

pub(super) fn milestone(world: &World, call: &Call, id: u64, number: &str) -> Reply {
    world.allow(call, id, Need::ReadIssues)?;
    let home = world.repositories.get(&id).ok_or_else(Refusal::not_found)?;
    let found = number.parse().ok().and_then(|n| home.find_milestone(n));
    let found = found.ok_or_else(Refusal::not_found)?;
    Ok(Answer::ok(world.milestone_json(id, found)))
}
