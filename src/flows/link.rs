//! Makes the graph native: sub-issues of their parents, dependencies between them.

use std::collections::HashMap;

use tracing::{info, warn};

use super::pace::{self, For, Write};
use super::step::Next;
use super::{FlowResult, Services, asked::Asked};
use crate::domain::ids::{IssueId, IssueNumber};
use crate::github::Repo;
use crate::store::issue_links::{self, IssueLink, LinkKind};
use crate::store::repositories::RepositoryRow;
use crate::store::runs::{self, Run};
use crate::store::{created_issues, planned_issues};

/// Stores which links the created issues want: to their parent (the trigger where they have none) and to what
/// they wait for. What was not created is left out.
pub(super) async fn plan_links(services: &Services, run: &Run, asked: &Asked) -> FlowResult<()> {
    let items = planned_issues::list(&services.pool, &run.id).await?;
    let created: Vec<_> = items.iter().filter(|i| i.state.exists()).collect();
    let position: HashMap<&str, i32> = created
        .iter()
        .map(|i| (i.planned.id.as_str(), i.position))
        .collect();
    let mut links = Vec::new();
    for item in &created {
        if asked.sub_issues != Some(false) {
            let parent = item.planned.parent.as_deref();
            links.push(IssueLink {
                position: item.position,
                kind: LinkKind::SubIssue,
                target: parent.and_then(|p| position.get(p)).copied().unwrap_or(0),
            });
        }
        if asked.dependencies != Some(false) {
            let first = item.planned.blocked_by.iter();
            links.extend(
                first
                    .filter_map(|id| position.get(id.as_str()))
                    .map(|target| IssueLink {
                        position: item.position,
                        kind: LinkKind::BlockedBy,
                        target: *target,
                    }),
            );
        }
    }
    issue_links::insert_all(&services.pool, &run.id, run.installation, &links).await?;
    Ok(())
}

/// Makes the next link; `Done` when every one is settled.
pub(super) async fn step(
    services: &Services,
    repository: &RepositoryRow,
    run: &Run,
) -> FlowResult<Next> {
    let Some(link) = issue_links::find_next(&services.pool, &run.id).await? else {
        return Ok(Next::Done);
    };
    let yields = runs::others_create(&services.pool, run.installation, &run.id).await?;
    pace::take(services, run.installation, Write::Link { yields }, For::Run).await?;
    let ends = Ends::find(services, repository, run, &link).await?;
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
    let refused = match made {
        Ok(()) => None,
        Err(error) if error.is_passing() || error.outcome_is_unknown() => return Err(error.into()),
        Err(_) if ends.are_linked(link.kind).await? => None,
        Err(error) => {
            warn!(run.id = %run.id, item = link.position, %error, "GitHub refused a link");
            Some(error.to_string())
        }
    };
    issue_links::settle(&services.pool, &run.id, &link, refused.as_deref()).await?;
    Ok(Next::Again)
}

/// Takes the item from under its parent; false if it is under none of ours any more.
pub(super) async fn detach(
    services: &Services,
    repository: &RepositoryRow,
    run: &Run,
    position: i32,
) -> FlowResult<bool> {
    let Some(link) = issue_links::find_made(&services.pool, &run.id, position).await? else {
        return Ok(false);
    };
    let ends = Ends::find(services, repository, run, &link).await?;
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
    issue_links::set_removed(&services.pool, &run.id, &link).await?;
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
    /// Whether GitHub shows the link already: an answer was lost, or a person was faster.
    async fn are_linked(&self, kind: LinkKind) -> FlowResult<bool> {
        let (listed, wanted) = match kind {
            LinkKind::SubIssue => (
                self.target.list_sub_issues(self.target_number).await,
                self.item_id,
            ),
            LinkKind::BlockedBy => (
                self.item.list_blocked_by(self.item_number).await,
                self.target_id,
            ),
        };
        match listed {
            Ok(issues) => Ok(issues.iter().any(|i| i.id == wanted)),
            Err(error) if error.is_absent() => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn find(
        services: &Services,
        repository: &RepositoryRow,
        run: &Run,
        link: &IssueLink,
    ) -> FlowResult<Self> {
        let end = async |position: i32| -> FlowResult<_> {
            if position == 0 {
                return Ok((run.repository, run.issue, run.issue_id));
            }
            let issue = created_issues::get(&services.pool, &run.id, position).await?;
            Ok((issue.repository, issue.number, issue.issue_id))
        };
        let (item, target) = (end(link.position).await?, end(link.target).await?);
        let place = async |id| -> FlowResult<Repo> {
            if id == repository.id {
                return Ok(services.repo(repository));
            }
            Ok(services.repo(&services.repository(run.installation, id).await?))
        };
        Ok(Self {
            item: place(item.0).await?.with_access_to([target.0]),
            item_number: item.1,
            item_id: item.2,
            target: place(target.0).await?.with_access_to([item.0]),
            target_number: target.1,
            target_id: target.2,
        })
    }
}
