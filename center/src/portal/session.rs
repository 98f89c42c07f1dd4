//! Sessions of people in the access portal.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};
use store::{StoreError, Tx};
use web::{Timestamp, session, token};

use crate::access::PORTAL_AUDIENCE;

/// One new session in this many clears away the names of those that have ended.
const CLEAR_ONE_IN: u8 = 32;
const BY_NAME_ID: &str = "SELECT s.token_sha256, s.subject_id, s.data FROM saml_sessions n \
                          JOIN sessions s ON s.token_sha256 = n.token_sha256 \
                          WHERE n.instance_id = ?1 AND n.name_id_sha256 = ?2 AND s.realm = ?1 AND s.audience = ?3";

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
    session::create(tx, token, &session)?;
    match session.data["nameId"].as_str() {
        Some(name_id) => remember(tx, &session, token, name_id),
        None => Ok(()),
    }
}

/// Remembers under which NameID a session began. Rows of sessions that have ended go now and then, as those do.
fn remember(
    tx: &mut Tx<'_>,
    session: &session::Session,
    token: &str,
    name_id: &str,
) -> Result<(), StoreError> {
    let hash = token::hash(token);
    if hash[0].is_multiple_of(CLEAR_ONE_IN) {
        tx.exec("DELETE FROM saml_sessions WHERE expires_at < ?1", &[session.created_at.micros().into()])?;
    }
    let sql = "INSERT INTO saml_sessions (instance_id, name_id_sha256, token_sha256, expires_at) \
               VALUES (?1, ?2, ?3, ?4)";
    let name = token::hash(name_id);
    let row = [(&session.realm).into(), name[..].into(), hash[..].into(), session.expires_at.micros().into()];
    tx.exec(sql, &row).map(|_| ())
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
    let name = token::hash(name_id);
    let mut ended = BTreeMap::new();
    for row in tx.rows(BY_NAME_ID, &[instance_id.into(), name[..].into(), PORTAL_AUDIENCE.into()])? {
        let (token, data) = (row.bytes(0)?, row.json(2)?);
        if data["nameId"] == name_id && fits(&data) {
            tx.exec("DELETE FROM sessions WHERE token_sha256 = ?1", &[(&token).into()])?;
            let sql = "DELETE FROM saml_sessions WHERE instance_id = ?1 AND name_id_sha256 = ?2 AND token_sha256 = ?3";
            tx.exec(sql, &[instance_id.into(), name[..].into(), (&token).into()])?;
            *ended.entry(row.text(1)?).or_insert(0) += 1;
        }
    }
    Ok(ended)
}

#[cfg(test)]
mod tests {
    use store::testing::engines;
    use store::{Engine, StoreError};

    use super::*;
    use crate::MIGRATIONS;
    use crate::identity_store::store::explained;

    #[tokio::test]
    async fn sessions_are_found_by_their_name_and_the_others_are_not_read() {
        for test in engines(MIGRATIONS).await {
            let engine = test.store.engine();
            let begin = move |tx: &mut Tx<'_>| {
                for n in 0..2000 {
                    let data = json!({ "nameId": format!("n{n}"), "sessionIndex": n });
                    let (now, end) = (Timestamp(0), Timestamp(1_000_000));
                    start_session_with(tx, "i", &format!("u{n}"), &format!("t{n}"), now, end, data)?;
                }
                if engine == Engine::Postgres {
                    tx.exec("ANALYZE sessions", &[])?;
                    tx.exec("ANALYZE saml_sessions", &[])?;
                }
                Ok::<_, StoreError>(())
            };
            test.store.write(begin).await.unwrap();
            let read = move |tx: &mut Tx<'_>| {
                let name = token::hash("n7");
                explained(tx, engine, BY_NAME_ID, &["i".into(), name[..].into(), PORTAL_AUDIENCE.into()])
            };
            let plan = test.store.read(read).await.unwrap();
            assert!(!plan.contains("Seq Scan") && !plan.contains("SCAN "), "{engine:?}:\n{plan}");
            let end = |name: &'static str, index: i64| {
                test.store.write(move |tx| end_sessions(tx, "i", name, |data| data["sessionIndex"] == index))
            };
            for (name, index) in [("n7", 8), ("n%", 7), ("N7", 7), ("n2000", 2000)] {
                assert!(end(name, index).await.unwrap().is_empty(), "{name} {index}");
            }
            assert_eq!(end("n7", 7).await.unwrap(), BTreeMap::from([("u7".to_owned(), 1)]));
            assert!(end("n7", 7).await.unwrap().is_empty());
            let counts = ["sessions", "saml_sessions"].map(|table| format!("SELECT count(*) FROM {table}"));
            let left = move |tx: &mut Tx<'_>| {
                Ok::<_, StoreError>([tx.int(&counts[0], &[])?, tx.int(&counts[1], &[])?])
            };
            assert_eq!(test.store.read(left).await.unwrap(), [1999, 1999]);
        }
    }
}
