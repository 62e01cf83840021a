//! The commands of one line, their near misses, and the words around them.

use super::selection::NoSelection;
use super::{Command, RollbackTarget, Selection};
use crate::domain::ids::RunId;
use crate::domain::rejection::quoted;
use crate::domain::trigger::small_talk;

/// Every command's name; the first word of it.
pub(super) const COMMANDS: [&str; 8] = [
    "confirm", "drop", "replan", "cancel", "rollback", "status", "sync", "help",
];

/// What people write instead, and what they most likely mean. It is never done, only suggested.
const INSTEAD: &[(&str, &str)] = &[
    ("approve", "confirm"),
    ("approved", "confirm"),
    ("yes", "confirm"),
    ("yep", "confirm"),
    ("y", "confirm"),
    ("go", "confirm"),
    ("proceed", "confirm"),
    ("lgtm", "confirm"),
    ("ship", "confirm"),
    ("accept", "confirm"),
    ("confirmed", "confirm"),
    ("no", "cancel"),
    ("stop", "cancel"),
    ("abort", "cancel"),
    ("halt", "cancel"),
    ("close", "cancel"),
    ("reject", "cancel"),
    ("remove", "drop"),
    ("delete", "drop"),
    ("skip", "drop"),
    ("exclude", "drop"),
    ("without", "drop"),
    ("retry", "replan"),
    ("redo", "replan"),
    ("regenerate", "replan"),
    ("rerun", "replan"),
    ("plan", "replan"),
    ("undo", "rollback"),
    ("revert", "rollback"),
    ("roll", "rollback"),
    ("progress", "status"),
    ("state", "status"),
    ("list", "status"),
    ("info", "status"),
    ("update", "sync"),
    ("refresh", "sync"),
    ("commands", "help"),
    ("usage", "help"),
    ("docs", "help"),
    ("man", "help"),
    ("ping", "status"),
    ("test", "help"),
];

/// Politeness before a command, and behind it.
const BEFORE: &[&str] = &[
    "please", "pls", "plz", "kindly", "hi", "hey", "hello", "ok", "okay", "just", "now", "then",
    "so",
];
const BEHIND: &[&str] = &[
    "please", "pls", "plz", "thanks", "thank", "you", "thx", "ty", "now", "cheers", "then",
];

/// Words that change nothing behind a command.
const FILLERS: &[&str] = &[
    "the", "this", "that", "it", "run", "plan", "current", "issue", "me", "whole",
];

/// Words before the mention that make a command behind it doubtful.
const DOUBTS: &[&str] = &[
    "not",
    "don't",
    "dont",
    "never",
    "nobody",
    "if",
    "when",
    "once",
    "after",
    "before",
    "until",
    "unless",
    "should",
    "could",
    "can",
    "would",
    "may",
    "might",
    "write",
    "type",
    "say",
    "saying",
    "use",
    "using",
    "comment",
    "commenting",
    "reply",
    "post",
    "wait",
    "why",
    "what",
    "how",
    "who",
    "cannot",
    "can't",
    "shouldn't",
    "won't",
    "instead",
];

/// How many words an unreadable command may have before it is more likely a sentence that begins so.
const LONGEST_SLIP: usize = 8;
/// How many words a line may have whose first word is a near miss.
const LONGEST_NEAR_MISS: usize = 4;

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
            if line.ends_with('?') && !matches!(command, Command::Status | Command::Help) =>
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

/// The command of which these words are most likely a slip: a near miss, or another bot's word for it.
pub(super) fn slip_of(words: &[String]) -> Option<&'static str> {
    let words: Vec<&str> = words
        .iter()
        .map(String::as_str)
        .skip_while(|w| BEFORE.contains(w))
        .collect();
    let first = *words.first()?;
    if words.len() > LONGEST_NEAR_MISS {
        return None;
    }
    let instead = || {
        INSTEAD
            .iter()
            .find(|(word, _)| *word == first)
            .map(|(_, command)| *command)
    };
    // Another word for it counts where nothing else is said; "update the docs" is a wish.
    let few = words.len() == 1 || words[1..].iter().all(|w| is_beside(w));
    match words.as_slice() {
        ["looks", "good", ..]
        | ["do", "it"]
        | ["go", "ahead"]
        | ["ship", "it"]
        | ["sounds", "good"] => Some("confirm"),
        ["plan", _, ..] => None,
        _ => near_miss(first).or_else(|| instead().filter(|_| few)),
    }
}

fn is_beside(word: &str) -> bool {
    BEHIND.contains(&word)
        || FILLERS.contains(&word)
        || matches!(
            word,
            "ahead"
                | "all"
                | "everything"
                | "last"
                | "back"
                | "again"
                | "for"
                | "force"
                | "items"
                | "item"
        )
        || word.starts_with(|c: char| c.is_ascii_digit() || c == '#')
}

/// The command that lies within a slip or two of the word.
fn near_miss(word: &str) -> Option<&'static str> {
    if word.len() > 12 {
        return None;
    }
    COMMANDS
        .into_iter()
        .filter(|command| command.len().abs_diff(word.len()) <= 2)
        .map(|command| (strsim::damerau_levenshtein(command, word), command))
        .filter(|(distance, command)| {
            (1..=if command.len() < 6 { 1 } else { 2 }).contains(distance)
        })
        .min()
        .map(|(_, command)| command)
}

/// Whether a text before the mention makes it doubtful that a command behind it is meant.
pub(super) fn casts_doubt(before: &str) -> bool {
    small_talk::words(before)
        .iter()
        .any(|w| DOUBTS.contains(&w.as_str()))
}

/// Whether a line asks about something instead of asking for it.
pub(super) fn is_question(line: &str, words: &[String]) -> bool {
    line.trim_end().ends_with('?')
        && words.first().is_some_and(|w| {
            matches!(
                w.as_str(),
                "what"
                    | "why"
                    | "how"
                    | "who"
                    | "when"
                    | "where"
                    | "which"
                    | "is"
                    | "are"
                    | "does"
                    | "did"
                    | "do"
                    | "was"
                    | "what's"
            )
        })
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
    let polite = tokens
        .iter()
        .take_while(|t| BEFORE.contains(&t.as_str()))
        .count();
    tokens.drain(..polite);
    while tokens.len() > 1 && tokens.last().is_some_and(|t| BEHIND.contains(&t.as_str())) {
        tokens.pop();
    }
    tokens
}

fn only_fillers(rest: &[String]) -> bool {
    rest.iter().all(|w| FILLERS.contains(&w.as_str()))
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
        FILLERS.contains(&w.as_str())
            || matches!(w.as_str(), "all" | "everything" | "items" | "issues")
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
        .filter(|w| *w != "force" && !FILLERS.contains(w))
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

/// A short line that names a command behind a "do not".
fn denied(tokens: &[String]) -> Read {
    let denies = tokens.iter().any(|t| {
        matches!(
            t.as_str(),
            "not" | "don't" | "don’t" | "dont" | "never" | "no" | "cannot" | "can't" | "wait"
        )
    });
    let named = COMMANDS.into_iter().find(|c| tokens.iter().any(|t| t == c));
    match named {
        Some(nearest) if denies && tokens.len() <= LONGEST_SLIP => Read::Doubtful {
            nearest,
            always: true,
        },
        Some(nearest) if tokens.len() <= LONGEST_NEAR_MISS => Read::Doubtful {
            nearest,
            always: false,
        },
        _ => Read::None,
    }
}
