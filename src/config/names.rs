//! Every variable that the operator may set: its name, its default, and whether it may be shown.

/// How a value is shown to people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// As it is.
    Plain,
    /// An address that may hold a password, which is left out.
    Address,
    /// Only whether it is set.
    Hidden,
}

/// One variable.
#[derive(Debug, Clone, Copy)]
pub struct Name {
    pub name: &'static str,
    /// What holds where it is not set, in the form in which it would be set.
    pub default: Option<&'static str>,
    /// What happens where it is not set and has no default.
    pub without: &'static str,
    pub shown: Shown,
}

const fn plain(name: &'static str, default: &'static str) -> Name {
    Name {
        name,
        default: Some(default),
        without: "",
        shown: Shown::Plain,
    }
}

const fn open(name: &'static str, without: &'static str) -> Name {
    Name {
        name,
        default: None,
        without,
        shown: Shown::Plain,
    }
}

const fn address(name: &'static str, without: &'static str) -> Name {
    Name {
        name,
        default: None,
        without,
        shown: Shown::Address,
    }
}

const fn hidden(name: &'static str, without: &'static str) -> Name {
    Name {
        name,
        default: None,
        without,
        shown: Shown::Hidden,
    }
}

/// In the order in which `openproducer config` prints them.
pub const NAMES: &[Name] = &[
    address("DATABASE_URL", "an embedded PostgreSQL"),
    address("REDIS_URL", "a cache in this process"),
    plain("LISTEN_ADDR", "127.0.0.1:8080"),
    open("PUBLIC_URL", "http:// and LISTEN_ADDR"),
    plain("TRUSTED_PROXIES", "0"),
    hidden(
        "ENCRYPTION_KEY",
        "made in the data folder; with DATABASE_URL none",
    ),
    plain("LOG_FORMAT", "text"),
    plain("RUST_LOG", "info,sqlx=warn,graphile_worker=error"),
    plain("GITHUB_APP_MODE", "app"),
    open("GITHUB_APP_ID", "registered on the setup page"),
    hidden("GITHUB_PRIVATE_KEY", "of the setup page"),
    open("GITHUB_PRIVATE_KEY_PATH", "of the setup page"),
    hidden("GITHUB_WEBHOOK_SECRET", "of the setup page"),
    hidden(
        "GITHUB_MARKETPLACE_WEBHOOK_SECRET",
        "no Marketplace purchases",
    ),
    open("GITHUB_CLIENT_ID", "of the setup page; else no login"),
    hidden("GITHUB_CLIENT_SECRET", "of the setup page; else no login"),
    hidden("GITHUB_TOKEN", "only for GITHUB_APP_MODE=token"),
    plain("GITHUB_API_URL", "https://api.github.com"),
    plain("GITHUB_WEB_URL", "https://github.com"),
    open("OPENAI_PROVIDER", "by the API key that is set, else NONE"),
    hidden("OPENAI_API_KEY", "no model of this provider"),
    open("OPENAI_API_BASE_URL", "the provider's own"),
    open("OPENAI_MODEL", "the provider's usual one"),
    open("OPENAI_TEMPERATURE", "the model's own"),
    open("OPENAI_MAX_TOKENS", "the model's own"),
    hidden("GEMINI_API_KEY", "no model of this provider"),
    open("GEMINI_API_BASE_URL", "the provider's own"),
    open("GEMINI_MODEL", "the provider's usual one"),
    open("GEMINI_TEMPERATURE", "the model's own"),
    open("GEMINI_MAX_TOKENS", "the model's own"),
    plain("AI_CACHE_TTL_SECONDS", "3600"),
    plain("AI_AVAILABILITY_TTL_SECONDS", "300"),
    plain("AI_TIMEOUT_SECONDS", "60"),
    plain("AI_ALLOW_PRIVATE_ADDRESSES", "false"),
    open("AI_PRICES_PATH", "no model's price is known"),
    open("AI_MONTHLY_BUDGET_USD", "no budget"),
    plain("BOT_MENTION", "@TheOpenProducerBot"),
    plain("BOT_RUN_RATE_LIMIT_PER_MINUTE", "30"),
    plain("BOT_MAX_ISSUES_PER_RUN", "100"),
    plain("BOT_ENABLE_CONTENT_FILTERING", "true"),
    open("BOT_PROHIBITED_KEYWORDS", "the list that comes with it"),
    plain("BOT_REQUIRE_CONFIRMATION_THRESHOLD", "50"),
    plain("BOT_MINIMUM_ROLE", "write"),
];

/// The entry of a name in [`NAMES`].
pub(super) fn entry(name: &str) -> Option<&'static Name> {
    NAMES.iter().find(|entry| entry.name == name)
}

/// The name that was probably meant, if `unknown` looks like one of ours with a slip in it.
pub(super) fn probably_meant(unknown: &str) -> Option<&'static str> {
    NAMES
        .iter()
        .map(|entry| (strsim::damerau_levenshtein(unknown, entry.name), entry.name))
        .filter(|(distance, name)| *distance <= 2 || cut_short(unknown, name))
        .min()
        .map(|(_, name)| name)
}

/// `AI_TIMEOUT` for `AI_TIMEOUT_SECONDS`.
fn cut_short(unknown: &str, name: &str) -> bool {
    unknown.matches('_').count() >= 1
        && name
            .strip_prefix(unknown)
            .is_some_and(|rest| rest.starts_with('_'))
}

/// Does this name look as if it were meant for us?
pub(super) fn is_of_our_families(name: &str) -> bool {
    ["GITHUB_", "BOT_", "OPENAI_", "GEMINI_", "AI_"]
        .iter()
        .any(|family| name.starts_with(family))
}
