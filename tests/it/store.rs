//! The pool and the migrations on a real PostgreSQL.

use openproducer::domain::ids::InstallationId;
use openproducer::store::{self, tenant};
use sqlx::{PgPool, Row as _};

use crate::harness::database::TestDatabase;
use crate::harness::leaving::leave_at_wait;

#[tokio::test]
async fn migrating_twice_changes_nothing_the_second_time() {
    let database = TestDatabase::create_empty().await;
    let pool = database.pool();
    let first = store::migrate(pool).await.unwrap();
    assert_eq!(first.len(), store::migrator().iter().count());
    assert!(store::is_current(pool).await.unwrap());
    assert_eq!(store::migrate(pool).await.unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn replicas_that_migrate_at_once_do_not_collide() {
    let database = TestDatabase::create_empty().await;
    let runs = (0..4).map(|_| {
        let pool = database.pool().clone();
        tokio::spawn(async move { store::migrate(&pool).await })
    });
    for run in futures_util::future::join_all(runs).await {
        run.unwrap().unwrap();
    }
    assert!(store::is_current(database.pool()).await.unwrap());
}

#[tokio::test]
async fn each_test_has_a_database_of_its_own_that_is_migrated() {
    let (one, other) = (TestDatabase::create().await, TestDatabase::create().await);
    assert_ne!(one.url(), other.url());
    assert!(store::is_current(one.pool()).await.unwrap());
    sqlx::query("CREATE TABLE mine (id int)")
        .execute(one.pool())
        .await
        .unwrap();
    let seen: bool = sqlx::query_scalar("SELECT to_regclass('mine') IS NOT NULL")
        .fetch_one(other.pool())
        .await
        .unwrap();
    assert!(!seen);
}

#[tokio::test]
async fn statements_and_forgotten_transactions_that_take_too_long_are_ended() {
    let database = TestDatabase::create().await;
    for (limit, expected) in [
        ("statement_timeout", "30s"),
        ("idle_in_transaction_session_timeout", "1min"),
    ] {
        let set: String = sqlx::query_scalar("select current_setting($1)")
            .bind(limit)
            .fetch_one(database.pool())
            .await
            .unwrap();
        assert_eq!(set, expected, "{limit}");
    }
}

#[tokio::test]
async fn a_database_without_the_tables_is_not_current() {
    let database = TestDatabase::create_empty().await;
    assert!(!store::is_current(database.pool()).await.unwrap());
    let status = store::status(database.pool()).await.unwrap();
    assert_eq!(status.applied, Vec::<String>::new());
    assert_eq!(status.pending[0], "0001 deliveries");
}

/// Takes as long as a migration waits for a lock.
#[tokio::test]
async fn a_migration_that_cannot_have_a_table_gives_up_and_says_what_to_do() {
    let database = TestDatabase::create_empty().await;
    let pool = database.pool();
    store::migrate(pool).await.unwrap();
    // The last one is to come again, and somebody reads the table that it changes.
    for sql in [
        "delete from _sqlx_migrations where version = 13",
        "alter table api_tokens drop column expires_at",
        "alter table setup_links drop column replaces",
        "drop table operator_events",
    ] {
        sqlx::query(sql).execute(pool).await.unwrap();
    }
    let mut reader = store::begin(pool).await.unwrap();
    sqlx::query("select count(*) from api_tokens")
        .execute(&mut *reader)
        .await
        .unwrap();
    let refused = store::migrate(pool).await.unwrap_err();
    assert!(matches!(refused, store::StoreError::Locked(_)), "{refused}");
    assert!(
        refused.to_string().contains("pg_stat_activity"),
        "{refused}"
    );
    reader.rollback().await.unwrap();
    assert_eq!(store::migrate(pool).await.unwrap().len(), 1);
}

/// What a statement finds that is given the pool's only connection.
async fn finds_no_transaction(pool: &PgPool, after: &str) {
    let found = sqlx::raw_sql(
        "select now() = statement_timestamp() as fresh, current_user = session_user as itself",
    )
    .fetch_one(pool)
    .await
    .unwrap_or_else(|error| panic!("{after}: {error}"));
    let (fresh, itself): (bool, bool) = (found.get("fresh"), found.get("itself"));
    assert!(fresh && itself, "{after}: in the transaction of another");
}

#[tokio::test]
async fn whoever_goes_away_while_a_transaction_begins_leaves_none_open() {
    let database = TestDatabase::create().await;
    let pool = &database.pool_of(1).await;
    // Which wait is that for the transaction's beginning differs from time to time.
    for _ in 0..8 {
        let (mut n, mut ended) = (0, false);
        while !ended {
            n += 1;
            // Whoever came to the end keeps nothing either: the pool has one connection.
            let begun = leave_at_wait(n, store::begin(pool)).await.is_some();
            finds_no_transaction(pool, &format!("begin left at wait {n}")).await;
            let entered = leave_at_wait(n, tenant::enter(pool, InstallationId(1)))
                .await
                .is_some();
            finds_no_transaction(pool, &format!("enter left at wait {n}")).await;
            ended = begun && entered;
            assert!(!ended || n > 1, "neither was left halfway");
        }
    }
}

#[tokio::test]
async fn a_tenant_who_cannot_be_entered_leaves_no_transaction_open() {
    let database = TestDatabase::create().await;
    let pool = &database.pool_of(1).await;
    sqlx::raw_sql(
        "create or replace function enter_tenant(tenant bigint) returns void language plpgsql as
         $$ begin raise exception 'nobody enters'; end $$",
    )
    .execute(pool)
    .await
    .unwrap();
    for _ in 0..3 {
        let error = tenant::enter(pool, InstallationId(1)).await.unwrap_err();
        assert!(error.to_string().contains("nobody enters"), "{error}");
        finds_no_transaction(pool, "a failed enter").await;
    }
}
