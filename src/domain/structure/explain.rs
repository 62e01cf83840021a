//! Why a plan is as it is: every decision with the name of its rule.

use std::collections::HashMap;

use serde::Serialize;

use super::outline;
use super::reader::Reader;
use super::rules;
use super::words::headings::{self, Meaning};
use crate::domain::plan::{Plan, PlannedIssue};
use crate::domain::spec::block_id;

/// One decision of the planner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// The rule's name.
    pub rule: &'static str,
    /// The planned issue that it is about; `None`: a block alone, or the whole plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issue: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub block: Option<String>,
    /// The issue that is waited for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<String>,
    /// In words.
    pub says: String,
}

impl Decision {
    fn of(rule: &'static str, says: &str) -> Self {
        Self {
            rule,
            issue: None,
            block: None,
            waits_for: None,
            says: says.to_owned(),
        }
    }

    fn by(rule: &'static str) -> Self {
        Self::of(rule, rules::says(rule).unwrap_or_default())
    }
}

/// Gives decisions the numbers of a plan that was made to fit since: issues keep their titles, which differ.
pub fn renumber(decisions: &mut [Decision], before: &[PlannedIssue], after: &[PlannedIssue]) {
    let now: HashMap<&str, &str> = after
        .iter()
        .map(|issue| (issue.title.as_str(), issue.id.as_str()))
        .collect();
    let ids: HashMap<&str, &str> = before
        .iter()
        .filter_map(|issue| Some((issue.id.as_str(), *now.get(issue.title.as_str())?)))
        .collect();
    for decision in decisions {
        let named = [&mut decision.issue, &mut decision.waits_for];
        for id in named.into_iter().flatten() {
            if let Some(new) = ids.get(id.as_str()) {
                (*new).clone_into(id);
            }
        }
    }
}

/// Every decision: the number, then each issue, what it waits for, then each block, in the order of the text.
pub(super) fn decisions(reader: &Reader<'_>, order: &[usize], plan: &Plan) -> Vec<Decision> {
    let mut out = vec![Decision::of(rules::COUNT, &plan.count_reason)];
    for (draft, issue) in order.iter().zip(&plan.issues) {
        let made = &reader.drafts[*draft];
        out.push(Decision {
            issue: Some(issue.id.clone()),
            block: Some(block_id(made.anchor)).filter(|_| !reader.pieces.is_empty()),
            ..Decision::by(made.rule)
        });
        for first in &made.blocked_by {
            let Some(at) = order.iter().position(|n| n == first) else {
                continue;
            };
            let rule = reader.edges.get(&(*draft, *first)).copied();
            out.push(Decision {
                issue: Some(issue.id.clone()),
                waits_for: Some(plan.issues[at].id.clone()),
                ..Decision::by(rule.unwrap_or(rules::CARRIED_OVER))
            });
        }
    }
    let drafts: HashMap<&str, usize> = plan
        .issues
        .iter()
        .map(|issue| issue.id.as_str())
        .zip(order.iter().copied())
        .collect();
    for (piece, (block, coverage)) in plan.spec.blocks.iter().zip(&plan.coverage).enumerate() {
        for id in &coverage.issues {
            let rule = drafts.get(id.as_str()).map(|n| taken(reader, *n, piece));
            out.push(Decision {
                issue: Some(id.clone()),
                block: Some(block.id.clone()),
                ..Decision::by(rule.unwrap_or(rules::TAKEN_ALONG))
            });
        }
        if let Some(reason) = &coverage.reason {
            out.push(Decision {
                block: Some(block.id.clone()),
                ..aside(reader, piece, &block.section, reason)
            });
        }
    }
    out
}

/// Why an issue covers a block.
fn taken(reader: &Reader<'_>, draft: usize, piece: usize) -> &'static str {
    let made = &reader.drafts[draft];
    if reader.rest.contains(&piece) {
        rules::NEAREST_ISSUE
    } else if reader.twins.contains(&piece) {
        rules::WRITTEN_TWICE
    } else if let Some(rule) = reader.why.get(&piece).filter(|_| made.anchor != piece) {
        rule
    } else if made.main.contains(&piece) {
        rules::WHAT_TO_BUILD
    } else if made.criteria.iter().any(|c| c.piece == piece) {
        rules::CRITERION
    } else if reader.pieces[piece].level > 0 {
        rules::HEADING_OF_ISSUES
    } else {
        rules::TAKEN_ALONG
    }
}

/// Why a block is no work: its own heading or label, one above it, or what the block itself is.
fn aside(reader: &Reader<'_>, piece: usize, section: &[String], reason: &str) -> Decision {
    let gives = |heading: &str| {
        let rule = outline::rule(heading)?;
        let is_it = match rule.meaning {
            Meaning::Aside { reason: its, .. } => its == reason,
            Meaning::Done => reason == super::reader::ALREADY_DONE,
            _ => false,
        };
        is_it.then_some(rule.name)
    };
    let it = &reader.pieces[piece];
    let own = Some(it.plain.as_str()).filter(|_| it.level > 0);
    let label = super::labels::split(&it.plain).map(|(label, _)| label);
    let named = own
        .into_iter()
        .chain(label)
        .chain(section.iter().rev().map(String::as_str))
        .find_map(|words| Some((gives(words)?, words)));
    if let Some((rule, words)) = named {
        let words = super::bodies::shortened(words, 60);
        return Decision::of(
            rule,
            &format!("“{words}” says that it is no work: {reason}"),
        );
    }
    if let Some(rule) = rules::of_reason(reason) {
        return Decision::by(rule);
    }
    // A column's head, or an opening of the paragraph, that means what such a heading means.
    let like = headings::rules()
        .find(|rule| matches!(rule.meaning, Meaning::Aside { reason: its, .. } if its == reason));
    let rule = like.map_or("aside", |rule| rule.name);
    Decision::of(
        rule,
        &format!("its own words say that it is no work: {reason}"),
    )
}

#[cfg(test)]
mod tests;
