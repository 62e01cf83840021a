//! The wire: one octocrab over one connection pool for all tenants. The only file that knows octocrab.
//!
//! Of octocrab we take the client (its request type, its shared tower stack) and nothing that decides: it sends
//! every request once, as given. Authentication, redirects, pages, retries and models are ours, because its own
//! repeat writes, lose the credentials on page 2, or mint a token per caller.

use std::{error::Error as _, sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use http::{
    HeaderValue, Request,
    header::{ACCEPT, CONTENT_TYPE, HeaderName, USER_AGENT},
};
use http_body_util::BodyExt;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_timeout::TimeoutConnector;
use hyper_util::{
    client::legacy::{Client, Error as ClientError, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use octocrab::{OctoBody, Octocrab, OctocrabBuilder};
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs};
use tokio::time::timeout;
use url::Url;

use super::{
    SetupError,
    answer::Answer,
    guard::{Base, GuardLayer, Refusal, Side},
};

/// The version of the API that we are written against. The next, 2026-03-10, takes fields away and gives us
/// nothing; GitHub keeps a version for at least two years after its successor.
const API_VERSION: &str = "2022-11-28";
const AGENT: &str = concat!("openproducer/", env!("CARGO_PKG_VERSION"));
/// A page of 100 issues with bodies of 65,536 characters of 4 bytes is 26 MB.
const LARGEST_ANSWER: usize = 64 * 1024 * 1024;

/// How long to wait for GitHub, which itself gives up after 10 s.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// For name, TCP and TLS together. Running out of it means that nothing was sent.
    pub connect: Duration,
    /// For the answer's head, and between any two pieces of its body.
    pub read: Duration,
    /// For the whole exchange.
    pub total: Duration,
    /// For how long after minting a token may be refused, until all of GitHub knows it.
    pub token_spread: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            read: Duration::from_secs(20),
            total: Duration::from_secs(45),
            token_spread: Duration::from_secs(5),
        }
    }
}

/// Why no whole answer came.
#[derive(Debug)]
pub(super) enum WireError {
    /// By our own guard.
    Refused { method: String, path: String },
    /// No connection came about: GitHub has not seen the request.
    NotSent(String),
    /// The request had left, wholly or in part.
    Lost(String),
}

/// Sends requests, each at most once.
pub(super) struct Wire {
    crab: Octocrab,
    base: Base,
    timeouts: Timeouts,
}

impl Wire {
    /// To GitHub's API.
    pub(super) fn new(api_url: &Url, timeouts: Timeouts) -> Result<Self, SetupError> {
        Self::to(api_url, Side::Api, timeouts)
    }

    /// To GitHub's web address, for the little that is asked there.
    pub(super) fn to_web(web_url: &Url, timeouts: Timeouts) -> Result<Self, SetupError> {
        Self::to(web_url, Side::Web, timeouts)
    }

    fn to(api_url: &Url, side: Side, timeouts: Timeouts) -> Result<Self, SetupError> {
        // octocrab starts the task that feeds its stack at once.
        tokio::runtime::Handle::try_current().map_err(|_| SetupError::Runtime)?;
        let base = base(api_url)?;
        let mut connector = TimeoutConnector::new(https(api_url.scheme() == "https")?);
        // Only this one: its read time-out also runs while a pooled connection is idle, and would then fail the next request.
        connector.set_connect_timeout(Some(timeouts.connect));
        let client: Client<_, OctoBody> = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(Duration::from_secs(30))
            .build(connector);
        let built = OctocrabBuilder::new_empty()
            .with_service(client)
            .with_layer(&GuardLayer(base.clone(), side))
            .with_auth(octocrab::AuthState::None)
            .build();
        let crab = match built {
            Ok(crab) => crab,
            Err(never) => match never {},
        };
        Ok(Self {
            crab,
            base,
            timeouts,
        })
    }

    pub(super) fn base(&self) -> &Base {
        &self.base
    }

    pub(super) fn timeouts(&self) -> Timeouts {
        self.timeouts
    }

    /// Sends it and takes the whole answer, whatever its status.
    pub(super) async fn send(&self, mut request: Request<Bytes>) -> Result<Answer, WireError> {
        let has_body = !request.body().is_empty();
        let headers = request.headers_mut();
        headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
        headers
            .entry(ACCEPT)
            .or_insert(HeaderValue::from_static("application/vnd.github+json"));
        headers.insert(
            HeaderName::from_static("x-github-api-version"),
            HeaderValue::from_static(API_VERSION),
        );
        if has_body {
            headers
                .entry(CONTENT_TYPE)
                .or_insert(HeaderValue::from_static("application/json"));
        }
        match timeout(
            self.timeouts.total,
            self.exchange(request.map(OctoBody::from)),
        )
        .await
        {
            Ok(result) => result,
            Err(_) => Err(WireError::Lost("no whole answer in time".to_owned())),
        }
    }

    async fn exchange(&self, request: Request<OctoBody>) -> Result<Answer, WireError> {
        let late = |_| WireError::Lost("no answer in time".to_owned());
        let response = timeout(self.timeouts.read, self.crab.execute(request))
            .await
            .map_err(late)?;
        let (head, mut body) = response.map_err(|error| sort(&error))?.into_parts();
        let mut bytes = BytesMut::new();
        while let Some(frame) = timeout(self.timeouts.read, body.frame())
            .await
            .map_err(late)?
        {
            let frame = frame.map_err(|error| {
                WireError::Lost(format!("the answer broke off: {}", chain(&error)))
            })?;
            if let Some(data) = frame.data_ref() {
                bytes.extend_from_slice(data);
            }
            if bytes.len() > LARGEST_ANSWER {
                return Err(WireError::Lost("the answer is too large".to_owned()));
            }
        }
        Ok(Answer::new(head.status, head.headers, bytes.freeze()))
    }
}

/// Says whether the request may have left.
fn sort(error: &octocrab::Error) -> WireError {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(Refusal { method, path }) = inner.downcast_ref() {
            return WireError::Refused {
                method: method.clone(),
                path: path.clone(),
            };
        }
        if inner
            .downcast_ref::<ClientError>()
            .is_some_and(ClientError::is_connect)
        {
            return WireError::NotSent(chain(inner));
        }
        cause = inner.source();
    }
    WireError::Lost(error.source().map_or_else(|| "unknown".to_owned(), chain))
}

/// An error with its causes, outermost first.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut causes = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(inner) = cause {
        causes.push(inner.to_string());
        cause = inner.source();
    }
    causes.join(": ")
}

fn base(api_url: &Url) -> Result<Base, SetupError> {
    let plain = matches!(api_url.scheme(), "http" | "https")
        && api_url.username().is_empty()
        && api_url.password().is_none()
        && api_url.query().is_none()
        && api_url.fragment().is_none()
        && api_url.has_host();
    if !plain {
        return Err(SetupError::ApiUrl(super::redact::redact(api_url.as_str())));
    }
    Ok(Base {
        origin: api_url.origin().ascii_serialization(),
        path: api_url.path().trim_end_matches('/').to_owned(),
    })
}

/// TLS with the system's roots; plain HTTP too, since the address is the operator's choice.
fn https(needs_roots: bool) -> Result<HttpsConnector<HttpConnector>, SetupError> {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_keepalive(Some(Duration::from_secs(30)));
    let provider = Arc::new(aws_lc_rs::default_provider());
    let failed = |error: &dyn std::fmt::Display| SetupError::Roots(error.to_string());
    let builder = if needs_roots {
        HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(provider)
            .map_err(|e| failed(&e))?
    } else {
        // A simulated GitHub on loopback must work on a machine without certificates.
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|e| failed(&e))?
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth();
        HttpsConnectorBuilder::new().with_tls_config(config)
    };
    Ok(builder.https_or_http().enable_http1().wrap_connector(tcp))
}

#[cfg(test)]
mod tests;
