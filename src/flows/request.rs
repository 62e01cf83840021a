//! Somebody asks for a breakdown: who may, is it well said, and then a run starts, once.

use std::collections::BTreeMap;

use serde_json::json;
use tracing::info;

use super::answer::{Answer, answer};
use super::asked::{Asked, Milestone};
use super::asking::{Asking, Origin};
use super::{FlowResult, Services, plan, repositories};
use crate::domain::command::{self, Said};
use crate::domain::event::Comment;
use crate::domain::ids::{CommentId, IssueId, RunId};
use crate::domain::rejection::Complaint;
use crate::domain::request::{self, Options, Request};
use crate::domain::settings::{self, Settings};
use crate::store::audit_events::{self, AuditEvent};
use crate::store::runs::{self, NewRun, Run};
use crate::store::tenant;

/// Starts a run for the request, or says what is wrong with it.
pub async fn ask(services: &Services, asking: &Asking<'_>) -> FlowResult<()> {
    let cause = asking.cause();
    if runs::exists_for_cause(&services.pool, asking.repository.id, &cause).await? {
        return Ok(());
    }
    if !asking.is_allowed(services).await? {
        return Ok(());
    }
    asking.acknowledge(services).await?;
    if !asking.issue.is_open {
        return answer(services, asking, Answer::Closed).await;
    }
    match read(services, asking).await? {
        Ok(asked) => start(services, asking, &cause, &asked, None)
            .await
            .map(drop),
        Err(complaints) => answer(services, asking, Answer::Complaints(complaints)).await,
    }
}

/// Stores the run and its first job in one transaction. `syncs`: the run whose issues it is to bring in line.
pub async fn start(
    services: &Services,
    asking: &Asking<'_>,
    cause: &str,
    asked: &Asked,
    syncs: Option<&RunId>,
) -> FlowResult<Option<RunId>> {
    let now = services.clock.now();
    let id = RunId::new(now, &services.chance.random_bytes());
    let new = NewRun {
        id: &id,
        installation: asking.repository.installation,
        repository: asking.repository.id,
        issue: asking.issue.number,
        issue_id: IssueId(asking.issue.id.0),
        cause,
        requested_by: &asking.sender.login,
        requested_by_id: asking.sender.id,
        request: &asked.to_value()?,
        syncs,
    };
    let mut tx = tenant::enter(&services.pool, new.installation).await?;
    if !runs::insert(&mut *tx, &new, now).await? {
        return Ok(None);
    }
    let event = AuditEvent {
        installation: new.installation,
        repository: Some(new.repository),
        run: Some(&id),
        actor: new.requested_by,
        actor_id: Some(new.requested_by_id),
        action: syncs.map_or("request", |_| "sync"),
        detail: json!({ "issue": asking.issue.number }),
        cause: None,
    };
    audit_events::insert(&mut *tx, &event, now).await?;
    plan::enqueue(&mut tx, new.installation, &id).await?;
    tx.commit().await?;
    info!(run.id = %id, installation.id = %new.installation, repository.id = %new.repository, issue.number = %new.issue, "run started");
    Ok(Some(id))
}

/// The request as it will be kept, or everything that is wrong with it.
pub async fn read(
    services: &Services,
    asking: &Asking<'_>,
) -> FlowResult<Result<Asked, Vec<Complaint>>> {
    let repository = asking.repository;
    let settings = services
        .settings(
            repository.installation,
            repository.id,
            &settings::Asked::default(),
        )
        .await?;
    let limits = request::Limits {
        maximum: settings.max_issues.value,
    };
    let read = match asking.origin {
        Origin::Issue => request::parse(
            Some(&asking.issue.title),
            &asking.issue.body,
            asking.names,
            &limits,
        ),
        Origin::Comment(comment) => {
            let issue = (asking.issue.title.as_str(), asking.issue.body.as_str());
            request::parse_comment(
                &comment.body,
                issue,
                asking.points_at_issue,
                asking.names,
                &limits,
            )
        }
    };
    match read {
        Ok(request) => complete(services, asking, &settings, request).await,
        Err(complaints) => Ok(Err(complaints)),
    }
}

/// What a run's own words ask for now: people edit a specification and plan it again. What `replan` was told before is
/// kept.
pub(super) async fn read_again(
    services: &Services,
    asking: &Asking<'_>,
    run: &Run,
) -> FlowResult<Result<Asked, Answer>> {
    let before = Asked::from_value(&run.request)?;
    // What a sync follows was asked for by the run that it brings in line.
    let cause = match &run.syncs {
        Some(base) => {
            let key = base.of(run.installation);
            runs::get(services.wall(key.installation), key).await?.cause
        }
        None => run.cause.clone(),
    };
    let comment = match cause
        .strip_prefix("comment:")
        .and_then(|id| id.parse().ok())
    {
        Some(id) => {
            let repo = services.repo(asking.repository);
            let Some(found) = repo.find_comment(CommentId(id)).await? else {
                let why = "The comment that asked for this is gone, so there is no text to compare or to plan. \
                           Ask again in a new comment.";
                return Ok(Err(Answer::NotEdited(why.to_owned())));
            };
            Some(found)
        }
        None => None,
    };
    let comment = comment.map(|found| Comment {
        id: found.id,
        body: found.body,
        author: None,
        created_at: found.created_at,
        updated_at: found.updated_at,
        app_id: None,
    });
    let said = comment
        .as_ref()
        .and_then(|c| command::read(&c.body, asking.names));
    let again = Asking {
        origin: comment.as_ref().map_or(Origin::Issue, Origin::Comment),
        points_at_issue: matches!(said, Some(Said::ThisIssue | Said::Nothing)),
        ..*asking
    };
    let read = read(services, &again).await?;
    let read = read.map_err(Answer::Complaints);
    Ok(read.map(|asked| Asked {
        dry_run: asked.dry_run || before.dry_run,
        instructions: before.instructions,
        ..asked
    }))
}

/// What the settings do not let this request name.
fn forbidden(asking: &Asking<'_>, settings: &Settings, options: &Options) -> Vec<Complaint> {
    let labels = options.labels.iter().filter(|l| !settings.allows_label(l));
    let labels = labels.map(|label| {
        let says = format!("the settings here do not allow the label `{label}`");
        Complaint::new(asking.line_of("labels"), says)
    });
    let places = options
        .repositories
        .iter()
        .filter(|r| !settings.allows_repository(r));
    let places = places.map(|name| {
        let says = format!("the settings here do not allow issues in `{name}`");
        Complaint::new(asking.line_of("repositories"), says)
    });
    labels.chain(places).collect()
}

/// Checks with GitHub what only GitHub knows.
async fn complete(
    services: &Services,
    asking: &Asking<'_>,
    settings: &Settings,
    request: Request,
) -> FlowResult<Result<Asked, Vec<Complaint>>> {
    let options = request.options;
    let mut complaints = forbidden(asking, settings, &options);
    let milestone = match &options.milestone {
        None => None,
        Some(wanted) => Some(milestone(services, asking, &options, wanted, &mut complaints).await?),
    };
    complaints.extend(repositories::complaints(services, asking, &options).await?);
    if !complaints.is_empty() {
        return Ok(Err(complaints));
    }
    let is_of_issue = match asking.origin {
        Origin::Issue => true,
        // A comment of options alone asks for the issue's text as well.
        Origin::Comment(comment) => {
            let mut lines = request.spec.text.lines().map(str::trim);
            let first = lines.find(|line| !line.is_empty()).unwrap_or_default();
            asking.points_at_issue || !comment.body.contains(first)
        }
    };
    Ok(Ok(Asked {
        title: asking.issue.title.clone(),
        text: request.spec.text,
        count: options.count,
        components: options.components,
        labels: options.labels,
        assignees: options.assignees,
        repositories: options.repositories,
        dry_run: options.dry_run.unwrap_or(false),
        unique_by: options.unique_by,
        rate_limit_per_minute: options.rate_limit_per_minute,
        milestone,
        issue_type: options.issue_type,
        sub_issues: options.sub_issues,
        dependencies: options.dependencies,
        warnings: request.warnings.iter().map(ToString::to_string).collect(),
        instructions: Vec::new(),
        replans: 0,
        is_of_issue,
    }))
}

/// The milestone's number in every repository that issues may go to; a complaint for each that lacks it.
async fn milestone(
    services: &Services,
    asking: &Asking<'_>,
    options: &Options,
    wanted: &str,
    complaints: &mut Vec<Complaint>,
) -> FlowResult<Milestone> {
    let mut places = vec![asking.repository.clone()];
    for name in &options.repositories {
        places.extend(repositories::find(services, asking, name).await?);
    }
    let mut milestone = Milestone {
        title: wanted.to_owned(),
        numbers: BTreeMap::new(),
    };
    for place in places {
        match services.repo(&place).find_milestone(wanted).await? {
            Some(found) => {
                milestone.title = found.title;
                milestone.numbers.insert(place.id, found.number);
            }
            None => complaints.push(Complaint::new(
                asking.line_of("milestone"),
                format!(
                    "there is no milestone `{wanted}` in {}; create it or leave the option out",
                    place.name
                ),
            )),
        }
    }
    Ok(milestone)
}
