//! The token endpoint: client credentials (RFC 6749 §4.4) at the address and with the answers of the
//! Microsoft identity platform.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, StatusCode, header};
use serde_json::json;
use thiserror::Error;

use crate::refused::Refused;
use crate::{Directory, credentials, tenant};

/// Why no token was issued.
#[derive(Debug, Error)]
pub(super) enum TokenError {
    #[error("AADSTS90002: Tenant '{0}' not found.")]
    Tenant(String),
    #[error("AADSTS900144: The request body must contain the following parameter: '{0}'.")]
    Missing(&'static str),
    #[error("AADSTS70003: The app requested an unsupported grant type; this one is client_credentials.")]
    GrantType,
    #[error("AADSTS70011: The provided value for the input parameter 'scope' is not valid.")]
    Scope,
    // One answer for an unknown client and a wrong secret.
    #[error("AADSTS7000215: Invalid client secret provided, or the client is not of this tenant.")]
    Client,
    #[error("The service failed.")]
    Internal,
}

impl From<Refused> for TokenError {
    fn from(refused: Refused) -> Self {
        refused.log();
        Self::Internal
    }
}

impl IntoResponse for TokenError {
    fn into_response(self) -> Response {
        let (status, error) = match self {
            Self::Tenant(_) | Self::Missing(_) => (StatusCode::BAD_REQUEST, "invalid_request"),
            Self::GrantType => (StatusCode::BAD_REQUEST, "unsupported_grant_type"),
            Self::Scope => (StatusCode::BAD_REQUEST, "invalid_scope"),
            Self::Client => (StatusCode::UNAUTHORIZED, "invalid_client"),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "server_error"),
        };
        let text = self.to_string();
        let code = text.strip_prefix("AADSTS").and_then(|t| t.split(':').next()?.parse::<u64>().ok());
        let codes: Vec<u64> = code.into_iter().collect();
        let body = json!({ "error": error, "error_description": text, "error_codes": codes });
        (status, Json(body)).into_response()
    }
}

struct Wanted {
    client: String,
    secret: String,
}

/// POST /{tenant}/oauth2/v2.0/token
pub(super) async fn issue(
    State(directory): State<Directory>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, TokenError> {
    let wanted = read(&directory, &headers, &body)?;
    let (random, now) = (directory.random.clone(), directory.clock.now());
    let id = directory.tenant_id.clone();
    let token = directory
        .store
        .write(move |tx| -> Result<Result<String, TokenError>, Refused> {
            let tenant = tenant::get(tx, &id)?;
            if name != tenant.id && !name.eq_ignore_ascii_case(&tenant.default_domain) {
                return Ok(Err(TokenError::Tenant(name.chars().take(100).collect())));
            }
            if !credentials::authenticate(tx, &id, &wanted.client, &wanted.secret)? {
                return Ok(Err(TokenError::Client));
            }
            Ok(Ok(credentials::issue_token(tx, &id, &wanted.client, &random, now)?))
        })
        .await
        .map_err(TokenError::from)??;
    let lifetime = credentials::TOKEN_LIFETIME.as_secs() - 1;
    let answer = json!({
        "token_type": "Bearer",
        "expires_in": lifetime,
        "ext_expires_in": lifetime,
        "access_token": token,
    });
    Ok(([(header::PRAGMA, "no-cache")], Json(answer)).into_response())
}

/// The client and its secret, from the form or from HTTP Basic (RFC 6749 §2.3.1).
fn read(directory: &Directory, headers: &HeaderMap, body: &[u8]) -> Result<Wanted, TokenError> {
    let field = |name: &str| {
        let found = form_urlencoded::parse(body).take(32).find(|(n, _)| n == name);
        found.map(|(_, value)| value.into_owned()).filter(|value| !value.is_empty())
    };
    match field("grant_type").as_deref() {
        None => return Err(TokenError::Missing("grant_type")),
        Some("client_credentials") => {}
        Some(_) => return Err(TokenError::GrantType),
    }
    // RFC 6749 §4.4.2 has the scope as optional. Where it is given it must be ours or Graph's.
    let ours = directory.url("/.default");
    match field("scope").as_deref() {
        None | Some("https://graph.microsoft.com/.default" | ".default") => {}
        Some(scope) if scope == ours => {}
        Some(_) => return Err(TokenError::Scope),
    }
    let basic = basic(headers);
    let client = basic.as_ref().map(|(id, _)| id.clone()).or_else(|| field("client_id"));
    let client = client.ok_or(TokenError::Missing("client_id"))?;
    let secret = basic.map(|(_, secret)| secret).or_else(|| field("client_secret"));
    let secret = secret.ok_or(TokenError::Missing("client_secret"))?;
    if client.contains('\0') {
        return Err(TokenError::Client);
    }
    Ok(Wanted { client, secret })
}

fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let (scheme, value) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(value.trim()).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    let decoded = |part: &str| percent_encoding::percent_decode_str(part).decode_utf8_lossy().into_owned();
    Some((decoded(id), decoded(secret)))
}
