//! The App's own signature: a JWT of a few minutes, signed with its private key.

use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use super::SetupError;

/// What GitHub gave when the App was registered.
#[derive(Debug, Clone)]
pub struct AppCredentials {
    /// The client id, or the App's id.
    pub issuer: String,
    /// PEM, PKCS#1 or PKCS#8; line breaks may be written as `\n`, as environment files need it.
    pub private_key: SecretString,
}

/// Signs JWTs.
pub(super) struct AppKey {
    issuer: String,
    key: EncodingKey,
}

#[derive(Serialize)]
struct Claims<'a> {
    iat: i64,
    exp: i64,
    iss: &'a str,
}

impl AppKey {
    pub(super) fn read(credentials: &AppCredentials) -> Result<Self, SetupError> {
        let issuer = credentials.issuer.trim().to_owned();
        if issuer.is_empty() {
            return Err(SetupError::Issuer);
        }
        let pem = SecretString::from(
            credentials
                .private_key
                .expose_secret()
                .trim()
                .trim_matches('"')
                .replace("\\r", "")
                .replace("\\n", "\n"),
        );
        let key = EncodingKey::from_rsa_pem(pem.expose_secret().as_bytes())
            .map_err(|error| SetupError::PrivateKey(error.to_string()))?;
        let this = Self { issuer, key };
        // A key that reads well may still not sign; better to know at the start.
        this.sign(DateTime::UNIX_EPOCH)
            .map_err(|error| SetupError::PrivateKey(error.to_string()))?;
        Ok(this)
    }

    /// A token for the App itself. `now` is by GitHub's clock; 60 s back, so that a second of drift does no harm.
    pub(super) fn sign(
        &self,
        now: DateTime<Utc>,
    ) -> Result<SecretString, jsonwebtoken::errors::Error> {
        let claims = Claims {
            iat: (now - TimeDelta::seconds(60)).timestamp(),
            exp: (now + TimeDelta::minutes(9)).timestamp(),
            iss: &self.issuer,
        };
        jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims, &self.key)
            .map(SecretString::from)
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::{
        encoding::{AsDer as _, Pkcs8V1Der},
        rsa::{KeyPair, KeySize},
    };
    use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine as _};

    use super::*;

    fn setup(issuer: &str, key: &str) -> Result<AppKey, SetupError> {
        AppKey::read(&AppCredentials {
            issuer: issuer.into(),
            private_key: key.to_owned().into(),
        })
    }

    /// A fresh key in PKCS#8, as `openssl genpkey` writes it.
    fn pem() -> String {
        let pair = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
        let lines = BASE64_STANDARD.encode(der.as_ref());
        let lines: Vec<&str> = lines
            .as_bytes()
            .chunks(64)
            .map(|line| std::str::from_utf8(line).unwrap())
            .collect();
        format!(
            "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
            lines.join("\n")
        )
    }

    #[test]
    fn signature_is_good_from_a_minute_ago_for_nine_minutes() {
        let now: DateTime<Utc> = "2026-05-01T12:00:00Z".parse().unwrap();
        let jwt = setup(" Iv1.abc ", &pem()).unwrap().sign(now).unwrap();
        let parts: Vec<&str> = jwt.expose_secret().split('.').collect();
        let read = |part: &str| -> serde_json::Value {
            serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
        };
        assert_eq!(read(parts[0])["alg"], "RS256");
        let at = now.timestamp();
        assert_eq!(
            read(parts[1]),
            serde_json::json!({"iat": at - 60, "exp": at + 540, "iss": "Iv1.abc"})
        );
    }

    #[test]
    fn key_may_be_on_one_line_with_escaped_line_breaks() {
        let one_line = format!("\"{}\"", pem().replace('\n', "\\n"));
        assert!(!one_line.contains('\n'));
        assert!(setup("1", &one_line).is_ok());
    }

    #[test]
    fn wrong_credentials_are_named_without_being_shown() {
        assert!(matches!(setup("  ", "x"), Err(SetupError::Issuer)));
        let Err(error) = setup(
            "Iv1.x",
            "-----BEGIN RSA PRIVATE KEY-----\nc2VjcmV0\n-----END RSA PRIVATE KEY-----",
        ) else {
            panic!("accepted a key that is none");
        };
        assert!(!error.to_string().contains("c2VjcmV0"), "{error}");
    }

    #[test]
    fn debug_print_hides_the_key() {
        let credentials = AppCredentials {
            issuer: "1".into(),
            private_key: "hidden".to_owned().into(),
        };
        assert!(!format!("{credentials:?}").contains("hidden"));
    }
}
