//! What pages load beside themselves: each under a name that its content decides, so that browsers keep it for good.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use sha2::{Digest as _, Sha256};

/// One file.
pub(crate) struct Asset {
    /// `site` and `css` of `site.css`.
    stem: &'static str,
    extension: &'static str,
    media_type: &'static str,
    text: &'static str,
    address: LazyLock<String>,
}

macro_rules! asset {
    ($(#[$doc:meta])* $name:ident: $stem:literal, $extension:literal, $media_type:literal, $text:expr) => {
        $(#[$doc])*
        pub(crate) static $name: Asset = Asset {
            stem: $stem,
            extension: $extension,
            media_type: $media_type,
            text: $text,
            address: LazyLock::new(|| address(&$name)),
        };
    };
}

asset!(
    /// How pages look.
    STYLE: "site", "css", "text/css; charset=utf-8",
    concat!(
        include_str!("assets/tokens.css"),
        include_str!("assets/base.css"),
        include_str!("assets/parts.css"),
        include_str!("assets/home.css"),
        include_str!("assets/run.css"),
    )
);
asset!(
    /// What makes pages better where scripts run.
    SCRIPT: "site", "js", "text/javascript; charset=utf-8", include_str!("assets/site.js")
);
asset!(
    /// In the browser's tab.
    ICON: "icon", "svg", "image/svg+xml", include_str!("assets/icon.svg")
);

static ALL: [&Asset; 3] = [&STYLE, &SCRIPT, &ICON];

impl Asset {
    /// `/assets/site.0123456789ab.css`
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    fn plain_name(&self) -> String {
        format!("{}.{}", self.stem, self.extension)
    }
}

fn address(asset: &Asset) -> String {
    let sum = hex::encode(&Sha256::digest(asset.text)[..6]);
    format!("/assets/{}.{sum}.{}", asset.stem, asset.extension)
}

/// `GET /assets/{name}`: for good under the name of today's content, for a short while under the plain one.
pub(super) async fn serve(Path(name): Path<String>) -> Response {
    let full = format!("/assets/{name}");
    let found = ALL.iter().find_map(|asset| {
        if asset.address() == full {
            Some((asset, "public, max-age=31536000, immutable"))
        } else {
            (asset.plain_name() == name).then_some((asset, "public, max-age=300"))
        }
    });
    match found {
        Some((asset, keep)) => {
            let headers = [
                (header::CONTENT_TYPE, asset.media_type),
                (header::CACHE_CONTROL, keep),
            ];
            (headers, asset.text).into_response()
        }
        None => super::pages::not_found().await.into_response(),
    }
}
