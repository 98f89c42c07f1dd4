//! A private RSA key together with its certificate.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair};

use super::{Certificate, CertificateRefusal, KeyKind};

/// Signs with RSA-SHA256, the algorithm that every service provider knows.
pub struct SigningKey {
    pair: RsaKeyPair,
    certificate: Certificate,
}

/// Why a key cannot sign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SigningKeyError {
    /// Not an RSA private key in PKCS#8 DER of 2048 to 8192 bits.
    #[error("not an RSA private key in PKCS#8 form with 2048 to 8192 bits")]
    NotAPrivateKey,
    /// The certificate cannot be used.
    #[error("the certificate cannot be used: {0}")]
    Certificate(CertificateRefusal),
    /// The certificate belongs to another key.
    #[error("the certificate belongs to another key")]
    OtherKey,
    /// The cryptographic library failed.
    #[error("signing failed")]
    Failed,
}

/// The key itself is never shown.
impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey")
            .field("certificate", &self.certificate.thumbprint())
            .finish_non_exhaustive()
    }
}

impl SigningKey {
    /// From a private key (PKCS#8 DER) and its certificate (DER).
    ///
    /// # Errors
    /// [`SigningKeyError`]; in particular when the two do not belong together.
    pub fn new(private_key: &[u8], certificate: &[u8]) -> Result<SigningKey, SigningKeyError> {
        let pair = SigningKey::pair(private_key)?;
        let certificate = Certificate::from_der(certificate).map_err(SigningKeyError::Certificate)?;
        let key = SigningKey { pair, certificate };
        key.check_pair()?;
        Ok(key)
    }

    /// The certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// The public key as PKCS#1 `RSAPublicKey` DER.
    pub fn public_key(&self) -> &[u8] {
        SigningKey::public_key_of(&self.pair)
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningKeyError> {
        SigningKey::sign_with(&self.pair, message)
    }

    pub(super) fn pair(private_key: &[u8]) -> Result<RsaKeyPair, SigningKeyError> {
        let pair = RsaKeyPair::from_pkcs8(private_key).map_err(|_| SigningKeyError::NotAPrivateKey)?;
        if pair.public_modulus_len() < 256 { Err(SigningKeyError::NotAPrivateKey) } else { Ok(pair) }
    }

    pub(super) fn public_key_of(pair: &RsaKeyPair) -> &[u8] {
        pair.public_key().as_ref()
    }

    /// RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 section 8.2). The scheme is deterministic: the random source that
    /// the call asks for is not used for the signature.
    pub(super) fn sign_with(pair: &RsaKeyPair, message: &[u8]) -> Result<Vec<u8>, SigningKeyError> {
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| SigningKeyError::Failed)?;
        Ok(signature)
    }

    /// A signature that the certificate verifies is the proof that both belong together.
    fn check_pair(&self) -> Result<(), SigningKeyError> {
        let probe = b"the certificate fits the key";
        let rsa = matches!(self.certificate.key_kind(), KeyKind::Rsa { .. });
        let fits = rsa && self.certificate.verifies(&RSA_PKCS1_2048_8192_SHA256, probe, &self.sign(probe)?);
        if fits { Ok(()) } else { Err(SigningKeyError::OtherKey) }
    }
}
