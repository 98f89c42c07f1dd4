//! The algorithms that are allowed, by their URIs (RFC 9231; XML-DSig 1.1 section 6). What is not listed is refused.

use aws_lc_rs::digest::{self, SHA256, SHA384, SHA512};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384,
    RSA_PKCS1_2048_8192_SHA512, VerificationAlgorithm,
};

use crate::certificate::KeyKind;

pub(super) const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
pub(super) const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
pub(super) const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
pub(super) const DIGEST_SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";

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

/// The signature method with this URI. ECDSA values are r and s side by side (XML-DSig 1.1 section 6.4.3). P-256 goes
/// with SHA-256 and P-384 with SHA-384; the other pairs have no use in practice.
pub(crate) fn verification(uri: &str) -> Option<Method> {
    let (verification, family): (&'static dyn VerificationAlgorithm, _) = match uri {
        RSA_SHA256 => (&RSA_PKCS1_2048_8192_SHA256, Family::Rsa),
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384" => (&RSA_PKCS1_2048_8192_SHA384, Family::Rsa),
        "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512" => (&RSA_PKCS1_2048_8192_SHA512, Family::Rsa),
        "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256" => (&ECDSA_P256_SHA256_FIXED, Family::P256),
        "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384" => (&ECDSA_P384_SHA384_FIXED, Family::P384),
        _ => return None,
    };
    Some(Method { verification, family })
}

/// The digest with this URI.
pub(super) fn digest(uri: &str) -> Option<&'static digest::Algorithm> {
    match uri {
        DIGEST_SHA256 => Some(&SHA256),
        "http://www.w3.org/2001/04/xmldsig-more#sha384" => Some(&SHA384),
        "http://www.w3.org/2001/04/xmlenc#sha512" => Some(&SHA512),
        _ => None,
    }
}
