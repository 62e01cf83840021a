//! The commands of one line.

use super::selection::NoSelection;
use super::slips::denied;
use super::{Command, RollbackTarget, Selection, edits};
use crate::domain::edit::Edit;
use crate::domain::ids::RunId;
use crate::domain::rejection::quoted;
use crate::domain::trigger::small_talk::{self, is_in};

/// Every command's name; the first word of it.
pub(super) const COMMANDS: [&str; 11] = [
    "confirm", "drop", "split", "merge", "title", "replan", "cancel", "rollback", "status", "sync",
    "help",
];

/// Politeness before a command, and behind it.
pub(super) const BEFORE: &str = "please pls plz kindly hi hey hello ok okay just now then so";
pub(super) const BEHIND: &str = "please pls plz thanks thank you thx ty now cheers then";

/// Words that change nothing behind a command.
pub(super) const FILLERS: &str = "the this that it run plan current issue me whole";

/// How many words an unreadable command may have before it is more likely a sentence that begins so.
pub(super) const LONGEST_SLIP: usize = 8;
/// How a line reads as a command.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Read {
    Command(Command),
    /// `replan`, whose words may go on below.
    Replan,
    Bad {
        says: Vec<String>,
    },
    /// It holds a command's name but is not one; `always`: not even with more lines is it a request.
    Doubtful {
        nearest: &'static str,
        always: bool,
    },
    None,
}

/// A command's name.
pub(super) fn name(command: &Command) -> &'static str {
    match command {
        Command::Confirm(_) => "confirm",
        Command::Drop(_) => "drop",
        Command::Edit(Edit::Split(_)) => "split",
        Command::Edit(Edit::Merge { .. }) => "merge",
        Command::Edit(Edit::Title { .. }) => "title",
        Command::Replan(_) => "replan",
        Command::Cancel => "cancel",
        Command::Rollback(_) => "rollback",
        Command::Status => "status",
        Command::Sync => "sync",
        Command::Help => "help",
    }
}

/// Reads one line from the mention on. A question (`confirm?`) is a command only where it changes nothing.
pub(super) fn read(line: &str) -> Read {
    match read_statement(line) {
        Read::Command(command)
            if line.ends_with('?')
                && !matches!(
                    command,
                    Command::Status | Command::Help | Command::Edit(Edit::Title { .. })
                ) =>
        {
            Read::Doubtful {
                nearest: name(&command),
                always: true,
            }
        }
        read => read,
    }
}

fn read_statement(line: &str) -> Read {
    let tokens = tokens(line);
    let Some((first, rest)) = tokens.split_first() else {
        return Read::None;
    };
    match first.as_str() {
        "confirm" => confirm(rest),
        "drop" => drop_items(rest),
        "split" => edits::split(rest),
        "merge" => edits::merge(rest),
        "title" => edits::title(line, rest),
        "replan" => Read::Replan,
        "rollback" => rollback(rest),
        "roll" if rest.first().is_some_and(|w| w == "back") => rollback(&rest[1..]),
        "cancel" => alone(Command::Cancel, rest),
        "status" => alone(Command::Status, rest),
        "sync" => alone(Command::Sync, rest),
        "help" => alone(Command::Help, rest),
        _ => denied(&tokens),
    }
}

/// The words behind `replan`, over all their lines; `None` where there are only polite ones.
pub(super) fn replan_words(text: &str) -> Option<String> {
    let at = text.to_ascii_lowercase().find("replan")?;
    let rest = text[at + "replan".len()..]
        .trim_start_matches(|c: char| {
            matches!(c, ':' | ',' | ';' | '.' | '!' | '`' | '*' | '-') || c.is_whitespace()
        })
        .trim();
    let polite = small_talk::words(rest)
        .iter()
        .all(|w| small_talk::is_polite(w));
    (!polite).then(|| rest.to_owned())
}

/// The command with whose name the line begins.
pub(super) fn first_command(line: &str) -> Option<&'static str> {
    let tokens = tokens(line);
    let first = tokens.first()?;
    COMMANDS.into_iter().find(|c| c == first)
}

/// The line's words in lower case without markup and politeness around them; `#` and `-` stay for item numbers.
fn tokens(line: &str) -> Vec<String> {
    let is_wrap = |c: char| {
        matches!(
            c,
            '`' | '*' | '_' | '"' | '\'' | '(' | ')' | '“' | '”' | '‘' | '’'
        )
    };
    let is_end = |c: char| {
        matches!(c, '.' | ',' | '!' | '?' | ';' | ':')
            || is_wrap(c)
            || !c.is_ascii() && !c.is_alphanumeric()
    };
    let mut tokens: Vec<String> = line
        .split_whitespace()
        .map(|word| {
            word.trim_start_matches(is_wrap)
                .trim_end_matches(is_end)
                .to_lowercase()
        })
        .filter(|word| !word.is_empty())
        .collect();
    let polite = tokens.iter().take_while(|t| is_in(BEFORE, t)).count();
    tokens.drain(..polite);
    while tokens.len() > 1 && tokens.last().is_some_and(|t| is_in(BEHIND, t)) {
        tokens.pop();
    }
    tokens
}

fn only_fillers(rest: &[String]) -> bool {
    rest.iter().all(|w| is_in(FILLERS, w))
}

fn alone(command: Command, rest: &[String]) -> Read {
    let nearest = name(&command);
    if only_fillers(rest) {
        Read::Command(command)
    } else if rest.len() < LONGEST_SLIP {
        Read::Doubtful {
            nearest,
            always: false,
        }
    } else {
        Read::None
    }
}

fn confirm(rest: &[String]) -> Read {
    let everything = |w: &String| {
        is_in(FILLERS, w) || matches!(w.as_str(), "all" | "everything" | "items" | "issues")
    };
    if rest.iter().all(everything) {
        return Read::Command(Command::Confirm(None));
    }
    match Selection::read(&rest.join(" ")) {
        Ok(selection) => Read::Command(Command::Confirm(Some(selection))),
        Err(NoSelection::Wrong(says)) => Read::Bad { says },
        Err(NoSelection::Words) => Read::Doubtful {
            nearest: "confirm",
            always: true,
        },
    }
}

fn drop_items(rest: &[String]) -> Read {
    match Selection::read(&rest.join(" ")) {
        Ok(selection) => Read::Command(Command::Drop(selection)),
        Err(NoSelection::Wrong(says)) => Read::Bad { says },
        Err(NoSelection::Words) if rest.len() >= LONGEST_SLIP => Read::None,
        Err(NoSelection::Words) => {
            let got = if rest.is_empty() {
                String::new()
            } else {
                format!(", got {}", quoted(&rest.join(" ")))
            };
            let says = format!(
                "drop takes the numbers of items, for example `drop 2,4`{got}; to have a text planned, begin its line with \
                 `/spawn-issues`"
            );
            Read::Bad { says: vec![says] }
        }
    }
}

fn rollback(rest: &[String]) -> Read {
    let bad = |got: String| Read::Bad {
        says: vec![format!(
            "rollback takes `last` or the id of a run{got}; write `rollback last` or `rollback run_YYYYMMDD_HHMMSS_…` (`status` \
             lists the runs)"
        )],
    };
    let words: Vec<&str> = rest.iter().map(|w| w.trim_start_matches("--")).collect();
    let force = words.contains(&"force");
    let named: Vec<&str> = words
        .into_iter()
        .filter(|w| *w != "force" && !is_in(FILLERS, w))
        .collect();
    match named.as_slice() {
        [] => bad(String::new()),
        ["last"] => Read::Command(Command::Rollback(RollbackTarget::Last { force })),
        [one] => match RunId::parse(one) {
            Some(id) => Read::Command(Command::Rollback(RollbackTarget::Run { id, force })),
            None => bad(format!(", got {}", quoted(one))),
        },
        several if several.len() <= LONGEST_SLIP => {
            bad(format!(", got {}", quoted(&several.join(" "))))
        }
        _ => Read::Doubtful {
            nearest: "rollback",
            always: true,
        },
    }
}
