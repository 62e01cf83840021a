//! Hidden marks: by them an issue or a comment is found again after a lost answer, whatever people edited around it.

use crate::domain::ids::RunId;

/// GitHub's limit on an issue's or a comment's body, in characters.
const BODY_MAX: usize = 65_536;
const OPEN: &str = "<!-- openproducer run=";

/// The hidden line that says which item of which run an issue is.
pub fn marker(run: &RunId, item: &str) -> String {
    format!("<!-- openproducer run={run} item={item} -->")
}

/// The hidden line that begins the one comment of a run.
pub fn comment_marker(run: &RunId) -> String {
    format!("<!-- openproducer run={run} comment -->")
}

/// The hidden line that begins a further part of a run's comment, from 2 on.
pub fn part_marker(run: &RunId, part: u32) -> String {
    format!("<!-- openproducer run={run} comment part={part} -->")
}

/// A body that ends with its marker and keeps within GitHub's limit, cut with a visible note where it must be.
///
/// The marker goes last and [`find_marker`] looks from the end, so that nothing in the body can pass for it.
pub fn with_marker(body: &str, run: &RunId, item: &str) -> String {
    const CUT: &str = "\n\n… (cut: GitHub takes 65,536 characters)";
    let mark = marker(run, item);
    let body = body.trim_end();
    let whole = format!("{}\n\n{mark}", fenced_off(body));
    if whole.chars().count() <= BODY_MAX {
        return whole;
    }
    // Room for the note, the marker and a closing fence of any sane length.
    let room = BODY_MAX - CUT.chars().count() - mark.len() - 100;
    let kept: String = body.chars().take(room).collect();
    format!("{}{CUT}\n\n{mark}", fenced_off(&kept))
}

/// The body without the marker that [`with_marker`] put at its end.
pub fn without_marker(body: &str) -> &str {
    match body.rfind(OPEN) {
        Some(at) if body[at..].trim_end().ends_with("-->") => body[..at].trim_end(),
        _ => body,
    }
}

/// The text with the fence closed in which it ends: else the marker would be shown as code.
fn fenced_off(text: &str) -> String {
    match closing_fence(text) {
        Some(fence) if fence.len() < 90 => format!("{text}\n{fence}"),
        _ => text.to_owned(),
    }
}

/// The run and the item of the last whole marker in an issue's body.
pub fn find_marker(body: &str) -> Option<(RunId, String)> {
    body.rmatch_indices(OPEN).find_map(|(at, open)| {
        let (inner, _) = body[at + open.len()..].split_once(" -->")?;
        let (run, item) = inner.split_once(" item=")?;
        let exact = !item.is_empty() && item.bytes().all(|b| b.is_ascii_alphanumeric());
        exact.then(|| Some((RunId::parse(run)?, item.to_owned())))?
    })
}

/// The run of a comment, if it begins with a run's marker, or with that of a further part.
pub fn find_comment_marker(comment: &str) -> Option<RunId> {
    let inner = comment
        .trim_start()
        .strip_prefix("<!-- openproducer run=")?;
    let (run, kind) = inner.split_once(" -->")?.0.split_once(' ')?;
    let is_part = |kind: &str| {
        let part = kind.strip_prefix("comment part=");
        part.is_some_and(|n| n.parse::<u32>().is_ok())
    };
    let is_ours = kind == "comment" || is_part(kind);
    is_ours.then(|| RunId::parse(run)).flatten()
}

/// The line that would close the fence in which the text ends, if it ends in one.
fn closing_fence(text: &str) -> Option<String> {
    let mut open: Option<String> = None;
    for line in text.lines() {
        let line = line.trim_start();
        let Some(mark) = line.chars().next().filter(|c| matches!(c, '`' | '~')) else {
            continue;
        };
        let fence: String = line.chars().take_while(|c| *c == mark).collect();
        let rest = line[fence.len()..].trim();
        match &open {
            Some(by) if fence.starts_with(by.as_str()) && rest.is_empty() => open = None,
            None if fence.len() >= 3 && !(mark == '`' && rest.contains('`')) => open = Some(fence),
            _ => {}
        }
    }
    open
}
