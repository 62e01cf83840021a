//! What has become of created issues since, and how far their run's work is.

use std::fmt;

/// How a created issue stands, as GitHub last told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Standing {
    #[default]
    Open,
    /// Closed as completed.
    Done,
    /// Closed without having been done.
    NotPlanned,
    Deleted,
    /// In a repository that the run did not send it to.
    Moved,
}

impl Standing {
    /// As an issue says that it stands, with GitHub's `state_reason`.
    pub fn of(is_open: bool, reason: Option<&str>) -> Self {
        match reason {
            _ if is_open => Self::Open,
            Some("not_planned" | "duplicate") => Self::NotPlanned,
            _ => Self::Done,
        }
    }

    /// The word in the database and in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Done => "done",
            Self::NotPlanned => "not_planned",
            Self::Deleted => "deleted",
            Self::Moved => "moved",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [
            Self::Open,
            Self::Done,
            Self::NotPlanned,
            Self::Deleted,
            Self::Moved,
        ]
        .into_iter()
        .find(|standing| standing.as_str() == text)
    }

    /// Nothing that GitHub tells later brings it back under its number.
    pub fn is_gone(self) -> bool {
        matches!(self, Self::Deleted | Self::Moved)
    }
}

/// How many of a run's created issues are closed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Done {
    pub open: usize,
    pub done: usize,
    pub not_planned: usize,
    pub deleted: usize,
    pub moved: usize,
}

impl Done {
    pub fn of(standings: impl IntoIterator<Item = Standing>) -> Self {
        let mut all = Self::default();
        for standing in standings {
            *match standing {
                Standing::Open => &mut all.open,
                Standing::Done => &mut all.done,
                Standing::NotPlanned => &mut all.not_planned,
                Standing::Deleted => &mut all.deleted,
                Standing::Moved => &mut all.moved,
            } += 1;
        }
        all
    }

    pub fn closed(self) -> usize {
        self.done + self.not_planned
    }

    /// Those that can still be found where they were created.
    pub fn total(self) -> usize {
        self.open + self.closed()
    }

    /// Nothing has become of any of them yet.
    pub fn is_untouched(self) -> bool {
        self.closed() + self.deleted + self.moved == 0
    }
}

/// `12 of 25 closed (2 not planned); 1 deleted`
impl fmt::Display for Done {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} closed", self.closed(), self.total())?;
        if self.not_planned > 0 {
            write!(f, " ({} not planned)", self.not_planned)?;
        }
        if self.deleted > 0 {
            write!(f, "; {} deleted", self.deleted)?;
        }
        if self.moved > 0 {
            write!(f, "; {} moved elsewhere", self.moved)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_has_become_of_all_of_them() {
        use Standing::{Deleted, Done as Completed, Moved, NotPlanned, Open};
        let says = |standings: &[Standing]| Done::of(standings.iter().copied()).to_string();
        assert_eq!(says(&[Open, Completed, Completed]), "2 of 3 closed");
        assert_eq!(
            says(&[Open, Completed, NotPlanned, Deleted, Moved]),
            "2 of 3 closed (1 not planned); 1 deleted; 1 moved elsewhere"
        );
        assert!(Done::of([Open, Open]).is_untouched());
        assert!(!Done::of([Open, Deleted]).is_untouched());
    }

    #[test]
    fn every_word_is_read_back() {
        for standing in ["open", "done", "not_planned", "deleted", "moved"] {
            assert_eq!(Standing::parse(standing).unwrap().as_str(), standing);
        }
        assert_eq!(Standing::parse("closed"), None);
    }
}
