//! The forms: opening an issue, commenting, closing, ticking a box, choosing who one is.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;

use super::{NewPage, chosen, find, markdown, missing, page};
use crate::simulator::call::Refusal;
use crate::simulator::deeds::{IssueEdit, NewIssue};
use crate::simulator::door::Shared;
use crate::simulator::world::{Doer, Reason, World};

/// The person chosen at the top of the page.
fn doer(world: &World, headers: &HeaderMap) -> Option<Doer> {
    let frame = world.frame(chosen(headers).as_deref(), "");
    world.find_account(&frame.acting).map(|account| Doer {
        account,
        via_app: false,
    })
}

fn refused(no: &Refusal) -> Response {
    let status = StatusCode::from_u16(no.status).unwrap_or(StatusCode::BAD_REQUEST);
    (status, words(no)).into_response()
}

fn words(no: &Refusal) -> String {
    let error = no.errors.first();
    let detail = error.map(|e| {
        e["message"].as_str().map_or_else(
            || format!("{}: {}", e["field"], e["code"]).replace('"', ""),
            str::to_owned,
        )
    });
    detail.unwrap_or_else(|| no.message.clone())
}

#[derive(Deserialize)]
pub(super) struct Choice {
    login: String,
    back: String,
}

pub(super) async fn act_as(Form(choice): Form<Choice>) -> Response {
    let login: String = choice
        .login
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || "-_[]".contains(*c))
        .collect();
    // Only back into these pages.
    let back = if choice.back.starts_with('/') && !choice.back.starts_with("//") {
        choice.back
    } else {
        "/".to_owned()
    };
    let cookie = format!("acting_as={login}; Path=/; SameSite=Strict; HttpOnly");
    ([(header::SET_COOKIE, cookie)], Redirect::to(&back)).into_response()
}

#[derive(Deserialize)]
pub(super) struct Opened {
    title: String,
    body: String,
}

pub(super) async fn open(
    State(shared): State<Arc<Shared>>,
    Path((owner, name)): Path<(String, String)>,
    headers: HeaderMap,
    Form(form): Form<Opened>,
) -> Response {
    let mut world = shared.world();
    let Some((repository, doer)) = find(&world, &owner, &name).zip(doer(&world, &headers)) else {
        return missing();
    };
    let new = NewIssue {
        title: form.title.clone(),
        body: Some(form.body.replace("\r\n", "\n")),
        ..NewIssue::default()
    };
    match world.open_issue(doer, repository, new) {
        Ok(id) => {
            let url = world.row(&world.issues[&id], repository).url;
            Redirect::to(&url).into_response()
        }
        Err(no) => {
            let home = world.home(repository);
            let here = format!("/{}/issues/new", home.full_name);
            page(&NewPage {
                frame: world.frame(chosen(&headers).as_deref(), &here),
                home,
                refused: words(&no),
                title: form.title,
                body: form.body,
            })
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Written {
    body: String,
    /// `comment`, `close`, `drop` or `reopen`.
    then: String,
}

/// A comment, a change of state, or both: as the buttons say.
pub(super) async fn comment(
    State(shared): State<Arc<Shared>>,
    Path((owner, name, number)): Path<(String, String, u64)>,
    headers: HeaderMap,
    Form(form): Form<Written>,
) -> Response {
    let mut world = shared.world();
    let id = find(&world, &owner, &name)
        .and_then(|repository| world.find_issue(repository, number))
        .map(|issue| issue.id);
    let Some((id, doer)) = id.zip(doer(&world, &headers)) else {
        return missing();
    };
    let text = form.body.replace("\r\n", "\n");
    let state = match form.then.as_str() {
        "close" => Some((false, Some(Reason::Completed))),
        "drop" => Some((false, Some(Reason::NotPlanned))),
        "reopen" => Some((true, None)),
        _ => None,
    };
    let mut outcome = Ok(());
    if state.is_none() || !text.trim().is_empty() {
        outcome = world.write_comment(doer, id, &text).map(|_| ());
    }
    if let (Ok(()), Some((open, reason))) = (&outcome, state) {
        let edit = IssueEdit {
            open: Some(open),
            reason,
            ..IssueEdit::default()
        };
        outcome = world.edit_issue(doer, id, edit);
    }
    match outcome {
        Ok(()) => Redirect::to(&format!("/{owner}/{name}/issues/{number}#end")).into_response(),
        Err(no) => refused(&no),
    }
}

#[derive(Deserialize)]
pub(super) struct Ticked {
    /// 0 for the issue's own text.
    comment: u64,
    /// The place of the mark in the text, in bytes.
    #[serde(rename = "box")]
    place: usize,
}

/// Turns one tick box over, which edits the text it is in.
pub(super) async fn tick(
    State(shared): State<Arc<Shared>>,
    Path((owner, name, number)): Path<(String, String, u64)>,
    headers: HeaderMap,
    Form(form): Form<Ticked>,
) -> Response {
    let mut world = shared.world();
    let id = find(&world, &owner, &name)
        .and_then(|repository| world.find_issue(repository, number))
        .map(|issue| issue.id);
    let Some((id, doer)) = id.zip(doer(&world, &headers)) else {
        return missing();
    };
    let issue = &world.issues[&id];
    let text = if form.comment == 0 {
        issue.body.clone()
    } else {
        let mut comments = issue.comments.iter();
        let found = comments.find(|c| c.id == form.comment);
        found.map(|c| c.body.clone())
    };
    let Some(turned) = text.and_then(|text| markdown::tick(&text, form.place)) else {
        return missing();
    };
    let outcome = if form.comment == 0 {
        let edit = IssueEdit {
            body: Some(Some(turned)),
            ..IssueEdit::default()
        };
        world.edit_issue(doer, id, edit)
    } else {
        world.edit_comment(doer, id, form.comment, &turned)
    };
    match outcome {
        Ok(()) => Redirect::to(&format!(
            "/{owner}/{name}/issues/{number}#said-{}",
            form.comment
        ))
        .into_response(),
        Err(no) => refused(&no),
    }
}
