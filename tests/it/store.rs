//! The pool and the migrations on a real PostgreSQL.

use openproducer::store;

use crate::harness::database::TestDatabase;

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
async fn a_statement_that_takes_too_long_is_ended() {
    let database = TestDatabase::create().await;
    let limit: String = sqlx::query_scalar("SHOW statement_timeout")
        .fetch_one(database.pool())
        .await
        .unwrap();
    assert_eq!(limit, "30s");
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
    let mut reader = pool.begin().await.unwrap();
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
