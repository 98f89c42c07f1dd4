//! JSON bodies of both APIs, with refusals that say what is wrong and never repeat a value, which may be
//! a secret.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::refused::Refused;

/// A JSON body of our own API.
#[derive(Debug, Clone)]
pub struct ApiJson<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for ApiJson<T> {
    type Rejection = Refused;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refused> {
        read(request, state).await.map(Self)
    }
}

/// The body of a request as JSON, whatever its content type says: a program that got as far as a valid
/// access token is no browser that could be tricked into sending a form.
///
/// # Errors
/// [`Refused::Invalid`] with the place of the mistake, [`Refused::TooMany`] for a body over the limit.
pub async fn read<S: Send + Sync, T: DeserializeOwned>(request: Request, state: &S) -> Result<T, Refused> {
    let bytes = Bytes::from_request(request, state).await.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Refused::invalid("body", "shorter than the route's limit", ""),
        _ => Refused::invalid("body", "sent completely", ""),
    })?;
    serde_json::from_slice(&bytes).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        let text = error.to_string();
        let named = ["missing field", "unknown field", "duplicate field"].iter().any(|s| text.starts_with(s));
        match error.classify() {
            Category::Data if named => {
                let what = text.split(" at line").next().unwrap_or_default().to_owned();
                Refused::invalid("body", "a JSON object with the documented fields", &what)
            }
            Category::Data => {
                Refused::invalid("body", "a JSON object with fields of the documented types", &place)
            }
            _ => Refused::invalid("body", "JSON", &place),
        }
    })
}
