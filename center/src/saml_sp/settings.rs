//! How this service provider behaves where people may choose. The defaults are the behaviour of AWS.

use ::store::{StoreError, Tx};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::Duration;

use crate::admin_api::ApiError;
use crate::instance::{Author, Subject};

/// Longest clock skew in seconds.
pub const MOST_CLOCK_SKEW: i64 = 300;
/// Longest time for which attempts are kept, in days.
pub const MOST_ATTEMPT_DAYS: i64 = 365;

/// The choices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own on one page")]
pub struct SamlSettings {
    /// How far the identity provider's clock may differ from ours, in seconds.
    pub clock_skew_seconds: i64,
    /// Whether our requests are signed.
    pub sign_requests: bool,
    /// Whether encrypted assertions are taken, and our encryption certificate is published.
    pub accept_encrypted: bool,
    /// Whether signatures with SHA-1 are taken.
    pub accept_sha1: bool,
    /// Whether sign-ins may begin at the identity provider.
    pub accept_unsolicited: bool,
    /// Whether somebody who is unknown here becomes a user by signing in.
    pub just_in_time: bool,
    /// For how many days attempts are kept.
    pub attempt_days: i64,
}

impl Default for SamlSettings {
    fn default() -> Self {
        Self {
            clock_skew_seconds: 180,
            sign_requests: false,
            accept_encrypted: false,
            accept_sha1: false,
            accept_unsolicited: true,
            just_in_time: false,
            attempt_days: 30,
        }
    }
}

impl SamlSettings {
    /// The clock skew.
    pub fn clock_skew(&self) -> Duration {
        Duration::seconds(self.clock_skew_seconds)
    }

    /// Refuses numbers out of their range.
    ///
    /// # Errors
    /// `InvalidValue` with the setting.
    pub fn check(&self) -> Result<(), ApiError> {
        within("clockSkewSeconds", self.clock_skew_seconds, 0, MOST_CLOCK_SKEW)?;
        within("attemptDays", self.attempt_days, 1, MOST_ATTEMPT_DAYS)
    }
}

fn within(target: &str, found: i64, least: i64, most: i64) -> Result<(), ApiError> {
    if (least..=most).contains(&found) {
        return Ok(());
    }
    let expected = format!("a number from {least} to {most}");
    Err(ApiError::invalid(target, format!("{target} must be {expected}"), &found.to_string())
        .expected(expected)
        .fix("give a number in this range; nothing was changed"))
}

/// A change: what is absent stays.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SettingsChange {
    clock_skew_seconds: Option<i64>,
    sign_requests: Option<bool>,
    accept_encrypted: Option<bool>,
    accept_sha1: Option<bool>,
    accept_unsolicited: Option<bool>,
    just_in_time: Option<bool>,
    attempt_days: Option<i64>,
}

impl SettingsChange {
    /// The settings after the change.
    pub fn over(&self, old: &SamlSettings) -> SamlSettings {
        SamlSettings {
            clock_skew_seconds: self.clock_skew_seconds.unwrap_or(old.clock_skew_seconds),
            sign_requests: self.sign_requests.unwrap_or(old.sign_requests),
            accept_encrypted: self.accept_encrypted.unwrap_or(old.accept_encrypted),
            accept_sha1: self.accept_sha1.unwrap_or(old.accept_sha1),
            accept_unsolicited: self.accept_unsolicited.unwrap_or(old.accept_unsolicited),
            just_in_time: self.just_in_time.unwrap_or(old.just_in_time),
            attempt_days: self.attempt_days.unwrap_or(old.attempt_days),
        }
    }
}

/// The settings of an instance; the defaults where none were saved.
///
/// # Errors
/// [`StoreError::BadRow`] for a row that holds none: nobody signs in by half-read rules.
pub fn load(tx: &mut Tx<'_>, instance_id: &str) -> Result<SamlSettings, StoreError> {
    let sql = "SELECT settings FROM saml_settings WHERE instance_id = ?1";
    let Some(row) = tx.row(sql, &[instance_id.into()])? else { return Ok(SamlSettings::default()) };
    let bad = StoreError::BadRow { column: 0, why: "settings of the service provider expected" };
    serde_json::from_value(row.json(0)?).map_err(|_| bad)
}

/// Saves the settings with their event. Nothing happens where they are the same.
///
/// # Errors
/// The engine's.
pub fn save(tx: &mut Tx<'_>, author: &Author, new: &SamlSettings) -> Result<(), StoreError> {
    let old = load(tx, &author.instance_id)?;
    if old == *new {
        return Ok(());
    }
    let (before, after) = (json!(old), json!(new));
    tx.exec(
        "INSERT INTO saml_settings (instance_id, settings, changed_at) VALUES (?1, ?2, ?3) \
         ON CONFLICT (instance_id) DO UPDATE SET settings = ?2, changed_at = ?3",
        &[(&author.instance_id).into(), (&after.to_string()).into(), author.now.micros().into()],
    )?;
    let subject = Subject { kind: "saml_settings", id: &author.instance_id };
    author.record(tx, "saml_settings.updated", subject, Some(&before), Some(&after))
}
