//! The App as it is registered with GitHub: `app-manifest.json`, with this server's addresses and its owner's wishes.

use serde::Serialize;
use serde_json::{Map, Value};

/// With an address of nobody, which every server replaces by its own.
const MANIFEST: &str = include_str!("../../app-manifest.json");
const NOBODYS: &str = "https://openproducer.example";
/// The longest name that GitHub takes.
pub const LONGEST_NAME: usize = 34;
/// The longest login that GitHub gives.
const LONGEST_LOGIN: usize = 39;

/// Whose App it will be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Owner {
    /// The person who is signed in at GitHub.
    Themselves,
    /// An organisation that they own.
    Organization(String),
}

/// What the person who registers it decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    pub owner: Owner,
    pub name: String,
    /// Other accounts may install it too.
    pub public: bool,
}

/// What is wrong with a field of the form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub field: &'static str,
    pub says: String,
}

impl Wish {
    /// Reads what was typed; the complaints say what would be right.
    pub fn read(organization: Option<&str>, name: &str, public: bool) -> Result<Self, Vec<Fault>> {
        let mut complaints = Vec::new();
        let name = name.trim();
        if name.is_empty() || name.chars().count() > LONGEST_NAME {
            complaints.push(Fault {
                field: "name",
                says: format!(
                    "The App's name must be 1 to {LONGEST_NAME} characters; it is {} long.",
                    name.chars().count()
                ),
            });
        }
        let owner = match organization.map(str::trim) {
            None => Owner::Themselves,
            Some(login) if is_login(login) => Owner::Organization(login.to_owned()),
            Some(_) => {
                complaints.push(Fault {
                    field: "organization",
                    says: "The organisation's name must be as it stands in its address on GitHub, such as octo-org in github.com/octo-org."
                        .to_owned(),
                });
                Owner::Themselves
            }
        };
        if complaints.is_empty() {
            Ok(Self {
                owner,
                name: name.to_owned(),
                public,
            })
        } else {
            Err(complaints)
        }
    }
}

fn is_login(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= LONGEST_LOGIN
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// The manifest for a server at this address (without a slash at its end).
pub fn manifest(base: &str, wish: &Wish) -> Value {
    let mut manifest = own_addresses(read(), base);
    manifest["name"] = Value::from(wish.name.as_str());
    manifest["public"] = Value::from(wish.public);
    manifest
}

/// What the App asks for: permission and level.
pub fn permissions() -> Vec<(String, String)> {
    let manifest = read();
    let all = manifest["default_permissions"].as_object().cloned();
    all.unwrap_or_else(Map::new)
        .into_iter()
        .map(|(name, level)| (name, level.as_str().unwrap_or_default().to_owned()))
        .collect()
}

/// The events that the App subscribes to; those about itself come unasked.
pub fn events() -> Vec<String> {
    let events = read()["default_events"].as_array().cloned();
    events
        .unwrap_or_default()
        .iter()
        .filter_map(|event| event.as_str().map(str::to_owned))
        .collect()
}

fn read() -> Value {
    serde_json::from_str(MANIFEST).expect("a test reads it")
}

fn own_addresses(value: Value, base: &str) -> Value {
    match value {
        Value::String(text) => Value::String(match text.strip_prefix(NOBODYS) {
            Some(path) => format!("{base}{path}"),
            None => text,
        }),
        Value::Array(items) => items
            .into_iter()
            .map(|item| own_addresses(item, base))
            .collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| (name, own_addresses(value, base)))
            .collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// D: "Registering a GitHub App from a manifest", the table of parameters.
    const DOCUMENTED: [&str; 12] = [
        "name",
        "url",
        "hook_attributes",
        "redirect_url",
        "callback_urls",
        "setup_url",
        "description",
        "public",
        "default_events",
        "default_permissions",
        "request_oauth_on_install",
        "setup_on_update",
    ];

    fn wish() -> Wish {
        Wish::read(None, "Producer of ACME", true).unwrap()
    }

    #[test]
    fn the_manifest_holds_what_github_documents_and_nothing_else() {
        let manifest = read();
        for name in manifest.as_object().unwrap().keys() {
            assert!(DOCUMENTED.contains(&name.as_str()), "{name}");
        }
        for name in DOCUMENTED {
            assert!(!manifest[name].is_null(), "{name} is left to chance");
        }
        let hook: Vec<_> = manifest["hook_attributes"]
            .as_object()
            .unwrap()
            .keys()
            .collect();
        assert_eq!(hook, ["url", "active"]);
        assert!(manifest["callback_urls"].as_array().unwrap().len() <= 10);
        assert!(manifest["name"].as_str().unwrap().len() <= LONGEST_NAME);
        // With it GitHub would send people to the callback and never to the setup address.
        assert_eq!(manifest["request_oauth_on_install"], false);
    }

    #[test]
    fn it_asks_for_issues_and_metadata_alone() {
        let asked = permissions();
        let pairs: Vec<(&str, &str)> = asked
            .iter()
            .map(|(name, level)| (name.as_str(), level.as_str()))
            .collect();
        assert_eq!(pairs, [("issues", "write"), ("metadata", "read")]);
        // Every other event that is acted on comes to an App unasked.
        assert_eq!(
            read()["default_events"],
            serde_json::json!(["issues", "issue_comment", "repository"])
        );
    }

    #[test]
    fn every_address_is_the_servers_own() {
        let manifest = manifest("https://bot.example.org", &wish());
        assert!(!manifest.to_string().contains("openproducer.example"));
        assert_eq!(
            manifest["hook_attributes"]["url"],
            "https://bot.example.org/api/webhook/github"
        );
        assert_eq!(
            manifest["callback_urls"][0],
            "https://bot.example.org/login/callback"
        );
        assert_eq!(manifest["url"], "https://bot.example.org/");
        assert_eq!(manifest["name"], "Producer of ACME");
        assert_eq!(manifest["public"], true);
    }

    #[test]
    fn every_complaint_is_named_at_once() {
        let complaints = Wish::read(Some("octo/org"), &"x".repeat(35), false).unwrap_err();
        assert_eq!(complaints.len(), 2, "{complaints:?}");
        assert!(
            complaints[0]
                .says
                .contains("1 to 34 characters; it is 35 long")
        );
        for login in [
            "",
            " ",
            "a b",
            "https://github.com/octo",
            "../x",
            &"a".repeat(40),
        ] {
            Wish::read(Some(login), "App", false).unwrap_err();
        }
        let right = Wish::read(Some(" octo-org "), " App ", false).unwrap();
        assert_eq!(right.owner, Owner::Organization("octo-org".to_owned()));
        assert_eq!(right.name, "App");
    }
}
