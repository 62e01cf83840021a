//! `openproducer migrate`: brings the database up to this version.

use anyhow::Context as _;
use secrecy::{ExposeSecret as _, SecretString};

use super::arguments::MigrateArguments;
use super::failure::{Failure, bad_config};
use super::logs;
use super::terminal::Terminal;
use crate::config::Config;
use crate::store::embedded::Embedded;
use crate::store::{self, PoolSettings};

/// Migrates the configured database, or the embedded one, and says what was new.
pub(super) async fn run(_: MigrateArguments) -> Result<(), Failure> {
    let config = Config::load().map_err(bad_config)?;
    logs::start(&config);
    if let Some(url) = &config.database_url {
        return migrate(url).await;
    }
    let embedded = Embedded::start(&config.data_folder)
        .await
        .context("cannot start the embedded PostgreSQL")?;
    let migrated = tokio::select! {
        migrated = migrate(embedded.url()) => migrated,
        () = super::ended() => Err(Failure::from(anyhow::anyhow!("ended before it was done"))),
    };
    embedded
        .stop()
        .await
        .context("cannot stop the embedded PostgreSQL")?;
    migrated
}

async fn migrate(url: &SecretString) -> Result<(), Failure> {
    let settings = PoolSettings::named("openproducer migrate");
    let pool = store::connect(url.expose_secret(), &settings)
        .await
        .map_err(anyhow::Error::new)?;
    let new = store::migrate(&pool).await.map_err(anyhow::Error::new)?;
    pool.close().await;
    let terminal = Terminal::of_output();
    for name in &new {
        terminal.done(format_args!("{name}"));
    }
    match new.len() {
        0 => terminal.line(format_args!("The database is up to date.")),
        1 => terminal.line(format_args!(
            "1 migration was new; the database is up to date."
        )),
        n => terminal.line(format_args!(
            "{n} migrations were new; the database is up to date."
        )),
    }
    Ok(())
}
