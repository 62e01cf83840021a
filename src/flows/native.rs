//! Older servers: what a server does not know of links between issues is found out once a run, and written as text.

use std::borrow::Cow;
use std::collections::BTreeMap;

use tracing::{info, warn};

use super::link::{self, Twin};
use super::pace::{self, For, Write};
use super::step::Next;
use super::{FlowResult, Services, asked::Asked, create, repositories};
use crate::domain::comment::{self, Link};
use crate::domain::fingerprint;
use crate::domain::ids::{RepositoryId, RepositoryName};
use crate::github::{Issue, IssueChange};
use crate::store::created_issues::{self, CreatedIssue};
use crate::store::issue_links;
use crate::store::planned_issues::{self, Item};
use crate::store::repositories::RepositoryRow;
use crate::store::runs::{self, Native, Run};

/// Finds out what the server knows, unless the run knows it. The trigger issue must be there.
pub(super) async fn learn(
    services: &Services,
    repository: &RepositoryRow,
    run: &Run,
    trigger: &Issue,
) -> FlowResult<()> {
    if run.native.is_some() {
        return Ok(());
    }
    let repo = services.repo(repository);
    let native = Native {
        sub_issues: trigger.sub_issues_summary.is_some()
            || repo.knows_sub_issues(run.issue).await?,
        dependencies: trigger.issue_dependencies_summary.is_some()
            || repo.knows_dependencies(run.issue).await?,
    };
    if native != Native::ALL {
        info!(run.id = %run.id, ?native, "an older server: links become text");
    }
    runs::set_native(services.wall(run.installation), run.key(), native).await?;
    Ok(())
}

/// What of the links of a run is text, as the server is and as was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AsText {
    pub(super) sub_issues: bool,
    pub(super) dependencies: bool,
}

impl AsText {
    pub(super) fn of(run: &Run, asked: &Asked) -> Self {
        let native = run.native.unwrap_or(Native::ALL);
        Self {
            sub_issues: !native.sub_issues && asked.sub_issues != Some(false),
            dependencies: !native.dependencies && asked.dependencies != Some(false),
        }
    }

    fn is_nothing(self) -> bool {
        !self.sub_issues && !self.dependencies
    }
}

/// The body with which an item is created: with what it waits for, as far as that exists, where the server has no other
/// place for it.
pub(super) async fn first_body(
    services: &Services,
    run: &Run,
    asked: &Asked,
    item: &Item,
) -> FlowResult<String> {
    let as_text = AsText::of(run, asked);
    if !as_text.dependencies || item.planned.blocked_by.is_empty() {
        return Ok(marked(run, item, &item.planned.body));
    }
    let texts = Texts::of(services, run, as_text).await?;
    Ok(texts.body(item, &[], &texts.waits(item, item.position)))
}

/// Writes the links of one issue into its body; `Done` when none is left. Whatever happens on the way it is written once:
/// what stands there is looked at first.
pub(super) async fn write_next(
    services: &Services,
    repository: &RepositoryRow,
    run: &Run,
    asked: &Asked,
) -> FlowResult<Next> {
    let Some(writer) = issue_links::find_text(services.wall(run.installation), run.key()).await?
    else {
        return Ok(Next::Done);
    };
    pace::take(services, run.installation, Write::Edit, For::Run).await?;
    let texts = Texts::of(services, run, AsText::of(run, asked)).await?;
    let refused = match texts.place(writer) {
        None => Some("the issue does not exist".to_owned()),
        Some((item, created)) => write(services, repository, &texts, item, created).await?,
    };
    issue_links::settle_text(
        services.wall(run.installation),
        run.key(),
        writer,
        refused.as_deref(),
    )
    .await?;
    Ok(Next::Again)
}

/// Why it could not be written, or nothing.
async fn write(
    services: &Services,
    repository: &RepositoryRow,
    texts: &Texts<'_>,
    item: &Item,
    created: &CreatedIssue,
) -> FlowResult<Option<String>> {
    let home = match create::target(services, repository, created.repository).await {
        Err(error) if error.is_out_of_reach() => {
            return Ok(Some(link::OUT_OF_REACH.to_owned()));
        }
        other => other?,
    };
    let repo = services.repo(&home);
    let Some(now) = repo.find_issue(created.number).await? else {
        return Ok(Some("it was deleted".to_owned()));
    };
    let (inside, waits) = (texts.inside(item), texts.waits(item, i32::MAX));
    let body = if texts.forms(item).iter().any(|form| same(form, &now.body)) {
        texts.body(item, &inside, &waits)
    } else {
        // Somebody has edited it meanwhile: their text stays, ours follows.
        let lists = comment::with_links("", &inside, &waits);
        if now.body.replace("\r\n", "\n").contains(lists.trim()) {
            return Ok(None);
        }
        format!("{}{lists}", now.body.trim_end())
    };
    if same(&body, &now.body) {
        return Ok(None);
    }
    let change = IssueChange {
        body: Some(body),
        ..IssueChange::default()
    };
    match repo.update_issue(created.number, &change).await {
        Ok(_) => Ok(None),
        Err(error) if error.is_passing() || error.outcome_is_unknown() => Err(error.into()),
        Err(error) => {
            warn!(run.id = %texts.run.id, issue.number = %created.number, %error, "GitHub refused an edit");
            Ok(Some(error.to_string()))
        }
    }
}

/// Whether the body is one that we wrote, whichever of its links we have written by now.
pub(super) async fn is_ours(
    services: &Services,
    run: &Run,
    asked: &Asked,
    item: &Item,
    body: &str,
) -> FlowResult<bool> {
    if same(&marked(run, item, &item.planned.body), body) {
        return Ok(true);
    }
    let as_text = AsText::of(run, asked);
    if as_text.is_nothing() {
        return Ok(false);
    }
    let texts = Texts::of(services, run, as_text).await?;
    Ok(texts.forms(item).iter().any(|form| same(form, body)))
}

fn marked(run: &Run, item: &Item, body: &str) -> String {
    fingerprint::with_marker(body, &run.id, &item.planned.id)
}

/// GitHub ticks the box of an issue that is closed: that changes no text of ours.
pub(super) fn same(a: &str, b: &str) -> bool {
    a.trim_end()
        .lines()
        .map(unticked)
        .eq(b.trim_end().lines().map(unticked))
}

/// A line that links an issue, as it was before its box was ticked.
fn unticked(line: &str) -> Cow<'_, str> {
    match line.strip_prefix("- [x] ") {
        Some(task) if task.contains('#') && !task.contains(' ') => format!("- [ ] {task}").into(),
        _ => line.into(),
    }
}

/// The links of a run as text, from what the database says.
struct Texts<'a> {
    run: &'a Run,
    as_text: AsText,
    items: Vec<Item>,
    created: Vec<CreatedIssue>,
    names: BTreeMap<RepositoryId, RepositoryName>,
}

impl<'a> Texts<'a> {
    async fn of(services: &Services, run: &'a Run, as_text: AsText) -> FlowResult<Self> {
        let items = planned_issues::list(services.wall(run.installation), run.key()).await?;
        let created = created_issues::list(services.wall(run.installation), run.key()).await?;
        let mut names = BTreeMap::new();
        for item in &items {
            if !names.contains_key(&item.repository) {
                let id = item.repository;
                names.insert(
                    id,
                    repositories::name_of(services, run.installation, id).await?,
                );
            }
        }
        Ok(Self {
            run,
            as_text,
            items,
            created,
            names,
        })
    }

    fn place(&self, position: i32) -> Option<(&Item, &CreatedIssue)> {
        let item = self.items.iter().find(|i| i.position == position)?;
        let created = self.created.iter().find(|c| c.position == position)?;
        Some((item, created))
    }

    /// As it is written in the body of `item`.
    fn link(&self, item: &Item, to: &CreatedIssue) -> Link {
        let is_far = to.repository != item.repository;
        Link {
            number: to.number,
            repository: self.names.get(&to.repository).filter(|_| is_far).cloned(),
        }
    }

    /// What hangs under the item.
    fn inside(&self, item: &Item) -> Vec<Link> {
        if !self.as_text.sub_issues {
            return Vec::new();
        }
        self.created
            .iter()
            .filter(|c| {
                let child = self.items.iter().find(|i| i.position == c.position);
                let parent = child.and_then(|child| link::parent_of(child, &self.items));
                parent.is_some_and(|p| p.position == item.position)
            })
            .map(|c| self.link(item, c))
            .collect()
    }

    /// What the item waits for, of what was created before the item at `before` or existed already.
    fn waits(&self, item: &Item, before: i32) -> Vec<Link> {
        if !self.as_text.dependencies {
            return Vec::new();
        }
        self.items
            .iter()
            .filter(|first| item.planned.blocked_by.contains(&first.planned.id))
            .filter_map(|first| match link::twin(first) {
                Some(Twin::Issue(number)) => Some(Link {
                    number,
                    repository: self
                        .names
                        .get(&first.repository)
                        .filter(|_| first.repository != item.repository)
                        .cloned(),
                }),
                Some(Twin::Item(position)) => self.created_before(item, position, before),
                None => self.created_before(item, first.position, before),
            })
            .collect()
    }

    fn created_before(&self, item: &Item, position: i32, before: i32) -> Option<Link> {
        let (_, created) = self.place(position).filter(|_| position < before)?;
        Some(self.link(item, created))
    }

    fn body(&self, item: &Item, inside: &[Link], waits: &[Link]) -> String {
        let body = comment::with_links(&item.planned.body, inside, waits);
        marked(self.run, item, &body)
    }

    /// Every body that we may have written.
    fn forms(&self, item: &Item) -> Vec<String> {
        let early = self.waits(item, item.position);
        let (inside, waits) = (self.inside(item), self.waits(item, i32::MAX));
        vec![
            marked(self.run, item, &item.planned.body),
            self.body(item, &[], &early),
            self.body(item, &inside, &waits),
        ]
    }
}
