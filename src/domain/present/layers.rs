//! Where the nodes of a graph stand when it is drawn from left to right: Sugiyama's method in four small steps.

use std::collections::HashMap;

/// How large things are, in the drawing's own unit.
#[derive(Debug, Clone, Copy)]
pub struct Measures {
    pub node_width: f64,
    pub node_height: f64,
    /// Between two columns: room for the arrows.
    pub column_gap: f64,
    pub row_gap: f64,
    /// In how many columns nodes without any arrow are put at least.
    pub loose_columns: usize,
}

/// A graph with a place for everything.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Layout {
    pub width: f64,
    pub height: f64,
    /// The upper left corner of each node.
    pub nodes: Vec<(f64, f64)>,
    /// For each arrow the points it goes through, from the right side of one node to the left side of another.
    pub edges: Vec<Vec<(f64, f64)>>,
}

const SWEEPS: usize = 8;

/// Lays out `count` nodes with arrows from one to another. A circle is broken at one of its arrows; arrows that lead nowhere are left out
/// (their list of points is empty).
pub fn layered(count: usize, arrows: &[(usize, usize)], m: &Measures) -> Layout {
    let (forward, known) = without_circles(count, arrows);
    let is_tied: Vec<bool> = (0..count)
        .map(|n| forward.iter().any(|(from, to)| *from == n || *to == n))
        .collect();
    let mut net = Net::new(count, &forward, &is_tied);
    net.order();
    let y = net.places(m);
    let step = m.node_width + m.column_gap;
    let mut layout = Layout {
        nodes: vec![(0.0, 0.0); count],
        ..Layout::default()
    };
    for (column, nodes) in net.columns.iter().enumerate() {
        for &node in nodes.iter().filter(|node| **node < count) {
            layout.nodes[node] = (as_f64(column) * step, y[node]);
        }
    }
    let lowest = y.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut bottom = if lowest.is_finite() {
        lowest + m.node_height
    } else {
        0.0
    };
    let loose: Vec<usize> = (0..count).filter(|n| !is_tied[*n]).collect();
    let wide = net.columns.len().max(m.loose_columns).min(count.max(1));
    let columns = if loose.is_empty() {
        net.columns.len()
    } else {
        net.columns.len().max(wide.min(loose.len()))
    };
    let top = if bottom > 0.0 {
        bottom + 2.0 * m.row_gap
    } else {
        0.0
    };
    for (n, node) in loose.into_iter().enumerate() {
        let at = (
            as_f64(n % wide) * step,
            top + as_f64(n / wide) * (m.node_height + m.row_gap),
        );
        bottom = bottom.max(at.1 + m.node_height);
        layout.nodes[node] = at;
    }
    layout.width = (as_f64(columns) * step - m.column_gap).max(0.0);
    layout.height = bottom;
    layout.edges = net.ways(arrows, &known, &y, m);
    layout
}

/// The arrows that can all point to the right, those that close a circle turned round; and for each given arrow whether
/// it was turned, `None` where it leads nowhere.
fn without_circles(
    count: usize,
    arrows: &[(usize, usize)],
) -> (Vec<(usize, usize)>, Vec<Option<bool>>) {
    let known: Vec<bool> = arrows
        .iter()
        .map(|(from, to)| *from < count && *to < count && from != to)
        .collect();
    let mut out = vec![Vec::new(); count];
    for (n, (from, _)) in arrows.iter().enumerate().filter(|(n, _)| known[*n]) {
        out[*from].push(n);
    }
    // 0: not seen, 1: on the way, 2: done.
    let mut mark = vec![0_u8; count];
    let mut turned = vec![false; arrows.len()];
    for start in 0..count {
        if mark[start] != 0 {
            continue;
        }
        mark[start] = 1;
        let mut path = vec![(start, 0)];
        while let Some((node, next)) = path.last_mut() {
            let Some(arrow) = out[*node].get(*next).copied() else {
                mark[*node] = 2;
                path.pop();
                continue;
            };
            *next += 1;
            let to = arrows[arrow].1;
            match mark[to] {
                0 => {
                    mark[to] = 1;
                    path.push((to, 0));
                }
                1 => turned[arrow] = true,
                _ => {}
            }
        }
    }
    let direction = known.iter().zip(&turned);
    let direction: Vec<Option<bool>> = direction.map(|(k, t)| k.then_some(*t)).collect();
    let mut forward: Vec<(usize, usize)> = arrows
        .iter()
        .zip(&direction)
        .filter_map(|((from, to), turned)| {
            turned.map(|turned| if turned { (*to, *from) } else { (*from, *to) })
        })
        .collect();
    forward.sort_unstable();
    forward.dedup();
    (forward, direction)
}

/// Columns of nodes, with a stand-in wherever an arrow passes a column.
struct Net {
    columns: Vec<Vec<usize>>,
    /// To the right, of nodes and stand-ins.
    next: Vec<Vec<usize>>,
    before: Vec<Vec<usize>>,
    column_of: Vec<usize>,
    /// For each forward arrow: the nodes it touches, ends included.
    chains: Vec<((usize, usize), Vec<usize>)>,
}

impl Net {
    fn new(count: usize, forward: &[(usize, usize)], is_tied: &[bool]) -> Self {
        let column_of = longest_ways(count, forward);
        let depth = (0..count)
            .filter(|n| is_tied[*n])
            .map(|n| column_of[n] + 1)
            .max();
        let mut net = Self {
            columns: vec![Vec::new(); depth.unwrap_or(0)],
            next: vec![Vec::new(); count],
            before: vec![Vec::new(); count],
            column_of,
            chains: Vec::new(),
        };
        for (from, to) in forward {
            let mut chain = vec![*from];
            for column in net.column_of[*from] + 1..net.column_of[*to] {
                let stand_in = net.next.len();
                net.next.push(Vec::new());
                net.before.push(Vec::new());
                net.column_of.push(column);
                chain.push(stand_in);
            }
            chain.push(*to);
            for pair in chain.windows(2) {
                net.next[pair[0]].push(pair[1]);
                net.before[pair[1]].push(pair[0]);
            }
            net.chains.push(((*from, *to), chain));
        }
        net.columns = net.depth_first(is_tied);
        net
    }

    /// Every node in its column, what hangs together side by side.
    fn depth_first(&self, is_tied: &[bool]) -> Vec<Vec<usize>> {
        let mut columns = vec![Vec::new(); self.columns.len()];
        let mut seen = vec![false; self.next.len()];
        let roots = (0..is_tied.len()).filter(|n| is_tied[*n] && self.before[*n].is_empty());
        for root in roots {
            let mut path = vec![root];
            while let Some(node) = path.pop() {
                if !std::mem::replace(&mut seen[node], true) {
                    columns[self.column_of[node]].push(node);
                    path.extend(self.next[node].iter().rev());
                }
            }
        }
        columns
    }

    /// Orders each column by the middle of its neighbours, to and fro, so that few arrows cross.
    fn order(&mut self) {
        let mut rank = vec![0.0; self.next.len()];
        for column in &self.columns {
            for (n, node) in column.iter().enumerate() {
                rank[*node] = as_f64(n);
            }
        }
        let mut best = (self.crossings(), self.columns.clone());
        for sweep in 0..SWEEPS {
            let rightwards = sweep % 2 == 0;
            let depth = self.columns.len();
            for step in 1..depth {
                let at = if rightwards { step } else { depth - 1 - step };
                let near = if rightwards { &self.before } else { &self.next };
                let middle = |node: usize| mean(near[node].iter().map(|n| rank[*n]));
                let mut keyed: Vec<(f64, usize)> = self.columns[at]
                    .iter()
                    .map(|node| (middle(*node).unwrap_or(rank[*node]), *node))
                    .collect();
                keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
                for (n, (_, node)) in keyed.iter().enumerate() {
                    rank[*node] = as_f64(n);
                }
                self.columns[at] = keyed.into_iter().map(|(_, node)| node).collect();
            }
            let crossings = self.crossings();
            if crossings < best.0 {
                best = (crossings, self.columns.clone());
            }
        }
        self.columns = best.1;
    }

    /// How often arrows cross.
    fn crossings(&self) -> usize {
        let pairs = self.columns.windows(2);
        pairs
            .map(|pair| self.crossings_between(&pair[0], &pair[1]))
            .sum()
    }

    fn crossings_between(&self, left: &[usize], right: &[usize]) -> usize {
        let rank: HashMap<usize, usize> = right
            .iter()
            .enumerate()
            .map(|(n, node)| (*node, n))
            .collect();
        let mut passed: Vec<usize> = Vec::new();
        let mut crossings = 0;
        for node in left {
            let mut ends: Vec<usize> = self.next[*node]
                .iter()
                .filter_map(|to| rank.get(to).copied())
                .collect();
            ends.sort_unstable();
            // An arrow crosses each earlier one that ends below it.
            crossings += ends
                .iter()
                .map(|end| passed.len() - passed.partition_point(|p| p <= end))
                .sum::<usize>();
            passed.extend(ends);
            passed.sort_unstable();
        }
        crossings
    }

    /// How far down each node stands: as near to its neighbours as its column allows.
    fn places(&self, m: &Measures) -> Vec<f64> {
        let gap = m.node_height + m.row_gap;
        let mut y = vec![0.0; self.next.len()];
        for column in &self.columns {
            for (n, node) in column.iter().enumerate() {
                y[*node] = as_f64(n) * gap;
            }
        }
        for sweep in 0..SWEEPS {
            let depth = self.columns.len();
            for step in 0..depth {
                let at = if sweep % 2 == 0 {
                    step
                } else {
                    depth - 1 - step
                };
                let column = &self.columns[at];
                let wanted: Vec<f64> = column
                    .iter()
                    .map(|node| {
                        let near = self.before[*node].iter().chain(&self.next[*node]);
                        mean(near.map(|n| y[*n])).unwrap_or(y[*node])
                    })
                    .collect();
                for (node, place) in column.iter().zip(apart(&wanted, gap)) {
                    y[*node] = place;
                }
            }
        }
        let highest = y
            .iter()
            .enumerate()
            .filter(|(n, _)| self.columns.iter().any(|c| c.contains(n)))
            .map(|(_, y)| *y)
            .fold(f64::INFINITY, f64::min);
        if highest.is_finite() {
            for y in &mut y {
                *y -= highest;
            }
        }
        for (node, y) in y.iter_mut().enumerate() {
            if !self.columns.iter().any(|c| c.contains(&node)) {
                *y = f64::NEG_INFINITY;
            }
        }
        y
    }

    fn ways(
        &self,
        arrows: &[(usize, usize)],
        direction: &[Option<bool>],
        y: &[f64],
        m: &Measures,
    ) -> Vec<Vec<(f64, f64)>> {
        let step = m.node_width + m.column_gap;
        let middle = m.node_height / 2.0;
        let way = |((from, to), turned): (&(usize, usize), &Option<bool>)| {
            let Some(turned) = turned else {
                return Vec::new();
            };
            let ends = if *turned { (*to, *from) } else { (*from, *to) };
            let Some((_, chain)) = self.chains.iter().find(|(known, _)| *known == ends) else {
                return Vec::new();
            };
            let mut points = Vec::new();
            for (n, node) in chain.iter().enumerate() {
                let (left, at) = (as_f64(self.column_of[*node]) * step, y[*node] + middle);
                if n > 0 {
                    points.push((left, at));
                }
                if n + 1 < chain.len() {
                    points.push((left + m.node_width, at));
                }
            }
            if *turned {
                points.reverse();
            }
            points
        };
        arrows.iter().zip(direction).map(way).collect()
    }
}

/// In which column each node stands: one further than the furthest before it.
fn longest_ways(count: usize, forward: &[(usize, usize)]) -> Vec<usize> {
    let mut column = vec![0; count];
    let mut waits = vec![0_usize; count];
    let mut next = vec![Vec::new(); count];
    for (from, to) in forward {
        waits[*to] += 1;
        next[*from].push(*to);
    }
    let mut ready: Vec<usize> = (0..count).filter(|n| waits[*n] == 0).collect();
    while let Some(node) = ready.pop() {
        for &to in &next[node] {
            column[to] = column[to].max(column[node] + 1);
            waits[to] -= 1;
            if waits[to] == 0 {
                ready.push(to);
            }
        }
    }
    column
}

/// The places nearest to the wanted ones (least squares) that keep the order and this distance: neighbours that are too near
/// are pooled and moved together.
fn apart(wanted: &[f64], gap: f64) -> Vec<f64> {
    let mut pools: Vec<(f64, usize)> = Vec::new();
    for (n, want) in wanted.iter().enumerate() {
        let mut pool = (want - as_f64(n) * gap, 1);
        while let Some((mean, size)) = pools.pop_if(|(mean, _)| *mean > pool.0) {
            let together = size + pool.1;
            pool = (
                (mean * as_f64(size) + pool.0 * as_f64(pool.1)) / as_f64(together),
                together,
            );
        }
        pools.push(pool);
    }
    let shifts = pools
        .into_iter()
        .flat_map(|(mean, size)| std::iter::repeat_n(mean, size));
    shifts
        .enumerate()
        .map(|(n, shift)| shift + as_f64(n) * gap)
        .collect()
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0_usize), |(sum, n), value| (sum + value, n + 1));
    (count > 0).then(|| sum / as_f64(count))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of nodes are far below 2^53"
)]
fn as_f64(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const M: Measures = Measures {
        node_width: 100.0,
        node_height: 20.0,
        column_gap: 50.0,
        row_gap: 10.0,
        loose_columns: 3,
    };

    fn overlap(layout: &Layout) -> bool {
        layout.nodes.iter().enumerate().any(|(n, a)| {
            let others = &layout.nodes[..n];
            others
                .iter()
                .any(|b| (a.0 - b.0).abs() < M.node_width && (a.1 - b.1).abs() < M.node_height)
        })
    }

    #[test]
    fn every_arrow_points_to_the_right() {
        let arrows = [(0, 1), (0, 2), (1, 3), (2, 3), (0, 3), (3, 4)];
        let layout = layered(5, &arrows, &M);
        for (from, to) in arrows {
            assert!(layout.nodes[from].0 < layout.nodes[to].0, "{from} {to}");
        }
        assert!(!overlap(&layout), "{layout:?}");
        assert!((layout.width - 550.0).abs() < 0.01);
        let way = &layout.edges[4];
        assert_eq!(way.len(), 4, "it passes a column: {way:?}");
        assert_eq!((way[0].0, way[3].0), (100.0, 300.0));
    }

    #[test]
    fn a_circle_is_drawn_with_one_arrow_back() {
        let layout = layered(3, &[(0, 1), (1, 2), (2, 0)], &M);
        assert_eq!(layout.nodes.iter().filter(|n| n.0 == 0.0).count(), 1);
        let back = &layout.edges[2];
        assert!(back[0].0 > back[back.len() - 1].0, "{back:?}");
    }

    #[test]
    fn loose_nodes_fill_rows_and_foolish_arrows_are_left_out() {
        let layout = layered(4, &[(0, 0), (1, 9)], &M);
        assert_eq!(layout.edges, [vec![], vec![]]);
        assert_eq!(
            layout.nodes,
            [(0.0, 0.0), (150.0, 0.0), (300.0, 0.0), (0.0, 30.0)]
        );
        assert_eq!(layered(0, &[], &M), Layout::default());
    }

    #[test]
    fn a_parent_stands_in_the_middle_of_its_children() {
        let layout = layered(4, &[(0, 1), (0, 2), (0, 3)], &M);
        let mut children: Vec<f64> = layout.nodes[1..].iter().map(|n| n.1).collect();
        children.sort_by(f64::total_cmp);
        assert_eq!(children, [0.0, 30.0, 60.0]);
        assert!((layout.nodes[0].1 - 30.0).abs() < 0.5);
    }

    #[test]
    fn a_large_tangle_does_not_overlap() {
        let arrows: Vec<(usize, usize)> = (0..200)
            .flat_map(|n| [(n, (n * 7 + 3) % 200), (n, (n * 13 + 5) % 200)])
            .collect();
        let layout = layered(200, &arrows, &M);
        assert!(!overlap(&layout));
        assert!(layout.nodes.iter().all(|n| n.0 >= 0.0 && n.1 >= 0.0));
    }
}
