//! What happened to a run, in plain words, from who did what and when what was made.

use chrono::{DateTime, TimeDelta, Utc};

use super::read::Facts;
use super::view::IssueLink;
use crate::domain::run::{ItemState, Status};
use crate::store::audit_events::RunEvent;
use crate::store::created_issues::Moment;
use crate::web::parts::{When, many};

/// One line, oldest first.
pub(super) struct LogLine {
    pub(super) at: When,
    /// Who did it; `None`: OpenProducer itself.
    pub(super) who: Option<String>,
    pub(super) words: String,
    /// The issue that the words end with.
    pub(super) link: Option<IssueLink>,
    /// What the line stands for, where it stands for several: to be opened.
    pub(super) more: Vec<(String, IssueLink)>,
}

/// A line before it has its place.
struct Told {
    at: DateTime<Utc>,
    who: Option<String>,
    words: String,
    link: Option<IssueLink>,
    more: Vec<(String, IssueLink)>,
}

impl Told {
    fn by_itself(at: DateTime<Utc>, words: String) -> Self {
        Self {
            at,
            who: None,
            words,
            link: None,
            more: Vec::new(),
        }
    }
}

/// More created issues than these are told by the first and the last of them.
const EACH: usize = 12;

pub(super) fn of(facts: &Facts, now: DateTime<Utc>) -> Vec<LogLine> {
    let by_people = facts.events.iter().map(|event| Told {
        who: Some(event.actor.clone()),
        ..Told::by_itself(event.at, deed(event))
    });
    let mut lines: Vec<Told> = by_people.collect();
    let run = &facts.seen.run;
    let mut by_itself = |at: Option<DateTime<Utc>>, words: String| {
        lines.extend(at.map(|at| Told::by_itself(at, words)));
    };
    if let Some(plan) = &facts.plan {
        let how = match plan.planner.as_str() {
            "structural" => "from the document's structure".to_owned(),
            model => format!("with {model}"),
        };
        let words = format!("Planned {} {how}", many(plan.issues.len(), "issue"));
        by_itself(run.planned_at, words);
    }
    let asked = run.reasons.as_array().is_some_and(|r| !r.is_empty());
    if !asked {
        let at = run.confirmed_at.map(|at| at + TimeDelta::milliseconds(1));
        by_itself(at, "Went on, as nothing needed a confirmation".to_owned());
    }
    lines.extend(made(facts));
    lines.extend(run.finished_at.map(|at| Told::by_itself(at, ending(facts))));
    lines.sort_by_key(|line| line.at);
    lines
        .into_iter()
        .map(|line| LogLine {
            at: When::by_the_clock(line.at, now),
            who: line.who,
            words: line.words,
            link: line.link,
            more: line.more,
        })
        .collect()
}

/// The numbers that an edit named: `2, 4`.
fn items(event: &RunEvent) -> String {
    let items = event
        .detail
        .get("items")
        .and_then(serde_json::Value::as_array);
    let items = items.into_iter().flatten().map(ToString::to_string);
    items.collect::<Vec<_>>().join(", ")
}

fn deed(event: &RunEvent) -> String {
    let count = |name: &str| {
        let count = event.detail.get(name).and_then(serde_json::Value::as_u64);
        count.unwrap_or_default()
    };
    match event.action.as_str() {
        "request" => "asked for this breakdown".to_owned(),
        "sync" => "asked to bring issues in line with the edited specification".to_owned(),
        "confirm" => "confirmed the plan".to_owned(),
        "drop" => "left issues out of the plan".to_owned(),
        "tick" => match (count("dropped"), count("restored")) {
            (left_out, 0) => format!("unticked {left_out} in the preview"),
            (0, taken) => format!("ticked {taken} in the preview"),
            (left_out, taken) => format!("unticked {left_out} and ticked {taken} in the preview"),
        },
        "split" => format!("split issue {} of the plan", items(event)),
        "merge" => format!("merged issues {} of the plan", items(event)),
        "title" => format!("gave issue {} of the plan another title", items(event)),
        "replan" => "asked for another plan".to_owned(),
        "cancel" => "cancelled the run".to_owned(),
        "rollback"
            if event
                .detail
                .get("force")
                .and_then(serde_json::Value::as_bool)
                == Some(true) =>
        {
            "rolled the run back, with what people have worked on".to_owned()
        }
        "rollback" => "rolled the run back".to_owned(),
        other => other.replace('_', " "),
    }
}

fn made(facts: &Facts) -> Vec<Told> {
    let mut told: Vec<Told> = Vec::new();
    let moments = &facts.moments;
    let folds = moments.len() > EACH;
    // The first three and the last stand for themselves.
    for (n, moment) in moments.iter().enumerate() {
        if !folds || n < 3 || n + 1 == moments.len() {
            told.push(created(facts, moment));
        } else if n == 3 {
            told.push(folded(facts, &moments[3..moments.len() - 1]));
        }
    }
    let closed: Vec<DateTime<Utc>> = moments.iter().filter_map(|m| m.closed_at).collect();
    if let Some(last) = closed.iter().max() {
        let words = format!("Closed {}", many(closed.len(), "issue"));
        told.push(Told::by_itself(*last, words));
    }
    told
}

fn created(facts: &Facts, moment: &Moment) -> Told {
    let link = facts.link_of_created(moment.position);
    let words = match link {
        Some(_) => format!("Item {}: created", moment.position),
        None => format!("Item {}: created #{}", moment.position, moment.number),
    };
    Told {
        link,
        ..Told::by_itself(moment.created_at, words)
    }
}

/// Several as one line, which can be opened; an issue that GitHub does not show to whoever looks has no line of its own.
fn folded(facts: &Facts, moments: &[Moment]) -> Told {
    let at = moments.first().map(|m| m.created_at).unwrap_or_default();
    let words = format!("Created {} more issues", moments.len());
    let more = moments.iter().filter_map(|moment| {
        let link = facts.link_of_created(moment.position)?;
        Some((format!("Item {}:", moment.position), link))
    });
    Told {
        more: more.collect(),
        ..Told::by_itself(at, words)
    }
}

fn ending(facts: &Facts) -> String {
    let run = &facts.seen.run;
    let exist = facts.items.iter().filter(|i| i.state.exists()).count();
    let changed = facts.items.iter().filter(|i| i.state == ItemState::Changed);
    let changed = changed.count();
    match run.state.status() {
        Status::Completed if run.syncs.is_some() => {
            format!("Completed: {exist} added, {changed} changed or retired")
        }
        Status::Completed => format!("Completed: {} created", many(exist, "issue")),
        Status::Failed => match &run.failure {
            Some(why) => format!("Failed: {why}"),
            None => "Failed".to_owned(),
        },
        Status::Cancelled => match &run.failure {
            Some(why) => format!("Cancelled: {why}"),
            None => format!("Cancelled, with {} created by then", many(exist, "issue")),
        },
        Status::RolledBack => {
            let left = |i: &&crate::store::planned_issues::Item| i.state == ItemState::Left;
            match facts.items.iter().filter(left).count() {
                0 => "Rolled back".to_owned(),
                left => format!(
                    "Rolled back; {} left open, because people have worked on them",
                    many(left, "issue")
                ),
            }
        }
        Status::Pending | Status::Running => String::new(),
    }
}
