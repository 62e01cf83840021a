//! Puts the rooms together: services over one pool, the web door and the worker, started and stopped as one.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret as _, SecretString};
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout_at;
use tokio_util::task::TaskTracker;
use tracing::{info, warn};
use url::Url;

use crate::ai::Models;
use crate::cache::{Cache, Key};
use crate::clock::{Chance, Clock};
use crate::domain::settings::Operator;
use crate::domain::trigger::{BotNames, Mention};
use crate::flows::Services;
use crate::flows::looks::Looks;
use crate::flows::pace::{self, Pace};
use crate::flows::planner::{self, Ai};
use crate::flows::progress::Quiet;
use crate::flows::receive::{Identity, Receiver};
use crate::flows::registration;
use crate::github::webhook::Verifier;
use crate::github::{GitHub, OAuth};
use crate::store::ingest::Ingest;
use crate::store::sealed::Seal;
use crate::web::health::{Part, PartState};
use crate::{web, worker};

use super::registered;

/// What a server is made of; all of it is handed in, so that tests and the demo start the real one.
pub struct Parts {
    pub pool: PgPool,
    pub cache: Cache,
    pub github: GitHub,
    pub clock: Clock,
    pub chance: Chance,
    pub pace: Pace,
    pub looks: Looks,
    pub quiet: Quiet,
    /// What secrets are kept under; `None`: none can be kept, and nobody can sign in.
    pub seal: Option<Seal>,
    /// Models that plan.
    pub ai: Ai,
    pub operator: Operator,
    pub mention: Mention,
    pub webhook_secret: SecretString,
    /// The Marketplace listing's own; `None`: its deliveries are refused.
    pub marketplace_secret: Option<SecretString>,
    /// GitHub's pages, for the install link.
    pub web_url: Url,
    pub listen: SocketAddr,
    /// Whether jobs are done here as well.
    pub with_worker: bool,
    /// How people sign in.
    pub oauth: OAuth,
    /// Where people and GitHub reach the server; `None`: at the address it listens on.
    pub public_url: Option<Url>,
    /// How many proxies of the operator's stand in front and write `X-Forwarded-For`.
    pub trusted_proxies: usize,
}

impl Parts {
    /// With the usual in place of everything that is not said.
    pub fn over(pool: PgPool, github: GitHub, oauth: OAuth) -> Self {
        Self {
            pool,
            cache: Cache::in_process(10_000),
            github,
            clock: Clock::system(),
            chance: Chance::system(),
            pace: Pace::GITHUB,
            looks: Looks::GITHUB,
            quiet: Quiet::USUAL,
            operator: Operator::default(),
            mention: Mention::usual(),
            webhook_secret: SecretString::default(),
            marketplace_secret: None,
            web_url: oauth.web_url().clone(),
            listen: ([127, 0, 0, 1], 0).into(),
            with_worker: true,
            seal: None,
            ai: Ai::new(
                Models::new(Duration::from_mins(1), Clock::system(), Chance::system()),
                Chance::system().random_bytes(),
            ),
            oauth,
            public_url: None,
            trusted_proxies: 0,
        }
    }
}

/// The least time between two looks at the model for health.
const LEAST_MEMO: Duration = Duration::from_secs(10);

/// What pages have begun may go on for so long at shutdown; deploy/ gives a server ten seconds more.
const DETACHED_GET: Duration = Duration::from_secs(30);

/// How long to wait before GitHub is asked again who we are.
const ASK_AGAIN: Duration = Duration::from_secs(15);

/// How often it is looked whether another App has taken the place of the one from the setup page.
const LOOK_FOR_SUCCESSOR: Duration = Duration::from_secs(2);

/// A running server.
pub struct Server {
    pub address: SocketAddr,
    services: Services,
    shutdown: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
    /// Where somebody can register the App, while there is none. It works once.
    pub setup_link: Option<Url>,
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
        let (identity, known) = watch::channel(Arc::new(Identity {
            names: BotNames::new([services.mention.name()]),
            app_id: None,
            logins: Vec::new(),
        }));
        let (slug, known_slug) = watch::channel(None);
        let from_environment = services.github.is_registered();
        let registered = if from_environment {
            None
        } else {
            registered::look(&services).await?
        };
        let secret = match &registered {
            _ if from_environment => Some(&parts.webhook_secret),
            Some(app) => Some(&app.webhook_secret),
            None => None,
        };
        let marketplace = parts.marketplace_secret.clone();
        let verifier = secret
            .map(|secret| verifier(marketplace.as_ref(), secret))
            .transpose()?;
        let (verifier, checks) = watch::channel(verifier.map(Arc::new));
        let known = (checks, known, known_slug);
        let site = site(&parts, &services, address, known, stopping.clone());
        let setup_link = if setup_pending(&verifier) {
            Some(setup_link(&services, &site.public).await?)
        } else {
            None
        };
        let router = web::router(site);
        let mut stop = stopping.clone();
        let until_stop = async move { drop(stop.wait_for(|stop| *stop).await) };
        let mut tasks = vec![tokio::spawn(async move {
            if let Err(failure) = web::serve(listener, router, until_stop).await {
                tracing::error!(error = %failure, "the web server ended");
            }
        })];
        tasks.push(tokio::spawn(super::watch::database(
            services.pool.clone(),
            stopping.clone(),
        )));
        let with_worker = parts.with_worker;
        let life = Life {
            services: services.clone(),
            identity,
            slug,
            with_worker,
            stopping,
            succession: Succession {
                verifier,
                marketplace,
                current: registered.as_ref().map(registration::App::version),
                is_possible: !from_environment,
            },
        };
        tasks.push(tokio::spawn(async move {
            if setup_pending(&life.succession.verifier) {
                Box::pin(life.begin_when_registered()).await;
            } else {
                Box::pin(life.begin()).await;
            }
        }));
        info!(%address, worker = with_worker, "server started");
        Ok(Self {
            address,
            services,
            shutdown,
            tasks,
            setup_link,
        })
    }

    /// What its flows work with.
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// Stops taking work, lets what runs finish, and returns when all is quiet.
    pub async fn stop(self) {
        self.shutdown.send_replace(true);
        let until = tokio::time::Instant::now() + DETACHED_GET;
        for task in self.tasks {
            if let Err(failure) = task.await {
                warn!(error = %failure, "a part of the server ended badly");
            }
        }
        self.services.detached.close();
        if timeout_at(until, self.services.detached.wait())
            .await
            .is_err()
        {
            warn!("what a page had begun did not end in time, and is cut off");
        }
    }
}

/// What begins once it is known as which App we come to GitHub.
struct Life {
    services: Services,
    identity: watch::Sender<Arc<Identity>>,
    slug: watch::Sender<Option<String>>,
    with_worker: bool,
    stopping: watch::Receiver<bool>,
    succession: Succession,
}

impl Life {
    /// The worker, and the question who we are.
    async fn begin(self) {
        let introduced = introduce(
            self.services.clone(),
            self.identity,
            self.slug,
            self.succession,
            self.stopping.clone(),
        );
        let worked = async {
            if self.with_worker {
                Box::pin(worker::run(self.services, self.stopping)).await;
            }
        };
        tokio::join!(introduced, worked);
    }

    /// The same, as soon as somebody has registered the App with any replica.
    async fn begin_when_registered(mut self) {
        let Some(app) = registered::wait(&self.services, &mut self.stopping).await else {
            return;
        };
        self.succession.take_over(&app);
        Box::pin(self.begin()).await;
    }
}

/// Another App of the setup page in the place of this one: seen by every replica, without a restart.
struct Succession {
    /// Checks deliveries with the App's secret.
    verifier: watch::Sender<Option<Arc<Verifier>>>,
    marketplace: Option<SecretString>,
    /// Which App of the setup page this process is.
    current: Option<(i64, DateTime<Utc>)>,
    /// One from the environment stays.
    is_possible: bool,
}

impl Succession {
    fn take_over(&mut self, app: &registration::App) {
        self.current = Some(app.version());
        match verifier(self.marketplace.as_ref(), &app.webhook_secret) {
            Ok(made) => drop(self.verifier.send_replace(Some(Arc::new(made)))),
            Err(failure) => tracing::error!(error = %failure, "deliveries cannot be checked"),
        }
    }

    /// Returns when another App has taken the place; false: the process is asked to end.
    async fn next(&mut self, services: &Services, stopping: &mut watch::Receiver<bool>) -> bool {
        if !self.is_possible {
            drop(stopping.wait_for(|stop| *stop).await);
            return false;
        }
        loop {
            tokio::select! {
                () = tokio::time::sleep(LOOK_FOR_SUCCESSOR) => {}
                _ = stopping.wait_for(|stop| *stop) => return false,
            }
            // A table that does not answer is not another App.
            let Ok(version @ Some(_)) = registration::version(services).await else {
                continue;
            };
            if version == self.current {
                continue;
            }
            match registered::look(services).await {
                Ok(Some(app)) => {
                    info!(
                        app.id = app.id,
                        app.slug = app.slug,
                        "another App took the place"
                    );
                    self.take_over(&app);
                    return true;
                }
                Ok(None) => {}
                Err(failure) => {
                    warn!(error = %failure, "cannot become the App that was registered");
                }
            }
        }
    }
}

fn setup_pending(verifier: &watch::Sender<Option<Arc<Verifier>>>) -> bool {
    verifier.borrow().is_none()
}

/// A new link to the setup page.
async fn setup_link(services: &Services, public: &web::Public) -> anyhow::Result<Url> {
    let (secret, _) = registration::new_link(services, false)
        .await
        .context("cannot store a link to the setup page")?;
    Ok(public.page(&format!("/setup?link={}", secret.expose_secret())))
}

fn verifier(marketplace: Option<&SecretString>, secret: &SecretString) -> anyhow::Result<Verifier> {
    let verifier =
        Verifier::new(std::slice::from_ref(secret)).context("the webhook secret is empty")?;
    match marketplace {
        None => Ok(verifier),
        Some(secret) => verifier
            .with_marketplace(secret)
            .context("the Marketplace webhook secret is empty"),
    }
}

/// How the operator's model is. Known for a while even where the cache forgets, so that nobody who asks for health makes
/// us ask a provider each time.
async fn model_health(services: Services, memo: Cache) -> Part {
    let key = Key::of_server(&["model"]);
    let known = if let Some(known) = memo.get_json(&key).await {
        known
    } else {
        // A slow provider is looked at to the end, also when whoever asks has gone.
        let look = tokio::spawn(async move {
            let seen = planner::operators_model(&services).await;
            let ttl = services.ai.availability_ttl.max(LEAST_MEMO);
            if !matches!(seen, Some((_, None))) {
                memo.set_json(&key, &seen, ttl).await;
            }
            seen
        });
        look.await.unwrap_or_default()
    };
    match known {
        None => Part::new(PartState::Off),
        Some((model, seen)) => {
            let is_down = seen.is_some_and(|seen| seen.trouble.is_some());
            let state = if is_down {
                PartState::Down
            } else {
                PartState::Up
            };
            Part::new(state).with("model", model)
        }
    }
}

/// What is known of us: with which secrets deliveries are signed, who we are, and the App's slug.
type Known = (
    watch::Receiver<Option<Arc<Verifier>>>,
    watch::Receiver<Arc<Identity>>,
    watch::Receiver<Option<String>>,
);

fn site(
    parts: &Parts,
    services: &Services,
    address: SocketAddr,
    (verifier, identity, slug): Known,
    stopping: watch::Receiver<bool>,
) -> web::Site {
    let (asked, memo) = (services.clone(), Cache::in_process(1));
    let cache = parts.cache.clone();
    let cache = web::health::probe(move || {
        let cache = cache.clone();
        async move {
            let state = match cache.ping().await {
                Ok(()) => PartState::Up,
                Err(_) => PartState::Down,
            };
            Part::new(state).with("kind", cache.name())
        }
    });
    let ai = web::health::probe(move || model_health(asked.clone(), memo.clone()));
    web::Site {
        services: services.clone(),
        verifier,
        from_environment: services.github.is_registered()
            && !parts.webhook_secret.expose_secret().is_empty(),
        receiver: Receiver::new(Ingest::start(&parts.pool), identity),
        cache,
        ai,
        metrics: web::metrics::install(),
        links: web::Links {
            web_url: parts.web_url.as_str().trim_end_matches('/').to_owned(),
            slug,
            mention: parts.mention.clone(),
        },
        public: web::Public::new(parts.public_url.as_ref(), address, parts.trusted_proxies),
        started: Instant::now(),
        stopping,
    }
}

/// Asks GitHub who we are until it answers, and tells whoever needs to know.
async fn introduce(
    services: Services,
    identity: watch::Sender<Arc<Identity>>,
    slug: watch::Sender<Option<String>>,
    mut succession: Succession,
    mut stopping: watch::Receiver<bool>,
) {
    loop {
        match services.github.app().await {
            Ok(app) => {
                info!(app.id = app.id, app.slug = app.slug, "known to GitHub");
                identity.send_replace(Arc::new(Identity {
                    names: BotNames::new([services.mention.name(), app.slug.as_str()]),
                    app_id: Some(app.id),
                    logins: vec![app.bot_login()],
                }));
                slug.send_replace(Some(app.slug.clone()));
                if succession.next(&services, &mut stopping).await {
                    continue;
                }
                return;
            }
            Err(failure) => warn!(error = %failure, "GitHub does not say who we are; asking again"),
        }
        tokio::select! {
            () = tokio::time::sleep(ASK_AGAIN) => {}
            _ = stopping.wait_for(|stop| *stop) => return,
        }
    }
}

/// The services that flows work with.
pub fn services(parts: &Parts) -> Services {
    parts.github.set_gate(pace::gate(parts.cache.clone()));
    Services {
        pool: parts.pool.clone(),
        github: parts.github.clone(),
        oauth: parts.oauth.clone(),
        clock: parts.clock.clone(),
        chance: parts.chance.clone(),
        detached: TaskTracker::new(),
        pace: parts.pace,
        looks: parts.looks,
        quiet: parts.quiet,
        cache: parts.cache.clone(),
        seal: parts.seal.clone(),
        ai: Arc::new(parts.ai.clone()),
        operator: Arc::new(parts.operator.clone()),
        mention: parts.mention.clone(),
        web_url: parts.web_url.as_str().trim_end_matches('/').to_owned(),
    }
}
