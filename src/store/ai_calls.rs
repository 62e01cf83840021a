//! Table `ai_calls`: each question to a model, stored before it is sent, with what it cost.

use chrono::{DateTime, Datelike, NaiveDate, TimeZone, Utc};
use sqlx::postgres::PgRow;
use sqlx::{PgExecutor, PgPool, Row};

use super::tenant;
use crate::domain::ids::{InstallationId, RunId};
use crate::domain::money::Money;

/// A question that is about to be sent, with what it is expected to take.
#[derive(Debug, Clone, Copy)]
pub struct NewCall<'a> {
    pub installation: InstallationId,
    pub run: &'a RunId,
    /// `count`, `issues`, `repair`, `missing` or `vary`.
    pub purpose: &'a str,
    pub provider: &'a str,
    pub model: &'a str,
    pub prompt_version: &'a str,
    /// With the tenant's own key.
    pub is_tenants: bool,
    pub expected: Spent,
    /// The date of the table that the price is from.
    pub priced_as_of: Option<NaiveDate>,
}

/// Tokens, and what they cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spent {
    pub tokens_in: u64,
    pub tokens_out: u64,
    /// `None`: no price is known.
    pub cost: Option<Money>,
}

/// What several questions came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Total {
    /// Answered, or sent and not heard of again.
    pub calls: u64,
    /// `cost` is that of the calls whose price is known.
    pub spent: Spent,
    /// Whether some calls have no known price.
    pub is_partly_unpriced: bool,
    /// `provider/model`, each once.
    pub models: Vec<String>,
    /// The date of the newest prices.
    pub priced_as_of: Option<NaiveDate>,
}

/// How a question was taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begun {
    Call(i64),
    /// It would be over the budget; so much is spent of it.
    OverBudget(Money),
    /// Nobody waits for the plan any more.
    RunIsOver,
}

/// The first moment of the UTC month.
pub fn month_of(now: DateTime<Utc>) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(now.year(), now.month(), 1, 0, 0, 0)
        .single()
        .expect("each month has a first day, and UTC no gaps")
}

/// Stores the question unless the run is over, or it would be over the budget of the month. What is under way on other replicas counts with
/// what is expected of it.
pub async fn begin(
    pool: &PgPool,
    call: &NewCall<'_>,
    budget: Option<Money>,
    now: DateTime<Utc>,
) -> sqlx::Result<Begun> {
    let mut tx = tenant::enter(pool, call.installation).await?;
    if let Some(budget) = budget {
        // Two questions at once must not both take the rest of a budget.
        sqlx::query("select pg_advisory_xact_lock(hashtextextended('ai_budget', $1))")
            .bind(call.installation.0)
            .execute(&mut *tx)
            .await?;
        let spent = sqlx::query(
            "select coalesce(sum(cost_nanos), 0)::bigint as spent from ai_calls
             where installation_id = $1 and at >= $2 and is_tenants = $3",
        )
        .bind(call.installation.0)
        .bind(month_of(now))
        .bind(call.is_tenants)
        .fetch_one(&mut *tx)
        .await?;
        let spent = Money {
            nanos: spent.try_get("spent")?,
        };
        if spent + call.expected.cost.unwrap_or_default() > budget {
            return Ok(Begun::OverBudget(spent));
        }
    }
    let inserted = sqlx::query(
        "insert into ai_calls (installation_id, run_id, purpose, provider, model, prompt_version, is_tenants, state,
                               tokens_in, tokens_out, is_estimate, cost_nanos, priced_as_of, at)
         select installation_id, id, $3, $4, $5, $6, $7, 'asked', $8, $9, true, $10, $11, $12 from runs
        
         where installation_id = $1 and id = $2 and status = 'running' and phase = 'planning' returning id",
    )
    .bind(call.installation.0)
    .bind(call.run.as_str())
    .bind(call.purpose)
    .bind(call.provider)
    .bind(call.model)
    .bind(call.prompt_version)
    .bind(call.is_tenants)
    .bind(whole(call.expected.tokens_in))
    .bind(whole(call.expected.tokens_out))
    .bind(call.expected.cost.map(|cost| cost.nanos))
    .bind(call.priced_as_of)
    .bind(now)
    .fetch_optional(&mut *tx)
    .await?;
    let Some(row) = inserted else {
        return Ok(Begun::RunIsOver);
    };
    tx.commit().await?;
    row.try_get("id").map(Begun::Call)
}

/// An answer came, and took this.
pub async fn settle(
    db: impl PgExecutor<'_>,
    installation: InstallationId,
    id: i64,
    spent: Spent,
    is_estimate: bool,
) -> sqlx::Result<()> {
    sqlx::query(
        "update ai_calls set state = 'answered', tokens_in = $2, tokens_out = $3, cost_nanos = $4, is_estimate = $5
         where id = $1 and installation_id = $6",
    )
    .bind(id)
    .bind(whole(spent.tokens_in))
    .bind(whole(spent.tokens_out))
    .bind(spent.cost.map(|cost| cost.nanos))
    .bind(is_estimate)
    .bind(installation.0)
    .execute(db)
    .await
    .map(drop)
}

/// No answer came. What was refused costs nothing; what nobody heard of again may well have been worked on, and
/// counts as expected.
pub async fn fail(
    db: impl PgExecutor<'_>,
    installation: InstallationId,
    id: i64,
    error: &str,
    may_cost: bool,
) -> sqlx::Result<()> {
    sqlx::query(
        "update ai_calls set state = 'failed', error = $2, tokens_in = case when $3 then tokens_in else 0 end,
             tokens_out = case when $3 then tokens_out else 0 end,
             cost_nanos = case when $3 then cost_nanos else 0 end
         where id = $1 and installation_id = $4",
    )
    .bind(id)
    .bind(error)
    .bind(may_cost)
    .bind(installation.0)
    .execute(db)
    .await
    .map(drop)
}

/// What a run's questions came to.
pub async fn total_of_run(
    db: impl PgExecutor<'_>,
    installation: InstallationId,
    run: &RunId,
) -> sqlx::Result<Total> {
    sqlx::query(
        "select count(*) filter (where tokens_in > 0) as calls, coalesce(sum(tokens_in), 0)::bigint as tokens_in,
             coalesce(sum(tokens_out), 0)::bigint as tokens_out, sum(cost_nanos)::bigint as cost,
             coalesce(bool_or(cost_nanos is null), false) as unpriced,
             coalesce(array_agg(distinct provider || '/' || model), '{}') as models,
             max(priced_as_of) as priced_as_of
         from ai_calls where installation_id = $1 and run_id = $2",
    )
    .bind(installation.0)
    .bind(run.as_str())
    .fetch_one(db)
    .await
    .and_then(|row| total(&row))
}

/// What a tenant's questions with the same key as the run's have cost since then.
pub async fn spent_since(
    db: impl PgExecutor<'_>,
    installation: InstallationId,
    run: &RunId,
    since: DateTime<Utc>,
) -> sqlx::Result<Money> {
    let row = sqlx::query(
        "select coalesce(sum(cost_nanos), 0)::bigint as spent from ai_calls
         where installation_id = $1 and at >= $3 and is_tenants = coalesce(
             (select is_tenants from ai_calls
         where installation_id = $1 and run_id = $2 order by id desc limit 1), false)",
    )
    .bind(installation.0)
    .bind(run.as_str())
    .bind(since)
    .fetch_one(db)
    .await?;
    Ok(Money {
        nanos: row.try_get("spent")?,
    })
}

/// What the operator's model has cost an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bill {
    pub account: String,
    pub spent: Money,
}

/// What the operator's model has cost each installation since then, the largest first.
pub async fn list_bills(db: impl PgExecutor<'_>, since: DateTime<Utc>) -> sqlx::Result<Vec<Bill>> {
    sqlx::query(
        "select coalesce(max(i.account_login), c.installation_id::text) as account,
                coalesce(sum(c.cost_nanos), 0)::bigint as spent
         from ai_calls c left join installations i on i.id = c.installation_id
         where c.at >= $1 and not c.is_tenants group by c.installation_id order by 2 desc, 1",
    )
    .bind(since)
    .try_map(|row: PgRow| {
        let nanos = row.try_get("spent")?;
        Ok(Bill {
            account: row.try_get("account")?,
            spent: Money { nanos },
        })
    })
    .fetch_all(db)
    .await
}

/// Forgets what is older, at most so many; says how many went.
pub async fn delete_before(
    db: impl PgExecutor<'_>,
    cutoff: DateTime<Utc>,
    most: i64,
) -> sqlx::Result<u64> {
    sqlx::query("delete from ai_calls where id in (select id from ai_calls where at < $1 order by at limit $2)")
        .bind(cutoff)
        .bind(most)
        .execute(db)
        .await
        .map(|done| done.rows_affected())
}

fn total(row: &PgRow) -> sqlx::Result<Total> {
    let count = |name: &str| {
        row.try_get::<i64, _>(name)
            .map(|n| u64::try_from(n).unwrap_or_default())
    };
    let cost: Option<i64> = row.try_get("cost")?;
    Ok(Total {
        calls: count("calls")?,
        spent: Spent {
            tokens_in: count("tokens_in")?,
            tokens_out: count("tokens_out")?,
            cost: cost.map(|nanos| Money { nanos }),
        },
        is_partly_unpriced: row.try_get("unpriced")?,
        models: row.try_get("models")?,
        priced_as_of: row.try_get("priced_as_of")?,
    })
}

fn whole(tokens: u64) -> i64 {
    i64::try_from(tokens).unwrap_or(i64::MAX)
}
