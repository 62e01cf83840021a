//! Cookies: read as a browser sends them, set so that no other site, script or plain connection gets at them.

use axum::http::{HeaderMap, HeaderValue, header};

/// One of ours. Over HTTPS it bears `__Host-`, which no other host and no plain connection can set.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cookie {
    name: &'static str,
    /// How long a browser keeps it, in seconds.
    lasts: i64,
}

impl Cookie {
    pub(super) const fn new(name: &'static str, lasts: i64) -> Self {
        Self { name, lasts }
    }

    fn full_name(self, secure: bool) -> String {
        let prefix = if secure { "__Host-" } else { "" };
        format!("{prefix}openproducer_{}", self.name)
    }

    /// What the browser sent, if anything.
    pub(super) fn find(self, headers: &HeaderMap, secure: bool) -> Option<String> {
        let name = self.full_name(secure);
        let all = headers.get_all(header::COOKIE).into_iter();
        let pairs = all.filter_map(|cookies| cookies.to_str().ok());
        pairs
            .flat_map(|cookies| cookies.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(found, value)| *found == name && !value.is_empty())
            .map(|(_, value)| value.to_owned())
    }

    /// Sets it; the value is of letters, digits, `-` and `_`.
    pub(super) fn set(self, value: &str, secure: bool) -> HeaderValue {
        self.written(value, self.lasts, secure)
    }

    /// Has the browser forget it.
    pub(super) fn clear(self, secure: bool) -> HeaderValue {
        self.written("", 0, secure)
    }

    fn written(self, value: &str, lasts: i64, secure: bool) -> HeaderValue {
        let name = self.full_name(secure);
        let only = if secure { "; Secure" } else { "" };
        let text = format!("{name}={value}; Path=/; Max-Age={lasts}; HttpOnly; SameSite=Lax{only}");
        let mut header =
            HeaderValue::try_from(text).expect("our own values are of letters and digits");
        header.set_sensitive(true);
        header
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SESSION: Cookie = Cookie::new("session", 60);

    fn sent(cookies: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for cookie in cookies {
            headers.append(header::COOKIE, HeaderValue::from_static(cookie));
        }
        headers
    }

    #[test]
    fn over_https_the_name_belongs_to_the_host() {
        let set = SESSION.set("abc", true);
        assert_eq!(
            set.to_str().unwrap(),
            "__Host-openproducer_session=abc; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure"
        );
        let plain = SESSION.set("abc", false);
        assert_eq!(
            plain.to_str().unwrap(),
            "openproducer_session=abc; Path=/; Max-Age=60; HttpOnly; SameSite=Lax"
        );
        // A plain connection's cookie is not taken for it.
        let headers = sent(&["openproducer_session=evil"]);
        assert_eq!(SESSION.find(&headers, true), None);
    }

    #[test]
    fn it_is_found_among_others() {
        let headers = sent(&[
            "a=b; openproducer_session=",
            "c; openproducer_session=x1-_; d=e",
        ]);
        assert_eq!(SESSION.find(&headers, false).as_deref(), Some("x1-_"));
        assert_eq!(
            SESSION.find(&sent(&["xopenproducer_session=1"]), false),
            None
        );
    }
}
