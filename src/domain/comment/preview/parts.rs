//! A list that is too long for one comment goes on in others: every issue stands in exactly one of them.

use std::fmt::Write as _;

use super::super::COMMENT_MAX;
use super::super::text::page;
use super::Preview;
use super::list::Line;
use crate::domain::fingerprint::part_marker;
use crate::domain::ids::RunId;

/// What a further part holds beside its lines, in characters.
const AROUND: usize = 1_000;
/// For each link from the first part to another.
const LINK: usize = 250;
/// What page and links add, and some to spare: not every program counts characters alike.
const SPARE: usize = 2_000;

/// The comments: the first with everything, the others with what of the list has no place in it.
pub(super) fn in_parts(
    p: &Preview<'_>,
    heading: &str,
    before: &[String],
    lines: &[Line],
    behind: &[String],
) -> Vec<String> {
    let fixed: usize = before
        .iter()
        .chain(behind)
        .map(|part| part.chars().count() + 2)
        .sum();
    let total: usize = lines.iter().map(size).sum();
    let room = COMMENT_MAX - SPARE;
    let first = room.saturating_sub(fixed);
    let groups = if total <= first {
        vec![lines.to_vec()]
    } else {
        let more = 2 + total / (room - AROUND);
        cut(lines, first.saturating_sub(more * LINK), room - AROUND)
    };
    let index = index(p, &groups);
    let list = groups.first().map(|g| text(g)).unwrap_or_default();
    let mut parts: Vec<&str> = before.iter().map(String::as_str).collect();
    parts.extend([list.as_str(), index.as_str()]);
    parts.extend(behind.iter().map(String::as_str));
    let mut out = vec![page(p.about, heading, &parts)];
    let of = groups.len();
    for (n, group) in (2_u32..).zip(&groups[1..]) {
        let mark = part_marker(p.about.run, n);
        let start = match p.part_urls.get(&1) {
            Some(url) => format!("[the start]({url})"),
            None => "the start above".to_owned(),
        };
        out.push(format!(
            "{mark}\n### 📋 The plan, continued ({n} of {of})\n\n\
             These boxes count as those of {start}, where the commands are, too.\n\n{}\n\n\
             <sub>Run `{}`</sub>\n",
            text(group),
            p.about.run
        ));
    }
    out
}

/// The one line of a part that is not needed any more.
pub fn part_is_over(run: &RunId, part: u32, start: &str) -> String {
    format!(
        "{}\nThis part of the preview is not needed any more. [The run's comment]({start}) has everything.\n",
        part_marker(run, part)
    )
}

fn size(line: &Line) -> usize {
    line.text.chars().count() + 2 * line.depth + 1
}

/// The lines in groups that fit; a heading never stands last.
fn cut(lines: &[Line], first: usize, further: usize) -> Vec<Vec<Line>> {
    let mut groups: Vec<Vec<Line>> = vec![Vec::new()];
    let (mut room, mut used) = (first, 0);
    let mut heading: Option<&Line> = None;
    for (n, line) in lines.iter().enumerate() {
        let is_heading = line.item.is_none();
        if is_heading {
            heading = Some(line);
        }
        let next = lines.get(n + 1).filter(|_| is_heading).map_or(0, size);
        if used + size(line) + next > room {
            let mut group = Vec::new();
            used = 0;
            if let Some(heading) = heading.filter(|_| !is_heading) {
                let text = format!("{} (continued)", heading.text);
                group.push(Line {
                    text,
                    ..heading.clone()
                });
                used = size(heading) + 12;
            }
            groups.push(group);
            room = further;
        }
        used += size(line);
        if let Some(group) = groups.last_mut() {
            group.push(line.clone());
        }
    }
    groups
}

/// The lines as a list. A part may begin deep in the tree: what stands above is elsewhere, so that the list begins at the margin.
fn text(group: &[Line]) -> String {
    let mut out = String::new();
    let mut margin = usize::MAX;
    for line in group {
        if line.item.is_none() {
            let gap = if out.is_empty() { "" } else { "\n" };
            let _ = writeln!(out, "{gap}{}\n", line.text);
            margin = usize::MAX;
            continue;
        }
        margin = margin.min(line.depth);
        let _ = writeln!(out, "{}{}", "  ".repeat(line.depth - margin), line.text);
    }
    out.trim_end().to_owned()
}

/// "The list goes on: part 2 (211–400), part 3 (401–600)."
fn index(p: &Preview<'_>, groups: &[Vec<Line>]) -> String {
    if groups.len() < 2 {
        return String::new();
    }
    let parts = (2_u32..).zip(&groups[1..]).map(|(n, group)| {
        let mut items = group.iter().filter_map(|line| line.item);
        let first = items.next().unwrap_or_default();
        let many = group.iter().filter(|l| l.item.is_some()).count();
        let from = format!("{many} issues from {first} on");
        match p.part_urls.get(&n) {
            Some(url) => format!("[part {n}]({url}) ({from})"),
            None => format!("part {n} ({from})"),
        }
    });
    let parts: Vec<String> = parts.collect();
    format!("**The list goes on** in {}.", parts.join(", "))
}
