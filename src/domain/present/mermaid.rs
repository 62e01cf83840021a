//! A plan as a Mermaid flowchart: groups as subgraphs, what must be done first as arrows.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use super::{many, number};
use crate::domain::plan::{Plan, PlannedIssue};

/// What Mermaid draws by default.
const MOST_CHARACTERS: usize = 50_000;
const MOST_EDGES: usize = 480;
const LABEL: usize = 48;
/// Room for the last line, which says what was left out.
const RESERVE: usize = 400;

/// A flowchart that always parses and is always short enough to be drawn; what does not fit is counted in a last node.
pub fn mermaid(plan: &Plan) -> String {
    let mut out = String::from("flowchart LR\n");
    let groups: HashSet<&str> = plan
        .issues
        .iter()
        .filter_map(|i| i.parent.as_deref())
        .collect();
    let mut children: HashMap<Option<&str>, Vec<&PlannedIssue>> = HashMap::new();
    for issue in &plan.issues {
        children
            .entry(issue.parent.as_deref())
            .or_default()
            .push(issue);
    }
    let mut drawn: HashSet<&str> = HashSet::new();
    let mut ends: Vec<usize> = Vec::new();
    let mut stack: Vec<(&PlannedIssue, usize)> = children
        .get(&None)
        .into_iter()
        .flatten()
        .rev()
        .map(|i| (*i, 1))
        .collect();
    while let Some((issue, depth)) = stack.pop() {
        close(&mut out, &mut ends, depth);
        let pad = "  ".repeat(depth);
        let label = label(issue);
        let node = node(&issue.id);
        let line = if groups.contains(issue.id.as_str()) {
            format!("{pad}subgraph {node}[\"{label}\"]\n")
        } else {
            format!("{pad}{node}[\"{label}\"]\n")
        };
        let edges: usize = plan.issues.len().min(MOST_EDGES) * 24;
        if out.len() + line.len() + ends.len() * 16 + RESERVE + edges.min(MOST_CHARACTERS / 4)
            > MOST_CHARACTERS
        {
            continue;
        }
        out.push_str(&line);
        if groups.contains(issue.id.as_str()) {
            ends.push(depth);
            stack.extend(
                children
                    .get(&Some(issue.id.as_str()))
                    .into_iter()
                    .flatten()
                    .rev()
                    .map(|i| (*i, (depth + 1).min(8))),
            );
        }
        drawn.insert(issue.id.as_str());
    }
    close(&mut out, &mut ends, 0);
    let mut edges = 0;
    for issue in plan.issues.iter().filter(|i| drawn.contains(i.id.as_str())) {
        for before in issue
            .blocked_by
            .iter()
            .filter(|b| drawn.contains(b.as_str()))
        {
            let line = format!("  {} --> {}\n", node(before), node(&issue.id));
            if edges < MOST_EDGES && out.len() + line.len() + RESERVE < MOST_CHARACTERS {
                out.push_str(&line);
                edges += 1;
            }
        }
    }
    let hidden = plan.issues.len() - drawn.len();
    if hidden > 0 {
        let _ = writeln!(
            out,
            "  more[\"and {}\"]",
            many(hidden, "more issue", "more issues")
        );
    }
    out
}

/// Ends the subgraphs that stand as deep as the next node or deeper.
fn close(out: &mut String, ends: &mut Vec<usize>, depth: usize) {
    while ends.last().is_some_and(|at| *at >= depth) {
        let at = ends.pop().unwrap_or(1);
        let _ = writeln!(out, "{}end", "  ".repeat(at));
    }
}

/// A name of letters and digits alone, and never a word of Mermaid's own.
fn node(id: &str) -> String {
    format!(
        "n{}",
        id.chars()
            .filter(char::is_ascii_alphanumeric)
            .collect::<String>()
    )
}

/// "3 Assign a conversation…"
fn label(issue: &PlannedIssue) -> String {
    let number = number(&issue.id)
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .collect::<String>();
    format!("{number} {}", safe(&issue.title))
}

/// The words, cut, with every sign that means something to Mermaid or HTML as its code.
pub(super) fn safe(words: &str) -> String {
    let title = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut short: String = title.chars().take(LABEL).collect();
    if title.chars().count() > LABEL {
        let at = short
            .rfind(' ')
            .filter(|at| *at > LABEL / 2)
            .unwrap_or(short.len());
        short.truncate(at);
        short.push('…');
    }
    let mut out = String::with_capacity(short.len());
    for c in short.chars() {
        match c {
            c if c.is_alphanumeric()
                || matches!(
                    c,
                    ' ' | ',' | '.' | '-' | '…' | '\'' | '’' | '/' | '(' | ')'
                ) =>
            {
                out.push(c);
            }
            c if c.is_control() => out.push(' '),
            c => {
                let _ = write!(out, "#{};", u32::from(c));
            }
        }
    }
    out
}
