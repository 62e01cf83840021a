//! Installing the App, and everything that changes an installation.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::simulator::happening::What;
use crate::simulator::world::{Installation, World};

impl World {
    pub(crate) fn install(
        &mut self,
        by: u64,
        account: u64,
        selected: Option<BTreeSet<u64>>,
    ) -> u64 {
        let id = self.next_id(60_000_000);
        let now = self.now();
        let installation = Installation {
            id,
            account,
            selected,
            permissions: self.app.permissions.clone(),
            events: self.app.events.clone(),
            suspended_at: None,
            created_at: now,
            updated_at: now,
        };
        self.installations.insert(id, installation);
        let repositories = self.listed(id);
        let more = json!({"repositories": repositories, "requester": null});
        self.installation_event("created", id, by, more);
        id
    }

    pub(crate) fn uninstall(&mut self, by: u64, id: u64) {
        let repositories = self.listed(id);
        self.installation_event("deleted", id, by, json!({"repositories": repositories}));
        self.installations.remove(&id);
    }

    pub(crate) fn suspend(&mut self, by: u64, id: u64, suspended: bool) {
        let now = self.now();
        if let Some(installation) = self.installations.get_mut(&id) {
            installation.suspended_at = suspended.then_some(now);
            installation.updated_at = now;
        }
        let action = if suspended { "suspend" } else { "unsuspend" };
        self.installation_event(action, id, by, json!({}));
    }

    /// Adds or removes one repository. An installation on all repositories becomes one on selected ones.
    pub(crate) fn select(&mut self, by: u64, id: u64, repository: u64, add: bool) {
        let Some(installation) = self.installations.get(&id) else {
            return;
        };
        let mut selected: BTreeSet<u64> = self.repositories_of(installation).into_iter().collect();
        let changed = if add {
            selected.insert(repository)
        } else {
            selected.remove(&repository)
        };
        if !changed {
            return;
        }
        let now = self.now();
        if let Some(installation) = self.installations.get_mut(&id) {
            installation.selected = Some(selected);
            installation.updated_at = now;
        }
        let told = self
            .repositories
            .get(&repository)
            .map(|r| json!([self.repository_core_json(r)]))
            .unwrap_or_default();
        let none = json!([]);
        let (action, added, removed) = if add {
            ("added", told, none)
        } else {
            ("removed", none, told)
        };
        let more = json!({
            "repository_selection": "selected",
            "repositories_added": added,
            "repositories_removed": removed,
            "requester": null,
        });
        self.whole_event("installation_repositories", action, id, by, more);
    }

    /// Permissions that were asked for are granted.
    pub(crate) fn accept_permissions(&mut self, by: u64, id: u64) {
        let granted = self.app.permissions.clone();
        if let Some(installation) = self.installations.get_mut(&id) {
            installation.permissions = granted;
        }
        self.installation_event("new_permissions_accepted", id, by, json!({}));
    }

    /// Nobody can unsubscribe from this one.
    pub(crate) fn revoke_authorization(&mut self, account: u64) {
        self.forget_leave(account);
        let payload = json!({"action": "revoked", "sender": self.user_json(account)});
        self.deliver("github_app_authorization", None, None, &payload);
    }

    /// Another login; the old full names of its repositories go on redirecting.
    pub(crate) fn rename_account(&mut self, account: u64, to: &str) {
        let owned: Vec<u64> = self
            .repositories
            .values()
            .filter(|r| r.owner == account)
            .map(|r| r.id)
            .collect();
        for id in owned {
            let former = self.full_name(id).to_lowercase();
            self.moved.insert(former, id);
        }
        let Some(renamed) = self.accounts.get_mut(&account) else {
            return;
        };
        let from = std::mem::replace(&mut renamed.login, to.to_owned());
        let kind = renamed.kind.name();
        let found = self.installations.values().find(|i| i.account == account);
        let Some(id) = found.map(|i| i.id) else {
            return;
        };
        let payload = json!({
            "action": "renamed",
            "account": self.user_json(account),
            "changes": {"login": {"from": from}},
            "target_type": kind,
            "installation": {"id": id},
            "sender": self.user_json(account),
        });
        self.deliver("installation_target", Some(id), None, &payload);
    }

    fn listed(&self, id: u64) -> Value {
        let Some(installation) = self.installations.get(&id) else {
            return json!([]);
        };
        self.repositories_of(installation)
            .iter()
            .filter_map(|id| self.repositories.get(id))
            .map(|r| self.repository_core_json(r))
            .collect()
    }

    fn installation_event(&mut self, action: &str, id: u64, by: u64, more: Value) {
        self.whole_event("installation", action, id, by, more);
        let what = What::InstallationChanged {
            installation: id,
            action: action.to_owned(),
        };
        self.tell(by, what);
    }

    /// Events about an installation always come, and carry it whole.
    fn whole_event(&mut self, event: &str, action: &str, id: u64, by: u64, more: Value) {
        let Some(installation) = self.installations.get(&id) else {
            return;
        };
        let mut payload = json!({
            "action": action,
            "installation": self.installation_json(installation),
            "sender": self.user_json(by),
        });
        super::add(&mut payload, more);
        self.deliver(event, Some(id), None, &payload);
    }
}
