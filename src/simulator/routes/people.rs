//! Users, their permission on a repository, and who can be assigned.

use serde_json::json;

use super::Reply;
use super::page;
use crate::simulator::call::{Answer, Call, Refusal};
use crate::simulator::world::{Need, Role, World};

pub(super) fn me(world: &World, call: &Call) -> Reply {
    let doer = world.doer(call)?;
    if doer.via_app {
        return Err(Refusal::new(403, "Resource not accessible by integration"));
    }
    Ok(Answer::ok(world.profile_json(doer.account)))
}

pub(super) fn user(world: &World, login: &str) -> Reply {
    let account = world.find_account(login).ok_or_else(Refusal::not_found)?;
    Ok(Answer::ok(world.profile_json(account)))
}

/// `permission` is coarse (triage shows as read, maintain as write); `role_name` is exact.
pub(super) fn permission(world: &World, call: &Call, repository: u64, login: &str) -> Reply {
    world.allow(call, repository, Need::Metadata)?;
    let doer = world.doer(call)?;
    if !doer.via_app && world.role(repository, doer.account) < Role::Write {
        return Err(Refusal::new(
            403,
            "Must have push access to view collaborator permission.",
        ));
    }
    let account = world
        .find_account(login)
        .ok_or_else(|| Refusal::new(404, format!("{login} is not a user")))?;
    let role = world.role(repository, account);
    let mut user = world.user_json(account);
    user["permissions"] = json!({
        "admin": role >= Role::Admin,
        "maintain": role >= Role::Maintain,
        "push": role >= Role::Write,
        "triage": role >= Role::Triage,
        "pull": role >= Role::Read,
    });
    user["role_name"] = json!(role.name());
    Ok(Answer::ok(json!({
        "permission": role.permission(),
        "role_name": role.name(),
        "user": user,
    })))
}

pub(super) fn assignees(world: &World, call: &Call, repository: u64) -> Reply {
    world.allow(call, repository, Need::Metadata)?;
    let mut all: Vec<u64> = world.accounts.keys().copied().collect();
    all.retain(|account| world.assignable(repository, *account));
    Ok(page::in_repository(
        world,
        call,
        repository,
        "assignees",
        &all,
        |account| world.user_json(*account),
    ))
}

/// 204: this person can be assigned.
pub(super) fn assignable(world: &World, call: &Call, repository: u64, login: &str) -> Reply {
    world.allow(call, repository, Need::Metadata)?;
    let account = world.find_account(login);
    if account.is_some_and(|account| world.assignable(repository, account)) {
        return Ok(Answer::empty(204));
    }
    Err(Refusal::not_found())
}
