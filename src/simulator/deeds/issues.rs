//! Opening, deleting and transferring issues.

use serde_json::{Value, json};

use super::{BODY, TITLE, longer};
use crate::simulator::call::Refusal;
use crate::simulator::happening::What;
use crate::simulator::world::{Doer, ISSUE_TYPES, Issue, Role, World};

/// What an issue is opened with.
#[derive(Clone, Debug, Default)]
pub(crate) struct NewIssue {
    pub(crate) title: String,
    pub(crate) body: Option<String>,
    pub(crate) labels: Vec<String>,
    pub(crate) assignees: Vec<String>,
    pub(crate) milestone: Option<u64>,
    pub(crate) issue_type: Option<String>,
    pub(crate) pull_request: bool,
}

impl World {
    pub(crate) fn open_issue(
        &mut self,
        doer: Doer,
        repository: u64,
        new: NewIssue,
    ) -> Result<u64, Refusal> {
        self.check_takes_issues(repository, new.pull_request)?;
        check_title(&new.title)?;
        check_body(new.body.as_deref())?;
        // Without push access GitHub drops the rest in silence.
        let trusted = self.standing(doer, repository) >= Role::Triage;
        let new = if trusted {
            new
        } else {
            NewIssue {
                labels: Vec::new(),
                assignees: Vec::new(),
                milestone: None,
                issue_type: None,
                ..new
            }
        };
        let assignees = self.find_assignees(repository, &new.assignees)?;
        self.check_milestone(repository, new.milestone)?;
        let issue_type = check_type(new.issue_type.as_deref())?;
        let labels = self.labels_by_name(doer.account, repository, &new.labels)?;
        let id = self.next_id(3_400_000_000);
        let now = self.now();
        let Some(home) = self.repositories.get_mut(&repository) else {
            return Err(Refusal::not_found());
        };
        home.last_number += 1;
        let number = home.last_number;
        home.numbers.insert(number, id);
        let issue = Issue {
            id,
            number,
            repository,
            pull_request: new.pull_request,
            title: new.title,
            body: new.body.filter(|b| !b.is_empty()),
            author: doer.account,
            via_app: doer.via_app,
            open: true,
            reason: None,
            labels,
            assignees,
            milestone: new.milestone,
            kind: issue_type,
            comments: Vec::new(),
            reactions: Vec::new(),
            parent: None,
            sub_issues: Vec::new(),
            blocked_by: Vec::new(),
            created_at: now,
            updated_at: now,
            closed_at: None,
            closed_by: None,
            moved_to: None,
            deleted: false,
        };
        self.issues.insert(id, issue);
        self.tell_opened(doer, id);
        Ok(id)
    }

    fn tell_opened(&mut self, doer: Doer, id: u64) {
        let issue = self.issues[&id].clone();
        let what = What::IssueOpened {
            issue: self.reference(id),
            title: issue.title.clone(),
        };
        self.tell(doer.account, what);
        self.issue_event("opened", id, doer.account, json!({}));
        for label in &issue.labels {
            self.tell_label(doer.account, id, *label, true);
        }
        for assignee in &issue.assignees {
            self.tell_assignee(doer.account, id, *assignee, true);
        }
    }

    /// An `issues` event (`pull_request` for a pull request) with the issue as it is now.
    pub(super) fn issue_event(&mut self, action: &str, id: u64, sender: u64, more: Value) {
        let Some(issue) = self.issues.get(&id) else {
            return;
        };
        let repository = issue.repository;
        let event = if issue.pull_request {
            "pull_request"
        } else {
            "issues"
        };
        if self.listener(event, repository).is_none() {
            return;
        }
        let mut payload = if issue.pull_request {
            json!({"pull_request": self.issue_json(issue), "number": issue.number})
        } else {
            json!({"issue": self.issue_json(issue)})
        };
        super::add(&mut payload, more);
        self.announce(event, action, repository, sender, payload);
    }

    pub(crate) fn check_takes_issues(
        &self,
        repository: u64,
        pull_request: bool,
    ) -> Result<(), Refusal> {
        let repository = self
            .repositories
            .get(&repository)
            .ok_or_else(Refusal::not_found)?;
        if repository.archived {
            return Err(Refusal::new(
                403,
                "Repository was archived so is read-only.",
            ));
        }
        if !repository.has_issues && !pull_request {
            return Err(Refusal::new(
                410,
                "Issues has been disabled in this repository.",
            ));
        }
        Ok(())
    }

    pub(super) fn check_milestone(
        &self,
        repository: u64,
        number: Option<u64>,
    ) -> Result<(), Refusal> {
        let known = number.is_none_or(|number| {
            let home = self.repositories.get(&repository);
            home.is_some_and(|r| r.find_milestone(number).is_some())
        });
        if known {
            return Ok(());
        }
        Err(Refusal::invalid("Issue", "milestone", "invalid", None))
    }

    /// Whoever has a role on the repository can be assigned; ten at most.
    pub(super) fn find_assignees(
        &self,
        repository: u64,
        logins: &[String],
    ) -> Result<Vec<u64>, Refusal> {
        let mut found = Vec::new();
        for login in logins {
            let account = self
                .find_account(login)
                .filter(|account| self.assignable(repository, *account))
                .ok_or_else(|| {
                    let mut refusal = Refusal::invalid("Issue", "assignees", "invalid", None);
                    refusal.errors[0]["value"] = json!(login);
                    refusal
                })?;
            if !found.contains(&account) {
                found.push(account);
            }
        }
        found.truncate(10);
        Ok(found)
    }

    pub(crate) fn assignable(&self, repository: u64, account: u64) -> bool {
        self.given_role(repository, account) > Role::None
            && self.accounts[&account].kind == crate::simulator::world::Kind::User
    }

    /// Only through the web pages of the real thing: REST cannot delete.
    pub(crate) fn delete_issue(&mut self, by: u64, id: u64) {
        let what = What::IssueDeleted {
            issue: self.reference(id),
        };
        self.issue_event("deleted", id, by, json!({}));
        self.detach_everything(id);
        if let Some(issue) = self.issues.get_mut(&id) {
            issue.deleted = true;
        }
        self.tell(by, what);
    }

    /// A new issue in another repository of the same owner; the old address redirects.
    pub(crate) fn transfer_issue(&mut self, by: u64, id: u64, target: u64) -> Option<u64> {
        let old = self.issues.get(&id)?.clone();
        let new = self.next_id(3_400_000_000);
        let home = self.repositories.get_mut(&target)?;
        home.last_number += 1;
        let number = home.last_number;
        home.numbers.insert(number, new);
        let issue = Issue {
            id: new,
            number,
            repository: target,
            labels: Vec::new(),
            milestone: None,
            parent: None,
            sub_issues: Vec::new(),
            blocked_by: Vec::new(),
            ..old.clone()
        };
        let changes = json!({"changes": {
            "new_issue": self.issue_json(&issue),
            "new_repository": self.repository_json(target),
        }});
        self.issues.insert(new, issue);
        self.issue_event("transferred", id, by, changes);
        let changes = json!({"changes": {
            "old_issue": self.issue_json(&old),
            "old_repository": self.repository_json(old.repository),
        }});
        self.detach_everything(id);
        if let Some(old) = self.issues.get_mut(&id) {
            old.moved_to = Some(new);
            old.comments.clear();
        }
        self.issue_event("opened", new, by, changes);
        Some(new)
    }
}

pub(super) fn check_title(title: &str) -> Result<(), Refusal> {
    if title.trim().is_empty() {
        return Err(Refusal::invalid("Issue", "title", "missing_field", None));
    }
    if longer(title, TITLE) {
        let message = "title is too long (maximum is 256 characters)";
        return Err(Refusal::invalid("Issue", "title", "custom", Some(message)));
    }
    Ok(())
}

pub(super) fn check_body(body: Option<&str>) -> Result<(), Refusal> {
    if body.is_some_and(|body| longer(body, BODY)) {
        let message = "body is too long (maximum is 65536 characters)";
        return Err(Refusal::invalid("Issue", "body", "custom", Some(message)));
    }
    Ok(())
}

/// The type's proper name.
pub(super) fn check_type(name: Option<&str>) -> Result<Option<String>, Refusal> {
    let Some(name) = name else {
        return Ok(None);
    };
    ISSUE_TYPES
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(known, _)| Some((*known).to_owned()))
        .ok_or_else(|| Refusal::invalid("Issue", "type", "invalid", None))
}
