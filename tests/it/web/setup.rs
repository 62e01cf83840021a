//! From a fresh server to a live App, by the manifest flow; and who is kept out on the way.

use std::time::{Duration, Instant};

use http::Method;
use openproducer::cli::server::{Parts, Server};
use openproducer::clock::Clock;
use openproducer::flows::registration::{self, Link};
use openproducer::github::{GitHub, OAuth};
use openproducer::simulator::{Effect, Fault, RepositorySelection, Role, Setup, Simulator};
use openproducer::store::{jobs, registrations};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use crate::harness::browser::{Browser, Page};
use crate::harness::database::TestDatabase;
use crate::harness::house::Outside;

/// Longer than anything takes that is not stuck.
const STUCK: Duration = Duration::from_mins(2);
const CONVERSIONS: &str = "/app-manifests/{code}/conversions";

/// Fresh servers on one database, and a GitHub where they have no App yet.
pub(crate) struct Scene {
    pub(crate) sim: Simulator,
    database: TestDatabase,
}

impl Scene {
    pub(crate) async fn new() -> Self {
        let database = TestDatabase::create().await;
        jobs::migrate(database.pool()).await.unwrap();
        let sim = Simulator::start(Setup::default()).await.unwrap();
        sim.add_organization("acme");
        sim.add_repository("acme/shop");
        sim.add_user("olivia");
        sim.set_role("acme/shop", "olivia", Role::Admin);
        Self { sim, database }
    }

    fn parts(&self) -> Parts {
        let outside = Outside::of(&self.sim);
        let web: Url = self.sim.web_url().parse().unwrap();
        Parts {
            github: GitHub::unregistered(&outside.api_url, Clock::system()).unwrap(),
            oauth: OAuth::new(&web, None, Clock::system()).unwrap(),
            webhook_secret: SecretString::default(),
            marketplace_secret: None,
            ..outside.parts(self.database.pool().clone())
        }
    }

    pub(crate) async fn server(&self) -> Server {
        Server::start(self.parts()).await.unwrap()
    }

    fn browser(&self, server: &Server) -> Browser {
        let browser = Browser::new(&format!("http://{}", server.address), &self.sim.web_url());
        browser.is_on_github_as("olivia");
        browser
    }

    fn conversions(&self) -> usize {
        self.sim.requests_matching(&Method::POST, CONVERSIONS).len()
    }
}

fn link(server: &Server) -> String {
    let link = server.setup_link.as_ref().expect("a link");
    assert_eq!(link.port(), Some(server.address.port()));
    format!("{}?{}", link.path(), link.query().unwrap())
}

/// From our form to GitHub's page with its button.
async fn to_github(browser: &Browser, link: &str, organization: &str) -> Page {
    let form = browser.visit(link).await;
    assert_eq!(form.url.path(), "/setup", "the secret leaves the address");
    assert!(form.url.query().is_none());
    let fields = [
        ("owner", "organization"),
        ("organization", organization),
        ("name", "Producer of ACME"),
    ];
    let send = browser.submits(&form, "/setup", &fields).await;
    assert_eq!(send.status, 200, "{send:#?}");
    let action = between(&send.text, "action=\"", "\"");
    let manifest = send.hidden("manifest");
    let address = Url::parse(&action).unwrap();
    let policy = send.header("content-security-policy");
    let github = address.origin().ascii_serialization();
    assert!(
        policy.contains(&format!("form-action 'self' {github};")),
        "{policy}"
    );
    browser
        .send(Method::POST, address, Some(&[("manifest", &manifest)]))
        .await
}

/// The button on GitHub's page; answers where GitHub sends the browser.
async fn creates(browser: &Browser, page: &Page) -> Url {
    assert!(
        page.text.contains("Create GitHub App for acme"),
        "{page:#?}"
    );
    let (manifest, state) = (page.hidden("manifest"), page.hidden("state"));
    let fields = [
        ("owner", "acme"),
        ("manifest", &manifest),
        ("state", &state),
    ];
    let to = page.url.join("/_simulator/apps").unwrap();
    let sent = browser.send(Method::POST, to, Some(&fields)).await;
    sent.leads_to().unwrap_or_else(|| panic!("{sent:#?}"))
}

fn between(text: &str, start: &str, end: &str) -> String {
    let (_, rest) = text.split_once(start).unwrap();
    let text = rest.split_once(end).unwrap().0;
    text.replace("&#38;", "&").replace("&amp;", "&")
}

#[tokio::test]
async fn another_app_takes_the_place_of_the_first_on_every_replica() {
    let scene = Scene::new().await;
    let (one, two) = (scene.server().await, scene.server().await);
    let browser = scene.browser(&one);
    let github = to_github(&browser, &link(&one), "acme").await;
    browser
        .visit(creates(&browser, &github).await.as_str())
        .await;
    let slug_of = async |server: &Server| {
        let page = scene.browser(server).get("/install").await;
        page.header("location").to_owned()
    };
    let first = registrations::find(scene.database.pool())
        .await
        .unwrap()
        .unwrap();
    until("both are the first App", async || {
        slug_of(&one).await.contains(&first.slug) && slug_of(&two).await.contains(&first.slug)
    })
    .await;

    // An ordinary link leads nowhere any more.
    let (ordinary, _) = registration::new_link(one.services(), false).await.unwrap();
    let path = format!("/setup?link={}", ordinary.expose_secret());
    let refused = scene.browser(&one).visit(&path).await;
    assert!(refused.text.contains("set up already"), "{}", refused.text);

    let (secret, _) = registration::new_link(one.services(), true).await.unwrap();
    let browser = scene.browser(&one);
    let path = format!("/setup?link={}", secret.expose_secret());
    let form = browser.visit(&path).await;
    assert!(
        form.text.contains("takes the place of the App"),
        "{}",
        form.text
    );
    let fields = [
        ("owner", "organization"),
        ("organization", "acme"),
        ("name", "The second"),
    ];
    let send = browser.submits(&form, "/setup", &fields).await;
    let action = Url::parse(&between(&send.text, "action=\"", "\"")).unwrap();
    let manifest = send.hidden("manifest");
    let github = browser
        .send(Method::POST, action, Some(&[("manifest", &manifest)]))
        .await;
    let done = browser
        .visit(creates(&browser, &github).await.as_str())
        .await;
    assert!(done.text.contains("The second"), "{}", done.text);

    let second = registrations::find(scene.database.pool())
        .await
        .unwrap()
        .unwrap();
    assert_ne!(first.app_id, second.app_id);
    until("both are the second App, without a restart", async || {
        slug_of(&one).await.contains(&second.slug) && slug_of(&two).await.contains(&second.slug)
    })
    .await;
    let log: Vec<(String, serde_json::Value)> =
        sqlx::query_as("select action, detail from operator_events order by id")
            .fetch_all(scene.database.pool())
            .await
            .unwrap();
    assert_eq!(
        (log.len(), log[0].0.as_str(), log[1].0.as_str()),
        (2, "register_app", "replace_app")
    );
    assert_eq!(log[1].1["in_place_of"]["app_id"], first.app_id);
    assert!(!format!("{log:?}").contains("PRIVATE KEY"));
    // The link works once.
    let again = scene.browser(&one).visit(&path).await;
    assert!(!again.text.contains("takes the place"), "{}", again.text);
    one.stop().await;
    two.stop().await;
}

/// Until the condition holds.
async fn until(what: &str, condition: impl AsyncFn() -> bool) {
    let begun = Instant::now();
    while !condition().await {
        assert!(begun.elapsed() < STUCK, "never: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_fresh_server_becomes_an_app_on_every_replica_without_a_restart() {
    let scene = Scene::new().await;
    let (first, second) = (scene.server().await, scene.server().await);
    let browser = scene.browser(&first);
    assert_eq!(browser.get("/install").await.status, 404);
    assert_eq!(browser.get("/login").await.status, 503);
    assert_eq!(browser.get("/api/health").await.status, 200);
    // Signed or not, nothing can be believed yet.
    let refused = browser.post("/api/webhook/github", &[]).await;
    assert!(matches!(refused.status, 401 | 503), "{refused:#?}");

    let form = browser.visit(&link(&first)).await;
    for words in [
        "Issues: read and write",
        "Metadata: read",
        "create the planned issues",
        "cannot read or write the files",
    ] {
        assert!(form.text.contains(words), "{words} is not in {}", form.text);
    }
    let github = to_github(&browser, &link(&first), "acme").await;
    assert!(
        !github.text.contains("role=\"alert\""),
        "GitHub takes it: {}",
        github.text
    );
    let back = creates(&browser, &github).await;
    assert_eq!(back.path(), "/setup/callback");
    let ping = scene.sim.deliveries();
    scene.sim.settled().await;
    assert_eq!(
        ping.len(),
        1,
        "GitHub tries the webhook before anybody can know its secret"
    );
    assert_eq!(scene.sim.deliveries()[0].status_code, 503);

    let sent = browser.send(Method::GET, back.clone(), None).await;
    let done = browser.follow(sent).await;
    assert_eq!((done.status, done.url.path()), (200, "/setup"), "{done:#?}");
    assert!(
        done.text.contains("Producer of ACME is registered"),
        "{}",
        done.text
    );
    assert!(done.text.contains("None yet"), "{}", done.text);
    assert!(done.text.contains("data-look=\"5\"") && done.header("refresh").is_empty());

    let app = scene.sim.app_now();
    for server in [&first, &second] {
        let browser = scene.browser(server);
        until("the replica is live", async || {
            browser.get("/install").await.status == 302
        })
        .await;
        let to = browser.get("/install").await;
        assert!(
            to.header("location")
                .contains(&format!("/apps/{}/", app.slug))
        );
        assert_eq!(browser.get("/login").await.status, 303);
    }
    browser.signs_in_as("olivia").await;
    let installation = scene.sim.install_app("acme", RepositorySelection::All);
    scene.sim.settled().await;
    let last = scene.sim.deliveries().pop().unwrap();
    assert_eq!(
        (last.event.as_str(), last.status_code),
        ("installation", 202),
        "{last:?}"
    );
    until("the first webhook is shown", async || {
        browser
            .get("/setup")
            .await
            .text
            .contains("GitHub reaches this server")
    })
    .await;
    assert!(!browser.get("/setup").await.text.contains("data-look"));
    until("the worker does the job", async || {
        jobs::count_open(scene.database.pool()).await.unwrap() == 0
    })
    .await;
    let known: bool = sqlx::query_scalar("select exists (select from installations where id = $1)")
        .bind(i64::try_from(installation).unwrap())
        .fetch_one(scene.database.pool())
        .await
        .unwrap();
    assert!(known, "with a token of the new App");

    // The same link, code and state again: nothing.
    let again = browser.send(Method::GET, back.clone(), None).await;
    assert_eq!(again.status, 403, "{again:#?}");
    let other = scene.browser(&second);
    assert_eq!(other.get(&link(&second)).await.status, 303);
    let page = other.get("/setup").await;
    assert!(page.text.contains("set up already"), "{page:#?}");
    assert_eq!(scene.conversions(), 1);

    // A server that starts later is the App at once.
    first.stop().await;
    second.stop().await;
    let third = scene.server().await;
    assert!(third.setup_link.is_none());
    assert!(third.services().github.is_registered());
    third.stop().await;
    assert_eq!(scene.sim.complaints(), Vec::<String>::new());
}

#[tokio::test]
async fn the_credentials_lie_sealed_and_another_key_does_not_open_them() {
    let scene = Scene::new().await;
    let server = scene.server().await;
    let browser = scene.browser(&server);
    let github = to_github(&browser, &link(&server), "acme").await;
    let back = creates(&browser, &github).await;
    assert_eq!(browser.send(Method::GET, back, None).await.status, 303);
    let row = registrations::find(scene.database.pool())
        .await
        .unwrap()
        .unwrap();
    let app = scene.sim.app_now();
    let all = [row.sealed_key, row.sealed_webhook, row.sealed_client].concat();
    for secret in [
        &app.private_key_pem[40..80],
        &app.webhook_secret,
        &app.client_secret,
    ] {
        let found = all
            .windows(secret.len())
            .any(|bytes| bytes == secret.as_bytes());
        assert!(!found, "a secret can be read");
    }
    server.stop().await;
    let mut parts = scene.parts();
    let other = openproducer::config::EncryptionKey::from_bytes([9; 32]);
    parts.seal = Some(openproducer::store::sealed::Seal::new(&other));
    let Err(failure) = Server::start(parts).await else {
        panic!("started with another key");
    };
    let said = format!("{failure:#}");
    assert!(
        said.contains("sealed with another ENCRYPTION_KEY"),
        "{said}"
    );
}

#[tokio::test]
async fn links_that_are_forged_expired_or_used_lead_nowhere() {
    let scene = Scene::new().await;
    let server = scene.server().await;
    let browser = scene.browser(&server);
    for path in [
        "/setup",
        "/setup?link=",
        "/setup?link=forged",
        "/setup?link=%0d%0aSet-Cookie:x=1",
    ] {
        let page = browser.get(path).await;
        assert_eq!(page.status, 403, "{path}: {page:#?}");
        assert!(
            page.text.contains("openproducer setup --print"),
            "{page:#?}"
        );
    }
    let form = browser.visit(&link(&server)).await;
    sqlx::query("update setup_links set expires_at = now()")
        .execute(scene.database.pool())
        .await
        .unwrap();
    assert_eq!(browser.get(&link(&server)).await.status, 403);
    assert_eq!(browser.get("/setup").await.status, 403);
    let fields = [("owner", "user"), ("name", "A")];
    assert_eq!(browser.submits(&form, "/setup", &fields).await.status, 403);
    let mut last = 0;
    for _ in 0..30 {
        last = browser.get("/setup").await.status;
    }
    assert_eq!(last, 429, "guessing takes longer than the link lasts");
    server.stop().await;
}

#[tokio::test]
async fn nobody_comes_back_from_github_with_anothers_state_or_browser() {
    let scene = Scene::new().await;
    let server = scene.server().await;
    let browser = scene.browser(&server);
    let github = to_github(&browser, &link(&server), "acme").await;
    let back = creates(&browser, &github).await;
    let code = back
        .query_pairs()
        .find(|(key, _)| key == "code")
        .unwrap()
        .1
        .into_owned();

    // Another browser, though it holds a link of its own.
    let (secret, _) = registration::new_link(server.services(), false)
        .await
        .unwrap();
    let thief = scene.browser(&server);
    assert_eq!(
        thief.send(Method::GET, back.clone(), None).await.status,
        403
    );
    thief.steal_cookie(
        "openproducer_setup",
        secrecy::ExposeSecret::expose_secret(&secret),
    );
    assert_eq!(
        thief.send(Method::GET, back.clone(), None).await.status,
        403
    );
    // This browser, with a state of nobody's, or none.
    for query in [
        format!("code={code}&state=forged"),
        format!("code={code}"),
        "state=x".to_owned(),
        String::new(),
    ] {
        let page = browser.get(&format!("/setup/callback?{query}")).await;
        assert_eq!(page.status, 403, "{query}: {page:#?}");
    }
    // A state that a later form has replaced.
    to_github(&browser, &link(&server), "acme").await;
    assert_eq!(browser.send(Method::GET, back, None).await.status, 403);
    assert_eq!(scene.conversions(), 0, "GitHub was asked for nothing");
    assert!(
        registrations::find(scene.database.pool())
            .await
            .unwrap()
            .is_none()
    );
    assert_eq!(
        registration::look_at(server.services(), &secret)
            .await
            .unwrap(),
        Link::Open
    );
    server.stop().await;
}

#[tokio::test]
async fn an_outage_on_the_way_back_can_be_tried_again_and_a_stale_code_is_told() {
    let scene = Scene::new().await;
    let server = scene.server().await;
    let browser = scene.browser(&server);
    let github = to_github(&browser, &link(&server), "acme").await;
    let back = creates(&browser, &github).await;
    scene
        .sim
        .faults()
        .schedule(Fault::on(Method::POST, CONVERSIONS));
    let page = browser.send(Method::GET, back.clone(), None).await;
    assert_eq!(page.status, 503, "{page:#?}");
    assert!(page.text.contains("Load this page again"), "{page:#?}");
    assert_eq!(browser.send(Method::GET, back, None).await.status, 303);
    server.stop().await;

    let scene = Scene::new().await;
    let server = scene.server().await;
    let browser = scene.browser(&server);
    let github = to_github(&browser, &link(&server), "acme").await;
    let back = creates(&browser, &github).await;
    scene.sim.advance_clock(Duration::from_secs(3601));
    let page = browser.send(Method::GET, back, None).await;
    assert_eq!(page.status, 403, "{page:#?}");
    assert!(
        registrations::find(scene.database.pool())
            .await
            .unwrap()
            .is_none()
    );
    server.stop().await;
}

#[tokio::test]
async fn whoever_closes_the_page_on_the_way_back_takes_no_credentials_along() {
    let scene = Scene::new().await;
    let server = scene.server().await;
    let browser = scene.browser(&server);
    let github = to_github(&browser, &link(&server), "acme").await;
    let back = creates(&browser, &github).await;
    let slow = Effect::Delay(Duration::from_secs(3));
    let fault = Fault::on(Method::POST, CONVERSIONS).then(slow);
    scene.sim.faults().schedule(fault);
    tokio::select! {
        page = browser.send(Method::GET, back, None) => panic!("answered before it was closed: {page:#?}"),
        () = until("GitHub is asked", async || scene.conversions() == 1) => {}
    }
    until("the App is registered", async || {
        let pool = scene.database.pool();
        registrations::find(pool).await.unwrap().is_some()
    })
    .await;
    let page = browser.get("/setup").await;
    assert!(page.text.contains("is registered"), "{page:#?}");
    server.stop().await;
}

#[tokio::test]
async fn a_server_that_ends_waits_for_credentials_that_are_on_their_way() {
    let scene = Scene::new().await;
    let server = scene.server().await;
    let browser = scene.browser(&server);
    let github = to_github(&browser, &link(&server), "acme").await;
    let back = creates(&browser, &github).await;
    let slow = Effect::Delay(Duration::from_secs(2));
    let fault = Fault::on(Method::POST, CONVERSIONS).then(slow);
    scene.sim.faults().schedule(fault);
    let asked = until("GitHub is asked", async || scene.conversions() == 1);
    tokio::select! {
        answer = browser.send(Method::GET, back, None) => panic!("too early: {answer:#?}"),
        () = asked => {}
    }
    server.stop().await;
    let pool = scene.database.pool();
    assert!(registrations::find(pool).await.unwrap().is_some());
}

#[tokio::test]
async fn two_who_come_back_at_once_register_one_app() {
    let scene = Scene::new().await;
    let server = scene.server().await;
    let browser = scene.browser(&server);
    let github = to_github(&browser, &link(&server), "acme").await;
    let back = creates(&browser, &github).await;
    let (one, two) = tokio::join!(
        browser.send(Method::GET, back.clone(), None),
        browser.send(Method::GET, back, None)
    );
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 403]);
    assert_eq!(scene.conversions(), 1);
    server.stop().await;
}

#[tokio::test]
async fn what_is_typed_wrongly_is_named_and_kept() {
    let scene = Scene::new().await;
    let server = scene.server().await;
    let browser = scene.browser(&server);
    let form = browser.visit(&link(&server)).await;
    let long = "x".repeat(35);
    let fields = [
        ("owner", "organization"),
        ("organization", "<b>octo/org"),
        ("name", long.as_str()),
    ];
    let page = browser.submits(&form, "/setup", &fields).await;
    assert_eq!(page.status, 422);
    for fault in ["name-fault", "organization-fault"] {
        let marked = format!("aria-invalid=\"true\" aria-describedby=\"{fault} ");
        assert!(page.text.contains(&marked), "{fault}: {page:#?}");
    }
    assert!(
        page.text.contains("1 to 34 characters; it is 35 long"),
        "{page:#?}"
    );
    assert!(page.text.contains("such as octo-org"), "{page:#?}");
    assert!(
        page.text.contains(&long) && !page.text.contains("<b>octo"),
        "{page:#?}"
    );
    let forged = browser.post("/setup", &fields).await;
    assert_eq!(forged.status, 403, "without the hidden field: {forged:#?}");
    server.stop().await;
}

#[tokio::test]
async fn credentials_of_the_environment_win_and_the_page_says_so() {
    let scene = Scene::new().await;
    let outside = Outside::of(&scene.sim);
    let server = Server::start(outside.parts(scene.database.pool().clone()))
        .await
        .unwrap();
    assert!(server.setup_link.is_none());
    let (secret, _) = registration::new_link(server.services(), false)
        .await
        .unwrap();
    let browser = scene.browser(&server);
    browser.steal_cookie(
        "openproducer_setup",
        secrecy::ExposeSecret::expose_secret(&secret),
    );
    let page = browser.get("/setup").await;
    assert!(
        page.text.contains("GITHUB_APP_ID") && page.text.contains("wins over"),
        "{page:#?}"
    );
    for path in ["/setup/callback?code=a&state=b", "/setup/callback"] {
        assert_eq!(browser.get(path).await.status, 403);
    }
    assert_eq!(browser.post("/setup", &[]).await.status, 403);
    assert_eq!(scene.conversions(), 0);
    server.stop().await;
}

#[tokio::test]
async fn a_server_with_an_app_and_no_webhook_secret_does_not_start() {
    let scene = Scene::new().await;
    let mut parts = Outside::of(&scene.sim).parts(scene.database.pool().clone());
    parts.webhook_secret = SecretString::default();
    let Err(failure) = Server::start(parts).await else {
        panic!("started without a webhook secret");
    };
    assert!(format!("{failure:#}").contains("webhook secret is empty"));
}

#[tokio::test]
async fn a_used_link_shows_nothing_but_to_the_browser_that_used_it() {
    let scene = Scene::new().await;
    let server = scene.server().await;
    let (browser, early) = (scene.browser(&server), scene.browser(&server));
    // Somebody else has opened the link, and sent the form, before it was used.
    to_github(&early, &link(&server), "acme").await;
    let github = to_github(&browser, &link(&server), "acme").await;
    let done = browser
        .visit(creates(&browser, &github).await.as_str())
        .await;
    assert!(done.text.contains("is registered"), "{done:#?}");
    let late = scene.browser(&server);
    for path in [link(&server), "/setup".to_owned()] {
        for other in [&early, &late] {
            let page = other.get(&path).await;
            assert_eq!(page.status, 403, "{path}: {page:#?}");
            assert!(!page.text.contains("Producer of ACME"), "{}", page.text);
        }
        let page = browser.visit(&path).await;
        assert!(page.text.contains("is registered"), "{path}: {page:#?}");
    }
    // And to that one for an hour after the first webhook, a day at most.
    let pool = scene.database.pool();
    sqlx::query("update app_registrations set first_webhook_at = now() - interval '2 hours'")
        .execute(pool)
        .await
        .unwrap();
    assert_eq!(browser.get("/setup").await.status, 403);
    sqlx::query("update app_registrations set first_webhook_at = null")
        .execute(pool)
        .await
        .unwrap();
    assert_eq!(browser.get("/setup").await.status, 200);
    sqlx::query("update setup_links set used_at = now() - interval '25 hours'")
        .execute(pool)
        .await
        .unwrap();
    assert_eq!(browser.get("/setup").await.status, 403);
    server.stop().await;
}

#[tokio::test]
async fn whoever_comes_second_is_told_which_app_to_delete() {
    let scene = Scene::new().await;
    let (first, second) = (scene.server().await, scene.server().await);
    let (one, two) = (scene.browser(&first), scene.browser(&second));
    let github = to_github(&one, &link(&first), "acme").await;
    let other = to_github(&two, &link(&second), "acme").await;
    let done = one.visit(creates(&one, &github).await.as_str()).await;
    assert!(done.text.contains("is registered"), "{done:#?}");
    let ours = registrations::find(scene.database.pool()).await.unwrap();
    let back = creates(&two, &other).await;
    let told = two.send(Method::GET, back, None).await;
    assert_eq!(told.status, 403);
    let theirs = scene.sim.app_now();
    assert!(
        told.text.contains("There are two Apps now")
            && told.text.contains(&format!("/apps/{}", theirs.slug)),
        "{}",
        told.text
    );
    let still = registrations::find(scene.database.pool()).await.unwrap();
    assert_eq!(still.unwrap().slug, ours.unwrap().slug);
    first.stop().await;
    second.stop().await;
}
