//! The allow-list: no request leaves for any route but these, whatever the code above asks.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use http::{Method, Request, Uri};
use tower::{BoxError, Layer, Service};

/// Routes of the App and its installations, and of the person behind a token.
const APP_ROUTES: &[(&str, &str)] = &[
    ("GET", "/user"),
    ("GET", "/user/installations"),
    ("GET", "/user/installations/{number}/repositories"),
    ("POST", "/app-manifests/{name}/conversions"),
    ("GET", "/app"),
    ("GET", "/app/installations"),
    ("GET", "/app/installations/{number}"),
    ("POST", "/app/installations/{number}/access_tokens"),
    ("GET", "/app/hook/deliveries"),
    ("POST", "/app/hook/deliveries/{number}/attempts"),
    ("GET", "/installation/repositories"),
];

/// Routes of a repository: metadata, and the Issues API. Also reached as `/repositories/{id}…` after a rename.
const REPOSITORY_ROUTES: &[(&str, &str)] = &[
    ("GET", "/repos/{owner}/{repo}"),
    ("GET", "/repos/{owner}/{repo}/installation"),
    (
        "GET",
        "/repos/{owner}/{repo}/collaborators/{name}/permission",
    ),
    ("GET", "/repos/{owner}/{repo}/labels"),
    ("POST", "/repos/{owner}/{repo}/labels"),
    ("GET", "/repos/{owner}/{repo}/milestones"),
    ("GET", "/repos/{owner}/{repo}/milestones/{number}"),
    ("GET", "/repos/{owner}/{repo}/issues"),
    ("POST", "/repos/{owner}/{repo}/issues"),
    ("GET", "/repos/{owner}/{repo}/issues/{number}"),
    ("PATCH", "/repos/{owner}/{repo}/issues/{number}"),
    ("GET", "/repos/{owner}/{repo}/issues/{number}/comments"),
    ("POST", "/repos/{owner}/{repo}/issues/{number}/comments"),
    ("GET", "/repos/{owner}/{repo}/issues/comments/{number}"),
    ("PATCH", "/repos/{owner}/{repo}/issues/comments/{number}"),
    ("POST", "/repos/{owner}/{repo}/issues/{number}/reactions"),
    (
        "POST",
        "/repos/{owner}/{repo}/issues/comments/{number}/reactions",
    ),
    ("GET", "/repos/{owner}/{repo}/issues/{number}/sub_issues"),
    ("POST", "/repos/{owner}/{repo}/issues/{number}/sub_issues"),
    ("DELETE", "/repos/{owner}/{repo}/issues/{number}/sub_issue"),
    ("GET", "/repos/{owner}/{repo}/issues/{number}/parent"),
    (
        "GET",
        "/repos/{owner}/{repo}/issues/{number}/dependencies/blocked_by",
    ),
    (
        "GET",
        "/repos/{owner}/{repo}/issues/{number}/dependencies/blocking",
    ),
    (
        "POST",
        "/repos/{owner}/{repo}/issues/{number}/dependencies/blocked_by",
    ),
];

/// What is asked of GitHub's web address: tokens for people who sign in. Everything else there is for browsers.
const WEB_ROUTES: &[(&str, &str)] = &[("POST", "/login/oauth/access_token")];

/// Which of GitHub's two addresses requests go to; each has its own routes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Api,
    Web,
}

/// How a repository's routes begin when it is addressed by name.
const BY_NAME: &str = "/repos/{owner}/{repo}";

/// Every (method, template) that may leave; a repository's also as `/repositories/{id}…`.
pub fn routes() -> impl Iterator<Item = (&'static str, &'static str)> {
    APP_ROUTES.iter().chain(REPOSITORY_ROUTES).copied()
}

/// Every (method, template) that may leave for the web address.
pub fn web_routes() -> impl Iterator<Item = (&'static str, &'static str)> {
    WEB_ROUTES.iter().copied()
}

/// The same on one side.
fn template_on(side: Side, method: &Method, path: &str) -> Option<&'static str> {
    if side == Side::Api {
        return template(method, path);
    }
    let mut known = web_routes().filter(|(allowed, _)| *allowed == method.as_str());
    known.find_map(|(_, route)| (route == path).then_some(route))
}

/// The template that a request to this path (without the base's own path) matches; None: it may not leave.
pub(super) fn template(method: &Method, path: &str) -> Option<&'static str> {
    if !is_plain(path) {
        return None;
    }
    routes()
        .filter(|(allowed, _)| *allowed == method.as_str())
        .map(|(_, template)| template)
        .find(|template| {
            matches(template, path)
                || by_id(template).is_some_and(|(head, tail)| under_id(head, tail, path))
        })
}

/// Nothing in it that a server behind GitHub's front could read as another path.
fn is_plain(path: &str) -> bool {
    let lower = path.to_ascii_lowercase();
    path.starts_with('/')
        && !["//", "\\", "%2f", "%5c", "%2e", "%25", "%00", ";"]
            .iter()
            .any(|trick| lower.contains(trick))
        && path
            .split('/')
            .all(|segment| segment != "." && segment != "..")
        && path.bytes().all(|b| b.is_ascii_graphic())
}

fn matches(template: &str, path: &str) -> bool {
    let (mut wanted, mut given) = (template.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(wanted), Some(given)) if fits(wanted, given) => {}
            _ => return false,
        }
    }
}

fn fits(wanted: &str, given: &str) -> bool {
    match wanted {
        "{number}" => {
            !given.is_empty() && given.len() <= 20 && given.bytes().all(|b| b.is_ascii_digit())
        }
        w if w.starts_with('{') => !given.is_empty(),
        w => w == given,
    }
}

/// A repository's template, by numeric id: what stands before the id and after it.
fn by_id(template: &'static str) -> Option<(&'static str, &'static str)> {
    Some(("/repositories/", template.strip_prefix(BY_NAME)?))
}

fn under_id(head: &str, tail: &str, path: &str) -> bool {
    let Some(rest) = path.strip_prefix(head) else {
        return false;
    };
    let (id, rest) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    fits("{number}", id) && matches(tail, rest)
}

/// The one place that requests may go to, and the path that its API begins with (empty or `/api/v3`).
#[derive(Debug, Clone)]
pub(super) struct Base {
    /// `https://api.github.com`
    pub(super) origin: String,
    /// Without a slash at its end.
    pub(super) path: String,
}

impl Base {
    /// The path within the API, if the address is one of it.
    fn within<'a>(&self, uri: &'a Uri) -> Option<&'a str> {
        let origin = format!("{}://{}", uri.scheme_str()?, uri.authority()?);
        if origin != self.origin {
            return None;
        }
        uri.path().strip_prefix(self.path.as_str())
    }
}

/// What the guard answers in GitHub's place.
#[derive(Debug, thiserror::Error)]
#[error("{method} {path} is not on the allow-list")]
pub(super) struct Refusal {
    pub(super) method: String,
    pub(super) path: String,
}

/// Puts the guard under a client.
#[derive(Debug, Clone)]
pub(super) struct GuardLayer(pub(super) Base, pub(super) Side);

impl<S> Layer<S> for GuardLayer {
    type Service = Guard<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Guard {
            base: self.0.clone(),
            side: self.1,
            inner,
        }
    }
}

/// Lets through what is on the list, refuses and counts the rest.
#[derive(Debug, Clone)]
pub(super) struct Guard<S> {
    base: Base,
    side: Side,
    inner: S,
}

impl<S, B> Service<Request<B>> for Guard<S>
where
    S: Service<Request<B>>,
    S::Error: Into<BoxError>,
    S::Future: Send + 'static,
    S::Response: 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let path = self.base.within(request.uri());
        if path.is_some_and(|path| template_on(self.side, request.method(), path).is_some()) {
            let sent = self.inner.call(request);
            return Box::pin(async move { sent.await.map_err(Into::into) });
        }
        metrics::counter!("github_requests_refused_total").increment(1);
        let refusal = Refusal {
            method: request.method().to_string(),
            path: request.uri().path().to_owned(),
        };
        tracing::error!(method = %refusal.method, path = %refusal.path, "refused a request outside the allow-list");
        Box::pin(async move { Err(refusal.into()) })
    }
}

impl fmt::Display for Base {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.origin, self.path)
    }
}

#[cfg(test)]
mod tests;
