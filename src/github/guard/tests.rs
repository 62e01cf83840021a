//! Tests of the allow-list: every route passes, everything else and every trick is refused.

use super::*;

/// Every placeholder filled in.
fn example(template: &str) -> String {
    template
        .replace("{owner}", "octo-org")
        .replace("{repo}", "a.b_c")
        .replace("{name}", "dependabot%5Bbot%5D")
        .replace("{number}", "42")
}

#[test]
fn every_route_passes_by_name_and_by_id() {
    for (method, route) in routes() {
        let method: Method = method.parse().unwrap();
        assert_eq!(template(&method, &example(route)), Some(route));
        if let Some((head, tail)) = by_id(route) {
            assert_eq!(
                template(&method, &example(&format!("{head}7{tail}"))),
                Some(route)
            );
        }
    }
}

#[test]
fn everything_else_is_refused() {
    let refused = [
        ("GET", "/repos/o/r/contents/README.md"),
        ("PUT", "/repos/o/r/contents/README.md"),
        ("POST", "/repos/o/r/git/refs"),
        ("GET", "/repos/o/r/git/trees/main"),
        ("GET", "/repos/o/r/pulls"),
        ("POST", "/repos/o/r/pulls"),
        ("PUT", "/repos/o/r/pulls/1/merge"),
        ("POST", "/repos/o/r/actions/workflows/1/dispatches"),
        ("GET", "/repos/o/r/actions/secrets"),
        ("POST", "/repos/o/r/hooks"),
        ("POST", "/repos/o/r/dispatches"),
        ("PATCH", "/repos/o/r"),
        ("DELETE", "/repos/o/r"),
        ("DELETE", "/repos/o/r/issues/1"),
        ("PUT", "/repos/o/r/collaborators/eve"),
        ("GET", "/repositories/1/contents/README.md"),
        ("GET", "/repositories/x/issues"),
        ("GET", "/repositories/1/2/issues"),
        ("PATCH", "/user"),
        ("GET", "/user/installations/x/repositories"),
        ("PUT", "/user/installations/1/repositories/2"),
        ("DELETE", "/user/installations/1/repositories/2"),
        ("GET", "/user/memberships/orgs/o"),
        ("POST", "/login/oauth/access_token"),
        ("DELETE", "/applications/c/token"),
        ("PATCH", "/app/hook/config"),
        ("GET", "/user/repos"),
        ("GET", "/user/emails"),
        ("DELETE", "/repos/o/r/issues/1/dependencies/blocked_by/2"),
        ("POST", "/graphql"),
        ("DELETE", "/app/installations/1"),
        ("PUT", "/app/installations/1/suspended"),
        ("GET", "/"),
        ("GET", ""),
        ("GET", "/repos/o/r/"),
    ];
    for (method, path) in refused {
        assert_eq!(
            template(&method.parse().unwrap(), path),
            None,
            "{method} {path}"
        );
    }
}

#[test]
fn of_the_web_address_only_tokens_are_asked() {
    let on_web = |method: Method, path: &str| template_on(Side::Web, &method, path);
    assert!(on_web(Method::POST, "/login/oauth/access_token").is_some());
    for path in [
        "/login/oauth/authorize",
        "/user",
        "/app",
        "/repos/o/r/issues",
        "/login/oauth/access_token/",
    ] {
        assert_eq!(on_web(Method::GET, path), None, "{path}");
        assert_eq!(on_web(Method::POST, path), None, "{path}");
    }
}

#[test]
fn tricks_with_the_path_are_refused() {
    for path in [
        "/repos/o/../issues",
        "/repos/o/..",
        "/repos/./r",
        "/repos/%2e%2e/r",
        "/repos/o/%2E%2E/issues",
        "/repos/o/r%2Fcontents",
        "/repos/o/r%2fcontents",
        "/repos/o/r%5Ccontents",
        "/repos/o/r\\contents",
        "/repos/o/%252e%252e",
        "/repos//r",
        "//repos/o/r",
        "/repos/o/r/issues/1/../../contents",
        "/repos/o/r;/issues",
        "/repos/o/r%00",
        "repos/o/r",
    ] {
        assert_eq!(template(&Method::GET, path), None, "{path}");
    }
}

#[test]
fn another_host_scheme_or_path_is_not_within() {
    let base = Base {
        origin: "https://ghe.example".into(),
        path: "/api/v3".into(),
    };
    let within = |uri: &str| base.within(&uri.parse().unwrap()).map(str::to_owned);
    assert_eq!(
        within("https://ghe.example/api/v3/app").as_deref(),
        Some("/app")
    );
    assert_eq!(within("http://ghe.example/api/v3/app"), None);
    assert_eq!(within("https://ghe.example.evil/api/v3/app"), None);
    assert_eq!(within("https://ghe.example:444/api/v3/app"), None);
    assert_eq!(within("https://user@ghe.example/api/v3/app"), None);
    assert_eq!(within("https://ghe.example/app"), None);
    assert_eq!(
        within("https://ghe.example/api/v3evil/app").as_deref(),
        Some("evil/app"),
        "which is not plain"
    );
    assert!(!is_plain("evil/app"));
}
