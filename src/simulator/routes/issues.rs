//! Issues: list, create, show, update.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Reply, fields, page};
use crate::simulator::call::{Answer, Call, Fields, Refusal};
use crate::simulator::deeds::{IssueEdit, NewIssue};
use crate::simulator::world::{Issue, Need, Reason, World};

/// The issue by its number, if the caller may see it; transferred ones redirect, deleted ones are gone.
pub(super) fn find(
    world: &World,
    call: &Call,
    repository: u64,
    number: u64,
) -> Result<u64, Refusal> {
    world.allow(call, repository, Need::ReadIssues)?;
    let home = world.repositories.get(&repository);
    let issue = world
        .find_issue(repository, number)
        .ok_or_else(Refusal::not_found)?;
    if home.is_some_and(|r| !r.has_issues) && !issue.pull_request {
        return Err(Refusal::new(410, "Issues are disabled for this repo"));
    }
    if issue.deleted {
        return Err(Refusal::new(410, "This issue was deleted"));
    }
    let Some(target) = issue.moved_to.and_then(|id| world.issues.get(&id)) else {
        return Ok(issue.id);
    };
    let location = format!(
        "{}/repositories/{}/issues/{}",
        world.api(),
        target.repository,
        target.number
    );
    Err(Refusal::new(301, "Moved Permanently").with("Location", location))
}

pub(super) fn show(world: &World, call: &Call, issue: u64) -> Reply {
    let issue = &world.issues[&issue];
    world.allow(call, issue.repository, Need::ReadIssues)?;
    Ok(Answer::ok(world.issue_json(issue)))
}

pub(super) fn list(world: &World, call: &Call, repository: u64) -> Reply {
    world.allow(call, repository, Need::ReadIssues)?;
    world.check_takes_issues(repository, false).or_else(|no| {
        // Archived repositories can be read.
        if no.status == 410 { Err(no) } else { Ok(()) }
    })?;
    let state = call.asked("state").unwrap_or("open");
    if !["open", "closed", "all"].contains(&state) {
        return Err(Refusal::invalid("Issue", "state", "invalid", None));
    }
    let since = match call.asked("since") {
        None => None,
        Some(text) => Some(
            text.parse::<DateTime<Utc>>()
                .map_err(|_| Refusal::new(422, "The since parameter is not a valid time."))?,
        ),
    };
    let mut shown: Vec<&Issue> = world
        .issues_of(repository)
        .filter(|i| state == "all" || i.state() == state)
        .filter(|i| since.is_none_or(|since| i.updated_at.timestamp() >= since.timestamp()))
        .filter(|i| passes(world, call, i))
        .collect();
    match call.asked("sort").unwrap_or("created") {
        "updated" => shown.sort_by_key(|i| (i.updated_at, i.number)),
        "comments" => shown.sort_by_key(|i| (i.comments.len(), i.number)),
        _ => shown.sort_by_key(|i| i.number),
    }
    if call.asked("direction") != Some("asc") {
        shown.reverse();
    }
    Ok(page::in_repository(
        world,
        call,
        repository,
        "issues",
        &shown,
        |issue| world.issue_json(issue),
    ))
}

/// The filters that GitHub answers from its search index, which lags.
fn passes(world: &World, call: &Call, issue: &Issue) -> bool {
    let known = ["labels", "creator", "assignee", "milestone", "type"];
    if !known.iter().any(|name| call.asked(name).is_some()) {
        return true;
    }
    let lag = TimeDelta::from_std(world.list_lag).unwrap_or_default();
    if issue.created_at + lag > world.now() {
        return false;
    }
    let home = world.repositories.get(&issue.repository);
    let has_label = |name: &str| {
        home.and_then(|r| r.find_label(name.trim()))
            .is_some_and(|l| issue.labels.contains(&l.id))
    };
    let labels = call
        .asked("labels")
        .is_none_or(|l| l.split(',').all(has_label));
    let creator = call
        .asked("creator")
        .is_none_or(|c| world.login(issue.author).eq_ignore_ascii_case(c));
    let assignee = call.asked("assignee").is_none_or(|login| match login {
        "*" => !issue.assignees.is_empty(),
        "none" => issue.assignees.is_empty(),
        login => issue
            .assignees
            .iter()
            .any(|a| world.login(*a).eq_ignore_ascii_case(login)),
    });
    let milestone = call.asked("milestone").is_none_or(|wanted| match wanted {
        "*" => issue.milestone.is_some(),
        "none" => issue.milestone.is_none(),
        number => issue.milestone.is_some_and(|m| m.to_string() == number),
    });
    let kind = call.asked("type").is_none_or(|wanted| {
        let name = issue.kind.as_deref();
        name.is_some_and(|name| name.eq_ignore_ascii_case(wanted))
    });
    labels && creator && assignee && milestone && kind
}

pub(super) fn create(world: &mut World, call: &Call, repository: u64) -> Reply {
    world.allow(call, repository, Need::WriteIssues)?;
    let doer = world.doer(call)?;
    let known = ["title", "body", "labels", "assignees", "milestone", "type"];
    let body = fields(world, call, &known)?;
    let Some(title) = body.text("title")?.flatten() else {
        return Err(Refusal::new(
            422,
            "Invalid request.\n\n\"title\" wasn't supplied.",
        ));
    };
    let new = NewIssue {
        title,
        body: body.text("body")?.flatten(),
        labels: body.names("labels")?.unwrap_or_default(),
        assignees: body.names("assignees")?.unwrap_or_default(),
        milestone: body.number("milestone")?.flatten(),
        issue_type: body.text("type")?.flatten(),
        pull_request: false,
    };
    let id = world.open_issue(doer, repository, new)?;
    let issue = &world.issues[&id];
    let location = format!(
        "{}/issues/{}",
        world.repository_api(repository),
        issue.number
    );
    Ok(Answer::created(world.issue_json(issue)).with("Location", location))
}

pub(super) fn update(world: &mut World, call: &Call, id: u64) -> Reply {
    let repository = world.issues[&id].repository;
    world.allow(call, repository, Need::WriteIssues)?;
    let doer = world.doer(call)?;
    let known = [
        "title",
        "body",
        "state",
        "state_reason",
        "labels",
        "assignees",
        "milestone",
        "type",
    ];
    let body = fields(world, call, &known)?;
    let edit = read_edit(&body)?;
    world.edit_issue(doer, id, edit)?;
    Ok(Answer::ok(world.issue_json(&world.issues[&id])))
}

fn read_edit(body: &Fields) -> Result<IssueEdit, Refusal> {
    let open = match body.text("state")?.flatten().as_deref() {
        None => None,
        Some("open") => Some(true),
        Some("closed") => Some(false),
        Some(_) => return Err(Refusal::invalid("Issue", "state", "invalid", None)),
    };
    let reason = match body.text("state_reason")?.flatten() {
        None => None,
        Some(name) => Some(
            Reason::find(&name)
                .ok_or_else(|| Refusal::invalid("Issue", "state_reason", "invalid", None))?,
        ),
    };
    Ok(IssueEdit {
        title: body.text("title")?.flatten(),
        body: body.text("body")?,
        open,
        reason,
        labels: body.names("labels")?,
        assignees: body.names("assignees")?,
        milestone: body.number("milestone")?,
        issue_type: body.text("type")?,
    })
}
