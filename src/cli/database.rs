//! The database of a command: the configured one or the embedded default, migrated, closed in order.

use std::path::Path;

use anyhow::Context as _;
use secrecy::ExposeSecret as _;
use sqlx::PgPool;
use tracing::{info, warn};

use crate::config::Config;
use crate::store::embedded::Embedded;
use crate::store::{self, PoolSettings, StoreError};

/// A pool and, where none is configured, the PostgreSQL behind it.
pub(super) struct Database {
    pub(super) pool: PgPool,
    embedded: Option<Embedded>,
}

impl Database {
    /// Connects, starts the embedded PostgreSQL where none is configured, and brings the tables up to date.
    pub(super) async fn open(config: &Config, name: &'static str) -> anyhow::Result<Self> {
        match &config.database_url {
            None => Self::embedded(&config.data_folder, name).await,
            Some(url) => Ok(Self {
                pool: connect(url.expose_secret(), name).await?,
                embedded: None,
            }),
        }
    }

    /// Starts a PostgreSQL in this folder.
    pub(super) async fn embedded(folder: &Path, name: &'static str) -> anyhow::Result<Self> {
        let embedded = Embedded::start(folder)
            .await
            .context("cannot start the embedded PostgreSQL")?;
        match connect(embedded.url().expose_secret(), name).await {
            Ok(pool) => Ok(Self {
                pool,
                embedded: Some(embedded),
            }),
            Err(failure) => {
                stop(Some(embedded)).await;
                Err(failure)
            }
        }
    }

    /// For looking alone: connects at first use, and can write nothing. `None`: the embedded PostgreSQL does not run, and is
    /// not started.
    pub(super) async fn to_look_at(
        config: &Config,
        name: &'static str,
    ) -> Result<Option<Self>, StoreError> {
        let settings = PoolSettings {
            max_connections: 5,
            ..PoolSettings::named(name)
        };
        let (url, embedded) = match &config.database_url {
            Some(url) => (url.clone(), None),
            None => match Embedded::find_running(&config.data_folder).await {
                Some(embedded) => (embedded.url().clone(), Some(embedded)),
                None => return Ok(None),
            },
        };
        let pool = store::connect_to_look(url.expose_secret(), &settings)?;
        Ok(Some(Self { pool, embedded }))
    }

    /// In the place of one that is not there: whoever asks it is refused.
    pub(super) fn nowhere() -> Self {
        let settings = PoolSettings::named("openproducer");
        let pool = store::connect_to_look("postgres://127.0.0.1:1/nowhere", &settings)
            .expect("it is an address");
        Self {
            pool,
            embedded: None,
        }
    }

    /// Closes the pool and stops what was started.
    pub(super) async fn close(self) {
        self.pool.close().await;
        stop(self.embedded).await;
    }
}

async fn connect(url: &str, name: &'static str) -> anyhow::Result<PgPool> {
    let pool = store::connect(url, &PoolSettings::named(name)).await?;
    let new = store::migrate(&pool).await?;
    if !new.is_empty() {
        info!(migrations = new.len(), "database brought up to date");
    }
    Ok(pool)
}

async fn stop(embedded: Option<Embedded>) {
    let Some(embedded) = embedded else {
        return;
    };
    if let Err(failure) = embedded.stop().await {
        warn!(error = %failure, "the embedded PostgreSQL did not stop");
    }
}
