//! What a run and the syncs after it have left standing: the text they were made from, and which issue covers what of it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use crate::domain::fingerprint;
use crate::domain::ids::{InstallationId, IssueNumber, RepositoryId, RunId, RunKey};
use crate::domain::plan::{Plan, PlannedIssue};
use crate::domain::run::ItemState;
use crate::flows::asked::Asked;
use crate::flows::link::{Twin, twin};
use crate::flows::{FlowResult, Services};
use crate::store::created_issues::{self, CreatedIssue};
use crate::store::issue_edits::{self, Deed, Text};
use crate::store::planned_issues::{self, Item};
use crate::store::runs::{self, Run};

/// What a sync found when it was planned; kept with its run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Found {
    /// The issues that stood, and what they cover of the new text.
    pub(super) stands: Vec<Standing>,
    /// What people have to look at themselves.
    pub(super) notes: Vec<String>,
    /// Items that only stand for issues which stay as they are.
    #[serde(default)]
    pub(super) anchors: Vec<i32>,
    /// The run whose text was compared.
    #[serde(default)]
    pub(super) head: Option<RunId>,
}

/// One issue that stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Standing {
    /// Which item of which run it was created for.
    pub(super) run: RunId,
    pub(super) position: i32,
    pub(super) covers: Vec<String>,
    /// Where it says other words than the text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) behind: Vec<Behind>,
    /// What we would have sent, and people had written there already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) written: Option<Text>,
    /// Nothing of it is in the text any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) is_over: bool,
}

/// A block of the new text that the issue says in other words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Behind {
    pub(super) block: String,
    /// Empty: nothing of it.
    pub(super) says: String,
    /// Also once this sync has changed the issue.
    pub(super) stays: bool,
}

/// An issue of the chain that nobody has rolled back or retired.
#[derive(Debug)]
pub(super) struct Live {
    /// The run that created it.
    pub(super) run: Run,
    pub(super) item: Item,
    pub(super) created: CreatedIssue,
    /// Ids of blocks of the head's spec.
    pub(super) covers: BTreeSet<String>,
    /// What it says of blocks of the head's spec in other words than theirs, by their ids.
    pub(super) says: BTreeMap<String, String>,
    /// Title and body as we would have them, had nobody else written there; the body with its hidden mark.
    pub(super) ours: Text,
    /// `ours`, where it was people who wrote it.
    pub(super) written: Option<Text>,
    /// Nothing of it is in the text any more, and it was not retired.
    pub(super) is_over: bool,
}

/// An issue of somebody else that stands in for a planned one.
#[derive(Debug)]
pub(super) struct Foreign {
    pub(super) repository: RepositoryId,
    pub(super) number: IssueNumber,
    pub(super) covers: BTreeSet<String>,
}

/// A run with what its syncs have made of it.
#[derive(Debug)]
pub(super) struct Chain {
    /// The last completed sync, or the run itself.
    pub(super) head: Run,
    pub(super) asked: Asked,
    pub(super) plan: Plan,
    pub(super) lives: Vec<Live>,
    pub(super) foreign: Vec<Foreign>,
}

/// The run whose text the issues of `base` follow now.
pub(super) async fn head(services: &Services, base: &Run) -> FlowResult<Run> {
    let mut syncs =
        runs::list_completed_syncs(services.wall(base.installation), base.key()).await?;
    Ok(syncs.pop().unwrap_or_else(|| base.clone()))
}

impl Chain {
    pub(super) async fn load(services: &Services, base: &Run) -> FlowResult<Self> {
        let head = head(services, base).await?;
        let plan = runs::find_plan(services.wall(head.installation), head.key()).await?;
        let plan =
            plan.ok_or_else(|| anyhow::anyhow!("{} is completed without a plan", head.id))?;
        let mut chain = Self {
            asked: Asked::from_value(&head.request)?,
            plan,
            lives: Vec::new(),
            foreign: Vec::new(),
            head,
        };
        let mut made = Made::default();
        let mut anchors = Vec::new();
        if chain.head.syncs.is_some() {
            let found =
                runs::find_sync(services.wall(chain.head.installation), chain.head.key()).await?;
            let found: Found = match found {
                Some(found) => serde_json::from_value(found).map_err(anyhow::Error::from)?,
                None => Found::default(),
            };
            anchors = found.anchors;
            let key = chain.head.key();
            let changed = issue_edits::list_changed(services.wall(key.installation), key).await?;
            for standing in found.stands {
                let (run, position) = (standing.run.clone(), standing.position);
                let covers = standing.covers.iter().cloned().collect();
                if chain
                    .add(services, &mut made, &run, position, covers)
                    .await?
                {
                    chain.remember(standing, changed.contains(&(run, position)));
                }
            }
        }
        let (id, home) = (chain.head.id.clone(), chain.head.installation);
        for (position, covers) in made.covers_of(services, id.of(home)).await? {
            chain
                .add(services, &mut made, &id, position, covers)
                .await?;
        }
        chain.adopt_twins(services, &mut made, &anchors).await?;
        for live in &mut chain.lives {
            live.is_over &= live.covers.is_empty();
        }
        Ok(chain)
    }

    /// What the head knew of an issue that stands, less what its own change of it has made good.
    fn remember(&mut self, standing: Standing, is_changed: bool) {
        let is_it =
            |l: &&mut Live| l.run.id == standing.run && l.item.position == standing.position;
        let Some(live) = self.lives.iter_mut().find(is_it) else {
            return;
        };
        let behind = standing.behind.into_iter();
        let behind = behind.filter(|b| b.stays || !is_changed);
        live.says = behind.map(|b| (b.block, b.says)).collect();
        live.is_over = standing.is_over;
        live.written = standing.written.filter(|_| !is_changed);
        if let Some(written) = &live.written {
            live.ours = written.clone();
        }
    }

    /// Takes the issue in, if it stands as ours.
    async fn add(
        &mut self,
        services: &Services,
        made: &mut Made,
        run: &RunId,
        position: i32,
        covers: BTreeSet<String>,
    ) -> FlowResult<bool> {
        let mut known = self.lives.iter_mut();
        if let Some(live) = known.find(|l| l.run.id == *run && l.item.position == position) {
            live.covers.extend(covers);
            return Ok(true);
        }
        made.load(services, self.head.installation, run).await?;
        let Some((of, items, created)) = made.runs.get(run) else {
            return Ok(false);
        };
        let Some((item, created)) = items
            .iter()
            .find(|i| i.position == position)
            .zip(created.iter().find(|c| c.position == position))
        else {
            return Ok(false);
        };
        if !matches!(item.state, ItemState::Created | ItemState::Left) {
            return Ok(false);
        }
        let edit =
            issue_edits::find_standing(services.wall(of.installation), of.key(), position).await?;
        if edit.as_ref().is_some_and(|e| e.deed == Deed::Retire) {
            return Ok(false);
        }
        let ours = edit.map_or_else(
            || Text {
                title: item.planned.title.clone(),
                body: fingerprint::with_marker(&item.planned.body, run, &item.planned.id),
            },
            |edit| edit.new,
        );
        self.lives.push(Live {
            run: of.clone(),
            item: item.clone(),
            created: created.clone(),
            covers,
            says: BTreeMap::new(),
            ours,
            written: None,
            is_over: false,
        });
        Ok(true)
    }

    /// Items of the run that were skipped for an issue that was there already: it is ours if it was made for this trigger.
    async fn adopt_twins(
        &mut self,
        services: &Services,
        made: &mut Made,
        anchors: &[i32],
    ) -> FlowResult<()> {
        let Some((_, items, _)) = made.runs.get(&self.head.id) else {
            return Ok(());
        };
        let skipped: Vec<Item> = items
            .iter()
            .filter(|i| twin(i).is_some() && !anchors.contains(&i.position))
            .cloned()
            .collect();
        for item in skipped {
            let Some(Twin::Issue(number)) = twin(&item) else {
                continue;
            };
            let covers: BTreeSet<String> = item.planned.covers.iter().cloned().collect();
            let owner = created_issues::find_owner(
                services.wall(self.head.installation),
                self.head.installation,
                item.repository,
                number,
            )
            .await?;
            let mut is_ours = false;
            if let Some((run, position)) = owner {
                made.load(services, self.head.installation, &run).await?;
                let here = made.runs.get(&run).is_some_and(|(r, ..)| {
                    r.installation == self.head.installation
                        && (r.repository, r.issue) == (self.head.repository, self.head.issue)
                });
                is_ours = here
                    && self
                        .add(services, made, &run, position, covers.clone())
                        .await?;
            }
            if !is_ours {
                let repository = item.repository;
                self.foreign.push(Foreign {
                    repository,
                    number,
                    covers,
                });
            }
        }
        Ok(())
    }
}

/// Runs with their items and issues, read once each.
#[derive(Default)]
struct Made {
    runs: HashMap<RunId, (Run, Vec<Item>, Vec<CreatedIssue>)>,
}

impl Made {
    async fn load(
        &mut self,
        services: &Services,
        installation: InstallationId,
        id: &RunId,
    ) -> FlowResult<()> {
        if self.runs.contains_key(id) {
            return Ok(());
        }
        if let Some(run) = runs::find(services.wall(installation), id.of(installation)).await? {
            let items = planned_issues::list(services.wall(run.installation), run.key()).await?;
            let created = created_issues::list(services.wall(run.installation), run.key()).await?;
            self.runs.insert(id.clone(), (run, items, created));
        }
        Ok(())
    }

    /// What each issue that the run created covers, with what its doubles in the plan cover.
    async fn covers_of(
        &mut self,
        services: &Services,
        run: RunKey<'_>,
    ) -> FlowResult<BTreeMap<i32, BTreeSet<String>>> {
        self.load(services, run.installation, run.id).await?;
        let mut covers: BTreeMap<i32, BTreeSet<String>> = BTreeMap::new();
        let Some((_, items, created)) = self.runs.get(run.id) else {
            return Ok(covers);
        };
        let is_made = |p: i32| created.iter().any(|c| c.position == p);
        for item in items {
            let at = match twin(item) {
                Some(Twin::Item(other)) => other,
                _ => item.position,
            };
            if is_made(at) {
                let of: &PlannedIssue = &item.planned;
                covers
                    .entry(at)
                    .or_default()
                    .extend(of.covers.iter().cloned());
            }
        }
        Ok(covers)
    }
}
