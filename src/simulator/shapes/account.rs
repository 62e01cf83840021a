//! Users, organizations and bots.

use serde_json::{Value, json};

use super::node_id;
use crate::simulator::clock::stamp;
use crate::simulator::world::{Kind, World};

impl World {
    /// GitHub's "simple user".
    pub(crate) fn user_json(&self, id: u64) -> Value {
        let Some(account) = self.accounts.get(&id) else {
            return Value::Null;
        };
        let login = &account.login;
        let url = format!("{}/users/{login}", self.api());
        let page = match account.kind {
            Kind::Bot => format!("{}/apps/{}", self.base, login.trim_end_matches("[bot]")),
            _ => format!("{}/{login}", self.base),
        };
        json!({
            "login": login,
            "id": id,
            "node_id": node_id(account.kind.name(), id),
            "avatar_url": format!("{}/avatars/u/{id}?v=4", self.base),
            "gravatar_id": "",
            "url": url,
            "html_url": page,
            "followers_url": format!("{url}/followers"),
            "following_url": format!("{url}/following{{/other_user}}"),
            "gists_url": format!("{url}/gists{{/gist_id}}"),
            "starred_url": format!("{url}/starred{{/owner}}{{/repo}}"),
            "subscriptions_url": format!("{url}/subscriptions"),
            "organizations_url": format!("{url}/orgs"),
            "repos_url": format!("{url}/repos"),
            "events_url": format!("{url}/events{{/privacy}}"),
            "received_events_url": format!("{url}/received_events"),
            "type": account.kind.name(),
            "user_view_type": "public",
            "site_admin": false,
        })
    }

    /// A profile: what `GET /user` and `GET /users/{login}` answer.
    pub(crate) fn profile_json(&self, id: u64) -> Value {
        let mut profile = self.user_json(id);
        let created = self.accounts.get(&id).map(|a| stamp(a.created_at));
        profile["name"] = json!(self.login(id));
        profile["public_repos"] = json!(0);
        profile["public_gists"] = json!(0);
        profile["followers"] = json!(0);
        profile["following"] = json!(0);
        profile["created_at"] = json!(created);
        profile["updated_at"] = json!(created);
        for unknown in ["company", "location", "email", "hireable", "bio"] {
            profile[unknown] = Value::Null;
        }
        profile["blog"] = json!("");
        profile
    }

    /// As webhooks name the organization.
    pub(crate) fn organization_json(&self, id: u64) -> Value {
        let login = self.login(id);
        let url = format!("{}/orgs/{login}", self.api());
        json!({
            "login": login,
            "id": id,
            "node_id": node_id("Organization", id),
            "url": url,
            "repos_url": format!("{url}/repos"),
            "events_url": format!("{url}/events"),
            "hooks_url": format!("{url}/hooks"),
            "issues_url": format!("{url}/issues"),
            "members_url": format!("{url}/members{{/member}}"),
            "public_members_url": format!("{url}/public_members{{/member}}"),
            "avatar_url": format!("{}/avatars/u/{id}?v=4", self.base),
            "description": "",
        })
    }
}
