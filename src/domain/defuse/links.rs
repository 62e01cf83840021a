//! Links that lead elsewhere than they seem to: another host in the text, a name before an `@`, letters that look alike.

use strsim::osa_distance;

use super::Spot;
use super::edits::{APART, Edits};

/// Hosts that people trust on an issue's page.
const TRUSTED: [&str; 2] = ["github.com", "githubusercontent.com"];
/// Endings by which a word with a dot is a host and no file or library.
const ENDINGS: [&str; 22] = [
    "ai", "app", "br", "cn", "co", "com", "de", "dev", "edu", "eu", "fr", "gov", "info", "io",
    "jp", "me", "net", "org", "ru", "uk", "us", "xyz",
];

/// Does the address not lead where a reader would think? An address without a host leads nowhere else.
pub(super) fn is_deceptive(address: &str) -> bool {
    let Some(authority) = authority(address) else {
        return false;
    };
    let is_v6 = |inner: &str| inner.bytes().all(|b| b.is_ascii_hexdigit() || b == b':');
    let inner = authority
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'));
    if inner.is_some_and(|(inner, port)| is_v6(inner) && !port.contains('@')) {
        return false;
    }
    let host = authority
        .rsplit_once(':')
        .map_or(authority.as_str(), |(host, port)| {
            if port.bytes().all(|b| b.is_ascii_digit()) {
                host
            } else {
                &authority
            }
        });
    let host = host.trim_end_matches('.').to_lowercase();
    let is_odd = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'));
    if !host.contains('.') && !is_disguised_number(&host) {
        // No public host.
        return false;
    }
    // User names, escapes, letters that only look like others: no honest link needs them.
    host.contains(is_odd)
        || host.split('.').any(|label| label.starts_with("xn--"))
        || is_disguised_number(&host)
        || is_like_a_trusted_one(&host)
}

/// Does a link's text show a host, and the address leads to another?
pub(super) fn shows_another_host(shown: &str, address: &str) -> bool {
    let Some(real) = authority(address).map(|a| bare(&a)) else {
        return false;
    };
    let sub = |one: &str, of: &str| one.strip_suffix(of).is_some_and(|rest| rest.ends_with('.'));
    shown
        .split_whitespace()
        .filter_map(shown_host)
        .any(|host| host != real && !sub(&host, &real) && !sub(&real, &host))
}

/// Breaks bare addresses that GitHub would link and that deceive.
pub(super) fn find(spots: &[Spot], edits: &mut Edits) {
    for at in 0..spots.len() {
        let begins = |word: &str| {
            let rest = spots[at..].iter().map(|s| s.c.to_ascii_lowercase());
            rest.take(word.len()).eq(word.chars())
        };
        let sign = if begins("https://") {
            at + 5
        } else if begins("http://") {
            at + 4
        } else if begins("www.")
            && at
                .checked_sub(1)
                .is_none_or(|b| !spots[b].c.is_alphanumeric() && spots[b].c != '/')
        {
            at + 2
        } else {
            continue;
        };
        if is_deceptive(&linked(&spots[at..])) {
            edits.insert(spots[sign].end, APART);
        }
    }
}

/// As much of the beginning as would become a link, or enough to tell.
fn linked(spots: &[Spot]) -> String {
    const ENOUGH: usize = 300;
    let is_in = |c: &char| !c.is_whitespace() && *c != '<' && (c.is_ascii() || c.is_alphanumeric());
    let address: String = spots
        .iter()
        .map(|s| s.c)
        .take_while(is_in)
        .take(ENOUGH)
        .collect();
    address
        .trim_end_matches([
            '.', ',', ';', ':', '!', '?', ')', ']', '*', '_', '~', '"', '\'',
        ])
        .to_owned()
}

/// What stands between the scheme and the path, as browsers read it.
fn authority(address: &str) -> Option<String> {
    let plain: String = address.trim().chars().filter(|c| !c.is_control()).collect();
    let lower = plain.to_ascii_lowercase();
    let is_slash = |c: char| matches!(c, '/' | '\\');
    let rest = if let Some(rest) = lower
        .strip_prefix("https:")
        .or_else(|| lower.strip_prefix("http:"))
    {
        rest.trim_start_matches(is_slash)
    } else if lower.starts_with("www.") {
        &lower
    } else if lower.starts_with(is_slash) && lower[1..].starts_with(is_slash) {
        lower.trim_start_matches(is_slash)
    } else {
        return None;
    };
    let end = rest.find(['/', '\\', '?', '#']).unwrap_or(rest.len());
    let authority = &rest[..end];
    (!authority.is_empty()).then(|| authority.to_owned())
}

/// The host that a word shows: an address, or a name with a well-known ending or a path.
fn shown_host(word: &str) -> Option<String> {
    let word = word.trim_matches(|c: char| !(c.is_alphanumeric() || c == '/'));
    if let Some(authority) = authority(word) {
        return Some(bare(&authority));
    }
    let (name, path) = word
        .split_once('/')
        .map_or((word, None), |(n, p)| (n, Some(p)));
    let name = name.to_lowercase();
    let (_, ending) = name.rsplit_once('.')?;
    let is_name = name
        .split('.')
        .all(|label| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-'));
    let is_ending =
        ENDINGS.contains(&ending) || (path.is_some() && ending.chars().all(char::is_alphabetic));
    (is_name && is_ending).then(|| bare(&name))
}

/// The host alone, without user, port and `www.`.
fn bare(authority: &str) -> String {
    let host = authority
        .rsplit_once('@')
        .map_or(authority, |(_, host)| host);
    let host = host.split_once(':').map_or(host, |(host, _)| host);
    host.trim_start_matches("www.")
        .trim_end_matches('.')
        .to_lowercase()
}

/// `2130706433`, `0x7f.1`: an address that hides where it leads. Four decimal numbers are plain.
fn is_disguised_number(host: &str) -> bool {
    let is_number = |part: &str| {
        !part.is_empty()
            && (part.bytes().all(|b| b.is_ascii_digit())
                || part
                    .strip_prefix("0x")
                    .is_some_and(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit())))
    };
    let parts: Vec<&str> = host.split('.').collect();
    let is_plain = parts.len() == 4
        && parts
            .iter()
            .all(|p| p.parse::<u8>().is_ok() && (*p == "0" || !p.starts_with('0')));
    parts.iter().all(|p| is_number(p)) && !is_plain
}

/// `github.com.evil.example`, `g1thub.com`: near a trusted host without being one.
fn is_like_a_trusted_one(host: &str) -> bool {
    TRUSTED.iter().any(|trusted| {
        let is_it = host == *trusted || host.ends_with(&format!(".{trusted}"));
        let labels: Vec<&str> = host.split('.').collect();
        let site = labels[labels.len().saturating_sub(2)..].join(".");
        let read = site
            .replace('1', "i")
            .replace('0', "o")
            .replace("rn", "m")
            .replace("vv", "w");
        let dashed = trusted.replace('.', "-");
        !is_it
            && (host.starts_with(&format!("{trusted}."))
                || host.contains(&format!(".{trusted}."))
                || host.contains(&format!("{trusted}-"))
                || host.starts_with(&dashed)
                || osa_distance(&read, trusted) <= 1)
    })
}
