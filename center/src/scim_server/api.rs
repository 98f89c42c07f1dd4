//! `/api/scim`: the switch and its tokens for programs.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::base;
use super::mode::Mode;
use super::rate::ALLOWED;
use super::seen::Seen;
use super::tokens::{self, NewToken, Provisioning, Token, TokenError, store};
use crate::Center;
use crate::access::Caller;
use crate::admin_api::{ApiError, JsonBody};

/// `GET /api/scim`.
pub(super) async fn show(State(center): State<Center>) -> Result<Json<Value>, ApiError> {
    Ok(Json(document(&center, &load(&center).await?)))
}

/// `POST /api/scim/enable`.
pub(super) async fn enable(State(center): State<Center>, caller: Caller) -> Result<Response, ApiError> {
    let author = center.author(&caller);
    let new = NewToken::draw(&center.random, author.now);
    let made = new.clone();
    let state = center.store.write(move |tx| store::enable(tx, &author, &made)).await?;
    let body = json!({ "endpoint": endpoint(&center, &state), "token": with_secret(&new) });
    Ok((StatusCode::CREATED, Json(body)).into_response())
}

/// `POST /api/scim/disable`.
pub(super) async fn disable(State(center): State<Center>, caller: Caller) -> Result<Json<Value>, ApiError> {
    let author = center.author(&caller);
    center.store.write(move |tx| store::disable(tx, &author)).await?;
    Ok(Json(document(&center, &load(&center).await?)))
}

/// `POST /api/scim/tokens`.
pub(super) async fn create_token(State(center): State<Center>, caller: Caller) -> Result<Response, ApiError> {
    let author = center.author(&caller);
    let new = NewToken::draw(&center.random, author.now);
    let made = new.clone();
    center.store.write(move |tx| store::create(tx, &author, &made)).await?;
    Ok((StatusCode::CREATED, Json(with_secret(&new))).into_response())
}

/// `DELETE /api/scim/tokens/{id}`.
pub(super) async fn delete_token(
    State(center): State<Center>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    let author = center.author(&caller);
    center.store.write(move |tx| store::delete(tx, &author, &id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// `{"evenIfUnused": true}`: also where no request came with the newer token so far.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct FinishBody {
    #[serde(default)]
    even_if_unused: bool,
}

/// `POST /api/scim/tokens/finish-rotation`: deletes the older of two tokens.
pub(super) async fn finish_rotation(
    State(center): State<Center>,
    caller: Caller,
    JsonBody(body): JsonBody<FinishBody>,
) -> Result<Json<Value>, ApiError> {
    let author = center.author(&caller);
    let deleted = center.store.write(move |tx| tokens::finish(tx, &author, body.even_if_unused)).await?;
    Ok(Json(json!({ "deletedTokenId": deleted })))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RateLimitBody {
    requests_per_second: i64,
}

/// `PUT /api/scim/rate-limit`
pub(super) async fn set_rate_limit(
    State(center): State<Center>,
    caller: Caller,
    JsonBody(body): JsonBody<RateLimitBody>,
) -> Result<Json<Value>, ApiError> {
    let author = center.author(&caller);
    center.store.write(move |tx| store::set_rate_limit(tx, &author, body.requests_per_second)).await?;
    Ok(Json(document(&center, &load(&center).await?)))
}

/// `{"mode": "strict"}`; null puts the default back.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ModeBody {
    mode: Option<String>,
}

/// `PUT /api/scim/mode`.
pub(super) async fn set_mode(
    State(center): State<Center>,
    caller: Caller,
    JsonBody(body): JsonBody<ModeBody>,
) -> Result<Json<Value>, ApiError> {
    choose(&center, &caller, None, body).await
}

/// `PUT /api/scim/tokens/{id}/mode`.
pub(super) async fn set_token_mode(
    State(center): State<Center>,
    caller: Caller,
    Path(id): Path<String>,
    JsonBody(body): JsonBody<ModeBody>,
) -> Result<Json<Value>, ApiError> {
    choose(&center, &caller, Some(id), body).await
}

async fn choose(
    center: &Center,
    caller: &Caller,
    token: Option<String>,
    body: ModeBody,
) -> Result<Json<Value>, ApiError> {
    let mode = body.mode.as_deref().map(read_mode).transpose()?;
    let author = center.author(caller);
    center.store.write(move |tx| store::set_mode(tx, &author, token.as_deref(), mode)).await?;
    Ok(Json(document(center, &load(center).await?)))
}

/// The mode of this name.
///
/// # Errors
/// [`ApiError`] with the names that there are.
pub(super) fn read_mode(name: &str) -> Result<Mode, ApiError> {
    let refused = || ApiError::invalid("mode", "one of tolerant, strict and aws is needed", name);
    Mode::of(name).ok_or_else(refused)
}

/// Automatic provisioning as it stands, with what this process saw and has not written yet.
pub(super) async fn load(center: &Center) -> Result<Provisioning, TokenError> {
    let instance = center.instance_id.clone();
    let mut state = center.store.read(move |tx| store::load(tx, &instance)).await?;
    for token in &mut state.tokens {
        let fresh = center.scim_seen.of(&token.id);
        token.seen = match (token.seen.take(), fresh) {
            (Some(written), Some(fresh)) => Some(written.and(fresh)),
            (written, fresh) => written.or(fresh),
        };
    }
    Ok(state)
}

/// With a slash at its end, as AWS shows it: a client that resolves `Users` against it and one that
/// appends `/Users` both arrive.
pub(super) fn endpoint(center: &Center, state: &Provisioning) -> String {
    format!("{}/", base(center, &state.scim_tenant_id))
}

fn document(center: &Center, state: &Provisioning) -> Value {
    json!({
        "enabled": state.enabled,
        "endpoint": endpoint(center, state),
        "mode": state.mode.name(),
        "requestsPerSecond": state.requests_per_second,
        "tokens": state.tokens.iter().map(token).collect::<Vec<_>>(),
    })
}

fn token(token: &Token) -> Value {
    json!({
        "id": token.id,
        "createdAt": token.created_at.rfc3339(),
        "expiresAt": token.expires_at.rfc3339(),
        "lastUsedAt": token.last_used_at.map(web::Timestamp::rfc3339),
        "mode": token.mode.map(Mode::name),
        "client": token.seen.as_ref().map(client),
    })
}

/// What the client was seen to be.
fn client(seen: &Seen) -> Value {
    let quirks = seen.quirks.iter().map(|q| json!({ "name": q.name(), "what": q.what(), "link": q.link() }));
    json!({
        "dialect": seen.speaks().name(),
        "title": seen.speaks().title(),
        "link": seen.speaks().link(),
        "quirks": quirks.collect::<Vec<_>>(),
        "userAgent": seen.user_agent,
        "firstSeenAt": seen.first.rfc3339(),
        "lastSeenAt": seen.last.rfc3339(),
    })
}

fn with_secret(new: &NewToken) -> Value {
    json!({ "id": new.token.id, "secret": new.secret, "expiresAt": new.token.expires_at.rfc3339() })
}

impl From<TokenError> for ApiError {
    fn from(error: TokenError) -> Self {
        let conflict = |code| Self::new(StatusCode::CONFLICT, code, error.to_string());
        match error {
            TokenError::SourceNotExternal => conflict("SourceNotExternal")
                .fix("change the identity source to an external identity provider"),
            TokenError::AlreadyEnabled => conflict("AlreadyEnabled").fix("create another token instead"),
            TokenError::NotEnabled => conflict("NotEnabled").fix("enable it first"),
            TokenError::TokenLimit => conflict("TokenLimit").fix("delete the one that is not in use"),
            TokenError::TokenNotFound(_) => Self::not_found("TokenNotFound", error.to_string()).target("id"),
            TokenError::NoRotation(_) => conflict("NoRotation")
                .fix("create a second token and enter it at the identity provider first"),
            TokenError::NewTokenUnused(_) => conflict("NewTokenUnused").fix(
                "enter it at the identity provider and wait for its next cycle, or confirm evenIfUnused",
            ),
            TokenError::RateLimit(found) => {
                let message = format!("a number from {} to {} is needed", ALLOWED.start(), ALLOWED.end());
                Self::invalid("requestsPerSecond", message, &found.to_string())
            }
            TokenError::TokensLeft(_) => conflict("TokensLeft").fix("delete the tokens first"),
            TokenError::Store(error) => error.into(),
        }
    }
}
