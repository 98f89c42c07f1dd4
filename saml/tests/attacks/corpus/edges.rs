//! Parts at places where nobody looks for them, and values that are almost right.

use super::{EVE, File, file};
use crate::common::{ACS, ANA, IDP, SP};
use crate::forge::{Signer, after_issuer, assertion, response, signed_after, valid};

const PERSISTENT: &str = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent";

pub fn places(idp: &Signer) -> Vec<File> {
    let good = assertion("_a1", ANA);
    let signed = idp.signed("_a1", &good);
    let evil = assertion("_evil", EVE);
    let detail = |inside: &str, beside: &str| {
        let detail = format!("<samlp:StatusDetail>{inside}</samlp:StatusDetail></samlp:Status>");
        response("_r1", beside).replace("</samlp:Status>", &detail)
    };
    let status = "<samlp:Status>";
    vec![
        file("original-in-status-detail", detail(&signed, &evil)),
        file("assertion-only-in-status-detail", detail(&signed, "")),
        file(
            "signature-of-assertion-in-response",
            after_issuer(&response("_r1", &good), &idp.signature("_a1", &good)),
        ),
        file("signature-of-response-in-assertion", {
            let signature = idp.signature("_r1", &response("_r1", &good));
            response("_r1", &after_issuer(&evil, &signature))
        }),
        file(
            "status-twice",
            valid(idp).replacen(status, &format!("<samlp:Status></samlp:Status>{status}"), 1),
        ),
        file("destination-trailing-slash", valid(idp).replacen(ACS, &format!("{ACS}/"), 1)),
    ]
}

pub fn values(idp: &Signer) -> Vec<File> {
    let with = |from: &str, to: &str| signed_after(idp, from, to);
    let host = "https://center.example.com";
    let other_host = |host_as: &str| with(ACS, &ACS.replace(host, host_as));
    let end =
        |time: &str| with("NotOnOrAfter=\"2026-11-24T06:00:00.000Z\">", &format!("NotOnOrAfter=\"{time}\">"));
    let attribute = |value: &str| {
        format!("<Attribute Name=\"role\"><AttributeValue>{value}</AttributeValue></Attribute>")
    };
    let attributes =
        format!("<AttributeStatement>{}{}</AttributeStatement>", attribute("user"), attribute("admin"));
    vec![
        file("recipient-default-port", other_host("https://center.example.com:443")),
        file("recipient-other-case", other_host("https://Center.example.com")),
        file("issuer-empty", with(IDP, "")),
        file(
            "valid-issuer-format",
            with("<Issuer>", "<Issuer Format=\"urn:oasis:names:tc:SAML:2.0:nameid-format:entity\">"),
        ),
        file("issuer-format-persistent", with("<Issuer>", &format!("<Issuer Format=\"{PERSISTENT}\">"))),
        file("issuer-format-empty", with("<Issuer>", "<Issuer Format=\"\">")),
        file("response-issuer-format-persistent", {
            let response = response("_r1", &assertion("_a1", ANA));
            let format = format!(" Format=\"{PERSISTENT}\">{IDP}");
            idp.signed("_r1", &response.replacen(&format!(">{IDP}"), &format, 1))
        }),
        file("issuer-twice", with("<Subject>", &format!("<Issuer>{IDP}</Issuer><Subject>"))),
        file("response-issuer-twice", {
            let other = "<saml:Issuer xmlns:saml=\"urn:oasis:names:tc:SAML:2.0:assertion\">https://evil.test/</saml:Issuer>";
            valid(idp).replacen("<samlp:Status>", &format!("{other}<samlp:Status>"), 1)
        }),
        // Canonical form has no comments, so the signature stands; what is read is the text without them.
        file("comment-in-audience", valid(idp).replace(SP, &SP.replacen("https://", "https://<!-- -->", 1))),
        file("comment-in-issuer", {
            let other = format!("https://evil.test/{IDP}");
            with(IDP, &other).replace(&other, &format!("https://evil.test/<!-- -->{IDP}"))
        }),
        file("audience-empty", with(&format!("<Audience>{SP}</Audience>"), "")),
        file(
            "valid-proxy-restriction",
            with("</Conditions>", "<ProxyRestriction Count=\"0\"></ProxyRestriction></Conditions>"),
        ),
        file(
            "valid-confirmation-of-another-method-beside",
            with(
                "</Subject>",
                "<SubjectConfirmation Method=\"urn:oasis:names:tc:SAML:2.0:cm:sender-vouches\"></SubjectConfirmation></Subject>",
            ),
        ),
        file("valid-attribute-twice", with("<AuthnStatement ", &format!("{attributes}<AuthnStatement "))),
        file("valid-conditions-far-future", end("9999-12-31T23:59:59.999Z")),
        file("valid-conditions-leap-second", end("2026-12-31T23:59:60Z")),
        file("valid-conditions-with-offset", end("2026-11-24T07:00:00.123456789+01:00")),
        file("conditions-leap-second-at-noon", end("2026-11-24T12:00:60Z")),
        file("conditions-hour-24", end("2026-11-24T24:00:00Z")),
        file("conditions-lower-case-time", end("2026-11-24t06:00:00z")),
        file("conditions-padded-time", end(" 2026-11-24T06:00:00Z")),
        file("conditions-year-10000", end("10000-01-01T00:00:00Z")),
    ]
}
