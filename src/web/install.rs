//! `/install`: on to GitHub's page, and back. What the way back claims is never believed.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::extract::{Query, RawQuery, State};
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use url::form_urlencoded;

use super::Shared;
use super::error::{PageError, PageResult};
use super::pages::notice;
use super::session::SignedIn;
use crate::domain::ids::InstallationId;
use crate::flows::access;

/// More repositories than this do not fit in an address; GitHub asks for the rest.
const MOST_REPOSITORIES: usize = 100;

/// `GET /install`: on to GitHub, with the account and the repositories that the address names already chosen.
pub(super) async fn start(
    State(shared): State<Arc<Shared>>,
    RawQuery(query): RawQuery,
) -> PageResult<Response> {
    let slug = shared.links.slug.borrow().clone();
    let slug = slug.ok_or_else(no_app)?;
    let web = shared.links.web_url.trim_end_matches('/');
    let page = format!("{web}/apps/{slug}/installations/new");
    let to = match chosen(query.as_deref().unwrap_or_default()) {
        Some(chosen) => format!("{page}/permissions?{chosen}"),
        None => page,
    };
    Ok((StatusCode::FOUND, [(header::LOCATION, to)]).into_response())
}

/// What is known to GitHub's page, and of the right form; the rest is left out. Without an account GitHub ignores repositories.
fn chosen(query: &str) -> Option<String> {
    let all = |name: &str| {
        let pairs = form_urlencoded::parse(query.as_bytes());
        pairs
            .filter(|(key, value)| key == name && is_number(value))
            .map(|(_, value)| value.into_owned())
            .collect::<Vec<_>>()
    };
    let account = all("suggested_target_id").into_iter().next()?;
    let mut chosen = format!("suggested_target_id={account}");
    for repository in all("repository_ids[]").iter().take(MOST_REPOSITORIES) {
        // Cannot fail: a String takes everything.
        let _ = write!(chosen, "&repository_ids[]={repository}");
    }
    Some(chosen)
}

fn is_number(text: &str) -> bool {
    (1..=19).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

fn no_app() -> PageError {
    PageError::NotYet(
        "Nothing to install yet",
        "This server does not know its GitHub App yet. Whoever runs it has to register the App first; then this page leads on to GitHub.",
    )
}

#[derive(Deserialize)]
pub(super) struct Returned {
    installation_id: Option<String>,
    setup_action: Option<String>,
}

/// `GET /install/callback`: back from GitHub. Anybody can write such an address, so it only chooses which page of the
/// person's own comes first.
pub(super) async fn back(
    State(shared): State<Arc<Shared>>,
    Query(returned): Query<Returned>,
    signed: Result<SignedIn, PageError>,
) -> PageResult<Response> {
    if returned.setup_action.as_deref() == Some("request") {
        return Ok(notice(
            StatusCode::OK,
            "Your request waits for an owner",
            "GitHub has asked the owners of the organisation to install OpenProducer. Nothing is installed until one of them agrees; GitHub tells you when that happens, and then it works in the repositories that they chose.",
        ));
    }
    if !shared.can_sign_in() {
        return Ok(notice(
            StatusCode::OK,
            "Back from GitHub",
            "If you installed OpenProducer there, it works now: open an issue with a specification and mention the bot.",
        ));
    }
    let signed = signed?;
    // It may have changed a moment ago, which is why they are here.
    access::forget(&shared.services, &signed.person).await;
    let claimed = returned.installation_id.and_then(|id| id.parse().ok());
    let Some(claimed) = claimed.map(InstallationId) else {
        return Ok(Redirect::to("/installations").into_response());
    };
    let seen = access::installation(&shared.services, &signed.person, claimed).await?;
    Ok(match seen {
        Some(seen) => Redirect::to(&format!("/installations/{}", seen.id)),
        None => Redirect::to("/installations"),
    }
    .into_response())
}

/// `GET /install/badge.svg`: for READMEs.
pub(super) async fn badge() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "image/svg+xml; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=86400"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; sandbox",
        ),
        // It is meant to be shown on other sites.
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "cross-origin",
        ),
    ];
    (headers, include_str!("templates/badge.svg")).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_get_through_to_github() {
        let to = |query: &str| chosen(query).unwrap_or_default();
        assert_eq!(
            to("suggested_target_id=7&repository_ids[]=1&repository_ids%5B%5D=2"),
            "suggested_target_id=7&repository_ids[]=1&repository_ids[]=2"
        );
        assert_eq!(to("repository_ids[]=1"), "", "GitHub needs the account");
        assert_eq!(to("suggested_target_id=7%26state%3Dx"), "");
        assert_eq!(
            to("suggested_target_id=7&repository_ids[]=x&state=evil"),
            "suggested_target_id=7"
        );
        let many = "&repository_ids[]=1".repeat(200);
        let chosen = to(&format!("suggested_target_id=7{many}"));
        assert_eq!(chosen.matches("repository_ids").count(), MOST_REPOSITORIES);
    }
}
