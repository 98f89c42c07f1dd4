//! Makes messages that our own writer would never make: signed for real by the identity provider where the attack needs a
//! valid signature, and then edited as an attacker can edit.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::common::{ACS, ANA, IDP, REQUEST, SP, der};

pub const DS: &str = "http://www.w3.org/2000/09/xmldsig#";
pub const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
pub const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
const DIGEST_SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";
const ASSERTION: &str = "urn:oasis:names:tc:SAML:2.0:assertion";

/// An assertion in canonical form, unsigned.
pub fn assertion(id: &str, name_id: &str) -> String {
    format!(
        "<Assertion xmlns=\"{ASSERTION}\" ID=\"{id}\" IssueInstant=\"2026-11-24T05:00:00.000Z\" Version=\"2.0\">\
         <Issuer>{IDP}</Issuer><Subject><NameID \
         Format=\"urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress\">{name_id}</NameID><SubjectConfirmation \
         Method=\"urn:oasis:names:tc:SAML:2.0:cm:bearer\"><SubjectConfirmationData InResponseTo=\"{REQUEST}\" \
         NotOnOrAfter=\"2026-11-24T06:00:00.000Z\" Recipient=\"{ACS}\"></SubjectConfirmationData></SubjectConfirmation>\
         </Subject><Conditions NotBefore=\"2026-11-24T04:55:00.000Z\" NotOnOrAfter=\"2026-11-24T06:00:00.000Z\">\
         <AudienceRestriction><Audience>{SP}</Audience></AudienceRestriction></Conditions><AuthnStatement \
         AuthnInstant=\"2026-11-24T03:00:00.000Z\" SessionIndex=\"{id}\"><AuthnContext><AuthnContextClassRef>\
         urn:oasis:names:tc:SAML:2.0:ac:classes:Password</AuthnContextClassRef></AuthnContext></AuthnStatement></Assertion>"
    )
}

/// A response in canonical form around `inner`.
pub fn response(id: &str, inner: &str) -> String {
    format!(
        "<samlp:Response xmlns:samlp=\"urn:oasis:names:tc:SAML:2.0:protocol\" Destination=\"{ACS}\" ID=\"{id}\" \
         InResponseTo=\"{REQUEST}\" IssueInstant=\"2026-11-24T05:00:00.000Z\" Version=\"2.0\"><Issuer \
         xmlns=\"{ASSERTION}\">{IDP}</Issuer><samlp:Status><samlp:StatusCode \
         Value=\"urn:oasis:names:tc:SAML:2.0:status:Success\"></samlp:StatusCode></samlp:Status>{inner}</samlp:Response>"
    )
}

/// Inserts directly after the first Issuer.
pub fn after_issuer(xml: &str, inserted: &str) -> String {
    xml.replacen("</Issuer>", &format!("</Issuer>{inserted}"), 1)
}

/// Who signs.
pub struct Signer {
    pair: RsaKeyPair,
    certificate: String,
}

impl Signer {
    pub fn new(who: &str) -> Signer {
        Signer {
            pair: RsaKeyPair::from_pkcs8(&der(&format!("keys/{who}.key.pem"))).unwrap(),
            certificate: STANDARD.encode(der(&format!("keys/{who}.cert.pem"))),
        }
    }

    /// The usual signature over `content`, which has the ID `id`.
    pub fn signature(&self, id: &str, content: &str) -> String {
        self.sign(&Parts::usual(id, content))
    }

    /// The content with its usual signature inside.
    pub fn signed(&self, id: &str, content: &str) -> String {
        after_issuer(content, &self.signature(id, content))
    }

    /// A signature made of any parts.
    pub fn sign(&self, parts: &Parts) -> String {
        let value = self.rsa(parts.signed_info().as_bytes());
        self.assemble(parts, &value)
    }

    pub fn assemble(&self, parts: &Parts, value: &str) -> String {
        let embedded = parts.signed_info().replacen(&format!(" xmlns=\"{DS}\""), "", 1);
        let key = format!(
            "<KeyInfo><X509Data><X509Certificate>{}</X509Certificate></X509Data></KeyInfo>",
            self.certificate
        );
        format!(
            "<Signature xmlns=\"{DS}\">{embedded}<SignatureValue>{value}</SignatureValue>{key}</Signature>"
        )
    }

    fn rsa(&self, bytes: &[u8]) -> String {
        let mut value = vec![0; self.pair.public_modulus_len()];
        self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), bytes, &mut value).unwrap();
        STANDARD.encode(value)
    }
}

/// The parts of SignedInfo, each of which an attack may replace.
#[derive(Clone)]
pub struct Parts {
    pub canonicalization: String,
    pub method: String,
    pub references: Vec<String>,
}

impl Parts {
    pub fn usual(id: &str, content: &str) -> Parts {
        Parts {
            canonicalization: algorithm("CanonicalizationMethod", EXCLUSIVE, ""),
            method: algorithm("SignatureMethod", RSA_SHA256, ""),
            references: vec![reference(&format!("#{id}"), &transforms(), DIGEST_SHA256, &sha256(content))],
        }
    }

    pub fn signed_info(&self) -> String {
        let references = self.references.concat();
        format!(
            "<SignedInfo xmlns=\"{DS}\">{}{}{references}</SignedInfo>",
            self.canonicalization, self.method
        )
    }
}

pub fn algorithm(element: &str, uri: &str, inside: &str) -> String {
    format!("<{element} Algorithm=\"{uri}\">{inside}</{element}>")
}

pub fn transforms() -> String {
    let enveloped = algorithm("Transform", &format!("{DS}enveloped-signature"), "");
    enveloped + &algorithm("Transform", EXCLUSIVE, "")
}

pub fn reference(uri: &str, transforms: &str, digest_uri: &str, digest_value: &str) -> String {
    let method = algorithm("DigestMethod", digest_uri, "");
    format!(
        "<Reference URI=\"{uri}\"><Transforms>{transforms}</Transforms>{method}<DigestValue>{digest_value}</DigestValue></Reference>"
    )
}

pub fn usual_reference(uri: &str, content: &str) -> String {
    reference(uri, &transforms(), DIGEST_SHA256, &sha256(content))
}

pub fn sha256(content: &str) -> String {
    STANDARD.encode(digest(&SHA256, content.as_bytes()))
}

pub fn sha1(content: &str) -> String {
    STANDARD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, content.as_bytes()))
}

/// The good message: a signed assertion in an unsigned response.
pub fn valid(idp: &Signer) -> String {
    response("_r1", &idp.signed("_a1", &assertion("_a1", ANA)))
}

/// A message whose assertion was changed before the identity provider signed it: the signature is good, the content wrong.
pub fn signed_after(idp: &Signer, from: &str, to: &str) -> String {
    let changed = assertion("_a1", ANA).replace(from, to);
    assert_ne!(changed, assertion("_a1", ANA), "{from} is not in the assertion");
    response("_r1", &idp.signed("_a1", &changed))
}
