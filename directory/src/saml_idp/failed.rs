//! The answer where the store failed.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use store::StoreError;

/// The store failed; the person hears that, the log hears why.
#[derive(Debug)]
pub struct Failed(StoreError);

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Self(error)
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        tracing::error!(error = %self.0, "the store failed during single sign-on");
        let text = "Nothing was changed. Try again; the server's log says what happened.";
        web::page::message(StatusCode::INTERNAL_SERVER_ERROR, "Something failed on our side", text)
    }
}
