//! The App itself: who it is, and where it is installed.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use tokio::sync::OnceCell;
use url::Url;

use super::{
    AppCredentials, AppIdentity, Gate, GitHubError, Installation, InstallationRecord, Listed,
    Person, SetupError, Timeouts,
    call::{Call, segment},
    client::{Client, Identity},
    error::absent_is_none,
    jwt::AppKey,
    page::{self, Asker},
    wire::Wire,
};
use crate::clock::Clock;
use crate::domain::ids::{InstallationId, RepositoryName};

/// How long the App's own description is kept; its owner may rename it.
const IDENTITY_LASTS: TimeDelta = TimeDelta::hours(1);
/// 10,000 installations.
const MAX_PAGES: usize = 100;

/// GitHub as this App sees it. Cheap to clone: all clones share connections and tokens.
#[derive(Clone)]
pub struct GitHub {
    shared: Arc<Shared>,
}

struct Shared {
    client: Client,
    identity: Mutex<Option<(DateTime<Utc>, Arc<AppIdentity>)>>,
    person: OnceCell<Arc<Person>>,
}

impl GitHub {
    /// Builds the client; sends nothing. Must be called inside the runtime that will use it.
    pub fn new(
        api_url: &Url,
        credentials: &AppCredentials,
        clock: Clock,
    ) -> Result<Self, SetupError> {
        Self::with_timeouts(api_url, credentials, clock, Timeouts::default())
    }

    /// The same with other time-outs.
    pub fn with_timeouts(
        api_url: &Url,
        credentials: &AppCredentials,
        clock: Clock,
        timeouts: Timeouts,
    ) -> Result<Self, SetupError> {
        let identity = Identity::App(AppKey::read(credentials)?);
        Self::build(api_url, identity, clock, timeouts)
    }

    /// With a person's token for everything, to try it out; what only an App may ask is `Forbidden`.
    pub fn with_token(
        api_url: &Url,
        token: SecretString,
        clock: Clock,
    ) -> Result<Self, SetupError> {
        Self::build(api_url, Identity::Person(token), clock, Timeouts::default())
    }

    /// Before there is an App: everything is `Forbidden` until [`GitHub::register`] was called.
    pub fn unregistered(api_url: &Url, clock: Clock) -> Result<Self, SetupError> {
        Self::build(api_url, Identity::Nobody, clock, Timeouts::default())
    }

    /// From now on it comes as this App, in all clones.
    pub fn register(&self, credentials: &AppCredentials) -> Result<(), SetupError> {
        self.client().become_app(AppKey::read(credentials)?);
        // What was known of another App before is not this one's.
        let mut known = self
            .shared
            .identity
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *known = None;
        Ok(())
    }

    /// Whether it is known as what we come to GitHub.
    pub fn is_registered(&self) -> bool {
        self.client().is_registered()
    }

    fn build(
        api_url: &Url,
        identity: Identity,
        clock: Clock,
        timeouts: Timeouts,
    ) -> Result<Self, SetupError> {
        let client = Client::new(Wire::new(api_url, timeouts)?, identity, clock);
        let identity = Mutex::default();
        Ok(Self {
            shared: Arc::new(Shared {
                client,
                identity,
                person: OnceCell::new(),
            }),
        })
    }

    /// The person whose token we have, once somebody has asked.
    pub(super) fn known_person(&self) -> &OnceCell<Arc<Person>> {
        &self.shared.person
    }

    pub(super) fn client(&self) -> &Client {
        &self.shared.client
    }

    /// Whether it comes as an App: with a person's token there are no installations and no deliveries to ask about.
    pub fn is_app(&self) -> bool {
        self.client().is_app()
    }

    /// Who the App is; asked once an hour.
    pub async fn app(&self) -> Result<Arc<AppIdentity>, GitHubError> {
        let now = self.client().now();
        let held = self
            .shared
            .identity
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some((since, identity)) = held
            && now - since < IDENTITY_LASTS
        {
            return Ok(identity);
        }
        let identity: Arc<AppIdentity> = Arc::new(
            self.client()
                .as_app(&Call::get("/app".to_owned()))
                .await?
                .json()?,
        );
        *self
            .shared
            .identity
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some((now, Arc::clone(&identity)));
        Ok(identity)
    }

    /// The login under which we write: the App's, or the person's whose token we have.
    pub async fn own_login(&self) -> Result<String, GitHubError> {
        if self.is_person() {
            return Ok(self.person().await?.login.clone());
        }
        Ok(self.app().await?.bot_login())
    }

    /// The installation that reaches this repository, or None.
    pub async fn find_repository_installation(
        &self,
        name: &RepositoryName,
    ) -> Result<Option<InstallationRecord>, GitHubError> {
        let path = format!(
            "/repos/{}/{}/installation",
            segment(&name.owner),
            segment(&name.name)
        );
        absent_is_none(self.record(path).await)
    }

    /// Every installation of the App.
    pub async fn list_installations(&self) -> Result<Listed<InstallationRecord>, GitHubError> {
        let first = Call::get("/app/installations?per_page=100".to_owned());
        page::list::<Vec<_>, _>(self.client(), Asker::App, first, MAX_PAGES).await
    }

    /// One installation. `InstallationGone`: the App was removed there.
    pub async fn get_installation(
        &self,
        id: InstallationId,
    ) -> Result<InstallationRecord, GitHubError> {
        match self.record(format!("/app/installations/{id}")).await {
            Err(GitHubError::NotFound { .. }) => Err(GitHubError::InstallationGone),
            other => other,
        }
    }

    async fn record(&self, path: String) -> Result<InstallationRecord, GitHubError> {
        self.client().as_app(&Call::get(path)).await?.json()
    }

    /// A handle on an installation; nothing is asked yet.
    pub fn installation(&self, id: InstallationId) -> Installation {
        Installation::new(self.clone(), id)
    }

    /// Has every request of an installation pass this gate; the first one that is set stays.
    pub fn set_gate(&self, gate: Gate) {
        drop(self.client().gate.set(gate));
    }

    /// Drops all that is kept of an installation: it was suspended or removed, or its permissions changed.
    pub fn forget(&self, id: InstallationId) {
        self.client().forget(id);
    }
}

impl std::fmt::Debug for GitHub {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "GitHub({})", self.client().base())
    }
}
