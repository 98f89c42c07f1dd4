//! Refusals as Graph says them: `{"error":{"code","message","innerError":{"date","request-id"}}}`
//! (Microsoft Graph, "Error responses and resource types").

use axum::Json;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::json;

use crate::Directory;
use crate::refused::Refused;

const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");

/// A refusal on its way to a Graph client.
#[derive(Debug)]
pub struct GraphError(pub Refused);

impl<E: Into<Refused>> From<E> for GraphError {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

/// What [`stamp`] completes: it alone knows the time and the request's id.
#[derive(Debug, Clone)]
struct Unstamped {
    code: &'static str,
    message: String,
}

impl IntoResponse for GraphError {
    fn into_response(self) -> Response {
        self.0.log();
        let (code, status) = match (&self.0, self.0.code().1) {
            (Refused::Query(_), _) => ("Request_UnsupportedQuery", StatusCode::BAD_REQUEST),
            (Refused::TooLate, _) => ("Request_ResourceNotFound", StatusCode::NOT_FOUND),
            (Refused::Store(_), StatusCode::CONFLICT) => ("Request_Conflict", StatusCode::CONFLICT),
            (_, StatusCode::NOT_FOUND) => ("Request_ResourceNotFound", StatusCode::NOT_FOUND),
            (_, StatusCode::FORBIDDEN) => ("Authorization_RequestDenied", StatusCode::FORBIDDEN),
            (_, StatusCode::INTERNAL_SERVER_ERROR) => {
                ("Service_InternalServerError", StatusCode::INTERNAL_SERVER_ERROR)
            }
            // Graph has 400 for what clashes as well as for what is malformed.
            _ => ("Request_BadRequest", StatusCode::BAD_REQUEST),
        };
        unstamped(status, code, self.0.for_people())
    }
}

fn unstamped(status: StatusCode, code: &'static str, message: String) -> Response {
    let body = json!({ "error": { "code": code, "message": message } });
    let mut response = (status, Json(body)).into_response();
    response.extensions_mut().insert(Unstamped { code, message });
    response
}

/// Graph's answer to a request without a valid access token.
pub fn unauthorized() -> Response {
    let message = "Access token is missing, expired or not of this tenant.".to_owned();
    let mut response = unstamped(StatusCode::UNAUTHORIZED, "InvalidAuthenticationToken", message);
    response.headers_mut().insert(http::header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

/// The layer that gives every answer its request id, and errors the rest of their body.
pub async fn stamp(State(directory): State<Directory>, request: Request, next: Next) -> Response {
    let id = directory.random.uuid();
    let mut response = next.run(request).await;
    if let Some(Unstamped { code, message }) = response.extensions_mut().remove() {
        let inner = json!({ "date": directory.clock.now().rfc3339(), "request-id": id });
        let body = json!({ "error": { "code": code, "message": message, "innerError": inner } });
        let (mut parts, _) = response.into_parts();
        parts.headers.remove(http::header::CONTENT_LENGTH);
        response = Response::from_parts(parts, axum::body::Body::from(body.to_string()));
    }
    if let Ok(value) = HeaderValue::try_from(id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}
