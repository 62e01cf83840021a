//! Reactions to issues and comments.

use crate::simulator::call::Refusal;
use crate::simulator::happening::What;
use crate::simulator::shapes::REACTIONS;
use crate::simulator::world::{Reaction, World};

impl World {
    /// The reaction, and whether it is new: one of a kind per person.
    pub(crate) fn react(
        &mut self,
        by: u64,
        issue: u64,
        comment: Option<u64>,
        content: &str,
    ) -> Result<(Reaction, bool), Refusal> {
        if !REACTIONS.contains(&content) {
            return Err(Refusal::invalid("Reaction", "content", "invalid", None));
        }
        let id = self.next_id(250_000_000);
        let now = self.now();
        let reactions = self.reactions_mut(issue, comment)?;
        let mut known = reactions.iter();
        if let Some(known) = known.find(|r| r.user == by && r.content == content) {
            return Ok((known.clone(), false));
        }
        let reaction = Reaction {
            id,
            user: by,
            content: content.to_owned(),
            created_at: now,
        };
        reactions.push(reaction.clone());
        let what = What::ReactionAdded {
            issue: self.reference(issue),
            comment,
            content: content.to_owned(),
        };
        self.tell(by, what);
        Ok((reaction, true))
    }

    pub(crate) fn reactions_mut(
        &mut self,
        issue: u64,
        comment: Option<u64>,
    ) -> Result<&mut Vec<Reaction>, Refusal> {
        let issue = self.issues.get_mut(&issue).ok_or_else(Refusal::not_found)?;
        let Some(comment) = comment else {
            return Ok(&mut issue.reactions);
        };
        let mut comments = issue.comments.iter_mut();
        let found = comments.find(|c| c.id == comment);
        found
            .map(|c| &mut c.reactions)
            .ok_or_else(Refusal::not_found)
    }
}
