//! The doctor: looks at everything that the server depends on, and says what is well, what is not, and what to do.
//!
//! | file | looks at |
//! |---|---|
//! | `finding` | (what a check says) |
//! | `setting` | the config, and whether stored secrets open |
//! | `database` | PostgreSQL: there, migrated, walled, in time |
//! | `github` | as whom GitHub knows us, and what the App may and hears |
//! | `webhooks` | whether deliveries get here, and what became of those that did not |
//! | `queue` | jobs and the workers that do them |
//! | `parts` | the cache, the model, and a server on this machine |
//!
//! Invariant: nothing is changed anywhere. Statements go through a pool that may only read; GitHub is asked with GET alone.

mod database;
mod finding;
mod github;
mod parts;
mod queue;
mod setting;
#[cfg(test)]
mod tests;
mod webhooks;

use std::time::{Duration, Instant};

use tokio::time::timeout;

pub use self::finding::{Check, Finding, State};
use super::Services;
use crate::config::{Config, Fault};

/// Every check, in the order in which it is told. Scripts know them by these names.
pub const NAMES: [&str; 29] = [
    "config.values",
    "config.secrets",
    "config.public-url",
    "config.proxies",
    "config.encryption-key",
    "database.reachable",
    "database.migrations",
    "database.queue-tables",
    "database.tenant-wall",
    "database.clock",
    "database.connections",
    "cache.redis",
    "github.reachable",
    "github.identity",
    "github.permissions",
    "github.events",
    "github.installations",
    "github.clock",
    "github.rate-limit",
    "webhooks.address",
    "webhooks.secret",
    "webhooks.deliveries",
    "webhooks.received",
    "webhooks.sweep",
    "queue.jobs",
    "queue.workers",
    "server.ready",
    "ai.model",
    "ai.budget",
];

/// Whom the doctor looks at.
pub struct Patient<'a> {
    /// Over a pool that only reads.
    pub services: &'a Services,
    pub config: &'a Config,
    /// Why there is no database to ask; `None`: there is one, or should be.
    pub no_database: Option<Finding>,
    /// How long each check may take.
    pub limit: Duration,
}

impl Patient<'_> {
    /// What the looking finds, unless it takes too long.
    async fn check(&self, name: &'static str, looking: impl Future<Output = Finding>) -> Check {
        let begun = Instant::now();
        let found = timeout(self.limit, looking).await;
        let finding = found.unwrap_or_else(|_| {
            let seconds = self.limit.as_secs_f64();
            Finding::failed(format!("no answer within {seconds} s")).advise(
                "Something on the way is slow, or lets nothing through without saying so: look at firewall, DNS and load; \
                 `--timeout` gives it longer",
            )
        });
        Check::new(name, finding, begun.elapsed())
    }

    /// The same, unless what it needs is not there.
    async fn after(
        &self,
        needed: &Check,
        name: &'static str,
        looking: impl Future<Output = Finding>,
    ) -> Check {
        match needed.lack() {
            Some(why) => Check::new(name, why, Duration::ZERO),
            None => self.check(name, looking).await,
        }
    }

    /// Where people and GitHub reach the server, as far as it is known here; without a slash at its end.
    fn public_base(&self) -> String {
        let public = self.config.public_url.as_ref();
        public.map_or_else(
            || format!("http://{}", self.config.listen_addr),
            |url| url.as_str().trim_end_matches('/').to_owned(),
        )
    }
}

/// Looks at everything, what is independent at the same time.
pub async fn examine(patient: &Patient<'_>) -> Vec<Check> {
    let (inside, redis, server, model) = tokio::join!(
        Box::pin(inside(patient)),
        patient.check("cache.redis", parts::redis(patient)),
        patient.check("server.ready", parts::server(patient)),
        patient.check("ai.model", parts::model(patient)),
    );
    let mut checks = inside;
    checks.extend([redis, server, model]);
    in_order(checks)
}

/// What hangs on the database and, for the App may lie there, on who we are.
async fn inside(patient: &Patient<'_>) -> Vec<Check> {
    let reachable = patient.check("database.reachable", database::reachable(patient));
    let reachable = reachable.await;
    let tables = patient.after(
        &reachable,
        "database.migrations",
        database::migrations(patient),
    );
    let tables = tables.await;
    let (database, (secrets, github), queue, budget) = tokio::join!(
        database::others(patient, &reachable, &tables),
        async {
            let (secrets, app) = setting::stored(patient, &tables).await;
            let github = github::examine(patient, (&tables, &secrets), app.as_ref());
            let github = Box::pin(github).await;
            (secrets, github)
        },
        queue::examine(patient, &reachable, &tables),
        patient.after(&tables, "ai.budget", parts::budget(patient)),
    );
    let mut checks = setting::examine(patient);
    checks.extend([secrets, reachable, tables, budget]);
    checks.extend(database.into_iter().chain(github).chain(queue));
    checks
}

/// What is told where the config itself is wrong: every fault, and that nothing else was looked at.
pub fn of_faults(faults: &[Fault]) -> Vec<Check> {
    let why = "the configuration has to be right first";
    let others = NAMES.iter().filter(|name| **name != "config.values");
    let others = others.map(|name| Check::new(name, Finding::skipped(why), Duration::ZERO));
    let values = Check::new("config.values", setting::faulty(faults), Duration::ZERO);
    std::iter::once(values).chain(others).collect()
}

fn in_order(mut checks: Vec<Check>) -> Vec<Check> {
    checks.sort_by_key(|check| NAMES.iter().position(|name| *name == check.name));
    checks
}
