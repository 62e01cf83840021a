//! The cache of one process: for one server, the demo and the tests.

use std::time::{Duration, Instant};

use futures_util::future::{BoxFuture, FutureExt as _};
use moka::Expiry;
use moka::future::Cache as Moka;
use uuid::Uuid;

use super::leases::Leases;
use super::{Backend, CacheError};

#[derive(Debug)]
pub(super) struct InProcess {
    entries: Moka<String, Entry>,
    leases: Leases,
}

#[derive(Debug, Clone)]
struct Entry {
    bytes: Vec<u8>,
    ttl: Duration,
}

impl InProcess {
    pub(super) fn new(entries: u64) -> Self {
        Self {
            entries: Moka::builder()
                .max_capacity(entries)
                .expire_after(EachItsOwn)
                .build(),
            leases: Leases::default(),
        }
    }
}

/// Each entry lives as long as it was set for.
struct EachItsOwn;

impl Expiry<String, Entry> for EachItsOwn {
    fn expire_after_create(&self, _: &String, entry: &Entry, _: Instant) -> Option<Duration> {
        Some(entry.ttl)
    }

    fn expire_after_update(
        &self,
        _: &String,
        entry: &Entry,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(entry.ttl)
    }
}

impl Backend for InProcess {
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>, CacheError>> {
        async move { Ok(self.entries.get(key).await.map(|entry| entry.bytes)) }.boxed()
    }

    fn set<'a>(
        &'a self,
        key: &'a str,
        bytes: Vec<u8>,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<(), CacheError>> {
        async move {
            let entry = Entry { bytes, ttl };
            self.entries.insert(key.to_owned(), entry).await;
            Ok(())
        }
        .boxed()
    }

    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), CacheError>> {
        async move {
            self.entries.invalidate(key).await;
            Ok(())
        }
        .boxed()
    }

    fn lease<'a>(
        &'a self,
        key: &'a str,
        holder: Uuid,
        most: u32,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<bool, CacheError>> {
        std::future::ready(Ok(self.leases.take(key, holder, most, ttl))).boxed()
    }

    fn end_lease<'a>(
        &'a self,
        key: &'a str,
        holder: Uuid,
    ) -> BoxFuture<'a, Result<(), CacheError>> {
        self.leases.end(key, holder);
        std::future::ready(Ok(())).boxed()
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), CacheError>> {
        std::future::ready(Ok(())).boxed()
    }

    fn name(&self) -> &'static str {
        "in-process"
    }
}
