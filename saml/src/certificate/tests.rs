use time::Duration;

use super::*;
use crate::testing::{certificate, private_key, read, read_text};

fn refused(bytes: &[u8]) -> CertificateReason {
    Certificate::read(bytes).unwrap_err().reason
}

#[test]
fn reads_pem_der_and_base64_alike() {
    let pem = certificate("idp");
    assert_eq!(Certificate::read(pem.der()).unwrap(), pem);
    assert_eq!(Certificate::read(pem.base64().as_bytes()).unwrap(), pem);
    assert_eq!(Certificate::read(pem.pem().as_bytes()).unwrap(), pem);
    assert_eq!(pem.pem(), read_text("keys/idp.cert.pem"));
    assert_eq!(
        Certificate::from_text(&format!("Bag Attributes\r\n{}", pem.pem().replace('\n', "\r\n"))).unwrap(),
        pem
    );
}

// openssl x509 -noout -fingerprint [-sha256] says the same.
#[test]
fn names_and_validity_are_those_of_the_certificate() {
    let certificate = certificate("idp");
    assert_eq!(certificate.subject(), "CN=Entente test idp");
    assert_eq!(certificate.key_kind(), KeyKind::Rsa { bits: 2048 });
    assert_eq!(certificate.thumbprint(), read_text("keys/idp.sha1").trim());
    assert_eq!(certificate.thumbprint_sha256(), read_text("keys/idp.sha256").trim());
    assert!(certificate.not_before() < certificate.not_after());
    assert!(!certificate.is_expired(certificate.not_after()));
    assert!(certificate.is_expired(certificate.not_after() + Duration::seconds(1)));
}

#[test]
fn elliptic_curves_are_known() {
    assert_eq!(certificate("p256").key_kind(), KeyKind::P256);
    assert_eq!(certificate("p384").key_kind(), KeyKind::P384);
}

#[test]
fn unfit_certificates_are_refused() {
    assert_eq!(refused(&read("keys/small.cert.pem")), CertificateReason::KeyTooSmall);
    assert_eq!(refused(&read("keys/ed25519.cert.pem")), CertificateReason::KeyNotSupported);
    assert_eq!(refused(&read("keys/idp.key.pem")), CertificateReason::NotACertificate);
    assert_eq!(refused(b""), CertificateReason::NotACertificate);
    assert_eq!(refused(b"-----BEGIN CERTIFICATE-----\nAAAA"), CertificateReason::NotACertificate);
    assert_eq!(refused(&private_key("idp")), CertificateReason::NotACertificate);
    assert_eq!(refused(&[0xff; 20_000]), CertificateReason::TooLarge);
    assert_eq!(refused("A".repeat(40_000).as_bytes()), CertificateReason::TooLarge);
    let two = read_text("keys/idp.cert.pem") + &read_text("keys/evil.cert.pem");
    assert_eq!(refused(two.as_bytes()), CertificateReason::SeveralCertificates);
    let trailing = [certificate("idp").der(), b"x"].concat();
    assert_eq!(refused(&trailing), CertificateReason::NotACertificate);
}

#[test]
fn a_key_needs_its_own_certificate() {
    let error = |key: &[u8], who: &str| SigningKey::new(key, certificate(who).der()).unwrap_err();
    assert_eq!(error(&private_key("idp"), "evil"), SigningKeyError::OtherKey);
    assert_eq!(error(&private_key("idp"), "p256"), SigningKeyError::OtherKey);
    assert_eq!(error(&private_key("p256"), "p256"), SigningKeyError::NotAPrivateKey);
    assert_eq!(error(b"", "idp"), SigningKeyError::NotAPrivateKey);
    assert!(matches!(SigningKey::new(&private_key("idp"), b"x"), Err(SigningKeyError::Certificate(_))));
    let key = crate::testing::signing_key("idp");
    assert!(format!("{key:?}").len() < 90, "a key is never printed");
}
