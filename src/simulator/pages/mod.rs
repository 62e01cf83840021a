//! The web pages: what a person would look at and click on. No script is needed; a small one keeps them fresh.

mod apps;
mod look;
mod markdown;
mod sign_in;
mod write;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;

use self::look::{Face, Frame, Home, Row, Said, When};
use super::door::Shared;
use super::world::World;

pub(crate) fn router() -> Router<Arc<Shared>> {
    Router::new()
        .route("/", get(repositories))
        .route("/_simulator/style.css", get(style))
        .route("/_simulator/version", get(version))
        .route("/_simulator/act-as", post(write::act_as))
        .route("/_simulator/apps", post(apps::create))
        .route("/login/oauth/authorize", get(sign_in::authorize))
        .route("/login/oauth/access_token", post(sign_in::token))
        .route("/settings/apps/new", post(apps::own))
        .route(
            "/organizations/{owner}/settings/apps/new",
            post(apps::of_organization),
        )
        .route(
            "/apps/{slug}/installations/new",
            get(apps::install).post(apps::installed),
        )
        .route(
            "/apps/{slug}/installations/new/permissions",
            get(apps::install),
        )
        .route("/{owner}", get(owner))
        .route("/{owner}/{name}", get(repository))
        .route("/{owner}/{name}/issues", get(issues))
        .route("/{owner}/{name}/issues/new", get(new).post(write::open))
        .route("/{owner}/{name}/issues/{number}", get(issue))
        .route("/{owner}/{name}/pull/{number}", get(issue))
        .route(
            "/{owner}/{name}/issues/{number}/comment",
            post(write::comment),
        )
        .route("/{owner}/{name}/issues/{number}/tick", post(write::tick))
}

#[derive(Template)]
#[template(path = "simulator/templates/repositories.html")]
struct RepositoriesPage {
    frame: Frame,
    homes: Vec<Home>,
}

#[derive(Template)]
#[template(path = "simulator/templates/issues.html")]
struct IssuesPage {
    frame: Frame,
    home: Home,
    /// `open` or `closed`.
    tab: &'static str,
    rows: Vec<Row>,
}

#[derive(Template)]
#[template(path = "simulator/templates/issue.html")]
struct IssuePage {
    frame: Frame,
    home: Home,
    row: Row,
    said: Vec<Said>,
    parent: Option<Row>,
    sub_issues: Vec<Row>,
    blocked_by: Vec<Row>,
    blocking: Vec<Row>,
    milestone: String,
    kind: String,
    ending: Option<(Face, &'static str, When)>,
}

#[derive(Template)]
#[template(path = "simulator/templates/new.html")]
struct NewPage {
    frame: Frame,
    home: Home,
    /// What was refused, with what had been written.
    refused: String,
    title: String,
    body: String,
}

/// Who is looking, by the cookie that the choice at the top sets.
fn chosen(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get(header::COOKIE)?.to_str().ok()?;
    let mut pairs = cookies.split(';').filter_map(|pair| pair.split_once('='));
    let (_, login) = pairs.find(|(name, _)| name.trim() == "acting_as")?;
    Some(login.trim().to_owned())
}

fn page(template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => Html(html).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

fn missing() -> Response {
    (StatusCode::NOT_FOUND, Html("<p>Nothing here.</p>")).into_response()
}

/// Where a path leads: the repository, by today's or a former name.
fn find(world: &World, owner: &str, name: &str) -> Option<u64> {
    let full_name = format!("{owner}/{name}");
    let former = || world.moved.get(&full_name.to_lowercase()).copied();
    world.find_repository(&full_name).or_else(former)
}

async fn style() -> Response {
    let css = include_str!("../templates/style.css");
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], css).into_response()
}

async fn version(State(shared): State<Arc<Shared>>) -> String {
    shared.world().version.to_string()
}

async fn repositories(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let world = shared.world();
    page(&RepositoriesPage {
        frame: world.frame(chosen(&headers).as_deref(), "/"),
        homes: world.homes(),
    })
}

/// People and organizations have no page of their own.
async fn owner() -> Redirect {
    Redirect::to("/")
}

async fn repository(Path((owner, name)): Path<(String, String)>) -> Redirect {
    if owner == "apps" {
        return Redirect::to("/");
    }
    Redirect::to(&format!("/{owner}/{name}/issues"))
}

#[derive(Deserialize)]
struct Tab {
    state: Option<String>,
}

async fn issues(
    State(shared): State<Arc<Shared>>,
    Path((owner, name)): Path<(String, String)>,
    Query(tab): Query<Tab>,
    headers: HeaderMap,
) -> Response {
    let world = shared.world();
    let Some(id) = find(&world, &owner, &name) else {
        return missing();
    };
    let closed = tab.state.as_deref() == Some("closed");
    let mut rows: Vec<Row> = world
        .issues_of(id)
        .filter(|i| i.open != closed && !i.pull_request)
        .map(|i| world.row(i, id))
        .collect();
    rows.reverse();
    let home = world.home(id);
    let tab = if closed { "closed" } else { "open" };
    let here = format!("/{}/issues?state={tab}", home.full_name);
    page(&IssuesPage {
        frame: world.frame(chosen(&headers).as_deref(), &here),
        home,
        tab,
        rows,
    })
}

async fn issue(
    State(shared): State<Arc<Shared>>,
    Path((owner, name, number)): Path<(String, String, u64)>,
    headers: HeaderMap,
) -> Response {
    let world = shared.world();
    let id = find(&world, &owner, &name);
    let found = id.and_then(|id| world.find_issue(id, number));
    let Some(issue) = found.filter(|issue| !issue.deleted) else {
        return missing();
    };
    if let Some(target) = issue.moved_to.and_then(|id| world.issues.get(&id)) {
        return Redirect::to(&world.row(target, 0).url).into_response();
    }
    let from = issue.repository;
    let row = world.row(issue, from);
    let milestone = world
        .repositories
        .get(&from)
        .and_then(|r| r.find_milestone(issue.milestone?))
        .map(|m| m.title.clone());
    page(&IssuePage {
        frame: world.frame(chosen(&headers).as_deref(), &row.url),
        home: world.home(from),
        said: world.conversation(issue),
        parent: issue
            .parent
            .and_then(|id| world.issues.get(&id))
            .map(|parent| world.row(parent, from)),
        sub_issues: world.rows(&issue.sub_issues, from),
        blocked_by: world.rows(&issue.blocked_by, from),
        blocking: world.rows(&world.blocking(issue.id), from),
        milestone: milestone.unwrap_or_default(),
        kind: issue.kind.clone().unwrap_or_default(),
        ending: world.ending(issue),
        row,
    })
}

async fn new(
    State(shared): State<Arc<Shared>>,
    Path((owner, name)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let world = shared.world();
    let Some(id) = find(&world, &owner, &name) else {
        return missing();
    };
    let home = world.home(id);
    let here = format!("/{}/issues/new", home.full_name);
    page(&NewPage {
        frame: world.frame(chosen(&headers).as_deref(), &here),
        home,
        refused: String::new(),
        title: String::new(),
        body: String::new(),
    })
}
