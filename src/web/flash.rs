//! What a button did, told once: on the page that it leads to, and not again when that is loaded anew or opened by an
//! address that somebody made up.

use axum::http::{HeaderMap, header};
use axum::response::{AppendHeaders, IntoResponse as _, Redirect, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::Shared;
use super::cookies::Cookie;
use super::session::SignedIn;
use crate::store::sealed::Place;

/// Whoever comes later than this is not told.
const LASTS: TimeDelta = TimeDelta::minutes(1);
const TOLD: Cookie = Cookie::new("told", LASTS.num_seconds());

/// What the browser carries, sealed for its session, from one page to the next.
#[derive(Serialize, Deserialize)]
struct Flash {
    /// The page that tells it.
    page: String,
    /// What was done, in a word that the page knows.
    word: String,
    at: DateTime<Utc>,
}

fn place(owner: &str) -> Place<'_> {
    Place {
        column: "cookie.told",
        owner,
    }
}

/// On to a page, which will tell this.
pub(super) fn lead(shared: &Shared, signed: &SignedIn, page: &str, word: &str) -> Response {
    let to = Redirect::to(page);
    // Nobody is signed in where there is no key.
    let Some(seal) = &shared.services.seal else {
        return to.into_response();
    };
    let flash = Flash {
        page: page.to_owned(),
        word: word.to_owned(),
        at: shared.services.clock.now(),
    };
    let text = serde_json::to_string(&flash).expect("strings and a time");
    let owner = signed.csrf.to_string();
    let sealed = seal.seal(place(&owner), &text.into(), &shared.services.chance);
    let cookie = TOLD.set(&URL_SAFE_NO_PAD.encode(sealed), shared.public.is_secure());
    (AppendHeaders([(header::SET_COOKIE, cookie)]), to).into_response()
}

/// What this page has to tell, if anything.
pub(super) fn find(
    shared: &Shared,
    signed: &SignedIn,
    headers: &HeaderMap,
    page: &str,
) -> Option<String> {
    let held = TOLD.find(headers, shared.public.is_secure())?;
    let sealed = URL_SAFE_NO_PAD.decode(held).ok()?;
    let owner = signed.csrf.to_string();
    let seal = shared.services.seal.as_ref()?;
    let text: SecretString = seal.open(place(&owner), &sealed).ok()?;
    let flash: Flash = serde_json::from_str(text.expose_secret()).ok()?;
    let is_fresh = flash.at + LASTS > shared.services.clock.now();
    (is_fresh && flash.page == page).then_some(flash.word)
}

/// It was told.
pub(super) fn forget(shared: &Shared, mut response: Response) -> Response {
    let gone = TOLD.clear(shared.public.is_secure());
    response.headers_mut().append(header::SET_COOKIE, gone);
    response
}
