//! A signing certificate that was made elsewhere, with its private key.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use p12_keystore::{KeyStore, Pkcs12ImportPolicy};
use saml::certificate::{Certificate, SigningKey};
use secrecy::{ExposeSecret, SecretString};

use super::certificates::{NewCertificate, sealed};
use crate::Directory;
use crate::refused::Refused;

/// Longest file with a key; an RSA key of 8192 bits has about 6,500 characters.
const LONGEST: usize = 64 * 1024;
const BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const END: &str = "-----END PRIVATE KEY-----";

/// Takes a private key (PKCS#8, PEM or DER: RSA from 2048 bits, P-256 or P-384) and its certificate (PEM,
/// base64 or DER). The key leaves only sealed. The validity is the certificate's own and may be longer
/// than that of certificates made here.
///
/// # Errors
/// [`Refused::Invalid`] for what is no such key or certificate, for two that do not belong together, and
/// for a certificate that has expired.
pub async fn import_certificate(
    directory: &Directory,
    private_key: &[u8],
    certificate: &[u8],
) -> Result<NewCertificate, Refused> {
    let key = pkcs8(private_key)?;
    let certificate = Certificate::read(certificate)
        .map_err(|e| Refused::invalid("certificate", e.expected(), e.found()))?;
    checked(directory, key, certificate).await
}

/// The same from a PFX file (PKCS #12, RFC 7292) and its password: the key with the certificate that belongs
/// to it; the certificates of authorities in the file are left aside, as nobody looks at them in SAML.
///
/// # Errors
/// As [`import_certificate`].
pub async fn import_pfx(
    directory: &Directory,
    pfx: &[u8],
    password: &str,
) -> Result<NewCertificate, Refused> {
    if pfx.len() > LONGEST {
        return Err(Refused::invalid("PFX file", "a file of at most 64 KiB", "a longer one"));
    }
    let (pfx, password) = (pfx.to_vec(), SecretString::from(password));
    // The key is derived from the password in many rounds.
    let opened = tokio::task::spawn_blocking(move || opened(&pfx, password.expose_secret())).await;
    let (key, certificate) =
        opened.map_err(|_| Refused::Certificate("reading it failed inside".to_owned()))??;
    checked(directory, key, certificate).await
}

fn opened(pfx: &[u8], password: &str) -> Result<(Vec<u8>, Certificate), Refused> {
    let store =
        KeyStore::from_pkcs12(pfx, password, Pkcs12ImportPolicy::Strict).map_err(|error| match error {
            p12_keystore::error::Error::MacError(_) => {
                Refused::invalid("password", "the one that the file was saved with", "another one")
            }
            other => Refused::invalid("PFX file", "a PFX file (PKCS #12)", &other.to_string()),
        })?;
    let (_, chain) = store.private_key_chain().ok_or_else(|| {
        Refused::invalid("PFX file", "a private key and its certificate", "no key with its certificate")
    })?;
    let key = chain.key().as_der().to_vec();
    let certificate = chain.certs().first().map(|own| Certificate::from_der(own.as_der()));
    let certificate = certificate.ok_or_else(|| Refused::invalid("PFX file", "a certificate", "none"))?;
    Ok((key, certificate.map_err(|e| Refused::invalid("certificate", e.expected(), e.found()))?))
}

async fn checked(
    directory: &Directory,
    key: Vec<u8>,
    certificate: Certificate,
) -> Result<NewCertificate, Refused> {
    let now = directory.clock.now();
    if certificate.is_expired(now.to_offset()) {
        let end = web::Timestamp::from(certificate.not_after()).rfc3339();
        return Err(Refused::invalid("certificate", "one that has not expired", &end));
    }
    let (key_id, master_key) = (directory.random.uuid(), directory.master_key.clone());
    let work = move || {
        // Its making signs once and verifies with the certificate: the proof that both belong together.
        SigningKey::new(&key, certificate.der())
            .map_err(|e| Refused::invalid("private key", "the certificate's own", &e.to_string()))?;
        sealed(key_id, &certificate, &key, &master_key)
    };
    let made = tokio::task::spawn_blocking(work).await;
    made.map_err(|_| Refused::Certificate("reading it failed inside".to_owned()))?
}

/// What was found is named by its kind alone: it may be a secret.
fn pkcs8(given: &[u8]) -> Result<Vec<u8>, Refused> {
    let refused = |found: &str| {
        let expected = "an unencrypted private key in PKCS#8 form, PEM or DER; `openssl pkcs8 -topk8 -nocrypt` makes one";
        Refused::invalid("private key", expected, found)
    };
    if given.len() > LONGEST {
        return Err(refused("a longer file than any key"));
    }
    let Ok(text) = std::str::from_utf8(given) else { return Ok(given.to_vec()) };
    if let Some((_, rest)) = text.split_once(BEGIN) {
        let (body, _) = rest.split_once(END).ok_or_else(|| refused("PEM without its end line"))?;
        let compact: String = body.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        return STANDARD.decode(compact).map_err(|_| refused("PEM that is not base64"));
    }
    Err(refused(match text {
        "" => "nothing",
        t if t.contains("BEGIN ENCRYPTED PRIVATE KEY") => "an encrypted key",
        t if t.contains("BEGIN RSA PRIVATE KEY") => "an RSA key in PKCS#1 form",
        t if t.contains("BEGIN EC PRIVATE KEY") => "a key in SEC 1 form",
        t if t.contains("BEGIN CERTIFICATE") => "a certificate without a key",
        _ => "something else",
    }))
}
