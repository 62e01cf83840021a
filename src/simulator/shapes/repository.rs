//! Repositories, labels and milestones.

use serde_json::{Value, json};

use super::node_id;
use crate::simulator::clock::stamp;
use crate::simulator::world::{Label, Milestone, Repository, World};

/// The addresses that hang under a repository's own: field and rest.
const UNDER: [(&str, &str); 38] = [
    ("forks_url", "/forks"),
    ("keys_url", "/keys{/key_id}"),
    ("collaborators_url", "/collaborators{/collaborator}"),
    ("teams_url", "/teams"),
    ("hooks_url", "/hooks"),
    ("issue_events_url", "/issues/events{/number}"),
    ("events_url", "/events"),
    ("assignees_url", "/assignees{/user}"),
    ("branches_url", "/branches{/branch}"),
    ("tags_url", "/tags"),
    ("blobs_url", "/git/blobs{/sha}"),
    ("git_tags_url", "/git/tags{/sha}"),
    ("git_refs_url", "/git/refs{/sha}"),
    ("trees_url", "/git/trees{/sha}"),
    ("statuses_url", "/statuses/{sha}"),
    ("languages_url", "/languages"),
    ("stargazers_url", "/stargazers"),
    ("contributors_url", "/contributors"),
    ("subscribers_url", "/subscribers"),
    ("subscription_url", "/subscription"),
    ("commits_url", "/commits{/sha}"),
    ("git_commits_url", "/git/commits{/sha}"),
    ("comments_url", "/comments{/number}"),
    ("issue_comment_url", "/issues/comments{/number}"),
    ("contents_url", "/contents/{+path}"),
    ("compare_url", "/compare/{base}...{head}"),
    ("merges_url", "/merges"),
    ("archive_url", "/{archive_format}{/ref}"),
    ("downloads_url", "/downloads"),
    ("issues_url", "/issues{/number}"),
    ("pulls_url", "/pulls{/number}"),
    ("milestones_url", "/milestones{/number}"),
    (
        "notifications_url",
        "/notifications{?since,all,participating}",
    ),
    ("labels_url", "/labels{/name}"),
    ("releases_url", "/releases{/id}"),
    ("deployments_url", "/deployments"),
    ("git_url", ""),
    ("svn_url", ""),
];

impl World {
    pub(crate) fn repository_api(&self, id: u64) -> String {
        format!("{}/repos/{}", self.api(), self.full_name(id))
    }

    pub(crate) fn repository_json(&self, id: u64) -> Value {
        let Some(repository) = self.repositories.get(&id) else {
            return Value::Null;
        };
        let url = self.repository_api(id);
        let page = format!("{}/{}", self.base, self.full_name(id));
        let open = self.issues_of(id).filter(|i| i.open).count();
        let created = stamp(repository.created_at);
        let mut whole = self.repository_core_json(repository);
        let rest = json!({
            "owner": self.user_json(repository.owner),
            "html_url": page,
            "description": null,
            "fork": false,
            "url": url,
            "created_at": created,
            "updated_at": created,
            "pushed_at": created,
            "ssh_url": format!("git@localhost:{}.git", self.full_name(id)),
            "clone_url": format!("{page}.git"),
            "homepage": null,
            "size": 108,
            "stargazers_count": 0,
            "watchers_count": 0,
            "language": null,
            "has_issues": repository.has_issues,
            "has_projects": true,
            "has_downloads": true,
            "has_wiki": true,
            "has_pages": false,
            "has_discussions": false,
            "forks_count": 0,
            "mirror_url": null,
            "archived": repository.archived,
            "disabled": false,
            "open_issues_count": open,
            "license": null,
            "allow_forking": true,
            "is_template": false,
            "web_commit_signoff_required": false,
            "topics": [],
            "visibility": if repository.private { "private" } else { "public" },
            "forks": 0,
            "open_issues": open,
            "watchers": 0,
            "default_branch": "main",
            "custom_properties": {},
        });
        merge(&mut whole, rest);
        for (field, under) in UNDER {
            let start = if under.is_empty() { &page } else { &url };
            whole[field] = json!(format!("{start}{under}"));
        }
        whole
    }

    /// As installation events list repositories.
    pub(crate) fn repository_core_json(&self, repository: &Repository) -> Value {
        json!({
            "id": repository.id,
            "node_id": node_id("Repository", repository.id),
            "name": repository.name,
            "full_name": self.full_name(repository.id),
            "private": repository.private,
        })
    }

    pub(crate) fn label_json(&self, repository: u64, label: &Label) -> Value {
        let mut url = url::Url::parse(&self.repository_api(repository)).ok();
        if let Some(Ok(mut parts)) = url.as_mut().map(url::Url::path_segments_mut) {
            parts.extend(["labels", &label.name]);
        }
        json!({
            "id": label.id,
            "node_id": node_id("Label", label.id),
            "url": url.map(String::from),
            "name": label.name,
            "color": label.color,
            "default": label.default,
            "description": label.description,
        })
    }

    pub(crate) fn milestone_json(&self, repository: u64, milestone: &Milestone) -> Value {
        let url = format!(
            "{}/milestones/{}",
            self.repository_api(repository),
            milestone.number
        );
        let inside = |open| {
            self.issues_of(repository)
                .filter(|i| i.milestone == Some(milestone.number) && i.open == open)
                .count()
        };
        json!({
            "url": url,
            "html_url": format!("{}/{}/milestone/{}", self.base, self.full_name(repository), milestone.number),
            "labels_url": format!("{url}/labels"),
            "id": milestone.id,
            "node_id": node_id("Milestone", milestone.id),
            "number": milestone.number,
            "title": milestone.title,
            "description": null,
            "creator": self.user_json(milestone.creator),
            "open_issues": inside(true),
            "closed_issues": inside(false),
            "state": if milestone.open { "open" } else { "closed" },
            "created_at": stamp(milestone.created_at),
            "updated_at": stamp(milestone.created_at),
            "due_on": null,
            "closed_at": null,
        })
    }
}

fn merge(into: &mut Value, from: Value) {
    if let (Some(into), Value::Object(from)) = (into.as_object_mut(), from) {
        into.extend(from);
    }
}
