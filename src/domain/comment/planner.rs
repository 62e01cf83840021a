//! How a plan was made, in words: why no model planned, and what the one that did has cost.

use chrono::NaiveDate;

use super::text::{code, thousands};
use crate::domain::money::Money;
use crate::domain::planning::Degraded;

/// What models were paid for a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AiUse {
    /// `provider/model`.
    pub model: String,
    pub tokens_in: u64,
    pub tokens_out: u64,
    /// Where the price is known.
    pub cost: Option<Money>,
    /// The day that the price is of.
    pub priced_as_of: Option<NaiveDate>,
    /// The month's budget and what is spent of it, this run included.
    pub month: Option<Spent>,
}

/// How much of a budget is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spent {
    pub spent: Money,
    pub budget: Money,
}

/// The one line that says why structure planned.
pub fn degraded(why: &Degraded) -> String {
    format!(
        "Planned from the document's structure, not by a model: {}.",
        reason(why)
    )
}

/// A part of the text that the model could not plan.
pub fn partly_degraded(lines: (usize, usize), why: &Degraded) -> String {
    let (first, last) = lines;
    format!(
        "Lines {first}–{last} were planned from the document's structure, not by the model: {}.",
        reason(why)
    )
}

fn reason(why: &Degraded) -> String {
    match why {
        Degraded::NoKey { provider } => format!("there is no key for {}", code(provider)),
        Degraded::KeyUnusable { provider } => format!(
            "the stored key for {} cannot be opened by this server and has to be entered again",
            code(provider)
        ),
        Degraded::NoModel { provider } => {
            format!("the settings name no model of {}", code(provider))
        }
        Degraded::NoAddress { provider } => {
            format!("the settings name no address for {}", code(provider))
        }
        Degraded::NotAllowed { provider } => {
            format!("the policy does not allow {}", code(provider))
        }
        Degraded::NoPrice { model } => format!(
            "there is a monthly budget, and the operator's table has no price for {}",
            code(model)
        ),
        Degraded::BudgetSpent { budget, spent } => {
            format!("the rest of this month's budget of {budget} does not reach ({spent} is spent)")
        }
        Degraded::Unavailable { model, says } => {
            format!("{} cannot be asked: {says}", code(model))
        }
        Degraded::Refused { model, says } => format!("{} declined: {says}", code(model)),
        Degraded::BeyondRepair { model } => format!(
            "the reply of {} could not be used, and two requests to mend it did not help",
            code(model)
        ),
        Degraded::TooLong { model } => format!(
            "{} cannot read even a small part of the text at once",
            code(model)
        ),
        Degraded::TooSlow { model } => format!("{} took too long", code(model)),
        Degraded::TooManyQuestions { model } => {
            format!("it would have taken too many questions to {}", code(model))
        }
    }
}

/// `1,234 tokens in, 567 out, $0.0012`, with the month's budget where there is one.
pub(super) fn paid(ai: &AiUse) -> String {
    let (model, tokens_in, tokens_out) = (
        code(&ai.model),
        thousands(ai.tokens_in),
        thousands(ai.tokens_out),
    );
    if ai.tokens_in == 0 && ai.tokens_out == 0 {
        return format!("{model}: answered from earlier replies, nothing was paid.");
    }
    let of = ai
        .priced_as_of
        .map_or_else(String::new, |day| format!(" by the prices of {day}"));
    let cost = ai
        .cost
        .map_or_else(String::new, |cost| format!(", {cost}{of}"));
    let month = ai.month.map_or_else(String::new, |month| {
        format!(" ({} of {} this month)", month.spent, month.budget)
    });
    // Two dollars in a line would be taken for a formula.
    let paid = format!("{cost}{month}").replace('$', "\\$");
    format!("{model}: {tokens_in} tokens in, {tokens_out} out{paid}.")
}
