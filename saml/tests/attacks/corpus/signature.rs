//! Signatures that prove nothing.
#![expect(clippy::too_many_lines, reason = "lists of files, one entry each")]

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{EVE, File, file};
use crate::common::{ANA, der, read};
use crate::forge::{
    DS, EXCLUSIVE, Parts, RSA_SHA256, Signer, after_issuer, algorithm, assertion, reference, response, sha1,
    sha256, transforms, usual_reference, valid,
};

pub fn signature_parts(idp: &Signer) -> Vec<File> {
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
        file(
            "signed-info-in-another-order",
            parts(&|p| std::mem::swap(&mut p.canonicalization, &mut p.method)),
        ),
        file("object-instead-of-key-info", with(&good, &signature.replace("KeyInfo>", "Object>"))),
        file(
            "digest-method-parameter",
            parts(&|p| {
                p.references[0] = p.references[0].replace("></DigestMethod>", "><x></x></DigestMethod>")
            }),
        ),
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
        file(
            "prefix-list-of-thousands",
            parts(&|p| {
                let list = format!(
                    "<InclusiveNamespaces xmlns=\"{EXCLUSIVE}\" PrefixList=\"{}\"></InclusiveNamespaces>",
                    "a ".repeat(5_000)
                );
                p.canonicalization = algorithm("CanonicalizationMethod", EXCLUSIVE, &list);
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

pub fn algorithms(idp: &Signer) -> Vec<File> {
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

pub fn keys(idp: &Signer, evil: &Signer) -> Vec<File> {
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
