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
    insta::assert_snapshot!(t.seen(&["github.reachable"]).await, @r#"
    exit 1
      ✗ github.reachable       GitHub has a problem of its own (HTTP 502)
                               → Wait: githubstatus.com says how long. Deliveries and jobs are kept meanwhile
    {"name":"github.reachable","state":"failed","says":"GitHub has a problem of its own (HTTP 502)","details":[],"advice":"Wait: githubstatus.com says how long. Deliveries and jobs are kept meanwhile"}
    "#);
    t.set("GITHUB_API_URL", "http://127.0.0.1:1/api");
    insta::assert_snapshot!(t.text().await, @"
    exit 1
      ✓ config.values          every value is right; 12 of 43 settings are set
      ✓ config.secrets         the App's key, webhook secret and client are set
      ✓ config.public-url      https://bot.example.org
      ✓ config.proxies         1 in front is believed about visitors' addresses
      ✓ config.encryption-key  set; nothing is stored under it yet

      ✓ database.reachable     PostgreSQL N answers, connected in N ms
      ✓ database.migrations    all N are there
      ✓ database.queue-tables  there
      ✓ database.tenant-wall   keeps strangers out; there is no tenant yet to be let in
      ✓ database.clock         the database's clock agrees with ours
      ✓ database.connections   N of 400 are open

      ✓ cache.redis            REDIS_URL is not set: each process keeps its own cache, which is right for a single
                               one

      ✗ github.reachable       GitHub could not be reached: client error (Connect): tcp connect error: Connection
                               refused (os error 111)
                               → Is there a way from this machine to GITHUB_API_URL? Look at DNS, firewall and
                                 certificates, then at githubstatus.com
      – github.*               needs github.reachable (identity, permissions, events, installations, clock,
                               rate-limit)

      – webhooks.*             needs github.reachable (address, secret, deliveries)
      ✓ webhooks.received      no delivery that concerns us has come in yet
      ! webhooks.sweep         GitHub's list was never looked through for what did not get here
                               → A worker does it when it starts: start one

      ✓ queue.jobs             nothing waits
      ! queue.workers          no worker runs
                               → Start `openproducer serve`, or `openproducer worker` beside a server with
                                 --no-worker

      ! server.ready           no server answers at 127.0.0.1:1
                               → Right if it runs on another machine; else start `openproducer serve`, and look at
                                 its log if it ends

      ✓ ai.model               none is set: plans come from the document's structure
      ✓ ai.budget              AI_PRICES_PATH is not set: what models cost is not known, and no budget kept

    ✗ 1 failed, 3 warnings, 9 skipped, 16 well in N s. Begin with github.reachable.
    ");
    insta::assert_snapshot!(t.seen(&["github.reachable"]).await, @r#"
    exit 1
      ✗ github.reachable       GitHub could not be reached: client error (Connect): tcp connect error: Connection
                               refused (os error 111)
                               → Is there a way from this machine to GITHUB_API_URL? Look at DNS, firewall and
                                 certificates, then at githubstatus.com
    {"name":"github.reachable","state":"failed","says":"GitHub could not be reached: client error (Connect): tcp connect error: Connection refused (os error 111)","details":[],"advice":"Is there a way from this machine to GITHUB_API_URL? Look at DNS, firewall and certificates, then at githubstatus.com"}
    "#);
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
    insta::assert_snapshot!(t.seen(&IDENTITY).await, @r#"
    exit 1
      ✓ github.reachable       http://GITHUB/api answers in N ms
      ✗ github.identity        GitHub does not accept our credentials: Integration not found
                               → Id and key have to be of the same App: compare GITHUB_APP_ID and GITHUB_CLIENT_ID
                                 with its settings page, and make a new private key there if in doubt
    {"name":"github.reachable","state":"ok","says":"http://GITHUB/api answers in N ms","details":[],"advice":null}
    {"name":"github.identity","state":"failed","says":"GitHub does not accept our credentials: Integration not found","details":[],"advice":"Id and key have to be of the same App: compare GITHUB_APP_ID and GITHUB_CLIENT_ID with its settings page, and make a new private key there if in doubt"}
    "#);
    let client = t.sim.app().client_id.clone();
    t.set("GITHUB_CLIENT_ID", &client);
    t.set("GITHUB_APP_ID", "42");
    insta::assert_snapshot!(t.seen(&IDENTITY).await, @r#"
    exit 1
      ✓ github.reachable       http://GITHUB/api answers in N ms
      ✗ github.identity        the credentials are those of the App theopenproducerbot (1234567), and
                               GITHUB_APP_ID names another
                               → Take id, client id and key from the same App's settings page
    {"name":"github.reachable","state":"ok","says":"http://GITHUB/api answers in N ms","details":[],"advice":null}
    {"name":"github.identity","state":"failed","says":"the credentials are those of the App theopenproducerbot (1234567), and GITHUB_APP_ID names another","details":[],"advice":"Take id, client id and key from the same App's settings page"}
    "#);
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
    insta::assert_snapshot!(t.seen(&app).await, @r#"
    exit 1
      ✗ github.permissions     the App lacks issues: write
                               → Grant it on the App's settings page, Permissions & events; each account that has
                                 installed the App is then asked to accept
      ✗ github.events          the App does not hear of issue_comment, repository
                               → Subscribe to them on the App's settings page, Permissions & events
      ! github.installations   installed on acme; 1 account has not granted what the App asks for
                               · acme has not granted issues: write
                               → An owner of the account accepts it under Settings, GitHub Apps, Configure
    {"name":"github.permissions","state":"failed","says":"the App lacks issues: write","details":[],"advice":"Grant it on the App's settings page, Permissions & events; each account that has installed the App is then asked to accept"}
    {"name":"github.events","state":"failed","says":"the App does not hear of issue_comment, repository","details":[],"advice":"Subscribe to them on the App's settings page, Permissions & events"}
    {"name":"github.installations","state":"warning","says":"installed on acme; 1 account has not granted what the App asks for","details":["acme has not granted issues: write"],"advice":"An owner of the account accepts it under Settings, GitHub Apps, Configure"}
    "#);
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
    insta::assert_snapshot!(t.seen(&app).await, @r#"
    exit 0
      ! github.permissions     the App may more than it needs: contents: write
                               → Take it away on the App's settings page, Permissions & events: nothing here uses
                                 it
      ! github.events          the App hears more than it needs: push
                               → Unsubscribe on the App's settings page, Permissions & events: such deliveries are
                                 answered and forgotten
      ✓ github.installations   installed on 2 accounts, 1 of them suspended
    {"name":"github.permissions","state":"warning","says":"the App may more than it needs: contents: write","details":[],"advice":"Take it away on the App's settings page, Permissions & events: nothing here uses it"}
    {"name":"github.events","state":"warning","says":"the App hears more than it needs: push","details":[],"advice":"Unsubscribe on the App's settings page, Permissions & events: such deliveries are answered and forgotten"}
    {"name":"github.installations","state":"ok","says":"installed on 2 accounts, 1 of them suspended","details":[],"advice":null}
    "#);
}

#[tokio::test]
async fn a_clock_that_github_does_not_share_and_a_limit_nearly_reached_are_seen() {
    let t = Desk::new().await;
    t.sim.advance_clock(Duration::from_mins(210));
    insta::assert_snapshot!(t.seen(&["github.identity", "github.clock"]).await, @r#"
    exit 0
      ✓ github.identity        the App theopenproducerbot (1234567)
      ! github.clock           our clock is 3 hours behind GitHub's: signatures are dated by GitHub's, everything
                               else is not
                               → Let this machine keep time by NTP (`timedatectl` says whether it does)
    {"name":"github.identity","state":"ok","says":"the App theopenproducerbot (1234567)","details":[],"advice":null}
    {"name":"github.clock","state":"warning","says":"our clock is 3 hours behind GitHub's: signatures are dated by GitHub's, everything else is not","details":[],"advice":"Let this machine keep time by NTP (`timedatectl` says whether it does)"}
    "#);
    t.sim
        .set_rate_limit(12, t.sim.now() + chrono::TimeDelta::hours(1));
    insta::assert_snapshot!(t.seen(&["github.rate-limit"]).await, @r#"
    exit 0
      ! github.rate-limit      N of 5000 requests are left until N UTC (the App's own; each installation has
                               another)
                               → Runs wait by themselves until then; something else may be asking with the same
                                 credentials
    {"name":"github.rate-limit","state":"warning","says":"N of 5000 requests are left until N UTC (the App's own; each installation has another)","details":[],"advice":"Runs wait by themselves until then; something else may be asking with the same credentials"}
    "#);
}

const HOOKS: [&str; 3] = ["webhooks.address", "webhooks.secret", "webhooks.deliveries"];

#[tokio::test]
async fn webhooks_are_judged_by_what_became_of_deliveries() {
    let t = Desk::new().await;
    insta::assert_snapshot!(t.seen(&HOOKS).await, @r#"
    exit 0
      – webhooks.address       GitHub tells it on the App's settings page alone, where it has to be
                               https://bot.example.org/api/webhook/github; no delivery was tried in a day
      – webhooks.secret        GitHub shows it to nobody, and no delivery of the last day proves it
      ✓ webhooks.deliveries    GitHub had nothing to deliver in the last day
    {"name":"webhooks.address","state":"skipped","says":"GitHub tells it on the App's settings page alone, where it has to be https://bot.example.org/api/webhook/github; no delivery was tried in a day","details":[],"advice":null}
    {"name":"webhooks.secret","state":"skipped","says":"GitHub shows it to nobody, and no delivery of the last day proves it","details":[],"advice":null}
    {"name":"webhooks.deliveries","state":"ok","says":"GitHub had nothing to deliver in the last day","details":[],"advice":null}
    "#);
    t.sim.set_webhook_url("http://127.0.0.1:9/nobody");
    t.sim.install_app("globex", RepositorySelection::All);
    t.sim.settled().await;
    insta::assert_snapshot!(t.seen(&HOOKS).await, @r#"
    exit 1
      ✗ webhooks.address       GitHub's newest delivery did not get here just now: failed to connect to host
                               → Is the server running, and does the way to
                                 https://bot.example.org/api/webhook/github lead to it? On the App's settings
                                 page, General: the webhook URL has to be that
      – webhooks.secret        GitHub shows it to nobody, and no delivery of the last day proves it
      ! webhooks.deliveries    1 of 1 of the last day did not get through
                               · installation.created, just now: failed to connect to host
                               → A running worker asks for them again within five minutes; webhooks.sweep says how
                                 that goes
    {"name":"webhooks.address","state":"failed","says":"GitHub's newest delivery did not get here just now: failed to connect to host","details":[],"advice":"Is the server running, and does the way to https://bot.example.org/api/webhook/github lead to it? On the App's settings page, General: the webhook URL has to be that"}
    {"name":"webhooks.secret","state":"skipped","says":"GitHub shows it to nobody, and no delivery of the last day proves it","details":[],"advice":null}
    {"name":"webhooks.deliveries","state":"warning","says":"1 of 1 of the last day did not get through","details":["installation.created, just now: failed to connect to host"],"advice":"A running worker asks for them again within five minutes; webhooks.sweep says how that goes"}
    "#);
    // A server that has another secret.
    let door = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    t.sim.set_webhook_url(format!(
        "http://{}/api/webhook/github",
        door.local_addr().unwrap()
    ));
    let refusing = tokio::spawn(async move {
        while let Ok((mut stream, _)) = door.accept().await {
            let mut head = vec![0; 65_536];
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
    insta::assert_snapshot!(t.seen(&HOOKS).await, @r#"
    exit 1
      ✓ webhooks.address       GitHub's newest delivery reached a server just now
      ✗ webhooks.secret        the delivery that came just now was answered 401: GitHub signs with another secret
                               than ours
                               → Enter the same secret as GITHUB_WEBHOOK_SECRET and on the App's settings page,
                                 General, Webhook; if it is the same, a proxy in front asks for a password
      ! webhooks.deliveries    2 of 2 of the last day did not get through
                               · installation.created, just now: Invalid HTTP Response: 401
                               · installation.created, just now: failed to connect to host
                               → A running worker asks for them again within five minutes; webhooks.sweep says how
                                 that goes
    {"name":"webhooks.address","state":"ok","says":"GitHub's newest delivery reached a server just now","details":[],"advice":null}
    {"name":"webhooks.secret","state":"failed","says":"the delivery that came just now was answered 401: GitHub signs with another secret than ours","details":[],"advice":"Enter the same secret as GITHUB_WEBHOOK_SECRET and on the App's settings page, General, Webhook; if it is the same, a proxy in front asks for a password"}
    {"name":"webhooks.deliveries","state":"warning","says":"2 of 2 of the last day did not get through","details":["installation.created, just now: Invalid HTTP Response: 401","installation.created, just now: failed to connect to host"],"advice":"A running worker asks for them again within five minutes; webhooks.sweep says how that goes"}
    "#);
    refusing.abort();
}

#[tokio::test]
async fn deliveries_that_wait_or_gave_up_are_counted() {
    let t = Desk::new().await;
    let ours = ["webhooks.received", "webhooks.sweep"];
    insta::assert_snapshot!(t.seen(&ours).await, @r#"
    exit 0
      ✓ webhooks.received      no delivery that concerns us has come in yet
      ! webhooks.sweep         GitHub's list was never looked through for what did not get here
                               → A worker does it when it starts: start one
    {"name":"webhooks.received","state":"ok","says":"no delivery that concerns us has come in yet","details":[],"advice":null}
    {"name":"webhooks.sweep","state":"warning","says":"GitHub's list was never looked through for what did not get here","details":[],"advice":"A worker does it when it starts: start one"}
    "#);
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
    insta::assert_snapshot!(t.seen(&ours).await, @r#"
    exit 0
      ! webhooks.received      the last that concerned us came in 10 minutes ago; 1 being worked on, 1 gave up
                               → The log says why; what gave up is taken up again an hour later. queue.workers
                                 says whether anybody works
      ! webhooks.sweep         GitHub's list was looked through 2 hours ago; 1 asked for again; 1 given up
                               → Is a worker running? It looks every five minutes
    {"name":"webhooks.received","state":"warning","says":"the last that concerned us came in 10 minutes ago; 1 being worked on, 1 gave up","details":[],"advice":"The log says why; what gave up is taken up again an hour later. queue.workers says whether anybody works"}
    {"name":"webhooks.sweep","state":"warning","says":"GitHub's list was looked through 2 hours ago; 1 asked for again; 1 given up","details":[],"advice":"Is a worker running? It looks every five minutes"}
    "#);
}

#[tokio::test]
async fn before_there_is_an_app_the_way_to_it_is_shown() {
    let mut t = Desk::new().await;
    t.forget_app();
    insta::assert_snapshot!(t.text().await, @"
    exit 0
      ✓ config.values          every value is right; 7 of 43 settings are set
      ✓ config.secrets         none of an App in the environment: the setup page keeps them
      ✓ config.public-url      https://bot.example.org
      ✓ config.proxies         1 in front is believed about visitors' addresses
      ✓ config.encryption-key  set; nothing is stored under it yet

      ✓ database.reachable     PostgreSQL N answers, connected in N ms
      ✓ database.migrations    all N are there
      ✓ database.queue-tables  there
      ✓ database.tenant-wall   keeps strangers out; there is no tenant yet to be let in
      ✓ database.clock         the database's clock agrees with ours
      ✓ database.connections   N of 400 are open

      ✓ cache.redis            REDIS_URL is not set: each process keeps its own cache, which is right for a single
                               one

      – github.*               no App is registered yet: `openproducer setup --print` gives the link (reachable,
                               identity, permissions, events, installations, clock, rate-limit)

      – webhooks.*             no App is registered yet: `openproducer setup --print` gives the link (address,
                               secret, deliveries)
      ✓ webhooks.received      no delivery that concerns us has come in yet
      – webhooks.sweep         no App is registered yet: `openproducer setup --print` gives the link

      ✓ queue.jobs             nothing waits
      ! queue.workers          no worker runs
                               → Start `openproducer serve`, or `openproducer worker` beside a server with
                                 --no-worker

      ! server.ready           no server answers at 127.0.0.1:1
                               → Right if it runs on another machine; else start `openproducer serve`, and look at
                                 its log if it ends

      ✓ ai.model               none is set: plans come from the document's structure
      ✓ ai.budget              AI_PRICES_PATH is not set: what models cost is not known, and no budget kept

    ! 2 warnings, 11 skipped, 16 well in N s.
    ");
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
    insta::assert_snapshot!(said, @r#"
    exit 0
      ✓ config.encryption-key  opens the App's stored credentials
      ✓ github.identity        the App producer (ID)
      ! webhooks.address       the App was registered for https://former.example.org/, not for this PUBLIC_URL
                               → On the App's settings page, General: set the webhook URL to
                                 https://bot.example.org/api/webhook/github, and callback and setup URL to the
                                 same server
    {"name":"config.encryption-key","state":"ok","says":"opens the App's stored credentials","details":[],"advice":null}
    {"name":"github.identity","state":"ok","says":"the App producer (ID)","details":[],"advice":null}
    {"name":"webhooks.address","state":"warning","says":"the App was registered for https://former.example.org/, not for this PUBLIC_URL","details":[],"advice":"On the App's settings page, General: set the webhook URL to https://bot.example.org/api/webhook/github, and callback and setup URL to the same server"}
    "#);
    t.set("ENCRYPTION_KEY", &"08".repeat(32));
    insta::assert_snapshot!(t.seen(&["config.encryption-key", "github.reachable"]).await, @r#"
    exit 1
      ✗ config.encryption-key  the App's stored credentials cannot be opened: sealed with another ENCRYPTION_KEY
                               → Set the ENCRYPTION_KEY that they were stored under, the same on every server and
                                 worker
      – github.*               needs config.encryption-key (reachable, identity, permissions, events,
                               installations, clock, rate-limit)
    {"name":"config.encryption-key","state":"failed","says":"the App's stored credentials cannot be opened: sealed with another ENCRYPTION_KEY","details":[],"advice":"Set the ENCRYPTION_KEY that they were stored under, the same on every server and worker"}
    {"name":"github.reachable","state":"skipped","says":"needs config.encryption-key","details":[],"advice":null}
    "#);
}

#[tokio::test]
async fn with_a_persons_token_it_says_whose_and_what_it_may() {
    let mut t = Desk::new().await;
    t.sim.add_user("alice");
    t.forget_app();
    t.set("GITHUB_APP_MODE", "token");
    t.set("GITHUB_TOKEN", &t.sim.add_token("alice", &["public_repo"]));
    insta::assert_snapshot!(t.text().await, @"
    exit 0
      ✓ config.values          every value is right; 9 of 43 settings are set
      ✓ config.secrets         a person's token: process, status and rollback act with it
      – config.public-url      with a person's token nobody comes to us
      ✓ config.proxies         1 in front is believed about visitors' addresses
      ✓ config.encryption-key  set; nothing is stored under it yet

      ✓ database.reachable     PostgreSQL N answers, connected in N ms
      ✓ database.migrations    all N are there
      ✓ database.queue-tables  there
      ✓ database.tenant-wall   keeps strangers out; there is no tenant yet to be let in
      ✓ database.clock         the database's clock agrees with ours
      ✓ database.connections   N of 400 are open

      ✓ cache.redis            REDIS_URL is not set: each process keeps its own cache, which is right for a single
                               one

      ✓ github.reachable       http://GITHUB/api answers in N ms
      ✓ github.identity        a classic token of alice (public_repo): public repositories alone
      – github.*               with a person's token there is no App (permissions, events, installations)
      ✓ github.clock           GitHub's clock agrees with ours
      ✓ github.rate-limit      N of 5000 requests are left until N UTC (the token's)

      – webhooks.*             with a person's token there are no webhooks (address, secret, deliveries, received,
                               sweep)

      ✓ queue.jobs             nothing waits
      – queue.workers          with a person's token the commands do the work themselves

      – server.ready           a person's token has nothing to serve

      ✓ ai.model               none is set: plans come from the document's structure
      ✓ ai.budget              AI_PRICES_PATH is not set: what models cost is not known, and no budget kept

    ✓ 11 skipped, 18 well in N s.
    ");
    t.set("GITHUB_TOKEN", &t.sim.add_token("alice", &["read:org"]));
    insta::assert_snapshot!(t.seen(&["github.identity"]).await, @r#"
    exit 1
      ✗ github.identity        a classic token of alice that may not write issues
                               → Give it the scope public_repo, for private repositories repo, or make a
                                 fine-grained one with Issues: Read and write
    {"name":"github.identity","state":"failed","says":"a classic token of alice that may not write issues","details":[],"advice":"Give it the scope public_repo, for private repositories repo, or make a fine-grained one with Issues: Read and write"}
    "#);
    t.set("GITHUB_TOKEN", "ghp_that_was_revoked");
    insta::assert_snapshot!(t.seen(&["github.identity"]).await, @r#"
    exit 1
      ✗ github.identity        GitHub does not accept our credentials: Bad credentials
                               → Make a new token with *Issues: Read and write*, and set it as GITHUB_TOKEN
    {"name":"github.identity","state":"failed","says":"GitHub does not accept our credentials: Bad credentials","details":[],"advice":"Make a new token with *Issues: Read and write*, and set it as GITHUB_TOKEN"}
    "#);
    t.unset("GITHUB_TOKEN");
    insta::assert_snapshot!(t.seen(&["config.secrets", "github.reachable"]).await, @r#"
    exit 1
      ✗ config.secrets         GITHUB_APP_MODE is token, and GITHUB_TOKEN is not set
                               → Set GITHUB_TOKEN to a token that may read and write issues
      – github.*               needs config.secrets (reachable, identity, permissions, events, installations,
                               clock, rate-limit)
    {"name":"config.secrets","state":"failed","says":"GITHUB_APP_MODE is token, and GITHUB_TOKEN is not set","details":[],"advice":"Set GITHUB_TOKEN to a token that may read and write issues"}
    {"name":"github.reachable","state":"skipped","says":"needs config.secrets","details":[],"advice":null}
    "#);
}

#[tokio::test]
async fn a_model_that_refuses_is_told_from_one_that_is_away() {
    let models = ModelHouse::start().await.unwrap();
    let mut t = Desk::new().await;
    t.set("OPENAI_PROVIDER", "OPENAI");
    t.set("OPENAI_API_BASE_URL", &models.url(Brand::OpenAi));
    t.set("OPENAI_API_KEY", "sk-of-the-operator");
    t.set("OPENAI_MODEL", "sim-large");
    insta::assert_snapshot!(t.seen(&["ai.model"]).await, @r#"
    exit 0
      ✓ ai.model               openai/sim-large can be asked
    {"name":"ai.model","state":"ok","says":"openai/sim-large can be asked","details":[],"advice":null}
    "#);
    models.only_key("another");
    insta::assert_snapshot!(t.seen(&["ai.model"]).await, @r#"
    exit 1
      ✗ ai.model               openai/sim-large cannot be asked: the provider does not take the key
                               → docs/models.md says which settings each provider needs; until then plans come
                                 from the document's structure
    {"name":"ai.model","state":"failed","says":"openai/sim-large cannot be asked: the provider does not take the key","details":[],"advice":"docs/models.md says which settings each provider needs; until then plans come from the document's structure"}
    "#);
    t.set("OPENAI_API_BASE_URL", "http://127.0.0.1:1/v1/");
    insta::assert_snapshot!(t.seen(&["ai.model"]).await, @r#"
    exit 0
      ! ai.model               openai/sim-large cannot be asked: the provider is not available: its host does not
                               answer
                               → It may pass by itself; until then plans come from the document's structure
    {"name":"ai.model","state":"warning","says":"openai/sim-large cannot be asked: the provider is not available: its host does not answer","details":[],"advice":"It may pass by itself; until then plans come from the document's structure"}
    "#);
    t.unset("OPENAI_API_KEY");
    insta::assert_snapshot!(t.seen(&["ai.model"]).await, @r#"
    exit 1
      ✗ ai.model               openai is chosen, and no key for it is set
                               → docs/models.md says which settings each provider needs; until then plans come
                                 from the document's structure
    {"name":"ai.model","state":"failed","says":"openai is chosen, and no key for it is set","details":[],"advice":"docs/models.md says which settings each provider needs; until then plans come from the document's structure"}
    "#);
}
