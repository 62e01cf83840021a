//! `/runs/{run}`: the run as it is, as it goes on, and the buttons that command it.

mod coverage;
mod form;
mod graph;
pub(super) mod live;
mod log;
mod read;
mod view;

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;

use self::form::Ticks;
use self::live::Frame as Sent;
use self::read::Facts;
use self::view::{Like, RunView};
use super::Shared;
use super::error::{PageError, PageResult};
use super::flash;
use super::frame::Frame;
use super::pages;
use super::parts::Crumb;
use super::session::{self, CsrfForm, SignedIn};
use crate::domain::command::{Command, RollbackTarget};
use crate::domain::ids::RunId;
use crate::flows::access::{self, Person, SeenRun};
use crate::flows::press::{Pressed, press};

#[derive(Template)]
#[template(path = "web/templates/run/page.html")]
struct RunPage {
    frame: Frame,
    crumbs: Vec<Crumb>,
    run: RunView,
    csrf: String,
    /// What was just done, or why it was not.
    told: Option<Told>,
}

#[derive(Template)]
#[template(path = "web/templates/run/parts.html")]
struct RunParts {
    run: RunView,
    csrf: String,
}

struct Told {
    tone: &'static str,
    words: String,
    /// The states of the run of which it is true, with spaces between; empty: whatever becomes of it.
    holds: &'static str,
}

impl Told {
    fn wait(words: impl Into<String>) -> Self {
        Self {
            tone: "wait",
            words: words.into(),
            holds: "",
        }
    }

    /// Whether a run in this state does not contradict it.
    fn is_true_of(&self, state: &str) -> bool {
        self.holds.is_empty() || self.holds.split(' ').any(|held| held == state)
    }
}

/// `GET /runs/{run}`.
pub(super) async fn page(
    State(shared): State<Arc<Shared>>,
    signed: SignedIn,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> PageResult<Response> {
    let seen = find(&shared, &signed.person, &id).await?;
    let path = format!("/runs/{}", seen.run.id);
    let Some(did) = flash::find(&shared, &signed, &headers, &path) else {
        return show(&shared, &signed, seen, None).await;
    };
    let page = show(&shared, &signed, seen, done(&did)).await?;
    Ok(flash::forget(&shared, page))
}

/// `GET /runs/{run}/live`: the page's parts whenever they change.
pub(super) async fn live(
    State(shared): State<Arc<Shared>>,
    signed: SignedIn,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> PageResult<Response> {
    let seen = find(&shared, &signed.person, &id).await?;
    let (id, inside) = (seen.run.id.clone(), Arc::clone(&shared));
    let person = signed.person.id;
    shared.live.stream(person, seen.run.key(), move || {
        let (shared, headers, id) = (Arc::clone(&inside), headers.clone(), id.clone());
        Box::pin(async move { draw(&shared, &headers, &id).await })
    })
}

/// `POST /runs/{run}/{deed}`: what a button does.
pub(super) async fn act(
    State(shared): State<Arc<Shared>>,
    signed: SignedIn,
    Path((id, deed)): Path<(String, String)>,
    CsrfForm(ticks): CsrfForm<Ticks>,
) -> PageResult<Response> {
    let seen = find(&shared, &signed.person, &id).await?;
    let Some(command) = command(&deed, &ticks, &seen.run.id)? else {
        let told = Told::wait(nothing_ticked(&deed));
        return show(&shared, &signed, seen, Some(told)).await;
    };
    let pressed = press(
        &shared.services,
        &signed.person,
        &seen,
        &command,
        ticks.plan,
    )
    .await?;
    match pressed {
        Pressed::Done => {
            let to = format!("/runs/{}", seen.run.id);
            Ok(flash::lead(&shared, &signed, &to, command.name()))
        }
        Pressed::NotAllowed(words) => Err(PageError::Forbidden("This is not yours to do", words)),
        Pressed::Objection(words) => {
            let seen = find(&shared, &signed.person, &id).await?;
            show(&shared, &signed, seen, Some(Told::wait(words))).await
        }
    }
}

async fn find(shared: &Shared, person: &Person, id: &str) -> PageResult<SeenRun> {
    let id = RunId::parse(id).ok_or(PageError::NotFound)?;
    let seen = access::run(&shared.services, person, &id).await?;
    seen.ok_or(PageError::NotFound)
}

async fn show(
    shared: &Shared,
    signed: &SignedIn,
    seen: SeenRun,
    told: Option<Told>,
) -> PageResult<Response> {
    let installation = &seen.installation;
    let home = format!("/installations/{}", installation.id);
    let crumbs = vec![
        Crumb::installations(),
        Crumb::new(home.as_str(), installation.account.login.as_str()),
        Crumb::new(
            format!("{home}?repository={}", seen.repository.id),
            seen.repository.name.name.as_str(),
        ),
    ];
    let run = read(shared, &signed.person, seen).await?;
    let csrf = signed.csrf.to_string();
    let told = told.filter(|told| told.is_true_of(run.state));
    Ok(pages::ok(&RunPage {
        frame: Frame::signed_in(&signed.person.login, &csrf),
        crumbs,
        run,
        csrf,
        told,
    }))
}

async fn read(shared: &Shared, person: &Person, seen: SeenRun) -> PageResult<RunView> {
    let facts = Facts::read(&shared.services, person, seen).await?;
    Ok(RunView::of(&facts, shared.services.clock.now()))
}

/// The parts of the page for one stream, if the person is still signed in and may still see it.
async fn draw(shared: &Shared, headers: &HeaderMap, id: &RunId) -> Sent {
    let drawn = async {
        let signed = session::find(shared, headers).await?;
        let signed = signed.ok_or(PageError::NotFound)?;
        let seen = find(shared, &signed.person, id.as_str()).await?;
        let run = read(shared, &signed.person, seen).await?;
        let is_live = run.is_live;
        let csrf = signed.csrf.to_string();
        let html = RunParts { run, csrf }.render();
        html.map(|html| (html, is_live))
            .map_err(|_| PageError::Internal)
    };
    match drawn.await {
        Ok((html, true)) => Sent::Page(html),
        Ok((html, false)) => Sent::Last(html),
        Err(_) => Sent::Gone,
    }
}

/// The command that a button means; `None`: nothing is ticked for it.
fn command(deed: &str, ticks: &Ticks, run: &RunId) -> PageResult<Option<Command>> {
    match deed {
        "confirm" if ticks.all => Ok(ticks.every().map(|all| Command::Confirm(Some(all)))),
        "confirm" => Ok(ticks.ticked().map(|some| Command::Confirm(Some(some)))),
        "drop" => Ok(ticks.unticked().map(Command::Drop)),
        "cancel" => Ok(Some(Command::Cancel)),
        "replan" => Ok(Some(Command::Replan(ticks.words.clone()))),
        "rollback" => Ok(Some(Command::Rollback(RollbackTarget::Run {
            id: run.clone(),
            force: ticks.force,
        }))),
        _ => Err(PageError::NotFound),
    }
}

fn nothing_ticked(deed: &str) -> &'static str {
    match deed {
        "drop" => {
            "Every issue is ticked, so there is none to leave out. Untick what you do not want first."
        }
        _ => "No issue is ticked. Tick what you want to be created, or cancel the run.",
    }
}

/// What a command has done, as long as it is true.
fn done(command: &str) -> Option<Told> {
    let (words, holds) = match command {
        "confirm" => (
            "Confirmed. The issues are being created.",
            "pending creating linking summarising",
        ),
        "drop" => (
            "Left out. They stay in the list and can be ticked again before you confirm.",
            "awaiting_confirmation",
        ),
        "cancel" => ("Cancelled. Nothing more is created.", "cancelled"),
        "replan" => (
            "It is being planned again. The new plan appears here as soon as it is there.",
            "pending planning",
        ),
        "rollback" => (
            "The rollback has begun: what the run created is being closed, except what people have worked on.",
            "rolling_back",
        ),
        _ => return None,
    };
    Some(Told {
        tone: "good",
        words: words.to_owned(),
        holds,
    })
}
