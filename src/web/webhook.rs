//! `POST /api/webhook/github`: the signature first, then what it signed, then 202.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::{FromRequest, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use super::Shared;
use super::error::WebError;
use crate::flows::receive::{Receipt, VerifiedDelivery};
use crate::flows::registration;
use crate::github::webhook::Check;
use crate::store::deliveries::MAX_BODY_BYTES;

/// GitHub hangs up after ten seconds; it is to have our answer before.
const DEADLINE: Duration = Duration::from_secs(9);
/// Bodies from this size on need room of their own …
const LARGE: usize = 1024 * 1024;
/// … which there is for so many at a time.
pub(super) const LARGE_BODIES: usize = 8;

const SIGNATURE: HeaderName = HeaderName::from_static("x-hub-signature-256");
const DELIVERY: HeaderName = HeaderName::from_static("x-github-delivery");
const EVENT: HeaderName = HeaderName::from_static("x-github-event");

/// What is said in a 202.
#[derive(Serialize)]
pub(super) struct Said {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

/// Takes a delivery in and says what was done with it.
/// Any other method: somebody has opened the address in a browser.
pub(super) async fn only_post() -> (HeaderMap, WebError) {
    let headers = [
        (header::ALLOW, HeaderValue::from_static("POST")),
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (HeaderMap::from_iter(headers), WebError::OnlyPost)
}

pub(super) async fn receive(
    State(shared): State<Arc<Shared>>,
    arrived: Arrived,
) -> Result<(StatusCode, Json<Said>), WebError> {
    let receipt = shared
        .receiver
        .receive(arrived.delivery, arrived.deadline)
        .await?;
    let reason = match receipt {
        Receipt::Ignored(reason) => Some(reason.as_str()),
        Receipt::Stored | Receipt::Known => None,
    };
    Ok((
        StatusCode::ACCEPTED,
        Json(Said {
            status: receipt.as_str(),
            reason,
        }),
    ))
}

/// A delivery whose signature is right, and when its sender will hang up.
pub(super) struct Arrived {
    delivery: VerifiedDelivery,
    deadline: Instant,
    /// Given back when the request is answered.
    _room: Option<OwnedSemaphorePermit>,
}

impl FromRequest<Arc<Shared>> for Arrived {
    type Rejection = WebError;

    async fn from_request(request: Request, shared: &Arc<Shared>) -> Result<Self, WebError> {
        let deadline = Instant::now() + DEADLINE;
        let (parts, body) = request.into_parts();
        let headers = parts.headers;
        let outcome = read(&headers, body, shared, deadline).await;
        let (body, room) = outcome.inspect_err(|error| {
            metrics::counter!("openproducer_deliveries_refused_total").increment(1);
            tracing::warn!(%error, delivery = name(&headers, &DELIVERY), "refused a request to the webhook");
        })?;
        let delivery = understood(&headers, body).inspect_err(|error| {
            metrics::counter!("openproducer_deliveries_refused_total").increment(1);
            tracing::warn!(%error, delivery = name(&headers, &DELIVERY), "refused a signed request to the webhook");
        })?;
        Ok(Self {
            delivery,
            deadline,
            _room: room,
        })
    }
}

type Read = (Bytes, Option<OwnedSemaphorePermit>);

/// Reads the body and proves it; nothing in it or about it is believed before. The event's name only chooses the secret.
async fn read(
    headers: &HeaderMap,
    body: Body,
    shared: &Arc<Shared>,
    deadline: Instant,
) -> Result<Read, WebError> {
    let signature = headers.get(SIGNATURE).ok_or(WebError::SignatureMissing)?;
    let event = name(headers, &EVENT).unwrap_or_default();
    let verifier = shared.verifier.borrow().clone();
    let verifier = verifier.ok_or(WebError::NoApp)?;
    if !verifier.has_secret_for(event) {
        return Err(WebError::NoMarketplaceSecret);
    }
    let mut check = verifier
        .begin(event, signature.as_bytes())
        .ok_or(WebError::SignatureWrong)?;
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: usize| length > MAX_BODY_BYTES) {
        return Err(WebError::TooLarge);
    }
    let reading = collect(
        body,
        announced.unwrap_or(0),
        &mut check,
        &shared.large_bodies,
    );
    let read = timeout_at(deadline, reading)
        .await
        .map_err(|_| WebError::TooSlow)??;
    if check.matches() {
        note_first(shared);
        Ok(read)
    } else {
        Err(WebError::SignatureWrong)
    }
}

/// The first delivery with a right signature is remembered: whoever set the App up waits for it.
fn note_first(shared: &Arc<Shared>) {
    // Of each App once: another may have taken its place.
    let verifier = shared.verifier.borrow().as_ref().map(Arc::as_ptr);
    let whose = verifier.map_or(0, <*const _>::addr);
    if shared.from_environment || shared.heard.swap(whose, Ordering::Relaxed) == whose {
        return;
    }
    let shared = Arc::clone(shared);
    tokio::spawn(async move {
        if let Err(error) = registration::note_webhook(&shared.services).await {
            tracing::warn!(%error, "the first delivery could not be noted");
            shared.heard.store(0, Ordering::Relaxed);
        }
    });
}

/// The whole body, summed up as it comes in. A small one is not copied.
async fn collect(
    mut body: Body,
    announced: usize,
    check: &mut Check,
    large_bodies: &Arc<Semaphore>,
) -> Result<Read, WebError> {
    let mut room = None;
    let mut whole = Bytes::new();
    let mut growing = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| broken(&error))?;
        let Ok(piece) = frame.into_data() else {
            continue;
        };
        check.update(&piece);
        if whole.is_empty() && growing.is_empty() {
            whole = piece;
            continue;
        }
        if growing.is_empty() {
            growing.reserve(announced.min(LARGE).max(whole.len() + piece.len()));
            growing.extend_from_slice(&whole);
            whole = Bytes::new();
        }
        let length = growing.len() + piece.len();
        if length > MAX_BODY_BYTES {
            return Err(WebError::TooLarge);
        }
        if length > LARGE && room.is_none() {
            room = Arc::clone(large_bodies).acquire_owned().await.ok();
            growing.reserve(announced.saturating_sub(growing.len()));
        }
        growing.extend_from_slice(&piece);
    }
    Ok((
        if growing.is_empty() {
            whole
        } else {
            growing.freeze()
        },
        room,
    ))
}

fn broken(error: &axum::Error) -> WebError {
    WebError::BrokenOff(error.to_string())
}

/// What the headers of a proven request say.
fn understood(headers: &HeaderMap, body: Bytes) -> Result<VerifiedDelivery, WebError> {
    let content_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let mime = content_type.split(';').next().unwrap_or_default().trim();
    if mime.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(WebError::Malformed(
            "the webhook sends forms: choose the content type application/json in the App's settings".to_owned(),
        ));
    }
    if !mime.eq_ignore_ascii_case("application/json") {
        return Err(WebError::Malformed(
            "the content type has to be application/json".to_owned(),
        ));
    }
    let required = |header: &HeaderName| {
        let value = name(headers, header);
        value.map(str::to_owned).ok_or_else(|| {
            WebError::Malformed(format!(
                "the header {header} is missing or is not 1 to 64 printable characters"
            ))
        })
    };
    Ok(VerifiedDelivery {
        guid: required(&DELIVERY)?,
        event: required(&EVENT)?,
        body,
    })
}

/// A header that holds a name or an id: 1 to 64 printable characters without spaces.
fn name<'h>(headers: &'h HeaderMap, header: &HeaderName) -> Option<&'h str> {
    let value = headers.get(header)?.to_str().ok()?;
    let fits = (1..=64).contains(&value.len()) && value.bytes().all(|b| b.is_ascii_graphic());
    fits.then_some(value)
}
