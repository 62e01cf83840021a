//! Issues (pull requests share their numbers), comments and reactions.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::World;

/// Why an issue is in its state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    Completed,
    NotPlanned,
    Duplicate,
    Reopened,
}

impl Reason {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::NotPlanned => "not_planned",
            Self::Duplicate => "duplicate",
            Self::Reopened => "reopened",
        }
    }

    pub(crate) fn find(name: &str) -> Option<Self> {
        [
            Self::Completed,
            Self::NotPlanned,
            Self::Duplicate,
            Self::Reopened,
        ]
        .into_iter()
        .find(|reason| reason.name() == name)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Reaction {
    pub(crate) id: u64,
    pub(crate) user: u64,
    pub(crate) content: String,
    pub(crate) created_at: DateTime<Utc>,
}

#[derive(Clone, Debug)]
pub(crate) struct Comment {
    pub(crate) id: u64,
    pub(crate) author: u64,
    pub(crate) via_app: bool,
    pub(crate) body: String,
    pub(crate) reactions: Vec<Reaction>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
}

#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own that GitHub tells of"
)]
pub(crate) struct Issue {
    pub(crate) id: u64,
    pub(crate) number: u64,
    pub(crate) repository: u64,
    pub(crate) pull_request: bool,
    pub(crate) title: String,
    pub(crate) body: Option<String>,
    pub(crate) author: u64,
    pub(crate) via_app: bool,
    pub(crate) open: bool,
    pub(crate) reason: Option<Reason>,
    /// Label ids, in the order they were put on.
    pub(crate) labels: Vec<u64>,
    pub(crate) assignees: Vec<u64>,
    pub(crate) milestone: Option<u64>,
    pub(crate) kind: Option<String>,
    pub(crate) comments: Vec<Comment>,
    pub(crate) reactions: Vec<Reaction>,
    pub(crate) parent: Option<u64>,
    pub(crate) sub_issues: Vec<u64>,
    pub(crate) blocked_by: Vec<u64>,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) updated_at: DateTime<Utc>,
    pub(crate) closed_at: Option<DateTime<Utc>>,
    pub(crate) closed_by: Option<u64>,
    /// Transferred: the id of the issue that took its place.
    pub(crate) moved_to: Option<u64>,
    pub(crate) deleted: bool,
}

impl Issue {
    pub(crate) fn state(&self) -> &'static str {
        if self.open { "open" } else { "closed" }
    }

    /// Open and closed pull requests and issues that are still here.
    pub(crate) fn here(&self) -> bool {
        !self.deleted && self.moved_to.is_none()
    }
}

impl World {
    pub(crate) fn find_issue(&self, repository: u64, number: u64) -> Option<&Issue> {
        let id = self.repositories.get(&repository)?.numbers.get(&number)?;
        self.issues.get(id)
    }

    /// A repository's issues and pull requests, by number.
    pub(crate) fn issues_of(&self, repository: u64) -> impl Iterator<Item = &Issue> {
        static NONE: BTreeMap<u64, u64> = BTreeMap::new();
        let numbers = self
            .repositories
            .get(&repository)
            .map_or(&NONE, |r| &r.numbers);
        numbers
            .values()
            .filter_map(|id| self.issues.get(id))
            .filter(|issue| issue.here())
    }

    /// The issue and the place of one of its comments.
    pub(crate) fn find_comment(&self, repository: u64, comment: u64) -> Option<(u64, usize)> {
        self.issues_of(repository).find_map(|issue| {
            let place = issue.comments.iter().position(|c| c.id == comment)?;
            Some((issue.id, place))
        })
    }

    pub(crate) fn blocking(&self, issue: u64) -> Vec<u64> {
        self.issues
            .values()
            .filter(|i| i.here() && i.blocked_by.contains(&issue))
            .map(|i| i.id)
            .collect()
    }

    /// How many levels of issues hang under this one, itself included.
    pub(crate) fn height(&self, issue: u64) -> usize {
        let children = self.issues.get(&issue).map_or(&[][..], |i| &i.sub_issues);
        1 + children
            .iter()
            .map(|child| self.height(*child))
            .max()
            .unwrap_or(0)
    }

    /// The issue and its parents, up to the root.
    pub(crate) fn ancestry(&self, issue: u64) -> Vec<u64> {
        let mut line = vec![issue];
        while let Some(parent) = line
            .last()
            .and_then(|last| self.issues.get(last))
            .and_then(|i| i.parent)
        {
            line.push(parent);
        }
        line
    }

    /// Is `goal` reached by following `blocked_by` from `from`?
    pub(crate) fn waits_for(&self, from: u64, goal: u64) -> bool {
        let mut seen = BTreeSet::new();
        let mut open = vec![from];
        while let Some(next) = open.pop() {
            if next == goal {
                return true;
            }
            if seen.insert(next)
                && let Some(issue) = self.issues.get(&next)
            {
                open.extend(&issue.blocked_by);
            }
        }
        false
    }
}
