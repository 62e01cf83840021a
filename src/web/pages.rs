//! The pages that need no login: what this is, and where to install it.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use super::Shared;
use super::error::{self, PageError};
use super::frame::Frame;
use super::session::MaybeSignedIn;

#[derive(Template)]
#[template(path = "web/templates/home.html")]
struct Home {
    frame: Frame,
    mention: String,
    installable: bool,
}

/// `GET /`.
pub(super) async fn home(
    State(shared): State<Arc<Shared>>,
    signed: Result<MaybeSignedIn, PageError>,
) -> Response {
    let installable = shared.links.slug.borrow().is_some();
    // The first page is there without a database too.
    let frame = match signed {
        Ok(MaybeSignedIn(Some(signed))) => Frame {
            in_installations: false,
            ..signed.frame()
        },
        Ok(MaybeSignedIn(None)) | Err(_) => Frame {
            can_sign_in: shared.can_sign_in(),
            ..Frame::open()
        },
    };
    page(
        StatusCode::OK,
        &Home {
            frame,
            mention: shared.links.mention(),
            installable,
        },
    )
}

/// Any other address.
pub(super) async fn not_found() -> StatusCode {
    StatusCode::NOT_FOUND
}

pub(super) fn notice(status: StatusCode, title: &str, words: &str) -> Response {
    error::unframed(status, title, words, None)
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

/// What a page may do, with forms that go to `forms` besides: nothing from elsewhere, nothing inline.
pub(super) fn policy(forms: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
         form-action 'self'{forms}; base-uri 'none'; frame-ancestors 'none'"
    )
}

/// Two years, as lists of such hosts ask for; without subdomains, which may be others' business.
const ENCRYPTED: HeaderValue = HeaderValue::from_static("max-age=63072000");

/// Headers with which a browser lets a page do no more than it needs, and keeps nothing of what it shows.
pub(super) async fn guard(State(shared): State<Arc<Shared>>, mut response: Response) -> Response {
    const GUARDS: [(HeaderName, HeaderValue); 7] = [
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
        (
            header::REFERRER_POLICY,
            HeaderValue::from_static("no-referrer"),
        ),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            HeaderValue::from_static("same-origin"),
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            HeaderValue::from_static("same-origin"),
        ),
        (
            HeaderName::from_static("permissions-policy"),
            HeaderValue::from_static(
                "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
            ),
        ),
    ];
    let headers = response.headers_mut();
    for (name, value) in GUARDS {
        headers.entry(name).or_insert(value);
    }
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert_with(|| HeaderValue::try_from(policy("")).expect("letters and quotes"));
    if shared.public.is_secure() {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, ENCRYPTED);
    }
    response
}
