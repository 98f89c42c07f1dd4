//! What signs what: the answers of the directory, and the requests of an application.

use saml::certificate::KeyKind;
use saml::dsig::SignatureAlgorithm;
use serde::{Deserialize, Serialize};

/// What is signed (Entra: "SAML certificate signing options").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SigningOption {
    /// The assertion; the default.
    Assertion,
    /// The response.
    Response,
    /// Both.
    Both,
}

impl SigningOption {
    /// Every option with its words for people.
    pub const ALL: [(Self, &'static str); 3] = [
        (Self::Assertion, "Sign SAML assertion"),
        (Self::Response, "Sign SAML response"),
        (Self::Both, "Sign SAML response and assertion"),
    ];

    /// As rows and the API name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Assertion => "assertion",
            Self::Response => "response",
            Self::Both => "both",
        }
    }

    /// From its name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().map(|(option, _)| option).find(|option| option.as_str() == name)
    }
}

/// What an application's answers are signed with. SHA-1 is not offered: nothing new is signed with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SigningAlgorithm {
    /// RSA-SHA256; the default, which every service provider knows.
    #[serde(rename = "rsa-sha256")]
    RsaSha256,
    /// RSA-SHA384.
    #[serde(rename = "rsa-sha384")]
    RsaSha384,
    /// RSA-SHA512.
    #[serde(rename = "rsa-sha512")]
    RsaSha512,
}

impl SigningAlgorithm {
    /// Every algorithm with its words for people.
    pub const ALL: [(Self, &'static str); 3] =
        [(Self::RsaSha256, "SHA-256"), (Self::RsaSha384, "SHA-384"), (Self::RsaSha512, "SHA-512")];

    /// As rows and the API name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RsaSha256 => "rsa-sha256",
            Self::RsaSha384 => "rsa-sha384",
            Self::RsaSha512 => "rsa-sha512",
        }
    }

    /// From its name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().map(|(algorithm, _)| algorithm).find(|algorithm| algorithm.as_str() == name)
    }

    /// What a key of this kind signs with. An elliptic curve has one hash that fits it.
    pub fn of(self, key: KeyKind) -> SignatureAlgorithm {
        match (key, self) {
            (KeyKind::Rsa { .. }, Self::RsaSha256) => SignatureAlgorithm::RsaSha256,
            (KeyKind::Rsa { .. }, Self::RsaSha384) => SignatureAlgorithm::RsaSha384,
            (KeyKind::Rsa { .. }, Self::RsaSha512) => SignatureAlgorithm::RsaSha512,
            (other, _) => SignatureAlgorithm::usual(other),
        }
    }
}

/// Which signatures the requests of an application must have (Graph: `requestSignatureVerification`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RequestSignatureVerification {
    /// Whether a request without a good signature is refused; if not, signatures are not looked at.
    #[serde(default)]
    pub is_signed_request_required: bool,
    /// What is accepted beside RSA-SHA256.
    #[serde(default)]
    pub allowed_weak_algorithms: Option<WeakAlgorithm>,
}

/// A weak algorithm that an administrator may allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum WeakAlgorithm {
    /// RSA-SHA1.
    #[serde(rename = "rsaSha1")]
    RsaSha1,
}
