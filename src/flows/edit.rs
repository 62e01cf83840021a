//! Somebody edits a waiting plan: planned by structure, judged by policy, stored in one transaction with who did it.
//!
//! What GitHub has to be asked is asked before the run is locked; a plan that has changed meanwhile is edited anew.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use tracing::info;

use super::answer::Answer;
use super::asked::Asked;
use super::asking::Asking;
use super::command::{self, By};
use super::existing::{Existing, Similar};
use super::planner::How;
use super::{FlowError, FlowResult, Services, advance, plan, room, tick};
use crate::domain::command::Command;
use crate::domain::coverage;
use crate::domain::edit::{self, Edit, Edited, Refused};
use crate::domain::fingerprint::{self, UniqueBy};
use crate::domain::grouping;
use crate::domain::ids::{RepositoryId, RunKey};
use crate::domain::plan::{Plan, PlannedIssue};
use crate::domain::planning::is_ungrounded;
use crate::domain::policy::{self, Reason};
use crate::domain::run::ItemState;
use crate::domain::settings::Settings;
use crate::store::planned_issues::{self, Item, NewItem};
use crate::store::repositories::RepositoryRow;
use crate::store::runs::{self, Made, Run};
use crate::store::tenant;

/// What a new plan says where the one before was edited.
pub(super) const GONE: &str =
    "This is a new plan: what was split, merged or titled in the one before is gone.";

/// How often a plan that changes under one's hands is read again.
const TRIES: usize = 3;

/// Whether somebody edited the plan that is stored.
pub(super) async fn was_edited(services: &Services, id: RunKey<'_>) -> FlowResult<bool> {
    Ok(How::of(services, id).await?.edited_up_to.is_some())
}

/// Carries the edit out, or answers what stands against it.
pub(super) async fn edit(
    services: &Services,
    asking: &Asking<'_>,
    id: RunKey<'_>,
    wanted: &Edit,
) -> FlowResult<Option<Answer>> {
    for _ in 0..TRIES {
        let draft = match Draft::of(services, asking, id, wanted).await? {
            Ok(draft) => draft,
            Err(answer) => return Ok(Some(answer)),
        };
        match draft.store(services, asking, wanted).await? {
            Stored::Done(answer) => return Ok(answer),
            Stored::Outdated => {}
        }
    }
    Err(FlowError::Later(services.clock.now()))
}

enum Stored {
    Done(Option<Answer>),
    /// The plan is another one by now.
    Outdated,
}

/// An edited plan that is not stored yet.
struct Draft {
    run: Run,
    plan: Plan,
    how: How,
    reasons: Vec<Reason>,
    /// The items whose text is new, skipped where the same issue is there already.
    changed: Vec<NewItem>,
    made_of: BTreeMap<String, Vec<String>>,
    /// The numbers that are gone.
    gone: Vec<i32>,
    /// The boxes as they stand on GitHub: what was unticked a moment ago counts.
    ticked: BTreeMap<u32, bool>,
}

impl Draft {
    async fn of(
        services: &Services,
        asking: &Asking<'_>,
        id: RunKey<'_>,
        wanted: &Edit,
    ) -> FlowResult<Result<Self, Answer>> {
        let run = runs::get(services.wall(id.installation), id).await?;
        if let Err(illegal) = command::next_state(run.state, &Command::Edit(wanted.clone())) {
            return Ok(Err(Answer::Already(illegal, run.id)));
        }
        if run.syncs.is_some() {
            let words =
                "What waits here is the review of an edited specification, and no plan of its own.";
            return Ok(Err(Answer::NotEdited(words.to_owned())));
        }
        if !run.shows_its_plan() {
            return Ok(Err(Answer::NotShown));
        }
        let Some(before) = runs::find_plan(services.wall(id.installation), id).await? else {
            return Ok(Err(Answer::NotShown));
        };
        let items = planned_issues::list(services.wall(id.installation), id).await?;
        let asked = Asked::from_value(&run.request)?;
        let mut how = How::of(services, id).await?;
        let last = how.edited_up_to.unwrap_or(0).max(edit::highest(&before));
        let Edited {
            plan,
            last,
            mut made_of,
        } = match edited(&before, &asked, last, wanted, &items) {
            Ok(edited) => edited,
            Err(answer) => return Ok(Err(answer)),
        };
        how.edited_up_to = Some(last);
        let settings = plan::settings_of(services, &run, &asked).await?;
        let skipped = skipped(&items);
        let refusal = refusal(
            services,
            asking.repository,
            (&run, &asked, &settings),
            (&before, &plan),
            (&skipped, &how.groups),
        )
        .await?;
        if let Some(why) = refusal {
            return Ok(Err(Answer::NotEdited(why)));
        }
        made_of.extend(bereft(&items, &made_of, &plan));
        let news = Plan {
            issues: plan
                .issues
                .iter()
                .filter(|i| made_of.contains_key(&i.id))
                .cloned()
                .collect(),
            ..plan.clone()
        };
        let homes = match homes(services, &run, &news, &made_of, &items).await? {
            Ok(homes) => homes,
            Err(answer) => return Ok(Err(answer)),
        };
        let all = homes.values().cloned();
        let existing = Box::pin(Existing::of(services, &run, &asked, all)).await?;
        let mut changed = changed(&asked, &news, &items, &homes)?;
        skip_twins(&mut changed, &items, &plan);
        plan::skip_existing(services, &run, &mut changed).await?;
        existing.skip_same(&mut changed);
        how.similar = similar(how.similar, &made_of, &plan, existing.similar(&changed));
        how.public.extend(existing.public());
        let gone = items
            .iter()
            .filter(|i| plan.issues.iter().all(|p| p.id != i.planned.id))
            .map(|i| i.position)
            .collect();
        let mut reasons = plan::judge(&plan, &how, &asked, &settings);
        if reasons.is_empty() {
            reasons.push(Reason::Edited);
        }
        let ticked = tick::standing(services, asking.repository, id.id).await?;
        Ok(Ok(Self {
            run,
            plan,
            how,
            reasons,
            changed,
            made_of,
            gone,
            ticked,
        }))
    }

    async fn store(
        mut self,
        services: &Services,
        asking: &Asking<'_>,
        wanted: &Edit,
    ) -> FlowResult<Stored> {
        let now = services.clock.now();
        let id = self.run.key();
        let command = Command::Edit(wanted.clone());
        let by = By {
            sender: asking.sender,
            cause: Some(&asking.cause()),
            plan_seen: None,
            token: None,
        };
        let mut tx = tenant::enter(&services.pool, id.installation).await?;
        let run = runs::lock(&mut tx, id).await?;
        let to = match command::next_state(run.state, &command) {
            Ok(to) => to,
            Err(illegal) => return Ok(Stored::Done(Some(Answer::Already(illegal, run.id)))),
        };
        if run.plan_revision != self.run.plan_revision {
            return Ok(Stored::Outdated);
        }
        if !tick::take_standing(&mut tx, &run, &self.ticked).await? {
            return Ok(Stored::Done(Some(Answer::NotShown)));
        }
        if !command::record(services, &mut tx, &by, &run, &command).await? {
            return Ok(Stored::Done(None));
        }
        let standing = planned_issues::list(&mut *tx, id).await?;
        let dropped: HashMap<&str, bool> = standing
            .iter()
            .map(|i| (i.planned.id.as_str(), i.state == ItemState::Dropped))
            .collect();
        for item in &mut self.changed {
            let mut of = self.made_of.get(&item.planned.id).into_iter().flatten();
            let all_dropped = of.all(|id| dropped.get(id.as_str()).copied().unwrap_or_default());
            if all_dropped && item.state == ItemState::Planned {
                item.state = ItemState::Dropped;
            }
        }
        // Other issues wait for new numbers, or hang under another one.
        let unique_by = Asked::from_value(&run.request)?
            .unique_by
            .unwrap_or_default();
        let moved = moved(&self.plan, &standing, &self.changed, unique_by);
        planned_issues::remove(&mut tx, id, &self.gone).await?;
        planned_issues::upsert_all(&mut tx, id, &self.changed).await?;
        planned_issues::upsert_all(&mut tx, id, &moved).await?;
        let made = Made {
            plan: &self.plan,
            reasons: &serde_json::to_value(&self.reasons).map_err(anyhow::Error::from)?,
            planning: &serde_json::to_value(&self.how).map_err(anyhow::Error::from)?,
        };
        runs::set_plan(&mut *tx, id, &made, now).await?;
        runs::set_state(&mut *tx, id, run.state, to, None, now).await?;
        advance::enqueue(&mut tx, run.installation, id.id, None).await?;
        tx.commit().await?;
        info!(
            run.id = %run.id, installation.id = %run.installation, login = by.sender.login,
            command = command.name(), issues = self.plan.issues.len(), "plan edited"
        );
        Ok(Stored::Done(None))
    }
}

/// The plan after the edit, or why it stays.
fn edited(
    before: &Plan,
    asked: &Asked,
    last: u32,
    wanted: &Edit,
    items: &[Item],
) -> Result<Edited, Answer> {
    if !matches!(wanted, Edit::Title { .. }) {
        for n in wanted.items() {
            let item = items.iter().find(|i| u32::try_from(i.position) == Ok(n));
            if let Some(item) = item.filter(|i| i.state == ItemState::Skipped) {
                let twin = item.note.as_deref().unwrap_or("another one");
                return Err(Answer::NotEdited(format!(
                    "{n} is left out already, because `{twin}` is the same."
                )));
            }
        }
    }
    let mut edited = match edit::apply(before, &asked.text, last, wanted) {
        Ok(edited) => edited,
        Err(Refused::Unknown(numbers)) => {
            let known = command::known(items);
            return Err(Answer::UnknownItems { numbers, known });
        }
        Err(why) => return Err(Answer::NotEdited(why.to_string())),
    };
    if asked.dependencies != Some(false) {
        edited.plan = grouping::limit_waits(edited.plan);
    }
    let faults = coverage::check(&edited.plan);
    if faults.is_empty() {
        return Ok(edited);
    }
    // What no rule foresees must not reach GitHub.
    tracing::error!(faults = faults.join("; "), "an edit broke a plan");
    Err(Answer::NotEdited(
        "That would break the order of the plan.".to_owned(),
    ))
}

async fn refusal(
    services: &Services,
    repository: &RepositoryRow,
    (run, asked, settings): (&Run, &Asked, &Settings),
    (before, after): (&Plan, &Plan),
    (skipped, groups): (&BTreeSet<String>, &[String]),
) -> FlowResult<Option<String>> {
    let count = |plan: &Plan| grouping::counted(plan, groups);
    if count(after) > count(before)
        && let Err(over) = policy::check_maximum(count(after), settings.max_issues.value)
    {
        return Ok(Some(format!("That would be too many: {over}.")));
    }
    room::refusal(services, repository, run, asked, (before, after), skipped).await
}

fn skipped(items: &[Item]) -> BTreeSet<String> {
    let skipped = items.iter().filter(|i| i.state == ItemState::Skipped);
    skipped.map(|i| i.planned.id.clone()).collect()
}

/// Where each issue goes whose text is new: where those go that it was made of, whatever their repository is called now. The
/// answer names one that is out of reach.
async fn homes(
    services: &Services,
    run: &Run,
    news: &Plan,
    made_of: &BTreeMap<String, Vec<String>>,
    items: &[Item],
) -> FlowResult<Result<BTreeMap<String, RepositoryRow>, Answer>> {
    let mut known: BTreeMap<RepositoryId, RepositoryRow> = BTreeMap::new();
    let mut homes = BTreeMap::new();
    for planned in &news.issues {
        let mut origins =
            std::iter::once(&planned.id).chain(made_of.get(&planned.id).into_iter().flatten());
        let row = origins.find_map(|id| items.iter().find(|i| i.planned.id == *id));
        let place = row.map_or(run.repository, |row| row.repository);
        let home = match known.get(&place) {
            Some(home) => home.clone(),
            None => match find_home(services, run, place).await? {
                Some(home) => home,
                None => return Ok(Err(out_of_reach(planned))),
            },
        };
        homes.insert(planned.id.clone(), home.clone());
        known.insert(place, home);
    }
    Ok(Ok(homes))
}

/// The repository as it is today; `None` if the installation does not reach it any more.
async fn find_home(
    services: &Services,
    run: &Run,
    place: RepositoryId,
) -> FlowResult<Option<RepositoryRow>> {
    let home = match services.repository(run.installation, place).await {
        Err(error) if error.is_out_of_reach() => return Ok(None),
        other => other?,
    };
    if place == run.repository {
        return Ok(Some(home));
    }
    let named = services
        .find_repository_named(run.installation, &home.name)
        .await?;
    Ok(named.filter(|named| named.id == place))
}

fn out_of_reach(planned: &PlannedIssue) -> Answer {
    let place = planned.repository.as_ref();
    let place = place.map_or_else(|| "its repository".to_owned(), |name| format!("`{name}`"));
    let item = crate::domain::comment::item_number(&planned.id).unwrap_or_default();
    Answer::NotEdited(format!(
        "{item} goes to {place}, which the App does not reach any more. Drop it, or `replan` without that repository."
    ))
}

/// The issues whose text is new as rows.
fn changed(
    asked: &Asked,
    news: &Plan,
    items: &[Item],
    homes: &BTreeMap<String, RepositoryRow>,
) -> FlowResult<Vec<NewItem>> {
    let unique_by = asked.unique_by.unwrap_or_default();
    let mut changed = Vec::with_capacity(news.issues.len());
    for planned in &news.issues {
        let print = fingerprint::of(&planned.title, &planned.body, unique_by);
        let known = items.iter().find(|i| i.planned.id == planned.id);
        let note = known.and_then(|i| i.note.clone());
        let home = homes.get(&planned.id);
        changed.push(NewItem {
            position: position(&planned.id)?,
            repository: home
                .ok_or_else(|| anyhow::anyhow!("{} has no repository", planned.id))?
                .id,
            planned: planned.clone(),
            fingerprint: print.0.to_vec(),
            state: ItemState::Planned,
            note: note.filter(|note| note == plan::NOT_IN_THE_SPEC && is_ungrounded(planned)),
        });
    }
    Ok(changed)
}

fn position(id: &str) -> FlowResult<i32> {
    let number = crate::domain::comment::item_number(id).and_then(|n| i32::try_from(n).ok());
    Ok(number.ok_or_else(|| anyhow::anyhow!("{id} has no number"))?)
}

/// Leaves out what another issue of the run will be: one that was taken out or is gone stands for nothing.
fn skip_twins(changed: &mut [NewItem], items: &[Item], plan: &Plan) {
    let mut seen: HashMap<(_, Vec<u8>), i32> = HashMap::new();
    let is_new = |p: i32| changed.iter().any(|i| i.position == p);
    let is_there = |item: &Item| plan.issues.iter().any(|i| i.id == item.planned.id);
    let stands =
        |item: &&Item| item.state == ItemState::Planned && is_there(item) && !is_new(item.position);
    for item in items.iter().filter(stands) {
        let print = (item.repository, item.fingerprint.clone());
        seen.entry(print).or_insert(item.position);
    }
    for item in changed {
        let print = (item.repository, item.fingerprint.clone());
        let twin = *seen.entry(print).or_insert(item.position);
        if twin != item.position {
            item.state = ItemState::Skipped;
            item.note = Some(format!("item {twin}"));
        }
    }
}

/// What was known to be the same as an issue that is another one now, or gone: it is judged again.
fn bereft(
    items: &[Item],
    made_of: &BTreeMap<String, Vec<String>>,
    plan: &Plan,
) -> BTreeMap<String, Vec<String>> {
    let is_same = |twin: i32| {
        let id = format!("i{twin}");
        !made_of.contains_key(&id) && plan.issues.iter().any(|i| i.id == id)
    };
    let bereft = items
        .iter()
        .filter(|i| i.twin().is_some_and(|twin| !is_same(twin)));
    bereft
        .map(|i| (i.planned.id.clone(), vec![i.planned.id.clone()]))
        .filter(|(id, _)| !made_of.contains_key(id) && plan.issues.iter().any(|i| i.id == *id))
        .collect()
}

/// The rows whose numbers stay, but not what they wait for or hang under.
fn moved(plan: &Plan, standing: &[Item], changed: &[NewItem], unique_by: UniqueBy) -> Vec<NewItem> {
    let of: HashMap<&str, &Item> = standing
        .iter()
        .map(|i| (i.planned.id.as_str(), i))
        .collect();
    let is_changed = |id: &str| changed.iter().any(|i| i.planned.id == id);
    plan.issues
        .iter()
        .filter(|issue| !is_changed(&issue.id))
        .filter_map(|issue| {
            let item = of.get(issue.id.as_str())?;
            (item.planned != *issue).then(|| NewItem {
                position: item.position,
                repository: item.repository,
                planned: issue.clone(),
                fingerprint: fingerprint::of(&issue.title, &issue.body, unique_by)
                    .0
                    .to_vec(),
                state: item.state,
                note: item.note.clone(),
            })
        })
        .collect()
}

/// What the issues are like now: what did not change keeps what was found.
fn similar(
    known: Vec<Similar>,
    made_of: &BTreeMap<String, Vec<String>>,
    plan: &Plan,
    found: Vec<Similar>,
) -> Vec<Similar> {
    let is_there = |id: &String| plan.issues.iter().any(|i| i.id == *id);
    let kept = known
        .into_iter()
        .filter(|s| is_there(&s.item) && !made_of.contains_key(&s.item));
    kept.chain(found).collect()
}
