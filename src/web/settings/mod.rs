//! The settings of an installation or a repository: seen with where each comes from, changed, undone, carried.
//!
//! | file | |
//! |---|---|
//! | `place` | whose settings, and whether this person may see them at all |
//! | `page` | the form with its values, faults and limits |
//! | `fields` | each setting in words |
//! | `form` | what was typed, as a document |
//! | `acts` | what the page's buttons do |

mod acts;
mod fields;
mod form;
mod page;
pub(super) mod place;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use super::Shared;

/// The pages of both layers.
pub(super) fn routes() -> Router<Arc<Shared>> {
    let of_layer = Router::new()
        .route("/", get(page::show).post(acts::save))
        .route("/history", get(page::history))
        .route("/undo", post(acts::undo))
        .route("/import", post(acts::import))
        .route("/settings.yaml", get(acts::export))
        .route("/key", post(acts::set_key))
        .route("/key/remove", post(acts::remove_key))
        .route("/key/test", post(acts::test_key));
    Router::new()
        .nest("/installations/{installation}/settings", of_layer.clone())
        .nest(
            "/installations/{installation}/repositories/{repository}/settings",
            of_layer,
        )
}
