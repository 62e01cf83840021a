//! What exists in the simulated GitHub. Invariant: nothing in this folder waits, and nothing here queues webhooks.

mod access;
mod account;
mod installation;
mod issue;
mod personal;
mod repository;
mod sign_in;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use tokio::sync::broadcast;

pub(crate) use access::{Need, suspended};
pub use account::Role;
pub(crate) use account::{Account, Kind};
pub(crate) use installation::{Installation, Permissions, Token};
pub(crate) use issue::{Comment, Issue, Reaction, Reason};
pub(crate) use personal::Grant;
pub(crate) use repository::{ISSUE_TYPES, Label, Milestone, Repository};
pub(crate) use sign_in::{Desk, TokenRequest};

use super::clock::Clock;
use super::door::Recorded;
use super::faults::FaultPlan;
use super::handle::IssueRef;
use super::happening::{Happening, What};
use super::limits::Meter;
use super::webhooks::Outbox;

/// The registered App.
#[derive(Clone, Debug)]
pub struct App {
    pub id: u64,
    pub client_id: String,
    pub client_secret: String,
    pub slug: String,
    pub name: String,
    /// PKCS#1 PEM, as GitHub hands it out. A fixed test key: never use it anywhere else.
    pub private_key_pem: String,
    pub webhook_secret: String,
    /// The Marketplace listing's own.
    pub marketplace_secret: String,
    pub(crate) permissions: Permissions,
    pub(crate) events: BTreeSet<String>,
    /// Where people may be sent back to; none: anywhere.
    pub(crate) callback_urls: Vec<String>,
    /// Where people go who have installed it.
    pub(crate) setup_url: Option<String>,
    /// Its homepage, if its owner gave one.
    pub(crate) external_url: Option<String>,
    /// The account of `slug[bot]`.
    pub(crate) bot: u64,
    pub(crate) owner: u64,
}

/// Whoever does a deed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Doer {
    pub(crate) account: u64,
    /// True when the App acts with an installation token.
    pub(crate) via_app: bool,
}

/// What a server does not know or do, as older GitHub Enterprise Servers and strict repositories.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a lack of its own")]
pub(crate) struct Server {
    pub(crate) lacks_sub_issues: bool,
    pub(crate) lacks_dependencies: bool,
    /// Issues do not say what hangs on them, though the routes are there.
    pub(crate) hides_summaries: bool,
    /// Labels, assignees, milestones and types that the App asks for are left out in silence.
    pub(crate) drops_metadata: bool,
}

/// Everything, behind one lock.
pub(crate) struct World {
    /// `http://127.0.0.1:PORT`.
    pub(crate) base: String,
    pub(crate) clock: Clock,
    pub(crate) app: App,
    pub(crate) accounts: BTreeMap<u64, Account>,
    pub(crate) repositories: BTreeMap<u64, Repository>,
    /// Former full names, in lower case.
    pub(crate) moved: HashMap<String, u64>,
    pub(crate) issues: BTreeMap<u64, Issue>,
    pub(crate) installations: BTreeMap<u64, Installation>,
    pub(crate) tokens: HashMap<String, Token>,
    /// Organizations that want classic tokens to be authorised for their single sign-on.
    pub(crate) single_sign_on: BTreeSet<u64>,
    /// People's leave to act as them, and Apps under way.
    pub(crate) desk: Desk,
    pub(crate) outbox: Outbox,
    pub(crate) watchers: broadcast::Sender<Happening>,
    pub(crate) complaints: Vec<String>,
    pub(crate) requests: Vec<Recorded>,
    pub(crate) faults: FaultPlan,
    pub(crate) meter: Meter,
    /// Filtered lists do not show issues younger than this.
    pub(crate) list_lag: std::time::Duration,
    /// What kind of server this is; github.com unless a test says otherwise.
    pub(crate) server: Server,
    /// Grows with everything that happens; pages look at it to stay fresh.
    pub(crate) version: u64,
    serial: u64,
}

impl World {
    pub(crate) fn new(base: String, app: App, outbox: Outbox) -> Self {
        Self {
            base,
            clock: Clock::default(),
            app,
            accounts: BTreeMap::new(),
            repositories: BTreeMap::new(),
            moved: HashMap::new(),
            issues: BTreeMap::new(),
            installations: BTreeMap::new(),
            tokens: HashMap::new(),
            single_sign_on: BTreeSet::new(),
            desk: Desk::default(),
            outbox,
            watchers: broadcast::channel(4096).0,
            complaints: Vec::new(),
            requests: Vec::new(),
            faults: FaultPlan::default(),
            meter: Meter::default(),
            list_lag: std::time::Duration::ZERO,
            server: Server::default(),
            version: 0,
            serial: 0,
        }
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// A database id: large, growing, never equal to a number that people see.
    pub(crate) fn next_id(&mut self, above: u64) -> u64 {
        self.serial += 1;
        above + self.serial * 13
    }

    pub(crate) fn api(&self) -> String {
        format!("{}/api", self.base)
    }

    pub(crate) fn tell(&mut self, by: u64, what: What) {
        let happening = Happening {
            at: self.now(),
            by: self.login(by).to_owned(),
            what,
        };
        self.version += 1;
        // Nobody watching is fine.
        let _ = self.watchers.send(happening);
    }

    pub(crate) fn reference(&self, issue: u64) -> IssueRef {
        let (repository, number) = self.issues.get(&issue).map_or_else(
            || ("?".to_owned(), 0),
            |i| (self.full_name(i.repository), i.number),
        );
        IssueRef {
            repository,
            number,
            id: issue,
        }
    }
}
