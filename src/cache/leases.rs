//! So many at a time and no more, over all replicas: each holder has a lease that ends by itself if its process dies.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use uuid::Uuid;

use super::{Cache, Key};

/// With so many keys those are looked for whose leases have all ended: strangers' addresses are many.
const MANY: usize = 10_000;

/// The leases of one process, where no shared cache answers.
#[derive(Debug, Default)]
pub(super) struct Leases(Mutex<HashMap<String, HashMap<Uuid, Instant>>>);

impl Leases {
    pub(super) fn take(&self, key: &str, holder: Uuid, most: u32, ttl: Duration) -> bool {
        let now = Instant::now();
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MANY && !all.contains_key(key) {
            all.retain(|_, held| held.values().any(|end| *end > now));
        }
        let held = all.entry(key.to_owned()).or_default();
        held.retain(|_, end| *end > now);
        let free = u32::try_from(held.len()).is_ok_and(|held| held < most);
        if free {
            held.insert(holder, now + ttl);
        }
        free
    }

    pub(super) fn end(&self, key: &str, holder: Uuid) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = all.get_mut(key) {
            held.remove(&holder);
            if held.is_empty() {
                all.remove(key);
            }
        }
    }
}

/// One of those at a time; ends when dropped.
#[derive(Debug)]
pub struct Lease {
    cache: Cache,
    key: Key,
    holder: Uuid,
    /// Given by this process alone, while the shared cache did not answer.
    alone: bool,
    kept: bool,
}

impl Lease {
    /// Leaves the place taken until its time ends: so many within a time, and not at a time.
    pub fn keep(mut self) {
        self.kept = true;
    }
}

impl Cache {
    /// One of at most `most` leases under the key; `None`: all are taken. A cache that does not answer leaves the counting to
    /// this process.
    pub async fn lease(&self, key: &Key, most: u32, ttl: Duration) -> Option<Lease> {
        let holder = Uuid::now_v7();
        let asked = self.ask(self.backend.lease(key.as_str(), holder, most, ttl));
        let (given, alone) = match asked.await {
            Some(given) => (given, false),
            None => (self.alone.take(key.as_str(), holder, most, ttl), true),
        };
        given.then(|| Lease {
            cache: self.clone(),
            key: key.clone(),
            holder,
            alone,
            kept: false,
        })
    }

    fn give_back(&self, key: &Key, holder: Uuid, alone: bool) {
        if alone {
            self.alone.end(key.as_str(), holder);
            return;
        }
        let (cache, key) = (self.clone(), key.clone());
        let ending = async move {
            cache
                .ask(cache.backend.end_lease(key.as_str(), holder))
                .await
        };
        // In this process it is done at once; over the wire it takes a moment, which nobody waits for.
        let mut ending = Box::pin(ending);
        if ending.as_mut().now_or_never().is_none()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(ending);
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if !self.kept {
            self.cache.give_back(&self.key, self.holder, self.alone);
        }
    }
}

/// Shared by clones of a cache.
pub(super) type Alone = Arc<Leases>;
