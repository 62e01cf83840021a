//! Webhooks: GitHub does not tell where they go or what signs them, but its list of deliveries tells whether they got here.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use url::Url;

use super::database::refused;
use super::{Check, Finding, Patient};
use crate::config::AppMode;
use crate::domain::present::ago;
use crate::flows::registration::App;
use crate::flows::sweep;
use crate::github::{AppIdentity, HookDelivery};
use crate::store::deliveries::{self, Intake};
use crate::store::sweeps::{self, Standing};

/// How far back GitHub's list is read, and how many pages at most.
const LOOK_BACK: TimeDelta = TimeDelta::days(1);
const MOST_PAGES: usize = 5;
/// A sweep is due every five minutes.
const SWEEP_LATE: TimeDelta = TimeDelta::minutes(15);
/// The jobs of deliveries are quick.
const LATE: TimeDelta = TimeDelta::minutes(2);
const MOST_NAMED: usize = 5;

pub(super) async fn examine(
    patient: &Patient<'_>,
    tables: &Check,
    identity: &Check,
    known: Option<&AppIdentity>,
    app: Option<&App>,
) -> Vec<Check> {
    let pool = &patient.services.pool;
    let now = patient.services.clock.now();
    let mut listed = Vec::new();
    let list = patient.after(identity, "webhooks.deliveries", async {
        if known.is_none() {
            return no_webhooks();
        }
        let floor = now + patient.services.github.ahead() - LOOK_BACK;
        match patient
            .services
            .github
            .list_hook_deliveries(floor, MOST_PAGES)
            .await
        {
            Ok(found) => {
                listed = found.items;
                of_list(&listed, patient.services.clock.now())
            }
            Err(error) => super::github::trouble(patient, &error),
        }
    });
    let received = patient.after(tables, "webhooks.received", async {
        if patient.config.github.mode == AppMode::Token {
            return no_webhooks();
        }
        match deliveries::intake(pool).await {
            Ok(intake) => of_intake(&intake, now),
            Err(error) => refused(&error),
        }
    });
    let swept = patient.after(tables, "webhooks.sweep", async {
        if patient.config.github.mode == AppMode::Token {
            return no_webhooks();
        }
        if let (false, Some(why)) = (patient.services.github.is_registered(), identity.lack()) {
            return why;
        }
        match sweeps::standing(pool, now - TimeDelta::days(1), now - sweep::KEPT).await {
            Ok(standing) => of_sweep(&standing, now),
            Err(error) => refused(&error),
        }
    });
    let (list, received, swept) = tokio::join!(list, received, swept);
    let expected = format!("{}/api/webhook/github", patient.public_base());
    let homepage = app.and(known).map(|known| known.external_url.as_str());
    let other_homepage =
        homepage.filter(|homepage| !is_ours(homepage, patient.config.public_url.as_ref()));
    let newest = listed.first();
    let address = patient.after(&list, "webhooks.address", async {
        if known.is_none() {
            no_webhooks()
        } else {
            of_address(newest, &expected, other_homepage, now)
        }
    });
    let secret = patient.after(&list, "webhooks.secret", async {
        if known.is_none() {
            no_webhooks()
        } else {
            of_secret(&listed, now)
        }
    });
    let (address, secret) = tokio::join!(address, secret);
    vec![address, secret, list, received, swept]
}

fn no_webhooks() -> Finding {
    Finding::skipped("with a person's token there are no webhooks")
}

/// Whether the App was registered for this server's address; without one nobody knows.
fn is_ours(homepage: &str, public: Option<&Url>) -> bool {
    let Some(public) = public else {
        return true;
    };
    Url::parse(homepage).is_ok_and(|homepage| homepage.origin() == public.origin())
}

fn at(delivery: &HookDelivery, now: DateTime<Utc>) -> String {
    ago(now - delivery.delivered_at)
}

pub(super) fn of_address(
    newest: Option<&HookDelivery>,
    expected: &str,
    other_homepage: Option<&str>,
    now: DateTime<Utc>,
) -> Finding {
    let page = "On the App's settings page, General: ";
    if let Some(homepage) = other_homepage {
        return Finding::warning(format!(
            "the App was registered for {homepage}, not for this PUBLIC_URL"
        ))
        .advise(format!(
            "{page}set the webhook URL to {expected}, and callback and setup URL to the same server"
        ));
    }
    match newest {
        // 401 is our own answer: it came to the right place.
        Some(newest) if newest.got_through() || newest.status_code == 401 => {
            Finding::ok(format!("GitHub's newest delivery reached a server {}", at(newest, now)))
        }
        Some(newest) => Finding::failed(format!(
            "GitHub's newest delivery did not get here {}: {}",
            at(newest, now),
            newest.status
        ))
        .advise(format!("Is the server running, and does the way to {expected} lead to it? {page}the webhook URL has to be that")),
        None => Finding::skipped(format!(
            "GitHub tells it on the App's settings page alone, where it has to be {expected}; no delivery was tried in a day"
        )),
    }
}

/// The secret itself is shown to nobody: only what it signed tells whether it is ours.
pub(super) fn of_secret(listed: &[HookDelivery], now: DateTime<Utc>) -> Finding {
    match listed.iter().find(|one| one.got_through() || one.status_code == 401) {
        Some(newest) if newest.got_through() => {
            Finding::ok(format!("signed the delivery that got through {}", at(newest, now)))
        }
        Some(newest) => Finding::failed(format!(
            "the delivery that came {} was answered 401: GitHub signs with another secret than ours",
            at(newest, now)
        ))
        .advise(
            "Enter the same secret as GITHUB_WEBHOOK_SECRET and on the App's settings page, General, Webhook; if it is the \
             same, a proxy in front asks for a password",
        ),
        None => Finding::skipped("GitHub shows it to nobody, and no delivery of the last day proves it"),
    }
}

pub(super) fn of_list(listed: &[HookDelivery], now: DateTime<Utc>) -> Finding {
    // Newest first: of each GUID the newest attempt counts.
    let mut seen = HashSet::new();
    let newest = listed.iter().filter(|one| seen.insert(one.guid.as_str()));
    let newest: Vec<&HookDelivery> = newest.collect();
    let failed: Vec<&HookDelivery> = newest
        .iter()
        .copied()
        .filter(|one| !one.got_through())
        .collect();
    if newest.is_empty() {
        return Finding::ok("GitHub had nothing to deliver in the last day");
    }
    if failed.is_empty() {
        return Finding::ok(match newest.len() {
            1 => "the one of the last day got through".to_owned(),
            n => format!("all {n} of the last day got through"),
        });
    }
    let details = failed.iter().take(MOST_NAMED).map(|one| {
        let action = one
            .action
            .as_deref()
            .map_or_else(String::new, |action| format!(".{action}"));
        format!("{}{action}, {}: {}", one.event, at(one, now), one.status)
    });
    let says = match failed.len() {
        1 => format!("1 of {} of the last day did not get through", newest.len()),
        n => format!(
            "{n} of {} of the last day did not get through",
            newest.len()
        ),
    };
    Finding::warning(says)
        .with_details(details)
        .advise("A running worker asks for them again within five minutes; webhooks.sweep says how that goes")
}

pub(super) fn of_intake(intake: &Intake, now: DateTime<Utc>) -> Finding {
    let last = match intake.last_at {
        None => return Finding::ok("no delivery that concerns us has come in yet"),
        Some(last) => format!("the last that concerned us came in {}", ago(now - last)),
    };
    let says = match (intake.unfinished, intake.failed) {
        (0, 0) => return Finding::ok(last),
        (waiting, 0) => format!("{last}; {waiting} being worked on"),
        (0, failed) => format!("{last}; {failed} gave up"),
        (waiting, failed) => format!("{last}; {waiting} being worked on, {failed} gave up"),
    };
    let is_late = intake.oldest_at.is_some_and(|oldest| now - oldest > LATE);
    if intake.failed > 0 || is_late {
        return Finding::warning(says)
            .advise("The log says why; what gave up is taken up again an hour later. queue.workers says whether anybody works");
    }
    Finding::ok(says)
}

pub(super) fn of_sweep(standing: &Standing, now: DateTime<Utc>) -> Finding {
    let Some(swept) = standing.swept_at else {
        return Finding::warning(
            "GitHub's list was never looked through for what did not get here",
        )
        .advise("A worker does it when it starts: start one");
    };
    let mut says = vec![format!(
        "GitHub's list was looked through {}",
        ago(now - swept)
    )];
    if standing.recovered > 0 {
        says.push(format!("{} recovered in a day", standing.recovered));
    }
    if standing.waiting > 0 {
        says.push(format!("{} asked for again", standing.waiting));
    }
    if standing.given_up > 0 {
        says.push(format!("{} given up", standing.given_up));
    }
    if let Some(error) = &standing.error {
        says.push(format!("the last look was cut off: {error}"));
    }
    let says = says.join("; ");
    if now - swept > SWEEP_LATE || standing.error.is_some() {
        return Finding::warning(says).advise("Is a worker running? It looks every five minutes");
    }
    if standing.given_up > 0 {
        return Finding::warning(says).advise(
            "Send them again by hand: the App's settings page, Advanced, Recent Deliveries",
        );
    }
    Finding::ok(says)
}
