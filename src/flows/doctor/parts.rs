//! What the server can do without, but worse: the cache and the model; and whether a server answers on this machine.

use chrono::{DateTime, TimeDelta, Utc};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::database::refused;
use super::{Finding, Patient};
use crate::config::AppMode;
use crate::domain::money::Money;
use crate::domain::planning::Degraded;
use crate::flows::planner;
use crate::store::ai_calls::{self, Bill};

/// Prices older than this are probably not true any more.
const OLD_PRICES: i64 = 180;
/// An answer of `/readyz` is a line.
const LONGEST_ANSWER: u64 = 4096;

pub(super) async fn redis(patient: &Patient<'_>) -> Finding {
    if patient.config.redis_url.is_none() {
        return Finding::ok(
            "REDIS_URL is not set: each process keeps its own cache, which is right for a single one",
        );
    }
    match patient.services.cache.ping().await {
        Ok(()) => Finding::ok("Redis answers"),
        Err(error) => Finding::failed(format!(
            "Redis does not answer ({error}): the server works without it, but models are asked again and each process counts for itself"
        ))
        .advise("Is Redis running, and does REDIS_URL lead to it? Nothing is lost meanwhile"),
    }
}

/// A server at the address that this config listens on.
pub(super) async fn server(patient: &Patient<'_>) -> Finding {
    if patient.config.github.mode == AppMode::Token {
        return Finding::skipped("a person's token has nothing to serve");
    }
    let mut place = patient.config.listen_addr;
    if place.ip().is_unspecified() {
        place.set_ip(if place.is_ipv4() {
            std::net::Ipv4Addr::LOCALHOST.into()
        } else {
            std::net::Ipv6Addr::LOCALHOST.into()
        });
    }
    match ready(place).await {
        Err(_) => Finding::warning(format!("no server answers at {place}"))
            .advise("Right if it runs on another machine; else start `openproducer serve`, and look at its log if it ends"),
        Ok(answer) if answer.starts_with("HTTP/1.1 200") || answer.starts_with("HTTP/1.0 200") => {
            Finding::ok(format!("the server at {place} is ready"))
        }
        Ok(answer) if answer.contains("not ready: ") => {
            let why = answer.rsplit("not ready: ").next().unwrap_or_default().trim();
            Finding::failed(format!("the server at {place} is not ready: {why}"))
                .advise("It takes deliveries in again by itself once that is mended")
        }
        Ok(_) => Finding::warning(format!("something else than OpenProducer answers at {place}"))
            .advise("Does LISTEN_ADDR name the port of the server?"),
    }
}

async fn ready(place: std::net::SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(place).await?;
    let question = format!("GET /readyz HTTP/1.1\r\nHost: {place}\r\nConnection: close\r\n\r\n");
    stream.write_all(question.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(LONGEST_ANSWER).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

pub(super) async fn model(patient: &Patient<'_>) -> Finding {
    let advice = "docs/models.md says which settings each provider needs; until then plans come from the document's structure";
    match planner::ask_operators_model(patient.services).await {
        None => Finding::ok("none is set: plans come from the document's structure"),
        Some(Err(why)) => Finding::failed(lacks(&why)).advise(advice),
        Some(Ok((name, Ok(())))) => Finding::ok(format!("{name} can be asked")),
        Some(Ok((name, Err(error)))) => {
            let says = format!("{name} cannot be asked: {error}");
            if error.is_passing() {
                Finding::warning(says).advise(
                    "It may pass by itself; until then plans come from the document's structure",
                )
            } else {
                Finding::failed(says).advise(advice)
            }
        }
    }
}

fn lacks(why: &Degraded) -> String {
    match why {
        Degraded::NoKey { provider } => format!("{provider} is chosen, and no key for it is set"),
        Degraded::NoModel { provider } => format!("{provider} is chosen, and no model is named"),
        other => format!("the model cannot be asked: {}", other.kind()),
    }
}

pub(super) async fn budget(patient: &Patient<'_>) -> Finding {
    let services = patient.services;
    let now = services.clock.now();
    match ai_calls::list_bills(&services.pool, ai_calls::month_of(now)).await {
        Err(error) => refused(&error),
        Ok(bills) => of_budget(patient, &bills, now),
    }
}

fn of_budget(patient: &Patient<'_>, bills: &[Bill], now: DateTime<Utc>) -> Finding {
    let services = patient.services;
    let total = bills.iter().fold(Money::ZERO, |sum, bill| sum + bill.spent);
    let Some(prices) = &services.ai.prices else {
        return Finding::ok(
            "AI_PRICES_PATH is not set: what models cost is not known, and no budget kept",
        );
    };
    let spent = format!(
        "{total} spent this month, by the prices of {}",
        prices.as_of
    );
    if let Some(budget) = services.operator.monthly_budget {
        let name = patient
            .config
            .ai
            .chosen()
            .model
            .as_deref()
            .unwrap_or_default();
        let over = bills.iter().filter(|bill| bill.spent >= budget);
        let over: Vec<String> = over
            .map(|bill| format!("{}: {}", bill.account, bill.spent))
            .collect();
        if !over.is_empty() {
            return Finding::warning(format!(
                "{spent}; accounts have used up their budget of {budget} each"
            ))
                .with_details(over)
                .advise("Their plans come from the document's structure until the month ends; AI_MONTHLY_BUDGET_USD raises it");
        }
        let provider = crate::ai::Provider::of_setting(services.operator.provider);
        let is_known = provider.is_none_or(|provider| {
            let model = if name.is_empty() {
                provider.usual_model().unwrap_or_default()
            } else {
                name
            };
            prices
                .find(&format!("{}/{model}", provider.name()))
                .is_some()
        });
        if !is_known {
            return Finding::failed("there is a budget, and the table of prices does not know the model: it is never asked")
                .advise("Add the model to the file that AI_PRICES_PATH names");
        }
    }
    let days = (now.date_naive() - prices.as_of).num_days();
    if TimeDelta::days(days) > TimeDelta::days(OLD_PRICES) {
        return Finding::warning(format!("{spent}, which are {days} days old"))
            .advise("Look the prices up, and date the file that AI_PRICES_PATH names anew");
    }
    Finding::ok(spent)
}
