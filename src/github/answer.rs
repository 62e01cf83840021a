//! One answer of GitHub, whole: status, headers, body.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, StatusCode, header};
use serde::de::DeserializeOwned;

use super::{GitHubError, guard::Base, page::next_link, redact::redact};

pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// Whether the request could change something: then an answer that cannot be read leaves the outcome open.
    pub(super) to_a_write: bool,
}

impl Answer {
    pub(super) fn new(status: StatusCode, headers: HeaderMap, body: Bytes) -> Self {
        Self {
            status,
            headers,
            body,
            to_a_write: false,
        }
    }

    pub(super) fn header(&self, name: HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(super) fn json<T: DeserializeOwned>(&self) -> Result<T, GitHubError> {
        serde_json::from_slice(&self.body).map_err(|error| GitHubError::Decode {
            detail: redact(&error.to_string()),
            outcome_unknown: self.to_a_write,
        })
    }

    /// The path (within the API) and query of the next page.
    pub(super) fn next_page(&self, base: &Base) -> Option<String> {
        within(next_link(self.header(header::LINK)?)?, base)
    }
}

/// Path and query of an address, without the base's own path. The host is not looked at: only the path is used.
pub(super) fn within(address: &str, base: &Base) -> Option<String> {
    let uri: http::Uri = address.parse().ok()?;
    let whole = uri.path_and_query()?.as_str();
    Some(
        whole
            .strip_prefix(base.path.as_str())
            .filter(|p| p.starts_with('/'))
            .unwrap_or(whole)
            .to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_page_keeps_path_and_query_only() {
        let base = Base {
            origin: "https://ghe.example".into(),
            path: "/api/v3".into(),
        };
        assert_eq!(
            within(
                "https://ghe.example/api/v3/repositories/1/issues?page=2",
                &base
            )
            .unwrap(),
            "/repositories/1/issues?page=2"
        );
        assert_eq!(
            within("https://other/api/v3x?page=2", &base).unwrap(),
            "/api/v3x?page=2"
        );
        assert_eq!(
            within("/repos/o/r/issues?page=2", &base).unwrap(),
            "/repos/o/r/issues?page=2"
        );
    }
}
