//! So many attempts a minute from one address, at the doors that strangers may knock at.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use moka::future::Cache;

use super::error::{PageError, PageResult};
use super::{Origin, Shared};

/// Attempts are counted for so long.
const WINDOW: Duration = Duration::from_mins(1);
/// Addresses that are counted at a time; the longest unseen are forgotten first.
const ADDRESSES: u64 = 100_000;

/// Counts attempts. Each process counts its own.
#[derive(Debug, Clone)]
pub(super) struct Visits {
    most: u32,
    counts: Cache<String, Arc<AtomicU32>>,
}

impl Visits {
    /// At most `most` a minute from one address.
    pub(super) fn at_most(most: u32) -> Self {
        let counts = Cache::builder()
            .max_capacity(ADDRESSES)
            .time_to_live(WINDOW)
            .build();
        Self { most, counts }
    }

    /// Counts one more; false: there were too many.
    pub(super) async fn admit(&self, visitor: &str) -> bool {
        let count = self
            .counts
            .get_with_by_ref(visitor, async { Arc::default() });
        let count = count.await;
        let before = count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| n.checked_add(1));
        before.is_ok_and(|before| before < self.most)
    }
}

impl Shared {
    /// Counts one more attempt of whoever asks; too many are refused in words.
    pub(super) async fn admit(&self, visits: &Visits, origin: &Origin) -> PageResult<()> {
        let visitor = self.public.visitor(origin.peer, &origin.headers);
        if visits.admit(&visitor).await {
            Ok(())
        } else {
            Err(PageError::TooOften)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_address_has_its_own_count() {
        let visits = Visits::at_most(2);
        for admitted in [true, true, false] {
            assert_eq!(visits.admit("1.2.3.4").await, admitted);
        }
        assert!(visits.admit("1.2.3.5").await);
    }
}
