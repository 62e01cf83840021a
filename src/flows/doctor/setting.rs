//! The config: its slips, its secrets, the address, and whether what is stored under the key can be opened.

use std::time::Duration;

use url::{Host, Url};

use super::{Check, Finding, Patient};
use crate::config::{AppMode, Config, Fault, Origin};
use crate::flows::registration::{self, App, RegistrationError};
use crate::store::ai_keys;

/// Stored keys of tenants that are tried.
const MOST_KEYS: i64 = 1000;

/// What the config alone tells.
pub(super) fn examine(patient: &Patient<'_>) -> Vec<Check> {
    let config = patient.config;
    [
        ("config.values", values(config)),
        ("config.secrets", secrets(config)),
        ("config.public-url", public_url(config)),
        ("config.proxies", proxies(config)),
    ]
    .map(|(name, finding)| Check::new(name, finding, Duration::ZERO))
    .into()
}

pub(super) fn faulty(faults: &[Fault]) -> Finding {
    let wrong = match faults.len() {
        1 => "1 configured value is wrong or missing".to_owned(),
        n => format!("{n} configured values are wrong or missing"),
    };
    Finding::failed(wrong)
        .with_details(faults.iter().map(ToString::to_string))
        .advise("Mend them in the environment or in .env; `openproducer config` shows what holds")
}

fn values(config: &Config) -> Finding {
    let set = config.settings.iter();
    let set = set.filter(|s| s.value.is_some() && s.origin != Origin::Default);
    let number = set.count();
    if config.warnings.is_empty() {
        return Finding::ok(format!(
            "every value is right; {number} of {} settings are set",
            config.settings.len()
        ));
    }
    let slips = match config.warnings.len() {
        1 => "1 setting is probably a slip".to_owned(),
        n => format!("{n} settings are probably slips"),
    };
    Finding::warning(slips)
        .with_details(config.warnings.iter().cloned())
        .advise("`openproducer config` shows what holds and where it comes from")
}

fn secrets(config: &Config) -> Finding {
    let github = &config.github;
    if github.mode == AppMode::Token {
        return match github.token {
            Some(_) => Finding::ok("a person's token: process, status and rollback act with it"),
            None => Finding::failed("GITHUB_APP_MODE is token, and GITHUB_TOKEN is not set")
                .advise("Set GITHUB_TOKEN to a token that may read and write issues"),
        };
    }
    if !config.names_an_app() {
        return Finding::ok("none of an App in the environment: the setup page keeps them");
    }
    if github.client_id.is_none() || github.client_secret.is_none() {
        return Finding::warning(
            "the App's key and webhook secret are set, but not its client id and client secret: nobody can sign in",
        )
        .advise("Set GITHUB_CLIENT_ID and GITHUB_CLIENT_SECRET, from the App's settings page");
    }
    if github.webhook_secret.is_none() {
        return Finding::ok(
            "the App's key and client are set; its webhook secret is not, which a worker does without",
        );
    }
    Finding::ok("the App's key, webhook secret and client are set")
}

fn public_url(config: &Config) -> Finding {
    if config.github.mode == AppMode::Token {
        return Finding::skipped("with a person's token nobody comes to us");
    }
    let Some(url) = &config.public_url else {
        return Finding::warning(format!(
            "PUBLIC_URL is not set: links and the App's addresses lead to http://{}",
            config.listen_addr
        ))
        .advise("Set PUBLIC_URL to the https address at which people and GitHub reach the server");
    };
    let shown = url.as_str().trim_end_matches('/');
    let advice =
        "Put https in front and set PUBLIC_URL to that address: docs/self-hosting.md, step 2";
    if is_local(url) {
        return Finding::warning(format!(
            "{shown} is an address of this machine or its network: GitHub cannot reach it"
        ))
        .advise(advice);
    }
    if url.scheme() != "https" {
        return Finding::warning(format!(
            "{shown} is not https: cookies are not marked secure, and specifications travel in the open"
        ))
        .advise(advice);
    }
    Finding::ok(shown)
}

/// Nobody outside comes to it.
pub(super) fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(ip)) => {
            ip.is_loopback() || ip.is_private() || ip.is_link_local() || ip.is_unspecified()
        }
        Some(Host::Ipv6(ip)) => {
            ip.is_loopback()
                || ip.is_unspecified()
                || ip.is_unique_local()
                || ip.is_unicast_link_local()
        }
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            let last = name.rsplit_once('.').map(|(_, last)| last);
            matches!(last, None | Some("localhost" | "local"))
        }
        None => false,
    }
}

fn proxies(config: &Config) -> Finding {
    let outside = config.public_url.as_ref().filter(|url| !is_local(url));
    match (config.trusted_proxies, outside) {
        (0, Some(url)) if url.scheme() == "https" => Finding::warning(
            "TRUSTED_PROXIES is 0, but only a proxy can speak https: visitors are all counted under its address, and one of \
             them can lock everybody out",
        )
        .advise("Set TRUSTED_PROXIES=1, or to how many proxies of yours stand in front"),
        (0, _) => Finding::ok("none: visitors' own addresses are counted"),
        (1, _) => Finding::ok("1 in front is believed about visitors' addresses"),
        (n, _) => Finding::ok(format!("{n} in front are believed about visitors' addresses")),
    }
}

/// Whether what is stored can be opened, and the App that the setup page has stored.
pub(super) async fn stored(patient: &Patient<'_>, tables: &Check) -> (Check, Option<App>) {
    let mut app = None;
    let look = async {
        let (finding, found) = open_stored(patient).await;
        app = found;
        finding
    };
    let check = patient.after(tables, "config.encryption-key", look).await;
    (check, app)
}

async fn open_stored(patient: &Patient<'_>) -> (Finding, Option<App>) {
    let services = patient.services;
    let app = match registration::find(services).await {
        Ok(app) => app,
        Err(RegistrationError::NoKey) => {
            let says = "the App's stored credentials need ENCRYPTION_KEY, which is not set";
            return (Finding::failed(says).advise(PUT_IT_BACK), None);
        }
        Err(RegistrationError::Seal(error)) => {
            let says = format!("the App's stored credentials cannot be opened: {error}");
            return (Finding::failed(says).advise(PUT_IT_BACK), None);
        }
        Err(error) => return (Finding::failed(error.to_string()), None),
    };
    let keys = match ai_keys::list_newest(&services.pool, MOST_KEYS).await {
        Ok(keys) => keys,
        Err(error) => return (super::database::refused(&error), app),
    };
    let Some(seal) = &services.seal else {
        return (without_key(patient.config, keys.len()), app);
    };
    let shut = keys.iter().filter(|(of, key)| key.open(seal, *of).is_err());
    let shut: Vec<_> = shut.map(|(of, _)| *of).collect();
    let finding = match (shut.len(), keys.len(), &app) {
        (0, 0, None) => Finding::ok("set; nothing is stored under it yet"),
        (0, 0, Some(_)) => Finding::ok("opens the App's stored credentials"),
        (0, n, None) => Finding::ok(format!("opens {}", keys_of(n))),
        (0, n, Some(_)) => Finding::ok(format!(
            "opens the App's stored credentials and {}",
            keys_of(n)
        )),
        (bad, n, _) => Finding::failed(format!(
            "of {}, {bad} cannot be opened: plans for them come from the document's structure",
            keys_of(n)
        ))
        .advise(format!(
            "{PUT_IT_BACK}, or have their owners enter the keys again"
        )),
    };
    (finding, app)
}

fn keys_of(tenants: usize) -> String {
    match tenants {
        1 => "1 stored key of a tenant".to_owned(),
        n => format!("{n} stored keys of tenants"),
    }
}

const PUT_IT_BACK: &str =
    "Set the ENCRYPTION_KEY that they were stored under, the same on every server and worker";

fn without_key(config: &Config, keys: usize) -> Finding {
    if keys > 0 {
        return Finding::failed(format!(
            "ENCRYPTION_KEY is not set, and under it lies {}",
            keys_of(keys)
        ))
        .advise(PUT_IT_BACK);
    }
    if config.github.mode == AppMode::Token {
        return Finding::ok("not set, and a person's token needs none");
    }
    if config.database_url.is_none() {
        return Finding::ok("not set: the first start makes one beside the embedded database");
    }
    Finding::warning("ENCRYPTION_KEY is not set: nobody can sign in, and no keys of tenants can be kept").advise(
        "Make one with `openssl rand -base64 32`, keep it apart from the database, and give the same to every server and worker",
    )
}
