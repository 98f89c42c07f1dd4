//! XML signatures in the one shape that SAML Core 5.4 allows: enveloped, one Reference to the parent's ID,
//! exclusive canonicalization, RSA or ECDSA with SHA-2 (SHA-1 only to read, and only where a connection says so). There is no code for anything else: no XPath, no XSLT, no external
//! references, no keys from the message.

mod algorithm;
mod message;
mod reason;
mod shape;
mod sign;
#[cfg(test)]
mod tests;
mod verify;

pub use algorithm::{AcceptedAlgorithms, SignatureAlgorithm};
pub(crate) use message::{MessageSignature, message_signature};
pub use reason::{SignatureReason, SignatureRefusal};
pub(crate) use shape::carried_certificate;
pub(crate) use sign::{sign_enveloped, write_key_info};
pub use verify::VerifiedElement;
pub(crate) use verify::{Trust, verify_enveloped};
