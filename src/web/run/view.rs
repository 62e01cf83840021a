//! A run as its page shows it: pure, from what the database says to what the templates print.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, TimeDelta, Utc};

use super::coverage::{self, CoverageView};
use super::graph::{self, Drawn, Graph};
use super::log::{self, LogLine};
use super::read::Facts;
use crate::domain::plan::PlannedIssue;
use crate::domain::policy::Reason;
use crate::domain::run::{Done, ItemState, Phase, Standing, State, Status};
use crate::flows::press;
use crate::store::issue_edits::Deed;
use crate::store::planned_issues::Item;
use crate::web::parts::{Badge, Tone, When, many};

/// Everything that a run's page prints.
pub(super) struct RunView {
    pub(super) id: String,
    pub(super) title: String,
    /// `acme/shop#12`, and where it is on GitHub.
    pub(super) issue: String,
    pub(super) issue_href: String,
    pub(super) badge: Badge,
    /// The phase, or the status of what is in none.
    pub(super) state: &'static str,
    pub(super) requested_by: String,
    pub(super) asked_at: When,
    pub(super) ended_at: Option<When>,
    pub(super) progress: Option<Progress>,
    /// What it waits for, in words.
    pub(super) waits_for: Option<String>,
    pub(super) failure: Option<String>,
    /// All of it exists already, in words.
    pub(super) exists: Option<String>,
    /// Why somebody has to confirm.
    pub(super) reasons: Vec<String>,
    pub(super) warnings: Vec<String>,
    /// Who planned, and why there are as many.
    pub(super) planner: Option<String>,
    pub(super) cost: Option<String>,
    pub(super) items: Vec<ItemView>,
    pub(super) items_words: String,
    pub(super) graph: Option<Graph>,
    pub(super) coverage: Option<CoverageView>,
    pub(super) log: Vec<LogLine>,
    pub(super) buttons: Buttons,
    /// The plan that this page shows.
    pub(super) plan_revision: i64,
    /// One short sentence for those who hear the page.
    pub(super) said: String,
    /// Whether anything will still change by itself.
    pub(super) is_live: bool,
    /// It brings issues in line with an edited specification.
    pub(super) is_sync: bool,
}

pub(super) struct Progress {
    pub(super) words: &'static str,
    pub(super) done: usize,
    pub(super) total: usize,
}

/// What may be pressed now.
#[expect(clippy::struct_excessive_bools, reason = "one for each button")]
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Buttons {
    pub(super) confirm: bool,
    pub(super) cancel: bool,
    pub(super) replan: bool,
    pub(super) rollback: bool,
    /// Some of it was left by a rollback, because people have worked on it.
    pub(super) force: bool,
    /// Why nothing may be pressed, where that is not plain.
    pub(super) why_not: Option<String>,
}

/// One planned issue.
pub(super) struct ItemView {
    pub(super) position: i32,
    pub(super) depth: usize,
    pub(super) title: String,
    pub(super) body: String,
    pub(super) badge: Badge,
    pub(super) state: &'static str,
    pub(super) link: Option<IssueLink>,
    pub(super) labels: Vec<String>,
    pub(super) assignees: Vec<String>,
    /// Where it goes, if that is not the trigger's own repository.
    pub(super) elsewhere: Option<String>,
    /// Numbers of what must be done first.
    pub(super) after: Vec<i32>,
    pub(super) part_of: Option<i32>,
    /// `3–5` with the block's anchor.
    pub(super) covers: Vec<(String, String)>,
    pub(super) note: Option<String>,
    pub(super) like: Vec<Like>,
    pub(super) can_tick: bool,
    pub(super) ticked: bool,
}

/// An issue on GitHub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct IssueLink {
    pub(super) href: String,
    pub(super) words: String,
}

/// An existing issue that a planned one may be a duplicate of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Like {
    Shown {
        link: IssueLink,
        title: String,
        is_closed: bool,
    },
    /// In a repository that GitHub does not show to whoever looks.
    Hidden,
}

impl ItemView {
    /// Deeper is not drawn deeper.
    pub(super) fn indent(&self) -> usize {
        self.depth.min(3)
    }
}

/// A planned issue's state in a word or two.
pub(super) fn item_badge(state: ItemState) -> Badge {
    match state {
        ItemState::Planned => Badge::new(Tone::Off, "Planned"),
        ItemState::Dropped => Badge::new(Tone::Off, "Left out"),
        ItemState::Intended => Badge::new(Tone::Busy, "Being created"),
        ItemState::Created => Badge::new(Tone::Good, "Created"),
        ItemState::Skipped => Badge::new(Tone::Off, "Exists already"),
        ItemState::Failed => Badge::new(Tone::Bad, "Refused"),
        ItemState::Closed => Badge::new(Tone::Undone, "Closed"),
        ItemState::Left => Badge::new(Tone::Wait, "Left open"),
        ItemState::Changed => Badge::new(Tone::Good, "Changed"),
        ItemState::Undone => Badge::new(Tone::Undone, "As before"),
    }
}

/// What has become of a created issue since; `None`: nothing.
fn standing_badge(standing: Standing) -> Option<Badge> {
    Some(match standing {
        Standing::Open => return None,
        Standing::Done => Badge::new(Tone::Good, "Done"),
        Standing::NotPlanned => Badge::new(Tone::Off, "Closed, not planned"),
        Standing::Deleted => Badge::new(Tone::Off, "Deleted"),
        Standing::Moved => Badge::new(Tone::Off, "Moved elsewhere"),
    })
}

/// The same where nothing goes on any more: what is planned then was not created.
fn badge(state: ItemState, is_live: bool) -> Badge {
    match state {
        ItemState::Planned if !is_live => Badge::new(Tone::Off, "Not created"),
        state => item_badge(state),
    }
}

/// The same for an item of a sync, which may be about an issue that is there already.
fn badge_of(facts: &Facts, item: &Item) -> Badge {
    let is_live = facts.is_live();
    let edited = facts.edited_by(item).map(|e| e.deed);
    match (item.state, edited) {
        (ItemState::Planned, Some(Deed::Change)) if is_live => Badge::new(Tone::Off, "To change"),
        (ItemState::Planned, Some(Deed::Retire)) if is_live => Badge::new(Tone::Off, "To retire"),
        (ItemState::Planned, Some(_)) => Badge::new(Tone::Off, "Not changed"),
        (ItemState::Intended, Some(_)) => Badge::new(Tone::Busy, "Being changed"),
        (ItemState::Changed, Some(Deed::Retire)) => Badge::new(Tone::Good, "Retired"),
        (ItemState::Failed | ItemState::Left, Some(_)) => Badge::new(Tone::Wait, "Left as it is"),
        (ItemState::Planned, None) if is_live && facts.seen.run.syncs.is_some() => {
            Badge::new(Tone::Off, "To add")
        }
        (ItemState::Skipped, None) if facts.seen.run.syncs.is_some() => {
            Badge::new(Tone::Off, "Stays as it is")
        }
        (state, _) => badge(state, is_live),
    }
}

impl RunView {
    /// How many issues have a box, and how many of them are ticked.
    pub(super) fn tickable(&self) -> usize {
        self.items.iter().filter(|i| i.can_tick).count()
    }

    pub(super) fn ticked(&self) -> usize {
        self.items.iter().filter(|i| i.can_tick && i.ticked).count()
    }

    pub(super) fn of(facts: &Facts, now: DateTime<Utc>) -> Self {
        let run = &facts.seen.run;
        let place = &facts.seen.repository.name;
        let items = items(facts);
        let drawn: Vec<Drawn<'_>> = facts
            .items
            .iter()
            .map(|item| Drawn {
                position: item.position,
                planned: &item.planned,
                state: item.state,
            })
            .collect();
        let progress = progress(facts);
        let exists = facts
            .has_nothing_to_create()
            .then(|| all_exist(facts.items.len()));
        let badge = match exists {
            Some(_) => Badge::new(Tone::Off, "Nothing to create"),
            None => Badge::of_run(run.state),
        };
        let said = progress.as_ref().map_or_else(
            || badge.words.to_owned(),
            |p| format!("{}: {} of {}", p.words, p.done, p.total),
        );
        Self {
            id: run.id.to_string(),
            title: facts.asked.title.clone(),
            issue: format!("{place}#{}", run.issue),
            issue_href: facts.issue_href(place, run.issue),
            badge,
            state: state_of(run.state),
            requested_by: run.requested_by.clone(),
            asked_at: When::new(run.created_at, now),
            ended_at: run.finished_at.map(|at| When::new(at, now)),
            progress,
            waits_for: waits_for(facts, now),
            failure: run.failure.clone(),
            reasons: if exists.is_some() {
                Vec::new()
            } else {
                reasons(facts)
            },
            exists,
            warnings: warnings(facts),
            planner: facts
                .plan
                .as_ref()
                .map(|plan| planner(&plan.planner, &plan.count_reason)),
            cost: facts.cost_in_words(),
            items_words: items_words(facts),
            items,
            graph: graph::draw(&drawn),
            coverage: coverage::of(facts),
            log: log::of(facts, now),
            buttons: buttons(facts),
            plan_revision: run.plan_revision,
            said,
            is_live: facts.is_live(),
            is_sync: run.syncs.is_some(),
        }
    }
}

fn planner(name: &str, why: &str) -> String {
    match name {
        "structural" => {
            let mut letters = why.trim_end_matches('.').chars();
            let first = letters.next().map(|c| c.to_uppercase().to_string());
            format!("{}{}.", first.unwrap_or_default(), letters.as_str())
        }
        model => format!("Planned with {model}. {why}"),
    }
}

/// What it waits for of itself; a confirmation is told with its reasons.
fn waits_for(facts: &Facts, now: DateTime<Utc>) -> Option<String> {
    let run = &facts.seen.run;
    if run.state.phase() == Some(Phase::AwaitingConfirmation) {
        return None;
    }
    let words = run.waits_for(now)?;
    let until = run.waits_until?;
    let is_soon = until - now <= TimeDelta::minutes(1) && run.troubled_since.is_none();
    Some(match facts.own_pace.filter(|_| is_soon) {
        Some(pace) => format!(
            "its pace of {} a minute; goes on at {}",
            many(pace as usize, "request"),
            until.format("%H:%M:%S UTC")
        ),
        None => words,
    })
}

fn state_of(state: State) -> &'static str {
    let phase = state.phase().map(Phase::as_str);
    phase.unwrap_or_else(|| state.status().as_str())
}

fn all_exist(planned: usize) -> String {
    match planned {
        1 => "The planned issue exists already; there is nothing to create.".to_owned(),
        n => format!("All {n} planned issues exist already; there is nothing to create."),
    }
}

fn progress(facts: &Facts) -> Option<Progress> {
    let count = |states: &[ItemState]| {
        let of = |item: &&Item| states.contains(&item.state);
        facts.items.iter().filter(of).count()
    };
    let exist = count(&[
        ItemState::Created,
        ItemState::Closed,
        ItemState::Left,
        ItemState::Changed,
        ItemState::Undone,
    ]);
    let open = count(&[ItemState::Planned, ItemState::Intended]);
    let run = &facts.seen.run;
    let (words, done, total) = match run.state.phase()? {
        Phase::Creating if run.syncs.is_some() => ("Syncing issues", exist, exist + open),
        Phase::Creating => ("Creating issues", exist, exist + open),
        Phase::Linking => {
            let (done, total) = facts.links;
            ("Linking issues", done, total)
        }
        Phase::RollingBack => {
            let done = count(&[ItemState::Closed, ItemState::Left, ItemState::Undone]);
            let words = match run.syncs {
                Some(_) => "Putting issues back",
                None => "Closing issues",
            };
            (words, done, exist)
        }
        Phase::Planning | Phase::AwaitingConfirmation | Phase::Summarising => return None,
    };
    (total > 0).then_some(Progress { words, done, total })
}

fn reasons(facts: &Facts) -> Vec<String> {
    if facts.seen.run.state.phase() != Some(Phase::AwaitingConfirmation) {
        return Vec::new();
    }
    let reasons: Vec<Reason> =
        serde_json::from_value(facts.seen.run.reasons.clone()).unwrap_or_default();
    let who = &facts.seen.run.requested_by;
    let told = |reason: &Reason| match reason {
        Reason::DryRun => format!("{who} asked for a dry run."),
        reason => reason.to_string(),
    };
    reasons.iter().map(told).collect()
}

fn warnings(facts: &Facts) -> Vec<String> {
    match &facts.plan {
        Some(plan) => plan.warnings.clone(),
        None => facts.asked.warnings.clone(),
    }
}

fn buttons(facts: &Facts) -> Buttons {
    let run = &facts.seen.run;
    let state = run.state;
    let left = facts.items.iter().any(|i| i.state == ItemState::Left);
    let stands = facts.items.iter().any(|i| {
        matches!(
            i.state,
            ItemState::Created | ItemState::Changed | ItemState::Intended | ItemState::Left
        )
    });
    let possible = Buttons {
        confirm: state.confirm().is_ok() && run.shows_its_plan() && !facts.has_nothing_to_create(),
        cancel: state.cancel().is_ok(),
        replan: state.phase() == Some(Phase::AwaitingConfirmation) && state.replan().is_ok(),
        rollback: state.status().is_final() && state.start_rollback().is_ok() && stands,
        force: left && state.status() == Status::RolledBack,
        why_not: None,
    };
    let any = possible.confirm || possible.cancel || possible.rollback;
    let role = facts.seen.repository.role;
    if !any {
        return possible;
    }
    if run.installation.is_person() {
        return Buttons {
            why_not: Some("This run is commanded at the terminal that started it.".to_owned()),
            ..Buttons::default()
        };
    }
    if press::may(role, facts.minimum_role) {
        return possible;
    }
    let own = run.requested_by_id == facts.person;
    Buttons {
        cancel: possible.cancel && own,
        why_not: Some(format!(
            "Your role in this repository is {role}: to confirm or roll back, at least {} is needed.",
            facts.minimum_role
        )),
        ..Buttons::default()
    }
}

fn items_words(facts: &Facts) -> String {
    let mut counts: BTreeMap<(usize, &'static str), usize> = BTreeMap::new();
    for item in &facts.items {
        let at = ItemState::ALL.iter().position(|s| *s == item.state);
        let key = (at.unwrap_or_default(), badge_of(facts, item).words);
        *counts.entry(key).or_default() += 1;
    }
    let told: Vec<String> = counts
        .iter()
        .map(|((_, words), count)| format!("{count} {}", of_many(words, *count)))
        .collect();
    let done = Done::of(
        facts
            .items
            .iter()
            .filter_map(|item| facts.standing_of(item)),
    );
    let closed = match done {
        done if done.is_untouched() => String::new(),
        done => format!("; {done}"),
    };
    match facts.items.len() {
        0 => String::new(),
        n => match counts.first_key_value() {
            Some(((_, words), count)) if *count == n => {
                format!("{} {}{closed}", many(n, "issue"), of_many(words, n))
            }
            _ => format!("{}: {}{closed}", many(n, "issue"), told.join(", ")),
        },
    }
}

/// A badge's words within a sentence about so many issues.
fn of_many(words: &str, count: usize) -> String {
    let words = words.to_lowercase();
    if count == 1 {
        return words;
    }
    words
        .replace("exists", "exist")
        .replace("stays as it is", "stay as they are")
        .replace("left as it is", "left as they are")
}

/// Parents first, what they group below them.
fn items(facts: &Facts) -> Vec<ItemView> {
    let positions: HashMap<&str, i32> = facts
        .items
        .iter()
        .map(|i| (i.planned.id.as_str(), i.position))
        .collect();
    let mut below: HashMap<&str, Vec<&Item>> = HashMap::new();
    let mut waiting: Vec<(usize, &Item)> = Vec::new();
    for item in &facts.items {
        match item.planned.parent.as_deref() {
            Some(parent) if positions.contains_key(parent) => {
                below.entry(parent).or_default().push(item);
            }
            _ => waiting.push((0, item)),
        }
    }
    waiting.reverse();
    let mut out = Vec::with_capacity(facts.items.len());
    while let Some((depth, item)) = waiting.pop() {
        let parts = below.remove(item.planned.id.as_str()).unwrap_or_default();
        out.push(item_view(facts, item, depth, &positions));
        waiting.extend(parts.into_iter().rev().map(|part| (depth + 1, part)));
    }
    out
}

fn item_view(facts: &Facts, item: &Item, depth: usize, positions: &HashMap<&str, i32>) -> ItemView {
    let planned: &PlannedIssue = &item.planned;
    let at = |id: &String| positions.get(id.as_str()).copied();
    let waits = facts.seen.run.state.phase() == Some(Phase::AwaitingConfirmation);
    let can_tick = waits && matches!(item.state, ItemState::Planned | ItemState::Dropped);
    ItemView {
        position: item.position,
        depth,
        title: planned.title.clone(),
        body: planned.body.clone(),
        badge: facts
            .standing_of(item)
            .and_then(standing_badge)
            .unwrap_or_else(|| badge_of(facts, item)),
        state: graph::class(item.state),
        link: facts.link_of(item),
        labels: planned.labels.clone(),
        assignees: planned.assignees.clone(),
        elsewhere: (item.repository != facts.seen.run.repository)
            .then(|| facts.name_of(item.repository)),
        after: planned.blocked_by.iter().filter_map(at).collect(),
        part_of: planned.parent.as_ref().and_then(at),
        covers: coverage::places(facts.plan.as_ref(), planned),
        note: note(facts, item),
        like: facts.like(item),
        can_tick,
        ticked: item.state == ItemState::Planned,
    }
}

fn note(facts: &Facts, item: &Item) -> Option<String> {
    let note = item.note.as_deref()?;
    if facts.seen.run.syncs.is_some() {
        // That an issue stays as it is says its badge.
        return (item.state != ItemState::Skipped || facts.edited_by(item).is_some())
            .then(|| note.to_owned());
    }
    Some(match item.state {
        ItemState::Skipped => format!("Not created: {note} is the same."),
        ItemState::Failed => format!("GitHub refused it: {note}"),
        ItemState::Left => format!("Left open: {note}"),
        _ => note.to_owned(),
    })
}
