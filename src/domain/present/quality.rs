//! The quality report for a terminal.

use std::fmt::Write as _;

use super::{many, number};
use crate::domain::quality::{RULES, Report};

/// What was checked and found, rule by rule.
pub fn quality(report: &Report) -> String {
    let mut out = format!(
        "Quality: {} of {} covered, {} not work; {}.\n",
        report.covered,
        many(report.blocks, "block", "blocks"),
        report.not_work,
        many(report.findings.len(), "finding", "findings")
    );
    let urgent = report.to_act_on();
    if !urgent.is_empty() {
        out.push_str("Before confirming, look at these:\n");
        for line in urgent {
            let _ = writeln!(out, "  {line}");
        }
        out.push_str("Every check:\n");
    }
    for rule in RULES {
        let found: Vec<_> = report
            .findings
            .iter()
            .filter(|f| f.rule == rule.name)
            .collect();
        let mark = if found.is_empty() { "✓" } else { "!" };
        let _ = writeln!(
            out,
            "  {mark} {} ({}): {}",
            rule.name, rule.criterion, rule.looks_for
        );
        for finding in found {
            match finding.issue.as_deref() {
                Some(issue) => {
                    let _ = writeln!(out, "      {}: {}", number(issue), finding.says);
                }
                None => {
                    let _ = writeln!(out, "      {}", finding.says);
                }
            }
        }
    }
    out
}
