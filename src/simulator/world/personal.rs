//! Personal tokens, classic and fine-grained: what each may do, and how GitHub says that it may not.

use std::collections::BTreeSet;

use sha2::{Digest, Sha512};

use super::access::Need;
use super::{Permissions, Role, Token, World};
use crate::simulator::call::{Call, Refusal};

/// What a person has given a token.
#[derive(Clone, Debug)]
pub(crate) enum Grant {
    Classic {
        scopes: Vec<String>,
        /// Organizations with single sign-on that it was authorised for.
        authorised: BTreeSet<u64>,
    },
    /// For the repositories of one owner.
    FineGrained {
        repositories: BTreeSet<u64>,
        permissions: Permissions,
    },
}

impl World {
    pub(crate) fn add_personal_token(&mut self, account: u64, grant: Grant) -> String {
        let serial = self.next_id(1);
        let digest = hex::encode(Sha512::digest(format!("{}{account}{serial}", self.base)));
        let token = match grant {
            Grant::Classic { .. } => format!("ghp_{}", &digest[..36]),
            Grant::FineGrained { .. } => {
                format!("github_pat_{}_{}", &digest[..22], &digest[22..81])
            }
        };
        let personal = Token::Personal { account, grant };
        self.tokens.insert(token.clone(), personal);
        token
    }

    pub(super) fn allow_person(
        &self,
        call: &Call,
        repository: u64,
        need: Need,
    ) -> Result<(), Refusal> {
        let Some(Token::Personal { account, grant }) = self.token(call) else {
            return Err(Refusal::bad_credentials());
        };
        let private = self.repositories.get(&repository).is_none_or(|r| r.private);
        if self.role(repository, *account) == Role::None {
            return Err(Refusal::not_found());
        }
        match grant {
            Grant::Classic { scopes, authorised } => {
                self.allow_sign_on(repository, private, need, authorised)?;
                allow_scopes(scopes, private, need)
            }
            Grant::FineGrained {
                repositories,
                permissions,
            } => {
                let chosen = repositories.contains(&repository);
                allow_permissions(chosen, private, permissions, need)
            }
        }
    }

    /// A classic token must be authorised for an organization that asks for single sign-on. What is public it may read.
    fn allow_sign_on(
        &self,
        repository: u64,
        private: bool,
        need: Need,
        authorised: &BTreeSet<u64>,
    ) -> Result<(), Refusal> {
        let owner = self.repositories.get(&repository).map_or(0, |r| r.owner);
        if !self.single_sign_on.contains(&owner) || authorised.contains(&owner) {
            return Ok(());
        }
        if !private && need != Need::WriteIssues {
            return Ok(());
        }
        let url = format!(
            "{}/orgs/{}/sso?authorization_request=SIMULATED",
            self.base,
            self.login(owner)
        );
        let no = Refusal::new(
            403,
            "Resource protected by organization SAML enforcement. You must grant your Personal Access token access to \
             this organization.",
        );
        Err(no.with("X-GitHub-SSO", format!("required; url={url}")))
    }

    /// What every answer to a personal token says about it.
    pub(crate) fn token_headers(&self, call: &Call) -> Vec<(&'static str, String)> {
        match self.token(call) {
            Some(Token::Personal {
                grant: Grant::Classic { scopes, .. },
                ..
            }) => vec![("x-oauth-scopes", scopes.join(", "))],
            _ => Vec::new(),
        }
    }
}

fn allow_scopes(scopes: &[String], private: bool, need: Need) -> Result<(), Refusal> {
    let enough = scopes
        .iter()
        .any(|s| s == "repo" || (s == "public_repo" && !private));
    if enough || (!private && need != Need::WriteIssues) {
        return Ok(());
    }
    // GitHub's pages promise a 404 for what is private and are silent about writes to what is public; people see 404 and
    // 403 both. Nobody should come here: the scopes stand in every answer.
    let no = if private {
        Refusal::not_found()
    } else {
        Refusal::new(403, "Must have admin rights to Repository.")
    };
    Err(no.with("X-Accepted-OAuth-Scopes", "public_repo, repo"))
}

fn allow_permissions(
    chosen: bool,
    private: bool,
    permissions: &Permissions,
    need: Need,
) -> Result<(), Refusal> {
    if private && !chosen {
        return Err(Refusal::not_found());
    }
    let (name, level) = need.permission();
    let given = chosen
        && permissions
            .get(name)
            .is_some_and(|given| level == "read" || given != "read");
    // Metadata comes with the choice, and everybody may read what is public.
    if given || need == Need::Metadata || (!private && level == "read") {
        return Ok(());
    }
    let no = Refusal::new(403, "Resource not accessible by personal access token");
    Err(no.with("X-Accepted-GitHub-Permissions", format!("{name}={level}")))
}
