//! A database for one test: a copy of a migrated template, dropped at the end.

use openproducer::store::{self, PoolSettings};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection as _, PgPool};

use super::services::services;

/// One test's own database. Keep it until the test ends.
pub(crate) struct TestDatabase {
    name: String,
    url: String,
    pool: PgPool,
}

/// Held while the template is made, so that of many test processes one makes it.
const TEMPLATE_LOCK: i64 = 0x6f70_7470;

impl TestDatabase {
    /// Migrated and empty.
    pub(crate) async fn create() -> Self {
        let template = template().await;
        Self::copy_of(&template).await
    }

    /// Without any table: for tests of the migrations themselves.
    pub(crate) async fn create_empty() -> Self {
        Self::copy_of("template0").await
    }

    async fn copy_of(template: &str) -> Self {
        let name = format!("op_test_{}", uuid::Uuid::now_v7().simple());
        let mut admin = admin().await;
        execute(
            &mut admin,
            format!("CREATE DATABASE {name} TEMPLATE {template}"),
        )
        .await;
        admin.close().await.expect("the connection closes");
        let url = url_of(&name);
        let mut settings = PoolSettings::named("openproducer tests");
        settings.max_connections = 10;
        let pool = store::connect(&url, &settings)
            .await
            .expect("the new database answers");
        Self { name, url, pool }
    }

    pub(crate) fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Another pool, of at most so many connections.
    pub(crate) async fn pool_of(&self, connections: u32) -> PgPool {
        let mut settings = PoolSettings::named("openproducer tests");
        settings.max_connections = connections;
        store::connect(&self.url, &settings)
            .await
            .expect("the database answers")
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let name = self.name.clone();
        // A thread of its own: the test's runtime may be busy, single-threaded or gone.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a small runtime");
            runtime.block_on(async {
                let mut admin = admin().await;
                execute(
                    &mut admin,
                    format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
                )
                .await;
            });
        })
        .join();
        if !std::thread::panicking() {
            dropped.expect("the test's database can be dropped");
        }
    }
}

/// The name of the migrated template; made at first use. Named after what is in it, so that a changed migration makes
/// a new one even where the server outlives the run.
async fn template() -> String {
    let migrator = store::migrator();
    // The queue's library brings its tables along; Cargo.lock says which version.
    let mut sum = include_bytes!("../../../Cargo.lock").to_vec();
    for migration in migrator.iter() {
        sum.extend_from_slice(&migration.checksum);
    }
    let name = format!("op_template_{}", fingerprint(&sum));

    let mut admin = admin().await;
    sqlx::query("SELECT pg_advisory_lock($1)")
        .bind(TEMPLATE_LOCK)
        .execute(&mut admin)
        .await
        .expect("the template's lock");
    let there: bool =
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
            .bind(&name)
            .fetch_one(&mut admin)
            .await
            .expect("the list of databases");
    if !there {
        // Under another name until it is whole.
        execute(
            &mut admin,
            format!("DROP DATABASE IF EXISTS {name}_unfinished WITH (FORCE)"),
        )
        .await;
        execute(&mut admin, format!("CREATE DATABASE {name}_unfinished")).await;
        let pool = store::connect(
            &url_of(&format!("{name}_unfinished")),
            &PoolSettings::named("openproducer tests"),
        )
        .await
        .expect("the template answers");
        store::migrate(&pool).await.expect("the migrations run");
        pool.close().await;
        execute(
            &mut admin,
            format!("ALTER DATABASE {name}_unfinished RENAME TO {name}"),
        )
        .await;
    }
    // Closing gives the lock back.
    admin.close().await.expect("the connection closes");
    name
}

fn fingerprint(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    hex::encode(&sha2::Sha256::digest(bytes)[..6])
}

async fn admin() -> PgConnection {
    PgConnection::connect(&services().database_url)
        .await
        .expect("the tests' PostgreSQL answers")
}

async fn execute(connection: &mut PgConnection, sql: String) {
    sqlx::query(AssertSqlSafe(sql.clone()))
        .execute(connection)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
}

fn url_of(database: &str) -> String {
    let mut url = url::Url::parse(&services().database_url).expect("an address");
    url.set_path(database);
    url.into()
}
