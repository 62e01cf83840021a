//! A cache that may be lost at any moment: Redis, shared by replicas, or in this process. Trouble is a miss.

mod in_process;
mod key;
mod leases;
mod redis;

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use self::in_process::InProcess;
pub use self::key::Key;
pub use self::leases::Lease;
use self::redis::Redis;

/// No answer takes longer: a slow cache is worse than none.
const PATIENCE: Duration = Duration::from_millis(500);

/// After trouble nobody asks for so long, so that a frozen cache slows one call down and not each.
const REST: Duration = Duration::from_secs(1);

/// Why the cache did not answer; callers see a miss, health sees this.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    #[error("the address of the cache is not right: {0}")]
    Address(::redis::RedisError),
    #[error("{0}")]
    Redis(#[from] ::redis::RedisError),
    #[error("no answer within {} ms", .0.as_millis())]
    Slow(Duration),
}

/// Where the bytes are kept.
trait Backend: fmt::Debug + Send + Sync + 'static {
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>, CacheError>>;
    fn set<'a>(
        &'a self,
        key: &'a str,
        bytes: Vec<u8>,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<(), CacheError>>;
    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), CacheError>>;
    /// Whether the holder has one of at most `most` leases now.
    fn lease<'a>(
        &'a self,
        key: &'a str,
        holder: Uuid,
        most: u32,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<bool, CacheError>>;
    fn end_lease<'a>(&'a self, key: &'a str, holder: Uuid)
    -> BoxFuture<'a, Result<(), CacheError>>;
    fn ping(&self) -> BoxFuture<'_, Result<(), CacheError>>;
    fn name(&self) -> &'static str;
}

/// The process's cache. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Cache {
    backend: Arc<dyn Backend>,
    patience: Duration,
    trouble: Arc<Trouble>,
    alone: leases::Alone,
}

impl Cache {
    /// In this process; at most `entries` of them.
    pub fn in_process(entries: u64) -> Self {
        Self::on(InProcess::new(entries), PATIENCE)
    }

    /// On the Redis at this address. It need not be there yet: until it is, everything is a miss.
    pub fn redis(url: &str) -> Result<Self, CacheError> {
        Self::redis_within(url, PATIENCE)
    }

    /// As [`Cache::redis`], where an answer may take as long as `patience`.
    pub fn redis_within(url: &str, patience: Duration) -> Result<Self, CacheError> {
        Ok(Self::on(Redis::new(url, patience)?, patience))
    }

    fn on(backend: impl Backend, patience: Duration) -> Self {
        Self {
            backend: Arc::new(backend),
            patience,
            trouble: Arc::default(),
            alone: leases::Alone::default(),
        }
    }

    /// The bytes that were set, unless they are gone.
    pub async fn get(&self, key: &Key) -> Option<Vec<u8>> {
        self.ask(self.backend.get(key.as_str())).await?
    }

    /// Keeps the bytes for `ttl`, or less; a `ttl` of nothing keeps nothing.
    pub async fn set(&self, key: &Key, bytes: Vec<u8>, ttl: Duration) {
        if !ttl.is_zero() {
            self.ask(self.backend.set(key.as_str(), bytes, ttl)).await;
        }
    }

    /// Forgets the bytes. A cache in trouble may hold them until their time ends.
    pub async fn delete(&self, key: &Key) {
        self.ask(self.backend.delete(key.as_str())).await;
    }

    /// As [`Cache::get`], of a value; one that cannot be read is a miss.
    pub async fn get_json<T: DeserializeOwned>(&self, key: &Key) -> Option<T> {
        serde_json::from_slice(&self.get(key).await?).ok()
    }

    /// As [`Cache::set`], of a value; one that cannot be written is not kept.
    pub async fn set_json<T: Serialize>(&self, key: &Key, value: &T, ttl: Duration) {
        if let Ok(bytes) = serde_json::to_vec(value) {
            self.set(key, bytes, ttl).await;
        }
    }

    /// Does it answer? For health: asks even while others rest.
    pub async fn ping(&self) -> Result<(), CacheError> {
        self.answer(self.backend.ping()).await
    }

    /// `redis` or `in-process`, for health.
    pub fn name(&self) -> &'static str {
        self.backend.name()
    }

    async fn ask<T>(&self, question: BoxFuture<'_, Result<T, CacheError>>) -> Option<T> {
        if self.trouble.rests() {
            return None;
        }
        self.answer(question).await.ok()
    }

    /// As [`Cache::ask`], also while others rest.
    async fn answer<T>(
        &self,
        question: BoxFuture<'_, Result<T, CacheError>>,
    ) -> Result<T, CacheError> {
        let answer = within(self.patience, question).await;
        self.trouble
            .note(self.backend.name(), answer.as_ref().err());
        answer
    }
}

async fn within<T>(
    patience: Duration,
    question: BoxFuture<'_, Result<T, CacheError>>,
) -> Result<T, CacheError> {
    tokio::time::timeout(patience, question)
        .await
        .unwrap_or(Err(CacheError::Slow(patience)))
}

/// One line in the log when trouble begins and one when it ends, not one a call.
#[derive(Debug, Default)]
struct Trouble {
    down: AtomicBool,
    rests_until: Mutex<Option<Instant>>,
}

impl Trouble {
    fn rests(&self) -> bool {
        self.down.load(Ordering::Relaxed)
            && self
                .rests_until
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .is_some_and(|until| Instant::now() < until)
    }

    fn note(&self, cache: &'static str, error: Option<&CacheError>) {
        let was_down = self.down.swap(error.is_some(), Ordering::Relaxed);
        match error {
            Some(error) => {
                *self
                    .rests_until
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + REST);
                if !was_down {
                    tracing::warn!(cache, %error, "cache does not answer; working without it");
                }
            }
            None if was_down => tracing::info!(cache, "cache answers again"),
            None => {}
        }
    }
}
