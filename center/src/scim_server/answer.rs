//! What goes back: a resource, a list or nothing.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde_json::Value;

/// RFC 7644 §8.1.
pub(super) const CONTENT_TYPE: &str = "application/scim+json";

/// A SCIM answer.
#[derive(Debug)]
pub(super) enum Answer {
    /// 200 with a document.
    Ok(Value),
    /// 201 with the new resource and its address, RFC 7644 §3.3.
    Created(Value),
    /// 204.
    NoContent,
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let (status, document) = match self {
            Self::Ok(document) => (StatusCode::OK, document),
            Self::Created(document) => (StatusCode::CREATED, document),
            Self::NoContent => return StatusCode::NO_CONTENT.into_response(),
        };
        let mut response =
            (status, [(header::CONTENT_TYPE, CONTENT_TYPE)], document.to_string()).into_response();
        let location = document["meta"]["location"].as_str().map(HeaderValue::try_from);
        if let (StatusCode::CREATED, Some(Ok(location))) = (status, location) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        response
    }
}
