//! The preview: the whole plan with tick boxes, why it waits, and what to do next.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::text::{code, count, duration, folded, inline, lines_within, page};
use super::{About, Link, item_number};
use crate::domain::plan::{Plan, PlannedIssue};
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
}

/// A planned issue that looks like an existing one without being the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimilarIssue {
    /// The planned issue's number.
    pub item: u32,
    pub link: Link,
    pub title: String,
}

const LIST_ROOM: usize = 40_000;
const GRAPH_ROOM: usize = 10_000;
const DETAIL_ROOM: usize = 3_000;

/// The plan, to be confirmed.
pub fn preview(p: &Preview<'_>) -> String {
    let planned = p.plan.issues.len();
    let kept = planned - p.plan.issues.iter().filter(|i| is_dropped(p, i)).count();
    let planned_words = count(planned, "issue");
    let selected = match kept == planned {
        true => String::new(),
        false => format!(", {kept} selected"),
    };
    let heading = format!("📋 {planned_words} planned{selected}, waiting for your confirmation");
    page(
        p.about,
        &heading,
        &[
            &why(p.reasons),
            &warnings(&p.plan.warnings),
            &lines_within(&task_list(p), LIST_ROOM),
            &similar(p.similar),
            &graph(p.mermaid),
            &coverage(p.plan),
            &next_steps(p.about.bot),
            &origin(p, kept),
        ],
    )
}

/// The numbers in a preview, or in one that somebody edited, and whether their boxes are ticked.
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
            let mut lines = vec![format!("{NOTHING} Please have a look first:")];
            lines.extend(reasons.iter().map(|reason| match reason {
                Reason::ProhibitedKeyword(_) => format!("- {}", inline(&reason.to_string())),
                _ => format!("- {reason}"),
            }));
            lines.join("\n")
        }
    }
}

fn warnings(warnings: &[String]) -> String {
    if warnings.is_empty() {
        return String::new();
    }
    let lines: Vec<String> = warnings
        .iter()
        .map(|warning| format!("> - {}", inline(warning)))
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
        let line = task(issue, is_dropped(p, issue), &blocks);
        lines.push(format!("{}{line}", "  ".repeat(depth)));
        let below = children.remove(issue.id.as_str()).unwrap_or_default();
        waiting.extend(below.into_iter().rev().map(|child| (depth + 1, child)));
    }
    lines
}

fn task(issue: &PlannedIssue, is_dropped: bool, blocks: &BTreeMap<&str, &Block>) -> String {
    let mark = if is_dropped { ' ' } else { 'x' };
    let number = number_of(&issue.id);
    let mut notes = Vec::new();
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
        notes => format!(" <sub>{}</sub>", notes.join(" · ")),
    };
    format!("- [{mark}] **{number}.** {title}{notes}")
}

fn number_of(id: &str) -> &str {
    id.strip_prefix('i').unwrap_or(id)
}

/// `line 4`, `lines 4–7, 12 and 2 more places`.
fn line_ranges(ranges: impl Iterator<Item = [usize; 2]>) -> Option<String> {
    const SHOWN: usize = 3;
    let mut ranges: Vec<[usize; 2]> = ranges.collect();
    ranges.sort_unstable();
    let mut joined: Vec<[usize; 2]> = Vec::new();
    for [first, last] in ranges {
        match joined.last_mut() {
            Some(open) if first <= open[1] + 1 => open[1] = open[1].max(last),
            _ => joined.push([first, last]),
        }
    }
    let words: Vec<String> = joined
        .iter()
        .take(SHOWN)
        .map(|[first, last]| match first == last {
            true => first.to_string(),
            false => format!("{first}–{last}"),
        })
        .collect();
    let word = match joined.as_slice() {
        [] => return None,
        [[first, last]] if first == last => "line",
        _ => "lines",
    };
    let more = match joined.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {}", count(more, "more place")),
    };
    Some(format!("{word} {}{more}", words.join(", ")))
}

fn similar(similar: &[SimilarIssue]) -> String {
    if similar.is_empty() {
        return String::new();
    }
    let lines: Vec<String> = similar
        .iter()
        .map(|s| {
            format!(
                "- **{}.** is like {} · {}",
                s.item,
                s.link,
                inline(&s.title)
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

fn coverage(plan: &Plan) -> String {
    let blocks = &plan.spec.blocks;
    let of: BTreeMap<&str, _> = plan
        .coverage
        .iter()
        .map(|c| (c.block.as_str(), c))
        .collect();
    let covered = |b: &&Block| of.get(b.id.as_str()).is_some_and(|c| !c.issues.is_empty());
    let reason = |b: &Block| of.get(b.id.as_str()).and_then(|c| c.reason.as_deref());
    let (done, rest): (Vec<&Block>, Vec<&Block>) = blocks.iter().partition(covered);
    let (not_work, open): (Vec<&Block>, Vec<&Block>) =
        rest.into_iter().partition(|b| reason(b).is_some());
    let mut line = format!(
        "**Coverage.** {} of {} became issues",
        done.len(),
        count(blocks.len(), "block")
    );
    if !not_work.is_empty() {
        line += &format!(", {} not work", is_are(not_work.len()));
    }
    line += &match open.len() {
        0 => ". Nothing is left out.".to_owned(),
        n => format!(", **{} not covered**.", is_are(n)),
    };
    let excused: Vec<String> = not_work
        .iter()
        .map(|b| format!("- {} · {}", inline(reason(b).unwrap_or_default()), quote(b)))
        .collect();
    let open: Vec<String> = open.iter().map(|b| format!("- {}", quote(b))).collect();
    [
        line,
        folded(
            &format!("Not covered ({})", open.len()),
            &lines_within(&open, DETAIL_ROOM),
        ),
        folded(
            &format!("Not work ({})", excused.len()),
            &lines_within(&excused, DETAIL_ROOM),
        ),
    ]
    .into_iter()
    .filter(|part| !part.is_empty())
    .collect::<Vec<_>>()
    .join("\n\n")
}

fn is_are(n: usize) -> String {
    format!("{n} {}", if n == 1 { "is" } else { "are" })
}

fn quote(block: &Block) -> String {
    const SHOWN: usize = 70;
    let place = line_ranges(std::iter::once(block.lines)).unwrap_or_default();
    let line = block.text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = line.trim_start_matches(['#', '>', ' ']);
    if line.chars().count() <= SHOWN {
        return format!("{place}: {}", inline(line));
    }
    let cut: String = line.chars().take(SHOWN).collect();
    format!("{place}: {}…", inline(cut.trim_end()))
}

fn next_steps(bot: &str) -> String {
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

fn origin(p: &Preview<'_>, kept: usize) -> String {
    let planner = match p.plan.planner.as_str() {
        "structural" => "Planned from the document's structure; no model was used.".to_owned(),
        model => format!("Planned by {}.", code(model)),
    };
    let minute = f64::from(p.rate_per_minute.max(1));
    let seconds = 60.0 / minute * f64::from(u32::try_from(kept).unwrap_or(u32::MAX));
    let time = duration(Duration::from_secs_f64(seconds));
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
    format!("{planner}{reason}{time}")
}

/// True when every number is a planned issue's; the others are given back.
pub fn unknown_numbers(plan: &Plan, numbers: impl IntoIterator<Item = u32>) -> Vec<u32> {
    let known: BTreeSet<u32> = plan
        .issues
        .iter()
        .filter_map(|i| item_number(&i.id))
        .collect();
    numbers.into_iter().filter(|n| !known.contains(n)).collect()
}
