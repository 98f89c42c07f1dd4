//! Good signatures over content that breaks a rule, and the rules at their very edge.
#![expect(clippy::too_many_lines, reason = "lists of files, one entry each")]

use super::{File, file};
use crate::common::{ACS, ANA, IDP, REQUEST, SP};
use crate::forge::{Signer, assertion, response, signed_after, valid};

pub fn response_rules(idp: &Signer) -> Vec<File> {
    let valid = valid(idp);
    let signed_response = |from: &str, to: &str| {
        let changed = response("_r1", &assertion("_a1", ANA)).replacen(from, to, 1);
        idp.signed("_r1", &changed)
    };
    let destination = format!(" Destination=\"{ACS}\"");
    vec![
        file("root-is-assertion", idp.signed("_a1", &assertion("_a1", ANA))),
        file("root-is-logout-response", valid.replace("samlp:Response", "samlp:LogoutResponse")),
        file("root-in-other-namespace", valid.replacen("SAML:2.0:protocol", "SAML:1.0:protocol", 1)),
        file("response-version-1.1", valid.replacen("Version=\"2.0\"", "Version=\"1.1\"", 1)),
        file("response-version-missing", valid.replacen(" Version=\"2.0\"", "", 1)),
        file("status-missing", valid.replace("samlp:Status>", "samlp:Other>")),
        file("status-code-missing", valid.replace("samlp:StatusCode", "samlp:Other")),
        file("status-authn-failed", valid.replace(
            "status:Success\"></samlp:StatusCode>",
            "status:Responder\"><samlp:StatusCode Value=\"urn:oasis:names:tc:SAML:2.0:status:AuthnFailed\"></samlp:StatusCode></samlp:StatusCode>")),
        file("no-assertion", response("_r1", "")),
        file("response-issuer-other", valid.replacen(IDP, "https://evil.test/", 1)),
        file("destination-other", valid.replacen(&destination, " Destination=\"https://evil.test/acs\"", 1)),
        file("valid-destination-missing", valid.replacen(&destination, "", 1)),
        file("destination-missing-signed", signed_response(&destination, "")),
        file("destination-other-signed", signed_response(&destination, " Destination=\"https://evil.test/acs\"")),
        file("response-in-response-to-other", valid.replacen(REQUEST, "aws_other", 1)),
        file("valid-response-in-response-to-missing", valid.replacen(&format!(" InResponseTo=\"{REQUEST}\""), "", 1)),
    ]
}

pub fn assertion_rules(idp: &Signer) -> Vec<File> {
    let with = |from: &str, to: &str| signed_after(idp, from, to);
    let conditions_end = "NotOnOrAfter=\"2026-11-24T06:00:00.000Z\">";
    let confirmation_end = "NotOnOrAfter=\"2026-11-24T06:00:00.000Z\" Recipient";
    let audience = format!("<AudienceRestriction><Audience>{SP}</Audience></AudienceRestriction>");
    let other_audience =
        "<AudienceRestriction><Audience>https://other.test/</Audience></AudienceRestriction>";
    let bearer = "urn:oasis:names:tc:SAML:2.0:cm:bearer";
    let session = "SessionIndex=\"_a1\"";
    vec![
        file("assertion-version-1.1", with("Version=\"2.0\"", "Version=\"1.1\"")),
        file("issuer-other", with(IDP, "https://evil.test/")),
        file("issuer-missing", {
            let content = assertion("_a1", ANA).replace(&format!("<Issuer>{IDP}</Issuer>"), "");
            let signature = idp.signature("_a1", &content);
            response("_r1", &content.replace("<Subject>", &format!("{signature}<Subject>")))
        }),
        file("subject-missing", with("Subject>", "Other>")),
        file("name-id-missing", with("NameID", "BaseID")),
        file(
            "name-id-twice",
            with("<SubjectConfirmation ", "<NameID>eve@example.com</NameID><SubjectConfirmation "),
        ),
        file(
            "name-id-format-persistent",
            with("SAML:1.1:nameid-format:emailAddress", "SAML:2.0:nameid-format:persistent"),
        ),
        file(
            "name-id-format-missing",
            with(" Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress\"", ""),
        ),
        file("recipient-other", with(ACS, "https://evil.test/acs")),
        file("recipient-missing", with(&format!(" Recipient=\"{ACS}\""), "")),
        file("recipient-longer", with(ACS, &format!("{ACS}/"))),
        file("audience-other", with(SP, "https://other.test/")),
        file("audience-missing", with(&audience, "")),
        file("audience-second-restriction-other", with(&audience, &(audience.clone() + other_audience))),
        file(
            "valid-audience-one-of-two",
            with(
                &audience,
                &audience.replace("<Audience>", "<Audience>https://other.test/</Audience><Audience>"),
            ),
        ),
        file("audience-other-case", with(SP, &SP.to_uppercase())),
        file("conditions-missing", with("Conditions", "Other")),
        file("conditions-without-end", with(&format!(" {conditions_end}"), ">")),
        file("conditions-expired", with(conditions_end, "NotOnOrAfter=\"2026-11-24T04:57:00.000Z\">")),
        file(
            "valid-conditions-expired-within-skew",
            with(conditions_end, "NotOnOrAfter=\"2026-11-24T04:57:00.001Z\">"),
        ),
        file(
            "conditions-not-yet-valid",
            with("NotBefore=\"2026-11-24T04:55:00.000Z\"", "NotBefore=\"2026-11-24T05:03:00.001Z\""),
        ),
        file(
            "valid-conditions-not-yet-within-skew",
            with("NotBefore=\"2026-11-24T04:55:00.000Z\"", "NotBefore=\"2026-11-24T05:03:00.000Z\""),
        ),
        file("conditions-time-without-zone", with("04:55:00.000Z", "04:55:00.000")),
        file(
            "condition-unknown",
            with("<AudienceRestriction>", "<Condition></Condition><AudienceRestriction>"),
        ),
        file(
            "condition-of-another-namespace",
            with("</Conditions>", "<OneTimeUse xmlns=\"urn:e\"></OneTimeUse></Conditions>"),
        ),
        file(
            "conditions-twice",
            with(
                "<AuthnStatement ",
                "<Conditions NotOnOrAfter=\"2026-11-24T06:00:00.000Z\"></Conditions><AuthnStatement ",
            ),
        ),
        file(
            "authn-statement-twice",
            with(
                "</AuthnStatement>",
                "</AuthnStatement><AuthnStatement AuthnInstant=\"2026-11-24T03:00:00.000Z\"></AuthnStatement>",
            ),
        ),
        file("subject-twice", with("<Conditions ", "<Subject></Subject><Conditions ")),
        file(
            "attribute-without-name",
            with(
                "<AuthnStatement ",
                "<AttributeStatement><Attribute><AttributeValue>a</AttributeValue></Attribute></AttributeStatement><AuthnStatement ",
            ),
        ),
        file("valid-one-time-use", with("</Conditions>", "<OneTimeUse></OneTimeUse></Conditions>")),
        file("confirmation-holder-of-key", with(bearer, "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key")),
        file("confirmation-missing", with("SubjectConfirmation", "Other")),
        file(
            "confirmation-twice",
            with(
                "</Subject>",
                &format!(
                    "<SubjectConfirmation Method=\"{bearer}\"><SubjectConfirmationData></SubjectConfirmationData></SubjectConfirmation></Subject>"
                ),
            ),
        ),
        file("confirmation-without-data", with("SubjectConfirmationData", "Other")),
        file("confirmation-without-end", with(confirmation_end, "Recipient")),
        file(
            "confirmation-expired",
            with(confirmation_end, "NotOnOrAfter=\"2026-11-24T04:57:00.000Z\" Recipient"),
        ),
        file(
            "confirmation-not-before",
            with(confirmation_end, &format!("NotBefore=\"2026-11-24T04:55:00.000Z\" {confirmation_end}")),
        ),
        file(
            "in-response-to-other",
            signed_after(idp, REQUEST, "aws_other")
                .replace(&format!("InResponseTo=\"{REQUEST}\" Iss"), "Iss"),
        ),
        file(
            "in-response-to-missing",
            with(&format!(" InResponseTo=\"{REQUEST}\""), "")
                .replace(&format!("InResponseTo=\"{REQUEST}\" Iss"), "Iss"),
        ),
        file("in-response-to-only-unsigned", with(&format!(" InResponseTo=\"{REQUEST}\""), "")),
        file("authn-statement-missing", with("AuthnStatement", "Other")),
        file("authn-instant-missing", with("AuthnInstant=\"2026-11-24T03:00:00.000Z\" ", "")),
        file(
            "session-expired",
            with(session, &format!("{session} SessionNotOnOrAfter=\"2026-11-24T04:00:00.000Z\"")),
        ),
        file(
            "valid-session-limit",
            with(session, &format!("{session} SessionNotOnOrAfter=\"9999-12-31T23:59:59.999Z\"")),
        ),
    ]
}
