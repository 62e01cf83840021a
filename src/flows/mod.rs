//! One file a story: what happens from a delivery to a result.
//!
//! | file | story |
//! |---|---|
//! | [`receive`] | a delivery comes in: does it concern us, is it stored |
//! | [`delivery`] | a stored delivery is read and handed to its story |
//! | [`request`] | somebody asks for a breakdown: who, what, is it well said |
//! | [`plan`] | a plan is judged by policy and made to fit the [`room`] that GitHub has |
//! | [`planner`] | the spec becomes a plan: by a model, or by the document's structure |
//! | [`command`], [`tick`] | somebody commands a run, or ticks boxes in its preview |
//! | [`press`] | somebody commands a run by a button of its page |
//! | [`doctor`] | the operator asks what is well and what is not |
//! | [`operate`] | the operator asks and commands at a terminal |
//! | [`person`] | there is no App, but a person's token |
//! | [`advance`] | a run takes its next small steps: [`show`], [`create`], [`link`], [`rollback`] |
//! | `sync` | an edited specification: a difference to confirm, and what comes of it |
//! | [`native`] | an older server that knows no sub-issues or dependencies: they become text |
//! | [`touched`] | what people have done with an issue that a rollback would close |
//! | [`pace`], [`looks`] | when we may write next, when a lost answer is looked for |
//! | [`answer`], [`reply`], [`status`] | answers beside the run's own comment |
//! | [`settings`] | an admin looks at settings and changes them |
//! | [`tokens`], [`runs`] | scripts act for an installation and see its runs |
//! | [`makers`] | whether a token still speaks for an admin |
//! | [`audit`] | who commanded or changed what |
//! | [`installations`] | the App comes, goes and is renamed |
//! | [`registration`] | the App is registered from the setup page |
//! | [`sessions`] | somebody signs in with GitHub, and out |
//! | [`access`] | what somebody who signed in may see and do |
//! | [`marketplace`] | somebody buys, changes or cancels a plan |
//! | [`sweep`] | what did not get here while we were down is asked for again |

pub mod access;
pub mod advance;
pub mod answer;
pub mod asked;
pub mod asking;
pub mod audit;
pub mod authorize;
pub mod command;
mod components;
pub mod create;
pub mod delivery;
pub mod doctor;
mod edit;
pub mod existing;
pub mod installations;
pub mod link;
pub mod looks;
pub mod makers;
pub mod marketplace;
pub mod native;
pub mod operate;
pub mod pace;
pub mod person;
pub mod plan;
pub mod planner;
pub mod press;
pub mod progress;
pub mod receive;
pub mod registration;
pub mod reply;
pub mod repositories;
pub mod request;
pub mod rollback;
pub mod room;
pub mod runs;
pub mod sessions;
pub mod settings;
pub mod show;
pub mod status;
pub mod step;
pub mod sweep;
mod sync;
pub mod tick;
pub mod tokens;
pub mod touched;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sqlx::PgPool;
use tokio_util::task::TaskTracker;

use crate::cache::Cache;
use crate::clock::{Chance, Clock};
use crate::domain::ids::{InstallationId, RepositoryId, RepositoryName};
use crate::domain::settings::{Asked, Document, Operator, Settings, resolve};
use crate::domain::trigger::{BotNames, Mention};
use crate::github::{GitHub, GitHubError, OAuth, Repo};
use crate::store;
use crate::store::repositories::RepositoryRow;
use crate::store::sealed::Seal;
use crate::store::tenant;
use looks::Looks;
use pace::Pace;
use progress::Quiet;

/// What flows work with. Cheap to clone.
#[derive(Clone)]
pub struct Services {
    pub pool: PgPool,
    pub cache: Cache,
    /// What seals stored secrets; `None`: there is no `ENCRYPTION_KEY`, and none can be stored.
    pub seal: Option<Seal>,
    pub github: GitHub,
    /// How people sign in.
    pub oauth: OAuth,
    pub clock: Clock,
    pub chance: Chance,
    /// What must come to its end though the page that began it is left; a shutdown waits for it.
    pub detached: TaskTracker,
    pub pace: Pace,
    pub looks: Looks,
    /// How seldom comments tell of progress.
    pub quiet: Quiet,
    pub ai: Arc<planner::Ai>,
    /// The operator's layer of the settings.
    pub operator: Arc<Operator>,
    pub mention: Mention,
    /// GitHub's pages, without a slash at the end.
    pub web_url: String,
}

/// Why a flow stopped: GitHub's answer, the database's, or a fault of ours.
#[derive(Debug, thiserror::Error)]
pub enum FlowError {
    #[error(transparent)]
    GitHub(#[from] GitHubError),
    #[error("database: {0}")]
    Store(#[from] sqlx::Error),
    /// Too early to know or to act: come back then.
    #[error("waits until {0}")]
    Later(DateTime<Utc>),
    /// The person's sign-in is over: they signed out, took back their leave, or GitHub refuses their token.
    #[error("the sign-in is over")]
    SignedOut,
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

impl FlowError {
    /// When to come back, where that is known: GitHub's limits, or a look that was too early.
    pub fn retry_at(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::GitHub(error) => error.retry_at(),
            Self::Later(when) => Some(*when),
            Self::Store(_) | Self::SignedOut | Self::Internal(_) => None,
        }
    }

    /// Whether what it is about is not there for us any more: gone, moved, or out of the installation's reach.
    pub(crate) fn is_out_of_reach(&self) -> bool {
        match self {
            Self::GitHub(error) => {
                error.is_absent() || matches!(error, GitHubError::InstallationGone)
            }
            Self::Store(_) | Self::Later(_) | Self::SignedOut | Self::Internal(_) => false,
        }
    }
}

/// A flow's result.
pub type FlowResult<T> = Result<T, FlowError>;

impl Services {
    /// The names that people may call the bot by: the configured mention and the App's slug.
    pub async fn names(&self) -> FlowResult<BotNames> {
        Ok(BotNames::new([self.mention.name(), &self.slug().await?]))
    }

    /// The name that people are told to call the bot by, without `@`.
    pub async fn bot(&self) -> FlowResult<String> {
        Ok(self.mention.under(&self.slug().await?).to_owned())
    }

    /// The App's; a person has none.
    async fn slug(&self) -> FlowResult<String> {
        if self.github.is_person() {
            return Ok(String::new());
        }
        Ok(self.github.app().await?.slug.clone())
    }

    /// Where statements about one tenant run.
    pub fn wall(&self, installation: InstallationId) -> tenant::Walled<'_> {
        tenant::Walled::new(&self.pool, installation)
    }

    /// A repository's place on GitHub, with a token narrowed to it.
    pub fn repo(&self, row: &RepositoryRow) -> Repo {
        self.github
            .installation(row.installation)
            .repository(row.id, row.name.clone())
    }

    /// The repository as stored, within its installation. `InstallationGone`: another one reaches it now, or none.
    pub async fn repository(
        &self,
        installation: InstallationId,
        id: RepositoryId,
    ) -> FlowResult<RepositoryRow> {
        if installation.is_person() {
            return Ok(person::repository(self, installation, id).await?);
        }
        store::repositories::find(self.wall(installation), installation, id)
            .await?
            .ok_or(FlowError::GitHub(GitHubError::InstallationGone))
    }

    /// The repository of today's name that the installation reaches, if it is known.
    pub async fn find_repository_named(
        &self,
        installation: InstallationId,
        name: &RepositoryName,
    ) -> FlowResult<Option<RepositoryRow>> {
        if installation.is_person() {
            return Ok(person::known(self, installation, name).await?);
        }
        let wall = self.wall(installation);
        Ok(store::repositories::find_by_name(wall, installation, name).await?)
    }

    /// May we act in the repository now: is the installation live, and the repository in its reach as far as we know?
    pub async fn reaches(
        &self,
        installation: InstallationId,
        repository: RepositoryId,
    ) -> FlowResult<bool> {
        let wall = self.wall(installation);
        let is_live = store::installations::find(wall, installation)
            .await?
            .is_some_and(|i| i.is_live());
        let is_removed = store::repositories::is_removed(wall, installation, repository);
        Ok(is_live && !is_removed.await?)
    }

    /// The settings in force for a repository, before a request's own options.
    pub async fn settings(
        &self,
        installation: InstallationId,
        repository: RepositoryId,
        asked: &Asked,
    ) -> FlowResult<Settings> {
        let mut tx = tenant::enter(&self.pool, installation).await?;
        let layers = store::settings::get_layers(&mut *tx, installation, repository).await?;
        tx.commit().await?;
        let read = |value: Option<serde_json::Value>| {
            value.map(|json| {
                let (document, complaints) = Document::read(&json);
                for complaint in complaints {
                    tracing::warn!(installation.id = %installation, complaint, "a stored setting is left out");
                }
                document
            })
        };
        let (of_installation, of_repository) = (read(layers.installation), read(layers.repository));
        Ok(resolve(
            &self.operator,
            of_installation.as_ref(),
            of_repository.as_ref(),
            asked,
        ))
    }
}
