//! Lists as people write them behind a key.

use super::keys::Key;
use super::values::Written;
use crate::domain::rejection::quoted;

/// A list: a JSON array, or items between commas, or (without a comma) between spaces; doubles are dropped.
pub(super) fn items(key: Key, written: &Written) -> Result<Vec<String>, Vec<String>> {
    let raw = match written {
        Written::List(items) => items.clone(),
        Written::Text(text) => {
            split(text.trim()).map_err(|fault| vec![format!("{key}: {fault}")])?
        }
        Written::Other => {
            return Err(vec![format!(
                "{key} must be a list; write for example `{}`",
                key.example()
            )]);
        }
    };
    let items = distinct(
        raw.iter()
            .map(|item| item.trim().to_owned())
            .filter(|item| !item.is_empty()),
    );
    if items.is_empty() {
        return Err(vec![format!(
            "{key} has no value; write for example `{}`",
            key.example()
        )]);
    }
    Ok(items)
}

/// The first of each, without regard to case.
pub(super) fn distinct(items: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen = std::collections::BTreeSet::new();
    items
        .filter(|item| seen.insert(item.to_lowercase()))
        .collect()
}

fn split(text: &str) -> Result<Vec<String>, String> {
    let Some(inside) = text.strip_prefix('[') else {
        return split_plain(text);
    };
    match serde_json::from_str::<Vec<serde_json::Value>>(text) {
        Ok(values) => values
            .into_iter()
            .map(|value| match value {
                serde_json::Value::String(item) => Ok(item),
                serde_json::Value::Number(item) => Ok(item.to_string()),
                other => Err(format!(
                    "the list may hold words only, got {}",
                    quoted(&other.to_string())
                )),
            })
            .collect(),
        // `[bug, ui]` is no JSON, but nobody could mean anything else.
        Err(_) => match inside.strip_suffix(']') {
            Some(inside) if !inside.contains(['"', '[', ']', '{', '}']) => split_plain(inside),
            _ => Err(format!(
                "this JSON list is not complete: {}; write `[\"one\", \"two\"]` or `one, two`",
                quoted(text)
            )),
        },
    }
}

fn split_plain(text: &str) -> Result<Vec<String>, String> {
    let pieces = pieces(text)?;
    let by_comma = pieces.contains(&Piece::Comma);
    let mut items = vec![String::new()];
    for piece in &pieces {
        let last = items.last_mut();
        match (piece, last) {
            (Piece::Comma, _) => items.push(String::new()),
            (Piece::Space, _) if !by_comma => items.push(String::new()),
            (Piece::Space, Some(last)) => last.push(' '),
            (Piece::Text(text), Some(last)) => last.push_str(text),
            _ => {}
        }
    }
    Ok(items)
}

#[derive(Debug, PartialEq)]
enum Piece<'a> {
    Comma,
    Space,
    Text(&'a str),
}

/// Words, quoted words without their quotes, commas and runs of white space. Every character is looked at a bounded
/// number of times.
fn pieces(text: &str) -> Result<Vec<Piece<'_>>, String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    let mut unclosed: Vec<char> = Vec::new();
    while let Some(first) = rest.chars().next() {
        let after = &rest[first.len_utf8()..];
        if first == ',' {
            pieces.push(Piece::Comma);
            rest = after;
            continue;
        }
        if first.is_whitespace() {
            pieces.push(Piece::Space);
            rest = rest.trim_start();
            continue;
        }
        let at_start = !matches!(pieces.last(), Some(Piece::Text(_)));
        if let Some(close) =
            closing_quote(first).filter(|close| at_start && !unclosed.contains(close))
        {
            if let Some(end) = after.find(close) {
                let beyond = &after[end + close.len_utf8()..];
                if beyond.is_empty() || beyond.starts_with(|c: char| c == ',' || c.is_whitespace())
                {
                    pieces.push(Piece::Text(&after[..end]));
                    rest = beyond;
                    continue;
                }
            } else if matches!(first, '"' | '\u{201c}') {
                return Err(format!(
                    "a quote is opened and not closed in {}",
                    quoted(rest)
                ));
            } else {
                unclosed.push(close);
            }
        }
        let end = after
            .find(|c: char| c == ',' || c.is_whitespace())
            .map_or(rest.len(), |n| n + first.len_utf8());
        pieces.push(Piece::Text(&rest[..end]));
        rest = &rest[end..];
    }
    Ok(pieces)
}

fn closing_quote(open: char) -> Option<char> {
    match open {
        '"' | '\'' | '`' => Some(open),
        '\u{201c}' => Some('\u{201d}'),
        '\u{2018}' => Some('\u{2019}'),
        _ => None,
    }
}
