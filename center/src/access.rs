//! Who is calling: the checks that stand before groups of routes.
//!
//! Each leaves a [`Caller`] in the request, which handlers take as an argument and events name.

use axum::Json;
use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode};
use store::StoreError;
use web::{session, token};

use crate::Center;

/// The audience of sessions of administrators in the console.
pub const CONSOLE_AUDIENCE: &str = "console";
/// The audience of sessions of users in the access portal.
pub const PORTAL_AUDIENCE: &str = "portal";

/// Who is calling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// For events: `administrator:{id}`, `api:{key id}`, `user:{id}` or `scim:{token id}`.
    pub actor: String,
    /// The administrator's, key's, user's or token's id.
    pub id: String,
    /// For people: a user name or the key's name.
    pub name: String,
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        // A handler behind no check has no caller: better no answer than one for nobody.
        parts.extensions.get::<Self>().cloned().ok_or(StatusCode::UNAUTHORIZED)
    }
}

/// Lets administrators pass to the console; others go to its sign-in page.
pub async fn administrator(State(center): State<Center>, mut request: Request, next: Next) -> Response {
    let found = by_session(&center, request.headers(), CONSOLE_AUDIENCE).await;
    match found {
        Ok(Some(caller)) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Ok(None) => redirect_back(&request, "/console/sign-in"),
        Err(error) => failed(&error),
    }
}

/// Lets users with a portal session pass; others start to sign in.
pub async fn portal_user(State(center): State<Center>, mut request: Request, next: Next) -> Response {
    match by_session(&center, request.headers(), PORTAL_AUDIENCE).await {
        Ok(Some(caller)) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Ok(None) => redirect_back(&request, "/sign-in"),
        Err(error) => failed(&error),
    }
}

/// Lets programs with an API key pass; others hear 401.
pub async fn api_key(State(center): State<Center>, mut request: Request, next: Next) -> Response {
    match by_key(&center, request.headers()).await {
        Ok(Some(caller)) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Ok(None) => {
            let message = "The request needs `Authorization: Bearer` with a valid API key of this center.";
            let body = serde_json::json!({ "error": { "code": "Unauthorized", "message": message } });
            (StatusCode::UNAUTHORIZED, [("www-authenticate", "Bearer")], Json(body)).into_response()
        }
        Err(error) => failed(&error),
    }
}

/// The administrator or user behind the session cookie of an audience. A user who was disabled or
/// deleted since is nobody.
///
/// # Errors
/// The store's.
pub async fn by_session(
    center: &Center,
    headers: &HeaderMap,
    audience: &'static str,
) -> Result<Option<Caller>, StoreError> {
    let cookie = if audience == CONSOLE_AUDIENCE { &center.session_cookie } else { &center.portal_cookie };
    let Some(token) = cookie.read(headers) else { return Ok(None) };
    let (instance, now) = (center.instance_id.clone(), center.clock.now());
    let (table, who) = if audience == CONSOLE_AUDIENCE {
        ("SELECT user_name FROM administrators WHERE instance_id = ?1 AND id = ?2", "administrator")
    } else {
        ("SELECT user_name FROM users WHERE instance_id = ?1 AND id = ?2 AND active = 1", "user")
    };
    center
        .store
        .read(move |tx| {
            let Some(session) = session::find(tx, &token, &instance, audience, now)? else { return Ok(None) };
            let row = tx.row(table, &[(&instance).into(), (&session.subject_id).into()])?;
            row.map(|row| {
                let actor = format!("{who}:{}", session.subject_id);
                Ok(Caller { actor, id: session.subject_id, name: row.text(0)? })
            })
            .transpose()
        })
        .await
}

async fn by_key(center: &Center, headers: &HeaderMap) -> Result<Option<Caller>, StoreError> {
    let Some(bearer) = token::bearer(headers) else { return Ok(None) };
    let hash = token::hash(bearer);
    let instance = center.instance_id.clone();
    center
        .store
        .read(move |tx| {
            let sql = "SELECT id, display_name FROM api_keys WHERE secret_sha256 = ?1 AND instance_id = ?2";
            let row = tx.row(sql, &[hash[..].into(), (&instance).into()])?;
            row.map(|row| {
                let id = row.text(0)?;
                Ok(Caller { actor: format!("api:{id}"), id, name: row.text(1)? })
            })
            .transpose()
        })
        .await
}

fn redirect_back(request: &Request, to: &str) -> Response {
    let back = match *request.method() {
        Method::GET => request.uri().path_and_query().map_or("/", |p| p.as_str()),
        _ => "/",
    };
    let back: String = form_urlencoded::byte_serialize(back.as_bytes()).collect();
    Redirect::to(&format!("{to}?return_to={back}")).into_response()
}

fn failed(error: &StoreError) -> Response {
    tracing::error!(%error, "the store did not answer who is calling");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}
