//! What tests and the demo hold: the running simulator, its people, and views of what exists.
//!
//! Asking for what does not exist panics with its name: a test that misnames a thing is wrong.

mod listing;
mod person;
mod scene;
mod setup;
mod view;

use std::fmt;
use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use chrono::{DateTime, Utc};
use http::Method;
use tokio::net::TcpListener;
use tokio::sync::{broadcast, watch};
use tokio_util::sync::{CancellationToken, DropGuard};

pub use listing::Purchase;
pub use person::Person;
pub use scene::RepositorySelection;
pub use setup::Setup;
pub use view::{CommentView, IssueView, ReactionView, RepositoryView};

use super::door::{self, Door, Recorded, Shared, Wire};
use super::faults::{self, Faults};
use super::happening::Happening;
use super::limits::Limits;
use super::webhooks::{self, Delivery};
use super::world::{App, World};

/// An issue or a pull request, wherever its repository is called by now.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IssueRef {
    /// The full name at the time when the reference was made.
    pub repository: String,
    pub number: u64,
    /// The database id.
    pub id: u64,
}

impl fmt::Display for IssueRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}#{}", self.repository, self.number)
    }
}

/// A comment on an issue.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CommentRef {
    pub issue: IssueRef,
    /// The database id.
    pub id: u64,
}

/// A running simulator. Clones share it; it stops when the last one is dropped.
#[derive(Clone)]
pub struct Simulator {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    app: App,
    base: String,
    sent: watch::Receiver<u64>,
    _running: DropGuard,
}

impl Simulator {
    /// Binds the address of the setup (a free port of the loopback by default) and serves.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn start(setup: Setup) -> std::io::Result<Self> {
        let listener = TcpListener::bind(setup.address).await?;
        let base = format!("http://{}", listener.local_addr()?);
        let (outbox, sender, sent) = webhooks::outbox(setup.webhook_timeout);
        let mut world = World::new(base.clone(), setup.app(), outbox);
        world.meter.hourly = setup.requests_per_hour;
        setup::people_of_the_app(&mut world);
        let app = world.app.clone();
        let shared = Arc::new(Shared::new(world));
        let stop = CancellationToken::new();
        tokio::spawn(
            stop.clone()
                .run_until_cancelled_owned(sender.run(shared.clone())),
        );
        let service = door::router(shared.clone()).into_make_service_with_connect_info::<Wire>();
        let server = axum::serve(Door(listener), service)
            .with_graceful_shutdown(stop.clone().cancelled_owned());
        tokio::spawn(async move { server.await });
        let inner = Inner {
            shared,
            app,
            base,
            sent,
            _running: stop.drop_guard(),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.inner.shared.world()
    }

    /// Where the REST API is: `http://127.0.0.1:PORT/api`.
    pub fn api_url(&self) -> String {
        format!("{}/api", self.inner.base)
    }

    /// Where the web pages are: `http://127.0.0.1:PORT`.
    pub fn web_url(&self) -> String {
        self.inner.base.clone()
    }

    /// The page of an issue.
    pub fn issue_url(&self, issue: &IssueRef) -> String {
        let world = self.world();
        let found = world.issues.get(&issue.id);
        found.map_or_else(String::new, |issue| world.issue_page(issue))
    }

    pub fn app(&self) -> &App {
        &self.inner.app
    }

    /// The simulator's clock.
    pub fn now(&self) -> DateTime<Utc> {
        self.world().now()
    }

    /// Moves the simulator's clock: tokens expire, limits recover, deliveries are forgotten.
    pub fn advance_clock(&self, by: Duration) {
        self.world().clock.advance(by);
    }

    /// What goes wrong, and when.
    pub fn faults(&self) -> Faults {
        Faults(self.inner.shared.clone())
    }

    /// Everything that happens from now on.
    pub fn watch(&self) -> broadcast::Receiver<Happening> {
        self.world().watchers.subscribe()
    }

    /// Every request to the API so far, in the order of arrival.
    pub fn requests(&self) -> Vec<Recorded> {
        self.world().requests.clone()
    }

    /// Those with this method whose path fits the template, e.g. `/repos/{owner}/{repo}/issues`.
    pub fn requests_matching(&self, method: &Method, template: &str) -> Vec<Recorded> {
        let mut requests = self.requests();
        requests.retain(|r| r.method == method && faults::matches(template, &r.route));
        requests
    }

    /// What callers did wrong though it was answered: unknown fields, unknown routes, no User-Agent, haste.
    pub fn complaints(&self) -> Vec<String> {
        self.world().complaints.clone()
    }

    /// Where webhooks go from now on. Until then nothing is delivered.
    pub fn set_webhook_url(&self, url: impl Into<String>) {
        self.world().outbox.url = Some(url.into());
    }

    /// Every delivery so far, oldest first; those under way have the status `pending`.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.world().outbox.deliveries.clone()
    }

    /// Sends the latest delivery with this GUID again, under the same GUID.
    pub fn redeliver(&self, guid: &str) {
        let mut world = self.world();
        let mut known = world.outbox.deliveries.iter().rev();
        let id = known.find(|d| d.guid == guid).map(|d| d.id);
        drop(known);
        let again = id.is_some_and(|id| world.deliver_again(id));
        drop(world);
        assert!(again, "no delivery {guid}");
    }

    /// The next deliveries get lost on the way, as when the receiver is down.
    pub fn lose_deliveries(&self, number: u32) {
        self.world().outbox.lose = number;
    }

    /// The next deliveries arrive and are answered, but the answers get lost: GitHub takes them for failed.
    pub fn lose_answers(&self, number: u32) {
        self.world().outbox.lose_answers = number;
    }

    /// Waits until every webhook queued so far has been sent and answered (or has failed).
    pub async fn settled(&self) {
        let queued = self.world().outbox.queued;
        let mut sent = self.inner.sent.clone();
        // An error means that the sender is gone: then nothing more will come.
        let _ = sent.wait_for(|sent| *sent >= queued).await;
    }

    /// What remains of everybody's hour, until `reset`.
    pub fn set_rate_limit(&self, remaining: u64, reset: DateTime<Utc>) {
        self.world().meter.override_with = Some((remaining, reset));
    }

    /// From now on the secondary limits are enforced.
    pub fn enforce_limits(&self, limits: Limits) {
        self.world().meter.limits = Some(limits);
    }

    /// Filtered lists of issues do not show what is younger than this.
    pub fn lag_filtered_lists(&self, by: Duration) {
        self.world().list_lag = by;
    }
}
