//! Reads one name after the other, and goes on after a fault so that all of them are named at once.

use secrecy::SecretString;
use url::Url;

use super::environment::{Environment, Origin};
use super::fault::Fault;
use super::names::{self, NAMES, Shown};
use super::values::Right;

/// One line of `openproducer config`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Setting {
    pub name: &'static str,
    /// What holds, in words that may be shown; `None` where nothing is set and there is no default.
    pub value: Option<String>,
    pub origin: Origin,
    /// What happens where nothing is set.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub without: &'static str,
    pub secret: bool,
}

pub(super) struct Reader<'a> {
    environment: &'a Environment,
    pub(super) faults: Vec<Fault>,
    pub(super) warnings: Vec<String>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(environment: &'a Environment) -> Self {
        Self {
            environment,
            faults: Vec::new(),
            warnings: misspelled(environment),
        }
    }

    /// The value of a name that has a default; a wrong one is noted and answered with the default.
    pub(super) fn read<T>(&mut self, name: &'static str, parse: impl Fn(&str) -> Right<T>) -> T {
        let default = names::entry(name)
            .and_then(|entry| entry.default)
            .expect("read() is for names with a default");
        self.find(name, &parse)
            .unwrap_or_else(|| parse(default).expect("a default is right"))
    }

    /// The value of a name that need not be set; a wrong one is noted and answered with none.
    pub(super) fn find<T>(
        &mut self,
        name: &'static str,
        parse: impl Fn(&str) -> Right<T>,
    ) -> Option<T> {
        let text = self.environment.get(name)?;
        match parse(text) {
            Ok(value) => Some(value),
            Err(says) => {
                let shown = names::entry(name).map_or(Shown::Hidden, |entry| entry.shown);
                self.faults.push(Fault {
                    name: name.to_owned(),
                    found: (shown == Shown::Plain).then(|| shortened(&harmless(text))),
                    says,
                });
                None
            }
        }
    }

    pub(super) fn find_text(&mut self, name: &'static str) -> Option<String> {
        self.find(name, |text| Ok(text.to_owned()))
    }

    pub(super) fn find_secret(&mut self, name: &'static str) -> Option<SecretString> {
        self.find(name, |text| Ok(SecretString::from(text)))
    }

    /// Whether a fault of this name was noted already.
    pub(super) fn is_wrong(&self, name: &str) -> bool {
        self.faults.iter().any(|fault| fault.name == name)
    }

    pub(super) fn fault(&mut self, name: &'static str, says: impl Into<String>) {
        self.faults.push(Fault::about(name, says));
    }
}

/// Every name with what holds and where it comes from, secrets hidden.
pub(super) fn settings(environment: &Environment) -> Vec<Setting> {
    NAMES
        .iter()
        .map(|entry| {
            let found = environment.found(entry.name);
            let value = match (found, entry.shown) {
                (Some((text, _)), Shown::Plain) => Some(text.to_owned()),
                (Some((text, _)), Shown::Address) => Some(without_password(text)),
                (Some(_), Shown::Hidden) => Some("set (hidden)".to_owned()),
                (None, _) => entry.default.map(str::to_owned),
            };
            Setting {
                name: entry.name,
                without: if value.is_none() { entry.without } else { "" },
                value,
                origin: found.map_or(Origin::Default, |(_, origin)| origin),
                secret: entry.shown == Shown::Hidden,
            }
        })
        .collect()
}

/// The address with its password, and any in its query, left out.
fn without_password(text: &str) -> String {
    let Ok(mut url) = Url::parse(text) else {
        return "set (hidden)".to_owned();
    };
    if url.password().is_some() {
        // Fails only for addresses that cannot have a password.
        let _ = url.set_password(Some("hidden"));
    }
    if url.query().is_some_and(|query| query.contains("password")) {
        url.set_query(Some("hidden"));
    }
    url.into()
}

/// A wrong value as it may be repeated: an address loses its password.
fn harmless(text: &str) -> String {
    let holds_password = Url::parse(text).is_ok_and(|url| url.password().is_some());
    if holds_password {
        without_password(text)
    } else {
        text.to_owned()
    }
}

/// Warnings about names that are none of ours: a near miss of one of ours anywhere, and in `.env` any of our families. In
/// the environment many a `GITHUB_…` belongs to somebody else.
fn misspelled(environment: &Environment) -> Vec<String> {
    environment
        .names()
        .filter(|(name, _)| names::entry(name).is_none())
        .filter_map(|(name, origin)| match names::probably_meant(name) {
            Some(meant) => Some(format!(
                "{name} is not known and does nothing; did you mean {meant}?"
            )),
            None if origin == Origin::DotEnv && names::is_of_our_families(name) => {
                Some(format!("{name} is not known and does nothing"))
            }
            None => None,
        })
        .collect()
}

fn shortened(text: &str) -> String {
    let mut shown: String = text.chars().take(60).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}
