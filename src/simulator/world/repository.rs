//! Repositories, their labels and milestones.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{Kind, Role, World};

/// What an organization offers by default.
pub(crate) const ISSUE_TYPES: [(&str, &str); 3] = [
    ("Task", "A specific piece of work"),
    ("Bug", "An unexpected problem or behavior"),
    ("Feature", "A request, idea, or new functionality"),
];

/// The labels that GitHub gives a new repository.
const FIRST_LABELS: [(&str, &str, &str); 9] = [
    ("bug", "d73a4a", "Something isn't working"),
    (
        "documentation",
        "0075ca",
        "Improvements or additions to documentation",
    ),
    (
        "duplicate",
        "cfd3d7",
        "This issue or pull request already exists",
    ),
    ("enhancement", "a2eeef", "New feature or request"),
    ("good first issue", "7057ff", "Good for newcomers"),
    ("help wanted", "008672", "Extra attention is needed"),
    ("invalid", "e4e669", "This doesn't seem right"),
    ("question", "d876e3", "Further information is requested"),
    ("wontfix", "ffffff", "This will not be worked on"),
];

#[derive(Clone, Debug)]
pub(crate) struct Label {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) color: String,
    pub(crate) description: Option<String>,
    pub(crate) default: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Milestone {
    pub(crate) id: u64,
    pub(crate) number: u64,
    pub(crate) title: String,
    pub(crate) open: bool,
    pub(crate) creator: u64,
    pub(crate) created_at: DateTime<Utc>,
}

#[derive(Clone, Debug)]
pub(crate) struct Repository {
    pub(crate) id: u64,
    pub(crate) owner: u64,
    pub(crate) name: String,
    pub(crate) private: bool,
    pub(crate) has_issues: bool,
    pub(crate) archived: bool,
    pub(crate) roles: BTreeMap<u64, Role>,
    pub(crate) labels: Vec<Label>,
    pub(crate) milestones: Vec<Milestone>,
    /// Issue numbers to database ids; deleted issues keep their number and lose their entry.
    pub(crate) numbers: BTreeMap<u64, u64>,
    pub(crate) last_number: u64,
    pub(crate) created_at: DateTime<Utc>,
}

impl Repository {
    /// By name, whatever its case.
    pub(crate) fn find_label(&self, name: &str) -> Option<&Label> {
        self.labels
            .iter()
            .find(|l| l.name.eq_ignore_ascii_case(name))
    }

    pub(crate) fn find_milestone(&self, number: u64) -> Option<&Milestone> {
        self.milestones.iter().find(|m| m.number == number)
    }
}

impl World {
    /// Owner accounts that do not exist yet are made as organizations.
    pub(crate) fn add_repository(&mut self, full_name: &str) -> u64 {
        if let Some(id) = self.find_repository(full_name) {
            return id;
        }
        let (owner, name) = full_name.split_once('/').unwrap_or(("acme", full_name));
        let owner = self.add_account(owner, Kind::Organization);
        let id = self.next_id(700_000_000);
        let labels = FIRST_LABELS.map(|(name, color, description)| Label {
            id: self.next_id(5_000_000_000),
            name: name.to_owned(),
            color: color.to_owned(),
            description: Some(description.to_owned()),
            default: true,
        });
        let repository = Repository {
            id,
            owner,
            name: name.to_owned(),
            private: false,
            has_issues: true,
            archived: false,
            roles: BTreeMap::new(),
            labels: labels.to_vec(),
            milestones: Vec::new(),
            numbers: BTreeMap::new(),
            last_number: 0,
            created_at: self.now(),
        };
        self.repositories.insert(id, repository);
        self.moved.remove(&full_name.to_lowercase());
        id
    }

    /// By today's full name, whatever its case.
    pub(crate) fn find_repository(&self, full_name: &str) -> Option<u64> {
        let (owner, name) = full_name.split_once('/')?;
        let owner = self.find_account(owner)?;
        self.repositories
            .values()
            .find(|r| r.owner == owner && r.name.eq_ignore_ascii_case(name))
            .map(|r| r.id)
    }

    pub(crate) fn full_name(&self, repository: u64) -> String {
        self.repositories.get(&repository).map_or_else(
            || "?/?".to_owned(),
            |r| format!("{}/{}", self.login(r.owner), r.name),
        )
    }
}
