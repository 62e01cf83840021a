//! The wall: statements for which PostgreSQL shows the rows of one installation and no others.

use futures_util::future::BoxFuture;
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt as _, StreamExt as _, TryFutureExt as _, TryStreamExt as _};
use sqlx::postgres::{PgQueryResult, PgRow, PgStatement, PgTypeInfo};
use sqlx::{
    AssertSqlSafe, Describe, Either, Execute, Executor, PgPool, PgTransaction, Postgres,
    SqlSafeStr as _, SqlStr,
};

use super::transaction;
use crate::domain::ids::InstallationId;

/// Begins a transaction for one tenant. A statement in it that forgot its `where installation_id` still sees nothing of
/// anybody else, and a row for another tenant cannot be written. Tenants may read everything that is theirs, and write
/// what the migrations grant; the role ends with the transaction, so that the connection goes back as it came.
pub async fn enter(
    pool: &PgPool,
    installation: InstallationId,
) -> sqlx::Result<PgTransaction<'static>> {
    // One way there and back for both. The transaction begins with the message and `begin` keeps it open: were it the
    // other way round, a refusal to enter would leave it open. A number needs no quotes.
    let entered = format!("select enter_tenant({}); begin", installation.0);
    transaction::begin_with(pool, AssertSqlSafe(entered).into_sql_str()).await
}

/// Runs each statement in a transaction of its own for one tenant.
#[derive(Debug, Clone, Copy)]
pub struct Walled<'p> {
    pool: &'p PgPool,
    installation: InstallationId,
}

impl<'p> Walled<'p> {
    /// For statements of this installation.
    #[must_use]
    pub fn new(pool: &'p PgPool, installation: InstallationId) -> Self {
        Self { pool, installation }
    }
}

impl<'p> Executor<'p> for Walled<'p> {
    type Database = Postgres;

    fn fetch_many<'e, 'q: 'e, E>(
        self,
        query: E,
    ) -> BoxStream<'e, sqlx::Result<Either<PgQueryResult, PgRow>>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        async move {
            let mut tx = enter(self.pool, self.installation).await?;
            let steps: Vec<_> = tx.fetch_many(query).try_collect().await?;
            tx.commit().await?;
            Ok(stream::iter(steps.into_iter().map(Ok)))
        }
        .try_flatten_stream()
        .boxed()
    }

    fn fetch_optional<'e, 'q: 'e, E>(self, query: E) -> BoxFuture<'e, sqlx::Result<Option<PgRow>>>
    where
        'p: 'e,
        E: 'q + Execute<'q, Postgres>,
    {
        async move {
            let mut tx = enter(self.pool, self.installation).await?;
            let row = tx.fetch_optional(query).await?;
            tx.commit().await?;
            Ok(row)
        }
        .boxed()
    }

    fn prepare_with<'e>(
        self,
        sql: SqlStr,
        parameters: &'e [PgTypeInfo],
    ) -> BoxFuture<'e, sqlx::Result<PgStatement>>
    where
        'p: 'e,
    {
        self.pool.prepare_with(sql, parameters)
    }

    fn describe<'e>(self, sql: SqlStr) -> BoxFuture<'e, sqlx::Result<Describe<Postgres>>>
    where
        'p: 'e,
    {
        self.pool.describe(sql)
    }
}
