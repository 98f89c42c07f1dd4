//! Encrypts an assertion for a service provider.

use aws_lc_rs::aead::{Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{EncryptionContext, PaddedBlockEncryptingKey, UnboundCipherKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::iv::FixedLength;
use aws_lc_rs::rsa::{OaepPublicEncryptingKey, PublicEncryptingKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::algorithm::{
    Cipher, ContentAlgorithm, DIGEST_SHA1, DIGEST_SHA256, KeyTransport, MGF1_SHA256, OAEP_11, OAEP_MGF1P,
};
use crate::certificate::{Certificate, KeyKind};
use crate::dsig::write_key_info;
use crate::names::{ASSERTION, DSIG, XMLENC, XMLENC11};
use crate::xml::{IllegalCharacter, Name, Writer};

pub(super) const TYPE_ELEMENT: &str = "http://www.w3.org/2001/04/xmlenc#Element";

/// For whom and how to encrypt ("Token encryption").
#[derive(Debug, Clone, Copy)]
pub struct Encryption<'a> {
    /// The service provider's encryption certificate, with an RSA key.
    pub certificate: &'a Certificate,
    /// How the assertion is encrypted.
    pub content: ContentAlgorithm,
    /// How its key travels.
    pub transport: KeyTransport,
    /// Random bytes for the key, given by the caller, fresh for every message.
    pub key: &'a [u8; 32],
    /// Random bytes for the initialization vector, given by the caller, fresh for every message.
    pub iv: &'a [u8; 16],
}

/// Why an assertion cannot be encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EncryptionError {
    /// The certificate's key is no RSA key: nothing can be encrypted for it.
    #[error("the encryption certificate has no RSA key")]
    NotRsa,
    /// The cryptographic library failed.
    #[error("encryption failed")]
    Failed,
}

impl From<Unspecified> for EncryptionError {
    fn from(_: Unspecified) -> Self {
        EncryptionError::Failed
    }
}

/// The parts are base64 and names of ours: no character can be illegal.
impl From<IllegalCharacter> for EncryptionError {
    fn from(_: IllegalCharacter) -> Self {
        EncryptionError::Failed
    }
}

/// `saml:EncryptedAssertion` around the encrypted `assertion`, canonical on its own.
pub(crate) fn encrypt(assertion: &str, encryption: &Encryption<'_>) -> Result<String, EncryptionError> {
    if !matches!(encryption.certificate.key_kind(), KeyKind::Rsa { .. }) {
        return Err(EncryptionError::NotRsa);
    }
    let content_key = &encryption.key[..encryption.content.key_length()];
    let content = STANDARD.encode(seal(assertion.as_bytes(), content_key, encryption)?);
    let key = STANDARD.encode(wrap(content_key, encryption)?);
    let mut writer = Writer::new();
    writer.open(Name { prefix: "", uri: ASSERTION, local: "EncryptedAssertion" }, &[]);
    writer.open(xenc("EncryptedData"), &[("Type", Some(TYPE_ELEMENT))]);
    writer.leaf(xenc("EncryptionMethod"), &[("Algorithm", Some(encryption.content.uri()))], "");
    writer.open(Name { prefix: "", uri: DSIG, local: "KeyInfo" }, &[]);
    writer.open(xenc("EncryptedKey"), &[]);
    write_transport(&mut writer, encryption.transport);
    write_key_info(&mut writer, &encryption.certificate.base64());
    write_cipher_value(&mut writer, &key);
    writer.close();
    writer.close();
    write_cipher_value(&mut writer, &content);
    Ok(writer.finish()?)
}

fn write_transport(writer: &mut Writer, transport: KeyTransport) {
    let (algorithm, digest) = match transport {
        KeyTransport::OaepSha1 => (OAEP_MGF1P, DIGEST_SHA1),
        KeyTransport::OaepSha256 => (OAEP_11, DIGEST_SHA256),
    };
    writer.open(xenc("EncryptionMethod"), &[("Algorithm", Some(algorithm))]);
    let digest_method = Name { prefix: "", uri: DSIG, local: "DigestMethod" };
    writer.leaf(digest_method, &[("Algorithm", Some(digest))], "");
    if transport == KeyTransport::OaepSha256 {
        let mgf = Name { prefix: "xenc11", uri: XMLENC11, local: "MGF" };
        writer.leaf(mgf, &[("Algorithm", Some(MGF1_SHA256))], "");
    }
    writer.close();
}

fn write_cipher_value(writer: &mut Writer, value: &str) {
    writer.open(xenc("CipherData"), &[]);
    writer.leaf(xenc("CipherValue"), &[], value);
    writer.close();
}

fn xenc(local: &'static str) -> Name {
    Name { prefix: "xenc", uri: XMLENC, local }
}

fn seal(plain: &[u8], key: &[u8], encryption: &Encryption<'_>) -> Result<Vec<u8>, EncryptionError> {
    let mut sealed = plain.to_vec();
    let iv = match encryption.content.cipher() {
        Cipher::Gcm(algorithm) => {
            let (nonce, _) = encryption.iv.split_at(12);
            let key = LessSafeKey::new(UnboundKey::new(algorithm, key)?);
            let unique = Nonce::try_assume_unique_for_key(nonce)?;
            key.seal_in_place_append_tag(unique, Aad::empty(), &mut sealed)?;
            nonce
        }
        Cipher::Cbc(algorithm) => {
            let key = PaddedBlockEncryptingKey::cbc_pkcs7(UnboundCipherKey::new(algorithm, key)?)?;
            let context = EncryptionContext::Iv128(FixedLength::from(encryption.iv));
            key.less_safe_encrypt(&mut sealed, context)?;
            encryption.iv
        }
    };
    Ok([iv, &sealed].concat())
}

/// RSA-OAEP takes its seed from the library: a seed given by a caller would be a way to make it repeat.
fn wrap(key: &[u8], encryption: &Encryption<'_>) -> Result<Vec<u8>, EncryptionError> {
    let public = PublicEncryptingKey::from_der(encryption.certificate.public_key_info())
        .map_err(|_| EncryptionError::NotRsa)?;
    let public = OaepPublicEncryptingKey::new(public)?;
    let mut wrapped = vec![0; public.ciphertext_size()];
    let length = public.encrypt(encryption.transport.oaep(), key, &mut wrapped, None)?.len();
    wrapped.truncate(length);
    Ok(wrapped)
}
