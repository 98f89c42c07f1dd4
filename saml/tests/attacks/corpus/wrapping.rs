//! Signature wrapping, and what else can be put beside the signed element.
#![expect(clippy::too_many_lines, reason = "lists of files, one entry each")]

use super::{EVE, File, file};
use crate::common::ANA;
use crate::forge::{Signer, after_issuer, assertion, response, valid};

pub fn good(idp: &Signer) -> Vec<File> {
    let signed = idp.signed("_a1", &assertion("_a1", ANA));
    let plain = response("_r1", &assertion("_a1", ANA));
    vec![
        file("valid-assertion-signed", valid(idp)),
        file("valid-response-signed", idp.signed("_r1", &plain)),
        file("valid-both-signed", idp.signed("_r1", &response("_r1", &signed))),
        file(
            "valid-declaration",
            format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{}\n<!-- end -->", valid(idp)),
        ),
    ]
}

/// XSW 1 to 8 of "On Breaking SAML: Be Whoever You Want to Be" (Somorovsky et al., USENIX Security 2012).
pub fn wrapping(idp: &Signer) -> Vec<File> {
    let good = assertion("_a1", ANA);
    let signature = idp.signature("_a1", &good);
    let signed = after_issuer(&good, &signature);
    let evil = assertion("_evil", EVE);
    let plain_response = response("_r1", &good);
    let response_signature = idp.signature("_r1", &plain_response);
    let with_object = |signature: &str, object: &str| {
        signature.replace("</Signature>", &format!("<Object>{object}</Object></Signature>"))
    };
    let extensions = |inner: &str| format!("<samlp:Extensions>{inner}</samlp:Extensions>");
    let evil_same_id = assertion("_a1", EVE);
    vec![
        file(
            "xsw1",
            after_issuer(
                &response("_evil_response", &evil),
                &with_object(&response_signature, &plain_response),
            ),
        ),
        file(
            "xsw2",
            after_issuer(&response("_evil_response", &evil), &(plain_response.clone() + &response_signature)),
        ),
        file("xsw3", response("_r1", &(evil.clone() + &signed))),
        file("xsw4", response("_r1", &evil.replace("</Assertion>", &format!("{signed}</Assertion>")))),
        file("xsw5", response("_r1", &(after_issuer(&evil, &signature) + &good))),
        file("xsw6", response("_r1", &after_issuer(&evil, &with_object(&signature, &good)))),
        file("xsw7", response("_r1", &(extensions(&evil_same_id) + &signed))),
        file("xsw7-other-id", response("_r1", &(extensions(&evil) + &signed))),
        file("xsw7-original-in-extensions", response("_r1", &(extensions(&signed) + &evil))),
        file("xsw8", response("_r1", &after_issuer(&evil, &with_object(&signature, &evil_same_id)))),
        file(
            "original-in-advice",
            response("_r1", &evil.replace("</Assertion>", &format!("<Advice>{signed}</Advice></Assertion>"))),
        ),
        file("assertion-only-in-extensions", response("_r1", &extensions(&signed))),
        file(
            "foreign-namespace-assertion",
            response("_r1", &(evil.replacen(":assertion", ":assertion2", 1) + &signed)),
        ),
        file("signature-in-extensions", response("_r1", &(extensions(&signature) + &evil_same_id))),
        file(
            "signature-in-subject",
            response("_r1", &good.replace("<Subject>", &format!("<Subject>{signature}"))),
        ),
        file(
            "two-signed-assertions",
            response("_r1", &(signed.clone() + &idp.signed("_a2", &assertion("_a2", ANA)))),
        ),
        file("two-signatures-of-the-response", {
            let plain = response("_r1", &good);
            after_issuer(&idp.signed("_r1", &plain), &response_signature)
        }),
        file("two-signatures", response("_r1", &after_issuer(&signed, &signature))),
        file(
            "encrypted-assertion",
            response(
                "_r1",
                "<EncryptedAssertion xmlns=\"urn:oasis:names:tc:SAML:2.0:assertion\"></EncryptedAssertion>",
            ),
        ),
        file("both-signed-assertion-broken", {
            let broken = response("_r1", &signed.replace(ANA, EVE));
            idp.signed("_r1", &broken)
        }),
        file("both-signed-response-broken", {
            let both = idp.signed("_r1", &response("_r1", &signed));
            both.replacen(
                "IssueInstant=\"2026-11-24T05:00:00.000Z\"",
                "IssueInstant=\"2026-11-24T05:00:01.000Z\"",
                1,
            )
        }),
    ]
}

pub fn identifiers(idp: &Signer) -> Vec<File> {
    let signed = idp.signed("_a1", &assertion("_a1", ANA));
    let evil = assertion("_a1", EVE);
    let extension = |attributes: &str| {
        response("_r1", &(format!("<samlp:Extensions><x {attributes}></x></samlp:Extensions>") + &signed))
    };
    vec![
        file("duplicate-id-before", response("_r1", &(evil.clone() + &signed))),
        file("duplicate-id-after", response("_r1", &(signed.clone() + &evil))),
        file("duplicate-id-other-case", extension("Id=\"_a1\"")),
        file("duplicate-id-lower-case", extension("id=\"_a1\"")),
        file("duplicate-id-xml", extension("xml:id=\"_a1\"")),
        file("duplicate-id-namespaced", extension("xmlns:e=\"urn:e\" e:ID=\"_a1\"")),
        file("duplicate-id-saml1", extension("AssertionID=\"_a1\"")),
        file("duplicate-id-of-response", response("_a1", &signed)),
        file("namespaced-id-only", {
            let content = assertion("_a1", ANA).replace(" ID=\"_a1\"", " xmlns:e=\"urn:e\" e:ID=\"_a1\"");
            response("_r1", &idp.signed("_a1", &content))
        }),
    ]
}
