//! SAML signing certificates. One of an application is active: it signs.

use rcgen::{
    CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_RSA_SHA256, RsaKeySize, SerialNumber,
};
use serde_json::{Value as Json, json};
use store::{Row, StoreError, Tx};
use web::Timestamp;
use web::sealed::MasterKey;

use super::{Application, by_any_id, three_years_after};
use crate::Directory;
use crate::change::Change;
use crate::refused::Refused;

/// Entra's certificates are called `Microsoft Azure Federated SSO Certificate`.
const SUBJECT: &str = "Entente Federated SSO Certificate";

/// A signing certificate.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Its id.
    pub key_id: String,
    /// SHA-1 over the certificate in upper-case hexadecimal: how administrators know it.
    pub thumbprint: String,
    /// The certificate.
    pub der: Vec<u8>,
    /// From when it is valid.
    pub not_before: Timestamp,
    /// Until when it is valid.
    pub not_after: Timestamp,
    /// Whether it is the one that signs.
    pub active: bool,
    private_key_sealed: Vec<u8>,
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Certificate")
            .field("key_id", &self.key_id)
            .field("active", &self.active)
            .finish_non_exhaustive()
    }
}

/// A certificate that is in no row yet.
#[derive(Clone)]
pub struct NewCertificate(Certificate);

impl NewCertificate {
    /// Its id.
    pub fn key_id(&self) -> &str {
        &self.0.key_id
    }
}

fn place(key_id: &str) -> String {
    format!("application_certificates/private_key/{key_id}")
}

impl Certificate {
    /// The private key as PKCS#8.
    ///
    /// # Errors
    /// [`Refused::Certificate`] where the master key does not open it.
    pub fn private_key(&self, master_key: &MasterKey) -> Result<Vec<u8>, Refused> {
        let opened = master_key.open(&place(&self.key_id), &self.private_key_sealed);
        opened.map_err(|e| Refused::Certificate(e.to_string()))
    }

    /// As events and the API have it.
    pub fn to_json(&self) -> Json {
        json!({
            "keyId": self.key_id,
            "thumbprint": self.thumbprint,
            "notBefore": self.not_before.rfc3339(),
            "notAfter": self.not_after.rfc3339(),
            "active": self.active,
        })
    }
}

/// Makes a key and a self-signed certificate like Entra's: RSA with 2048 bits, SHA-256, no extension,
/// valid from now for three years, or until `not_after` where that is earlier. The private key leaves
/// only sealed.
///
/// # Errors
/// [`Refused::Certificate`]; [`Refused::Invalid`] for an end that is not within three years.
pub async fn make_certificate(
    directory: &Directory,
    not_after: Option<Timestamp>,
) -> Result<NewCertificate, Refused> {
    // X.509 has whole seconds.
    let not_before = Timestamp(directory.clock.now().seconds() * 1_000_000);
    let latest = three_years_after(not_before);
    let not_after = not_after.unwrap_or(latest);
    if not_after <= not_before || not_after > latest {
        let expected = "a moment within the next three years";
        return Err(Refused::invalid("endDateTime", expected, &not_after.rfc3339()));
    }
    let (key_id, serial) = (directory.random.uuid(), directory.random.bytes::<16>());
    let master_key = directory.master_key.clone();
    let work = move || make(&key_id, serial, not_before, not_after, &master_key);
    let made = tokio::task::spawn_blocking(work).await;
    made.map_err(|_| Refused::Certificate("making it failed inside".to_owned()))?
}

fn make(
    key_id: &str,
    mut serial: [u8; 16],
    not_before: Timestamp,
    not_after: Timestamp,
    master_key: &MasterKey,
) -> Result<NewCertificate, Refused> {
    let failed = |e: rcgen::Error| Refused::Certificate(e.to_string());
    // RFC 5280 §4.1.2.2: a positive number.
    serial[0] = serial[0] & 0x7f | 0x40;
    let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).map_err(failed)?;
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, SUBJECT);
    let mut params = CertificateParams::default();
    params.not_before = not_before.to_offset();
    params.not_after = not_after.to_offset();
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    params.distinguished_name = name;
    let der = params.self_signed(&key).map_err(failed)?.der().to_vec();
    let certificate = saml::certificate::Certificate::from_der(&der)
        .map_err(|refusal| Refused::Certificate(refusal.to_string()))?;
    sealed(key_id.to_owned(), &certificate, key.serialized_der(), master_key)
}

/// A certificate with its key (PKCS#8), sealed.
pub(super) fn sealed(
    key_id: String,
    certificate: &saml::certificate::Certificate,
    private_key: &[u8],
    master_key: &MasterKey,
) -> Result<NewCertificate, Refused> {
    let private_key_sealed =
        master_key.seal(&place(&key_id), private_key).map_err(|e| Refused::Certificate(e.to_string()))?;
    Ok(NewCertificate(Certificate {
        key_id,
        thumbprint: certificate.thumbprint(),
        der: certificate.der().to_vec(),
        not_before: Timestamp::from(certificate.not_before()),
        not_after: Timestamp::from(certificate.not_after()),
        active: false,
        private_key_sealed,
    }))
}

fn read(row: &Row) -> Result<Certificate, StoreError> {
    Ok(Certificate {
        key_id: row.text(0)?,
        thumbprint: row.text(1)?,
        der: row.bytes(2)?,
        private_key_sealed: row.bytes(3)?,
        not_before: Timestamp(row.int(4)?),
        not_after: Timestamp(row.int(5)?),
        active: row.bool(6)?,
    })
}

/// The certificates of an application, the active one first, then the newest.
///
/// # Errors
/// The engine's.
pub fn certificates(
    tx: &mut Tx<'_>,
    tenant: &str,
    application: &str,
) -> Result<Vec<Certificate>, StoreError> {
    let sql = "SELECT key_id, thumbprint, certificate_der, private_key_sealed, not_before, not_after, active \
               FROM application_certificates WHERE tenant_id = ?1 AND application_id = ?2 \
               ORDER BY active DESC, created_at DESC, key_id";
    tx.rows(sql, &[tenant.into(), application.into()])?.iter().map(read).collect()
}

/// The certificate that signs for an application.
///
/// # Errors
/// The engine's.
pub fn active_certificate(
    tx: &mut Tx<'_>,
    tenant: &str,
    application: &str,
) -> Result<Option<Certificate>, StoreError> {
    Ok(certificates(tx, tenant, application)?.into_iter().find(|c| c.active))
}

/// One certificate by its key id or thumbprint.
///
/// # Errors
/// [`Refused::NotFound`]; the engine's.
pub fn certificate(
    tx: &mut Tx<'_>,
    tenant: &str,
    application: &str,
    id: &str,
) -> Result<Certificate, Refused> {
    let mut all = certificates(tx, tenant, application)?.into_iter();
    let found = all.find(|c| c.key_id == id || c.thumbprint.eq_ignore_ascii_case(id));
    found.ok_or_else(|| Refused::not_found("certificate", id))
}

/// Saves a certificate: inactive, unless it is the first.
///
/// # Errors
/// [`Refused::NotFound`] for the application, [`Refused::TooMany`]; the engine's.
pub fn add_certificate(
    tx: &mut Tx<'_>,
    change: &Change,
    application: &str,
    new: &NewCertificate,
) -> Result<Certificate, Refused> {
    const MOST: usize = 20;
    let application = by_any_id(tx, &change.tenant, application)?;
    let known = certificates(tx, &change.tenant, &application.id)?;
    if known.len() >= MOST {
        return Err(Refused::TooMany { target: "certificates", limit: MOST, found: known.len() + 1 });
    }
    let certificate = Certificate { active: known.is_empty(), ..new.0.clone() };
    tx.exec(
        "INSERT INTO application_certificates (tenant_id, application_id, key_id, thumbprint, \
         certificate_der, private_key_sealed, not_before, not_after, active, created_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        &[
            (&change.tenant).into(),
            (&application.id).into(),
            (&certificate.key_id).into(),
            (&certificate.thumbprint).into(),
            (&certificate.der).into(),
            (&certificate.private_key_sealed).into(),
            certificate.not_before.micros().into(),
            certificate.not_after.micros().into(),
            certificate.active.into(),
            change.now.micros().into(),
        ],
    )?;
    record(tx, change, "certificate.created", &application, None, Some(&certificate))?;
    Ok(certificate)
}

/// Makes a certificate the one that signs; the one before stays, inactive.
///
/// # Errors
/// [`Refused::NotFound`]; the engine's.
pub fn activate(
    tx: &mut Tx<'_>,
    change: &Change,
    application: &str,
    id: &str,
) -> Result<Certificate, Refused> {
    let application = by_any_id(tx, &change.tenant, application)?;
    let before = certificate(tx, &change.tenant, &application.id, id)?;
    if before.active {
        return Ok(before);
    }
    for (sql, key) in [
        (
            "UPDATE application_certificates SET active = 0 \
             WHERE tenant_id = ?1 AND application_id = ?2 AND key_id <> ?3",
            &before.key_id,
        ),
        (
            "UPDATE application_certificates SET active = 1 \
             WHERE tenant_id = ?1 AND application_id = ?2 AND key_id = ?3",
            &before.key_id,
        ),
    ] {
        tx.exec(sql, &[(&change.tenant).into(), (&application.id).into(), key.into()])?;
    }
    let after = Certificate { active: true, ..before.clone() };
    record(tx, change, "certificate.activated", &application, Some(&before), Some(&after))?;
    Ok(after)
}

/// Deletes a certificate with its key.
///
/// # Errors
/// [`Refused::NotFound`], [`Refused::ActiveCertificate`]; the engine's.
pub fn delete_certificate(
    tx: &mut Tx<'_>,
    change: &Change,
    application: &str,
    id: &str,
) -> Result<(), Refused> {
    let application = by_any_id(tx, &change.tenant, application)?;
    let before = certificate(tx, &change.tenant, &application.id, id)?;
    if before.active {
        return Err(Refused::ActiveCertificate(before.thumbprint));
    }
    let sql =
        "DELETE FROM application_certificates WHERE tenant_id = ?1 AND application_id = ?2 AND key_id = ?3";
    tx.exec(sql, &[(&change.tenant).into(), (&application.id).into(), (&before.key_id).into()])?;
    record(tx, change, "certificate.deleted", &application, Some(&before), None)
}

fn record(
    tx: &mut Tx<'_>,
    change: &Change,
    action: &str,
    application: &Application,
    before: Option<&Certificate>,
    after: Option<&Certificate>,
) -> Result<(), Refused> {
    let (before, after) = (before.map(Certificate::to_json), after.map(Certificate::to_json));
    Ok(change.record(tx, action, ("application", &application.id), before.as_ref(), after.as_ref())?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use x509_cert::Certificate as X509;
    use x509_cert::der::Decode;

    fn made(from: i64) -> (Certificate, MasterKey) {
        let (key, from) = (MasterKey::new([1; 32]), Timestamp(from * 1_000_000));
        (make("k", [255; 16], from, three_years_after(from), &key).unwrap().0, key)
    }

    #[test]
    fn certificates_are_like_entras() {
        let (certificate, key) = made(1_795_496_400);
        let parsed = X509::from_der(&certificate.der).unwrap();
        let tbs = parsed.tbs_certificate();
        assert_eq!(tbs.subject().to_string(), "CN=Entente Federated SSO Certificate");
        assert_eq!(tbs.subject(), tbs.issuer());
        assert!(tbs.extensions().is_none_or(Vec::is_empty));
        assert_eq!(parsed.signature_algorithm().oid.to_string(), "1.2.840.113549.1.1.11");
        let lasts = certificate.not_after.since(certificate.not_before);
        assert_eq!(lasts.as_secs(), (3 * 365 + 1) * 24 * 60 * 60, "2028 has a 29 February");
        assert_eq!(certificate.thumbprint.len(), 40);
        assert!(certificate.private_key(&key).is_ok());
        assert!(certificate.private_key(&MasterKey::new([2; 32])).is_err());
        assert!(!format!("{certificate:?}").contains("private"));
    }

    #[test]
    fn three_years_after_a_leap_day_is_the_last_of_february() {
        let leap_day = Timestamp::from(time::macros::datetime!(2028-02-29 12:00 UTC));
        assert_eq!(
            three_years_after(leap_day),
            Timestamp::from(time::macros::datetime!(2031-02-28 12:00 UTC))
        );
    }
}
