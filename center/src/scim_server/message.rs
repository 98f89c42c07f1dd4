//! The request's message: its body.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use http::{HeaderMap, header};
use scim::ScimError;
use serde_json::Value;

use super::refusal::Refusal;

/// A JSON body. Its size is limited by [`web::serve::MAX_BODY`], its depth by the parser (128).
#[derive(Debug)]
pub(super) struct Body(pub(super) Value);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        if !is_json(request.headers()) {
            return Err(Refusal::MediaType);
        }
        let bytes =
            Bytes::from_request(request, state).await.map_err(|rejection| match rejection.status() {
                http::StatusCode::PAYLOAD_TOO_LARGE => ScimError::TooLarge { limit: web::serve::MAX_BODY },
                _ => syntax("it could not be read to its end".to_owned()),
            })?;
        // The place is named, the text is not: it may be a person's data, and answers are logged.
        let read = serde_json::from_slice(&bytes).map_err(|error| {
            let what = if error.is_eof() { "ends too early" } else { "is no JSON of a depth up to 128" };
            syntax(format!("it {what}, at line {}, column {}", error.line(), error.column()))
        })?;
        Ok(Self(read))
    }
}

fn syntax(reason: String) -> ScimError {
    ScimError::InvalidSyntax { reason }
}

/// RFC 7644 §3.8 names application/scim+json; AWS documents application/json. Parameters such as
/// `charset=utf-8` (Entra sends it) do not matter: JSON is UTF-8 (RFC 8259 §8.1).
fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()) else { return false };
    let kind = value.split(';').next().unwrap_or_default().trim();
    ["application/scim+json", "application/json"].iter().any(|known| kind.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &'static str, expected: bool) {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, http::HeaderValue::from_static(value));
        assert_eq!(is_json(&headers), expected, "{value}");
    }

    #[test]
    fn both_media_types_are_taken_with_parameters() {
        check("application/scim+json; charset=utf-8", true);
        check("Application/JSON", true);
        check("text/json", false);
        check("application/json-patch+json", false);
        check("application/x-www-form-urlencoded", false);
        assert!(!is_json(&HeaderMap::new()));
    }
}
