//! Labels of a repository and of an issue.

use super::{Reply, fields, page, unknown};
use crate::simulator::call::{Answer, Call, Refusal};
use crate::simulator::world::{Need, Role, World};

pub(super) fn of_repository(world: &mut World, call: &Call, id: u64, rest: &[&str]) -> Reply {
    match (call.method.as_str(), rest) {
        ("GET", []) => {
            world.allow(call, id, Need::ReadIssues)?;
            let home = world.repositories.get(&id).ok_or_else(Refusal::not_found)?;
            Ok(page::in_repository(
                world,
                call,
                id,
                "labels",
                &home.labels,
                |label| world.label_json(id, label),
            ))
        }
        ("GET", [name]) => {
            world.allow(call, id, Need::ReadIssues)?;
            let home = world.repositories.get(&id).ok_or_else(Refusal::not_found)?;
            let label = home.find_label(name).ok_or_else(Refusal::not_found)?;
            Ok(Answer::ok(world.label_json(id, label)))
        }
        ("POST", []) => create(world, call, id),
        _ => Err(unknown(world, call)),
    }
}

fn create(world: &mut World, call: &Call, id: u64) -> Reply {
    world.allow(call, id, Need::WriteIssues)?;
    let doer = world.doer(call)?;
    if world.standing(doer, id) < Role::Write {
        return Err(Refusal::not_found());
    }
    let body = fields(world, call, &["name", "color", "description"])?;
    let name = body.text("name")?.flatten().unwrap_or_default();
    let color = body.text("color")?.flatten();
    let description = body.text("description")?.flatten();
    let made = world.make_label(
        doer.account,
        id,
        &name,
        color.as_deref(),
        description.as_deref(),
    )?;
    let home = world.repositories.get(&id).ok_or_else(Refusal::not_found)?;
    let label = home.labels.iter().find(|l| l.id == made);
    let label = label.ok_or_else(Refusal::not_found)?;
    Ok(Answer::created(world.label_json(id, label)))
}

pub(super) fn of_issue(world: &World, call: &Call, issue: u64) -> Reply {
    let issue = &world.issues[&issue];
    world.allow(call, issue.repository, Need::ReadIssues)?;
    Ok(Answer::ok(world.labels_json(issue)))
}

pub(super) fn add(world: &mut World, call: &Call, issue: u64) -> Reply {
    let doer = may_label(world, call, issue)?;
    let body = fields(world, call, &["labels"])?;
    let names = body.names("labels")?.unwrap_or_default();
    world.put_labels(doer, issue, &names)?;
    Ok(Answer::ok(world.labels_json(&world.issues[&issue])))
}

pub(super) fn remove(world: &mut World, call: &Call, issue: u64, name: &str) -> Reply {
    let doer = may_label(world, call, issue)?;
    world.take_label(doer, issue, name)?;
    Ok(Answer::ok(world.labels_json(&world.issues[&issue])))
}

fn may_label(
    world: &World,
    call: &Call,
    issue: u64,
) -> Result<crate::simulator::world::Doer, Refusal> {
    let repository = world.issues[&issue].repository;
    world.allow(call, repository, Need::WriteIssues)?;
    let doer = world.doer(call)?;
    if world.standing(doer, repository) < Role::Triage {
        return Err(Refusal::new(403, "Must have admin rights to Repository."));
    }
    Ok(doer)
}
