//! How the database itself is, for its operator: version, clock, connections, and whether the wall stands.

use chrono::{DateTime, Utc};
use sqlx::{Connection as _, FromRow, PgConnection, PgPool};

use super::tenant;
use crate::domain::ids::InstallationId;

/// What the server says of itself.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Server {
    /// `17.2 (Debian 17.2-1)`.
    pub version: String,
    /// 170002.
    pub version_number: i32,
    /// By its clock.
    pub now: DateTime<Utc>,
    /// Open now, of all databases.
    pub connections: i64,
    pub most_connections: i32,
}

/// Connects anew, past the pool, which would try again until its time is up: so that whoever asks hears why not.
pub async fn try_to_connect(pool: &PgPool) -> sqlx::Result<()> {
    let options = pool.connect_options();
    PgConnection::connect_with(&options).await?.close().await
}

/// Asks the server.
pub async fn server(pool: &PgPool) -> sqlx::Result<Server> {
    sqlx::query_as(
        "select current_setting('server_version') as version,
                current_setting('server_version_num')::int as version_number, clock_timestamp() as now,
                (select coalesce(sum(numbackends), 0)::bigint from pg_stat_database) as connections,
                current_setting('max_connections')::int as most_connections",
    )
    .fetch_one(pool)
    .await
}

/// What somebody before the wall and a tenant behind it see.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wall {
    /// Tables with an installation that no wall stands before.
    pub open_tables: Vec<String>,
    /// Installations that a tenant who does not exist sees.
    pub strangers_see: i64,
    /// An installation that was tried, if there is one …
    pub tenant: Option<i64>,
    /// … and which it sees.
    pub tenant_sees: Vec<i64>,
}

/// Goes through the wall as nobody and as a tenant; nothing is changed by it.
pub async fn wall(pool: &PgPool) -> sqlx::Result<Wall> {
    let open_tables = sqlx::query_scalar(
        "select c.relname::text from pg_class c join pg_attribute a on a.attrelid = c.oid
         where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r' and not c.relrowsecurity
           and a.attname = 'installation_id' and not a.attisdropped 
         union select 'installations' from pg_class where oid = 'installations'::regclass and not relrowsecurity
         order by 1",
    )
    .fetch_all(pool)
    .await?;
    let tenant: Option<i64> = sqlx::query_scalar("select min(id) from installations")
        .fetch_one(pool)
        .await?;
    let strangers_see = seen_by(pool, -1).await?.len();
    let tenant_sees = match tenant {
        Some(tenant) => seen_by(pool, tenant).await?,
        None => Vec::new(),
    };
    Ok(Wall {
        open_tables,
        strangers_see: i64::try_from(strangers_see).unwrap_or(i64::MAX),
        tenant,
        tenant_sees,
    })
}

/// At most so many are looked at: one too many says enough.
async fn seen_by(pool: &PgPool, tenant: i64) -> sqlx::Result<Vec<i64>> {
    let mut tx = tenant::enter(pool, InstallationId(tenant)).await?;
    let seen = sqlx::query_scalar("select id from installations order by id limit 100")
        .fetch_all(&mut *tx)
        .await?;
    tx.rollback().await?;
    Ok(seen)
}
