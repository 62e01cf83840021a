//! The spec in parts that fit a model: whole sections where possible, every block in one part, the rest as an outline.

use std::collections::HashSet;
use std::ops::Range;

use super::{Brief, fence};
use crate::domain::plan::Plan;
use crate::domain::spec::{Block, BlockKind};

/// No budget is smaller than this, in characters.
const LEAST: usize = 600;
const OUTLINE_MOST: usize = 4_000;
const PATH_MOST: usize = 120;
const CUT: &str = " … (cut: too long to be shown whole)";

/// A run of blocks that is asked for in one question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Counted from 1.
    pub number: usize,
    pub of: usize,
    /// The ids of its blocks, in order. Those that hold only hidden text are among them, but are not shown.
    pub blocks: Vec<String>,
    /// The blocks as the model sees them, one below the other.
    pub(super) text: String,
    /// The headings of what is not in this part; empty if nothing is.
    pub(super) outline: String,
}

impl Part {
    /// How many characters of the spec and its outline the question will hold.
    pub fn size(&self) -> usize {
        self.text.chars().count() + self.outline.chars().count()
    }

    /// Does it hold anything that a model could read?
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    pub(super) fn holds(&self) -> HashSet<&str> {
        self.blocks.iter().map(String::as_str).collect()
    }
}

/// The blocks as text, and how long each is.
struct Shown {
    texts: Vec<Option<String>>,
    sizes: Vec<usize>,
}

impl Shown {
    fn of(brief: &Brief<'_>) -> Self {
        let one = |b: &Block| fence::block(b, &b.text, brief.nonce);
        let texts: Vec<Option<String>> = brief.spec.blocks.iter().map(one).collect();
        let length = |t: &Option<String>| t.as_ref().map_or(0, |t| t.chars().count() + 1);
        Self {
            sizes: texts.iter().map(length).collect(),
            texts,
        }
    }

    fn size(&self, range: &Range<usize>) -> usize {
        self.sizes[range.clone()].iter().sum()
    }
}

/// The spec cut into parts whose text and outline have at most `budget` characters (600 at least). Together they hold
/// every block once, in order; only a block that is longer than a whole part is shown cut.
pub fn parts(brief: &Brief<'_>, budget: usize) -> Vec<Part> {
    let budget = budget.max(LEAST);
    let shown = Shown::of(brief);
    let all = 0..brief.spec.blocks.len();
    if shown.size(&all) <= budget {
        return vec![Part {
            number: 1,
            of: 1,
            blocks: ids(brief, &all),
            text: joined(&shown, &all, usize::MAX),
            outline: String::new(),
        }];
    }
    let outline = (budget / 5).min(OUTLINE_MOST);
    let room = budget - outline - PATH_MOST - 20;
    let ranges = packed(&shown, units(brief, &shown, all, room), room);
    let of = ranges.len();
    let firsts: Vec<usize> = ranges.iter().map(|r| r.start).collect();
    let part = |(n, range): (usize, &Range<usize>)| Part {
        number: n + 1,
        of,
        blocks: ids(brief, range),
        text: format!(
            "{}{}",
            above(brief, range.start),
            joined(&shown, range, room)
        ),
        outline: rest(brief, range, &firsts, outline),
    };
    ranges.iter().enumerate().map(part).collect()
}

/// A part of these blocks alone, as many as the budget allows; `number` is the next after the other parts.
pub fn missing_part(brief: &Brief<'_>, blocks: &[String], number: usize, budget: usize) -> Part {
    let wanted: HashSet<&str> = blocks.iter().map(String::as_str).collect();
    let shown = Shown::of(brief);
    let room = budget.max(LEAST);
    let (mut text, mut kept, mut path, mut used) = (String::new(), Vec::new(), None, 0);
    for (n, block) in brief.spec.blocks.iter().enumerate() {
        let Some(own) = shown.texts[n]
            .as_ref()
            .filter(|_| wanted.contains(block.id.as_str()))
        else {
            continue;
        };
        let head = if path == Some(&block.section) {
            String::new()
        } else {
            above(brief, n)
        };
        let own = shortened(own, room / 2);
        let size = own.chars().count() + head.chars().count() + 1;
        if used + size > room {
            break;
        }
        used += size;
        path = Some(&block.section);
        text.push_str(&head);
        text.push_str(&own);
        text.push('\n');
        kept.push(block.id.clone());
    }
    Part {
        number,
        of: number,
        blocks: kept,
        text: text.trim_end().to_owned(),
        outline: String::new(),
    }
}

/// All of the spec in at most so many characters: where it is too long, the beginning of each block.
pub(super) fn digest(brief: &Brief<'_>, budget: usize) -> String {
    let budget = budget.max(LEAST);
    let shown = Shown::of(brief);
    let all = 0..brief.spec.blocks.len();
    if shown.size(&all) <= budget {
        return joined(&shown, &all, usize::MAX);
    }
    let each = (budget / all.len().max(1)).saturating_sub(1).max(40);
    let starts: Vec<String> = shown
        .texts
        .iter()
        .flatten()
        .map(|t| fence::cut(t, each))
        .collect();
    fence::cut(&starts.join("\n"), budget)
}

/// Shares a number of issues out over the parts, by how much work the document's structure finds in each. Every part
/// with work gets one at least, so that the sum may be more than `count` where there are more parts than issues.
pub fn share(count: u32, parts: &[Part], structural: &Plan) -> Vec<u32> {
    let homes = |part: &Part| {
        let own = part.holds();
        let starts = |covers: &[String]| covers.first().is_some_and(|b| own.contains(b.as_str()));
        structural
            .issues
            .iter()
            .filter(|i| starts(&i.covers))
            .count()
    };
    let mut weights: Vec<usize> = parts.iter().map(homes).collect();
    if weights.iter().all(|w| *w == 0) {
        weights = parts.iter().map(|p| p.blocks.len()).collect();
    }
    let total = weights.iter().sum::<usize>().max(1) as u64;
    let ideal = |w: usize| u64::from(count) * w as u64;
    let mut shares: Vec<u32> = weights
        .iter()
        .map(|w| {
            u32::try_from(ideal(*w) / total)
                .unwrap_or(count)
                .max(u32::from(*w > 0))
        })
        .collect();
    let mut by_rest: Vec<usize> = (0..parts.len()).filter(|n| weights[*n] > 0).collect();
    by_rest.sort_by_key(|n| std::cmp::Reverse(ideal(weights[*n]) % total));
    let given: u32 = shares.iter().sum();
    for n in by_rest
        .iter()
        .cycle()
        .take(count.saturating_sub(given) as usize)
    {
        shares[*n] += 1;
    }
    // Those that got one for nothing take it from the largest.
    for _ in 0..shares.iter().sum::<u32>().saturating_sub(count) {
        let largest = (0..shares.len()).max_by_key(|n| shares[*n]);
        if let Some(n) = largest.filter(|n| shares[*n] > 1) {
            shares[n] -= 1;
        }
    }
    shares
}

fn ids(brief: &Brief<'_>, range: &Range<usize>) -> Vec<String> {
    brief.spec.blocks[range.clone()]
        .iter()
        .map(|b| b.id.clone())
        .collect()
}

fn joined(shown: &Shown, range: &Range<usize>, room: usize) -> String {
    let texts = shown.texts[range.clone()].iter().flatten();
    texts
        .map(|t| shortened(t, room))
        .collect::<Vec<_>>()
        .join("\n")
}

fn shortened(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    let kept: String = text
        .chars()
        .take(room.saturating_sub(CUT.chars().count()))
        .collect();
    format!("{}{CUT}", kept.trim_end())
}

/// Where the text stands, when it does not begin with the heading itself.
fn above(brief: &Brief<'_>, block: usize) -> String {
    let path = &brief.spec.blocks[block].section;
    if path.is_empty() {
        return String::new();
    }
    let path = fence::line(&path.join(" › "), brief.nonce, PATH_MOST);
    format!("[under] {path}\n")
}

/// Pieces that belong together and fit: sections, else what is below them, else single blocks.
fn units(brief: &Brief<'_>, shown: &Shown, range: Range<usize>, room: usize) -> Vec<Range<usize>> {
    if range.is_empty() || shown.size(&range) <= room {
        return vec![range];
    }
    let depth = |n: usize| brief.spec.blocks[n].section.len();
    let is_heading = |n: &usize| brief.spec.blocks[*n].kind == BlockKind::Heading;
    let headings: Vec<usize> = (range.start + 1..range.end).filter(is_heading).collect();
    let Some(top) = headings.iter().map(|n| depth(*n)).min() else {
        return single_blocks(brief, shown, range, room);
    };
    let cuts = headings.into_iter().filter(|n| depth(*n) == top);
    let mut starts: Vec<usize> = std::iter::once(range.start).chain(cuts).collect();
    starts.push(range.end);
    let sections = starts.windows(2).map(|w| w[0]..w[1]);
    sections
        .flat_map(|s| units(brief, shown, s, room))
        .collect()
}

/// Each block alone, a heading with what follows it.
fn single_blocks(
    brief: &Brief<'_>,
    shown: &Shown,
    range: Range<usize>,
    room: usize,
) -> Vec<Range<usize>> {
    let first = range.start;
    let joins = brief.spec.blocks[first].kind == BlockKind::Heading
        && range.len() > 1
        && shown.size(&(first..first + 2)) <= room;
    let head = first..first + 1 + usize::from(joins);
    let rest = (head.end..range.end).map(|n| n..n + 1);
    std::iter::once(head).chain(rest).collect()
}

/// Neighbours joined as long as they fit.
fn packed(shown: &Shown, units: Vec<Range<usize>>, room: usize) -> Vec<Range<usize>> {
    let mut out: Vec<(Range<usize>, usize)> = Vec::new();
    for unit in units {
        let size = shown.size(&unit);
        match out.last_mut() {
            Some((open, used)) if *used + size <= room => {
                open.end = unit.end;
                *used += size;
            }
            _ => out.push((unit, size)),
        }
    }
    out.into_iter().map(|(range, _)| range).collect()
}

/// The headings outside a part, and where other parts begin without one; the deepest left out where there are too many.
fn rest(brief: &Brief<'_>, own: &Range<usize>, firsts: &[usize], room: usize) -> String {
    let blocks = &brief.spec.blocks;
    let is_landmark = |n: &usize| {
        !own.contains(n) && (blocks[*n].kind == BlockKind::Heading || firsts.contains(n))
    };
    let line = |n: usize| {
        let text = blocks[n].text.lines().next().unwrap_or_default();
        let text = fence::line(text.trim_start_matches(['#', ' ']), brief.nonce, 70);
        format!(
            "{}[{}] {text}",
            "  ".repeat(blocks[n].section.len().min(6)),
            blocks[n].id
        )
    };
    let landmarks: Vec<usize> = (0..blocks.len()).filter(is_landmark).collect();
    for depth in (0..=6).rev() {
        let lines = landmarks
            .iter()
            .filter(|n| blocks[**n].section.len() <= depth);
        let text = lines.map(|n| line(*n)).collect::<Vec<_>>().join("\n");
        if depth == 0 || text.chars().count() <= room {
            return fence::cut(&text, room);
        }
    }
    String::new()
}
