//! Sessions of people in the access portal.

use serde_json::json;
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
    let session = session::Session {
        realm: instance_id.to_owned(),
        audience: PORTAL_AUDIENCE.to_owned(),
        subject_id: user_id.to_owned(),
        created_at: now,
        expires_at: ends_at,
        data: json!({}),
    };
    session::create(tx, token, &session)
}
