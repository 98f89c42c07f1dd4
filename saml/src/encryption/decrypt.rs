//! Decrypts an assertion: the same work and the same refusal, whatever fails.

use aws_lc_rs::aead::{Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{self, DecryptingKey, DecryptionContext, UnboundCipherKey};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::rsa::{OaepPrivateDecryptingKey, PrivateDecryptingKey};

use super::algorithm::Cipher;
use super::reason::{EncryptionReason as Reason, EncryptionRefusal};
use super::shape::Encrypted;
use crate::names::ASSERTION;
use crate::xml::{Document, Limits};

/// So many keys are tried; during a rollover there are two.
const MOST_KEYS: usize = 4;
const BLOCK: usize = 16;

/// A private key that decrypts assertions.
pub struct DecryptionKey {
    key: OaepPrivateDecryptingKey,
    /// Makes the key that is used when a wrapped key does not open; nobody outside can foresee it.
    substitute: hmac::Key,
}

/// Why a key cannot decrypt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecryptionKeyError {
    /// Not an RSA private key in PKCS#8 DER of 2048 bits or more.
    #[error("not an RSA private key in PKCS#8 form with 2048 bits or more")]
    NotAPrivateKey,
}

/// The key itself is never shown.
impl std::fmt::Debug for DecryptionKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DecryptionKey").finish_non_exhaustive()
    }
}

impl DecryptionKey {
    /// From an RSA private key in PKCS#8 DER.
    ///
    /// # Errors
    /// `NotAPrivateKey`.
    pub fn new(private_key: &[u8]) -> Result<DecryptionKey, DecryptionKeyError> {
        let key = PrivateDecryptingKey::from_pkcs8(private_key)
            .ok()
            .filter(|key| key.key_size_bits() >= 2048)
            .and_then(|key| OaepPrivateDecryptingKey::new(key).ok())
            .ok_or(DecryptionKeyError::NotAPrivateKey)?;
        let secret = digest(&SHA256, private_key);
        Ok(DecryptionKey { key, substitute: hmac::Key::new(hmac::HMAC_SHA256, secret.as_ref()) })
    }

    /// The content's key, and whether it is the real one.
    fn unwrap(&self, encrypted: &Encrypted) -> ([u8; 32], bool) {
        let substitute = hmac::sign(&self.substitute, &encrypted.key);
        let mut key = [0; 32];
        key.copy_from_slice(substitute.as_ref());
        let mut buffer = vec![0; self.key.min_output_size()];
        let opened = self.key.decrypt(encrypted.transport.oaep(), &encrypted.key, &mut buffer, None);
        match opened {
            Ok(found) if found.len() == encrypted.content_algorithm.key_length() => {
                key[..found.len()].copy_from_slice(found);
                (key, true)
            }
            _ => (key, false),
        }
    }
}

/// Decrypts with the first of the keys that fits. The document has an Assertion as root; nothing else of it is checked.
///
/// The parser runs on whatever came out, also after a failure before: all failures take the same way.
pub(crate) fn decrypt(encrypted: &Encrypted, keys: &[DecryptionKey]) -> Result<Document, EncryptionRefusal> {
    keys.iter().take(MOST_KEYS).find_map(|key| decrypt_with(encrypted, key)).ok_or_else(failed)
}

/// The one refusal for everything that depends on a key or on decrypted bytes.
pub(crate) fn failed() -> EncryptionRefusal {
    let expected = "an assertion that this side's keys decrypt and a trusted certificate verifies";
    EncryptionRefusal::new(Reason::DecryptionFailed, expected, "something else")
}

fn decrypt_with(encrypted: &Encrypted, key: &DecryptionKey) -> Option<Document> {
    let algorithm = encrypted.content_algorithm;
    let (content_key, opened) = key.unwrap(encrypted);
    let content_key = &content_key[..algorithm.key_length()];
    let mut buffer = encrypted.content.clone();
    let plain = match algorithm.cipher() {
        Cipher::Gcm(algorithm) => open_gcm(UnboundKey::new(algorithm, content_key).ok()?, &mut buffer),
        Cipher::Cbc(algorithm) => open_cbc(algorithm, content_key, &mut buffer),
    };
    let (range, intact) = plain?;
    let document = Document::parse(&buffer[range], &Limits::MESSAGE).ok();
    document.filter(|document| opened && intact && document.root().is(ASSERTION, "Assertion"))
}

/// Where in the buffer the plaintext is, and whether it is sound.
type Plain = Option<(std::ops::Range<usize>, bool)>;

/// A nonce of 96 bits, the ciphertext, a tag of 128 bits (XML Encryption 1.1 section 5.2.4).
fn open_gcm(key: UnboundKey, buffer: &mut [u8]) -> Plain {
    const NONCE: usize = 12;
    const TAG: usize = 16;
    let (nonce, sealed) = buffer.split_at_mut_checked(NONCE)?;
    let end = NONCE + sealed.len().checked_sub(TAG)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let intact = LessSafeKey::new(key).open_in_place(nonce, Aad::empty(), sealed).is_ok();
    Some((NONCE..end, intact))
}

/// A block with the initialization vector, then the ciphertext. The last byte of the plaintext tells the length of the
/// padding, whose other bytes may be anything (XML Encryption 1.1 section 5.2.3).
fn open_cbc(algorithm: &'static cipher::Algorithm, key: &[u8], buffer: &mut [u8]) -> Plain {
    let (iv, blocks) = buffer.split_at_mut_checked(BLOCK)?;
    let context = DecryptionContext::Iv128(FixedLength::<BLOCK>::try_from(&*iv).ok()?);
    let key = DecryptingKey::cbc(UnboundCipherKey::new(algorithm, key).ok()?).ok()?;
    key.decrypt(blocks, context).ok()?;
    let padding = usize::from(*blocks.last()?);
    let sound = (1..=BLOCK).contains(&padding);
    let end = buffer.len() - if sound { padding } else { 1 };
    Some((BLOCK..end, sound))
}
