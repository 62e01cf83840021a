//! What can happen in the world, through whichever door: each deed checks, changes, tells watchers and queues webhooks.

mod apps;
mod comments;
mod edit;
mod installations;
mod issues;
mod labels;
mod links;
mod reactions;
mod repositories;

pub(crate) use apps::complaints;
pub(crate) use edit::IssueEdit;
pub(crate) use issues::NewIssue;

use serde_json::{Value, json};

use super::world::{Kind, World};

/// The longest title and the longest body, in characters.
const TITLE: usize = 256;
const BODY: usize = 65_536;

impl World {
    /// Queues an event about a repository for the installation that covers it. `more` is an object.
    fn announce(&mut self, event: &str, action: &str, repository: u64, sender: u64, more: Value) {
        let Some(id) = self.listener(event, repository) else {
            return;
        };
        let mut payload = json!({
            "action": action,
            "repository": self.repository_json(repository),
            "sender": self.user_json(sender),
            "installation": {"id": id, "node_id": format!("MDIzOkludGVncmF0aW9uSW5zdGFsbGF0aW9u{id}")},
        });
        let owner = self.repositories.get(&repository).map(|r| r.owner);
        if let Some(owner) = owner.filter(|o| self.accounts[o].kind == Kind::Organization) {
            payload["organization"] = self.organization_json(owner);
        }
        add(&mut payload, more);
        self.deliver(event, Some(id), Some(repository), &payload);
    }
}

impl World {
    /// The installation that is told of such events in this repository, if there is where to send them.
    fn listener(&self, event: &str, repository: u64) -> Option<u64> {
        self.outbox.url.as_ref()?;
        let installation = self.installation_of(repository)?;
        let listens = installation.suspended_at.is_none() && installation.events.contains(event);
        listens.then_some(installation.id)
    }
}

fn add(payload: &mut Value, more: Value) {
    if let (Some(fields), Value::Object(more)) = (payload.as_object_mut(), more) {
        fields.extend(more);
    }
}

/// GitHub counts characters, not bytes.
fn longer(text: &str, most: usize) -> bool {
    text.len() > most && text.chars().count() > most
}
