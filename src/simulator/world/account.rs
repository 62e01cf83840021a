//! People, organizations and bots, and what they may do in a repository.

use chrono::{DateTime, Utc};

use super::World;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    User,
    Organization,
    Bot,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::User => "User",
            Self::Organization => "Organization",
            Self::Bot => "Bot",
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) id: u64,
    pub(crate) login: String,
    pub(crate) kind: Kind,
    pub(crate) created_at: DateTime<Utc>,
}

/// A person's role on a repository, weakest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    None,
    Read,
    Triage,
    Write,
    Maintain,
    Admin,
}

impl Role {
    /// GitHub's `role_name`.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Read => "read",
            Self::Triage => "triage",
            Self::Write => "write",
            Self::Maintain => "maintain",
            Self::Admin => "admin",
        }
    }

    /// GitHub's older `permission`, which knows neither triage nor maintain.
    pub(crate) fn permission(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Read | Self::Triage => "read",
            Self::Write | Self::Maintain => "write",
            Self::Admin => "admin",
        }
    }
}

impl World {
    pub(crate) fn add_account(&mut self, login: &str, kind: Kind) -> u64 {
        if let Some(id) = self.find_account(login) {
            return id;
        }
        let id = self.next_id(90_000_000);
        let account = Account {
            id,
            login: login.to_owned(),
            kind,
            created_at: self.now(),
        };
        self.accounts.insert(id, account);
        id
    }

    /// By login, whatever its case.
    pub(crate) fn find_account(&self, login: &str) -> Option<u64> {
        self.accounts
            .values()
            .find(|a| a.login.eq_ignore_ascii_case(login))
            .map(|a| a.id)
    }

    pub(crate) fn login(&self, account: u64) -> &str {
        self.accounts
            .get(&account)
            .map_or("ghost", |a| a.login.as_str())
    }

    /// The role given to the account, or its birthright as owner.
    pub(crate) fn given_role(&self, repository: u64, account: u64) -> Role {
        let Some(repository) = self.repositories.get(&repository) else {
            return Role::None;
        };
        if repository.owner == account {
            return Role::Admin;
        }
        repository
            .roles
            .get(&account)
            .copied()
            .unwrap_or(Role::None)
    }

    /// What the account can do: everybody can read a public repository.
    pub(crate) fn role(&self, repository: u64, account: u64) -> Role {
        let public = self
            .repositories
            .get(&repository)
            .is_some_and(|r| !r.private);
        let least = if public { Role::Read } else { Role::None };
        self.given_role(repository, account).max(least)
    }

    pub(crate) fn association(&self, repository: u64, account: u64) -> &'static str {
        let owner = self.repositories.get(&repository).map(|r| r.owner);
        if owner == Some(account) {
            return "OWNER";
        }
        let of_organization = owner
            .and_then(|o| self.accounts.get(&o))
            .is_some_and(|o| o.kind == Kind::Organization);
        match self.given_role(repository, account) {
            Role::None => "NONE",
            Role::Admin | Role::Maintain if of_organization => "MEMBER",
            _ => "COLLABORATOR",
        }
    }
}
