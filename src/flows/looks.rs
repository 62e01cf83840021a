//! When something of ours whose answer was lost is looked for on GitHub, before it is sent again.

use chrono::{DateTime, TimeDelta, Utc};

use super::{FlowError, FlowResult, Services};

/// How far before the stored intent a lost thing is looked for: GitHub's clock may be another.
pub const LOOK_BACK: TimeDelta = TimeDelta::hours(2);
/// An intent that is older than this is not acted upon: somebody may have begun to look for it.
const FRESH: TimeDelta = TimeDelta::seconds(3);

/// Two looks, counted from the moment when the intent was stored.
#[derive(Debug, Clone, Copy)]
pub struct Looks {
    first: TimeDelta,
    last: TimeDelta,
}

impl Looks {
    /// The first when what GitHub still did is seen, the last when no request can be on its way any more: one for a token and
    /// one of ours live for 45 s each at most, and GitHub gives up after 10 s.
    pub const GITHUB: Self = Self {
        first: TimeDelta::seconds(5),
        last: TimeDelta::seconds(120),
    };

    /// Other times, for a GitHub that does at once what it does: the simulator.
    pub const fn after(first: TimeDelta, last: TimeDelta) -> Self {
        Self { first, last }
    }

    /// When the next look may be made, after so many.
    fn due(self, intended_at: DateTime<Utc>, looks: i32) -> DateTime<Utc> {
        intended_at
            + match looks {
                0 => self.first,
                _ => self.last,
            }
    }
}

/// Whether the last look may be made now; false: the first. [`FlowError::Later`]: it is too early for either.
pub(super) fn is_last(
    services: &Services,
    intended_at: DateTime<Utc>,
    looks: i32,
) -> FlowResult<bool> {
    let due = services.looks.due(intended_at, looks);
    if services.clock.now() < due {
        return Err(FlowError::Later(due));
    }
    Ok(looks > 0)
}

/// When to look again, after so many looks in vain.
pub(super) fn next(services: &Services, intended_at: DateTime<Utc>, looks: i32) -> DateTime<Utc> {
    services
        .looks
        .due(intended_at, looks)
        .max(services.clock.now())
}

/// A process that stood still since the intent was stored must not send any more.
pub(super) fn is_fresh(services: &Services, intended_at: DateTime<Utc>) -> bool {
    services.clock.now() - intended_at <= FRESH
}
