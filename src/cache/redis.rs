//! The cache that replicas share: one multiplexed connection that reconnects by itself.

use std::fmt;
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt as _};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{AsyncCommands as _, Client, Script};
use uuid::Uuid;

use super::{Backend, CacheError};

pub(super) struct Redis(ConnectionManager);

/// Leases are members of a sorted set, scored by the moment they end, by Redis's own clock.
const LEASE: &str = r"
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then return 0 end
redis.call('ZADD', KEYS[1], now + ARGV[3], ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
";

impl Redis {
    /// Connects at first use, so that a Redis that is down stops no start.
    pub(super) fn new(url: &str, patience: Duration) -> Result<Self, CacheError> {
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(patience))
            .set_response_timeout(Some(patience))
            .set_number_of_retries(0);
        let client = Client::open(url).map_err(CacheError::Address)?;
        let manager =
            ConnectionManager::new_lazy_with_config(client, config).map_err(CacheError::Address)?;
        Ok(Self(manager))
    }
}

impl Backend for Redis {
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<Vec<u8>>, CacheError>> {
        async move {
            match self.0.clone().get(key).await {
                // Somebody else's value under our key is rubbish, no trouble of the server.
                Err(error) if error.code() == Some("WRONGTYPE") => Ok(None),
                answer => Ok(answer?),
            }
        }
        .boxed()
    }

    fn set<'a>(
        &'a self,
        key: &'a str,
        bytes: Vec<u8>,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<(), CacheError>> {
        let milliseconds = u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX).max(1);
        async move { Ok(self.0.clone().pset_ex(key, bytes, milliseconds).await?) }.boxed()
    }

    fn delete<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<(), CacheError>> {
        async move { Ok(self.0.clone().del(key).await?) }.boxed()
    }

    fn lease<'a>(
        &'a self,
        key: &'a str,
        holder: Uuid,
        most: u32,
        ttl: Duration,
    ) -> BoxFuture<'a, Result<bool, CacheError>> {
        async move {
            let script = Script::new(LEASE);
            let mut call = script.key(key);
            call.arg(holder.as_simple().to_string())
                .arg(most)
                .arg(u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX));
            let mut connection = self.0.clone();
            match call.invoke_async(&mut connection).await {
                // Somebody else's value under our key counts nothing; it goes when its owner takes it away.
                Err(error) if error.code() == Some("WRONGTYPE") => Ok(true),
                answer => Ok(answer?),
            }
        }
        .boxed()
    }

    fn end_lease<'a>(
        &'a self,
        key: &'a str,
        holder: Uuid,
    ) -> BoxFuture<'a, Result<(), CacheError>> {
        async move {
            let holder = holder.as_simple().to_string();
            Ok(self.0.clone().zrem(key, holder).await?)
        }
        .boxed()
    }

    fn ping(&self) -> BoxFuture<'_, Result<(), CacheError>> {
        async move { Ok(self.0.clone().ping().await?) }.boxed()
    }

    fn name(&self) -> &'static str {
        "redis"
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the address: it may hold a password.
        f.write_str("Redis")
    }
}
