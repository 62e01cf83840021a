//! What the demo plays on: a PostgreSQL of its own, the simulated GitHub with people on it, and the server.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use chrono::TimeDelta;
use secrecy::SecretString;

use crate::ai::Models;
use crate::cache::Cache;
use crate::cli::database::Database;
use crate::cli::server::{Parts, Server};
use crate::cli::terminal::Terminal;
use crate::clock::{Chance, Clock};
use crate::config::{EncryptionKey, demo_folder};
use crate::domain::settings::Operator;
use crate::domain::trigger::Mention;
use crate::flows::looks::Looks;
use crate::flows::pace::Pace;
use crate::flows::planner::Ai;
use crate::flows::progress::Quiet;
use crate::github::{AppCredentials, GitHub, OAuth, OAuthClient};
use crate::simulator::{RepositorySelection, Role, Setup, Simulator};
use crate::store::sealed::Seal;

/// Where the maintainer works.
pub(super) const REPOSITORY: &str = "acme/workshop";
pub(super) const MAINTAINER: &str = "alice";
pub(super) const MENTION: &str = "@TheOpenProducerBot";
/// GitHub asks for a second between two writes; the simulated one does not, and nobody likes to wait.
pub(super) const BETWEEN_WRITES: TimeDelta = TimeDelta::milliseconds(120);

/// Everything that runs for the demo.
pub(super) struct Scene {
    pub(super) sim: Simulator,
    pub(super) server: Server,
    pub(super) database: Database,
    folder: PathBuf,
}

impl Scene {
    /// Starts everything and says what was started.
    pub(super) async fn set(terminal: Terminal) -> anyhow::Result<Self> {
        let begun = Instant::now();
        let folder = demo_folder();
        let database = match Database::embedded(&folder, "openproducer demo").await {
            Ok(database) => database,
            Err(failure) => {
                // What is left of it is of no use to anybody.
                clear(&folder).await.ok();
                return Err(failure.context("cannot start a PostgreSQL for the demo"));
            }
        };
        terminal.done(format_args!(
            "PostgreSQL, of its own {}",
            terminal.dim(seconds(begun.elapsed()))
        ));
        let (sim, server) = match Self::start(terminal, &database).await {
            Ok(started) => started,
            Err(failure) => {
                database.close().await;
                clear(&folder).await.ok();
                return Err(failure);
            }
        };
        let hook = format!("http://{}/api/webhook/github", server.address);
        terminal.done(format_args!(
            "OpenProducer server and worker {}",
            terminal.dim(&hook)
        ));
        sim.set_webhook_url(hook);
        sim.set_setup_url(&format!("http://{}/install/callback", server.address));
        sim.install_app("acme", RepositorySelection::All);
        Ok(Self {
            sim,
            server,
            database,
            folder,
        })
    }

    async fn start(terminal: Terminal, database: &Database) -> anyhow::Result<(Simulator, Server)> {
        let sim = simulator().await?;
        terminal.done(format_args!(
            "Simulated GitHub with the App installed on {REPOSITORY} {}",
            terminal.dim(sim.web_url())
        ));
        let server = server(&sim, database).await?;
        Ok((sim, server))
    }

    /// Stops everything and removes the demo's data.
    pub(super) async fn strike(self) -> anyhow::Result<()> {
        self.server.stop().await;
        self.database.close().await;
        clear(&self.folder).await
    }
}

async fn clear(folder: &Path) -> anyhow::Result<()> {
    tokio::fs::remove_dir_all(folder)
        .await
        .with_context(|| format!("cannot remove {}", folder.display()))
}

async fn simulator() -> anyhow::Result<Simulator> {
    let sim = Simulator::start(Setup::default())
        .await
        .context("cannot start the simulated GitHub")?;
    sim.add_organization("acme");
    sim.add_user(MAINTAINER);
    sim.add_repository(REPOSITORY);
    sim.set_role(REPOSITORY, MAINTAINER, Role::Maintain);
    Ok(sim)
}

async fn server(sim: &Simulator, database: &Database) -> anyhow::Result<Server> {
    let app = sim.app();
    let credentials = AppCredentials {
        issuer: app.client_id.clone(),
        private_key: SecretString::from(app.private_key_pem.clone()),
    };
    let client = OAuthClient {
        id: app.client_id.clone(),
        secret: SecretString::from(app.client_secret.clone()),
    };
    let github = GitHub::new(&sim.api_url().parse()?, &credentials, Clock::system())?;
    Server::start(Parts {
        pool: database.pool.clone(),
        cache: Cache::in_process(1_000),
        github,
        clock: Clock::system(),
        chance: Chance::system(),
        pace: Pace::every(BETWEEN_WRITES),
        looks: Looks::GITHUB,
        quiet: Quiet::NONE,
        ai: Ai::new(
            Models::new(Duration::from_mins(1), Clock::system(), Chance::system()),
            [0; 32],
        ),
        operator: Operator::default(),
        mention: Mention::usual(),
        webhook_secret: SecretString::from(app.webhook_secret.clone()),
        marketplace_secret: Some(SecretString::from(app.marketplace_secret.clone())),
        web_url: sim.web_url().parse()?,
        listen: ([127, 0, 0, 1], 0).into(),
        with_worker: true,
        seal: Some(Seal::new(&EncryptionKey::from_bytes(
            Chance::system().random_bytes(),
        ))),
        oauth: OAuth::new(&sim.web_url().parse()?, Some(client), Clock::system())?,
        public_url: None,
        trusted_proxies: 0,
    })
    .await
}

/// `in 0.8 s`
pub(super) fn seconds(took: Duration) -> String {
    format!("in {:.1} s", took.as_secs_f64())
}
