//! Table `marketplace_accounts`: what each account has bought on the Marketplace.

use chrono::{DateTime, Utc};
use sqlx::postgres::PgRow;
use sqlx::{PgExecutor, Row};

use crate::domain::event::MarketplacePurchase;
use crate::domain::ids::UserId;

/// What was said of an account's plan, and when.
#[derive(Debug, Clone, Copy)]
pub struct Said<'a> {
    pub account: UserId,
    pub login: &'a str,
    /// `User` or `Organization`.
    pub kind: &'a str,
    pub purchase: &'a MarketplacePurchase,
    /// From when on it holds.
    pub effective_at: DateTime<Utc>,
    /// When the delivery came in.
    pub heard_at: DateTime<Utc>,
}

/// A row, as far as anybody asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarketplaceAccount {
    pub login: String,
    /// False: it has cancelled.
    pub is_active: bool,
    pub plan_id: i64,
    pub plan_name: String,
    pub billing_cycle: Option<String>,
    pub unit_count: Option<i64>,
    pub effective_at: DateTime<Utc>,
    /// What the plan will be, and from when on.
    pub pending: Option<(String, DateTime<Utc>)>,
}

/// Stores what the account has (or has given up) from a moment on, unless something later is known. What was pending
/// until then has come to pass; whoever cancels has nothing pending. Answers whether it was news.
pub async fn set_plan(
    db: impl PgExecutor<'_>,
    said: Said<'_>,
    is_active: bool,
    now: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "insert into marketplace_accounts as m
             (account_id, account_login, account_type, state, plan_id, plan_name, billing_cycle, unit_count,
              on_free_trial, free_trial_ends_at, next_billing_at, effective_at, heard_at, updated_at)
         values ($1, $2, $3, case when $4 then 'active' else 'cancelled' end, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
         on conflict (account_id) do update set
             account_login = $2, account_type = $3, state = excluded.state, plan_id = $5, plan_name = $6,
             billing_cycle = $7, unit_count = $8, on_free_trial = $9, free_trial_ends_at = $10, next_billing_at = $11,
             effective_at = $12, heard_at = $13, updated_at = $14,
             pending_plan_id = case when m.pending_effective_at > $12 and $4 then m.pending_plan_id end,
             pending_plan_name = case when m.pending_effective_at > $12 and $4 then m.pending_plan_name end,
             pending_unit_count = case when m.pending_effective_at > $12 and $4 then m.pending_unit_count end,
             pending_cycle = case when m.pending_effective_at > $12 and $4 then m.pending_cycle end,
             pending_effective_at = case when m.pending_effective_at > $12 and $4 then m.pending_effective_at end
         where (m.effective_at, m.heard_at) <= ($12, $13)",
    )
    .bind(said.account.0)
    .bind(said.login)
    .bind(said.kind)
    .bind(is_active)
    .bind(said.purchase.plan.id)
    .bind(&said.purchase.plan.name)
    .bind(&said.purchase.billing_cycle)
    .bind(said.purchase.unit_count)
    .bind(said.purchase.on_free_trial)
    .bind(said.purchase.free_trial_ends_at)
    .bind(said.purchase.next_billing_at)
    .bind(said.effective_at)
    .bind(said.heard_at)
    .bind(now)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Stores what the account will have from a moment on, unless that moment is known to be over. The account must be
/// known. Answers whether it was news.
pub async fn set_pending(db: impl PgExecutor<'_>, said: Said<'_>) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "update marketplace_accounts set pending_plan_id = $2, pending_plan_name = $3, pending_unit_count = $4,
                pending_cycle = $5, pending_effective_at = $6, pending_heard_at = $7
         where account_id = $1 and effective_at < $6 and coalesce(pending_heard_at <= $7, true)",
    )
    .bind(said.account.0)
    .bind(said.purchase.plan.id)
    .bind(&said.purchase.plan.name)
    .bind(said.purchase.unit_count)
    .bind(&said.purchase.billing_cycle)
    .bind(said.effective_at)
    .bind(said.heard_at)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Nothing is pending any more. Answers whether it was news.
pub async fn clear_pending(
    db: impl PgExecutor<'_>,
    account: UserId,
    heard_at: DateTime<Utc>,
) -> sqlx::Result<bool> {
    let done = sqlx::query(
        "update marketplace_accounts set pending_plan_id = null, pending_plan_name = null, pending_unit_count = null,
                pending_cycle = null, pending_effective_at = null, pending_heard_at = $2
         where account_id = $1 and coalesce(pending_heard_at <= $2, true)",
    )
    .bind(account.0)
    .bind(heard_at)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What the account has; `None`: it never bought anything.
pub async fn find(
    db: impl PgExecutor<'_>,
    account: UserId,
) -> sqlx::Result<Option<MarketplaceAccount>> {
    sqlx::query(
        "select account_login, state = 'active' as is_active, plan_id, plan_name, billing_cycle, unit_count,
                effective_at, pending_plan_name, pending_effective_at
         from marketplace_accounts where account_id = $1",
    )
    .bind(account.0)
    .try_map(|row: PgRow| {
        let (plan, at) = (
            row.try_get::<Option<String>, _>("pending_plan_name")?,
            row.try_get::<Option<DateTime<Utc>>, _>("pending_effective_at")?,
        );
        Ok(MarketplaceAccount {
            login: row.try_get("account_login")?,
            is_active: row.try_get("is_active")?,
            plan_id: row.try_get("plan_id")?,
            plan_name: row.try_get("plan_name")?,
            billing_cycle: row.try_get("billing_cycle")?,
            unit_count: row.try_get("unit_count")?,
            effective_at: row.try_get("effective_at")?,
            pending: plan.zip(at),
        })
    })
    .fetch_optional(db)
    .await
}
