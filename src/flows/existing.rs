//! What the repositories of a plan have already: fetched once when it is made, so that the same is left out and the like is shown.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use tracing::{debug, info};

use super::asked::Asked;
use super::{FlowError, FlowResult, Services, plan::place};
use crate::domain::fingerprint;
use crate::domain::ids::{IssueId, IssueNumber, RepositoryId};
use crate::domain::plan::Plan;
use crate::domain::planning::is_ungrounded;
use crate::domain::run::ItemState;
use crate::domain::similarity::Index;
use crate::github::{GitHubError, Issue, IssueState, Repo};
use crate::store::planned_issues::{self, NewItem};
use crate::store::repositories::RepositoryRow;
use crate::store::runs::Run;

/// Of a hundred each. What lies beyond is not looked at.
const OPEN_PAGES: usize = 10;
const CLOSED_PAGES: usize = 3;
/// What was closed longer ago is history.
const RECENTLY: TimeDelta = TimeDelta::days(90);
/// What is kept of a body, in characters; more is not compared.
const OF_A_BODY: usize = 2_000;

/// A planned issue that is like one that exists; kept with the run, so that its comment can be written again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Similar {
    /// The planned issue's id.
    pub item: String,
    pub repository: RepositoryId,
    pub number: IssueNumber,
    pub title: String,
    pub is_closed: bool,
}

/// The issues of each repository that the plan goes to.
#[derive(Debug)]
pub(super) struct Existing {
    known: BTreeMap<RepositoryId, Vec<Known>>,
    /// Of the repositories beside the trigger's own, those that everybody may read.
    public: Vec<RepositoryId>,
}

#[derive(Debug)]
struct Known {
    number: IssueNumber,
    title: String,
    /// Its beginning.
    body: String,
    is_open: bool,
    print: Vec<u8>,
}

impl Existing {
    /// Fetches them. What passes is waited for; where issues cannot be read, nothing is known.
    pub(super) async fn fetch(
        services: &Services,
        run: &Run,
        asked: &Asked,
        plan: &Plan,
    ) -> FlowResult<Self> {
        let own = services
            .repository(run.installation, run.repository)
            .await?;
        let mut homes = Vec::with_capacity(plan.issues.len());
        for planned in &plan.issues {
            homes.push(place(services, &own, planned).await?);
        }
        Box::pin(Self::of(services, run, asked, homes)).await
    }

    /// The same for repositories that are known.
    pub(super) async fn of(
        services: &Services,
        run: &Run,
        asked: &Asked,
        homes: impl IntoIterator<Item = RepositoryRow>,
    ) -> FlowResult<Self> {
        let homes: BTreeMap<RepositoryId, RepositoryRow> =
            homes.into_iter().map(|home| (home.id, home)).collect();
        let since = services.clock.now() - RECENTLY;
        let (mut known, mut public) = (BTreeMap::new(), Vec::new());
        for (id, home) in homes {
            let repo = services.repo(&home);
            if id != run.repository && is_public(&repo).await? {
                public.push(id);
            }
            let (open, closed) = tokio::join!(
                repo.list_issues_by_state(IssueState::Open, None, OPEN_PAGES),
                repo.list_issues_by_state(IssueState::Closed, Some(since), CLOSED_PAGES)
            );
            let mut issues = or_none(open.map(|listed| listed.items))?;
            issues.extend(or_none(closed.map(|listed| listed.items))?);
            let is_trigger = |i: &Issue| id == run.repository && i.number == run.issue;
            let issues = issues.into_iter().filter(|i| {
                let is_recent =
                    i.state == IssueState::Open || i.closed_at.is_none_or(|at| at >= since);
                is_recent && !is_trigger(i) && !was_rolled_back(i)
            });
            known.insert(id, issues.map(|issue| Known::of(issue, asked)).collect());
        }
        Ok(Self { known, public })
    }

    /// Of the repositories that were looked at, beside the trigger's own, those that everybody may read.
    pub(super) fn public(&self) -> &[RepositoryId] {
        &self.public
    }

    /// Marks the items that an open issue is the same as.
    pub(super) fn skip_same(&self, items: &mut [NewItem]) {
        let mut open: HashMap<(RepositoryId, &[u8]), IssueNumber> = HashMap::new();
        for (repository, issues) in &self.known {
            for known in issues.iter().filter(|known| known.is_open) {
                // The oldest one is where people talk.
                let number = open
                    .entry((*repository, &known.print))
                    .or_insert(known.number);
                *number = (*number).min(known.number);
            }
        }
        let planned = items.iter_mut().filter(|i| i.state == ItemState::Planned);
        for item in planned {
            if let Some(number) = open.get(&(item.repository, item.fingerprint.as_slice())) {
                item.state = ItemState::Skipped;
                item.note = Some(format!("#{number}"));
            }
        }
    }

    /// The planned issues that are like existing ones.
    pub(super) fn similar(&self, items: &[NewItem]) -> Vec<Similar> {
        let homes: BTreeSet<RepositoryId> = items.iter().map(|i| i.repository).collect();
        let mut similar = Vec::new();
        for home in homes {
            let Some(issues) = self.known.get(&home).filter(|issues| !issues.is_empty()) else {
                continue;
            };
            let index = Index::of(issues.iter().map(|i| (i.title.as_str(), i.body.as_str())));
            let mine = items.iter().filter(|i| i.repository == home);
            let mine = mine.filter(|i| i.state == ItemState::Planned && !is_ungrounded(&i.planned));
            let mut compared = 0;
            for item in mine {
                let found = index.find(&item.planned.title, &item.planned.body);
                compared += found.compared;
                similar.extend(found.alike.iter().map(|alike| {
                    let known = &issues[alike.place];
                    Similar {
                        item: item.planned.id.clone(),
                        repository: home,
                        number: known.number,
                        title: known.title.clone(),
                        is_closed: !known.is_open,
                    }
                }));
            }
            debug!(repository.id = %home, issues = issues.len(), compared, "looked for near duplicates");
        }
        similar
    }
}

impl Known {
    fn of(issue: Issue, asked: &Asked) -> Self {
        let unique_by = asked.unique_by.unwrap_or_default();
        let print = fingerprint::of(&issue.title, &issue.body, unique_by);
        Self {
            number: issue.number,
            title: issue.title,
            body: issue.body.chars().take(OF_A_BODY).collect(),
            is_open: issue.state == IssueState::Open,
            print: print.0.to_vec(),
        }
    }
}

/// How many of the planned issues are like existing ones.
pub(super) fn count(similar: &[Similar]) -> usize {
    let items: BTreeSet<&str> = similar.iter().map(|s| s.item.as_str()).collect();
    items.len()
}

/// Whoever takes back a run does not want to be told of what it made.
fn was_rolled_back(issue: &Issue) -> bool {
    issue.state == IssueState::Closed
        && issue.state_reason.as_deref() == Some("not_planned")
        && fingerprint::find_marker(&issue.body).is_some()
}

/// Whether everybody may read the repository; where GitHub does not say, nobody beside its people may.
async fn is_public(repo: &Repo) -> FlowResult<bool> {
    match repo.get().await {
        Ok(repository) => Ok(!repository.private),
        Err(error) if error.is_passing() => Err(error.into()),
        Err(_) => Ok(false),
    }
}

/// What cannot be read for good is the business of whoever creates: a plan needs nothing of GitHub.
fn or_none(listed: Result<Vec<Issue>, GitHubError>) -> FlowResult<Vec<Issue>> {
    match listed {
        Ok(issues) => Ok(issues),
        Err(error) if error.is_passing() => Err(error.into()),
        Err(error) => {
            info!(%error, "planning without a look at the issues that exist");
            Ok(Vec::new())
        }
    }
}

/// The issue that stands in the place of a skipped item and that no run of ours created.
pub(super) async fn find_twin(
    services: &Services,
    run: &Run,
    position: i32,
) -> FlowResult<Option<(RepositoryId, IssueNumber, IssueId)>> {
    let twin =
        planned_issues::find_twin(services.wall(run.installation), run.key(), position).await?;
    let Some((repository, number)) = twin else {
        return Ok(None);
    };
    let home = match services.repository(run.installation, repository).await {
        Err(error) if error.is_out_of_reach() => return Ok(None),
        other => other?,
    };
    match services.repo(&home).find_issue(number).await {
        Ok(issue) => Ok(issue.map(|issue| (repository, number, issue.id))),
        Err(error) if error.is_passing() => Err(FlowError::GitHub(error)),
        Err(_) => Ok(None),
    }
}
