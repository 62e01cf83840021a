//! When an installation may write to GitHub next. The limits are GitHub's, or tighter by settings; they are kept in the
//! database over all replicas, so that intent and place are stored by one statement.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tracing::{info, warn};

use super::{FlowError, FlowResult, Services};
use crate::cache::{Cache, Key};
use crate::domain::ids::InstallationId;
use crate::github::{Gate, GitHubError, Pass};
use crate::store::pace::{self, Asked};

/// GitHub's documented limits on content-creating requests: a minute, an hour.
pub const PER_MINUTE: u32 = 80;
pub const PER_HOUR: i32 = 500;
/// Requests under way at a time; GitHub's limit is 100, and clocks and networks are not exact.
const AT_A_TIME: u32 = 90;
/// A request that is not over by then has lost its process.
const LONGEST_REQUEST: Duration = Duration::from_mins(1);
/// Places of an hour that links leave to issues and comments while another run creates.
const LEFT_TO_CREATION: i32 = 100;
/// Requests of GitHub's hour that runs leave to people's commands.
const LEFT_TO_PEOPLE: u64 = 100;
/// Requests that were on their way together are refused together: that is one refusal.
const TOGETHER: TimeDelta = TimeDelta::seconds(10);

/// How fast one installation may be written to.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// The least time between two writes.
    spacing: TimeDelta,
    /// Whether content-creating requests are counted against a minute and an hour.
    counts: bool,
}

/// A write that is about to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Write {
    /// An edit, a removal or a reaction: only the time between two writes counts.
    Edit,
    /// An issue, a comment or a label.
    Content { per_minute: u32 },
    /// A sub-issue or a dependency. `yields`: another run of the installation creates issues, and those come first.
    Link { per_minute: u32, yields: bool },
}

impl Write {
    /// A comment: no run's rate, only GitHub's.
    pub const COMMENT: Self = Self::Content {
        per_minute: PER_MINUTE,
    };
}

/// Who waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum For {
    /// Somebody who looks at the screen: goes before runs.
    People,
    Run,
}

impl Pace {
    /// What GitHub asks for: a second between two writes (docs: best practices for the REST API), 80 content-creating
    /// requests a minute and 500 an hour (docs: rate limits for the REST API).
    pub const GITHUB: Self = Self {
        spacing: TimeDelta::seconds(1),
        counts: true,
    };

    /// A spacing of one's own and nothing counted, for a GitHub that has no limits: the simulator.
    pub const fn every(spacing: TimeDelta) -> Self {
        Self {
            spacing,
            counts: false,
        }
    }

    /// What a write asks of the database.
    pub fn asked(self, write: Write, by: For) -> Asked {
        let content = match write {
            Write::Edit => None,
            Write::Link {
                per_minute,
                yields: true,
            } => Some((per_minute, PER_HOUR - LEFT_TO_CREATION)),
            Write::Content { per_minute } | Write::Link { per_minute, .. } => {
                Some((per_minute, PER_HOUR))
            }
        };
        let content = content.filter(|_| self.counts);
        Asked {
            spacing: self.spacing,
            content: content
                .map(|(minute, hour)| (minute.clamp(1, PER_MINUTE).cast_signed(), hour)),
            for_people: by == For::People,
        }
    }
}

/// Takes the installation's next place to write. [`FlowError::Later`]: it is too early.
pub async fn take(
    services: &Services,
    installation: InstallationId,
    write: Write,
    by: For,
) -> FlowResult<()> {
    leave_some(services, installation, by)?;
    let asked = services.pace.asked(write, by);
    pace::take(
        services.wall(installation),
        installation,
        &asked,
        services.clock.set_by_hand(),
    )
    .await?
    .map_err(FlowError::Later)
}

/// Runs stop short of the end of GitHub's hour of requests, so that a command is still heard.
pub(super) fn leave_some(
    services: &Services,
    installation: InstallationId,
    by: For,
) -> FlowResult<()> {
    let now = services.clock.now();
    match services.github.installation(installation).rate_state() {
        Some(rate)
            if by == For::Run
                && rate.remaining < LEFT_TO_PEOPLE.min(rate.limit / 10)
                && rate.reset > now =>
        {
            Err(FlowError::Later(rate.reset))
        }
        _ => Ok(()),
    }
}

/// Counts the requests of each installation that are under way, over all replicas where they share a cache.
pub fn gate(cache: Cache) -> Gate {
    Box::new(move |installation| {
        let cache = cache.clone();
        Box::pin(async move {
            let key = Key::of(installation, &["github", "under-way"]);
            let lease = cache.lease(&key, AT_A_TIME, LONGEST_REQUEST).await?;
            Some(Box::new(lease) as Pass)
        })
    })
}

/// Keeps to what GitHub asked for in a refusal, and goes on more slowly after it. `None`: it was no refusal of that kind;
/// else the moment from which the installation may be written to again.
pub async fn heed(
    services: &Services,
    installation: InstallationId,
    error: &GitHubError,
) -> FlowResult<Option<DateTime<Utc>>> {
    let GitHubError::RateLimited {
        retry_at,
        secondary,
        named,
    } = *error
    else {
        return Ok(None);
    };
    metrics::counter!("github_refused_as_too_fast_total", "limit" => if secondary { "secondary" } else { "primary" })
        .increment(1);
    if !secondary {
        info!(installation.id = %installation, until = %retry_at, "the hour's requests are used up");
        pace::postpone(services.wall(installation), installation, retry_at).await?;
        return Ok(Some(retry_at));
    }
    let named = named.then_some(retry_at);
    let now = services.clock.now();
    let until = pace::slow_down(
        services.wall(installation),
        installation,
        named,
        now,
        TOGETHER,
    )
    .await?;
    warn!(installation.id = %installation, %until, "GitHub found us too fast; the pace is halved for an hour");
    Ok(Some(until))
}
