//! Makes the graph native: sub-issues of their parents, dependencies between them.

use std::collections::HashMap;

use tracing::{info, warn};

use super::native::{self, AsText};
use super::pace::{self, For, Write};
use super::step::Next;
use super::{FlowError, FlowResult, Services, asked::Asked, create, existing};
use crate::domain::grouping::MOST_SUB_ISSUES;
use crate::domain::ids::{IssueId, IssueNumber, RepositoryId};
use crate::domain::run::ItemState;
use crate::github::Repo;
use crate::store::created_issues;
use crate::store::issue_links::{self, How, IssueLink, LinkKind};
use crate::store::planned_issues::{self, Item};
use crate::store::repositories::RepositoryRow;
use crate::store::runs::{self, Run};

/// Why an issue cannot be linked whose repository has gone to another installation.
pub(super) const OUT_OF_REACH: &str = "the repository of one of the two is out of reach";

/// What stands in the place of an item that was skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Twin {
    /// An issue of an earlier run or an open one, in the same repository.
    Issue(IssueNumber),
    /// Another item of the run.
    Item(i32),
}

/// The twin of a skipped item, as the plan noted it: `#42` or `item 3`.
pub(super) fn twin(item: &Item) -> Option<Twin> {
    let note = item.note.as_deref();
    let note = note.filter(|_| item.state == ItemState::Skipped)?;
    match note.strip_prefix('#') {
        Some(number) => Some(Twin::Issue(IssueNumber(number.parse().ok()?))),
        None => Some(Twin::Item(note.strip_prefix("item ")?.parse().ok()?)),
    }
}

/// The nearest item above that exists, or that something stands in for; `None` leaves the trigger issue.
pub(super) fn parent_of<'a>(item: &Item, items: &'a [Item]) -> Option<&'a Item> {
    let mut at = item.planned.parent.as_deref();
    // A circle of parents would be a broken plan; it ends the search.
    for _ in 0..items.len() {
        let above = items.iter().find(|i| Some(i.planned.id.as_str()) == at)?;
        if above.state.exists() || twin(above).is_some() {
            return Some(above);
        }
        at = above.planned.parent.as_deref();
    }
    None
}

/// Where a link to this item leads: what was not created is left out.
fn target_of(item: &Item) -> Option<i32> {
    match twin(item) {
        Some(Twin::Item(position)) => Some(position),
        Some(Twin::Issue(_)) => Some(item.position),
        None => item.state.exists().then_some(item.position),
    }
}

/// Stores which links the created issues want: to their parent (the trigger where they have none) and to what they wait
/// for. What the server does not know becomes text; what the bodies say already is noted as written.
pub(super) async fn plan_links(services: &Services, run: &Run, asked: &Asked) -> FlowResult<()> {
    let items = planned_issues::list(services.wall(run.installation), run.key()).await?;
    let of_id: HashMap<&str, &Item> = items.iter().map(|i| (i.planned.id.as_str(), i)).collect();
    let as_text = AsText::of(run, asked);
    let mut links = Vec::new();
    for item in items.iter().filter(|i| i.state.exists()) {
        let position = item.position;
        if asked.sub_issues != Some(false) {
            let parent = parent_of(item, &items);
            let target = parent.and_then(target_of).filter(|t| *t != position);
            let how = match parent {
                _ if !as_text.sub_issues => How::Native,
                Some(parent) if parent.state.exists() => How::Text,
                // The run's comment lists them: the trigger's text is a person's, an earlier run's not ours to change.
                _ => How::Written,
            };
            let kind = LinkKind::SubIssue;
            let target = target.unwrap_or(0);
            let link = IssueLink {
                position,
                kind,
                target,
            };
            links.push((link, how));
        }
        if asked.dependencies == Some(false) {
            continue;
        }
        for first in item
            .planned
            .blocked_by
            .iter()
            .filter_map(|id| of_id.get(id.as_str()))
        {
            let Some(target) = target_of(first).filter(|t| *t != position) else {
                continue;
            };
            let how = match as_text.dependencies {
                false => How::Native,
                // What came later has no number yet when the body is written.
                true if target > position && first.state.exists() => How::Text,
                true => How::Written,
            };
            let kind = LinkKind::BlockedBy;
            let link = IssueLink {
                position,
                kind,
                target,
            };
            links.push((link, how));
        }
    }
    issue_links::insert_all(services.wall(run.installation), run.key(), &links).await?;
    Ok(())
}

/// Makes the next link; `Done` when every one is settled.
pub(super) async fn step(
    services: &Services,
    repository: &RepositoryRow,
    run: &Run,
    asked: &Asked,
) -> FlowResult<Next> {
    let Some(link) = issue_links::find_next(services.wall(run.installation), run.key()).await?
    else {
        return native::write_next(services, repository, run, asked).await;
    };
    let yields =
        runs::others_create(services.wall(run.installation), run.installation, &run.id).await?;
    let per_minute = create::rate(services, run, asked).await?;
    let write = Write::Link { per_minute, yields };
    pace::take(services, run.installation, write, For::Run).await?;
    let ends = match Ends::find(services, repository, run, &link).await? {
        Ok(ends) => ends,
        Err(why) => {
            issue_links::settle(services.wall(run.installation), run.key(), &link, Some(why))
                .await?;
            return Ok(Next::Again);
        }
    };
    let made = match link.kind {
        LinkKind::SubIssue => {
            ends.target
                .add_sub_issue(ends.target_number, ends.item_id)
                .await
        }
        LinkKind::BlockedBy => {
            ends.item
                .add_blocked_by(ends.item_number, ends.target_id)
                .await
        }
    };
    let error = match made {
        Ok(()) => {
            issue_links::settle(services.wall(run.installation), run.key(), &link, None).await?;
            return Ok(Next::Again);
        }
        Err(error) if error.is_passing() || error.outcome_is_unknown() => return Err(error.into()),
        Err(error) => error,
    };
    let there = ends.linked(link.kind).await?;
    if there.contains(&ends.wanted(link.kind)) {
        issue_links::settle(services.wall(run.installation), run.key(), &link, None).await?;
        return Ok(Next::Again);
    }
    warn!(run.id = %run.id, item = link.position, %error, "GitHub refused a link");
    if link.kind == LinkKind::SubIssue && there.len() >= MOST_SUB_ISSUES {
        // Asking once more for each of the others would be refused as well.
        let why = format!(
            "its parent has {MOST_SUB_ISSUES} sub-issues already, the most that GitHub allows"
        );
        issue_links::refuse_rest(
            services.wall(run.installation),
            run.key(),
            link.target,
            &why,
        )
        .await?;
    } else {
        issue_links::settle(
            services.wall(run.installation),
            run.key(),
            &link,
            Some(&error.to_string()),
        )
        .await?;
    }
    Ok(Next::Again)
}

/// Takes the item from under its parent; false if it is under none of ours any more.
pub(super) async fn detach(
    services: &Services,
    repository: &RepositoryRow,
    run: &Run,
    position: i32,
) -> FlowResult<bool> {
    let Some(link) =
        issue_links::find_made(services.wall(run.installation), run.key(), position).await?
    else {
        return Ok(false);
    };
    let Ok(ends) = Ends::find(services, repository, run, &link).await? else {
        issue_links::set_removed(services.wall(run.installation), run.key(), &link).await?;
        return Ok(true);
    };
    let taken_off = ends
        .target
        .remove_sub_issue(ends.target_number, ends.item_id)
        .await;
    match taken_off {
        Ok(()) => {}
        Err(error) if error.is_passing() || error.outcome_is_unknown() => return Err(error.into()),
        Err(error) => {
            info!(run.id = %run.id, item = position, %error, "was not under its parent any more");
        }
    }
    issue_links::set_removed(services.wall(run.installation), run.key(), &link).await?;
    Ok(true)
}

/// Both ends of a link on GitHub.
struct Ends {
    item: Repo,
    item_number: IssueNumber,
    item_id: IssueId,
    target: Repo,
    target_number: IssueNumber,
    target_id: IssueId,
}

impl Ends {
    /// The other end of a link of this kind, as GitHub lists it.
    fn wanted(&self, kind: LinkKind) -> IssueId {
        match kind {
            LinkKind::SubIssue => self.item_id,
            LinkKind::BlockedBy => self.target_id,
        }
    }

    /// What GitHub shows: the link may be there already, because an answer was lost or a person was faster.
    async fn linked(&self, kind: LinkKind) -> FlowResult<Vec<IssueId>> {
        let listed = match kind {
            LinkKind::SubIssue => self.target.list_sub_issues(self.target_number).await,
            LinkKind::BlockedBy => self.item.list_blocked_by(self.item_number).await,
        };
        match listed {
            Ok(issues) => Ok(issues.into_iter().map(|i| i.id).collect()),
            Err(error) if error.is_absent() => Ok(Vec::new()),
            Err(error) => Err(error.into()),
        }
    }

    /// Both ends, or why they cannot be reached.
    async fn find(
        services: &Services,
        repository: &RepositoryRow,
        run: &Run,
        link: &IssueLink,
    ) -> FlowResult<Result<Self, &'static str>> {
        let item = end(services, run, link.position).await?;
        let target = end(services, run, link.target).await?;
        let Some((item, target)) = item.zip(target) else {
            return Ok(Err("the issue in its place is not known any more"));
        };
        let homes = async {
            let of_item = create::target(services, repository, item.0).await?;
            let of_target = create::target(services, repository, target.0).await?;
            Ok::<_, FlowError>((services.repo(&of_item), services.repo(&of_target)))
        };
        let (item_home, target_home) = match homes.await {
            Err(error) if error.is_out_of_reach() => return Ok(Err(OUT_OF_REACH)),
            other => other?,
        };
        Ok(Ok(Self {
            item: item_home.with_access_to([target.0]),
            item_number: item.1,
            item_id: item.2,
            target: target_home.with_access_to([item.0]),
            target_number: target.1,
            target_id: target.2,
        }))
    }
}

/// The issue at this position of the run, 0 for the trigger; for a skipped item the one that stands in its place.
pub(super) async fn end(
    services: &Services,
    run: &Run,
    position: i32,
) -> FlowResult<Option<(RepositoryId, IssueNumber, IssueId)>> {
    if position == 0 {
        return Ok(Some((run.repository, run.issue, run.issue_id)));
    }
    let issue = match created_issues::get(services.wall(run.installation), run.key(), position)
        .await
    {
        Err(sqlx::Error::RowNotFound) => {
            match created_issues::find_twin(services.wall(run.installation), run.key(), position)
                .await?
            {
                Some(twin) => Some(twin),
                None => return existing::find_twin(services, run, position).await,
            }
        }
        other => Some(other?),
    };
    Ok(issue.map(|i| (i.repository, i.number, i.issue_id)))
}
