//! Somebody commands a run by a button of its page: the same checks as for a comment, and the answer in words.

use std::collections::BTreeMap;

use super::access::{Person, SeenRun};
use super::answer::Answer;
use super::asked::Asked;
use super::asking::{Asking, Origin};
use super::authorize::{self, Standing};
use super::command::{self, By};
use super::tokens::Caller;
use super::{FlowResult, Services, request};
use crate::domain::command::Command;
use crate::domain::event::{Account, AccountKind, Issue};
use crate::domain::policy::Role;
use crate::domain::run::{Phase, Status};
use crate::github::IssueState;
use crate::store::audit_events;
use crate::store::repositories::RepositoryRow;
use crate::store::runs::{self, Run};

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pressed {
    Done,
    /// The person's role does not suffice; who may, in words.
    NotAllowed(String),
    /// What stands against it, in words.
    Objection(String),
}

/// What came of a script's command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Called {
    Done,
    /// It was carried out before, just as it is asked for now.
    Before,
    NotAllowed(String),
    /// The plan is another one than the script has seen, or its preview is being written.
    PlanChanged {
        revision: i64,
    },
    NoSuchItems(String),
    Objection(String),
}

/// What came of a command, before it is put in words.
enum Outcome {
    Done,
    NotAllowed(String),
    Against(Answer),
    Objection(String),
}

/// Carries the command out for the run, if GitHub says at this moment that the person may. `plan_seen`: the revision of
/// the plan that their page showed.
pub async fn press(
    services: &Services,
    person: &Person,
    seen: &SeenRun,
    command: &Command,
    plan_seen: i64,
) -> FlowResult<Pressed> {
    let sender = Account {
        id: person.id,
        login: person.login.clone(),
        kind: AccountKind::User,
    };
    let by = By {
        sender: &sender,
        cause: None,
        plan_seen: Some(plan_seen),
        token: None,
    };
    Ok(
        match command_run(services, &by, &seen.run, command).await? {
            Outcome::Done => Pressed::Done,
            Outcome::NotAllowed(words) => Pressed::NotAllowed(words),
            Outcome::Against(answer) => Pressed::Objection(in_words(&answer)),
            Outcome::Objection(words) => Pressed::Objection(words),
        },
    )
}

/// The same for a script, which may what the person who made its token may.
pub async fn call(
    services: &Services,
    caller: &Caller,
    run: &Run,
    command: &Command,
    plan_seen: Option<i64>,
) -> FlowResult<Called> {
    let sender = Account {
        id: caller.made_by_id,
        login: caller.made_by.clone(),
        kind: AccountKind::User,
    };
    let by = By {
        sender: &sender,
        cause: None,
        plan_seen,
        token: Some(&caller.name),
    };
    let answer = match command_run(services, &by, run, command).await? {
        Outcome::Done => return Ok(Called::Done),
        Outcome::NotAllowed(words) => return Ok(Called::NotAllowed(words)),
        Outcome::Objection(words) => return Ok(Called::Objection(words)),
        Outcome::Against(answer) => answer,
    };
    let now = runs::find(services.wall(run.installation), run.key()).await?;
    let now = now.as_ref().unwrap_or(run);
    if matches!(answer, Answer::Already(..)) && is_done(services, now, command, plan_seen).await? {
        return Ok(Called::Before);
    }
    let revision = now.plan_revision;
    Ok(match &answer {
        Answer::NotShown => Called::PlanChanged { revision },
        Answer::UnknownItems { .. } => Called::NoSuchItems(in_words(&answer)),
        _ => Called::Objection(in_words(&answer)),
    })
}

/// Whether the run is where the command would bring it, by the very same command: whoever did not hear the answer sends it
/// again.
async fn is_done(
    services: &Services,
    run: &Run,
    command: &Command,
    plan_seen: Option<i64>,
) -> FlowResult<bool> {
    let (status, phase) = (run.state.status(), run.state.phase());
    let is_there = match command {
        Command::Confirm(_) => {
            let goes_on = matches!(
                phase,
                Some(Phase::Creating | Phase::Linking | Phase::Summarising)
            );
            plan_seen == Some(run.plan_revision) && (goes_on || status == Status::Completed)
        }
        Command::Cancel => status == Status::Cancelled,
        Command::Rollback(_) => status == Status::RolledBack || phase == Some(Phase::RollingBack),
        _ => false,
    };
    if !is_there {
        return Ok(false);
    }
    let wall = services.wall(run.installation);
    let events = audit_events::list_for_run(wall, run.installation, &run.id).await?;
    let last = events.iter().rfind(|event| event.action == command.name());
    // A run is also cancelled when the App is removed: it is as it was wanted.
    Ok(match (command, last) {
        (Command::Cancel, _) => true,
        (_, Some(event)) => command::what(command)
            .into_iter()
            .all(|(name, value)| event.detail[name] == value),
        (_, None) => false,
    })
}

async fn command_run(
    services: &Services,
    by: &By<'_>,
    run: &Run,
    command: &Command,
) -> FlowResult<Outcome> {
    if run.installation.is_person() {
        return Ok(Outcome::Objection(
            "This run was started at a terminal with a personal token, and goes on there alone."
                .to_owned(),
        ));
    }
    if !services.reaches(run.installation, run.repository).await? {
        return Ok(Outcome::Objection(
            "The App is suspended, or it does not reach this repository any more.".to_owned(),
        ));
    }
    let repository = services
        .repository(run.installation, run.repository)
        .await?;
    let standing = authorize::standing(services, &repository, by.sender).await?;
    let is_own = run.requested_by_id == by.sender.id;
    let may_cancel = matches!(command, Command::Cancel) && (standing.is_admin() || is_own);
    if !standing.suffices() && !may_cancel {
        return Ok(Outcome::NotAllowed(not_allowed(standing)));
    }
    let asked = match command {
        Command::Replan(_) => match asked_now(services, by, &repository, run).await? {
            Ok(asked) => Some(asked),
            Err(objection) => return Ok(Outcome::Objection(objection)),
        },
        _ => None,
    };
    if let Some(why) = command::objection_elsewhere(services, by.sender, run, command).await? {
        return Ok(Outcome::NotAllowed(format!("{}.", why.replace('`', ""))));
    }
    let said = command::decide(services, by, run.key(), command, asked, &BTreeMap::new()).await?;
    Ok(said.map_or(Outcome::Done, Outcome::Against))
}

/// What the run's own words ask for as they stand on GitHub now, or what is wrong with them.
async fn asked_now(
    services: &Services,
    by: &By<'_>,
    repository: &RepositoryRow,
    run: &Run,
) -> FlowResult<Result<Asked, String>> {
    let Some(found) = services.repo(repository).find_issue(run.issue).await? else {
        return Ok(Err(
            "The issue that asked for this run is not there any more.".to_owned(),
        ));
    };
    let issue = Issue {
        is_open: found.state == IssueState::Open,
        state_reason: found.state_reason,
        id: found.id,
        number: found.number,
        title: found.title,
        body: found.body,
        is_pull_request: found.is_pull_request,
        author: None,
        updated_at: found.updated_at,
    };
    let names = services.names().await?;
    let asking = Asking {
        repository,
        issue: &issue,
        origin: Origin::Issue,
        points_at_issue: false,
        sender: by.sender,
        is_operator: false,
        names: &names,
    };
    let read = request::read_again(services, &asking, run).await?;
    Ok(read.map_err(|answer| {
        let Answer::Complaints(complaints) = &answer else {
            return in_words(&answer);
        };
        let says: Vec<String> = complaints
            .iter()
            .map(|complaint| {
                format!(
                    "line {}: {}",
                    complaint.line,
                    complaint.says.replace('`', "")
                )
            })
            .collect();
        format!(
            "Its request cannot be read any more, so nothing was changed. {}.",
            says.join("; ")
        )
    }))
}

/// May somebody with this role press the buttons of a run in this repository, as far as we know now?
pub fn may(role: Role, minimum: Role) -> bool {
    Standing { role, minimum }.suffices()
}

fn not_allowed(standing: Standing) -> String {
    let minimum = standing.minimum.as_str();
    match standing.role {
        Role::None => format!("You have no role in this repository; at least {minimum} is needed."),
        role => format!(
            "Your role in this repository is {}; at least {minimum} is needed.",
            role.as_str()
        ),
    }
}

fn in_words(answer: &Answer) -> String {
    match answer {
        Answer::Already(illegal, _) => {
            let says = illegal.to_string().replace('`', "");
            let mut letters = says.chars();
            let first = letters.next().map(|c| c.to_uppercase().to_string());
            format!("{}{}.", first.unwrap_or_default(), letters.as_str())
        }
        Answer::UnknownItems { numbers, known } => {
            let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
            format!(
                "The plan has {} issues; there is no number {}. Nothing was changed.",
                known.len(),
                numbers.join(", ")
            )
        }
        Answer::NothingNeeded { .. } => {
            "There is nothing to do with these. Nothing was changed.".to_owned()
        }
        Answer::NothingLeft => {
            "That would leave nothing to create. To end the run instead, cancel it.".to_owned()
        }
        Answer::NotShown => {
            "The plan has changed since this page was loaded. Nothing was done: have a look at it as it is now."
                .to_owned()
        }
        Answer::NothingToDo(_) => {
            "This run has created nothing that could be rolled back.".to_owned()
        }
        Answer::NotEdited(why) => format!("{} Nothing was changed.", why.replace('`', "")),
        _ => "Nothing was changed.".to_owned(),
    }
}
