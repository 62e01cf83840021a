//! Installation tokens: one per installation and set of repositories, minted once for all who wait.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, TimeDelta, Utc};
use moka::{future::Cache, ops::compute::Op};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::GitHubError;
use crate::domain::ids::{InstallationId, RepositoryId};

/// A token is renewed this long before it ends, so that no request outlives it.
const SPARE: TimeDelta = TimeDelta::minutes(5);
/// Tokens live for an hour by GitHub's clock; no use keeping them longer.
const LONGEST: Duration = Duration::from_hours(1);
const MOST: u64 = 50_000;

/// What a token is asked for; the key under which it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Access {
    pub(super) installation: InstallationId,
    /// Sorted; empty: all that the installation reaches.
    repositories: Arc<[RepositoryId]>,
    writes_issues: bool,
}

impl Access {
    /// To write issues in these repositories.
    pub(super) fn to_issues(
        installation: InstallationId,
        repositories: impl IntoIterator<Item = RepositoryId>,
    ) -> Self {
        let mut repositories: Vec<_> = repositories.into_iter().collect();
        repositories.sort_unstable();
        repositories.dedup();
        Self {
            installation,
            repositories: repositories.into(),
            writes_issues: true,
        }
    }

    /// To read metadata of all the installation's repositories.
    pub(super) fn to_metadata(installation: InstallationId) -> Self {
        Self {
            installation,
            repositories: Arc::default(),
            writes_issues: false,
        }
    }

    /// The body of the request that mints it.
    pub(super) fn request(&self) -> impl Serialize {
        #[derive(Serialize)]
        struct Request {
            #[serde(skip_serializing_if = "no_ids")]
            repository_ids: Arc<[RepositoryId]>,
            permissions: Permissions,
        }
        #[derive(Serialize)]
        struct Permissions {
            #[serde(skip_serializing_if = "Option::is_none")]
            issues: Option<&'static str>,
            metadata: &'static str,
        }
        fn no_ids(ids: &Arc<[RepositoryId]>) -> bool {
            ids.is_empty()
        }
        Request {
            repository_ids: Arc::clone(&self.repositories),
            permissions: Permissions {
                issues: self.writes_issues.then_some("write"),
                metadata: "read",
            },
        }
    }
}

/// A token and when it was got; opaque, whatever it looks like.
pub(super) struct Token {
    pub(super) secret: SecretString,
    expires_at: DateTime<Utc>,
    minted: Instant,
}

/// GitHub's answer to minting.
#[derive(Deserialize)]
pub(super) struct Minted {
    token: String,
    expires_at: DateTime<Utc>,
}

impl Minted {
    pub(super) fn into_token(self) -> Token {
        Token {
            secret: self.token.into(),
            expires_at: self.expires_at,
            minted: Instant::now(),
        }
    }
}

impl Token {
    /// How long we have had it.
    pub(super) fn age(&self) -> Duration {
        self.minted.elapsed()
    }

    fn lasts(&self, githubs_now: DateTime<Utc>) -> bool {
        self.expires_at - githubs_now > SPARE
    }
}

/// All tokens in memory; never stored anywhere else.
pub(super) struct Tokens(Cache<Access, Arc<Token>>);

impl Tokens {
    pub(super) fn new() -> Self {
        let cache = Cache::builder()
            .max_capacity(MOST)
            .time_to_live(LONGEST)
            .support_invalidation_closures()
            .build();
        Self(cache)
    }

    /// Forgets every token: they were another App's.
    pub(super) fn forget_all(&self) {
        self.0.invalidate_all();
    }

    /// A token that lasts; minted if there is none, once for all who ask at the same time.
    pub(super) async fn get<F: Future<Output = Result<Token, GitHubError>>>(
        &self,
        access: &Access,
        githubs_now: DateTime<Utc>,
        mint: impl Fn() -> F,
    ) -> Result<Arc<Token>, GitHubError> {
        let got = || async {
            let minted = async { mint().await.map(Arc::new) };
            self.0
                .try_get_with_by_ref(access, minted)
                .await
                .map_err(|error| (*error).clone())
        };
        let token = got().await?;
        if token.lasts(githubs_now) {
            return Ok(token);
        }
        self.drop(access, &token).await;
        // Whatever comes now is the newest there is; a clock far off must not make us mint without end.
        got().await
    }

    /// Drops this token, unless another has taken its place already.
    pub(super) async fn drop(&self, access: &Access, token: &Arc<Token>) {
        let entry = self.0.entry_by_ref(access);
        entry
            .and_compute_with(async |held| match held {
                Some(held) if Arc::ptr_eq(held.value(), token) => Op::Remove,
                _ => Op::Nop,
            })
            .await;
    }

    /// Drops all tokens of an installation.
    pub(super) fn forget(&self, id: InstallationId) {
        let forgotten = self
            .0
            .invalidate_entries_if(move |access, _| access.installation == id);
        debug_assert!(forgotten.is_ok(), "the cache was built to support this");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str) -> Token {
        Token {
            secret: text.to_owned().into(),
            expires_at: DateTime::<Utc>::MAX_UTC,
            minted: Instant::now(),
        }
    }

    #[tokio::test]
    async fn dropping_an_old_token_spares_its_successor() {
        let tokens = Tokens::new();
        let access = Access::to_metadata(InstallationId(1));
        let now = DateTime::UNIX_EPOCH;
        let old = tokens
            .get(&access, now, async || Ok(token("old")))
            .await
            .unwrap();
        tokens.drop(&access, &old).await;
        let new = tokens
            .get(&access, now, async || Ok(token("new")))
            .await
            .unwrap();
        tokens.drop(&access, &old).await;
        let held = tokens
            .get(&access, now, async || Ok(token("third")))
            .await
            .unwrap();
        assert!(Arc::ptr_eq(&held, &new));
    }

    #[tokio::test]
    async fn token_that_ends_at_once_is_not_minted_without_end() {
        let tokens = Tokens::new();
        let access = Access::to_metadata(InstallationId(1));
        let (end, minted) = (DateTime::<Utc>::MAX_UTC, std::cell::Cell::new(0));
        let mint = async || {
            minted.set(minted.get() + 1);
            Ok(token("short"))
        };
        tokens.get(&access, end, mint).await.unwrap();
        assert_eq!(minted.get(), 2);
    }

    #[test]
    fn order_and_repetition_of_repositories_do_not_matter() {
        let access = |ids: &[i64]| {
            Access::to_issues(InstallationId(1), ids.iter().copied().map(RepositoryId))
        };
        assert_eq!(access(&[3, 1, 3]), access(&[1, 3]));
        assert_ne!(access(&[1]), access(&[1, 3]));
    }
}
