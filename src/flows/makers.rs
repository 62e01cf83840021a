//! Whether whoever made a token still rules its installation: asked of GitHub once for all who wait, and kept for a while.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::tokens::Caller;
use super::{FlowResult, Services};
use crate::cache::Key;
use crate::domain::ids::{InstallationId, RepositoryId};
use crate::domain::policy::Role;
use crate::store::repositories::{self, RepositoryRow};
use crate::store::{installations, tenant};

/// What is known of a token's maker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Admin of all that the installation reaches, or the account itself.
    Rules,
    /// The App is suspended on the account, or removed from it: GitHub says nothing.
    Suspended,
    /// Not, or not any more.
    RulesNot,
    /// GitHub is being asked: soon it is known.
    BeingAsked,
    /// GitHub was asked a moment ago and did not say.
    Unknown,
    /// The installation reaches more repositories than are asked about.
    TooLarge { most: u32 },
}

/// Repositories of an installation that are asked about, one request each. Beyond that nobody's token speaks for it.
pub const MOST: u32 = 3_000;
/// So many at a time.
const AT_A_TIME: usize = 8;
/// How long an answer is kept at least.
const KEPT: Duration = Duration::from_mins(15);
/// And for each repository: so that a maker's rule costs at most 900 requests an hour, of 5,000.
const KEPT_FOR_EACH: Duration = Duration::from_secs(4);
/// Somebody who does not rule may be made an admin.
const NO_KEPT: Duration = Duration::from_mins(5);
/// How old an answer may be with which settings are changed: the pages see GitHub's as late.
const FOR_A_CHANGE: TimeDelta = TimeDelta::minutes(1);
/// GitHub, having failed, is left alone for so long.
const REST: Duration = Duration::from_secs(5);
/// A look that is not over by then has lost its process.
const LONGEST_LOOK: Duration = Duration::from_mins(3);
/// How long a request waits for it, less than a page may take; and how often it sees whether it is there.
const PATIENCE: Duration = Duration::from_secs(6);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// What GitHub said, and when it was asked.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Known {
    rules: bool,
    at: DateTime<Utc>,
}

#[derive(Clone)]
struct Keys {
    known: Key,
    asking: Key,
    failed: Key,
}

impl Keys {
    /// Of the maker, under today's login, and of what is reached: what comes in is asked about at once.
    fn of(caller: &Caller, reach: &str) -> Self {
        let maker = caller.made_by_id.to_string();
        let login = caller.made_by.as_str();
        let key = |what| Key::of(caller.installation, &["maker", &maker, login, reach, what]);
        Self {
            known: key("known"),
            asking: key("asking"),
            failed: key("failed"),
        }
    }
}

/// Whether a token still speaks for somebody who rules the installation: what it may read goes with their rights.
pub async fn rules(services: &Services, caller: &Caller) -> FlowResult<Rule> {
    known(services, caller, None).await
}

/// The same with an answer of this minute, for changes.
pub async fn rules_now(services: &Services, caller: &Caller) -> FlowResult<Rule> {
    let since = services.clock.now() - FOR_A_CHANGE;
    known(services, caller, Some(since)).await
}

async fn known(
    services: &Services,
    caller: &Caller,
    since: Option<DateTime<Utc>>,
) -> FlowResult<Rule> {
    let mut tx = tenant::enter(&services.pool, caller.installation).await?;
    let owner = installations::find_account(&mut *tx, caller.installation).await?;
    let installation = installations::find(&mut *tx, caller.installation).await?;
    let (many, reach) = repositories::reach(&mut *tx, caller.installation).await?;
    tx.commit().await?;
    if installation.is_none_or(|installation| !installation.is_live()) {
        return Ok(Rule::Suspended);
    }
    if owner == Some(caller.made_by_id) {
        return Ok(Rule::Rules);
    }
    match u32::try_from(many) {
        Ok(0) => return Ok(Rule::RulesNot),
        Ok(1..=MOST) => {}
        _ => return Ok(Rule::TooLarge { most: MOST }),
    }
    let keys = Keys::of(caller, &reach);
    let until = Instant::now() + PATIENCE;
    let known = async || {
        let known: Option<Known> = services.cache.get_json(&keys.known).await;
        known.filter(|known| since.is_none_or(|since| known.at >= since))
    };
    if let Some(known) = known().await {
        return Ok(said(known.rules));
    }
    loop {
        let lease = services.cache.lease(&keys.asking, 1, LONGEST_LOOK).await;
        // Whoever had the lease may have been answered meanwhile.
        if let Some(known) = known().await {
            return Ok(said(known.rules));
        }
        if services.cache.get(&keys.failed).await.is_some() {
            return Ok(Rule::Unknown);
        }
        if let Some(lease) = lease {
            let (own, caller, keys) = (services.clone(), caller.clone(), keys.clone());
            // The request may be over before GitHub has said all: what was asked for is there when the script comes back.
            let look = services.detached.spawn(async move {
                let _lease = lease;
                look(&own, &caller, &keys).await
            });
            return match tokio::time::timeout_at(until, look).await {
                Ok(looked) => Ok(said(looked.map_err(anyhow::Error::from)??)),
                Err(_) => Ok(Rule::BeingAsked),
            };
        }
        if Instant::now() >= until {
            return Ok(Rule::BeingAsked);
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

fn said(rules: bool) -> Rule {
    if rules { Rule::Rules } else { Rule::RulesNot }
}

async fn look(services: &Services, caller: &Caller, keys: &Keys) -> FlowResult<bool> {
    let at = services.clock.now();
    let mut all =
        repositories::list(services.wall(caller.installation), caller.installation).await?;
    // What came last is what its maker may not know of.
    all.sort_by_key(|row| std::cmp::Reverse(row.id));
    let many = u32::try_from(all.len()).unwrap_or(MOST);
    match administers_all(services, caller, all).await {
        Ok(rules) => {
            let kept = if rules {
                KEPT.max(KEPT_FOR_EACH * many)
            } else {
                NO_KEPT
            };
            let known = Known { rules, at };
            services.cache.set_json(&keys.known, &known, kept).await;
            Ok(rules)
        }
        Err(error) => {
            services.cache.set_json(&keys.failed, &true, REST).await;
            Err(error)
        }
    }
}

async fn administers_all(
    services: &Services,
    caller: &Caller,
    all: Vec<RepositoryRow>,
) -> FlowResult<bool> {
    let asked = all
        .into_iter()
        .map(|row| administers(services, caller, row));
    let mut asked = stream::iter(asked).buffer_unordered(AT_A_TIME);
    while let Some(is_admin) = asked.try_next().await? {
        if !is_admin {
            return Ok(false);
        }
    }
    Ok(true)
}

async fn administers(services: &Services, caller: &Caller, row: RepositoryRow) -> FlowResult<bool> {
    let installation = services.github.installation(row.installation);
    // One token for all of them, which reads metadata alone.
    let repo = installation.metadata_of(row.id, row.name);
    let found = repo.role_of(&caller.made_by).await?;
    // Whoever has taken over the login since is another person.
    let role = found.filter(|r| {
        r.user
            .as_ref()
            .is_some_and(|user| user.id == caller.made_by_id)
    });
    Ok(role.is_some_and(|r| Role::from_github(&r.role_name, &r.permission) == Role::Admin))
}

/// Whether who made the token is an admin of the repository, as GitHub says now.
pub async fn administers_now(
    services: &Services,
    caller: &Caller,
    repository: RepositoryId,
) -> FlowResult<bool> {
    let row = find(services, caller.installation, repository).await?;
    match row {
        Some(row) => administers(services, caller, row).await,
        None => Ok(false),
    }
}

async fn find(
    services: &Services,
    installation: InstallationId,
    repository: RepositoryId,
) -> FlowResult<Option<RepositoryRow>> {
    let all = repositories::list(services.wall(installation), installation).await?;
    Ok(all.into_iter().find(|row| row.id == repository))
}
