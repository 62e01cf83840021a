//! How a simulator begins.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::simulator::world::{App, Kind, World};

/// How a simulator begins; `Setup::default()` is an App with `issues: write` on a free port.
#[derive(Clone, Debug)]
pub struct Setup {
    pub address: SocketAddr,
    pub app_name: String,
    pub app_slug: String,
    pub webhook_secret: String,
    pub marketplace_secret: String,
    /// Name to level, e.g. `("issues", "write")`.
    pub permissions: Vec<(String, String)>,
    pub events: Vec<String>,
    /// How long a receiver has to answer; GitHub gives it 10 s.
    pub webhook_timeout: Duration,
    pub requests_per_hour: u64,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            address: (Ipv4Addr::LOCALHOST, 0).into(),
            app_name: "TheOpenProducerBot".to_owned(),
            app_slug: "theopenproducerbot".to_owned(),
            webhook_secret: "simulated-webhook-secret".to_owned(),
            marketplace_secret: "simulated-marketplace-secret".to_owned(),
            permissions: [("issues", "write"), ("metadata", "read")]
                .map(|(name, level)| (name.to_owned(), level.to_owned()))
                .into(),
            events: ["issues", "issue_comment", "repository"]
                .map(str::to_owned)
                .into(),
            webhook_timeout: Duration::from_secs(10),
            requests_per_hour: 5000,
        }
    }
}

impl Setup {
    pub(super) fn app(&self) -> App {
        App {
            id: 1_234_567,
            client_id: "Iv23liSimulatedApp00".to_owned(),
            client_secret: "5".repeat(40),
            slug: self.app_slug.clone(),
            name: self.app_name.clone(),
            private_key_pem: include_str!("../test_key.pem").to_owned(),
            webhook_secret: self.webhook_secret.clone(),
            marketplace_secret: self.marketplace_secret.clone(),
            permissions: self.permissions.iter().cloned().collect(),
            events: self.events.iter().cloned().collect::<BTreeSet<_>>(),
            callback_urls: Vec::new(),
            setup_url: None,
            external_url: None,
            bot: 0,
            owner: 0,
        }
    }
}

/// The App's owner and its bot account.
pub(super) fn people_of_the_app(world: &mut World) {
    world.app.owner = world.add_account("app-owner", Kind::User);
    let login = format!("{}[bot]", world.app.slug);
    world.app.bot = world.add_account(&login, Kind::Bot);
}
