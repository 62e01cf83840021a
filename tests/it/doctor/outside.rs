//! What the operator does not have in hand: GitHub, its deliveries, and models.

use std::time::Duration;

use http::Method;
use openproducer::clock::{Chance, Clock};
use openproducer::config::EncryptionKey;
use openproducer::simulator::models::{Brand, ModelHouse};
use openproducer::simulator::{Effect, Fault, RepositorySelection, Setup};
use openproducer::store::registrations::{self, RegistrationRow};
use openproducer::store::sealed::{Place, Seal};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::desk::Desk;
use crate::harness::database::TestDatabase;

const IDENTITY: [&str; 2] = ["github.reachable", "github.identity"];

async fn with_setup(setup: Setup) -> Desk {
    Desk::of(setup, TestDatabase::create().await).await
}

#[tokio::test]
async fn a_github_that_is_away_or_ill_is_told_apart() {
    let mut t = Desk::new().await;
    t.sim.faults().schedule(
        Fault::on(Method::GET, "/app")
            .forever()
            .then(Effect::status(502, "Bad Gateway")),
    );
    insta::assert_snapshot!(t.seen(&["github.reachable"]).await, @"");
    t.set("GITHUB_API_URL", "http://127.0.0.1:1/api");
    insta::assert_snapshot!(t.text().await, @"");
    insta::assert_snapshot!(t.seen(&["github.reachable"]).await, @"");
}

#[tokio::test]
async fn what_takes_too_long_is_cut_off() {
    let t = Desk::new().await;
    let slow = Effect::Delay(Duration::from_mins(1));
    t.sim
        .faults()
        .schedule(Fault::on(Method::GET, "/app").forever().then(slow));
    let said = t.run("doctor --timeout 1").await;
    assert_eq!(said.code, 1);
    assert!(
        said.output
            .contains("✗ github.reachable       no answer within 1 s\n"),
        "{}",
        said.output
    );
}

#[tokio::test]
async fn credentials_that_github_does_not_take_are_said() {
    let mut t = Desk::new().await;
    t.set("GITHUB_CLIENT_ID", "Iv23liOfAnotherApp00");
    insta::assert_snapshot!(t.seen(&IDENTITY).await, @"");
    let client = t.sim.app().client_id.clone();
    t.set("GITHUB_CLIENT_ID", &client);
    t.set("GITHUB_APP_ID", "42");
    insta::assert_snapshot!(t.seen(&IDENTITY).await, @"");
}

#[tokio::test]
async fn what_the_app_lacks_or_has_too_much_is_named() {
    let owned = |pairs: &[(&str, &str)]| {
        pairs
            .iter()
            .map(|(n, l)| ((*n).to_owned(), (*l).to_owned()))
            .collect()
    };
    let t = with_setup(Setup {
        permissions: owned(&[
            ("issues", "read"),
            ("metadata", "read"),
            ("contents", "write"),
        ]),
        events: vec!["issues".to_owned(), "push".to_owned()],
        ..Setup::default()
    })
    .await;
    let app = [
        "github.permissions",
        "github.events",
        "github.installations",
    ];
    insta::assert_snapshot!(t.seen(&app).await, @"");
    let t = with_setup(Setup {
        permissions: owned(&[
            ("issues", "write"),
            ("metadata", "read"),
            ("contents", "write"),
        ]),
        events: ["issues", "issue_comment", "repository", "push"]
            .map(str::to_owned)
            .into(),
        ..Setup::default()
    })
    .await;
    let id = t.sim.install_app("globex", RepositorySelection::All);
    t.sim.suspend_installation(id);
    insta::assert_snapshot!(t.seen(&app).await, @"");
}

#[tokio::test]
async fn a_clock_that_github_does_not_share_and_a_limit_nearly_reached_are_seen() {
    let t = Desk::new().await;
    t.sim.advance_clock(Duration::from_hours(3));
    insta::assert_snapshot!(t.seen(&["github.identity", "github.clock"]).await, @"");
    t.sim
        .set_rate_limit(12, t.sim.now() + chrono::TimeDelta::hours(1));
    insta::assert_snapshot!(t.seen(&["github.rate-limit"]).await, @"");
}

const HOOKS: [&str; 3] = ["webhooks.address", "webhooks.secret", "webhooks.deliveries"];

#[tokio::test]
async fn webhooks_are_judged_by_what_became_of_deliveries() {
    let t = Desk::new().await;
    insta::assert_snapshot!(t.seen(&HOOKS).await, @"");
    t.sim.set_webhook_url("http://127.0.0.1:9/nobody");
    t.sim.install_app("globex", RepositorySelection::All);
    t.sim.settled().await;
    insta::assert_snapshot!(t.seen(&HOOKS).await, @"");
    // A server that has another secret.
    let door = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    t.sim.set_webhook_url(format!(
        "http://{}/api/webhook/github",
        door.local_addr().unwrap()
    ));
    let refusing = tokio::spawn(async move {
        while let Ok((mut stream, _)) = door.accept().await {
            let mut head = [0; 65_536];
            let _ = stream.read(&mut head).await;
            let _ = stream
                .write_all(
                    b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
                )
                .await;
        }
    });
    t.sim.install_app("initech", RepositorySelection::All);
    t.sim.settled().await;
    insta::assert_snapshot!(t.seen(&HOOKS).await, @"");
    refusing.abort();
}

#[tokio::test]
async fn deliveries_that_wait_or_gave_up_are_counted() {
    let t = Desk::new().await;
    let ours = ["webhooks.received", "webhooks.sweep"];
    insta::assert_snapshot!(t.seen(&ours).await, @"");
    t.sql(
        "insert into deliveries (guid, event, body, body_bytes, state, received_at) values
         ('a', 'issues', '', 0, 'stored', now() - interval '1 hour'), ('b', 'issues', '', 0, 'failed', now() - interval '3 hours'),
         ('c', 'issues', '', 0, 'done', now() - interval '10 minutes')",
    )
    .await;
    t.sql("insert into delivery_sweeps (started_at, floor_at, finished_at) values (now() - interval '2 hours', now(), now() - interval '2 hours')")
        .await;
    t.sql(
        "insert into redeliveries (guid, event, delivery_id, failed_at, attempted_at, status, state, next_at, settled_at) values
         ('d', 'issues', 1, now(), now(), 'timed out', 'waiting', now(), null), ('e', 'issues', 2, now(), now(), 'timed out', 'given_up', now(), now())",
    )
    .await;
    insta::assert_snapshot!(t.seen(&ours).await, @"");
}

#[tokio::test]
async fn before_there_is_an_app_the_way_to_it_is_shown() {
    let mut t = Desk::new().await;
    t.forget_app();
    insta::assert_snapshot!(t.text().await, @"");
}

#[tokio::test]
async fn the_app_of_the_setup_page_is_opened_and_compared_with_our_address() {
    let mut t = Desk::new().await;
    t.forget_app();
    t.sim.add_user("olivia");
    let manifest = serde_json::json!({
        "name": "Producer", "url": "https://former.example.org/", "redirect_url": "https://former.example.org/setup/callback",
        "hook_attributes": { "url": "http://127.0.0.1:9/nobody", "active": true },
        "default_permissions": { "issues": "write", "metadata": "read" },
        "default_events": ["issues", "issue_comment", "repository"],
    });
    t.sim.register_app("olivia", &manifest);
    let app = t.sim.app_now();
    let seal = Seal::new(&EncryptionKey::from_bytes([7; 32]));
    let owner = app.id.to_string();
    let sealed = |column, secret: &str| {
        seal.seal(
            Place {
                column,
                owner: &owner,
            },
            &secret.into(),
            &Chance::system(),
        )
    };
    let row = RegistrationRow {
        app_id: i64::try_from(app.id).unwrap(),
        slug: app.slug.clone(),
        name: app.name.clone(),
        html_url: String::new(),
        owner_login: "olivia".to_owned(),
        client_id: app.client_id.clone(),
        sealed_key: sealed("app_registrations.sealed_key", &app.private_key_pem),
        sealed_webhook: sealed("app_registrations.sealed_webhook", &app.webhook_secret),
        sealed_client: sealed("app_registrations.sealed_client", &app.client_secret),
        registered_at: Clock::system().now(),
        first_webhook_at: None,
    };
    assert!(
        registrations::insert(t.database.pool(), &row)
            .await
            .unwrap()
    );
    let said = t
        .seen(&[
            "config.encryption-key",
            "github.identity",
            "webhooks.address",
        ])
        .await;
    let said = said.replace(&owner, "ID");
    insta::assert_snapshot!(said, @"");
    t.set("ENCRYPTION_KEY", &"08".repeat(32));
    insta::assert_snapshot!(t.seen(&["config.encryption-key", "github.reachable"]).await, @"");
}

#[tokio::test]
async fn with_a_persons_token_it_says_whose_and_what_it_may() {
    let mut t = Desk::new().await;
    t.sim.add_user("alice");
    t.forget_app();
    t.set("GITHUB_APP_MODE", "token");
    t.set("GITHUB_TOKEN", &t.sim.add_token("alice", &["public_repo"]));
    insta::assert_snapshot!(t.text().await, @"");
    t.set("GITHUB_TOKEN", &t.sim.add_token("alice", &["read:org"]));
    insta::assert_snapshot!(t.seen(&["github.identity"]).await, @"");
    t.set("GITHUB_TOKEN", "ghp_that_was_revoked");
    insta::assert_snapshot!(t.seen(&["github.identity"]).await, @"");
    t.unset("GITHUB_TOKEN");
    insta::assert_snapshot!(t.seen(&["config.secrets", "github.reachable"]).await, @"");
}

#[tokio::test]
async fn a_model_that_refuses_is_told_from_one_that_is_away() {
    let models = ModelHouse::start().await.unwrap();
    let mut t = Desk::new().await;
    t.set("OPENAI_PROVIDER", "OPENAI");
    t.set("OPENAI_API_BASE_URL", &models.url(Brand::OpenAi));
    t.set("OPENAI_API_KEY", "sk-of-the-operator");
    t.set("OPENAI_MODEL", "sim-large");
    insta::assert_snapshot!(t.seen(&["ai.model"]).await, @"");
    models.only_key("another");
    insta::assert_snapshot!(t.seen(&["ai.model"]).await, @"");
    t.set("OPENAI_API_BASE_URL", "http://127.0.0.1:1/v1/");
    insta::assert_snapshot!(t.seen(&["ai.model"]).await, @"");
    t.unset("OPENAI_API_KEY");
    insta::assert_snapshot!(t.seen(&["ai.model"]).await, @"");
}
