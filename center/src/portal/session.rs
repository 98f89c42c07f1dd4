//! Sessions of people in the access portal.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use store::{StoreError, Tx};
use web::{Timestamp, session};

use crate::access::PORTAL_AUDIENCE;

/// Starts a portal session of a user, in the transaction that found that the user may sign in, which also
/// records `sign_in.accepted`. Draw `token` before, with `center.random.token("")`, and give the browser
/// `center.portal_cookie.set(&token)` after the commit.
///
/// # Errors
/// The engine's.
pub fn start_session(
    tx: &mut Tx<'_>,
    instance_id: &str,
    user_id: &str,
    token: &str,
    now: Timestamp,
    ends_at: Timestamp,
) -> Result<(), StoreError> {
    start_session_with(tx, instance_id, user_id, token, now, ends_at, json!({}))
}

/// As [`start_session`], with what the identity provider said of it.
///
/// # Errors
/// The engine's.
pub fn start_session_with(
    tx: &mut Tx<'_>,
    instance_id: &str,
    user_id: &str,
    token: &str,
    now: Timestamp,
    ends_at: Timestamp,
    data: Json,
) -> Result<(), StoreError> {
    let session = session::Session {
        realm: instance_id.to_owned(),
        audience: PORTAL_AUDIENCE.to_owned(),
        subject_id: user_id.to_owned(),
        created_at: now,
        expires_at: ends_at,
        data,
    };
    session::create(tx, token, &session)
}

/// The tags that a session got from attributes for access control; none where it has ended.
///
/// # Errors
/// The engine's.
pub fn session_tags(
    tx: &mut Tx<'_>,
    instance_id: &str,
    token: &str,
    now: Timestamp,
) -> Result<BTreeMap<String, String>, StoreError> {
    let found = session::find(tx, token, instance_id, PORTAL_AUDIENCE, now)?;
    let tags = found.map(|session| session.data["tags"].clone()).filter(Json::is_object);
    let bad = |_| StoreError::BadRow { column: 5, why: "session tags expected" };
    tags.map(serde_json::from_value).transpose().map(Option::unwrap_or_default).map_err(bad)
}

/// Ends the sessions that began under this NameID and of which `fits` says so by what they remember; how many, by user.
/// The NameID is looked for in what sessions remember, as the user may have got another name since.
///
/// # Errors
/// The engine's.
pub fn end_sessions(
    tx: &mut Tx<'_>,
    instance_id: &str,
    name_id: &str,
    fits: impl Fn(&Json) -> bool,
) -> Result<BTreeMap<String, i64>, StoreError> {
    // It may find too many, as names can have characters that mean something to LIKE; `fits` has the last word.
    let like = format!("%\"nameId\":{}%", json!(name_id));
    let sql = "SELECT token_sha256, subject_id, data FROM sessions \
               WHERE realm = ?1 AND audience = ?2 AND data LIKE ?3";
    let mut ended = BTreeMap::new();
    for row in tx.rows(sql, &[instance_id.into(), PORTAL_AUDIENCE.into(), (&like).into()])? {
        let data = row.json(2)?;
        if data["nameId"] == name_id && fits(&data) {
            tx.exec("DELETE FROM sessions WHERE token_sha256 = ?1", &[(&row.bytes(0)?).into()])?;
            *ended.entry(row.text(1)?).or_insert(0) += 1;
        }
    }
    Ok(ended)
}
