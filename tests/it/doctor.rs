//! The doctor from outside: the real program against what is well and what is not, in words and as JSON.

// Tells clippy that the helpers here are tests too.
#![cfg(test)]

mod desk;
mod inside;
mod outside;
mod promise;

use openproducer::cache::Cache;
use openproducer::clock::Clock;
use openproducer::flows::doctor::NAMES;
use openproducer::simulator::models::{Brand, ModelHouse};

use self::desk::{Desk, KEY, PUBLIC, redacted, run};
use crate::harness::house::{House, STUCK, house};
use crate::harness::services::services;

#[tokio::test]
async fn a_whole_server_is_well_in_every_line() {
    let models = ModelHouse::start().await.unwrap();
    let prices = Prices::of_today();
    house(async |t| {
        let app = t.sim.app();
        let environment: Vec<(&str, String)> = vec![
            ("DATABASE_URL", t.database_url().to_owned()),
            ("REDIS_URL", services().redis_url.clone()),
            ("ENCRYPTION_KEY", KEY.to_owned()),
            ("PUBLIC_URL", PUBLIC.to_owned()),
            ("TRUSTED_PROXIES", "1".to_owned()),
            ("LISTEN_ADDR", t.address().to_string()),
            ("GITHUB_API_URL", t.sim.api_url()),
            ("GITHUB_WEB_URL", t.sim.web_url()),
            ("GITHUB_APP_ID", app.id.to_string()),
            ("GITHUB_PRIVATE_KEY", app.private_key_pem.clone()),
            ("GITHUB_WEBHOOK_SECRET", app.webhook_secret.clone()),
            ("GITHUB_CLIENT_ID", app.client_id.clone()),
            ("GITHUB_CLIENT_SECRET", app.client_secret.clone()),
            ("OPENAI_PROVIDER", "CUSTOM".to_owned()),
            ("OPENAI_API_BASE_URL", models.url(Brand::Local)),
            ("OPENAI_MODEL", "sim-large".to_owned()),
            ("AI_PRICES_PATH", prices.path()),
            ("AI_MONTHLY_BUDGET_USD", "20".to_owned()),
        ];
        t.first_sweep_is_over().await;
        all_workers_are_there(t).await;
        let before = t.sim.requests().len();
        let said = run(&environment, "doctor").await;
        assert_eq!((said.code, said.errors.as_str()), (0, ""));
        insta::assert_snapshot!(redacted(&said.output, &t.sim), @"
          ✓ config.values          every value is right; 18 of 43 settings are set
          ✓ config.secrets         the App's key, webhook secret and client are set
          ✓ config.public-url      https://bot.example.org
          ✓ config.proxies         1 in front is believed about visitors' addresses
          ✓ config.encryption-key  set; nothing is stored under it yet

          ✓ database.reachable     PostgreSQL N answers, connected in N ms
          ✓ database.migrations    all N are there
          ✓ database.queue-tables  there
          ✓ database.tenant-wall   lets a tenant in and keeps others out
          ✓ database.clock         the database's clock agrees with ours
          ✓ database.connections   N of 400 are open

          ✓ cache.redis            Redis answers

          ✓ github.reachable       http://GITHUB/api answers in N ms
          ✓ github.identity        the App theopenproducerbot (1234567)
          ✓ github.permissions     issues: write, metadata: read
          ✓ github.events          issues, issue_comment, repository
          ✓ github.installations   installed on acme
          ✓ github.clock           GitHub's clock agrees with ours
          ✓ github.rate-limit      N of 5000 requests are left until N UTC (the App's own; each installation
                                   has another)

          ✓ webhooks.address       GitHub's newest delivery reached a server just now
          ✓ webhooks.secret        signed the delivery that got through just now
          ✓ webhooks.deliveries    the one of the last day got through
          ✓ webhooks.received      the last that concerned us came in just now
          ✓ webhooks.sweep         GitHub's list was looked through just now

          ✓ queue.jobs             nothing waits
          ✓ queue.workers          3 of the queue's workers are alive, three to a process

          ✓ server.ready           the server at N is ready

          ✓ ai.model               custom/sim-large can be asked
          ✓ ai.budget              $0.00 spent this month, by the prices of N

        ✓ 29 well in N s.
        ");
        let said = run(&environment, "doctor --json").await;
        assert_eq!(said.code, 0);
        let document: serde_json::Value = serde_json::from_str(&said.output).unwrap();
        assert_eq!(document["state"], "ok");
        assert_eq!(document["counts"]["ok"], NAMES.len());
        let checks = document["checks"].as_array().unwrap();
        let names: Vec<&str> = checks.iter().map(|c| c["name"].as_str().unwrap()).collect();
        assert_eq!(names, NAMES);
        let first: String = said.output.lines().take(18).fold(String::new(), |all, line| all + line + "\n");
        insta::assert_snapshot!(redacted(&first, &t.sim), @r#"
        {
          "version": "N",
          "at": "N",
          "state": "ok",
          "counts": {
            "ok": 29,
            "warning": 0,
            "failed": 0,
            "skipped": 0
          },
          "checks": [
            {
              "name": "config.values",
              "state": "ok",
              "says": "every value is right; 18 of 43 settings are set",
              "details": [],
              "advice": null,
              "took_ms": N
        "#);
        let sent = t.sim.requests().split_off(before);
        assert!(
            sent.iter().all(|r| r.method == http::Method::GET),
            "{sent:#?}"
        );
    })
    .await;
}

/// Returns when the queue knows the server's three workers.
async fn all_workers_are_there(t: &House) {
    let count = "select count(*) from graphile_worker._private_workers";
    let begun = std::time::Instant::now();
    while sqlx::query_scalar::<_, i64>(count)
        .fetch_one(t.pool())
        .await
        .unwrap()
        < 3
    {
        assert!(begun.elapsed() < STUCK, "they do not come");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

/// A table of prices of today, in a file of its own.
struct Prices(std::path::PathBuf);

impl Prices {
    fn of_today() -> Self {
        let name = format!("op-prices-{}.yaml", uuid::Uuid::now_v7().simple());
        let path = std::env::temp_dir().join(name);
        let today = Clock::system().now().date_naive();
        let table = format!("as_of: {today}\nmodels:\n  custom/*: {{ input: 1, output: 2 }}\n");
        std::fs::write(&path, table).unwrap();
        Self(path)
    }

    fn path(&self) -> String {
        self.0.display().to_string()
    }
}

impl Drop for Prices {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[tokio::test]
async fn nothing_is_kept_in_the_cache_that_servers_share() {
    let models = ModelHouse::start().await.unwrap();
    let mut t = Desk::new().await;
    t.set("REDIS_URL", &services().redis_url);
    t.set("OPENAI_PROVIDER", "OPENAI");
    t.set("OPENAI_API_KEY", "sk-nobodys");
    t.set("OPENAI_API_BASE_URL", &models.url(Brand::OpenAi));
    t.set("OPENAI_MODEL", "sim-large");
    t.run("doctor").await;
    models.only_key("another");
    // What was known a moment ago is not believed.
    let said = t.seen(&["ai.model"]).await;
    insta::assert_snapshot!(said, @r#"
    exit 1
      ✗ ai.model               openai/sim-large cannot be asked: the provider does not take the key
                               → docs/models.md says which settings each provider needs; until then plans come
                                 from the document's structure
    {"name":"ai.model","state":"failed","says":"openai/sim-large cannot be asked: the provider does not take the key","details":[],"advice":"docs/models.md says which settings each provider needs; until then plans come from the document's structure"}
    "#);
    assert!(
        Cache::redis_within(&services().redis_url, std::time::Duration::from_secs(10))
            .unwrap()
            .ping()
            .await
            .is_ok()
    );
}
