//! Somebody speaks to the bot: who, where, in which words, and may they.

use tracing::{info, warn};

use super::pace::{self, For, Write};
use super::{FlowResult, Services, authorize};
use crate::domain::event::{Account, Comment, Issue};
use crate::domain::trigger::BotNames;
use crate::github::Reaction;
use crate::store::acknowledgements;
use crate::store::repositories::RepositoryRow;

/// Where the words were written.
#[derive(Debug, Clone, Copy)]
pub enum Origin<'a> {
    /// The body of the trigger issue.
    Issue,
    /// A comment on it.
    Comment(&'a Comment),
}

/// Somebody speaks to the bot.
#[derive(Debug, Clone, Copy)]
pub struct Asking<'a> {
    pub repository: &'a RepositoryRow,
    pub issue: &'a Issue,
    pub origin: Origin<'a>,
    /// The comment asks for the issue's own text to be planned.
    pub points_at_issue: bool,
    pub sender: &'a Account,
    /// The operator's own command: nobody is asked for a role.
    pub is_operator: bool,
    pub names: &'a BotNames,
}

impl Asking<'_> {
    /// What is kept of it so that nothing acts twice: GitHub sends one thing under several delivery ids.
    pub fn cause(&self) -> String {
        match self.origin {
            Origin::Issue => format!("issue:{}", self.issue.id),
            Origin::Comment(comment) => format!("comment:{}", comment.id),
        }
    }

    /// The words that are read: the issue's where the comment only points at it.
    pub fn written(&self) -> &str {
        match self.origin {
            Origin::Comment(comment) if !self.points_at_issue => &comment.body,
            _ => &self.issue.body,
        }
    }

    /// The line where an option stands, counted from 1; the first where it cannot be told.
    pub fn line_of(&self, key: &str) -> usize {
        let is_it = |line: &str| line.trim_start().to_lowercase().starts_with(key);
        1 + self.written().lines().position(is_it).unwrap_or(0)
    }

    /// Shows by 👀 that it was seen, once. Nothing depends on it: what was asked for is done all the same, unless it is too
    /// early for the reaction.
    pub async fn acknowledge(&self, services: &Services) -> FlowResult<()> {
        match self.react(services, Reaction::Eyes).await {
            Err(failure) if failure.retry_at().is_none() => {
                warn!(repository.id = %self.repository.id, error = %failure, "could not react");
                // Tried once: a reaction that takes the answer's place each time would keep it waiting for ever.
                self.remember_reaction(services).await
            }
            other => other,
        }
    }

    /// Reacts to what was written, once, however often the delivery comes.
    pub async fn react(&self, services: &Services, reaction: Reaction) -> FlowResult<()> {
        let (tenant, place, cause) = (
            self.repository.installation,
            self.repository.id,
            self.cause(),
        );
        if acknowledgements::exists(&services.pool, place, &cause).await? {
            return Ok(());
        }
        // Strangers are no people to wait for: they would hold up every run.
        let by = match reaction {
            Reaction::Confused => For::Run,
            _ => For::People,
        };
        pace::take(services, tenant, Write::Edit, by).await?;
        let repo = services.repo(self.repository);
        let done = match self.origin {
            Origin::Issue => repo.react_to_issue(self.issue.number, reaction).await,
            Origin::Comment(comment) => repo.react_to_comment(comment.id, reaction).await,
        };
        match done {
            // Deleted meanwhile: there is nothing to react to, and nothing is lost.
            Err(error) if error.is_absent() => {}
            other => drop(other?),
        }
        self.remember_reaction(services).await
    }

    async fn remember_reaction(&self, services: &Services) -> FlowResult<()> {
        let (place, now) = (self.repository, services.clock.now());
        let cause = self.cause();
        acknowledgements::insert(
            services.wall(place.installation),
            place.installation,
            place.id,
            &cause,
            now,
        )
        .await?;
        Ok(())
    }

    /// Is the sender known well enough here? If not, says so by a reaction and nothing else.
    pub async fn is_allowed(&self, services: &Services) -> FlowResult<bool> {
        let standing = authorize::standing(services, self.repository, self.sender).await?;
        if !standing.suffices() {
            info!(repository.id = %self.repository.id, login = self.sender.login, "not allowed to ask");
            self.react(services, Reaction::Confused).await?;
        }
        Ok(standing.suffices())
    }
}
