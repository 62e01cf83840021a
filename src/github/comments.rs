//! Comments on issues.

use chrono::{DateTime, SecondsFormat, Utc};
use http::Method;
use serde::Serialize;

use super::{
    Comment, GitHubError, Listed, Reaction, Repo,
    call::{Call, query},
    error::absent_is_none,
    issues::Content,
};
use crate::domain::ids::{CommentId, IssueNumber};

/// 3,000 comments: more than an issue that one run works on ever has.
const MAX_PAGES: usize = 30;

#[derive(Serialize)]
struct Body<'a> {
    body: &'a str,
}

impl Repo {
    /// The comments of an issue that changed at or after `since`, oldest first.
    pub async fn list_comments(
        &self,
        number: IssueNumber,
        since: Option<DateTime<Utc>>,
    ) -> Result<Listed<Comment>, GitHubError> {
        let mut parameters = vec![("per_page", "100".to_owned())];
        if let Some(since) = since {
            parameters.push(("since", since.to_rfc3339_opts(SecondsFormat::Secs, true)));
        }
        self.list(
            self.path(&format!("/issues/{number}/comments?{}", query(&parameters))),
            MAX_PAGES,
        )
        .await
    }

    /// Writes a comment.
    pub async fn create_comment(
        &self,
        number: IssueNumber,
        body: &str,
    ) -> Result<Comment, GitHubError> {
        self.json(Call::with_body(
            Method::POST,
            self.path(&format!("/issues/{number}/comments")),
            &Body { body },
        ))
        .await
    }

    /// Replaces a comment's text. `NotFound`: somebody deleted it.
    pub async fn update_comment(&self, id: CommentId, body: &str) -> Result<Comment, GitHubError> {
        self.json(Call::with_body(
            Method::PATCH,
            self.path(&format!("/issues/comments/{id}")),
            &Body { body },
        ))
        .await
    }

    /// The comment, or None if it was deleted.
    pub async fn find_comment(&self, id: CommentId) -> Result<Option<Comment>, GitHubError> {
        absent_is_none(
            self.json(Call::get(self.path(&format!("/issues/comments/{id}"))))
                .await,
        )
    }

    /// Reacts to a comment; doing it again changes nothing.
    pub async fn react_to_comment(
        &self,
        id: CommentId,
        reaction: Reaction,
    ) -> Result<(), GitHubError> {
        let path = self.path(&format!("/issues/comments/{id}/reactions"));
        self.done(Call::with_body(
            Method::POST,
            path,
            &Content { content: reaction },
        ))
        .await
    }
}
