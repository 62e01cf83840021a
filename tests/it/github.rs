//! The GitHub client at the wire: real HTTP to the simulated GitHub.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod limits;
mod lists;
mod outcome;
mod redirects;
mod tokens;
mod walk;
mod watched;

use std::time::Duration;

use chrono::TimeDelta;
use http::Method;
use openproducer::{
    clock::Clock,
    domain::ids::{InstallationId, IssueNumber, RepositoryId, RepositoryName},
    github::{AppCredentials, GitHub, Installation, NewIssue, Repo, Timeouts},
    simulator::{RepositorySelection, Role, Setup, Simulator},
};
use url::Url;

const MINT: &str = "/app/installations/{id}/access_tokens";
const ISSUES: &str = "/repos/{owner}/{repo}/issues";
const ISSUE: &str = "/repos/{owner}/{repo}/issues/{number}";

/// An organisation with two repositories, the App installed on both, and us.
struct Scene {
    sim: Simulator,
    clock: Clock,
    github: GitHub,
    installation: Installation,
    repo: Repo,
}

impl Scene {
    async fn start() -> Self {
        Self::start_with(Setup::default(), TimeDelta::zero()).await
    }

    /// `late`: by how much our clock is behind GitHub's.
    async fn start_with(setup: Setup, late: TimeDelta) -> Self {
        Self::start_as(setup, late, Duration::from_millis(300)).await
    }

    /// `spread`: for how long a token may be refused after it was minted.
    async fn start_spreading(spread: Duration) -> Self {
        Self::start_as(Setup::default(), TimeDelta::zero(), spread).await
    }

    async fn start_as(setup: Setup, late: TimeDelta, spread: Duration) -> Self {
        let sim = Simulator::start(setup).await.unwrap();
        sim.add_repository("acme/shop");
        sim.add_repository("acme/site");
        sim.add_user("alice");
        sim.set_role("acme/shop", "alice", Role::Maintain);
        let id = sim.install_app("acme", RepositorySelection::All);
        let clock = Clock::fixed(sim.now() - late);
        let timeouts = Timeouts {
            read: Duration::from_secs(5),
            token_spread: spread,
            ..Timeouts::default()
        };
        let github =
            GitHub::with_timeouts(&address(&sim), &credentials(&sim), clock.clone(), timeouts)
                .unwrap();
        let installation = github.installation(InstallationId(signed(id)));
        let repo = repository(&sim, &installation, "acme/shop");
        Self {
            sim,
            clock,
            github,
            installation,
            repo,
        }
    }

    /// Moves both clocks.
    fn later(&self, by: Duration) {
        self.sim.advance_clock(by);
        self.clock.advance(TimeDelta::from_std(by).unwrap());
    }

    fn installation_id(&self) -> u64 {
        u64::try_from(self.installation.id().0).unwrap()
    }

    /// How many requests GitHub got on this route.
    fn count(&self, method: &Method, route: &str) -> usize {
        self.sim.requests_matching(method, route).len()
    }

    /// The statuses that GitHub answered on this route, in order.
    fn statuses(&self, method: &Method, route: &str) -> Vec<u16> {
        let requests = self.sim.requests_matching(method, route);
        requests.iter().map(|request| request.status).collect()
    }

    fn titles(&self) -> Vec<String> {
        let issues = self.sim.repository("acme/shop").issues();
        issues.into_iter().map(|issue| issue.title).collect()
    }

    fn opens(&self, title: &str) -> IssueNumber {
        let issue = self.sim.user("alice").opens_issue("acme/shop", title, "");
        IssueNumber(signed(issue.number))
    }
}

fn address(sim: &Simulator) -> Url {
    Url::parse(&sim.api_url()).unwrap()
}

fn credentials(sim: &Simulator) -> AppCredentials {
    AppCredentials {
        issuer: sim.app().client_id.clone(),
        private_key: sim.app().private_key_pem.clone().into(),
    }
}

fn repository(sim: &Simulator, installation: &Installation, name: &str) -> Repo {
    let id = RepositoryId(signed(sim.repository(name).id()));
    installation.repository(id, RepositoryName::parse(name).unwrap())
}

fn titled(title: &str) -> NewIssue {
    NewIssue {
        title: title.to_owned(),
        ..NewIssue::default()
    }
}

fn signed(id: u64) -> i64 {
    i64::try_from(id).unwrap()
}
