//! Is it alive, is it ready, and how are its parts? Cheap to ask as often as anybody likes.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};
use sqlx::PgPool;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::Shared;
use crate::store::{self, jobs};

/// What one part may take to answer.
const PROBE_TIMEOUT: Duration = Duration::from_millis(1500);
/// For so long an answer is given again.
const FRESH: Duration = Duration::from_secs(1);
/// A queue whose oldest job waits longer has no worker, or too few.
const LATE: Duration = Duration::from_mins(1);

/// Asks one part how it is.
pub type Probe = Arc<dyn Fn() -> Pin<Box<dyn Future<Output = Part> + Send>> + Send + Sync>;

/// A probe out of an async function.
pub fn probe<F, A>(ask: F) -> Probe
where
    F: Fn() -> A + Send + Sync + 'static,
    A: Future<Output = Part> + Send + 'static,
{
    Arc::new(move || Box::pin(ask()))
}

/// How a part is, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PartState {
    /// Not configured; nothing is missing.
    Off,
    Up,
    /// It works, but worse.
    Degraded,
    Down,
}

/// A part with what an operator wants to know. It is public: no addresses, no secrets.
#[derive(Debug, Clone, Serialize)]
pub struct Part {
    state: PartState,
    #[serde(flatten)]
    details: Map<String, Value>,
}

impl Part {
    pub fn new(state: PartState) -> Self {
        Self {
            state,
            details: Map::new(),
        }
    }

    /// With one more thing to know about it.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.details.insert(name.to_owned(), value.into());
        self
    }
}

/// The whole report, in the order in which it is printed.
#[derive(Debug, Clone, Serialize)]
struct Report {
    state: PartState,
    application: Part,
    database: Part,
    queue: Part,
    cache: Part,
    ai: Part,
}

pub(super) struct Health {
    pool: PgPool,
    cache: Probe,
    ai: Probe,
    started: Instant,
    report: Remembered<Report>,
    ready: Remembered<Result<(), &'static str>>,
}

impl Health {
    pub(super) fn new(pool: PgPool, cache: Probe, ai: Probe, started: Instant) -> Self {
        Self {
            pool,
            cache,
            ai,
            started,
            report: Remembered::default(),
            ready: Remembered::default(),
        }
    }

    async fn look(&self) -> Report {
        let (database, queue, cache, ai) = tokio::join!(
            self.database(),
            self.queue(),
            ask((self.cache)()),
            ask((self.ai)())
        );
        // Neither can be done without; the others only make it slower or plainer.
        let essential = database.state.max(queue.state);
        let optional = cache.state.max(ai.state).min(PartState::Degraded);
        let application = Part::new(PartState::Up)
            .with("version", env!("CARGO_PKG_VERSION"))
            .with("uptime_seconds", self.started.elapsed().as_secs());
        let state = essential.max(optional).max(PartState::Up);
        Report {
            state,
            application,
            database,
            queue,
            cache,
            ai,
        }
    }

    async fn database(&self) -> Part {
        let asked = Instant::now();
        ask(async {
            match sqlx::query("SELECT 1").execute(&self.pool).await {
                Ok(_) => {
                    let took = u64::try_from(asked.elapsed().as_millis()).unwrap_or(u64::MAX);
                    Part::new(PartState::Up).with("latency_ms", took)
                }
                Err(error) => failed("database", &error),
            }
        })
        .await
    }

    async fn queue(&self) -> Part {
        ask(async {
            match jobs::state(&self.pool).await {
                Ok(queue) => {
                    let oldest = queue.oldest_waiting();
                    let late = oldest.is_some_and(|waiting| waiting > LATE);
                    let part = Part::new(if late {
                        PartState::Degraded
                    } else {
                        PartState::Up
                    })
                    .with("open", queue.open)
                    .with("failed", queue.failed)
                    .with(
                        "oldest_waiting_seconds",
                        oldest.map(|waiting| waiting.as_secs()),
                    );
                    if late {
                        part.with("error", "jobs wait: is a worker running?")
                    } else {
                        part
                    }
                }
                Err(error) => failed("queue", &error),
            }
        })
        .await
    }

    async fn is_ready(&self) -> Result<(), &'static str> {
        let looked = timeout(PROBE_TIMEOUT, async {
            Ok::<_, store::StoreError>(
                store::is_current(&self.pool).await? && jobs::is_migrated(&self.pool).await?,
            )
        });
        match looked.await {
            Ok(Ok(true)) => Ok(()),
            Ok(Ok(false)) => Err("migrations are missing: run `openproducer migrate`"),
            Ok(Err(_)) | Err(_) => Err("the database does not answer"),
        }
    }
}

/// The part's answer, or that it gave none.
async fn ask(part: impl Future<Output = Part>) -> Part {
    timeout(PROBE_TIMEOUT, part)
        .await
        .unwrap_or_else(|_| Part::new(PartState::Down).with("error", "no answer in time"))
}

/// The world hears that it failed, the log why.
fn failed(part: &str, error: &sqlx::Error) -> Part {
    tracing::warn!(part, %error, "a health probe failed");
    Part::new(PartState::Down).with("error", "it cannot be used; the log says why")
}

/// An answer that is given again for a while. Whoever asks while it is looked for waits for that one.
struct Remembered<T>(Mutex<Option<(Instant, T)>>);

impl<T> Default for Remembered<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T: Clone> Remembered<T> {
    async fn get(&self, look: impl Future<Output = T>) -> T {
        let mut last = self.0.lock().await;
        if let Some((_, answer)) = last.as_ref().filter(|(at, _)| at.elapsed() < FRESH) {
            return answer.clone();
        }
        let answer = look.await;
        *last = Some((Instant::now(), answer.clone()));
        answer
    }
}

/// `GET /api/health`.
pub(super) async fn report(State(shared): State<Arc<Shared>>) -> Response {
    let health = &shared.health;
    let report = health.report.get(health.look()).await;
    let usable = report.state != PartState::Down;
    let status = if usable {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(report)).into_response()
}

/// `GET /livez`: whoever reads this answer has proof.
pub(super) async fn alive() -> &'static str {
    "alive\n"
}

/// `GET /readyz`: may traffic come?
pub(super) async fn ready(State(shared): State<Arc<Shared>>) -> (StatusCode, String) {
    let health = &shared.health;
    match health.ready.get(health.is_ready()).await {
        Ok(()) => (StatusCode::OK, "ready\n".to_owned()),
        Err(why) => (
            StatusCode::SERVICE_UNAVAILABLE,
            format!("not ready: {why}\n"),
        ),
    }
}
