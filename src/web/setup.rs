//! `/setup`: registers the GitHub App, for whoever holds the one-time link. Works without scripts: the last form goes to GitHub itself.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use chrono::TimeDelta;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::cookies::Cookie;
use super::error::{PageError, PageResult, refused_form};
use super::frame::Frame;
use super::pages::{notice, page, policy};
use super::session::{Csrf, read_form};
use super::{Origin, Shared};
use crate::domain::manifest::{self, Fault, LONGEST_NAME, Owner, Wish};
use crate::flows::registration::{self, App, Link, RegistrationError};

/// Holds the link's secret, so that it does not stay in the address.
const LINK: Cookie = Cookie::new("setup", 2 * 60 * 60);

/// Holds what GitHub is to send back, so that it counts in this browser alone; and so does the used link afterwards.
const STATE: Cookie = Cookie::new("setup_state", 2 * 60 * 60);

/// For so long after the first webhook the used link says that it came.
const JUST_NOW: TimeDelta = TimeDelta::hours(1);

#[derive(Template)]
#[template(path = "web/templates/setup.html")]
struct SetupPage<'a> {
    frame: Frame,
    csrf: Csrf,
    /// The App whose place will be taken.
    former: Option<&'a str>,
    /// What was typed before.
    asked: Asked,
    complaints: Vec<Fault>,
    permissions: Vec<(String, String)>,
    /// What to do about an address that GitHub cannot reach.
    reach: &'a str,
    /// GitHub cannot reach an address of this machine or one without encryption.
    is_local: bool,
    longest_name: usize,
}

impl SetupPage<'_> {
    /// What is wrong with a field; empty: nothing.
    fn fault(&self, field: &str) -> &str {
        let fault = self.complaints.iter().find(|fault| fault.field == field);
        fault.map_or("", |fault| &fault.says)
    }
}

#[derive(Template)]
#[template(path = "web/templates/setup_send.html")]
struct SendPage {
    frame: Frame,
    action: String,
    owner: String,
    name: String,
    public: bool,
    manifest: String,
    permissions: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "web/templates/setup_done.html")]
struct DonePage {
    frame: Frame,
    app: App,
    /// When the first delivery came, in words.
    arrived: Option<String>,
    badge: String,
    install: String,
}

/// What the form says.
#[derive(Deserialize, Default)]
pub(super) struct Asked {
    /// `user` or `organization`.
    #[serde(default)]
    owner: String,
    #[serde(default)]
    organization: String,
    #[serde(default)]
    name: String,
    public: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Arriving {
    link: Option<String>,
}

/// `GET /setup`: with the link in the address, moves it into a cookie; then shows the form, or how things stand.
pub(super) async fn show(
    State(shared): State<Arc<Shared>>,
    origin: Origin,
    headers: HeaderMap,
    Query(arriving): Query<Arriving>,
) -> PageResult<Response> {
    if shared.from_environment {
        return Ok(notice(
            StatusCode::OK,
            "There is nothing to set up here",
            "This server's GitHub App comes from its environment (GITHUB_APP_ID and its like), and what is set there wins over this page. To register an App here instead, take those variables away and start the server again.",
        ));
    }
    if let Some(link) = arriving.link {
        shared.admit(&shared.setups, &origin).await?;
        let link = SecretString::from(link);
        match registration::look_at(&shared.services, &link).await? {
            Link::Open | Link::Replacing => {}
            Link::Used if used_here(&shared, &headers, &link).await? => {}
            Link::Used | Link::Void => return Err(void()),
        }
        // Its characters are ours: it is in the table.
        let cookie = LINK.set(link.expose_secret(), shared.public.is_secure());
        let moved = AppendHeaders([(header::SET_COOKIE, cookie)]);
        return Ok((moved, Redirect::to("/setup")).into_response());
    }
    let held = link(&shared, &headers);
    let state = match &held {
        Some(link) => registration::look_at(&shared.services, link).await?,
        None => Link::Void,
    };
    // The page looks again by itself; who holds a link that counts is no stranger.
    if state == Link::Void {
        shared.admit(&shared.setups, &origin).await?;
    }
    let link = held.ok_or_else(void)?;
    let app = registration::find(&shared.services).await;
    match (app.map_err(|error| told(&error))?, state) {
        (Some(app), Link::Used)
            if is_fresh(&shared, &app) && used_here(&shared, &headers, &link).await? =>
        {
            Ok(done(&shared, app))
        }
        (Some(_), Link::Used) => Err(void()),
        (Some(app), Link::Replacing) => {
            let former = Some(app.name.as_str());
            Ok(form(&shared, &link, former, Asked::default(), Vec::new()))
        }
        (Some(_), _) => Err(told(&RegistrationError::Already)),
        (None, Link::Open | Link::Replacing) => {
            Ok(form(&shared, &link, None, Asked::default(), Vec::new()))
        }
        (None, _) => Err(void()),
    }
}

/// Whether the App was registered with this link from this browser: it holds what the form sent along.
async fn used_here(shared: &Shared, headers: &HeaderMap, link: &SecretString) -> PageResult<bool> {
    let Some(state) = STATE.find(headers, shared.public.is_secure()) else {
        return Ok(false);
    };
    Ok(registration::was_used_by(&shared.services, link, &state.into()).await?)
}

/// Whether GitHub has not been heard of yet, or only just: until then whoever registered the App looks whether it works.
fn is_fresh(shared: &Shared, app: &App) -> bool {
    let since = shared.services.clock.now() - JUST_NOW;
    app.first_webhook_at.is_none_or(|at| at > since)
}

/// `POST /setup`: what was chosen becomes the form that goes to GitHub.
pub(super) async fn send(
    State(shared): State<Arc<Shared>>,
    origin: Origin,
    request: Request,
) -> PageResult<Response> {
    shared.admit(&shared.setups, &origin).await?;
    if shared.from_environment {
        return Err(told(&RegistrationError::Already));
    }
    let link = link(&shared, request.headers()).ok_or_else(void)?;
    let stands = registration::look_at(&shared.services, &link).await?;
    if !matches!(stands, Link::Open | Link::Replacing) {
        return Err(void());
    }
    let app = registration::find(&shared.services).await;
    let app = app.map_err(|error| told(&error))?;
    if app.is_some() && stands != Link::Replacing {
        return Err(told(&RegistrationError::Already));
    }
    let asked: Asked = match read_form(request, &Csrf::of(&link)).await {
        Ok(asked) => asked,
        Err(refused) => return Ok(refused),
    };
    let organization = (asked.owner == "organization").then_some(asked.organization.as_str());
    let wish = match Wish::read(organization, &asked.name, asked.public.is_some()) {
        Ok(wish) => wish,
        Err(complaints) => {
            let former = app.as_ref().map(|app| app.name.as_str());
            let again = form(&shared, &link, former, asked, complaints);
            return Ok(refused_form(again));
        }
    };
    let state = registration::new_state(&shared.services, &link).await?;
    let state = state.ok_or_else(void)?;
    let bound = STATE.set(state.expose_secret(), shared.public.is_secure());
    let sent = to_github(&shared, &wish, &state);
    Ok((AppendHeaders([(header::SET_COOKIE, bound)]), sent).into_response())
}

fn to_github(shared: &Shared, wish: &Wish, state: &SecretString) -> Response {
    let web = shared.links.web_url.trim_end_matches('/');
    let (place, owner) = match &wish.owner {
        Owner::Themselves => (String::new(), "your own account".to_owned()),
        Owner::Organization(login) => (format!("/organizations/{login}"), login.clone()),
    };
    let action = format!(
        "{web}{place}/settings/apps/new?state={}",
        state.expose_secret()
    );
    let manifest = manifest::manifest(&shared.public.base(), wish);
    let mut response = page(
        StatusCode::OK,
        &SendPage {
            frame: Frame::open(),
            action,
            owner,
            name: wish.name.clone(),
            public: wish.public,
            manifest: manifest.to_string(),
            permissions: manifest::permissions(),
        },
    );
    // The one form that leaves, and only to GitHub.
    let github = shared
        .services
        .oauth
        .web_url()
        .origin()
        .ascii_serialization();
    if let Ok(policy) = policy(&format!(" {github}")).parse() {
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

#[derive(Deserialize)]
pub(super) struct Returned {
    code: Option<String>,
    state: Option<String>,
}

/// `GET /setup/callback`: back from GitHub with the code.
pub(super) async fn finish(
    State(shared): State<Arc<Shared>>,
    origin: Origin,
    headers: HeaderMap,
    Query(returned): Query<Returned>,
) -> PageResult<Response> {
    shared.admit(&shared.setups, &origin).await?;
    if shared.from_environment {
        return Err(told(&RegistrationError::Already));
    }
    let refused = || told(&RegistrationError::Refused);
    let link = link(&shared, &headers).ok_or_else(refused)?;
    let state = SecretString::from(returned.state.ok_or_else(refused)?);
    let code = returned.code.ok_or_else(refused)?;
    // Whoever has the link as well, in another browser, does not finish what was begun in this one.
    let secure = shared.public.is_secure();
    if STATE.find(&headers, secure).as_deref() != Some(state.expose_secret()) {
        return Err(refused());
    }
    registration::complete(&shared.services, &link, &state, &code)
        .await
        .map_err(|error| told(&error))?;
    Ok(Redirect::to("/setup").into_response())
}

fn form(
    shared: &Shared,
    link: &SecretString,
    former: Option<&str>,
    asked: Asked,
    complaints: Vec<Fault>,
) -> Response {
    let reach = format!(
        "Webhooks come from the internet, encrypted, and {} does not look like that. Set PUBLIC_URL to the address at which the server is reached from outside, start it again, and open a new link.",
        shared.public.base()
    );
    page(
        StatusCode::OK,
        &SetupPage {
            frame: Frame::open(),
            csrf: Csrf::of(link),
            former,
            asked: if asked.name.is_empty() && complaints.is_empty() {
                Asked {
                    name: "OpenProducer".to_owned(),
                    ..asked
                }
            } else {
                asked
            },
            complaints,
            permissions: manifest::permissions(),
            is_local: shared.public.is_local() || !shared.public.is_secure(),
            reach: &reach,
            longest_name: LONGEST_NAME,
        },
    )
}

/// The page looks again until the first delivery is there.
fn done(shared: &Shared, app: App) -> Response {
    let arrived = app.first_webhook_at;
    let arrived = arrived.map(|at| {
        at.format("The first one arrived on %Y-%m-%d at %H:%M:%S UTC.")
            .to_string()
    });
    page(
        StatusCode::OK,
        &DonePage {
            frame: Frame::open(),
            install: shared.public.page("/install").into(),
            badge: shared.public.page("/install/badge.svg").into(),
            app,
            arrived,
        },
    )
}

/// The link that this browser came with.
fn link(shared: &Shared, headers: &HeaderMap) -> Option<SecretString> {
    LINK.find(headers, shared.public.is_secure())
        .map(SecretString::from)
}

fn void() -> PageError {
    PageError::Forbidden(
        "This setup link does not work",
        "It was used, has expired, or is mistyped. Whoever runs the server gets a new one with openproducer setup --print, or by starting it again.".to_owned(),
    )
}

fn told(error: &RegistrationError) -> PageError {
    match error {
        RegistrationError::Refused => PageError::Forbidden(
            "This is not from a form of this server",
            "What GitHub sent along was used before, is too old, or was begun in another browser. If you have just loaded the page again, the App may still be on its way: look at the server's first page in a minute before you do anything else. If it is not registered then, open the setup link again; an App that was created without being stored here can be deleted in GitHub's settings.".to_owned(),
        ),
        RegistrationError::Already => PageError::Forbidden(
            "This server is set up already",
            "Its GitHub App is registered, and nobody can put another in its place from here.".to_owned(),
        ),
        RegistrationError::Second { name, html_url, .. } => PageError::Forbidden(
            "There are two Apps now",
            format!(
                "Somebody else finished setting this server up a moment before, and it uses their App. Yours, {name}, exists on GitHub all the same and does nothing: delete it there, at {html_url}."
            ),
        ),
        RegistrationError::NoKey => PageError::Unavailable(
            "The App cannot be stored yet",
            "ENCRYPTION_KEY is not set. Make one with openssl rand -base64 32, give the same to every server and worker, start them again, and open a new setup link.".to_owned(),
        ),
        RegistrationError::Seal(_) | RegistrationError::Unusable(_) => {
            tracing::error!(%error, "the App that was registered cannot be used");
            PageError::Unavailable(
                "The stored App cannot be opened",
                "It was stored under another ENCRYPTION_KEY than this server has. Put the former key back and start the server again.".to_owned(),
            )
        }
        RegistrationError::NoWebhookSecret => PageError::Unavailable(
            "GitHub gave no webhook secret",
            "Without one anybody could send deliveries, so nothing was stored. Delete the new App in GitHub's settings and open the setup link again.".to_owned(),
        ),
        RegistrationError::Lost(_) | RegistrationError::BrokenOff(_) => PageError::Unavailable(
            "The App exists, but could not be stored",
            "GitHub hands its credentials over once, and the database did not take them. Delete the new App in GitHub's settings and open the setup link again.".to_owned(),
        ),
        RegistrationError::GitHub(error) => {
            tracing::warn!(%error, "GitHub does not hand over the new App");
            PageError::Unavailable(
                "GitHub does not answer",
                "The App is created on GitHub, but its credentials could not be fetched. Load this page again in a moment; the code works for an hour.".to_owned(),
            )
        }
        RegistrationError::Store(error) => {
            tracing::error!(%error, "the setup page has no database");
            PageError::Unavailable(
                "The database does not answer",
                "Nothing was changed. Try again in a moment.".to_owned(),
            )
        }
    }
}
