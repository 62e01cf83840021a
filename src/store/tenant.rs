//! The wall: transactions in which PostgreSQL shows the rows of one installation and no others.

use sqlx::{PgPool, PgTransaction};

use crate::domain::ids::InstallationId;

/// Begins a transaction for one tenant. A statement in it that forgot its `where installation_id` still sees nothing of
/// anybody else, and a row for another tenant cannot be written. Tenants may read everything that is theirs, and write
/// what migration 0008 grants; the role ends with the transaction, so that the connection goes back as it came.
pub async fn enter(
    pool: &PgPool,
    installation: InstallationId,
) -> sqlx::Result<PgTransaction<'static>> {
    let mut tx = pool.begin().await?;
    sqlx::query("select enter_tenant($1)")
        .bind(installation.0)
        .execute(&mut *tx)
        .await?;
    Ok(tx)
}
