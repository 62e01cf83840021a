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
    insta::assert_snapshot!(t.text().await, @r#"
    exit 2
      ✗ config.values          2 configured values are wrong or missing
                               · LISTEN_ADDR is "8080": must be an IP address and a port; did you mean
                                 127.0.0.1:8080, or 0.0.0.0:8080 for every network?
                               · GITHUB_WEBHOOK_SECRET: is not set, and without it anybody could send deliveries;
                                 make one with `openssl rand -hex 32` and enter the same in the App's settings
                                 under Webhook, Secret
                               → Mend them in the environment or in .env; `openproducer config` shows what holds
      – config.*               the configuration has to be right first (secrets, public-url, proxies,
                               encryption-key)

      – database.*             the configuration has to be right first (reachable, migrations, queue-tables,
                               tenant-wall, clock, connections)

      – cache.redis            the configuration has to be right first

      – github.*               the configuration has to be right first (reachable, identity, permissions, events,
                               installations, clock, rate-limit)

      – webhooks.*             the configuration has to be right first (address, secret, deliveries, received,
                               sweep)

      – queue.*                the configuration has to be right first (jobs, workers)

      – server.ready           the configuration has to be right first

      – ai.*                   the configuration has to be right first (model, budget)

    ✗ 1 failed, 28 skipped in N s. Begin with config.values.
    "#);
    insta::assert_snapshot!(t.seen(&["config.values"]).await, @r#"
    exit 2
      ✗ config.values          2 configured values are wrong or missing
                               · LISTEN_ADDR is "8080": must be an IP address and a port; did you mean
                                 127.0.0.1:8080, or 0.0.0.0:8080 for every network?
                               · GITHUB_WEBHOOK_SECRET: is not set, and without it anybody could send deliveries;
                                 make one with `openssl rand -hex 32` and enter the same in the App's settings
                                 under Webhook, Secret
                               → Mend them in the environment or in .env; `openproducer config` shows what holds
    {"name":"config.values","state":"failed","says":"2 configured values are wrong or missing","details":["LISTEN_ADDR is \"8080\": must be an IP address and a port; did you mean 127.0.0.1:8080, or 0.0.0.0:8080 for every network?","GITHUB_WEBHOOK_SECRET: is not set, and without it anybody could send deliveries; make one with `openssl rand -hex 32` and enter the same in the App's settings under Webhook, Secret"],"advice":"Mend them in the environment or in .env; `openproducer config` shows what holds"}
    "#);
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
    insta::assert_snapshot!(t.seen(&both).await, @r#"
    exit 0
      ✓ config.public-url      https://bot.example.org
      ! config.proxies         TRUSTED_PROXIES is 0, but only a proxy can speak https: visitors are all counted
                               under its address, and one of them can lock everybody out
                               → Set TRUSTED_PROXIES=1, or to how many proxies of yours stand in front
    {"name":"config.public-url","state":"ok","says":"https://bot.example.org","details":[],"advice":null}
    {"name":"config.proxies","state":"warning","says":"TRUSTED_PROXIES is 0, but only a proxy can speak https: visitors are all counted under its address, and one of them can lock everybody out","details":[],"advice":"Set TRUSTED_PROXIES=1, or to how many proxies of yours stand in front"}
    "#);
    t.set("PUBLIC_URL", "http://bot.example.org");
    insta::assert_snapshot!(t.seen(&both).await, @r#"
    exit 0
      ! config.public-url      http://bot.example.org is not https: cookies are not marked secure, and
                               specifications travel in the open
                               → Put https in front and set PUBLIC_URL to that address: docs/self-hosting.md, step
                                 2
      ✓ config.proxies         none: visitors' own addresses are counted
    {"name":"config.public-url","state":"warning","says":"http://bot.example.org is not https: cookies are not marked secure, and specifications travel in the open","details":[],"advice":"Put https in front and set PUBLIC_URL to that address: docs/self-hosting.md, step 2"}
    {"name":"config.proxies","state":"ok","says":"none: visitors' own addresses are counted","details":[],"advice":null}
    "#);
    t.set("PUBLIC_URL", "http://localhost:8080");
    insta::assert_snapshot!(t.seen(&both).await, @r#"
    exit 0
      ! config.public-url      http://localhost:8080 is an address of this machine or its network: GitHub cannot
                               reach it
                               → Put https in front and set PUBLIC_URL to that address: docs/self-hosting.md, step
                                 2
      ✓ config.proxies         none: visitors' own addresses are counted
    {"name":"config.public-url","state":"warning","says":"http://localhost:8080 is an address of this machine or its network: GitHub cannot reach it","details":[],"advice":"Put https in front and set PUBLIC_URL to that address: docs/self-hosting.md, step 2"}
    {"name":"config.proxies","state":"ok","says":"none: visitors' own addresses are counted","details":[],"advice":null}
    "#);
}

#[tokio::test]
async fn a_database_that_is_down_comes_first_and_what_needs_it_is_skipped() {
    let mut t = Desk::new().await;
    t.set("DATABASE_URL", "postgres://me:hunter2@127.0.0.1:1/op");
    let said = t.text().await;
    assert!(!said.contains("hunter2"));
    insta::assert_snapshot!(said, @"
    exit 1
      ✓ config.values          every value is right; 12 of 43 settings are set
      ✓ config.secrets         the App's key, webhook secret and client are set
      ✓ config.public-url      https://bot.example.org
      ✓ config.proxies         1 in front is believed about visitors' addresses
      – config.encryption-key  needs database.reachable

      ✗ database.reachable     cannot connect to the database: error communicating with database: Connection
                               refused (os error 111)
                               → Is PostgreSQL running, and do host and port of DATABASE_URL lead to it? Its own
                                 log says why it ended
      – database.*             needs database.reachable (migrations, queue-tables, tenant-wall, clock,
                               connections)

      ✓ cache.redis            REDIS_URL is not set: each process keeps its own cache, which is right for a single
                               one

      ✓ github.reachable       http://GITHUB/api answers in N ms
      ✓ github.identity        the App theopenproducerbot (1234567)
      ✓ github.permissions     issues: write, metadata: read
      ✓ github.events          issues, issue_comment, repository
      ✓ github.installations   installed on acme
      ✓ github.clock           GitHub's clock agrees with ours
      ✓ github.rate-limit      N of 5000 requests are left until N UTC (the App's own; each installation
                               has another)

      – webhooks.address       GitHub tells it on the App's settings page alone, where it has to be
                               https://bot.example.org/api/webhook/github; no delivery was tried in a day
      – webhooks.secret        GitHub shows it to nobody, and no delivery of the last day proves it
      ✓ webhooks.deliveries    GitHub had nothing to deliver in the last day
      – webhooks.*             needs database.reachable (received, sweep)

      – queue.*                needs database.reachable (jobs, workers)

      ! server.ready           no server answers at 127.0.0.1:1
                               → Right if it runs on another machine; else start `openproducer serve`, and look at
                                 its log if it ends

      ✓ ai.model               none is set: plans come from the document's structure
      – ai.budget              needs database.reachable

    ✗ 1 failed, 1 warning, 13 skipped, 14 well in N s. Begin with database.reachable.
    ");
    insta::assert_snapshot!(t.seen(&["database.reachable"]).await, @r#"
    exit 1
      ✗ database.reachable     cannot connect to the database: error communicating with database: Connection
                               refused (os error 111)
                               → Is PostgreSQL running, and do host and port of DATABASE_URL lead to it? Its own
                                 log says why it ended
    {"name":"database.reachable","state":"failed","says":"cannot connect to the database: error communicating with database: Connection refused (os error 111)","details":[],"advice":"Is PostgreSQL running, and do host and port of DATABASE_URL lead to it? Its own log says why it ended"}
    "#);
}

#[tokio::test]
async fn a_database_that_was_not_migrated_stays_so() {
    let t = Desk::of(Setup::default(), TestDatabase::create_empty().await).await;
    insta::assert_snapshot!(t.seen(&["database.migrations", "database.queue-tables"]).await, @r#"
    exit 1
      ✗ database.migrations    no table is there yet
                               → `openproducer migrate`, or start the server, which does the same
      ✗ database.queue-tables  the queue's tables are missing: no job can be stored
                               → `openproducer migrate`, or start the server, which does the same
    {"name":"database.migrations","state":"failed","says":"no table is there yet","details":[],"advice":"`openproducer migrate`, or start the server, which does the same"}
    {"name":"database.queue-tables","state":"failed","says":"the queue's tables are missing: no job can be stored","details":[],"advice":"`openproducer migrate`, or start the server, which does the same"}
    "#);
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
    insta::assert_snapshot!(t.seen(&["database.migrations"]).await, @r#"
    exit 0
      ! database.migrations    the database was migrated by a newer version than this program
                               · 9999 is not known here
                               → Right while an update is rolled out; afterwards update this program too
    {"name":"database.migrations","state":"warning","says":"the database was migrated by a newer version than this program","details":["9999 is not known here"],"advice":"Right while an update is rolled out; afterwards update this program too"}
    "#);
    t.sql("update _sqlx_migrations set checksum = '' where version = 2")
        .await;
    insta::assert_snapshot!(t.seen(&["database.migrations"]).await, @r#"
    exit 1
      ✗ database.migrations    migrations were applied from another text than this program's
                               · 0002 tenants and runs
                               → This program is not of the release that made the database: run that release, or a
                                 later one
    {"name":"database.migrations","state":"failed","says":"migrations were applied from another text than this program's","details":["0002 tenants and runs"],"advice":"This program is not of the release that made the database: run that release, or a later one"}
    "#);
    t.sql("delete from _sqlx_migrations where version = 3")
        .await;
    insta::assert_snapshot!(t.seen(&["database.migrations"]).await, @r#"
    exit 1
      ✗ database.migrations    1 migration is missing
                               · 0003 pace
                               → `openproducer migrate`, or start the server, which does the same
    {"name":"database.migrations","state":"failed","says":"1 migration is missing","details":["0003 pace"],"advice":"`openproducer migrate`, or start the server, which does the same"}
    "#);
}

#[tokio::test]
async fn a_wall_that_is_open_is_found() {
    let t = Desk::new().await;
    let wall = ["database.tenant-wall"];
    insta::assert_snapshot!(t.seen(&wall).await, @r#"
    exit 0
      ✓ database.tenant-wall   keeps strangers out; there is no tenant yet to be let in
    {"name":"database.tenant-wall","state":"ok","says":"keeps strangers out; there is no tenant yet to be let in","details":[],"advice":null}
    "#);
    insert_installations(&t).await;
    insta::assert_snapshot!(t.seen(&wall).await, @r#"
    exit 0
      ✓ database.tenant-wall   lets a tenant in and keeps others out
    {"name":"database.tenant-wall","state":"ok","says":"lets a tenant in and keeps others out","details":[],"advice":null}
    "#);
    t.sql("alter table installations disable row level security")
        .await;
    insta::assert_snapshot!(t.seen(&wall).await, @r#"
    exit 1
      ✗ database.tenant-wall   the wall between tenants is open: one sees what belongs to another
                               · installations has no row-level security
                               → Somebody has changed tables or role by hand: put row-level security and its
                                 policies back as the migrations made them
    {"name":"database.tenant-wall","state":"failed","says":"the wall between tenants is open: one sees what belongs to another","details":["installations has no row-level security"],"advice":"Somebody has changed tables or role by hand: put row-level security and its policies back as the migrations made them"}
    "#);
    t.sql("alter table installations enable row level security")
        .await;
    t.sql("create or replace function wall_role() returns text language sql immutable as 'select ''nobody_at_all'''").await;
    insta::assert_snapshot!(t.seen(&wall).await, @r#"
    exit 1
      ✗ database.tenant-wall   nobody gets through the wall between tenants: role "nobody_at_all" does not exist
                               → After a restore into a new server the role is missing: `create role
                                 openproducer_tenant nologin`, grant it to the tables' owner, then restore again
    {"name":"database.tenant-wall","state":"failed","says":"nobody gets through the wall between tenants: role \"nobody_at_all\" does not exist","details":[],"advice":"After a restore into a new server the role is missing: `create role openproducer_tenant nologin`, grant it to the tables' owner, then restore again"}
    "#);
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
    t.sql("create function public.clock_timestamp() returns timestamptz language sql as 'select now() + interval ''5430 seconds'''")
        .await;
    t.sql("do $$ begin execute format('alter database %I set search_path = public, pg_catalog', current_database()); end $$")
        .await;
    insta::assert_snapshot!(t.seen(&["database.clock"]).await, @r#"
    exit 0
      ! database.clock         the database's clock is 90 minutes ahead of ours: jobs start too early
                               → Let both machines keep time by NTP (`timedatectl` says whether this one does)
    {"name":"database.clock","state":"warning","says":"the database's clock is 90 minutes ahead of ours: jobs start too early","details":[],"advice":"Let both machines keep time by NTP (`timedatectl` says whether this one does)"}
    "#);
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
    insta::assert_snapshot!(t.seen(&key).await, @r#"
    exit 0
      ✓ config.encryption-key  opens 1 stored key of a tenant
    {"name":"config.encryption-key","state":"ok","says":"opens 1 stored key of a tenant","details":[],"advice":null}
    "#);
    t.set("ENCRYPTION_KEY", &"08".repeat(32));
    insta::assert_snapshot!(t.seen(&key).await, @r#"
    exit 1
      ✗ config.encryption-key  of 1 stored key of a tenant, 1 cannot be opened: plans for them come from the
                               document's structure
                               → Set the ENCRYPTION_KEY that they were stored under, the same on every server and
                                 worker, or have their owners enter the keys again
    {"name":"config.encryption-key","state":"failed","says":"of 1 stored key of a tenant, 1 cannot be opened: plans for them come from the document's structure","details":[],"advice":"Set the ENCRYPTION_KEY that they were stored under, the same on every server and worker, or have their owners enter the keys again"}
    "#);
    t.unset("ENCRYPTION_KEY");
    insta::assert_snapshot!(t.seen(&key).await, @r#"
    exit 1
      ✗ config.encryption-key  ENCRYPTION_KEY is not set, and under it lies 1 stored key of a tenant
                               → Set the ENCRYPTION_KEY that they were stored under, the same on every server and
                                 worker
    {"name":"config.encryption-key","state":"failed","says":"ENCRYPTION_KEY is not set, and under it lies 1 stored key of a tenant","details":[],"advice":"Set the ENCRYPTION_KEY that they were stored under, the same on every server and worker"}
    "#);
}

#[tokio::test]
async fn a_redis_that_is_away_is_said_with_what_it_means() {
    let mut t = Desk::new().await;
    insta::assert_snapshot!(t.seen(&["cache.redis"]).await, @r#"
    exit 0
      ✓ cache.redis            REDIS_URL is not set: each process keeps its own cache, which is right for a single
                               one
    {"name":"cache.redis","state":"ok","says":"REDIS_URL is not set: each process keeps its own cache, which is right for a single one","details":[],"advice":null}
    "#);
    t.set("REDIS_URL", "redis://:hunter2@127.0.0.1:1/");
    let said = t.seen(&["cache.redis"]).await;
    assert!(!said.contains("hunter2"));
    insta::assert_snapshot!(said, @r#"
    exit 1
      ✗ cache.redis            Redis does not answer (Connection refused (os error 111)): the server works without
                               it, but models are asked again and each process counts for itself
                               → Is Redis running, and does REDIS_URL lead to it? Nothing is lost meanwhile
    {"name":"cache.redis","state":"failed","says":"Redis does not answer (Connection refused (os error 111)): the server works without it, but models are asked again and each process counts for itself","details":[],"advice":"Is Redis running, and does REDIS_URL lead to it? Nothing is lost meanwhile"}
    "#);
}

#[tokio::test]
async fn jobs_that_wait_or_gave_up_and_dead_workers_are_counted() {
    let t = Desk::new().await;
    let queue = ["queue.jobs", "queue.workers"];
    insta::assert_snapshot!(t.seen(&queue).await, @r#"
    exit 0
      ✓ queue.jobs             nothing waits
      ! queue.workers          no worker runs
                               → Start `openproducer serve`, or `openproducer worker` beside a server with
                                 --no-worker
    {"name":"queue.jobs","state":"ok","says":"nothing waits","details":[],"advice":null}
    {"name":"queue.workers","state":"warning","says":"no worker runs","details":[],"advice":"Start `openproducer serve`, or `openproducer worker` beside a server with --no-worker"}
    "#);
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
    insta::assert_snapshot!(t.seen(&queue).await, @r#"
    exit 1
      ! queue.jobs             1 job is open; the oldest that could start waits 6 minutes; 1 has given up
                               · 1 × handle_delivery, the newest: GitHub forbids it
                               → `openproducer status` shows the runs: once the cause is gone, `@bot replan` or a
                                 new request goes on; a delivery that gave up is taken up again by itself
      ✗ queue.workers          no worker runs, and jobs wait; 1 died, and its jobs wait to be taken over
                               → Start `openproducer serve`, or `openproducer worker` beside a server with
                                 --no-worker
    {"name":"queue.jobs","state":"warning","says":"1 job is open; the oldest that could start waits 6 minutes; 1 has given up","details":["1 × handle_delivery, the newest: GitHub forbids it"],"advice":"`openproducer status` shows the runs: once the cause is gone, `@bot replan` or a new request goes on; a delivery that gave up is taken up again by itself"}
    {"name":"queue.workers","state":"failed","says":"no worker runs, and jobs wait; 1 died, and its jobs wait to be taken over","details":[],"advice":"Start `openproducer serve`, or `openproducer worker` beside a server with --no-worker"}
    "#);
}
