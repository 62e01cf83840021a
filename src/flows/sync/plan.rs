//! The difference becomes items: what to add, to change, to retire, and what is left to people, with reasons.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use tracing::info;

use super::chain::{Behind, Chain, Found, Live, Standing};
use crate::domain::comment::{self, Link};
use crate::domain::fingerprint;
use crate::domain::ids::{RepositoryId, RepositoryName};
use crate::domain::plan::{BlockCoverage, Plan, PlannedIssue};
use crate::domain::policy;
use crate::domain::run::ItemState;
use crate::domain::settings::Settings;
use crate::domain::spec::Spec;
use crate::domain::sync::{self, Add, Change, Decision, Difference, Merged, Up, Versions};
use crate::flows::asked::Asked;
use crate::flows::existing::{Existing, Similar};
use crate::flows::planner::{self, How};
use crate::flows::{
    FlowError, FlowResult, Services, advance, components, plan as plans, repositories,
};
use crate::flows::{create, rollback, touched};
use crate::github::{GitHubError, Issue, IssueState};
use crate::store::issue_edits::{self, Deed, IssueEdit, Text};
use crate::store::planned_issues::{self, NewItem};
use crate::store::repositories::RepositoryRow;
use crate::store::runs::{self, Made, Run};
use crate::store::tenant;

/// The note of a new issue for work whose issue is closed.
const FOLLOW_UP: &str = "follows a closed issue";
/// The same for an issue that was deleted or moved.
const FOLLOWS_GONE: &str = "follows an issue that is gone";

/// Why an issue that is not in the text any more has no tick.
const LEFT_OPEN: &str = "an earlier sync left it open";

/// Plans a sync whose planning has begun, stores it and lets the run wait for a person, or end if nothing is to be done.
pub(crate) async fn plan(
    services: &Services,
    run: &Run,
    asked: &Asked,
    settings: &Settings,
) -> FlowResult<()> {
    let Some(base) = &run.syncs else {
        return Ok(());
    };
    let base = runs::get(services.wall(run.installation), base.of(run.installation)).await?;
    let chain = Chain::load(services, &base).await?;
    let old = planner::by_structure_of(&chain.asked, settings).await?;
    let new = planner::by_structure_of(asked, settings).await?;
    let (difference, decision) = decide(&chain, old, &new).await?;
    if let Err(over) = policy::check_maximum(decision.adds.len(), settings.max_issues.value) {
        let (error, next) = comment::too_many(over);
        return advance::give_up(services, run.key(), &format!("{error} {next}")).await;
    }
    let mut draft = Draft {
        services,
        run,
        chain: &chain,
        asked,
        settings,
        spec: &new.spec,
        decision: &decision,
        home: services
            .repository(run.installation, run.repository)
            .await?,
        items: Vec::new(),
        edits: Vec::new(),
        covers: vec![BTreeSet::new(); new.spec.blocks.len()],
        found: Found {
            head: Some(chain.head.id.clone()),
            ..Found::default()
        },
        similar: Vec::new(),
        public: Vec::new(),
        twins: BTreeSet::new(),
        again: BTreeSet::new(),
        gone: BTreeSet::new(),
        written: BTreeMap::new(),
        refused: BTreeMap::new(),
    };
    draft.adds().await?;
    draft.changes().await?;
    draft.retires().await?;
    draft.untouched();
    draft.foreign(&difference).await?;
    draft.store(&new, settings).await
}

/// Off the reactor: a megabyte of Markdown takes its time.
async fn decide(chain: &Chain, old: Plan, new: &Plan) -> FlowResult<(Difference, Decision)> {
    let spec = chain.plan.spec.clone();
    let coverage = chain.plan.coverage.clone();
    let lives: Vec<(BTreeSet<String>, BTreeMap<String, String>, Text)> = chain
        .lives
        .iter()
        .map(|l| (l.covers.clone(), l.says.clone(), l.ours.clone()))
        .collect();
    let foreign: Vec<String> = chain
        .foreign
        .iter()
        .flat_map(|f| f.covers.iter().cloned())
        .collect();
    let new = new.clone();
    let decided = tokio::task::spawn_blocking(move || {
        // The stored spec may have been read by an older version of this program.
        let places = places(&spec, &old.spec);
        let lives: Vec<sync::Live> = lives
            .into_iter()
            .map(|(covers, says, ours)| sync::Live {
                covers: covers
                    .iter()
                    .filter_map(|id| places.get(id).copied())
                    .collect(),
                says: says
                    .into_iter()
                    .filter_map(|(id, says)| Some((*places.get(&id)?, says)))
                    .collect(),
                title: ours.title,
                body: fingerprint::without_marker(&ours.body).to_owned(),
            })
            .collect();
        let mut reasons = vec![None; old.spec.blocks.len()];
        for entry in coverage {
            if let Some(at) = places.get(&entry.block) {
                reasons[*at] = entry.reason;
            }
        }
        let foreign = foreign.iter().filter_map(|id| places.get(id).copied());
        let foreign: BTreeSet<usize> = foreign.collect();
        let difference = sync::compare(&old.spec, &new.spec);
        let versions = Versions {
            old: &old,
            new: &new,
            difference: &difference,
            reasons: &reasons,
            foreign: &foreign,
        };
        let decision = sync::decide(&versions, &lives);
        (difference, decision)
    });
    Ok(decided.await.map_err(anyhow::Error::from)?)
}

/// The blocks of the one by their ids, as places in the other.
fn places(from: &Spec, to: &Spec) -> HashMap<String, usize> {
    let kept = sync::compare(from, to).kept;
    kept.into_iter()
        .map(|(a, b)| (from.blocks[a].id.clone(), b))
        .collect()
}

/// A sync's plan while it is made.
struct Draft<'a> {
    services: &'a Services,
    run: &'a Run,
    chain: &'a Chain,
    asked: &'a Asked,
    settings: &'a Settings,
    spec: &'a Spec,
    decision: &'a Decision,
    home: RepositoryRow,
    items: Vec<NewItem>,
    edits: Vec<IssueEdit>,
    /// Which items cover each block.
    covers: Vec<BTreeSet<String>>,
    found: Found,
    similar: Vec<Similar>,
    public: Vec<RepositoryId>,
    /// Issues that stand in for new ones, by repository and number.
    twins: BTreeSet<(RepositoryId, String)>,
    /// Items that offer again what an earlier sync has left.
    again: BTreeSet<i32>,
    /// Live issues that turned out to be deleted or moved.
    gone: BTreeSet<usize>,
    /// What live issues say as we would have them say it, because people have written it.
    written: BTreeMap<usize, Text>,
    /// Why the asker may not touch issues of another repository, asked once for each.
    refused: BTreeMap<RepositoryId, Option<String>>,
}

/// What is to be done with a live issue, after a look at it.
enum Now {
    There(Box<(RepositoryRow, Issue)>),
    /// Nobody finds it there again.
    Gone(&'static str),
    Not(String),
}

impl Draft<'_> {
    fn next_position(&self) -> i32 {
        i32::try_from(self.items.len() + 1).unwrap_or(i32::MAX)
    }

    fn ids(&self, covers: &BTreeSet<usize>) -> Vec<String> {
        covers
            .iter()
            .map(|n| self.spec.blocks[*n].id.clone())
            .collect()
    }

    fn push(&mut self, item: NewItem, covers: &BTreeSet<usize>) {
        for n in covers {
            self.covers[*n].insert(item.planned.id.clone());
        }
        self.items.push(item);
    }

    async fn link(&self, live: &Live) -> FlowResult<Link> {
        Ok(Link {
            number: live.created.number,
            repository: self.name_of(live).await?,
        })
    }

    /// The repository's name where it is another than the trigger's.
    async fn name_of(&self, live: &Live) -> FlowResult<Option<RepositoryName>> {
        if live.created.repository == self.home.id {
            return Ok(None);
        }
        let place = live.created.repository;
        let name = repositories::name_of(self.services, self.run.installation, place).await?;
        Ok(Some(name))
    }

    /// Issues to be created; what exists already is skipped as in any plan.
    async fn adds(&mut self) -> FlowResult<()> {
        let (services, run) = (self.services, self.run);
        let adds = &self.decision.adds;
        let issues: Vec<PlannedIssue> = adds
            .iter()
            .enumerate()
            .map(|(n, a)| self.planned(n, a))
            .collect();
        let mut plan = Plan {
            issues,
            spec: self.spec.clone(),
            ..bare_plan()
        };
        if plan.issues.is_empty() {
            return Ok(());
        }
        components::place(services, run, self.settings, &mut plan).await?;
        components::label(services, run, self.asked, self.settings, &mut plan).await?;
        self.found.notes.append(&mut plan.warnings);
        let existing = Box::pin(Existing::fetch(services, run, self.asked, &plan)).await?;
        let items = plans::items(services, run, self.asked, &plan, &existing).await?;
        self.similar = existing.similar(&items);
        self.public = existing.public().to_vec();
        for (item, add) in items.into_iter().zip(adds) {
            self.name_twin(&item).await?;
            self.push(item, &add.covers);
        }
        Ok(())
    }

    /// What is not created because the same issue is there already.
    async fn name_twin(&mut self, item: &NewItem) -> FlowResult<()> {
        let twin = item.note.as_ref().and_then(|n| n.strip_prefix('#'));
        if let Some(number) = twin.filter(|_| item.state == ItemState::Skipped) {
            self.twins.insert((item.repository, number.to_owned()));
            let title = comment::inline(&item.planned.title);
            let is_open = item.repository == self.home.id || self.public.contains(&item.repository);
            let words = if is_open {
                let place = self.place(item.repository).await?;
                format!("{title} is already there: {place}#{number}.")
            } else {
                format!("{title} is already there.")
            };
            self.note(words);
        }
        Ok(())
    }

    /// What stands before the number of an issue there.
    async fn place(&self, repository: RepositoryId) -> FlowResult<String> {
        if repository == self.home.id {
            return Ok(String::new());
        }
        let name = repositories::name_of(self.services, self.run.installation, repository).await?;
        Ok(name.to_string())
    }

    /// With ids of this plan. What it hangs under among the issues that stand is put in by [`Self::untouched`].
    fn planned(&self, n: usize, add: &Add) -> PlannedIssue {
        let of = |up: &Up| match up {
            Up::Add(other) => format!("i{}", other + 1),
            Up::Live(live) => anchor_mark(*live),
        };
        PlannedIssue {
            id: format!("i{}", n + 1),
            covers: self.ids(&add.covers),
            parent: add.parent.as_ref().map(of),
            blocked_by: add.waits_for.iter().map(of).collect(),
            ..add.planned.clone()
        }
    }

    /// The issue as it stands on GitHub.
    async fn now(&mut self, live: &Live) -> FlowResult<Now> {
        let target = match create::target(self.services, &self.home, live.created.repository).await
        {
            Err(FlowError::GitHub(GitHubError::InstallationGone)) => {
                return Ok(Now::Not(rollback::out_of_reach(self.services).to_owned()));
            }
            other => other?,
        };
        if let Some(why) = self.refusal(&target).await? {
            return Ok(Now::Not(why));
        }
        let repo = self.services.repo(&target);
        Ok(
            match rollback::find(self.services, &repo, &live.created).await? {
                Ok(issue) => Now::There(Box::new((target, issue))),
                Err(why @ (rollback::DELETED | rollback::MOVED)) => Now::Gone(why),
                Err(why) => Now::Not(why.to_owned()),
            },
        )
    }

    /// Why the asker may not touch issues there.
    async fn refusal(&mut self, place: &RepositoryRow) -> FlowResult<Option<String>> {
        if place.id == self.home.id {
            return Ok(None);
        }
        if let Some(known) = self.refused.get(&place.id) {
            return Ok(known.clone());
        }
        let (services, run, settings) = (self.services, self.run, self.settings);
        let why = components::may_go(services, run, settings, &place.name).await?;
        self.refused.insert(place.id, why.clone());
        Ok(why)
    }

    async fn changes(&mut self) -> FlowResult<()> {
        for change in &self.decision.changes {
            let live = &self.chain.lives[change.live];
            let covers = &self.decision.covers[change.live];
            let link = self.link(live).await?;
            let (_, issue) = match self.now(live).await? {
                Now::There(found) => *found,
                Now::Gone(why) => {
                    self.gone.insert(change.live);
                    let became = why.strip_prefix("it ").unwrap_or(why);
                    self.follow_up(live, &link, became, change, covers);
                    continue;
                }
                Now::Not(why) => {
                    self.note(format!("{link} is not changed: {why}."));
                    continue;
                }
            };
            let id = &live.item.planned.id;
            let new = Text {
                title: change.title.clone(),
                body: fingerprint::with_marker(&change.body, &live.run.id, id),
            };
            if issue.title == new.title && sync::same_but_ticks(&issue.body, &new.body) {
                self.written.insert(change.live, new);
                continue;
            }
            if issue.state == IssueState::Closed {
                self.follow_up(live, &link, "was closed", change, covers);
                continue;
            }
            let Merged::Text(body) = sync::merge(&live.ours.body, &issue.body, &new.body) else {
                self.note(format!(
                    "{link} is not changed: somebody has edited the very lines that the specification changes. \
                     Compare it with the specification."
                ));
                continue;
            };
            let title = if issue.title == live.ours.title {
                change.title.clone()
            } else {
                issue.title.clone()
            };
            if title == issue.title && sync::same_but_ticks(&body, &issue.body) {
                self.written.insert(change.live, new);
                continue;
            }
            self.edit(live, Deed::Change, &issue, new, covers, None);
        }
        Ok(())
    }

    /// Work on a closed issue is done or given up, and so may be that of one that is gone: whether there is more of it to do,
    /// only people know.
    fn follow_up(
        &mut self,
        live: &Live,
        link: &Link,
        became: &str,
        change: &Change,
        covers: &BTreeSet<usize>,
    ) {
        let (says, note) = if became == "was closed" {
            ("is closed: it stays as it is".to_owned(), FOLLOW_UP)
        } else {
            (became.to_owned(), FOLLOWS_GONE)
        };
        self.note(format!(
            "{link} covers what was changed, and {says}. If there is more to do, tick the new issue for it below."
        ));
        let position = self.next_position();
        let planned = PlannedIssue {
            id: format!("i{position}"),
            title: change.title.clone(),
            body: format!(
                "Follows {link}, which {became} before the specification changed.\n\n{}",
                change.body
            ),
            covers: self.ids(covers),
            parent: None,
            blocked_by: Vec::new(),
            ..live.item.planned.clone()
        };
        let unique_by = self.asked.unique_by.unwrap_or_default();
        let item = NewItem {
            position,
            repository: live.created.repository,
            fingerprint: fingerprint::of(&planned.title, &planned.body, unique_by)
                .0
                .to_vec(),
            planned,
            state: ItemState::Dropped,
            note: Some(note.to_owned()),
        };
        self.push(item, covers);
    }

    async fn retires(&mut self) -> FlowResult<()> {
        let again = (0..self.chain.lives.len()).filter(|at| self.is_offered_again(*at));
        for at in again.collect::<Vec<usize>>() {
            let live = &self.chain.lives[at];
            let issue = match self.now(live).await? {
                Now::There(found) => found.1,
                Now::Gone(_) => {
                    self.gone.insert(at);
                    continue;
                }
                Now::Not(_) => continue,
            };
            if issue.state == IssueState::Open {
                self.again.insert(self.next_position());
                self.retire(live, &issue, Some(LEFT_OPEN));
            }
        }
        for at in &self.decision.retires {
            let live = &self.chain.lives[*at];
            let link = self.link(live).await?;
            let (target, issue) = match self.now(live).await? {
                Now::There(found) => *found,
                Now::Gone(_) => {
                    self.gone.insert(*at);
                    continue;
                }
                Now::Not(why) => {
                    self.note(format!(
                        "{link} is no longer in the specification, and stays as it is: {why}."
                    ));
                    continue;
                }
            };
            if issue.state == IssueState::Closed {
                continue;
            }
            let repo = self.services.repo(&target);
            let worked_on = touched::touched(
                self.services,
                &self.home,
                &live.run,
                &repo,
                &live.item,
                &live.created,
                &issue,
            )
            .await?;
            if let Some(why) = worked_on {
                self.note(format!(
                    "{link} is no longer in the specification, but {why}: it stays open unless you tick it."
                ));
            }
            self.retire(live, &issue, worked_on);
        }
        Ok(())
    }

    fn retire(&mut self, live: &Live, issue: &Issue, unticked: Option<&str>) {
        let new = Text {
            title: issue.title.clone(),
            body: issue.body.clone(),
        };
        self.edit(live, Deed::Retire, issue, new, &BTreeSet::new(), unticked);
    }

    /// Whether an earlier sync has left the issue open, and it is not in the text again.
    fn is_offered_again(&self, at: usize) -> bool {
        let live = &self.chain.lives[at];
        let (place, number) = (live.created.repository, live.created.number);
        live.is_over && !self.twins.contains(&(place, number.to_string()))
    }

    fn note(&mut self, says: String) {
        self.found.notes.push(says);
    }

    fn edit(
        &mut self,
        live: &Live,
        deed: Deed,
        issue: &Issue,
        new: Text,
        covers: &BTreeSet<usize>,
        unticked: Option<&str>,
    ) {
        let position = self.next_position();
        let planned = PlannedIssue {
            id: format!("i{position}"),
            title: new.title.clone(),
            body: fingerprint::without_marker(&new.body).to_owned(),
            covers: self.ids(covers),
            parent: None,
            blocked_by: Vec::new(),
            ..live.item.planned.clone()
        };
        let unique_by = self.asked.unique_by.unwrap_or_default();
        let item = NewItem {
            position,
            repository: live.created.repository,
            fingerprint: fingerprint::of(&planned.title, &planned.body, unique_by)
                .0
                .to_vec(),
            planned,
            state: unticked.map_or(ItemState::Planned, |_| ItemState::Dropped),
            note: unticked.map(str::to_owned),
        };
        self.push(item, covers);
        self.edits.push(IssueEdit {
            position,
            deed,
            of_run: live.run.id.clone(),
            of_position: live.item.position,
            seen: Text {
                title: issue.title.clone(),
                body: issue.body.clone(),
            },
            our: live.ours.clone(),
            new,
            before: None,
            sent: None,
        });
    }

    /// Issues that stay as they are: they cover their blocks, and new ones may hang under them or wait for them.
    fn untouched(&mut self) {
        let wanted: BTreeSet<usize> = self
            .decision
            .adds
            .iter()
            .flat_map(|a| a.parent.iter().chain(&a.waits_for))
            .filter_map(|up| match up {
                Up::Live(live) => Some(*live),
                Up::Add(_) => None,
            })
            .collect();
        let edited: BTreeMap<(String, i32), String> = self
            .edits
            .iter()
            .map(|e| {
                (
                    (e.of_run.to_string(), e.of_position),
                    format!("i{}", e.position),
                )
            })
            .collect();
        let mut anchors: HashMap<String, String> = HashMap::new();
        for (at, live) in self.chain.lives.iter().enumerate() {
            let is_retired = live.is_over || self.decision.retires.contains(&at);
            let covers = &self.decision.covers[at];
            if self.gone.contains(&at) {
                continue;
            }
            // What is retired in the end is known by its edit: unticked or refused, it stands.
            let written = self.written.get(&at).cloned();
            let behind = self.behind(at, written.is_some());
            self.found.stands.push(Standing {
                run: live.run.id.clone(),
                position: live.item.position,
                covers: self.ids(covers),
                behind,
                written: written.or_else(|| live.written.clone()),
                is_over: is_retired,
            });
            let key = (live.run.id.to_string(), live.item.position);
            if is_retired || edited.contains_key(&key) && !wanted.contains(&at) {
                continue;
            }
            let position = self.next_position();
            let id = format!("i{position}");
            self.found.anchors.push(position);
            anchors.insert(anchor_mark(at), id.clone());
            let planned = PlannedIssue {
                id,
                title: live.ours.title.clone(),
                body: fingerprint::without_marker(&live.ours.body).to_owned(),
                covers: self.ids(covers),
                parent: None,
                blocked_by: Vec::new(),
                ..live.item.planned.clone()
            };
            let item = NewItem {
                position,
                repository: live.created.repository,
                fingerprint: live.item.fingerprint.clone(),
                planned,
                state: ItemState::Skipped,
                note: Some(format!("#{}", live.created.number)),
            };
            self.push(item, covers);
        }
        let real = |id: &String| anchors.get(id).unwrap_or(id).clone();
        for item in &mut self.items {
            item.planned.parent = item.planned.parent.as_ref().map(real);
            item.planned.blocked_by = item.planned.blocked_by.iter().map(real).collect();
        }
    }

    /// Where a live issue says other words than the text, unless people have written ours.
    fn behind(&self, live: usize, is_written: bool) -> Vec<Behind> {
        let behind = self.decision.behind[live].iter();
        let behind = behind.filter(|b| b.stays || !is_written);
        behind
            .map(|b| Behind {
                block: self.spec.blocks[b.block].id.clone(),
                says: b.says.clone(),
                stays: b.stays,
            })
            .collect()
    }

    /// Issues of somebody else are nobody's to change here.
    async fn foreign(&mut self, difference: &Difference) -> FlowResult<()> {
        let blocks = &self.chain.plan.spec.blocks;
        let differs: BTreeSet<&str> = difference
            .changed
            .iter()
            .map(|(o, _)| *o)
            .chain(difference.removed.iter().copied())
            .filter_map(|o| blocks.get(o).map(|b| b.id.as_str()))
            .collect();
        for foreign in &self.chain.foreign {
            if foreign.covers.iter().any(|b| differs.contains(b.as_str())) {
                let number = foreign.number;
                let place = self.place(foreign.repository).await?;
                self.found.notes.push(format!(
                    "{place}#{number} stands for what was changed, and was not created here: it is not changed."
                ));
            }
        }
        Ok(())
    }

    fn whole_plan(&self) -> Plan {
        let issues: Vec<PlannedIssue> = self.items.iter().map(|i| i.planned.clone()).collect();
        let coverage = self.spec.blocks.iter().zip(&self.covers).enumerate();
        let coverage = coverage.map(|(n, (block, by))| BlockCoverage {
            block: block.id.clone(),
            issues: by.iter().cloned().collect(),
            reason: self.decision.reasons[n].clone().filter(|_| by.is_empty()),
        });
        Plan {
            count_reason:
                "the edited text is compared block by block with the one that was planned"
                    .to_owned(),
            warnings: self.asked.warnings.clone(),
            coverage: coverage.collect(),
            spec: self.spec.clone(),
            issues,
            ..bare_plan()
        }
    }

    async fn store(self, new: &Plan, settings: &Settings) -> FlowResult<()> {
        let (services, run) = (self.services, self.run);
        let now = services.clock.now();
        let plan = self.whole_plan();
        let ticked = |i: &&NewItem| matches!(i.state, ItemState::Planned | ItemState::Dropped);
        let deeds: Vec<PlannedIssue> = self
            .items
            .iter()
            .filter(ticked)
            .map(|i| i.planned.clone())
            .collect();
        // What somebody has decided before is no reason to ask.
        let asks = deeds.len() > self.again.len();
        let how = How {
            similar: self.similar,
            public: self.public,
            ..How::default()
        };
        let judged = Plan {
            issues: deeds,
            spec: new.spec.clone(),
            ..bare_plan()
        };
        let reasons = plans::judge(&judged, &how, self.asked, settings);
        let mut tx = tenant::enter(&services.pool, run.installation).await?;
        let current = runs::lock(&mut tx, run.key()).await?;
        let Ok(next) = current.state.plan_stored(asks) else {
            return Ok(());
        };
        if Asked::from_value(&current.request)?.replans != self.asked.replans {
            return Ok(());
        }
        planned_issues::replace_all(&mut tx, run.key(), &self.items).await?;
        issue_edits::insert_all(&mut tx, run.key(), &self.edits).await?;
        let json =
            |value: serde_json::Result<serde_json::Value>| value.map_err(anyhow::Error::from);
        let made = Made {
            plan: &plan,
            reasons: &json(serde_json::to_value(&reasons))?,
            planning: &json(serde_json::to_value(&how))?,
        };
        runs::set_plan(&mut *tx, run.key(), &made, now).await?;
        runs::set_sync(
            &mut *tx,
            run.key(),
            &json(serde_json::to_value(&self.found))?,
        )
        .await?;
        if !runs::set_state(&mut *tx, run.key(), current.state, next, None, now).await? {
            return Ok(());
        }
        advance::enqueue(&mut tx, run.installation, &run.id, None).await?;
        tx.commit().await?;
        info!(
            run.id = %run.id, installation.id = %run.installation, adds = self.decision.adds.len(),
            edits = self.edits.len(), "sync planned"
        );
        Ok(())
    }
}

/// What stands for a live issue until it has a place in the plan.
fn anchor_mark(live: usize) -> String {
    format!("live{live}")
}

fn bare_plan() -> Plan {
    Plan {
        planner: "structural".to_owned(),
        count_reason: String::new(),
        warnings: Vec::new(),
        spec: Spec {
            title: String::new(),
            blocks: Vec::new(),
        },
        issues: Vec::new(),
        coverage: Vec::new(),
    }
}
