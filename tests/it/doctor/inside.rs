//! What the operator has at home: config, database, cache, queue.

use openproducer::clock::{Chance, Clock};
use openproducer::config::EncryptionKey;
use openproducer::domain::ids::InstallationId;
use openproducer::domain::settings::Provider;
use openproducer::simulator::Setup;
use openproducer::store::ai_keys::{self, Slot};
use openproducer::store::jobs::{self, Job};
use openproducer::store::sealed::Seal;

use super::desk::Desk;
use crate::harness::database::TestDatabase;

#[tokio::test]
async fn a_wrong_config_is_told_with_every_fault_and_code_2() {
    let mut t = Desk::new().await;
    t.set("LISTEN_ADDR", "8080");
    t.unset("GITHUB_WEBHOOK_SECRET");
    insta::assert_snapshot!(t.text().await, @"");
    insta::assert_snapshot!(t.seen(&["config.values"]).await, @"");
    t.set("LISTEN_ADDR", "127.0.0.1:1");
    let worker = t.run("doctor --worker").await;
    assert_eq!(worker.code, 0, "{}", worker.output);
    assert_eq!(t.run("doctor --timeout 0").await.code, 2);
}

#[tokio::test]
async fn addresses_and_proxies_that_will_not_do_are_named() {
    let mut t = Desk::new().await;
    let both = ["config.public-url", "config.proxies"];
    t.set("TRUSTED_PROXIES", "0");
    insta::assert_snapshot!(t.seen(&both).await, @"");
    t.set("PUBLIC_URL", "http://bot.example.org");
    insta::assert_snapshot!(t.seen(&both).await, @"");
    t.set("PUBLIC_URL", "http://localhost:8080");
    insta::assert_snapshot!(t.seen(&both).await, @"");
}

#[tokio::test]
async fn a_database_that_is_down_comes_first_and_what_needs_it_is_skipped() {
    let mut t = Desk::new().await;
    t.set("DATABASE_URL", "postgres://me:hunter2@127.0.0.1:1/op");
    let said = t.text().await;
    assert!(!said.contains("hunter2"));
    insta::assert_snapshot!(said, @"");
    insta::assert_snapshot!(t.seen(&["database.reachable"]).await, @"");
}

#[tokio::test]
async fn a_database_that_was_not_migrated_stays_so() {
    let t = Desk::of(Setup::default(), TestDatabase::create_empty().await).await;
    insta::assert_snapshot!(t.seen(&["database.migrations", "database.queue-tables"]).await, @"");
    let status = openproducer::store::status(t.database.pool())
        .await
        .unwrap();
    assert!(status.applied.is_empty(), "it was migrated");
}

#[tokio::test]
async fn a_database_of_another_version_is_told_apart() {
    let t = Desk::new().await;
    t.sql("insert into _sqlx_migrations (version, description, success, checksum, execution_time) values (9999, 'later', true, '', 0)")
        .await;
    insta::assert_snapshot!(t.seen(&["database.migrations"]).await, @"");
    t.sql("update _sqlx_migrations set checksum = '' where version = 2")
        .await;
    insta::assert_snapshot!(t.seen(&["database.migrations"]).await, @"");
    t.sql("delete from _sqlx_migrations where version = 3")
        .await;
    insta::assert_snapshot!(t.seen(&["database.migrations"]).await, @"");
}

#[tokio::test]
async fn a_wall_that_is_open_is_found() {
    let t = Desk::new().await;
    let wall = ["database.tenant-wall"];
    insta::assert_snapshot!(t.seen(&wall).await, @"");
    insert_installations(&t).await;
    insta::assert_snapshot!(t.seen(&wall).await, @"");
    t.sql("alter table installations disable row level security")
        .await;
    insta::assert_snapshot!(t.seen(&wall).await, @"");
    t.sql("alter table installations enable row level security")
        .await;
    t.sql("create or replace function wall_role() returns text language sql immutable as 'select ''nobody_at_all'''").await;
    insta::assert_snapshot!(t.seen(&wall).await, @"");
}

async fn insert_installations(t: &Desk) {
    t.sql(
        "insert into installations (id, account_id, account_login, account_type, created_at, updated_at)
         values (7, 70, 'acme', 'Organization', now(), now()), (8, 80, 'globex', 'Organization', now(), now())",
    )
    .await;
}

#[tokio::test]
async fn a_database_whose_clock_runs_ahead_is_noticed() {
    let t = Desk::new().await;
    // What a statement calls clock_timestamp() is then ours.
    t.sql("create function public.clock_timestamp() returns timestamptz language sql as 'select now() + interval ''90 minutes'''")
        .await;
    t.sql("do $$ begin execute format('alter database %I set search_path = public, pg_catalog', current_database()); end $$")
        .await;
    insta::assert_snapshot!(t.seen(&["database.clock"]).await, @"");
}

#[tokio::test]
async fn what_was_stored_under_another_key_is_found() {
    let mut t = Desk::new().await;
    insert_installations(&t).await;
    let slot = Slot {
        installation: InstallationId(7),
        repository: None,
        provider: Provider::OpenAi,
        origin: String::new(),
    };
    let seal = Seal::new(&EncryptionKey::from_bytes([7; 32]));
    let (chance, now) = (Chance::system(), Clock::system().now());
    ai_keys::set(
        t.database.pool(),
        &slot,
        &"sk-of-acme".into(),
        (&seal, &chance),
        "alice",
        now,
    )
    .await
    .unwrap();
    let key = ["config.encryption-key"];
    insta::assert_snapshot!(t.seen(&key).await, @"");
    t.set("ENCRYPTION_KEY", &"08".repeat(32));
    insta::assert_snapshot!(t.seen(&key).await, @"");
    t.unset("ENCRYPTION_KEY");
    insta::assert_snapshot!(t.seen(&key).await, @"");
}

#[tokio::test]
async fn a_redis_that_is_away_is_said_with_what_it_means() {
    let mut t = Desk::new().await;
    insta::assert_snapshot!(t.seen(&["cache.redis"]).await, @"");
    t.set("REDIS_URL", "redis://:hunter2@127.0.0.1:1/");
    let said = t.seen(&["cache.redis"]).await;
    assert!(!said.contains("hunter2"));
    insta::assert_snapshot!(said, @"");
}

#[tokio::test]
async fn jobs_that_wait_or_gave_up_and_dead_workers_are_counted() {
    let t = Desk::new().await;
    let queue = ["queue.jobs", "queue.workers"];
    insta::assert_snapshot!(t.seen(&queue).await, @"");
    let mut connection = t.database.pool().acquire().await.unwrap();
    for guid in ["late", "given-up"] {
        let job = Job::HandleDelivery {
            guid: guid.to_owned(),
        };
        jobs::enqueue(&mut connection, &job).await.unwrap();
    }
    t.sql("update graphile_worker._private_jobs set run_at = now() - interval '400 seconds'")
        .await;
    t.sql(
        "update graphile_worker._private_jobs set attempts = max_attempts, last_error = 'GitHub forbids it' || chr(10) || 'more'
         where key = 'delivery:given-up'",
    )
    .await;
    t.sql("insert into graphile_worker._private_workers (id, last_heartbeat_at) values ('dead', now() - interval '1 hour')").await;
    insta::assert_snapshot!(t.seen(&queue).await, @"");
}
