//! What the buttons of the settings' page do.

use std::sync::Arc;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use secrecy::SecretString;
use serde::Deserialize;

use super::form::Typed;
use super::page::{Extra, Notice, back, page};
use super::place::{self, Ids, Place};
use crate::domain::rejection::Complaint;
use crate::domain::settings::Provider;
use crate::flows::settings::change::{self, Changed, Imported};
use crate::flows::settings::keys::{self, KeySet, Tried};
use crate::flows::settings::sheet;
use crate::web::Shared;
use crate::web::error::{PageError, PageResult};
use crate::web::parts::When;
use crate::web::session::{CsrfForm, SignedIn};

/// `POST …/settings`: the whole form.
pub(super) async fn save(
    State(shared): State<Arc<Shared>>,
    signed: SignedIn,
    ids: Ids,
    CsrfForm(fields): CsrfForm<Vec<(String, String)>>,
) -> PageResult<Response> {
    let place = Place::find(&shared, &signed, &ids).await?;
    let typed = Typed::new(fields);
    let base = version(typed.text("version"))?;
    let by = place::by(&signed);
    let document = typed.document();
    let done = change::change(&shared.services, &by, place.scope(), base, &document).await?;
    let extra = match done {
        Changed::Wrong(wrong) => Extra {
            typed: Some(typed),
            wrong,
            ..Extra::default()
        },
        done => match finish(&shared, &signed, &place, done, "saved")? {
            Ok(response) => return Ok(response),
            Err(notice) => Extra {
                notice: Some(notice),
                typed: Some(typed),
                ..Extra::default()
            },
        },
    };
    page(&shared, &signed, &place, &extra).await
}

/// The redirect after a change, or what is to be said where there was none.
fn finish(
    shared: &Shared,
    signed: &SignedIn,
    place: &Place,
    done: Changed,
    word: &str,
) -> PageResult<Result<Response, Notice>> {
    Ok(match done {
        Changed::Saved {
            key_voided: true, ..
        } => {
            let word = if word == "saved" {
                "voided"
            } else {
                "undone-without-key"
            };
            Ok(back(shared, signed, place, word))
        }
        Changed::Saved { .. } => Ok(back(shared, signed, place, word)),
        Changed::Unchanged => Ok(back(shared, signed, place, "unchanged")),
        Changed::Overtaken { by, at, .. } => {
            let when = When::new(at, shared.services.clock.now()).words;
            let words = format!(
                "{by} changed these settings {when}, after you opened this page, and nothing of yours was saved. The \
                 history below says what changed. What you typed is kept here: look it through and save again."
            );
            Err(Notice {
                tone: "wait",
                title: "Somebody was quicker",
                words,
            })
        }
        Changed::Wrong(wrong) => {
            let says: Vec<String> = wrong.iter().map(|w| w.says.replace('`', "")).collect();
            Err(Notice {
                tone: "bad",
                title: "That version cannot come back as it was",
                words: format!(
                    "Since then limits have changed: {}. Nothing was changed.",
                    says.join("; ")
                ),
            })
        }
        Changed::NoSuchVersion => return Err(PageError::NotFound),
    })
}

/// The version that a form was made from. Nobody types it.
fn version(text: &str) -> PageResult<i32> {
    text.parse().map_err(|_| {
        PageError::Refused(
            "The form is not whole",
            "It does not say which version it changes. Go back, reload the page and send it again."
                .to_owned(),
        )
    })
}

#[derive(Deserialize)]
pub(super) struct Undo {
    version: String,
    to: String,
}

/// `POST …/settings/undo`.
pub(super) async fn undo(
    State(shared): State<Arc<Shared>>,
    signed: SignedIn,
    ids: Ids,
    CsrfForm(form): CsrfForm<Undo>,
) -> PageResult<Response> {
    let place = Place::find(&shared, &signed, &ids).await?;
    let (base, to) = (version(&form.version)?, version(&form.to)?);
    let by = place::by(&signed);
    let done = change::undo(&shared.services, &by, place.scope(), base, to).await?;
    let word = if lacks_key(&shared, &place).await? {
        "undone-without-key"
    } else {
        "undone"
    };
    match finish(&shared, &signed, &place, done, word)? {
        Ok(response) => Ok(response),
        Err(notice) => {
            let extra = Extra {
                notice: Some(notice),
                ..Extra::default()
            };
            page(&shared, &signed, &place, &extra).await
        }
    }
}

/// Whether the layer names a provider of its own and has no key for it. What was voided does not come back with an undo.
async fn lacks_key(shared: &Shared, place: &Place) -> PageResult<bool> {
    let services = &shared.services;
    let own = sheet(services, place.scope()).await?.own.provider;
    let names_one = own.is_some_and(|provider| provider != Provider::None);
    Ok(names_one && keys::find(services, place.scope()).await?.is_none())
}

#[derive(Deserialize)]
pub(super) struct Import {
    version: String,
    text: String,
}

/// `POST …/settings/import`: YAML or JSON.
pub(super) async fn import(
    State(shared): State<Arc<Shared>>,
    signed: SignedIn,
    ids: Ids,
    CsrfForm(form): CsrfForm<Import>,
) -> PageResult<Response> {
    let place = Place::find(&shared, &signed, &ids).await?;
    let base = version(&form.version)?;
    let by = place::by(&signed);
    let done = change::import(&shared.services, &by, place.scope(), base, &form.text).await?;
    let mut extra = Extra {
        text: form.text,
        ..Extra::default()
    };
    match done {
        Imported::Complaints(complaints) => {
            extra.complaints = complaints
                .into_iter()
                .map(|complaint| Complaint {
                    says: complaint.says.replace('`', ""),
                    ..complaint
                })
                .collect();
        }
        Imported::Done(done) => match finish(&shared, &signed, &place, done, "saved")? {
            Ok(response) => return Ok(response),
            Err(notice) => extra.notice = Some(notice),
        },
    }
    page(&shared, &signed, &place, &extra).await
}

/// `GET …/settings/settings.yaml`.
pub(super) async fn export(
    State(shared): State<Arc<Shared>>,
    signed: SignedIn,
    ids: Ids,
) -> PageResult<Response> {
    let place = Place::find(&shared, &signed, &ids).await?;
    let yaml = change::export(
        &sheet(&shared.services, place.scope()).await?,
        &place.name(),
    );
    let headers = [
        (header::CONTENT_TYPE, "application/yaml; charset=utf-8"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"openproducer-settings.yaml\"",
        ),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, yaml).into_response())
}

#[derive(Deserialize)]
pub(super) struct KeyForm {
    #[serde(deserialize_with = "secret")]
    key: SecretString,
}

fn secret<'de, D: serde::Deserializer<'de>>(from: D) -> Result<SecretString, D::Error> {
    String::deserialize(from).map(SecretString::from)
}

/// `POST …/settings/key`: what is typed here is never shown again, not even where it is refused.
pub(super) async fn set_key(
    State(shared): State<Arc<Shared>>,
    signed: SignedIn,
    ids: Ids,
    CsrfForm(form): CsrfForm<KeyForm>,
) -> PageResult<Response> {
    let place = Place::find(&shared, &signed, &ids).await?;
    let by = place::by(&signed);
    match keys::set(&shared.services, &by, place.scope(), &form.key).await? {
        KeySet::Set => Ok(back(&shared, &signed, &place, "key")),
        KeySet::Refused(key_fault) => {
            let extra = Extra {
                key_fault,
                ..Extra::default()
            };
            page(&shared, &signed, &place, &extra).await
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Nothing {}

/// `POST …/settings/key/remove`.
pub(super) async fn remove_key(
    State(shared): State<Arc<Shared>>,
    signed: SignedIn,
    ids: Ids,
    CsrfForm(Nothing {}): CsrfForm<Nothing>,
) -> PageResult<Response> {
    let place = Place::find(&shared, &signed, &ids).await?;
    keys::remove(&shared.services, &place::by(&signed), place.scope()).await?;
    Ok(back(&shared, &signed, &place, "no-key"))
}

/// `POST …/settings/key/test`: the answer is on the page that comes back.
pub(super) async fn test_key(
    State(shared): State<Arc<Shared>>,
    signed: SignedIn,
    ids: Ids,
    CsrfForm(Nothing {}): CsrfForm<Nothing>,
) -> PageResult<Response> {
    let place = Place::find(&shared, &signed, &ids).await?;
    let notice = match keys::test(&shared.services, place.scope()).await? {
        Tried::Works(model) => Notice {
            tone: "good",
            title: "It works",
            words: format!("{model} can be asked."),
        },
        Tried::Fails(words) => Notice {
            tone: "bad",
            title: "It does not work yet",
            words,
        },
        Tried::Busy => Notice {
            tone: "wait",
            title: "Other tests are under way",
            words: "A model is being asked for other settings of this account. Wait for their answers, then test again.".to_owned(),
        },
        Tried::Later { seconds } => Notice {
            tone: "wait",
            title: "Just tested",
            words: format!("Wait {seconds} seconds, then test again."),
        },
    };
    let extra = Extra {
        notice: Some(notice),
        ..Extra::default()
    };
    page(&shared, &signed, &place, &extra).await
}
