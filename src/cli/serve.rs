//! `openproducer serve`: webhooks, pages and, unless told otherwise, the worker.

use anyhow::Context as _;
use secrecy::SecretString;
use sha2::{Digest as _, Sha256};
use tokio::sync::watch;
use tracing::{info, warn};
use url::Url;

use super::arguments::{ServeArguments, WorkerArguments};
use super::database::Database;
use super::failure::{Failure, bad_config};
use super::server::{self, Parts, Server};
use super::terminal::Terminal;
use super::{keys, logs, registered};
use crate::ai::Models;
use crate::cache::Cache;
use crate::clock::{Chance, Clock};
use crate::config::{self, Config, Credentials};
use crate::domain::money::{Money, Price};
use crate::domain::policy::{DEFAULT_KEYWORDS, Role};
use crate::domain::prices::PriceTable;
use crate::domain::settings::{self, Operator};
use crate::flows::Services;
use crate::flows::looks::Looks;
use crate::flows::pace::Pace;
use crate::flows::planner::Ai;
use crate::flows::progress::Quiet;
use crate::flows::registration;
use crate::github::{AppCredentials, GitHub, OAuth, OAuthClient};
use crate::store::sealed::Seal;
use crate::worker;

/// Entries of the in-process cache.
const CACHE_ENTRIES: u64 = 10_000;

/// Serves until it is asked to end.
pub(super) async fn run(args: ServeArguments) -> Result<(), Failure> {
    let (mut config, needs) = Config::load_for_serve().map_err(bad_config)?;
    logs::start(&config);
    let github = match &needs {
        Some(needs) => github(&config, &needs.credentials)?,
        None => unregistered(&config)?,
    };
    let database = Database::open(&config, "openproducer serve").await?;
    let started = async {
        keys::complete(&mut config, &Chance::system())?;
        let mut parts = parts(&config, &database, github)?;
        parts.webhook_secret = needs.map(|needs| needs.webhook_secret).unwrap_or_default();
        parts.with_worker = !args.no_worker;
        warn_of_lacks(&parts);
        Server::start(parts).await
    };
    let server = match started.await {
        Ok(server) => server,
        Err(failure) => {
            database.close().await;
            return Err(failure.into());
        }
    };
    if let Some(link) = &server.setup_link {
        offer_setup(link);
    }
    super::ended().await;
    info!("ending: what runs may finish");
    server.stop().await;
    database.close().await;
    Ok(())
}

/// Runs jobs beside servers on the same database until it is asked to end.
pub(super) async fn run_worker(_: WorkerArguments) -> Result<(), Failure> {
    let mut config = Config::load().map_err(bad_config)?;
    logs::start(&config);
    let github = match config.for_worker().map_err(bad_config)? {
        Some(credentials) => github(&config, &credentials)?,
        None => unregistered(&config)?,
    };
    let database = Database::open(&config, "openproducer worker").await?;
    keys::complete(&mut config, &Chance::system())?;
    let services = services(&config, &database, github)?;
    if !services.github.is_registered() {
        info!("no GitHub App is known yet: the worker waits for one");
    }
    let (shutdown, mut stopping) = watch::channel(false);
    let working = tokio::spawn(async move {
        if services.github.is_registered()
            || registered::wait(&services, &mut stopping).await.is_some()
        {
            Box::pin(worker::run(services, stopping)).await;
        }
    });
    super::ended().await;
    info!("ending: what runs may finish");
    shutdown.send_replace(true);
    let done = working.await.context("the worker ended badly");
    database.close().await;
    Ok(done?)
}

/// The client that acts as the App, or as the person whose token there is.
pub(super) fn github(config: &Config, credentials: &Credentials) -> Result<GitHub, Failure> {
    let api_url = &config.github.api_url;
    let github = match credentials {
        Credentials::Token(token) => GitHub::with_token(api_url, token.clone(), Clock::system()),
        Credentials::App { id, private_key } => {
            let issuer = config.github.client_id.clone();
            let credentials = AppCredentials {
                issuer: issuer.unwrap_or_else(|| id.to_string()),
                private_key: private_key.clone(),
            };
            GitHub::new(api_url, &credentials, Clock::system())
        }
    };
    Ok(github.map_err(anyhow::Error::from)?)
}

/// The client of an App that is not known yet.
pub(super) fn unregistered(config: &Config) -> Result<GitHub, Failure> {
    let github = GitHub::unregistered(&config.github.api_url, Clock::system());
    Ok(github.map_err(anyhow::Error::from)?)
}

/// The services of a command that acts as the App, or as the person whose token there is: of the environment, or as the
/// App that was registered on the setup page.
pub(super) async fn acting(
    config: &mut Config,
    database: &Database,
    credentials: Option<Credentials>,
) -> Result<Services, Failure> {
    keys::complete(config, &Chance::system())?;
    if let Some(credentials) = credentials {
        let github = github(config, &credentials)?;
        return Ok(services(config, database, github)?);
    }
    let services = services(config, database, unregistered(config)?)?;
    match registration::find(&services).await {
        Ok(Some(app)) => {
            registration::become_app(&services, &app).map_err(anyhow::Error::from)?;
            Ok(services)
        }
        Ok(None) => Err(bad_config(config.credentials().err().unwrap_or_default())),
        Err(error) => Err(anyhow::Error::from(error).into()),
    }
}

/// What works without, but not for people who expect it.
fn warn_of_lacks(parts: &Parts) {
    if parts.seal.is_none() {
        warn!("ENCRYPTION_KEY is not set: nobody can sign in, and no keys of tenants can be kept");
    } else if parts.github.is_registered() && !parts.oauth.is_set_up() {
        warn!("GITHUB_CLIENT_ID and GITHUB_CLIENT_SECRET are not set: nobody can sign in");
    }
}

/// Shows the link where it is found: in the terminal, or in the journal of whatever runs the server.
fn offer_setup(link: &Url) {
    let terminal = Terminal::of_output();
    terminal.line(format_args!(
        "No GitHub App is registered yet. Open this once in a browser, within an hour:\n  {link}\n\
         A new link: openproducer setup --print"
    ));
}

/// The services of a command that acts without a web door.
pub(super) fn services(
    config: &Config,
    database: &Database,
    github: GitHub,
) -> anyhow::Result<Services> {
    Ok(server::services(&parts(config, database, github)?))
}

fn parts(config: &Config, database: &Database, github: GitHub) -> anyhow::Result<Parts> {
    Ok(Parts {
        pool: database.pool.clone(),
        cache: cache(config)?,
        github,
        clock: Clock::system(),
        chance: Chance::system(),
        pace: Pace::GITHUB,
        looks: Looks::GITHUB,
        quiet: Quiet::USUAL,
        ai: ai(config),
        operator: operator(config),
        mention: config.bot.mention.clone(),
        webhook_secret: SecretString::default(),
        marketplace_secret: config.github.marketplace_webhook_secret.clone(),
        web_url: config.github.web_url.clone(),
        listen: config.listen_addr,
        with_worker: true,
        seal: config.encryption_key.as_ref().map(Seal::new),
        oauth: oauth(config)?,
        public_url: config.public_url.clone(),
        trusted_proxies: config.trusted_proxies,
    })
}

/// How people sign in: with the App's client of the environment, or none yet.
fn oauth(config: &Config) -> anyhow::Result<OAuth> {
    let github = &config.github;
    let client = github.client_id.clone().zip(github.client_secret.clone());
    let client = client.map(|(id, secret)| OAuthClient { id, secret });
    Ok(OAuth::new(&github.web_url, client, Clock::system())?)
}

fn cache(config: &Config) -> anyhow::Result<Cache> {
    use secrecy::ExposeSecret as _;
    match &config.redis_url {
        Some(url) => Ok(Cache::redis(url.expose_secret())?),
        None => Ok(Cache::in_process(CACHE_ENTRIES)),
    }
}

/// How models are asked.
fn ai(config: &Config) -> Ai {
    use secrecy::ExposeSecret as _;
    let (clock, chance) = (Clock::system(), Chance::system());
    let model = config.ai.chosen();
    // The same on all replicas, and known to nobody who writes a spec.
    let secrets = [
        config.encryption_key.as_ref().map(|k| k.expose().to_vec()),
        model
            .api_key
            .as_ref()
            .map(|k| k.expose_secret().as_bytes().to_vec()),
        config
            .github
            .private_key
            .as_ref()
            .map(|k| k.expose_secret().as_bytes().to_vec()),
    ];
    let fence = match secrets.into_iter().flatten().next() {
        Some(secret) => Sha256::new()
            .chain_update(b"openproducer fence")
            .chain_update(secret)
            .finalize()
            .into(),
        None => chance.random_bytes(),
    };
    let models = Models::new(config.ai.timeout, clock, chance)
        .allow_private(config.ai.allow_private_addresses);
    Ai {
        key: model.api_key.clone(),
        base_url: model.base_url.clone(),
        temperature: model.temperature,
        max_tokens: model.max_tokens,
        cache_ttl: config.ai.cache_ttl,
        availability_ttl: config.ai.availability_ttl,
        prices: prices(config),
        ..Ai::new(models, fence)
    }
}

fn prices(config: &Config) -> Option<PriceTable> {
    let table = config.ai.prices.as_ref()?;
    let price = |(name, price): (&String, &config::Price)| {
        let price = Price {
            input: price.input,
            output: price.output,
        };
        (name.clone(), price)
    };
    Some(PriceTable {
        as_of: table.as_of,
        models: table.models.iter().map(price).collect(),
    })
}

/// The operator's layer of the settings.
pub(super) fn operator(config: &Config) -> Operator {
    let bot = &config.bot;
    Operator {
        minimum_role: Role::parse(bot.minimum_role.as_str()).unwrap_or(Role::Write),
        max_issues: bot.max_issues_per_run,
        confirmation_threshold: bot.confirmation_threshold,
        rate_limit_per_minute: bot.rate_limit_per_minute,
        content_filtering: bot.content_filtering,
        prohibited_keywords: bot
            .prohibited_keywords
            .clone()
            .unwrap_or_else(|| DEFAULT_KEYWORDS.iter().map(ToString::to_string).collect()),
        provider: match config.ai.provider {
            config::Provider::OpenAi => settings::Provider::OpenAi,
            config::Provider::Gemini => settings::Provider::Gemini,
            config::Provider::Zai => settings::Provider::Zai,
            config::Provider::Anthropic => settings::Provider::Anthropic,
            config::Provider::Custom => settings::Provider::Custom,
            config::Provider::None => settings::Provider::None,
        },
        model: config.ai.chosen().model.clone().unwrap_or_default(),
        monthly_budget: config.ai.monthly_budget.map(Money::dollars),
    }
}
