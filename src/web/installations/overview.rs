//! `GET /installations/{id}`: its runs, what they made and cost, and how it is doing.

use std::fmt::Write as _;
use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use sqlx::PgPool;
use url::form_urlencoded;

use super::doing::{self, Budget, Tile};
use super::list::{badge, kind, sight};
use crate::domain::ids::{InstallationId, RepositoryId, RunId};
use crate::domain::settings;
use crate::flows::access::{self, Level, Seen};
use crate::flows::{FlowResult, Services};
use crate::store::overview::{self, CostOfDay, Filter, Health, RunCount, RunLine, Sight, Standing};
use crate::store::{ai_calls, sweeps, tenant};
use crate::web::chart::{self, Chart};
use crate::web::error::{PageError, PageResult};
use crate::web::frame::Frame;
use crate::web::pages;
use crate::web::parts::{Badge, Choice, Crumb, InstallationTab, Pager, Tab, When};
use crate::web::session::SignedIn;
use crate::web::{Shared, stored};

/// Runs on a page.
const A_PAGE: usize = 25;

#[derive(Template)]
#[template(path = "web/templates/installations/overview.html")]
struct Overview {
    frame: Frame,
    crumbs: Vec<Crumb>,
    tabs: Vec<Tab>,
    login: String,
    kind: &'static str,
    badge: Badge,
    suspended: bool,
    is_admin: bool,
    tiles: Vec<Tile>,
    charts: [Chart; 2],
    filters: Filters,
    runs: Vec<Line>,
    pager: Pager,
    repositories: Vec<RepositoryLine>,
    home: String,
    mention: String,
}

struct Filters {
    standing: Vec<Choice>,
    repository: Vec<Choice>,
    requested_by: String,
    are_set: bool,
}

/// A run in the list.
struct Line {
    href: String,
    title: String,
    issue: String,
    badge: Badge,
    issues: String,
    requested_by: String,
    at: When,
}

struct RepositoryLine {
    name: String,
    runs_href: String,
    settings_href: Option<String>,
    private: bool,
    runs: i64,
    last_at: Option<When>,
}

/// What the address says of the list of runs.
#[derive(Debug, Default, Deserialize)]
pub(in crate::web) struct Wanted {
    state: Option<String>,
    repository: Option<String>,
    by: Option<String>,
    before: Option<String>,
}

impl Wanted {
    /// What is not understood is not filtered by.
    fn filter(&self) -> Filter {
        let some = |text: &Option<String>| text.clone().filter(|text| !text.trim().is_empty());
        Filter {
            standing: self.state.as_deref().and_then(Standing::parse),
            repository: self
                .repository
                .as_deref()
                .and_then(|id| id.parse().ok())
                .map(RepositoryId),
            requested_by: some(&self.by).map(|by| by.trim().trim_start_matches('@').to_owned()),
            before: self.before.as_deref().and_then(RunId::parse),
        }
    }
}

/// `GET /installations/{id}`.
pub(in crate::web) async fn show(
    State(shared): State<Arc<Shared>>,
    signed: SignedIn,
    Path(id): Path<String>,
    Query(wanted): Query<Wanted>,
) -> PageResult<Response> {
    let services = &shared.services;
    let id = id.parse().map_err(|_| PageError::NotFound)?;
    let seen = access::installation(services, &signed.person, InstallationId(id)).await?;
    let seen = seen.ok_or(PageError::NotFound)?;
    let (sight, filter) = (sight(&seen), wanted.filter());
    let now = services.clock.now();
    let is_admin = seen.level == Level::Admin;
    let budget = if is_admin {
        Some(budget(services, seen.id, now).await?)
    } else {
        None
    };
    let mut read = read(&services.pool, &sight, &filter, now)
        .await
        .map_err(stored)?;
    let has_older = read.runs.len() > A_PAGE;
    read.runs.truncate(A_PAGE);
    let home = format!("/installations/{id}");
    let (health, counts, runs) = (&read.health, &read.counts, &read.runs);
    Ok(pages::ok(&Overview {
        frame: Frame::signed_in(&signed.person.login, signed.csrf.to_string()),
        crumbs: vec![Crumb::installations()],
        tabs: InstallationTab::Overview.row(seen.id, is_admin),
        login: seen.account.login.clone(),
        kind: kind(&seen.account.kind),
        badge: badge(seen.suspended, health, now),
        suspended: seen.suspended || health.suspended,
        is_admin,
        tiles: doing::tiles(health, read.swept_at, budget.as_ref(), now),
        charts: [
            chart::of_issues(&read.issues, now),
            chart::of_cost(&read.cost, now),
        ],
        filters: filters(&seen, &filter, counts),
        pager: pager(&home, &filter, runs.last().filter(|_| has_older)),
        runs: runs.iter().map(|run| line(run, now)).collect(),
        repositories: repositories(&seen, &home, counts, now),
        home,
        mention: shared.links.mention(),
    }))
}

/// What the database says of an installation.
struct Read {
    runs: Vec<RunLine>,
    counts: Vec<RunCount>,
    health: Health,
    swept_at: Option<DateTime<Utc>>,
    issues: Vec<(NaiveDate, i64)>,
    cost: Vec<CostOfDay>,
}

/// Everything at once, behind the tenants' wall; one run more than a page holds.
async fn read(
    pool: &PgPool,
    sight: &Sight,
    filter: &Filter,
    now: DateTime<Utc>,
) -> sqlx::Result<Read> {
    let one_more = i64::try_from(A_PAGE + 1).unwrap_or(i64::MAX);
    let since = chart::since(now);
    let swept_at = sweeps::before(pool).await?.complete_since;
    let mut tx = tenant::enter(pool, sight.installation).await?;
    let read = Read {
        runs: overview::list_runs(&mut *tx, sight, filter, one_more).await?,
        counts: overview::count_runs(&mut *tx, sight).await?,
        health: overview::health(&mut *tx, sight, now).await?,
        swept_at,
        issues: overview::created_by_day(&mut *tx, sight, since).await?,
        cost: overview::cost_by_day(&mut *tx, sight, since).await?,
    };
    tx.commit().await?;
    Ok(read)
}

/// What this month cost, of what the installation's own settings allow.
async fn budget(services: &Services, id: InstallationId, now: DateTime<Utc>) -> FlowResult<Budget> {
    // No repository has this id: the installation's own layer alone.
    let asked = settings::Asked::default();
    let settings = services.settings(id, RepositoryId(0), &asked).await?;
    let is_tenants = settings.provider.from != settings::Layer::Operator;
    let since = ai_calls::month_of(now);
    let mut tx = tenant::enter(&services.pool, id).await?;
    let spent = overview::spending(&mut *tx, id, is_tenants, since).await?;
    let otherwise = overview::spending(&mut *tx, id, !is_tenants, since).await?;
    tx.commit().await?;
    Ok(Budget {
        spent,
        otherwise,
        limit: settings.monthly_budget.value,
        is_tenants,
    })
}

fn line(run: &RunLine, now: DateTime<Utc>) -> Line {
    Line {
        href: format!("/runs/{}", run.id),
        title: run.title.clone(),
        issue: format!("{}#{}", run.name.name, run.issue),
        badge: Badge::of_run(run.state),
        issues: match (run.planned, run.existing) {
            (0, _) => "–".to_owned(),
            (planned, existing) => format!("{existing} of {planned}"),
        },
        requested_by: run.requested_by.clone(),
        at: When::new(run.created_at, now),
    }
}

fn filters(seen: &Seen, filter: &Filter, counts: &[RunCount]) -> Filters {
    let words = |standing: Standing| match standing {
        Standing::Waiting => "Waiting for confirmation",
        Standing::UnderWay => "Under way",
        Standing::Completed => "Completed",
        Standing::Failed => "Failed",
        Standing::Cancelled => "Cancelled",
        Standing::RolledBack => "Rolled back",
    };
    let count = |standing| {
        let of = counts.iter().filter(|count| count.standing == standing);
        of.map(|count| count.runs).sum::<i64>()
    };
    let mut standing = vec![Choice::new("", "Any state", filter.standing.is_none())];
    standing.extend(Standing::ALL.into_iter().map(|s| {
        let says = format!("{} ({})", words(s), count(s));
        Choice::new(s.as_str(), says, filter.standing == Some(s))
    }));
    let mut repository = vec![Choice::new(
        "",
        "Any repository",
        filter.repository.is_none(),
    )];
    repository.extend(seen.repositories.iter().map(|r| {
        let is_it = filter.repository == Some(r.id);
        Choice::new(r.id.to_string(), r.name.name.as_str(), is_it)
    }));
    Filters {
        standing,
        repository,
        requested_by: filter.requested_by.clone().unwrap_or_default(),
        are_set: *filter != Filter::default(),
    }
}

fn pager(home: &str, filter: &Filter, last: Option<&RunLine>) -> Pager {
    let link = |before: Option<&RunId>| {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if let Some(standing) = filter.standing {
            query.append_pair("state", standing.as_str());
        }
        if let Some(repository) = filter.repository {
            query.append_pair("repository", &repository.to_string());
        }
        if let Some(by) = &filter.requested_by {
            query.append_pair("by", by);
        }
        if let Some(before) = before {
            query.append_pair("before", before.as_str());
        }
        let query = query.finish();
        let mut href = home.to_owned();
        if !query.is_empty() {
            let _ = write!(href, "?{query}");
        }
        href.push_str("#runs");
        href
    };
    Pager {
        newest: filter.before.as_ref().map(|_| link(None)),
        older: last.map(|run| link(Some(&run.id))),
    }
}

fn repositories(
    seen: &Seen,
    home: &str,
    counts: &[RunCount],
    now: DateTime<Utc>,
) -> Vec<RepositoryLine> {
    seen.repositories
        .iter()
        .map(|repository| {
            let own = || counts.iter().filter(|c| c.repository == repository.id);
            let may_set =
                seen.level == Level::Admin || repository.role == crate::domain::policy::Role::Admin;
            RepositoryLine {
                name: repository.name.to_string(),
                runs_href: format!("{home}?repository={}#runs", repository.id),
                settings_href: may_set
                    .then(|| format!("{home}/repositories/{}/settings", repository.id)),
                private: repository.private,
                runs: own().map(|c| c.runs).sum(),
                last_at: own().map(|c| c.last_at).max().map(|at| When::new(at, now)),
            }
        })
        .collect()
}
