//! A private key together with its certificate.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _,
    RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RsaEncoding, RsaKeyPair,
};

use super::{Certificate, CertificateRefusal, KeyKind};
use crate::dsig::SignatureAlgorithm;

/// Signs with RSA-SHA256 (the algorithm that every service provider knows) or, when its key is an elliptic curve, with
/// ECDSA and the hash of the curve's size. Making one costs a signature; keep it.
pub struct SigningKey {
    pair: Pair,
    algorithm: SignatureAlgorithm,
    certificate: Certificate,
}

/// Why a key cannot sign.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SigningKeyError {
    /// Not a private key in PKCS#8 DER: RSA of 2048 to 8192 bits, P-256 or P-384.
    #[error("not a private key in PKCS#8 form: RSA with 2048 to 8192 bits, P-256 or P-384")]
    NotAPrivateKey,
    /// The certificate cannot be used.
    #[error("the certificate cannot be used: {0}")]
    Certificate(CertificateRefusal),
    /// The certificate belongs to another key.
    #[error("the certificate belongs to another key")]
    OtherKey,
    /// The algorithm is for keys of another kind.
    #[error("the algorithm is for keys of another kind")]
    OtherAlgorithm,
    /// The cryptographic library failed.
    #[error("signing failed")]
    Failed,
}

enum Pair {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
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
        let pair = Pair::read(private_key)?;
        let certificate = Certificate::from_der(certificate).map_err(SigningKeyError::Certificate)?;
        let algorithm = SignatureAlgorithm::usual(certificate.key_kind());
        let key = SigningKey { pair, algorithm, certificate };
        key.check_pair()?;
        Ok(key)
    }

    /// The same key with another algorithm.
    ///
    /// # Errors
    /// `OtherAlgorithm` when the key is of another kind.
    pub fn with_algorithm(self, algorithm: SignatureAlgorithm) -> Result<SigningKey, SigningKeyError> {
        if !algorithm.fits(self.certificate.key_kind()) {
            return Err(SigningKeyError::OtherAlgorithm);
        }
        Ok(SigningKey { algorithm, ..self })
    }

    /// The certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// What it signs with.
    pub fn algorithm(&self) -> SignatureAlgorithm {
        self.algorithm
    }

    /// The public key: PKCS#1 `RSAPublicKey` in DER, or the uncompressed point of an elliptic curve.
    pub fn public_key(&self) -> &[u8] {
        match &self.pair {
            Pair::Rsa(pair) => SigningKey::public_key_of(pair),
            Pair::Ec(pair) => pair.public_key().as_ref(),
        }
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningKeyError> {
        match &self.pair {
            Pair::Rsa(pair) => sign_rsa(pair, rsa_encoding(self.algorithm), message),
            // ECDSA takes its nonce from the library: a nonce given by a caller would be a way to lose the key.
            Pair::Ec(pair) => pair
                .sign(&SystemRandom::new(), message)
                .map(|signature| signature.as_ref().to_vec())
                .map_err(|_| SigningKeyError::Failed),
        }
    }

    pub(super) fn pair(private_key: &[u8]) -> Result<RsaKeyPair, SigningKeyError> {
        let pair = RsaKeyPair::from_pkcs8(private_key).map_err(|_| SigningKeyError::NotAPrivateKey)?;
        if pair.public_modulus_len() < 256 { Err(SigningKeyError::NotAPrivateKey) } else { Ok(pair) }
    }

    pub(super) fn public_key_of(pair: &RsaKeyPair) -> &[u8] {
        pair.public_key().as_ref()
    }

    pub(super) fn sign_with(pair: &RsaKeyPair, message: &[u8]) -> Result<Vec<u8>, SigningKeyError> {
        sign_rsa(pair, &RSA_PKCS1_SHA256, message)
    }

    /// A signature that the certificate verifies is the proof that both belong together.
    fn check_pair(&self) -> Result<(), SigningKeyError> {
        let probe = b"the certificate fits the key";
        let same_kind = matches!(
            (&self.pair, self.certificate.key_kind()),
            (Pair::Rsa(_), KeyKind::Rsa { .. }) | (Pair::Ec(_), KeyKind::P256 | KeyKind::P384)
        );
        let method = self.algorithm.method();
        let fits = same_kind && self.certificate.verifies(method.verification, probe, &self.sign(probe)?);
        if fits { Ok(()) } else { Err(SigningKeyError::OtherKey) }
    }
}

impl Pair {
    fn read(private_key: &[u8]) -> Result<Pair, SigningKeyError> {
        if let Ok(pair) = SigningKey::pair(private_key) {
            return Ok(Pair::Rsa(pair));
        }
        [&ECDSA_P256_SHA256_FIXED_SIGNING, &ECDSA_P384_SHA384_FIXED_SIGNING]
            .into_iter()
            .find_map(|curve| EcdsaKeyPair::from_pkcs8(curve, private_key).ok())
            .map(Pair::Ec)
            .ok_or(SigningKeyError::NotAPrivateKey)
    }
}

fn rsa_encoding(algorithm: SignatureAlgorithm) -> &'static dyn RsaEncoding {
    match algorithm {
        SignatureAlgorithm::RsaSha384 => &RSA_PKCS1_SHA384,
        SignatureAlgorithm::RsaSha512 => &RSA_PKCS1_SHA512,
        _ => &RSA_PKCS1_SHA256,
    }
}

/// RSASSA-PKCS1-v1_5 (RFC 8017 section 8.2). The scheme is deterministic: the random source that the call asks for is
/// not used for the signature.
fn sign_rsa(
    pair: &RsaKeyPair,
    encoding: &'static dyn RsaEncoding,
    message: &[u8],
) -> Result<Vec<u8>, SigningKeyError> {
    let mut signature = vec![0; pair.public_modulus_len()];
    pair.sign(encoding, &SystemRandom::new(), message, &mut signature)
        .map_err(|_| SigningKeyError::Failed)?;
    Ok(signature)
}
