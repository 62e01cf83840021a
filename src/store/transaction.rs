//! Begins transactions in such a way that a caller who goes away meanwhile leaves none behind.

use std::panic;

use sqlx::{PgPool, PgTransaction, SqlSafeStr as _, SqlStr, Transaction};
use tracing::Instrument as _;

/// Begins a transaction that reaches every tenant's rows; for one tenant there is [`tenant::enter`](super::tenant::enter).
pub async fn begin(pool: &PgPool) -> sqlx::Result<PgTransaction<'static>> {
    begin_with(pool, "begin".into_sql_str()).await
}

/// Begins a transaction by this statement, which must leave one open or fail with none.
///
/// `PgPool::begin` of sqlx 0.9.0 forgets the transaction when it is dropped while the database answers, as happens
/// whenever a browser hangs up: the connection goes back into the pool with the transaction open, and whoever is given
/// it next writes into that one, as that one's role. So the answer is waited for here whatever becomes of the caller,
/// and the transaction of a caller who is gone is dropped, and rolled back, like any other.
pub(super) async fn begin_with(
    pool: &PgPool,
    statement: SqlStr,
) -> sqlx::Result<PgTransaction<'static>> {
    let connection = pool.acquire().await?;
    let begun = Transaction::begin(connection, Some(statement)).in_current_span();
    match tokio::spawn(begun).await {
        Ok(begun) => begun,
        Err(failed) => match failed.try_into_panic() {
            Ok(panicked) => panic::resume_unwind(panicked),
            // The runtime is shutting down.
            Err(_) => Err(sqlx::Error::PoolClosed),
        },
    }
}
