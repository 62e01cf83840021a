//! The operator's config: from the environment and `.env` to types, with every fault named at once.

mod environment;
mod fault;
mod folder;
mod names;
mod needs;
mod prices;
mod reader;
mod values;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

pub use environment::{Environment, Origin};
pub use fault::Fault;
pub use folder::{of_demo as demo_folder, runs_as_root};
pub use names::{NAMES, Name, Shown};
pub use needs::{Credentials, ForServe};
pub use prices::{Price, Prices};
pub use reader::Setting;
pub use values::EncryptionKey;

use crate::domain::policy::Role;
use crate::domain::trigger::Mention;
use reader::Reader;

/// Everything that holds for the process. Secrets are of types that are never shown.
#[derive(Debug, Clone)]
pub struct Config {
    /// None: the embedded default in [`Config::data_folder`].
    pub database_url: Option<SecretString>,
    /// None: a cache in this process.
    pub redis_url: Option<SecretString>,
    pub listen_addr: SocketAddr,
    /// Where people and GitHub reach the server, without a slash at the end of its path.
    pub public_url: Option<Url>,
    /// How many proxies of the operator's stand in front and write `X-Forwarded-For`; 0: nobody's is believed.
    pub trusted_proxies: usize,
    pub encryption_key: Option<EncryptionKey>,
    pub log_format: LogFormat,
    /// A filter in `RUST_LOG`'s language.
    pub log_filter: String,
    pub github: Github,
    pub ai: Ai,
    pub bot: Bot,
    /// Where the embedded PostgreSQL lives.
    pub data_folder: PathBuf,
    /// What is probably a slip, but stops nothing.
    pub warnings: Vec<String>,
    /// Every name with its value and origin, secrets hidden.
    pub settings: Vec<Setting>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

/// As what we come to GitHub.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppMode {
    App,
    /// A person's token, for one who tries it out.
    Token,
}

#[derive(Debug, Clone)]
pub struct Github {
    pub mode: AppMode,
    pub app_id: Option<u64>,
    /// A PEM of an RSA key that has been tried out.
    pub private_key: Option<SecretString>,
    pub webhook_secret: Option<SecretString>,
    /// The Marketplace listing's own.
    pub marketplace_webhook_secret: Option<SecretString>,
    pub client_id: Option<String>,
    pub client_secret: Option<SecretString>,
    pub token: Option<SecretString>,
    pub api_url: Url,
    pub web_url: Url,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provider {
    OpenAi,
    Gemini,
    Zai,
    Anthropic,
    Custom,
    None,
}

/// Which model plans, if any. [`Provider::Gemini`] uses `gemini`, every other one `openai`.
#[derive(Debug, Clone)]
pub struct Ai {
    pub provider: Provider,
    pub openai: Model,
    pub gemini: Model,
    pub cache_ttl: Duration,
    pub availability_ttl: Duration,
    pub timeout: Duration,
    /// Whether tenants' models may be in private networks.
    pub allow_private_addresses: bool,
    /// `None`: no model's price is known.
    pub prices: Option<Prices>,
    /// US dollars that planning may cost each installation in a month.
    pub monthly_budget: Option<f64>,
}

impl Ai {
    /// The model of the provider.
    pub fn chosen(&self) -> &Model {
        match self.provider {
            Provider::Gemini => &self.gemini,
            _ => &self.openai,
        }
    }
}

#[derive(Debug, Clone)]
pub struct Model {
    pub api_key: Option<SecretString>,
    pub base_url: Option<Url>,
    pub model: Option<String>,
    pub temperature: Option<f64>,
    pub max_tokens: Option<u32>,
}

#[derive(Debug, Clone)]
pub struct Bot {
    pub mention: Mention,
    /// Content-creating requests a minute, 1 to 80.
    pub rate_limit_per_minute: u32,
    pub max_issues_per_run: u32,
    pub content_filtering: bool,
    /// None: the list that comes with the filter.
    pub prohibited_keywords: Option<Vec<String>>,
    /// More planned issues than this ask for confirmation.
    pub confirmation_threshold: u32,
    pub minimum_role: Role,
}

/// What `BOT_MINIMUM_ROLE` may be; `none` would let strangers in.
const ROLES: [(&str, Role); 5] = [
    ("read", Role::Read),
    ("triage", Role::Triage),
    ("write", Role::Write),
    ("maintain", Role::Maintain),
    ("admin", Role::Admin),
];

impl Config {
    /// From the process's environment and `.env`, or every fault in them.
    pub fn load() -> Result<Self, Vec<Fault>> {
        Self::from_environment(&Environment::of_process().map_err(|fault| vec![fault])?)
    }

    /// From these values alone.
    pub fn from_environment(environment: &Environment) -> Result<Self, Vec<Fault>> {
        let (config, faults) = Self::draft(environment);
        if faults.is_empty() {
            Ok(config)
        } else {
            Err(faults)
        }
    }

    /// The bot's part alone, for a command that needs no more.
    pub fn bot_from(environment: &Environment) -> Result<Bot, Vec<Fault>> {
        let mut reader = Reader::new(environment);
        let bot = bot(&mut reader);
        if reader.faults.is_empty() {
            Ok(bot)
        } else {
            Err(reader.faults)
        }
    }

    /// The config with defaults in place of what is wrong, and what is wrong.
    fn draft(environment: &Environment) -> (Self, Vec<Fault>) {
        let mut reader = Reader::new(environment);
        let mut config = Self {
            database_url: reader.find("DATABASE_URL", |text| {
                let example = "postgres://user:password@host:5432/openproducer";
                values::address_of(text, &["postgres", "postgresql"], example)
            }),
            redis_url: reader.find("REDIS_URL", |text| {
                values::address_of(
                    text,
                    &["redis", "rediss", "unix", "redis+unix"],
                    "redis://host:6379/0",
                )
            }),
            listen_addr: reader.read("LISTEN_ADDR", values::listen_address),
            public_url: reader.find("PUBLIC_URL", values::public_address),
            trusted_proxies: reader.read("TRUSTED_PROXIES", |text| {
                let number = values::whole(text, 0..=10)?;
                Ok(usize::try_from(number).expect("at most ten"))
            }),
            encryption_key: reader.find("ENCRYPTION_KEY", values::encryption_key),
            log_format: reader.read("LOG_FORMAT", |text| {
                values::one_of(
                    text,
                    &[("text", LogFormat::Text), ("json", LogFormat::Json)],
                )
            }),
            log_filter: reader.read("RUST_LOG", log_filter),
            github: github(&mut reader),
            ai: ai(&mut reader),
            bot: bot(&mut reader),
            data_folder: folder::of_data(environment),
            warnings: Vec::new(),
            settings: reader::settings(environment),
        };
        config.warnings = reader.warnings;
        if config.github.mode == AppMode::Token && config.github.token.is_none() {
            config.warnings.push(
                "GITHUB_APP_MODE is token, but GITHUB_TOKEN is not set: process and rollback need it".to_owned(),
            );
        }
        (config, reader.faults)
    }
}

fn log_filter(text: &str) -> values::Right<String> {
    tracing_subscriber::EnvFilter::try_new(text)
        .map(|_| text.to_owned())
        .map_err(|error| format!("must be a filter such as info,openproducer=debug ({error})"))
}

fn github(reader: &mut Reader<'_>) -> Github {
    Github {
        mode: reader.read("GITHUB_APP_MODE", |text| {
            values::one_of(text, &[("app", AppMode::App), ("token", AppMode::Token)])
        }),
        app_id: reader.find("GITHUB_APP_ID", |text| {
            values::whole(text, 1..=u64::MAX).map_err(|_| {
                "must be the App's number, on its settings page under App ID (the Client ID is another thing)".to_owned()
            })
        }),
        private_key: private_key(reader),
        webhook_secret: reader.find_secret("GITHUB_WEBHOOK_SECRET"),
        marketplace_webhook_secret: reader.find_secret("GITHUB_MARKETPLACE_WEBHOOK_SECRET"),
        client_id: reader.find_text("GITHUB_CLIENT_ID"),
        client_secret: reader.find_secret("GITHUB_CLIENT_SECRET"),
        token: reader.find_secret("GITHUB_TOKEN"),
        api_url: reader.read("GITHUB_API_URL", values::web_address),
        web_url: reader.read("GITHUB_WEB_URL", values::web_address),
    }
}

fn private_key(reader: &mut Reader<'_>) -> Option<SecretString> {
    let given = reader.find("GITHUB_PRIVATE_KEY", values::private_key);
    let path = reader.find("GITHUB_PRIVATE_KEY_PATH", |path| {
        let pem =
            std::fs::read_to_string(path).map_err(|error| format!("cannot be read: {error}"))?;
        values::private_key(pem.trim())
    });
    if given.is_some() && path.is_some() {
        reader.fault(
            "GITHUB_PRIVATE_KEY",
            "is set, and GITHUB_PRIVATE_KEY_PATH as well; keep one of them",
        );
    }
    given.or(path)
}

fn ai(reader: &mut Reader<'_>) -> Ai {
    let openai = model(
        reader,
        [
            "OPENAI_API_KEY",
            "OPENAI_API_BASE_URL",
            "OPENAI_MODEL",
            "OPENAI_TEMPERATURE",
            "OPENAI_MAX_TOKENS",
        ],
    );
    let gemini = model(
        reader,
        [
            "GEMINI_API_KEY",
            "GEMINI_API_BASE_URL",
            "GEMINI_MODEL",
            "GEMINI_TEMPERATURE",
            "GEMINI_MAX_TOKENS",
        ],
    );
    let named = reader.find("OPENAI_PROVIDER", |text| {
        values::one_of(
            text,
            &[
                ("OPENAI", Provider::OpenAi),
                ("GEMINI", Provider::Gemini),
                ("ZAI", Provider::Zai),
                ("ANTHROPIC", Provider::Anthropic),
                ("CUSTOM", Provider::Custom),
                ("NONE", Provider::None),
            ],
        )
    });
    if named == Some(Provider::Custom) {
        let needed = [
            ("OPENAI_API_BASE_URL", openai.base_url.is_some()),
            ("OPENAI_MODEL", openai.model.is_some()),
        ];
        for (name, is_set) in needed {
            if !is_set && !reader.is_wrong(name) {
                reader.fault(name, "is not set; OPENAI_PROVIDER=CUSTOM needs it");
            }
        }
    }
    let provider = named.unwrap_or(match (&openai.api_key, &gemini.api_key) {
        (Some(_), _) => Provider::OpenAi,
        (None, Some(_)) => Provider::Gemini,
        (None, None) => Provider::None,
    });
    let key = match provider {
        Provider::None | Provider::Custom => None,
        Provider::Gemini => gemini.api_key.is_none().then_some("GEMINI_API_KEY"),
        _ => openai.api_key.is_none().then_some("OPENAI_API_KEY"),
    };
    if let Some(key) = key {
        let warning = format!(
            "OPENAI_PROVIDER names a provider, but {key} is not set: plans come from the document's structure"
        );
        reader.warnings.push(warning);
    }
    Ai {
        provider,
        openai,
        gemini,
        cache_ttl: seconds(reader, "AI_CACHE_TTL_SECONDS", 0),
        availability_ttl: seconds(reader, "AI_AVAILABILITY_TTL_SECONDS", 0),
        timeout: seconds(reader, "AI_TIMEOUT_SECONDS", 1),
        monthly_budget: monthly_budget(reader),
        allow_private_addresses: reader.read("AI_ALLOW_PRIVATE_ADDRESSES", values::boolean),
        prices: reader.find("AI_PRICES_PATH", prices::read),
    }
}

/// A budget without prices could not be kept.
fn monthly_budget(reader: &mut Reader<'_>) -> Option<f64> {
    let budget = reader.find("AI_MONTHLY_BUDGET_USD", |text| {
        values::fraction(text, 0.0..=1_000_000.0)
    });
    if budget.is_some() && reader.find_text("AI_PRICES_PATH").is_none() {
        reader.fault(
            "AI_PRICES_PATH",
            "is not set; AI_MONTHLY_BUDGET_USD needs a table of what models cost",
        );
    }
    budget
}

fn model(
    reader: &mut Reader<'_>,
    [key, base_url, model, temperature, max_tokens]: [&'static str; 5],
) -> Model {
    Model {
        api_key: reader.find_secret(key),
        base_url: reader.find(base_url, values::web_address),
        model: reader.find_text(model),
        temperature: reader.find(temperature, |text| values::fraction(text, 0.0..=2.0)),
        max_tokens: reader.find(max_tokens, |text| number(text, 1, 1_000_000)),
    }
}

fn bot(reader: &mut Reader<'_>) -> Bot {
    Bot {
        mention: reader
            .find("BOT_MENTION", values::mention)
            .map_or_else(Mention::usual, |name| Mention::chosen(&name)),
        rate_limit_per_minute: reader
            .read("BOT_RUN_RATE_LIMIT_PER_MINUTE", |text| number(text, 1, 80)),
        max_issues_per_run: reader.read("BOT_MAX_ISSUES_PER_RUN", |text| number(text, 1, u32::MAX)),
        content_filtering: reader.read("BOT_ENABLE_CONTENT_FILTERING", values::boolean),
        prohibited_keywords: reader.find("BOT_PROHIBITED_KEYWORDS", values::phrases),
        confirmation_threshold: reader.read("BOT_REQUIRE_CONFIRMATION_THRESHOLD", |text| {
            number(text, 0, u32::MAX)
        }),
        minimum_role: reader.read("BOT_MINIMUM_ROLE", |text| values::one_of(text, &ROLES)),
    }
}

fn number(text: &str, low: u32, high: u32) -> values::Right<u32> {
    let number = values::whole(text, u64::from(low)..=u64::from(high))?;
    Ok(u32::try_from(number).expect("the range ends at a u32"))
}

fn seconds(reader: &mut Reader<'_>, name: &'static str, least: u64) -> Duration {
    let year = 366 * 24 * 60 * 60;
    Duration::from_secs(reader.read(name, |text| values::whole(text, least..=year)))
}

#[cfg(test)]
mod tests;
