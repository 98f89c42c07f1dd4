//! The algorithms that are allowed, by their URIs (XML Encryption 1.1 section 5). What is not listed is refused.

use aws_lc_rs::aead::{self, AES_128_GCM, AES_256_GCM};
use aws_lc_rs::cipher::{self, AES_128, AES_256};
use aws_lc_rs::rsa::{OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepAlgorithm};

pub(super) const OAEP_MGF1P: &str = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p";
pub(super) const OAEP_11: &str = "http://www.w3.org/2009/xmlenc11#rsa-oaep";
pub(super) const DIGEST_SHA1: &str = "http://www.w3.org/2000/09/xmldsig#sha1";
pub(super) const DIGEST_SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";
pub(super) const MGF1_SHA1: &str = "http://www.w3.org/2009/xmlenc11#mgf1sha1";
pub(super) const MGF1_SHA256: &str = "http://www.w3.org/2009/xmlenc11#mgf1sha256";

/// How the assertion itself is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ContentAlgorithm {
    /// AES-128-GCM, which detects changes.
    Aes128Gcm,
    /// AES-256-GCM, which detects changes.
    Aes256Gcm,
    /// AES-128-CBC.
    Aes128Cbc,
    /// AES-256-CBC, which every service provider knows.
    #[default]
    Aes256Cbc,
}

/// How the key of the content travels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum KeyTransport {
    /// RSA-OAEP with SHA-1 and MGF1 with SHA-1 (`rsa-oaep-mgf1p`). OAEP does not lean on collision resistance, so SHA-1
    /// does no harm here.
    #[default]
    OaepSha1,
    /// RSA-OAEP with SHA-256 and MGF1 with SHA-256.
    OaepSha256,
}

pub(super) enum Cipher {
    Gcm(&'static aead::Algorithm),
    Cbc(&'static cipher::Algorithm),
}

impl ContentAlgorithm {
    /// The URI.
    pub fn uri(self) -> &'static str {
        match self {
            ContentAlgorithm::Aes128Gcm => "http://www.w3.org/2009/xmlenc11#aes128-gcm",
            ContentAlgorithm::Aes256Gcm => "http://www.w3.org/2009/xmlenc11#aes256-gcm",
            ContentAlgorithm::Aes128Cbc => "http://www.w3.org/2001/04/xmlenc#aes128-cbc",
            ContentAlgorithm::Aes256Cbc => "http://www.w3.org/2001/04/xmlenc#aes256-cbc",
        }
    }

    pub(super) fn from_uri(uri: &str) -> Option<ContentAlgorithm> {
        use ContentAlgorithm as A;
        [A::Aes128Gcm, A::Aes256Gcm, A::Aes128Cbc, A::Aes256Cbc].into_iter().find(|a| a.uri() == uri)
    }

    /// Does it detect changes of the ciphertext?
    pub(crate) fn is_authenticated(self) -> bool {
        matches!(self, ContentAlgorithm::Aes128Gcm | ContentAlgorithm::Aes256Gcm)
    }

    pub(super) fn key_length(self) -> usize {
        match self {
            ContentAlgorithm::Aes128Gcm | ContentAlgorithm::Aes128Cbc => 16,
            ContentAlgorithm::Aes256Gcm | ContentAlgorithm::Aes256Cbc => 32,
        }
    }

    pub(super) fn cipher(self) -> Cipher {
        match self {
            ContentAlgorithm::Aes128Gcm => Cipher::Gcm(&AES_128_GCM),
            ContentAlgorithm::Aes256Gcm => Cipher::Gcm(&AES_256_GCM),
            ContentAlgorithm::Aes128Cbc => Cipher::Cbc(&AES_128),
            ContentAlgorithm::Aes256Cbc => Cipher::Cbc(&AES_256),
        }
    }
}

impl KeyTransport {
    /// From EncryptionMethod's Algorithm, DigestMethod and MGF. XML Encryption 1.1 section 5.5.2: without DigestMethod and
    /// MGF, SHA-1 is meant.
    pub(super) fn from_uris(
        algorithm: &str,
        digest: Option<&str>,
        mgf: Option<&str>,
    ) -> Option<KeyTransport> {
        let digest = digest.unwrap_or(DIGEST_SHA1);
        let mgf = mgf.unwrap_or(MGF1_SHA1);
        match (algorithm, digest, mgf) {
            (OAEP_MGF1P | OAEP_11, DIGEST_SHA1, MGF1_SHA1) => Some(KeyTransport::OaepSha1),
            (OAEP_11, DIGEST_SHA256, MGF1_SHA256) => Some(KeyTransport::OaepSha256),
            _ => None,
        }
    }

    pub(super) fn oaep(self) -> &'static OaepAlgorithm {
        match self {
            KeyTransport::OaepSha1 => &OAEP_SHA1_MGF1SHA1,
            KeyTransport::OaepSha256 => &OAEP_SHA256_MGF1SHA256,
        }
    }
}
