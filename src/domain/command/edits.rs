//! The commands that change a waiting plan: `split 3`, `merge 2,4`, `title 3: new words`.

use super::grammar::{LONGEST_SLIP, Read};
use super::selection::NoSelection;
use super::{Command, Selection};
use crate::domain::edit::Edit;
use crate::domain::planning::LONGEST_TITLE;
use crate::domain::rejection::quoted;

const REQUEST: &str = "to have a text planned, begin its line with `/spawn-issues`";

pub(super) fn split(rest: &[String]) -> Read {
    match Selection::read_in_order(&rest.join(" ")) {
        Ok(items) => match items.as_slice() {
            [item] => Read::Command(Command::Edit(Edit::Split(*item))),
            several => bad(format!(
                "split takes one item at a time, got {}; write `split {}`, and the next when the preview shows it",
                several.len(),
                several[0]
            )),
        },
        Err(no) => no_numbers(
            no,
            rest,
            "split takes the number of an item, for example `split 3`",
        ),
    }
}

pub(super) fn merge(rest: &[String]) -> Read {
    let takes =
        "merge takes the numbers of two or more items, for example `merge 2,4`: the first stays";
    // "merge 2 with 4"
    let rest: Vec<String> = rest.iter().filter(|w| *w != "with").cloned().collect();
    match Selection::read_in_order(&rest.join(" ")) {
        Ok(items) => match items.as_slice() {
            [into, others @ ..] if !others.is_empty() => {
                let (into, others) = (*into, others.to_vec());
                Read::Command(Command::Edit(Edit::Merge { into, others }))
            }
            _ => bad(format!("{takes}, got {}", quoted(&rest.join(" ")))),
        },
        Err(no) => no_numbers(no, &rest, takes),
    }
}

/// `line` is as it was written: a title keeps its case and its signs.
pub(super) fn title(line: &str, rest: &[String]) -> Read {
    const TAKES: &str =
        "title takes an item and its new title, for example `title 3: Add the login form`";
    let Some(raw) = behind_the_name(line) else {
        return Read::None;
    };
    let Some((item, words)) = item_and_words(raw) else {
        if rest.is_empty() {
            return bad(TAKES.to_owned());
        }
        // "title: …" opens a text, and "title the pages" is a wish.
        let is_wish = is_wish(rest) || raw.trim_start().starts_with([':', '=']);
        if is_wish {
            return Read::None;
        }
        let got = quoted(&rest.join(" "));
        return bad(format!("{TAKES}, got {got}; {REQUEST}"));
    };
    if item == Some(0) {
        return bad("items are counted from 1, got `0`".to_owned());
    }
    let Some(item) = item else {
        return bad("there is no item with so large a number".to_owned());
    };
    let title = unquoted(words);
    let length = title.chars().count();
    if !title.chars().any(char::is_alphanumeric) {
        return bad(format!(
            "the new title is missing: write `title {item}: Add the login form`"
        ));
    }
    if length > LONGEST_TITLE {
        return bad(format!(
            "a title has 1 to {LONGEST_TITLE} characters, got {length}"
        ));
    }
    let title = title.to_owned();
    Read::Command(Command::Edit(Edit::Title { item, title }))
}

/// What stands behind the word `title`, without the code span that all of it may stand in.
fn behind_the_name(line: &str) -> Option<&str> {
    const NAME: &str = "title";
    let at = line.to_ascii_lowercase().find(NAME)?;
    let mut raw = line[at + NAME.len()..].trim();
    for wrap in ['`', '*', '_'] {
        if line[..at].ends_with(wrap) {
            raw = raw.trim_end_matches(wrap);
        }
    }
    Some(raw.trim_start_matches(['*', '_', '`']).trim())
}

/// `3: words`, `#3 words`, `item 3 = words`; a number too large to be one is `None`.
fn item_and_words(raw: &str) -> Option<(Option<u32>, &str)> {
    let mut rest = raw;
    for word in ["item", "issue", "of"] {
        let is_word = rest
            .get(..word.len())
            .is_some_and(|w| w.eq_ignore_ascii_case(word));
        if is_word && rest[word.len()..].starts_with(' ') {
            rest = rest[word.len()..].trim_start();
        }
    }
    let digits = rest.strip_prefix('#').unwrap_or(rest);
    let end = digits
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(digits.len());
    let after = &digits[end..];
    let ends =
        after.is_empty() || after.starts_with([':', '=', '-', '–', '—', '.', ',', ' ', '\t']);
    if end == 0 || !ends {
        return None;
    }
    let item = digits[..end].parse().ok().filter(|n| *n <= 10_000);
    let words = after.trim_start();
    let words = words
        .strip_prefix([':', '=', '-', '–', '—', '.', ','])
        .unwrap_or(words);
    Some((item, words.trim()))
}

/// The words without the quotes around all of them.
fn unquoted(words: &str) -> &str {
    const PAIRS: [(char, char); 6] = [
        ('"', '"'),
        ('\'', '\''),
        ('“', '”'),
        ('‘', '’'),
        ('«', '»'),
        ('`', '`'),
    ];
    for (open, close) in PAIRS {
        let inner = words.strip_prefix(open).and_then(|w| w.strip_suffix(close));
        if let Some(inner) = inner.filter(|i| !i.contains([open, close])) {
            return inner.trim();
        }
    }
    words
}

/// "split the billing page into its parts" asks for work; "split three" is a slip, and so is what begins with a number.
fn is_wish(rest: &[String]) -> bool {
    const FEW: usize = 2;
    let has_number = rest.first().is_some_and(|w| {
        w.trim_start_matches('#')
            .starts_with(|c: char| c.is_ascii_digit())
    });
    rest.len() >= LONGEST_SLIP || rest.len() > FEW && !has_number
}

fn no_numbers(no: NoSelection, rest: &[String], takes: &str) -> Read {
    match no {
        NoSelection::Wrong(says) => Read::Bad { says },
        NoSelection::Words if is_wish(rest) => Read::None,
        NoSelection::Words if rest.is_empty() => bad(takes.to_owned()),
        NoSelection::Words => bad(format!(
            "{takes}, got {}; {REQUEST}",
            quoted(&rest.join(" "))
        )),
    }
}

fn bad(says: String) -> Read {
    Read::Bad { says: vec![says] }
}
