//! Tests of reading refusals, on the answers that GitHub is known to give.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};

use super::*;

const OURS: &str = "2026-05-01T12:00:00Z";

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// GitHub's clock is 100 s ahead of ours.
fn read(status: u16, headers: &[(&'static str, &str)], body: &str) -> GitHubError {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.insert(*name, HeaderValue::from_str(value).unwrap());
    }
    let mut answer = Answer::new(
        StatusCode::from_u16(status).unwrap(),
        map,
        Bytes::from(body.to_owned()),
    );
    answer.to_a_write = true;
    super::read(
        &answer,
        Times {
            ours: at(OURS),
            githubs: at("2026-05-01T12:01:40Z"),
        },
    )
}

#[test]
fn retry_after_comes_first() {
    let headers = [
        ("retry-after", "90"),
        ("x-ratelimit-limit", "5000"),
        ("x-ratelimit-remaining", "4000"),
        ("x-ratelimit-reset", "1777640000"),
    ];
    let expected = GitHubError::RateLimited {
        retry_at: at("2026-05-01T12:01:30Z"),
        secondary: true,
        named: true,
    };
    assert_eq!(
        read(
            403,
            &headers,
            r#"{"message":"You have exceeded a secondary rate limit"}"#
        ),
        expected
    );
    let date = [("retry-after", "Fri, 01 May 2026 12:03:10 GMT")];
    assert_eq!(read(429, &date, "{}"), expected);
}

#[test]
fn exhausted_limit_waits_for_the_reset_by_our_clock() {
    let reset = at("2026-05-01T12:30:00Z").timestamp().to_string();
    let headers = [
        ("x-ratelimit-limit", "5000"),
        ("x-ratelimit-remaining", "0"),
        ("x-ratelimit-reset", reset.as_str()),
    ];
    let error = read(403, &headers, r#"{"message":"API rate limit exceeded"}"#);
    assert_eq!(
        error,
        GitHubError::RateLimited {
            retry_at: at("2026-05-01T12:28:20Z"),
            secondary: false,
            named: true,
        }
    );
    assert_eq!(error.retry_at(), Some(at("2026-05-01T12:28:20Z")));
}

#[test]
fn single_sign_on_is_told_apart_with_its_page() {
    let body = r#"{"message":"Resource protected by organization SAML enforcement."}"#;
    let page = "https://github.com/orgs/acme/sso?authorization_request=AB";
    let asked = format!("required; url={page}");
    let error = read(403, &[("x-github-sso", &asked)], body);
    let expected = GitHubError::SingleSignOn {
        url: Some(page.to_owned()),
    };
    assert_eq!(error, expected);
    for without in ["required", "required; url=javascript:alert(1)"] {
        let error = read(403, &[("x-github-sso", without)], body);
        assert_eq!(error, GitHubError::SingleSignOn { url: None }, "{without}");
    }
    let partial = [("x-github-sso", "partial-results; organizations=21955855")];
    assert!(matches!(
        read(403, &partial, body),
        GitHubError::Forbidden { .. }
    ));
}

#[test]
fn limit_without_a_time_waits_a_minute() {
    let a_minute = GitHubError::RateLimited {
        retry_at: at("2026-05-01T12:01:00Z"),
        secondary: true,
        named: false,
    };
    assert_eq!(read(429, &[], ""), a_minute);
    assert_eq!(
        read(
            403,
            &[],
            r#"{"message":"You have triggered an abuse detection mechanism."}"#
        ),
        a_minute
    );
}

#[test]
fn absurd_waits_are_bounded() {
    let day = GitHubError::RateLimited {
        retry_at: at("2026-05-02T12:00:00Z"),
        secondary: true,
        named: true,
    };
    assert_eq!(read(429, &[("retry-after", "4294967295")], ""), day);
    let past = [
        ("x-ratelimit-limit", "1"),
        ("x-ratelimit-remaining", "0"),
        ("x-ratelimit-reset", "5"),
    ];
    let soon = GitHubError::RateLimited {
        retry_at: at("2026-05-01T12:00:01Z"),
        secondary: false,
        named: true,
    };
    assert_eq!(read(429, &past, ""), soon);
}

#[test]
fn plain_403_is_no_rate_limit() {
    let message = "Resource not accessible by integration".to_owned();
    assert_eq!(
        read(
            403,
            &[
                ("x-ratelimit-limit", "5000"),
                ("x-ratelimit-remaining", "4999"),
                ("x-ratelimit-reset", "1777640000")
            ],
            r#"{"message":"Resource not accessible by integration"}"#
        ),
        GitHubError::Forbidden { message }
    );
    assert_eq!(
        read(
            403,
            &[],
            r#"{"message":"This installation has been suspended"}"#
        ),
        GitHubError::Suspended
    );
}

#[test]
fn validation_errors_keep_field_and_code() {
    let error = read(
        422,
        &[],
        r#"{"message":"Validation Failed","errors":[{"resource":"Label","code":"already_exists","field":"name"},"just words"]}"#,
    );
    assert!(error.has_code("already_exists"));
    assert_eq!(
        error.to_string(),
        "GitHub refuses it: Validation Failed (name: already_exists; request: just words)"
    );
    let single = read(422, &[], r#"{"message":"No","errors":"one text"}"#);
    assert_eq!(
        single.to_string(),
        "GitHub refuses it: No (request: one text)"
    );
}

#[test]
fn server_errors_leave_the_outcome_of_a_write_open() {
    let error = read(502, &[], "<html>bad gateway</html>");
    assert!(error.outcome_is_unknown() && error.is_passing());
    assert_eq!(
        error.to_string(),
        "GitHub has a problem of its own (HTTP 502); whether it took effect is unknown"
    );
}

#[test]
fn messages_never_carry_a_token() {
    let error = read(
        400,
        &[],
        r#"{"message":"bad token ghs_16C7e42F292c6912E7710c838347Ae178B4a"}"#,
    );
    assert_eq!(
        error.to_string(),
        "GitHub answered HTTP 400: bad token [redacted]"
    );
}
