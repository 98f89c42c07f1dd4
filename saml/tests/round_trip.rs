//! What our identity provider issues, our service provider accepts, unchanged.

mod common;

use common::{ANA, NOW, REQUEST, attributes, certificate, expect, issue, signing_key};
use proptest::prelude::*;
use saml::names::{STATUS_NO_PASSIVE, STATUS_REQUESTER};
use saml::response::{
    Attribute, ExpectInResponseTo, IssueError, IssueErrorResponse, RejectReason, ResponseReason, SignOption,
    accept_response, issue_error_response, issue_response, trace_response,
};
use time::Duration;

#[test]
fn every_signing_option_is_accepted() {
    let (key, certificates, attributes) = (signing_key("idp"), [certificate("idp")], attributes());
    for sign in [SignOption::Assertion, SignOption::Response, SignOption::ResponseAndAssertion] {
        let xml = issue_response(&issue(&attributes, sign), &key).unwrap();
        let accepted = accept_response(xml.as_bytes(), &expect(&certificates)).unwrap();
        assert_eq!(accepted.name_id, ANA);
        assert_eq!(accepted.assertion_id, "_a1");
        assert_eq!(accepted.session_index.as_deref(), Some("_a1"));
        assert_eq!(accepted.in_response_to.as_deref(), Some(REQUEST));
        assert_eq!(accepted.not_on_or_after, NOW + Duration::minutes(60));
        assert_eq!(accepted.remember_until, NOW + Duration::minutes(63));
        assert_eq!(accepted.authn_instant, NOW - Duration::hours(2));
        assert_eq!(accepted.certificate_thumbprint, certificates[0].thumbprint());
        // The attribute without value was left out.
        assert_eq!(accepted.attributes, attributes[..2]);
    }
}

#[test]
fn the_wire_shape_is_that_of_entra() {
    let attributes = attributes();
    let xml = issue_response(&issue(&attributes, SignOption::Assertion), &signing_key("idp")).unwrap();
    let document = roxmltree::Document::parse(&xml).unwrap();
    let names = |node: roxmltree::Node<'_, '_>| -> Vec<String> {
        node.children().map(|child| child.tag_name().name().to_owned()).collect()
    };
    let root = document.root_element();
    assert_eq!(names(root), ["Issuer", "Status", "Assertion"]);
    let assertion = root.last_child().unwrap();
    let order = ["Issuer", "Signature", "Subject", "Conditions", "AttributeStatement", "AuthnStatement"];
    assert_eq!(names(assertion), order);
    let conditions =
        assertion.children().find(|c| c.has_tag_name("Conditions") || c.tag_name().name() == "Conditions");
    assert_eq!(conditions.unwrap().attribute("NotBefore"), Some("2026-11-24T04:55:00.000Z"));
    assert_eq!(conditions.unwrap().attribute("NotOnOrAfter"), Some("2026-11-24T06:00:00.000Z"));
    for absent in ["SubjectLocality", "SessionNotOnOrAfter", "OneTimeUse", "ProxyRestriction", "Consent"] {
        assert!(!xml.contains(absent), "{absent}");
    }
    let named = |name: &str| root.descendants().find(|n| n.tag_name().name() == name).unwrap();
    let data = named("SubjectConfirmationData");
    assert_eq!(
        data.attributes().map(|a| a.name()).collect::<Vec<_>>(),
        ["InResponseTo", "NotOnOrAfter", "Recipient"]
    );
    assert_eq!(data.attribute("NotOnOrAfter"), Some("2026-11-24T06:00:00.000Z"));
    assert_eq!(named("AuthnStatement").attribute("SessionIndex"), assertion.attribute("ID"));
    assert_eq!(root.descendants().filter(|n| n.tag_name().name() == "Audience").count(), 1);
    let attribute = assertion.descendants().find(|n| n.tag_name().name() == "Attribute").unwrap();
    assert_eq!(attribute.attributes().map(|a| a.name()).collect::<Vec<_>>(), ["Name"]);
    assert!(
        root.tag_name().namespace() == Some(saml::names::PROTOCOL) && xml.starts_with("<samlp:Response ")
    );
}

#[test]
fn a_sign_in_that_begins_at_the_identity_provider_has_no_request() {
    let (key, certificates) = (signing_key("idp"), [certificate("idp")]);
    let xml = issue_response(
        &saml::response::IssueResponse { in_response_to: None, ..issue(&[], SignOption::Assertion) },
        &key,
    );
    let xml = xml.unwrap();
    assert!(!xml.contains("InResponseTo") && !xml.contains("AttributeStatement"));
    let with = |policy| {
        let expect = saml::response::Expect { in_response_to: policy, ..expect(&certificates) };
        accept_response(xml.as_bytes(), &expect).map(|a| a.in_response_to).map_err(|e| e.reason)
    };
    let missing = Err(RejectReason::Response(ResponseReason::InResponseToMissing));
    assert_eq!(with(ExpectInResponseTo::NoRequest), Ok(None));
    assert_eq!(with(ExpectInResponseTo::CheckedByCaller), Ok(None));
    assert_eq!(with(ExpectInResponseTo::Request(REQUEST)), missing);
    assert_eq!(with(ExpectInResponseTo::Known { known: &|_| true, unsolicited: true }), Ok(None));
    assert_eq!(with(ExpectInResponseTo::Known { known: &|_| true, unsolicited: false }), missing);
}

#[test]
fn an_answer_to_a_request_is_compared_with_the_open_ones() {
    let (key, certificates) = (signing_key("idp"), [certificate("idp")]);
    let xml = issue_response(&issue(&[], SignOption::Assertion), &key).unwrap();
    let with = |policy| {
        let expect = saml::response::Expect { in_response_to: policy, ..expect(&certificates) };
        accept_response(xml.as_bytes(), &expect).map(|a| a.in_response_to.is_some()).map_err(|e| e.code())
    };
    let open = |id: &str| id == REQUEST;
    assert_eq!(with(ExpectInResponseTo::Known { known: &open, unsolicited: false }), Ok(true));
    assert_eq!(with(ExpectInResponseTo::Known { known: &open, unsolicited: true }), Ok(true));
    assert_eq!(
        with(ExpectInResponseTo::Known { known: &|_| false, unsolicited: true }),
        Err("InResponseToMismatch")
    );
    assert_eq!(with(ExpectInResponseTo::CheckedByCaller), Ok(true));
    assert_eq!(with(ExpectInResponseTo::NoRequest), Err("InResponseToUnexpected"));
}

#[test]
fn the_trace_lists_every_check_in_order() {
    let (key, certificates) = (signing_key("idp"), [certificate("idp")]);
    let xml = issue_response(&issue(&[], SignOption::Assertion), &key).unwrap();
    let (accepted, trace) = trace_response(xml.as_bytes(), &expect(&certificates));
    assert!(accepted.is_ok() && trace.checks.iter().all(|check| check.passed));
    let names: Vec<_> = trace.checks.iter().map(|check| check.name).collect();
    assert_eq!(names[..4], ["XML", "Response", "IDs", "Status"]);
    assert_eq!(names.last(), Some(&"NameID"));
    let late = saml::response::Expect { now: NOW + Duration::hours(5), ..expect(&certificates) };
    let (refused, trace) = trace_response(xml.as_bytes(), &late);
    let last = trace.checks.last().unwrap();
    assert_eq!((last.name, last.passed), ("Conditions", false));
    assert_eq!(last.found, "2026-11-24T06:00:00.000Z");
    assert!(refused.unwrap_err().fix().contains("clocks"));
}

#[test]
fn an_error_response_is_read_as_such() {
    let error = IssueErrorResponse {
        response_id: "_e1",
        now: NOW,
        issuer: common::IDP,
        destination: common::ACS,
        in_response_to: Some(REQUEST),
        status: STATUS_REQUESTER,
        nested_status: Some(STATUS_NO_PASSIVE),
        message: "AADSTS50058: no session",
    };
    let xml = issue_error_response(&error).unwrap();
    let refused = accept_response(xml.as_bytes(), &expect(&[])).unwrap_err();
    assert_eq!(refused.reason, RejectReason::Response(ResponseReason::StatusNotSuccess));
    assert_eq!(refused.found(), format!("{STATUS_REQUESTER} {STATUS_NO_PASSIVE} AADSTS50058: no session"));
}

#[test]
fn a_name_that_xml_cannot_carry_is_refused_and_not_shortened() {
    let issue = saml::response::IssueResponse {
        name_id: "ana\u{0}@example.com",
        ..issue(&[], SignOption::Assertion)
    };
    let refused = issue_response(&issue, &signing_key("idp"));
    assert_eq!(refused, Err(IssueError::IllegalCharacter("ana\0@example.com".to_owned())));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever text a claim has, the same text arrives.
    #[test]
    fn claims_arrive_unchanged(
        values in prop::collection::vec("[\\t\\n\\r -\u{d7ff}\u{e000}-\u{fffd}]{0,40}", 1..4),
        name in "[!-~\u{c0}-\u{2ff}]{1,20}",
        name_format in prop::option::of("urn:[!-~]{1,20}"),
    ) {
        let (key, certificates) = (signing_key("idp"), [certificate("idp")]);
        let attributes = [Attribute { name, name_format, values }];
        for sign in [SignOption::Assertion, SignOption::Response] {
            let xml = issue_response(&issue(&attributes, sign), &key).unwrap();
            let accepted = accept_response(xml.as_bytes(), &expect(&certificates)).unwrap();
            prop_assert_eq!(&accepted.attributes[..], &attributes[..]);
        }
    }
}
