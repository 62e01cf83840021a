//! The run's one comment: says what the database says, edited when something changed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::existing::Similar;
use super::native::AsText;
use super::planner::How;
use super::step::Next;
use super::{FlowResult, Services, asked::Asked, plan, reply, repositories, rollback, sync};
use crate::domain::comment::{
    self, About, AiUse, Created, Ended, Failure, LeftOpen, Link, Note, Preview, Progress,
    RolledBack, SameAs, SimilarIssue, Skipped, Spent, Step, Summary,
};
use crate::domain::ids::{CommentId, IssueNumber, RepositoryId, RepositoryName};
use crate::domain::money::Money;
use crate::domain::run::{Done, ItemState, Phase, Status};
use crate::store::ai_calls;
use crate::store::created_issues::{self, CreatedIssue};
use crate::store::issue_links;
use crate::store::planned_issues::{self, Item};
use crate::store::repositories::RepositoryRow;
use crate::store::runs::{self, Run};

/// While a run works, its comment is edited no more often than this: each edit takes the place of another write.
const BETWEEN_EDITS: TimeDelta = TimeDelta::seconds(60);
/// While a run waits, an edit costs it nothing.
const BETWEEN_EDITS_IN_A_PAUSE: TimeDelta = TimeDelta::seconds(15);
/// A pause that an edit fits into.
const PAUSE: TimeDelta = TimeDelta::seconds(3);
/// A pause that people are told of.
const LONG_PAUSE: TimeDelta = TimeDelta::seconds(90);

/// Whether a working run's comment is due: it is not there yet, or old and wrong.
pub(super) fn is_due(services: &Services, run: &Run) -> bool {
    let old = |at: DateTime<Utc>| services.clock.now() - at >= BETWEEN_EDITS;
    run.shown_revision < run.revision && run.shown_at.is_none_or(old)
}

/// Uses a pause in a run's work to bring its comment up to date.
pub(super) async fn while_waiting(
    services: &Services,
    repository: &RepositoryRow,
    run: &Run,
    until: DateTime<Utc>,
) -> FlowResult<Next> {
    let now = services.clock.now();
    if run.shown_revision >= run.revision || until - now < PAUSE {
        return Ok(Next::At(until));
    }
    let due = run.shown_at.map_or(now, |at| at + BETWEEN_EDITS_IN_A_PAUSE);
    if now < due {
        return Ok(Next::At(due.min(until)));
    }
    let said = (until - now >= LONG_PAUSE).then_some(until);
    bring_up_to_date_saying(services, repository, run, said).await?;
    Ok(Next::At(until))
}

/// Brings the run's comment up to date, if the pace allows it now.
pub(super) async fn bring_up_to_date(
    services: &Services,
    repository: &RepositoryRow,
    run: &Run,
) -> FlowResult<Next> {
    bring_up_to_date_saying(services, repository, run, None).await
}

async fn bring_up_to_date_saying(
    services: &Services,
    repository: &RepositoryRow,
    run: &Run,
    waits_until: Option<DateTime<Utc>>,
) -> FlowResult<Next> {
    if run.shown_revision >= run.revision {
        return Ok(Next::Done);
    }
    let (parts, texts) = loop {
        let parts = reply::parts(services, repository, &run.id).await?;
        let texts = texts(services, repository, run, waits_until, &parts).await?;
        let missing = numbered(&texts).find(|(part, _)| !parts.contains_key(part));
        let Some((part, text)) = missing else {
            break (parts, texts);
        };
        // One after the other: each is linked from those that come later, and at last from the first.
        reply::keep_up(services, repository, run.issue, (&run.id, part), text).await?;
    };
    for (part, text) in numbered(&texts) {
        reply::keep_up(services, repository, run.issue, (&run.id, part), text).await?;
    }
    let issue = issue_url(&services.web_url, &repository.name, run.issue);
    let first = parts.get(&1).map(|comment| anchor(&issue, *comment));
    let first = first.unwrap_or(issue);
    for part in parts.keys().filter(|part| **part as usize > texts.len()) {
        let over = comment::part_is_over(&run.id, *part, &first);
        reply::keep_up(services, repository, run.issue, (&run.id, *part), &over).await?;
    }
    runs::set_shown(
        services.wall(run.installation),
        run.key(),
        run.revision,
        services.clock.now(),
    )
    .await?;
    Ok(Next::Again)
}

/// What a run's comment says now, in as many parts as it takes.
async fn texts(
    services: &Services,
    repository: &RepositoryRow,
    run: &Run,
    waits_until: Option<DateTime<Utc>>,
    parts: &BTreeMap<u32, CommentId>,
) -> FlowResult<Vec<String>> {
    let mut texts = if run.syncs.is_some() {
        vec![sync::words(services, repository, run, waits_until).await?]
    } else {
        let mut view = View::of(services, repository, run).await?;
        view.waits_until = waits_until;
        view.parts.clone_from(parts);
        view.words(services).await?
    };
    if run.state.status() == Status::Completed
        && runs::offers_sync(services.wall(run.installation), run.key()).await?
        && let Some(text) = texts.first_mut()
    {
        *text = comment::with_offer(text, &services.bot().await?);
    }
    Ok(texts)
}

/// The page of an issue.
fn issue_url(web_url: &str, place: &RepositoryName, issue: IssueNumber) -> String {
    format!("{web_url}/{place}/issues/{issue}")
}

/// The address of a comment on an issue's page.
fn anchor(issue_url: &str, comment: CommentId) -> String {
    format!("{issue_url}#issuecomment-{comment}")
}

/// The parts of a comment, counted from 1.
fn numbered(texts: &[String]) -> impl Iterator<Item = (u32, &String)> {
    (1..=reply::MOST_PARTS).zip(texts)
}

/// Everything that a run's comment may say.
struct View<'a> {
    run: &'a Run,
    /// GitHub's pages.
    web_url: &'a str,
    /// The parts of the comment that stand on GitHub.
    parts: BTreeMap<u32, CommentId>,
    bot: String,
    /// Where the trigger issue is.
    place: &'a RepositoryName,
    items: Vec<Item>,
    created: Vec<CreatedIssue>,
    how: How,
    /// The other repositories that issues went to.
    elsewhere: BTreeMap<RepositoryId, RepositoryName>,
    /// GitHub's limits allow nothing before this moment.
    waits_until: Option<DateTime<Utc>>,
}

impl<'a> View<'a> {
    async fn of(
        services: &'a Services,
        repository: &'a RepositoryRow,
        run: &'a Run,
    ) -> FlowResult<Self> {
        let items = planned_issues::list(services.wall(run.installation), run.key()).await?;
        let created = created_issues::list(services.wall(run.installation), run.key()).await?;
        let others: BTreeSet<_> = items
            .iter()
            .map(|i| i.repository)
            .filter(|id| *id != repository.id)
            .collect();
        let mut elsewhere = BTreeMap::new();
        for id in others {
            let name = repositories::name_of(services, run.installation, id).await?;
            elsewhere.insert(id, name);
        }
        Ok(Self {
            run,
            web_url: &services.web_url,
            parts: BTreeMap::new(),
            bot: services.bot().await?,
            place: &repository.name,
            items,
            created,
            how: How::of(services, run.key()).await?,
            elsewhere,
            waits_until: None,
        })
    }

    /// The comment, in several parts where one does not hold it.
    async fn words(&self, services: &Services) -> FlowResult<Vec<String>> {
        let state = self.run.state;
        let one = match (state.status(), state.phase()) {
            (_, Some(Phase::AwaitingConfirmation)) => return self.preview(services).await,
            (_, Some(Phase::Creating)) => self.progress(Step::Creating),
            (_, Some(Phase::Linking | Phase::Summarising)) => self.progress(Step::Linking),
            (_, Some(Phase::RollingBack)) => self.progress(Step::RollingBack),
            (Status::Completed, None) => self.summary(services).await?,
            (Status::Failed, None) => self.failed(),
            (Status::Cancelled, None) => {
                let why = self.run.failure.as_deref();
                comment::cancelled(&self.ended(&self.made()), why)
            }
            (Status::RolledBack, None) => self.rolled_back(),
            _ => comment::working(self.about()),
        };
        Ok(vec![one])
    }

    /// Where the specification stands: in the issue, or in the comment that asked.
    fn spec_url(&self, asked: &Asked) -> String {
        let issue = issue_url(self.web_url, self.place, self.run.issue);
        let comment = self.run.cause.strip_prefix("comment:");
        let comment = comment.filter(|_| !asked.is_of_issue);
        match comment.and_then(|id| id.parse().ok()) {
            Some(id) => anchor(&issue, CommentId(id)),
            None => issue,
        }
    }

    fn part_urls(&self) -> BTreeMap<u32, String> {
        let issue = issue_url(self.web_url, self.place, self.run.issue);
        let parts = self.parts.iter();
        parts
            .map(|(part, comment)| (*part, anchor(&issue, *comment)))
            .collect()
    }

    fn about(&self) -> About<'_> {
        About {
            run: &self.run.id,
            bot: &self.bot,
            terminal: self
                .run
                .installation
                .is_person()
                .then_some((self.place, self.run.issue)),
        }
    }

    async fn preview(&self, services: &Services) -> FlowResult<Vec<String>> {
        let mut plan = runs::find_plan(services.wall(self.run.installation), self.run.key())
            .await?
            .ok_or_else(|| anyhow::anyhow!("{} waits without a plan", self.run.id))?;
        let asked = Asked::from_value(&self.run.request)?;
        let settings = services
            .settings(
                self.run.installation,
                self.run.repository,
                &asked.for_settings(),
            )
            .await?;
        let reasons: Vec<_> =
            serde_json::from_value(self.run.reasons.clone()).map_err(anyhow::Error::from)?;
        let dropped = self
            .items
            .iter()
            .filter(|i| matches!(i.state, ItemState::Dropped | ItemState::Skipped))
            .map(|i| i.planned.id.clone())
            .collect();
        plan.warnings.extend(
            self.items
                .iter()
                .filter(|i| i.state == ItemState::Skipped)
                .map(|i| {
                    let twin = match (self.existing(i), i.note.as_deref()) {
                        (Some(twin), _) => twin.to_string(),
                        (None, Some(twin)) => twin.to_owned(),
                        (None, None) => "another one".to_owned(),
                    };
                    format!("Item {} is left out: {twin} is the same.", i.position)
                }),
        );
        Ok(comment::preview(&Preview {
            about: self.about(),
            plan: &plan,
            reasons: &reasons,
            dropped: &dropped,
            similar: &self.similar(),
            home: self.place,
            spec_url: &self.spec_url(&asked),
            part_urls: &self.part_urls(),
            sub_issues: asked.sub_issues != Some(false),
            dependencies: asked.dependencies != Some(false),
            rate_per_minute: settings.rate_limit_per_minute.value,
            is_degraded: self.how.degraded.is_some(),
            ai: self
                .ai(services, settings.monthly_budget.value)
                .await?
                .as_ref(),
        }))
    }

    fn progress(&self, step: Step) -> String {
        let made = self.made();
        let wanted = |i: &&Item| i.state.is_open() || i.state.exists();
        let total = self.items.iter().filter(wanted).count();
        let done = match step {
            Step::RollingBack => self.items.iter().filter(|i| is_settled(i)).count(),
            Step::Creating | Step::Linking => made.len(),
        };
        comment::progress(&Progress {
            about: self.about(),
            step,
            done,
            total,
            created: &made,
            waits_until: self.waits_until,
        })
    }

    async fn summary(&self, services: &Services) -> FlowResult<String> {
        let (planning_took, creating_took) = self.durations();
        Ok(comment::summary(&Summary {
            about: self.about(),
            created: &self.made(),
            done: self.done(),
            skipped: &self.skipped(),
            dropped: &self.dropped(),
            failed: &self.refused(),
            notes: &self.notes(services).await?,
            as_tasks: AsText::of(self.run, &Asked::from_value(&self.run.request)?).sub_issues,
            planning_took,
            creating_took,
            ai: self.ai(services, None).await?.as_ref(),
        }))
    }

    /// What the planned issues are like, as far as they are still in the plan.
    fn similar(&self) -> Vec<SimilarIssue> {
        let of = |similar: &Similar| {
            let item = self.items.iter().find(|i| {
                i.planned.id == similar.item
                    && matches!(i.state, ItemState::Planned | ItemState::Dropped)
            })?;
            let is_hidden = self.how.hides(self.run, similar.repository);
            let link = || Link {
                number: similar.number,
                repository: self.elsewhere.get(&similar.repository).cloned(),
            };
            Some(SimilarIssue {
                item: number(item)?,
                issue: (!is_hidden).then(|| (link(), similar.title.clone())),
                is_closed: similar.is_closed,
            })
        };
        self.how.similar.iter().filter_map(of).collect()
    }

    /// What models were paid for the run; `None`: none was asked.
    async fn ai(&self, services: &Services, budget: Option<Money>) -> FlowResult<Option<AiUse>> {
        let run = self.run;
        let total =
            ai_calls::total_of_run(services.wall(run.installation), run.installation, &run.id)
                .await?;
        let plan = runs::find_planner(services.wall(run.installation), run.key()).await?;
        let by_model = plan.filter(|planner| planner != "structural");
        if total.calls == 0 && by_model.is_none() {
            return Ok(None);
        }
        let month = match budget {
            Some(budget) => {
                let since = ai_calls::month_of(services.clock.now());
                let spent = ai_calls::spent_since(
                    services.wall(run.installation),
                    run.installation,
                    &run.id,
                    since,
                )
                .await?;
                Some(Spent { spent, budget })
            }
            None => None,
        };
        let spent = total.spent;
        Ok(Some(AiUse {
            model: by_model
                .or(total.models.into_iter().next())
                .unwrap_or_default(),
            tokens_in: spent.tokens_in,
            tokens_out: spent.tokens_out,
            // A sum that leaves something out would say too little.
            cost: spent.cost.filter(|_| !total.is_partly_unpriced),
            priced_as_of: total.priced_as_of,
            month,
        }))
    }

    fn failed(&self) -> String {
        let made = self.made();
        let error = self
            .run
            .failure
            .as_deref()
            .unwrap_or("Something went wrong.");
        let next = if self.run.installation.is_person() {
            "Put it right and run the same command again: what exists already is not created twice."
                .to_owned()
        } else if made.is_empty() {
            "Put it right and ask again in a new comment.".to_owned()
        } else {
            format!(
                "Put it right and ask again in a new comment: what exists already is not created twice. \
                 Or close what was created with `@{} rollback last`.",
                self.bot
            )
        };
        comment::failed(&self.ended(&made), error, &next)
    }

    fn rolled_back(&self) -> String {
        let made = self.made();
        let in_state = |state| {
            let made = &made;
            self.items
                .iter()
                .filter(move |i| i.state == state)
                .filter_map(move |i| {
                    let issue = made.iter().find(|c| Some(c.item) == number(i))?;
                    Some((i, issue.clone()))
                })
        };
        let (stuck, left): (Vec<LeftOpen>, Vec<LeftOpen>) = in_state(ItemState::Left)
            .filter(|(item, _)| item.note.as_deref() != Some(rollback::DELETED))
            .map(|(item, issue)| LeftOpen {
                issue,
                why: item.note.clone().unwrap_or_default(),
            })
            .partition(|left| rollback::could_not_be_closed(&left.why));
        let closed: Vec<Created> = in_state(ItemState::Closed)
            .map(|(_, issue)| issue)
            .collect();
        comment::rolled_back(&RolledBack {
            about: self.about(),
            closed: &closed,
            left: &left,
            stuck: &stuck,
        })
    }

    fn ended<'b>(&'b self, created: &'b [Created]) -> Ended<'b> {
        Ended {
            about: self.about(),
            created,
            done: self.done(),
            total: self
                .items
                .iter()
                .filter(|i| i.state.is_open() || i.state.exists())
                .count(),
        }
    }

    fn done(&self) -> Done {
        let standing = self.created.iter().filter(|c| c.closed_at.is_none());
        Done::of(standing.map(|c| c.standing))
    }

    fn made(&self) -> Vec<Created> {
        self.created
            .iter()
            .filter_map(|c| {
                let item = self.items.iter().find(|i| i.position == c.position)?;
                Some(Created {
                    item: number(item)?,
                    title: item.planned.title.clone(),
                    link: self.link(c),
                    parent: item
                        .planned
                        .parent
                        .as_deref()
                        .and_then(comment::item_number),
                })
            })
            .collect()
    }

    fn link(&self, created: &CreatedIssue) -> Link {
        let other = self.elsewhere.get(&created.repository);
        Link {
            number: created.number,
            repository: other.cloned(),
        }
    }

    fn skipped(&self) -> Vec<Skipped> {
        self.items
            .iter()
            .filter(|i| i.state == ItemState::Skipped)
            .filter_map(|i| {
                Some(Skipped {
                    item: number(i)?,
                    title: i.planned.title.clone(),
                    same_as: self.same_as(i),
                })
            })
            .collect()
    }

    /// What stands in a skipped item's place: `#42` of its repository, or what `item 3` became.
    fn same_as(&self, item: &Item) -> SameAs {
        let twin = item.twin();
        let of_plan = self.items.iter().find(|i| Some(i.position) == twin);
        let link = match of_plan {
            // It was skipped itself.
            Some(of_plan) => self
                .existing(of_plan)
                .or_else(|| self.link_of(of_plan).map(SameAs::Issue)),
            None => self.existing(item),
        };
        let number = twin.and_then(|twin| u32::try_from(twin).ok());
        link.unwrap_or(SameAs::Item(number))
    }

    /// The issue that was there before.
    fn existing(&self, item: &Item) -> Option<SameAs> {
        let number = item.note.as_deref()?.strip_prefix('#')?;
        let number = IssueNumber(number.parse().ok()?);
        if self.how.hides(self.run, item.repository) {
            return Some(SameAs::Elsewhere);
        }
        Some(SameAs::Issue(Link {
            number,
            repository: self.elsewhere.get(&item.repository).cloned(),
        }))
    }

    fn link_of(&self, item: &Item) -> Option<Link> {
        let created = self.created.iter().find(|c| c.position == item.position);
        created.map(|c| self.link(c))
    }

    fn refused(&self) -> Vec<Failure> {
        self.items
            .iter()
            .filter(|i| i.state == ItemState::Failed)
            .filter_map(|i| {
                Some(Failure {
                    item: number(i)?,
                    title: i.planned.title.clone(),
                    why: i.note.clone().unwrap_or_default(),
                })
            })
            .collect()
    }

    fn dropped(&self) -> Vec<(u32, String)> {
        self.items
            .iter()
            .filter(|i| i.state == ItemState::Dropped)
            .filter_map(|i| {
                let why = i.note.as_ref().filter(|n| *n == plan::NOT_IN_THE_SPEC);
                let why = why.map_or_else(String::new, |why| format!(" ({why})"));
                Some((number(i)?, format!("{}{why}", i.planned.title)))
            })
            .collect()
    }

    /// What did not come out as asked.
    async fn notes(&self, services: &Services) -> FlowResult<Vec<Note>> {
        let mut notes: Vec<Note> = self
            .created
            .iter()
            .filter(|c| !c.dropped.is_empty())
            .map(|c| Note {
                links: vec![self.link(c)],
                says: format!("GitHub left out {}", c.dropped.join(", ")),
            })
            .collect();
        let asked = Asked::from_value(&self.run.request)?;
        let warnings = self.unseen_warnings(services, &asked).await?;
        notes.extend(warnings.into_iter().map(|says| Note {
            links: Vec::new(),
            says,
        }));
        let refused =
            issue_links::list_refused(services.wall(self.run.installation), self.run.key()).await?;
        let mut why: Vec<(String, Vec<Link>)> = Vec::new();
        for (position, says) in refused {
            let issue = self.created.iter().find(|c| c.position == position);
            let Some(link) = issue.map(|c| self.link(c)) else {
                continue;
            };
            match why.iter_mut().find(|(known, _)| *known == says) {
                Some((_, links)) if links.contains(&link) => {}
                Some((_, links)) => links.push(link),
                None => why.push((says, vec![link])),
            }
        }
        notes.extend(why.into_iter().map(|(says, links)| Note {
            links,
            says: format!("could not be linked: {says}"),
        }));
        let as_text = AsText::of(self.run, &asked);
        let not_native = comment::not_native(!as_text.sub_issues, !as_text.dependencies);
        notes.extend(
            not_native
                .filter(|_| !self.created.is_empty())
                .map(|says| Note {
                    links: Vec::new(),
                    says: says.to_owned(),
                }),
        );
        Ok(notes)
    }

    /// What a preview would have warned of, where there was none; else what was warned of in the request itself.
    async fn unseen_warnings(&self, services: &Services, asked: &Asked) -> FlowResult<Vec<String>> {
        let was_shown = self.run.reasons.as_array().is_some_and(|r| !r.is_empty());
        if was_shown {
            return Ok(asked.warnings.clone());
        }
        let plan = runs::find_plan(services.wall(self.run.installation), self.run.key()).await?;
        Ok(plan.map_or_else(|| asked.warnings.clone(), |plan| plan.warnings))
    }

    fn durations(&self) -> (Duration, Duration) {
        let run = self.run;
        let planned = run.planned_at.unwrap_or(run.created_at);
        let since = run.confirmed_at.unwrap_or(planned);
        let ended = run.finished_at.unwrap_or(since);
        let took =
            |from: DateTime<Utc>, to: DateTime<Utc>| (to - from).to_std().unwrap_or_default();
        (took(run.created_at, planned), took(since, ended))
    }
}

fn number(item: &Item) -> Option<u32> {
    u32::try_from(item.position).ok()
}

fn is_settled(item: &Item) -> bool {
    matches!(item.state, ItemState::Closed | ItemState::Left)
}
