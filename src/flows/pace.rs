//! When an installation may write to GitHub next: one writer's spacing, kept in the database over all replicas.

use chrono::{DateTime, TimeDelta, Utc};

use super::{FlowResult, Services};
use crate::domain::ids::InstallationId;
use crate::store::installations;

/// The least time between two writes of one installation. GitHub asks for a second (docs: best practices for REST).
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    spacing: TimeDelta,
    /// Whether a run's own rate per minute counts as well.
    by_rate: bool,
}

impl Pace {
    /// What GitHub asks for.
    pub const GITHUB: Self = Self {
        spacing: TimeDelta::seconds(1),
        by_rate: true,
    };

    /// A spacing of one's own, for a GitHub that has no limits: the simulator.
    pub const fn every(spacing: TimeDelta) -> Self {
        Self {
            spacing,
            by_rate: false,
        }
    }

    fn after_creating(self, per_minute: u32) -> TimeDelta {
        if !self.by_rate {
            return self.spacing;
        }
        let by_rate = TimeDelta::milliseconds(60_000 / i64::from(per_minute.max(1)));
        self.spacing.max(by_rate)
    }
}

/// Takes the next place for a content-creating write, or says when to come back.
pub async fn creating(
    services: &Services,
    installation: InstallationId,
    per_minute: u32,
) -> FlowResult<Result<(), DateTime<Utc>>> {
    reserve(
        services,
        installation,
        services.pace.after_creating(per_minute),
    )
    .await
}

/// Takes the next place for any other write, or says when to come back.
pub async fn writing(
    services: &Services,
    installation: InstallationId,
) -> FlowResult<Result<(), DateTime<Utc>>> {
    reserve(services, installation, services.pace.spacing).await
}

async fn reserve(
    services: &Services,
    installation: InstallationId,
    spacing: TimeDelta,
) -> FlowResult<Result<(), DateTime<Utc>>> {
    let now = services.clock.now();
    Ok(installations::reserve_write(&services.pool, installation, now, spacing).await?)
}
