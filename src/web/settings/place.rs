//! Whose settings a page is about, and whether this person may see them: asked of GitHub, never read from the address.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;

use crate::domain::ids::{InstallationId, RepositoryId};
use crate::domain::policy::Role;
use crate::flows::access::{self, Level, Seen, SeenRepository};
use crate::flows::settings::{By, Scope};
use crate::web::Shared;
use crate::web::error::{PageError, PageResult};
use crate::web::frame::Frame;
use crate::web::parts::{Crumb, InstallationTab, Tab};
use crate::web::session::SignedIn;

/// The numbers of an address. One that is no number names nothing that exists.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ids(HashMap<String, Option<i64>>);

impl Ids {
    /// The number of this name, if the address has one.
    pub(crate) fn find(&self, name: &str) -> Option<i64> {
        self.0.get(name).copied().flatten()
    }

    fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

impl FromRequestParts<Arc<Shared>> for Ids {
    type Rejection = Infallible;

    async fn from_request_parts(
        parts: &mut Parts,
        shared: &Arc<Shared>,
    ) -> Result<Self, Infallible> {
        let params = RawPathParams::from_request_parts(parts, shared).await;
        let read = |(name, text): (&str, &str)| (name.to_owned(), text.parse().ok());
        Ok(Self(params.map_or_else(
            |_| HashMap::new(),
            |params| params.iter().map(read).collect(),
        )))
    }
}

/// A layer that this person may change.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) seen: Seen,
    pub(crate) repository: Option<SeenRepository>,
}

impl Place {
    /// The layer that the address names, if the person is its admin. Who sees it and is none is told so; who does not see it
    /// gets the page that what does not exist gets.
    pub(crate) async fn find(shared: &Shared, signed: &SignedIn, ids: &Ids) -> PageResult<Self> {
        let installation = ids.find("installation").ok_or(PageError::NotFound)?;
        let seen = access::installation(
            &shared.services,
            &signed.person,
            InstallationId(installation),
        );
        let seen = seen.await?.ok_or(PageError::NotFound)?;
        // GitHub shows nobody its repositories then, and so not who administers them; only the account itself is known.
        if seen.suspended && seen.level < Level::Admin {
            return Err(suspended(&seen.account.login));
        }
        let repository = if ids.has("repository") {
            let id = ids.find("repository").ok_or(PageError::NotFound)?;
            let repository = seen.repository(RepositoryId(id)).cloned();
            Some(repository.ok_or(PageError::NotFound)?)
        } else {
            None
        };
        let role = repository.as_ref().map(|r| r.role);
        if seen.level < Level::Admin && role != Some(Role::Admin) {
            return Err(PageError::Forbidden(
                "This is for admins",
                who_may(repository.as_ref()),
            ));
        }
        Ok(Self { seen, repository })
    }

    pub(crate) fn scope(&self) -> Scope {
        Scope {
            installation: self.seen.id,
            repository: self.repository.as_ref().map(|r| r.id),
        }
    }

    /// `acme` or `acme/shop`.
    pub(crate) fn name(&self) -> String {
        match &self.repository {
            Some(repository) => repository.name.to_string(),
            None => self.seen.account.login.clone(),
        }
    }

    /// Where the page of this layer is.
    pub(crate) fn href(&self) -> String {
        match &self.repository {
            Some(repository) => format!(
                "/installations/{}/repositories/{}/settings",
                self.seen.id, repository.id
            ),
            None => format!("/installations/{}/settings", self.seen.id),
        }
    }

    pub(crate) fn is_admin(&self) -> bool {
        self.seen.level == Level::Admin
    }

    /// The way to pages under the installation's.
    pub(crate) fn crumbs(&self) -> Vec<Crumb> {
        let home = format!("/installations/{}", self.seen.id);
        let mut crumbs = vec![
            Crumb::installations(),
            Crumb::new(home.clone(), self.seen.account.login.clone()),
        ];
        if self.repository.is_some() && self.is_admin() {
            crumbs.push(Crumb::new(format!("{home}/settings"), "Settings"));
        }
        crumbs
    }

    pub(crate) fn tabs(&self, here: InstallationTab) -> Vec<Tab> {
        here.row(self.seen.id, self.is_admin())
    }
}

fn who_may(repository: Option<&SeenRepository>) -> String {
    let of_account =
        "the admins of this account: whoever administers every repository that the App reaches";
    match repository {
        Some(repository) => format!(
            "Settings of {} are for its own admins and {of_account}. Your role there is {}.",
            repository.name, repository.role
        ),
        None => format!("Settings, API tokens and the audit log are for {of_account}."),
    }
}

fn suspended(account: &str) -> PageError {
    PageError::Forbidden(
        "The App is suspended on this account",
        format!(
            "While it is, GitHub does not tell who administers {account}, so its settings, tokens and log cannot be shown. Nothing runs meanwhile, and no API token is answered. An owner lifts the suspension in GitHub's settings, under Installed GitHub Apps."
        ),
    )
}

/// The page's frame for who is signed in.
pub(crate) fn frame(signed: &SignedIn) -> Frame {
    Frame::signed_in(signed.person.login.clone(), signed.csrf.to_string())
}

/// Who changes something here.
pub(crate) fn by(signed: &SignedIn) -> By {
    By {
        login: signed.person.login.clone(),
        id: Some(signed.person.id),
        token: None,
    }
}
