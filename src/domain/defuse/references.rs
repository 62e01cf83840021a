//! Finds what GitHub would turn into a mention, a reference or a command, and breaks it invisibly.

use std::ops::Range;

use super::edits::{APART, Edits};
use super::{Spot, links};

/// Breaks every mention, reference, command and deceptive address in a run of text.
pub(super) fn find(spots: &[Spot], edits: &mut Edits) {
    links::find(spots, edits);
    find_issue_urls(spots, edits);
    let mut from = 0;
    for link in urls(spots) {
        find_between(spots, from..link.start, edits);
        from = link.end;
    }
    find_between(spots, from..spots.len(), edits);
}

fn find_between(spots: &[Spot], range: Range<usize>, edits: &mut Edits) {
    for at in range.clone() {
        if let Some(sign) = hazard(spots, at) {
            edits.insert(spots[sign].end, APART);
        }
    }
    find_shas(&spots[range], edits);
}

/// Breaks addresses of issues, pull requests, commits and discussions, on any host: `/./` leads a browser to the same
/// page, but GitHub sees no reference.
pub(super) fn find_issue_urls(spots: &[Spot], edits: &mut Edits) {
    const KINDS: [&str; 6] = [
        "issues",
        "pull",
        "pulls",
        "commit",
        "commits",
        "discussions",
    ];
    for at in 0..spots.len() {
        if spots[at].c != '/' {
            continue;
        }
        let rest = &spots[at + 1..];
        let is_kind = |kind: &str| starts_with(rest, kind) && is_target(&rest[kind.len()..]);
        if KINDS.iter().any(|kind| is_kind(kind)) && follows_repository(&spots[..at]) {
            edits.insert(rest[0].start, "./");
        }
    }
}

fn is_target(spots: &[Spot]) -> bool {
    spots.first().is_some_and(|s| s.c == '/')
        && spots.get(1).is_some_and(|s| s.c.is_ascii_alphanumeric())
}

/// True when the spots end with `host/owner/name`.
fn follows_repository(spots: &[Spot]) -> bool {
    let mut end = spots.len();
    for part in 0..3 {
        let is_part = |s: &&Spot| {
            s.c.is_ascii_alphanumeric() || "._-".contains(s.c) || (part == 2 && s.c == ':')
        };
        let length = spots[..end].iter().rev().take_while(is_part).count();
        let is_dot = length == 1 && spots[end - 1].c == '.';
        if length == 0 || is_dot {
            return false;
        }
        end -= length;
        if part < 2 {
            if end == 0 || spots[end - 1].c != '/' {
                return false;
            }
            end -= 1;
        }
    }
    true
}

/// The sign after which to break, if a mention, a reference or a command begins here.
fn hazard(spots: &[Spot], at: usize) -> Option<usize> {
    let char_at = |i: usize| spots.get(i).map(|s| s.c);
    let next = char_at(at + 1);
    // Mark-up between two letters may put the second on a line of its own.
    let starts_word =
        at == 0 || !spots[at - 1].c.is_alphanumeric() || !is_written(spots, at - 1, at);
    let found = match spots[at].c {
        '@' | '＠' | '﹫' => next.is_some_and(is_name) && !is_email(spots, at),
        '#' | '＃' | '﹟' => next.is_some_and(char::is_numeric),
        '/' => starts_word && starts_with(&spots[at + 1..], "spawn-issues"),
        'g' | 'G' => {
            let number = char_at(at + 3).is_some_and(char::is_numeric);
            let gh = starts_word && starts_with(&spots[at..], "gh-") && number;
            return gh.then_some(at + 2);
        }
        _ => false,
    };
    found.then_some(at)
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-')
}

/// An address like `a@example.com` mentions nobody and is worth copying.
fn is_email(spots: &[Spot], at: usize) -> bool {
    let local = at > 0 && is_written(spots, at - 1, at) && {
        let before = spots[at - 1].c;
        before.is_ascii_alphanumeric() || before == '_'
    };
    let domain: String = spots[at + 1..]
        .iter()
        .map(|s| s.c)
        .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'))
        .collect();
    local && is_host(domain.trim_end_matches(['.', '-']))
}

fn is_host(host: &str) -> bool {
    let Some((name, last)) = host.rsplit_once('.') else {
        return false;
    };
    let is_part = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    name.split('.').all(is_part) && last.len() >= 2 && last.bytes().all(|b| b.is_ascii_alphabetic())
}

/// True when two neighbouring spots are neighbours in the source too, with no mark-up between them.
fn is_written(spots: &[Spot], one: usize, next: usize) -> bool {
    spots[one].end == spots[next].start
}

/// Addresses that GitHub links by itself: inside them nothing else is looked for, and a break would spoil them.
fn urls(spots: &[Spot]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < spots.len() {
        let begins = at == 0 || spots[at - 1].c.is_whitespace() || "(*_~".contains(spots[at - 1].c);
        let scheme = ["https://", "http://"]
            .iter()
            .find(|scheme| begins && starts_with(&spots[at..], scheme));
        let Some(length) = scheme.and_then(|scheme| url_length(&spots[at..], scheme.len())) else {
            at += 1;
            continue;
        };
        found.push(at..at + length);
        at += length;
    }
    found
}

/// How long the address is, if it has a real host and a path.
fn url_length(spots: &[Spot], scheme: usize) -> Option<usize> {
    let length = (0..spots.len())
        .take_while(|&i| i == 0 || is_written(spots, i - 1, i))
        .take_while(|&i| !spots[i].c.is_whitespace() && !"<`[]|\"".contains(spots[i].c))
        .count();
    let rest: String = spots.get(scheme..length)?.iter().map(|s| s.c).collect();
    let (host, _) = rest.split_once('/')?;
    let (host, port) = host.split_once(':').unwrap_or((host, ""));
    (is_host(host) && port.bytes().all(|b| b.is_ascii_digit())).then_some(length)
}

/// Breaks what may be a commit's name: 7 to 40 hexadecimal digits with a letter among them. A plain decimal number
/// stays whole, because people copy numbers.
fn find_shas(spots: &[Spot], edits: &mut Edits) {
    const PIECE: usize = 6;
    for word in spots.split(|s| !(s.c.is_alphanumeric() || s.c == '_')) {
        let is_sha = (7..=40).contains(&word.len())
            && word.iter().all(|s| s.c.is_ascii_hexdigit())
            && word.iter().any(|s| s.c.is_ascii_alphabetic());
        if is_sha {
            for piece in word.chunks_exact(PIECE) {
                edits.insert(piece[PIECE - 1].end, APART);
            }
        }
    }
}

fn starts_with(spots: &[Spot], ascii: &str) -> bool {
    let mut spots = spots.iter();
    ascii
        .chars()
        .all(|c| spots.next().is_some_and(|s| s.c.eq_ignore_ascii_case(&c)))
}
