//! graph

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use web::routes::Routes;

use crate::Directory;

/// The routes of this folder.
pub fn routes(_: &Directory) -> Routes<Directory> {
    Routes::new("anyone")
}

/// Graph's answer to a request without a valid access token.
pub fn unauthorized() -> Response {
    let message = "Access token is missing, expired or not of this tenant.";
    let body = serde_json::json!({ "error": { "code": "InvalidAuthenticationToken", "message": message } });
    (StatusCode::UNAUTHORIZED, [("www-authenticate", "Bearer")], Json(body)).into_response()
}
