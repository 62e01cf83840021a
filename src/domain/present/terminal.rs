//! A plan for a terminal: plain text, at most 100 columns wide.

use std::fmt::Write as _;

use super::{coverage_line, depths, lines_of, many, number, numbers, opening};
use crate::domain::coverage;
use crate::domain::plan::Plan;

const WIDTH: usize = 100;

/// The plan as plain text; colour is the caller's affair.
pub fn text(plan: &Plan) -> String {
    let mut out = String::new();
    let name = if plan.spec.title.trim().is_empty() {
        "Plan"
    } else {
        plan.spec.title.trim()
    };
    let heading = format!(
        "{} · {} · {}",
        opening(name, 60),
        many(plan.issues.len(), "issue", "issues"),
        planned_from(plan)
    );
    let _ = writeln!(
        out,
        "{heading}\n{}\n",
        "─".repeat(heading.chars().count().min(WIDTH))
    );
    let depths = depths(plan);
    let widest = plan
        .issues
        .last()
        .map_or(1, |i| number(&i.id).chars().count())
        .max(2);
    for issue in &plan.issues {
        let depth = depths.get(issue.id.as_str()).copied().unwrap_or(0);
        if depth == 0 && !out.ends_with("\n\n") && plan.issues.iter().any(|i| i.parent.is_some()) {
            out.push('\n');
        }
        let indent = " ".repeat(depth * 4);
        let margin = format!("{indent}{:>widest$}  ", number(&issue.id));
        let hang = " ".repeat(margin.chars().count());
        wrapped(&mut out, &margin, &hang, &issue.title);
        let mut facts = Vec::new();
        facts.extend(lines_of(plan, issue));
        if !issue.blocked_by.is_empty() {
            facts.push(format!("waits for {}", numbers(&issue.blocked_by)));
        }
        facts.extend(issue.component.clone());
        facts.extend(issue.repository.as_ref().map(ToString::to_string));
        if !facts.is_empty() {
            wrapped(&mut out, &hang, &hang, &facts.join(" · "));
        }
    }
    if !out.ends_with("\n\n") {
        out.push('\n');
    }
    let summary = coverage::summary(plan);
    wrapped(
        &mut out,
        "",
        "  ",
        &format!("Coverage: {}.", coverage_line(&summary)),
    );
    for block in summary.uncovered.iter().take(20) {
        wrapped(
            &mut out,
            "  ? ",
            "    ",
            &format!("line {}: {}", block.lines[0], opening(&block.text, 70)),
        );
    }
    wrapped(&mut out, "", "  ", &format!("Count: {}", plan.count_reason));
    for warning in &plan.warnings {
        wrapped(&mut out, "  ! ", "    ", warning);
    }
    out
}

fn planned_from(plan: &Plan) -> String {
    if plan.planner == "structural" {
        "planned from the document's structure".to_owned()
    } else {
        format!("planned by {}", plan.planner)
    }
}

/// The words in lines of at most so many columns; a longer word has a line of its own.
pub fn wrap(words: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in words.split_whitespace() {
        let line = lines.last_mut().expect("there is one");
        if line.is_empty() {
            line.push_str(word);
        } else if line.chars().count() + 1 + word.chars().count() <= width {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

/// Writes words in lines of at most 100 columns.
fn wrapped(out: &mut String, first: &str, hang: &str, words: &str) {
    let mut line = first.to_owned();
    let mut is_empty = true;
    for word in words.split_whitespace() {
        if !is_empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            out.push_str(line.trim_end());
            out.push('\n');
            hang.clone_into(&mut line);
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    out.push_str(line.trim_end());
    out.push('\n');
}
