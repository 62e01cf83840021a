//! The person behind a token: who it is, what the token may do, and a repository as that person sees it.

use std::sync::Arc;

use http::HeaderName;

use super::{
    Account, GitHubError, Repository,
    answer::Answer,
    app::GitHub,
    call::{Call, segment},
    error::absent_is_none,
};
use crate::domain::ids::{RepositoryName, UserId};

/// Whose token it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    pub id: UserId,
    pub login: String,
    /// `User`; a machine's account is one too.
    pub kind: String,
    /// What a classic token may do (docs: scopes for OAuth apps); a fine-grained one has no list that could be asked for.
    pub scopes: Option<Vec<String>>,
}

impl GitHub {
    /// Do we come with a person's token, and as no App?
    pub fn is_person(&self) -> bool {
        self.client().is_person()
    }

    /// Whose token it is; asked once. `Unauthorized`: it is expired, revoked or mistyped. `Forbidden`: it is no
    /// person's, or we come as an App.
    pub async fn person(&self) -> Result<Arc<Person>, GitHubError> {
        let asked = self.known_person().get_or_try_init(|| async {
            let answer = self
                .client()
                .as_person(&Call::get("/user".to_owned()))
                .await?;
            read(&answer).map(Arc::new)
        });
        asked.await.cloned()
    }

    /// The repository of that name, or None if there is none that the person's token may see.
    pub async fn find_visible_repository(
        &self,
        name: &RepositoryName,
    ) -> Result<Option<Repository>, GitHubError> {
        let path = format!("/repos/{}/{}", segment(&name.owner), segment(&name.name));
        let asked = self.client().as_person(&Call::get(path)).await;
        absent_is_none(asked.and_then(|answer| answer.json()))
    }
}

/// The person in an answer to `GET /user`.
pub(super) fn read(answer: &Answer) -> Result<Person, GitHubError> {
    let account = answer.json::<Account>()?;
    let scopes = answer
        .header(HeaderName::from_static("x-oauth-scopes"))
        .map(scopes);
    Ok(Person {
        id: account.id,
        login: account.login,
        kind: account.kind,
        scopes,
    })
}

/// `repo, read:org` as a list; empty for a token without any.
fn scopes(header: &str) -> Vec<String> {
    header
        .split(',')
        .map(str::trim)
        .filter(|scope| !scope.is_empty())
        .map(str::to_owned)
        .collect()
}
