//! A person (or bot) who does things on the web: no token, no limits, the same webhooks.

use std::sync::MutexGuard;

use super::{CommentRef, IssueRef, Simulator};
use crate::simulator::call::Refusal;
use crate::simulator::deeds::{IssueEdit, NewIssue};
use crate::simulator::world::{Doer, Reason, World};

/// Somebody with an account. Deeds that GitHub would refuse panic with its words.
#[derive(Clone)]
pub struct Person {
    simulator: Simulator,
    account: u64,
}

#[track_caller]
fn done<T>(outcome: Result<T, Refusal>) -> T {
    match outcome {
        Ok(value) => value,
        Err(no) => panic!(
            "GitHub refuses: {} {} {:?}",
            no.status, no.message, no.errors
        ),
    }
}

impl Person {
    pub(super) fn new(simulator: Simulator, account: u64) -> Self {
        Self { simulator, account }
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.simulator.world()
    }

    fn doer(&self) -> Doer {
        Doer {
            account: self.account,
            via_app: false,
        }
    }

    pub fn login(&self) -> String {
        self.world().login(self.account).to_owned()
    }

    /// The numeric account id.
    pub fn id(&self) -> u64 {
        self.account
    }

    #[track_caller]
    pub fn opens_issue(&self, repository: &str, title: &str, body: &str) -> IssueRef {
        self.opens(repository, title, body, false)
    }

    #[track_caller]
    pub fn opens_pull_request(&self, repository: &str, title: &str, body: &str) -> IssueRef {
        self.opens(repository, title, body, true)
    }

    #[track_caller]
    fn opens(&self, repository: &str, title: &str, body: &str, pull_request: bool) -> IssueRef {
        let mut world = self.world();
        let repository = world.repository_named(repository);
        let new = NewIssue {
            title: title.to_owned(),
            body: Some(body.to_owned()),
            pull_request,
            ..NewIssue::default()
        };
        let id = done(world.open_issue(self.doer(), repository, new));
        world.reference(id)
    }

    #[track_caller]
    pub fn comments(&self, issue: &IssueRef, text: &str) -> CommentRef {
        let mut world = self.world();
        let id = done(world.write_comment(self.doer(), issue.id, text));
        CommentRef {
            issue: world.reference(issue.id),
            id,
        }
    }

    /// The same as a comment on an issue, as GitHub tells it.
    #[track_caller]
    pub fn comments_on_pull_request(&self, pull_request: &IssueRef, text: &str) -> CommentRef {
        self.comments(pull_request, text)
    }

    #[track_caller]
    pub fn edits_comment(&self, comment: &CommentRef, text: &str) {
        let mut world = self.world();
        done(world.edit_comment(self.doer(), comment.issue.id, comment.id, text));
    }

    #[track_caller]
    pub fn deletes_comment(&self, comment: &CommentRef) {
        let mut world = self.world();
        done(world.delete_comment(self.doer(), comment.issue.id, comment.id));
    }

    #[track_caller]
    fn edits(&self, issue: &IssueRef, edit: IssueEdit) {
        done(self.world().edit_issue(self.doer(), issue.id, edit));
    }

    /// Title and body; `None` leaves it.
    #[track_caller]
    pub fn edits_issue(&self, issue: &IssueRef, title: Option<&str>, body: Option<&str>) {
        let edit = IssueEdit {
            title: title.map(str::to_owned),
            body: body.map(|body| Some(body.to_owned())),
            ..IssueEdit::default()
        };
        self.edits(issue, edit);
    }

    /// As completed.
    #[track_caller]
    pub fn closes(&self, issue: &IssueRef) {
        self.closes_because(issue, Reason::Completed);
    }

    #[track_caller]
    pub fn closes_as_not_planned(&self, issue: &IssueRef) {
        self.closes_because(issue, Reason::NotPlanned);
    }

    #[track_caller]
    fn closes_because(&self, issue: &IssueRef, reason: Reason) {
        let edit = IssueEdit {
            open: Some(false),
            reason: Some(reason),
            ..IssueEdit::default()
        };
        self.edits(issue, edit);
    }

    #[track_caller]
    pub fn reopens(&self, issue: &IssueRef) {
        let edit = IssueEdit {
            open: Some(true),
            ..IssueEdit::default()
        };
        self.edits(issue, edit);
    }

    /// Adds the assignees. GitHub refuses those without a role on the repository.
    #[track_caller]
    pub fn assigns(&self, issue: &IssueRef, logins: &[&str]) {
        let world = self.world();
        let already = world.issues.get(&issue.id).map(|i| i.assignees.clone());
        let already = already.unwrap_or_default();
        let mut all: Vec<String> = already.iter().map(|a| world.login(*a).to_owned()).collect();
        drop(world);
        all.extend(logins.iter().map(|&login| login.to_owned()));
        let edit = IssueEdit {
            assignees: Some(all),
            ..IssueEdit::default()
        };
        self.edits(issue, edit);
    }

    /// Adds the labels; missing ones are made.
    #[track_caller]
    pub fn labels(&self, issue: &IssueRef, names: &[&str]) {
        let names: Vec<String> = names.iter().map(|&n| n.to_owned()).collect();
        done(self.world().put_labels(self.doer(), issue.id, &names));
    }

    /// These labels and no others.
    #[track_caller]
    pub fn sets_labels(&self, issue: &IssueRef, names: &[&str]) {
        let edit = IssueEdit {
            labels: Some(names.iter().map(|&n| n.to_owned()).collect()),
            ..IssueEdit::default()
        };
        self.edits(issue, edit);
    }

    /// The milestone by its number, or none.
    #[track_caller]
    pub fn sets_milestone(&self, issue: &IssueRef, number: Option<u64>) {
        let edit = IssueEdit {
            milestone: Some(number),
            ..IssueEdit::default()
        };
        self.edits(issue, edit);
    }

    /// The type by its name, or none.
    #[track_caller]
    pub fn sets_type(&self, issue: &IssueRef, name: Option<&str>) {
        let edit = IssueEdit {
            issue_type: Some(name.map(str::to_owned)),
            ..IssueEdit::default()
        };
        self.edits(issue, edit);
    }

    #[track_caller]
    pub fn reacts(&self, issue: &IssueRef, content: &str) {
        done(self.world().react(self.account, issue.id, None, content));
    }

    #[track_caller]
    pub fn reacts_to_comment(&self, comment: &CommentRef, content: &str) {
        let mut world = self.world();
        done(world.react(self.account, comment.issue.id, Some(comment.id), content));
    }

    /// Makes `child` a sub-issue of `parent`.
    #[track_caller]
    pub fn links_sub_issue(&self, parent: &IssueRef, child: &IssueRef) {
        let mut world = self.world();
        done(world.link_sub_issue(self.doer(), parent.id, child.id, false));
    }

    /// Takes `child` from its parent and puts it under another one.
    #[track_caller]
    pub fn moves_sub_issue(&self, parent: &IssueRef, child: &IssueRef) {
        let mut world = self.world();
        done(world.link_sub_issue(self.doer(), parent.id, child.id, true));
    }

    #[track_caller]
    pub fn blocks(&self, issue: &IssueRef, blocked_by: &IssueRef) {
        let mut world = self.world();
        done(world.add_dependency(self.doer(), issue.id, blocked_by.id));
    }
}
