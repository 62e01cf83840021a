//! `sync`: after the specification was edited, a run of its own shows by block what that means for the issues that stand,
//! and does it when a person confirms.
//!
//! | file | |
//! |---|---|
//! | `ask` | somebody says `sync`: is there something to bring in line |
//! | `chain` | what a run and its syncs have left standing |
//! | `plan` | the difference becomes items to confirm |
//! | `deeds` | an issue is changed or closed, once |
//! | `undo` | a rollback puts it back |
//! | `show` | the run's comment |
//! | `stale` | why a sync that others have overtaken is not confirmed or rolled back |
//! | `offer` | an edit is seen, and one line offers `sync` |

mod ask;
mod chain;
mod deeds;
mod offer;
mod plan;
mod show;
mod stale;
mod undo;

pub(super) use ask::ask;
pub(super) use deeds::{settle_lost, step};
pub(super) use offer::{look, may_concern, settle};
pub(super) use plan::plan;
pub(super) use show::words;
pub(super) use stale::objection;
pub(super) use undo::step as undo;
