//! PostgreSQL: is it there, has it all tables, does the wall stand, and what time does it think it is?

use chrono::{DateTime, TimeDelta, Utc};

use super::{Check, Finding, Patient};
use crate::domain::present::lasting;
use crate::store::condition::{self, Wall};
use crate::store::{self, jobs};

/// What the statements of this program are tried with.
const OLDEST: i32 = 140_000;
/// Jobs start by the database's clock and wait by ours.
const MOST_APART: TimeDelta = TimeDelta::seconds(5);

pub(super) async fn reachable(patient: &Patient<'_>) -> Finding {
    if let Some(why) = &patient.no_database {
        return why.clone();
    }
    let begun = std::time::Instant::now();
    if let Err(error) = condition::try_to_connect(&patient.services.pool).await {
        return unreachable(&error);
    }
    let took = begun.elapsed().as_millis();
    match condition::server(&patient.services.pool).await {
        Err(error) => unreachable(&error),
        Ok(server) if server.version_number < OLDEST => Finding::warning(format!(
            "PostgreSQL {} answers; its makers look after 14 and later",
            server.version
        ))
        .advise("Move to a newer PostgreSQL before it breaks"),
        Ok(server) => Finding::ok(format!(
            "PostgreSQL {} answers, connected in {took} ms",
            short(&server.version)
        )),
    }
}

/// `17.2` of `17.2 (Debian 17.2-1.pgdg12+1)`.
fn short(version: &str) -> &str {
    version.split(' ').next().unwrap_or(version)
}

fn unreachable(error: &sqlx::Error) -> Finding {
    let says = format!("cannot connect to the database: {}", words(error));
    let advice = match error {
        sqlx::Error::Database(_) => {
            "The server is there and refuses: user, password and database of DATABASE_URL have to be right, and pg_hba.conf has to let us in"
        }
        _ => {
            "Is PostgreSQL running, and do host and port of DATABASE_URL lead to it? Its own log says why it ended"
        }
    };
    Finding::failed(says).advise(advice)
}

/// What PostgreSQL said, without where in its own source it said so.
fn words(error: &sqlx::Error) -> String {
    let said = error.as_database_error();
    said.map_or_else(|| error.to_string(), |said| said.message().to_owned())
}

/// A statement that should have worked.
pub(super) fn refused(error: &sqlx::Error) -> Finding {
    Finding::failed(format!("PostgreSQL refuses: {}", words(error)))
        .advise("The user of DATABASE_URL has to own the tables, or be let do what their owner may")
}

pub(super) async fn migrations(patient: &Patient<'_>) -> Finding {
    let found = match store::status(&patient.services.pool).await {
        Ok(found) => found,
        Err(error) => return Finding::failed(error.to_string()),
    };
    if !found.pending.is_empty() {
        let says = match (found.applied.len(), found.pending.len()) {
            (0, _) => "no table is there yet".to_owned(),
            (_, 1) => "1 migration is missing".to_owned(),
            (_, n) => format!("{n} migrations are missing"),
        };
        let details = if found.applied.is_empty() {
            Vec::new()
        } else {
            found.pending
        };
        return Finding::failed(says)
            .with_details(details)
            .advise("`openproducer migrate`, or start the server, which does the same");
    }
    if !found.changed.is_empty() {
        return Finding::failed("migrations were applied from another text than this program's")
            .with_details(found.changed)
            .advise("This program is not of the release that made the database: run that release, or a later one");
    }
    if !found.newer.is_empty() {
        return Finding::warning("the database was migrated by a newer version than this program")
            .with_details(
                found
                    .newer
                    .iter()
                    .map(|version| format!("{version:04} is not known here")),
            )
            .advise("Right while an update is rolled out; afterwards update this program too");
    }
    Finding::ok(format!("all {} are there", found.applied.len()))
}

/// What is looked at once it answers.
pub(super) async fn others(patient: &Patient<'_>, reachable: &Check, tables: &Check) -> Vec<Check> {
    let pool = &patient.services.pool;
    let queue = async {
        match jobs::is_migrated(pool).await {
            Ok(true) => Finding::ok("there"),
            Ok(false) => Finding::failed("the queue's tables are missing: no job can be stored")
                .advise("`openproducer migrate`, or start the server, which does the same"),
            Err(error) => refused(&error),
        }
    };
    let wall = async {
        match condition::wall(pool).await {
            Ok(wall) => of_wall(&wall),
            Err(error) => Finding::failed(format!("nobody gets through the wall between tenants: {}",
                words(&error))).advise(
                "After a restore into a new server the role is missing: `create role openproducer_tenant nologin`, grant it to \
                 the tables' owner, then restore again",
            ),
        }
    };
    let clock = async {
        let asked = patient.services.clock.now();
        match condition::server(pool).await {
            Ok(server) => of_clock(server.now, asked, patient.services.clock.now()),
            Err(error) => refused(&error),
        }
    };
    let connections = async {
        match condition::server(pool).await {
            Ok(server) => of_connections(server.connections, i64::from(server.most_connections)),
            Err(error) => refused(&error),
        }
    };
    let (queue, wall, clock, connections) = tokio::join!(
        patient.after(reachable, "database.queue-tables", queue),
        patient.after(tables, "database.tenant-wall", wall),
        patient.after(reachable, "database.clock", clock),
        patient.after(reachable, "database.connections", connections),
    );
    vec![queue, wall, clock, connections]
}

pub(super) fn of_wall(wall: &Wall) -> Finding {
    let others = wall
        .tenant_sees
        .iter()
        .any(|seen| Some(*seen) != wall.tenant);
    if wall.strangers_see > 0 || others || !wall.open_tables.is_empty() {
        let tables = wall
            .open_tables
            .iter()
            .map(|name| format!("{name} has no row-level security"));
        return Finding::failed("the wall between tenants is open: one sees what belongs to another")
            .with_details(tables)
            .advise("Somebody has changed tables or role by hand: put row-level security and its policies back as the migrations made them");
    }
    match wall.tenant {
        None => Finding::ok("keeps strangers out; there is no tenant yet to be let in"),
        Some(tenant) if wall.tenant_sees == [tenant] => {
            Finding::ok("lets a tenant in and keeps others out")
        }
        Some(_) => Finding::failed("a tenant does not see its own rows").advise(
            "The policies of the tables are not as the migrations made them: put them back",
        ),
    }
}

/// Between asking and answer the clocks agree.
pub(super) fn of_clock(
    theirs: DateTime<Utc>,
    asked: DateTime<Utc>,
    answered: DateTime<Utc>,
) -> Finding {
    let apart = theirs - theirs.clamp(asked, answered.max(asked));
    if apart.abs() <= MOST_APART {
        return Finding::ok("the database's clock agrees with ours");
    }
    Finding::warning(format!(
        "the database's clock is {} {} ours: jobs start too {}",
        lasting(apart.abs()),
        if apart > TimeDelta::zero() {
            "ahead of"
        } else {
            "behind"
        },
        if apart > TimeDelta::zero() {
            "early"
        } else {
            "late"
        },
    ))
    .advise("Let both machines keep time by NTP (`timedatectl` says whether this one does)")
}

pub(super) fn of_connections(open: i64, most: i64) -> Finding {
    let says = format!("{open} of {most} are open");
    if open * 10 >= most * 9 {
        return Finding::warning(format!("{says}: the next process may find no room")).advise(
            "Raise max_connections, or put fewer processes or a pooler in between; each server and worker takes up to 20",
        );
    }
    Finding::ok(says)
}
