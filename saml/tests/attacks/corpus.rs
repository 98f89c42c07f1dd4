//! The corpus: every known way to deceive a SAML service provider, and every rule broken once.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::common::{ACS, ANA, IDP, REQUEST, SP, der, read};
use crate::forge::{
    DS, Parts, RSA_SHA256, Signer, after_issuer, algorithm, assertion, reference, response, sha1, sha256,
    signed_after, transforms, usual_reference, valid,
};

const EVE: &str = "eve@example.com";

/// Name and content of each file.
pub fn corpus() -> Vec<(String, Vec<u8>)> {
    let (idp, evil) = (Signer::new("idp"), Signer::new("evil"));
    let mut files = Vec::new();
    files.extend(good(&idp));
    files.extend(wrapping(&idp));
    files.extend(identifiers(&idp));
    files.extend(text(&idp));
    files.extend(syntax(&idp));
    files.extend(signature_parts(&idp));
    files.extend(algorithms(&idp));
    files.extend(keys(&idp, &evil));
    files.extend(bombs(&idp));
    files.extend(response_rules(&idp));
    files.extend(assertion_rules(&idp));
    files.into_iter().map(|(name, xml)| (format!("{name}.xml"), xml)).collect()
}

type File = (&'static str, Vec<u8>);

fn file(name: &'static str, xml: impl Into<Vec<u8>>) -> File {
    (name, xml.into())
}

fn good(idp: &Signer) -> Vec<File> {
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
fn wrapping(idp: &Signer) -> Vec<File> {
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

fn identifiers(idp: &Signer) -> Vec<File> {
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

/// The whole signed value must be read: a comment, CDATA or reference inside it must not cut it (CVE-2017-11427 and kin).
fn text(idp: &Signer) -> Vec<File> {
    let name = "ana@example.com.evil.test";
    let message = response("_r1", &idp.signed("_a1", &assertion("_a1", name)));
    let with = |inner: &str| message.replace(name, inner);
    vec![
        file("comment-in-name-id", with("ana@example.com<!-- -->.evil.test")),
        file("cdata-in-name-id", with("ana@example.com<![CDATA[.evil.test]]>")),
        file("character-reference-in-name-id", with("ana@example.com&#46;evil.test")),
        file("processing-instruction-in-name-id", with("ana@example.com<?x?>.evil.test")),
        file("element-in-name-id", signed_after(idp, ANA, "ana@example.com<x></x>.evil.test")),
        file("empty-name-id", signed_after(idp, ANA, "")),
        file("name-id-with-line-break", signed_after(idp, ANA, "ana@example.com\n")),
        file("name-id-no-address", signed_after(idp, ANA, "ana")),
    ]
}

fn syntax(idp: &Signer) -> Vec<File> {
    let valid = valid(idp);
    let doctype = |dtd: &str| format!("<!DOCTYPE Response{dtd}>{valid}");
    let laughs =
        "<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\">";
    let utf16: Vec<u8> = valid.encode_utf16().flat_map(u16::to_le_bytes).collect();
    vec![
        file("doctype", doctype("")),
        file("doctype-entity", doctype(" [<!ENTITY e \"x\">]")),
        file("doctype-entity-in-name-id", doctype(&format!(" [<!ENTITY e \"{EVE}\">]")).replace(ANA, "&e;")),
        file("doctype-external", doctype(" SYSTEM \"file:///etc/passwd\"")),
        file(
            "doctype-external-entity",
            doctype(" [<!ENTITY e SYSTEM \"file:///etc/passwd\">]").replace(ANA, "&e;"),
        ),
        file("doctype-billion-laughs", doctype(&format!(" [{laughs}]")).replace(ANA, "&c;")),
        file("doctype-default-attribute", doctype(" [<!ATTLIST Response ID CDATA \"_r2\">]")),
        file("entity-without-doctype", valid.replace(ANA, "&eve;")),
        file("second-root", valid.clone() + &assertion("_evil", EVE)),
        file("text-after-root", valid.clone() + "x"),
        file("text-before-root", format!("x{valid}")),
        file("utf16", [&[0xff, 0xfe][..], &utf16].concat()),
        file("declared-utf16", format!("<?xml version=\"1.0\" encoding=\"UTF-16\"?>{valid}")),
        file("attributes-not-separated", valid.replacen("\" ID=", "\"ID=", 1)),
        file("null-character", valid.replace(ANA, "ana\0@example.com")),
        file("reference-to-null", valid.replace(ANA, "ana&#0;@example.com")),
        file("undeclared-prefix", valid.replace("<NameID", "<q:NameID").replace("</NameID", "</q:NameID")),
        file("duplicate-attribute", valid.replacen("Version=", "Version=\"2.0\" Version=", 1)),
        file("rebound-xml-prefix", valid.replacen("xmlns:samlp=", "xmlns:xml=\"urn:e\" xmlns:samlp=", 1)),
        file("unclosed", valid.replace("</samlp:Response>", "")),
        file("empty", ""),
        file("not-xml", "SAMLResponse"),
    ]
}

fn signature_parts(idp: &Signer) -> Vec<File> {
    let good = assertion("_a1", ANA);
    let usual = Parts::usual("_a1", &good);
    let signed_info = usual.signed_info();
    let signature = idp.signature("_a1", &good);
    let evil = assertion("_a1", EVE);
    let forged_info = Parts::usual("_a1", &evil).signed_info();
    let with = |content: &str, signature: &str| response("_r1", &after_issuer(content, signature));
    let info_end = "</SignedInfo>";
    let inner_info = signature.split_once("<SignedInfo>").unwrap().1.split_once(info_end).unwrap().0;
    let second = |first: &str, then: &str| {
        signature.replace(&format!("<SignedInfo>{inner_info}{info_end}"), &format!("{first}{then}"))
    };
    let original_info = format!("<SignedInfo>{inner_info}{info_end}");
    let digest = |value: &str| signature.replace(&sha256(&good), value);
    let parts = |change: &dyn Fn(&mut Parts)| {
        let mut parts = usual.clone();
        change(&mut parts);
        with(&good, &idp.sign(&parts))
    };
    let forged = sha256(&evil);
    let wide = "<Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xpath-19991116\"><XPath>not(self::NameID)</XPath></Transform>";
    let status = "<StatusDetail xmlns=\"urn:oasis:names:tc:SAML:2.0:protocol\" ID=\"_s1\"></StatusDetail>";
    vec![
        file("signed-info-twice-forged-first", with(&evil, &second(&forged_info, &original_info))),
        file("signed-info-twice-forged-second", with(&evil, &second(&original_info, &forged_info))),
        file("digest-value-comment", with(&evil, &digest(&format!("<!--{forged}-->{}", sha256(&good))))),
        file(
            "digest-value-twice-before",
            with(&evil, &digest(&format!("{forged}</DigestValue><DigestValue>{}", sha256(&good)))),
        ),
        file(
            "digest-value-twice-after",
            with(&evil, &digest(&format!("{}</DigestValue><DigestValue>{forged}", sha256(&good)))),
        ),
        file("digest-value-replaced", with(&evil, &digest(&forged))),
        file(
            "digest-value-not-base64",
            parts(&|p| p.references[0] = p.references[0].replace(&sha256(&good), "!")),
        ),
        file("digest-value-empty", parts(&|p| p.references[0] = p.references[0].replace(&sha256(&good), ""))),
        file("content-replaced", with(&evil, &signature)),
        file("no-reference", parts(&|p| p.references.clear())),
        file("signed-info-with-object", parts(&|p| p.references.push("<Object></Object>".to_owned()))),
        file("two-references", parts(&|p| p.references.push(usual_reference("#_a1", &good)))),
        file("reference-to-other-element", {
            let parts = Parts { references: vec![usual_reference("#_s1", status)], ..usual.clone() };
            with(&evil, &idp.sign(&parts)).replace("</samlp:Status>", &format!("{status}</samlp:Status>"))
        }),
        file("reference-empty-uri", parts(&|p| p.references = vec![usual_reference("", &good)])),
        file(
            "reference-without-uri",
            parts(&|p| p.references[0] = p.references[0].replace(" URI=\"#_a1\"", "")),
        ),
        file(
            "reference-xpointer",
            parts(&|p| p.references = vec![usual_reference("#xpointer(id('_a1'))", &good)]),
        ),
        file(
            "reference-external",
            parts(&|p| p.references = vec![usual_reference("https://evil.test/", &good)]),
        ),
        file(
            "reference-with-object",
            parts(&|p| {
                p.references[0] = p.references[0].replace("<Transforms>", "<Object></Object><Transforms>")
            }),
        ),
        file(
            "transform-xpath",
            parts(&|p| {
                p.references[0] = p.references[0].replace("<Transforms>", &format!("<Transforms>{wide}"))
            }),
        ),
        file("transform-missing", parts(&|p| p.references[0] = p.references[0].replace(&transforms(), ""))),
        file(
            "transform-xslt",
            parts(&|p| {
                p.references[0] = p.references[0].replace(
                    &format!("{DS}enveloped-signature"),
                    "http://www.w3.org/TR/1999/REC-xslt-19991116",
                )
            }),
        ),
        file(
            "transform-parameter",
            parts(&|p| {
                p.references[0] = p.references[0].replacen("></Transform>", "><x></x></Transform>", 1)
            }),
        ),
        file("empty-signature", with(&evil, &format!("<Signature xmlns=\"{DS}\"></Signature>"))),
        file(
            "signature-without-value",
            with(&good, &format!("<Signature xmlns=\"{DS}\">{signed_info}</Signature>")),
        ),
        file("signature-value-empty", with(&good, &idp.assemble(&usual, ""))),
        file("signature-value-of-ones", with(&good, &idp.assemble(&usual, &STANDARD.encode([1; 256])))),
        file("signature-value-comment", valid(idp).replace("<SignatureValue>", "<SignatureValue><!-- x -->")),
        file("text-in-signature", with(&good, &signature.replace("<SignedInfo>", "x<SignedInfo>"))),
        file("unsigned", response("_r1", &good)),
        file("unsigned-forged", response("_r1", &evil)),
        file("status-changed-unsigned-response", valid(idp).replace("status:Success", "status:Responder")),
    ]
}

fn algorithms(idp: &Signer) -> Vec<File> {
    let good = assertion("_a1", ANA);
    let usual = Parts::usual("_a1", &good);
    let evil = assertion("_a1", EVE);
    let with = |parts: &Parts| response("_r1", &after_issuer(&good, &idp.sign(parts)));
    let method = |uri: &str| Parts { method: algorithm("SignatureMethod", uri, ""), ..usual.clone() };
    let canonicalization =
        |uri: &str| Parts { canonicalization: algorithm("CanonicalizationMethod", uri, ""), ..usual.clone() };
    let sha1_reference = reference("#_a1", &transforms(), &format!("{DS}sha1"), &sha1(&good));
    let hmac = |key: &[u8]| {
        let uri = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256";
        let parts = Parts { method: algorithm("SignatureMethod", uri, ""), ..Parts::usual("_a1", &evil) };
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), parts.signed_info().as_bytes());
        response("_r1", &after_issuer(&evil, &idp.assemble(&parts, &STANDARD.encode(tag))))
    };
    vec![
        file("hmac-with-certificate-der", hmac(&der("keys/idp.cert.pem"))),
        file("hmac-with-certificate-pem", hmac(&read("keys/idp.cert.pem"))),
        file("hmac-with-empty-key", hmac(b"")),
        file("rsa-sha1", with(&method(&format!("{DS}rsa-sha1")))),
        file("rsa-md5", with(&method("http://www.w3.org/2001/04/xmldsig-more#rsa-md5"))),
        file("dsa", with(&method(&format!("{DS}dsa-sha1")))),
        file("ecdsa-with-rsa-key", with(&method("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"))),
        file("signature-method-none", with(&method(""))),
        file(
            "signature-method-parameter",
            with(&Parts {
                method: algorithm("SignatureMethod", RSA_SHA256, "<HMACOutputLength>0</HMACOutputLength>"),
                ..usual.clone()
            }),
        ),
        file("digest-sha1", with(&Parts { references: vec![sha1_reference], ..usual.clone() })),
        file(
            "canonicalization-inclusive",
            with(&canonicalization("http://www.w3.org/TR/2001/REC-xml-c14n-20010315")),
        ),
        file(
            "canonicalization-with-comments",
            with(&canonicalization("http://www.w3.org/2001/10/xml-exc-c14n#WithComments")),
        ),
        file(
            "void-canonicalization",
            with(&Parts {
                references: vec![reference(
                    "#_a1",
                    &transforms(),
                    "http://www.w3.org/2001/04/xmlenc#sha256",
                    &sha256(""),
                )],
                ..usual.clone()
            }),
        ),
    ]
}

fn keys(idp: &Signer, evil: &Signer) -> Vec<File> {
    let forged = assertion("_a1", EVE);
    let signature = evil.signature("_a1", &forged);
    let without_key = signature.split_once("<KeyInfo>").unwrap().0.to_owned() + "</Signature>";
    let key_value = "<KeyInfo><KeyValue><RSAKeyValue><Modulus>AQAB</Modulus><Exponent>AQAB</Exponent></RSAKeyValue></KeyValue></KeyInfo>";
    let with = |signature: &str| response("_r1", &after_issuer(&forged, signature));
    let good = assertion("_a1", ANA);
    let no_key_info =
        idp.signature("_a1", &good).split_once("<KeyInfo>").unwrap().0.to_owned() + "</Signature>";
    vec![
        file("other-key-inline-certificate", with(&signature)),
        file(
            "other-key-inline-value",
            with(&without_key.replace("</Signature>", &format!("{key_value}</Signature>"))),
        ),
        file("other-key", with(&without_key)),
        file(
            "other-key-two-key-infos",
            with(&signature.replace("</Signature>", &format!("{key_value}</Signature>"))),
        ),
        file("valid-without-key-info", response("_r1", &after_issuer(&good, &no_key_info))),
        file("other-key-with-right-certificate", {
            let right = STANDARD.encode(der("keys/idp.cert.pem"));
            let wrong = STANDARD.encode(der("keys/evil.cert.pem"));
            with(&signature.replace(&wrong, &right))
        }),
    ]
}

fn bombs(idp: &Signer) -> Vec<File> {
    let signed = idp.signed("_a1", &assertion("_a1", ANA));
    let inside =
        |inner: &str| response("_r1", &(format!("<samlp:Extensions>{inner}</samlp:Extensions>") + &signed));
    let many = |count: usize, make: &dyn Fn(usize) -> String| (0..count).map(make).collect::<String>();
    let signature = idp.signature("_a1", &assertion("_a1", ANA));
    vec![
        file("deep-nesting", inside(&("<a>".repeat(100) + &"</a>".repeat(100)))),
        file("many-attributes", inside(&format!("<a{}></a>", many(65, &|i| format!(" a{i}=\"\""))))),
        file(
            "many-namespaces",
            inside(&format!("<a{}></a>", many(129, &|i| format!(" xmlns:a{i}=\"urn:{i}\"")))),
        ),
        file("many-elements", inside(&"<a/>".repeat(20_001))),
        file("many-signatures", inside(&signature.repeat(40))),
        file("canonical-explosion", {
            let declared = response("_r1", &signed).replacen(
                "xmlns:samlp=",
                &format!("xmlns:q=\"urn:{}\" xmlns:samlp=", "u".repeat(4_000)),
                1,
            );
            declared.replace("<Subject>", &format!("{}<Subject>", "<q:a/>".repeat(500)))
        }),
        file(
            "long-assertion",
            signed_after(
                idp,
                "<AuthnStatement ",
                &format!(
                    "<AttributeStatement><Attribute Name=\"groups\"><AttributeValue>{}</AttributeValue></Attribute></AttributeStatement>\
             <AuthnStatement ",
                    "g".repeat(50_000)
                ),
            ),
        ),
    ]
}

fn response_rules(idp: &Signer) -> Vec<File> {
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

fn assertion_rules(idp: &Signer) -> Vec<File> {
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
