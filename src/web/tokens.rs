//! The tokens of an installation: made and shown once, listed with their last use, revoked.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;

use super::Shared;
use super::error::{PageError, PageResult, refused_form};
use super::flash;
use super::frame::Frame;
use super::pages::ok;
use super::parts::{Choice, Crumb, InstallationTab, Tab, When};
use super::session::{CsrfForm, SignedIn};
use super::settings::place::{self, Ids, Place};
use crate::flows::tokens::{self, Made, Scope};

/// As `flows::tokens` takes it, in characters.
const LONGEST_NAME: usize = 60;

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/installations/{installation}/tokens", get(show).post(make))
        .route(
            "/installations/{installation}/tokens/{token}/revoke",
            post(revoke),
        )
}

#[derive(Template)]
#[template(path = "web/templates/tokens.html")]
struct TokensPage<'a> {
    frame: Frame,
    crumbs: Vec<Crumb>,
    tabs: Vec<Tab>,
    name: String,
    href: String,
    /// The new token, shown this once.
    made: &'a str,
    typed: &'a str,
    days: &'a str,
    /// The name of the token that was just revoked.
    revoked: Option<String>,
    /// Why none was made, and the field where that stands; empty: over the form.
    fault: &'a str,
    faulty: &'static str,
    longest_name: usize,
    scopes: Vec<Choice>,
    lines: Vec<Line>,
    csrf: String,
}

impl TokensPage<'_> {
    /// What is wrong with a field; empty: nothing.
    fn fault_at(&self, field: &str) -> &str {
        if self.faulty == field { self.fault } else { "" }
    }
}

struct Line {
    id: i64,
    name: String,
    hint: String,
    scopes: String,
    made_by: String,
    made_at: When,
    used: Option<When>,
    revoked: Option<(String, When)>,
    /// When it expires or has expired.
    expires: Option<When>,
    has_expired: bool,
}

/// `GET /installations/{id}/tokens`.
async fn show(
    State(shared): State<Arc<Shared>>,
    signed: SignedIn,
    ids: Ids,
    headers: HeaderMap,
) -> PageResult<Response> {
    let place = Place::find(&shared, &signed, &ids).await?;
    let done = flash::find(&shared, &signed, &headers, &href(&place));
    let told = done.as_deref().and_then(|word| word.split_once(' '));
    let wish = Wish::default();
    let said = match told {
        Some(("made", secret)) => Said::Made(secret),
        Some(("revoked", id)) => Said::Revoked(id),
        _ => return page(&shared, &signed, &place, &wish, Said::Nothing).await,
    };
    let page = page(&shared, &signed, &place, &wish, said).await?;
    Ok(flash::forget(&shared, page))
}

/// What the page has to say besides its list.
#[derive(Clone, Copy)]
enum Said<'a> {
    Nothing,
    /// The new token.
    Made(&'a str),
    /// The id of one that counts no more.
    Revoked(&'a str),
    /// Why no token was made, and at which field that stands.
    Fault(&'static str, &'a str),
}

/// What the form sends; the scopes are boxes of one name.
#[derive(Debug, Default)]
struct Wish {
    name: String,
    scopes: Vec<Scope>,
    /// For how many days; empty: until it is revoked.
    days: Option<String>,
}

/// `POST /installations/{id}/tokens`: the page that it leads to shows the token, this once; loaded anew it neither shows it
/// nor makes another.
async fn make(
    State(shared): State<Arc<Shared>>,
    signed: SignedIn,
    ids: Ids,
    CsrfForm(fields): CsrfForm<Vec<(String, String)>>,
) -> PageResult<Response> {
    let place = Place::find(&shared, &signed, &ids).await?;
    let mut wish = Wish::default();
    for (field, text) in fields {
        match field.as_str() {
            "name" => wish.name = text,
            "days" => wish.days = Some(text),
            "scope" => wish.scopes.extend(Scope::parse(&text)),
            _ => {}
        }
    }
    let by = place::by(&signed);
    let Some(days) = days(wish.days.as_deref()) else {
        let fault = "It can last 1 to 3650 days; leave the days empty for a token that lasts until it is revoked.";
        let said = Said::Fault("days", fault);
        let shown = page(&shared, &signed, &place, &wish, said).await?;
        return Ok(refused_form(shown));
    };
    let made = tokens::make(
        &shared.services,
        &by,
        place.seen.id,
        &wish.name,
        &wish.scopes,
        days,
    )
    .await?;
    match &made {
        Made::Token(_) => {
            let word = format!("made {}", made.secret().unwrap_or_default());
            Ok(flash::lead(&shared, &signed, &href(&place), &word))
        }
        Made::Refused(fault) => {
            let shown = page(
                &shared,
                &signed,
                &place,
                &wish,
                Said::Fault(faulty_field(&wish), fault),
            )
            .await?;
            Ok(refused_form(shown))
        }
    }
}

/// Where a refusal stands: at the name if that cannot be one, at the boxes if none is ticked, else over the form.
fn faulty_field(wish: &Wish) -> &'static str {
    let name = wish.name.trim();
    if name.is_empty() || name.chars().count() > LONGEST_NAME {
        "name"
    } else if wish.scopes.is_empty() {
        "scope"
    } else {
        ""
    }
}

/// The outer `None`: it is no number of days; the inner: until it is revoked. A form without the field means the usual.
#[expect(clippy::option_option, reason = "wrong, for ever, or so many")]
fn days(typed: Option<&str>) -> Option<Option<u32>> {
    match typed.map(str::trim) {
        None => Some(Some(tokens::USUAL_DAYS)),
        Some("") => Some(None),
        Some(text) => text
            .parse()
            .ok()
            .filter(|days| (1..=tokens::MOST_DAYS).contains(days))
            .map(Some),
    }
}

#[derive(Deserialize)]
struct Nothing {}

/// `POST /installations/{id}/tokens/{token}/revoke`.
async fn revoke(
    State(shared): State<Arc<Shared>>,
    signed: SignedIn,
    ids: Ids,
    CsrfForm(Nothing {}): CsrfForm<Nothing>,
) -> PageResult<Response> {
    let place = Place::find(&shared, &signed, &ids).await?;
    let token = ids.find("token").ok_or(PageError::NotFound)?;
    let by = place::by(&signed);
    if !tokens::revoke(&shared.services, &by, place.seen.id, token).await? {
        return Err(PageError::NotFound);
    }
    let word = format!("revoked {token}");
    Ok(flash::lead(&shared, &signed, &href(&place), &word))
}

fn href(place: &Place) -> String {
    format!("/installations/{}/tokens", place.seen.id)
}

async fn page(
    shared: &Shared,
    signed: &SignedIn,
    place: &Place,
    wish: &Wish,
    said: Said<'_>,
) -> PageResult<Response> {
    let services = &shared.services;
    let now = services.clock.now();
    let all = tokens::list(services, place.seen.id).await?;
    let lines = all.into_iter().map(|token| Line {
        id: token.id,
        name: token.name,
        hint: token.hint,
        scopes: token.scopes.join(", "),
        made_by: token.made_by,
        made_at: When::new(token.made_at, now),
        used: token.used_at.map(|at| When::new(at, now)),
        revoked: token
            .revoked_at
            .map(|at| (token.revoked_by.unwrap_or_default(), When::new(at, now))),
        expires: token.expires_at.map(|at| When::new(at, now)),
        has_expired: token.expires_at.is_some_and(|at| at <= now),
    });
    let lines: Vec<Line> = lines.collect();
    let (faulty, fault) = match said {
        Said::Fault(field, fault) => (field, fault),
        _ => ("", ""),
    };
    let scopes = Scope::ALL.into_iter().map(|scope| {
        let words = format!("{} ({})", scope.in_words(), scope.as_str());
        Choice::new(scope.as_str(), words, wish.scopes.contains(&scope))
    });
    let usual = tokens::USUAL_DAYS.to_string();
    let mut response = ok(&TokensPage {
        frame: place::frame(signed),
        crumbs: place.crumbs(),
        tabs: place.tabs(InstallationTab::Tokens),
        name: place.name(),
        href: href(place),
        made: match said {
            Said::Made(secret) => secret,
            _ => "",
        },
        revoked: match said {
            Said::Revoked(id) => lines.iter().find(|line| line.id.to_string() == id),
            _ => None,
        }
        .map(|line| line.name.clone()),
        faulty,
        longest_name: LONGEST_NAME,
        typed: &wish.name,
        days: wish.days.as_deref().unwrap_or(&usual),
        fault,
        scopes: scopes.collect(),
        lines,
        csrf: signed.csrf.to_string(),
    });
    let keep = HeaderValue::from_static("no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, keep);
    Ok(response)
}
