//! From a call to its answer: credentials, redirects, clocks, and what was seen on the way.

use std::{
    sync::{
        Arc, OnceLock, PoisonError, RwLock,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use chrono::{DateTime, TimeDelta, Utc};
use http::{HeaderValue, Request, header};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::sleep;
use url::Url;

use super::{
    GitHubError,
    answer::{Answer, within},
    call::Call,
    guard::{self, Base},
    jwt::AppKey,
    limits::{Gate, Pass, Rates},
    redact::redact,
    refusal::{self, Times},
    tokens::{Access, Minted, Token, Tokens},
    wire::{Wire, WireError},
};
use crate::{clock::Clock, domain::ids::InstallationId};

const MAX_REDIRECTS: usize = 3;
/// Differences between the clocks up to this are the `Date` header's rounding.
const ROUNDING: i64 = 2;

/// As what we come to GitHub.
pub(super) enum Identity {
    /// The App is not registered yet; until it is, nothing can be asked.
    Nobody,
    App(AppKey),
    /// A person who tries it out: one token for everything.
    Person(SecretString),
}

/// What all handles share.
pub(super) struct Client {
    wire: Wire,
    identity: RwLock<Arc<Identity>>,
    clock: Clock,
    /// By how many seconds GitHub's clock is ahead of ours.
    drift: AtomicI64,
    tokens: Tokens,
    pub(super) rates: Rates,
    pub(super) gate: OnceLock<Gate>,
}

impl Client {
    pub(super) fn new(wire: Wire, identity: Identity, clock: Clock) -> Self {
        Self {
            wire,
            identity: RwLock::new(Arc::new(identity)),
            clock,
            drift: AtomicI64::new(0),
            tokens: Tokens::new(),
            rates: Rates::default(),
            gate: OnceLock::new(),
        }
    }

    fn identity(&self) -> Arc<Identity> {
        let held = self.identity.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&held)
    }

    /// From now on it comes as this App, in all clones.
    pub(super) fn become_app(&self, key: AppKey) {
        let mut held = self
            .identity
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *held = Arc::new(Identity::App(key));
        self.tokens.forget_all();
    }

    /// Does it come as an App, or will it once that is registered?
    pub(super) fn is_app(&self) -> bool {
        !self.is_person()
    }

    pub(super) fn is_registered(&self) -> bool {
        !matches!(*self.identity(), Identity::Nobody)
    }

    pub(super) fn base(&self) -> &Base {
        self.wire.base()
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub(super) fn forget(&self, id: InstallationId) {
        self.tokens.forget(id);
        self.rates.forget(id);
    }

    /// As the App itself.
    pub(super) async fn as_app(&self, call: &Call) -> Result<Answer, GitHubError> {
        let drift = self.drift.load(Ordering::Relaxed);
        let first = self.signed(call).await;
        // The refusal's Date has set our clock right; then the signature was at fault, not the key.
        let learned = self.drift.load(Ordering::Relaxed) != drift;
        match first {
            Err(GitHubError::Unauthorized { .. }) if learned => self.signed(call).await,
            other => other,
        }
    }

    async fn signed(&self, call: &Call) -> Result<Answer, GitHubError> {
        let identity = self.identity();
        let Identity::App(key) = &*identity else {
            let message = match &*identity {
                Identity::Nobody => "the App is not registered yet",
                _ => "only an App may ask this, and this server runs with a person's token",
            };
            return Err(GitHubError::Forbidden {
                message: message.to_owned(),
            });
        };
        let jwt = key
            .sign(self.times().githubs)
            .map_err(|error| GitHubError::Unauthorized {
                message: format!("the App's key could not sign: {error}"),
            })?;
        self.exchange(None, Some(&jwt), call).await
    }

    /// As somebody who signed in, with the token that they gave us.
    pub(super) async fn as_user(
        &self,
        token: &SecretString,
        call: &Call,
    ) -> Result<Answer, GitHubError> {
        self.exchange(None, Some(token), call).await
    }

    /// As nobody: the path itself is the secret.
    pub(super) async fn as_nobody(&self, call: &Call) -> Result<Answer, GitHubError> {
        self.exchange(None, None, call).await
    }

    /// Is this a person's token, and no App?
    pub(super) fn is_person(&self) -> bool {
        matches!(*self.identity(), Identity::Person(_))
    }

    /// As the person, about no repository that is known yet.
    pub(super) async fn as_person(&self, call: &Call) -> Result<Answer, GitHubError> {
        let identity = self.identity();
        let Identity::Person(token) = &*identity else {
            let message = "only a person may ask this, and this server runs as an App";
            return Err(GitHubError::Forbidden {
                message: message.to_owned(),
            });
        };
        self.exchange(None, Some(token), call).await
    }

    /// As an installation, with a token that reaches no further than `access`.
    pub(super) async fn as_installation(
        &self,
        access: &Access,
        call: &Call,
    ) -> Result<Answer, GitHubError> {
        if let Identity::Person(token) = &*self.identity() {
            let of = Some(access.installation);
            return self.exchange(of, Some(token), call).await;
        }
        let mut result = Err(GitHubError::Unauthorized {
            message: String::new(),
        });
        // A 401 had no effect, so that even a write may be sent again; once, with a new token.
        for _ in 0..2 {
            let token = self.token(access).await?;
            result = self.with_token(access.installation, &token, call).await;
            match &result {
                Err(GitHubError::Unauthorized { .. }) => self.tokens.drop(access, &token).await,
                Err(GitHubError::Suspended) => {
                    self.forget(access.installation);
                    break;
                }
                _ => break,
            }
        }
        result
    }

    async fn with_token(
        &self,
        id: InstallationId,
        token: &Token,
        call: &Call,
    ) -> Result<Answer, GitHubError> {
        let mut pause = Duration::from_millis(200);
        loop {
            let result = self.exchange(Some(id), Some(&token.secret), call).await;
            let refused = matches!(result, Err(GitHubError::Unauthorized { .. }));
            if !refused || token.age() >= self.wire.timeouts().token_spread {
                return result;
            }
            sleep(pause).await;
            pause *= 2;
        }
    }

    async fn token(&self, access: &Access) -> Result<Arc<Token>, GitHubError> {
        let githubs_now = self.times().githubs;
        self.tokens
            .get(access, githubs_now, || self.mint(access))
            .await
    }

    async fn mint(&self, access: &Access) -> Result<Token, GitHubError> {
        let path = format!("/app/installations/{}/access_tokens", access.installation);
        let call = Call::with_body(http::Method::POST, path, &access.request()).harmless();
        let answer = self.as_app(&call).await.map_err(|error| match error {
            GitHubError::NotFound { .. } => GitHubError::InstallationGone,
            GitHubError::Validation { message, .. }
                if message.to_lowercase().contains("permission") =>
            {
                GitHubError::Forbidden { message }
            }
            // A repository that the installation does not reach (any more).
            GitHubError::Validation { message, .. } => GitHubError::NotFound { message },
            other => other,
        })?;
        metrics::counter!("github_tokens_minted_total").increment(1);
        // Not through `json`: its error could quote the token.
        let minted: Minted =
            serde_json::from_slice(&answer.body).map_err(|_| GitHubError::Decode {
                detail: "no token in the answer to minting one".to_owned(),
                outcome_unknown: false,
            })?;
        Ok(minted.into_token())
    }

    /// Sends a call, follows redirects, and tells success from refusal.
    async fn exchange(
        &self,
        id: Option<InstallationId>,
        bearer: Option<&SecretString>,
        call: &Call,
    ) -> Result<Answer, GitHubError> {
        let mut path = call.path.clone();
        for _ in 0..=MAX_REDIRECTS {
            if call.leaves_its_repository(&path) {
                return Err(GitHubError::Moved { to: redact(&path) });
            }
            let answer = self.send(id, bearer, call, &path).await?;
            if answer.status.is_success() {
                return Ok(answer);
            }
            let redirect = matches!(answer.status.as_u16(), 301 | 302 | 307 | 308);
            match answer.header(header::LOCATION).filter(|_| redirect) {
                Some(location) => path = self.redirected(call, &path, location)?,
                None => return Err(refusal::read(&answer, self.times())),
            }
        }
        Err(GitHubError::Unexpected {
            status: 310,
            message: "too many redirects".to_owned(),
        })
    }

    /// The path that a redirect leads to; never to another host or scheme.
    fn redirected(&self, call: &Call, path: &str, location: &str) -> Result<String, GitHubError> {
        let base = self.base();
        let target = Url::parse(&format!("{base}{path}"))
            .and_then(|here| here.join(location))
            .ok();
        target
            .filter(|target| target.origin().ascii_serialization() == base.origin)
            .and_then(|target| within(target.as_str(), base))
            .ok_or_else(|| GitHubError::Refused {
                method: call.method.to_string(),
                path: redact(location),
            })
    }

    async fn send(
        &self,
        id: Option<InstallationId>,
        bearer: Option<&SecretString>,
        call: &Call,
        path: &str,
    ) -> Result<Answer, GitHubError> {
        let refused = || GitHubError::Refused {
            method: call.method.to_string(),
            path: redact(path),
        };
        let mut request = Request::builder()
            .method(call.method.clone())
            .uri(format!("{}{path}", self.base()))
            .body(call.body.clone())
            .map_err(|_| refused())?;
        if let Some(bearer) = bearer {
            let headers = request.headers_mut();
            headers.insert(header::AUTHORIZATION, credentials(bearer)?);
        }

        let _pass = self.pass(id).await?;
        let (started, asked_at) = (Instant::now(), self.now());
        let result = self.wire.send(request).await;
        let route =
            guard::template(&call.method, path.split('?').next().unwrap_or(path)).unwrap_or("none");
        observe(id, call, route, started.elapsed(), &result);

        let mut answer = result.map_err(|error| match error {
            WireError::Refused { method, path } => GitHubError::Refused {
                method,
                path: redact(&path),
            },
            WireError::NotSent(detail) => GitHubError::Transport {
                detail: redact(&detail),
                outcome_unknown: false,
            },
            WireError::Lost(detail) => GitHubError::Transport {
                detail: redact(&detail),
                outcome_unknown: call.writes,
            },
        })?;
        answer.to_a_write = call.writes;
        self.learn(id, asked_at, &answer);
        Ok(answer)
    }

    async fn pass(&self, id: Option<InstallationId>) -> Result<Option<Pass>, GitHubError> {
        let (Some(id), Some(gate)) = (id, self.gate.get()) else {
            return Ok(None);
        };
        if let Some(pass) = gate(id).await {
            return Ok(Some(pass));
        }
        metrics::counter!("github_requests_crowded_total").increment(1);
        Err(GitHubError::Crowded {
            retry_at: self.now() + TimeDelta::seconds(1),
        })
    }

    /// Keeps what an answer says beside its content: GitHub's clock, and the installation's limits.
    fn learn(&self, id: Option<InstallationId>, asked_at: DateTime<Utc>, answer: &Answer) {
        if let Some(date) = refusal::date(answer) {
            // Between asking and answer the clocks agree: a slow answer is no drift.
            let drift = (date - date.clamp(asked_at, self.now().max(asked_at))).num_seconds();
            let drift = if drift.abs() <= ROUNDING { 0 } else { drift };
            self.drift.store(drift, Ordering::Relaxed);
        }
        if let Some(id) = id {
            self.rates.note(id, &answer.headers);
        }
    }

    /// By how much GitHub's clock is ahead of ours.
    pub(super) fn ahead(&self) -> TimeDelta {
        TimeDelta::try_seconds(self.drift.load(Ordering::Relaxed)).unwrap_or_default()
    }

    fn times(&self) -> Times {
        let ours = self.now();
        Times {
            ours,
            githubs: ours.checked_add_signed(self.ahead()).unwrap_or(ours),
        }
    }
}

fn credentials(bearer: &SecretString) -> Result<HeaderValue, GitHubError> {
    let mut value =
        HeaderValue::try_from(format!("Bearer {}", bearer.expose_secret())).map_err(|_| {
            GitHubError::Unauthorized {
                message: "the token does not fit in a header".to_owned(),
            }
        })?;
    value.set_sensitive(true);
    Ok(value)
}

/// One line and two measurements a request; no body, no token, no name that could be a secret.
fn observe(
    id: Option<InstallationId>,
    call: &Call,
    route: &'static str,
    took: Duration,
    result: &Result<Answer, WireError>,
) {
    let status = result.as_ref().map_or(0, |answer| answer.status.as_u16());
    let class = match status {
        0 => "none",
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        _ => "5xx",
    };
    let method = call.method.as_str().to_owned();
    metrics::counter!("github_requests_total", "method" => method.clone(), "route" => route, "status" => class).increment(1);
    metrics::histogram!("github_request_seconds", "method" => method, "route" => route)
        .record(took.as_secs_f64());
    tracing::debug!(
        method = %call.method,
        route,
        status,
        ms = took.as_millis(),
        installation.id = id.map(|id| id.0),
        "asked GitHub"
    );
}
