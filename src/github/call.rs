//! One request as a method asks for it: route, body, and what it may do.

use std::fmt::Write as _;

use bytes::Bytes;
use http::Method;
use serde::Serialize;
use url::form_urlencoded;

use crate::domain::ids::RepositoryId;

/// A request before it has credentials.
pub(super) struct Call {
    pub(super) method: Method,
    /// Path within the API, with the query.
    pub(super) path: String,
    pub(super) body: Bytes,
    /// Whether it changes something that a person can see: then a lost answer leaves the outcome open.
    pub(super) writes: bool,
    /// The repository that it must stay in, wherever GitHub redirects it.
    pub(super) repository: Option<RepositoryId>,
}

impl Call {
    pub(super) fn get(path: String) -> Self {
        Self::bare(Method::GET, path)
    }

    pub(super) fn bare(method: Method, path: String) -> Self {
        Self {
            writes: method != Method::GET,
            method,
            path,
            body: Bytes::new(),
            repository: None,
        }
    }

    pub(super) fn with_body(method: Method, path: String, body: &impl Serialize) -> Self {
        let body =
            serde_json::to_vec(body).expect("our own bodies are plain structs with string keys");
        Self {
            body: body.into(),
            ..Self::bare(method, path)
        }
    }

    /// For a POST that may be sent any number of times.
    pub(super) fn harmless(self) -> Self {
        Self {
            writes: false,
            ..self
        }
    }

    pub(super) fn within(self, repository: RepositoryId) -> Self {
        Self {
            repository: Some(repository),
            ..self
        }
    }

    /// Whether this path leads to another repository than the one that the call is for.
    pub(super) fn leaves_its_repository(&self, path: &str) -> bool {
        let (Some(ours), Some(rest)) = (self.repository, path.strip_prefix("/repositories/"))
        else {
            return false;
        };
        let id = rest.split(['/', '?']).next().unwrap_or_default();
        id.parse() != Ok(ours.0)
    }
}

/// A value as one segment of a path.
pub(super) fn segment(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// Parameters as a query.
pub(super) fn query(parameters: &[(&str, String)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(parameters)
        .finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segment_keeps_a_value_in_its_place() {
        assert_eq!(segment("dependabot[bot]"), "dependabot%5Bbot%5D");
        assert_eq!(segment("a/b?c#d%e"), "a%2Fb%3Fc%23d%25e");
    }

    #[test]
    fn redirect_into_another_repository_is_noticed() {
        let call = Call::get("/repos/o/r/issues/1".into()).within(RepositoryId(7));
        assert!(!call.leaves_its_repository("/repositories/7/issues/1"));
        assert!(!call.leaves_its_repository("/repositories/7?page=2"));
        assert!(call.leaves_its_repository("/repositories/8/issues/1"));
        assert!(call.leaves_its_repository("/repositories/77/issues/1"));
        assert!(!Call::get(String::new()).leaves_its_repository("/repositories/8"));
    }
}
