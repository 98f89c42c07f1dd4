//! Keeps attempts: every accepted one, and of refusals as many as nobody can flood us with.

use ::store::{StoreError, Tx};
use saml::redact::shortened;
use serde_json::json;
use web::Timestamp;

use super::attempt::Attempt;
use super::store;
use crate::instance::{Author, Subject};

/// Most refusals that are recorded in a minute, of those with the identity provider's signature and of those
/// without, each. What goes beyond is answered and forgotten: anybody can send garbage.
const RECORDED_PER_MINUTE: i64 = 120;
/// The longest part that is kept of a message that proves nothing: anybody can send it.
const LONGEST_UNPROVEN: usize = 8 * 1024;
/// One attempt in so many clears away old ones.
pub(super) const PRUNE_ONE_IN: u8 = 32;

/// When old attempts go.
#[derive(Debug, Clone, Copy)]
pub(super) struct Retention {
    /// For how many days attempts are kept.
    pub(super) days: i64,
    /// Whether this one clears away old ones.
    pub(super) prune: bool,
}

/// Keeps an attempt.
///
/// # Errors
/// The engine's.
pub(super) fn keep(
    tx: &mut Tx<'_>,
    instance_id: &str,
    attempt: &Attempt,
    retention: Retention,
) -> Result<(), StoreError> {
    if retention.prune {
        store::prune_attempts(tx, instance_id, attempt.at, retention.days)?;
    }
    store::save_attempt(tx, instance_id, attempt)
}

/// Keeps a refused attempt with the event `action`; whether it was kept.
///
/// # Errors
/// The engine's.
pub(super) fn keep_refused(
    tx: &mut Tx<'_>,
    author: &Author,
    mut attempt: Attempt,
    action: &str,
    retention: Retention,
) -> Result<bool, StoreError> {
    if !attempt.proven() {
        attempt.response = attempt.response.map(|text| shortened(text, LONGEST_UNPROVEN));
    }
    let minute_ago = Timestamp(author.now.micros().saturating_sub(60_000_000));
    let lately = store::refused_since(tx, &author.instance_id, attempt.proven(), minute_ago)?;
    if lately >= RECORDED_PER_MINUTE {
        return Ok(false);
    }
    keep(tx, &author.instance_id, &attempt, retention)?;
    let after = json!({
        "reference": attempt.reference,
        "outcome": attempt.outcome,
        "userName": attempt.user_name,
    });
    let subject = Subject { kind: "sign_in_attempt", id: &attempt.reference };
    author.record(tx, action, subject, None, Some(&after))?;
    Ok(true)
}
