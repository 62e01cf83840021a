//! An App is registered from a manifest, and its credentials are handed over once.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde_json::{Map, Value, json};

use crate::simulator::shapes::node_id;
use crate::simulator::world::{App, Kind, Permissions, World};

/// The fields that GitHub documents.
const KNOWN: [&str; 12] = [
    "name",
    "url",
    "hook_attributes",
    "redirect_url",
    "callback_urls",
    "setup_url",
    "setup_on_update",
    "description",
    "public",
    "default_events",
    "default_permissions",
    "request_oauth_on_install",
];

/// Events that an App can subscribe to, and the permission that each needs. Those about the App itself come unasked.
const EVENTS: [(&str, &str); 8] = [
    ("issues", "issues"),
    ("issue_comment", "issues"),
    ("label", "metadata"),
    ("milestone", "issues"),
    ("repository", "metadata"),
    ("sub_issues", "issues"),
    ("issue_dependencies", "issues"),
    ("push", "contents"),
];

/// How long the code of a new App can be exchanged.
const CODE_LASTS: TimeDelta = TimeDelta::hours(1);

/// What is wrong with a manifest, in words; nothing: GitHub would take it.
pub(crate) fn complaints(manifest: &Value) -> Vec<String> {
    let Some(fields) = manifest.as_object() else {
        return vec!["The manifest is not an object.".to_owned()];
    };
    let mut wrong: Vec<String> = fields
        .keys()
        .filter(|key| !KNOWN.contains(&key.as_str()))
        .map(|key| format!("Unknown field: {key}"))
        .collect();
    let address = |value: &Value| {
        value
            .as_str()
            .is_some_and(|url| url.starts_with("https://") || url.starts_with("http://"))
    };
    for required in ["url", "redirect_url"] {
        if !address(&manifest[required]) {
            wrong.push(format!("{required} must be a valid URL"));
        }
    }
    if !address(&manifest["hook_attributes"]["url"]) {
        wrong.push("Hook url must be a valid URL".to_owned());
    }
    if !manifest["setup_url"].is_null() && !address(&manifest["setup_url"]) {
        wrong.push("setup_url must be a valid URL".to_owned());
    }
    let callbacks = manifest["callback_urls"].as_array();
    if callbacks.is_some_and(|urls| urls.len() > 10 || !urls.iter().all(address)) {
        wrong.push("callback_urls must be at most 10 valid URLs".to_owned());
    }
    let name = manifest["name"].as_str().unwrap_or_default();
    if name.chars().count() > 34 {
        wrong.push("Name is too long (maximum is 34 characters)".to_owned());
    }
    let none = Map::new();
    let permissions = manifest["default_permissions"].as_object().unwrap_or(&none);
    for (name, level) in permissions {
        if !matches!(level.as_str(), Some("read" | "write" | "admin")) {
            wrong.push(format!("Default permission {name} is invalid"));
        }
    }
    for event in manifest["default_events"].as_array().into_iter().flatten() {
        let event = event.as_str().unwrap_or_default();
        let needed = EVENTS.iter().find(|(known, _)| *known == event);
        if needed.is_none_or(|(_, permission)| !permissions.contains_key(*permission)) {
            wrong.push(format!(
                "Default events are not supported by permissions: {event}"
            ));
        }
    }
    wrong
}

impl World {
    /// The new App takes the place of the one that was; answers the code for its credentials.
    pub(crate) fn register_app(&mut self, owner: u64, manifest: &Value) -> String {
        let text = |name: &str| manifest[name].as_str().map(str::to_owned);
        let list = |value: &Value| -> Vec<String> {
            let items = value.as_array().into_iter().flatten();
            items
                .filter_map(|v| v.as_str().map(str::to_owned))
                .collect()
        };
        let name = text("name").unwrap_or_else(|| "a-new-app".to_owned());
        let slug: String = name
            .to_lowercase()
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
            .collect();
        let bot = self.add_account(&format!("{slug}[bot]"), Kind::Bot);
        let permissions: Permissions = manifest["default_permissions"]
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(name, level)| Some((name.clone(), level.as_str()?.to_owned())))
            .collect();
        let client_id = format!("Iv23li{}", &self.random("client")[..14]);
        let (client_secret, webhook_secret) = (self.random("secret"), self.random("webhook"));
        self.app = App {
            id: self.next_id(2_000_000),
            client_id,
            client_secret: client_secret[..40].to_owned(),
            slug,
            name,
            private_key_pem: self.app.private_key_pem.clone(),
            webhook_secret: webhook_secret[..40].to_owned(),
            marketplace_secret: self.app.marketplace_secret.clone(),
            permissions,
            events: list(&manifest["default_events"])
                .into_iter()
                .collect::<BTreeSet<_>>(),
            callback_urls: list(&manifest["callback_urls"]),
            setup_url: text("setup_url"),
            external_url: text("url"),
            bot,
            owner,
        };
        self.outbox.url = manifest["hook_attributes"]["url"]
            .as_str()
            .map(str::to_owned);
        let code = self.random("manifest")[..40].to_owned();
        let until = self.now() + CODE_LASTS;
        self.desk.manifests.insert(code.clone(), until);
        let hook = json!({
            "zen": "Anything added dilutes everything else.",
            "hook_id": self.app.id * 100 + 7,
            "hook": {"type": "App", "id": self.app.id * 100 + 7, "app_id": self.app.id, "active": true},
        });
        self.deliver("ping", None, None, &hook);
        code
    }

    /// The App with its credentials, for a code that was not used and has not expired.
    pub(crate) fn convert_manifest(&mut self, code: &str) -> Option<Value> {
        let until = self.desk.manifests.remove(code)?;
        if until <= self.now() {
            return None;
        }
        let app = self.app.clone();
        let mut whole = self.app_json();
        whole["node_id"] = json!(node_id("App", app.id));
        whole["client_secret"] = json!(app.client_secret);
        whole["webhook_secret"] = json!(app.webhook_secret);
        whole["pem"] = json!(app.private_key_pem);
        if let Some(fields) = whole.as_object_mut() {
            fields.remove("installations_count");
        }
        Some(whole)
    }
}
