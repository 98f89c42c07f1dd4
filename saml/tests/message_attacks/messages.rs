//! Signed requests, logout messages, and SHA-1 signatures in a response.

use saml::authn_request::{RequestPolicy, WriteAuthnRequest};
use saml::bindings::Received;
use saml::dsig::{AcceptedAlgorithms, SignatureAlgorithm};
use saml::logout::{LogoutExpect, LogoutOutcome, LogoutSignature, WriteLogoutRequest, WriteLogoutResponse};
use saml::names::FORMAT_EMAIL;
use saml::response::{AcceptOptions, accept_response, accept_response_with};
use time::Duration;

use super::{File, check, files};
use crate::common::{ACS, ANA, IDP, NOW, SP, certificate, expect, signing_key};
use crate::forge::{
    DS, Parts, Signer, after_issuer, algorithm, assertion, reference, response, sha1, transforms,
};

const LOGOUT: &str = "https://directory.example.com/6f1c/saml2";

/// The code of the refusal, or `ok`. The name's first word says how the file is read.
const TABLE: &[(&str, &str)] = &[
    ("request-valid", "ok"),
    ("request-unsigned", "SignatureMissing"),
    ("request-other-key", "KeyUnknown"),
    ("request-other-key-without-certificate", "SignatureMismatch"),
    ("request-reply-url-changed", "DigestMismatch"),
    ("request-sha512", "SignatureMethodNotAllowed"),
    ("request-ecdsa", "SignatureMethodNotAllowed"),
    ("request-duplicate-id", "DuplicateId"),
    ("request-signature-in-extensions", "SignatureMisplaced"),
    ("request-wrapped", "SignatureMisplaced"),
    ("request-issuer-format-persistent", "IssuerFormatNotEntity"),
    ("logout-valid", "ok"),
    ("logout-unsigned", "SignatureMissing"),
    ("logout-other-key", "SignatureMismatch"),
    ("logout-name-changed", "DigestMismatch"),
    ("logout-sessions-added", "DigestMismatch"),
    ("logout-old", "Expired"),
    ("logout-not-on-or-after-past", "Expired"),
    ("logout-other-destination", "DestinationMismatch"),
    ("logout-without-destination", "DestinationMissing"),
    ("logout-other-issuer", "IssuerMismatch"),
    ("logout-issuer-format-persistent", "IssuerFormatNotEntity"),
    ("logout-encrypted-name", "NameIdEncrypted"),
    ("logout-comment-in-name", "ok"),
    ("logout-wrapped", "NotALogoutRequest"),
    ("logout-response-instead", "NotALogoutRequest"),
    ("answer-valid", "ok"),
    ("answer-to-another-request", "InResponseToMismatch"),
    ("answer-without-request", "InResponseToMissing"),
    ("answer-status-changed", "DigestMismatch"),
    ("answer-issuer-format-persistent", "IssuerFormatNotEntity"),
    ("sha1-refused", "SignatureMethodNotAllowed"),
    ("sha1-allowed-valid", "ok"),
    ("sha1-allowed-content-changed", "DigestMismatch"),
    ("sha1-digest-refused", "DigestMethodNotAllowed"),
    ("sha1-allowed-md5", "SignatureMethodNotAllowed"),
    ("sha1-allowed-hmac", "SignatureMethodNotAllowed"),
];

#[test]
fn table_of_message_attacks() {
    check(&files("attacks-messages", generate), TABLE, |name, xml| judge(name, xml));
}

/// Every file but one that is only valid by the comment rule names the person in full.
fn judge(name: &str, xml: &[u8]) -> &'static str {
    let certificates = [certificate("idp")];
    let signature =
        LogoutSignature::Required { certificates: &certificates, algorithms: AcceptedAlgorithms::default() };
    let logout = LogoutExpect {
        destination: LOGOUT,
        issuer: SP,
        signature,
        now: NOW,
        clock_skew: Duration::minutes(3),
    };
    let policy = RequestPolicy { required: true, certificates: &certificates, allow_rsa_sha1: false };
    match name.split_once('-').unwrap().0 {
        "request" => policy.read(Received::Post(xml)).map_or_else(|e| e.code(), |_| "ok"),
        "logout" => saml::logout::read_request(Received::Post(xml), &logout).map_or_else(
            |e| e.code(),
            |request| {
                assert_eq!(request.name_id.value, ANA);
                "ok"
            },
        ),
        "answer" => saml::logout::read_response(Received::Post(xml), "_l1", &logout)
            .map_or_else(|e| e.code(), |_| "ok"),
        _ if name.starts_with("sha1-allowed") => {
            let options =
                AcceptOptions { algorithms: AcceptedAlgorithms::Sha2AndSha1, ..AcceptOptions::default() };
            accept_response_with(xml, &expect(&certificates), &options).map_or_else(|e| e.code(), |_| "ok")
        }
        _ => accept_response(xml, &expect(&certificates)).map_or_else(|e| e.code(), |_| "ok"),
    }
}

fn generate() -> Vec<File> {
    let mut files = requests();
    files.extend(logouts());
    files.extend(answers());
    files.extend(sha1_signatures());
    files
}

fn requests() -> Vec<File> {
    let request = WriteAuthnRequest {
        id: "_q1",
        issue_instant: NOW,
        destination: LOGOUT,
        assertion_consumer_service_url: ACS,
        issuer: SP,
        name_id_format: FORMAT_EMAIL,
    };
    let signed = |who: &str, algorithm| {
        let key = signing_key(who).with_algorithm(algorithm).unwrap();
        saml::authn_request::write_signed(&request, &key).unwrap()
    };
    let valid = signed("idp", SignatureAlgorithm::RsaSha256);
    let (signature, unsigned) = cut(&valid, "Signature");
    let other = signed("evil", SignatureAlgorithm::RsaSha256);
    let (key_info, nameless) = cut(&other, "KeyInfo");
    assert!(key_info.contains("X509Certificate"));
    let end = "</samlp:AuthnRequest>";
    vec![
        ("request-unsigned", saml::authn_request::write(&request).unwrap()),
        ("request-other-key", other.clone()),
        ("request-other-key-without-certificate", nameless),
        ("request-reply-url-changed", valid.replace(ACS, "https://evil.test/acs")),
        ("request-sha512", signed("idp", SignatureAlgorithm::RsaSha512)),
        ("request-ecdsa", cut(&signed("p256", SignatureAlgorithm::EcdsaSha256), "KeyInfo").1),
        ("request-duplicate-id", valid.replace(end, &format!("<x ID=\"_q1\"></x>{end}"))),
        (
            "request-signature-in-extensions",
            unsigned.replace(end, &format!("<samlp:Extensions>{signature}</samlp:Extensions>{end}")),
        ),
        ("request-wrapped", {
            let evil = unsigned.replace("\"_q1\"", "\"_evil\"").replace(ACS, "https://evil.test/acs");
            evil.replace(end, &format!("<samlp:Extensions>{valid}</samlp:Extensions>{end}"))
        }),
        ("request-issuer-format-persistent", {
            let content = with_format(&cut(&valid, "Signature").1);
            let signature = Signer::new("idp").signature("_q1", &content);
            content.replacen("</saml:Issuer>", &format!("</saml:Issuer>{signature}"), 1)
        }),
        ("request-valid", valid),
    ]
}

fn logouts() -> Vec<File> {
    let request = WriteLogoutRequest {
        id: "_l1",
        issue_instant: NOW,
        not_on_or_after: None,
        destination: LOGOUT,
        issuer: SP,
        name_id: ANA,
        name_id_format: Some(FORMAT_EMAIL),
        sp_name_qualifier: None,
        session_indexes: &["_a1"],
    };
    let idp = Signer::new("idp");
    let write = |request: &WriteLogoutRequest<'_>| {
        saml::logout::write_signed_request(request, &signing_key("idp")).unwrap()
    };
    let plain = saml::logout::write_request(&request).unwrap();
    let signed_after = |from: &str, to: &str| idp.signed("_l1", &plain.replace(from, to));
    let valid = write(&request);
    vec![
        ("logout-unsigned", plain.clone()),
        ("logout-other-key", saml::logout::write_signed_request(&request, &signing_key("evil")).unwrap()),
        ("logout-name-changed", valid.replace(ANA, "eve@example.com")),
        ("logout-sessions-added", valid.replace("_a1<", "_a2<")),
        ("logout-old", write(&WriteLogoutRequest { issue_instant: NOW - Duration::hours(2), ..request })),
        (
            "logout-not-on-or-after-past",
            write(&WriteLogoutRequest { not_on_or_after: Some(NOW - Duration::hours(1)), ..request }),
        ),
        (
            "logout-other-destination",
            write(&WriteLogoutRequest { destination: "https://evil.test/logout", ..request }),
        ),
        ("logout-without-destination", signed_after(&format!(" Destination=\"{LOGOUT}\""), "")),
        ("logout-other-issuer", write(&WriteLogoutRequest { issuer: IDP, ..request })),
        ("logout-issuer-format-persistent", idp.signed("_l1", &with_format(&plain))),
        ("logout-encrypted-name", signed_after("NameID", "EncryptedID")),
        ("logout-comment-in-name", valid.replace("ana@", "ana<!-- -->@")),
        (
            "logout-wrapped",
            format!(
                "<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\">{valid}</samlp:Response>"
            ),
        ),
        ("logout-response-instead", answer("_l1")),
        ("logout-valid", valid),
    ]
}

fn answer(in_response_to: &str) -> String {
    let response = WriteLogoutResponse {
        id: "_l2",
        issue_instant: NOW,
        destination: LOGOUT,
        issuer: SP,
        in_response_to,
        outcome: &LogoutOutcome::Success,
    };
    saml::logout::write_signed_response(&response, &signing_key("idp")).unwrap()
}

fn answers() -> Vec<File> {
    let without = cut(&answer("_l1"), "Signature").1.replace(" InResponseTo=\"_l1\"", "");
    vec![
        ("answer-valid", answer("_l1")),
        ("answer-to-another-request", answer("_l9")),
        ("answer-without-request", Signer::new("idp").signed("_l2", &without)),
        (
            "answer-issuer-format-persistent",
            Signer::new("idp").signed("_l2", &with_format(&cut(&answer("_l1"), "Signature").1)),
        ),
        ("answer-status-changed", answer("_l1").replace("status:Success", "status:Responder")),
    ]
}

/// The signer of the corpus signs with SHA-256 whatever its SignatureMethod says, so xmlsec1 proves the valid case; here
/// the real SHA-1 signature was made by it once and is kept.
fn sha1_signatures() -> Vec<File> {
    let idp = Signer::new("idp");
    let good = assertion("_a1", ANA);
    let with = |parts: &Parts| response("_r1", &after_issuer(&good, &idp.sign(parts)));
    let usual = Parts::usual("_a1", &good);
    let method = |uri: &str| Parts { method: algorithm("SignatureMethod", uri, ""), ..usual.clone() };
    let reference = reference("#_a1", &transforms(), &format!("{DS}sha1"), &sha1(&good));
    let more = "http://www.w3.org/2001/04/xmldsig-more#";
    let kept = String::from_utf8(crate::common::read("attacks-messages/sha1-allowed-valid.xml")).unwrap();
    vec![
        ("sha1-refused", kept.clone()),
        ("sha1-allowed-content-changed", kept.replace(ANA, "eve@example.com")),
        ("sha1-allowed-valid", kept),
        ("sha1-digest-refused", with(&Parts { references: vec![reference], ..usual.clone() })),
        ("sha1-allowed-md5", with(&method(&format!("{more}rsa-md5")))),
        ("sha1-allowed-hmac", with(&method(&format!("{DS}hmac-sha1")))),
    ]
}

/// The message with a Format that no Issuer may have.
fn with_format(xml: &str) -> String {
    let format = "Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:persistent\"";
    let begin = xml.find("Issuer").unwrap();
    let end = begin + xml[begin..].find('>').unwrap();
    format!("{} {format}{}", &xml[..end], &xml[end..])
}

/// The first element `local` (in the default namespace), and the text without it.
fn cut(xml: &str, local: &str) -> (String, String) {
    let begin = xml.find(&format!("<{local}")).unwrap();
    let close = format!("</{local}>");
    let end = begin + xml[begin..].find(&close).unwrap() + close.len();
    (xml[begin..end].to_owned(), format!("{}{}", &xml[..begin], &xml[end..]))
}
