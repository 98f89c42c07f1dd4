//! Why a signature proves nothing.

use crate::refusal::{Refusal, reasons};

/// A refusal of a signature.
pub type SignatureRefusal = Refusal<SignatureReason>;

reasons! {
    /// Everything that can be wrong with a signature, in the order in which it is checked.
    SignatureReason {
        /// Signature must hold SignedInfo, SignatureValue and at most one KeyInfo, in this order.
        SignatureShape => "The signer must write SignedInfo, SignatureValue and optionally KeyInfo, nothing else.",
        /// SignedInfo must hold CanonicalizationMethod, SignatureMethod and Reference, in this order.
        SignedInfoShape => "The signer must write one CanonicalizationMethod, one SignatureMethod and one Reference.",
        /// Not exactly one Reference.
        ReferenceCountNotOne => "The signer must sign with exactly one Reference (SAML Core 5.4.2).",
        /// Reference must hold Transforms, DigestMethod and DigestValue, in this order.
        ReferenceShape => "The signer must write Transforms, DigestMethod and DigestValue in the Reference.",
        /// Another canonicalization than exclusive without comments.
        CanonicalizationNotAllowed => "Configure the signer for exclusive canonicalization (xml-exc-c14n#).",
        /// Another signature algorithm than RSA or ECDSA with SHA-2; SHA-1 and HMAC end here.
        SignatureMethodNotAllowed => "Configure the signer for RSA-SHA256 (or RSA/ECDSA with SHA-384 or SHA-512).",
        /// An algorithm with parameters or child elements.
        AlgorithmParameters => "The signer must not give parameters to an algorithm.",
        /// The signed element has no ID.
        IdMissing => "The signer must give the signed element an ID attribute.",
        /// The Reference does not name the parent of the signature.
        ReferenceNotParent => "The signer must refer to the ID of the element that holds the signature.",
        /// Other transforms than enveloped-signature and then exclusive canonicalization.
        TransformsNotAllowed => "The signer must use the transforms enveloped-signature and xml-exc-c14n#, only.",
        /// Another digest than SHA-256, SHA-384 or SHA-512.
        DigestMethodNotAllowed => "Configure the signer for SHA-256 digests.",
        /// DigestValue or SignatureValue is not base64.
        NotBase64 => "The signer must write DigestValue and SignatureValue in base64.",
        /// No certificate is trusted at all.
        NoTrustedCertificate => "Give this side the signer's certificate, for example by its metadata file.",
        /// No trusted certificate verifies the signature over SignedInfo.
        SignatureMismatch => "Compare the signer's active certificate with the ones stored here; upload the current metadata after a rollover.",
        /// The signed element was changed after signing.
        DigestMismatch => "The message was changed on its way; look for software between the two sides that rewrites XML.",
        /// Canonical form is many times longer than the message.
        CanonicalFormTooLarge => "The signer must not use namespaces with names that long.",
        /// The canonical bytes could not be read again. Only a defect here could cause it.
        CanonicalFormUnreadable => "Report this message to the maintainers: its canonical form could not be read.",
    }
}
