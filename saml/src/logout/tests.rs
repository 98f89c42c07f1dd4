use time::Duration;
use time::macros::datetime;

use super::*;
use crate::bindings::{
    Parameter, Received, RedirectMessage, decode_redirect, encode_redirect, encode_signed_redirect,
};
use crate::certificate::Certificate;
use crate::dsig::AcceptedAlgorithms;
use crate::names::{FORMAT_EMAIL, STATUS_REQUESTER};
use crate::refusal::Reason as _;
use crate::testing;

const URL: &str = "https://idp.example.com/saml2?a=1";
const SP: &str = "https://sp.example.com/";
const NOW: time::OffsetDateTime = datetime!(2026-11-24 05:00 UTC);

fn request() -> WriteLogoutRequest<'static> {
    WriteLogoutRequest {
        id: "_l1",
        issue_instant: NOW,
        not_on_or_after: Some(NOW + Duration::minutes(5)),
        destination: URL,
        issuer: SP,
        name_id: "ana@example.com",
        name_id_format: Some(FORMAT_EMAIL),
        sp_name_qualifier: None,
        session_indexes: &["_a1", "_a2"],
    }
}

fn response(outcome: &LogoutOutcome) -> WriteLogoutResponse<'_> {
    WriteLogoutResponse {
        id: "_l2",
        issue_instant: NOW,
        destination: URL,
        issuer: SP,
        in_response_to: "_l1",
        outcome,
    }
}

fn ignored() -> LogoutExpect<'static> {
    LogoutExpect {
        destination: URL,
        issuer: SP,
        signature: LogoutSignature::Ignored,
        now: NOW,
        clock_skew: Duration::minutes(3),
    }
}

fn required(certificates: &[Certificate]) -> LogoutExpect<'_> {
    let algorithms = AcceptedAlgorithms::default();
    LogoutExpect { signature: LogoutSignature::Required { certificates, algorithms }, ..ignored() }
}

fn redirected(url: &str, parameter: Parameter) -> RedirectMessage {
    decode_redirect(url.split_once("?a=1&").unwrap().1, parameter).unwrap()
}

#[test]
fn a_request_arrives_as_it_was_written() {
    let xml = write_request(&request()).unwrap();
    let read = read_request(Received::Post(xml.as_bytes()), &ignored()).unwrap();
    assert_eq!((read.id.as_str(), read.issuer.as_str()), ("_l1", SP));
    assert_eq!(read.name_id.value, "ana@example.com");
    assert_eq!(read.name_id.format.as_deref(), Some(FORMAT_EMAIL));
    assert_eq!(read.session_indexes, ["_a1", "_a2"]);
    assert_eq!(unverified_issuer(xml.as_bytes()).as_deref(), Some(SP));
    let all = write_request(&WriteLogoutRequest { session_indexes: &[], ..request() }).unwrap();
    assert!(read_request(Received::Post(all.as_bytes()), &ignored()).unwrap().session_indexes.is_empty());
}

#[test]
fn each_outcome_arrives_as_it_was_written() {
    let failed = LogoutOutcome::Failed {
        status: STATUS_REQUESTER.to_owned(),
        nested: Some("urn:x".to_owned()),
        message: Some("no session".to_owned()),
    };
    for outcome in [LogoutOutcome::Success, LogoutOutcome::Partial, failed] {
        let xml = write_response(&response(&outcome)).unwrap();
        let read = read_response(Received::Post(xml.as_bytes()), "_l1", &ignored()).unwrap();
        assert_eq!(read.outcome, outcome);
    }
}

// SAML Profiles 4.4.4.1: by HTTP-Redirect signed in the query, by HTTP-POST inside.
#[test]
fn both_bindings_carry_signatures() {
    let (key, trusted) = (testing::signing_key("idp"), [testing::certificate("idp")]);
    let expect = required(&trusted);
    let inside = write_signed_request(&request(), &key).unwrap();
    assert_eq!(read_request(Received::Post(inside.as_bytes()), &expect).unwrap().id, "_l1");
    let plain = write_request(&request()).unwrap();
    let url = encode_signed_redirect(URL, Parameter::SamlRequest, &plain, Some("r&s"), &key).unwrap();
    let message = redirected(&url, Parameter::SamlRequest);
    assert_eq!(message.relay_state.as_deref(), Some("r&s"));
    assert_eq!(read_request(Received::Redirect(&message), &expect).unwrap().id, "_l1");
    let answer = write_signed_response(&response(&LogoutOutcome::Success), &key).unwrap();
    assert_eq!(read_response(Received::Post(answer.as_bytes()), "_l1", &expect).unwrap().id, "_l2");
}

#[test]
fn what_is_not_signed_as_demanded_is_refused() {
    let (key, trusted) = (testing::signing_key("idp"), [testing::certificate("idp")]);
    let post = |xml: &str, trusted: &[Certificate]| {
        let refused = read_request(Received::Post(xml.as_bytes()), &required(trusted)).unwrap_err();
        (refused.code(), refused.reason.aadsts())
    };
    let (plain, inside) =
        (write_request(&request()).unwrap(), write_signed_request(&request(), &key).unwrap());
    assert_eq!(post(&plain, &trusted), ("SignatureMissing", 50006));
    assert_eq!(post(&inside.replace("ana@", "eve@"), &trusted), ("DigestMismatch", 50006));
    assert_eq!(post(&inside, &[]), ("NoTrustedCertificate", 50003));
    assert_eq!(post(&inside, &[testing::certificate("evil")]), ("SignatureMismatch", 50006));
    let twice = inside.replace("</samlp:LogoutRequest>", "<x Id=\"_l1\"/></samlp:LogoutRequest>");
    assert_eq!(post(&twice, &trusted), ("DuplicateId", 50061));
    let (head, tail) = inside.split_once("<Signature").unwrap();
    let (signature, tail) = tail.split_once("</Signature>").unwrap();
    let moved = format!("{head}<x><Signature{signature}</Signature></x>{tail}");
    assert_eq!(post(&moved, &trusted), ("SignatureMisplaced", 50006));
    // A signature inside does not make up for one that is missing in the query.
    let redirect = |url: &str| {
        let message = redirected(url, Parameter::SamlRequest);
        read_request(Received::Redirect(&message), &required(&trusted)).map(|r| r.id).map_err(|e| e.code())
    };
    assert_eq!(
        redirect(&encode_redirect(URL, Parameter::SamlRequest, &inside, None)),
        Err("SignatureMissing")
    );
    let signed = encode_signed_redirect(URL, Parameter::SamlRequest, &plain, Some("a"), &key).unwrap();
    assert_eq!(redirect(&signed), Ok("_l1".to_owned()));
    assert_eq!(redirect(&signed.replace("RelayState=a", "RelayState=b")), Err("SignatureMismatch"));
}

#[test]
fn each_rule_has_its_refusal() {
    let xml = write_request(&request()).unwrap();
    let destination = format!("Destination=\"{URL}\"");
    let name = format!("<NameID xmlns=\"{}\"", crate::names::ASSERTION);
    let many = "<samlp:SessionIndex>_a1</samlp:SessionIndex>".repeat(100);
    for (from, to, code) in [
        ("samlp:LogoutRequest", "samlp:AuthnRequest", "NotALogoutRequest"),
        ("SAML:2.0:protocol", "SAML:1.0:protocol", "NotALogoutRequest"),
        ("<Issuer", "<!DOCTYPE x><Issuer", "Doctype"),
        ("Version=\"2.0\"", "Version=\"1.1\"", "VersionNot20"),
        ("ID=\"_l1\"", "", "IdMissing"),
        ("ID=\"_l1\"", "ID=\"1\"", "IdMalformed"),
        ("IssueInstant=\"2026-11-24T05:00:00.000Z\"", "IssueInstant=\"now\"", "TimeMalformed"),
        ("IssueInstant=\"2026-11-24T05:00:00.000Z\"", "", "TimeMalformed"),
        ("IssueInstant=\"2026-11-24T05:00", "IssueInstant=\"2026-11-24T05:04", "NotYetValid"),
        ("IssueInstant=\"2026-11-24T05:00", "IssueInstant=\"2026-11-24T03:56", "Expired"),
        ("NotOnOrAfter=\"2026-11-24T05:05", "NotOnOrAfter=\"2026-11-24T04:57", "Expired"),
        ("NotOnOrAfter=\"2026-11-24T05:05", "NotOnOrAfter=\"tomorrow", "TimeMalformed"),
        ("Issuer", "Sender", "IssuerMissing"),
        (SP, "https://evil.test/", "IssuerMismatch"),
        (&destination, "Destination=\"https://idp.example.com/saml2\"", "DestinationMismatch"),
        (&name, "<EncryptedID></EncryptedID><NameID", "NameIdMissing"),
        ("NameID", "EncryptedID", "NameIdEncrypted"),
        ("NameID", "BaseID", "NameIdMissing"),
        ("ana@example.com", " ", "NameIdMissing"),
        ("ana@example.com", "<x/>", "NameIdMissing"),
        ("</samlp:LogoutRequest>", &format!("{many}</samlp:LogoutRequest>"), "TooManySessions"),
    ] {
        assert!(xml.contains(from), "{from}");
        let refused = read_request(Received::Post(xml.replace(from, to).as_bytes()), &ignored()).unwrap_err();
        assert_eq!(refused.code(), code, "{from} -> {to}");
    }
    let without = xml.replace(&destination, "");
    assert!(read_request(Received::Post(without.as_bytes()), &ignored()).is_ok());
}

#[test]
fn a_signed_message_names_its_destination() {
    let key = testing::signing_key("idp");
    let trusted = [testing::certificate("idp")];
    let without = write_request(&request()).unwrap().replace(&format!(" Destination=\"{URL}\""), "");
    let url = encode_signed_redirect(URL, Parameter::SamlRequest, &without, None, &key).unwrap();
    let message = redirected(&url, Parameter::SamlRequest);
    let refused = read_request(Received::Redirect(&message), &required(&trusted)).unwrap_err();
    assert_eq!(refused.code(), "DestinationMissing");
}

#[test]
fn responses_have_rules_of_their_own() {
    let xml = write_response(&response(&LogoutOutcome::Success)).unwrap();
    for (from, to, code) in [
        ("samlp:LogoutResponse", "samlp:Response", "NotALogoutResponse"),
        (" InResponseTo=\"_l1\"", "", "InResponseToMissing"),
        ("InResponseTo=\"_l1\"", "InResponseTo=\"_l9\"", "InResponseToMismatch"),
        ("samlp:Status>", "samlp:Other>", "StatusMissing"),
        ("samlp:StatusCode", "samlp:Other", "StatusMissing"),
    ] {
        let edited = xml.replace(from, to);
        let refused = read_response(Received::Post(edited.as_bytes()), "_l1", &ignored()).unwrap_err();
        assert_eq!(refused.code(), code, "{from}");
    }
}

#[test]
fn every_reason_has_a_fix() {
    assert!(LogoutRule::ALL.iter().all(|r| r.fix().ends_with('.') && r.fix().len() > 20));
}
