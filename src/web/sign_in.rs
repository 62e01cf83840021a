//! `/login`, `/login/callback`, `/logout`: out to GitHub and back, bound to one browser by state and PKCE.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, header};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::cookies::Cookie;
use super::error::{PageError, PageResult};
use super::frame::Frame;
use super::pages::page;
use super::session::{self, CsrfForm, MaybeSignedIn, SESSION, SignedIn};
use super::{Origin, Shared};
use crate::flows::sessions::{self, SignInError, new_secret};
use crate::github::{OAuthError, Verifier};
use crate::store::sealed::{Place, Seal};

/// Whoever is sent to GitHub has so long to come back.
const ATTEMPT_LASTS: TimeDelta = TimeDelta::minutes(15);
const ATTEMPT: Cookie = Cookie::new("attempt", ATTEMPT_LASTS.num_seconds());
const SEALED: Place<'_> = Place {
    column: "cookie.attempt",
    owner: "",
};
/// Where people go who did not say.
const FIRST_PAGE: &str = "/installations";
/// The longest path that is kept for the way back; it has to fit in a cookie.
const LONGEST_NEXT: usize = 1500;

/// What a browser keeps, sealed, while its person is at GitHub.
#[derive(Serialize, Deserialize)]
struct Attempt {
    state: String,
    verifier: String,
    next: String,
    at: DateTime<Utc>,
}

#[derive(Deserialize)]
pub(super) struct Wanted {
    next: Option<String>,
}

/// `GET /login`: on to GitHub.
pub(super) async fn start(
    State(shared): State<Arc<Shared>>,
    origin: Origin,
    Query(wanted): Query<Wanted>,
) -> PageResult<Response> {
    shared.admit(&shared.sign_ins, &origin).await?;
    let services = &shared.services;
    let seal = services.seal.as_ref().ok_or_else(not_set_up)?;
    let attempt = Attempt {
        state: new_secret(services).expose_secret().to_owned(),
        verifier: new_secret(services).expose_secret().to_owned(),
        next: wanted
            .next
            .as_deref()
            .map_or(FIRST_PAGE, own_path)
            .to_owned(),
        at: services.clock.now(),
    };
    let verifier = Verifier(attempt.verifier.clone().into());
    let callback = shared.public.page("/login/callback");
    let address = services
        .oauth
        .sign_in_address(&callback, &attempt.state, &verifier)
        .map_err(|error| refused(&error))?;
    let text = serde_json::to_string(&attempt).expect("strings and a time");
    let sealed = seal.seal(SEALED, &text.into(), &services.chance);
    let cookie = ATTEMPT.set(&URL_SAFE_NO_PAD.encode(sealed), shared.public.is_secure());
    Ok((
        AppendHeaders([(header::SET_COOKIE, cookie)]),
        Redirect::to(address.as_str()),
    )
        .into_response())
}

#[derive(Deserialize)]
pub(super) struct Returned {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
}

/// `GET /login/callback`: back from GitHub, with a code or without.
pub(super) async fn finish(
    State(shared): State<Arc<Shared>>,
    origin: Origin,
    headers: HeaderMap,
    Query(returned): Query<Returned>,
) -> PageResult<Response> {
    shared.admit(&shared.sign_ins, &origin).await?;
    let services = &shared.services;
    let secure = shared.public.is_secure();
    let seal = services.seal.as_ref().ok_or_else(not_set_up)?;
    let attempt = ATTEMPT
        .find(&headers, secure)
        .and_then(|held| opened(seal, &held))
        .filter(|attempt| attempt.at + ATTEMPT_LASTS > services.clock.now())
        .filter(|attempt| returned.state.as_deref() == Some(attempt.state.as_str()));
    let Some(attempt) = attempt else {
        return Err(PageError::SignInAgain(
            "This sign-in was not begun here",
            "It took too long, was begun in another browser or another tab, or was used before. Sign in again.",
        ));
    };
    let forget = ATTEMPT.clear(secure);
    let code = match (returned.code, returned.error.as_deref()) {
        (Some(code), None) => code,
        (_, Some("access_denied")) => return Ok(declined(forget, &attempt)),
        (_, error) => {
            tracing::warn!(error, "GitHub sent somebody back without a code");
            return Err(PageError::Refused(
                "GitHub did not sign you in",
                "GitHub sent you back without saying who you are. Sign in again; if it stays so, whoever runs this server has to compare the App's callback address with PUBLIC_URL.".to_owned(),
            ));
        }
    };
    let verifier = Verifier(attempt.verifier.into());
    let callback = shared.public.page("/login/callback");
    let (_, secret) = sessions::begin(services, &code, &callback, &verifier)
        .await
        .map_err(|error| failed(&error))?;
    // Whatever session the browser had before is over: nobody goes on under an identity that they did not sign in as.
    if let Some(former) = session::secret(&shared, &headers) {
        sessions::end(services, &former).await?;
    }
    let cookies = [
        (header::SET_COOKIE, forget),
        (
            header::SET_COOKIE,
            SESSION.set(secret.expose_secret(), secure),
        ),
    ];
    Ok((
        AppendHeaders(cookies),
        Redirect::to(own_path(&attempt.next)),
    )
        .into_response())
}

fn opened(seal: &Seal, held: &str) -> Option<Attempt> {
    let sealed = URL_SAFE_NO_PAD.decode(held).ok()?;
    let text: SecretString = seal.open(SEALED, &sealed).ok()?;
    serde_json::from_str(text.expose_secret()).ok()
}

#[derive(Template)]
#[template(path = "web/templates/declined.html")]
struct Declined<'a> {
    frame: Frame,
    next: &'a str,
}

fn declined(forget: axum::http::HeaderValue, attempt: &Attempt) -> Response {
    let next = own_path(&attempt.next);
    let said = page(
        axum::http::StatusCode::OK,
        &Declined {
            frame: Frame::open(),
            next,
        },
    );
    (AppendHeaders([(header::SET_COOKIE, forget)]), said).into_response()
}

#[derive(Deserialize)]
pub(super) struct Leaving {
    /// Set: every session of the person ends.
    everywhere: Option<String>,
}

#[derive(Template)]
#[template(path = "web/templates/logout.html")]
struct Logout<'a> {
    frame: Frame,
    login: &'a str,
    csrf: &'a session::Csrf,
}

/// `GET /logout`: asks, for a link alone must not sign anybody out.
pub(super) async fn ask_to_leave(MaybeSignedIn(signed): MaybeSignedIn) -> Response {
    match signed {
        None => Redirect::to("/").into_response(),
        Some(signed) => page(
            axum::http::StatusCode::OK,
            &Logout {
                frame: Frame::signed_in(&signed.person.login, signed.csrf.to_string()),
                login: &signed.person.login,
                csrf: &signed.csrf,
            },
        ),
    }
}

/// `POST /logout`.
pub(super) async fn leave(
    State(shared): State<Arc<Shared>>,
    signed: SignedIn,
    headers: HeaderMap,
    CsrfForm(leaving): CsrfForm<Leaving>,
) -> PageResult<Response> {
    if leaving.everywhere.is_some() {
        sessions::end_everywhere(&shared.services, &signed.person).await?;
    } else if let Some(secret) = session::secret(&shared, &headers) {
        sessions::end(&shared.services, &secret).await?;
    }
    let gone = SESSION.clear(shared.public.is_secure());
    Ok((
        AppendHeaders([(header::SET_COOKIE, gone)]),
        Redirect::to("/"),
    )
        .into_response())
}

/// The path if it leads to a page of ours, else the first one. Browsers read `\` as `/` and skip tabs and line ends.
fn own_path(next: &str) -> &str {
    let is_ours = next.starts_with('/')
        && !next.starts_with("//")
        && next.len() <= LONGEST_NEXT
        && next.bytes().all(|b| b.is_ascii_graphic() && b != b'\\')
        && !next.starts_with("/login")
        && !next.starts_with("/logout");
    if is_ours { next } else { FIRST_PAGE }
}

fn not_set_up() -> PageError {
    PageError::Unavailable(
        "Nobody can sign in here yet",
        "Whoever runs this server has to register its GitHub App first, with ENCRYPTION_KEY set, or to name GITHUB_CLIENT_ID and GITHUB_CLIENT_SECRET of one that exists.".to_owned(),
    )
}

fn refused(error: &OAuthError) -> PageError {
    match error {
        OAuthError::NotSetUp => not_set_up(),
        OAuthError::Refused(_) => PageError::SignInAgain(
            "GitHub did not sign you in",
            "What GitHub sent along is used or too old. Sign in again.",
        ),
        OAuthError::Misconfigured(why) => {
            tracing::error!(why, "nobody can sign in");
            PageError::Unavailable(
                "Sign-in is set up wrongly",
                "GitHub does not accept this server's client id, secret or callback address. Whoever runs it finds the details in its log.".to_owned(),
            )
        }
        OAuthError::GitHub(error) => {
            tracing::warn!(%error, "GitHub does not answer a sign-in");
            PageError::Unavailable(
                "GitHub does not answer",
                "Signing in asks GitHub who you are, and it does not answer now. Try again in a moment.".to_owned(),
            )
        }
    }
}

fn failed(error: &SignInError) -> PageError {
    match error {
        SignInError::NoKey => not_set_up(),
        SignInError::OAuth(error) => refused(error),
        SignInError::GitHub(error) => refused(&OAuthError::GitHub(error.clone())),
        SignInError::Store(error) => {
            tracing::error!(%error, "a sign-in could not be stored");
            PageError::Unavailable(
                "The database does not answer",
                "You could not be signed in. Try again in a moment.".to_owned(),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_leads_to_our_own_pages_only() {
        for ours in ["/", "/installations/7?tab=runs", "/runs/run_1"] {
            assert_eq!(own_path(ours), ours);
        }
        for foreign in [
            "",
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "\\/evil.example",
            "javascript:alert(1)",
            "installations",
            "/a b",
            "/login?next=/",
            "/logout",
        ] {
            assert_eq!(own_path(foreign), FIRST_PAGE, "{foreign:?}");
        }
        assert_eq!(own_path(&format!("/{}", "a".repeat(2000))), FIRST_PAGE);
    }
}
