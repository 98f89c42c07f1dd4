//! The record of every sign-on: an event, and a row under the reference that the person was shown.

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use store::{NewEvent, Row, StoreError, Tx};
use web::Timestamp;

use super::refusal::Refusal;
use super::trace::{Check, cut};
use crate::tenant;

const DAY: i64 = 24 * 60 * 60 * 1_000_000;

/// A sign-on, as it is recorded and looked up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SignIn {
    /// What the person was shown: the correlation id.
    pub reference: String,
    /// When, RFC 3339.
    pub at: String,
    /// `issued` or `refused`.
    pub outcome: String,
    /// How the request came: `HTTP-Redirect`, `HTTP-POST`, `IdP-initiated`; `sign-out` or
    /// `password` for a refusal of these.
    pub started_by: String,
    /// The refusal's stable code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The refusal's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aadsts: Option<u32>,
    /// The refusal in a sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// What would have been right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<String>,
    /// What was there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<String>,
    /// Who can fix it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<String>,
    /// How.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    /// The application's object id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application_id: Option<String>,
    /// Its name at that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application_name: Option<String>,
    /// The user's object id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// Its name at that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_principal_name: Option<String>,
    /// What was checked, in order.
    pub checks: Vec<Check>,
    /// The request, cut, without the values of signatures. Lists leave it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_xml: Option<String>,
    /// The response, the same way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_xml: Option<String>,
}

impl SignIn {
    /// The same sign-on as a refused one.
    #[must_use]
    pub fn refused(mut self, refusal: &Refusal) -> Self {
        "refused".clone_into(&mut self.outcome);
        self.code = Some(refusal.code().to_owned());
        self.aadsts = Some(refusal.aadsts());
        self.message = Some(refusal.to_string());
        self.expected = Some(cut(refusal.expected()));
        self.found = Some(cut(refusal.found()));
        self.who = Some(refusal.who().to_owned());
        self.fix = Some(refusal.fix().to_owned());
        self
    }

    fn actor(&self) -> String {
        self.user_id.as_ref().map_or_else(|| "system".to_owned(), |id| format!("user:{id}"))
    }
}

/// A sign-on as its row and its event have it, made before the transaction begins: all others wait for that.
#[derive(Debug)]
pub struct Record {
    sign_in: SignIn,
    details: String,
    event: Json,
}

impl From<SignIn> for Record {
    fn from(mut sign_in: SignIn) -> Self {
        let messages = (sign_in.request_xml.take(), sign_in.response_xml.take());
        // Texts and numbers always serialize.
        let details = serde_json::to_string(&sign_in).unwrap_or_default();
        // The event names the sign-on; its checks stay in the record, which does not live as long.
        let checks = std::mem::take(&mut sign_in.checks);
        let mut event = json!(sign_in);
        if let Some(map) = event.as_object_mut() {
            map.remove("checks");
        }
        sign_in.checks = checks;
        (sign_in.request_xml, sign_in.response_xml) = messages;
        Self { sign_in, details, event }
    }
}

/// Records a sign-on and its event.
///
/// # Errors
/// The engine's.
pub fn record(tx: &mut Tx<'_>, tenant: &str, now: Timestamp, record: &Record) -> Result<(), StoreError> {
    let Record { sign_in, details, event } = record;
    let sql = "INSERT INTO sign_ins (tenant_id, reference, at, outcome, application_id, user_id, details, \
               request_xml, response_xml) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
    tx.exec(
        sql,
        &[
            tenant.into(),
            (&sign_in.reference).into(),
            now.micros().into(),
            (&sign_in.outcome).into(),
            (&sign_in.application_id).into(),
            (&sign_in.user_id).into(),
            details.into(),
            (&sign_in.request_xml).into(),
            (&sign_in.response_xml).into(),
        ],
    )?;
    tx.append_event(&NewEvent {
        realm: tenant,
        at: now.micros(),
        actor: &sign_in.actor(),
        action: if sign_in.outcome == "issued" { "sign_in.issued" } else { "sign_in.refused" },
        subject_type: "sign_in",
        subject_id: &sign_in.reference,
        before: None,
        after: Some(event),
    })
}

/// Clears away records that are older than the tenant keeps them.
///
/// # Errors
/// The engine's.
pub fn clear_away(tx: &mut Tx<'_>, tenant: &str, now: Timestamp) -> Result<(), StoreError> {
    let kept = tenant::get(tx, tenant)?.sign_in_retention_days.saturating_mul(DAY);
    let oldest = now.micros().saturating_sub(kept);
    let sql = "DELETE FROM sign_ins WHERE tenant_id = ?1 AND at < ?2";
    tx.exec(sql, &[tenant.into(), oldest.into()]).map(|_| ())
}

/// The newest sign-ons.
///
/// # Errors
/// The engine's.
pub fn newest(tx: &mut Tx<'_>, tenant: &str, limit: i64) -> Result<Vec<SignIn>, StoreError> {
    let sql = "SELECT details FROM sign_ins WHERE tenant_id = ?1 ORDER BY at DESC, reference DESC LIMIT ?2";
    tx.rows(sql, &[tenant.into(), limit.into()])?.iter().map(read).collect()
}

/// The sign-on under a reference, with its messages.
///
/// # Errors
/// The engine's.
pub fn find(tx: &mut Tx<'_>, tenant: &str, reference: &str) -> Result<Option<SignIn>, StoreError> {
    let sql =
        "SELECT details, request_xml, response_xml FROM sign_ins WHERE tenant_id = ?1 AND reference = ?2";
    let Some(row) = tx.row(sql, &[tenant.into(), reference.into()])? else { return Ok(None) };
    let (request_xml, response_xml) = (row.opt_text(1)?, row.opt_text(2)?);
    Ok(Some(SignIn { request_xml, response_xml, ..read(&row)? }))
}

fn read(row: &Row) -> Result<SignIn, StoreError> {
    let unexpected = |_| StoreError::BadRow { column: 0, why: "a sign-on expected" };
    serde_json::from_str(&row.text(0)?).map_err(unexpected)
}
