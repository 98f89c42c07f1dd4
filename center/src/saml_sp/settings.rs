//! How this service provider behaves where people may choose. The defaults are the behaviour of AWS.

use ::store::{StoreError, Tx};
use saml::certificate::{Certificate, CertificateRefusal};
use serde::{Deserialize, Serialize};
use serde_json::json;
use time::Duration;

use crate::admin_api::ApiError;
use crate::instance::{Author, Subject};

/// Longest clock skew in seconds.
pub const MOST_CLOCK_SKEW: i64 = 300;
/// Most certificates of metadata signers.
const MOST_METADATA_SIGNERS: usize = 10;
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
    /// Whether signing out here signs out there, and the other way round.
    pub single_logout: bool,
    /// Whether somebody who is unknown here becomes a user by signing in.
    pub just_in_time: bool,
    /// For how many days attempts are kept.
    pub attempt_days: i64,
    /// Who must have signed the identity provider's metadata, as base64 of the certificates; nobody: a signature is not
    /// looked at.
    pub metadata_signers: Vec<String>,
}

impl Default for SamlSettings {
    fn default() -> Self {
        Self {
            clock_skew_seconds: 180,
            sign_requests: false,
            accept_encrypted: false,
            accept_sha1: false,
            accept_unsolicited: true,
            single_logout: false,
            just_in_time: false,
            attempt_days: 30,
            metadata_signers: Vec::new(),
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
        within("attemptDays", self.attempt_days, 1, MOST_ATTEMPT_DAYS)?;
        let found = self.metadata_signers.len();
        if found > MOST_METADATA_SIGNERS {
            let expected = format!("at most {MOST_METADATA_SIGNERS} certificates");
            let message = format!("metadataSigners must be {expected}");
            return Err(ApiError::invalid("metadataSigners", message, &found.to_string()).expected(expected));
        }
        let unusable = |refusal: CertificateRefusal| {
            ApiError::invalid(
                "metadataSigners",
                format!("a certificate cannot be used: {refusal}"),
                refusal.found(),
            )
            .expected(refusal.expected())
            .fix(refusal.fix())
        };
        self.metadata_signers.iter().try_for_each(|c| Certificate::from_text(c).map(|_| ()).map_err(unusable))
    }

    /// The certificates of those who must have signed the identity provider's metadata.
    ///
    /// # Errors
    /// [`StoreError::BadRow`]: with fewer names than were given, anybody's file might be taken.
    pub fn signers(&self) -> Result<Vec<Certificate>, StoreError> {
        let bad = |_| StoreError::BadRow { column: 0, why: "certificates of metadata signers expected" };
        self.metadata_signers.iter().map(|c| Certificate::from_text(c).map_err(bad)).collect()
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

/// The certificates of a text in which one PEM block stands after another; text that is no block is one certificate.
pub fn split_certificates(text: &str) -> Vec<String> {
    const END: &str = "-----END CERTIFICATE-----";
    let parts = text.split_inclusive(END).map(str::trim).filter(|part| !part.is_empty());
    parts.map(ToOwned::to_owned).collect()
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
    single_logout: Option<bool>,
    just_in_time: Option<bool>,
    attempt_days: Option<i64>,
    metadata_signers: Option<Vec<String>>,
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
            single_logout: self.single_logout.unwrap_or(old.single_logout),
            just_in_time: self.just_in_time.unwrap_or(old.just_in_time),
            attempt_days: self.attempt_days.unwrap_or(old.attempt_days),
            metadata_signers: match &self.metadata_signers {
                Some(given) => given.iter().map(|text| bare(text)).collect(),
                None => old.metadata_signers.clone(),
            },
        }
    }
}

/// A certificate as it is kept. What is none stays as it is, for `check` to refuse.
fn bare(text: &str) -> String {
    Certificate::from_text(text).map_or_else(|_| text.to_owned(), |certificate| certificate.base64())
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
