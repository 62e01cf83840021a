//! What a person's leave shows: the installations and repositories that both they and the App reach.

use serde_json::{Value, json};

use super::{Reply, page};
use crate::simulator::call::{Actor, Answer, Call, Refusal};
use crate::simulator::world::{Installation, Role, Token, World};

/// The person behind the token; only a user access token of the App will do.
fn person(world: &World, call: &Call) -> Result<u64, Refusal> {
    match (world.token(call), &call.actor) {
        (Some(Token::User { account, .. }), _) => Ok(*account),
        (_, Actor::Nobody) => Err(Refusal::new(401, "Requires authentication")),
        _ => Err(Refusal::new(
            403,
            "You must authenticate with an access token authorized to a GitHub App in order to list installations",
        )),
    }
}

fn visible(world: &World, installation: &Installation, person: u64) -> Vec<u64> {
    let mut reached = world.repositories_of(installation);
    reached.retain(|id| world.explicit_role(*id, person) > Role::None);
    reached
}

pub(super) fn installations(world: &World, call: &Call) -> Reply {
    let person = person(world, call)?;
    let seen: Vec<&Installation> = world
        .installations
        .values()
        .filter(|i| i.account == person || !visible(world, i, person).is_empty())
        .collect();
    let base = format!("{}/user/installations", world.api());
    let (shown, links) = page::cut(call, &base, &seen);
    let shown: Vec<Value> = shown.iter().map(|i| world.installation_json(i)).collect();
    let whole = json!({"total_count": seen.len(), "installations": shown});
    Ok(page::with_links(Answer::ok(whole), &links))
}

pub(super) fn repositories(world: &World, call: &Call, id: &str) -> Reply {
    let person = person(world, call)?;
    let found = id
        .parse()
        .ok()
        .and_then(|id: u64| world.installations.get(&id));
    let installation = found.ok_or_else(Refusal::not_found)?;
    let seen = visible(world, installation, person);
    if seen.is_empty() && installation.account != person {
        return Err(Refusal::not_found());
    }
    let base = format!("{}/user/installations/{id}/repositories", world.api());
    let (shown, links) = page::cut(call, &base, &seen);
    let shown: Vec<Value> = shown
        .iter()
        .map(|id| {
            let role = world.explicit_role(*id, person);
            let mut whole = world.repository_json(*id);
            whole["permissions"] = json!({
                "admin": role >= Role::Admin,
                "maintain": role >= Role::Maintain,
                "push": role >= Role::Write,
                "triage": role >= Role::Triage,
                "pull": role >= Role::Read,
            });
            whole["role_name"] = json!(role.name());
            whole
        })
        .collect();
    let selection = if installation.selected.is_some() {
        "selected"
    } else {
        "all"
    };
    let whole = json!({
        "total_count": seen.len(),
        "repository_selection": selection,
        "repositories": shown,
    });
    Ok(page::with_links(Answer::ok(whole), &links))
}
