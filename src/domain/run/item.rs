//! What has become of one planned issue of a run.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The state of a planned issue; `intended` is stored before the request that creates it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemState {
    /// In the plan, nothing sent.
    Planned,
    /// A person took it out of the preview.
    Dropped,
    /// About to be created: after a crash, look on GitHub before anything is sent again.
    Intended,
    /// The issue exists.
    Created,
    /// Not created because the same issue exists already.
    Skipped,
    /// GitHub refused it for good.
    Failed,
    /// A rollback closed it.
    Closed,
    /// A rollback left it open because people have worked on it since.
    Left,
    /// A sync has changed or retired the issue that was there already.
    Changed,
    /// A rollback has put that issue back as it was.
    Undone,
}

/// What is to happen to a planned issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ItemMove {
    Drop,
    /// Ticked again after it was dropped.
    Restore,
    Skip,
    Intend,
    Create,
    Fail,
    Close,
    Leave,
    /// Changed an issue that was there already.
    Change,
    /// Put it back as it was.
    Undo,
}

impl ItemMove {
    pub const ALL: [Self; 10] = [
        Self::Drop,
        Self::Restore,
        Self::Skip,
        Self::Intend,
        Self::Create,
        Self::Fail,
        Self::Close,
        Self::Leave,
        Self::Change,
        Self::Undo,
    ];

    fn done(self) -> &'static str {
        match self {
            Self::Drop => "dropped",
            Self::Restore => "taken back in",
            Self::Skip => "skipped",
            Self::Intend => "sent",
            Self::Create => "recorded as created",
            Self::Fail => "recorded as failed",
            Self::Close => "closed",
            Self::Leave => "left",
            Self::Change => "recorded as changed",
            Self::Undo => "put back",
        }
    }
}

impl ItemState {
    pub const ALL: [Self; 10] = [
        Self::Planned,
        Self::Dropped,
        Self::Intended,
        Self::Created,
        Self::Skipped,
        Self::Failed,
        Self::Closed,
        Self::Left,
        Self::Changed,
        Self::Undone,
    ];

    /// The name in SQL, JSON and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Dropped => "dropped",
            Self::Intended => "intended",
            Self::Created => "created",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
            Self::Closed => "closed",
            Self::Left => "left",
            Self::Changed => "changed",
            Self::Undone => "undone",
        }
    }

    /// Reads what [`Self::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == text)
    }

    /// True while creating still has something to do for it.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Planned | Self::Intended)
    }

    /// True when an issue stands on GitHub because of it, open or closed.
    pub fn exists(self) -> bool {
        matches!(self, Self::Created | Self::Closed | Self::Left)
    }

    /// Makes one move; intending, creating, closing and leaving may be repeated, as their jobs may be.
    pub fn make(self, wanted: ItemMove) -> Result<Self, IllegalItemMove> {
        match (wanted, self) {
            (ItemMove::Drop, Self::Planned) => Ok(Self::Dropped),
            (ItemMove::Restore, Self::Dropped) => Ok(Self::Planned),
            (ItemMove::Skip, Self::Planned) => Ok(Self::Skipped),
            (ItemMove::Intend, Self::Planned | Self::Intended | Self::Failed) => Ok(Self::Intended),
            (ItemMove::Create, Self::Intended | Self::Created) => Ok(Self::Created),
            (ItemMove::Fail, Self::Planned | Self::Intended) => Ok(Self::Failed),
            (ItemMove::Close, Self::Created | Self::Left | Self::Closed) => Ok(Self::Closed),
            (ItemMove::Leave, Self::Created | Self::Left | Self::Changed) => Ok(Self::Left),
            (ItemMove::Change, Self::Intended | Self::Changed) => Ok(Self::Changed),
            (ItemMove::Undo, Self::Changed | Self::Left | Self::Undone) => Ok(Self::Undone),
            _ => Err(IllegalItemMove { from: self, wanted }),
        }
    }
}

/// A move that the item's state does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct IllegalItemMove {
    pub from: ItemState,
    pub wanted: ItemMove,
}

impl std::error::Error for IllegalItemMove {}

impl fmt::Display for IllegalItemMove {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, wanted) = (self.from.as_str(), self.wanted.done());
        write!(f, "an item that is {from} cannot be {wanted}")
    }
}
