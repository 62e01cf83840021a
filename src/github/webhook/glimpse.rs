//! The first look at a payload: one pass, no copies, only what decides whether the delivery concerns us.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

/// What admission needs of any payload. That it could be read proves that the payload is one JSON object.
#[derive(Debug, Deserialize)]
pub struct Glimpse<'a> {
    /// As given; `None` where the event has none.
    #[serde(borrow, default)]
    action: Option<&'a RawValue>,
    #[serde(default)]
    installation: Option<Id>,
    #[serde(default)]
    repository: Option<Id>,
    #[serde(borrow, default)]
    sender: Option<&'a RawValue>,
    #[serde(borrow, default)]
    issue: Option<&'a RawValue>,
    #[serde(borrow, default)]
    comment: Option<&'a RawValue>,
    #[serde(borrow, default)]
    changes: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
struct Id {
    #[serde(default)]
    id: Option<i64>,
}

/// The words of an issue or a comment, and whose they are.
#[derive(Debug, Deserialize)]
pub struct Words<'a> {
    #[serde(borrow, default)]
    title: Option<Text<'a>>,
    #[serde(borrow, default)]
    body: Option<Text<'a>>,
    #[serde(borrow, default)]
    pull_request: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub user: Option<Author<'a>>,
    #[serde(default)]
    performed_via_github_app: Option<Id>,
}

/// Who did or wrote something.
#[derive(Debug, Deserialize)]
pub struct Author<'a> {
    #[serde(default)]
    pub id: Option<i64>,
    #[serde(borrow, default)]
    pub login: Option<Text<'a>>,
    #[serde(rename = "type", borrow, default)]
    kind: Option<Text<'a>>,
}

/// Text that is borrowed where it has no escapes (serde borrows a bare `Cow` only when told to, and never inside an `Option`).
#[derive(Debug, Deserialize)]
pub struct Text<'a>(#[serde(borrow)] pub Cow<'a, str>);

impl<'a> Glimpse<'a> {
    /// Reads as little as decides. An error: this is not a JSON object.
    pub fn of(body: &'a [u8]) -> Result<Self, serde_json::Error> {
        use serde::de::Error as _;
        let text = std::str::from_utf8(body).map_err(serde_json::Error::custom)?;
        // A list would do for a struct as well.
        if !text.trim_start().starts_with('{') {
            return Err(serde_json::Error::custom("expected an object"));
        }
        serde_json::from_str(text)
    }

    /// The payload's `action`, if it looks like one of GitHub's.
    pub fn action(&self) -> Option<&'a str> {
        let action = self.action?.get().strip_prefix('"')?.strip_suffix('"')?;
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
        (!action.is_empty() && action.len() <= 64 && action.bytes().all(plain)).then_some(action)
    }

    pub fn installation_id(&self) -> Option<i64> {
        self.installation.as_ref()?.id
    }

    pub fn repository_id(&self) -> Option<i64> {
        self.repository.as_ref()?.id
    }

    /// Who caused the event. `None`: GitHub does not say.
    pub fn sender(&self) -> Result<Option<Author<'a>>, serde_json::Error> {
        self.sender
            .map(|raw| serde_json::from_str(raw.get()))
            .transpose()
    }

    /// Whether the issue may hold such words: `find` is given its raw JSON, which is much cheaper than reading it. Yes too
    /// where letters may hide in `\u00…` escapes, and where there is no issue: reading it will tell.
    pub fn issue_may_hold(&self, find: impl Fn(&str) -> bool) -> bool {
        self.issue
            .is_none_or(|raw| raw.get().contains("\\u00") || find(raw.get()))
    }

    /// Whether an edit says that it has changed this field.
    pub fn has_changed(&self, field: &str) -> bool {
        let named = |raw: &RawValue| raw.get().contains(&format!("\"{field}\":"));
        self.changes.is_some_and(named)
    }

    /// What the issue says. `None`: the payload is about no issue.
    pub fn issue(&self) -> Result<Option<Words<'a>>, serde_json::Error> {
        self.issue
            .map(|raw| serde_json::from_str(raw.get()))
            .transpose()
    }

    /// What the comment says. `None`: the payload is about no comment.
    pub fn comment(&self) -> Result<Option<Words<'a>>, serde_json::Error> {
        self.comment
            .map(|raw| serde_json::from_str(raw.get()))
            .transpose()
    }
}

impl Words<'_> {
    pub fn title(&self) -> &str {
        self.title.as_ref().map_or("", |text| &text.0)
    }

    pub fn body(&self) -> &str {
        self.body.as_ref().map_or("", |text| &text.0)
    }

    pub fn is_pull_request(&self) -> bool {
        self.pull_request.is_some()
    }

    /// The App that wrote it, if an App did.
    pub fn app_id(&self) -> Option<i64> {
        self.performed_via_github_app.as_ref()?.id
    }
}

impl Author<'_> {
    pub fn is_bot(&self) -> bool {
        self.kind.as_ref().is_some_and(|kind| kind.0 == "Bot")
    }

    pub fn login(&self) -> &str {
        self.login.as_ref().map_or("", |text| &text.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_pass_finds_what_decides() {
        let body = br#" {"action":"opened","issue":{"title":"A \"b\"","body":"one\ntwo","user":{"login":"ann","type":"User"},
            "performed_via_github_app":null},"repository":{"id":7,"full_name":"a/b"},"installation":{"id":9},
            "sender":{"id":1,"type":"Bot"},"organization":{"x":[1,2,{}]}}"#;
        let glimpse = Glimpse::of(body).unwrap();
        assert_eq!(glimpse.action(), Some("opened"));
        assert_eq!(
            (glimpse.installation_id(), glimpse.repository_id()),
            (Some(9), Some(7))
        );
        assert!(glimpse.sender().unwrap().unwrap().is_bot());
        let issue = glimpse.issue().unwrap().unwrap();
        assert_eq!((issue.title(), issue.body()), ("A \"b\"", "one\ntwo"));
        assert!(!issue.is_pull_request());
        assert_eq!(issue.app_id(), None);
        assert_eq!(issue.user.unwrap().login(), "ann");
        assert!(glimpse.comment().unwrap().is_none());
    }

    #[test]
    fn only_whole_objects_are_payloads() {
        for body in [
            &b""[..],
            b"null",
            b"[]",
            b"[1]",
            b"\"x\"",
            b"{",
            b"{\"a\":}",
            b"{} x",
            b"a=b",
            b"{\"a\":\"\xff\"}",
        ] {
            assert!(
                Glimpse::of(body).is_err(),
                "{:?}",
                String::from_utf8_lossy(body)
            );
        }
        assert!(Glimpse::of(b"{}").unwrap().action().is_none());
    }

    #[test]
    fn an_action_that_github_would_not_send_is_none() {
        for action in ["\"\"", "7", "\"a\\u0000\"", "\"DROP TABLE\"", "{}"] {
            let body = format!("{{\"action\":{action}}}");
            assert_eq!(
                Glimpse::of(body.as_bytes()).unwrap().action(),
                None,
                "{action}"
            );
        }
    }
}
