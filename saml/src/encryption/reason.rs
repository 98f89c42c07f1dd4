//! Why an encrypted assertion cannot be read.

use crate::refusal::{Refusal, reasons};

/// A refusal of an encrypted assertion.
pub type EncryptionRefusal = Refusal<EncryptionReason>;

reasons! {
    /// Everything that can be wrong with an encrypted assertion. All but the last can be seen without any key.
    EncryptionReason {
        /// EncryptedData, EncryptedKey, EncryptionMethod, CipherData or CipherValue is missing or repeated.
        EncryptionShape => "The identity provider must send one EncryptedData with one EncryptedKey, both with a CipherValue.",
        /// Other content than one element.
        TypeNotElement => "The identity provider must encrypt the assertion as an element.",
        /// Another algorithm than AES-GCM or AES-CBC with 128 or 256 bits.
        ContentAlgorithmNotAllowed => "Configure the identity provider for AES-256-GCM, AES-128-GCM, AES-256-CBC or AES-128-CBC.",
        /// Another key transport than RSA-OAEP; RSA 1.5 ends here.
        KeyTransportNotAllowed => "Configure the identity provider for RSA-OAEP key transport.",
        /// The ciphertext is not base64.
        CiphertextNotBase64 => "The identity provider must write CipherValue in base64.",
        /// The key does not fit, the ciphertext was changed, or what it holds is no signed assertion. Which of them is
        /// not said: the difference would decrypt messages for a stranger.
        DecryptionFailed => "Give the identity provider the encryption certificate that is active here; when it has it, the message was changed on its way.",
    }
}
