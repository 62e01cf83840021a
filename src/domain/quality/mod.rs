//! How good a plan is: checks from the literature on requirements and user stories, each with its rule's name.
//!
//! INVEST (independent, negotiable, valuable, estimable, small, testable) and the Quality User Story criteria (well-formed,
//! atomic, unambiguous, full sentence, unique, complete, conflict-free) name what to look for; words are in `words`.
//!
//! Invariant: a report changes no plan.

mod checks;
#[cfg(test)]
mod tests;
mod words;

use serde::Serialize;

use super::coverage;
use super::plan::Plan;

/// One check: its name, where it is from, and what it looks for.
pub struct Rule {
    pub name: &'static str,
    /// The criterion in the literature.
    pub criterion: &'static str,
    pub looks_for: &'static str,
    /// Whether a person would act on it before confirming.
    pub is_urgent: bool,
}

const fn rule(
    name: &'static str,
    criterion: &'static str,
    looks_for: &'static str,
    is_urgent: bool,
) -> Rule {
    Rule {
        name,
        criterion,
        looks_for,
        is_urgent,
    }
}

/// Every check, in the order of the report.
#[rustfmt::skip] // a rule to a line
pub const RULES: &[Rule] = &[
    rule("uncovered-block", "QUS: complete", "blocks of the text that no issue covers and nothing excuses", false),
    rule("title-alone", "QUS: full sentence", "titles that cannot be understood without the document", true),
    rule("several-things", "QUS: atomic", "titles that ask for two things", false),
    rule("too-large", "INVEST: small", "issues with very many criteria or blocks", true),
    rule("too-small", "INVEST: valuable", "issues of a word or two", false),
    rule("no-criteria", "INVEST: testable", "issues without acceptance criteria of their own", false),
    rule("unverifiable-words", "QUS: unambiguous", "words that no test can check", true),
    rule("doubled-work", "QUS: unique", "issues of the plan that look like the same work", true),
    rule("waits-for-many", "INVEST: independent", "issues that wait for very many others", false),
    rule("one-chain", "INVEST: independent", "plans in which nothing can be done side by side", false),
    rule("broken-plan", "QUS: conflict-free", "circles, and what a plan must never be", true),
];

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The rule's name.
    pub rule: &'static str,
    /// The planned issue; `None`: the plan, or a block.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issue: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block: Option<String>,
    pub says: String,
}

/// The quality of one plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    pub blocks: usize,
    pub covered: usize,
    pub not_work: usize,
    pub issues: usize,
    /// In the order of the rules.
    pub findings: Vec<Finding>,
}

/// Checks a plan.
pub fn report(plan: &Plan) -> Report {
    let summary = coverage::summary(plan);
    Report {
        blocks: summary.total,
        covered: summary.covered,
        not_work: summary.not_work,
        issues: plan.issues.len(),
        findings: checks::all(plan),
    }
}

impl Report {
    /// The findings that a person would act on before confirming.
    pub fn urgent(&self) -> Vec<&Finding> {
        let is_urgent = |finding: &&Finding| {
            let rule = RULES.iter().find(|rule| rule.name == finding.rule);
            rule.is_some_and(|rule| rule.is_urgent)
        };
        self.findings.iter().filter(is_urgent).collect()
    }

    /// What a person would act on before confirming, in a few lines; the whole report is elsewhere.
    pub fn to_act_on(&self) -> Vec<String> {
        const LINES: usize = 3;
        let urgent = self.urgent();
        let mut lines: Vec<String> = urgent
            .iter()
            .take(LINES)
            .map(|finding| match finding.issue.as_deref().map(number) {
                Some(item) => format!("Item {item}: {}.", finding.says),
                None => format!("{}.", finding.says),
            })
            .collect();
        if urgent.len() > LINES {
            lines.push(format!("{} more like these.", urgent.len() - LINES));
        }
        lines
    }
}

/// The number by which people call an issue.
fn number(id: &str) -> &str {
    id.strip_prefix('i').unwrap_or(id)
}
