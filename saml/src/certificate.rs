//! X.509 certificates as SAML uses them: carriers of a public key, named by thumbprint.
//!
//! No chain is built and no extension is read. SAML trusts exactly the certificates that an administrator has
//! given (SAML Metadata 1.1 section 2.4.1.1 leaves their meaning to the parties); most are self-signed.

mod reason;
mod self_signed;
mod signing_key;
#[cfg(test)]
mod tests;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use aws_lc_rs::rsa::PublicEncryptingKey;
use aws_lc_rs::signature::{ParsedPublicKey, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use time::OffsetDateTime;
use x509_cert::der::{Decode as _, Encode as _};

use crate::dsig::{Method, SignatureAlgorithm};

pub use reason::{CertificateReason, CertificateRefusal};
pub use self_signed::SelfSigned;
pub use signing_key::{SigningKey, SigningKeyError};

/// The largest certificate that is read, in bytes of DER; real ones have one or two thousand.
const LARGEST: usize = 16 * 1024;

/// The kind of public key in a certificate. Others are refused when the certificate is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// RSA with this many bits, at least 2048.
    Rsa {
        /// Size of the modulus in bits.
        bits: usize,
    },
    /// Elliptic curve P-256.
    P256,
    /// Elliptic curve P-384.
    P384,
}

/// A certificate whose key can verify signatures.
#[derive(Clone)]
pub struct Certificate {
    der: Vec<u8>,
    key_info: Vec<u8>,
    kind: KeyKind,
    /// The key, ready for the usual algorithm of its kind: parsing it again would cost a third of a verification.
    ready: ParsedPublicKey,
    thumbprint: String,
    base64: String,
    subject: String,
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
}

/// Two certificates are the same when their bytes are.
impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for Certificate {}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Certificate")
            .field("thumbprint", &self.thumbprint)
            .field("subject", &self.subject)
            .finish_non_exhaustive()
    }
}

impl Certificate {
    /// Reads what a person uploads or pastes: PEM, DER, or bare base64.
    ///
    /// # Errors
    /// One reason per way in which it is not a certificate that can be used.
    pub fn read(bytes: &[u8]) -> Result<Certificate, CertificateRefusal> {
        match std::str::from_utf8(bytes) {
            Ok(text) => Certificate::from_text(text),
            Err(_) => Certificate::from_der(bytes),
        }
    }

    /// Reads PEM or bare base64 (as in `ds:X509Certificate`); white space does not matter.
    ///
    /// # Errors
    /// As [`Certificate::read`].
    pub fn from_text(text: &str) -> Result<Certificate, CertificateRefusal> {
        let refuse = |reason, found: &str| CertificateRefusal::new(reason, "one X.509 certificate", found);
        if text.len() > 2 * LARGEST {
            return Err(refuse(CertificateReason::TooLarge, &format!("{} characters", text.len())));
        }
        let body = match text.split_once("-----BEGIN CERTIFICATE-----") {
            Some((_, rest)) => {
                let (body, after) = rest
                    .split_once("-----END CERTIFICATE-----")
                    .ok_or_else(|| refuse(CertificateReason::NotACertificate, "PEM without its end line"))?;
                if after.contains("-----BEGIN") {
                    return Err(refuse(CertificateReason::SeveralCertificates, "more after the first one"));
                }
                body
            }
            None if text.contains("-----BEGIN") => {
                return Err(refuse(CertificateReason::NotACertificate, "PEM of another kind"));
            }
            None => text,
        };
        let compact: String = body.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        let der = STANDARD
            .decode(compact)
            .map_err(|_| refuse(CertificateReason::NotACertificate, "text that is not base64"))?;
        Certificate::from_der(&der)
    }

    /// Reads DER.
    ///
    /// # Errors
    /// As [`Certificate::read`].
    pub fn from_der(der: &[u8]) -> Result<Certificate, CertificateRefusal> {
        let refuse =
            |reason, found: String| CertificateRefusal::new(reason, "one X.509 certificate in DER", found);
        if der.len() > LARGEST {
            return Err(refuse(CertificateReason::TooLarge, format!("{} bytes", der.len())));
        }
        let parsed = x509_cert::Certificate::from_der(der)
            .map_err(|e| refuse(CertificateReason::NotACertificate, e.to_string()))?;
        let fields = parsed.tbs_certificate();
        let info = fields.subject_public_key_info();
        let key_info =
            info.to_der().map_err(|e| refuse(CertificateReason::NotACertificate, e.to_string()))?;
        let instant = |t: x509_cert::time::Time| {
            i64::try_from(t.to_unix_duration().as_secs())
                .ok()
                .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
                .ok_or_else(|| {
                    refuse(CertificateReason::NotACertificate, "a validity out of range".to_owned())
                })
        };
        let kind = key_kind(info, &key_info)?;
        let usual = SignatureAlgorithm::usual(kind).method().verification;
        let ready = ParsedPublicKey::new(usual, &key_info).map_err(|_| {
            refuse(CertificateReason::KeyNotSupported, "a key that cannot be read".to_owned())
        })?;
        Ok(Certificate {
            der: der.to_vec(),
            kind,
            key_info,
            base64: STANDARD.encode(der),
            ready,
            thumbprint: upper_hex(digest(&SHA1_FOR_LEGACY_USE_ONLY, der).as_ref()),
            subject: fields.subject().to_string(),
            not_before: instant(fields.validity().not_before)?,
            not_after: instant(fields.validity().not_after)?,
        })
    }

    /// The DER bytes.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// One line of base64, as in `ds:X509Certificate` and in "Certificate (Base64)" without the frame.
    pub fn base64(&self) -> String {
        self.base64.clone()
    }

    /// PEM with lines of 64 characters (RFC 7468 section 2).
    pub fn pem(&self) -> String {
        let mut pem = "-----BEGIN CERTIFICATE-----\n".to_owned();
        for (i, c) in self.base64().chars().enumerate() {
            if i > 0 && i % 64 == 0 {
                pem.push('\n');
            }
            pem.push(c);
        }
        pem + "\n-----END CERTIFICATE-----\n"
    }

    /// SHA-1 over the DER in upper-case hexadecimal: the "thumbprint" of Microsoft's pages. A name, no proof.
    pub fn thumbprint(&self) -> String {
        self.thumbprint.clone()
    }

    /// SHA-256 over the DER in upper-case hexadecimal.
    pub fn thumbprint_sha256(&self) -> String {
        upper_hex(digest(&SHA256, &self.der).as_ref())
    }

    /// The subject as RFC 4514 text.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// When the validity begins.
    pub fn not_before(&self) -> OffsetDateTime {
        self.not_before
    }

    /// When the validity ends.
    pub fn not_after(&self) -> OffsetDateTime {
        self.not_after
    }

    /// Is `now` after the end of the validity? A signature by an expired certificate still verifies: the
    /// administrator chose the key, and Entra keeps signing with an expired one. Pages warn instead.
    pub fn is_expired(&self, now: OffsetDateTime) -> bool {
        now > self.not_after
    }

    /// The kind of key.
    pub fn key_kind(&self) -> KeyKind {
        self.kind
    }

    /// The SubjectPublicKeyInfo in DER.
    pub fn public_key_info(&self) -> &[u8] {
        &self.key_info
    }

    /// Does the key say that it signed `message`?
    pub(crate) fn verifies(&self, method: &Method, message: &[u8], signature: &[u8]) -> bool {
        if method.algorithm == Some(SignatureAlgorithm::usual(self.kind)) {
            return self.ready.verify_sig(message, signature).is_ok();
        }
        UnparsedPublicKey::new(method.verification, &self.key_info).verify(message, signature).is_ok()
    }
}

fn key_kind(
    info: &x509_cert::spki::SubjectPublicKeyInfoOwned,
    key_info: &[u8],
) -> Result<KeyKind, CertificateRefusal> {
    let oid = info.algorithm.oid.to_string();
    let curve = info.algorithm.parameters.as_ref().and_then(|p| {
        p.decode_as::<x509_cert::der::asn1::ObjectIdentifier>().ok().map(|oid| oid.to_string())
    });
    match (oid.as_str(), curve.as_deref()) {
        ("1.2.840.113549.1.1.1", _) => rsa_bits(key_info),
        ("1.2.840.10045.2.1", Some("1.2.840.10045.3.1.7")) => Ok(KeyKind::P256),
        ("1.2.840.10045.2.1", Some("1.3.132.0.34")) => Ok(KeyKind::P384),
        _ => Err(CertificateRefusal::new(
            CertificateReason::KeyNotSupported,
            "an RSA, P-256 or P-384 key",
            format!("algorithm {oid}, parameters {}", curve.as_deref().unwrap_or("none")),
        )),
    }
}

fn rsa_bits(key_info: &[u8]) -> Result<KeyKind, CertificateRefusal> {
    let refuse =
        |found: &str| CertificateRefusal::new(CertificateReason::KeyTooSmall, "2048 bits or more", found);
    // aws-lc itself refuses keys under 2048 bits here; the comparison keeps the rule visible.
    let key = PublicEncryptingKey::from_der(key_info).map_err(|_| refuse("an RSA key that is too small"))?;
    let bits = key.key_size_bits();
    if bits < 2048 { Err(refuse(&format!("{bits} bits"))) } else { Ok(KeyKind::Rsa { bits }) }
}

fn upper_hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _ = write!(text, "{byte:02X}");
        text
    })
}
