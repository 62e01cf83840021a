//! The preview: what confirming does, the whole plan with tick boxes, what to look at, and how to change it.
//!
//! | file | |
//! |---|---|
//! | `list` | the planned issues, a line each |
//! | `facts` | what confirming makes, how long it takes, who is told |
//! | `parts` | a list that is too long for one comment |

mod facts;
mod list;
mod parts;

use std::collections::{BTreeMap, BTreeSet};

use super::coverage::coverage;
use super::planner::{AiUse, paid};
use super::text::{code, count, folded, inline, lines_within};
use super::{About, Link};
use crate::domain::ids::RepositoryName;
use crate::domain::plan::Plan;
use crate::domain::policy::Reason;
use crate::domain::{present, quality};

pub use list::ticked;
pub use parts::part_is_over;

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
    /// The repository of the trigger issue.
    pub home: &'a RepositoryName,
    /// Where the specification can be read.
    pub spec_url: &'a str,
    /// The parts of this preview that stand on GitHub.
    pub part_urls: &'a BTreeMap<u32, String>,
    /// Issues are linked to what groups them.
    pub sub_issues: bool,
    /// Issues are linked to what they wait for.
    pub dependencies: bool,
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
    /// `None`: it is where not everybody may read who reads this.
    pub issue: Option<(Link, String)>,
    pub is_closed: bool,
}

const GRAPH_ROOM: usize = 10_000;
/// Nobody reads more nodes as a drawing.
const GRAPH_NODES: usize = 48;
const DETAIL_ROOM: usize = 3_000;
/// More lines than these are folded.
const LINES_OPEN: usize = 3;

/// The plan, to be confirmed: one comment, or several where one does not hold it.
pub fn preview(p: &Preview<'_>) -> Vec<String> {
    let planned = p.plan.issues.len();
    let kept = planned - p.plan.issues.iter().filter(|i| p.is_dropped(&i.id)).count();
    let planned_words = count(planned, "issue");
    let selected = if kept == planned {
        String::new()
    } else {
        format!(", {kept} selected")
    };
    let heading = format!("📋 {planned_words} planned{selected}, waiting for your confirmation");
    let before = [
        why(p.reasons),
        facts::confirming(p),
        warnings(&p.plan.warnings, &again(p)),
        list::of_all(p.plan),
    ];
    let behind = [
        similar(p.similar),
        worth_a_look(p),
        graph(&ticked_only(p)),
        coverage(p.plan, p.dropped, p.spec_url),
        commands(&p.about),
        origin(p),
    ];
    parts::in_parts(p, &heading, &before, &list::lines(p), &behind)
}

impl Preview<'_> {
    fn is_dropped(&self, id: &str) -> bool {
        self.dropped.contains(id)
    }
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

/// The number by which people call a planned issue.
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
            let like = match &s.issue {
                Some((link, title)) => format!("is like {link} · {}", inline(title)),
                None => "looks like an issue that is there already".to_owned(),
            };
            let closed = if s.is_closed { " (closed)" } else { "" };
            format!("- **{}.** {like}{closed}", s.item)
        })
        .collect();
    format!(
        "**Possible duplicates.** Drop the ones for which the existing issue will do.\n{}",
        lines_within(&lines, DETAIL_ROOM)
    )
}

/// What the quality report found that a person would act on.
fn worth_a_look(p: &Preview<'_>) -> String {
    let report = quality::report(p.plan);
    let is_dropped = |id: &String| p.is_dropped(id);
    let lines: Vec<String> = report
        .urgent()
        .into_iter()
        .filter(|finding| !finding.issue.as_ref().is_some_and(is_dropped))
        .map(|finding| {
            let item = finding.issue.as_deref().map(number_of);
            let item = item.map_or_else(String::new, |n| format!("**{n}.** "));
            format!("- {item}{} (`{}`)", inline(&finding.says), finding.rule)
        })
        .collect();
    match lines.len() {
        0 => String::new(),
        1..=LINES_OPEN => format!(
            "**Worth a look**, by the rules of the quality report:\n{}",
            lines.join("\n")
        ),
        n => folded(
            &format!("Worth a look, by the rules of the quality report ({n})"),
            &lines_within(&lines, DETAIL_ROOM),
        ),
    }
}

/// The plan as confirming would make it: what hangs under an issue that was taken out hangs under what is above that.
fn ticked_only(p: &Preview<'_>) -> Plan {
    let parents: BTreeMap<&str, Option<&String>> = p
        .plan
        .issues
        .iter()
        .map(|i| (i.id.as_str(), i.parent.as_ref()))
        .collect();
    let mut plan = p.plan.clone();
    plan.issues.retain(|i| !p.is_dropped(&i.id));
    for issue in &mut plan.issues {
        issue.blocked_by.retain(|first| !p.is_dropped(first));
        // A circle of parents ends the walk.
        for _ in 0..parents.len() {
            match &issue.parent {
                Some(parent) if p.is_dropped(parent) => {
                    issue.parent = parents.get(parent.as_str()).copied().flatten().cloned();
                }
                _ => break,
            }
        }
    }
    plan
}

/// Drawn whole while people can read it, else its groups and sections alone.
fn graph(plan: &Plan) -> String {
    let fits = |mermaid: &str| {
        // A fence inside would end ours.
        mermaid.chars().count() <= GRAPH_ROOM && !mermaid.contains("```")
    };
    let issues = plan.issues.len();
    if issues == 0 {
        return String::new();
    }
    let whole = present::mermaid(plan);
    let (summary, drawn) = if issues <= GRAPH_NODES && fits(&whole) {
        ("What waits for what, as a graph".to_owned(), whole)
    } else {
        let (groups, drawn) = present::overview(plan, GRAPH_NODES);
        let (issues, groups) = (count(issues, "issue"), count(groups, "group"));
        let summary = format!("What waits for what, as a graph: {issues} folded into {groups}");
        (summary, drawn)
    };
    if !fits(&drawn) {
        return String::new();
    }
    folded(&summary, &format!("```mermaid\n{}\n```", drawn.trim_end()))
}

/// Everything that can be done beside confirming it as it stands.
fn commands(about: &About<'_>) -> String {
    let command = |flag| about.process(flag);
    if let (Some(confirm), Some(preview), Some(cancel)) = (
        command("--confirm"),
        command("--dry-run"),
        command("--cancel"),
    ) {
        let table = format!(
            "| to | run |\n|---|---|\n\
             | create what is ticked, exactly as shown | {confirm} |\n\
             | plan again, after editing this issue | {preview} |\n\
             | stop | {cancel} |"
        );
        return folded("All commands: confirm, plan again, stop", &table);
    }
    let bot = about.bot;
    let table = format!(
        "| to | comment |\n|---|---|\n\
         | create what is ticked, exactly as shown | `@{bot} confirm` |\n\
         | create only some | `@{bot} confirm 1,3-5` |\n\
         | take some out | `@{bot} drop 2,4`, or untick their boxes |\n\
         | make several issues of one | `@{bot} split 3` |\n\
         | make one issue of several; the first keeps its number and title | `@{bot} merge 2,4` |\n\
         | say a title better | `@{bot} title 3: new words` |\n\
         | plan again; edits are gone then | `@{bot} replan` and what should be different |\n\
         | stop | `@{bot} cancel` |"
    );
    folded(
        "All commands: confirm, drop, split, merge, title, replan, cancel",
        &table,
    )
}

/// Who planned it, at what price, and why there are as many as there are.
fn origin(p: &Preview<'_>) -> String {
    let planner = match (p.plan.planner.as_str(), p.ai) {
        // Its reason says so itself.
        ("structural", None) => String::new(),
        ("structural", Some(ai)) => paid(ai),
        (model, None) => format!("Planned by {}.", code(model)),
        (_, Some(ai)) => format!("Planned by {}", paid(ai)),
    };
    let reason = inline(&p.plan.count_reason);
    let dot = if reason.is_empty() || reason.ends_with('.') {
        ""
    } else {
        "."
    };
    format!("{planner} {reason}{dot}").trim().to_owned()
}
