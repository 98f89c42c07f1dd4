//! Signs canonical XML: digest, SignedInfo, splice. No parser is needed.

use aws_lc_rs::digest::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::algorithm::{ENVELOPED, EXCLUSIVE, SignatureAlgorithm};
use crate::certificate::{SigningKey, SigningKeyError};
use crate::names::DSIG;
use crate::xml::{Name, Writer};

/// Signs `canonical` (one element in exclusive canonical form with `ID="id"`) and inserts the signature at byte
/// `position`, which SAML's schemas put directly after Issuer, or first in metadata.
pub(crate) fn sign_enveloped(
    canonical: &str,
    position: usize,
    id: &str,
    key: &SigningKey,
) -> Result<String, SigningKeyError> {
    let digest_value = STANDARD.encode(digest(key.algorithm().digest().0, canonical.as_bytes()));
    let signature = signature(id, &digest_value, key)?;
    let (before, after) = canonical.split_at_checked(position).ok_or(SigningKeyError::Failed)?;
    Ok([before, &signature, after].concat())
}

fn signature(id: &str, digest_value: &str, key: &SigningKey) -> Result<String, SigningKeyError> {
    let mut writer = Writer::new();
    writer.open(ds("Signature"), &[]);
    let begin = writer.position();
    write_signed_info(&mut writer, key.algorithm(), id, digest_value);
    // Alone, as it is signed, SignedInfo declares the namespace itself (exclusive canonicalization of a subtree).
    let inner = writer.since(begin).strip_prefix(SIGNED_INFO).ok_or(SigningKeyError::Failed)?;
    let alone = [SIGNED_INFO, " xmlns=\"", DSIG, "\"", inner].concat();
    let value = STANDARD.encode(key.sign(alone.as_bytes())?);
    writer.leaf(ds("SignatureValue"), &[], &value);
    write_key_info(&mut writer, &key.certificate().base64());
    writer.close();
    // Identifiers of ours and base64: no character can be illegal in a document that was written before.
    writer.finish().map_err(|_| SigningKeyError::Failed)
}

const SIGNED_INFO: &str = "<SignedInfo";

/// `ds:KeyInfo` with one certificate. Metadata uses it too.
pub(crate) fn write_key_info(writer: &mut Writer, certificate: &str) {
    writer.open(ds("KeyInfo"), &[]);
    writer.open(ds("X509Data"), &[]);
    writer.leaf(ds("X509Certificate"), &[], certificate);
    writer.close();
    writer.close();
}

fn write_signed_info(writer: &mut Writer, method: SignatureAlgorithm, id: &str, digest_value: &str) {
    let algorithm = |uri| [("Algorithm", Some(uri))];
    writer.open(ds("SignedInfo"), &[]);
    writer.leaf(ds("CanonicalizationMethod"), &algorithm(EXCLUSIVE), "");
    writer.leaf(ds("SignatureMethod"), &algorithm(method.uri()), "");
    writer.open(ds("Reference"), &[("URI", Some(&format!("#{id}")))]);
    writer.open(ds("Transforms"), &[]);
    writer.leaf(ds("Transform"), &algorithm(ENVELOPED), "");
    writer.leaf(ds("Transform"), &algorithm(EXCLUSIVE), "");
    writer.close();
    writer.leaf(ds("DigestMethod"), &algorithm(method.digest().1), "");
    writer.leaf(ds("DigestValue"), &[], digest_value);
    writer.close();
    writer.close();
}

/// Entra writes signatures in the default namespace; so do we.
fn ds(local: &'static str) -> Name {
    Name { prefix: "", uri: DSIG, local }
}
