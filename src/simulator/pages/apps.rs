//! Registering an App from a manifest, and installing it on an account.

use std::sync::Arc;

use askama::Template;
use axum::Form;
use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde_json::Value;
use url::{Url, form_urlencoded};

use super::look::Frame;
use super::{chosen, missing, page};
use crate::simulator::deeds::complaints;
use crate::simulator::door::Shared;
use crate::simulator::world::Kind;

#[derive(Template)]
#[template(path = "simulator/templates/new_app.html")]
struct NewAppPage {
    frame: Frame,
    owner: String,
    manifest: String,
    state: String,
    name: String,
    permissions: Vec<(String, String)>,
    events: Vec<String>,
    wrong: Vec<String>,
}

#[derive(Template)]
#[template(path = "simulator/templates/install.html")]
struct InstallPage {
    frame: Frame,
    name: String,
    here: String,
    state: String,
    accounts: Vec<(u64, String, bool)>,
    repositories: Vec<(u64, String, bool)>,
}

#[derive(Deserialize)]
pub(super) struct Posted {
    manifest: String,
}

/// The form that comes from the App's own server.
pub(super) async fn own(
    shared: State<Arc<Shared>>,
    headers: HeaderMap,
    query: RawQuery,
    posted: Form<Posted>,
) -> Response {
    let owner = {
        let world = shared.world();
        world.frame(chosen(&headers).as_deref(), "/").acting
    };
    show(&shared, &headers, &query, &posted, owner)
}

/// The same for an organization.
pub(super) async fn of_organization(
    shared: State<Arc<Shared>>,
    Path(owner): Path<String>,
    headers: HeaderMap,
    query: RawQuery,
    posted: Form<Posted>,
) -> Response {
    let known = shared.world().find_account(&owner).is_some();
    if known {
        show(&shared, &headers, &query, &posted, owner)
    } else {
        missing()
    }
}

fn show(
    shared: &Shared,
    headers: &HeaderMap,
    RawQuery(query): &RawQuery,
    Form(posted): &Form<Posted>,
    owner: String,
) -> Response {
    let manifest: Value = serde_json::from_str(&posted.manifest).unwrap_or_default();
    let world = shared.world();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let permissions = manifest["default_permissions"].as_object();
    let events = manifest["default_events"].as_array();
    let state = asked(query.as_deref(), "state").into_iter().next();
    page(&NewAppPage {
        frame: world.frame(chosen(headers).as_deref(), "/"),
        owner,
        wrong: complaints(&manifest),
        name: text(&manifest["name"]),
        permissions: permissions
            .into_iter()
            .flatten()
            .map(|(name, level)| (name.clone(), text(level)))
            .collect(),
        events: events.into_iter().flatten().map(text).collect(),
        manifest: posted.manifest.clone(),
        state: state.unwrap_or_default(),
    })
}

#[derive(Deserialize)]
pub(super) struct Created {
    owner: String,
    manifest: String,
    state: String,
}

/// The button: the App is there, and its owner goes back with a code.
pub(super) async fn create(
    State(shared): State<Arc<Shared>>,
    Form(created): Form<Created>,
) -> Response {
    let mut world = shared.world();
    let manifest: Value = serde_json::from_str(&created.manifest).unwrap_or_default();
    let back = manifest["redirect_url"]
        .as_str()
        .and_then(|url| Url::parse(url).ok());
    let owner = world.find_account(&created.owner);
    let (Some(mut back), Some(owner), true) = (back, owner, complaints(&manifest).is_empty())
    else {
        return (StatusCode::UNPROCESSABLE_ENTITY, "the manifest is wrong").into_response();
    };
    let code = world.register_app(owner, &manifest);
    back.query_pairs_mut().append_pair("code", &code);
    if !created.state.is_empty() {
        back.query_pairs_mut().append_pair("state", &created.state);
    }
    found(&back)
}

/// Where the App can be installed; repositories that the address names are ticked.
pub(super) async fn install(
    State(shared): State<Arc<Shared>>,
    Path(slug): Path<String>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let world = shared.world();
    if slug != world.app.slug {
        return missing();
    }
    let target = asked(query.as_deref(), "suggested_target_id");
    let wanted = asked(query.as_deref(), "repository_ids[]");
    let frame = world.frame(chosen(&headers).as_deref(), "/");
    let accounts = world.accounts.values().filter(|a| {
        a.kind == Kind::Organization || (a.kind == Kind::User && a.login == frame.acting)
    });
    let accounts = accounts.map(|a| {
        let suggested = target.contains(&a.id.to_string());
        (a.id, a.login.clone(), suggested)
    });
    let repositories = world.repositories.keys().map(|id| {
        let ticked = wanted.contains(&id.to_string());
        (*id, world.full_name(*id), ticked)
    });
    page(&InstallPage {
        name: world.app.name.clone(),
        here: format!("/apps/{slug}/installations/new"),
        state: asked(query.as_deref(), "state")
            .into_iter()
            .next()
            .unwrap_or_default(),
        accounts: accounts.collect(),
        repositories: repositories.collect(),
        frame,
    })
}

/// Installs it, or asks an owner to, and goes to the App's setup address.
pub(super) async fn installed(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Form(fields): Form<Vec<(String, String)>>,
) -> Response {
    let mut world = shared.world();
    let all = |name: &str| -> Vec<String> {
        let fields = fields.iter().filter(|(field, _)| field == name);
        fields.map(|(_, value)| value.clone()).collect()
    };
    let one = |name: &str| all(name).into_iter().next().unwrap_or_default();
    let frame = world.frame(chosen(&headers).as_deref(), "/");
    let account = one("account").parse().ok();
    let known = account.filter(|id| world.accounts.contains_key(id));
    let (Some(account), Some(by)) = (known, world.find_account(&frame.acting)) else {
        return missing();
    };
    let mut answer: Vec<(&str, String)> = Vec::new();
    if one("then") == "request" {
        answer.push(("setup_action", "request".to_owned()));
    } else {
        let ids: Vec<u64> = all("repository")
            .iter()
            .filter_map(|id| id.parse().ok())
            .collect();
        let selected = (one("which") == "selected").then(|| ids.into_iter().collect());
        let id = world.install(by, account, selected);
        answer.push(("installation_id", id.to_string()));
        answer.push(("setup_action", "install".to_owned()));
    }
    let state = one("state");
    if !state.is_empty() {
        answer.push(("state", state));
    }
    let setup = world
        .app
        .setup_url
        .clone()
        .unwrap_or_else(|| world.base.clone());
    let Ok(mut back) = Url::parse(&setup) else {
        return missing();
    };
    back.query_pairs_mut().extend_pairs(answer);
    found(&back)
}

/// Every value of a parameter.
fn asked(query: Option<&str>, name: &str) -> Vec<String> {
    let pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
    pairs
        .filter(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
        .collect()
}

fn found(url: &Url) -> Response {
    (StatusCode::FOUND, [(header::LOCATION, url.to_string())]).into_response()
}
