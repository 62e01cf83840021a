//! `GET /installations`: every installation that the person's own token shows.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use sqlx::PgPool;

use crate::flows::access::{self, Level, Seen};
use crate::store::overview::{self, RunCount, Sight, Standing};
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
        let counts = count(&services.pool, &sight).await.map_err(stored)?;
        rows.push(row(seen, &counts, services.clock.now()));
    }
    Ok(pages::ok(&List {
        frame: Frame::signed_in(&signed.person.login, signed.csrf.to_string()),
        rows,
        mention: shared.links.mention(),
    }))
}

async fn count(pool: &PgPool, sight: &Sight) -> sqlx::Result<Vec<RunCount>> {
    let mut tx = tenant::enter(pool, sight.installation).await?;
    let counts = overview::count_runs(&mut *tx, sight).await?;
    tx.commit().await?;
    Ok(counts)
}

/// What the person sees of an installation.
pub(super) fn sight(seen: &Seen) -> Sight {
    Sight {
        installation: seen.id,
        repositories: seen.repository_ids(),
    }
}

fn row(seen: &Seen, counts: &[RunCount], now: DateTime<Utc>) -> Row {
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
        badge: badge(seen.suspended),
        is_admin: seen.level == Level::Admin,
        repositories: match seen.repositories.len() {
            1 => "1 repository".to_owned(),
            n => format!("{n} repositories"),
        },
        waiting: some(of(Standing::Waiting), "for you to confirm"),
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
pub(super) fn badge(suspended: bool) -> Badge {
    if suspended {
        Badge::new(Tone::Wait, "Suspended")
    } else {
        Badge::new(Tone::Good, "Active")
    }
}
