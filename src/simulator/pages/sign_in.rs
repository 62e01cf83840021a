//! Where people let the App act as them, and where the App fetches their tokens.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};
use url::{Url, form_urlencoded};

use super::chosen;
use crate::simulator::call::Actor;
use crate::simulator::door::{Recorded, Shared};
use crate::simulator::faults::Effect;
use crate::simulator::world::TokenRequest;

const TOKEN_PATH: &str = "/login/oauth/access_token";

#[derive(Deserialize)]
pub(super) struct Asked {
    client_id: String,
    redirect_uri: Option<String>,
    state: Option<String>,
    code_challenge: Option<String>,
    code_challenge_method: Option<String>,
}

/// The person who is chosen at the top of the pages agrees at once, unless told to say no.
pub(super) async fn authorize(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    Query(asked): Query<Asked>,
) -> Response {
    let mut world = shared.world();
    if asked.client_id != world.app.client_id {
        return (StatusCode::NOT_FOUND, "no such App").into_response();
    }
    let first = world.app.callback_urls.first().cloned();
    let back = asked.redirect_uri.clone().or(first).unwrap_or_default();
    let (Some(mut url), true) = (Url::parse(&back).ok(), world.is_callback(&back)) else {
        let words = "The redirect_uri MUST match the registered callback URL for this application.";
        return (StatusCode::BAD_REQUEST, words).into_response();
    };
    if asked
        .code_challenge_method
        .as_deref()
        .is_some_and(|m| m != "S256")
    {
        return (
            StatusCode::BAD_REQUEST,
            "code_challenge_method must be S256",
        )
            .into_response();
    }
    let mut answer: Vec<(&str, String)> = Vec::new();
    if world.desk.denies {
        answer.push(("error", "access_denied".to_owned()));
        let words = "The user has denied your application access.";
        answer.push(("error_description", words.to_owned()));
    } else {
        let frame = world.frame(chosen(&headers).as_deref(), "/");
        let Some(account) = world.find_account(&frame.acting) else {
            return (StatusCode::NOT_FOUND, "nobody is there").into_response();
        };
        let code = world.grant_code(account, &back, asked.code_challenge.as_deref());
        answer.push(("code", code));
    }
    answer.extend(asked.state.map(|state| ("state", state)));
    url.query_pairs_mut().extend_pairs(answer);
    (StatusCode::FOUND, [(header::LOCATION, url.to_string())]).into_response()
}

/// Form or JSON in; JSON out only for those who ask for it, else a form, as GitHub does. Errors come with 200.
pub(super) async fn token(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let effect = shared.world().faults.strike(&Method::POST, TOKEN_PATH);
    if let Some(Effect::Delay(time)) = effect {
        tokio::time::sleep(time).await;
    }
    let mut world = shared.world();
    let fields: BTreeMap<String, String> = serde_json::from_slice(&body)
        .unwrap_or_else(|_| form_urlencoded::parse(&body).into_owned().collect());
    let field = |name: &str| fields.get(name).map(String::as_str);
    let header = |name| {
        let value = headers.get(name)?.to_str().ok()?;
        Some(value.to_owned())
    };
    let request = TokenRequest {
        client_id: field("client_id").unwrap_or_default(),
        client_secret: field("client_secret").unwrap_or_default(),
        grant_type: field("grant_type").unwrap_or_default(),
        code: field("code").unwrap_or_default(),
        redirect: field("redirect_uri"),
        verifier: field("code_verifier"),
        refresh_token: field("refresh_token").unwrap_or_default(),
    };
    let answer = match effect {
        None | Some(Effect::Delay(_)) => world.give_token(&request).map_err(Some),
        Some(_) => Err(None),
    };
    let recorded = Recorded {
        method: Method::POST,
        path: TOKEN_PATH.to_owned(),
        route: TOKEN_PATH.to_owned(),
        query: String::new(),
        status: if matches!(answer, Err(None)) {
            502
        } else {
            200
        },
        at: world.now(),
        actor: Actor::Nobody,
        // Not what was sent: it is secret.
        body: json!({"grant_type": request.grant_type}),
        api_version: header("x-github-api-version"),
        user_agent: header("user-agent"),
    };
    world.requests.push(recorded);
    drop(world);
    let answer = match answer {
        Ok(answer) => answer,
        Err(Some((error, description))) => json!({
            "error": error,
            "error_description": description,
            "error_uri": "https://docs.github.com/apps/managing-oauth-apps/troubleshooting-oauth-app-access-token-request-errors/",
        }),
        Err(None) => return (StatusCode::BAD_GATEWAY, "Unicorn!").into_response(),
    };
    if header("accept").is_some_and(|kind| kind.contains("json")) {
        return (
            [(header::CONTENT_TYPE, "application/json; charset=utf-8")],
            answer.to_string(),
        )
            .into_response();
    }
    let text = |value: &Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    let pairs = answer.as_object().into_iter().flatten();
    let form = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs.map(|(name, value)| (name.clone(), text(value))))
        .finish();
    let kind = "application/x-www-form-urlencoded; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], form).into_response()
}
