//! The blocks of two versions of a spec, matched by what they say, then by likeness. Nothing here compares all with all.

use std::collections::{HashMap, HashSet, VecDeque};

use crate::domain::fingerprint::normal_block;
use crate::domain::spec::{Block, BlockKind, Spec};

/// Blocks whose words are shared to this part are one block that was changed.
const ALIKE: f64 = 0.5;
/// Pairs that are compared at most; beyond, each block is compared with its neighbours alone.
const MOST_PAIRS: usize = 20_000;
const NEIGHBOURS: usize = 16;

/// Where each block went, by its place in the old and in the new spec.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    /// They say the same: space, case, ticks and mark-up do not count. Wherever they stand now.
    pub kept: Vec<(usize, usize)>,
    pub changed: Vec<(usize, usize)>,
    pub added: Vec<usize>,
    pub removed: Vec<usize>,
    /// Those of `kept` and `changed` that stand under other headings now.
    pub moved: Vec<(usize, usize)>,
}

impl Difference {
    /// Whether the two say the same in substance.
    pub fn is_nothing(&self) -> bool {
        self.changed.is_empty()
            && self.added.is_empty()
            && self.removed.is_empty()
            && self.moved.is_empty()
    }
}

/// Compares the specs block by block.
pub fn compare(old: &Spec, new: &Spec) -> Difference {
    let old = Side::of(old);
    let new = Side::of(new);
    let mut pairs = Pairs::new(old.blocks.len(), new.blocks.len());
    // First where it stands, so that a line that is written twice is not taken for its double.
    pairs.match_by(&old, &new, |side, n| {
        (side.sections[n].clone(), side.texts[n].clone())
    });
    pairs.match_by(&old, &new, |side, n| (String::new(), side.texts[n].clone()));
    let kept = pairs.taken();
    pairs.pair_alike(&old, &new, |side, n| side.sections[n].clone());
    pairs.pair_alike(&old, &new, |_, _| String::new());
    let same: HashSet<(usize, usize)> = kept.iter().copied().collect();
    let all = pairs.taken();
    let moved = all.iter().copied();
    let moved = moved.filter(|(o, n)| old.sections[*o] != new.sections[*n]);
    Difference {
        changed: all.iter().copied().filter(|p| !same.contains(p)).collect(),
        moved: moved.collect(),
        kept,
        added: left(&pairs.new_of),
        removed: left(&pairs.old_of),
    }
}

/// One of the two specs, normalised.
struct Side<'a> {
    blocks: &'a [Block],
    texts: Vec<String>,
    sections: Vec<String>,
}

impl<'a> Side<'a> {
    fn of(spec: &'a Spec) -> Self {
        let section = |b: &Block| {
            let names: Vec<String> = b.section.iter().map(|s| normal_block(s)).collect();
            names.join("\n")
        };
        Self {
            blocks: &spec.blocks,
            texts: spec.blocks.iter().map(|b| normal_block(&b.text)).collect(),
            sections: spec.blocks.iter().map(section).collect(),
        }
    }

    fn is_heading(&self, n: usize) -> bool {
        self.blocks[n].kind == BlockKind::Heading
    }
}

struct Pairs {
    /// The new block of each old one.
    old_of: Vec<Option<usize>>,
    /// The old block of each new one.
    new_of: Vec<Option<usize>>,
}

impl Pairs {
    fn new(old: usize, new: usize) -> Self {
        Self {
            old_of: vec![None; old],
            new_of: vec![None; new],
        }
    }

    fn take(&mut self, old: usize, new: usize) {
        self.old_of[old] = Some(new);
        self.new_of[new] = Some(old);
    }

    fn taken(&self) -> Vec<(usize, usize)> {
        let pair = |(old, new): (usize, &Option<usize>)| new.map(|new| (old, new));
        self.old_of.iter().enumerate().filter_map(pair).collect()
    }

    /// Pairs those that have the same key, in their order.
    fn match_by(
        &mut self,
        old: &Side<'_>,
        new: &Side<'_>,
        key: impl Fn(&Side<'_>, usize) -> (String, String),
    ) {
        let mut there: HashMap<(String, String), VecDeque<usize>> = HashMap::new();
        for n in left(&self.new_of) {
            there.entry(key(new, n)).or_default().push_back(n);
        }
        for o in left(&self.old_of) {
            let found = there.get_mut(&key(old, o)).and_then(VecDeque::pop_front);
            if let Some(n) = found {
                self.take(o, n);
            }
        }
    }

    /// Pairs those of one group that are alike, the most alike first.
    fn pair_alike(
        &mut self,
        old: &Side<'_>,
        new: &Side<'_>,
        group: impl Fn(&Side<'_>, usize) -> String,
    ) {
        let mut groups: HashMap<(bool, String), (Vec<usize>, Vec<usize>)> = HashMap::new();
        for o in left(&self.old_of) {
            let key = (old.is_heading(o), group(old, o));
            groups.entry(key).or_default().0.push(o);
        }
        for n in left(&self.new_of) {
            let key = (new.is_heading(n), group(new, n));
            groups.entry(key).or_default().1.push(n);
        }
        let mut scored = Vec::new();
        for (olds, news) in groups.values() {
            scored.extend(candidates(old, new, olds, news));
        }
        scored.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        for (_, o, n) in scored {
            if self.old_of[o].is_none() && self.new_of[n].is_none() {
                self.take(o, n);
            }
        }
    }
}

/// Those that have no partner yet.
fn left(of: &[Option<usize>]) -> Vec<usize> {
    let open = |(n, other): (usize, &Option<usize>)| other.is_none().then_some(n);
    of.iter().enumerate().filter_map(open).collect()
}

fn candidates(
    old: &Side<'_>,
    new: &Side<'_>,
    olds: &[usize],
    news: &[usize],
) -> Vec<(f64, usize, usize)> {
    let words = |side: &Side<'_>, list: &[usize]| -> Vec<Vec<String>> {
        list.iter().map(|n| sorted_words(&side.texts[*n])).collect()
    };
    let (old_words, new_words) = (words(old, olds), words(new, news));
    let is_small = olds.len().saturating_mul(news.len()) <= MOST_PAIRS;
    let mut found = Vec::new();
    for (at, o) in olds.iter().enumerate() {
        let near = if is_small {
            0..news.len()
        } else {
            let middle = at * news.len() / olds.len().max(1);
            middle.saturating_sub(NEIGHBOURS)..(middle + NEIGHBOURS).min(news.len())
        };
        for to in near {
            let score = likeness(&old_words[at], &new_words[to]);
            if score >= ALIKE {
                found.push((score, *o, news[to]));
            }
        }
    }
    found
}

fn sorted_words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
        .map(str::to_owned)
        .collect();
    words.sort_unstable();
    words
}

/// Which part of all words the two share, each as often as it is there (Dice).
fn likeness(a: &[String], b: &[String]) -> f64 {
    let (mut i, mut j, mut shared) = (0, 0, 0_u32);
    while i < a.len() && j < b.len() {
        match a[i].cmp(&b[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                shared += 1;
                (i, j) = (i + 1, j + 1);
            }
        }
    }
    let total = u32::try_from(a.len() + b.len()).unwrap_or(u32::MAX);
    f64::from(2 * shared) / f64::from(total.max(1))
}
