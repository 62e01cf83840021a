//! The page with the settings' form, and the page with their history.

use std::sync::Arc;

use askama::Template;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;

use super::fields::{self, Input, Section};
use super::form::Typed;
use super::place::{self, Ids, Place};
use crate::domain::rejection::Complaint;
use crate::domain::settings::{Layer, Provider, Wrong};
use crate::flows::settings::history::{self, Version};
use crate::flows::settings::keys::{self, KeyShown};
use crate::flows::settings::{Sheet, sheet};
use crate::web::Shared;
use crate::web::error::{self, PageResult};
use crate::web::flash;
use crate::web::frame::Frame;
use crate::web::pages::ok as render;
use crate::web::parts::{Crumb, InstallationTab, Pager, Tab, When};
use crate::web::session::SignedIn;

/// Versions beside the form.
const FEW: usize = 5;
/// Versions on a page of the history.
const MANY: usize = 50;

/// What the page says above the form.
#[derive(Debug, Clone, Default)]
pub(super) struct Notice {
    pub(super) tone: &'static str,
    pub(super) title: &'static str,
    pub(super) words: String,
}

/// What is shown beside what is stored.
#[derive(Debug, Default)]
pub(super) struct Extra {
    pub(super) notice: Option<Notice>,
    /// What was typed into the form, where it is shown again.
    pub(super) typed: Option<Typed>,
    pub(super) wrong: Vec<Wrong>,
    /// What was to be imported, and what is wrong with it.
    pub(super) text: String,
    pub(super) complaints: Vec<Complaint>,
    /// What is wrong with a key.
    pub(super) key_fault: String,
}

impl Extra {
    fn refuses(&self) -> bool {
        !self.wrong.is_empty()
            || !self.complaints.is_empty()
            || !self.key_fault.is_empty()
            || self.typed.is_some()
    }
}

#[derive(Template)]
#[template(path = "web/templates/settings.html")]
struct SettingsPage<'a> {
    frame: Frame,
    crumbs: Vec<Crumb>,
    tabs: Vec<Tab>,
    name: String,
    href: String,
    /// The repositories with settings of their own, for the installation's page.
    repositories: Vec<Crumb>,
    is_repository: bool,
    version: i32,
    changed: Option<(String, When)>,
    sections: Vec<Section>,
    elsewhere: Vec<String>,
    left_out: Vec<String>,
    /// The fields with faults: where each is, and its label.
    wrong: Vec<Crumb>,
    key: KeyBox,
    versions: Vec<Row>,
    has_more: bool,
    extra: &'a Extra,
    csrf: String,
}

/// The key of this layer.
struct KeyBox {
    /// For which provider at which address a key would be kept now.
    goes_to: String,
    /// Whether there is a provider of the layer's own to keep one for.
    can_set: bool,
    own: Option<(KeyShown, When)>,
}

#[derive(Template)]
#[template(path = "web/templates/settings_history.html")]
struct HistoryPage {
    frame: Frame,
    crumbs: Vec<Crumb>,
    name: String,
    href: String,
    version: i32,
    versions: Vec<Row>,
    pages: Pager,
    csrf: String,
}

/// One version in words.
pub(super) struct Row {
    version: i32,
    by: String,
    at: When,
    changes: Vec<String>,
    /// The version that its button leads back to, and the button's words.
    back_to: i32,
    button: String,
}

/// What the page before has done, by the word that its flash carries.
fn done(word: &str) -> Option<Notice> {
    let (tone, title, words) = match word {
        "saved" => (
            "good",
            "Saved",
            "The settings are in force, for every run that is asked for from now on.",
        ),
        "voided" => (
            "wait",
            "Saved, and the key is void",
            "The key was kept for another provider or address, so it was forgotten. Enter the one for this provider below.",
        ),
        "unchanged" => ("good", "Nothing to save", "The settings were so already."),
        "undone" => (
            "good",
            "Undone",
            "The settings are again as they were. That is a change too, and can be undone.",
        ),
        "undone-without-key" => (
            "wait",
            "Undone, and there is no key",
            "The settings are again as they were, but a key that was kept for another provider or address is forgotten, and none comes back. If the provider in force needs one, enter it below.",
        ),
        "key" => (
            "good",
            "Key kept",
            "It is sealed, and nobody can read it back. Test whether the provider takes it.",
        ),
        "no-key" => (
            "good",
            "Key removed",
            "It was forgotten here. Revoke it at the provider if nobody else uses it.",
        ),
        _ => return None,
    };
    Some(Notice {
        tone,
        title,
        words: words.to_owned(),
    })
}

/// `GET …/settings`.
pub(super) async fn show(
    State(shared): State<Arc<Shared>>,
    signed: SignedIn,
    ids: Ids,
    headers: HeaderMap,
) -> PageResult<Response> {
    let place = Place::find(&shared, &signed, &ids).await?;
    let Some(word) = flash::find(&shared, &signed, &headers, &place.href()) else {
        return page(&shared, &signed, &place, &Extra::default()).await;
    };
    let extra = Extra {
        notice: done(&word),
        ..Extra::default()
    };
    let page = page(&shared, &signed, &place, &extra).await?;
    Ok(flash::forget(&shared, page))
}

/// The page as it stands, with what is to be said about it.
pub(super) async fn page(
    shared: &Shared,
    signed: &SignedIn,
    place: &Place,
    extra: &Extra,
) -> PageResult<Response> {
    let services = &shared.services;
    let (scope, now) = (place.scope(), services.clock.now());
    let sheet = sheet(services, scope).await?;
    let key = keys::find(services, scope).await?;
    let past = history::history(services, scope, None, FEW).await?;
    let stored = Typed::of(&sheet.own);
    let typed = extra.typed.as_ref().unwrap_or(&stored);
    let mut repositories = Vec::new();
    if place.repository.is_none() {
        repositories.extend(place.seen.repositories.iter().map(|repository| {
            let href = format!(
                "/installations/{}/repositories/{}/settings",
                place.seen.id, repository.id
            );
            Crumb::new(href, repository.name.to_string())
        }));
    }
    let html = SettingsPage {
        frame: place::frame(signed),
        crumbs: place.crumbs(),
        tabs: place.tabs(InstallationTab::Settings),
        name: place.name(),
        href: place.href(),
        repositories,
        is_repository: place.repository.is_some(),
        version: sheet.version,
        changed: sheet
            .changed
            .clone()
            .map(|(by, at)| (by, When::new(at, now))),
        sections: fields::sections(&sheet, typed, &extra.wrong),
        elsewhere: fields::elsewhere(&extra.wrong),
        left_out: sheet
            .left_out
            .iter()
            .map(|w| w.says.replace('`', ""))
            .collect(),
        wrong: wrong_fields(&extra.wrong),
        key: key_box(&sheet, key, now),
        has_more: past.older.is_some(),
        versions: rows(past.versions, sheet.version, now),
        extra,
        csrf: signed.csrf.to_string(),
    };
    let response = render(&html);
    Ok(if extra.refuses() {
        error::refused_form(response)
    } else {
        response
    })
}

fn wrong_fields(wrong: &[Wrong]) -> Vec<Crumb> {
    let mut fields: Vec<Crumb> = Vec::new();
    for wrong in wrong.iter().filter(|w| fields::knows(&w.field)) {
        let href = format!("#{}", wrong.field);
        if fields.iter().all(|known| known.href != href) {
            fields.push(Crumb::new(href, fields::label(&wrong.field)));
        }
    }
    fields
}

fn key_box(sheet: &Sheet, own: Option<KeyShown>, now: chrono::DateTime<chrono::Utc>) -> KeyBox {
    let provider = &sheet.effective.provider;
    let address = sheet.effective.base_url.value.as_ref();
    let address = address.map_or_else(
        || "its own address".to_owned(),
        |url| url.origin().ascii_serialization(),
    );
    KeyBox {
        goes_to: format!("{} at {address}", provider.value.as_str()),
        can_set: provider.from != Layer::Operator && provider.value != Provider::None,
        own: own.map(|key| {
            let at = When::new(key.set_at, now);
            (key, at)
        }),
    }
}

/// `GET …/settings/history`.
pub(super) async fn history(
    State(shared): State<Arc<Shared>>,
    signed: SignedIn,
    ids: Ids,
    from: Result<Query<From>, QueryRejection>,
) -> PageResult<Response> {
    let place = Place::find(&shared, &signed, &ids).await?;
    let services = &shared.services;
    let before = from.ok().and_then(|Query(from)| from.before);
    let version = sheet(services, place.scope()).await?.version;
    let past = history::history(services, place.scope(), before, MANY).await?;
    let href = place.href();
    let mut crumbs = place.crumbs();
    crumbs.push(Crumb::new(
        href.clone(),
        format!("Settings of {}", place.name()),
    ));
    Ok(render(&HistoryPage {
        frame: place::frame(&signed),
        crumbs,
        name: place.name(),
        version,
        pages: Pager {
            newest: before.map(|_| format!("{href}/history")),
            older: past
                .older
                .map(|before| format!("{href}/history?before={before}")),
        },
        href,
        versions: rows(past.versions, version, services.clock.now()),
        csrf: signed.csrf.to_string(),
    }))
}

/// Where a page of the history begins.
#[derive(Debug, Default, Deserialize)]
pub(super) struct From {
    before: Option<i32>,
}

fn rows(versions: Vec<Version>, current: i32, now: chrono::DateTime<chrono::Utc>) -> Vec<Row> {
    let row = |version: Version| {
        let (back_to, button) = if version.version == current {
            (current - 1, "Undo this change".to_owned())
        } else {
            (
                version.version,
                format!("Go back to version {}", version.version),
            )
        };
        let told = version.changes.iter().map(|change| {
            let (from, to) = (
                fields::told(change.from.as_ref()),
                fields::told(change.to.as_ref()),
            );
            format!("{}: {from} → {to}", fields::label(&change.field))
        });
        Row {
            changes: told.collect(),
            version: version.version,
            by: version.by,
            at: When::new(version.at, now),
            back_to,
            button,
        }
    };
    versions.into_iter().map(row).collect()
}

/// After a change: back to the page, with a word about it.
pub(super) fn back(shared: &Shared, signed: &SignedIn, place: &Place, done: &str) -> Response {
    flash::lead(shared, signed, &place.href(), done)
}
