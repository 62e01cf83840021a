//! What GitHub says about an installation's limits, kept from its last answer.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use chrono::{DateTime, Utc};
use futures_util::future::BoxFuture;
use http::HeaderMap;

use crate::domain::ids::InstallationId;

/// GitHub's account of an installation's requests in this hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateState {
    /// Requests an hour.
    pub limit: u64,
    pub remaining: u64,
    /// When `remaining` is full again, by GitHub's clock.
    pub reset: DateTime<Utc>,
}

impl RateState {
    pub(super) fn read(headers: &HeaderMap) -> Option<Self> {
        let number = |name| headers.get(name)?.to_str().ok()?.parse::<u64>().ok();
        let reset = i64::try_from(number("x-ratelimit-reset")?).ok()?;
        Some(Self {
            limit: number("x-ratelimit-limit")?,
            remaining: number("x-ratelimit-remaining")?,
            reset: DateTime::from_timestamp(reset, 0)?,
        })
    }
}

/// Held while a request is under way.
pub type Pass = Box<dyn Send>;

/// Lets a request of an installation through; `None`: too many are under way.
pub type Gate = Box<dyn Fn(InstallationId) -> BoxFuture<'static, Option<Pass>> + Send + Sync>;

/// The last [`RateState`] of every installation, in memory.
#[derive(Default)]
pub(super) struct Rates(Mutex<HashMap<InstallationId, RateState>>);

impl Rates {
    pub(super) fn get(&self, id: InstallationId) -> Option<RateState> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&id)
            .copied()
    }

    pub(super) fn note(&self, id: InstallationId, headers: &HeaderMap) {
        if let Some(state) = RateState::read(headers) {
            self.0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(id, state);
        }
    }

    pub(super) fn forget(&self, id: InstallationId) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&id);
    }
}
