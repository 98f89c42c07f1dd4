//! Sign-outs under way, and what a session was signed on to, as rows.

use std::time::Duration;

use store::{Row, StoreError, Tx};
use web::Timestamp;

use super::{Participant, SignOut};

/// How long a sign-out may take.
const LIFETIME: Duration = Duration::from_secs(10 * 60);
/// Most sign-outs under way in a tenant. Anybody can ask for one; beyond this the oldest are dropped.
const MOST: i64 = 20_000;

/// Remembers that a session was signed on to an application; a later assertion replaces an earlier one.
///
/// # Errors
/// The engine's.
pub fn remember(
    tx: &mut Tx<'_>,
    tenant: &str,
    session: &[u8; 32],
    participant: &Participant,
    now: Timestamp,
    session_ends_at: Timestamp,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO session_applications (tenant_id, session_sha256, application_id, name_id, \
               name_id_format, sp_name_qualifier, session_index, signed_on_at, expires_at) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) \
               ON CONFLICT (tenant_id, session_sha256, application_id) DO UPDATE SET \
               name_id = excluded.name_id, name_id_format = excluded.name_id_format, \
               sp_name_qualifier = excluded.sp_name_qualifier, session_index = excluded.session_index, \
               signed_on_at = excluded.signed_on_at, expires_at = excluded.expires_at";
    tx.exec(
        sql,
        &[
            tenant.into(),
            session[..].into(),
            (&participant.application_id).into(),
            (&participant.name_id).into(),
            (&participant.name_id_format).into(),
            (&participant.sp_name_qualifier).into(),
            (&participant.session_index).into(),
            now.micros().into(),
            session_ends_at.micros().into(),
        ],
    )
    .map(|_| ())
}

/// What a session was signed on to, the first first.
///
/// # Errors
/// The engine's.
pub fn participants(
    tx: &mut Tx<'_>,
    tenant: &str,
    session: &[u8; 32],
) -> Result<Vec<Participant>, StoreError> {
    let read = |row: &Row| {
        Ok(Participant {
            application_id: row.text(0)?,
            name_id: row.text(1)?,
            name_id_format: row.text(2)?,
            sp_name_qualifier: row.opt_text(3)?,
            session_index: row.text(4)?,
        })
    };
    let sql = "SELECT application_id, name_id, name_id_format, sp_name_qualifier, session_index \
               FROM session_applications WHERE tenant_id = ?1 AND session_sha256 = ?2 \
               ORDER BY signed_on_at, application_id";
    tx.rows(sql, &[tenant.into(), session[..].into()])?.iter().map(read).collect()
}

/// Forgets what a session was signed on to.
///
/// # Errors
/// The engine's.
pub fn forget(tx: &mut Tx<'_>, tenant: &str, session: &[u8; 32]) -> Result<(), StoreError> {
    let sql = "DELETE FROM session_applications WHERE tenant_id = ?1 AND session_sha256 = ?2";
    tx.exec(sql, &[tenant.into(), session[..].into()]).map(|_| ())
}

/// Saves a new sign-out under an unguessable id.
///
/// # Errors
/// The engine's.
pub fn create(
    tx: &mut Tx<'_>,
    tenant: &str,
    id: &str,
    sign_out: &SignOut,
    now: Timestamp,
) -> Result<(), StoreError> {
    let sql =
        "INSERT INTO sign_outs (tenant_id, id, state, started_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5)";
    let state = serde_json::to_string(sign_out).unwrap_or_default();
    let row =
        [tenant.into(), id.into(), (&state).into(), now.micros().into(), now.plus(LIFETIME).micros().into()];
    tx.exec(sql, &row).map(|_| ())
}

/// The sign-out under an id, if it has not expired.
///
/// # Errors
/// The engine's.
pub fn find(tx: &mut Tx<'_>, tenant: &str, id: &str, now: Timestamp) -> Result<Option<SignOut>, StoreError> {
    let sql = "SELECT state FROM sign_outs WHERE tenant_id = ?1 AND id = ?2 AND expires_at > ?3";
    let Some(row) = tx.row(sql, &[tenant.into(), id.into(), now.micros().into()])? else { return Ok(None) };
    let unexpected = |_| StoreError::BadRow { column: 0, why: "a sign-out expected" };
    serde_json::from_str(&row.text(0)?).map(Some).map_err(unexpected)
}

/// Saves where a sign-out is now.
///
/// # Errors
/// The engine's.
pub fn save(tx: &mut Tx<'_>, tenant: &str, id: &str, sign_out: &SignOut) -> Result<(), StoreError> {
    let state = serde_json::to_string(sign_out).unwrap_or_default();
    let sql = "UPDATE sign_outs SET state = ?3 WHERE tenant_id = ?1 AND id = ?2";
    tx.exec(sql, &[tenant.into(), id.into(), (&state).into()]).map(|_| ())
}

/// Removes a sign-out that has ended.
///
/// # Errors
/// The engine's.
pub fn remove(tx: &mut Tx<'_>, tenant: &str, id: &str) -> Result<(), StoreError> {
    tx.exec("DELETE FROM sign_outs WHERE tenant_id = ?1 AND id = ?2", &[tenant.into(), id.into()]).map(|_| ())
}

/// Clears away what has expired, and the oldest sign-outs beyond the most that may be under way.
///
/// # Errors
/// The engine's.
pub fn clear_away(tx: &mut Tx<'_>, tenant: &str, now: Timestamp) -> Result<(), StoreError> {
    for sql in [
        "DELETE FROM sign_outs WHERE expires_at <= ?1",
        "DELETE FROM session_applications WHERE expires_at <= ?1",
    ] {
        tx.exec(sql, &[now.micros().into()])?;
    }
    let under_way = tx.int("SELECT count(*) FROM sign_outs WHERE tenant_id = ?1", &[tenant.into()])?;
    if under_way < MOST {
        return Ok(());
    }
    let sql = "DELETE FROM sign_outs WHERE tenant_id = ?1 AND id IN (SELECT id FROM sign_outs \
               WHERE tenant_id = ?1 ORDER BY started_at LIMIT ?2)";
    tx.exec(sql, &[tenant.into(), (under_way - MOST + 1).into()]).map(|_| ())
}
