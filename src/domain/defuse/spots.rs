//! Text as readers see it, each character with the bytes it was written with: `&#64;` is one `@` of five bytes.

use std::ops::Range;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) c: char,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Where entities are read, and so how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// An entity ends with a semicolon.
    Markdown,
    /// Browsers do not insist on a number's semicolon.
    Html,
}

/// The characters of a range, with entities decoded however deep they are nested.
pub(super) fn plain(text: &str, range: Range<usize>) -> Vec<Spot> {
    decode(raw(text, range), Reading::Markdown)
}

/// The characters of a range as they stand.
pub(super) fn raw(text: &str, range: Range<usize>) -> Vec<Spot> {
    let from = range.start;
    text[range]
        .char_indices()
        .map(|(i, c)| Spot {
            c,
            start: from + i,
            end: from + i + c.len_utf8(),
        })
        .collect()
}

/// The text with its entities decoded, however deep they are nested.
pub(super) fn decoded(text: &str) -> String {
    plain(text, 0..text.len()).iter().map(|s| s.c).collect()
}

/// Merges what spells an entity into one spot. From right to left, so that nesting costs nothing.
pub(super) fn decode(spots: Vec<Spot>, reading: Reading) -> Vec<Spot> {
    if spots.iter().all(|s| s.c != '&') {
        return spots;
    }
    let mut out: Vec<Spot> = Vec::with_capacity(spots.len()); // reversed
    for mut spot in spots.into_iter().rev() {
        while spot.c == '&' {
            let Some((c, length)) = entity(&out, reading) else {
                break;
            };
            spot.end = out[out.len() - length].end;
            spot.c = c;
            out.truncate(out.len() - length);
        }
        out.push(spot);
    }
    out.reverse();
    out
}

/// What the reversed spots after an `&` stand for, and how many of them.
fn entity(reversed: &[Spot], reading: Reading) -> Option<(char, usize)> {
    const LONGEST: usize = 32;
    let name: String = reversed.iter().rev().take(LONGEST).map(|s| s.c).collect();
    let Some(number) = name.strip_prefix('#') else {
        let (name, _) = name.split_once(';')?;
        return Some((named(name)?, name.len() + 1));
    };
    let (digits, radix, sign) = match number.strip_prefix(['x', 'X']) {
        Some(hex) => (hex, 16, 2),
        None => (number, 10, 1),
    };
    let length = digits
        .find(|c: char| !c.is_digit(radix))
        .unwrap_or(digits.len());
    let c = char::from_u32(u32::from_str_radix(&digits[..length], radix).ok()?)?;
    let end = usize::from(digits[length..].starts_with(';'));
    let is_whole = end == 1 || reading == Reading::Html;
    (is_whole && !c.is_control()).then_some((c, sign + length + end))
}

/// The names that matter to mentions, references and markup.
fn named(name: &str) -> Option<char> {
    Some(match name {
        "amp" | "AMP" => '&',
        "commat" => '@',
        "num" => '#',
        "sol" => '/',
        "dash" | "hyphen" => '-',
        "colon" => ':',
        "period" => '.',
        "lowbar" | "UnderBar" => '_',
        "lt" | "LT" => '<',
        "gt" | "GT" => '>',
        "quot" | "QUOT" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        "excl" => '!',
        "grave" => '`',
        _ => return None,
    })
}
