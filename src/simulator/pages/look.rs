//! What the pages show, gathered from the world under one short lock.

use chrono::{DateTime, Utc};

use super::markdown;
use crate::simulator::clock::stamp;
use crate::simulator::happening::emoji;
use crate::simulator::shapes::REACTIONS;
use crate::simulator::world::{Issue, Kind, Label, Reaction, Reason, World};

/// What every page carries: who is looking, and from where.
pub(crate) struct Frame {
    pub(crate) acting: String,
    pub(crate) people: Vec<String>,
    pub(crate) here: String,
    pub(crate) version: u64,
}

pub(crate) struct Face {
    pub(crate) login: String,
    pub(crate) letter: String,
    pub(crate) hue: u64,
    pub(crate) bot: bool,
}

pub(crate) struct Tag {
    pub(crate) name: String,
    pub(crate) color: String,
}

pub(crate) struct When {
    pub(crate) ago: String,
    pub(crate) exact: String,
}

/// One line about an issue, in lists of every kind.
pub(crate) struct Row {
    pub(crate) number: u64,
    pub(crate) title: String,
    pub(crate) url: String,
    pub(crate) state: &'static str,
    pub(crate) labels: Vec<Tag>,
    pub(crate) author: Face,
    pub(crate) opened: When,
    pub(crate) comments: usize,
    pub(crate) assignees: Vec<Face>,
    pub(crate) done: usize,
    pub(crate) total: usize,
    pub(crate) blocked: bool,
    /// Named only when it is in another repository.
    pub(crate) elsewhere: String,
}

pub(crate) struct Said {
    /// 0 for the issue's own text.
    pub(crate) id: u64,
    pub(crate) author: Face,
    pub(crate) role: &'static str,
    pub(crate) when: When,
    pub(crate) edited: bool,
    pub(crate) html: String,
    pub(crate) reactions: Vec<(&'static str, usize, String)>,
}

pub(crate) struct Home {
    pub(crate) full_name: String,
    pub(crate) private: bool,
    pub(crate) open: usize,
    pub(crate) closed: usize,
    pub(crate) installed: bool,
}

/// Completed, not planned, open: each has its own mark.
pub(crate) fn state(issue: &Issue) -> &'static str {
    match (issue.open, issue.reason) {
        (true, _) => "open",
        (false, Some(Reason::NotPlanned | Reason::Duplicate)) => "dropped",
        (false, _) => "done",
    }
}

impl World {
    pub(super) fn frame(&self, wanted: Option<&str>, here: &str) -> Frame {
        let people: Vec<String> = self
            .accounts
            .values()
            .filter(|a| a.kind == Kind::User && a.id != self.app.owner)
            .map(|a| a.login.clone())
            .collect();
        let acting = wanted
            .filter(|login| people.iter().any(|p| p == login))
            .map(str::to_owned)
            .or_else(|| people.first().cloned())
            .unwrap_or_default();
        Frame {
            acting,
            people,
            here: here.to_owned(),
            version: self.version,
        }
    }

    pub(super) fn face(&self, account: u64) -> Face {
        let login = self.login(account).to_owned();
        let letter = login.chars().next().unwrap_or('?').to_uppercase().collect();
        let known = self.accounts.get(&account);
        Face {
            letter,
            hue: account * 47 % 360,
            bot: known.is_some_and(|a| a.kind == Kind::Bot),
            login,
        }
    }

    fn when(&self, at: DateTime<Utc>) -> When {
        let minutes = (self.now() - at).num_minutes();
        let ago = match minutes {
            ..1 => "just now".to_owned(),
            1 => "a minute ago".to_owned(),
            2..60 => format!("{minutes} minutes ago"),
            60..120 => "an hour ago".to_owned(),
            120..1440 => format!("{} hours ago", minutes / 60),
            _ => at.format("on %-d %b %Y").to_string(),
        };
        When {
            ago,
            exact: stamp(at),
        }
    }

    pub(super) fn homes(&self) -> Vec<Home> {
        self.repositories.keys().map(|id| self.home(*id)).collect()
    }

    pub(super) fn home(&self, id: u64) -> Home {
        let all = || self.issues_of(id).filter(|i| !i.pull_request);
        Home {
            full_name: self.full_name(id),
            private: self.repositories.get(&id).is_some_and(|r| r.private),
            open: all().filter(|i| i.open).count(),
            closed: all().filter(|i| !i.open).count(),
            installed: self.installation_of(id).is_some(),
        }
    }

    pub(super) fn tags(&self, issue: &Issue) -> Vec<Tag> {
        let home = self.repositories.get(&issue.repository);
        let find = |id: &u64| home?.labels.iter().find(|l| l.id == *id);
        let tag = |label: &Label| Tag {
            name: label.name.clone(),
            color: label.color.clone(),
        };
        issue.labels.iter().filter_map(find).map(tag).collect()
    }

    /// As seen from a repository.
    pub(super) fn row(&self, issue: &Issue, from: u64) -> Row {
        let closed = |id: &&u64| self.issues.get(id).is_some_and(|i| !i.open);
        let kind = if issue.pull_request { "pull" } else { "issues" };
        let full_name = self.full_name(issue.repository);
        Row {
            number: issue.number,
            title: issue.title.clone(),
            url: format!("/{full_name}/{kind}/{}", issue.number),
            state: state(issue),
            labels: self.tags(issue),
            author: self.face(issue.author),
            opened: self.when(issue.created_at),
            comments: issue.comments.len(),
            assignees: issue.assignees.iter().map(|a| self.face(*a)).collect(),
            done: issue.sub_issues.iter().filter(closed).count(),
            total: issue.sub_issues.len(),
            blocked: issue.blocked_by.iter().any(|id| !closed(&id)),
            elsewhere: if issue.repository == from {
                String::new()
            } else {
                full_name
            },
        }
    }

    pub(super) fn rows(&self, ids: &[u64], from: u64) -> Vec<Row> {
        ids.iter()
            .filter_map(|id| self.issues.get(id))
            .map(|issue| self.row(issue, from))
            .collect()
    }

    /// The issue's text and its comments.
    pub(super) fn conversation(&self, issue: &Issue) -> Vec<Said> {
        let first = Said {
            id: 0,
            author: self.face(issue.author),
            role: self.badge(issue.repository, issue.author),
            when: self.when(issue.created_at),
            edited: false,
            html: self.rendered(issue, issue.body.as_deref().unwrap_or("")),
            reactions: self.bar(&issue.reactions),
        };
        let comments = issue.comments.iter().map(|comment| Said {
            id: comment.id,
            author: self.face(comment.author),
            role: self.badge(issue.repository, comment.author),
            when: self.when(comment.created_at),
            edited: comment.updated_at > comment.created_at,
            html: self.rendered(issue, &comment.body),
            reactions: self.bar(&comment.reactions),
        });
        std::iter::once(first).chain(comments).collect()
    }

    fn badge(&self, repository: u64, account: u64) -> &'static str {
        match self.association(repository, account) {
            "OWNER" => "Owner",
            "MEMBER" => "Member",
            "COLLABORATOR" => "Collaborator",
            _ => "",
        }
    }

    fn rendered(&self, issue: &Issue, text: &str) -> String {
        markdown::html(text, &|word| {
            let (name, number) = word.split_once('#')?;
            let repository = if name.is_empty() {
                issue.repository
            } else {
                self.find_repository(name)?
            };
            let found = self.find_issue(repository, number.parse().ok()?)?;
            Some(self.row(found, repository).url)
        })
    }

    fn bar(&self, reactions: &[Reaction]) -> Vec<(&'static str, usize, String)> {
        let mut bar = Vec::new();
        for content in REACTIONS {
            let by: Vec<&str> = reactions
                .iter()
                .filter(|r| r.content == content)
                .map(|r| self.login(r.user))
                .collect();
            if !by.is_empty() {
                bar.push((emoji(content), by.len(), by.join(", ")));
            }
        }
        bar
    }

    /// Who closed it, when and why; empty while it is open.
    pub(super) fn ending(&self, issue: &Issue) -> Option<(Face, &'static str, When)> {
        let how = match issue.reason {
            Some(Reason::NotPlanned) => "not planned",
            Some(Reason::Duplicate) => "duplicate",
            _ => "completed",
        };
        Some((
            self.face(issue.closed_by?),
            how,
            self.when(issue.closed_at?),
        ))
    }
}
