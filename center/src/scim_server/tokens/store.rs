//! The SQL of the switch and its tokens.

use store::{Row, StoreError, Tx, Val};
use web::Timestamp;

use super::{NewToken, Provisioning, Token, TokenError, may_create, may_disable, may_enable};
use crate::instance::{self, Author, Subject};

const COLUMNS: &str = "id, created_at, expires_at, last_used_at";

/// A token that a request came with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bearer {
    /// The token's id.
    pub token_id: String,
    /// When it was last used, as noted so far.
    pub last_used_at: Option<Timestamp>,
}

/// The live token with this hash, where provisioning is on for this tenant and its identity source is
/// still external.
///
/// # Errors
/// The engine's.
pub fn bearer(
    tx: &mut Tx<'_>,
    instance_id: &str,
    scim_tenant_id: &str,
    hash: &[u8; 32],
    now: Timestamp,
) -> Result<Option<Bearer>, StoreError> {
    let row = tx.row(
        "SELECT t.id, t.last_used_at FROM scim_tokens t \
         JOIN instances i ON i.id = t.instance_id \
         JOIN identity_sources s ON s.instance_id = i.id \
         WHERE t.secret_sha256 = ?1 AND t.instance_id = ?2 AND t.expires_at > ?3 \
         AND i.scim_tenant_id = ?4 AND i.scim_enabled = 1 AND s.state = 'active' AND s.kind = 'external'",
        &[hash[..].into(), instance_id.into(), now.micros().into(), scim_tenant_id.into()],
    )?;
    row.map(|row| Ok(Bearer { token_id: row.text(0)?, last_used_at: row.opt_int(1)?.map(Timestamp) }))
        .transpose()
}

/// Notes that a token was used, unless it was noted since `before` by another request.
///
/// # Errors
/// The engine's.
pub fn note_use(
    tx: &mut Tx<'_>,
    instance_id: &str,
    id: &str,
    now: Timestamp,
    before: Timestamp,
) -> Result<(), StoreError> {
    tx.exec(
        "UPDATE scim_tokens SET last_used_at = ?3 WHERE instance_id = ?1 AND id = ?2 \
         AND (last_used_at IS NULL OR last_used_at <= ?4)",
        &[instance_id.into(), id.into(), now.micros().into(), before.micros().into()],
    )?;
    Ok(())
}

/// Automatic provisioning as it stands.
///
/// # Errors
/// The engine's.
pub fn load(tx: &mut Tx<'_>, instance_id: &str) -> Result<Provisioning, StoreError> {
    let found = instance::load(tx, instance_id)?;
    let sql =
        "SELECT 1 FROM identity_sources WHERE instance_id = ?1 AND state = 'active' AND kind = 'external'";
    let external = tx.exists(sql, &[instance_id.into()])?;
    let sql = format!("SELECT {COLUMNS} FROM scim_tokens WHERE instance_id = ?1 ORDER BY created_at, id");
    let rows = tx.rows(&sql, &[instance_id.into()])?;
    let tokens = rows.iter().map(read).collect::<Result<_, _>>()?;
    Ok(Provisioning { enabled: found.scim_enabled, external, scim_tenant_id: found.scim_tenant_id, tokens })
}

/// Switches provisioning on with its first token.
///
/// # Errors
/// [`TokenError::SourceNotExternal`], [`TokenError::AlreadyEnabled`]; the engine's.
pub fn enable(tx: &mut Tx<'_>, author: &Author, new: &NewToken) -> Result<Provisioning, TokenError> {
    let before = load(tx, &author.instance_id)?;
    may_enable(&before)?;
    switch(tx, author, true, "scim.enabled")?;
    if before.tokens.is_empty() {
        insert(tx, author, new)?;
    }
    Ok(load(tx, &author.instance_id)?)
}

/// Adds a token.
///
/// # Errors
/// [`TokenError::TokenLimit`], [`TokenError::NotEnabled`], [`TokenError::SourceNotExternal`]; the engine's.
pub fn create(tx: &mut Tx<'_>, author: &Author, new: &NewToken) -> Result<Provisioning, TokenError> {
    may_create(&load(tx, &author.instance_id)?)?;
    insert(tx, author, new)?;
    Ok(load(tx, &author.instance_id)?)
}

/// Deletes a token: the next request with it is refused.
///
/// # Errors
/// [`TokenError::TokenNotFound`]; the engine's.
pub fn delete(tx: &mut Tx<'_>, author: &Author, id: &str) -> Result<(), TokenError> {
    let key: [Val<'_>; 2] = [(&author.instance_id).into(), id.into()];
    let sql = format!("SELECT {COLUMNS} FROM scim_tokens WHERE instance_id = ?1 AND id = ?2");
    let row = tx.row(&sql, &key)?.ok_or_else(|| TokenError::TokenNotFound(id.to_owned()))?;
    let gone = read(&row)?;
    tx.exec("DELETE FROM scim_tokens WHERE instance_id = ?1 AND id = ?2", &key)?;
    author.record(tx, "scim.token_deleted", subject(id), Some(&gone.for_event()), None)?;
    Ok(())
}

/// Switches provisioning off. Users and groups stay.
///
/// # Errors
/// [`TokenError::NotEnabled`], [`TokenError::TokensLeft`]; the engine's.
pub fn disable(tx: &mut Tx<'_>, author: &Author) -> Result<(), TokenError> {
    may_disable(&load(tx, &author.instance_id)?)?;
    Ok(switch(tx, author, false, "scim.disabled")?)
}

fn switch(tx: &mut Tx<'_>, author: &Author, on: bool, action: &str) -> Result<(), StoreError> {
    let sql = "UPDATE instances SET scim_enabled = ?2 WHERE id = ?1";
    tx.exec(sql, &[(&author.instance_id).into(), on.into()])?;
    author.record(tx, action, Subject { kind: "instance", id: &author.instance_id }, None, None)
}

fn insert(tx: &mut Tx<'_>, author: &Author, new: &NewToken) -> Result<(), StoreError> {
    tx.exec(
        "INSERT INTO scim_tokens (instance_id, id, secret_sha256, created_at, expires_at) \
         VALUES (?1, ?2, ?3, ?4, ?5)",
        &[
            (&author.instance_id).into(),
            (&new.token.id).into(),
            new.hash()[..].into(),
            new.token.created_at.micros().into(),
            new.token.expires_at.micros().into(),
        ],
    )?;
    author.record(tx, "scim.token_created", subject(&new.token.id), None, Some(&new.token.for_event()))
}

fn read(row: &Row) -> Result<Token, StoreError> {
    Ok(Token {
        id: row.text(0)?,
        created_at: Timestamp(row.int(1)?),
        expires_at: Timestamp(row.int(2)?),
        last_used_at: row.opt_int(3)?.map(Timestamp),
    })
}

fn subject(id: &str) -> Subject<'_> {
    Subject { kind: "scim_token", id }
}
