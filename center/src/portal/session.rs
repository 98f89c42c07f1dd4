//! Sessions of people in the access portal.

use serde_json::Value as Json;
use store::{StoreError, Tx};
use web::{Timestamp, session};

use crate::access::PORTAL_AUDIENCE;
use crate::instance::{Author, Subject, load};

/// Starts a portal session of a user: for a password that was right, or a SAML response that was
/// accepted, in the transaction that says so. Draw `token` before with `center.random.token("")`, and
/// give the browser `center.portal_cookie.set(&token)` after the commit.
///
/// The session ends after the instance's portal session length, or at `until` if that is earlier (a
/// SAML `SessionNotOnOrAfter`). `how` is kept with it and in the event `sign_in.accepted`. Returns when
/// it ends.
///
/// # Errors
/// The engine's.
pub fn start_session(
    tx: &mut Tx<'_>,
    author: &Author,
    user_id: &str,
    token: &str,
    until: Option<Timestamp>,
    how: &Json,
) -> Result<Timestamp, StoreError> {
    let seconds = load(tx, &author.instance_id)?.portal_session_seconds;
    let longest = Timestamp(author.now.micros().saturating_add(seconds.saturating_mul(1_000_000)));
    let expires_at = until.map_or(longest, |until| until.min(longest));
    let session = session::Session {
        realm: author.instance_id.clone(),
        audience: PORTAL_AUDIENCE.to_owned(),
        subject_id: user_id.to_owned(),
        created_at: author.now,
        expires_at,
        data: how.clone(),
    };
    session::create(tx, token, &session)?;
    author.record(tx, "sign_in.accepted", Subject { kind: "user", id: user_id }, None, Some(how))?;
    Ok(expires_at)
}
