//! So many at a time and no more, over all replicas: each holder has a lease that ends by itself if its process dies.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use uuid::Uuid;

use super::{Cache, Key, REST};

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
    ends: Instant,
    /// This process counts it, since the shared cache did not answer.
    alone: bool,
    /// The shared cache counts it, or may do so: its answer is outstanding, or was too late.
    shared: bool,
}

impl Cache {
    /// One of at most `most` leases under the key; `None`: all are taken. A cache that does not answer leaves the counting to
    /// this process. Whoever goes away while it is asked holds none.
    pub async fn lease(&self, key: &Key, most: u32, ttl: Duration) -> Option<Lease> {
        let holder = Uuid::now_v7();
        let mut lease = Lease {
            cache: self.clone(),
            key: key.clone(),
            holder,
            ends: Instant::now() + ttl,
            alone: false,
            shared: !self.trouble.rests(),
        };
        let asked = self.ask(self.backend.lease(key.as_str(), holder, most, ttl));
        if let Some(given) = asked.await {
            lease.shared = given;
            return given.then_some(lease);
        }
        lease.alone = self.alone.take(key.as_str(), holder, most, ttl);
        lease.alone.then_some(lease)
    }

    /// Counts one of at most `most` within the time; false: there were so many. Whoever goes away meanwhile has counted.
    pub async fn count(&self, key: &Key, most: u32, within: Duration) -> bool {
        let one = Uuid::now_v7();
        let asked = self.ask(self.backend.lease(key.as_str(), one, most, within));
        match asked.await {
            Some(counted) => counted,
            None => self.alone.take(key.as_str(), one, most, within),
        }
    }

    /// A cache in trouble is asked again until the lease has ended by itself.
    async fn end_lease(self, key: Key, holder: Uuid, ends: Instant) {
        loop {
            let ended = self.answer(self.backend.end_lease(key.as_str(), holder));
            if ended.await.is_ok() || Instant::now() >= ends {
                return;
            }
            tokio::time::sleep(REST).await;
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if self.alone {
            self.cache.alone.end(self.key.as_str(), self.holder);
        }
        if !self.shared {
            return;
        }
        // In this process it is done at once; over the wire it takes a moment, which nobody waits for.
        let (cache, key) = (self.cache.clone(), self.key.clone());
        let mut ending = Box::pin(cache.end_lease(key, self.holder, self.ends));
        if ending.as_mut().now_or_never().is_none()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(ending);
        }
    }
}

/// Shared by clones of a cache.
pub(super) type Alone = Arc<Leases>;
