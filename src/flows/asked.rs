//! What a run was asked: the spec and the options, as they are kept with the run.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::domain::fingerprint::UniqueBy;
use crate::domain::ids::{RepositoryId, RepositoryName};
use crate::domain::settings;

/// A request as stored in `runs.request`; later edits of the trigger issue do not reach it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    pub title: String,
    /// The text that is planned; its lines are those of what the person wrote.
    pub text: String,
    pub count: Option<u32>,
    pub components: Vec<String>,
    pub labels: Vec<String>,
    pub assignees: Vec<String>,
    pub repositories: Vec<RepositoryName>,
    pub dry_run: bool,
    pub unique_by: Option<UniqueBy>,
    pub rate_limit_per_minute: Option<u32>,
    pub milestone: Option<Milestone>,
    pub issue_type: Option<String>,
    pub sub_issues: Option<bool>,
    pub dependencies: Option<bool>,
    /// The text is the trigger issue's own, though a comment asked.
    #[serde(default)]
    pub is_of_issue: bool,
    /// What was read in a way its writer may not have meant.
    pub warnings: Vec<String>,
    /// What `replan` was told, newest last.
    #[serde(default)]
    pub instructions: Vec<String>,
    /// How often it was planned again.
    #[serde(default)]
    pub replans: u32,
}

/// A milestone as it was when the run was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Milestone {
    pub title: String,
    /// Its number in each repository that issues may go to.
    pub numbers: BTreeMap<RepositoryId, u64>,
}

impl Asked {
    /// The options that are settings as well.
    pub fn for_settings(&self) -> settings::Asked {
        settings::Asked {
            rate_limit_per_minute: self.rate_limit_per_minute,
            unique_by: self.unique_by,
            dry_run: Some(self.dry_run),
            sub_issues: self.sub_issues,
            dependencies: self.dependencies,
        }
    }

    /// As the JSON that the table holds.
    pub fn to_value(&self) -> anyhow::Result<serde_json::Value> {
        Ok(serde_json::to_value(self)?)
    }

    /// Reads what [`Asked::to_value`] stored.
    pub fn from_value(value: &serde_json::Value) -> anyhow::Result<Self> {
        Ok(serde::Deserialize::deserialize(value)?)
    }
}
