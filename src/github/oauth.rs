//! Sign-in with GitHub: the address that people are sent to, and the tokens that come back (OAuth 2 with PKCE).

use std::sync::{Arc, PoisonError, RwLock};

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::{HeaderValue, header};
use oauth2::basic::{
    BasicErrorResponse, BasicRevocationErrorResponse, BasicTokenIntrospectionResponse,
    BasicTokenType,
};
use oauth2::{
    AuthType, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, EndpointNotSet,
    EndpointSet, ExtraTokenFields, HttpRequest, HttpResponse, PkceCodeChallenge, PkceCodeVerifier,
    RedirectUrl, RefreshToken, RequestTokenError, StandardRevocableToken, StandardTokenResponse,
    TokenResponse as _, TokenUrl,
};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use url::Url;

use super::{
    GitHubError, SetupError, Timeouts,
    redact::redact,
    wire::{Wire, WireError},
};
use crate::clock::Clock;

/// What GitHub gave the App for signing people in.
#[derive(Debug, Clone)]
pub struct OAuthClient {
    pub id: String,
    pub secret: SecretString,
}

/// The half of PKCE that stays with us until the tokens are fetched: 43 to 128 letters, digits, `-._~`.
#[derive(Debug, Clone)]
pub struct Verifier(pub SecretString);

/// A person's tokens. Apps that opted out of expiry get the first alone, and it lasts.
#[derive(Debug, Clone)]
pub struct UserTokens {
    pub access: SecretString,
    pub ends_at: Option<DateTime<Utc>>,
    /// Good for one exchange.
    pub refresh: Option<SecretString>,
}

/// Why there are no tokens.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OAuthError {
    #[error("sign-in is not set up: there is no client id or secret of the App")]
    NotSetUp,
    /// The code or the refresh token is used, expired or not ours.
    #[error("GitHub does not take it: {0}")]
    Refused(String),
    /// The App's client id or secret is wrong, or it sends people back to where GitHub does not know it.
    #[error("the App's sign-in is set up wrongly: {0}")]
    Misconfigured(String),
    #[error(transparent)]
    GitHub(GitHubError),
}

/// Sign-in for one App. Cheap to clone; clones learn of the App together.
#[derive(Clone)]
pub struct OAuth {
    shared: Arc<Shared>,
}

struct Shared {
    wire: Wire,
    web_url: Url,
    clock: Clock,
    client: RwLock<Option<OAuthClient>>,
}

/// What GitHub says beyond the standard.
#[derive(Debug, Clone, Deserialize, Serialize)]
struct Extra {}

impl ExtraTokenFields for Extra {}

type Answer = StandardTokenResponse<Extra, BasicTokenType>;
type Exchange = oauth2::Client<
    BasicErrorResponse,
    Answer,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// GitHub refuses with status 200 and this.
#[derive(Deserialize)]
struct Refusal {
    error: String,
    #[serde(default)]
    error_description: String,
}

impl OAuth {
    /// At GitHub's web address; `client: None` until the App is known. Must be called inside the runtime that will use it.
    pub fn new(
        web_url: &Url,
        client: Option<OAuthClient>,
        clock: Clock,
    ) -> Result<Self, SetupError> {
        Ok(Self {
            shared: Arc::new(Shared {
                wire: Wire::to_web(web_url, Timeouts::default())?,
                web_url: web_url.clone(),
                clock,
                client: RwLock::new(client),
            }),
        })
    }

    /// GitHub's pages.
    pub fn web_url(&self) -> &Url {
        &self.shared.web_url
    }

    /// From now on people sign in with this App.
    pub fn set_client(&self, client: OAuthClient) {
        let mut held = self
            .shared
            .client
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *held = Some(client);
    }

    /// Can people sign in?
    pub fn is_set_up(&self) -> bool {
        self.client().is_some()
    }

    fn client(&self) -> Option<OAuthClient> {
        let held = self.shared.client.read();
        held.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn exchanger(&self) -> Result<Exchange, OAuthError> {
        let client = self.client().ok_or(OAuthError::NotSetUp)?;
        let web = self.shared.web_url.as_str().trim_end_matches('/');
        let wrong = |error: url::ParseError| OAuthError::Misconfigured(error.to_string());
        let authorize = AuthUrl::new(format!("{web}/login/oauth/authorize")).map_err(wrong)?;
        let token = TokenUrl::new(format!("{web}/login/oauth/access_token")).map_err(wrong)?;
        Ok(oauth2::Client::new(ClientId::new(client.id))
            .set_client_secret(ClientSecret::new(client.secret.expose_secret().to_owned()))
            .set_auth_type(AuthType::RequestBody)
            .set_auth_uri(authorize)
            .set_token_uri(token))
    }

    /// Where somebody is sent who wants to sign in; GitHub sends them back to `redirect` with a code and the state.
    pub fn sign_in_address(
        &self,
        redirect: &Url,
        state: &str,
        verifier: &Verifier,
    ) -> Result<Url, OAuthError> {
        let state = CsrfToken::new(state.to_owned());
        let verifier = PkceCodeVerifier::new(verifier.0.expose_secret().to_owned());
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&verifier);
        let exchanger = self.exchanger()?;
        let (address, _) = exchanger
            .authorize_url(|| state)
            .set_redirect_uri(std::borrow::Cow::Owned(RedirectUrl::from_url(
                redirect.clone(),
            )))
            .set_pkce_challenge(challenge)
            .url();
        Ok(address)
    }

    /// The tokens for a code that GitHub sent along.
    pub async fn fetch_tokens(
        &self,
        code: &str,
        redirect: &Url,
        verifier: &Verifier,
    ) -> Result<UserTokens, OAuthError> {
        let exchanger = self.exchanger()?;
        let client = self.over_our_wire();
        let answer = exchanger
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .set_redirect_uri(std::borrow::Cow::Owned(RedirectUrl::from_url(
                redirect.clone(),
            )))
            .set_pkce_verifier(PkceCodeVerifier::new(verifier.0.expose_secret().to_owned()))
            .request_async(&client)
            .await;
        self.read(answer)
    }

    /// New tokens for a refresh token, which is used up by it; the old access token ends.
    pub async fn refresh_tokens(&self, refresh: &SecretString) -> Result<UserTokens, OAuthError> {
        let exchanger = self.exchanger()?;
        let client = self.over_our_wire();
        let refresh = RefreshToken::new(refresh.expose_secret().to_owned());
        let answer = exchanger
            .exchange_refresh_token(&refresh)
            .request_async(&client)
            .await;
        self.read(answer)
    }

    fn read(
        &self,
        answer: Result<Answer, RequestTokenError<GitHubError, BasicErrorResponse>>,
    ) -> Result<UserTokens, OAuthError> {
        let answer = answer.map_err(refused)?;
        let lasts = answer
            .expires_in()
            .and_then(|time| TimeDelta::from_std(time).ok());
        Ok(UserTokens {
            access: answer.access_token().secret().clone().into(),
            ends_at: lasts.map(|time| self.shared.clock.now() + time),
            refresh: answer
                .refresh_token()
                .map(|token| token.secret().clone().into()),
        })
    }

    /// As the library wants to be handed it.
    fn over_our_wire(
        &self,
    ) -> impl Fn(HttpRequest) -> BoxFuture<'static, Result<HttpResponse, GitHubError>> + use<> {
        let oauth = self.clone();
        move |request| {
            let oauth = oauth.clone();
            async move { oauth.send(request).await }.boxed()
        }
    }

    /// Over our own wire, guarded as everything that goes to GitHub.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, GitHubError> {
        let (mut head, body) = request.into_parts();
        head.headers
            .insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        let request = http::Request::from_parts(head, Bytes::from(body));
        let answer = self
            .shared
            .wire
            .send(request)
            .await
            .map_err(|error| match error {
                WireError::Refused { method, path } => GitHubError::Refused { method, path },
                WireError::NotSent(detail) => GitHubError::Transport {
                    detail: redact(&detail),
                    outcome_unknown: false,
                },
                WireError::Lost(detail) => GitHubError::Transport {
                    detail: redact(&detail),
                    outcome_unknown: true,
                },
            })?;
        let status = answer.status.as_u16();
        if status >= 500 {
            return Err(GitHubError::Server {
                status,
                outcome_unknown: true,
            });
        }
        let mut response = http::Response::new(answer.body.to_vec());
        *response.status_mut() = answer.status;
        *response.headers_mut() = answer.headers;
        Ok(response)
    }
}

/// Bodies are read for GitHub's own words and never repeated: there may be a token in them.
fn refused(error: RequestTokenError<GitHubError, BasicErrorResponse>) -> OAuthError {
    let unreadable = || {
        OAuthError::GitHub(GitHubError::Decode {
            detail: "no token in GitHub's answer to a sign-in".to_owned(),
            outcome_unknown: true,
        })
    };
    match error {
        RequestTokenError::Request(error) => OAuthError::GitHub(error),
        RequestTokenError::Parse(_, body) => {
            serde_json::from_slice(&body).map_or_else(|_| unreadable(), |refusal| told(&refusal))
        }
        RequestTokenError::ServerResponse(said) => told(&Refusal {
            error: said.error().to_string(),
            error_description: said.error_description().cloned().unwrap_or_default(),
        }),
        RequestTokenError::Other(_) => unreadable(),
    }
}

fn told(refusal: &Refusal) -> OAuthError {
    let words = redact(&format!("{}: {}", refusal.error, refusal.error_description));
    match refusal.error.as_str() {
        "incorrect_client_credentials" | "redirect_uri_mismatch" | "invalid_client" => {
            OAuthError::Misconfigured(words)
        }
        _ => OAuthError::Refused(words),
    }
}

impl std::fmt::Debug for OAuth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OAuth({})", self.shared.web_url)
    }
}
