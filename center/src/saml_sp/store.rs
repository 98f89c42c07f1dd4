//! Rows of the service provider: requests that wait, assertions that were taken, and attempts.

use ::store::{Row, StoreError, Tx};
use web::Timestamp;

use super::attempt::{Attempt, Summary};

/// Requests are kept so long after their end, to tell expired and used from unknown.
const KEEP_REQUESTS_MICROS: i64 = 3_600 * 1_000_000;
/// Most requests of an instance: anybody can start a sign-in.
const MOST_REQUESTS: i64 = 100_000;
const DAY_MICROS: i64 = 86_400 * 1_000_000;
/// Most attempts with the identity provider's signature, and most without.
const MOST_PROVEN: i64 = 50_000;
const MOST_UNPROVEN: i64 = 5_000;

/// A request that was sent to the identity provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The ID in the message.
    pub id: String,
    /// Where the person wants to go: a path of our own.
    pub return_to: String,
    /// The hash of the browser's binding cookie.
    pub browser_sha256: Vec<u8>,
    /// Until when the answer may come.
    pub expires_at: Timestamp,
    /// When an answer was taken.
    pub used_at: Option<Timestamp>,
    /// The message as it was sent, for the page that explains a sign-in.
    pub xml: Option<String>,
}

/// Saves a request.
///
/// # Errors
/// The engine's.
pub fn save_request(
    tx: &mut Tx<'_>,
    instance_id: &str,
    request: &Request,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.exec(
        "INSERT INTO saml_requests (instance_id, id, return_to, browser_sha256, created_at, expires_at, request_xml) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        &[
            instance_id.into(),
            (&request.id).into(),
            (&request.return_to).into(),
            (&request.browser_sha256).into(),
            now.micros().into(),
            request.expires_at.micros().into(),
            (&request.xml).into(),
        ],
    )?;
    Ok(())
}

/// The request with this ID, whatever became of it.
///
/// # Errors
/// The engine's.
pub fn request(tx: &mut Tx<'_>, instance_id: &str, id: &str) -> Result<Option<Request>, StoreError> {
    let sql = "SELECT id, return_to, browser_sha256, expires_at, used_at, request_xml FROM saml_requests \
               WHERE instance_id = ?1 AND id = ?2";
    let row = tx.row(sql, &[instance_id.into(), id.into()])?;
    row.map(|row| {
        Ok(Request {
            id: row.text(0)?,
            return_to: row.text(1)?,
            browser_sha256: row.bytes(2)?,
            expires_at: Timestamp(row.int(3)?),
            used_at: row.opt_int(4)?.map(Timestamp),
            xml: row.opt_text(5)?,
        })
    })
    .transpose()
}

/// Marks a request as answered.
///
/// # Errors
/// The engine's.
pub fn use_request(tx: &mut Tx<'_>, instance_id: &str, id: &str, now: Timestamp) -> Result<(), StoreError> {
    let sql = "UPDATE saml_requests SET used_at = ?3 WHERE instance_id = ?1 AND id = ?2";
    tx.exec(sql, &[instance_id.into(), id.into(), now.micros().into()]).map(|_| ())
}

/// Removes requests whose end is past, and the oldest beyond the most that are kept.
///
/// # Errors
/// The engine's.
pub fn clear_requests(tx: &mut Tx<'_>, instance_id: &str, now: Timestamp) -> Result<(), StoreError> {
    let before = now.micros().saturating_sub(KEEP_REQUESTS_MICROS);
    tx.exec(
        "DELETE FROM saml_requests WHERE instance_id = ?1 AND expires_at < ?2",
        &[instance_id.into(), before.into()],
    )?;
    tx.exec(
        "DELETE FROM saml_requests WHERE instance_id = ?1 AND expires_at <= (SELECT expires_at FROM saml_requests \
         WHERE instance_id = ?1 ORDER BY expires_at DESC LIMIT 1 OFFSET ?2)",
        &[instance_id.into(), MOST_REQUESTS.into()],
    )?;
    Ok(())
}

/// Removes every request: the identity source has changed, and no answer to them counts any more.
///
/// # Errors
/// The engine's.
pub fn forget_requests(tx: &mut Tx<'_>, instance_id: &str) -> Result<(), StoreError> {
    tx.exec("DELETE FROM saml_requests WHERE instance_id = ?1", &[instance_id.into()]).map(|_| ())
}

/// Whether this assertion was taken before.
///
/// # Errors
/// The engine's.
pub fn assertion_seen(tx: &mut Tx<'_>, instance_id: &str, assertion_id: &str) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM saml_assertions_seen WHERE instance_id = ?1 AND assertion_id = ?2";
    tx.exists(sql, &[instance_id.into(), assertion_id.into()])
}

/// Remembers an assertion until nobody could send it again, and forgets those that have come so far.
///
/// # Errors
/// The engine's; a duplicate is [`StoreError::Unique`], so that of two at the same time one fails.
pub fn remember_assertion(
    tx: &mut Tx<'_>,
    instance_id: &str,
    assertion_id: &str,
    until: Timestamp,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.exec("DELETE FROM saml_assertions_seen WHERE until < ?1", &[now.micros().into()])?;
    let sql = "INSERT INTO saml_assertions_seen (instance_id, assertion_id, until) VALUES (?1, ?2, ?3)";
    tx.exec(sql, &[instance_id.into(), assertion_id.into(), until.micros().into()]).map(|_| ())
}

/// Saves an attempt.
///
/// # Errors
/// The engine's.
pub fn save_attempt(tx: &mut Tx<'_>, instance_id: &str, attempt: &Attempt) -> Result<(), StoreError> {
    tx.exec(
        "INSERT INTO sign_in_attempts (instance_id, reference, at, outcome, user_name, proven, trace, certificate) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        &[
            instance_id.into(),
            (&attempt.reference).into(),
            attempt.at.micros().into(),
            (&attempt.outcome).into(),
            (&attempt.user_name).into(),
            attempt.proven().into(),
            (&attempt.trace().to_string()).into(),
            (&attempt.certificate).into(),
        ],
    )?;
    Ok(())
}

/// How many attempts were refused since `since`, with or without the identity provider's signature.
///
/// # Errors
/// The engine's.
pub fn refused_since(
    tx: &mut Tx<'_>,
    instance_id: &str,
    proven: bool,
    since: Timestamp,
) -> Result<i64, StoreError> {
    let sql = "SELECT count(*) FROM sign_in_attempts \
               WHERE instance_id = ?1 AND proven = ?2 AND at > ?3 AND outcome <> 'accepted'";
    tx.int(sql, &[instance_id.into(), proven.into(), since.micros().into()])
}

/// Removes attempts that are older than `days`, and the oldest beyond the most that are kept.
///
/// # Errors
/// The engine's.
pub fn prune_attempts(
    tx: &mut Tx<'_>,
    instance_id: &str,
    now: Timestamp,
    days: i64,
) -> Result<(), StoreError> {
    let before = now.micros().saturating_sub(days.saturating_mul(DAY_MICROS));
    tx.exec(
        "DELETE FROM sign_in_attempts WHERE instance_id = ?1 AND at < ?2",
        &[instance_id.into(), before.into()],
    )?;
    for (proven, most) in [(true, MOST_PROVEN), (false, MOST_UNPROVEN)] {
        tx.exec(
            "DELETE FROM sign_in_attempts WHERE instance_id = ?1 AND proven = ?2 AND at <= (SELECT at FROM \
             sign_in_attempts WHERE instance_id = ?1 AND proven = ?2 ORDER BY at DESC LIMIT 1 OFFSET ?3)",
            &[instance_id.into(), proven.into(), most.into()],
        )?;
    }
    Ok(())
}

/// Which attempts are listed; an empty text is no condition.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// `accepted`, `refused`, or the code of a refusal.
    pub outcome: String,
    /// The user name, whole.
    pub user_name: String,
}

/// The newest attempts that fit, newest first.
///
/// # Errors
/// The engine's.
pub fn attempts(
    tx: &mut Tx<'_>,
    instance_id: &str,
    filter: &Filter,
    limit: i64,
) -> Result<Vec<Summary>, StoreError> {
    let outcome = match filter.outcome.as_str() {
        "" => "?3 = ''",
        "refused" => "outcome <> 'accepted' AND ?3 <> ''",
        _ => "outcome = ?3",
    };
    let sql = format!(
        "SELECT reference, at, outcome, user_name FROM sign_in_attempts WHERE instance_id = ?1 AND {outcome} \
         AND (?4 = '' OR user_name = ?4) ORDER BY at DESC, reference LIMIT ?2"
    );
    let params = [instance_id.into(), limit.into(), (&filter.outcome).into(), (&filter.user_name).into()];
    tx.rows(&sql, &params)?.iter().map(summary).collect()
}

/// When a certificate verified a response last, as far as attempts are kept.
///
/// # Errors
/// The engine's.
pub fn last_used(
    tx: &mut Tx<'_>,
    instance_id: &str,
    thumbprint: &str,
) -> Result<Option<Timestamp>, StoreError> {
    let sql = "SELECT at FROM sign_in_attempts WHERE instance_id = ?1 AND certificate = ?2 \
               ORDER BY at DESC LIMIT 1";
    let row = tx.row(sql, &[instance_id.into(), thumbprint.into()])?;
    row.map(|row| row.int(0).map(Timestamp)).transpose()
}

/// The attempt with this reference.
///
/// # Errors
/// The engine's.
pub fn attempt(tx: &mut Tx<'_>, instance_id: &str, reference: &str) -> Result<Option<Attempt>, StoreError> {
    let sql = "SELECT reference, at, outcome, user_name, trace, certificate FROM sign_in_attempts \
               WHERE instance_id = ?1 AND reference = ?2";
    let row = tx.row(sql, &[instance_id.into(), reference.into()])?;
    row.map(|row| Attempt::from_row(summary(&row)?, &row.json(4)?, row.opt_text(5)?)).transpose()
}

fn summary(row: &Row) -> Result<Summary, StoreError> {
    Ok(Summary {
        reference: row.text(0)?,
        at: Timestamp(row.int(1)?),
        outcome: row.text(2)?,
        user_name: row.opt_text(3)?,
    })
}
