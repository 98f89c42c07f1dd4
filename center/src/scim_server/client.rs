//! Who may call the SCIM endpoints: the bearer of a live token of this tenant.

use std::time::Duration;

use axum::extract::{RawPathParams, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use scim::ScimError;
use store::StoreError;
use web::{Timestamp, token};

use super::refusal::Refusal;
use super::tokens::store::{self as tokens, Bearer};
use crate::Center;
use crate::access::Caller;

/// How old the noted last use may get.
const NOTE_USE_EVERY: Duration = Duration::from_secs(60);

/// Lets a client with a token of the tenant in the path pass; all others hear the same 401.
///
/// Guesses are not slowed down: a token has 256 random bits. Nor are clients: AWS allows 20 requests a
/// second, and a first cycle of Entra would only take longer by it.
pub(super) async fn scim_client(
    State(center): State<Center>,
    path: RawPathParams,
    mut request: Request,
    next: Next,
) -> Response {
    // Only the hash is looked up, so the time it takes tells nothing about a token.
    let hash = token::bearer(request.headers()).map(token::hash);
    let tenant = path.iter().find(|(name, _)| *name == "scim_tenant_id").map_or("", |(_, value)| value);
    let bearer = match authenticate(&center, tenant.to_owned(), hash).await {
        Ok(Some(bearer)) => bearer,
        Ok(None) => return unauthorized(),
        Err(error) => return Refusal::from(error).into_response(),
    };
    note_use(&center, &bearer);
    let actor = format!("scim:{}", bearer.token_id);
    request.extensions_mut().insert(Caller { actor, id: bearer.token_id, name: "SCIM".to_owned() });
    next.run(request).await
}

async fn authenticate(
    center: &Center,
    tenant: String,
    hash: Option<[u8; 32]>,
) -> Result<Option<Bearer>, StoreError> {
    let Some(hash) = hash else { return Ok(None) };
    let (instance, now) = (center.instance_id.clone(), center.clock.now());
    center.store.read(move |tx| tokens::bearer(tx, &instance, &tenant, &hash, now)).await
}

/// Notes when the token was used, beside the request and once a minute at most: the page shows which
/// of two tokens is still in use, and that is not worth a write for every request. No event either,
/// for nothing changed that anybody decided.
fn note_use(center: &Center, bearer: &Bearer) {
    let now = center.clock.now();
    let before = Timestamp(now.micros() - i64::try_from(NOTE_USE_EVERY.as_micros()).unwrap_or(0));
    if bearer.last_used_at.is_some_and(|at| at > before) {
        return;
    }
    let (center, token_id) = (center.clone(), bearer.token_id.clone());
    tokio::spawn(async move {
        let instance = center.instance_id.clone();
        let noted =
            center.store.write(move |tx| tokens::note_use(tx, &instance, &token_id, now, before)).await;
        if let Err(error) = noted {
            tracing::warn!(%error, "the use of a SCIM token could not be noted");
        }
    });
}

/// RFC 7644 §2 with RFC 6750 §3.
fn unauthorized() -> Response {
    let mut response = Refusal::from(ScimError::Unauthorized).into_response();
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}
