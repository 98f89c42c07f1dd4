//! Signs canonical XML: digest, SignedInfo, splice. No parser is needed.

use aws_lc_rs::digest::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::algorithm::{ENVELOPED, EXCLUSIVE, SignatureAlgorithm};
use crate::certificate::{SigningKey, SigningKeyError};
use crate::names::DSIG;
use crate::xml::{IllegalCharacter, Name, Writer};

/// Signs `canonical` (one element in exclusive canonical form with `ID="id"`) and inserts the signature at byte
/// `position`, which SAML's schemas put directly after Issuer, or first in metadata.
pub(crate) fn sign_enveloped(
    canonical: &str,
    position: usize,
    id: &str,
    key: &SigningKey,
) -> Result<String, SigningKeyError> {
    let digest_value = STANDARD.encode(digest(key.algorithm().digest().0, canonical.as_bytes()));
    let mut alone = Writer::new();
    write_signed_info(&mut alone, key.algorithm(), id, &digest_value);
    let signed_info = alone.finish().map_err(unsignable)?;
    let signature_value = STANDARD.encode(key.sign(signed_info.as_bytes())?);
    let signature = write_signature(id, &digest_value, &signature_value, key).map_err(unsignable)?;
    let (before, after) = canonical.split_at_checked(position).ok_or(SigningKeyError::Failed)?;
    Ok([before, &signature, after].concat())
}

/// The parts are identifiers of ours and base64: no character can be illegal in a document that was written before.
fn unsignable(_: IllegalCharacter) -> SigningKeyError {
    SigningKeyError::Failed
}

fn write_signature(
    id: &str,
    digest_value: &str,
    signature_value: &str,
    key: &SigningKey,
) -> Result<String, IllegalCharacter> {
    let mut writer = Writer::new();
    writer.open(ds("Signature"), &[]);
    write_signed_info(&mut writer, key.algorithm(), id, digest_value);
    writer.leaf(ds("SignatureValue"), &[], signature_value);
    write_key_info(&mut writer, &key.certificate().base64());
    writer.close();
    writer.finish()
}

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
