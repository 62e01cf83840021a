//! What goes wrong at the door, and the status code that says so: the only place that knows both.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::Json;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde_json::json;
use url::form_urlencoded;

use super::api::problem::ApiError;
use super::frame::Frame;
use super::{Shared, session};
use crate::flows::FlowError;
use crate::flows::receive::ReceiveError;
use crate::github::GitHubError;

/// Why a request gets no answer of the kind it wants.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WebError {
    #[error("there is no X-Hub-Signature-256: set the webhook secret on GitHub to the server's")]
    SignatureMissing,
    #[error("the signature is wrong: the webhook secrets here and on GitHub differ")]
    SignatureWrong,
    #[error(
        "there is no secret here for Marketplace deliveries: set GITHUB_MARKETPLACE_WEBHOOK_SECRET to the listing's"
    )]
    NoMarketplaceSecret,
    #[error("this server has no GitHub App yet: whoever runs it has to open the setup page")]
    NoApp,
    #[error("GitHub sends its webhooks here, by POST; there is nothing to see")]
    OnlyPost,
    #[error("the body is over 25 MB")]
    TooLarge,
    #[error("the body did not arrive in time")]
    TooSlow,
    #[error("the body broke off: {0}")]
    BrokenOff(String),
    #[error("{0}")]
    Malformed(String),
    /// What was sent is not kept; it has to come again.
    #[error("this cannot be taken in now: {0}")]
    Unavailable(String),
}

/// After this many seconds a sender may try again.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("10");

impl WebError {
    fn status(&self) -> StatusCode {
        match self {
            Self::SignatureMissing | Self::SignatureWrong | Self::NoMarketplaceSecret => {
                StatusCode::UNAUTHORIZED
            }
            Self::OnlyPost => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::BrokenOff(_) | Self::Malformed(_) => StatusCode::BAD_REQUEST,
            Self::NoApp | Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl From<ReceiveError> for WebError {
    fn from(error: ReceiveError) -> Self {
        match error {
            ReceiveError::Malformed(why) => {
                Self::Malformed(format!("the payload cannot be read: {why}"))
            }
            // What the database said is in the log.
            ReceiveError::NotStored(_) => {
                Self::Unavailable("the delivery could not be stored".to_owned())
            }
        }
    }
}

impl IntoResponse for WebError {
    fn into_response(self) -> Response {
        let status = self.status();
        let mut response = (status, Json(json!({ "error": self.to_string() }))).into_response();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, RETRY_AFTER);
        }
        response
    }
}

/// Why a person, or a script of a page, does not get what was asked for.
#[derive(Debug)]
pub(crate) enum PageError {
    /// Nobody is signed in, or the sign-in is over.
    SignedOut(Wanted),
    /// There is none, or none that this person may know of: the same words for both.
    NotFound,
    /// Known and visible, but not theirs to do; the words say who may.
    Forbidden(&'static str, String),
    /// What was sent cannot be taken: a title, and what to do.
    Refused(&'static str, String),
    /// A sign-in that came to nothing and can be begun again: a title, and what to do.
    SignInAgain(&'static str, &'static str),
    /// There will be something here, and is nothing yet: a title, and who has to do what.
    NotYet(&'static str, &'static str),
    /// Too many attempts from one address.
    TooOften,
    /// It cannot be done now: a title, and what to do.
    Unavailable(&'static str, String),
    /// It cannot be asked for in this way.
    WrongMethod,
    /// It was not made in time.
    Slow,
    /// A fault of ours; the log says which.
    Internal,
}

/// What somebody wanted who is not signed in.
#[derive(Debug)]
pub(crate) enum Wanted {
    /// A page: on to the sign-in, and back here.
    Page(String),
    /// To send a form: what was typed is lost, so it is said.
    Form,
    /// Data for a script or a stream.
    Data,
}

/// Other rooms' errors as they are told to a person; the causes are in the log.
pub(crate) type PageResult<T> = Result<T, PageError>;

impl PageError {
    /// For a request without a session.
    pub(crate) fn signed_out(parts: &Parts) -> Self {
        let path = parts
            .uri
            .path_and_query()
            .map_or("/", axum::http::uri::PathAndQuery::as_str);
        Self::SignedOut(if wants_data(&parts.headers, parts.uri.path()) {
            Wanted::Data
        } else if parts.method == Method::GET || parts.method == Method::HEAD {
            Wanted::Page(path.to_owned())
        } else {
            Wanted::Form
        })
    }

    fn told(&self) -> Told<'_> {
        match self {
            Self::SignedOut(_) => Told {
                status: StatusCode::UNAUTHORIZED,
                title: "You are signed out",
                words: "The sign-in has ended. What you sent, if anything, was not taken: sign in, go back and send it again.",
                link: Some(("/login", "Sign in with GitHub")),
            },
            Self::NotFound => Told {
                status: StatusCode::NOT_FOUND,
                title: "There is no such page",
                words: "The address may be mistyped, what was here may be gone, or GitHub does not show it to you.",
                link: None,
            },
            Self::NotYet(title, words) => Told {
                status: StatusCode::NOT_FOUND,
                title,
                words,
                link: None,
            },
            Self::SignInAgain(title, words) => Told {
                status: StatusCode::BAD_REQUEST,
                title,
                words,
                link: Some(("/login", "Sign in with GitHub")),
            },
            Self::Forbidden(title, words) => Told {
                status: StatusCode::FORBIDDEN,
                title,
                words,
                link: None,
            },
            Self::Refused(title, words) => Told {
                status: StatusCode::BAD_REQUEST,
                title,
                words,
                link: None,
            },
            Self::TooOften => Told {
                status: StatusCode::TOO_MANY_REQUESTS,
                title: "Too many attempts",
                words: "There were many attempts from your address in a short time. Wait a minute, then try again.",
                link: None,
            },
            Self::Unavailable(title, words) => Told {
                status: StatusCode::SERVICE_UNAVAILABLE,
                title,
                words,
                link: None,
            },
            Self::WrongMethod => Told {
                status: StatusCode::METHOD_NOT_ALLOWED,
                title: "This address does not work like that",
                words: "A form's address was opened as a page, or the other way round. Nothing was changed. Go back and use the page's own buttons.",
                link: None,
            },
            Self::Slow => Told {
                status: StatusCode::GATEWAY_TIMEOUT,
                title: "This takes longer than it should",
                words: "GitHub or the database is slow at this moment. Load the page again in a few seconds.",
                link: None,
            },
            Self::Internal => Told {
                status: StatusCode::INTERNAL_SERVER_ERROR,
                title: "Something went wrong here",
                words: "Nothing is lost. Try again in a moment; whoever runs this server finds the cause in its log.",
                link: None,
            },
        }
    }
}

#[derive(Template)]
#[template(path = "web/templates/notice.html")]
struct Notice<'a> {
    frame: Frame,
    title: &'a str,
    words: &'a str,
    link: Option<(&'static str, &'static str)>,
}

struct Told<'a> {
    status: StatusCode,
    title: &'a str,
    words: &'a str,
    /// Where it leads; `None`: to the first page of who looks.
    link: Option<(&'static str, &'static str)>,
}

/// What a page says that knows nobody: the door puts it into the frame of who is signed in.
#[derive(Debug, Clone)]
struct Unframed {
    title: String,
    words: String,
    link: Option<(&'static str, &'static str)>,
}

impl Unframed {
    fn within(&self, frame: Frame) -> Option<String> {
        let page = Notice {
            frame,
            title: &self.title,
            words: &self.words,
            link: self.link,
        };
        let html = page.render();
        html.inspect_err(|error| tracing::error!(%error, "a page could not be made"))
            .ok()
    }
}

/// A page with a title and words, around which the door puts the frame of whoever asked.
pub(super) fn unframed(
    status: StatusCode,
    title: &str,
    words: &str,
    link: Option<(&'static str, &'static str)>,
) -> Response {
    let page = Unframed {
        title: title.to_owned(),
        words: words.to_owned(),
        link,
    };
    let Some(html) = page.within(Frame::open()) else {
        return status.into_response();
    };
    let mut response = (status, Html(html)).into_response();
    response.extensions_mut().insert(page);
    response
}

impl IntoResponse for Told<'_> {
    fn into_response(self) -> Response {
        unframed(self.status, self.title, self.words, self.link)
    }
}

/// Whoever waits for a page that tells of trouble does not wait longer than this for its frame.
const FRAME_TAKES: Duration = Duration::from_secs(3);

/// The page in the frame of who is signed in. Where that cannot be known, it stays as it is.
async fn framed(shared: &Shared, headers: &HeaderMap, mut response: Response) -> Response {
    let Some(page) = response.extensions_mut().remove::<Unframed>() else {
        return response;
    };
    let found = tokio::time::timeout(FRAME_TAKES, session::find(shared, headers)).await;
    let frame = match found {
        Ok(Ok(Some(signed))) => Frame {
            in_installations: false,
            ..signed.frame()
        },
        Ok(Ok(None)) => Frame {
            can_sign_in: shared.can_sign_in(),
            ..Frame::open()
        },
        Ok(Err(_)) | Err(_) => return response,
    };
    if let Some(html) = page.within(frame) {
        response.headers_mut().remove(header::CONTENT_LENGTH);
        *response.body_mut() = html.into();
    }
    response
}

/// Marks the answer to somebody whose sign-in GitHub has ended while a page was made: the door knows what was asked.
#[derive(Clone, Copy)]
struct SignInOver;

/// Gives every failure our own words, whoever noticed it: the framework's refusals of queries, paths and methods, what took too
/// long, what panicked. Pages for people, `application/problem+json` under `/api`.
pub(super) async fn in_our_words(
    State(shared): State<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Response {
    let headers = request.headers().clone();
    let response = told_in_our_words(request, next).await;
    framed(&shared, &headers, response).await
}

async fn told_in_our_words(request: Request, next: Next) -> Response {
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let wants_data = wants_data(request.headers(), uri.path());
    if uri.query().is_some_and(has_nul) {
        return unreadable(uri.path());
    }
    let response = next.run(request).await;
    let status = response.status();
    if response.extensions().get::<SignInOver>().is_some() && method == Method::GET {
        let wanted = if wants_data {
            Wanted::Data
        } else {
            let path = uri.path_and_query();
            Wanted::Page(
                path.map_or("/", axum::http::uri::PathAndQuery::as_str)
                    .to_owned(),
            )
        };
        return PageError::SignedOut(wanted).into_response();
    }
    let failed = status.is_client_error() || status.is_server_error();
    if !failed || is_ours(&response) || FOR_MACHINES.contains(&uri.path()) {
        return response;
    }
    let allow = response.headers().get(header::ALLOW).cloned();
    let mut told = if uri.path().starts_with("/api/") {
        let error = match status {
            StatusCode::NOT_FOUND => ApiError::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => ApiError::MethodNotAllowed,
            StatusCode::PAYLOAD_TOO_LARGE => ApiError::TooLarge,
            StatusCode::GATEWAY_TIMEOUT => ApiError::Slow,
            _ if status.is_client_error() => ApiError::Malformed(UNREADABLE.to_owned()),
            _ => ApiError::Internal,
        };
        error.into_response()
    } else {
        in_words(status).into_response()
    };
    if let Some(allow) = allow {
        told.headers_mut().insert(header::ALLOW, allow);
    }
    told
}

/// No text of the database can hold it, so nothing is called by it.
fn has_nul(query: &str) -> bool {
    form_urlencoded::parse(query.as_bytes())
        .any(|(name, value)| name.contains('\0') || value.contains('\0'))
}

fn unreadable(path: &str) -> Response {
    if path.starts_with("/api/") {
        ApiError::Malformed(UNREADABLE.to_owned()).into_response()
    } else {
        in_words(StatusCode::BAD_REQUEST).into_response()
    }
}

/// What orchestrators and scrapers ask; their words are their own.
const FOR_MACHINES: [&str; 4] = ["/livez", "/readyz", "/metrics", "/api/health"];

const UNREADABLE: &str = "The address or what follows its question mark cannot be read.";

/// A page or a problem of ours; the framework's own answers are plain text, or empty.
fn is_ours(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or("");
    !(kind.is_empty() || kind.starts_with("text/plain"))
}

fn in_words(status: StatusCode) -> PageError {
    match status {
        StatusCode::NOT_FOUND => PageError::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => PageError::WrongMethod,
        StatusCode::GATEWAY_TIMEOUT => PageError::Slow,
        _ if status.is_client_error() => PageError::Refused(
            "The address cannot be read",
            format!(
                "{UNREADABLE} It may have been cut off or mistyped; go back, or start from the first page."
            ),
        ),
        _ => PageError::Internal,
    }
}

impl IntoResponse for PageError {
    fn into_response(self) -> Response {
        match &self {
            Self::SignedOut(Wanted::Page(next)) => {
                let next: String = form_urlencoded::byte_serialize(next.as_bytes()).collect();
                return Redirect::to(&format!("/login?next={next}")).into_response();
            }
            Self::SignedOut(Wanted::Data) => {
                let says = json!({ "error": "sign in first" });
                return (StatusCode::UNAUTHORIZED, Json(says)).into_response();
            }
            _ => {}
        }
        let mut response = self.told().into_response();
        if matches!(self, Self::SignedOut(Wanted::Form)) {
            response.extensions_mut().insert(SignInOver);
        }
        let wait = match self {
            Self::TooOften => Some(HeaderValue::from_static("60")),
            Self::Unavailable(..) => Some(RETRY_AFTER),
            _ => None,
        };
        if let Some(wait) = wait {
            response.headers_mut().insert(header::RETRY_AFTER, wait);
        }
        response
    }
}

impl From<sqlx::Error> for PageError {
    fn from(error: sqlx::Error) -> Self {
        FlowError::from(error).into()
    }
}

impl From<FlowError> for PageError {
    fn from(error: FlowError) -> Self {
        match error {
            FlowError::SignedOut => Self::SignedOut(Wanted::Form),
            FlowError::GitHub(
                GitHubError::RateLimited { retry_at, .. } | GitHubError::Crowded { retry_at },
            ) => Self::Unavailable(
                "GitHub asks us to wait",
                format!(
                    "Too many questions were asked of GitHub for you. Try again after {}.",
                    retry_at.format("%H:%M:%S UTC")
                ),
            ),
            FlowError::Later(_) => Self::Unavailable(
                "Somebody else is at it",
                "The same is being asked of GitHub elsewhere. Try again in a moment.".to_owned(),
            ),
            FlowError::GitHub(error) if error.is_passing() => {
                tracing::warn!(%error, "GitHub does not answer a page's question");
                Self::Unavailable(
                    "GitHub does not answer",
                    "What you may see here is asked of GitHub, and it does not answer now. Try again in a moment.".to_owned(),
                )
            }
            FlowError::Store(error) => {
                tracing::error!(%error, "the database does not answer a page's question");
                Self::Unavailable(
                    "The database does not answer",
                    "Try again in a moment. If it stays so, whoever runs this server has to look."
                        .to_owned(),
                )
            }
            error => {
                tracing::error!(%error, "a page could not be made");
                Self::Internal
            }
        }
    }
}

/// A form that is shown again with what is wrong with it, or with what kept it from being saved.
pub(crate) fn refused_form(page: Response) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, page).into_response()
}

/// Is it a script that asks, and no person?
fn wants_data(headers: &HeaderMap, path: &str) -> bool {
    let accepts = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .unwrap_or_default();
    let data = ["application/json", "text/event-stream"];
    path.starts_with("/api/")
        || (data.iter().any(|kind| accepts.contains(kind)) && !accepts.contains("text/html"))
}

/// A handler that panics costs its request, not the server.
#[expect(clippy::needless_pass_by_value, reason = "the layer hands it over")]
pub(super) fn panicked(panic: Box<dyn Any + Send>) -> Response {
    let said = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("it did not say why");
    tracing::error!(said, "a handler panicked");
    // Without words of its own: the door finds those that fit.
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

/// The same at the webhook's door, which answers a machine.
pub(super) fn panicked_at_webhook(panic: Box<dyn Any + Send>) -> Response {
    drop(panicked(panic));
    (
        StatusCode::INTERNAL_SERVER_ERROR,
        Json(json!({ "error": "something went wrong here; the log says what" })),
    )
        .into_response()
}
