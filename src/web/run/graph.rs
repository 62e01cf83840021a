//! A run's plan as a drawing: what belongs together, what waits for what, and how far each issue is.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use crate::domain::plan::PlannedIssue;
use crate::domain::present::layers::{Measures, layered};
use crate::domain::run::ItemState;

/// More are folded: nobody reads them as a drawing.
const MOST_NODES: usize = 48;
const MEASURES: Measures = Measures {
    node_width: 228.0,
    node_height: 44.0,
    column_gap: 56.0,
    row_gap: 12.0,
    loose_columns: 3,
};
const MARGIN: f64 = 6.0;
/// Characters of a title on one of its two lines; fonts differ, so that some room is left.
const LINE: usize = 25;

/// A drawing, ready for its template.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Graph {
    pub(super) width: String,
    pub(super) height: String,
    pub(super) nodes: Vec<Node>,
    pub(super) edges: Vec<Edge>,
    /// What a person hears in its place.
    pub(super) words: String,
    pub(super) has_parents: bool,
    pub(super) has_waits: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub(super) x: String,
    pub(super) y: String,
    /// `None`: stands for several that are folded.
    pub(super) item: Option<i32>,
    pub(super) lines: Vec<String>,
    pub(super) class: &'static str,
    /// The whole title, and the state.
    pub(super) tip: String,
    /// `+12` of what is folded into it.
    pub(super) folded: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Edge {
    pub(super) path: String,
    /// What waits, as against what belongs.
    pub(super) waits: bool,
}

/// One item, as far as it is drawn.
#[derive(Debug, Clone, Copy)]
pub(super) struct Drawn<'a> {
    pub(super) position: i32,
    pub(super) planned: &'a PlannedIssue,
    pub(super) state: ItemState,
}

/// Draws the items; `None` where there is nothing to see in a drawing.
pub(super) fn draw(items: &[Drawn<'_>]) -> Option<Graph> {
    let ids: HashMap<&str, usize> = items
        .iter()
        .enumerate()
        .map(|(n, item)| (item.planned.id.as_str(), n))
        .collect();
    let shown = fold(items, &ids);
    let place: HashMap<usize, usize> = shown.iter().enumerate().map(|(at, n)| (*n, at)).collect();
    // What is folded is drawn as its nearest parent that is shown.
    let stand_in = |n: usize| {
        let mut at = n;
        for _ in 0..items.len() {
            if let Some(place) = place.get(&at) {
                return Some(*place);
            }
            at = *ids.get(items[at].planned.parent.as_deref()?)?;
        }
        None
    };
    let mut arrows: Vec<(usize, usize)> = Vec::new();
    let mut waits: Vec<bool> = Vec::new();
    let mut known: HashSet<(usize, usize)> = HashSet::new();
    for (n, item) in items.iter().enumerate() {
        let before = item.planned.blocked_by.iter().map(|id| (id.as_str(), true));
        let above = item.planned.parent.iter().map(|id| (id.as_str(), false));
        for (id, is_wait) in before.chain(above) {
            let Some((from, to)) = ids
                .get(id)
                .and_then(|other| Some((stand_in(*other)?, stand_in(n)?)))
            else {
                continue;
            };
            if from != to && known.insert((from, to)) {
                arrows.push((from, to));
                waits.push(is_wait);
            }
        }
    }
    let rest = items.len() - shown.len();
    let loose_rest = (0..items.len()).filter(|n| stand_in(*n).is_none()).count();
    let count = shown.len() + usize::from(loose_rest > 0);
    if items.is_empty() || arrows.is_empty() {
        return None;
    }
    let layout = layered(count, &arrows, &MEASURES);
    let mut folded = vec![0_usize; shown.len()];
    for n in (0..items.len()).filter(|n| !place.contains_key(n)) {
        if let Some(at) = stand_in(n) {
            folded[at] += 1;
        }
    }
    let mut nodes: Vec<Node> = shown
        .iter()
        .zip(&layout.nodes)
        .zip(&folded)
        .map(|((n, at), folded)| node(&items[*n], *at, *folded))
        .collect();
    if let Some(at) = layout.nodes.get(shown.len()) {
        nodes.push(Node {
            x: length(at.0 + MARGIN),
            y: length(at.1 + MARGIN),
            item: None,
            lines: vec![
                format!("and {loose_rest} more"),
                "in the list below".to_owned(),
            ],
            class: "rest",
            tip: format!("{loose_rest} more issues, in the list below"),
            folded: None,
        });
    }
    let edges = layout.edges.iter().zip(&waits).map(|(points, waits)| Edge {
        path: path(points),
        waits: *waits,
    });
    let edges: Vec<Edge> = edges.filter(|edge| !edge.path.is_empty()).collect();
    Some(Graph {
        width: length(layout.width + 2.0 * MARGIN),
        height: length(layout.height + 2.0 * MARGIN),
        has_parents: edges.iter().any(|edge| !edge.waits),
        has_waits: edges.iter().any(|edge| edge.waits),
        words: words(items.len(), rest, &waits),
        nodes,
        edges,
    })
}

/// Which items are drawn: all of a small plan, else the parents, else the first of what hangs together.
fn fold(items: &[Drawn<'_>], ids: &HashMap<&str, usize>) -> Vec<usize> {
    if items.len() <= MOST_NODES {
        return (0..items.len()).collect();
    }
    let parent = |n: usize| {
        let id = items[n].planned.parent.as_deref()?;
        ids.get(id).copied()
    };
    let parents: HashSet<usize> = (0..items.len()).filter_map(parent).collect();
    let mut kept: Vec<usize> = (0..items.len())
        .filter(|n| parents.contains(n) || parent(*n).is_none())
        .collect();
    if kept.len() > MOST_NODES {
        kept.retain(|n| parent(*n).is_none());
    }
    if kept.len() > MOST_NODES {
        let mut tied: HashSet<usize> = parents;
        for (n, item) in items.iter().enumerate() {
            for before in &item.planned.blocked_by {
                tied.extend(ids.get(before.as_str()).copied().into_iter().chain([n]));
            }
        }
        kept.sort_by_key(|n| !tied.contains(n));
        kept.truncate(MOST_NODES - 1);
        kept.sort_unstable();
    }
    kept
}

fn node(item: &Drawn<'_>, at: (f64, f64), folded: usize) -> Node {
    Node {
        x: length(at.0 + MARGIN),
        y: length(at.1 + MARGIN),
        item: Some(item.position),
        lines: two_lines(&item.planned.title),
        class: class(item.state),
        tip: format!(
            "{}. {} ({})",
            item.position,
            item.planned.title,
            super::view::item_badge(item.state).words.to_lowercase()
        ),
        folded: (folded > 0).then(|| format!("+{folded}")),
    }
}

pub(super) fn class(state: ItemState) -> &'static str {
    match state {
        ItemState::Planned => "planned",
        ItemState::Dropped => "dropped",
        ItemState::Intended => "intended",
        ItemState::Created | ItemState::Changed => "created",
        ItemState::Skipped => "skipped",
        ItemState::Failed => "failed",
        ItemState::Closed | ItemState::Undone => "closed",
        ItemState::Left => "left",
    }
}

/// A title on two lines, cut at words.
fn two_lines(title: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in title.split_whitespace() {
        let line = lines.last_mut().expect("there is always one");
        let longer = line.chars().count() + 1 + word.chars().count() > LINE;
        if longer && !line.is_empty() {
            if lines.len() == 2 {
                let last = lines.last_mut().expect("there are two");
                *last = format!("{}…", last.trim_end());
                break;
            }
            lines.push(word.to_owned());
        } else {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    for line in &mut lines {
        if line.chars().count() > LINE + 1 {
            *line = line.chars().take(LINE).chain(['…']).collect();
        }
    }
    lines
}

/// A curve through the points; between a stand-in's two sides it runs straight.
fn path(points: &[(f64, f64)]) -> String {
    let mut out = String::new();
    let Some((x, y)) = points.first() else {
        return out;
    };
    let _ = write!(out, "M{} {}", length(x + MARGIN), length(y + MARGIN));
    for (n, pair) in points.windows(2).enumerate() {
        let ((ax, ay), (bx, by)) = (
            (pair[0].0 + MARGIN, pair[0].1 + MARGIN),
            (pair[1].0 + MARGIN, pair[1].1 + MARGIN),
        );
        if n % 2 == 0 {
            let middle = length(f64::midpoint(ax, bx));
            let _ = write!(
                out,
                "C{middle} {} {middle} {} {} {}",
                length(ay),
                length(by),
                length(bx),
                length(by)
            );
        } else {
            let _ = write!(out, "L{} {}", length(bx), length(by));
        }
    }
    out
}

fn length(value: f64) -> String {
    format!("{:.1}", value.max(0.0))
        .trim_end_matches('0')
        .trim_end_matches('.')
        .to_owned()
}

fn words(total: usize, hidden: usize, waits: &[bool]) -> String {
    use crate::web::parts::many;
    let dependencies = waits.iter().filter(|w| **w).count();
    let belongs = waits.len() - dependencies;
    let mut out = format!("Graph of {}", many(total, "issue"));
    if dependencies > 0 {
        let _ = write!(
            out,
            ", {} that one has to wait for another",
            many(dependencies, "arrow")
        );
    }
    if belongs > 0 {
        let _ = write!(out, ", {} from an issue to its part", many(belongs, "line"));
    }
    if hidden > 0 {
        let _ = write!(out, "; {} folded", many(hidden, "issue"));
    }
    out.push_str(". The list below says the same in words.");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn issue(id: &str, parent: Option<&str>, blocked_by: &[&str]) -> PlannedIssue {
        PlannedIssue {
            id: id.to_owned(),
            title: format!("Add <part> {id} of a whole that has quite a long name"),
            body: String::new(),
            labels: Vec::new(),
            assignees: Vec::new(),
            component: None,
            repository: None,
            parent: parent.map(str::to_owned),
            blocked_by: blocked_by.iter().map(|b| (*b).to_owned()).collect(),
            covers: Vec::new(),
        }
    }

    fn drawing(issues: &[PlannedIssue]) -> Option<Graph> {
        let items: Vec<Drawn<'_>> = issues
            .iter()
            .zip(1..)
            .map(|(planned, position)| Drawn {
                position,
                planned,
                state: ItemState::Planned,
            })
            .collect();
        draw(&items)
    }

    #[test]
    fn parts_and_waits_are_told_apart() {
        let graph = drawing(&[
            issue("i1", None, &[]),
            issue("i2", Some("i1"), &[]),
            issue("i3", Some("i1"), &["i2"]),
        ])
        .unwrap();
        let waits: Vec<bool> = graph.edges.iter().map(|e| e.waits).collect();
        assert_eq!(waits, [false, true, false]);
        assert_eq!(
            graph.nodes[0].lines,
            ["Add <part> i1 of a whole", "that has quite a long…"]
        );
        assert!(graph.words.starts_with("Graph of 3 issues, 1 arrow"));
    }

    #[test]
    fn a_list_without_any_tie_is_not_drawn() {
        assert_eq!(
            drawing(&[issue("i1", None, &[]), issue("i2", None, &[])]),
            None
        );
        assert_eq!(drawing(&[]), None);
    }

    #[test]
    fn a_large_plan_is_folded_into_its_parents() {
        let mut issues: Vec<PlannedIssue> = (1..=5)
            .map(|n| issue(&format!("i{n}"), None, &[]))
            .collect();
        for n in 6..=200 {
            let parent = format!("i{}", n % 5 + 1);
            let before = format!("i{}", n - 1);
            issues.push(issue(&format!("i{n}"), Some(&parent), &[before.as_str()]));
        }
        let graph = drawing(&issues).unwrap();
        assert_eq!(graph.nodes.len(), 5);
        assert_eq!(graph.nodes[0].folded.as_deref(), Some("+39"));
        let flat: Vec<PlannedIssue> = (1..=200)
            .map(|n| {
                let before = format!("i{}", n - 1);
                let waits = n > 1 && n < 40;
                issue(
                    &format!("i{n}"),
                    None,
                    if waits {
                        std::slice::from_ref(&before)
                    } else {
                        &[]
                    }
                    .iter()
                    .map(String::as_str)
                    .collect::<Vec<_>>()
                    .as_slice(),
                )
            })
            .collect();
        let graph = drawing(&flat).unwrap();
        assert_eq!(graph.nodes.len(), MOST_NODES);
        assert_eq!(
            graph.nodes.last().unwrap().lines[0],
            format!("and {} more", 200 - MOST_NODES + 1)
        );
    }
}
