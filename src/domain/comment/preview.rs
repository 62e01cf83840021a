//! The preview: the whole plan with tick boxes, why it waits, and what to do next.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::coverage::{coverage, line_ranges};
use super::planner::{AiUse, paid};
use super::text::{code, count, duration, folded, inline, lines_within, page};
use super::{About, Link};
use crate::domain::plan::{Plan, PlannedIssue};
use crate::domain::planning::is_ungrounded;
use crate::domain::policy::Reason;
use crate::domain::spec::Block;

/// Everything that a preview shows.
#[derive(Debug, Clone, Copy)]
pub struct Preview<'a> {
    pub about: About<'a>,
    pub plan: &'a Plan,
    /// Why a person has to confirm.
    pub reasons: &'a [Reason],
    /// The ids of planned issues that were taken out: their boxes are empty.
    pub dropped: &'a BTreeSet<String>,
    pub similar: &'a [SimilarIssue],
    /// The graph as Mermaid text, without its fence; empty for none.
    pub mermaid: &'a str,
    pub rate_per_minute: u32,
    /// What models were paid for it; `None`: none was asked.
    pub ai: Option<&'a AiUse>,
    /// A model was wanted, and did not plan all of it.
    pub is_degraded: bool,
}

/// A planned issue that looks like an existing one without being the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimilarIssue {
    /// The planned issue's number.
    pub item: u32,
    pub link: Link,
    pub title: String,
    pub is_closed: bool,
}

const LIST_ROOM: usize = 40_000;
const GRAPH_ROOM: usize = 10_000;
const DETAIL_ROOM: usize = 3_000;

/// The plan, to be confirmed.
pub fn preview(p: &Preview<'_>) -> String {
    let planned = p.plan.issues.len();
    let kept = planned - p.plan.issues.iter().filter(|i| is_dropped(p, i)).count();
    let planned_words = count(planned, "issue");
    let selected = if kept == planned {
        String::new()
    } else {
        format!(", {kept} selected")
    };
    let heading = format!("📋 {planned_words} planned{selected}, waiting for your confirmation");
    page(
        p.about,
        &heading,
        &[
            &why(p.reasons),
            &warnings(&p.plan.warnings, &again(p)),
            &lines_within(&task_list(p), LIST_ROOM),
            &similar(p.similar),
            &graph(p.mermaid),
            &coverage(p.plan),
            &next_steps(&p.about),
            &origin(p, kept),
        ],
    )
}

/// The numbers in a preview, or in one that somebody edited, and whether their boxes are ticked. A number that is
/// absent (the list of a huge plan is cut) is unchanged.
pub fn ticked(comment: &str) -> BTreeMap<u32, bool> {
    comment.lines().filter_map(read_box).collect()
}

fn read_box(line: &str) -> Option<(u32, bool)> {
    let item = line.trim_start().strip_prefix("- [")?;
    let (mark, rest) = item.split_once("] **")?;
    let (number, _) = rest.split_once(".** ")?;
    let is_ticked = match mark {
        "x" | "X" => true,
        " " => false,
        _ => return None,
    };
    Some((number.parse().ok()?, is_ticked))
}

fn why(reasons: &[Reason]) -> String {
    const NOTHING: &str = "Nothing has been created yet.";
    match reasons {
        [] => NOTHING.to_owned(),
        [Reason::DryRun] => format!("{NOTHING} You asked for a dry run, so have a look first."),
        _ => {
            let words = |reason: &Reason| match reason {
                Reason::ProhibitedKeyword(_) => format!("- {}", inline(&reason.to_string())),
                _ => format!("- {reason}"),
            };
            let lines: Vec<String> = reasons.iter().map(words).collect();
            let lines = lines_within(&lines, DETAIL_ROOM);
            format!("{NOTHING} Please have a look first:\n{lines}")
        }
    }
}

/// How to have the model try again.
fn again(p: &Preview<'_>) -> String {
    match p.about.process("--dry-run") {
        _ if !p.is_degraded => String::new(),
        Some(again) => format!(" {again} tries the model again."),
        None => format!(" `@{} replan` tries the model again.", p.about.bot),
    }
}

/// The first one says why no model planned, where one was wanted; `again` follows it.
fn warnings(warnings: &[String], again: &str) -> String {
    if warnings.is_empty() {
        return String::new();
    }
    let lines: Vec<String> = warnings
        .iter()
        .enumerate()
        .map(|(n, warning)| {
            let again = if n == 0 { again } else { "" };
            format!("> - {}{again}", inline(warning))
        })
        .collect();
    format!("> [!NOTE]\n{}", lines_within(&lines, DETAIL_ROOM))
}

fn is_dropped(p: &Preview<'_>, issue: &PlannedIssue) -> bool {
    p.dropped.contains(&issue.id)
}

/// Parents first, what they group below them.
fn task_list(p: &Preview<'_>) -> Vec<String> {
    let ids: BTreeSet<&str> = p.plan.issues.iter().map(|i| i.id.as_str()).collect();
    let mut children: BTreeMap<&str, Vec<&PlannedIssue>> = BTreeMap::new();
    let mut roots = Vec::new();
    for issue in &p.plan.issues {
        match issue
            .parent
            .as_deref()
            .filter(|parent| ids.contains(parent))
        {
            Some(parent) => children.entry(parent).or_default().push(issue),
            None => roots.push(issue),
        }
    }
    let blocks: BTreeMap<&str, &Block> = p
        .plan
        .spec
        .blocks
        .iter()
        .map(|b| (b.id.as_str(), b))
        .collect();
    let mut waiting: Vec<(usize, &PlannedIssue)> = roots.iter().rev().map(|r| (0, *r)).collect();
    let mut lines = Vec::new();
    while let Some((depth, issue)) = waiting.pop() {
        let below = children.remove(issue.id.as_str()).unwrap_or_default();
        let line = task(issue, is_dropped(p, issue), below.len(), &blocks);
        lines.push(format!("{}{line}", "  ".repeat(depth)));
        waiting.extend(below.into_iter().rev().map(|child| (depth + 1, child)));
    }
    lines
}

fn task(
    issue: &PlannedIssue,
    is_dropped: bool,
    groups: usize,
    blocks: &BTreeMap<&str, &Block>,
) -> String {
    let mark = if is_dropped { ' ' } else { 'x' };
    let number = number_of(&issue.id);
    let mut notes = Vec::new();
    if is_ungrounded(issue) {
        notes.push("**not in the spec**".to_owned());
    }
    if groups > 0 {
        notes.push(format!("groups {}", count(groups, "issue")));
    }
    if !issue.blocked_by.is_empty() {
        let numbers: Vec<&str> = issue.blocked_by.iter().map(|id| number_of(id)).collect();
        notes.push(format!("waits for {}", numbers.join(", ")));
    }
    let covered = issue.covers.iter().filter_map(|id| blocks.get(id.as_str()));
    if let Some(lines) = line_ranges(covered.map(|block| block.lines)) {
        notes.push(format!("covers {lines}"));
    }
    if let Some(repository) = &issue.repository {
        notes.push(format!("in `{repository}`"));
    }
    notes.extend(issue.labels.iter().map(|label| code(label)));
    if !issue.assignees.is_empty() {
        let people: Vec<String> = issue.assignees.iter().map(|who| code(who)).collect();
        notes.push(format!("for {}", people.join(", ")));
    }
    let title = inline(&issue.title);
    let notes = match notes.as_slice() {
        [] => String::new(),
        notes => format!(" — {}", notes.join(" · ")),
    };
    format!("- [{mark}] **{number}.** {title}{notes}")
}

fn number_of(id: &str) -> &str {
    id.strip_prefix('i').unwrap_or(id)
}

fn similar(similar: &[SimilarIssue]) -> String {
    if similar.is_empty() {
        return String::new();
    }
    let lines: Vec<String> = similar
        .iter()
        .map(|s| {
            format!(
                "- **{}.** is like {} · {}{}",
                s.item,
                s.link,
                inline(&s.title),
                if s.is_closed { " (closed)" } else { "" }
            )
        })
        .collect();
    format!(
        "**Possible duplicates.** Drop the ones for which the existing issue will do.\n{}",
        lines_within(&lines, DETAIL_ROOM)
    )
}

fn graph(mermaid: &str) -> String {
    // A fence inside would end ours.
    let fits = mermaid.chars().count() <= GRAPH_ROOM && !mermaid.contains("```");
    if mermaid.trim().is_empty() || !fits {
        return String::new();
    }
    let fence = format!("```mermaid\n{}\n```", mermaid.trim_end());
    folded("What waits for what, as a graph", &fence)
}

fn next_steps(about: &About<'_>) -> String {
    let command = |flag| about.process(flag);
    if let (Some(confirm), Some(preview), Some(cancel)) = (
        command("--confirm"),
        command("--dry-run"),
        command("--cancel"),
    ) {
        return format!(
            "**What next?** Untick what you do not want, then confirm at the terminal.\n\n\
             | to | run |\n|---|---|\n\
             | create what is ticked, exactly as shown | {confirm} |\n\
             | plan again, after editing this issue | {preview} |\n\
             | stop | {cancel} |"
        );
    }
    let bot = about.bot;
    format!(
        "**What next?** Untick what you do not want, then confirm in a comment.\n\n\
         | to | comment |\n|---|---|\n\
         | create what is ticked, exactly as shown | `@{bot} confirm` |\n\
         | create only some | `@{bot} confirm 1,3-5` |\n\
         | take some out | `@{bot} drop 2,4` |\n\
         | plan again | `@{bot} replan` and what should be different |\n\
         | stop | `@{bot} cancel` |"
    )
}

/// How long GitHub's limits make the creation of so many issues: one a second, so many a minute, 500 an hour.
fn creating_takes(issues: usize, rate_per_minute: u32) -> Duration {
    let issues = u64::try_from(issues).unwrap_or(u64::MAX);
    let (hours, rest) = (
        issues.saturating_sub(1) / 500,
        issues - issues.saturating_sub(1) / 500 * 500,
    );
    let rate = u64::from(rate_per_minute.max(1));
    let (minutes, rest) = (
        rest.saturating_sub(1) / rate,
        rest - rest.saturating_sub(1) / rate * rate,
    );
    Duration::from_secs(hours * 3600 + minutes * 60 + rest.min(60))
}

fn origin(p: &Preview<'_>, kept: usize) -> String {
    let planner = match (p.plan.planner.as_str(), p.ai) {
        // Its reason says so itself.
        ("structural", None) => String::new(),
        ("structural", Some(ai)) => paid(ai),
        (model, None) => format!("Planned by {}.", code(model)),
        (_, Some(ai)) => format!("Planned by {}", paid(ai)),
    };
    let time = duration(creating_takes(kept, p.rate_per_minute));
    let rate = count(p.rate_per_minute as usize, "request");
    let time = match kept {
        0 => String::new(),
        n => format!(
            " Creating {} takes about {time} at {rate} a minute.",
            count(n, "issue")
        ),
    };
    let reason = inline(&p.plan.count_reason);
    let dot = if reason.is_empty() || reason.ends_with('.') {
        ""
    } else {
        "."
    };
    let reason = if reason.is_empty() {
        reason
    } else {
        format!(" {reason}{dot}")
    };
    format!("{planner}{reason}{time}").trim_start().to_owned()
}
