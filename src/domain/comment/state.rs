//! A run's comment as it goes on: planning, creating, and how it ended.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::planner::{self, AiUse};
use super::text::{count, duration, folded, inline, lines_within, page, thousands};
use super::{About, Created, Link};
use crate::domain::defuse::defuse_body;
use crate::domain::run::Done;

const LIST_ROOM: usize = 40_000;
const PART_ROOM: usize = 6_000;

/// The first state of the comment.
pub fn working(about: About<'_>) -> String {
    let text = "Reading the specification. This comment changes as the work goes on.";
    page(about, "🔍 Planning…", &[text])
}

/// What a working run is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Creating,
    Linking,
    RollingBack,
}

/// How far a run is.
#[derive(Debug, Clone, Copy)]
pub struct Progress<'a> {
    pub about: About<'a>,
    pub step: Step,
    pub done: usize,
    pub total: usize,
    pub created: &'a [Created],
    /// When it goes on, if GitHub's limits make it wait.
    pub waits_until: Option<DateTime<Utc>>,
}

/// The comment while issues are being created, linked or closed again.
pub fn progress(p: &Progress<'_>) -> String {
    let (icon, doing) = match p.step {
        Step::Creating => ("🔨", "Creating issues"),
        Step::Linking => ("🔗", "Linking issues"),
        Step::RollingBack => ("↩️", "Rolling back"),
    };
    let heading = format!(
        "{icon} {doing}: {} of {}",
        thousands(p.done as u64),
        thousands(p.total as u64)
    );
    let wait = p.waits_until.map_or_else(String::new, |at| {
        format!(
            "GitHub's limits ask for a pause. It goes on by itself at {} UTC.",
            at.format("%H:%M:%S")
        )
    });
    let stop = match p.step {
        Step::RollingBack => String::new(),
        _ => match p.about.process("--cancel") {
            Some(cancel) => format!("To stop, run {cancel}."),
            None => format!("To stop, comment `@{} cancel`.", p.about.bot),
        },
    };
    let list = lines_within(&outline(p.created), LIST_ROOM);
    let list = folded(
        &format!("{} so far", count(p.created.len(), "issue")),
        &list,
    );
    page(
        p.about,
        &heading,
        &[&bar(p.done, p.total), &wait, &list, &stop],
    )
}

fn bar(done: usize, total: usize) -> String {
    const WIDTH: usize = 20;
    let done = done.min(total);
    let full = (done * WIDTH).checked_div(total).unwrap_or(WIDTH);
    let percent = (done * 100).checked_div(total).unwrap_or(100);
    format!(
        "`{}{}` {percent}%",
        "█".repeat(full),
        "░".repeat(WIDTH - full)
    )
}

/// What stands in the place of a planned issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SameAs {
    Issue(Link),
    /// An issue of a repository that not everybody may read who reads this.
    Elsewhere,
    /// Another one of the plan, which was not created either.
    Item(Option<u32>),
}

impl fmt::Display for SameAs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Issue(link) => link.fmt(f),
            Self::Elsewhere => f.write_str("an issue that is there already"),
            Self::Item(Some(item)) => write!(f, "item {item}, which was not created"),
            Self::Item(None) => f.write_str("another one of the plan, which was not created"),
        }
    }
}

/// A planned issue that was not created, because the same one is there already, or in the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skipped {
    pub item: u32,
    pub title: String,
    pub same_as: SameAs,
}

/// A planned issue that GitHub refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    pub item: u32,
    pub title: String,
    /// Why, in plain words.
    pub why: String,
}

/// Something that did not come out as asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The issues that it is about, if it is about some.
    pub links: Vec<Link>,
    pub says: String,
}

/// How a run came out.
#[derive(Debug, Clone, Copy)]
pub struct Summary<'a> {
    pub about: About<'a>,
    pub created: &'a [Created],
    /// What has become of the created issues since.
    pub done: Done,
    pub skipped: &'a [Skipped],
    /// Number and title of what people took out of the preview.
    pub dropped: &'a [(u32, String)],
    pub failed: &'a [Failure],
    /// What did not come out as asked: a label that GitHub dropped, a link that could not be set.
    pub notes: &'a [Note],
    /// The server knows no sub-issues: the list takes their place, with boxes that GitHub ticks.
    pub as_tasks: bool,
    pub planning_took: Duration,
    pub creating_took: Duration,
    pub ai: Option<&'a AiUse>,
}

/// The comment of a completed run.
pub fn summary(s: &Summary<'_>) -> String {
    let total = s.created.len();
    let heading = match (total, s.failed.len()) {
        (0, 0) => "✅ Nothing to create".to_owned(),
        (n, 0) => format!("✅ {} created", count(n, "issue")),
        (n, bad) => format!("⚠️ {} created, {bad} could not be", count(n, "issue")),
    };
    let skipped = s.skipped.iter();
    let skipped = skipped.map(|i| format!("- {} · same as {}", named(i.item, &i.title), i.same_as));
    let failed = s.failed.iter();
    let failed = failed.map(|i| format!("- {}: {}", named(i.item, &i.title), inline(&i.why)));
    let dropped = s
        .dropped
        .iter()
        .map(|(item, title)| format!("- {}", named(*item, title)));
    let notes = s.notes.iter().map(note);
    let verb = match s.about.terminal {
        Some(_) => "run",
        None => "comment",
    };
    let undo = match total {
        0 => String::new(),
        _ => format!("To undo all of it, {verb} {}.", s.about.rollback()),
    };
    page(
        s.about,
        &heading,
        &[
            &closed(s.done),
            &lines_within(&boxed(outline(s.created), s.as_tasks), LIST_ROOM),
            &part("Could not be created", &failed.collect::<Vec<_>>()),
            &part("Not exactly as asked", &notes.collect::<Vec<_>>()),
            &part(
                "Skipped, because they exist already",
                &skipped.collect::<Vec<_>>(),
            ),
            &folded(
                &format!("Dropped ({})", s.dropped.len()),
                &lines_within(&dropped.collect::<Vec<_>>(), PART_ROOM),
            ),
            &figures(s),
            &undo,
        ],
    )
}

/// How far the work is, once there is something to say.
fn closed(done: Done) -> String {
    if done.is_untouched() {
        return String::new();
    }
    format!("{} · {done}", bar(done.closed(), done.total()))
}

fn figures(s: &Summary<'_>) -> String {
    let planned = duration(s.planning_took);
    let created = match s.created {
        [] => String::new(),
        _ => format!(", created in {}", duration(s.creating_took)),
    };
    let ai =
        s.ai.map_or_else(|| "No model was used.".to_owned(), planner::paid);
    format!("Planned in {planned}{created}. {ai}")
}

/// A run that stopped before it was done.
#[derive(Debug, Clone, Copy)]
pub struct Ended<'a> {
    pub about: About<'a>,
    pub created: &'a [Created],
    /// How many issues were to be created; 0 before there was a plan.
    pub total: usize,
    /// What has become of the created issues since.
    pub done: Done,
}

/// The comment of a failed run: what went wrong and what to do, both in plain words.
pub fn failed(run: &Ended<'_>, error: &str, what_next: &str) -> String {
    let next = format!("**What next?** {}", defuse_body(what_next.trim()));
    page(
        run.about,
        "❌ This did not work",
        &[&defuse_body(error.trim()), &next, &so_far(run)],
    )
}

/// The comment of a cancelled run; `why` where it was not a person who cancelled it.
pub fn cancelled(run: &Ended<'_>, why: Option<&str>) -> String {
    let why = why.map(|why| defuse_body(why.trim())).unwrap_or_default();
    page(run.about, "🛑 Cancelled", &[&why, &so_far(run)])
}

fn so_far(run: &Ended<'_>) -> String {
    if run.created.is_empty() {
        return "No issue was created.".to_owned();
    }
    let number = thousands(run.created.len() as u64);
    let total = count(run.total, "planned issue");
    let list = lines_within(&outline(run.created), LIST_ROOM);
    let undo = format!("{} closes them again.", run.about.rollback());
    let closed = match closed(run.done) {
        none if none.is_empty() => none,
        some => format!("{some}\n\n"),
    };
    format!("{number} of {total} had been created by then:\n\n{closed}{list}\n\n{undo}")
}

/// An issue that a rollback did not close.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOpen {
    pub issue: Created,
    /// In plain words, to follow a colon.
    pub why: String,
}

/// What a rollback did.
#[derive(Debug, Clone, Copy)]
pub struct RolledBack<'a> {
    pub about: About<'a>,
    pub closed: &'a [Created],
    /// What people have worked on.
    pub left: &'a [LeftOpen],
    /// What could not be closed.
    pub stuck: &'a [LeftOpen],
}

/// The comment of a run that was rolled back.
pub fn rolled_back(r: &RolledBack<'_>) -> String {
    let heading = match (r.closed.len(), r.left.len() + r.stuck.len()) {
        (n, 0) => format!("↩️ Rolled back: {} closed", count(n, "issue")),
        (n, left) => format!(
            "↩️ Rolled back: {} closed, {left} left as they are",
            count(n, "issue")
        ),
    };
    let line = |l: &LeftOpen| {
        let (title, why) = (inline(&l.issue.title), inline(&l.why));
        format!("- {} · {title}: {why}", l.issue.link)
    };
    let left: Vec<String> = r.left.iter().map(line).collect();
    let stuck: Vec<String> = r.stuck.iter().map(line).collect();
    let left = match left.as_slice() {
        [] => String::new(),
        lines => format!(
            "**Left as they are, because people have worked on them:**\n{}\n\n\
             {} closes these too.",
            lines_within(lines, PART_ROOM),
            match r.about.terminal {
                Some(_) => format!("`openproducer rollback --run {} --force`", r.about.run),
                None => format!("`@{} rollback {} force`", r.about.bot, r.about.run),
            },
        ),
    };
    let closed = lines_within(&outline(r.closed), LIST_ROOM);
    let closed = folded(
        &format!("Closed as not planned ({})", r.closed.len()),
        &closed,
    );
    let stuck = part("Could not be closed", &stuck);
    page(r.about, &heading, &[&stuck, &left, &closed])
}

fn note(note: &Note) -> String {
    const SHOWN: usize = 20;
    let says = inline(&note.says);
    if note.links.is_empty() {
        return format!("- {says}");
    }
    let links = note.links.iter().take(SHOWN);
    let mut links: Vec<String> = links.map(ToString::to_string).collect();
    if note.links.len() > SHOWN {
        links.push(format!(
            "{} more",
            thousands((note.links.len() - SHOWN) as u64)
        ));
    }
    format!("- {}: {says}", links.join(", "))
}

/// Links with their titles, parents first.
fn outline(created: &[Created]) -> Vec<String> {
    let items: BTreeSet<u32> = created.iter().map(|c| c.item).collect();
    let mut children: BTreeMap<u32, Vec<&Created>> = BTreeMap::new();
    let mut waiting = Vec::new();
    for issue in created {
        match issue.parent.filter(|p| items.contains(p)) {
            Some(parent) => children.entry(parent).or_default().push(issue),
            None => waiting.push((0, issue)),
        }
    }
    waiting.reverse();
    let mut lines = Vec::new();
    while let Some((depth, issue)) = waiting.pop() {
        let title = inline(&issue.title);
        lines.push(format!("{}- {} · {title}", "  ".repeat(depth), issue.link));
        let below = children.remove(&issue.item).unwrap_or_default();
        waiting.extend(below.into_iter().rev().map(|child| (depth + 1, child)));
    }
    lines
}

fn boxed(lines: Vec<String>, as_tasks: bool) -> Vec<String> {
    if !as_tasks {
        return lines;
    }
    let task = |line: String| line.replacen("- ", "- [ ] ", 1);
    lines.into_iter().map(task).collect()
}

fn part(heading: &str, lines: &[String]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    format!("**{heading}**\n{}", lines_within(lines, PART_ROOM))
}

fn named(item: u32, title: &str) -> String {
    format!("**{item}.** {}", inline(title))
}
