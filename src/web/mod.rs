//! The front door: routes and layers. What a status code means is written in [`error`] alone.
//!
//! Invariant: the door parses, handlers get types; nothing in this folder decides what a delivery asks for.

mod api;
mod assets;
mod audit;
mod chart;
mod cookies;
pub mod error;
mod frame;
pub mod health;
mod install;
mod installations;
pub mod metrics;
mod pages;
mod parts;
mod public;
mod run;
mod serve;
mod session;
mod settings;
mod setup;
mod sign_in;
mod tokens;
mod visits;
mod webhook;

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{FromRequestParts, MatchedPath, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Response, StatusCode};
use axum::routing::{get, post};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::{Semaphore, watch};
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;
use tracing::{Span, field, info_span, warn};

use crate::domain::trigger::Mention;
use crate::flows::Services;
use crate::flows::receive::Receiver;
use crate::github::webhook::Verifier;
use health::{Health, Probe};
use public::Peer;
pub use public::Public;
use run::live::Live;
pub use serve::serve;
use visits::Visits;

/// Steps of signing in that one address may take in a minute; a sign-in has two, and an office shares an address.
const SIGN_INS: u32 = 60;
/// Steps of setting up that one address may take in a minute.
const SETUPS: u32 = 30;
/// Tokens that do not count from one address in a minute, and of the same beginning.
const BAD_TOKENS: u32 = 100;
const SAME_TOKENS: u32 = 30;
/// What a page may take to be made; a webhook has its own deadline.
const PAGE_TIMEOUT: Duration = Duration::from_secs(10);

/// All that the pages and routes stand on.
pub struct Site {
    /// What flows work with.
    pub services: Services,
    /// Knows the webhook secrets; `None`: there is no App yet, and no delivery can be believed.
    pub verifier: watch::Receiver<Option<Arc<Verifier>>>,
    /// The App comes from the environment: there is nothing to set up.
    pub from_environment: bool,
    /// Takes deliveries in.
    pub receiver: Receiver,
    /// How the cache is; a dead one only degrades.
    pub cache: Probe,
    /// How the AI provider is; `off` where none is configured.
    pub ai: Probe,
    /// What [`metrics::install`] gave; `None`: `/metrics` says that there are none.
    pub metrics: Option<PrometheusHandle>,
    pub links: Links,
    /// How the server is reached from outside.
    pub public: Public,
    /// When the process began.
    pub started: Instant,
    /// Becomes true when the process stops: what streams ends then.
    pub stopping: watch::Receiver<bool>,
}

/// Where pages lead to on GitHub.
pub struct Links {
    /// `GITHUB_WEB_URL`, e.g. `https://github.com`.
    pub web_url: String,
    /// The App's slug, once it is known.
    pub slug: watch::Receiver<Option<String>>,
    pub mention: Mention,
}

impl Links {
    /// `@TheOpenProducerBot`, as people write it.
    fn mention(&self) -> String {
        let slug = self.slug.borrow();
        format!(
            "@{}",
            self.mention.under(slug.as_deref().unwrap_or_default())
        )
    }
}

/// What handlers see.
struct Shared {
    services: Services,
    verifier: watch::Receiver<Option<Arc<Verifier>>>,
    from_environment: bool,
    /// A delivery with a right signature has come in: by which verifier; 0: none yet.
    heard: AtomicUsize,
    receiver: Receiver,
    health: Health,
    metrics: Option<PrometheusHandle>,
    links: Links,
    public: Public,
    /// Attempts to sign in.
    sign_ins: Visits,
    /// Attempts to set up.
    setups: Visits,
    /// Tokens of the API that do not count, by address.
    bad_tokens: Visits,
    /// The same, by how they begin: one script with an old token.
    same_tokens: Visits,
    /// Room for large bodies, so that many at once cannot take all memory.
    large_bodies: Arc<Semaphore>,
    live: Live,
}

/// All routes with their layers.
pub fn router(site: Site) -> Router {
    let visits = |most, door| Visits::at_most(most, door, &site.services.cache);
    let shared = Arc::new(Shared {
        sign_ins: visits(SIGN_INS, "sign-in"),
        setups: visits(SETUPS, "setup"),
        bad_tokens: visits(BAD_TOKENS, "token"),
        same_tokens: visits(SAME_TOKENS, "token-prefix"),
        live: Live::new(site.services.pool.clone(), site.stopping),
        verifier: site.verifier,
        from_environment: site.from_environment,
        heard: AtomicUsize::new(0),
        receiver: site.receiver,
        health: Health::new(
            site.services.pool.clone(),
            site.cache,
            site.ai,
            site.started,
        ),
        services: site.services,
        metrics: site.metrics,
        links: site.links,
        public: site.public,
        large_bodies: Arc::new(Semaphore::new(webhook::LARGE_BODIES)),
    });
    let pages = Router::new()
        .route("/", get(pages::home))
        .route("/install", get(install::start))
        .route("/install/callback", get(install::back))
        .route("/install/badge.svg", get(install::badge))
        .route("/setup", get(setup::show).post(setup::send))
        .route("/setup/callback", get(setup::finish))
        .route("/login", get(sign_in::start))
        .route("/login/callback", get(sign_in::finish))
        .route("/logout", get(sign_in::ask_to_leave).post(sign_in::leave))
        .route("/assets/{name}", get(assets::serve))
        .route("/installations", get(installations::list))
        .route("/installations/{id}", get(installations::show))
        .route("/runs/{run}", get(run::page))
        .route("/runs/{run}/live", get(run::live))
        .route("/runs/{run}/{deed}", post(run::act))
        .merge(settings::routes())
        .merge(audit::routes())
        .merge(tokens::routes())
        .merge(api::routes())
        .route("/metrics", get(metrics::render))
        .route("/api/health", get(health::report))
        .route("/livez", get(health::alive))
        .route("/readyz", get(health::ready))
        .fallback(pages::not_found)
        .layer(
            ServiceBuilder::new()
                .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid))
                .layer(
                    TraceLayer::new_for_http()
                        .make_span_with(span)
                        .on_request(())
                        .on_response(outcome)
                        .on_failure(()),
                )
                .layer(PropagateRequestIdLayer::x_request_id())
                .layer(axum::middleware::map_response_with_state(
                    Arc::clone(&shared),
                    pages::guard,
                ))
                .layer(axum::middleware::from_fn(error::in_our_words))
                .layer(CatchPanicLayer::custom(error::panicked))
                .layer(TimeoutLayer::with_status_code(
                    StatusCode::GATEWAY_TIMEOUT,
                    PAGE_TIMEOUT,
                )),
        );
    // The webhook has its own deadline, its log lines carry the delivery's id, and a span for each of the many
    // deliveries that do not concern us would cost as much as reading them.
    let webhook = Router::new().route(
        "/api/webhook/github",
        post(webhook::receive).fallback(webhook::only_post),
    );
    webhook
        .layer(CatchPanicLayer::custom(error::panicked_at_webhook))
        .merge(pages)
        .with_state(shared)
}

/// From where a request comes.
struct Origin {
    peer: Option<Peer>,
    headers: HeaderMap,
}

impl<S: Sync> FromRequestParts<S> for Origin {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self {
            peer: parts.extensions.get().copied(),
            headers: parts.headers.clone(),
        })
    }
}

/// What the database refused to a page.
fn stored(error: sqlx::Error) -> error::PageError {
    crate::flows::FlowError::Store(error).into()
}

/// The path only: a query may hold a one-time code.
fn span(request: &Request) -> Span {
    let path = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| request.uri().path(), MatchedPath::as_str);
    let id = request
        .headers()
        .get("x-request-id")
        .and_then(|id| id.to_str().ok());
    info_span!("http", method = %request.method(), path, request.id = id, status = field::Empty)
}

fn outcome<B>(response: &Response<B>, _took: Duration, span: &Span) {
    span.record("status", response.status().as_u16());
    if response.status() == StatusCode::GATEWAY_TIMEOUT {
        span.in_scope(|| {
            warn!(
                "no answer within {} s: GitHub or the database is slow",
                PAGE_TIMEOUT.as_secs()
            );
        });
    }
}
