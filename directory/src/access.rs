//! Who is calling: the checks that stand before groups of routes.
//!
//! Each leaves a [`Caller`] in the request, which handlers take as an argument and events name.

use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode};
use store::{StoreError, Tx};
use web::{Timestamp, session, token};

use crate::Directory;

/// The audience of sessions of the directory's own pages.
pub const SESSION_AUDIENCE: &str = "directory";
/// The role that opens the console.
pub const GLOBAL_ADMINISTRATOR: &str = "Global Administrator";

/// Who is calling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// For events: `user:{id}` or `api:{client id}`.
    pub actor: String,
    /// The user's or client's id.
    pub id: String,
    /// For people: the user principal name or the client's name.
    pub name: String,
    /// When the person signed in, in microseconds; 0 for programs.
    pub signed_in_at: i64,
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        // A handler behind no check has no caller: better no answer than one for nobody.
        parts.extensions.get::<Self>().cloned().ok_or(StatusCode::UNAUTHORIZED)
    }
}

/// Lets signed-in Global Administrators pass; others go to the sign-in page, or hear 403.
pub async fn administrator(State(directory): State<Directory>, mut request: Request, next: Next) -> Response {
    match signed_in(&directory, request.headers()).await {
        Ok(Some((caller, true))) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Ok(Some((_, false))) => web::page::message(
            StatusCode::FORBIDDEN,
            "Administrators only",
            "This page needs the role Global Administrator. Ask one of them to give it to you, or go to your apps at /my-apps.",
        ),
        Ok(None) => to_sign_in(&request),
        Err(error) => failed(&error),
    }
}

/// Lets every signed-in person pass; others go to the sign-in page.
pub async fn person(State(directory): State<Directory>, mut request: Request, next: Next) -> Response {
    match signed_in(&directory, request.headers()).await {
        Ok(Some((caller, _))) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Ok(None) => to_sign_in(&request),
        Err(error) => failed(&error),
    }
}

/// Lets programs with an access token pass; others hear Graph's 401.
pub async fn api_client(State(directory): State<Directory>, mut request: Request, next: Next) -> Response {
    match client(&directory, request.headers()).await {
        Ok(Some(caller)) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Ok(None) => crate::graph::unauthorized(),
        Err(error) => failed(&error),
    }
}

/// The person behind the session cookie and whether it is a Global Administrator. An account that was
/// disabled or deleted since is nobody.
///
/// # Errors
/// The store's.
pub async fn signed_in(
    directory: &Directory,
    headers: &HeaderMap,
) -> Result<Option<(Caller, bool)>, StoreError> {
    let Some(token) = directory.session_cookie.read(headers) else { return Ok(None) };
    let (tenant, now) = (directory.tenant_id.clone(), directory.clock.now());
    directory
        .store
        .read(move |tx| {
            let Some(caller) = of_session(tx, &tenant, &token, now)? else { return Ok(None) };
            let sql = "SELECT role FROM role_assignments WHERE tenant_id = ?1 AND user_id = ?2 AND role = ?3";
            let key = [(&tenant).into(), (&caller.id).into(), GLOBAL_ADMINISTRATOR.into()];
            let administrator = tx.exists(sql, &key)?;
            Ok(Some((caller, administrator)))
        })
        .await
}

/// The person behind a session's token, where it is one of ours that lasts and the account is enabled.
///
/// # Errors
/// The engine's.
pub fn of_session(
    tx: &mut Tx<'_>,
    tenant: &str,
    token: &str,
    now: Timestamp,
) -> Result<Option<Caller>, StoreError> {
    let Some(session) = session::find(tx, token, tenant, SESSION_AUDIENCE, now)? else { return Ok(None) };
    let sql = "SELECT user_principal_name FROM users \
               WHERE tenant_id = ?1 AND id = ?2 AND account_enabled = 1 AND deleted_at IS NULL";
    let row = tx.row(sql, &[tenant.into(), (&session.subject_id).into()])?;
    row.map(|row| {
        Ok(Caller {
            actor: format!("user:{}", session.subject_id),
            id: session.subject_id.clone(),
            name: row.text(0)?,
            signed_in_at: session.created_at.micros(),
        })
    })
    .transpose()
}

async fn client(directory: &Directory, headers: &HeaderMap) -> Result<Option<Caller>, StoreError> {
    let Some(bearer) = token::bearer(headers) else { return Ok(None) };
    let hash = token::hash(bearer);
    let (tenant, now) = (directory.tenant_id.clone(), directory.clock.now());
    directory
        .store
        .read(move |tx| {
            let sql = "SELECT c.id, c.display_name FROM api_tokens t \
                       JOIN api_clients c ON c.tenant_id = t.tenant_id AND c.id = t.client_id \
                       WHERE t.token_sha256 = ?1 AND t.tenant_id = ?2 AND t.expires_at > ?3";
            let row = tx.row(sql, &[hash[..].into(), (&tenant).into(), now.micros().into()])?;
            row.map(|row| {
                let id = row.text(0)?;
                Ok(Caller { actor: format!("api:{id}"), id, name: row.text(1)?, signed_in_at: 0 })
            })
            .transpose()
        })
        .await
}

/// To the sign-in page and back here afterwards; only a GET can be come back to.
fn to_sign_in(request: &Request) -> Response {
    let back = match *request.method() {
        Method::GET => request.uri().path_and_query().map_or("/", |p| p.as_str()),
        _ => "/",
    };
    crate::sign_in::redirect(back)
}

fn failed(error: &StoreError) -> Response {
    tracing::error!(%error, "the store did not answer who is calling");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}
