//! Reads for pages, over several tables: an installation's runs, what they made and cost, and how it is doing. Every one is
//! within an installation and what the person who looks may see of it.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::postgres::PgRow;
use sqlx::{PgExecutor, Row};

use crate::domain::ids::{InstallationId, IssueNumber, RepositoryId, RepositoryName, RunId};
use crate::domain::money::Money;
use crate::domain::run::State;

/// What somebody may see of an installation.
#[derive(Debug, Clone)]
pub struct Sight {
    pub installation: InstallationId,
    pub repositories: Vec<RepositoryId>,
}

impl Sight {
    fn ids(&self) -> Vec<i64> {
        self.repositories.iter().map(|id| id.0).collect()
    }
}

/// Which runs are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    pub standing: Option<Standing>,
    pub repository: Option<RepositoryId>,
    /// The login of who asked.
    pub requested_by: Option<String>,
    /// Only runs asked for before this one.
    pub before: Option<RunId>,
}

/// What people tell runs apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Somebody has to confirm.
    Waiting,
    /// Goes on by itself.
    UnderWay,
    Completed,
    Failed,
    Cancelled,
    RolledBack,
}

impl Standing {
    pub const ALL: [Self; 6] = [
        Self::Waiting,
        Self::UnderWay,
        Self::Completed,
        Self::Failed,
        Self::Cancelled,
        Self::RolledBack,
    ];

    /// The name in addresses and SQL.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::UnderWay => "under_way",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::RolledBack => "rolled_back",
        }
    }

    /// Reads what [`Self::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == text)
    }
}

/// A run as a line of a list.
#[derive(Debug, Clone)]
pub struct RunLine {
    pub id: RunId,
    pub repository: RepositoryId,
    pub name: RepositoryName,
    pub issue: IssueNumber,
    /// The trigger issue's title when it was asked.
    pub title: String,
    pub requested_by: String,
    pub state: State,
    pub created_at: DateTime<Utc>,
    pub finished_at: Option<DateTime<Utc>>,
    /// Planned issues, those that were dropped left out; of a sync those that it is about.
    pub planned: i64,
    /// On GitHub, whatever became of them there.
    pub existing: i64,
}

/// Runs, newest first.
pub async fn list_runs(
    db: impl PgExecutor<'_>,
    sight: &Sight,
    filter: &Filter,
    limit: i64,
) -> sqlx::Result<Vec<RunLine>> {
    sqlx::query(
        "select r.id, r.repository_id, home.owner, home.name, r.issue_number, r.request ->> 'title' as title,
                r.requested_by, r.status, r.phase, r.created_at, r.finished_at, items.planned, items.existing
         from runs r join repositories home on home.id = r.repository_id
         cross join lateral (
             select count(*) filter (where state <> 'dropped' and (state <> 'skipped' or r.syncs is null)) as planned,
                    count(*) filter (where state in ('created', 'closed', 'left', 'changed', 'undone')) as existing
             from planned_issues i where i.run_id = r.id and i.installation_id = $1) items
         where r.installation_id = $1 and r.repository_id = any($2)
           and ($3::bigint is null or r.repository_id = $3)
           and ($4::text is null or lower(r.requested_by) = lower($4))
           and ($5::text is null or case $5
                    when 'waiting' then r.phase = 'awaiting_confirmation'
                    when 'under_way' then r.status = 'pending' or (r.status = 'running' and r.phase <> 'awaiting_confirmation')
                    else r.status = $5 end)
           and ($6::text is null or (r.created_at, r.id) <
                    (select b.created_at, b.id from runs b where b.id = $6 and b.installation_id = $1))
         order by r.created_at desc, r.id desc limit $7",
    )
    .bind(sight.installation.0)
    .bind(sight.ids())
    .bind(filter.repository.map(|id| id.0))
    .bind(filter.requested_by.as_deref())
    .bind(filter.standing.map(Standing::as_str))
    .bind(filter.before.as_ref().map(RunId::as_str))
    .bind(limit)
    .try_map(line_from_row)
    .fetch_all(db)
    .await
}

#[expect(clippy::needless_pass_by_value, reason = "the shape try_map asks for")]
fn line_from_row(row: PgRow) -> sqlx::Result<RunLine> {
    let unreadable = |what: &str| sqlx::Error::Decode(format!("unreadable {what} in runs").into());
    let id: String = row.try_get("id")?;
    let (status, phase): (String, Option<String>) = (row.try_get("status")?, row.try_get("phase")?);
    Ok(RunLine {
        id: RunId::parse(&id).ok_or_else(|| unreadable("id"))?,
        repository: RepositoryId(row.try_get("repository_id")?),
        name: RepositoryName {
            owner: row.try_get("owner")?,
            name: row.try_get("name")?,
        },
        issue: IssueNumber(row.try_get("issue_number")?),
        title: row
            .try_get::<Option<String>, _>("title")?
            .unwrap_or_default(),
        requested_by: row.try_get("requested_by")?,
        state: State::parse(&status, phase.as_deref()).ok_or_else(|| unreadable("state"))?,
        created_at: row.try_get("created_at")?,
        finished_at: row.try_get("finished_at")?,
        planned: row.try_get("planned")?,
        existing: row.try_get("existing")?,
    })
}

/// How many runs are in which standing, and in which repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunCount {
    pub repository: RepositoryId,
    pub standing: Standing,
    pub runs: i64,
    pub last_at: DateTime<Utc>,
}

/// Counts the runs of each repository by standing.
pub async fn count_runs(db: impl PgExecutor<'_>, sight: &Sight) -> sqlx::Result<Vec<RunCount>> {
    sqlx::query(
        "select repository_id, max(created_at) as last_at, count(*) as runs,
                case when phase = 'awaiting_confirmation' then 'waiting'
                     when status in ('pending', 'running') then 'under_way' else status end as standing
         from runs where installation_id = $1 and repository_id = any($2) group by repository_id, standing",
    )
    .bind(sight.installation.0)
    .bind(sight.ids())
    .try_map(|row: PgRow| {
        let standing: String = row.try_get("standing")?;
        Ok(RunCount {
            repository: RepositoryId(row.try_get("repository_id")?),
            standing: Standing::parse(&standing)
                .ok_or_else(|| sqlx::Error::Decode("unreadable status in runs".into()))?,
            runs: row.try_get("runs")?,
            last_at: row.try_get("last_at")?,
        })
    })
    .fetch_all(db)
    .await
}

/// How many issues were created on which day (UTC); days without any are left out.
pub async fn created_by_day(
    db: impl PgExecutor<'_>,
    sight: &Sight,
    since: DateTime<Utc>,
) -> sqlx::Result<Vec<(NaiveDate, i64)>> {
    sqlx::query(
        "select (c.created_at at time zone 'UTC')::date as day, count(*) as issues
         from created_issues c join runs r on r.id = c.run_id and r.installation_id = $1
         where c.installation_id = $1 and r.repository_id = any($2) and c.created_at >= $3
         group by day order by day",
    )
    .bind(sight.installation.0)
    .bind(sight.ids())
    .bind(since)
    .try_map(|row: PgRow| Ok((row.try_get("day")?, row.try_get("issues")?)))
    .fetch_all(db)
    .await
}

/// What models cost on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CostOfDay {
    pub day: NaiveDate,
    /// Of the calls whose price is known.
    pub cost: Money,
    pub calls: i64,
    /// Calls of models whose price is not known.
    pub unpriced: i64,
}

/// What models cost by day (UTC); days without a call are left out.
pub async fn cost_by_day(
    db: impl PgExecutor<'_>,
    sight: &Sight,
    since: DateTime<Utc>,
) -> sqlx::Result<Vec<CostOfDay>> {
    sqlx::query(
        "select (a.at at time zone 'UTC')::date as day, coalesce(sum(a.cost_nanos), 0)::bigint as nanos, count(*) as calls,
                count(*) filter (where a.cost_nanos is null) as unpriced
         from ai_calls a join runs r on r.id = a.run_id and r.installation_id = $1
         where a.installation_id = $1 and r.repository_id = any($2) and a.at >= $3
           and (a.tokens_in > 0 or a.cost_nanos > 0)
         group by day order by day",
    )
    .bind(sight.installation.0)
    .bind(sight.ids())
    .bind(since)
    .try_map(|row: PgRow| {
        Ok(CostOfDay {
            day: row.try_get("day")?,
            cost: Money {
                nanos: row.try_get("nanos")?,
            },
            calls: row.try_get("calls")?,
            unpriced: row.try_get("unpriced")?,
        })
    })
    .fetch_all(db)
    .await
}

/// How GitHub reaches us on behalf of an installation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Health {
    /// The newest webhook that concerned us.
    pub last_delivery: Option<DateTime<Utc>>,
    /// Deliveries that gave up here.
    pub failed: i64,
    /// Lost ones that are being asked for again.
    pub waiting: i64,
    /// Lost ones that came after all, within what is kept.
    pub recovered: i64,
    pub given_up: i64,
    /// Requests sent that GitHub counts as content, within the hour.
    pub content_this_hour: i64,
    pub suspended: bool,
    pub removed: bool,
}

/// How the installation is doing.
pub async fn health(
    db: impl PgExecutor<'_>,
    sight: &Sight,
    now: DateTime<Utc>,
) -> sqlx::Result<Health> {
    sqlx::query(
        "select (select max(received_at) from deliveries
                 where installation_id = $1 and (repository_id is null or repository_id = any($2))) as last_delivery,
                (select count(*) from deliveries where installation_id = $1 and state = 'failed'
                   and (repository_id is null or repository_id = any($2))) as failed,
                count(*) filter (where state = 'waiting') as waiting,
                count(*) filter (where state = 'recovered') as recovered,
                count(*) filter (where state = 'given_up') as given_up,
                (select count(*) from content_requests
                 where installation_id = $1 and at > $3::timestamptz - interval '1 hour') as content_this_hour,
                (select suspended_at is not null from installations where id = $1) as suspended,
                (select removed_at is not null from installations where id = $1) as removed
         from redeliveries where installation_id = $1",
    )
    .bind(sight.installation.0)
    .bind(sight.ids())
    .bind(now)
    .try_map(|row: PgRow| {
        Ok(Health {
            last_delivery: row.try_get("last_delivery")?,
            failed: row.try_get("failed")?,
            waiting: row.try_get("waiting")?,
            recovered: row.try_get("recovered")?,
            given_up: row.try_get("given_up")?,
            content_this_hour: row.try_get("content_this_hour")?,
            suspended: row.try_get::<Option<bool>, _>("suspended")?.unwrap_or_default(),
            removed: row.try_get::<Option<bool>, _>("removed")?.unwrap_or_default(),
        })
    })
    .fetch_one(db)
    .await
}

/// How many requests that GitHub counts as content were sent for an installation since then.
pub async fn content_since(
    db: impl PgExecutor<'_>,
    installation: InstallationId,
    since: DateTime<Utc>,
) -> sqlx::Result<i64> {
    sqlx::query(
        "select count(*) as sent from content_requests where installation_id = $1 and at > $2",
    )
    .bind(installation.0)
    .bind(since)
    .fetch_one(db)
    .await?
    .try_get("sent")
}

/// What models have cost an installation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spending {
    pub calls: i64,
    /// Of the calls whose price is known.
    pub cost: Money,
    pub unpriced: i64,
}

/// What the installation's questions have come to since then, with its own key or the operator's.
pub async fn spending(
    db: impl PgExecutor<'_>,
    installation: InstallationId,
    is_tenants: bool,
    since: DateTime<Utc>,
) -> sqlx::Result<Spending> {
    sqlx::query(
        "select count(*) as calls, coalesce(sum(cost_nanos), 0)::bigint as nanos,
                count(*) filter (where cost_nanos is null) as unpriced
         from ai_calls where installation_id = $1 and is_tenants = $2 and at >= $3 and (tokens_in > 0 or cost_nanos > 0)",
    )
    .bind(installation.0)
    .bind(is_tenants)
    .bind(since)
    .try_map(|row: PgRow| {
        Ok(Spending {
            calls: row.try_get("calls")?,
            cost: Money {
                nanos: row.try_get("nanos")?,
            },
            unpriced: row.try_get("unpriced")?,
        })
    })
    .fetch_one(db)
    .await
}
