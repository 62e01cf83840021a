//! The doctor's findings for people: a line each, what stands behind it, and what to do.

use std::fmt::Write as _;
use std::time::Duration;

use super::{Check, State, Terminal};
use crate::domain::present::wrap;

/// Wider is hard to read.
const WIDTH: usize = 110;

/// Everything, with a blank line between one part of the server and the next.
pub(super) fn text(checks: &[Check], took: Duration, terminal: Terminal) -> String {
    let width = checks
        .iter()
        .map(|check| check.name.len())
        .max()
        .unwrap_or(0);
    let mut out = String::new();
    let mut part = "";
    for check in checks {
        let (of, short) = check.name.split_once('.').unwrap_or(("", check.name));
        if !part.is_empty() && part != of {
            out.push('\n');
        }
        part = of;
        let sign = match check.finding.state {
            State::Ok => terminal.green("✓"),
            State::Warning => terminal.yellow("!"),
            State::Failed => terminal.red("✗"),
            State::Skipped => terminal.dim("–"),
        };
        let pad = " ".repeat(width - check.name.len());
        let name = match check.finding.state {
            State::Failed => terminal.red(short),
            State::Warning => terminal.yellow(short),
            State::Ok => short.to_owned(),
            State::Skipped => terminal.dim(short),
        };
        let indent = width + 6;
        let lines = wrap(&check.finding.says, WIDTH - indent);
        let lines = lines.iter().map(|line| match check.finding.state {
            State::Skipped => terminal.dim(line),
            State::Failed => terminal.bold(line),
            State::Ok | State::Warning => line.clone(),
        });
        let margin = " ".repeat(indent);
        let says = lines.collect::<Vec<_>>().join(&format!("\n{margin}"));
        // Cannot fail: a String takes everything.
        let _ = writeln!(
            out,
            "  {sign} {}{name}{pad}  {says}",
            terminal.dim(format_args!("{of}."))
        );
        for detail in &check.finding.details {
            append(
                &mut out,
                &margin,
                &terminal.dim("·"),
                &wrap(detail, WIDTH - indent - 2),
            );
        }
        if let Some(advice) = &check.finding.advice {
            append(
                &mut out,
                &margin,
                &terminal.cyan("→"),
                &wrap(advice, WIDTH - indent - 2),
            );
        }
    }
    let _ = writeln!(out, "\n{}", verdict(checks, took, terminal));
    out
}

fn append(out: &mut String, margin: &str, sign: &str, lines: &[String]) {
    for (number, line) in lines.iter().enumerate() {
        let sign = if number == 0 { sign } else { " " };
        let _ = writeln!(out, "{margin}{sign} {line}");
    }
}

/// `✗ 2 failed, 1 warning, 3 skipped, 24 well in 0.4 s. Begin with database.reachable.`
fn verdict(checks: &[Check], took: Duration, terminal: Terminal) -> String {
    let count = |state| {
        checks
            .iter()
            .filter(|check| check.finding.state == state)
            .count()
    };
    let (failed, warnings) = (count(State::Failed), count(State::Warning));
    let plural = if warnings == 1 { "" } else { "s" };
    let words: Vec<String> = [
        (failed, format!("{failed} failed")),
        (warnings, format!("{warnings} warning{plural}")),
        (
            count(State::Skipped),
            format!("{} skipped", count(State::Skipped)),
        ),
        (count(State::Ok), format!("{} well", count(State::Ok))),
    ]
    .into_iter()
    .filter_map(|(number, words)| (number > 0).then_some(words))
    .collect();
    let words = format!("{} in {:.1} s", words.join(", "), took.as_secs_f64());
    let first = checks
        .iter()
        .find(|check| check.finding.state == State::Failed);
    match first {
        Some(first) => format!(
            "{} {}. Begin with {}.",
            terminal.red("✗"),
            terminal.bold(words),
            terminal.bold(first.name)
        ),
        None if warnings > 0 => format!("{} {}.", terminal.yellow("!"), terminal.bold(words)),
        None => format!("{} {}.", terminal.green("✓"), terminal.bold(words)),
    }
}
