//! The App, its installations and its deliveries.

use serde_json::{Value, json};

use super::node_id;
use crate::simulator::clock::stamp;
use crate::simulator::webhooks::Delivery;
use crate::simulator::world::{Installation, World};

impl World {
    pub(crate) fn app_json(&self) -> Value {
        let app = &self.app;
        let created = self.accounts.get(&app.bot).map(|a| stamp(a.created_at));
        json!({
            "id": app.id,
            "client_id": app.client_id,
            "slug": app.slug,
            "node_id": node_id("App", app.id),
            "owner": self.user_json(app.owner),
            "name": app.name,
            "description": "",
            "external_url": app.external_url.clone().unwrap_or_else(|| format!("{}/apps/{}", self.base, app.slug)),
            "html_url": format!("{}/apps/{}", self.base, app.slug),
            "created_at": created,
            "updated_at": created,
            "permissions": app.permissions,
            "events": app.events,
            "installations_count": self.installations.len(),
        })
    }

    /// As `performed_via_github_app` tells it.
    pub(crate) fn via_app_json(&self, via_app: bool) -> Value {
        let mut app = if via_app {
            self.app_json()
        } else {
            Value::Null
        };
        if let Some(fields) = app.as_object_mut() {
            fields.remove("installations_count");
        }
        app
    }

    pub(crate) fn installation_json(&self, installation: &Installation) -> Value {
        let id = installation.id;
        let kind = self
            .accounts
            .get(&installation.account)
            .map_or("User", |a| a.kind.name());
        json!({
            "id": id,
            "client_id": self.app.client_id,
            "account": self.user_json(installation.account),
            "repository_selection": if installation.selected.is_some() { "selected" } else { "all" },
            "access_tokens_url": format!("{}/app/installations/{id}/access_tokens", self.api()),
            "repositories_url": format!("{}/installation/repositories", self.api()),
            "html_url": format!("{}/organizations/{}/settings/installations/{id}", self.base, self.login(installation.account)),
            "app_id": self.app.id,
            "app_slug": self.app.slug,
            "target_id": installation.account,
            "target_type": kind,
            "permissions": installation.permissions,
            "events": installation.events,
            "created_at": stamp(installation.created_at),
            "updated_at": stamp(installation.updated_at),
            "single_file_name": null,
            "has_multiple_single_files": false,
            "single_file_paths": [],
            "suspended_by": installation.suspended_at.map(|_| self.user_json(installation.account)),
            "suspended_at": installation.suspended_at.map(stamp),
        })
    }

    /// One line of the list of deliveries.
    pub(crate) fn delivery_json(delivery: &Delivery) -> Value {
        json!({
            "id": delivery.id,
            "guid": delivery.guid,
            "delivered_at": stamp(delivery.delivered_at),
            "redelivery": delivery.redelivery,
            "duration": delivery.duration.as_secs_f64(),
            "status": delivery.status,
            "status_code": delivery.status_code,
            "event": delivery.event,
            "action": delivery.action,
            "installation_id": delivery.installation,
            "repository_id": delivery.repository,
            "throttled_at": null,
        })
    }

    /// One delivery with what was sent and what came back.
    pub(crate) fn full_delivery_json(delivery: &Delivery) -> Value {
        let mut full = Self::delivery_json(delivery);
        let headers: serde_json::Map<String, Value> = delivery
            .request_headers
            .iter()
            .map(|(name, value)| (name.clone(), json!(value)))
            .collect();
        let payload: Value = serde_json::from_slice(&delivery.payload).unwrap_or_default();
        full["url"] = json!(delivery.url);
        full["request"] = json!({"headers": headers, "payload": payload});
        full["response"] = json!({"headers": {}, "payload": delivery.response});
        full
    }
}
