//! Every table of tenants tried with another tenant's rows, the queue behind its function, and the keys of the cache.

use std::fs;
use std::path::Path;

use openproducer::domain::ids::{InstallationId, RunId};
use openproducer::store::jobs::{self, Job};
use openproducer::store::{self, PoolSettings, planned_issues, runs, tenant};
use sqlx::{AssertSqlSafe, PgPool};
use url::Url;

use super::{ACME, holds, tables_of_tenants, two_tenants};
use crate::harness::database::TestDatabase;

const RIVAL: InstallationId = InstallationId(2);

fn run_of(tenant: InstallationId) -> RunId {
    RunId::parse(&format!("run_20260101_000000_aaaaaaa{tenant}")).expect("a run's name")
}

/// What came of a statement for `ACME`, undone again: the rows that it reached, or the SQLSTATE of its refusal.
async fn tried(pool: &PgPool, sql: String) -> Result<u64, String> {
    let mut tx = tenant::enter(pool, ACME).await.unwrap();
    let done = sqlx::query(AssertSqlSafe(sql)).execute(&mut *tx).await;
    tx.rollback().await.unwrap();
    match done {
        Ok(done) => Ok(done.rows_affected()),
        Err(sqlx::Error::Database(error)) => Err(error.code().unwrap_or_default().into_owned()),
        Err(error) => panic!("{error}"),
    }
}

const REFUSED: &str = "42501";

async fn no_table_lets_another_tenant_in(pool: &PgPool) {
    two_tenants(pool).await;
    let tables = tables_of_tenants(pool).await;
    assert!(tables.len() > 12, "{tables:?}");
    for (table, column) in tables {
        if !has_rows(pool, &table).await {
            continue;
        }
        let own = tried(pool, format!("select 1 from {table} where {column} = 1")).await;
        assert!(
            own.is_ok_and(|rows| rows > 0),
            "{table}: its own rows are not there"
        );
        let seen = tried(pool, format!("select 1 from {table} where {column} = 2")).await;
        assert_eq!(seen, Ok(0), "{table} shows another tenant's rows");
        for sql in [
            format!("update {table} set {column} = {column} where {column} = 2"),
            format!("delete from {table} where {column} = 2"),
        ] {
            let reached = tried(pool, sql.clone()).await;
            assert!(
                reached == Ok(0) || reached == Err(REFUSED.to_owned()),
                "{sql}: {reached:?}"
            );
        }
        // Its own row given away, and the other's row written anew.
        let away = format!("update {table} set {column} = 2 where {column} = 1");
        assert_eq!(tried(pool, away).await, Err(REFUSED.to_owned()), "{table}");
        let row: serde_json::Value = sqlx::query_scalar(AssertSqlSafe(format!(
            "select to_jsonb(x) from {table} x where {column} = 2 limit 1"
        )))
        .fetch_one(pool)
        .await
        .unwrap();
        let row = row.to_string().replace('\'', "''");
        let again = format!(
            "insert into {table} overriding system value select * from jsonb_populate_record(null::{table}, '{row}')"
        );
        assert_eq!(tried(pool, again).await, Err(REFUSED.to_owned()), "{table}");
    }
}

/// `holds` fails where a table has none; what is empty here was looked at there.
async fn has_rows(pool: &PgPool, table: &str) -> bool {
    super::count(pool, table).await > 0
}

#[tokio::test]
async fn no_table_lets_another_tenant_read_or_write() {
    let database = TestDatabase::create().await;
    no_table_lets_another_tenant_in(database.pool()).await;
}

#[tokio::test]
async fn a_command_that_got_another_tenants_run_changes_nothing() {
    let database = TestDatabase::create().await;
    two_tenants(database.pool()).await;
    let theirs = run_of(RIVAL);
    // The code mixes two tenants up: with whichever installation it names the run, behind the wall there is none.
    for named in [ACME, RIVAL] {
        let key = theirs.of(named);
        let mut tx = tenant::enter(database.pool(), ACME).await.unwrap();
        assert!(runs::find(&mut *tx, key).await.unwrap().is_none());
        assert!(runs::lock(&mut tx, key).await.is_err());
        let dropped = planned_issues::set_included(&mut *tx, key, &[1], false).await;
        assert_eq!(dropped.unwrap(), 0);
        runs::bump_revision(&mut *tx, key).await.unwrap();
        tx.commit().await.unwrap();
    }
    // And without the wall, the statements' own words hold: the run is not the named installation's.
    assert!(runs::get(database.pool(), theirs.of(ACME)).await.is_err());
    runs::bump_revision(database.pool(), theirs.of(ACME))
        .await
        .unwrap();
    let revisions: Vec<i64> = sqlx::query_scalar("select distinct revision from runs")
        .fetch_all(database.pool())
        .await
        .unwrap();
    assert_eq!(revisions, [1]);
}

#[tokio::test]
async fn the_queue_takes_a_tenants_jobs_for_its_own_runs_only() {
    let database = TestDatabase::create().await;
    two_tenants(database.pool()).await;
    let plan = |run: InstallationId, named: InstallationId| Job::PlanRun {
        run: run_of(run),
        installation: named,
    };
    let advance = |run: InstallationId, named: InstallationId| Job::AdvanceRun {
        run: run_of(run),
        installation: named,
    };
    let delivery = Job::HandleDelivery {
        guid: "g1".to_owned(),
    };
    for (job, works) in [
        (plan(ACME, ACME), true),
        (advance(ACME, ACME), true),
        (plan(RIVAL, RIVAL), false),
        (advance(RIVAL, RIVAL), false),
        (plan(RIVAL, ACME), false),
        (advance(ACME, RIVAL), false),
        (delivery, false),
    ] {
        let mut tx = tenant::enter(database.pool(), ACME).await.unwrap();
        let put = jobs::enqueue(&mut tx, &job).await;
        assert_eq!(put.is_ok(), works, "{job:?}: {put:?}");
        if works {
            tx.commit().await.unwrap();
        }
    }
    let payloads: Vec<(String, serde_json::Value)> = sqlx::query_as(
        "select t.identifier, j.payload::jsonb from graphile_worker._private_jobs j
         join graphile_worker._private_tasks t on t.id = j.task_id order by 1",
    )
    .fetch_all(database.pool())
    .await
    .unwrap();
    let kinds: Vec<&str> = payloads.iter().map(|(kind, _)| kind.as_str()).collect();
    assert_eq!(kinds, ["advance_run", "plan_run"]);
    for (kind, payload) in payloads {
        assert_eq!(
            payload["installation"], 1,
            "{kind} does not say whose it is"
        );
    }
}

#[tokio::test]
async fn an_owner_who_is_no_superuser_but_may_make_roles_has_the_whole_wall() {
    let database = TestDatabase::create_empty().await;
    let name = format!("op_maker_{}", uuid::Uuid::now_v7().simple());
    let database_name = Url::parse(database.url()).unwrap().path()[1..].to_owned();
    let version: i32 = sqlx::query_scalar("select current_setting('server_version_num')::int")
        .fetch_one(database.pool())
        .await
        .unwrap();
    let mut setup = vec![
        format!("create role {name} login createrole"),
        format!("alter database {database_name} owner to {name}"),
        format!("alter schema public owner to {name}"),
    ];
    if version >= 160_000 {
        // There the role is its maker's, and the tests' superuser made it.
        setup.push(
            "do $$ begin create role openproducer_tenant nologin; exception when duplicate_object or unique_violation then null; end $$"
                .to_owned(),
        );
        setup.push(format!(
            "grant openproducer_tenant to {name} with admin option, inherit false, set false"
        ));
    }
    for sql in setup {
        sqlx::query(AssertSqlSafe(sql))
            .execute(database.pool())
            .await
            .unwrap();
    }
    let mut url = Url::parse(database.url()).unwrap();
    url.set_username(&name).unwrap();
    let pool = store::connect(url.as_str(), &PoolSettings::named("maker"))
        .await
        .unwrap();
    store::migrate(&pool).await.unwrap();
    let role: Option<String> = sqlx::query_scalar("select wall_role()")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(role.as_deref(), Some("openproducer_tenant"));
    if version >= 160_000 {
        let inherits: bool = sqlx::query_scalar(
            "select bool_or((to_jsonb(m) ->> 'inherit_option')::boolean) from pg_auth_members m
             where m.roleid = 'openproducer_tenant'::regrole and m.member = current_user::regrole",
        )
        .fetch_one(&pool)
        .await
        .unwrap();
        assert!(
            !inherits,
            "the owner inherits what only the tenants' statements may"
        );
    }
    no_table_lets_another_tenant_in(&pool).await;
    sqlx::query("truncate installations cascade")
        .execute(&pool)
        .await
        .unwrap();
    sqlx::query("truncate deliveries, redeliveries")
        .execute(&pool)
        .await
        .unwrap();
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

/// Keys of no installation: where they are built, and why they hold nothing of a tenant.
const KEYS_OF_NOBODY: [(&str, &str, usize, &str); 4] = [
    (
        "web/visits.rs",
        "of_server",
        1,
        "how often an address knocks, before anybody is known",
    ),
    (
        "flows/access.rs",
        "of_person",
        1,
        "what GitHub showed one person, under their own session",
    ),
    (
        "flows/planner/availability.rs",
        "of_server",
        1,
        "whether the operator's own model is there",
    ),
    (
        "cli/server.rs",
        "of_server",
        1,
        "the same, for the health page",
    ),
];

#[test]
fn every_key_of_the_cache_carries_its_installation() {
    let mut found = Vec::new();
    keys_in(Path::new("src"), &mut found);
    let mut known: Vec<(String, String, usize)> = KEYS_OF_NOBODY
        .iter()
        .map(|(file, of, times, _)| ((*file).to_owned(), (*of).to_owned(), *times))
        .collect();
    found.sort();
    known.sort();
    assert_eq!(
        found, known,
        "a key without an installation has to say here why"
    );
    // Nothing reaches the cache but by a key, and a key is built nowhere else.
    let built = fs::read_to_string("src/cache/key.rs").unwrap();
    assert!(
        built.contains("pub struct Key(String);"),
        "a key could be made of any text"
    );
    assert_eq!(
        built.matches("pub fn of").count(),
        3,
        "another way to build a key"
    );
}

fn keys_in(folder: &Path, found: &mut Vec<(String, String, usize)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            keys_in(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") && !path.ends_with("cache/key.rs") {
            let text = fs::read_to_string(&path).unwrap();
            for of in ["of_person", "of_server"] {
                let times = text.matches(&format!("Key::{of}(")).count();
                if times > 0 {
                    let file = path.strip_prefix("src").unwrap().to_str().unwrap();
                    found.push((file.to_owned(), of.to_owned(), times));
                }
            }
        }
    }
}
