use time::macros::datetime;

use super::*;
use crate::bindings::{
    Parameter, Received, RedirectMessage, decode_redirect, encode_redirect, encode_signed_redirect,
};
use crate::dsig::{SignatureAlgorithm, SignatureReason, sign_enveloped};
use crate::names::{FORMAT_EMAIL, FORMAT_PERSISTENT};
use crate::refusal::Reason as _;
use crate::testing;

const AWS: &str = "requests/aws-shaped.xml";
const EVERYTHING: &str = "requests/everything.xml";

fn ignored(xml: &str) -> Result<AuthnRequest, AuthnRequestRefusal> {
    read(xml.as_bytes(), RequestSignature::Ignored)
}

fn sample() -> WriteAuthnRequest<'static> {
    WriteAuthnRequest {
        id: "aws_1",
        issue_instant: datetime!(2026-11-24 05:00 UTC),
        destination: "https://directory.example.com/saml2?a=1&b=2",
        assertion_consumer_service_url: "https://center.example.com/acs",
        issuer: "https://center.example.com/saml/d-1",
        name_id_format: FORMAT_EMAIL,
    }
}

#[test]
fn what_we_write_is_what_iam_identity_center_sends() {
    let xml = write(&sample()).unwrap();
    for absent in ["Signature", "ForceAuthn", "IsPassive", "AllowCreate", "RequestedAuthnContext", "Scoping"]
    {
        assert!(!xml.contains(absent), "{absent}");
    }
    let request = ignored(&xml).unwrap();
    assert_eq!(request.id, "aws_1");
    assert_eq!(request.issue_instant, datetime!(2026-11-24 05:00 UTC));
    assert_eq!(request.issuer, sample().issuer);
    assert_eq!(request.destination.as_deref(), Some(sample().destination));
    assert_eq!(
        request.assertion_consumer_service_url.as_deref(),
        Some(sample().assertion_consumer_service_url)
    );
    assert_eq!(request.name_id_format.as_deref(), Some(FORMAT_EMAIL));
    assert!(write(&WriteAuthnRequest { issuer: "a\u{1}", ..sample() }).is_err());
}

#[test]
fn reads_the_request_of_iam_identity_center() {
    let request = ignored(&testing::read_text(AWS)).unwrap();
    assert_eq!(request.id, "aws_0123456789abcdefghijklmnopqrstuv");
    assert_eq!(request.issuer, "https://center.example.com/saml/d-1234567890");
    assert!(!request.force_authn && !request.is_passive && request.authn_contexts.is_empty());
}

#[test]
fn reads_everything_that_is_supported_and_ignores_what_is_ignored() {
    let request = ignored(&testing::read_text(EVERYTHING)).unwrap();
    assert_eq!(request.issuer, "https://app.example.com/");
    assert!(request.force_authn && request.is_passive);
    assert_eq!(request.name_id_format.as_deref(), Some(FORMAT_PERSISTENT));
    assert_eq!(request.sp_name_qualifier.as_deref(), Some("https://app.example.com/"));
    assert_eq!(request.authn_contexts.len(), 2);
    assert_eq!(request.assertion_consumer_service_url, None);
}

#[test]
fn each_rule_has_its_refusal_and_number() {
    let subject = "</saml:Issuer><saml:Subject/>";
    for (file, from, to, code, aadsts) in [
        (AWS, "AuthnRequest", "LogoutRequest", "NotAnAuthnRequest", 75005),
        (AWS, "SAML:2.0:protocol", "SAML:1.0:protocol", "NotAnAuthnRequest", 75005),
        (AWS, " ID=\"aws_0123456789abcdefghijklmnopqrstuv\"", "", "IdMissing", 75005),
        (AWS, "ID=\"aws_", "ID=\"1aws_", "IdMalformed", 75005),
        (AWS, "ID=\"aws_", "ID=\"a b", "IdMalformed", 75005),
        (AWS, "Version=\"2.0\"", "Version=\"1.1\"", "VersionNot20", 75005),
        (AWS, "2026-11-24T05:00:00.123Z", "yesterday", "IssueInstantMalformed", 75005),
        (AWS, "IssueInstant", "Issued", "IssueInstantMalformed", 75005),
        (AWS, "Issuer", "Sender", "IssuerMissing", 75005),
        (AWS, "https://center.example.com/saml/d-1234567890", " ", "IssuerMissing", 75005),
        (AWS, "bindings:HTTP-POST", "bindings:HTTP-Redirect", "BindingNotSupported", 75003),
        (AWS, "Version=", "AssertionConsumerServiceIndex=\"0\" Version=", "IndexNotSupported", 90009),
        (AWS, "emailAddress", "X509SubjectName", "NameIdFormatNotSupported", 75016),
        (AWS, "<Issuer", "<!DOCTYPE x><Issuer", "Doctype", 75005),
        (EVERYTHING, "ForceAuthn=\"true\"", "ForceAuthn=\"yes\"", "BooleanMalformed", 75005),
        (EVERYTHING, "</saml:Issuer>", subject, "SubjectNotSupported", 900_236),
        (EVERYTHING, "<samlp:Scoping/>", "<samlp:Scoping ProxyCount=\"1\"/>", "ScopingNotSupported", 90009),
        (
            EVERYTHING,
            "<samlp:Scoping/>",
            "<samlp:Scoping><samlp:IDPList/></samlp:Scoping>",
            "ScopingNotSupported",
            90009,
        ),
        (
            EVERYTHING,
            "<samlp:RequestedAuthnContext>",
            "<samlp:RequestedAuthnContext Comparison=\"minimum\">",
            "ComparisonNotSupported",
            75011,
        ),
        (EVERYTHING, "ac:classes:X509", "ac:classes:Telephony", "AuthnContextNotSupported", 75011),
        (
            EVERYTHING,
            "saml:AuthnContextClassRef",
            "saml:AuthnContextDeclRef",
            "AuthnContextNotSupported",
            75011,
        ),
    ] {
        let text = testing::read_text(file);
        assert!(text.contains(from), "{from} is not in {file}");
        let refusal = ignored(&text.replace(from, to)).unwrap_err();
        assert_eq!((refusal.code(), refusal.reason.aadsts()), (code, aadsts), "{from}");
    }
}

#[test]
fn the_answer_goes_to_registered_urls_only() {
    let request = ignored(&testing::read_text(AWS)).unwrap();
    let registered = |urls: &[&str]| -> Vec<String> { urls.iter().map(|u| (*u).to_owned()).collect() };
    let wanted = "https://center.example.com/saml/acs/4455422d";
    let known = registered(&["https://first.example.com/acs", wanted]);
    assert_eq!(request.reply_url(&known).unwrap(), wanted);
    for near in [
        "https://center.example.com/saml/acs/4455422d/",
        "https://center.example.com/saml/acs",
        "HTTPS://center.example.com/saml/acs/4455422d",
    ] {
        let refusal = request.reply_url(&registered(&[near])).unwrap_err();
        assert_eq!((refusal.code(), refusal.reason.aadsts()), ("ReplyUrlNotRegistered", 50011));
        assert_eq!((refusal.expected(), refusal.found()), (near, wanted));
    }
    let without = ignored(&testing::read_text(EVERYTHING)).unwrap();
    assert_eq!(without.reply_url(&known).unwrap(), "https://first.example.com/acs");
    assert_eq!(without.reply_url(&[]).unwrap_err().code(), "NoReplyUrl");
}

fn signed(by: &str) -> String {
    let xml = write(&sample()).unwrap();
    let position = xml.find("</saml:Issuer>").unwrap() + "</saml:Issuer>".len();
    sign_enveloped(&xml, position, "aws_1", &testing::signing_key(by)).unwrap()
}

#[test]
fn a_required_signature_is_verified_and_an_ignored_one_is_not() {
    let trusted = [testing::certificate("evil"), testing::certificate("idp")];
    let required = |xml: &str| read(xml.as_bytes(), RequestSignature::Required(&trusted[1..]));
    let good = signed("idp");
    assert_eq!(read(good.as_bytes(), RequestSignature::Required(&trusted)).unwrap().id, "aws_1");
    let changed = good.replace("https://center.example.com/acs", "https://evil.test/acs");
    assert_eq!(ignored(&changed).unwrap().id, "aws_1");
    let refusals = [
        (write(&sample()).unwrap(), "SignatureMissing", 76021),
        (signed("evil"), "SignatureMismatch", 50006),
        (changed, "DigestMismatch", 50006),
        (good.replace("</samlp:AuthnRequest>", "<x ID=\"aws_1\"/></samlp:AuthnRequest>"), "DuplicateId", 75005),
        (good.replace("<samlp:NameIDPolicy", "<samlp:Extensions><Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\"/></samlp:Extensions><samlp:NameIDPolicy"), "SignatureMisplaced", 50006),
    ];
    for (xml, code, aadsts) in refusals {
        let refusal = required(&xml).unwrap_err();
        assert_eq!((refusal.code(), refusal.reason.aadsts()), (code, aadsts));
    }
    let nobody = read(good.as_bytes(), RequestSignature::Required(&[])).unwrap_err();
    assert_eq!(nobody.reason, AuthnRequestReason::Signature(SignatureReason::NoTrustedCertificate));
    assert_eq!(nobody.reason.aadsts(), 50003);
}

#[test]
fn every_reason_has_a_fix() {
    assert!(RequestReason::ALL.iter().all(|r| r.fix().ends_with('.') && r.aadsts() > 0));
}

fn redirected(by: &str, algorithm: SignatureAlgorithm) -> RedirectMessage {
    let key = testing::signing_key(by).with_algorithm(algorithm).unwrap();
    let xml = write(&sample()).unwrap();
    let url =
        encode_signed_redirect("https://i.test/", Parameter::SamlRequest, &xml, Some("s"), &key).unwrap();
    decode_redirect(url.split_once('?').unwrap().1, Parameter::SamlRequest).unwrap()
}

// Entra, "Enforce signed SAML authentication requests".
#[test]
fn a_policy_demands_what_entra_demands() {
    let rsa = SignatureAlgorithm::RsaSha256;
    let certificates = ["idp", "evil", "p256"].map(testing::certificate);
    let policy = RequestPolicy { required: true, certificates: &certificates, allow_rsa_sha1: false };
    let refused = |message: Received<'_>, policy: &RequestPolicy<'_>| {
        let refusal = policy.read(message).unwrap_err();
        (refusal.code(), refusal.reason.aadsts())
    };
    let redirect = redirected("evil", rsa);
    assert_eq!(policy.read(Received::Redirect(&redirect)).unwrap().id, "aws_1");
    // The oldest of three certificates is tried when the message names it, and only then.
    let oldest = redirected("idp", rsa);
    assert_eq!(refused(Received::Redirect(&oldest), &policy), ("SignatureMismatch", 50006));
    let posted = write_signed(&sample(), &testing::signing_key("idp")).unwrap();
    assert_eq!(policy.read(Received::Post(posted.as_bytes())).unwrap().id, "aws_1");
    let (head, tail) = posted.split_once("<KeyInfo>").unwrap();
    let nameless = format!("{head}{}", tail.split_once("</KeyInfo>").unwrap().1);
    assert_eq!(refused(Received::Post(nameless.as_bytes()), &policy), ("SignatureMismatch", 50006));
    let two = RequestPolicy { certificates: &certificates[..2], ..policy };
    assert_eq!(two.read(Received::Post(nameless.as_bytes())).unwrap().id, "aws_1");
    let stranger = RequestPolicy { certificates: &certificates[1..], ..policy };
    assert_eq!(refused(Received::Post(posted.as_bytes()), &stranger), ("KeyUnknown", 50006));
    let nobody = RequestPolicy { certificates: &[], ..policy };
    assert_eq!(refused(Received::Post(posted.as_bytes()), &nobody), ("NoTrustedCertificate", 50003));
    assert_eq!(refused(Received::Redirect(&redirect), &nobody), ("NoTrustedCertificate", 50003));
    // Nothing but RSA-SHA256.
    let longer = redirected("evil", SignatureAlgorithm::RsaSha512);
    assert_eq!(refused(Received::Redirect(&longer), &policy), ("AlgorithmNotAllowed", 50006));
    let curve = redirected("p256", SignatureAlgorithm::EcdsaSha256);
    assert_eq!(refused(Received::Redirect(&curve), &policy), ("AlgorithmNotAllowed", 50006));
    let posted384 = testing::signing_key("idp").with_algorithm(SignatureAlgorithm::RsaSha384).unwrap();
    let posted384 = write_signed(&sample(), &posted384).unwrap();
    assert_eq!(refused(Received::Post(posted384.as_bytes()), &policy), ("SignatureMethodNotAllowed", 50006));
    // Unsigned, by either way; a signature inside a redirected message does not count.
    let plain = write(&sample()).unwrap();
    assert_eq!(refused(Received::Post(plain.as_bytes()), &policy), ("SignatureMissing", 76021));
    let url = encode_redirect("https://i.test/", Parameter::SamlRequest, &posted, None);
    let inside = decode_redirect(url.split_once('?').unwrap().1, Parameter::SamlRequest).unwrap();
    assert_eq!(refused(Received::Redirect(&inside), &policy), ("SignatureMissing", 76021));
    let off = RequestPolicy::default();
    let changed = posted.replace("https://center.example.com/acs", "https://evil.test/acs");
    assert_eq!(refused(Received::Post(changed.as_bytes()), &policy), ("DigestMismatch", 50006));
    assert_eq!(off.read(Received::Post(changed.as_bytes())).unwrap().id, "aws_1");
}
