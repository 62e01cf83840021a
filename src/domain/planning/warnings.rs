//! What the preview says about a model's plan, in plain words: what was mended, left out, invented, or planned by structure.

use super::Brief;
use super::assemble::Told;
use super::compose;
use super::cover::Trace;

/// Titles that one warning names.
const NAMED_MOST: usize = 5;

/// The finished plan, as far as the warnings need it.
pub(super) struct Outcome<'a> {
    pub brief: &'a Brief<'a>,
    pub told: &'a Told,
    pub trace: &'a Trace,
    /// Titles of issues that the spec does not ask for.
    pub inventions: &'a [&'a str],
    /// Blocks that the model excused and structure would plan.
    pub overruled: &'a [usize],
    pub issues: usize,
    pub repairs: u32,
}

impl Outcome<'_> {
    pub(super) fn warnings(&self) -> Vec<String> {
        [self.of_the_spec(), self.of_the_number(), self.of_mending()].concat()
    }

    fn of_the_spec(&self) -> Vec<String> {
        let mut out = Vec::new();
        if !self.inventions.is_empty() {
            let (is, it) = if self.inventions.len() == 1 {
                ("is", "it")
            } else {
                ("are", "them")
            };
            out.push(format!(
                "Not in the spec, so not selected: {} {is} the model's own idea. Tick {it} to create {it}.",
                named(self.inventions)
            ));
        }
        let told = self.told;
        if !told.structural_blocks.is_empty() {
            out.push(format!(
                "The model left out {}; this was planned from the document's structure instead.",
                self.places(&told.structural_blocks)
            ));
        }
        if !told.attached.is_empty() {
            out.push(format!(
                "The model left out {}; this was added, word for word, to the issues where it belongs.",
                self.places(&told.attached)
            ));
        }
        if !self.overruled.is_empty() {
            out.push(format!(
                "The model takes {} for no work, where the document's structure finds some; its reasons stand below \
                 under “Not work”.",
                self.places(self.overruled)
            ));
        }
        if !self.trace.open.is_empty() {
            out.push(format!(
                "Nothing was planned for {}.",
                self.places(&self.trace.open)
            ));
        }
        out
    }

    fn of_the_number(&self) -> Vec<String> {
        let mut out = Vec::new();
        if let Some((before, limit)) = self.told.too_many {
            out.push(format!(
                "The model planned {before} issues, more than {limit}; neighbours were merged and nothing was left out."
            ));
        }
        if self.told.inventions_left_out > 0 {
            let n = self.told.inventions_left_out;
            out.push(format!(
                "{} of the model that the spec does not ask for {} left out for want of room.",
                many(n, "idea", "ideas"),
                if n == 1 { "was" } else { "were" }
            ));
        }
        if let Some(count) = self
            .brief
            .wishes
            .count
            .filter(|c| self.issues < *c as usize)
        {
            out.push(format!(
                "{count} issues were asked for, and the model found work for {}.",
                self.issues
            ));
        }
        out
    }

    fn of_mending(&self) -> Vec<String> {
        let told = self.told;
        let mut out = Vec::new();
        if self.repairs > 0 {
            out.push(format!(
                "The model's answer had to be corrected {} before it could be used.",
                if self.repairs == 1 {
                    "once".to_owned()
                } else {
                    format!("{} times", self.repairs)
                }
            ));
        }
        let mut say = |n: usize, one: &str, more: &str, what: &str| {
            if n > 0 {
                out.push(format!("{} {what}", many(n, one, more)));
            }
        };
        say(
            told.merged,
            "issue was",
            "issues were",
            "planned twice and merged into one each.",
        );
        say(
            told.circles,
            "dependency was",
            "dependencies were",
            "left out to keep the order free of circles; please check what waits for what.",
        );
        say(
            told.labels,
            "label that",
            "labels that",
            "the model proposed and nobody asked for were left out.",
        );
        say(
            told.commands,
            "issue had",
            "issues had",
            "lines that speak to a bot or stand for other issues; these lines were left out.",
        );
        out
    }

    fn places(&self, blocks: &[usize]) -> String {
        let lines = blocks
            .iter()
            .filter_map(|n| self.brief.spec.blocks.get(*n))
            .map(|b| b.lines);
        compose::lines(lines)
    }
}

fn many(n: usize, one: &str, more: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { more })
}

fn named(titles: &[&str]) -> String {
    let shown: Vec<String> = titles
        .iter()
        .take(NAMED_MOST)
        .map(|t| format!("“{t}”"))
        .collect();
    match titles.len().saturating_sub(NAMED_MOST) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
