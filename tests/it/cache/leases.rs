//! Leases whose holders go away while they are asked for, or are told too late.

use std::time::{Duration, Instant};

use openproducer::cache::{Cache, Key};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::{MINUTE, own_key};
use crate::harness::leaving::leave_at_wait;
use crate::harness::services::services;

const PATIENT: Duration = Duration::from_secs(20);

async fn is_free_soon(cache: &Cache, key: &Key, after: &str) {
    let begun = Instant::now();
    while cache.lease(key, 1, MINUTE).await.is_none() {
        assert!(begun.elapsed() < PATIENT, "{after}: taken by nobody");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn whoever_goes_away_while_a_lease_is_asked_for_holds_none() {
    let url = &services().redis_url;
    let [cache, other] = [0; 2].map(|_| Cache::redis_within(url, PATIENT).unwrap());
    for n in 1.. {
        let key = own_key("left");
        if leave_at_wait(n, cache.lease(&key, 1, MINUTE))
            .await
            .is_some()
        {
            assert!(n > 1, "it was never left halfway");
            return;
        }
        is_free_soon(&other, &key, &format!("left at wait {n}")).await;
    }
}

/// A way to the real Redis on which the answers are held back while the gate is shut.
async fn through_a_gate(open: watch::Receiver<bool>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let real = url::Url::parse(&services().redis_url).unwrap();
    let real = (real.host_str().unwrap().to_owned(), real.port().unwrap());
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            let far = TcpStream::connect(real.clone()).await.unwrap();
            let ((mut asked, mut told), (mut answers, mut asks)) =
                (near.into_split(), far.into_split());
            tokio::spawn(async move { tokio::io::copy(&mut asked, &mut asks).await });
            let mut open = open.clone();
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                while let Ok(n @ 1..) = answers.read(&mut buffer).await
                    && open.wait_for(|open| *open).await.is_ok()
                    && told.write_all(&buffer[..n]).await.is_ok()
                {}
            });
        }
    });
    format!("redis://{address}/")
}

#[tokio::test]
async fn a_lease_that_was_given_too_late_to_be_heard_is_given_back() {
    let (gate, open) = watch::channel(true);
    let cache = Cache::redis(&through_a_gate(open).await).unwrap();
    let other = Cache::redis_within(&services().redis_url, PATIENT).unwrap();
    let key = own_key("late");
    while cache.ping().await.is_err() {}
    // The script is there: one message takes the lease.
    drop(cache.lease(&own_key("late"), 1, MINUTE).await);
    gate.send(false).unwrap();
    let alone = cache.lease(&key, 1, MINUTE).await;
    assert!(alone.is_some(), "it counts for itself");
    assert!(
        other.lease(&key, 1, MINUTE).await.is_none(),
        "Redis has given it all the same"
    );
    drop(alone);
    gate.send(true).unwrap();
    is_free_soon(&other, &key, "given too late").await;
}

#[tokio::test]
async fn what_is_counted_stays_counted() {
    for cache in super::both() {
        let key = own_key("counted");
        assert!(cache.count(&key, 2, MINUTE).await);
        assert!(cache.count(&key, 2, MINUTE).await);
        assert!(!cache.count(&key, 2, MINUTE).await, "{}", cache.name());
    }
}
