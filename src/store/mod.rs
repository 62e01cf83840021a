//! PostgreSQL: the pool, the migrations, one file a table.

pub mod acknowledgements;
pub mod ai_calls;
pub mod ai_keys;
pub mod api_tokens;
pub mod audit_events;
pub mod bot_comments;
pub mod condition;
pub mod created_issues;
pub mod deliveries;
pub mod embedded;
pub mod holds;
pub mod ingest;
pub mod installations;
pub mod issue_edits;
pub mod issue_links;
pub mod jobs;
pub mod marketplace;
pub mod overview;
pub mod pace;
pub mod planned_issues;
pub mod redeliveries;
pub mod registrations;
pub mod repositories;
pub mod revocations;
pub mod runs;
pub mod sealed;
pub mod sessions;
pub mod settings;
pub mod setup_links;
pub mod sweeps;
pub mod tenant;
mod transaction;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io;
use std::str::FromStr as _;
use std::time::Duration;

use sqlx::migrate::{Migrate as _, MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, PgPool};

pub use self::transaction::begin;

/// Our own tables, in order; the queue's tables are its library's ([`jobs`]). A database that a newer version migrated
/// is good enough for this one.
pub fn migrator() -> Migrator {
    let mut migrator = sqlx::migrate!("./migrations");
    migrator.set_ignore_missing(true);
    migrator
}

/// No statement of ours may take longer: a lock that is held too long becomes an error, not a standstill.
const STATEMENT_TIMEOUT: &str = "30s";
/// No transaction of ours waits for anything but the database: one that is idle so long was forgotten, and holds locks.
const IDLE_TIMEOUT: &str = "60s";

const IDLE_CONNECTION_LASTS: Duration = Duration::from_mins(10);
const CONNECTION_LASTS: Duration = Duration::from_mins(30);

/// No migration waits longer for a lock.
const LOCK_TIMEOUT: &str = "10s";
/// Whose turn it is to migrate: an advisory lock of ours beside the library's own.
const MIGRATING: i64 = 0x6f70_6d69;
const BETWEEN_TURN_TRIES: Duration = Duration::from_millis(250);
/// Ten minutes.
const TURN_TRIES: u32 = 2400;

/// Why the database could not be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The address is not one of a PostgreSQL database. The address itself may hold a password and is left out.
    #[error("DATABASE_URL is not a PostgreSQL address: {0}")]
    Address(#[source] sqlx::Error),
    #[error("cannot connect to the database at {place}: {error}")]
    Connect {
        /// Host and port, or the folder of the socket.
        place: String,
        #[source]
        error: sqlx::Error,
    },
    #[error("cannot migrate the database: {0}")]
    Migrate(#[from] MigrateError),
    #[error(
        "cannot migrate the database: something else held a table for more than 10 s ({0}); nothing was changed. End what \
         holds it (pg_stat_activity shows who: a dump, an open transaction, another migration), then start again"
    )]
    Locked(#[source] MigrateError),
    #[error(
        "another process has been migrating the database for more than 10 minutes: see in pg_stat_activity what it waits for"
    )]
    Migrating,
    #[error("{0}")]
    MigrateQueue(#[from] jobs::MigrateQueueError),
    #[error(
        "the wall between tenants does not stand ({0}); after a restore into a new server the role has to be made \
         before: `create role openproducer_tenant nologin`, then restore again"
    )]
    Wall(#[source] sqlx::Error),
    #[error("database: {0}")]
    Query(#[from] sqlx::Error),
}

/// How a process holds its connections.
#[derive(Debug, Clone)]
pub struct PoolSettings {
    /// Shown in `pg_stat_activity`: `openproducer serve`, `openproducer worker`, …
    pub application_name: Cow<'static, str>,
    pub max_connections: u32,
    /// How long a caller waits for a connection before it is told that there is none.
    pub acquire_timeout: Duration,
}

impl PoolSettings {
    /// The usual size under the name that operators see.
    pub fn named(application_name: impl Into<Cow<'static, str>>) -> Self {
        Self {
            application_name: application_name.into(),
            max_connections: 20,
            acquire_timeout: Duration::from_secs(5),
        }
    }
}

/// Opens a pool and proves it with one connection.
pub async fn connect(url: &str, settings: &PoolSettings) -> Result<PgPool, StoreError> {
    let options = PgConnectOptions::from_str(url)
        .map_err(StoreError::Address)?
        .application_name(&settings.application_name)
        .options([
            ("statement_timeout", STATEMENT_TIMEOUT),
            ("idle_in_transaction_session_timeout", IDLE_TIMEOUT),
        ])
        .log_slow_statements(tracing::log::LevelFilter::Warn, Duration::from_secs(2));
    let opened = PgPoolOptions::new()
        .max_connections(settings.max_connections)
        .acquire_timeout(settings.acquire_timeout)
        .idle_timeout(IDLE_CONNECTION_LASTS)
        .max_lifetime(CONNECTION_LASTS)
        .connect_with(options.clone())
        .await;
    match opened {
        Ok(pool) => Ok(pool),
        Err(late @ sqlx::Error::PoolTimedOut) => {
            let error = why_unreachable(&options, settings.acquire_timeout).await;
            Err(not_connected(&options, error.unwrap_or(late)))
        }
        Err(error) => Err(not_connected(&options, error)),
    }
}

/// Asks the database for an answer. An error says why there is none; a pool whose connections are all busy is no reason.
pub async fn try_to_reach(pool: &PgPool, patience: Duration) -> sqlx::Result<()> {
    match sqlx::query("select 1").execute(pool).await {
        Ok(_) => Ok(()),
        Err(sqlx::Error::PoolTimedOut) => {
            let why = why_unreachable(&pool.connect_options(), patience).await;
            why.map_or(Ok(()), Err)
        }
        Err(error) => Err(error),
    }
}

/// Why no connection can be made: a pool tells no more than that it waited in vain. `None`: one was made.
async fn why_unreachable(options: &PgConnectOptions, patience: Duration) -> Option<sqlx::Error> {
    let connected = tokio::time::timeout(patience, PgConnection::connect_with(options)).await;
    match connected {
        Ok(Ok(connection)) => {
            connection.close().await.ok();
            None
        }
        Ok(Err(error)) => Some(error),
        Err(_) => Some(sqlx::Error::Io(io::ErrorKind::TimedOut.into())),
    }
}

fn not_connected(options: &PgConnectOptions, error: sqlx::Error) -> StoreError {
    let place = match options.get_socket() {
        Some(folder) => folder.display().to_string(),
        None => format!("{}:{}", options.get_host(), options.get_port()),
    };
    StoreError::Connect { place, error }
}

/// Another pool of the same kind beside this one, for what must have its connections whoever holds the others. It
/// connects at first use.
pub fn beside(pool: &PgPool, max_connections: u32) -> PgPool {
    PgPoolOptions::new()
        .max_connections(max_connections)
        .acquire_timeout(pool.options().get_acquire_timeout())
        .idle_timeout(IDLE_CONNECTION_LASTS)
        .max_lifetime(CONNECTION_LASTS)
        .connect_lazy_with((*pool.connect_options()).clone())
}

/// A pool for looking alone: it connects at first use, and PostgreSQL refuses every write of it.
pub fn connect_to_look(url: &str, settings: &PoolSettings) -> Result<PgPool, StoreError> {
    let options = PgConnectOptions::from_str(url)
        .map_err(StoreError::Address)?
        .application_name(&settings.application_name)
        .options([
            ("statement_timeout", STATEMENT_TIMEOUT),
            ("default_transaction_read_only", "on"),
        ]);
    Ok(PgPoolOptions::new()
        .max_connections(settings.max_connections)
        .acquire_timeout(settings.acquire_timeout)
        .connect_lazy_with(options))
}

/// What the database has and what it lacks of our [`migrator`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Migrations {
    /// `0001 deliveries`, … in order.
    pub applied: Vec<String>,
    pub pending: Vec<String>,
    /// Versions that this program does not know: a newer one made them.
    pub newer: Vec<i64>,
    /// Applied, but from other text than this program's.
    pub changed: Vec<String>,
}

/// Brings the database, the queue's tables included, up to this program's version; many replicas may ask at once, one does it. Answers what was new.
pub async fn migrate(pool: &PgPool) -> Result<Vec<String>, StoreError> {
    // A connection of its own: a migration may take longer than a statement may. But what it has to lock it gets soon or not
    // at all: everybody else's statements wait behind one that waits for a lock.
    let options = (*pool.connect_options()).clone();
    let patient = PgPoolOptions::new()
        .max_connections(1)
        .connect_with(
            options
                .clone()
                .options([("statement_timeout", "0"), ("lock_timeout", LOCK_TIMEOUT)]),
        )
        .await
        .map_err(|error| not_connected(&options, error))?;
    let turn = take_turn(pool).await?;
    let migrated = all_migrations(&patient).await;
    turn.close().await.ok();
    let new = migrated?;
    patient.close().await;
    Ok(new)
}

/// Replicas that start at once migrate one after another. Waiting here holds up nobody.
async fn take_turn(pool: &PgPool) -> Result<PgConnection, StoreError> {
    let options = (*pool.connect_options()).clone();
    let mut connection = PgConnection::connect_with(&options)
        .await
        .map_err(|error| not_connected(&options, error))?;
    for _ in 0..TURN_TRIES {
        let mine: bool = sqlx::query_scalar("select pg_try_advisory_lock($1)")
            .bind(MIGRATING)
            .fetch_one(&mut connection)
            .await?;
        if mine {
            return Ok(connection);
        }
        tokio::time::sleep(BETWEEN_TURN_TRIES).await;
    }
    Err(StoreError::Migrating)
}

async fn all_migrations(patient: &PgPool) -> Result<Vec<String>, StoreError> {
    let before = status(patient).await?;
    migrator().run(patient).await.map_err(locked_or)?;
    jobs::migrate(patient).await?;
    // Roles are not part of a database's backup: better no start than pages that fail at night.
    let mut tx = begin(patient).await?;
    let entered = sqlx::query("select enter_tenant(0)")
        .execute(&mut *tx)
        .await;
    let within = sqlx::query("select 1 from installations limit 1")
        .execute(&mut *tx)
        .await;
    tx.rollback().await?;
    entered.and(within).map_err(StoreError::Wall)?;
    Ok(before.pending)
}

/// `lock_not_available`: somebody else has what the migration needs.
fn locked_or(error: MigrateError) -> StoreError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(found) = cause {
        let database = found.downcast_ref::<sqlx::Error>();
        if database
            .and_then(sqlx::Error::as_database_error)
            .and_then(sqlx::error::DatabaseError::code)
            .as_deref()
            == Some("55P03")
        {
            return StoreError::Locked(error);
        }
        cause = found.source();
    }
    StoreError::Migrate(error)
}

/// Has the database every migration that this program knows? A newer database is current as well: while a deployment
/// rolls, the older version goes on serving.
pub async fn is_current(pool: &PgPool) -> Result<bool, StoreError> {
    Ok(status(pool).await?.pending.is_empty() && jobs::is_migrated(pool).await?)
}

/// Which migrations are there, and which are missing.
pub async fn status(pool: &PgPool) -> Result<Migrations, StoreError> {
    let mut connection = pool.acquire().await?;
    let migrator = migrator();
    let has_table: bool = sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL")
        .fetch_one(&mut *connection)
        .await?;
    let mut applied: BTreeMap<i64, _> = if has_table {
        connection
            .list_applied_migrations(&migrator.table_name)
            .await?
            .into_iter()
            .map(|migration| (migration.version, migration.checksum))
            .collect()
    } else {
        BTreeMap::new()
    };
    let mut found = Migrations::default();
    for migration in migrator.iter() {
        let name = format!("{:04} {}", migration.version, migration.description);
        match applied.remove(&migration.version) {
            Some(checksum) => {
                if checksum != migration.checksum {
                    found.changed.push(name.clone());
                }
                found.applied.push(name);
            }
            None => found.pending.push(name),
        }
    }
    found.newer = applied.into_keys().collect();
    Ok(found)
}
