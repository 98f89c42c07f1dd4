//! The algorithms that are allowed, by their URIs (RFC 9231; XML-DSig 1.1 section 6). What is not listed is refused.

use aws_lc_rs::digest::{self, SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA384, SHA512};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512,
    VerificationAlgorithm,
};

use crate::certificate::KeyKind;

pub(super) const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
pub(super) const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
const RSA_SHA1: &str = "http://www.w3.org/2000/09/xmldsig#rsa-sha1";
const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
const RSA_SHA384: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384";
const RSA_SHA512: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512";
const ECDSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256";
const ECDSA_SHA384: &str = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384";
const DIGEST_SHA1: &str = "http://www.w3.org/2000/09/xmldsig#sha1";
const DIGEST_SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";
const DIGEST_SHA384: &str = "http://www.w3.org/2001/04/xmldsig-more#sha384";
const DIGEST_SHA512: &str = "http://www.w3.org/2001/04/xmlenc#sha512";

/// An algorithm that we sign with. There is none with SHA-1: what is new is never signed with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignatureAlgorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256, the one that every peer knows.
    RsaSha256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    RsaSha384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    RsaSha512,
    /// ECDSA on P-256 with SHA-256.
    EcdsaSha256,
    /// ECDSA on P-384 with SHA-384.
    EcdsaSha384,
}

impl SignatureAlgorithm {
    /// The URI in SignatureMethod and SigAlg.
    pub fn uri(self) -> &'static str {
        match self {
            SignatureAlgorithm::RsaSha256 => RSA_SHA256,
            SignatureAlgorithm::RsaSha384 => RSA_SHA384,
            SignatureAlgorithm::RsaSha512 => RSA_SHA512,
            SignatureAlgorithm::EcdsaSha256 => ECDSA_SHA256,
            SignatureAlgorithm::EcdsaSha384 => ECDSA_SHA384,
        }
    }

    /// The one that is taken when nothing else is asked for.
    pub fn usual(key: KeyKind) -> SignatureAlgorithm {
        match key {
            KeyKind::Rsa { .. } => SignatureAlgorithm::RsaSha256,
            KeyKind::P256 => SignatureAlgorithm::EcdsaSha256,
            KeyKind::P384 => SignatureAlgorithm::EcdsaSha384,
        }
    }

    /// Can a key of this kind sign with it?
    pub fn fits(self, key: KeyKind) -> bool {
        self.method().fits(key)
    }

    /// How its signatures are verified.
    pub(crate) fn method(self) -> Method {
        use SignatureAlgorithm as A;
        let (verification, family): (&'static dyn VerificationAlgorithm, _) = match self {
            A::RsaSha256 => (&RSA_PKCS1_2048_8192_SHA256, Family::Rsa),
            A::RsaSha384 => (&RSA_PKCS1_2048_8192_SHA384, Family::Rsa),
            A::RsaSha512 => (&RSA_PKCS1_2048_8192_SHA512, Family::Rsa),
            A::EcdsaSha256 => (&ECDSA_P256_SHA256_FIXED, Family::P256),
            A::EcdsaSha384 => (&ECDSA_P384_SHA384_FIXED, Family::P384),
        };
        Method { verification, family }
    }

    /// The digest that goes with it, and its URI.
    pub(super) fn digest(self) -> (&'static digest::Algorithm, &'static str) {
        match self {
            SignatureAlgorithm::RsaSha256 | SignatureAlgorithm::EcdsaSha256 => (&SHA256, DIGEST_SHA256),
            SignatureAlgorithm::RsaSha384 | SignatureAlgorithm::EcdsaSha384 => (&SHA384, DIGEST_SHA384),
            SignatureAlgorithm::RsaSha512 => (&SHA512, DIGEST_SHA512),
        }
    }

    fn from_uri(uri: &str) -> Option<SignatureAlgorithm> {
        use SignatureAlgorithm as A;
        [A::RsaSha256, A::RsaSha384, A::RsaSha512, A::EcdsaSha256, A::EcdsaSha384]
            .into_iter()
            .find(|algorithm| algorithm.uri() == uri)
    }
}

/// The algorithms that a connection reads. SHA-1 is read only where an administrator said so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum AcceptedAlgorithms {
    /// RSA and ECDSA with SHA-256, SHA-384 or SHA-512.
    #[default]
    Sha2,
    /// These, and RSA with SHA-1.
    Sha2AndSha1,
    /// RSA-SHA256 alone, Entra's rule for signed requests ("Enforce signed SAML authentication requests").
    RsaSha256,
    /// RSA-SHA256 and RSA-SHA1, the same rule with `allowedWeakAlgorithms: rsaSha1`.
    RsaSha256AndSha1,
}

impl AcceptedAlgorithms {
    fn sha1(self) -> bool {
        matches!(self, AcceptedAlgorithms::Sha2AndSha1 | AcceptedAlgorithms::RsaSha256AndSha1)
    }

    /// For refusals.
    pub(crate) fn methods(self) -> &'static str {
        match self {
            AcceptedAlgorithms::Sha2 => "RSA or ECDSA with SHA-2",
            AcceptedAlgorithms::Sha2AndSha1 => "RSA or ECDSA with SHA-2, or RSA-SHA1",
            AcceptedAlgorithms::RsaSha256 => "RSA-SHA256",
            AcceptedAlgorithms::RsaSha256AndSha1 => "RSA-SHA256 or RSA-SHA1",
        }
    }

    /// For refusals.
    pub(super) fn digests(self) -> &'static str {
        if self.sha1() { "SHA-256, SHA-384, SHA-512 or SHA-1" } else { "SHA-256, SHA-384 or SHA-512" }
    }

    /// The signature method with this URI. ECDSA values are r and s side by side (XML-DSig 1.1 section 6.4.3). P-256
    /// goes with SHA-256 and P-384 with SHA-384; the other pairs have no use in practice.
    pub(crate) fn method(self, uri: &str) -> Option<Method> {
        if uri == RSA_SHA1 {
            let verification = &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY;
            return self.sha1().then_some(Method { verification, family: Family::Rsa });
        }
        let only_rsa_sha256 =
            matches!(self, AcceptedAlgorithms::RsaSha256 | AcceptedAlgorithms::RsaSha256AndSha1);
        SignatureAlgorithm::from_uri(uri)
            .filter(|algorithm| !only_rsa_sha256 || *algorithm == SignatureAlgorithm::RsaSha256)
            .map(SignatureAlgorithm::method)
    }

    /// The digest with this URI.
    pub(super) fn digest(self, uri: &str) -> Option<&'static digest::Algorithm> {
        match uri {
            DIGEST_SHA256 => Some(&SHA256),
            DIGEST_SHA384 => Some(&SHA384),
            DIGEST_SHA512 => Some(&SHA512),
            DIGEST_SHA1 if self.sha1() => Some(&SHA1_FOR_LEGACY_USE_ONLY),
            _ => None,
        }
    }
}

/// A signature method: how to verify, and with which kind of key. The kind is bound to the method, so that no key
/// is ever used with an algorithm of another family.
#[derive(Clone, Copy)]
pub(crate) struct Method {
    pub(crate) verification: &'static dyn VerificationAlgorithm,
    family: Family,
}

#[derive(Clone, Copy)]
enum Family {
    Rsa,
    P256,
    P384,
}

impl Method {
    pub(crate) fn fits(&self, key: KeyKind) -> bool {
        matches!(
            (self.family, key),
            (Family::Rsa, KeyKind::Rsa { .. })
                | (Family::P256, KeyKind::P256)
                | (Family::P384, KeyKind::P384)
        )
    }
}
