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
pub(super) mod fields;
mod form;
mod page;
pub(super) mod place;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use super::Shared;

/// The pages of both layers. Not nested: a nested page knows only the end of its address, and could not be led back to
/// after a sign-in.
pub(super) fn routes() -> Router<Arc<Shared>> {
    [
        "/installations/{installation}/settings",
        "/installations/{installation}/repositories/{repository}/settings",
    ]
    .into_iter()
    .fold(Router::new(), |router, layer| {
        let at = |end: &str| format!("{layer}{end}");
        router
            .route(layer, get(page::show).post(acts::save))
            .route(&at("/history"), get(page::history))
            .route(&at("/undo"), post(acts::undo))
            .route(&at("/import"), post(acts::import))
            .route(&at("/settings.yaml"), get(acts::export))
            .route(&at("/key"), post(acts::set_key))
            .route(&at("/key/remove"), post(acts::remove_key))
            .route(&at("/key/test"), post(acts::test_key))
    })
}
