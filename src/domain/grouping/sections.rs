//! Where in the document an issue stands: the headings above it, and those headings' own blocks.

use std::collections::HashMap;

use crate::domain::spec::{Block, BlockKind, Spec};

/// The spec's blocks by id, and each heading with its own name.
pub(super) struct Sections<'a> {
    blocks: HashMap<&'a str, (usize, &'a Block)>,
    names: HashMap<&'a str, String>,
}

impl<'a> Sections<'a> {
    pub(super) fn of(spec: &'a Spec) -> Self {
        let mut names = HashMap::new();
        for (n, block) in spec.blocks.iter().enumerate() {
            if block.kind == BlockKind::Heading {
                // What follows under it says its name without mark-up.
                let below = spec.blocks.get(n + 1).and_then(|next| {
                    let is_under = next.section.starts_with(&block.section);
                    next.section.get(block.section.len()).filter(|_| is_under)
                });
                let own = block.text.lines().next().unwrap_or_default();
                let bare = own.trim_matches(|c: char| c == '#' || c.is_whitespace());
                let name = below.cloned().unwrap_or_else(|| bare.to_owned());
                names.insert(block.id.as_str(), name);
            }
        }
        let blocks = spec
            .blocks
            .iter()
            .enumerate()
            .map(|(n, block)| (block.id.as_str(), (n, block)))
            .collect();
        Self { blocks, names }
    }

    /// The headings above the first block of its own; a heading that stands alone is above itself.
    pub(super) fn path(&self, covers: &[String]) -> Vec<String> {
        let known = || covers.iter().filter_map(|id| self.blocks.get(id.as_str()));
        let text = known()
            .filter(|(_, b)| b.kind != BlockKind::Heading)
            .min_by_key(|(n, _)| *n);
        if let Some((_, block)) = text {
            return block.section.clone();
        }
        let heading = known().min_by_key(|(n, _)| *n);
        heading.map_or_else(Vec::new, |(_, block)| self.whole(block))
    }

    /// A heading's path with itself.
    fn whole(&self, heading: &Block) -> Vec<String> {
        let name = self.names.get(heading.id.as_str()).cloned();
        heading.section.iter().cloned().chain(name).collect()
    }

    /// The blocks of the headings that have one of these paths, in their order.
    pub(super) fn headings(&self, paths: &[Vec<String>]) -> Vec<String> {
        let mut found: Vec<(usize, &str)> = self
            .names
            .keys()
            .filter_map(|id| {
                let (n, block) = self.blocks.get(id)?;
                paths.contains(&self.whole(block)).then_some((*n, *id))
            })
            .collect();
        found.sort_unstable();
        found.into_iter().map(|(_, id)| id.to_owned()).collect()
    }

    /// First and last line of what these blocks hold.
    pub(super) fn lines(&self, covers: impl Iterator<Item = &'a String>) -> Option<[usize; 2]> {
        covers
            .filter_map(|id| self.blocks.get(id.as_str()))
            .map(|(_, block)| block.lines)
            .reduce(|a, b| [a[0].min(b[0]), a[1].max(b[1])])
    }
}
