//! Renaming and transferring repositories: the old name goes on redirecting.

use serde_json::json;

use crate::simulator::happening::What;
use crate::simulator::world::{Kind, World};

impl World {
    /// Moves a repository to another full name; another owner makes it a transfer.
    pub(crate) fn move_repository(&mut self, by: u64, repository: u64, to: &str) {
        let from = self.full_name(repository);
        let Some((owner_name, name)) = to.split_once('/') else {
            return;
        };
        let owner = self.add_account(owner_name, Kind::Organization);
        let former_owner = self.repositories.get(&repository).map(|r| r.owner);
        let transferred = former_owner != Some(owner);
        let former = self.installation_of(repository).map(|i| i.id);
        let Some(home) = self.repositories.get_mut(&repository) else {
            return;
        };
        home.owner = owner;
        let old_name = std::mem::replace(&mut home.name, name.to_owned());
        self.moved.remove(&to.to_lowercase());
        self.moved.insert(from.to_lowercase(), repository);
        let what = What::RepositoryRenamed {
            from,
            to: to.to_owned(),
        };
        self.tell(by, what);
        if transferred {
            self.leave_selection(former, repository);
            let kind = |id: Option<u64>| id.and_then(|id| self.accounts.get(&id)).map(|a| a.kind);
            let field = match kind(former_owner) {
                Some(Kind::Organization) => "organization",
                _ => "user",
            };
            let owner = self.user_json(former_owner.unwrap_or_default());
            let more = json!({"changes": {"owner": {"from": {field: owner}}}});
            self.announce("repository", "transferred", repository, by, more);
        } else {
            let more = json!({"changes": {"repository": {"name": {"from": old_name}}}});
            self.announce("repository", "renamed", repository, by, more);
        }
    }

    fn leave_selection(&mut self, installation: Option<u64>, repository: u64) {
        let left = installation.and_then(|id| self.installations.get_mut(&id));
        if let Some(selected) = left.and_then(|i| i.selected.as_mut()) {
            selected.remove(&repository);
        }
    }
}
