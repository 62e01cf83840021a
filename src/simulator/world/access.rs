//! Who is asking, and may they?

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde::Deserialize;

use super::{Doer, Role, Token, World};
use crate::simulator::call::{Actor, Call, Refusal};

const PUBLIC_KEY: &str = include_str!("../test_key.pub.pem");

/// What a route asks for, in the words of GitHub's permissions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    Metadata,
    ReadIssues,
    WriteIssues,
}

impl Need {
    pub(super) fn permission(self) -> (&'static str, &'static str) {
        match self {
            Self::Metadata => ("metadata", "read"),
            Self::ReadIssues => ("issues", "read"),
            Self::WriteIssues => ("issues", "write"),
        }
    }
}

#[derive(Deserialize)]
struct Claims {
    iss: serde_json::Value,
    iat: Option<f64>,
    exp: Option<f64>,
}

impl World {
    /// From the `Authorization` header to the actor and the token's text.
    pub(crate) fn authenticate(
        &self,
        header: Option<&str>,
    ) -> Result<(Actor, Option<String>), Refusal> {
        let Some(header) = header else {
            return Ok((Actor::Nobody, None));
        };
        let (scheme, secret) = header.split_once(' ').unwrap_or(("", header));
        let secret = secret.trim();
        if !scheme.eq_ignore_ascii_case("bearer") && !scheme.eq_ignore_ascii_case("token") {
            return Err(Refusal::bad_credentials());
        }
        match self.tokens.get(secret) {
            Some(Token::Personal { account, .. }) => Ok((
                Actor::Token(self.login(*account).to_owned()),
                Some(secret.to_owned()),
            )),
            Some(Token::User {
                account,
                expires_at,
            }) => {
                if expires_at.is_some_and(|end| end <= self.now()) {
                    return Err(Refusal::bad_credentials());
                }
                let login = self.login(*account).to_owned();
                Ok((Actor::Token(login), Some(secret.to_owned())))
            }
            Some(Token::Installation {
                installation,
                expires_at,
                ..
            }) => {
                let known = self.installations.get(installation);
                let Some(known) = known.filter(|_| *expires_at > self.now()) else {
                    return Err(Refusal::bad_credentials());
                };
                if known.suspended_at.is_some() {
                    return Err(suspended());
                }
                Ok((Actor::Installation(*installation), Some(secret.to_owned())))
            }
            None if secret.starts_with("gh") || secret.starts_with("github_pat_") => {
                Err(Refusal::bad_credentials())
            }
            None => self.check_jwt(secret).map(|()| (Actor::App, None)),
        }
    }

    fn check_jwt(&self, jwt: &str) -> Result<(), Refusal> {
        let no = |message: &str| Err(Refusal::new(401, message));
        let mut validation = Validation::new(Algorithm::RS256);
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        let key = DecodingKey::from_rsa_pem(PUBLIC_KEY.as_bytes())
            .expect("the test key in the source is a key");
        let Ok(token) = decode::<Claims>(jwt, &key, &validation) else {
            return no("A JSON web token could not be decoded");
        };
        let issuer = token
            .claims
            .iss
            .as_str()
            .map_or_else(|| token.claims.iss.to_string(), str::to_owned);
        if issuer != self.app.client_id && issuer != self.app.id.to_string() {
            return no("Integration not found");
        }
        #[expect(
            clippy::cast_precision_loss,
            reason = "seconds since 1970 fit a double exactly"
        )]
        let now = self.now().timestamp() as f64;
        if token.claims.iat.is_none_or(|iat| iat > now + 60.0) {
            return no(
                "'Issued at' claim ('iat') must be an Integer representing the time that \
                       the assertion was issued",
            );
        }
        match token.claims.exp {
            Some(exp) if exp > now + 600.0 => {
                no("'Expiration time' claim ('exp') is too far in the future")
            }
            Some(exp) if exp > now => Ok(()),
            _ => no(
                "'Expiration time' claim ('exp') must be a numeric value representing the \
                     future time at which the assertion expires",
            ),
        }
    }

    /// May the caller see this repository and do what the route needs? Hidden things are 404.
    pub(crate) fn allow(&self, call: &Call, repository: u64, need: Need) -> Result<(), Refusal> {
        match &call.actor {
            Actor::App => Err(Refusal::bad_credentials()),
            Actor::Nobody => {
                if need == Need::WriteIssues {
                    return Err(Refusal::new(401, "Requires authentication"));
                }
                let public = self
                    .repositories
                    .get(&repository)
                    .is_some_and(|r| !r.private);
                if public {
                    Ok(())
                } else {
                    Err(Refusal::not_found())
                }
            }
            Actor::Token(_) => self.allow_person(call, repository, need),
            Actor::Installation(_) => self.allow_installation(call, repository, need),
        }
    }

    fn allow_installation(&self, call: &Call, repository: u64, need: Need) -> Result<(), Refusal> {
        let Some(Token::Installation {
            installation,
            repositories,
            permissions,
            ..
        }) = self.token(call)
        else {
            return Err(Refusal::bad_credentials());
        };
        let reached = self
            .installations
            .get(installation)
            .is_some_and(|i| self.covers(i, repository))
            && repositories
                .as_ref()
                .is_none_or(|narrowed| narrowed.contains(&repository));
        if !reached {
            return Err(Refusal::not_found());
        }
        let (name, level) = need.permission();
        let enough = permissions
            .get(name)
            .is_some_and(|given| level == "read" || given != "read");
        if enough {
            return Ok(());
        }
        Err(Refusal::new(403, "Resource not accessible by integration")
            .with("X-Accepted-GitHub-Permissions", format!("{name}={level}")))
    }

    pub(crate) fn token(&self, call: &Call) -> Option<&Token> {
        self.tokens.get(call.token.as_deref()?)
    }

    /// In whose name a permitted call acts.
    pub(crate) fn doer(&self, call: &Call) -> Result<Doer, Refusal> {
        match self.token(call) {
            Some(Token::Installation { .. }) => Ok(Doer {
                account: self.app.bot,
                via_app: true,
            }),
            Some(Token::Personal { account, .. } | Token::User { account, .. }) => Ok(Doer {
                account: *account,
                via_app: false,
            }),
            None => Err(Refusal::new(401, "Requires authentication")),
        }
    }

    /// What the doer's metadata is worth: an App with `issues: write` counts as triage.
    pub(crate) fn standing(&self, doer: Doer, repository: u64) -> Role {
        if doer.via_app && self.server.drops_metadata {
            Role::Read
        } else if doer.via_app {
            Role::Write
        } else {
            self.role(repository, doer.account)
        }
    }
}

pub(crate) fn suspended() -> Refusal {
    Refusal::new(403, "This installation has been suspended")
}
