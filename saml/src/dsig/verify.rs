//! Verifies an enveloped signature and returns what was signed, read again from the very bytes that were digested.

use super::algorithm::AcceptedAlgorithms;
use super::reason::{SignatureReason as Reason, SignatureRefusal};
use super::shape::{self, Shape, carried_certificate};
use crate::certificate::Certificate;
use crate::xml::{Document, Element, Limits, canonical};

/// An element whose signature was verified. It is a document of its own, parsed from the canonical bytes that were
/// digested: what is read from it is what was signed. Only [`verify_enveloped`] builds one.
#[derive(Debug, Clone)]
pub struct VerifiedElement {
    document: Document,
    /// SHA-1 thumbprint of the certificate whose key signed.
    thumbprint: String,
}

impl VerifiedElement {
    /// The verified element.
    pub fn root(&self) -> Element<'_> {
        self.document.root()
    }

    /// The document that it is the root of.
    pub(crate) fn document(&self) -> &Document {
        &self.document
    }

    /// What this element holds in encrypted form. The signature covers the ciphertext, and so what it decrypts to.
    pub(crate) fn decrypted(&self, document: Document) -> VerifiedElement {
        VerifiedElement { document, thumbprint: self.thumbprint.clone() }
    }

    /// SHA-1 thumbprint of the certificate that verified it, as administrators know it.
    pub fn thumbprint(&self) -> &str {
        &self.thumbprint
    }
}

/// Whose signatures count, and with which algorithms.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Trust<'a> {
    pub(crate) certificates: &'a [Certificate],
    pub(crate) algorithms: AcceptedAlgorithms,
}

impl<'a> Trust<'a> {
    /// These certificates with the usual algorithms.
    pub(crate) fn usual(certificates: &'a [Certificate]) -> Trust<'a> {
        Trust { certificates, algorithms: AcceptedAlgorithms::default() }
    }
}

/// Verifies `signature`, a child of `element`, with one of the trusted certificates. The caller has made sure that no
/// ID occurs twice in the document.
///
/// The order is fixed: shape and allow-list, signature over SignedInfo, digest. Nothing of the element is used before.
pub(crate) fn verify_enveloped(
    element: Element<'_>,
    signature: Element<'_>,
    trust: Trust<'_>,
) -> Result<VerifiedElement, SignatureRefusal> {
    let id = element.attribute("ID").filter(|id| !id.is_empty()).ok_or_else(|| {
        SignatureRefusal::new(Reason::IdMissing, format!("an ID on {}", element.local_name()), "none")
    })?;
    let shape = shape::read(signature, id, trust.algorithms)?;
    let signer = signer(&shape, trust.certificates)?;
    let canonical = digested(element, signature, &shape)?;
    let document = Document::parse_canonical(&canonical, &reparse_limits(canonical.len()))
        .map_err(|e| SignatureRefusal::new(Reason::CanonicalFormUnreadable, "XML", e.to_string()))?;
    Ok(VerifiedElement { document, thumbprint: signer.thumbprint() })
}

/// The trusted certificate that signed SignedInfo. Each is tried: the message does not choose its key.
fn signer<'c>(shape: &Shape<'_>, trusted: &'c [Certificate]) -> Result<&'c Certificate, SignatureRefusal> {
    if trusted.is_empty() {
        return Err(SignatureRefusal::new(Reason::NoTrustedCertificate, "a trusted certificate", "none"));
    }
    let bytes = canonical(shape.signed_info, None, &shape.signed_info_prefixes).ok_or_else(too_large)?;
    trusted
        .iter()
        .filter(|certificate| shape.method.fits(certificate.key_kind()))
        .find(|c| c.verifies(&shape.method, bytes.as_bytes(), &shape.signature_value))
        .ok_or_else(|| {
            let known: Vec<_> = trusted.iter().map(Certificate::thumbprint).collect();
            let expected = format!("a signature by a trusted certificate ({})", known.join(", "));
            SignatureRefusal::new(Reason::SignatureMismatch, expected, describe_signer(shape, trusted))
        })
}

/// After a rollover the message says which certificate is missing here.
fn describe_signer(shape: &Shape<'_>, trusted: &[Certificate]) -> String {
    let Some(carried) = carried_certificate(shape.signature) else {
        return "a signature by another key; the message carries no certificate".to_owned();
    };
    let (thumbprint, subject) = (carried.thumbprint(), carried.subject());
    if trusted.contains(&carried) {
        return format!("a wrong signature that carries the trusted certificate {thumbprint}");
    }
    format!("a signature that carries the certificate {thumbprint} ({subject}), which is not trusted")
}

/// The canonical bytes of the element without its signature, when their digest is the signed one.
fn digested(
    element: Element<'_>,
    signature: Element<'_>,
    shape: &Shape<'_>,
) -> Result<String, SignatureRefusal> {
    let bytes = canonical(element, Some(signature), &shape.prefixes).ok_or_else(too_large)?;
    let found = aws_lc_rs::digest::digest(shape.digest, bytes.as_bytes());
    // Both values are public; a comparison in constant time would protect nothing.
    if found.as_ref() == shape.digest_value {
        return Ok(bytes);
    }
    Err(SignatureRefusal::new(Reason::DigestMismatch, "the content that was signed", "other content"))
}

fn too_large() -> SignatureRefusal {
    SignatureRefusal::new(Reason::CanonicalFormTooLarge, "a canonical form of at most 1 MiB", "more")
}

/// Canonical form can be longer than the message (escapes, namespace declarations written again), so the limits are wider
/// than those of the first reading, which bounded the work already.
fn reparse_limits(bytes: usize) -> Limits {
    Limits {
        bytes,
        namespace_declarations: usize::MAX,
        namespaces_in_scope: usize::MAX,
        attributes: usize::MAX,
        ..Limits::MESSAGE
    }
}
