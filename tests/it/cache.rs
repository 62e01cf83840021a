//! The cache on a real Redis and in the process: what is kept, what is forgotten, and what trouble looks like.

mod leases;

use std::time::Duration;

use openproducer::cache::{Cache, Key};
use openproducer::domain::ids::InstallationId;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpListener;

use crate::harness::port::closed_port;
use crate::harness::services::services;

const MINUTE: Duration = Duration::from_mins(1);
/// Longer than the usual, so that a busy machine does not look like a Redis that is away.
const PATIENCE: Duration = Duration::from_secs(10);

fn both() -> [Cache; 2] {
    [real(), Cache::in_process(100)]
}

/// On the tests' own Redis.
fn real() -> Cache {
    Cache::redis_within(&services().redis_url, PATIENCE).unwrap()
}

/// Tests share one Redis; each has keys of its own.
fn own_key(name: &str) -> Key {
    let own = uuid::Uuid::now_v7().to_string();
    Key::of(InstallationId(1), &[&own, name])
}

#[tokio::test]
async fn what_is_set_is_found_until_deleted() {
    for cache in both() {
        let key = own_key("bytes");
        assert_eq!(cache.get(&key).await, None);
        cache.set(&key, vec![0, 159, 146, 150], MINUTE).await;
        assert_eq!(
            cache.get(&key).await,
            Some(vec![0, 159, 146, 150]),
            "{}",
            cache.name()
        );
        cache.delete(&key).await;
        assert_eq!(cache.get(&key).await, None, "{}", cache.name());
        cache.ping().await.unwrap();
    }
}

#[tokio::test]
async fn each_entry_ends_at_its_own_time() {
    for cache in both() {
        let (short, long, none) = (own_key("short"), own_key("long"), own_key("none"));
        cache.set(&long, vec![1], MINUTE).await;
        cache.set(&short, vec![2], Duration::from_millis(40)).await;
        cache.set(&none, vec![3], Duration::ZERO).await;
        while cache.get(&short).await.is_some() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(cache.get(&long).await, Some(vec![1]), "{}", cache.name());
        assert_eq!(cache.get(&none).await, None, "{}", cache.name());
    }
}

#[tokio::test]
async fn rubbish_is_a_miss() {
    for cache in both() {
        let key = own_key("rubbish");
        cache.set_json(&key, &vec![1, 2], MINUTE).await;
        assert_eq!(cache.get_json::<Vec<u32>>(&key).await, Some(vec![1, 2]));
        cache.set(&key, b"{\"half\":".to_vec(), MINUTE).await;
        assert_eq!(
            cache.get_json::<Vec<u32>>(&key).await,
            None,
            "{}",
            cache.name()
        );
    }
}

#[tokio::test]
async fn a_value_of_another_kind_in_redis_is_a_miss() {
    let key = own_key("list");
    let client = redis::Client::open(services().redis_url.as_str()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let _: () = redis::cmd("LPUSH")
        .arg(key.as_str())
        .arg("x")
        .query_async(&mut connection)
        .await
        .unwrap();
    let cache = real();
    assert_eq!(cache.get(&key).await, None);
    let other = own_key("other");
    cache.set(&other, vec![1], MINUTE).await;
    assert_eq!(
        cache.get(&other).await,
        Some(vec![1]),
        "one bad value stops no other"
    );
}

#[tokio::test]
async fn a_redis_that_is_down_is_a_miss_and_health_says_so() {
    let (_closed, address) = closed_port();
    let cache = Cache::redis(&format!("redis://{address}/")).unwrap();
    let key = own_key("down");
    cache.set(&key, vec![1], MINUTE).await;
    assert_eq!(cache.get(&key).await, None);
    cache.ping().await.unwrap_err();
}

#[tokio::test]
async fn a_redis_that_never_answers_is_a_miss() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut buffer = [0; 64];
            let _ = stream.read(&mut buffer).await;
            held.push(stream);
        }
    });
    let cache = Cache::redis(&format!("redis://{address}/")).unwrap();
    assert_eq!(cache.get(&own_key("frozen")).await, None);
    cache.ping().await.unwrap_err();
}

#[tokio::test]
async fn a_redis_that_comes_back_is_used_again() {
    let (closed, address) = closed_port();
    let cache = Cache::redis_within(&format!("redis://{address}/"), PATIENCE).unwrap();
    cache.ping().await.unwrap_err();

    let real = services()
        .redis_url
        .trim_start_matches("redis://")
        .trim_end_matches('/')
        .to_owned();
    let listener = closed.listen(1024).unwrap();
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            let mut far = tokio::net::TcpStream::connect(&real).await.unwrap();
            tokio::spawn(async move { tokio::io::copy_bidirectional(&mut near, &mut far).await });
        }
    });
    while cache.ping().await.is_err() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let key = own_key("back");
    cache.set(&key, vec![1], MINUTE).await;
    assert_eq!(cache.get(&key).await, Some(vec![1]));
}

#[test]
fn an_address_that_is_none_is_said_at_once() {
    Cache::redis("localhost:6379").unwrap_err();
}

#[tokio::test]
async fn replicas_share_the_leases_of_a_key() {
    let [one, other] = [0; 2].map(|_| real());
    let key = own_key("leases");
    let first = one.lease(&key, 2, MINUTE).await.unwrap();
    let second = other.lease(&key, 2, MINUTE).await.unwrap();
    assert!(one.lease(&key, 2, MINUTE).await.is_none(), "both are taken");
    assert!(one.lease(&own_key("leases"), 2, MINUTE).await.is_some());
    drop(second);
    while one.lease(&key, 2, MINUTE).await.is_none() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    drop(first);
}

#[tokio::test]
async fn a_lease_ends_by_itself_when_its_process_is_lost() {
    for cache in both() {
        let key = own_key("leases");
        let lost = cache.lease(&key, 1, Duration::from_secs(5)).await.unwrap();
        std::mem::forget(lost);
        assert!(cache.lease(&key, 1, MINUTE).await.is_none());
        while cache.lease(&key, 1, MINUTE).await.is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

#[tokio::test]
async fn without_its_redis_a_process_counts_for_itself() {
    let cache = Cache::redis("redis://127.0.0.1:1").unwrap();
    let key = own_key("leases");
    let held = cache.lease(&key, 1, MINUTE).await.unwrap();
    assert!(cache.lease(&key, 1, MINUTE).await.is_none());
    drop(held);
    assert!(cache.lease(&key, 1, MINUTE).await.is_some());
}
