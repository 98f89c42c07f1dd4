//! One function for each entry that takes a stranger's bytes. Each panics when a property does not hold.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use saml::authn_request::{RequestPolicy, RequestSignature};
use saml::bindings::{Parameter, Received, decode_post, decode_redirect, encode_redirect};
use saml::certificate::Certificate;
use saml::dsig::AcceptedAlgorithms;
use saml::encryption::DecryptionKey;
use saml::logout::{LogoutExpect, LogoutSignature};
use saml::metadata::{IdpMetadata, SpMetadata};
use saml::names::FORMAT_EMAIL;
use saml::response::{AcceptOptions, Expect, ExpectInResponseTo, accept_response_with};
use saml::xml::{Document, Limits};
use time::Duration;
use time::macros::datetime;

static CERTIFICATES: LazyLock<[Certificate; 1]> = LazyLock::new(|| {
    [Certificate::read(include_bytes!("../../testdata/keys/idp.cert.pem")).expect("a test certificate")]
});

static KEYS: LazyLock<[DecryptionKey; 1]> = LazyLock::new(|| {
    let pem = include_str!("../../testdata/keys/evil.key.pem");
    let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    [DecryptionKey::new(&STANDARD.decode(body).expect("a test key")).expect("a test key")]
});

/// Names that the identity provider of the corpus really signed.
const SIGNED: &[&str] = &["ana@example.com", "ana@example.com.evil.test"];

/// Whatever is read can be walked over.
pub fn parse(bytes: &[u8]) {
    for limits in [Limits::MESSAGE, Limits::METADATA] {
        let Ok(document) = Document::parse(bytes, &limits) else {
            continue;
        };
        let mut length = 0;
        for element in document.elements() {
            length += element.local_name().len() + element.namespace().len();
            length += element.attributes().map(|(_, local, value)| local.len() + value.len()).sum::<usize>();
            length += element.text().map_or(0, str::len) + element.only_children().map_or(0, |c| c.len());
        }
        assert!(length > 0);
    }
}

/// Canonical form is its own canonical form.
pub fn canonicalization(bytes: &[u8]) {
    let Ok(document) = Document::parse(bytes, &Limits::MESSAGE) else {
        return;
    };
    let Some(first) = document.root().canonical() else {
        return;
    };
    let wide = Limits { bytes: usize::MAX, namespace_declarations: usize::MAX, ..Limits::MESSAGE };
    let again = Document::parse(first.as_bytes(), &wide).expect("canonical form is XML");
    assert_eq!(again.root().canonical().as_deref(), Some(first.as_str()));
}

/// Nobody is signed in whom the identity provider did not name.
pub fn verify(bytes: &[u8]) {
    let expect = Expect {
        acs_url: "https://center.example.com/saml/acs/4455422d",
        sp_entity_id: "https://center.example.com/saml/d-1234567890",
        idp_entity_id: "https://directory.example.com/6f1c/",
        certificates: &*CERTIFICATES,
        in_response_to: ExpectInResponseTo::Request("aws_0123456789abcdef"),
        now: datetime!(2026-11-24 05:00:00 UTC),
        clock_skew: Duration::minutes(3),
        name_id_format: FORMAT_EMAIL,
    };
    for algorithms in [AcceptedAlgorithms::Sha2, AcceptedAlgorithms::Sha2AndSha1] {
        let options = AcceptOptions { decryption_keys: &*KEYS, algorithms };
        if let Ok(accepted) = accept_response_with(bytes, &expect, &options) {
            assert!(SIGNED.contains(&accepted.name_id.as_str()), "{}", accepted.name_id);
        }
    }
}

/// What is decoded and encoded again is decoded to the same.
pub fn redirect(bytes: &[u8]) {
    let Ok(query) = std::str::from_utf8(bytes) else {
        return;
    };
    let _ = decode_post(query);
    for parameter in [Parameter::SamlRequest, Parameter::SamlResponse] {
        let Ok(message) = decode_redirect(query, parameter) else {
            continue;
        };
        if message.signature.is_some() {
            let _ = message.verify_with(&*CERTIFICATES, AcceptedAlgorithms::Sha2AndSha1);
        }
        let Ok(xml) = std::str::from_utf8(&message.xml) else {
            continue;
        };
        let url = encode_redirect("https://a.test/", parameter, xml, message.relay_state.as_deref());
        let again = url.split_once('?').and_then(|(_, query)| decode_redirect(query, parameter).ok());
        let again = again.expect("what we encode can be decoded");
        assert_eq!((&again.xml, &again.relay_state), (&message.xml, &message.relay_state));
    }
}

/// Metadata that is read has what every reader relies on.
pub fn metadata(bytes: &[u8]) {
    if let Ok(metadata) = IdpMetadata::read(bytes) {
        assert!(!metadata.signing_certificates.is_empty() && !metadata.single_sign_on_services.is_empty());
    }
    if let Ok(metadata) = SpMetadata::read(bytes) {
        assert!(!metadata.reply_urls().is_empty());
    }
    let _ = Certificate::read(bytes);
}

/// Requests and logout messages, with and without a demand for a signature.
pub fn messages(bytes: &[u8]) {
    let _ = saml::authn_request::read(bytes, RequestSignature::Ignored);
    let policy = RequestPolicy { required: true, certificates: &*CERTIFICATES, allow_rsa_sha1: true };
    let _ = policy.read(Received::Post(bytes));
    for signature in [
        LogoutSignature::Ignored,
        LogoutSignature::Required { certificates: &*CERTIFICATES, algorithms: AcceptedAlgorithms::Sha2 },
    ] {
        let expect = LogoutExpect {
            destination: "https://directory.example.com/6f1c/saml2",
            issuer: "https://center.example.com/saml/d-1234567890",
            signature,
            now: datetime!(2026-11-24 05:00:00 UTC),
            clock_skew: Duration::minutes(3),
        };
        let signed = matches!(signature, LogoutSignature::Required { .. });
        if let Ok(request) = saml::logout::read_request(Received::Post(bytes), &expect) {
            assert!(!signed || request.name_id.value == SIGNED[0], "{}", request.name_id.value);
        }
        let _ = saml::logout::read_response(Received::Post(bytes), "_l1", &expect);
    }
}
