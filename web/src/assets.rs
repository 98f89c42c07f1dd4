//! Style sheet and script, embedded, under names that carry their hash and so can be kept for ever.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use sha2::{Digest, Sha256};

const CSS: &str = include_str!("../assets/entente.css");
const JS: &str = include_str!("../assets/entente.js");

static CSS_PATH: LazyLock<String> = LazyLock::new(|| named(CSS, "css"));
static JS_PATH: LazyLock<String> = LazyLock::new(|| named(JS, "js"));

/// The route that both halves give to [`serve`].
pub const ROUTE: &str = "/assets/{name}";

/// Where the style sheet is.
pub fn css() -> &'static str {
    &CSS_PATH
}

/// Where the script is.
pub fn js() -> &'static str {
    &JS_PATH
}

fn named(content: &str, kind: &str) -> String {
    format!("/assets/{}.{kind}", &hex::encode(Sha256::digest(content))[..16])
}

/// GET /assets/{name}
pub async fn serve(Path(name): Path<String>) -> Response {
    let path = format!("/assets/{name}");
    let (kind, content) = match path {
        p if p == css() => ("text/css; charset=utf-8", CSS),
        p if p == js() => ("text/javascript; charset=utf-8", JS),
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    let headers =
        [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
    (headers, content).into_response()
}
