//! Labels: made in a repository, put on issues and taken off.

use serde_json::json;

use crate::simulator::call::Refusal;
use crate::simulator::happening::What;
use crate::simulator::world::{Doer, Label, World};

impl World {
    pub(crate) fn make_label(
        &mut self,
        by: u64,
        repository: u64,
        name: &str,
        color: Option<&str>,
        description: Option<&str>,
    ) -> Result<u64, Refusal> {
        let color = color.unwrap_or("ededed").to_lowercase();
        let fault = if name.trim().is_empty() {
            Some(("name", "missing_field"))
        } else if name.chars().count() > 50 {
            Some(("name", "invalid"))
        } else if color.len() != 6 || !color.bytes().all(|b| b.is_ascii_hexdigit()) {
            Some(("color", "invalid"))
        } else if description.is_some_and(|d| d.chars().count() > 100) {
            Some(("description", "invalid"))
        } else {
            None
        };
        if let Some((field, code)) = fault {
            return Err(Refusal::invalid("Label", field, code, None));
        }
        let id = self.next_id(5_000_000_000);
        let Some(home) = self.repositories.get_mut(&repository) else {
            return Err(Refusal::not_found());
        };
        if home.find_label(name).is_some() {
            return Err(Refusal::invalid("Label", "name", "already_exists", None));
        }
        home.labels.push(Label {
            id,
            name: name.to_owned(),
            color,
            description: description.map(str::to_owned),
            default: false,
        });
        let what = What::LabelMade {
            repository: self.full_name(repository),
            name: name.to_owned(),
        };
        self.tell(by, what);
        Ok(id)
    }

    /// Missing labels are made on the way, as GitHub does for whoever may.
    pub(super) fn labels_by_name(
        &mut self,
        by: u64,
        repository: u64,
        names: &[String],
    ) -> Result<Vec<u64>, Refusal> {
        let mut ids = Vec::new();
        for name in names {
            let known = self
                .repositories
                .get(&repository)
                .and_then(|r| r.find_label(name))
                .map(|l| l.id);
            let id = match known {
                Some(id) => id,
                None => self.make_label(by, repository, name, None, None)?,
            };
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        Ok(ids)
    }

    pub(crate) fn put_labels(
        &mut self,
        doer: Doer,
        id: u64,
        names: &[String],
    ) -> Result<(), Refusal> {
        let repository = self
            .issues
            .get(&id)
            .ok_or_else(Refusal::not_found)?
            .repository;
        for label in self.labels_by_name(doer.account, repository, names)? {
            let Some(issue) = self.issues.get_mut(&id) else {
                continue;
            };
            if !issue.labels.contains(&label) {
                issue.labels.push(label);
                self.touch(id);
                self.tell_label(doer.account, id, label, true);
            }
        }
        Ok(())
    }

    pub(crate) fn take_label(&mut self, doer: Doer, id: u64, name: &str) -> Result<(), Refusal> {
        let missing = || Refusal::new(404, "Label does not exist");
        let issue = self.issues.get(&id).ok_or_else(Refusal::not_found)?;
        let label = self
            .repositories
            .get(&issue.repository)
            .and_then(|r| r.find_label(name))
            .map(|l| l.id)
            .filter(|label| issue.labels.contains(label))
            .ok_or_else(missing)?;
        if let Some(issue) = self.issues.get_mut(&id) {
            issue.labels.retain(|l| *l != label);
        }
        self.touch(id);
        self.tell_label(doer.account, id, label, false);
        Ok(())
    }

    pub(super) fn tell_label(&mut self, by: u64, id: u64, label: u64, on: bool) {
        let Some(repository) = self.issues.get(&id).map(|i| i.repository) else {
            return;
        };
        let home = self.repositories.get(&repository);
        let Some(label) = home.and_then(|r| r.labels.iter().find(|l| l.id == label)) else {
            return;
        };
        let (issue, name) = (self.reference(id), label.name.clone());
        let more = json!({"label": self.label_json(repository, label)});
        let (action, what) = if on {
            ("labeled", What::IssueLabeled { issue, label: name })
        } else {
            ("unlabeled", What::IssueUnlabeled { issue, label: name })
        };
        self.tell(by, what);
        self.issue_event(action, id, by, more);
    }
}
