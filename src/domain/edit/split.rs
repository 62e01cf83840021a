//! One issue becomes several: by the blocks it covers, else by the sentences that ask, else by its acceptance criteria.
//!
//! The first part keeps the number, the others come right after it. Each part waits for what the whole waited for, and
//! whatever waited for the whole waits for every part. A group stays what it is: its own points become issues under it.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::body::{Body, joined, normal, says_nothing, segments};
use super::merge::inside;
use super::{Edited, Refused, body, find, free_title, id, once};
use crate::domain::grouping::ALSO_WAITS;
use crate::domain::plan::{Plan, PlannedIssue};
use crate::domain::planning::{harmless_title, is_ungrounded};
use crate::domain::spec::BlockKind;
use crate::domain::spec::pieces::{self, Piece};
use crate::domain::structure::{self, Wishes, asks, opens_with_verb, sentences};

/// Shared words that are repeated in each part; longer ones stay with the first.
const SHARED_MOST: usize = 800;

/// What one part is made of.
#[derive(Debug, Clone)]
struct Unit {
    /// Blocks of the spec, by their place.
    blocks: BTreeSet<usize>,
    /// A list of one item, or a table of one row.
    source: String,
    /// The acceptance criterion that it is, word for word.
    criterion: Option<String>,
}

pub(super) fn split(plan: &Plan, text: &str, last: u32, item: u32) -> Result<Edited, Refused> {
    let whole = find(plan, item).ok_or(Refused::Unknown(vec![item]))?;
    let inside = inside(plan, &whole.id);
    let units = Blocks::of(plan, text, whole).units();
    if units.len() < 2 {
        return Err(if inside.is_empty() {
            Refused::Indivisible { item }
        } else {
            Refused::OnlyGroups { item, inside }
        });
    }
    let is_group = !inside.is_empty();
    let mut parts = parts(plan, whole, &units, is_group);
    let mut next = last;
    let mut ids = Vec::with_capacity(parts.len());
    for (n, part) in parts.iter_mut().enumerate() {
        if n > 0 || is_group {
            next += 1;
            part.id = id(next);
        }
        if is_group {
            part.parent = Some(whole.id.clone());
        }
        ids.push(part.id.clone());
    }
    let mut issues = Vec::with_capacity(plan.issues.len() + parts.len());
    for issue in &plan.issues {
        if issue.id == whole.id {
            if is_group {
                issues.push(rest_of_group(plan, whole, &units));
            }
            issues.append(&mut parts);
            continue;
        }
        let mut issue = issue.clone();
        // A group is closed after what it holds: whoever waits for it waits for its new parts already.
        if !is_group {
            let waits = issue.blocked_by.into_iter().flat_map(|first| {
                if first == whole.id {
                    ids.clone()
                } else {
                    vec![first]
                }
            });
            issue.blocked_by = once(waits);
        }
        issues.push(issue);
    }
    let of_whole = |id: &String| (id.clone(), vec![whole.id.clone()]);
    let mut made_of: BTreeMap<String, Vec<String>> = ids.iter().map(of_whole).collect();
    if is_group {
        made_of.extend([of_whole(&whole.id)]);
    }
    Ok(Edited {
        plan: Plan {
            issues,
            ..plan.clone()
        },
        last: next,
        made_of,
    })
}

/// The blocks that an issue covers, as the text has them.
struct Blocks<'a> {
    plan: &'a Plan,
    issue: &'a PlannedIssue,
    body: Body,
    /// Where the text is not the plan's any more, nothing is known of what is nested.
    pieces: Option<Vec<Piece>>,
    text: &'a str,
    covered: BTreeSet<usize>,
    /// Covered by other issues as well.
    shared: HashSet<usize>,
}

impl<'a> Blocks<'a> {
    fn of(plan: &'a Plan, text: &'a str, issue: &'a PlannedIssue) -> Self {
        let blocks = &plan.spec.blocks;
        let pieces = Some(pieces::read(text)).filter(|pieces| {
            pieces.len() == blocks.len()
                && pieces.iter().zip(blocks).all(|(p, b)| p.lines == b.lines)
        });
        let place: HashMap<&str, usize> = blocks
            .iter()
            .enumerate()
            .map(|(n, b)| (b.id.as_str(), n))
            .collect();
        let of = |issue: &PlannedIssue| -> Vec<usize> {
            let own = issue.covers.iter();
            own.filter_map(|b| place.get(b.as_str()).copied()).collect()
        };
        let others = plan.issues.iter().filter(|i| i.id != issue.id);
        Self {
            plan,
            issue,
            body: Body::read(&issue.body),
            pieces,
            text,
            covered: of(issue).into_iter().collect(),
            shared: others.flat_map(of).collect(),
        }
    }

    fn kind(&self, n: usize) -> BlockKind {
        self.plan.spec.blocks[n].kind
    }

    fn is_point(&self, n: usize) -> bool {
        match self.kind(n) {
            BlockKind::ListItem | BlockKind::Task => true,
            BlockKind::TableRow => !self.pieces.as_ref().is_some_and(|p| p[n].is_head),
            _ => false,
        }
    }

    /// The covered item that a block is nested in.
    fn above(&self, n: usize) -> Option<usize> {
        let pieces = self.pieces.as_ref()?;
        let mut at = pieces[n].parent;
        while let Some(parent) = at {
            if self.covered.contains(&parent) {
                return Some(parent);
            }
            at = pieces[parent].parent;
        }
        None
    }

    /// What other issues cover as well is a part of this one only if its text says so.
    fn is_own(&self, n: usize) -> bool {
        let said = || {
            let words = normal(&self.bare(n));
            let text = normal(&format!("{} {}", self.issue.title, self.issue.body));
            !words.is_empty() && text.contains(&words)
        };
        !self.shared.contains(&n) || said()
    }

    fn units(&self) -> Vec<Unit> {
        let points: Vec<usize> = self
            .covered
            .iter()
            .copied()
            .filter(|n| self.is_point(*n) && self.above(*n).is_none() && self.is_own(*n))
            .collect();
        let points = match points.as_slice() {
            [only] => {
                let nested: Vec<usize> = self
                    .covered
                    .iter()
                    .copied()
                    .filter(|n| self.is_point(*n) && self.above(*n) == Some(*only))
                    .collect();
                if nested.len() >= 2 { nested } else { points }
            }
            _ => points,
        };
        if points.len() >= 2 {
            return self.of_blocks(&points);
        }
        let prose: Vec<usize> = self
            .covered
            .iter()
            .copied()
            .filter(|n| self.kind(*n) == BlockKind::Paragraph && self.above(*n).is_none())
            .filter(|n| self.is_own(*n))
            .collect();
        let asking: Vec<usize> = prose
            .iter()
            .copied()
            .filter(|n| self.sentences(*n).iter().any(|s| is_asking(s)))
            .collect();
        if asking.len() + points.len() >= 2 {
            let mut all = [asking, points].concat();
            all.sort_unstable();
            return self.of_blocks(&all);
        }
        let only = asking.first().or(points.first()).or(prose.first());
        let of_sentences = only.map(|n| self.of_sentences(*n)).unwrap_or_default();
        if of_sentences.len() >= 2 {
            return of_sentences;
        }
        self.of_criteria()
    }

    /// A part for each of these blocks; what stands between them belongs to the one before.
    fn of_blocks(&self, points: &[usize]) -> Vec<Unit> {
        let mut units: Vec<Unit> = points
            .iter()
            .map(|n| Unit {
                blocks: BTreeSet::from([*n]),
                source: self.source(*n),
                criterion: None,
            })
            .collect();
        let first = points.first().copied().unwrap_or_default();
        for n in self.covered.iter().filter(|n| !points.contains(n)) {
            let owner = self.owner(*n, points);
            let is_introduction = owner.is_none() && (*n < first || self.is_shared_part(*n));
            let at = owner.unwrap_or_else(|| points.partition_point(|p| p < n).saturating_sub(1));
            if is_introduction {
                for unit in &mut units {
                    unit.blocks.insert(*n);
                }
            } else {
                units[at].blocks.insert(*n);
            }
        }
        units
    }

    /// Headings and the head of a table are every part's.
    fn is_shared_part(&self, n: usize) -> bool {
        self.kind(n) == BlockKind::Heading || self.pieces.as_ref().is_some_and(|p| p[n].is_head)
    }

    /// Which of the points a block is nested in.
    fn owner(&self, n: usize, points: &[usize]) -> Option<usize> {
        let mut at = self.above(n);
        while let Some(above) = at {
            if let Some(place) = points.iter().position(|p| *p == above) {
                return Some(place);
            }
            at = self.above(above);
        }
        None
    }

    fn of_sentences(&self, n: usize) -> Vec<Unit> {
        let mut parts: Vec<String> = Vec::new();
        for sentence in self.sentences(n) {
            match parts.last_mut() {
                // What does not ask explains what does.
                Some(last) if !is_asking(&sentence) || !parts_ask(last) => {
                    last.push(' ');
                    last.push_str(&sentence);
                }
                _ => parts.push(sentence),
            }
        }
        let text = normal(&format!("{} {}", self.issue.title, self.issue.body));
        if self.shared.contains(&n) {
            // Other parts of it are other issues by now.
            parts.retain(|part| text.contains(&normal(part)));
        }
        self.of_texts(parts)
    }

    fn of_criteria(&self) -> Vec<Unit> {
        let own = self.body.criteria.iter();
        let own = own.filter(|c| !says_nothing(c, &self.issue.title));
        let mut units = self.of_texts(own.clone().cloned().collect());
        for (unit, criterion) in units.iter_mut().zip(own) {
            unit.criterion = Some(criterion.clone());
        }
        units
    }

    /// Parts that no block tells apart: each covers what the whole did.
    fn of_texts(&self, texts: Vec<String>) -> Vec<Unit> {
        let unit = |text: String| Unit {
            blocks: self.covered.clone(),
            source: format!("- {}", indented(&text)),
            criterion: None,
        };
        texts.into_iter().map(unit).collect()
    }

    /// The sentences of a block's first paragraph.
    fn sentences(&self, n: usize) -> Vec<String> {
        let words = match &self.pieces {
            Some(pieces) => pieces[n].plain.clone(),
            None => self
                .bare(n)
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" "),
        };
        sentences(&words).into_iter().map(str::to_owned).collect()
    }

    /// A block's text without bullet and box.
    fn bare(&self, n: usize) -> String {
        let text = self.plan.spec.blocks[n].text.as_str();
        let text = text.trim_start_matches(['>', ' ', '\t']);
        let digits = text.trim_start_matches(|c: char| c.is_ascii_digit());
        let numbered = digits.strip_prefix(['.', ')']);
        let numbered = numbered.filter(|_| digits.len() < text.len());
        let rest = numbered.unwrap_or_else(|| text.trim_start_matches(['-', '*', '+']));
        let rest = rest.trim_start();
        ["[ ]", "[x]", "[X]"]
            .iter()
            .find_map(|mark| rest.strip_prefix(mark))
            .unwrap_or(rest)
            .trim_start()
            .to_owned()
    }

    /// A block with what is nested in it as a document of its own.
    fn source(&self, n: usize) -> String {
        if self.kind(n) == BlockKind::TableRow {
            return self.row(n);
        }
        let mut out = format!("- {}", indented(&dedented(&self.bare(n))));
        self.nested(n, 1, &mut out);
        out
    }

    fn nested(&self, of: usize, depth: usize, out: &mut String) {
        let children = self.covered.iter().filter(|n| self.above(**n) == Some(of));
        for n in children {
            let pad = "  ".repeat(depth);
            let text = dedented(&self.bare(*n));
            let text = if self.is_point(*n) {
                format!("{pad}- {}", text.replace('\n', &format!("\n{pad}  ")))
            } else {
                format!("\n{pad}{}", text.replace('\n', &format!("\n{pad}")))
            };
            out.push('\n');
            out.push_str(&text);
            self.nested(*n, depth + 1, out);
        }
    }

    /// A row below its table's head.
    fn row(&self, n: usize) -> String {
        let row = self.plan.spec.blocks[n].text.trim();
        let head = self.pieces.as_ref().and_then(|pieces| {
            let mut before = pieces[..n].iter().rev();
            before.find(|p| p.is_head && p.group == pieces[n].group)
        });
        match head {
            Some(head) => {
                let rule = format!("|{}", " --- |".repeat(head.cells.len().max(1)));
                format!("{}\n{rule}\n{row}", self.text[head.range.clone()].trim())
            }
            None => format!("- {}", row.trim_matches(['|', ' ']).replace('|', "–")),
        }
    }
}

fn is_asking(sentence: &str) -> bool {
    asks(sentence) || opens_with_verb(sentence)
}

fn parts_ask(part: &str) -> bool {
    sentences(part).into_iter().any(is_asking)
}

/// Further lines moved under an item's first.
fn indented(text: &str) -> String {
    text.lines().collect::<Vec<_>>().join("\n  ")
}

/// Further lines at the margin, as far as all of them stand off it.
fn dedented(text: &str) -> String {
    let off = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let further = text.lines().skip(1).filter(|l| !l.trim().is_empty());
    let common = further.map(off).min().unwrap_or(0);
    let line = |(n, line)| match n {
        0 => line,
        _ => str::get(line, common..).unwrap_or(""),
    };
    let lines: Vec<&str> = text.lines().enumerate().map(line).collect();
    lines.join("\n")
}

/// The parts, each with title and text of its own; all with the whole's id.
fn parts(plan: &Plan, whole: &PlannedIssue, units: &[Unit], is_group: bool) -> Vec<PlannedIssue> {
    let old = Body::read(&whole.body);
    let mut own = plan.clone();
    let mut made: BTreeSet<String> = BTreeSet::new();
    if !is_group {
        // The whole's title is free for its parts.
        made.insert(whole.id.clone());
    }
    let sources: Vec<String> = units.iter().map(|u| normal(&u.source)).collect();
    let told = Told::by(&sources, &whole.title);
    let mut rest: Vec<String> = segments(&old.what)
        .into_iter()
        .filter(|s| !told.holds(s))
        .collect();
    let mut seen = HashSet::new();
    rest.retain(|s| !is_group && seen.insert(normal(s)));
    let is_short = rest.iter().map(String::len).sum::<usize>() <= SHARED_MOST;
    let criteria = old.criteria.into_iter();
    let criteria: Vec<String> = criteria
        .filter(|c| !is_group && !told.holds(c) && !says_nothing(c, &whole.title))
        .collect();
    let mut parts = Vec::with_capacity(units.len());
    for (n, unit) in units.iter().enumerate() {
        let covers: Vec<String> = unit
            .blocks
            .iter()
            .map(|b| plan.spec.blocks[*b].id.clone())
            .collect();
        let (title, mut body) = planned(plan, whole, &unit.source, n);
        if n == 0 || is_short {
            let mut what = segments(&body.what);
            what.extend(rest.iter().cloned());
            body.what = joined(&what);
        }
        let mine = criteria.iter().filter(|c| nearest(c, &sources) == n);
        let given: Vec<String> = mine.cloned().collect();
        if let Some(criterion) = &unit.criterion {
            body.criteria = vec![criterion.clone()];
        } else if !given.is_empty() {
            body.criteria.retain(|c| !says_nothing(c, &title));
            body.criteria.extend(given);
        }
        // Every part waits for what the whole waits for; all else that a group says stays with it.
        let is_its = |heading: &str, text: &str| {
            heading == ALSO_WAITS || !is_group && (n == 0 || text.len() <= SHARED_MOST)
        };
        let further = old.further.iter().filter(|(h, t)| is_its(h, t));
        body.further = further.cloned().collect();
        let quotes = old.quotes.iter();
        let quotes = quotes.filter(|q| !is_group && nearest(q, &sources) == n);
        body.quotes = quotes.cloned().collect();
        let title = free_title(&own, &made, &title);
        let mut part = PlannedIssue {
            title,
            body: body.written(plan, &covers),
            covers,
            ..whole.clone()
        };
        if is_ungrounded(whole) && !is_ungrounded(&part) {
            // Nobody has asked for any part of it.
            let mark = whole.body.split("\n\n").next().unwrap_or_default();
            part.body = format!("{mark}\n\n{}", part.body);
        }
        own.issues.push(PlannedIssue {
            id: format!("part{n}"),
            ..part.clone()
        });
        parts.push(part);
    }
    parts
}

/// What the parts say by themselves.
struct Told {
    /// Words of each source.
    sources: Vec<Vec<String>>,
    /// The same and the title's, the longest first.
    sayings: Vec<Vec<String>>,
}

impl Told {
    fn by(sources: &[String], title: &str) -> Self {
        let words = |text: &String| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let sources: Vec<Vec<String>> = sources.iter().map(words).collect();
        let mut sayings = sources.clone();
        sayings.push(words(&normal(title)));
        sayings.retain(|s| s.iter().any(|word| !word.is_empty()));
        sayings.sort_by_key(|s| std::cmp::Reverse(s.len()));
        Self { sources, sayings }
    }

    /// Whether a text stands in one source, or nothing of it is left without them. Whole words alone count: "Price" does not
    /// say "The price includes tax".
    fn holds(&self, text: &str) -> bool {
        let text = normal(text);
        let words: Vec<&str> = text.split(' ').filter(|w| !w.is_empty()).collect();
        if words.is_empty() {
            return true;
        }
        let is_in = |source: &Vec<String>| source.windows(words.len()).any(|w| w == words);
        if self.sources.iter().any(is_in) {
            return true;
        }
        let mut open = vec![true; words.len()];
        for saying in &self.sayings {
            for from in 0..(words.len() + 1).saturating_sub(saying.len()) {
                let to = from + saying.len();
                if open[from..to].iter().all(|is| *is) && words[from..to] == saying[..] {
                    open[from..to].fill(false);
                }
            }
        }
        open.iter().all(|is| !is)
    }
}

/// Title and body of one part, as structure plans it.
fn planned(plan: &Plan, whole: &PlannedIssue, source: &str, n: usize) -> (String, Body) {
    let wishes = Wishes {
        count: Some(1),
        maximum: 1,
        ..Wishes::default()
    };
    let document = format!("## Work\n\n{source}\n");
    let made = structure::plan(&plan.spec.title, &document, &wishes);
    if let [one] = made.issues.as_slice() {
        let (said, is_about_whole) = match without_pronoun(source) {
            // "It works without scripts" says what the whole does.
            Some(rest) => (format!("{}: {rest}", whole.title), true),
            None => (one.title.clone(), false),
        };
        let title = harmless_title(&said);
        if title.chars().any(char::is_alphanumeric) {
            let body = body::renamed(&one.body, &one.title, &title);
            let mut body = Body::read(&body);
            body.quotes.clear();
            if is_about_whole {
                body.criteria.retain(|c| !says_nothing(c, &title));
                if body.criteria.is_empty() {
                    body.criteria.push(body.what.replace('\n', " "));
                }
            }
            return (title, body);
        }
    }
    let words = source.trim_start_matches(['-', ' ']).trim();
    let first = words.lines().next().unwrap_or_default();
    let mut title = harmless_title(first);
    if !title.chars().any(char::is_alphanumeric) {
        let tail = format!(", part {}", n + 1);
        let head: String = whole.title.chars().take(80 - tail.len()).collect();
        title = format!("{}{tail}", head.trim_end());
    }
    let body = Body {
        what: words.to_owned(),
        criteria: vec![title.clone()],
        ..Body::default()
    };
    (title, body)
}

/// What follows "it" or "they" where a part begins so.
fn without_pronoun(source: &str) -> Option<&str> {
    const PRONOUNS: &[&str] = &["it", "they", "this", "these", "that", "those", "he", "she"];
    let words = source.trim_start_matches(['-', ' ']);
    let line = words.lines().next().unwrap_or_default().trim();
    let (first, rest) = line.split_once(' ')?;
    let rest = rest.trim().trim_end_matches('.');
    let is_pronoun = PRONOUNS.contains(&first.to_lowercase().as_str());
    (is_pronoun && !rest.is_empty()).then_some(rest)
}

/// The part that shares the most words with a criterion; the first where none does.
fn nearest(criterion: &str, sources: &[String]) -> usize {
    let words = normal(criterion);
    let words: HashSet<&str> = words.split(' ').filter(|w| w.chars().count() > 3).collect();
    let shared = |source: &String| {
        let theirs: HashSet<&str> = source.split(' ').collect();
        words.intersection(&theirs).count()
    };
    let counted = sources.iter().enumerate().map(|(n, s)| (shared(s), n));
    let best = counted.max_by_key(|(shared, n)| (*shared, std::cmp::Reverse(*n)));
    best.map_or(0, |(_, n)| n)
}

/// A group without the points that are issues under it now.
fn rest_of_group(plan: &Plan, whole: &PlannedIssue, units: &[Unit]) -> PlannedIssue {
    let mut group = whole.clone();
    let mut body = Body::read(&whole.body);
    let sources: Vec<String> = units.iter().map(|u| normal(&u.source)).collect();
    let told = Told::by(&sources, &whole.title);
    let mut kept = segments(&body.what);
    kept.retain(|s| !told.holds(s));
    body.what = joined(&kept);
    if body.what.is_empty() {
        body.what = format!("{}.", crate::domain::comment::inline(&whole.title));
    }
    body.criteria.retain(|c| !told.holds(c));
    if body.criteria.is_empty() {
        body.criteria.push(body::ALL_DONE.to_owned());
    }
    let moved: HashSet<usize> = units
        .iter()
        .flat_map(|u| &u.blocks)
        .copied()
        .filter(|n| plan.spec.blocks[*n].kind != BlockKind::Heading)
        .collect();
    let place = |id: &String| plan.spec.blocks.iter().position(|b| b.id == *id);
    group
        .covers
        .retain(|b| place(b).is_none_or(|n| !moved.contains(&n)));
    group.body = body.written(plan, &group.covers);
    group
}
