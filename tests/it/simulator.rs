//! The simulator behaves as GitHub does: asked over HTTP, looked at through its handle.

// Tells clippy that the helpers here are tests too.
#![cfg(test)]

mod api;
mod pages;
mod refusals;
mod trouble;
mod webhooks;
mod world;

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use openproducer::simulator::{RepositorySelection, Role, Setup, Simulator};
use serde_json::{Value, json};

/// An answer, read whole.
struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Value,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    fn message(&self) -> &str {
        self.body["message"].as_str().unwrap_or("")
    }
}

/// A simulator with `acme/shop`, alice who may write, mallory who may not, and the App installed.
struct Scene {
    sim: Simulator,
    installation: u64,
}

impl Scene {
    async fn new() -> Self {
        Self::with(Setup::default()).await
    }

    async fn with(setup: Setup) -> Self {
        let sim = Simulator::start(setup).await.unwrap();
        sim.add_organization("acme");
        sim.add_user("alice");
        sim.add_user("mallory");
        sim.add_repository("acme/shop");
        sim.set_role("acme/shop", "alice", Role::Write);
        let installation = sim.install_app("acme", RepositorySelection::All);
        Self { sim, installation }
    }

    fn jwt(&self) -> String {
        let now = self.sim.now().timestamp();
        self.jwt_with(&json!({"iat": now - 60, "exp": now + 540, "iss": self.sim.app().client_id}))
    }

    fn jwt_with(&self, claims: &Value) -> String {
        let pem = self.sim.app().private_key_pem.as_bytes();
        let key = EncodingKey::from_rsa_pem(pem).unwrap();
        encode(&Header::new(Algorithm::RS256), claims, &key).unwrap()
    }

    /// A token of the installation, narrowed as the body says.
    async fn token_with(&self, body: Value) -> String {
        let path = format!("/app/installations/{}/access_tokens", self.installation);
        let answer = self.ask(Method::POST, &path, &self.jwt(), body).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.body["token"].as_str().unwrap().to_owned()
    }

    async fn token(&self) -> String {
        self.token_with(Value::Null).await
    }

    async fn ask(&self, method: Method, path: &str, token: &str, body: Value) -> Answer {
        self.try_ask(method, path, token, body).await.unwrap()
    }

    /// `Err` when the connection ends before the whole answer has come.
    async fn try_ask(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: Value,
    ) -> Result<Answer, String> {
        let url = if path.starts_with("http") {
            path.to_owned()
        } else {
            format!("{}{path}", self.sim.api_url())
        };
        let mut request = Request::builder()
            .method(method)
            .uri(url)
            .header("User-Agent", "test")
            .header("X-GitHub-Api-Version", "2022-11-28");
        if !token.is_empty() {
            request = request.header("Authorization", format!("Bearer {token}"));
        }
        let bytes = match body {
            Value::Null => Bytes::new(),
            Value::String(raw) => Bytes::from(raw),
            body => Bytes::from(body.to_string()),
        };
        let client = Client::builder(TokioExecutor::new()).build_http::<Full<Bytes>>();
        let response = client
            .request(request.body(Full::new(bytes)).unwrap())
            .await
            .map_err(|error| error.to_string())?;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.map_err(|error| error.to_string())?;
        Ok(Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: serde_json::from_slice(&body.to_bytes()).unwrap_or_default(),
        })
    }

    async fn get(&self, path: &str, token: &str) -> Answer {
        self.ask(Method::GET, path, token, Value::Null).await
    }

    async fn post(&self, path: &str, token: &str, body: Value) -> Answer {
        self.ask(Method::POST, path, token, body).await
    }

    /// The database id of a new issue.
    async fn new_issue(&self, token: &str, title: &str) -> u64 {
        let body = json!({"title": title});
        let answer = self.post("/repos/acme/shop/issues", token, body).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.body["id"].as_u64().unwrap()
    }
}

const MINUTE: Duration = Duration::from_mins(1);
