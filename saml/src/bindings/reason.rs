//! Why a browser's request carries no message.

use crate::refusal::{Refusal, reasons};

/// A refusal by a binding.
pub type BindingRefusal = Refusal<BindingReason>;

reasons! {
    /// Everything that can be wrong before XML begins.
    BindingReason {
        /// The parameter is missing or empty (AADSTS750054).
        ParameterMissing => "The sender must pass SAMLRequest or SAMLResponse.",
        /// A parameter occurs twice; two readers could take two different ones.
        ParameterRepeated => "The sender must pass each parameter once.",
        /// Both messages at once; two readers could take two different ones.
        BothMessages => "The sender must pass SAMLRequest or SAMLResponse, not both.",
        /// A percent sign without two hexadecimal digits, or bytes that are not UTF-8.
        BadEscape => "The sender must percent-encode the query correctly.",
        /// Another encoding than DEFLATE.
        EncodingNotSupported => "The sender must use the DEFLATE encoding (SAML Bindings 3.4.4.1).",
        /// Not base64.
        NotBase64 => "The sender must encode the message in base64.",
        /// Not a DEFLATE stream.
        NotDeflate => "The sender must compress the message with raw DEFLATE (RFC 1951), without zlib header.",
        /// Too large, before or after decompression.
        TooLarge => "The sender must send a smaller message, or use HTTP-POST.",
        /// RelayState over the limit.
        RelayStateTooLong => "The sender must use a shorter RelayState.",
        /// RelayState with a NUL, which databases do not take and nobody sends.
        RelayStateNotText => "The sender must use a RelayState of visible characters.",
        /// SigAlg without Signature or the other way round.
        SignatureIncomplete => "The sender must pass SigAlg and Signature together.",
        /// Not signed although it must be.
        SignatureMissing => "The sender must sign the request, or the administrator must not require it.",
        /// Another algorithm than RSA or ECDSA with SHA-2.
        AlgorithmNotAllowed => "The sender must sign with RSA-SHA256.",
        /// No certificate to verify with.
        NoTrustedCertificate => "The administrator must upload the sender's verification certificate.",
        /// No certificate verifies the signature.
        SignatureMismatch => "The sender must sign with the key of the certificate that is stored here.",
    }
}
