//! Sub-issues and dependencies between issues, with GitHub's limits.

use crate::simulator::call::Refusal;
use crate::simulator::happening::What;
use crate::simulator::world::{Doer, World};

/// Sub-issues of one parent, closed ones included.
const MOST_SUB_ISSUES: usize = 100;
/// Levels of issues, the root included.
const MOST_LEVELS: usize = 8;
/// Dependencies of one kind.
const MOST_DEPENDENCIES: usize = 50;

fn refuse_sub_issue(reason: &str) -> Refusal {
    Refusal::new(
        422,
        format!("An error occurred while adding the sub-issue to the parent issue. {reason}"),
    )
}

fn refuse_dependency(reason: &str) -> Refusal {
    Refusal::new(422, format!("Validation failed: {reason}"))
}

impl World {
    pub(crate) fn link_sub_issue(
        &mut self,
        doer: Doer,
        parent: u64,
        child: u64,
        replace: bool,
    ) -> Result<(), Refusal> {
        self.check_sub_issue(parent, child, replace)?;
        if let Some(former) = self.issues.get(&child).and_then(|c| c.parent) {
            self.unlink_sub_issue(doer, former, child)?;
        }
        if let Some(issue) = self.issues.get_mut(&parent) {
            issue.sub_issues.push(child);
        }
        if let Some(issue) = self.issues.get_mut(&child) {
            issue.parent = Some(parent);
        }
        self.touch(parent);
        self.touch(child);
        let what = What::SubIssueLinked {
            parent: self.reference(parent),
            child: self.reference(child),
        };
        self.tell(doer.account, what);
        Ok(())
    }

    fn check_sub_issue(&self, parent: u64, child: u64, replace: bool) -> Result<(), Refusal> {
        let (Some(above), Some(below)) = (
            self.issues.get(&parent),
            self.issues.get(&child).filter(|i| i.here()),
        ) else {
            return Err(Refusal::not_found());
        };
        if below.pull_request || above.pull_request {
            return Err(refuse_sub_issue("A pull request cannot be a sub-issue"));
        }
        let owner = |repository| self.repositories.get(repository).map(|r| r.owner);
        if owner(&above.repository) != owner(&below.repository) {
            return Err(refuse_sub_issue(
                "Sub-issue must belong to the same owner as the parent issue",
            ));
        }
        if above.sub_issues.contains(&child) {
            return Err(refuse_sub_issue(
                "Issue may not contain duplicate sub-issues and Sub issue may only have one parent",
            ));
        }
        if below.parent.is_some() && !replace {
            return Err(refuse_sub_issue("Sub issue may only have one parent"));
        }
        let line = self.ancestry(parent);
        if line.contains(&child) {
            return Err(refuse_sub_issue(
                "Sub-issue cannot be an ancestor of its parent",
            ));
        }
        if above.sub_issues.len() >= MOST_SUB_ISSUES {
            return Err(refuse_sub_issue(
                "Parent cannot have more than 100 sub-issues",
            ));
        }
        if line.len() + self.height(child) > MOST_LEVELS {
            return Err(refuse_sub_issue(
                "Sub-issues cannot be nested deeper than 8 levels",
            ));
        }
        Ok(())
    }

    pub(crate) fn unlink_sub_issue(
        &mut self,
        doer: Doer,
        parent: u64,
        child: u64,
    ) -> Result<(), Refusal> {
        let linked = self
            .issues
            .get(&parent)
            .is_some_and(|i| i.sub_issues.contains(&child));
        if !linked {
            return Err(Refusal::not_found());
        }
        if let Some(issue) = self.issues.get_mut(&parent) {
            issue.sub_issues.retain(|id| *id != child);
        }
        if let Some(issue) = self.issues.get_mut(&child) {
            issue.parent = None;
        }
        self.touch(parent);
        self.touch(child);
        let what = What::SubIssueUnlinked {
            parent: self.reference(parent),
            child: self.reference(child),
        };
        self.tell(doer.account, what);
        Ok(())
    }

    /// `issue` waits for `blocker`.
    pub(crate) fn add_dependency(
        &mut self,
        doer: Doer,
        issue: u64,
        blocker: u64,
    ) -> Result<(), Refusal> {
        let (Some(waiting), Some(other)) = (
            self.issues.get(&issue),
            self.issues.get(&blocker).filter(|i| i.here()),
        ) else {
            return Err(Refusal::not_found());
        };
        let refused = if waiting.pull_request || other.pull_request {
            Some("A pull request cannot have dependencies")
        } else if waiting.blocked_by.contains(&blocker) {
            Some("Target issue has already been taken")
        } else if self.waits_for(blocker, issue) {
            Some("This dependency would create a cycle")
        } else if waiting.blocked_by.len() >= MOST_DEPENDENCIES
            || self.blocking(blocker).len() >= MOST_DEPENDENCIES
        {
            Some("An issue cannot have more than 50 dependencies of one kind")
        } else {
            None
        };
        if let Some(reason) = refused {
            return Err(refuse_dependency(reason));
        }
        if let Some(waiting) = self.issues.get_mut(&issue) {
            waiting.blocked_by.push(blocker);
        }
        self.touch(issue);
        let what = What::DependencyAdded {
            issue: self.reference(issue),
            blocked_by: self.reference(blocker),
        };
        self.tell(doer.account, what);
        Ok(())
    }

    pub(crate) fn remove_dependency(
        &mut self,
        doer: Doer,
        issue: u64,
        blocker: u64,
    ) -> Result<(), Refusal> {
        let waiting = self.issues.get_mut(&issue).ok_or_else(Refusal::not_found)?;
        if !waiting.blocked_by.contains(&blocker) {
            return Err(Refusal::not_found());
        }
        waiting.blocked_by.retain(|id| *id != blocker);
        self.touch(issue);
        let what = What::DependencyRemoved {
            issue: self.reference(issue),
            blocked_by: self.reference(blocker),
        };
        self.tell(doer.account, what);
        Ok(())
    }

    /// When an issue goes away, so do its links.
    pub(super) fn detach_everything(&mut self, id: u64) {
        for issue in self.issues.values_mut() {
            issue.sub_issues.retain(|other| *other != id);
            issue.blocked_by.retain(|other| *other != id);
            if issue.parent == Some(id) {
                issue.parent = None;
            }
        }
    }
}
