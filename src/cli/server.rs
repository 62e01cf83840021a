//! Puts the rooms together: services over one pool, the web door and the worker, started and stopped as one.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use secrecy::SecretString;
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tracing::{info, warn};
use url::Url;

use crate::cache::Cache;
use crate::clock::{Chance, Clock};
use crate::domain::settings::Operator;
use crate::domain::trigger::BotNames;
use crate::flows::Services;
use crate::flows::pace::Pace;
use crate::github::GitHub;
use crate::{web, worker};

/// What a server is made of; all of it is handed in, so that tests and the demo start the real one.
pub struct Parts {
    pub pool: PgPool,
    pub cache: Cache,
    pub github: GitHub,
    pub clock: Clock,
    pub chance: Chance,
    pub pace: Pace,
    pub operator: Operator,
    /// The mention that people write, with or without `@`.
    pub mention: String,
    pub webhook_secret: SecretString,
    /// GitHub's pages, for the install link.
    pub web_url: Url,
    pub listen: SocketAddr,
    /// Whether jobs are done here as well.
    pub with_worker: bool,
}

/// A running server.
pub struct Server {
    pub address: SocketAddr,
    services: Services,
    shutdown: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Server {
    /// Binds, starts the worker, and answers requests from then on.
    pub async fn start(parts: Parts) -> anyhow::Result<Self> {
        let services = services(&parts);
        let listener = TcpListener::bind(parts.listen)
            .await
            .with_context(|| format!("cannot listen on {}", parts.listen))?;
        let address = listener.local_addr()?;
        let (shutdown, stopping) = watch::channel(false);
        let names = watch::channel(BotNames::new([parts.mention.as_str()]));
        let mut tasks = Vec::new();
        let _ = (names, stopping, &mut tasks, listener);
        todo_web();
        Ok(Self {
            address,
            services,
            shutdown,
            tasks,
        })
    }

    /// What its flows work with.
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// Stops taking work, lets what runs finish, and returns when all is quiet.
    pub async fn stop(self) {
        self.shutdown.send_replace(true);
        for task in self.tasks {
            if let Err(failure) = task.await {
                warn!(error = %failure, "a part of the server ended badly");
            }
        }
    }
}

/// The services that flows work with.
pub fn services(parts: &Parts) -> Services {
    Services {
        pool: parts.pool.clone(),
        github: parts.github.clone(),
        clock: parts.clock.clone(),
        chance: parts.chance.clone(),
        pace: parts.pace,
        operator: Arc::new(parts.operator.clone()),
        mention: parts.mention.trim_start_matches('@').to_owned(),
    }
}
