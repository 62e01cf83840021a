//! The REST API: from a call to its route. Invariant: a route reads the world or does one deed; it never waits.

mod app;
mod comments;
mod issues;
mod labels;
mod links;
mod page;
mod people;
mod reactions;
mod repository;
mod user;

use percent::decode;

use super::call::{Actor, Answer, Call, Refusal};
use super::world::World;

pub(crate) type Reply = Result<Answer, Refusal>;

/// The path with `/repositories/{id}` written as `/repos/{owner}/{repo}`: what faults and tests look for.
pub(crate) fn canonical(world: &World, path: &str) -> String {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let ["repositories", id, rest @ ..] = parts.as_slice() else {
        return path.to_owned();
    };
    let known = id
        .parse()
        .ok()
        .filter(|id| world.repositories.contains_key(id));
    let Some(id) = known else {
        return path.to_owned();
    };
    let mut parts = vec!["repos".to_owned(), world.full_name(id)];
    parts.extend(rest.iter().map(|&part| part.to_owned()));
    format!("/{}", parts.join("/"))
}

pub(crate) fn route(world: &mut World, call: &Call) -> Reply {
    let decoded: Vec<String> = call.path.trim_matches('/').split('/').map(decode).collect();
    let parts: Vec<&str> = decoded.iter().map(String::as_str).collect();
    let method = call.method.as_str();
    match (method, parts.as_slice()) {
        ("GET", ["rate_limit"]) => Ok(app::rate_limit(world, call)),
        (_, ["app", rest @ ..]) => app::route(world, call, rest),
        ("GET", ["installation", "repositories"]) => app::installation_repositories(world, call),
        ("GET", ["user"]) => people::me(world, call),
        ("GET", ["user", "installations"]) => user::installations(world, call),
        ("GET", ["user", "installations", id, "repositories"]) => {
            user::repositories(world, call, id)
        }
        ("POST", ["app-manifests", code, "conversions"]) => app::convert(world, code),
        ("GET", ["users", login]) => people::user(world, login),
        (_, ["repos", owner, name, rest @ ..]) => {
            let full_name = format!("{owner}/{name}");
            if let Some(id) = world.find_repository(&full_name) {
                return in_repository(world, call, id, rest);
            }
            match world.moved.get(&full_name.to_lowercase()) {
                Some(id) => Err(moved(world, call, *id, rest)),
                None => Err(Refusal::not_found()),
            }
        }
        (_, ["repositories", id, rest @ ..]) => {
            let known = id
                .parse()
                .ok()
                .filter(|id| world.repositories.contains_key(id));
            let id = known.ok_or_else(Refusal::not_found)?;
            in_repository(world, call, id, rest)
        }
        _ => Err(unknown(world, call)),
    }
}

fn in_repository(world: &mut World, call: &Call, id: u64, rest: &[&str]) -> Reply {
    let method = call.method.as_str();
    match (method, rest) {
        ("GET", []) => repository::show(world, call, id),
        ("GET", ["installation"]) => app::installation_of_repository(world, call, id),
        ("GET", ["collaborators", login, "permission"]) => {
            people::permission(world, call, id, login)
        }
        ("GET", ["assignees"]) => people::assignees(world, call, id),
        ("GET", ["assignees", login]) => people::assignable(world, call, id, login),
        (_, ["labels", rest @ ..]) => labels::of_repository(world, call, id, rest),
        ("GET", ["milestones"]) => repository::milestones(world, call, id),
        ("GET", ["milestones", number]) => repository::milestone(world, call, id, number),
        ("GET", ["issues"]) => issues::list(world, call, id),
        ("POST", ["issues"]) => issues::create(world, call, id),
        ("GET", ["issues", "comments"]) => comments::list_all(world, call, id),
        (_, ["issues", "comments", comment]) => comments::one(world, call, id, comment),
        ("GET" | "POST", ["issues", "comments", comment, "reactions"]) => {
            reactions::of_comment(world, call, id, comment)
        }
        (_, ["issues", number, rest @ ..]) => {
            let number = number.parse().map_err(|_| Refusal::not_found())?;
            in_issue(world, call, id, number, rest)
        }
        _ => Err(unknown(world, call)),
    }
}

fn in_issue(world: &mut World, call: &Call, repository: u64, number: u64, rest: &[&str]) -> Reply {
    let method = call.method.as_str();
    let issue = |world: &World| issues::find(world, call, repository, number);
    if lacks(world, rest) {
        // Asking is fine: it is how a client finds out.
        return Err(match method {
            "GET" => Refusal::not_found(),
            _ => unknown(world, call),
        });
    }
    match (method, rest) {
        ("GET", []) => issues::show(world, call, issue(world)?),
        ("PATCH" | "POST", []) => issues::update(world, call, issue(world)?),
        ("GET", ["comments"]) => comments::list(world, call, issue(world)?),
        ("POST", ["comments"]) => comments::create(world, call, issue(world)?),
        ("GET" | "POST", ["reactions"]) => reactions::of_issue(world, call, issue(world)?),
        ("GET", ["labels"]) => labels::of_issue(world, call, issue(world)?),
        ("POST", ["labels"]) => labels::add(world, call, issue(world)?),
        ("DELETE", ["labels", name]) => labels::remove(world, call, issue(world)?, name),
        ("GET", ["sub_issues"]) => links::sub_issues(world, call, issue(world)?),
        ("POST", ["sub_issues"]) => links::add_sub_issue(world, call, issue(world)?),
        ("DELETE", ["sub_issue"]) => links::remove_sub_issue(world, call, issue(world)?),
        ("GET", ["parent"]) => links::parent(world, call, issue(world)?),
        ("GET", ["dependencies", "blocked_by"]) => links::blocked_by(world, call, issue(world)?),
        ("GET", ["dependencies", "blocking"]) => links::blocking(world, call, issue(world)?),
        ("POST", ["dependencies", "blocked_by"]) => links::block(world, call, issue(world)?),
        ("DELETE", ["dependencies", "blocked_by", blocker]) => {
            links::unblock(world, call, issue(world)?, blocker)
        }
        _ => Err(unknown(world, call)),
    }
}

/// Whether an older server does not know what hangs on an issue by this name.
fn lacks(world: &World, rest: &[&str]) -> bool {
    match rest {
        ["sub_issues" | "sub_issue" | "parent", ..] => world.server.lacks_sub_issues,
        ["dependencies", ..] => world.server.lacks_dependencies,
        _ => false,
    }
}

/// 404, and a complaint: the simulator serves every route that the App should know.
fn unknown(world: &mut World, call: &Call) -> Refusal {
    world
        .complaints
        .push(format!("{} {}: no such route", call.method, call.path));
    Refusal::not_found()
}

/// 301 for reads, 307 for the rest: clients must keep the method.
fn moved(world: &World, call: &Call, id: u64, rest: &[&str]) -> Refusal {
    let mut location = format!("{}/repositories/{id}", world.api());
    for part in rest {
        location.push('/');
        location.push_str(part);
    }
    if !call.query.is_empty() {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&call.query)
            .finish();
        location.push('?');
        location.push_str(&query);
    }
    let read = call.method == http::Method::GET;
    let (status, message) = if read {
        (301, "Moved Permanently")
    } else {
        (307, "Temporary Redirect")
    };
    Refusal::new(status, message).with("Location", location)
}

/// The body's fields; those that the route does not know become complaints.
fn fields(world: &mut World, call: &Call, known: &[&str]) -> Result<super::call::Fields, Refusal> {
    let mut fields = call.fields(known)?;
    world.complaints.append(&mut fields.unknown);
    Ok(fields)
}

/// App routes take the App's JWT and nothing else.
fn only_app(call: &Call) -> Result<(), Refusal> {
    if call.actor == Actor::App {
        return Ok(());
    }
    Err(Refusal::new(401, "A JSON web token could not be decoded"))
}

mod percent {
    //! Path segments come percent-encoded; a plus sign there is a plus sign.

    pub(super) fn decode(segment: &str) -> String {
        let escaped = segment.replace('+', "%2B");
        url::form_urlencoded::parse(format!("x={escaped}").replace('&', "%26").as_bytes())
            .next()
            .map(|(_, value)| value.into_owned())
            .unwrap_or_default()
    }
}
