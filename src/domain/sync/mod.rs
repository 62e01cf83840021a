//! An edited spec against the one that was planned: which blocks differ, and what that means for the issues that stand.
//!
//! | file | |
//! |---|---|
//! | `blocks` | the blocks of two specs, matched: kept, moved, changed, added, removed |
//! | `decide` | the issues to add, to change and to retire |
//! | `rewrite` | an issue's new text |
//! | `merge` | that text and what people wrote into the issue meanwhile |
//!
//! Invariant: a block that nobody changed changes no issue.

mod blocks;
mod decide;
mod merge;
mod rewrite;
#[cfg(test)]
mod tests;

pub use blocks::{Difference, compare};
pub use decide::{Add, Behind, Change, Decision, Live, Up, Versions, decide};
pub use merge::{Merged, Upon, merge, same_but_ticks, unified, written_upon};
