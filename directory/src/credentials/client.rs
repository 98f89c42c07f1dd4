//! Programs that call the API: client credentials (RFC 6749 §4.4) and the tokens they get.

use std::time::Duration;

use serde_json::json;
use store::{StoreError, Tx};
use web::{Random, Timestamp, token};

use crate::change::Change;

/// How long an access token is good for.
pub const TOKEN_LIFETIME: Duration = Duration::from_secs(60 * 60);

/// Creates an API client; its id. `secret` is told to somebody once and stored as its hash.
///
/// # Errors
/// The engine's.
pub fn create_client(
    tx: &mut Tx<'_>,
    change: &Change,
    display_name: &str,
    secret: &str,
) -> Result<String, StoreError> {
    let id = change.random.uuid();
    let hash = token::hash(secret);
    tx.exec(
        "INSERT INTO api_clients (tenant_id, id, display_name, secret_sha256, created_at) \
         VALUES (?1, ?2, ?3, ?4, ?5)",
        &[
            (&change.tenant).into(),
            (&id).into(),
            display_name.into(),
            hash[..].into(),
            change.now.micros().into(),
        ],
    )?;
    let after = json!({ "displayName": display_name });
    change.record(tx, "api_client.created", ("api_client", &id), None, Some(&after))?;
    Ok(id)
}

/// Whether this is the secret of this client. Guesses are not counted: there is nothing to guess in 256
/// random bits.
///
/// # Errors
/// The engine's.
pub fn authenticate(tx: &mut Tx<'_>, tenant: &str, client: &str, secret: &str) -> Result<bool, StoreError> {
    let sql = "SELECT secret_sha256 FROM api_clients WHERE tenant_id = ?1 AND id = ?2";
    let stored = tx.row(sql, &[tenant.into(), client.into()])?.map(|row| row.bytes(0)).transpose()?;
    Ok(stored.is_some_and(|stored| token::same(&stored, &token::hash(secret))))
}

/// Draws an access token for a client and stores its hash; clears away tokens that have ended.
///
/// # Errors
/// The engine's.
pub fn issue_token(
    tx: &mut Tx<'_>,
    tenant: &str,
    client: &str,
    random: &Random,
    now: Timestamp,
) -> Result<String, StoreError> {
    tx.exec("DELETE FROM api_tokens WHERE expires_at < ?1", &[now.micros().into()])?;
    let secret = random.token("entente_access_");
    tx.exec(
        "INSERT INTO api_tokens (token_sha256, tenant_id, client_id, expires_at) VALUES (?1, ?2, ?3, ?4)",
        &[
            token::hash(&secret)[..].into(),
            tenant.into(),
            client.into(),
            now.plus(TOKEN_LIFETIME).micros().into(),
        ],
    )?;
    Ok(secret)
}
