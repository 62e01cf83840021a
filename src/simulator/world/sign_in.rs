//! People who let the App act as them: the leave they give, its code, and the tokens that come of it.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use sha2::{Digest, Sha256, Sha512};

use super::{Role, Token, World};

/// A code is good for ten minutes, once.
const CODE_LASTS: TimeDelta = TimeDelta::minutes(10);
const TOKEN_LASTS: TimeDelta = TimeDelta::hours(8);
/// Half a year, as GitHub counts it.
const REFRESH_LASTS: TimeDelta = TimeDelta::seconds(15_811_200);

/// What is under way between people and the App.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    /// The next people who are asked say no.
    pub(crate) denies: bool,
    /// The App has opted out of tokens that expire.
    pub(crate) lasting: bool,
    codes: HashMap<String, Code>,
    refreshes: HashMap<String, Refresh>,
    pub(crate) manifests: HashMap<String, DateTime<Utc>>,
}

#[derive(Debug)]
struct Code {
    account: u64,
    redirect: String,
    /// SHA-256 of the verifier, if PKCE is used.
    challenge: Option<String>,
    until: DateTime<Utc>,
}

#[derive(Debug)]
struct Refresh {
    account: u64,
    access: String,
    until: DateTime<Utc>,
}

/// What a client sends to get a token.
#[derive(Debug, Default)]
pub(crate) struct TokenRequest<'a> {
    pub(crate) client_id: &'a str,
    pub(crate) client_secret: &'a str,
    pub(crate) grant_type: &'a str,
    pub(crate) code: &'a str,
    pub(crate) redirect: Option<&'a str>,
    pub(crate) verifier: Option<&'a str>,
    pub(crate) refresh_token: &'a str,
}

/// GitHub's `error` and its description; it comes with status 200.
pub(crate) type NoToken = (&'static str, &'static str);

const BAD_CODE: NoToken = (
    "bad_verification_code",
    "The code passed is incorrect or expired.",
);
const BAD_REFRESH: NoToken = (
    "bad_refresh_token",
    "The refresh token passed is incorrect or expired.",
);

impl World {
    /// Whether people may be sent back there: an App that names no address takes any.
    pub(crate) fn is_callback(&self, redirect: &str) -> bool {
        let known = &self.app.callback_urls;
        known.is_empty() || known.iter().any(|url| url == redirect)
    }

    /// The person agrees; the code is for the client.
    pub(crate) fn grant_code(
        &mut self,
        account: u64,
        redirect: &str,
        challenge: Option<&str>,
    ) -> String {
        let code = self.random("code")[..20].to_owned();
        let until = self.now() + CODE_LASTS;
        let granted = Code {
            account,
            redirect: redirect.to_owned(),
            challenge: challenge.map(str::to_owned),
            until,
        };
        self.desk.codes.insert(code.clone(), granted);
        code
    }

    /// What `POST /login/oauth/access_token` answers.
    pub(crate) fn give_token(&mut self, asked: &TokenRequest<'_>) -> Result<Value, NoToken> {
        if asked.client_id != self.app.client_id || asked.client_secret != self.app.client_secret {
            return Err((
                "incorrect_client_credentials",
                "The client_id and/or client_secret passed are incorrect.",
            ));
        }
        let account = match asked.grant_type {
            "refresh_token" => self.take_refresh(asked.refresh_token)?,
            "" | "authorization_code" => self.take_code(asked)?,
            _ => {
                return Err((
                    "unsupported_grant_type",
                    "The authorization grant type is not supported.",
                ));
            }
        };
        Ok(self.user_tokens(account))
    }

    fn take_code(&mut self, asked: &TokenRequest<'_>) -> Result<u64, NoToken> {
        let now = self.now();
        let code = self.desk.codes.remove(asked.code);
        let code = code.filter(|code| code.until > now).ok_or(BAD_CODE)?;
        if asked.redirect.is_some_and(|url| url != code.redirect) {
            return Err((
                "redirect_uri_mismatch",
                "The redirect_uri MUST match the registered callback URL for this application.",
            ));
        }
        if let Some(challenge) = &code.challenge {
            let sum = Sha256::digest(asked.verifier.unwrap_or_default());
            if URL_SAFE_NO_PAD.encode(sum) != *challenge {
                return Err(BAD_CODE);
            }
        }
        Ok(code.account)
    }

    /// A refresh token is good once; the access token that it came with ends too.
    fn take_refresh(&mut self, token: &str) -> Result<u64, NoToken> {
        let now = self.now();
        let refresh = self.desk.refreshes.remove(token);
        let refresh = refresh.filter(|r| r.until > now).ok_or(BAD_REFRESH)?;
        self.tokens.remove(&refresh.access);
        Ok(refresh.account)
    }

    fn user_tokens(&mut self, account: u64) -> Value {
        let access = format!("ghu_{}", &self.random("access")[..36]);
        let now = self.now();
        let lasting = self.desk.lasting;
        let token = Token::User {
            account,
            expires_at: (!lasting).then(|| now + TOKEN_LASTS),
        };
        self.tokens.insert(access.clone(), token);
        let mut answer = json!({"access_token": access, "scope": "", "token_type": "bearer"});
        if !lasting {
            let refresh = format!("ghr_{}", &self.random("refresh")[..76]);
            answer["expires_in"] = json!(TOKEN_LASTS.num_seconds());
            answer["refresh_token"] = json!(refresh);
            answer["refresh_token_expires_in"] = json!(REFRESH_LASTS.num_seconds());
            let until = now + REFRESH_LASTS;
            let kept = Refresh {
                account,
                access,
                until,
            };
            self.desk.refreshes.insert(refresh, kept);
        }
        answer
    }

    /// Everything that the App could do in the person's name ends.
    pub(crate) fn forget_leave(&mut self, account: u64) {
        self.tokens
            .retain(|_, token| !matches!(token, Token::User { account: a, .. } if *a == account));
        self.desk.refreshes.retain(|_, r| r.account != account);
        self.desk.codes.retain(|_, c| c.account != account);
    }

    /// The person's role there by birth, gift or membership: that a repository is public does not count.
    pub(crate) fn explicit_role(&self, repository: u64, account: u64) -> Role {
        self.given_role(repository, account)
    }

    pub(crate) fn random(&mut self, of: &str) -> String {
        let serial = self.next_id(1);
        hex::encode(Sha512::digest(format!("{}{of}{serial}", self.base)))
    }
}
