//! So many attempts a minute from one address, at the doors that strangers may knock at.

use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::error::{PageError, PageResult};
use super::{Origin, Shared};
use crate::cache::{Cache, Key};

/// Attempts are counted for so long.
const WINDOW: Duration = Duration::from_mins(1);

/// Counts attempts at one door: over all replicas where they share a Redis, else each process its own.
#[derive(Debug, Clone)]
pub(super) struct Visits {
    cache: Cache,
    door: &'static str,
    most: u32,
}

impl Visits {
    /// At most `most` a minute from one address.
    pub(super) fn at_most(most: u32, door: &'static str, cache: &Cache) -> Self {
        Self {
            cache: cache.clone(),
            door,
            most,
        }
    }

    /// Counts one more; false: there were too many.
    pub(super) async fn admit(&self, visitor: &str) -> bool {
        let place = self.key("visits", visitor);
        if self.cache.count(&place, self.most, WINDOW).await {
            return true;
        }
        let shut = self.key("shut", visitor);
        self.cache.set(&shut, vec![1], WINDOW).await;
        false
    }

    /// Whether one was refused within the last minute. Looking counts nothing, and takes nobody's place.
    pub(super) async fn is_shut(&self, visitor: &str) -> bool {
        self.cache.get(&self.key("shut", visitor)).await.is_some()
    }

    /// By a digest: what a visitor sent is not kept as it was sent.
    fn key(&self, what: &str, visitor: &str) -> Key {
        let visitor = hex::encode(&Sha256::digest(visitor.as_bytes())[..16]);
        Key::of_server(&[what, self.door, &visitor])
    }
}

impl Shared {
    /// Counts one more attempt of whoever asks; too many are refused in words.
    pub(super) async fn admit(&self, visits: &Visits, origin: &Origin) -> PageResult<()> {
        if visits.admit(&self.visitor(origin)).await {
            Ok(())
        } else {
            Err(PageError::TooOften)
        }
    }

    /// Who is asking, for counting.
    pub(super) fn visitor(&self, origin: &Origin) -> String {
        self.public.visitor(origin.peer, &origin.headers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_address_and_each_door_has_its_own_count() {
        let cache = Cache::in_process(100);
        let visits = Visits::at_most(2, "front", &cache);
        for admitted in [true, true, false] {
            assert_eq!(visits.admit("1.2.3.4").await, admitted);
        }
        assert!(visits.is_shut("1.2.3.4").await);
        assert!(visits.admit("1.2.3.5").await);
        assert!(!visits.is_shut("1.2.3.5").await);
        assert!(Visits::at_most(2, "back", &cache).admit("1.2.3.4").await);
        // Another process with the same cache counts on.
        assert!(
            !Visits::at_most(2, "front", &cache.clone())
                .admit("1.2.3.4")
                .await
        );
    }
}
