//! The SQL of the switch and its tokens.

use scim::Quirk;
use scim::dialect::Dialect;
use serde_json::json;
use store::{Row, StoreError, Tx, Val};
use web::Timestamp;

use super::super::mode::Mode;
use super::super::rate;
use super::super::seen::Seen;
use super::{NewToken, Provisioning, Token, TokenError, may_create, may_disable, may_enable};
use crate::instance::{self, Author, Subject};

const COLUMNS: &str = "id, created_at, expires_at, last_used_at, scim_mode";

/// A token that a request came with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bearer {
    /// The token's id.
    pub token_id: String,
    /// When it was last used, as noted so far.
    pub last_used_at: Option<Timestamp>,
    /// How its requests are judged.
    pub mode: Mode,
    /// How many requests a second the instance allows it.
    pub requests_per_second: i64,
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
        "SELECT t.id, t.last_used_at, COALESCE(t.scim_mode, i.scim_mode), i.scim_requests_per_second FROM scim_tokens t \
         JOIN instances i ON i.id = t.instance_id \
         JOIN identity_sources s ON s.instance_id = i.id \
         WHERE t.secret_sha256 = ?1 AND t.instance_id = ?2 AND t.expires_at > ?3 \
         AND i.scim_tenant_id = ?4 AND i.scim_enabled = 1 AND s.state = 'active' AND s.kind = 'external'",
        &[hash[..].into(), instance_id.into(), now.micros().into(), scim_tenant_id.into()],
    )?;
    row.map(|row| {
        let (token_id, last_used_at) = (row.text(0)?, row.opt_int(1)?.map(Timestamp));
        let requests_per_second = row.int(3)?;
        Ok(Bearer { token_id, last_used_at, mode: mode(&row.text(2)?)?, requests_per_second })
    })
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
    let mut tokens = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    for token in &mut tokens {
        token.seen = seen(tx, instance_id, &token.id)?;
    }
    let sql = "SELECT scim_mode, scim_requests_per_second FROM instances WHERE id = ?1";
    let row = tx.row(sql, &[instance_id.into()])?.ok_or(StoreError::NoRow)?;
    Ok(Provisioning {
        mode: mode(&row.text(0)?)?,
        requests_per_second: row.int(1)?,
        enabled: found.scim_enabled,
        external,
        scim_tenant_id: found.scim_tenant_id,
        tokens,
    })
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
    tx.exec("DELETE FROM scim_clients WHERE instance_id = ?1 AND token_id = ?2", &key)?;
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

/// Chooses how requests are judged: of the instance, or of one token. None lets a token follow the
/// instance, and the instance be tolerant.
///
/// # Errors
/// [`TokenError::TokenNotFound`]; the engine's.
pub fn set_mode(
    tx: &mut Tx<'_>,
    author: &Author,
    token_id: Option<&str>,
    mode: Option<Mode>,
) -> Result<(), TokenError> {
    let state = load(tx, &author.instance_id)?;
    let instance: &str = &author.instance_id;
    let (before, mode) = match token_id {
        None => (Some(state.mode), Some(mode.unwrap_or(Mode::Tolerant))),
        Some(id) => {
            let token = state.tokens.iter().find(|token| token.id == id);
            (token.ok_or_else(|| TokenError::TokenNotFound(id.to_owned()))?.mode, mode)
        }
    };
    if before == mode {
        return Ok(());
    }
    let name = mode.map(|mode| mode.name().to_owned());
    match token_id {
        None => {
            tx.exec("UPDATE instances SET scim_mode = ?2 WHERE id = ?1", &[instance.into(), (&name).into()])?
        }
        Some(id) => tx.exec(
            "UPDATE scim_tokens SET scim_mode = ?3 WHERE instance_id = ?1 AND id = ?2",
            &[instance.into(), id.into(), (&name).into()],
        )?,
    };
    let shown = |mode: Option<Mode>| json!({ "mode": mode.map(Mode::name) });
    let subject = token_id.map_or(Subject { kind: "instance", id: instance }, subject);
    author.record(tx, "scim.mode_changed", subject, Some(&shown(before)), Some(&shown(mode)))?;
    Ok(())
}

/// Sets how many requests a second a token may send.
///
/// # Errors
/// [`TokenError::RateLimit`]; the engine's.
pub fn set_rate_limit(tx: &mut Tx<'_>, author: &Author, per_second: i64) -> Result<(), TokenError> {
    if !rate::ALLOWED.contains(&per_second) {
        return Err(TokenError::RateLimit(per_second));
    }
    let before = load(tx, &author.instance_id)?.requests_per_second;
    if before == per_second {
        return Ok(());
    }
    let sql = "UPDATE instances SET scim_requests_per_second = ?2 WHERE id = ?1";
    tx.exec(sql, &[(&author.instance_id).into(), per_second.into()])?;
    let subject = Subject { kind: "instance", id: &author.instance_id };
    let shown = |n: i64| json!({ "requestsPerSecond": n });
    author.record(tx, "scim.rate_limit_changed", subject, Some(&shown(before)), Some(&shown(per_second)))?;
    Ok(())
}

/// Notes what the client with a token was seen to be. Nothing of an earlier sight is lost.
///
/// # Errors
/// The engine's.
pub fn note_seen(tx: &mut Tx<'_>, instance_id: &str, token_id: &str, new: &Seen) -> Result<(), StoreError> {
    let key: [Val<'_>; 2] = [instance_id.into(), token_id.into()];
    // The token may have been deleted since.
    if !tx.exists("SELECT 1 FROM scim_tokens WHERE instance_id = ?1 AND id = ?2", &key)? {
        return Ok(());
    }
    let all = match seen(tx, instance_id, token_id)? {
        Some(known) => known.and(new.clone()),
        None => new.clone(),
    };
    let quirks: Vec<&str> = all.quirks.iter().map(|quirk| quirk.name()).collect();
    let (quirks, dialect) = (json!(quirks).to_string(), all.dialect.map(|d| d.name().to_owned()));
    tx.exec(
        "INSERT INTO scim_clients (instance_id, token_id, dialect, quirks, user_agent, first_seen_at, \
         last_seen_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (instance_id, token_id) DO UPDATE SET \
         dialect = excluded.dialect, quirks = excluded.quirks, user_agent = excluded.user_agent, \
         first_seen_at = excluded.first_seen_at, last_seen_at = excluded.last_seen_at",
        &[
            instance_id.into(),
            token_id.into(),
            (&dialect).into(),
            (&quirks).into(),
            (&all.user_agent).into(),
            all.first.micros().into(),
            all.last.micros().into(),
        ],
    )?;
    Ok(())
}

fn seen(tx: &mut Tx<'_>, instance_id: &str, token_id: &str) -> Result<Option<Seen>, StoreError> {
    let sql = "SELECT dialect, quirks, user_agent, first_seen_at, last_seen_at FROM scim_clients \
               WHERE instance_id = ?1 AND token_id = ?2";
    let Some(row) = tx.row(sql, &[instance_id.into(), token_id.into()])? else { return Ok(None) };
    // Names that a newer version wrote are passed over: this is for people to look at.
    let names = row.json(1)?;
    let names = names.as_array().into_iter().flatten().filter_map(serde_json::Value::as_str);
    Ok(Some(Seen {
        dialect: row.opt_text(0)?.as_deref().and_then(Dialect::of),
        quirks: names.filter_map(Quirk::of).collect(),
        user_agent: row.text(2)?,
        first: Timestamp(row.int(3)?),
        last: Timestamp(row.int(4)?),
    }))
}

fn mode(name: &str) -> Result<Mode, StoreError> {
    Mode::of(name).ok_or_else(|| StoreError::Database(format!("no SCIM mode is called {name}")))
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
        mode: row.opt_text(4)?.as_deref().map(mode).transpose()?,
        seen: None,
    })
}

fn subject(id: &str) -> Subject<'_> {
    Subject { kind: "scim_token", id }
}
