//! Short answers to commands, in comments of their own.

use super::About;
use super::text::{cell, code, count, fit, inline, lines_within, thousands};
use crate::domain::command::Selection;
use crate::domain::ids::RunId;
use crate::domain::policy::TooMany;
use crate::domain::run::{Done, IllegalMove, Phase, State, Status};

const ROOM: usize = 50_000;

/// The commands, what they do, and how to ask.
pub fn help(bot: &str, docs: Option<&str>) -> String {
    let more = docs.map_or_else(String::new, |url| {
        format!("\n\nMore in the [documentation]({url}).")
    });
    format!(
        "### How to work with me\n\n\
         Write a specification in an issue and mention me in it, or begin a line with `/spawn-issues`. \
         I break it down into small issues and link them. Options are lines such as `dry_run: true`, \
         `count: 12` or `labels: backend, api`.\n\n\
         On that issue I listen to these commands:\n\n\
         | comment | what it does |\n|---|---|\n\
         | `@{bot} confirm` | creates the previewed plan, exactly as shown |\n\
         | `@{bot} confirm 1,3-5` | creates only these |\n\
         | `@{bot} drop 2,4` | takes these out of the preview; unticking their boxes does the same |\n\
         | `@{bot} split 3` | makes several issues of this one, each with a number of its own |\n\
         | `@{bot} merge 2,4` | makes one issue of these; the first keeps its number and its title |\n\
         | `@{bot} title 3: new words` | gives it another title |\n\
         | `@{bot} replan` | plans again; add what should be different; edits are gone then |\n\
         | `@{bot} cancel` | ends a waiting run, stops a creating one |\n\
         | `@{bot} rollback last` | closes what the last run created; `rollback RUN` for another |\n\
         | `@{bot} sync` | after the specification was edited: what that adds, changes and retires, to be confirmed |\n\
         | `@{bot} status` | this issue's runs, how far they are, what they wait for |\n\
         | `@{bot} help` | this |{more}\n"
    )
}

/// One run in the answer to `status`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusRow {
    pub run: RunId,
    pub state: State,
    pub created: usize,
    pub total: usize,
    pub failed: usize,
    /// What has become of the created issues since.
    pub done: Done,
    /// What it waits for, or why it failed, in plain words; empty for nothing.
    pub note: String,
}

/// This issue's runs, the newest first.
pub fn status(rows: &[StatusRow], bot: &str) -> String {
    if rows.is_empty() {
        return format!(
            "No run has been started from this issue. Mention me with a specification to start one; \
             `@{bot} help` tells how.\n"
        );
    }
    let lines: Vec<String> = rows.iter().map(status_row).collect();
    let shown = lines_within(&lines, ROOM);
    fit(format!(
        "| run | state | issues | |\n|---|---|---|---|\n{shown}\n"
    ))
}

fn status_row(row: &StatusRow) -> String {
    let (created, total) = (thousands(row.created as u64), thousands(row.total as u64));
    let issues = match row.total {
        0 => "–".to_owned(),
        _ => format!("{created} of {total}"),
    };
    let failed = match row.failed {
        0 => String::new(),
        n => format!(", {n} failed"),
    };
    let closed = match row.done {
        done if done.is_untouched() => String::new(),
        done => format!(", {done}"),
    };
    let note = cell(&row.note);
    format!(
        "| `{}` | {} | {issues}{failed}{closed} | {note} |",
        row.run,
        state_words(row.state)
    )
}

fn state_words(state: State) -> &'static str {
    match (state.status(), state.phase()) {
        (_, Some(Phase::Planning)) => "🔍 planning",
        (_, Some(Phase::AwaitingConfirmation)) => "📋 waiting for confirmation",
        (_, Some(Phase::Creating)) => "🔨 creating",
        (_, Some(Phase::Linking)) => "🔗 linking",
        (_, Some(Phase::Summarising)) => "✅ finishing",
        (_, Some(Phase::RollingBack)) => "↩️ rolling back",
        (Status::Pending | Status::Running, None) => "⏳ waiting to start",
        (Status::Completed, None) => "✅ completed",
        (Status::Failed, None) => "❌ failed",
        (Status::Cancelled, None) => "🛑 cancelled",
        (Status::RolledBack, None) => "↩️ rolled back",
    }
}

/// The one short reply to a word that is no command.
pub fn unknown_command(word: &str, nearest: Option<&str>, bot: &str) -> String {
    let word = code(&word.chars().take(40).collect::<String>());
    match nearest {
        Some(near) => format!(
            "I do not know {word}. Did you mean `@{bot} {near}`? `@{bot} help` lists what I know.\n"
        ),
        None => format!("I do not know {word}. `@{bot} help` lists what I know.\n"),
    }
}

/// A complaint about one line of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Counted from 1.
    pub line: usize,
    /// `count must be 1 to 100, got 900`
    pub says: String,
    /// The line as it was written.
    pub quoted: String,
}

/// Every complaint at once; nothing was started.
pub fn complaints(faults: &[Fault]) -> String {
    const QUOTED: usize = 120;
    let lines: Vec<String> = faults
        .iter()
        .map(|fault| {
            let quoted: String = fault.quoted.chars().take(QUOTED).collect();
            let cut = if quoted.len() < fault.quoted.len() {
                "…"
            } else {
                ""
            };
            let quoted = match quoted.trim() {
                "" => String::new(),
                words => format!("  \n  {}{cut}", code(words)),
            };
            format!("- **line {}**: {}{quoted}", fault.line, inline(&fault.says))
        })
        .collect();
    fit(format!(
        "### I could not read your request\n\n\
         Nothing was started. Please correct {} and ask again in a new comment.\n\n{}\n",
        count(faults.len(), "line"),
        lines_within(&lines, ROOM)
    ))
}

/// There is no preview that could be confirmed.
pub fn nothing_to_confirm(bot: &str) -> String {
    format!("No plan is waiting for confirmation here. `@{bot} status` shows this issue's runs.\n")
}

/// The trigger issue is closed.
pub fn closed(bot: &str) -> String {
    format!("This issue is closed, so nothing was started. Reopen it and mention `@{bot}` again.\n")
}

/// A plan that nobody has seen yet.
pub fn not_shown(bot: &str) -> String {
    format!(
        "The plan has just changed, and its preview above is not up to date yet. Nothing was changed. \
         Have a look in a moment, then comment again, for example `@{bot} confirm`.\n"
    )
}

/// `drop` of everything that is left.
pub fn nothing_left(bot: &str) -> String {
    format!(
        "That would leave nothing to create. To end the run instead, comment `@{bot} cancel`.\n"
    )
}

/// There is no run whose issues could be closed.
pub fn nothing_to_roll_back(bot: &str) -> String {
    format!(
        "No run of this issue has created anything that could be rolled back. \
         `@{bot} status` shows this issue's runs.\n"
    )
}

/// A command that the run's state does not allow.
pub fn already(illegal: IllegalMove, about: About<'_>) -> String {
    format!(
        "{}.\n",
        illegal
            .about(about.run)
            .replacen(about.run.as_str(), &format!("`{}`", about.run), 1)
    )
}

/// A plan over the hard limit, and what can be done; for [`super::failed`].
pub fn too_many(over: TooMany) -> (String, String) {
    let error = format!("{over}.");
    let next = format!(
        "Add `count: {}` or less, or split the specification over several issues, and ask again.",
        over.maximum
    );
    (error, next)
}

/// Numbers that the plan does not have; `known` are those that it has, in order.
pub fn unknown_items(numbers: &[u32], known: &[u32]) -> String {
    let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    let ranges = Selection::of(known.iter().copied()).map(|s| s.to_string());
    let ranges = ranges.unwrap_or_default();
    let ranges = match ranges.split_once('-') {
        // Without gaps, as most plans are.
        Some(("1", last)) if last.bytes().all(|b| b.is_ascii_digit()) => format!("1 to {last}"),
        _ => ranges.replace(',', ", "),
    };
    format!(
        "The plan has {}, numbered {ranges}; there is no {}. Nothing was changed.\n",
        count(known.len(), "issue"),
        numbers.join(", ")
    )
}

/// Numbers of a sync with which nothing is to be done; `to_do` are the others, in order.
pub fn nothing_needed(numbers: &[u32], to_do: &[u32]) -> String {
    let listed = |numbers: &[u32]| {
        let numbers = Selection::of(numbers.iter().copied());
        numbers.map_or_else(String::new, |s| s.to_string().replace(',', ", "))
    };
    let (they, it) = match numbers {
        [_] => ("stays as it is", "it"),
        _ => ("stay as they are", "them"),
    };
    let to_do = match to_do {
        [] => "There is nothing else to do either.".to_owned(),
        [one] => format!("What there is to do is number {one}."),
        many => format!("What there is to do are the numbers {}.", listed(many)),
    };
    format!(
        "{} {they}: there is nothing to do with {it}. {to_do} Nothing was changed.\n",
        listed(numbers)
    )
}

/// An edit that the plan does not allow, and why.
pub fn not_edited(why: &str) -> String {
    format!("{} Nothing was changed.\n", inline(why))
}
