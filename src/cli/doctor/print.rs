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
    for part in checks.chunk_by(|one, next| part_of(one) == part_of(next)) {
        if !out.is_empty() {
            out.push('\n');
        }
        for alike in part.chunk_by(is_alike) {
            line(&mut out, alike, width, terminal);
        }
    }
    // Cannot fail: a String takes everything.
    let _ = writeln!(out, "\n{}", verdict(checks, took, terminal));
    out
}

fn part_of(check: &Check) -> &str {
    check.name.split('.').next().unwrap_or_default()
}

/// Skipped for the same reason: told once.
fn is_alike(one: &Check, other: &Check) -> bool {
    one.finding.state == State::Skipped && one.finding == other.finding
}

/// One check, or several that are skipped for the same reason.
fn line(out: &mut String, alike: &[Check], width: usize, terminal: Terminal) {
    let [check, others @ ..] = alike else {
        return;
    };
    let finding = &check.finding;
    let (of, short) = check.name.split_once('.').unwrap_or(("", check.name));
    let short = if others.is_empty() { short } else { "*" };
    let (sign, name) = match finding.state {
        State::Ok => (terminal.green("✓"), short.to_owned()),
        State::Warning => (terminal.yellow("!"), terminal.yellow(short)),
        State::Failed => (terminal.red("✗"), terminal.red(short)),
        State::Skipped => (terminal.dim("–"), terminal.dim(short)),
    };
    let mut says = finding.says.clone();
    if !others.is_empty() {
        let names = alike.iter().filter_map(|check| check.name.split_once('.'));
        let names: Vec<&str> = names.map(|(_, short)| short).collect();
        let _ = write!(says, " ({})", names.join(", "));
    }
    let indent = width + 6;
    let margin = " ".repeat(indent);
    let lines = wrap(&says, WIDTH - indent);
    let lines = lines.iter().map(|line| match finding.state {
        State::Skipped => terminal.dim(line),
        State::Failed => terminal.bold(line),
        State::Ok | State::Warning => line.clone(),
    });
    let says = lines.collect::<Vec<_>>().join(&format!("\n{margin}"));
    let pad = " ".repeat(width.saturating_sub(of.len() + 1 + short.len()));
    let of = terminal.dim(format_args!("{of}."));
    let _ = writeln!(out, "  {sign} {of}{name}{pad}  {says}");
    for detail in &finding.details {
        append(
            out,
            &margin,
            &terminal.dim("·"),
            &wrap(detail, WIDTH - indent - 2),
        );
    }
    if let Some(advice) = &finding.advice {
        append(
            out,
            &margin,
            &terminal.cyan("→"),
            &wrap(advice, WIDTH - indent - 2),
        );
    }
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
