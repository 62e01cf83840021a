//! GitHub: is it there, as whom does it know us, and may the App do and hear what it needs?

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::TimeDelta;

use super::{Check, Finding, Patient, webhooks};
use crate::config::AppMode;
use crate::domain::manifest;
use crate::domain::present::lasting;
use crate::flows::registration::{self, App};
use crate::github::{AppIdentity, GitHubError, InstallationRecord, Look, RateState, Who};

/// Beyond a minute signatures are refused until the clock is set by the answer's date.
const MOST_APART: TimeDelta = TimeDelta::seconds(10);
/// So many names are told.
const MOST_NAMED: usize = 10;
/// Without these nobody can ask for anything.
const NEEDED_EVENTS: [&str; 2] = ["issues", "issue_comment"];

/// Everything of GitHub and its webhooks.
pub(super) async fn examine(
    patient: &Patient<'_>,
    (tables, secrets): (&Check, &Check),
    app: Option<&App>,
) -> Vec<Check> {
    let github = &patient.services.github;
    let mut looked = None;
    let reachable = if let Some(why) = nobody(patient, secrets, app) {
        Check::new("github.reachable", why, Duration::ZERO)
    } else {
        let look = async {
            let begun = std::time::Instant::now();
            let found = github.look().await;
            let finding = of_answer(patient, &found, begun.elapsed());
            looked = Some(found);
            finding
        };
        patient.check("github.reachable", look).await
    };
    let who = async { of_identity(patient, looked.as_ref(), app) };
    let identity = patient.after(&reachable, "github.identity", who).await;
    let look = looked.and_then(Result::ok);
    let known = look.as_ref().and_then(|look| match &look.who {
        Who::App(app) => Some(app),
        Who::Person(_) => None,
    });
    let of_app =
        |judge: fn(&AppIdentity) -> Finding| async move { known.map_or_else(no_app, judge) };
    let permissions = patient.after(&identity, "github.permissions", of_app(of_permissions));
    let events = patient.after(&identity, "github.events", of_app(of_events));
    let installations = patient.after(&identity, "github.installations", async {
        if known.is_none() {
            return no_app();
        }
        match github.list_installations().await {
            Ok(all) => of_installations(patient, &all.items),
            Err(error) => trouble(patient, &error),
        }
    });
    let clock = patient.after(&reachable, "github.clock", async {
        of_clock(github.ahead())
    });
    let rate = patient.after(&identity, "github.rate-limit", async {
        of_rate(look.as_ref().and_then(|look| look.rate), known.is_some())
    });
    let hooks = webhooks::examine(patient, tables, &identity, known, app);
    let (permissions, events, installations, clock, rate, hooks) =
        tokio::join!(permissions, events, installations, clock, rate, hooks);
    let mut checks = vec![
        reachable,
        identity,
        permissions,
        events,
        installations,
        clock,
        rate,
    ];
    checks.extend(hooks);
    checks
}

/// Why there is nobody to come as; `None`: there is.
fn nobody(patient: &Patient<'_>, secrets: &Check, app: Option<&App>) -> Option<Finding> {
    if patient.services.github.is_registered() {
        return None;
    }
    if patient.config.github.mode == AppMode::Token {
        return Some(Finding::skipped("needs config.secrets"));
    }
    match app {
        Some(app) => registration::become_app(patient.services, app)
            .err()
            .map(|error| Finding::failed(error.to_string())),
        None => Some(secrets.lack().unwrap_or_else(|| {
            Finding::skipped(
                "no App is registered yet: `openproducer setup --print` gives the link",
            )
        })),
    }
}

fn no_app() -> Finding {
    Finding::skipped("with a person's token there is no App")
}

fn of_answer(patient: &Patient<'_>, found: &Result<Look, GitHubError>, took: Duration) -> Finding {
    let api = patient.config.github.api_url.as_str().trim_end_matches('/');
    match found {
        Err(
            error @ (GitHubError::Transport { .. }
            | GitHubError::Server { .. }
            | GitHubError::Decode { .. }),
        ) => trouble(patient, error),
        _ => Finding::ok(format!("{api} answers in {} ms", took.as_millis())),
    }
}

/// What GitHub's refusal means for an operator.
pub(super) fn trouble(patient: &Patient<'_>, error: &GitHubError) -> Finding {
    let advice = match error {
        GitHubError::Transport { .. } => {
            "Is there a way from this machine to GITHUB_API_URL? Look at DNS, firewall and certificates, then at githubstatus.com"
        }
        GitHubError::Server { .. } => {
            "Wait: githubstatus.com says how long. Deliveries and jobs are kept meanwhile"
        }
        GitHubError::Decode { .. } => {
            "Is GITHUB_API_URL the address of GitHub's API? (https://api.github.com, or https://HOST/api/v3)"
        }
        GitHubError::RateLimited { .. } => {
            "Wait until then; something else may be asking with the same credentials"
        }
        _ if patient.services.github.is_person() => {
            "Make a new token with *Issues: Read and write*, and set it as GITHUB_TOKEN"
        }
        _ => {
            "Id and key have to be of the same App: compare GITHUB_APP_ID and GITHUB_CLIENT_ID with its settings page, and make \
              a new private key there if in doubt"
        }
    };
    Finding::failed(error.to_string()).advise(advice)
}

fn of_identity(
    patient: &Patient<'_>,
    looked: Option<&Result<Look, GitHubError>>,
    app: Option<&App>,
) -> Finding {
    let who = match looked {
        None => return Finding::skipped("GitHub was not asked"),
        Some(Err(error)) => return trouble(patient, error),
        Some(Ok(look)) => &look.who,
    };
    match who {
        Who::App(identity) => {
            let configured = patient
                .config
                .github
                .app_id
                .and_then(|id| i64::try_from(id).ok());
            let expected = configured.or(app.map(|app| app.id));
            if expected.is_some_and(|id| id != identity.id) {
                return Finding::failed(format!(
                    "the credentials are those of the App {} ({}), and GITHUB_APP_ID names another",
                    identity.slug, identity.id
                ))
                .advise("Take id, client id and key from the same App's settings page");
            }
            Finding::ok(format!("the App {} ({})", identity.slug, identity.id))
        }
        Who::Person(person) => of_scopes(&person.login, person.scopes.as_deref()),
    }
}

pub(super) fn of_scopes(login: &str, scopes: Option<&[String]>) -> Finding {
    let Some(scopes) = scopes else {
        return Finding::ok(format!(
            "a fine-grained token of {login}; GitHub does not tell what it may: it needs Issues: Read and write"
        ));
    };
    let has = |name: &str| scopes.iter().any(|scope| scope == name);
    let told = scopes.join(", ");
    if has("repo") {
        return Finding::ok(format!("a classic token of {login} ({told})"));
    }
    if has("public_repo") {
        return Finding::ok(format!(
            "a classic token of {login} ({told}): public repositories alone"
        ));
    }
    Finding::failed(format!("a classic token of {login} that may not write issues"))
        .advise("Give it the scope public_repo, for private repositories repo, or make a fine-grained one with Issues: Read and write")
}

fn rank(level: &str) -> u8 {
    match level {
        "read" => 1,
        "write" => 2,
        "admin" => 3,
        _ => 0,
    }
}

/// What is lacking of what the manifest asks for, as `issues: write`.
fn lacking(granted: &BTreeMap<String, String>) -> Vec<String> {
    let wanted = manifest::permissions().into_iter();
    let lacks = wanted.filter(|(name, level)| {
        let has = granted.get(name).map_or(0, |granted| rank(granted));
        has < rank(level)
    });
    lacks
        .map(|(name, level)| format!("{name}: {level}"))
        .collect()
}

pub(super) fn of_permissions(app: &AppIdentity) -> Finding {
    let wanted: BTreeMap<String, String> = manifest::permissions().into_iter().collect();
    let missing = lacking(&app.permissions);
    let extra = app.permissions.iter().filter(|(name, level)| {
        let needed = wanted.get(*name).map_or(0, |wanted| rank(wanted));
        rank(level) > needed
    });
    let extra: Vec<String> = extra
        .map(|(name, level)| format!("{name}: {level}"))
        .collect();
    let page = "the App's settings page, Permissions & events";
    if !missing.is_empty() {
        return Finding::failed(format!("the App lacks {}", missing.join(", "))).advise(format!(
            "Grant it on {page}; each account that has installed the App is then asked to accept"
        ));
    }
    if !extra.is_empty() {
        return Finding::warning(format!(
            "the App may more than it needs: {}",
            extra.join(", ")
        ))
        .advise(format!("Take it away on {page}: nothing here uses it"));
    }
    let has = wanted
        .iter()
        .map(|(name, level)| format!("{name}: {level}"));
    Finding::ok(has.collect::<Vec<_>>().join(", "))
}

pub(super) fn of_events(app: &AppIdentity) -> Finding {
    let wanted = manifest::events();
    let missing: Vec<&str> = wanted
        .iter()
        .map(String::as_str)
        .filter(|event| !app.events.iter().any(|heard| heard == event))
        .collect();
    let extra: Vec<&str> = app
        .events
        .iter()
        .map(String::as_str)
        .filter(|event| !wanted.iter().any(|w| w == event))
        .collect();
    let page = "the App's settings page, Permissions & events";
    if !missing.is_empty() {
        let says = format!("the App does not hear of {}", missing.join(", "));
        let advice = format!("Subscribe to them on {page}");
        let is_deaf = missing.iter().any(|event| NEEDED_EVENTS.contains(event));
        let finding = if is_deaf {
            Finding::failed(says)
        } else {
            Finding::warning(says)
        };
        return finding.advise(advice);
    }
    if !extra.is_empty() {
        return Finding::warning(format!(
            "the App hears more than it needs: {}",
            extra.join(", ")
        ))
        .advise(format!(
            "Unsubscribe on {page}: such deliveries are answered and forgotten"
        ));
    }
    Finding::ok(wanted.join(", "))
}

fn of_installations(patient: &Patient<'_>, all: &[InstallationRecord]) -> Finding {
    let suspended = all.iter().filter(|one| one.suspended_at.is_some()).count();
    let lacking = all.iter().filter_map(|one| {
        let lacks = lacking(&one.permissions);
        let is_live = one.suspended_at.is_none();
        (is_live && !lacks.is_empty())
            .then(|| format!("{} has not granted {}", one.account.login, lacks.join(", ")))
    });
    let lacking: Vec<String> = lacking.collect();
    let says = match all.len() {
        0 => {
            return Finding::warning(
                "the App is installed nowhere: nobody can ask it for anything",
            )
            .advise(format!("Install it: {}/install", patient.public_base()));
        }
        1 => format!("installed on {}", all[0].account.login),
        n => format!("installed on {n} accounts"),
    };
    let says = match suspended {
        0 => says,
        n => format!("{says}, {n} of them suspended"),
    };
    if lacking.is_empty() {
        return Finding::ok(says);
    }
    Finding::warning(format!(
        "{says}; {} what the App asks for",
        match lacking.len() {
            1 => "1 account has not granted".to_owned(),
            n => format!("{n} accounts have not granted"),
        }
    ))
    .with_details(lacking.into_iter().take(MOST_NAMED))
    .advise("An owner of the account accepts it under Settings, GitHub Apps, Configure")
}

pub(super) fn of_clock(ahead: TimeDelta) -> Finding {
    if ahead.abs() <= MOST_APART {
        return Finding::ok("GitHub's clock agrees with ours");
    }
    let which = if ahead > TimeDelta::zero() {
        "behind"
    } else {
        "ahead of"
    };
    Finding::warning(format!(
        "our clock is {} {which} GitHub's: signatures are dated by GitHub's, everything else is not",
        lasting(ahead.abs())
    ))
    .advise("Let this machine keep time by NTP (`timedatectl` says whether it does)")
}

pub(super) fn of_rate(rate: Option<RateState>, is_app: bool) -> Finding {
    let Some(rate) = rate else {
        return Finding::skipped("GitHub's answer named no limit");
    };
    let whose = if is_app {
        "the App's own; each installation has another"
    } else {
        "the token's"
    };
    let says = format!(
        "{} of {} requests are left until {} ({whose})",
        rate.remaining,
        rate.limit,
        rate.reset.format("%H:%M UTC")
    );
    if rate.remaining * 10 < rate.limit {
        return Finding::warning(says)
            .advise("Runs wait by themselves until then; something else may be asking with the same credentials");
    }
    Finding::ok(says)
}
