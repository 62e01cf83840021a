//! The pages that need no login: what this is, and where to install it.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::Shared;
use super::frame::Frame;
use super::session::MaybeSignedIn;

#[derive(Template)]
#[template(path = "web/templates/home.html")]
struct Home<'a> {
    frame: Frame,
    mention: &'a str,
    installable: bool,
}

#[derive(Template)]
#[template(path = "web/templates/notice.html")]
struct Notice<'a> {
    frame: Frame,
    title: &'a str,
    words: &'a str,
}

/// `GET /`.
pub(super) async fn home(
    State(shared): State<Arc<Shared>>,
    MaybeSignedIn(signed): MaybeSignedIn,
) -> Response {
    let installable = shared.links.slug.borrow().is_some();
    page(
        StatusCode::OK,
        &Home {
            frame: Frame::of(signed.as_ref(), shared.services.seal.is_some()),
            mention: &shared.links.mention,
            installable,
        },
    )
}

/// `GET /install`: on to GitHub.
pub(super) async fn install(State(shared): State<Arc<Shared>>) -> Response {
    let slug = shared.links.slug.borrow().clone();
    match slug {
        Some(slug) => {
            let web = shared.links.web_url.trim_end_matches('/');
            (
                StatusCode::FOUND,
                [(
                    header::LOCATION,
                    format!("{web}/apps/{slug}/installations/new"),
                )],
            )
                .into_response()
        }
        None => notice(
            StatusCode::NOT_FOUND,
            "Nothing to install yet",
            "This server does not know its GitHub App yet. Whoever runs it has to register the App first; then this page leads on to GitHub.",
        ),
    }
}

/// Any other address.
pub(super) async fn not_found() -> Response {
    notice(
        StatusCode::NOT_FOUND,
        "There is no such page",
        "The address may be mistyped, or what was here is gone.",
    )
}

fn notice(status: StatusCode, title: &str, words: &str) -> Response {
    page(
        status,
        &Notice {
            frame: Frame::open(),
            title,
            words,
        },
    )
}

/// A page that is as it should be.
pub(super) fn ok(template: &impl Template) -> Response {
    page(StatusCode::OK, template)
}

pub(super) fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be made");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Headers with which a browser lets a page do no more than it needs.
pub(super) async fn guard(mut response: Response) -> Response {
    const GUARDS: [(HeaderName, HeaderValue); 4] = [
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
            ),
        ),
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
        (
            header::REFERRER_POLICY,
            HeaderValue::from_static("no-referrer"),
        ),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    ];
    for (name, value) in GUARDS {
        response.headers_mut().entry(name).or_insert(value);
    }
    response
}
