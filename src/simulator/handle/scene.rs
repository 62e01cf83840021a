//! Setting the scene: accounts, repositories, roles, the installation.

use std::collections::BTreeSet;

use super::{IssueRef, Person, RepositoryView, Simulator};
use crate::simulator::world::{App, Doer, Grant, Kind, Milestone, Role, Token, World};

/// Which repositories of the account the App may reach.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RepositorySelection {
    #[default]
    All,
    /// Full names; they must exist.
    Selected(Vec<String>),
}

impl RepositorySelection {
    pub fn only(repositories: &[&str]) -> Self {
        Self::Selected(repositories.iter().map(|&r| r.to_owned()).collect())
    }
}

impl World {
    #[track_caller]
    pub(super) fn repository_named(&self, full_name: &str) -> u64 {
        match self.find_repository(full_name) {
            Some(id) => id,
            None => panic!("no repository {full_name} in the simulator"),
        }
    }

    #[track_caller]
    pub(super) fn account_named(&self, login: &str) -> u64 {
        match self.find_account(login) {
            Some(id) => id,
            None => panic!("nobody called {login} in the simulator"),
        }
    }

    /// Whoever owns the installation's account acts on it.
    #[track_caller]
    fn account_of(&self, installation: u64) -> u64 {
        match self.installations.get(&installation) {
            Some(found) => found.account,
            None => panic!("no installation {installation} in the simulator"),
        }
    }
}

impl Simulator {
    pub fn add_organization(&self, login: &str) {
        self.world().add_account(login, Kind::Organization);
    }

    pub fn add_user(&self, login: &str) -> Person {
        self.world().add_account(login, Kind::User);
        self.user(login)
    }

    /// A bot account, e.g. `ci-bot[bot]`.
    pub fn add_bot(&self, login: &str) -> Person {
        self.world().add_account(login, Kind::Bot);
        self.user(login)
    }

    #[track_caller]
    pub fn user(&self, login: &str) -> Person {
        let account = self.world().account_named(login);
        Person::new(self.clone(), account)
    }

    /// A public repository with GitHub's first labels. Its owner is made an organization if unknown.
    pub fn add_repository(&self, full_name: &str) -> RepositoryView {
        let id = self.world().add_repository(full_name);
        RepositoryView::new(self.clone(), id)
    }

    #[track_caller]
    pub fn repository(&self, full_name: &str) -> RepositoryView {
        let id = self.world().repository_named(full_name);
        RepositoryView::new(self.clone(), id)
    }

    #[track_caller]
    pub fn set_role(&self, full_name: &str, login: &str, role: Role) {
        let mut world = self.world();
        let (repository, account) = (
            world.repository_named(full_name),
            world.account_named(login),
        );
        if let Some(repository) = world.repositories.get_mut(&repository) {
            repository.roles.insert(account, role);
        }
    }

    #[track_caller]
    pub fn set_private(&self, full_name: &str, private: bool) {
        let mut world = self.world();
        let id = world.repository_named(full_name);
        if let Some(repository) = world.repositories.get_mut(&id) {
            repository.private = private;
        }
    }

    #[track_caller]
    pub fn disable_issues(&self, full_name: &str) {
        let mut world = self.world();
        let id = world.repository_named(full_name);
        if let Some(repository) = world.repositories.get_mut(&id) {
            repository.has_issues = false;
        }
    }

    /// From now on it is a GitHub Enterprise Server from before sub-issues: 404, and no counts in issues.
    pub fn forget_sub_issues(&self) {
        self.world().server.lacks_sub_issues = true;
    }

    /// From now on it is a GitHub Enterprise Server from before dependencies.
    pub fn forget_dependencies(&self) {
        self.world().server.lacks_dependencies = true;
    }

    /// Issues no longer say how many others hang on them, though the routes are there.
    pub fn hide_link_summaries(&self) {
        self.world().server.hides_summaries = true;
    }

    /// Labels, assignees, milestones and types that the App asks for are left out without a word.
    pub fn drop_metadata_of_the_app(&self) {
        self.world().server.drops_metadata = true;
    }

    /// The new milestone's number.
    #[track_caller]
    pub fn add_milestone(&self, full_name: &str, title: &str) -> u64 {
        let mut world = self.world();
        let repository = world.repository_named(full_name);
        let (id, created_at) = (world.next_id(12_000_000), world.now());
        let Some(home) = world.repositories.get_mut(&repository) else {
            return 0;
        };
        let number = home.milestones.len() as u64 + 1;
        home.milestones.push(Milestone {
            id,
            number,
            title: title.to_owned(),
            open: true,
            creator: home.owner,
            created_at,
        });
        number
    }

    /// A classic personal token, e.g. with the scopes `repo` or `public_repo`.
    #[track_caller]
    pub fn add_token(&self, login: &str, scopes: &[&str]) -> String {
        let mut world = self.world();
        let account = world.account_named(login);
        let grant = Grant::Classic {
            scopes: scopes.iter().map(|&s| s.to_owned()).collect(),
            authorised: BTreeSet::new(),
        };
        world.add_personal_token(account, grant)
    }

    /// A fine-grained personal token for these repositories, e.g. with `("issues", "write")`.
    #[track_caller]
    pub fn add_fine_grained_token(
        &self,
        login: &str,
        repositories: &[&str],
        permissions: &[(&str, &str)],
    ) -> String {
        let mut world = self.world();
        let account = world.account_named(login);
        let chosen = repositories.iter().map(|name| world.repository_named(name));
        let grant = Grant::FineGrained {
            repositories: chosen.collect(),
            permissions: permissions
                .iter()
                .map(|&(name, level)| (name.to_owned(), level.to_owned()))
                .collect(),
        };
        world.add_personal_token(account, grant)
    }

    /// A token is refused from now on, as after its owner revoked it.
    pub fn revoke_token(&self, token: &str) {
        self.world().tokens.remove(token);
    }

    /// The organization wants classic tokens to be authorised for its single sign-on.
    #[track_caller]
    pub fn require_single_sign_on(&self, login: &str) {
        let mut world = self.world();
        let account = world.account_named(login);
        world.single_sign_on.insert(account);
    }

    /// Authorises a classic token for an organization, as its owner does on the page that `X-GitHub-SSO` names.
    #[track_caller]
    pub fn authorise_token(&self, token: &str, login: &str) {
        let mut world = self.world();
        let account = world.account_named(login);
        match world.tokens.get_mut(token) {
            Some(Token::Personal {
                grant: Grant::Classic { authorised, .. },
                ..
            }) => authorised.insert(account),
            _ => panic!("no such classic token in the simulator"),
        };
    }

    /// The installation's id. An unknown account is made an organization.
    #[track_caller]
    pub fn install_app(&self, login: &str, selection: RepositorySelection) -> u64 {
        let mut world = self.world();
        let account = world.add_account(login, Kind::Organization);
        let selected = match selection {
            RepositorySelection::All => None,
            RepositorySelection::Selected(names) => {
                let ids = names.iter().map(|name| world.repository_named(name));
                Some(ids.collect())
            }
        };
        world.install(account, account, selected)
    }

    #[track_caller]
    pub fn suspend_installation(&self, id: u64) {
        let mut world = self.world();
        let by = world.account_of(id);
        world.suspend(by, id, true);
    }

    #[track_caller]
    pub fn unsuspend_installation(&self, id: u64) {
        let mut world = self.world();
        let by = world.account_of(id);
        world.suspend(by, id, false);
    }

    #[track_caller]
    pub fn uninstall(&self, id: u64) {
        let mut world = self.world();
        let by = world.account_of(id);
        world.uninstall(by, id);
    }

    /// The owner grants what the App has asked for meanwhile.
    #[track_caller]
    pub fn accept_permissions(&self, id: u64) {
        let mut world = self.world();
        let by = world.account_of(id);
        world.accept_permissions(by, id);
    }

    /// Whoever is asked from now on does not let the App act as them.
    pub fn deny_authorization(&self, denies: bool) {
        self.world().desk.denies = denies;
    }

    /// The App has opted out of user tokens that expire.
    pub fn issue_lasting_user_tokens(&self) {
        self.world().desk.lasting = true;
    }

    /// The person's tokens are refused from now on, without a webhook that says so.
    #[track_caller]
    pub fn drop_user_tokens(&self, login: &str) {
        let mut world = self.world();
        let account = world.account_named(login);
        world.forget_leave(account);
    }

    /// People may be sent back to these addresses only.
    pub fn set_callback_urls(&self, urls: &[&str]) {
        self.world().app.callback_urls = urls.iter().map(|&url| url.to_owned()).collect();
    }

    /// Where people go who have installed the App.
    pub fn set_setup_url(&self, url: &str) {
        self.world().app.setup_url = Some(url.to_owned());
    }

    /// An App is registered for the account, in place of the one that was; answers the code for its credentials.
    #[track_caller]
    pub fn register_app(&self, owner: &str, manifest: &serde_json::Value) -> String {
        let mut world = self.world();
        let owner = world.account_named(owner);
        world.register_app(owner, manifest)
    }

    /// The App as it is now: another than at the start once one was registered from a manifest.
    pub fn app_now(&self) -> App {
        self.world().app.clone()
    }

    /// A person takes back the App's leave to act as them.
    #[track_caller]
    pub fn revoke_authorization(&self, login: &str) {
        let mut world = self.world();
        let account = world.account_named(login);
        world.revoke_authorization(account);
    }

    /// Another login for an account: its repositories go with it, and their old names go on redirecting.
    #[track_caller]
    pub fn rename_account(&self, old: &str, new: &str) {
        let mut world = self.world();
        let account = world.account_named(old);
        world.rename_account(account, new);
    }

    /// The database id of an account.
    #[track_caller]
    pub fn account_id(&self, login: &str) -> u64 {
        self.world().account_named(login)
    }

    #[track_caller]
    pub fn add_repository_to_installation(&self, id: u64, full_name: &str) {
        let mut world = self.world();
        let (by, repository) = (world.account_of(id), world.repository_named(full_name));
        world.select(by, id, repository, true);
    }

    #[track_caller]
    pub fn remove_repository_from_installation(&self, id: u64, full_name: &str) {
        let mut world = self.world();
        let (by, repository) = (world.account_of(id), world.repository_named(full_name));
        world.select(by, id, repository, false);
    }

    /// `new` is a full name; the old one goes on redirecting. Another owner makes it a transfer.
    #[track_caller]
    pub fn rename_repository(&self, old: &str, new: &str) {
        let mut world = self.world();
        let repository = world.repository_named(old);
        let by = world.repositories[&repository].owner;
        world.move_repository(by, repository, new);
    }

    /// To another owner, under the same name.
    #[track_caller]
    pub fn transfer_repository(&self, full_name: &str, owner: &str) {
        let name = full_name.split_once('/').map_or(full_name, |(_, n)| n);
        self.rename_repository(full_name, &format!("{owner}/{name}"));
    }

    /// As an admin does on the web; REST cannot.
    pub fn delete_issue(&self, issue: &IssueRef) {
        let mut world = self.world();
        let Some(repository) = world.issues.get(&issue.id).map(|i| i.repository) else {
            return;
        };
        let by = world.repositories[&repository].owner;
        world.delete_issue(by, issue.id);
    }

    /// As the owner does on the web.
    #[track_caller]
    pub fn detach_sub_issue(&self, parent: &IssueRef, child: &IssueRef) {
        let mut world = self.world();
        let repository = world.repository_named(&parent.repository);
        let account = world.repositories[&repository].owner;
        let doer = Doer {
            account,
            via_app: false,
        };
        let done = world.unlink_sub_issue(doer, parent.id, child.id);
        assert!(done.is_ok(), "{child} is no sub-issue of {parent}");
    }

    /// Moves an issue to another repository; the old address redirects there.
    #[track_caller]
    pub fn transfer_issue(&self, issue: &IssueRef, full_name: &str) -> IssueRef {
        let mut world = self.world();
        let target = world.repository_named(full_name);
        let by = world.repositories[&target].owner;
        match world.transfer_issue(by, issue.id, target) {
            Some(new) => world.reference(new),
            None => panic!("no issue {issue} in the simulator"),
        }
    }
}
