//! Looking at a repository from outside, as a test does at the end.

use std::fmt::Write as _;
use std::sync::MutexGuard;

use chrono::{DateTime, Utc};

use super::{CommentRef, IssueRef, Simulator};
use crate::simulator::world::{Comment, Issue, Reaction, World};

/// A repository as it is whenever it is asked.
#[derive(Clone)]
pub struct RepositoryView {
    simulator: Simulator,
    id: u64,
}

/// An issue as it was when it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssueView {
    pub reference: IssueRef,
    pub id: u64,
    pub number: u64,
    pub title: String,
    /// Empty when there is none.
    pub body: String,
    pub author: String,
    pub open: bool,
    /// `completed`, `not_planned`, `duplicate`, `reopened`.
    pub state_reason: Option<String>,
    pub labels: Vec<String>,
    pub assignees: Vec<String>,
    pub milestone: Option<u64>,
    pub issue_type: Option<String>,
    pub pull_request: bool,
    pub parent: Option<IssueRef>,
    pub sub_issues: Vec<IssueRef>,
    pub blocked_by: Vec<IssueRef>,
    pub comments: usize,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A comment as it was when it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommentView {
    pub reference: CommentRef,
    pub id: u64,
    pub author: String,
    pub body: String,
    pub reactions: Vec<ReactionView>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// Who reacted how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReactionView {
    pub by: String,
    /// `eyes`, `confused`, `+1`, …
    pub content: String,
}

impl RepositoryView {
    pub(super) fn new(simulator: Simulator, id: u64) -> Self {
        Self { simulator, id }
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.simulator.world()
    }

    /// The numeric repository id.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// The full name of today.
    pub fn full_name(&self) -> String {
        self.world().full_name(self.id)
    }

    /// Issues and pull requests, by number.
    pub fn issues(&self) -> Vec<IssueView> {
        let world = self.world();
        let all = world.issues_of(self.id);
        all.map(|issue| view(&world, issue)).collect()
    }

    /// The numbers of the open ones.
    pub fn open_issues(&self) -> Vec<u64> {
        let world = self.world();
        let all = world.issues_of(self.id);
        all.filter(|i| i.open).map(|i| i.number).collect()
    }

    pub fn find_issue(&self, number: u64) -> Option<IssueView> {
        let world = self.world();
        let found = world.find_issue(self.id, number).filter(|i| i.here());
        found.map(|issue| view(&world, issue))
    }

    #[track_caller]
    pub fn issue(&self, number: u64) -> IssueView {
        match self.find_issue(number) {
            Some(issue) => issue,
            None => panic!("no issue #{number} in {}", self.full_name()),
        }
    }

    /// Oldest first; none when there is no such issue.
    pub fn comments(&self, number: u64) -> Vec<CommentView> {
        let world = self.world();
        let Some(issue) = world.find_issue(self.id, number) else {
            return Vec::new();
        };
        let reference = world.reference(issue.id);
        let all = issue.comments.iter();
        all.map(|comment| view_comment(&world, &reference, comment))
            .collect()
    }

    /// The reactions to the issue itself; those to comments are in [`RepositoryView::comments`].
    pub fn reactions(&self, number: u64) -> Vec<ReactionView> {
        let world = self.world();
        let issue = world.find_issue(self.id, number);
        issue.map_or_else(Vec::new, |i| view_reactions(&world, &i.reactions))
    }

    /// The names of the repository's labels.
    pub fn labels(&self) -> Vec<String> {
        let world = self.world();
        let labels = world.repositories[&self.id].labels.iter();
        labels.map(|l| l.name.clone()).collect()
    }

    /// One line an issue: `#2 open   Add the login form   [sub-issue of #1] [blocked by #3]`.
    pub fn outline(&self) -> String {
        let world = self.world();
        let mut outline = String::new();
        for issue in world.issues_of(self.id) {
            let _ = write!(
                outline,
                "#{} {:<6} {}",
                issue.number,
                issue.state(),
                issue.title
            );
            let mut tags = Vec::new();
            if issue.pull_request {
                tags.push("[pull request]".to_owned());
            }
            if let Some(parent) = issue.parent {
                tags.push(format!("[sub-issue of {}]", self.short(&world, parent)));
            }
            if !issue.blocked_by.is_empty() {
                let all: Vec<String> = issue
                    .blocked_by
                    .iter()
                    .map(|id| self.short(&world, *id))
                    .collect();
                tags.push(format!("[blocked by {}]", all.join(", ")));
            }
            if !tags.is_empty() {
                let _ = write!(outline, "   {}", tags.join(" "));
            }
            outline.push('\n');
        }
        outline
    }

    /// `#3` here, `acme/other#3` elsewhere.
    fn short(&self, world: &World, id: u64) -> String {
        let reference = world.reference(id);
        let here = world
            .issues
            .get(&id)
            .is_some_and(|i| i.repository == self.id);
        if here {
            format!("#{}", reference.number)
        } else {
            reference.to_string()
        }
    }
}

fn view(world: &World, issue: &Issue) -> IssueView {
    let references = |ids: &[u64]| ids.iter().map(|id| world.reference(*id)).collect();
    let home = world.repositories.get(&issue.repository);
    let label_name = |id: &u64| {
        let mut labels = home?.labels.iter();
        labels.find(|l| l.id == *id).map(|l| l.name.clone())
    };
    IssueView {
        reference: world.reference(issue.id),
        id: issue.id,
        number: issue.number,
        title: issue.title.clone(),
        body: issue.body.clone().unwrap_or_default(),
        author: world.login(issue.author).to_owned(),
        open: issue.open,
        state_reason: issue.reason.map(|r| r.name().to_owned()),
        labels: issue.labels.iter().filter_map(label_name).collect(),
        assignees: issue
            .assignees
            .iter()
            .map(|a| world.login(*a).to_owned())
            .collect(),
        milestone: issue.milestone,
        issue_type: issue.kind.clone(),
        pull_request: issue.pull_request,
        parent: issue.parent.map(|id| world.reference(id)),
        sub_issues: references(&issue.sub_issues),
        blocked_by: references(&issue.blocked_by),
        comments: issue.comments.len(),
        created_at: issue.created_at,
        updated_at: issue.updated_at,
    }
}

fn view_comment(world: &World, issue: &IssueRef, comment: &Comment) -> CommentView {
    CommentView {
        reference: CommentRef {
            issue: issue.clone(),
            id: comment.id,
        },
        id: comment.id,
        author: world.login(comment.author).to_owned(),
        body: comment.body.clone(),
        reactions: view_reactions(world, &comment.reactions),
        created_at: comment.created_at,
        updated_at: comment.updated_at,
    }
}

fn view_reactions(world: &World, reactions: &[Reaction]) -> Vec<ReactionView> {
    reactions
        .iter()
        .map(|reaction| ReactionView {
            by: world.login(reaction.user).to_owned(),
            content: reaction.content.clone(),
        })
        .collect()
}
