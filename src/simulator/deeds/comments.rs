//! Comments: written, edited, deleted.

use serde_json::{Value, json};

use super::{BODY, longer};
use crate::simulator::call::Refusal;
use crate::simulator::happening::What;
use crate::simulator::world::{Comment, Doer, Role, World};

impl World {
    pub(crate) fn write_comment(
        &mut self,
        doer: Doer,
        issue: u64,
        text: &str,
    ) -> Result<u64, Refusal> {
        check_text(text)?;
        let id = self.next_id(4_300_000_000);
        let now = self.now();
        let Some(home) = self.issues.get_mut(&issue) else {
            return Err(Refusal::not_found());
        };
        home.comments.push(Comment {
            id,
            author: doer.account,
            via_app: doer.via_app,
            body: text.to_owned(),
            reactions: Vec::new(),
            created_at: now,
            updated_at: now,
        });
        home.updated_at = now;
        let what = What::CommentCreated {
            issue: self.reference(issue),
            comment: id,
            text: text.to_owned(),
        };
        self.tell(doer.account, what);
        self.comment_event("created", issue, id, doer.account, json!({}));
        Ok(id)
    }

    pub(crate) fn edit_comment(
        &mut self,
        doer: Doer,
        issue: u64,
        id: u64,
        text: &str,
    ) -> Result<(), Refusal> {
        check_text(text)?;
        self.check_owns(doer, issue, id)?;
        let now = self.now();
        let Some(home) = self.issues.get_mut(&issue) else {
            return Err(Refusal::not_found());
        };
        home.updated_at = now;
        let Some(comment) = home.comments.iter_mut().find(|c| c.id == id) else {
            return Err(Refusal::not_found());
        };
        comment.updated_at = now;
        let before = std::mem::replace(&mut comment.body, text.to_owned());
        if before == text {
            return Ok(());
        }
        let what = What::CommentEdited {
            issue: self.reference(issue),
            comment: id,
            text: text.to_owned(),
        };
        self.tell(doer.account, what);
        let changes = json!({"changes": {"body": {"from": before}}});
        self.comment_event("edited", issue, id, doer.account, changes);
        Ok(())
    }

    pub(crate) fn delete_comment(
        &mut self,
        doer: Doer,
        issue: u64,
        id: u64,
    ) -> Result<(), Refusal> {
        self.check_owns(doer, issue, id)?;
        let what = What::CommentDeleted {
            issue: self.reference(issue),
            comment: id,
        };
        self.comment_event("deleted", issue, id, doer.account, json!({}));
        if let Some(home) = self.issues.get_mut(&issue) {
            home.comments.retain(|c| c.id != id);
        }
        self.touch(issue);
        self.tell(doer.account, what);
        Ok(())
    }

    /// One's own, or with write access anybody's.
    fn check_owns(&self, doer: Doer, issue: u64, id: u64) -> Result<(), Refusal> {
        let home = self.issues.get(&issue).ok_or_else(Refusal::not_found)?;
        let comment = home.comments.iter().find(|c| c.id == id);
        let comment = comment.ok_or_else(Refusal::not_found)?;
        if comment.author == doer.account || self.standing(doer, home.repository) >= Role::Write {
            return Ok(());
        }
        Err(Refusal::new(403, "Must have admin rights to Repository."))
    }

    fn comment_event(&mut self, action: &str, issue: u64, id: u64, sender: u64, more: Value) {
        let Some(home) = self.issues.get(&issue) else {
            return;
        };
        let Some(comment) = home.comments.iter().find(|c| c.id == id) else {
            return;
        };
        let repository = home.repository;
        if self.listener("issue_comment", repository).is_none() {
            return;
        }
        let mut payload = json!({
            "issue": self.issue_json(home),
            "comment": self.comment_json(home, comment),
        });
        super::add(&mut payload, more);
        self.announce("issue_comment", action, repository, sender, payload);
    }
}

fn check_text(text: &str) -> Result<(), Refusal> {
    let message = if text.trim().is_empty() {
        "Body cannot be blank"
    } else if longer(text, BODY) {
        "Body is too long (maximum is 65536 characters)"
    } else {
        return Ok(());
    };
    Err(Refusal::invalid(
        "IssueComment",
        "data",
        "unprocessable",
        Some(message),
    ))
}
