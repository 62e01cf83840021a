//! Why a plan is as it is, for a terminal: issue by issue and block by block, each decision with its rule's name.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::{number, opening};
use crate::domain::plan::Plan;
use crate::domain::spec::Block;
use crate::domain::structure::Decision;

/// Every decision as a line of text.
pub fn explanation(plan: &Plan, decisions: &[Decision]) -> String {
    let titles: HashMap<&str, &str> = plan
        .issues
        .iter()
        .map(|i| (i.id.as_str(), i.title.as_str()))
        .collect();
    let blocks: HashMap<&str, &Block> = plan
        .spec
        .blocks
        .iter()
        .map(|b| (b.id.as_str(), b))
        .collect();
    let mut out = String::from("Why, by the planner's rules:\n");
    for decision in decisions {
        let issue = decision.issue.as_deref();
        let place = decision.block.as_deref().and_then(|id| blocks.get(id));
        let place =
            place.map(|block| format!("line {}: {}", block.lines[0], opening(&block.text, 50)));
        let about = match (issue, &decision.waits_for, place) {
            (Some(issue), Some(first), _) => {
                format!("{} waits for {}", number(issue), number(first))
            }
            (Some(issue), None, Some(place)) => format!("{} from {place}", number(issue)),
            (Some(issue), None, None) => {
                let title = titles.get(issue).copied().unwrap_or_default();
                format!("{} {}", number(issue), opening(title, 50))
            }
            (None, _, Some(place)) => place,
            (None, _, None) => format!("{} issues", plan.issues.len()),
        };
        let _ = writeln!(
            out,
            "  {about}\n      {} — {}",
            decision.rule, decision.says
        );
    }
    out
}
