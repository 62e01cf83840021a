//! An App that was just registered: its credentials, handed over once for the code that GitHub sent along.

use http::Method;
use secrecy::SecretString;
use serde::{Deserialize, Deserializer};

use super::{
    Account, GitHubError,
    app::GitHub,
    call::{Call, segment},
};

/// A new App with everything that is needed to be it.
#[derive(Debug, Deserialize)]
pub struct NewApp {
    pub id: i64,
    pub slug: String,
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub html_url: String,
    pub owner: Account,
    pub client_id: String,
    #[serde(deserialize_with = "secret")]
    pub client_secret: SecretString,
    /// GitHub may give none; then no delivery could be believed.
    #[serde(default, deserialize_with = "secret_if_any")]
    pub webhook_secret: Option<SecretString>,
    #[serde(deserialize_with = "secret")]
    pub pem: SecretString,
}

fn secret<'de, D: Deserializer<'de>>(text: D) -> Result<SecretString, D::Error> {
    String::deserialize(text).map(SecretString::from)
}

fn secret_if_any<'de, D: Deserializer<'de>>(text: D) -> Result<Option<SecretString>, D::Error> {
    let text = Option::<String>::deserialize(text)?;
    Ok(text.filter(|t| !t.is_empty()).map(SecretString::from))
}

impl GitHub {
    /// Exchanges the code of a registration, which works once and within an hour. `NotFound`: it did not.
    pub async fn convert_manifest(&self, code: &str) -> Result<NewApp, GitHubError> {
        let path = format!("/app-manifests/{}/conversions", segment(code));
        let call = Call::bare(Method::POST, path);
        let answer = self.client().as_nobody(&call).await?;
        // Not through `json`: its error could quote a secret.
        serde_json::from_slice(&answer.body).map_err(|_| GitHubError::Decode {
            detail: "no credentials in the answer to a registration".to_owned(),
            outcome_unknown: true,
        })
    }
}
