//! Encrypted assertions (SAML Core 6, XML Encryption 1.1): AES-GCM or AES-CBC content under a key that travels by
//! RSA-OAEP. There is no RSA 1.5 (Bleichenbacher) and no Triple DES.
//!
//! Whoever sends ciphertexts and watches what becomes of them must learn nothing about keys and plaintexts (Jager and
//! Somorovsky, "How To Break XML Encryption"). So everything that depends on a key or on decrypted bytes fails in one
//! way, [`EncryptionReason::DecryptionFailed`], after the same work.

mod algorithm;
mod decrypt;
mod encrypt;
mod reason;
mod shape;
#[cfg(test)]
mod tests;

pub use algorithm::{ContentAlgorithm, KeyTransport};
pub use decrypt::{DecryptionKey, DecryptionKeyError};
pub(crate) use decrypt::{decrypt, failed};
pub(crate) use encrypt::encrypt;
pub use encrypt::{Encryption, EncryptionError};
pub use reason::{EncryptionReason, EncryptionRefusal};
pub(crate) use shape::Encrypted;
