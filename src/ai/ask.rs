//! A question with its retries, all within one time; and the cheap check whether a model is there.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use http::HeaderValue;
use metrics::{counter, histogram};
use secrecy::ExposeSecret;
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use url::Url;

use super::address::{self, Rules};
use super::call::{Form, Line};
use super::failure::{Failure, Reader};
use super::gate::{Gate, Hosts};
use super::providers::{Dialect, dialect};
use super::{AiError, Answer, Choice, Question, Usage};
use crate::clock::{Chance, Clock};
use crate::domain::ids::InstallationId;

/// Sends of one question, the first included.
const SENDS: usize = 3;
/// The first wait before sending again, without jitter; the second is twice as long.
const PAUSE: Duration = Duration::from_millis(500);
/// Until a connection stands, TLS included.
const CONNECT: Duration = Duration::from_secs(10);
/// The longest that a check takes.
const CHECK: Duration = Duration::from_secs(8);
/// Questions under way at once in this process; more wait, within their time.
const AT_ONCE: usize = 32;
/// Of these, one tenant's: a slow server of theirs holds up nobody else.
const OF_A_TENANT: usize = 8;
/// What a check lets a model answer; less is refused by some.
const TINY: u32 = 16;
const LONGEST_NAME: usize = 200;

/// Asks models. Cheap to clone; clones share the bound on questions at once.
#[derive(Clone, Debug)]
pub struct Models {
    timeout: Duration,
    pause: Duration,
    allow_private: bool,
    clock: Clock,
    chance: Chance,
    hosts: Hosts,
    places: Arc<Semaphore>,
    /// The places of each tenant who asks.
    shares: Arc<Mutex<HashMap<InstallationId, Weak<Semaphore>>>>,
    /// The places of the tenant for whom these ask.
    share: Option<Arc<Semaphore>>,
}

impl Models {
    /// `timeout`: how long one question may take, with everything that is sent again and waited for.
    pub fn new(timeout: Duration, clock: Clock, chance: Chance) -> Self {
        Self {
            timeout,
            pause: PAUSE,
            allow_private: false,
            clock,
            chance,
            hosts: Hosts::default(),
            places: Arc::new(Semaphore::new(AT_ONCE)),
            shares: Arc::default(),
            share: None,
        }
    }

    /// The same for a tenant, who has some of the places and no more.
    #[must_use]
    pub fn of(&self, installation: InstallationId) -> Self {
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        let known = shares.get(&installation).and_then(Weak::upgrade);
        let share = known.unwrap_or_else(|| {
            shares.retain(|_, share| share.strong_count() > 0);
            let share = Arc::new(Semaphore::new(OF_A_TENANT));
            shares.insert(installation, Arc::downgrade(&share));
            share
        });
        drop(shares);
        Self {
            share: Some(share),
            ..self.clone()
        }
    }

    /// A place to ask from: the tenant's own first, so that whoever waits for one keeps none from others.
    async fn place(&self) -> impl Sized {
        let own = match &self.share {
            Some(share) => Some(share.acquire().await),
            None => None,
        };
        (own, self.places.acquire().await)
    }

    /// How long one question may take.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Permits tenants' addresses of private networks, on any port and without https.
    #[must_use]
    pub fn allow_private(mut self, allow: bool) -> Self {
        self.allow_private = allow;
        self
    }

    /// Whether a tenant's own address may be asked, as far as it can be told without asking; or why not.
    pub fn check_tenants_address(&self, address: &Url) -> Result<(), String> {
        address::base(address, self.tenants_rules()).map(drop)
    }

    fn tenants_rules(&self) -> Rules {
        if self.allow_private {
            Rules::PublicOrPrivate
        } else {
            Rules::Public
        }
    }

    /// Another first wait before sending again.
    #[must_use]
    pub fn with_pause(mut self, pause: Duration) -> Self {
        self.pause = pause;
        self
    }

    /// Addresses of host names that are not to be looked up, in lower case.
    #[must_use]
    pub fn with_hosts(mut self, hosts: impl IntoIterator<Item = (String, Vec<IpAddr>)>) -> Self {
        self.hosts = Arc::new(hosts.into_iter().collect());
        self
    }

    /// Asks, at most three times. A reply that is cut, refused or blocked is an answer too: look at its `finish`.
    pub async fn ask(&self, choice: &Choice, question: &Question) -> Result<Answer, AiError> {
        let dialect = dialect(choice.provider);
        let ends = Instant::now() + self.timeout;
        let work = async {
            let _place = self.place().await;
            let line = self.open(dialect, choice).await?;
            self.send(&line, question, ends).await
        };
        timed(dialect, ends, work).await
    }

    /// Whether the model can be asked now: by the list of models, or where that does not tell, with a tiny question.
    /// Sends nothing again; the caller keeps the result for a while.
    pub async fn check(&self, choice: &Choice) -> Result<(), AiError> {
        let dialect = dialect(choice.provider);
        let ends = Instant::now() + self.timeout.min(CHECK);
        let tiny = Choice {
            max_tokens: Some(TINY),
            ..choice.clone()
        };
        let work = async {
            let _place = self.place().await;
            let line = self.open(dialect, &tiny).await?;
            self.look(&line).await
        };
        timed(dialect, ends, work).await
    }

    async fn look(&self, line: &Line<'_>) -> Result<(), AiError> {
        match counted(line.dialect, line.list(self.reader(line))).await {
            Ok(names) if names.iter().any(|name| name == line.model) => return Ok(()),
            // An unlisted model may be an alias, or on another page; some servers have no list.
            Ok(_)
            | Err(Failure {
                error: AiError::ModelUnknown | AiError::Unreadable(_) | AiError::Address(_),
                ..
            }) => {}
            Err(failure) => return Err(failure.error),
        }
        let question = Question {
            system: String::new(),
            prompt: "Reply with {}".to_owned(),
            schema_name: "nothing",
            schema: json!({"type": "object"}),
        };
        let asked = line.ask(&question, Form::Words, self.reader(line));
        let answer = counted(line.dialect, asked).await;
        let answer = answer.map_err(|failure| failure.error)?;
        count_tokens(line.dialect, answer.usage);
        Ok(())
    }

    async fn send(
        &self,
        line: &Line<'_>,
        question: &Question,
        ends: Instant,
    ) -> Result<Answer, AiError> {
        let lost = AtomicU32::new(0);
        let schema = AtomicBool::new(line.dialect.takes_schema());
        let waits = ExponentialBuilder::default()
            .with_min_delay(self.pause)
            .with_factor(2.0)
            .with_max_times(SENDS - 1)
            .with_jitter()
            .with_jitter_seed(u64::from_le_bytes(self.chance.random_bytes()));
        let once = || async {
            let form = if schema.load(Ordering::Relaxed) {
                Form::Schema
            } else {
                Form::Words
            };
            let asked = line.ask(question, form, self.reader(line));
            let mut sent = counted(line.dialect, asked).await;
            if let Err(failure) = &sent
                && failure.error.may_have_been_answered()
            {
                lost.fetch_add(1, Ordering::Relaxed);
            }
            if let Err(failure) = &mut sent
                && failure.without_schema
            {
                failure.again = schema.swap(false, Ordering::Relaxed);
            }
            sent
        };
        let mut answer = once
            .retry(waits)
            .when(|failure: &Failure| failure.again)
            .adjust(|failure, wait| within_time(failure, wait?, ends))
            .await
            .map_err(|failure| failure.error)?;
        answer.lost = lost.load(Ordering::Relaxed);
        count_tokens(line.dialect, answer.usage);
        Ok(answer)
    }

    async fn open<'a>(
        &self,
        dialect: &'static dyn Dialect,
        choice: &'a Choice,
    ) -> Result<Line<'a>, AiError> {
        let key = choice.key.as_ref().map_or("", |key| key.expose_secret());
        if HeaderValue::from_str(key).is_err() || (key.is_empty() && dialect.needs_key()) {
            return Err(AiError::Unauthorized);
        }
        let named = !choice.model.is_empty()
            && choice.model.chars().count() <= LONGEST_NAME
            && !choice.model.chars().any(char::is_control);
        let model = named.then(|| dialect.model(&choice.model)).flatten();
        let model = model.ok_or(AiError::ModelUnknown)?;
        let (base, rules) = self.base(dialect, choice)?;
        let gate = Gate::open(rules, self.hosts.clone(), &self.chance).await;
        let gate = gate.map_err(|error| ours("no way out can be opened", &error))?;
        let client = client(&gate).await?;
        Ok(Line {
            client,
            gate,
            dialect,
            base,
            model,
            choice,
        })
    }

    /// Rules hold for what a tenant chose, not for the provider's own address.
    fn base(&self, dialect: &dyn Dialect, choice: &Choice) -> Result<(Url, Rules), AiError> {
        let Some(given) = &choice.base_url else {
            let own = dialect.address().and_then(|own| Url::parse(own).ok());
            let own = own.ok_or_else(|| AiError::Address("none is set".to_owned()))?;
            return Ok((own, Rules::Any));
        };
        let rules = if choice.is_tenants {
            self.tenants_rules()
        } else {
            Rules::Any
        };
        let base = address::base(given, rules).map_err(AiError::Address)?;
        Ok((base, rules))
    }

    fn reader<'a>(&self, line: &'a Line<'_>) -> Reader<'a> {
        Reader {
            dialect: line.dialect,
            key: line.key(),
            now: self.clock.now(),
        }
    }
}

/// The library's client, which goes nowhere but through the gate: no proxy of the environment, no redirect, nothing sent
/// again by itself, one connection a request.
async fn client(gate: &Gate) -> Result<genai::Client, AiError> {
    let proxy = reqwest::Proxy::all(gate.proxy());
    let proxy = proxy.map_err(|error| ours("no way out can be opened", &error))?;
    let builder = reqwest::Client::builder()
        .proxy(proxy)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(CONNECT)
        .pool_max_idle_per_host(0)
        .http1_only()
        .no_gzip()
        .user_agent("OpenProducer");
    // It reads the machine's certificates.
    let built = tokio::task::spawn_blocking(move || builder.build()).await;
    let client = built
        .map_err(|error| ours("no client can be made", &error))?
        .map_err(|error| ours("no client can be made", &error))?;
    genai::Client::builder()
        .with_reqwest(client)
        .build()
        .map_err(|error| ours("no client can be made", &error))
}

/// A fault on this side, before anything was sent.
fn ours(what: &str, error: &dyn std::error::Error) -> AiError {
    tracing::warn!(%error, "{what} to ask a model");
    AiError::Unavailable(format!("{what} here"))
}

async fn timed<T>(
    dialect: &dyn Dialect,
    ends: Instant,
    work: impl Future<Output = Result<T, AiError>>,
) -> Result<T, AiError> {
    let started = Instant::now();
    let done = tokio::time::timeout_at(ends, work).await;
    histogram!("ai_request_seconds", "provider" => dialect.name())
        .record(started.elapsed().as_secs_f64());
    done.unwrap_or_else(|_| {
        count(dialect, AiError::TimedOut.kind());
        Err(AiError::TimedOut)
    })
}

/// How long to wait before sending again; None: it would be over the time, and the caller learns why now.
fn within_time(failure: &Failure, usual: Duration, ends: Instant) -> Option<Duration> {
    if failure.without_schema {
        return Some(Duration::ZERO);
    }
    // Beside what is asked for, so that not everybody comes back in the same moment.
    let wait = failure.wait.unwrap_or_default() + usual;
    (Instant::now() + wait < ends).then_some(wait)
}

/// One send, counted by how it went.
async fn counted<T>(
    dialect: &dyn Dialect,
    send: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let done = send.await;
    let result = done
        .as_ref()
        .map_or_else(|failure| failure.error.kind(), |_| "answered");
    count(dialect, result);
    done
}

fn count(dialect: &dyn Dialect, result: &'static str) {
    counter!("ai_requests_total", "provider" => dialect.name(), "result" => result).increment(1);
}

fn count_tokens(dialect: &dyn Dialect, usage: Usage) {
    for (direction, tokens) in [("in", usage.tokens_in), ("out", usage.tokens_out)] {
        counter!("ai_tokens_total", "provider" => dialect.name(), "direction" => direction)
            .increment(u64::from(tokens));
    }
}
