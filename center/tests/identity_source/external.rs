//! Reading metadata and values by hand.

use center::identity_source::{Manual, read_manual, read_metadata};
use center::testing::NOW;
use http::StatusCode;

use crate::given::metadata;
use crate::test_idp::{ENTITY_ID, Key, SIGN_IN_URL};

#[test]
fn metadata_is_read_and_errors_name_the_element() {
    let good = metadata();
    let idp = read_metadata(good.as_bytes(), NOW).unwrap();
    assert_eq!((idp.entity_id.as_str(), idp.sign_in_url()), (ENTITY_ID, SIGN_IN_URL));
    let service = |binding: &str| format!("urn:oasis:names:tc:SAML:2.0:bindings:{binding}");
    let plain = good.replace("https://login.idp.example", "http://login.idp.example");
    let loopback = good.replace("https://login.idp.example", "http://127.0.0.1:7001");
    let soap = good
        .replace(&service("HTTP-Redirect"), &service("SOAP"))
        .replace(&service("HTTP-POST"), &service("SOAP"));
    let no_certificate = good.replace("use=\"signing\"", "use=\"encryption\"");
    let sp = "<EntityDescriptor xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\" entityID=\"x\"><SPSSODescriptor \
              protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\"/></EntityDescriptor>";
    assert!(read_metadata(loopback.as_bytes(), NOW).is_ok());
    for (xml, code, target, part) in [
        (plain.as_str(), "UrlNotAllowed", "SingleSignOnService/@Location", "https"),
        (&soap, "NoUsableBinding", "SingleSignOnService/@Binding", "HTTP-Redirect"),
        (&no_certificate, "SigningCertificateMissing", "metadataXml", "X509Certificate"),
        (sp, "SpInsteadOfIdp", "metadataXml", "IDPSSODescriptor"),
        ("<a/>", "NotMetadata", "metadataXml", "EntityDescriptor"),
        ("", "NoRoot", "metadataXml", ""),
        (&good.replace("entityID=", "x="), "EntityIdMissing", "metadataXml", "entityID"),
        (&" ".repeat(75_001), "TooLong", "metadataXml", "75000"),
        (&"x".repeat(400_000), "TooLong", "metadataXml", "75,000"),
    ] {
        let error = center::admin_api::ApiError::from(read_metadata(xml.as_bytes(), NOW).unwrap_err());
        assert_eq!((error.code, error.target.as_deref()), (code, Some(target)), "{error:?}");
        assert!(error.expected.as_deref().unwrap_or_default().contains(part), "{error:?}");
        assert!(error.fix.is_some() && error.status == StatusCode::BAD_REQUEST, "{error:?}");
    }
}

#[test]
fn values_by_hand_are_read_and_checked() {
    let pem = Key::current().signing.certificate().pem();
    let bare = Key::current().signing.certificate().base64();
    let good = Manual { sign_in_url: SIGN_IN_URL, issuer: ENTITY_ID, certificate: &pem };
    let by_hand = read_manual(&good, NOW).unwrap();
    assert_eq!(by_hand.redirect_url.as_deref(), Some(SIGN_IN_URL));
    assert_eq!(read_manual(&Manual { certificate: &bare, ..good }, NOW).unwrap(), by_hand);
    let chain = format!("{pem}{pem}{pem}");
    let long = "i".repeat(1_025);
    for (manual, code, target) in [
        (Manual { sign_in_url: "", ..good }, "ValueMissing", "signInUrl"),
        (Manual { issuer: " ", ..good }, "ValueMissing", "issuer"),
        (Manual { certificate: "", ..good }, "ValueMissing", "certificatePem"),
        (Manual { sign_in_url: "http://login.idp.example/", ..good }, "UrlNotAllowed", "signInUrl"),
        (Manual { sign_in_url: "javascript:alert(1)", ..good }, "UrlNotAllowed", "signInUrl"),
        (Manual { sign_in_url: "https://u:p@login.idp.example/", ..good }, "UrlNotAllowed", "signInUrl"),
        (Manual { sign_in_url: "https://login.idp.example/#x", ..good }, "UrlNotAllowed", "signInUrl"),
        (Manual { issuer: "two words", ..good }, "IssuerInvalid", "issuer"),
        (Manual { issuer: &long, ..good }, "IssuerInvalid", "issuer"),
        (Manual { certificate: &chain, ..good }, "CertificateTooLong", "certificatePem"),
        (Manual { certificate: "hello", ..good }, "NotACertificate", "certificatePem"),
    ] {
        let error = center::admin_api::ApiError::from(read_manual(&manual, NOW).unwrap_err());
        assert_eq!((error.code, error.target.as_deref()), (code, Some(target)), "{error:?}");
    }
}
