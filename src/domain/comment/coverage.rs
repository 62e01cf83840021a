//! Where the specification's blocks went, for the preview.

use std::collections::{BTreeMap, BTreeSet};

use super::text::{count, folded, inline, lines_within};
use crate::domain::plan::Plan;
use crate::domain::spec::Block;

const DETAIL_ROOM: usize = 6_000;

/// How many of how many blocks are covered, and every one that is not. GitHub has no links to the lines of an issue: a line's
/// number leads to the text, where its address is known.
/// What is only in issues that are not ticked is counted by itself.
pub(super) fn coverage(plan: &Plan, unticked: &BTreeSet<String>, url: &str) -> String {
    let blocks = &plan.spec.blocks;
    let of: BTreeMap<&str, _> = plan
        .coverage
        .iter()
        .map(|c| (c.block.as_str(), c))
        .collect();
    let covered = |b: &&Block| of.get(b.id.as_str()).is_some_and(|c| !c.issues.is_empty());
    let reason = |b: &Block| of.get(b.id.as_str()).and_then(|c| c.reason.as_deref());
    let will_be = |b: &&Block| {
        let of = of.get(b.id.as_str()).into_iter().flat_map(|c| &c.issues);
        of.filter(|id| !unticked.contains(*id)).count() > 0
    };
    let (planned, rest): (Vec<&Block>, Vec<&Block>) = blocks.iter().partition(covered);
    let (done, taken_out): (Vec<&Block>, Vec<&Block>) = planned.into_iter().partition(will_be);
    let (not_work, open): (Vec<&Block>, Vec<&Block>) =
        rest.into_iter().partition(|b| reason(b).is_some());
    let excused_words = match not_work.len() {
        0 => String::new(),
        n => format!(", {} not work", is_are(n)),
    };
    let taken_out = match taken_out.len() {
        0 => String::new(),
        n => format!(", **{} only in issues that are not ticked**", is_are(n)),
    };
    let end = match open.len() {
        0 if !taken_out.is_empty() => ".".to_owned(),
        0 => ". Nothing is left out.".to_owned(),
        n => format!(", **{} not covered**.", is_are(n)),
    };
    let total = count(blocks.len(), "block");
    let text = link("the text", url);
    let line = format!(
        "**Coverage.** {} of {total} of {text} became issues{excused_words}{taken_out}{end}",
        done.len()
    );
    let excused: Vec<String> = not_work
        .iter()
        .map(|b| {
            let reason = inline(reason(b).unwrap_or_default());
            format!("- {reason} · {}", quote(b, url))
        })
        .collect();
    let open: Vec<String> = open
        .iter()
        .map(|b| format!("- {}", quote(b, url)))
        .collect();
    [
        line,
        folded(
            &format!("Not covered ({})", open.len()),
            &lines_within(&open, DETAIL_ROOM),
        ),
        folded(
            &format!("Not work ({})", excused.len()),
            &lines_within(&excused, DETAIL_ROOM),
        ),
    ]
    .into_iter()
    .filter(|part| !part.is_empty())
    .collect::<Vec<_>>()
    .join("\n\n")
}

fn is_are(n: usize) -> String {
    format!("{n} {}", if n == 1 { "is" } else { "are" })
}

fn link(words: &str, url: &str) -> String {
    if url.is_empty() {
        return words.to_owned();
    }
    format!("[{words}]({url})")
}

fn quote(block: &Block, url: &str) -> String {
    const SHOWN: usize = 70;
    let place = line_ranges(std::iter::once(block.lines)).unwrap_or_default();
    let place = link(&place, url);
    let line = block.text.split_whitespace().collect::<Vec<_>>().join(" ");
    let line = line.trim_start_matches(['#', '>', ' ']);
    if line.chars().count() <= SHOWN {
        return format!("{place}: {}", inline(line));
    }
    let cut: String = line.chars().take(SHOWN).collect();
    format!("{place}: {}…", inline(cut.trim_end()))
}

/// `line 4`, `lines 4–7, 12 and 2 more places`.
pub(super) fn line_ranges(ranges: impl Iterator<Item = [usize; 2]>) -> Option<String> {
    const SHOWN: usize = 3;
    let mut ranges: Vec<[usize; 2]> = ranges.collect();
    ranges.sort_unstable();
    let mut joined: Vec<[usize; 2]> = Vec::new();
    for [first, last] in ranges {
        match joined.last_mut() {
            Some(open) if first <= open[1] + 1 => open[1] = open[1].max(last),
            _ => joined.push([first, last]),
        }
    }
    let words: Vec<String> = joined
        .iter()
        .take(SHOWN)
        .map(|[first, last]| {
            if first == last {
                first.to_string()
            } else {
                format!("{first}–{last}")
            }
        })
        .collect();
    let word = match joined.as_slice() {
        [] => return None,
        [[first, last]] if first == last => "line",
        _ => "lines",
    };
    let more = match joined.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {}", count(more, "more place")),
    };
    Some(format!("{word} {}{more}", words.join(", ")))
}
