//! GitHub over HTTP: authentication, the Issues API, webhooks.
//!
//! How a request leaves: a [`Repo`] method makes a `call`; `client` adds a token from `tokens` (minted with the
//! App's signature, `jwt`) and sends it over the one connection pool (`wire`, the only file that knows octocrab)
//! past the allow-list (`guard`). The answer becomes one of `models`, or a [`GitHubError`] that says what is known
//! about the outcome (`refusal` reads it out of status, headers and body).
//!
//! Invariants: nothing leaves that is not on the allow-list; nothing is sent twice unless the first surely had no
//! effect; no token is ever printed.

mod answer;
mod app;
mod call;
mod client;
mod comments;
mod deliveries;
mod error;
mod guard;
mod installation;
mod issues;
mod jwt;
mod labels;
mod limits;
mod links;
mod look;
mod manifest;
mod models;
mod oauth;
mod page;
mod person;
mod redact;
mod refusal;
mod repository;
mod tokens;
mod user;
pub mod webhook;
mod wire;

pub use self::{
    app::GitHub,
    deliveries::{HookDeliveries, HookDelivery},
    error::{FieldError, GitHubError, SetupError},
    guard::{routes as allowed_routes, web_routes as allowed_web_routes},
    installation::Installation,
    issues::{IssueChange, NewIssue},
    jwt::AppCredentials,
    limits::{Gate, Pass, RateState},
    look::{Look, Who},
    manifest::NewApp,
    models::{
        Account, AppIdentity, AppReference, CollaboratorRole, Comment, DependenciesSummary,
        InstallationRecord, Issue, IssueState, Label, Milestone, Permissions, Reaction, Repository,
        StateReason, SubIssuesSummary,
    },
    oauth::{OAuth, OAuthClient, OAuthError, UserTokens, Verifier},
    page::Listed,
    person::Person,
    repository::Repo,
    user::AsUser,
    wire::Timeouts,
};
