//! What is nearly a command, or only sounds like one: it is answered with a question and never done.

use super::grammar::{BEFORE, BEHIND, COMMANDS, FILLERS, LONGEST_SLIP, Read};
use crate::domain::trigger::small_talk::{self, is_in};

/// What people write instead of a command. It is never done, only suggested.
const INSTEAD: [(&str, &str); 11] = [
    (
        "confirm",
        "approve approved yes yep y go proceed lgtm ship accept confirmed",
    ),
    ("drop", "remove delete skip exclude without"),
    ("split", "divide separate"),
    ("merge", "join combine unite"),
    ("title", "rename retitle name"),
    ("replan", "retry redo regenerate rerun plan"),
    ("cancel", "no stop abort halt close reject"),
    ("rollback", "undo revert roll"),
    ("status", "progress state list info ping"),
    ("sync", "update refresh"),
    ("help", "commands usage docs man test"),
];

/// Words before the mention that make a command behind it doubtful.
const DOUBTS: &str = "not don't dont never nobody if when once after before until unless should could can would may might \
                      write type say saying use using comment commenting reply post wait why what how who cannot can't \
                      shouldn't won't instead";

/// How many words a line may have whose first word is a near miss.
const LONGEST_NEAR_MISS: usize = 4;

/// The command of which these words are most likely a slip: a near miss, or another bot's word for it.
pub(super) fn slip_of(words: &[String]) -> Option<&'static str> {
    let words: Vec<&str> = words
        .iter()
        .map(String::as_str)
        .skip_while(|w| is_in(BEFORE, w))
        .collect();
    let first = *words.first()?;
    let instead = || {
        INSTEAD
            .iter()
            .find(|(_, words)| is_in(words, first))
            .map(|(command, _)| *command)
    };
    // "rename 3: Add the login form": whatever follows is the title.
    if words.get(1).is_some_and(|w| is_number(w))
        && let Some(edit) = near_miss(first).or_else(instead).filter(|c| is_edit(c))
    {
        return Some(edit);
    }
    if words.len() > LONGEST_NEAR_MISS {
        return None;
    }
    // Another word for it counts where nothing else is said; "update the docs" is a wish.
    let few = words.len() == 1 || words[1..].iter().all(|w| is_beside(w));
    match words.as_slice() {
        ["looks", "good", ..] | ["do" | "ship", "it"] | ["go", "ahead"] | ["sounds", "good"] => {
            Some("confirm")
        }
        ["plan", _, ..] => None,
        _ => near_miss(first)
            .or_else(|| instead().filter(|_| few))
            .filter(|c| !is_edit(c) || few),
    }
}

fn is_beside(word: &str) -> bool {
    is_in(BEHIND, word)
        || is_in(FILLERS, word)
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
        || is_number(word)
}

fn is_number(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit() || c == '#')
}

/// Words that people also use for the work itself: without a number they are no command.
fn is_edit(command: &str) -> bool {
    matches!(command, "split" | "merge" | "title")
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
    small_talk::words(before).iter().any(|w| is_in(DOUBTS, w))
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

/// A short line that names a command behind a "do not".
pub(super) fn denied(tokens: &[String]) -> Read {
    let denies = tokens.iter().any(|t| {
        matches!(
            t.as_str(),
            "not" | "don't" | "don’t" | "dont" | "never" | "no" | "cannot" | "can't" | "wait"
        )
    });
    let has_number = tokens.iter().any(|t| is_number(t));
    let mut named = COMMANDS.into_iter().filter(|c| has_number || !is_edit(c));
    let named = named.find(|c| tokens.iter().any(|t| t == c));
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
