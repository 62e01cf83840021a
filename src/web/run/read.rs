//! Reads what a run's page shows, within the installation and the repositories that the person sees.

use chrono::TimeDelta;

use super::view::{IssueLink, Like};
use crate::domain::ids::{IssueNumber, RepositoryId, RepositoryName, UserId};
use crate::domain::plan::Plan;
use crate::domain::policy::Role;
use crate::domain::run::{ItemState, Phase, Standing};
use crate::flows::access::{Person, SeenRun};
use crate::flows::asked::Asked;
use crate::flows::existing::Similar;
use crate::flows::planner::How;
use crate::flows::{FlowResult, Services};
use crate::store::audit_events::{self, RunEvent};
use crate::store::created_issues::{self, CreatedIssue, Moment};
use crate::store::issue_edits::{self, Edited};
use crate::store::planned_issues::{self, Item};
use crate::store::{ai_calls, issue_links, overview, runs, tenant};
use crate::web::parts::thousands;

/// Everything that the page is made of.
pub(super) struct Facts {
    pub(super) seen: SeenRun,
    pub(super) person: UserId,
    pub(super) asked: Asked,
    pub(super) plan: Option<Plan>,
    pub(super) items: Vec<Item>,
    pub(super) created: Vec<CreatedIssue>,
    /// Of a sync: the issues that it changes and retires.
    pub(super) edited: Vec<Edited>,
    pub(super) moments: Vec<Moment>,
    /// What planned issues are like, by the planned issue's id.
    similar: Vec<Similar>,
    pub(super) events: Vec<RunEvent>,
    /// Links between issues: settled, and all.
    pub(super) links: (usize, usize),
    pub(super) ai: ai_calls::Total,
    pub(super) minimum_role: Role,
    /// Requests that the run may make in a minute, where it has made as many.
    pub(super) own_pace: Option<u32>,
    web_url: String,
}

impl Facts {
    pub(super) async fn read(
        services: &Services,
        person: &Person,
        seen: SeenRun,
    ) -> FlowResult<Self> {
        let run = &seen.run;
        let (home, id) = (run.installation, &run.id);
        let asked = Asked::from_value(&run.request)?;
        let settings = services
            .settings(home, run.repository, &asked.for_settings())
            .await?;
        let rate = settings.rate_limit_per_minute.value;
        let minute_ago = services.clock.now() - TimeDelta::minutes(1);
        let mut tx = tenant::enter(&services.pool, home).await?;
        let facts = Self {
            person: person.id,
            plan: runs::find_plan(&mut *tx, id.of(home)).await?,
            items: planned_issues::list(&mut *tx, id.of(home)).await?,
            created: created_issues::list(&mut *tx, id.of(home)).await?,
            edited: issue_edits::list_edited(&mut *tx, id.of(home)).await?,
            moments: created_issues::list_moments(&mut *tx, id.of(home)).await?,
            similar: runs::find_planning(&mut *tx, id.of(home))
                .await?
                .and_then(|how| serde_json::from_value::<How>(how).ok())
                .unwrap_or_default()
                .similar,
            events: audit_events::list_for_run(&mut *tx, home, id).await?,
            links: issue_links::count(&mut *tx, id.of(home)).await?,
            ai: ai_calls::total_of_run(&mut *tx, home, id).await?,
            minimum_role: settings.minimum_role.value,
            own_pace: (overview::content_since(&mut *tx, home, minute_ago).await?
                >= i64::from(rate))
            .then_some(rate),
            web_url: services.web_url.clone(),
            asked,
            seen,
        };
        tx.commit().await?;
        Ok(facts)
    }

    /// Whether the run will still change by itself, or its comment on GitHub lags behind.
    pub(super) fn is_live(&self) -> bool {
        !self.seen.run.state.status().is_final()
    }

    pub(super) fn issue_href(&self, place: &RepositoryName, number: IssueNumber) -> String {
        format!("{}/{place}/issues/{number}", self.web_url)
    }

    /// The repository's name, unless GitHub does not show it to this person.
    pub(super) fn name_of(&self, id: RepositoryId) -> String {
        self.seen.installation.repository(id).map_or_else(
            || "a repository that GitHub does not show you".to_owned(),
            |repository| repository.name.to_string(),
        )
    }

    /// The issue that stands for an item, or in its place.
    pub(super) fn link_of(&self, item: &Item) -> Option<IssueLink> {
        if let Some(edited) = self.edited_by(item) {
            return self.link(edited.repository, edited.number);
        }
        if item.state == ItemState::Skipped {
            let number = item.note.as_deref()?.strip_prefix('#')?.parse().ok()?;
            return self.link(item.repository, IssueNumber(number));
        }
        self.link_of_created(item.position)
    }

    /// The issue that was created at this place of the plan.
    pub(super) fn link_of_created(&self, position: i32) -> Option<IssueLink> {
        let created = self.created.iter().find(|c| c.position == position)?;
        self.link(created.repository, created.number)
    }

    /// The issue that an item of a sync changes or retires.
    pub(super) fn edited_by(&self, item: &Item) -> Option<&Edited> {
        self.edited.iter().find(|e| e.position == item.position)
    }

    /// What has become of an item's issue, if there is one that no rollback has closed.
    pub(super) fn standing_of(&self, item: &Item) -> Option<Standing> {
        let created = self.created.iter().find(|c| c.position == item.position)?;
        created.closed_at.is_none().then_some(created.standing)
    }

    /// The existing issues that an item may be a duplicate of; of one that GitHub does not show to this person, only that it
    /// exists.
    pub(super) fn like(&self, item: &Item) -> Vec<Like> {
        if !matches!(item.state, ItemState::Planned | ItemState::Dropped) {
            return Vec::new();
        }
        let alike = self.similar.iter().filter(|s| s.item == item.planned.id);
        let told = alike.map(
            |similar| match self.link(similar.repository, similar.number) {
                Some(link) => Like::Shown {
                    link,
                    title: similar.title.clone(),
                    is_closed: similar.is_closed,
                },
                None => Like::Hidden,
            },
        );
        told.collect()
    }

    /// A run that waits although every planned issue exists already: a confirmation would create nothing.
    pub(super) fn has_nothing_to_create(&self) -> bool {
        let run = &self.seen.run;
        run.state.phase() == Some(Phase::AwaitingConfirmation)
            && run.syncs.is_none()
            && !self.items.is_empty()
            && self.items.iter().all(|i| i.state == ItemState::Skipped)
    }

    fn link(&self, repository: RepositoryId, number: IssueNumber) -> Option<IssueLink> {
        let place = &self.seen.installation.repository(repository)?.name;
        let is_home = repository == self.seen.run.repository;
        Some(IssueLink {
            href: self.issue_href(place, number),
            words: if is_home {
                format!("#{number}")
            } else {
                format!("{place}#{number}")
            },
        })
    }

    /// What models were paid for it.
    pub(super) fn cost_in_words(&self) -> Option<String> {
        if self.ai.calls == 0 {
            return None;
        }
        let spent = self.ai.spent;
        let tokens = |count: u64| thousands(usize::try_from(count).unwrap_or(usize::MAX));
        let cost = match spent.cost {
            Some(cost) if self.ai.is_partly_unpriced => {
                format!("{cost} and more (some prices are not known)")
            }
            Some(cost) => cost.to_string(),
            None => "price not known".to_owned(),
        };
        Some(format!(
            "{}: {} tokens in, {} out, {cost}",
            self.ai.models.join(", "),
            tokens(spent.tokens_in),
            tokens(spent.tokens_out),
        ))
    }
}
