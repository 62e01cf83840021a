//! `GET /installations`: every installation that the person's own token shows.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use sqlx::PgPool;

use super::doing;
use crate::flows::access::{self, Level, Seen};
use crate::store::overview::{self, Health, RunCount, Sight, Standing};
use crate::store::tenant;
use crate::web::error::PageResult;
use crate::web::frame::Frame;
use crate::web::pages;
use crate::web::parts::{Badge, Tone, When, many};
use crate::web::session::SignedIn;
use crate::web::{Shared, stored};

#[derive(Template)]
#[template(path = "web/templates/installations/list.html")]
struct List {
    frame: Frame,
    rows: Vec<Row>,
    mention: String,
}

/// One installation.
struct Row {
    href: String,
    login: String,
    /// `Organisation`, `Person`.
    kind: &'static str,
    badge: Badge,
    is_admin: bool,
    repositories: String,
    /// Runs that wait for somebody.
    waiting: Option<String>,
    under_way: Option<String>,
    runs: String,
    last_at: Option<When>,
}

/// `GET /installations`.
pub(in crate::web) async fn list(
    State(shared): State<Arc<Shared>>,
    signed: SignedIn,
) -> PageResult<Response> {
    let services = &shared.services;
    let all = access::installations(services, &signed.person).await?;
    let mut rows = Vec::with_capacity(all.len());
    for seen in &all {
        let sight = sight(seen);
        let now = services.clock.now();
        let (counts, health) = count(&services.pool, &sight, now).await.map_err(stored)?;
        rows.push(row(seen, &counts, &health, now));
    }
    Ok(pages::ok(&List {
        frame: Frame::signed_in(&signed.person.login, signed.csrf.to_string()),
        rows,
        mention: shared.links.mention(),
    }))
}

async fn count(
    pool: &PgPool,
    sight: &Sight,
    now: DateTime<Utc>,
) -> sqlx::Result<(Vec<RunCount>, Health)> {
    let mut tx = tenant::enter(pool, sight.installation).await?;
    let counts = overview::count_runs(&mut *tx, sight).await?;
    let health = overview::health(&mut *tx, sight, now).await?;
    tx.commit().await?;
    Ok((counts, health))
}

/// What the person sees of an installation.
pub(super) fn sight(seen: &Seen) -> Sight {
    Sight {
        installation: seen.id,
        repositories: seen.repository_ids(),
    }
}

fn row(seen: &Seen, counts: &[RunCount], health: &Health, now: DateTime<Utc>) -> Row {
    let of = |standing| {
        let counts = counts.iter().filter(|count| count.standing == standing);
        usize::try_from(counts.map(|count| count.runs).sum::<i64>()).unwrap_or_default()
    };
    let all: i64 = counts.iter().map(|count| count.runs).sum();
    let some = |count: usize, words: &str| (count > 0).then(|| format!("{count} {words}"));
    Row {
        href: format!("/installations/{}", seen.id),
        login: seen.account.login.clone(),
        kind: kind(&seen.account.kind),
        badge: badge(seen.suspended, health, now),
        is_admin: seen.level == Level::Admin,
        repositories: match seen.repositories.len() {
            1 => "1 repository".to_owned(),
            n => format!("{n} repositories"),
        },
        waiting: match of(Standing::Waiting) {
            1 => Some("1 waits for confirmation".to_owned()),
            n => some(n, "wait for confirmation"),
        },
        under_way: some(of(Standing::UnderWay), "under way"),
        runs: many(usize::try_from(all).unwrap_or_default(), "run"),
        last_at: counts
            .iter()
            .map(|count| count.last_at)
            .max()
            .map(|at| When::new(at, now)),
    }
}

/// An account in a word.
pub(super) fn kind(kind: &str) -> &'static str {
    match kind {
        "Organization" => "Organisation",
        "User" => "Person",
        _ => "Enterprise",
    }
}

/// Whether the App may act there.
pub(super) fn badge(suspended: bool, health: &Health, now: DateTime<Utc>) -> Badge {
    let trouble = doing::trouble(health, now).filter(|badge| badge.tone == Tone::Bad);
    match trouble {
        _ if suspended => Badge::new(Tone::Wait, "Suspended"),
        Some(trouble) => trouble,
        None => Badge::new(Tone::Good, "Active"),
    }
}
