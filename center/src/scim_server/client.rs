//! Who may call the SCIM endpoints: the bearer of a live token of this tenant.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, Uri, header};
use scim::dialect::{Dialect, Signs};
use scim::{Quirk, ScimError};
use store::StoreError;
use web::{Timestamp, token};

use super::aws;
use super::base;
use super::call::Judged;
use super::edge;
use super::known::Client;
use super::media_type::{JSON, accepts_json};
use super::mode::Mode;
use super::rate::Limit;
use super::refusal::{Refusal, Refused};
use super::schemas::{self, Kinds};
use super::seen::Glimpse;
use super::tokens::store as tokens;
use crate::Center;

/// How old the noted last use may get.
const NOTE_USE_EVERY: Duration = Duration::from_secs(60);

/// Lets a client with a token of the tenant in the path pass; all others hear the same 401.
///
/// Guesses are not slowed down: a token has 256 random bits. A client that sends more than its token allows hears
/// when to come again.
pub(super) async fn scim_client(State(center): State<Center>, request: Request, next: Next) -> Response {
    let response = match edge::is_text(request.uri().path()) {
        true => judged(&center, request, next).await,
        false => Refusal::NoEndpoint.into_response(),
    };
    edge::finished(&center, response)
}

async fn judged(center: &Center, mut request: Request, next: Next) -> Response {
    // Only the hash is looked up, so the time it takes tells nothing about a token.
    let hash = token::bearer(request.headers()).map(token::hash);
    let now = center.clock.now();
    let client = match authenticate(center, &edge::tenant(request.uri().path()), hash, now).await {
        Ok(Some(found)) => found,
        Ok(None) => return unauthorized(),
        Err(error) => return Refusal::from(error).into_response(),
    };
    if let Err(wait) = center.scim_rate.take(&client.caller.id, client.limit, now) {
        return too_many(client.limit, wait);
    }
    note_use(center, &client, now);
    let mode = client.mode;
    let judged = Judged { client, quirks: mode.quirks().noting() };
    request.extensions_mut().insert(judged.clone());
    let signs = OwnedSigns::of(&request);
    let absent = match mode {
        Mode::Aws => aws::check_route(request.method(), request.uri().path()).err(),
        Mode::Strict if !accepts_json(request.headers()) => Some(Refusal::NotAcceptable),
        Mode::Tolerant | Mode::Strict => None,
    };
    let mut response = match absent {
        Some(refusal) => refusal.into_response(),
        None => next.run(request).await,
    };
    let met = judged.quirks.met();
    if let Some(refused) = response.extensions_mut().remove::<Refused>() {
        let refused = match mode {
            Mode::Tolerant => refused,
            Mode::Strict => refused.with_deviations(&met),
            Mode::Aws => refused.in_words_of_aws(),
        };
        response.extensions_mut().insert(refused);
    }
    if mode == Mode::Aws
        && let Some(kind) = response.headers_mut().get_mut(header::CONTENT_TYPE)
    {
        *kind = HeaderValue::from_static(JSON);
    }
    note_seen(center, &judged.client.caller.id, &signs.seen(&met, now));
    response
}

/// What a request shows of its client beside the deviations.
struct OwnedSigns {
    user_agent: Option<HeaderValue>,
    uri: Uri,
    adscim_version: bool,
}

impl OwnedSigns {
    fn of(request: &Request) -> Self {
        Self {
            user_agent: request.headers().get(header::USER_AGENT).cloned(),
            uri: request.uri().clone(),
            adscim_version: request.headers().contains_key("adscimversion"),
        }
    }

    fn seen<'a>(&'a self, met: &'a [Quirk], at: Timestamp) -> Glimpse<'a> {
        let user_agent = self.user_agent.as_ref().and_then(|v| v.to_str().ok()).unwrap_or_default();
        let query = self.uri.query().unwrap_or_default();
        let signs = Signs { user_agent, query, adscim_version: self.adscim_version };
        Glimpse { dialect: Dialect::detect(met, &signs), quirks: met, user_agent, at }
    }
}

/// Notes what the client was seen to be, written beside the request and once a minute at most.
fn note_seen(center: &Center, token_id: &str, seen: &Glimpse<'_>) {
    let Some(due) = center.scim_seen.note(token_id, seen) else { return };
    let (center, token_id) = (center.clone(), token_id.to_owned());
    tokio::spawn(async move {
        let instance = center.instance_id.clone();
        let noted = center.store.write(move |tx| tokens::note_seen(tx, &instance, &token_id, &due)).await;
        if let Err(error) = noted {
            tracing::warn!(%error, "what a SCIM client was seen to be could not be noted");
        }
    });
}

async fn authenticate(
    center: &Center,
    tenant: &str,
    hash: Option<[u8; 32]>,
    now: Timestamp,
) -> Result<Option<Arc<Client>>, StoreError> {
    let Some(hash) = hash else { return Ok(None) };
    // Counted before the look-up: what changes during it is noticed.
    let changes = center.store.changes_of_settings();
    if let Some(known) = changes.and_then(|changes| center.scim_known.find(tenant, &hash, changes, now)) {
        return Ok(Some(known));
    }
    let (this, tenant) = (center.clone(), tenant.to_owned());
    let read = center.store.read(move |tx| {
        let instance = &this.instance_id;
        let Some(bearer) = tokens::bearer(tx, instance, &tenant, &hash, now)? else { return Ok(None) };
        let kinds = Kinds::of(&schemas::store::defined(tx, instance)?)?;
        Ok::<_, StoreError>(Some(Client::new(&tenant, base(&this, &tenant), bearer, kinds)))
    });
    let Some(client) = read.await? else { return Ok(None) };
    if let Some(changes) = changes {
        center.scim_known.keep(hash, &client, changes, now);
    }
    Ok(Some(Arc::new(client)))
}

/// Notes when the token was used, beside the request and once a minute at most: the page shows which
/// of two tokens is still in use, and that is not worth a write for every request. No event either,
/// for nothing changed that anybody decided.
fn note_use(center: &Center, client: &Client, now: Timestamp) {
    let before = Timestamp(now.micros() - i64::try_from(NOTE_USE_EVERY.as_micros()).unwrap_or(0));
    if client.last_used_at.is_some_and(|at| at > before) {
        return;
    }
    let (center, token_id) = (center.clone(), client.caller.id.clone());
    tokio::spawn(async move {
        let instance = center.instance_id.clone();
        let noted =
            center.store.write(move |tx| tokens::note_use(tx, &instance, &token_id, now, before)).await;
        if let Err(error) = noted {
            tracing::warn!(%error, "the use of a SCIM token could not be noted");
        }
    });
}

/// RFC 6585 §4, with whole seconds in `Retry-After` (RFC 9110 §10.2.3).
fn too_many(limit: Limit, wait: Duration) -> Response {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    let mut response = Refusal::TooManyRequests { per_second: limit.per_second, seconds }.into_response();
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

/// RFC 7644 §2 with RFC 6750 §3.
fn unauthorized() -> Response {
    let mut response = Refusal::from(ScimError::Unauthorized).into_response();
    response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}
