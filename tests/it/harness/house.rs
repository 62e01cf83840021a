//! A whole house for one test: the real server and worker on a database of its own, and the simulated GitHub.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use openproducer::ai::Models;
use openproducer::cache::Cache;
use openproducer::cli::server::{Parts, Server};
use openproducer::clock::{Chance, Clock};
use openproducer::config::EncryptionKey;
use openproducer::domain::settings::Operator;
use openproducer::domain::trigger::Mention;
use openproducer::flows::Services;
use openproducer::flows::looks::Looks;
use openproducer::flows::pace::Pace;
use openproducer::flows::planner::Ai;
use openproducer::flows::progress::Quiet;
use openproducer::github::{AppCredentials, GitHub, OAuth, OAuthClient};
use openproducer::simulator::{
    IssueRef, Person, RepositorySelection, RepositoryView, Role, Setup, Simulator,
};
use openproducer::store::sealed::Seal;
use openproducer::store::{self, PoolSettings, deliveries, jobs};
use secrecy::SecretString;
use sqlx::PgPool;
use tokio::runtime::Runtime;

use super::database::TestDatabase;
use super::sight::redacted;

/// The repository that most tests play in.
pub(crate) const SHOP: &str = "acme/shop";
/// Longer than anything takes that is not stuck, on a busy machine too.
pub(crate) const STUCK: Duration = Duration::from_mins(2);

/// Everything that runs for one test.
pub(crate) struct House {
    pub(crate) sim: Simulator,
    pub(crate) installation: u64,
    server: Option<Server>,
    /// Where the server listens, from its first start on: GitHub knows the address.
    listen: std::net::SocketAddr,
    apart: Option<(Runtime, Server)>,
    database: TestDatabase,
    operator: Operator,
    mention: Mention,
    tune: Tune,
}

/// What a test's server has otherwise than the usual one.
type Tune = Arc<dyn Fn(&mut Parts) + Send + Sync>;

/// What a server must know of the simulated GitHub, also in another process.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
pub(crate) struct Outside {
    pub(crate) api_url: url::Url,
    web_url: url::Url,
    app_id: u64,
    client_id: String,
    client_secret: String,
    private_key: String,
    webhook_secret: String,
    marketplace_secret: String,
}

impl Outside {
    pub(crate) fn of(sim: &Simulator) -> Self {
        let app = sim.app();
        Self {
            api_url: sim.api_url().parse().expect("an address"),
            web_url: sim.web_url().parse().expect("an address"),
            app_id: app.id,
            client_id: app.client_id.clone(),
            client_secret: app.client_secret.clone(),
            private_key: app.private_key_pem.clone(),
            webhook_secret: app.webhook_secret.clone(),
            marketplace_secret: app.marketplace_secret.clone(),
        }
    }

    pub(crate) fn credentials(&self) -> AppCredentials {
        AppCredentials {
            issuer: self.client_id.clone(),
            private_key: SecretString::from(self.private_key.clone()),
        }
    }

    fn oauth(&self) -> OAuth {
        let client = OAuthClient {
            id: self.client_id.clone(),
            secret: SecretString::from(self.client_secret.clone()),
        };
        OAuth::new(&self.web_url, Some(client), Clock::system()).expect("a client")
    }

    /// What the program's own commands read of it.
    pub(crate) fn environment(&self) -> [(&'static str, String); 6] {
        [
            ("GITHUB_API_URL", self.api_url.to_string()),
            ("GITHUB_WEB_URL", self.web_url.to_string()),
            ("GITHUB_APP_ID", self.app_id.to_string()),
            ("GITHUB_CLIENT_ID", self.client_id.clone()),
            ("GITHUB_PRIVATE_KEY", self.private_key.clone()),
            ("GITHUB_WEBHOOK_SECRET", self.webhook_secret.clone()),
        ]
    }

    /// All that a server is made of in tests, with a worker, on a free port; to be called in the runtime that will use it.
    pub(crate) fn parts(&self, pool: PgPool) -> Parts {
        let (credentials, clock) = (self.credentials(), Clock::system());
        Parts {
            pool,
            cache: Cache::in_process(100),
            github: GitHub::new(&self.api_url, &credentials, clock.clone()).expect("a client"),
            clock,
            chance: Chance::system(),
            pace: Pace::every(TimeDelta::zero()),
            looks: Looks::after(TimeDelta::seconds(1), TimeDelta::seconds(3)),
            quiet: Quiet::NONE,
            ai: Ai::new(
                Models::new(Duration::from_mins(1), Clock::system(), Chance::system()),
                [0; 32],
            ),
            operator: Operator::default(),
            mention: Mention::usual(),
            webhook_secret: SecretString::from(self.webhook_secret.clone()),
            marketplace_secret: Some(SecretString::from(self.marketplace_secret.clone())),
            web_url: self.web_url.clone(),
            listen: ([127, 0, 0, 1], 0).into(),
            with_worker: true,
            seal: Some(Seal::new(&EncryptionKey::from_bytes([7; 32]))),
            oauth: self.oauth(),
            public_url: None,
            trusted_proxies: 0,
        }
    }
}

/// Runs a test in a house with the usual settings.
pub(crate) async fn house(test: impl AsyncFnOnce(&mut House)) {
    house_with(Operator::default(), test).await;
}

/// Runs a test in a house whose operator says otherwise.
pub(crate) async fn house_with(operator: Operator, test: impl AsyncFnOnce(&mut House)) {
    house_tuned(operator, |_| {}, test).await;
}

/// Runs a test in a house whose server is made otherwise, each time it starts.
pub(crate) async fn house_tuned(
    operator: Operator,
    tune: impl Fn(&mut Parts) + Send + Sync + 'static,
    test: impl AsyncFnOnce(&mut House),
) {
    let house = House::open(Setup::default(), operator, Arc::new(tune)).await;
    house.live(test).await;
}

/// Runs a test in a house before another GitHub.
pub(crate) async fn house_before(github: Setup, test: impl AsyncFnOnce(&mut House)) {
    let house = House::open(github, Operator::default(), Arc::new(|_| {})).await;
    house.live(test).await;
}

impl House {
    async fn live(mut self, test: impl AsyncFnOnce(&mut Self)) {
        test(&mut self).await;
        self.quiet().await;
        self.inspect().await;
        self.close().await;
    }

    async fn open(github: Setup, operator: Operator, tune: Tune) -> Self {
        let database = TestDatabase::create().await;
        jobs::migrate(database.pool())
            .await
            .expect("the queue's tables");
        let sim = Simulator::start(github)
            .await
            .expect("the simulator starts");
        sim.add_organization("acme");
        sim.add_repository(SHOP);
        for (login, role) in [
            ("alice", Role::Write),
            ("olivia", Role::Admin),
            ("rita", Role::Read),
        ] {
            sim.add_user(login);
            sim.set_role(SHOP, login, role);
        }
        sim.add_user("stranger");
        let mut house = Self {
            sim,
            installation: 0,
            server: None,
            listen: ([127, 0, 0, 1], 0).into(),
            apart: None,
            database,
            operator,
            mention: Mention::usual(),
            tune,
        };
        house.start_server().await;
        house.installation = house.sim.install_app("acme", RepositorySelection::All);
        house.quiet().await;
        let deliveries = house.sim.deliveries();
        assert!(
            deliveries.iter().all(|d| d.status_code == 202),
            "the server is there: {deliveries:#?}"
        );
        house
    }

    /// Starts the server in a runtime of its own, which [`Self::crash_server`] pulls away under it.
    pub(crate) async fn start_server_apart(&mut self) {
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let url = self.database.url().to_owned();
        let inside = runtime.handle().clone();
        let parts = self.parts();
        let server = inside
            .spawn(async move {
                // Connections belong to the runtime that made them.
                let pool = store::connect(&url, &PoolSettings::named("openproducer tests"))
                    .await
                    .expect("the database answers");
                Server::start(parts(pool)).await.expect("the server starts")
            })
            .await
            .expect("the server starts");
        self.sim
            .set_webhook_url(format!("http://{}/api/webhook/github", server.address));
        self.apart = Some((runtime, server));
    }

    /// Ends the server without a word, as a power cut would.
    pub(crate) fn crash_server(&mut self) {
        let (runtime, server) = self.apart.take().expect("a server apart");
        runtime.shutdown_background();
        drop(server);
    }

    /// Starts the server, with a worker, and points the App's webhook at it.
    pub(crate) async fn start_server(&mut self) {
        let begun = Instant::now();
        let server = loop {
            match Server::start(self.parts()(self.pool().clone())).await {
                Ok(server) => break server,
                // One that was crashed takes a moment to leave its port.
                Err(failure) => assert!(begun.elapsed() < STUCK, "{failure:#}"),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        self.listen = server.address;
        self.sim
            .set_webhook_url(format!("http://{}/api/webhook/github", server.address));
        self.server = Some(server);
    }

    /// Another server on the same database, as a second replica; GitHub's deliveries go to the first.
    pub(crate) async fn second_server(&self) -> Server {
        let mut parts = self.parts()(self.pool().clone());
        parts.listen.set_port(0);
        Server::start(parts).await.expect("a second server starts")
    }

    /// All that a server is made of, but the pool.
    fn parts(&self) -> impl FnOnce(PgPool) -> Parts + Send + use<> {
        let outside = Outside::of(&self.sim);
        let (operator, mention) = (self.operator.clone(), self.mention.clone());
        let (listen, tune) = (self.listen, self.tune.clone());
        move |pool| {
            let mut parts = Parts {
                operator,
                mention,
                listen,
                ..outside.parts(pool)
            };
            tune(&mut parts);
            parts
        }
    }

    /// Stops the server as an orchestrator would.
    pub(crate) async fn stop_server(&mut self) {
        if let Some(server) = self.server.take() {
            server.stop().await;
        }
    }

    /// Starts the server again under another mention.
    pub(crate) async fn restart_as(&mut self, mention: &str) {
        self.stop_server().await;
        self.mention = Mention::chosen(mention);
        self.start_server().await;
    }

    pub(crate) fn pool(&self) -> &PgPool {
        self.database.pool()
    }

    /// Where the house's own database is.
    pub(crate) fn database_url(&self) -> &str {
        self.database.url()
    }

    /// What the running server's flows work with.
    pub(crate) fn services(&self) -> Services {
        self.server
            .as_ref()
            .expect("a running server")
            .services()
            .clone()
    }

    /// Where the server listens.
    pub(crate) fn address(&self) -> std::net::SocketAddr {
        self.server.as_ref().expect("a running server").address
    }

    /// A maintainer with the role `write`.
    pub(crate) fn alice(&self) -> Person {
        self.sim.user("alice")
    }

    pub(crate) fn shop(&self) -> RepositoryView {
        self.sim.repository(SHOP)
    }

    /// Alice opens an issue; returns when the bot has done all that it asks for.
    pub(crate) async fn opens(&self, title: &str, body: &str) -> IssueRef {
        let issue = self.alice().opens_issue(SHOP, title, body);
        self.quiet().await;
        issue
    }

    /// Alice comments; returns when the bot has done all that it asks for.
    pub(crate) async fn says(&self, issue: &IssueRef, text: &str) {
        self.alice().comments(issue, text);
        self.quiet().await;
    }

    /// What the bot has written under an issue, oldest first, without the hidden first line and what differs each time.
    pub(crate) fn bot_comments(&self, issue: &IssueRef) -> Vec<String> {
        let app = self.sim.app().slug.clone();
        let web = self.sim.web_url();
        self.shop()
            .comments(issue.number)
            .into_iter()
            .filter(|c| c.author.starts_with(&app))
            .map(|c| {
                let shown = c.body.split_once('\n').map_or("", |(_, rest)| rest);
                redacted(shown).replace(&web, "https://github.test")
            })
            .collect()
    }

    /// The bot's one comment under an issue.
    pub(crate) fn bot_comment(&self, issue: &IssueRef) -> String {
        let mut comments = self.bot_comments(issue);
        assert_eq!(
            comments.len(),
            1,
            "one comment of the bot, got {comments:#?}"
        );
        comments.remove(0)
    }

    /// Returns when every webhook is delivered and no job is left.
    pub(crate) async fn quiet(&self) {
        let begun = Instant::now();
        let mut calm = 0;
        while calm < 2 {
            self.sim.settled().await;
            let open = jobs::count_open(self.pool())
                .await
                .expect("the queue answers");
            let unfinished = deliveries::count_unfinished(self.pool())
                .await
                .expect("deliveries answer");
            calm = if open == 0 && unfinished == 0 {
                calm + 1
            } else {
                0
            };
            assert!(
                begun.elapsed() < STUCK,
                "still busy:\n{}",
                self.jobs().await
            );
            tokio::time::sleep(Duration::from_millis(15)).await;
        }
    }

    async fn jobs(&self) -> String {
        let rows: Vec<(String, i32, Option<String>, String)> = sqlx::query_as(
            "select task_identifier, attempts::int, last_error, run_at::text from graphile_worker.jobs",
        )
        .fetch_all(self.pool())
        .await
        .expect("the queue answers");
        let line = |(task, attempts, error, at): &(String, i32, Option<String>, String)| {
            format!("{task} attempt {attempts} at {at}: {error:?}")
        };
        rows.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    /// What must hold at the end of every test.
    async fn inspect(&self) {
        assert_eq!(self.jobs().await, "", "jobs left behind");
        let failed: Vec<(String, Option<String>)> =
            sqlx::query_as("select guid, error from deliveries where state = 'failed'")
                .fetch_all(self.pool())
                .await
                .expect("deliveries answer");
        assert!(failed.is_empty(), "deliveries failed: {failed:?}");
        let complaints = self.sim.complaints();
        assert!(
            complaints.is_empty(),
            "GitHub would complain: {complaints:#?}"
        );
    }

    async fn close(mut self) {
        self.stop_server().await;
    }
}
