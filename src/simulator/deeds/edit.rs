//! Changing issues: text, state, labels, assignees, milestone, type.

use serde_json::json;

use super::issues::{check_body, check_title, check_type};
use crate::simulator::call::Refusal;
use crate::simulator::happening::What;
use crate::simulator::world::{Doer, Reason, Role, World};

/// What is to change; `None` leaves a thing as it is.
#[derive(Clone, Debug, Default)]
#[expect(
    clippy::option_option,
    reason = "absent, null and a value are three different wishes"
)]
pub(crate) struct IssueEdit {
    pub(crate) title: Option<String>,
    pub(crate) body: Option<Option<String>>,
    pub(crate) open: Option<bool>,
    /// Counts only when the state changes.
    pub(crate) reason: Option<Reason>,
    pub(crate) labels: Option<Vec<String>>,
    pub(crate) assignees: Option<Vec<String>>,
    pub(crate) milestone: Option<Option<u64>>,
    pub(crate) issue_type: Option<Option<String>>,
}

impl World {
    pub(crate) fn edit_issue(
        &mut self,
        doer: Doer,
        id: u64,
        edit: IssueEdit,
    ) -> Result<(), Refusal> {
        let issue = self.issues.get(&id).ok_or_else(Refusal::not_found)?;
        let (repository, author) = (issue.repository, issue.author);
        self.check_takes_issues(repository, issue.pull_request)?;
        let trusted = self.standing(doer, repository) >= Role::Triage;
        if !trusted && author != doer.account {
            return Err(Refusal::new(403, "Must have admin rights to Repository."));
        }
        if let Some(title) = &edit.title {
            check_title(title)?;
        }
        check_body(edit.body.as_ref().and_then(Option::as_deref))?;
        check_reason(edit.open, edit.reason)?;
        self.check_milestone(repository, edit.milestone.flatten())?;
        let issue_type = match edit.issue_type {
            Some(name) => Some(check_type(name.as_deref())?),
            None => None,
        };
        let assignees = match edit.assignees.filter(|_| trusted) {
            Some(logins) => Some(self.find_assignees(repository, &logins)?),
            None => None,
        };
        let labels = match edit.labels.filter(|_| trusted) {
            Some(names) => Some(self.labels_by_name(doer.account, repository, &names)?),
            None => None,
        };
        self.change_text(doer, id, edit.title, edit.body);
        if let Some(labels) = labels {
            self.change_labels(doer, id, &labels);
        }
        if let Some(assignees) = assignees {
            self.change_assignees(doer, id, &assignees);
        }
        if let Some(issue) = self.issues.get_mut(&id).filter(|_| trusted) {
            issue.milestone = edit.milestone.unwrap_or(issue.milestone);
            if let Some(issue_type) = issue_type {
                issue.kind = issue_type;
            }
        }
        if let Some(open) = edit.open {
            self.change_state(doer, id, open, edit.reason);
        }
        self.touch(id);
        Ok(())
    }

    pub(super) fn touch(&mut self, id: u64) {
        let now = self.now();
        if let Some(issue) = self.issues.get_mut(&id) {
            issue.updated_at = now;
        }
    }

    #[expect(
        clippy::option_option,
        reason = "absent, null and a value are three different wishes"
    )]
    fn change_text(
        &mut self,
        doer: Doer,
        id: u64,
        title: Option<String>,
        body: Option<Option<String>>,
    ) {
        let Some(issue) = self.issues.get_mut(&id) else {
            return;
        };
        let mut changes = json!({});
        if let Some(title) = title.filter(|title| *title != issue.title) {
            changes["title"] = json!({"from": issue.title});
            issue.title = title;
        }
        let body = body.map(|body| body.filter(|b| !b.is_empty()));
        if let Some(body) = body.filter(|body| *body != issue.body) {
            changes["body"] = json!({"from": issue.body});
            issue.body = body;
        }
        if changes.as_object().is_none_or(serde_json::Map::is_empty) {
            return;
        }
        self.touch(id);
        let what = What::IssueEdited {
            issue: self.reference(id),
        };
        self.tell(doer.account, what);
        self.issue_event("edited", id, doer.account, json!({"changes": changes}));
    }

    fn change_state(&mut self, doer: Doer, id: u64, open: bool, reason: Option<Reason>) {
        let now = self.now();
        let Some(issue) = self.issues.get_mut(&id) else {
            return;
        };
        if issue.open == open {
            return;
        }
        issue.open = open;
        issue.updated_at = now;
        if open {
            issue.reason = Some(Reason::Reopened);
            issue.closed_at = None;
            issue.closed_by = None;
        } else {
            issue.reason = Some(reason.unwrap_or(Reason::Completed));
            issue.closed_at = Some(now);
            issue.closed_by = Some(doer.account);
        }
        let reason = issue.reason.map_or("", Reason::name).to_owned();
        let (home, number) = (issue.repository, issue.number);
        if !open {
            self.tick(home, number);
        }
        let issue = self.reference(id);
        let (action, what) = if open {
            ("reopened", What::IssueReopened { issue })
        } else {
            ("closed", What::IssueClosed { issue, reason })
        };
        self.tell(doer.account, what);
        self.issue_event(action, id, doer.account, json!({}));
    }

    /// The boxes of tasks that are this issue, in the texts of other issues. Nobody is told.
    fn tick(&mut self, home: u64, number: u64) {
        let (task, done) = (format!("- [ ] #{number}"), format!("- [x] #{number}"));
        for issue in self.issues.values_mut().filter(|i| i.repository == home) {
            let Some(body) = issue.body.as_mut().filter(|body| body.contains(&task)) else {
                continue;
            };
            let lines = body.split('\n').map(|line| match line {
                line if line == task => done.as_str(),
                line => line,
            });
            *body = lines.collect::<Vec<_>>().join("\n");
        }
    }

    fn change_labels(&mut self, doer: Doer, id: u64, labels: &[u64]) {
        let Some(issue) = self.issues.get_mut(&id) else {
            return;
        };
        let before = std::mem::replace(&mut issue.labels, labels.to_vec());
        for label in before.iter().filter(|l| !labels.contains(l)) {
            self.tell_label(doer.account, id, *label, false);
        }
        for label in labels.iter().filter(|l| !before.contains(l)) {
            self.tell_label(doer.account, id, *label, true);
        }
    }

    fn change_assignees(&mut self, doer: Doer, id: u64, assignees: &[u64]) {
        let Some(issue) = self.issues.get_mut(&id) else {
            return;
        };
        let before = std::mem::replace(&mut issue.assignees, assignees.to_vec());
        for account in before.iter().filter(|a| !assignees.contains(a)) {
            self.tell_assignee(doer.account, id, *account, false);
        }
        for account in assignees.iter().filter(|a| !before.contains(a)) {
            self.tell_assignee(doer.account, id, *account, true);
        }
    }

    pub(super) fn tell_assignee(&mut self, by: u64, id: u64, assignee: u64, on: bool) {
        if on {
            let what = What::IssueAssigned {
                issue: self.reference(id),
                login: self.login(assignee).to_owned(),
            };
            self.tell(by, what);
        }
        let more = json!({"assignee": self.user_json(assignee)});
        let action = if on { "assigned" } else { "unassigned" };
        self.issue_event(action, id, by, more);
    }
}

/// Closing has three reasons, opening has one.
fn check_reason(open: Option<bool>, reason: Option<Reason>) -> Result<(), Refusal> {
    let Some(reason) = reason else {
        return Ok(());
    };
    let fits = match open {
        Some(true) => reason == Reason::Reopened,
        Some(false) => reason != Reason::Reopened,
        None => true,
    };
    if fits {
        return Ok(());
    }
    Err(Refusal::invalid("Issue", "state_reason", "invalid", None))
}
