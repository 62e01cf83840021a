//! The web pages: what a person would look at and click on.

use std::sync::Arc;

use axum::Router;

use super::door::Shared;

pub(crate) fn router() -> Router<Arc<Shared>> {
    Router::new()
}
