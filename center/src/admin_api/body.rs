//! What handlers of the admin API take.

use std::collections::HashMap;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use http::StatusCode;
use http::request::Parts;
use serde::de::DeserializeOwned;

use super::ApiError;

/// A JSON body.
#[derive(Debug)]
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let bytes = Bytes::from_request(request, state).await.map_err(|e| {
            let status = e.status();
            ApiError::new(status, "BodyUnreadable", e.body_text())
        })?;
        match serde_json::from_slice(&bytes) {
            Ok(value) => Ok(Self(value)),
            // serde's messages name keys, types and places, and no values of texts that are secrets:
            // the fields for secrets take any text.
            Err(error) => Err(ApiError::new(
                StatusCode::BAD_REQUEST,
                "BodyInvalid",
                format!("the body is not the JSON that is needed: {error}"),
            )),
        }
    }
}

/// The query of a URL.
#[derive(Debug, Clone, Default)]
pub struct Params(HashMap<String, String>);

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let Query(map) = Query::from_request_parts(parts, state)
            .await
            .map_err(|_| ApiError::invalid("query", "the query of the URL cannot be read", ""))?;
        Ok(Self(map))
    }
}

impl Params {
    /// A value; empty where it is absent.
    pub fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", |v| v.trim())
    }

    /// Whether the value is `true`.
    ///
    /// # Errors
    /// Anything but `true`, `false` and absence: a rehearsal that was meant must not become the real
    /// thing by a spelling mistake.
    pub fn flag(&self, name: &str) -> Result<bool, ApiError> {
        match self.text(name) {
            "true" => Ok(true),
            "" | "false" => Ok(false),
            other => Err(ApiError::invalid(name, "true or false is needed", other)),
        }
    }

    /// `limit`, between 1 and `max`.
    ///
    /// # Errors
    /// Where it is no number between them.
    pub fn limit(&self, default: i64, max: i64) -> Result<i64, ApiError> {
        let text = self.text("limit");
        if text.is_empty() {
            return Ok(default);
        }
        match text.parse() {
            Ok(n) if (1..=max).contains(&n) => Ok(n),
            _ => Err(ApiError::invalid("limit", format!("a number from 1 to {max} is needed"), text)),
        }
    }
}

/// `{"value": […], "next": …}`: `next` is there where another page may follow.
pub fn paged(
    value: Vec<serde_json::Value>,
    limit: i64,
    next: Option<String>,
) -> axum::Json<serde_json::Value> {
    let full = i64::try_from(value.len()).unwrap_or(i64::MAX) >= limit;
    let mut body = serde_json::json!({ "value": value });
    if let (true, Some(next)) = (full, next) {
        body["next"] = next.into();
    }
    axum::Json(body)
}
