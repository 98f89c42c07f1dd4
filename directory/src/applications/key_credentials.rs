//! Certificates of the application itself: those that verify its requests, and those that assertions are
//! encrypted for (Entra: "Enforce signed SAML authentication requests", "SAML token encryption").

use saml::certificate::KeyKind;
use serde_json::{Value as Json, json};
use store::{Row, StoreError, Tx};
use web::Timestamp;

use super::{Application, by_any_id};
use crate::change::Change;
use crate::refused::Refused;

/// Most certificates of one usage.
const MOST: usize = 10;

/// What a certificate of an application is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    /// It verifies requests.
    Verify,
    /// Assertions are encrypted for it, once the application names it as the one to use.
    Encrypt,
}

impl Usage {
    /// As Graph and the rows name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Verify => "Verify",
            Self::Encrypt => "Encrypt",
        }
    }

    /// From its name, in any letter case.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Verify, Self::Encrypt].into_iter().find(|usage| usage.as_str().eq_ignore_ascii_case(name))
    }
}

/// A certificate of an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyCredential {
    /// Its id.
    pub key_id: String,
    /// What it is for.
    pub usage: Usage,
    /// SHA-1 over the certificate in upper-case hexadecimal.
    pub thumbprint: String,
    /// The certificate.
    pub der: Vec<u8>,
    /// From when it is valid.
    pub not_before: Timestamp,
    /// Until when it is valid.
    pub not_after: Timestamp,
}

impl KeyCredential {
    /// The certificate's subject; empty where it cannot be read, which only a damaged row can be.
    pub fn subject(&self) -> String {
        saml::certificate::Certificate::from_der(&self.der)
            .map_or_else(|_| String::new(), |c| c.subject().to_owned())
    }

    /// As events and the API have it.
    pub fn to_json(&self) -> Json {
        json!({
            "keyId": self.key_id,
            "usage": self.usage.as_str(),
            "thumbprint": self.thumbprint,
            "notBefore": self.not_before.rfc3339(),
            "notAfter": self.not_after.rfc3339(),
        })
    }
}

fn read(row: &Row) -> Result<KeyCredential, StoreError> {
    let usage = Usage::from_name(&row.text(1)?);
    Ok(KeyCredential {
        key_id: row.text(0)?,
        usage: usage.ok_or(StoreError::BadRow { column: 1, why: "Verify or Encrypt expected" })?,
        thumbprint: row.text(2)?,
        der: row.bytes(3)?,
        not_before: Timestamp(row.int(4)?),
        not_after: Timestamp(row.int(5)?),
    })
}

/// The certificates of an application, in the order in which they were added.
///
/// # Errors
/// The engine's.
pub fn key_credentials(
    tx: &mut Tx<'_>,
    tenant: &str,
    application: &str,
) -> Result<Vec<KeyCredential>, StoreError> {
    let sql = "SELECT key_id, usage, thumbprint, certificate_der, not_before, not_after \
               FROM application_key_credentials WHERE tenant_id = ?1 AND application_id = ?2 \
               ORDER BY created_at, key_id";
    tx.rows(sql, &[tenant.into(), application.into()])?.iter().map(read).collect()
}

/// The certificate that assertions are to be encrypted for.
///
/// # Errors
/// [`Refused::NotFound`] where the application has none with this id and usage; the engine's.
pub(super) fn encryption_key(
    tx: &mut Tx<'_>,
    tenant: &str,
    application: &str,
    key_id: &str,
) -> Result<KeyCredential, Refused> {
    let found = key_credentials(tx, tenant, application)?
        .into_iter()
        .find(|known| known.key_id == key_id && known.usage == Usage::Encrypt);
    found.ok_or_else(|| Refused::not_found("encryption certificate", key_id))
}

/// Adds a certificate, in PEM, base64 or DER, under a new id. It is of no effect by itself: an application says apart from
/// it whether requests must be signed, and which certificate it wants assertions encrypted for.
///
/// # Errors
/// [`Refused::NotFound`], [`Refused::Invalid`] for what is no certificate, is here already or has no key
/// for its usage, [`Refused::TooMany`]; the engine's.
pub fn add_key_credential(
    tx: &mut Tx<'_>,
    change: &Change,
    application: &str,
    usage: Usage,
    certificate: &[u8],
    key_id: String,
) -> Result<KeyCredential, Refused> {
    let application = by_any_id(tx, &change.tenant, application)?;
    let new = checked(usage, certificate, key_id)?;
    let known = key_credentials(tx, &change.tenant, &application.id)?;
    let same: Vec<&KeyCredential> = known.iter().filter(|known| known.usage == usage).collect();
    if same.iter().any(|known| known.der == new.der) {
        let expected = "one that the application does not have yet";
        return Err(Refused::invalid("certificate", expected, &new.thumbprint));
    }
    if same.len() >= MOST {
        return Err(Refused::TooMany { target: "keyCredentials", limit: MOST, found: same.len() + 1 });
    }
    tx.exec(
        "INSERT INTO application_key_credentials (tenant_id, application_id, key_id, usage, thumbprint, \
         certificate_der, not_before, not_after, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        &[
            (&change.tenant).into(),
            (&application.id).into(),
            (&new.key_id).into(),
            usage.as_str().into(),
            (&new.thumbprint).into(),
            (&new.der).into(),
            new.not_before.micros().into(),
            new.not_after.micros().into(),
            change.now.micros().into(),
        ],
    )?;
    record(tx, change, "key_credential.added", &application, None, Some(&new))?;
    Ok(new)
}

fn checked(usage: Usage, certificate: &[u8], key_id: String) -> Result<KeyCredential, Refused> {
    let read = saml::certificate::Certificate::read(certificate);
    let read = read.map_err(|e| Refused::invalid("certificate", e.expected(), e.found()))?;
    let rsa = matches!(read.key_kind(), KeyKind::Rsa { .. });
    // Entra accepts RSA-SHA256 alone for requests, and the key of an assertion travels under RSA-OAEP.
    if !rsa {
        return Err(Refused::invalid("certificate", "one with an RSA key", "another kind of key"));
    }
    Ok(KeyCredential {
        key_id,
        usage,
        thumbprint: read.thumbprint(),
        der: read.der().to_vec(),
        not_before: Timestamp::from(read.not_before()),
        not_after: Timestamp::from(read.not_after()),
    })
}

/// Removes a certificate.
///
/// # Errors
/// [`Refused::NotFound`]; [`Refused::ActiveCertificate`] for the one that assertions are encrypted for:
/// without it they would have to go out in clear; the engine's.
pub fn delete_key_credential(
    tx: &mut Tx<'_>,
    change: &Change,
    application: &str,
    key_id: &str,
) -> Result<(), Refused> {
    let application = by_any_id(tx, &change.tenant, application)?;
    let mut known = key_credentials(tx, &change.tenant, &application.id)?.into_iter();
    let before = known.find(|known| known.key_id == key_id);
    let before = before.ok_or_else(|| Refused::not_found("certificate", key_id))?;
    if application.token_encryption_key_id.as_deref() == Some(key_id) {
        return Err(Refused::ActiveCertificate(before.thumbprint));
    }
    let sql = "DELETE FROM application_key_credentials WHERE tenant_id = ?1 AND application_id = ?2 AND key_id = ?3";
    tx.exec(sql, &[(&change.tenant).into(), (&application.id).into(), key_id.into()])?;
    record(tx, change, "key_credential.removed", &application, Some(&before), None)
}

fn record(
    tx: &mut Tx<'_>,
    change: &Change,
    action: &str,
    application: &Application,
    before: Option<&KeyCredential>,
    after: Option<&KeyCredential>,
) -> Result<(), Refused> {
    let (before, after) = (before.map(KeyCredential::to_json), after.map(KeyCredential::to_json));
    Ok(change.record(tx, action, ("application", &application.id), before.as_ref(), after.as_ref())?)
}
