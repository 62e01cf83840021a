//! The comment of a sync, from what the database says.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::chain::Found;
use crate::domain::comment::{
    self, About, Link, Progress, Step, SyncItem, SyncKind, SyncPreview, Synced,
};
use crate::domain::ids::{InstallationId, IssueNumber, RepositoryId, RepositoryName};
use crate::domain::plan::Plan;
use crate::domain::run::{Done, ItemState, Phase, Status};
use crate::flows::asked::Asked;
use crate::flows::link::{self, Twin};
use crate::flows::native::AsText;
use crate::flows::planner::How;
use crate::flows::{FlowResult, Services, repositories};
use crate::store::created_issues;
use crate::store::issue_edits::{self, Deed, IssueEdit};
use crate::store::issue_links;
use crate::store::planned_issues::{self, Item};
use crate::store::repositories::RepositoryRow;
use crate::store::runs::{self, Run};

/// What the comment says now.
pub(crate) async fn words(
    services: &Services,
    repository: &RepositoryRow,
    run: &Run,
    waits_until: Option<DateTime<Utc>>,
) -> FlowResult<String> {
    let bot = services.bot().await?;
    let view = View::of(services, &bot, repository, run).await?;
    Ok(match (run.state.status(), run.state.phase()) {
        (_, Some(Phase::AwaitingConfirmation)) => view.preview()?,
        (_, Some(Phase::Creating)) => view.progress(Step::Creating, waits_until),
        (_, Some(Phase::Linking | Phase::Summarising)) => view.progress(Step::Linking, waits_until),
        (_, Some(Phase::RollingBack)) => view.progress(Step::RollingBack, waits_until),
        (Status::Completed, None) => view.told(comment::synced),
        (Status::Failed, None) => {
            let error = run.failure.as_deref().unwrap_or("Something went wrong.");
            let next = format!(
                "Put it right and comment `@{bot} sync` again. `@{bot} rollback {}` puts back what was done by then.",
                run.id,
                bot = bot
            );
            let ended = comment::Ended {
                about: view.about,
                created: &[],
                total: 0,
                done: Done::default(),
            };
            comment::failed(&ended, error, &next)
        }
        (Status::Cancelled, None) => {
            view.told(|s| comment::sync_cancelled(s, run.failure.as_deref()))
        }
        (Status::RolledBack, None) => view.told(comment::sync_rolled_back),
        _ => comment::working(view.about),
    })
}

struct View<'a> {
    about: About<'a>,
    run: &'a Run,
    plan: Option<Plan>,
    rows: Vec<(Item, SyncItem)>,
    untouched: usize,
    found: Found,
    refused: Vec<String>,
}

impl<'a> View<'a> {
    async fn of(
        services: &'a Services,
        bot: &'a str,
        repository: &'a RepositoryRow,
        run: &'a Run,
    ) -> FlowResult<Self> {
        let wall = services.wall(run.installation);
        let plan = runs::find_plan(wall, run.key()).await?;
        let items = planned_issues::list(wall, run.key()).await?;
        let edits = issue_edits::list(wall, run.key()).await?;
        let how = How::of(services, run.key()).await?;
        let found = runs::find_sync(wall, run.key()).await?;
        let found: Found = found
            .and_then(|f| serde_json::from_value(f).ok())
            .unwrap_or_default();
        let mut links = Links {
            installation: run.installation,
            home: repository.id,
            names: BTreeMap::new(),
        };
        let created = created_issues::list(wall, run.key()).await?;
        let places: BTreeMap<&str, [usize; 2]> = plan
            .iter()
            .flat_map(|p| &p.spec.blocks)
            .map(|b| (b.id.as_str(), b.lines))
            .collect();
        let mut rows = Vec::new();
        let mut untouched = 0;
        for item in items.clone() {
            let edit = edits.iter().find(|e| e.position == item.position);
            if item.state == ItemState::Skipped && edit.is_none() {
                // Others are there already: a note names them.
                untouched += usize::from(found.anchors.contains(&item.position));
                continue;
            }
            let issue = if let Some(edit) = edit {
                let of = edit.of_run.of(run.installation);
                Some(created_issues::get(wall, of, edit.of_position).await?)
            } else {
                let mut made = created.iter();
                made.find(|c| c.position == item.position).cloned()
            };
            let issue_is_hidden = issue
                .as_ref()
                .is_some_and(|issue| how.hides(run, issue.repository));
            let link = match issue {
                Some(issue) => Some(links.to(services, issue.repository, issue.number).await?),
                None => None,
            };
            let mut row = shown(&item, edit, link, &places);
            if edit.is_none()
                && let Some(like) = how.similar.iter().find(|s| s.item == item.planned.id)
            {
                row.note = if how.hides(run, like.repository) {
                    "looks like an issue that is there already".to_owned()
                } else {
                    let link = links.to(services, like.repository, like.number).await?;
                    format!("is like {link} · {}", like.title)
                };
            }
            // What people of another repository have written there is theirs.
            if let Some(edit) = edit
                && issue_is_hidden
            {
                let is_ours = edit.deed == Deed::Change && edit.seen.title == edit.our.title;
                if !is_ours {
                    row.title.clone_from(&edit.our.title);
                }
                row.old_title = row.old_title.map(|_| edit.our.title.clone());
            }
            rows.push((item, row));
        }
        let mut refused = as_text(run, &rows, &items)?;
        for (position, says) in issue_links::list_refused(wall, run.key()).await? {
            let row = rows.iter().find(|(i, _)| i.position == position);
            if let Some(link) = row.and_then(|(_, r)| r.link.as_ref()) {
                refused.push(format!(
                    "{link} could not be linked: {}",
                    comment::inline(&says)
                ));
            }
        }
        Ok(Self {
            about: About {
                run: &run.id,
                bot,
                terminal: None,
            },
            run,
            plan,
            rows,
            untouched,
            found,
            refused,
        })
    }

    fn preview(&self) -> FlowResult<String> {
        let plan = self.plan.as_ref();
        let plan = plan.ok_or_else(|| anyhow::anyhow!("{} waits without a plan", self.run.id))?;
        let reasons: Vec<_> =
            serde_json::from_value(self.run.reasons.clone()).map_err(anyhow::Error::from)?;
        let items: Vec<SyncItem> = self.rows.iter().map(|(_, row)| row.clone()).collect();
        Ok(comment::sync_preview(&SyncPreview {
            about: self.about,
            items: &items,
            untouched: self.untouched,
            notes: &self.found.notes,
            reasons: &reasons,
            plan,
        }))
    }

    fn progress(&self, step: Step, waits_until: Option<DateTime<Utc>>) -> String {
        let is_done = |state: ItemState| match step {
            Step::RollingBack => {
                matches!(
                    state,
                    ItemState::Closed | ItemState::Left | ItemState::Undone
                )
            }
            Step::Creating | Step::Linking => {
                matches!(state, ItemState::Created | ItemState::Changed)
            }
        };
        let counts = |state: ItemState| !matches!(state, ItemState::Dropped | ItemState::Failed);
        let states = || self.rows.iter().map(|(item, _)| item.state);
        comment::progress(&Progress {
            about: self.about,
            step,
            done: states().filter(|s| is_done(*s)).count(),
            total: states().filter(|s| counts(*s)).count(),
            created: &[],
            waits_until,
        })
    }

    fn told(&self, words: impl Fn(&Synced<'_>) -> String) -> String {
        let of = |wanted: &[ItemState]| -> Vec<SyncItem> {
            let rows = self
                .rows
                .iter()
                .filter(|(item, _)| wanted.contains(&item.state));
            rows.map(|(_, row)| row.clone()).collect()
        };
        let done = match self.run.state.status() {
            Status::RolledBack => of(&[ItemState::Closed, ItemState::Undone]),
            _ => of(&[ItemState::Created, ItemState::Changed]),
        };
        let mut notes = self.found.notes.clone();
        notes.extend(self.refused.iter().cloned());
        words(&Synced {
            about: self.about,
            done: &done,
            left: &of(&[ItemState::Failed, ItemState::Left]),
            dropped: &of(&[ItemState::Dropped]),
            notes: &notes,
        })
    }
}

/// What hangs under issues that stood before, where the server has no other place to say it: their texts are not ours to change.
fn as_text(run: &Run, rows: &[(Item, SyncItem)], all: &[Item]) -> FlowResult<Vec<String>> {
    let asked = Asked::from_value(&run.request)?;
    if !AsText::of(run, &asked).sub_issues {
        return Ok(Vec::new());
    }
    let says = |(item, row): &(Item, SyncItem)| {
        let link = row.link.as_ref()?;
        let above = link::parent_of(item, all);
        if item.state != ItemState::Created || above.is_some_and(|above| above.state.exists()) {
            return None;
        }
        let above = match above.and_then(link::twin) {
            Some(Twin::Issue(number)) => number,
            _ => run.issue,
        };
        Some(format!(
            "{link} belongs under #{above}, which does not name it: this GitHub server knows no sub-issues."
        ))
    };
    Ok(rows.iter().filter_map(says).collect())
}

/// Names of repositories, asked for once each.
struct Links {
    installation: InstallationId,
    home: RepositoryId,
    names: BTreeMap<RepositoryId, RepositoryName>,
}

impl Links {
    async fn to(
        &mut self,
        services: &Services,
        place: RepositoryId,
        number: IssueNumber,
    ) -> FlowResult<Link> {
        if place != self.home && !self.names.contains_key(&place) {
            let name = repositories::name_of(services, self.installation, place).await?;
            self.names.insert(place, name);
        }
        Ok(Link {
            number,
            repository: self.names.get(&place).cloned(),
        })
    }
}

fn shown(
    item: &Item,
    edit: Option<&IssueEdit>,
    link: Option<Link>,
    lines: &BTreeMap<&str, [usize; 2]>,
) -> SyncItem {
    let kind = match edit.map(|e| e.deed) {
        None => SyncKind::Add,
        Some(Deed::Change) => SyncKind::Change,
        Some(Deed::Retire) => SyncKind::Retire,
    };
    let change = edit.filter(|e| e.deed == Deed::Change);
    // A title that somebody has written stays.
    let is_retitled = change.is_some_and(|e| e.seen.title != e.our.title);
    SyncItem {
        number: u32::try_from(item.position).unwrap_or_default(),
        kind,
        title: match change {
            Some(edit) if is_retitled => edit.seen.title.clone(),
            _ => item.planned.title.clone(),
        },
        old_title: change.map(|e| e.seen.title.clone()),
        link,
        is_ticked: item.state == ItemState::Planned,
        covers: item
            .planned
            .covers
            .iter()
            .filter_map(|id| lines.get(id.as_str()).copied())
            .collect(),
        bodies: change.map(|e| (e.our.body.clone(), e.new.body.clone())),
        note: item.note.clone().unwrap_or_default(),
    }
}
