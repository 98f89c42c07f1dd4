//! Requests that wait for their person: saved here, because the answer must fit the request and the
//! browser, whatever happens to the URL on the way through the sign-in page.

use std::time::Duration;

use saml::authn_request::AuthnRequest;
use serde::{Deserialize, Serialize};
use store::{StoreError, Tx};
use time::OffsetDateTime;
use web::{Timestamp, token};

/// How long a person may take to sign in.
pub const LIFETIME: Duration = Duration::from_secs(10 * 60);
/// Most requests that wait in a tenant. Anybody can send requests; beyond this the oldest are dropped.
const MOST: i64 = 50_000;

/// A request that waits, or is about to be decided at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// Its id here, unguessable.
    pub id: String,
    /// The application that sent it.
    pub application_id: String,
    /// The request.
    pub request: AuthnRequest,
    /// To be sent back as it came.
    pub relay_state: Option<String>,
    /// When it came.
    pub received_at: Timestamp,
    /// Whether it came by HTTP-POST.
    pub by_post: bool,
    /// Whether its signature was verified.
    pub verified: bool,
    /// Who probably signs in: fills the sign-in form (Entra: `login_hint`).
    pub login_hint: Option<String>,
    /// The request as it came, cut, for the record.
    pub xml: Option<String>,
}

/// What became of looking for a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// It waits.
    Waiting(Box<Pending>),
    /// It has expired, was answered, or never was.
    Gone,
    /// Another browser brought it.
    OtherBrowser,
}

/// The request as the row keeps it: every value is bounded, because it was compared with what is
/// registered or with a list, or its length was checked.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kept {
    id: String,
    issue_instant: i64,
    issuer: String,
    assertion_consumer_service_url: Option<String>,
    name_id_format: Option<String>,
    sp_name_qualifier: Option<String>,
    force_authn: bool,
    is_passive: bool,
    authn_contexts: Vec<String>,
    by_post: bool,
    #[serde(default)]
    verified: bool,
    #[serde(default)]
    login_hint: Option<String>,
    #[serde(default)]
    xml: Option<String>,
}

/// Saves a request for the browser with this cookie.
///
/// # Errors
/// The engine's.
pub fn save(tx: &mut Tx<'_>, tenant: &str, pending: &Pending, browser: &str) -> Result<(), StoreError> {
    let now = pending.received_at;
    let kept = serde_json::to_string(&keep(pending)).unwrap_or_default();
    let sql = "INSERT INTO saml_requests (tenant_id, id, application_id, browser_sha256, request, relay_state, \
               received_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    tx.exec(
        sql,
        &[
            tenant.into(),
            (&pending.id).into(),
            (&pending.application_id).into(),
            token::hash(browser)[..].into(),
            (&kept).into(),
            (&pending.relay_state).into(),
            now.micros().into(),
            now.plus(LIFETIME).micros().into(),
        ],
    )?;
    Ok(())
}

/// Clears away what has expired, and the oldest beyond the most that may wait.
///
/// # Errors
/// The engine's.
pub fn clear_away(tx: &mut Tx<'_>, tenant: &str, now: Timestamp) -> Result<(), StoreError> {
    tx.exec("DELETE FROM saml_requests WHERE expires_at <= ?1", &[now.micros().into()])?;
    let waiting = tx.int("SELECT count(*) FROM saml_requests WHERE tenant_id = ?1", &[tenant.into()])?;
    if waiting < MOST {
        return Ok(());
    }
    let sql = "DELETE FROM saml_requests WHERE tenant_id = ?1 AND id IN (SELECT id FROM saml_requests \
               WHERE tenant_id = ?1 ORDER BY received_at LIMIT ?2)";
    tx.exec(sql, &[tenant.into(), (waiting - MOST + 1).into()]).map(|_| ())
}

/// Looks for a request on behalf of a browser.
///
/// # Errors
/// The engine's.
pub fn find(
    tx: &mut Tx<'_>,
    tenant: &str,
    id: &str,
    browser: Option<&str>,
    now: Timestamp,
) -> Result<Found, StoreError> {
    let sql = "SELECT id, application_id, browser_sha256, request, relay_state, received_at FROM saml_requests \
               WHERE tenant_id = ?1 AND id = ?2 AND expires_at > ?3";
    let Some(row) = tx.row(sql, &[tenant.into(), id.into(), now.micros().into()])? else {
        return Ok(Found::Gone);
    };
    let own = browser.is_some_and(|b| row.bytes(2).is_ok_and(|hash| token::same(&hash, &token::hash(b))));
    if !own {
        return Ok(Found::OtherBrowser);
    }
    let mut kept: Kept = serde_json::from_str(&row.text(3)?)
        .map_err(|_| StoreError::BadRow { column: 3, why: "a kept request expected" })?;
    Ok(Found::Waiting(Box::new(Pending {
        id: row.text(0)?,
        application_id: row.text(1)?,
        by_post: kept.by_post,
        verified: kept.verified,
        login_hint: kept.login_hint.take(),
        xml: kept.xml.take(),
        request: restore(kept),
        relay_state: row.opt_text(4)?,
        received_at: Timestamp(row.int(5)?),
    })))
}

/// Takes a request away because it is answered now; false where it is gone already.
///
/// # Errors
/// The engine's.
pub fn consume(tx: &mut Tx<'_>, tenant: &str, id: &str) -> Result<bool, StoreError> {
    let sql = "DELETE FROM saml_requests WHERE tenant_id = ?1 AND id = ?2";
    Ok(tx.exec(sql, &[tenant.into(), id.into()])? == 1)
}

fn keep(pending: &Pending) -> Kept {
    let request = &pending.request;
    let mut authn_contexts: Vec<String> = Vec::new();
    for class in &request.authn_contexts {
        if !authn_contexts.contains(class) {
            authn_contexts.push(class.clone());
        }
    }
    Kept {
        id: request.id.clone(),
        issue_instant: Timestamp::from(request.issue_instant).micros(),
        issuer: request.issuer.clone(),
        assertion_consumer_service_url: request.assertion_consumer_service_url.clone(),
        name_id_format: request.name_id_format.clone(),
        sp_name_qualifier: request.sp_name_qualifier.clone(),
        force_authn: request.force_authn,
        is_passive: request.is_passive,
        authn_contexts,
        by_post: pending.by_post,
        verified: pending.verified,
        login_hint: pending.login_hint.clone(),
        xml: pending.xml.clone(),
    }
}

/// Destination is not kept: nothing looks at it (Entra ignores it).
fn restore(kept: Kept) -> AuthnRequest {
    AuthnRequest {
        id: kept.id,
        issue_instant: instant(kept.issue_instant),
        issuer: kept.issuer,
        assertion_consumer_service_url: kept.assertion_consumer_service_url,
        destination: None,
        name_id_format: kept.name_id_format,
        sp_name_qualifier: kept.sp_name_qualifier,
        force_authn: kept.force_authn,
        is_passive: kept.is_passive,
        authn_contexts: kept.authn_contexts,
    }
}

fn instant(micros: i64) -> OffsetDateTime {
    Timestamp(micros).to_offset()
}
