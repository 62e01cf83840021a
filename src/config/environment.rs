//! Where values come from: the process's environment, then a `.env` file, then defaults.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use super::fault::Fault;

/// Where a value was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    Default,
    Environment,
    #[serde(rename = ".env")]
    DotEnv,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Default => "default",
            Self::Environment => "environment",
            Self::DotEnv => ".env",
        })
    }
}

/// Names and values; never printed, for among them are secrets.
#[derive(Clone, Default)]
pub struct Environment {
    values: BTreeMap<String, (String, Origin)>,
}

impl Environment {
    /// The process's own, and `.env` of the current folder beneath it. A `.env` that cannot be read is a fault.
    pub fn of_process() -> Result<Self, Fault> {
        let mut environment = Self::of_process_alone();
        environment.add_file(Path::new(".env"))?;
        Ok(environment)
    }

    /// The process's own variables.
    #[expect(clippy::disallowed_methods, reason = "this is where config asks")]
    pub fn of_process_alone() -> Self {
        let values = std::env::vars_os()
            .filter_map(|(name, value)| {
                let value = value.to_string_lossy().into_owned();
                Some((name.into_string().ok()?, (value, Origin::Environment)))
            })
            .collect();
        Self { values }
    }

    /// Adds the file's values where the name is not set yet; a file that is not there adds nothing.
    pub fn add_file(&mut self, path: &Path) -> Result<(), Fault> {
        let name = path.display().to_string();
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(Fault::about(name, format!("cannot be read: {error}"))),
        };
        let text = text.trim_start_matches('\u{feff}');
        for item in dotenvy::from_read_iter(text.as_bytes()) {
            match item {
                Ok((key, value)) => {
                    self.values.entry(key).or_insert((value, Origin::DotEnv));
                }
                // The line itself may hold a secret and is not repeated.
                Err(dotenvy::Error::LineParse(line, _)) => {
                    let first = line.lines().next().unwrap_or_default();
                    let number = text
                        .lines()
                        .position(|l| l.ends_with(first))
                        .map_or(0, |n| n + 1);
                    let says = format!(
                        "line {number} is not NAME=value (a value with spaces or # needs quotes)"
                    );
                    return Err(Fault::about(name, says));
                }
                Err(error) => return Err(Fault::about(name, error.to_string())),
            }
        }
        Ok(())
    }

    /// The value of a name; an empty one is as good as none.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.found(name).map(|(value, _)| value)
    }

    pub(super) fn found(&self, name: &str) -> Option<(&str, Origin)> {
        let (value, origin) = self.values.get(name)?;
        let value = value.trim();
        (!value.is_empty()).then_some((value, *origin))
    }

    pub(super) fn names(&self) -> impl Iterator<Item = (&str, Origin)> {
        self.values
            .iter()
            .map(|(name, (_, origin))| (name.as_str(), *origin))
    }
}

/// As if they stood in the process's environment; for tests and the demo.
impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Environment {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let values = pairs
            .into_iter()
            .map(|(name, value)| (name.into(), (value.into(), Origin::Environment)))
            .collect();
        Self { values }
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}
