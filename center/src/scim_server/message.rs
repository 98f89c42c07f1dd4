//! The request's message: its body.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use scim::ScimError;
use serde_json::Value;

use super::media_type::{is_coded, is_json};
use super::refusal::Refusal;

/// How long a client may take to send a body. A mebibyte in this time is slower than any line in use.
const SLOWEST: Duration = Duration::from_secs(30);

/// A JSON body. Its size is limited by [`web::serve::MAX_BODY`], its depth by [`scim::json`].
#[derive(Debug)]
pub(super) struct Body(pub(super) Value);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        if !is_json(request.headers()) {
            return Err(Refusal::MediaType);
        }
        if is_coded(request.headers()) {
            return Err(Refusal::ContentCoding);
        }
        Ok(Self(scim::json::read(&bytes(request, state, SLOWEST).await?)?))
    }
}

async fn bytes<S: Send + Sync>(request: Request, state: &S, slowest: Duration) -> Result<Bytes, Refusal> {
    let read = tokio::time::timeout(slowest, Bytes::from_request(request, state)).await;
    let read = read.map_err(|_| Refusal::SlowBody { seconds: slowest.as_secs() })?;
    Ok(read.map_err(|rejection| match rejection.status() {
        http::StatusCode::PAYLOAD_TOO_LARGE => ScimError::TooLarge { limit: web::serve::MAX_BODY },
        _ => ScimError::InvalidSyntax { reason: "it could not be read to its end".to_owned() },
    })?)
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;

    use super::*;

    #[tokio::test]
    async fn a_body_that_never_ends_is_given_up() {
        let endless = futures::stream::pending::<Result<Bytes, std::io::Error>>();
        let request = Request::new(axum::body::Body::from_stream(endless));
        let refused = bytes(request, &(), Duration::ZERO).await.unwrap_err();
        assert!(matches!(refused, Refusal::SlowBody { seconds: 0 }), "{refused}");
        assert_eq!(refused.into_response().status(), http::StatusCode::REQUEST_TIMEOUT);
    }
}
