//! The JSON API for scripts and dashboards, over the same flows as the pages; `OpenAPI` is generated from what is here.
//!
//! Invariant: no cookie counts here, only a token; everything is within the token's installation.

mod body;
mod caller;
mod described;
mod names;
pub(super) mod problem;
mod runs;
mod settings;

use std::sync::{Arc, LazyLock};

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use utoipa::OpenApi;
use utoipa::openapi::OpenApi as Description;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Shared;
use problem::ApiError;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "OpenProducer",
        version = "1",
        description = "Runs, plans and settings of one installation. Ask with `Authorization: Bearer opr_…`; an admin makes tokens on the installation's page. At most 120 requests a minute for a token. What is refused is answered with a problem, whose `code` a script can go by. What was not answered can be sent again: a command that was carried out, and settings that are so already, are answered as the first time."
    ),
    components(schemas(problem::Problem, names::RunStanding)),
    servers((url = "/api/v1")),
    tags(
        (name = "runs", description = "One journey from request to result"),
        (name = "settings", description = "Of the installation and of its repositories")
    ),
    security(("token" = []))
)]
struct About;

fn described() -> (Router<Arc<Shared>>, Description) {
    let (router, mut description) = OpenApiRouter::with_openapi(About::openapi())
        .routes(routes!(caller::token))
        .routes(routes!(runs::list))
        .routes(routes!(runs::show))
        .routes(routes!(runs::plan))
        .routes(routes!(runs::confirm))
        .routes(routes!(runs::cancel))
        .routes(routes!(runs::roll_back))
        .routes(routes!(
            settings::of_installation,
            settings::set_of_installation
        ))
        .routes(routes!(
            settings::of_repository,
            settings::set_of_repository
        ))
        .split_for_parts();
    let token = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    let components = description.components.get_or_insert_default();
    components.add_security_scheme("token", token);
    described::refusals(&mut description);
    (router, description)
}

static DESCRIPTION: LazyLock<Description> = LazyLock::new(|| described().1);

/// What the API can do, as `OpenAPI`.
async fn describe() -> Response {
    Json(&*DESCRIPTION).into_response()
}

/// Everything under `/api/v1`.
pub(super) fn routes() -> Router<Arc<Shared>> {
    let api = described()
        .0
        .route("/openapi.json", get(describe))
        .fallback(async || ApiError::NotFound)
        .method_not_allowed_fallback(async || ApiError::MethodNotAllowed)
        .layer(axum::middleware::map_response(
            async |mut response: Response| {
                let keep = HeaderValue::from_static("no-store");
                response
                    .headers_mut()
                    .entry(header::CACHE_CONTROL)
                    .or_insert(keep);
                response
            },
        ));
    Router::new().nest("/api/v1", api)
}
