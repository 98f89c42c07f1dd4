use time::Duration;
use time::macros::datetime;

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
    assert_eq!(error(&private_key("p256"), "p384"), SigningKeyError::OtherKey);
    assert_eq!(error(&private_key("p384"), "idp"), SigningKeyError::OtherKey);
    assert_eq!(error(b"", "idp"), SigningKeyError::NotAPrivateKey);
    assert!(matches!(SigningKey::new(&private_key("idp"), b"x"), Err(SigningKeyError::Certificate(_))));
    let key = crate::testing::signing_key("idp");
    assert!(format!("{key:?}").len() < 90, "a key is never printed");
}

#[test]
fn a_new_certificate_has_the_shape_of_those_of_entra() {
    let values = |not_after| SelfSigned {
        common_name: "Entente Federated SSO Certificate é",
        serial: [0xff; 16],
        not_before: datetime!(2026-11-24 05:06:07.9 UTC),
        not_after,
    };
    let short =
        SigningKey::self_signed(&private_key("idp"), &values(datetime!(2029-11-24 05:06:07.9 UTC))).unwrap();
    let certificate = short.certificate();
    assert_eq!(certificate.subject(), "CN=Entente Federated SSO Certificate é");
    assert_eq!(certificate.not_before(), datetime!(2026-11-24 05:06:07 UTC));
    assert_eq!(certificate.not_after(), datetime!(2029-11-24 05:06:07 UTC));
    assert_eq!(certificate.public_key_info(), crate::testing::certificate("idp").public_key_info());
    let parsed = x509_cert::Certificate::from_der(certificate.der()).unwrap();
    let fields = parsed.tbs_certificate();
    assert_eq!(fields.version(), x509_cert::Version::V3);
    assert_eq!(fields.issuer(), fields.subject());
    assert!(fields.extensions().is_none());
    assert_eq!(fields.serial_number().as_bytes().first(), Some(&0x7f));
    let signed = fields.to_der().unwrap();
    let algorithm = &aws_lc_rs::signature::RSA_PKCS1_2048_8192_SHA256;
    assert!(certificate.verifies(algorithm, &signed, parsed.signature().raw_bytes()));
    let long = SigningKey::self_signed(&private_key("idp"), &values(datetime!(2051-01-01 0:00 UTC))).unwrap();
    assert_eq!(long.certificate().not_after(), datetime!(2051-01-01 0:00 UTC));
}
