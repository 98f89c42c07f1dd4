//! Certificates in metadata (SAML Metadata 1.1 section 2.4.1.1).

use super::document::refuse;
use super::reason::{MetadataReason, MetadataRefusal, Reason};
use crate::certificate::Certificate;
use crate::dsig::write_key_info;
use crate::names::{DSIG, METADATA};
use crate::xml::{Element, Name, Writer};

/// The certificates for `purpose` ("signing" or "encryption"). A KeyDescriptor without `use` serves both. Each
/// certificate is listed once.
pub(super) fn certificates(
    descriptor: Element<'_>,
    purpose: &str,
) -> Result<Vec<Certificate>, MetadataRefusal> {
    let mut certificates: Vec<Certificate> = Vec::new();
    let fitting = descriptor
        .children_named(METADATA, "KeyDescriptor")
        .filter(|key| key.attribute("use").is_none_or(|found| found == purpose));
    for key in fitting {
        for certificate in certificates_of(key)? {
            if !certificates.contains(&certificate) {
                certificates.push(certificate);
            }
        }
    }
    Ok(certificates)
}

/// Keys in another form (KeyValue, KeyName) are passed over: only certificates are trusted.
fn certificates_of(key: Element<'_>) -> Result<Vec<Certificate>, MetadataRefusal> {
    key.children_named(DSIG, "KeyInfo")
        .flat_map(|info| info.children_named(DSIG, "X509Data"))
        .flat_map(|data| data.children_named(DSIG, "X509Certificate"))
        .map(|element| {
            let text = element
                .text()
                .map_err(|e| refuse(Reason::TextExpected, "base64 in X509Certificate", e.found()))?;
            Certificate::from_text(text).map_err(|e| e.under(MetadataReason::Certificate))
        })
        .collect()
}

pub(super) fn write_key(writer: &mut Writer, purpose: &str, certificate: &Certificate) {
    let name = Name { prefix: "", uri: METADATA, local: "KeyDescriptor" };
    writer.open(name, &[("use", Some(purpose))]);
    write_key_info(writer, &certificate.base64());
    writer.close();
}
