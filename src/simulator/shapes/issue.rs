//! Issues, comments and reactions.

use serde_json::{Value, json};

use super::node_id;
use crate::simulator::clock::stamp;
use crate::simulator::world::{Comment, ISSUE_TYPES, Issue, Reaction, Reason, World};

pub(crate) const REACTIONS: [&str; 8] = [
    "+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes",
];

impl World {
    pub(crate) fn issue_page(&self, issue: &Issue) -> String {
        let kind = if issue.pull_request { "pull" } else { "issues" };
        let repository = self.full_name(issue.repository);
        format!("{}/{repository}/{kind}/{}", self.base, issue.number)
    }

    pub(crate) fn issue_json(&self, issue: &Issue) -> Value {
        let repository = self.repository_api(issue.repository);
        let url = format!("{repository}/issues/{}", issue.number);
        let assignees: Vec<Value> = issue.assignees.iter().map(|a| self.user_json(*a)).collect();
        let milestone = self
            .repositories
            .get(&issue.repository)
            .and_then(|r| r.find_milestone(issue.milestone?))
            .map(|m| self.milestone_json(issue.repository, m));
        let mut whole = json!({
            "url": url,
            "repository_url": repository,
            "labels_url": format!("{url}/labels{{/name}}"),
            "comments_url": format!("{url}/comments"),
            "events_url": format!("{url}/events"),
            "html_url": self.issue_page(issue),
            "id": issue.id,
            "node_id": node_id("Issue", issue.id),
            "number": issue.number,
            "title": issue.title,
            "user": self.user_json(issue.author),
            "labels": self.labels_json(issue),
            "state": issue.state(),
            "locked": false,
            "assignee": assignees.first(),
            "assignees": assignees,
            "milestone": milestone,
            "comments": issue.comments.len(),
            "created_at": stamp(issue.created_at),
            "updated_at": stamp(issue.updated_at),
            "closed_at": issue.closed_at.map(stamp),
            "author_association": self.association(issue.repository, issue.author),
            "type": issue.kind.as_deref().map(type_json),
            "active_lock_reason": null,
            "body": issue.body,
            "closed_by": issue.closed_by.map(|by| self.user_json(by)),
            "reactions": rollup(&url, &issue.reactions),
            "timeline_url": format!("{url}/timeline"),
            "performed_via_github_app": self.via_app_json(issue.via_app),
            "state_reason": issue.reason.map(Reason::name),
        });
        self.add_links(issue, &mut whole);
        whole
    }

    fn add_links(&self, issue: &Issue, whole: &mut Value) {
        let closed = |ids: &[u64]| {
            let known = ids.iter().filter_map(|id| self.issues.get(id));
            known.filter(|i| !i.open).count()
        };
        let (total, completed) = (issue.sub_issues.len(), closed(&issue.sub_issues));
        let server = self.server;
        if !server.lacks_sub_issues && !server.hides_summaries {
            whole["sub_issues_summary"] = json!({
                "total": total,
                "completed": completed,
                "percent_completed": (completed * 100).checked_div(total).unwrap_or(0),
            });
        }
        let blocking = self.blocking(issue.id);
        if !server.lacks_dependencies && !server.hides_summaries {
            whole["issue_dependencies_summary"] = json!({
                "blocked_by": issue.blocked_by.len() - closed(&issue.blocked_by),
                "total_blocked_by": issue.blocked_by.len(),
                "blocking": blocking.len() - closed(&blocking),
                "total_blocking": blocking.len(),
            });
        }
        let parent = issue.parent.filter(|_| !server.hides_summaries);
        if let Some(parent) = parent.and_then(|id| self.issues.get(&id)) {
            let repository = self.repository_api(parent.repository);
            whole["parent_issue_url"] = json!(format!("{repository}/issues/{}", parent.number));
        }
        if issue.pull_request {
            let url = format!(
                "{}/pulls/{}",
                self.repository_api(issue.repository),
                issue.number
            );
            let page = self.issue_page(issue);
            whole["pull_request"] = json!({
                "url": url,
                "html_url": page,
                "diff_url": format!("{page}.diff"),
                "patch_url": format!("{page}.patch"),
                "merged_at": null,
            });
            whole["draft"] = json!(false);
        }
    }

    pub(crate) fn labels_json(&self, issue: &Issue) -> Value {
        let Some(repository) = self.repositories.get(&issue.repository) else {
            return json!([]);
        };
        issue
            .labels
            .iter()
            .filter_map(|id| repository.labels.iter().find(|l| l.id == *id))
            .map(|label| self.label_json(repository.id, label))
            .collect()
    }

    pub(crate) fn comment_json(&self, issue: &Issue, comment: &Comment) -> Value {
        let repository = self.repository_api(issue.repository);
        let url = format!("{repository}/issues/comments/{}", comment.id);
        json!({
            "url": url,
            "html_url": format!("{}#issuecomment-{}", self.issue_page(issue), comment.id),
            "issue_url": format!("{repository}/issues/{}", issue.number),
            "id": comment.id,
            "node_id": node_id("IssueComment", comment.id),
            "user": self.user_json(comment.author),
            "created_at": stamp(comment.created_at),
            "updated_at": stamp(comment.updated_at),
            "author_association": self.association(issue.repository, comment.author),
            "body": comment.body,
            "reactions": rollup(&url, &comment.reactions),
            "performed_via_github_app": self.via_app_json(comment.via_app),
        })
    }

    pub(crate) fn reaction_json(&self, reaction: &Reaction) -> Value {
        json!({
            "id": reaction.id,
            "node_id": node_id("Reaction", reaction.id),
            "user": self.user_json(reaction.user),
            "content": reaction.content,
            "created_at": stamp(reaction.created_at),
        })
    }
}

pub(crate) fn type_json(name: &str) -> Value {
    let place = ISSUE_TYPES
        .iter()
        .position(|(known, _)| known.eq_ignore_ascii_case(name));
    let (name, description) = place.map_or((name, ""), |place| ISSUE_TYPES[place]);
    let id = 1_000_011 + place.unwrap_or(0) as u64;
    json!({
        "id": id,
        "node_id": node_id("IssueType", id),
        "name": name,
        "description": description,
        "color": "yellow",
        "created_at": "2024-01-25T15:00:00Z",
        "updated_at": "2024-01-25T15:00:00Z",
        "is_enabled": true,
    })
}

fn rollup(url: &str, reactions: &[Reaction]) -> Value {
    let mut rollup = json!({
        "url": format!("{url}/reactions"),
        "total_count": reactions.len(),
    });
    for content in REACTIONS {
        let count = reactions.iter().filter(|r| r.content == content).count();
        rollup[content] = json!(count);
    }
    rollup
}
