//! The wall between tenants, in the database itself: what a statement sees that forgot to say for whom it asks.

use openproducer::domain::ids::InstallationId;
use openproducer::store::{self, PoolSettings, tenant};
use sqlx::{AssertSqlSafe, PgPool};
use url::Url;

use crate::harness::database::TestDatabase;

mod api;
mod beside;
mod pages;
mod statements;
mod tenants;

const ACME: InstallationId = InstallationId(1);

/// Two tenants with a row each in what matters most.
async fn two_tenants(pool: &PgPool) {
    for tenant in [1, 2] {
        for sql in [
            "insert into installations (id, account_id, account_login, account_type, created_at, updated_at)
             values ($1, $1, 'tenant' || $1, 'Organization', now(), now())",
            "insert into repositories (id, installation_id, owner, name, updated_at)
             values ($1 * 10, $1, 'tenant' || $1, 'shop', now())",
            "insert into settings (installation_id, version, document, changed_by, changed_at)
             values ($1, 1, '{}', 'olivia', now())",
            "insert into runs (id, installation_id, repository_id, issue_number, issue_id, cause, requested_by,
                               requested_by_id, status, request, created_at, updated_at)
             values ('run_20260101_000000_aaaaaaa' || $1, $1, $1 * 10, 1, $1, 'issue:1', 'olivia', 1, 'pending', '{}',
                     now(), now())",
            "insert into planned_issues (run_id, position, installation_id, repository_id, document, fingerprint, state)
             values ('run_20260101_000000_aaaaaaa' || $1, 1, $1, $1 * 10, '{}', '', 'created')",
            "insert into created_issues (run_id, position, installation_id, repository_id, issue_id, number, url,
                                         fingerprints, created_at)
             values ('run_20260101_000000_aaaaaaa' || $1, 1, $1, $1 * 10, $1, 1, '', '{}', now())",
            "insert into issue_links (run_id, position, kind, target, installation_id, state)
             values ('run_20260101_000000_aaaaaaa' || $1, 1, 'sub_issue', 0, $1, 'planned')",
            "insert into issue_edits (run_id, position, installation_id, deed, of_run, of_position, seen_title, seen_body,
                                      our_title, our_body, new_title, new_body)
             values ('run_20260101_000000_aaaaaaa' || $1, 1, $1, 'change', 'run_20260101_000000_aaaaaaa' || $1, 1,
                     '', '', '', '', '', '')",
            "insert into bot_comments (cause, installation_id, repository_id, issue_number, intended_at)
             values ('run:1', $1, $1 * 10, 1, now())",
            "insert into audit_events (installation_id, actor, action, at) values ($1, 'olivia', 'confirm', now())",
            "insert into content_requests (installation_id, at) values ($1, now())",
            "insert into acknowledgements (repository_id, cause, installation_id, at) values ($1 * 10, 'x', $1, now())",
            "insert into deliveries (guid, event, installation_id, body, body_bytes) values ('g' || $1, 'issues', $1, '', 0)",
            "insert into redeliveries (guid, installation_id, event, delivery_id, failed_at, attempted_at, status, state, next_at)
             values ('g' || $1, $1, 'issues', $1, now(), now(), '', 'waiting', now())",
            "insert into ai_keys (installation_id, provider, origin, sealed, hint, set_by, set_at)
             values ($1, 'OPENAI', '', '', '', 'olivia', now())",
            "insert into ai_calls (installation_id, run_id, purpose, provider, model, prompt_version, is_tenants, state,
                                   tokens_in, tokens_out, is_estimate, at)
             values ($1, 'run_20260101_000000_aaaaaaa' || $1, 'count', 'OPENAI', 'x', '1', false, 'asked', 1, 1, true, now())",
            "insert into api_tokens (installation_id, name, hash, hint, scopes, made_by, made_by_id, made_at)
             values ($1, 'ci', sha256(($1::text)::bytea), '', '{}', 'olivia', 1, now())",
        ] {
            sqlx::query(AssertSqlSafe(sql.replace("$1", &tenant.to_string())))
                .execute(pool)
                .await
                .unwrap_or_else(|error| panic!("{sql}: {error}"));
        }
    }
}

/// Every table that says whose its rows are, and by which column.
async fn tables_of_tenants(pool: &PgPool) -> Vec<(String, String)> {
    let mut tables: Vec<(String, String)> = sqlx::query_as(
        "select table_name::text, column_name::text from information_schema.columns
         where table_schema = 'public' and column_name = 'installation_id' order by 1",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    tables.push(("installations".to_owned(), "id".to_owned()));
    tables
}

async fn count(db: impl sqlx::PgExecutor<'_>, table: &str) -> i64 {
    sqlx::query_scalar(AssertSqlSafe(format!("select count(*) from {table}")))
        .fetch_one(db)
        .await
        .unwrap_or_else(|error| panic!("{table}: {error}"))
}

async fn holds(pool: &PgPool) {
    two_tenants(pool).await;
    let tables = tables_of_tenants(pool).await;
    let mut empty = Vec::new();
    for (table, column) in &tables {
        let mut tx = tenant::enter(pool, ACME).await.unwrap();
        let others: i64 = sqlx::query_scalar(AssertSqlSafe(format!(
            "select count(*) from {table} where {column} is distinct from 1"
        )))
        .fetch_one(&mut *tx)
        .await
        .unwrap_or_else(|error| panic!("{table}: {error}"));
        assert_eq!(others, 0, "{table} shows another tenant's rows");
        let own = count(&mut *tx, table).await;
        tx.rollback().await.unwrap();
        match count(pool, table).await {
            0 => empty.push(table.as_str()),
            all => assert_eq!((own, all), (1, 2), "{table}"),
        }
    }
    assert_eq!(
        empty, [""; 0],
        "no rows to hide: the test says nothing of these"
    );
}

#[tokio::test]
async fn what_forgot_its_where_sees_one_tenant_only() {
    let database = TestDatabase::create().await;
    holds(database.pool()).await;
}

#[tokio::test]
async fn every_table_of_tenants_stands_behind_the_wall() {
    let database = TestDatabase::create().await;
    for (table, _) in tables_of_tenants(database.pool()).await {
        let walled: bool = sqlx::query_scalar(
            "select relrowsecurity and exists (select from pg_policy where polrelid = c.oid and polname = 'wall')
             from pg_class c where c.oid = $1::regclass",
        )
        .bind(&table)
        .fetch_one(database.pool())
        .await
        .unwrap();
        assert!(
            walled,
            "{table}: its migration must call wall_off('{table}')"
        );
    }
}

#[tokio::test]
async fn nothing_is_written_for_another_tenant() {
    let database = TestDatabase::create().await;
    two_tenants(database.pool()).await;
    for (sql, works) in [
        (
            "insert into settings (installation_id, version, document, changed_by, changed_at) values (1, 2, '{}', 'x', now())",
            true,
        ),
        (
            "insert into settings (installation_id, version, document, changed_by, changed_at) values (2, 2, '{}', 'x', now())",
            false,
        ),
        (
            "insert into audit_events (installation_id, actor, action, at) values (2, 'x', 'x', now())",
            false,
        ),
        (
            "update api_tokens set name = 'mine', installation_id = 2",
            false,
        ),
        ("delete from audit_events", false),
        ("select * from _sqlx_migrations", false),
        ("select * from graphile_worker.jobs", false),
    ] {
        let mut tx = tenant::enter(database.pool(), ACME).await.unwrap();
        let done = sqlx::query(sql).execute(&mut *tx).await;
        assert_eq!(done.is_ok(), works, "{sql}: {done:?}");
    }
    let mut tx = tenant::enter(database.pool(), ACME).await.unwrap();
    let renamed = sqlx::query("update api_tokens set name = 'mine'")
        .execute(&mut *tx)
        .await;
    assert_eq!(
        renamed.unwrap().rows_affected(),
        1,
        "its own, though it said no `where`"
    );
}

#[tokio::test]
async fn a_connection_goes_back_without_its_tenant() {
    let database = TestDatabase::create().await;
    let mut settings = PoolSettings::named("one connection");
    settings.max_connections = 1;
    let pool = store::connect(database.url(), &settings).await.unwrap();
    two_tenants(&pool).await;
    for ending in ["commit", "rollback", "dropped", "failed"] {
        let mut tx = tenant::enter(&pool, ACME).await.unwrap();
        assert_eq!(count(&mut *tx, "runs").await, 1);
        match ending {
            "commit" => tx.commit().await.unwrap(),
            "rollback" => tx.rollback().await.unwrap(),
            "failed" => {
                sqlx::query("select 1 / 0")
                    .execute(&mut *tx)
                    .await
                    .unwrap_err();
                drop(tx);
            }
            _ => drop(tx),
        }
        assert_eq!(count(&pool, "runs").await, 2, "{ending}");
    }
    let mut tx = store::begin(&pool).await.unwrap();
    sqlx::query("set local role openproducer_tenant")
        .execute(&mut *tx)
        .await
        .unwrap();
    assert_eq!(
        count(&mut *tx, "runs").await,
        0,
        "a tenant's statement that names none"
    );
}

#[tokio::test]
async fn a_run_and_what_hangs_on_it_have_one_tenant() {
    let database = TestDatabase::create().await;
    two_tenants(database.pool()).await;
    let refused = sqlx::query(
        "insert into planned_issues (run_id, position, installation_id, repository_id, document, fingerprint, state)
         values ('run_20260101_000000_aaaaaaa1', 2, 2, 20, '{}', '', 'planned')",
    )
    .execute(database.pool())
    .await
    .unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("planned_issues_of_tenants_run"),
        "{refused}"
    );
}

#[tokio::test]
async fn an_owner_who_may_make_no_role_is_bound_as_well() {
    let database = TestDatabase::create_empty().await;
    let name = format!("op_owner_{}", uuid::Uuid::now_v7().simple());
    let database_name = Url::parse(database.url()).unwrap().path()[1..].to_owned();
    for sql in [
        format!("create role {name} login"),
        format!("alter database {database_name} owner to {name}"),
        format!("alter schema public owner to {name}"),
    ] {
        sqlx::query(AssertSqlSafe(sql))
            .execute(database.pool())
            .await
            .unwrap();
    }
    let mut url = Url::parse(database.url()).unwrap();
    url.set_username(&name).unwrap();
    let pool = store::connect(url.as_str(), &PoolSettings::named("limited"))
        .await
        .unwrap();
    store::migrate(&pool).await.unwrap();
    let role: Option<String> = sqlx::query_scalar("select wall_role()")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(role, None);
    holds(&pool).await;
    pool.close().await;
    for sql in [
        format!("reassign owned by {name} to postgres"),
        format!("drop owned by {name}"),
        format!("drop role {name}"),
    ] {
        sqlx::query(AssertSqlSafe(sql))
            .execute(database.pool())
            .await
            .unwrap();
    }
}
