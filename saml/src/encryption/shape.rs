//! Reads the shape of an EncryptedAssertion. Nothing here depends on a key.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::algorithm::{ContentAlgorithm, KeyTransport};
use super::reason::{EncryptionReason as Reason, EncryptionRefusal};
use crate::names::{DSIG, XMLENC, XMLENC11};
use crate::xml::Element;

type Outcome<T> = Result<T, EncryptionRefusal>;

/// An encrypted assertion of the allowed shape and algorithms.
#[derive(Debug)]
pub(crate) struct Encrypted {
    pub(crate) content_algorithm: ContentAlgorithm,
    pub(super) content: Vec<u8>,
    pub(super) transport: KeyTransport,
    pub(super) key: Vec<u8>,
}

impl Encrypted {
    /// Reads `saml:EncryptedAssertion`. The EncryptedKey stands in the KeyInfo of EncryptedData or beside EncryptedData
    /// (SAML Core 2.2.4); where several recipients have one each, the message is refused.
    pub(crate) fn read(assertion: Element<'_>) -> Outcome<Encrypted> {
        let data = one(assertion, XMLENC, "EncryptedData")?;
        if let Some(other) = data.attribute("Type").filter(|found| *found != super::encrypt::TYPE_ELEMENT) {
            return Err(EncryptionRefusal::new(Reason::TypeNotElement, super::encrypt::TYPE_ELEMENT, other));
        }
        let key = encrypted_key(assertion, data)?;
        Ok(Encrypted {
            content_algorithm: content_algorithm(one(data, XMLENC, "EncryptionMethod")?)?,
            content: cipher_value(data)?,
            transport: transport(one(key, XMLENC, "EncryptionMethod")?)?,
            key: cipher_value(key)?,
        })
    }
}

fn encrypted_key<'a>(assertion: Element<'a>, data: Element<'a>) -> Outcome<Element<'a>> {
    let inside =
        data.children_named(DSIG, "KeyInfo").flat_map(|info| info.children_named(XMLENC, "EncryptedKey"));
    let beside = assertion.children_named(XMLENC, "EncryptedKey");
    let keys: Vec<_> = inside.chain(beside).take(2).collect();
    match keys[..] {
        [key] => Ok(key),
        [] => Err(shape("one EncryptedKey", "none")),
        _ => Err(shape("one EncryptedKey", "several")),
    }
}

fn content_algorithm(method: Element<'_>) -> Outcome<ContentAlgorithm> {
    let found = method.attribute("Algorithm").unwrap_or("none");
    ContentAlgorithm::from_uri(found).ok_or_else(|| {
        EncryptionRefusal::new(
            Reason::ContentAlgorithmNotAllowed,
            "AES-GCM or AES-CBC, 128 or 256 bits",
            found,
        )
    })
}

fn transport(method: Element<'_>) -> Outcome<KeyTransport> {
    let algorithm = method.attribute("Algorithm").unwrap_or("none");
    let of =
        |uri, local| method.children_named(uri, local).next().map(|e| e.attribute("Algorithm").unwrap_or(""));
    let (digest, mgf) = (of(DSIG, "DigestMethod"), of(XMLENC11, "MGF"));
    let labelled = method.children_named(XMLENC, "OAEPparams").next().is_some();
    KeyTransport::from_uris(algorithm, digest, mgf).filter(|_| !labelled).ok_or_else(|| {
        let found = [Some(algorithm), digest, mgf, labelled.then_some("OAEPparams")];
        let found: Vec<&str> = found.into_iter().flatten().collect();
        let expected = "RSA-OAEP with SHA-1 or SHA-256, the same for both hashes, without label";
        EncryptionRefusal::new(Reason::KeyTransportNotAllowed, expected, found.join(" "))
    })
}

/// CipherReference, which would fetch the ciphertext from elsewhere, is no CipherValue.
fn cipher_value(parent: Element<'_>) -> Outcome<Vec<u8>> {
    let value = one(one(parent, XMLENC, "CipherData")?, XMLENC, "CipherValue")?;
    let refuse =
        |found: &str| EncryptionRefusal::new(Reason::CiphertextNotBase64, "base64 in CipherValue", found);
    let text = value.text().map_err(|e| refuse(e.found()))?;
    let compact: Vec<u8> = text.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
    STANDARD.decode(compact).map_err(|e| refuse(&e.to_string()))
}

fn one<'a>(parent: Element<'a>, uri: &'a str, local: &'a str) -> Outcome<Element<'a>> {
    let found: Vec<_> = parent.children_named(uri, local).take(2).collect();
    match found[..] {
        [only] => Ok(only),
        _ => {
            let expected = format!("one {local} in {}", parent.local_name());
            Err(shape(&expected, if found.is_empty() { "none" } else { "several" }))
        }
    }
}

fn shape(expected: &str, found: &str) -> EncryptionRefusal {
    EncryptionRefusal::new(Reason::EncryptionShape, expected, found)
}
