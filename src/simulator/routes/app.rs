//! The App's own routes: itself, its installations and tokens, its deliveries.

use std::collections::BTreeSet;

use serde_json::json;

use super::page;
use super::{Reply, fields, only_app, unknown};
use crate::simulator::call::{Actor, Answer, Call, Refusal};
use crate::simulator::clock::stamp;
use crate::simulator::world::{Installation, Permissions, Token, World, suspended};

pub(super) fn route(world: &mut World, call: &Call, rest: &[&str]) -> Reply {
    only_app(call)?;
    match (call.method.as_str(), rest) {
        ("GET", []) => Ok(Answer::ok(world.app_json())),
        ("GET", ["installations"]) => {
            let all: Vec<&Installation> = world.installations.values().collect();
            let base = format!("{}/app/installations", world.api());
            Ok(page::answer(call, &base, &all, |i| {
                world.installation_json(i)
            }))
        }
        ("GET", ["installations", id]) => {
            let installation = find(world, id)?;
            Ok(Answer::ok(world.installation_json(installation)))
        }
        ("POST", ["installations", id, "access_tokens"]) => mint(world, call, id),
        ("GET", ["hook", "deliveries"]) => Ok(deliveries(world, call)),
        ("GET", ["hook", "deliveries", id]) => {
            let recent = world.recent_deliveries();
            let delivery = recent.iter().find(|d| d.id.to_string() == *id);
            let delivery = delivery.ok_or_else(Refusal::not_found)?;
            Ok(Answer::ok(World::full_delivery_json(delivery)))
        }
        ("POST", ["hook", "deliveries", id, "attempts"]) => {
            let recent = world.recent_deliveries();
            let known = recent.iter().find(|d| d.id.to_string() == *id);
            let id = known.map(|d| d.id).ok_or_else(Refusal::not_found)?;
            world.deliver_again(id);
            Ok(Answer::new(202, json!({})))
        }
        _ => Err(unknown(world, call)),
    }
}

fn find<'w>(world: &'w World, id: &str) -> Result<&'w Installation, Refusal> {
    id.parse()
        .ok()
        .and_then(|id: u64| world.installations.get(&id))
        .ok_or_else(Refusal::not_found)
}

/// A token, narrowed to repositories and permissions if asked.
fn mint(world: &mut World, call: &Call, id: &str) -> Reply {
    let body = fields(
        world,
        call,
        &["repository_ids", "repositories", "permissions"],
    )?;
    let installation = find(world, id)?.clone();
    if installation.suspended_at.is_some() {
        return Err(suspended());
    }
    let unreachable = || {
        Refusal::new(
            422,
            "There is at least one repository that does not exist or is not accessible to the parent installation.",
        )
    };
    let mut narrowed: Option<BTreeSet<u64>> = None;
    if let Some(ids) = body.numbers("repository_ids")? {
        narrowed.get_or_insert_default().extend(ids);
    }
    for name in body.names("repositories")?.unwrap_or_default() {
        let full_name = format!("{}/{name}", world.login(installation.account));
        let repository = world.find_repository(&full_name).ok_or_else(unreachable)?;
        narrowed.get_or_insert_default().insert(repository);
    }
    let narrowed = narrowed.filter(|ids| !ids.is_empty());
    let mut asked = narrowed.iter().flatten();
    if asked.any(|repository| !world.covers(&installation, *repository)) {
        return Err(unreachable());
    }
    let permissions = match body.object("permissions") {
        Some(wanted) => narrow(&installation.permissions, wanted)?,
        None => installation.permissions.clone(),
    };
    let selection = if narrowed.is_some() || installation.selected.is_some() {
        "selected"
    } else {
        "all"
    };
    let (token, expires_at) = world.mint(installation.id, narrowed.clone(), permissions.clone());
    let mut answer = json!({
        "token": token,
        "expires_at": stamp(expires_at),
        "permissions": permissions,
        "repository_selection": selection,
    });
    if let Some(narrowed) = narrowed {
        answer["repositories"] = narrowed.iter().map(|r| world.repository_json(*r)).collect();
    }
    Ok(Answer::created(answer))
}

/// Only what was granted can be asked for; metadata always comes along.
fn narrow(
    granted: &Permissions,
    wanted: &serde_json::Map<String, serde_json::Value>,
) -> Result<Permissions, Refusal> {
    let mut narrowed = Permissions::new();
    for (name, level) in wanted {
        let level = level.as_str().unwrap_or_default();
        let enough = granted
            .get(name)
            .is_some_and(|given| given == level || level == "read" || given == "admin");
        if !enough {
            return Err(Refusal::new(
                422,
                "The permissions requested are not granted to this installation.",
            ));
        }
        narrowed.insert(name.clone(), level.to_owned());
    }
    if let Some(metadata) = granted.get("metadata") {
        narrowed.insert("metadata".to_owned(), metadata.clone());
    }
    Ok(narrowed)
}

/// Newest first; `cursor` is the last delivery of the page before.
fn deliveries(world: &World, call: &Call) -> Answer {
    let size = page::size(call);
    let mut recent = world.recent_deliveries();
    if let Some(status) = call.asked("status") {
        recent.retain(|d| (status == "success") == (d.status == "OK"));
    }
    let before = call
        .asked("cursor")
        .and_then(|c| c.trim_start_matches("v1_").parse::<u64>().ok());
    let start = before.map_or(0, |before| {
        recent.iter().take_while(|d| d.id >= before).count()
    });
    let shown = recent.iter().skip(start).take(size);
    let shown: Vec<_> = shown.collect();
    let rest = recent.len() - start - shown.len();
    let answer = Answer::ok(shown.iter().map(|d| World::delivery_json(d)).collect());
    let next = shown.last().filter(|_| rest > 0).map(|last| {
        let cursor = last.id;
        let api = world.api();
        format!("<{api}/app/hook/deliveries?per_page={size}&cursor=v1_{cursor}>; rel=\"next\"")
    });
    page::with_links(answer, next.as_deref().unwrap_or(""))
}

pub(super) fn installation_of_repository(world: &World, call: &Call, id: u64) -> Reply {
    only_app(call)?;
    let installation = world.installation_of(id).ok_or_else(Refusal::not_found)?;
    Ok(Answer::ok(world.installation_json(installation)))
}

pub(super) fn installation_repositories(world: &World, call: &Call) -> Reply {
    let Some(Token::Installation {
        installation,
        repositories,
        ..
    }) = world.token(call)
    else {
        return Err(match call.actor {
            Actor::Token(_) => Refusal::new(
                403,
                "You must authenticate with an installation access token in order to list repositories for an installation.",
            ),
            _ => Refusal::bad_credentials(),
        });
    };
    let known = world.installations.get(installation);
    let known = known.ok_or_else(Refusal::not_found)?;
    let mut reached = world.repositories_of(known);
    reached.retain(|id| repositories.as_ref().is_none_or(|n| n.contains(id)));
    let base = format!("{}/installation/repositories", world.api());
    let (shown, links) = page::cut(call, &base, &reached);
    let shown: Vec<_> = shown.iter().map(|id| world.repository_json(*id)).collect();
    let whole = json!({
        "total_count": reached.len(),
        "repository_selection": if known.selected.is_some() { "selected" } else { "all" },
        "repositories": shown,
    });
    Ok(page::with_links(Answer::ok(whole), &links))
}

/// The credentials of an App that was just registered; asked without any.
pub(super) fn convert(world: &mut World, code: &str) -> Reply {
    let whole = world.convert_manifest(code);
    whole.map(Answer::created).ok_or_else(Refusal::not_found)
}

pub(super) fn rate_limit(world: &mut World, call: &Call) -> Answer {
    let now = world.now();
    let standing = world.meter.standing(&call.actor, now);
    let core = json!({
        "limit": standing.limit,
        "used": standing.limit.saturating_sub(standing.remaining),
        "remaining": standing.remaining,
        "reset": standing.reset.timestamp(),
        "resource": "core",
    });
    let reset = now.timestamp() + 60;
    let search = json!({"limit": 30, "used": 0, "remaining": 30, "reset": reset});
    Answer::ok(json!({"resources": {"core": core, "search": search}, "rate": core}))
}
