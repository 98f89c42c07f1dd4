//! saml_sp

use axum::response::Response;
use http::{HeaderMap, StatusCode};
use web::page;
use web::routes::Routes;

use crate::Center;

/// The routes of this folder.
pub fn routes(_: &Center) -> Routes<Center> {
    Routes::new("anyone")
}

/// Sends the browser to the external identity provider.
pub async fn start(_: &Center, _: &HeaderMap, _: &str) -> Response {
    page::message(
        StatusCode::NOT_IMPLEMENTED,
        "Not here",
        "Sign-in at an identity provider is not in this build.",
    )
}
