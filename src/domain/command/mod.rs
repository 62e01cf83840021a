//! What a comment says to the bot: a command, a request, a slip, or only thanks.
//!
//! In doubt it is no command: a wrong guess at `confirm` would create issues, a needless question costs one reply.

mod edits;
mod grammar;
mod selection;
mod slips;

use super::edit::Edit;
use super::ids::RunId;
use super::markdown::{Outline, Shape};
use super::rejection::Complaint;
use super::request;
use super::trigger::{self, BotNames, Trigger, TriggerKind, small_talk};
pub use selection::Selection;

/// A command, complete with what it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Create the previewed plan, or only these items of it.
    Confirm(Option<Selection>),
    /// Take items out of the preview.
    Drop(Selection),
    /// Change the plan that the preview shows: `split`, `merge`, `title`.
    Edit(Edit),
    /// Plan again, with these words.
    Replan(Option<String>),
    /// End the run.
    Cancel,
    /// Take back what a run created.
    Rollback(RollbackTarget),
    /// Tell how the issue's runs are.
    Status,
    /// Review what an edit of the spec changes.
    Sync,
    /// List the commands.
    Help,
}

impl Command {
    /// The word by which people give it.
    pub fn name(&self) -> &'static str {
        grammar::name(self)
    }
}

/// Which run to take back; `force` also takes back issues that people have worked on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RollbackTarget {
    Last { force: bool },
    Run { id: RunId, force: bool },
}

/// What a comment that is addressed to the bot says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    Command(Command),
    /// A specification or options: to be read by [`request::parse`].
    Request,
    /// "Please plan this": points at the issue without saying what to build.
    ThisIssue,
    /// No command that we know; the words, shortened, and the command that was most likely meant.
    Unknown {
        word: String,
        nearest: Option<&'static str>,
    },
    /// A command that lacks something or has too much of it.
    Bad(Vec<Complaint>),
    /// Thanks or applause: needs no answer.
    Courtesy,
    /// A mention and nothing more: answered with help.
    Nothing,
}

/// Fewer words on the lines above a bare mention are a remark, not a specification.
const FEWEST_WORDS_ABOVE: usize = 3;

/// Reads a comment. `None`: it is not addressed to the bot.
pub fn read(comment: &str, names: &BotNames) -> Option<Said> {
    if !trigger::may_concern(comment, names) {
        return None;
    }
    let outline = Outline::of(comment);
    let trigger = trigger::find_in(&outline, names)?;
    if trigger.kind == TriggerKind::Slash || has_slash_line(&outline, &trigger) {
        return Some(Said::Request);
    }
    let address = Address::of(&outline, &trigger);
    Some(said(&address))
}

/// A comment around its mention.
struct Address<'a> {
    /// Beside the mention, in front of it.
    before: &'a str,
    /// How many words the lines above hold.
    words_above: usize,
    /// The first line with words from the mention on, without what ties it to the mention.
    first: &'a str,
    /// Its line, counted from 1.
    line: usize,
    /// Whether `first` stands beside the mention.
    beside: bool,
    /// The lines below `first` in the same paragraph.
    same_paragraph: Vec<&'a str>,
    /// The lines below that.
    further: Vec<&'a str>,
    /// Everything from `first` on.
    all: &'a str,
}

impl<'a> Address<'a> {
    fn of(outline: &Outline<'a>, trigger: &Trigger) -> Self {
        let text = outline.text;
        let own = outline.lines.range(trigger.line - 1);
        let is_tie = |c: char| {
            matches!(c, ':' | ',' | '.' | '!' | ';' | '-' | '–' | '—') || c.is_whitespace()
        };
        let rest = trigger.range.end..own.end.max(trigger.range.end);
        // `**@Bot** confirm`, `_@Bot_ confirm`
        let beside_text = text[rest]
            .trim_start_matches(['*', '_'])
            .trim_start_matches(is_tie)
            .trim();
        let below: Vec<usize> = (trigger.line..outline.lines.len()).collect();
        let below_from = |index: usize| outline.lines.get(index).trim();
        let (first, line, beside, from) = if has_words(beside_text) {
            (beside_text, trigger.line - 1, true, trigger.line)
        } else {
            let next = below
                .iter()
                .copied()
                .find(|i| is_speech(outline, *i) && has_words(below_from(*i)));
            match next {
                Some(index) => (below_from(index), index, false, index + 1),
                None => (beside_text, trigger.line - 1, true, outline.lines.len()),
            }
        };
        let start = offset_of(text, first);
        let mut same_paragraph = Vec::new();
        let mut further = Vec::new();
        let mut in_paragraph = true;
        for index in from..outline.lines.len() {
            let content = below_from(index);
            in_paragraph &= !content.is_empty();
            if !is_speech(outline, index) || !has_words(content) || small_talk::is_thanks(content) {
                continue;
            }
            if in_paragraph {
                same_paragraph.push(content);
            } else {
                further.push(content);
            }
        }
        let above = (0..trigger.line - 1).filter(|i| is_speech(outline, *i));
        Self {
            before: text[own.start..trigger.range.start].trim(),
            words_above: above
                .map(|i| small_talk::words(outline.lines.get(i)).len())
                .sum(),
            first,
            line: line + 1,
            beside,
            same_paragraph,
            further,
            all: text[start..].trim_end(),
        }
    }

    fn is_one_line(&self) -> bool {
        self.same_paragraph.is_empty() && self.further.is_empty()
    }
}

fn offset_of(text: &str, part: &str) -> usize {
    (part.as_ptr() as usize)
        .saturating_sub(text.as_ptr() as usize)
        .min(text.len())
}

fn has_words(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

/// Whether the line is neither a quote nor a comment; code counts, for a specification may hold it.
fn is_speech(outline: &Outline<'_>, index: usize) -> bool {
    let range = outline.lines.range(index);
    let line = outline.lines.get(index);
    let at = range.start + (line.len() - line.trim_start().len());
    if !outline.is_inert(at) {
        return true;
    }
    let block = outline
        .blocks
        .partition_point(|b| b.range.start <= at)
        .checked_sub(1);
    block.is_none_or(|b| outline.blocks[b].shape != Shape::Other)
}

fn has_slash_line(outline: &Outline<'_>, trigger: &Trigger) -> bool {
    let beside = &outline.text[trigger.range.end..];
    let beside = beside.trim_start_matches([':', ',', ' ', '\t']);
    trigger::strip_slash(beside).is_some()
        || (trigger.line..outline.lines.len()).any(|index| {
            let line = outline.lines.get(index);
            let indent = line.len() - line.trim_start_matches(' ').len();
            let at = outline.lines.range(index).start;
            indent <= 3 && trigger::strip_slash(line).is_some() && !outline.is_inert(at + indent)
        })
}

fn said(address: &Address<'_>) -> Said {
    let words = small_talk::words(address.first);
    if words.is_empty() || words.iter().all(|w| small_talk::is_polite(w)) {
        return said_by_the_rest(address);
    }
    match grammar::read(address.first) {
        grammar::Read::Replan => {
            let said = Said::Command(Command::Replan(grammar::replan_words(address.all)));
            return doubted(said, "replan", address);
        }
        grammar::Read::Command(command) if address.same_paragraph.is_empty() => {
            let name = grammar::name(&command);
            return doubted(Said::Command(command), name, address);
        }
        grammar::Read::Bad { says } if address.is_one_line() => {
            let complaints = says.into_iter().map(|s| Complaint::new(address.line, s));
            return Said::Bad(complaints.collect());
        }
        // `confirm` on one line and `1,3` on the next.
        grammar::Read::Command(_) | grammar::Read::Bad { .. } => {
            let joined = format!("{} {}", address.first, address.same_paragraph.join(" "));
            return match grammar::read(&joined) {
                grammar::Read::Command(command) => {
                    let name = grammar::name(&command);
                    doubted(Said::Command(command), name, address)
                }
                _ => unknown(&words, grammar::first_command(address.first)),
            };
        }
        grammar::Read::Doubtful { nearest, always } => {
            if always || address.is_one_line() {
                return unknown(&words, Some(nearest));
            }
        }
        grammar::Read::None => {}
    }
    not_a_command(address, &words)
}

/// What remains where the mention is followed by nothing that says anything.
fn said_by_the_rest(address: &Address<'_>) -> Said {
    if !address.is_one_line() || address.words_above >= FEWEST_WORDS_ABOVE {
        return Said::Request;
    }
    if small_talk::is_thanks(address.first)
        || (address.first.is_empty() && small_talk::is_thanks(address.before))
    {
        return Said::Courtesy;
    }
    Said::Nothing
}

fn not_a_command(address: &Address<'_>, words: &[String]) -> Said {
    if address.beside
        && let Some(nearest) = slips::slip_of(words)
    {
        return unknown(words, Some(nearest));
    }
    if !address.is_one_line() || request::is_option_line(address.first) {
        return Said::Request;
    }
    if small_talk::is_thanks(address.first) {
        return Said::Courtesy;
    }
    if let Some(nearest) = slips::slip_of(words) {
        return unknown(words, Some(nearest));
    }
    if address.words_above >= FEWEST_WORDS_ABOVE && small_talk::says_nothing(address.first) {
        return Said::Request;
    }
    if small_talk::points_at_hand(words) {
        return Said::ThisIssue;
    }
    if slips::is_question(address.first, words) {
        return unknown(words, Some("help"));
    }
    if words.len() <= 2 {
        return unknown(words, None);
    }
    Said::Request
}

fn unknown(words: &[String], nearest: Option<&'static str>) -> Said {
    let few = words
        .iter()
        .take(6)
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(" ");
    Said::Unknown {
        word: few.chars().take(60).collect(),
        nearest,
    }
}

/// A command that changes something is no command behind words such as "do not" or "if".
fn doubted(said: Said, name: &'static str, address: &Address<'_>) -> Said {
    let harmless = matches!(said, Said::Command(Command::Help | Command::Status));
    if harmless || !slips::casts_doubt(address.before) {
        return said;
    }
    unknown(&small_talk::words(address.first), Some(name))
}

#[cfg(test)]
mod tests;
