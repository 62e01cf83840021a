//! A plan as a Markdown document that a person could paste.

use std::fmt::Write as _;

use super::{coverage_line, depths, lines_of, many, number, numbers, opening};
use crate::domain::coverage;
use crate::domain::plan::Plan;

/// The outline, each issue with its body, and the coverage.
pub fn markdown(plan: &Plan) -> String {
    let mut out = String::new();
    let name = if plan.spec.title.trim().is_empty() {
        "Plan".to_owned()
    } else {
        format!("Plan: {}", inline(plan.spec.title.trim()))
    };
    let _ = writeln!(
        out,
        "# {name}\n\n{}: {}\n",
        many(plan.issues.len(), "issue", "issues"),
        inline(&plan.count_reason)
    );
    let depths = depths(plan);
    for issue in &plan.issues {
        let indent = "  ".repeat(depths.get(issue.id.as_str()).copied().unwrap_or(0));
        let waits = if issue.blocked_by.is_empty() {
            String::new()
        } else {
            format!(" (waits for {})", numbers(&issue.blocked_by))
        };
        let _ = writeln!(
            out,
            "{indent}- **{}** {}{waits}",
            number(&issue.id),
            inline(&issue.title)
        );
    }
    if !plan.warnings.is_empty() {
        out.push_str("\n> [!WARNING]\n");
        for warning in &plan.warnings {
            let _ = writeln!(out, "> - {}", inline(warning));
        }
    }
    for issue in &plan.issues {
        let _ = writeln!(
            out,
            "\n## {}. {}\n",
            number(&issue.id),
            inline(&issue.title)
        );
        let mut facts = Vec::new();
        if let Some(parent) = &issue.parent {
            facts.push(format!("part of {}", number(parent)));
        }
        if !issue.blocked_by.is_empty() {
            facts.push(format!("waits for {}", numbers(&issue.blocked_by)));
        }
        facts.extend(
            issue
                .component
                .as_ref()
                .map(|c| format!("component {}", inline(c))),
        );
        facts.extend(issue.repository.as_ref().map(|r| format!("in {r}")));
        if !issue.labels.is_empty() {
            facts.push(format!("labels {}", inline(&issue.labels.join(", "))));
        }
        facts.extend(lines_of(plan, issue));
        if !facts.is_empty() {
            let _ = writeln!(out, "*{}*\n", facts.join(" · "));
        }
        let _ = writeln!(out, "{}", issue.body.trim_end());
    }
    let summary = coverage::summary(plan);
    let _ = writeln!(out, "\n## Coverage\n\n{}.", coverage_line(&summary));
    if !summary.uncovered.is_empty() {
        out.push('\n');
        for block in &summary.uncovered {
            let _ = writeln!(
                out,
                "- line {}: {}",
                block.lines[0],
                inline(&opening(&block.text, 100))
            );
        }
    }
    out
}

/// One line that starts nothing: no heading, no HTML, no comment.
fn inline(text: &str) -> String {
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    flat.replace('<', "&lt;")
}
