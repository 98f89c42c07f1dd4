//! Why a file is not a certificate that can be used.

use crate::refusal::{Refusal, reasons};

/// A refusal of a certificate.
pub type CertificateRefusal = Refusal<CertificateReason>;

reasons! {
    /// Everything that can be wrong with a certificate.
    CertificateReason {
        /// Larger than any certificate for this purpose.
        TooLarge => "Upload one certificate, not a bundle or another file.",
        /// Not PEM, not DER, not base64 of DER.
        NotACertificate => "Upload an X.509 certificate as PEM (Base64) or DER (Raw).",
        /// More than one certificate in a file.
        SeveralCertificates => "Upload the signing certificate alone; add further ones one by one.",
        /// Neither RSA nor P-256 nor P-384.
        KeyNotSupported => "Issue the certificate for an RSA key (2048 bits or more) or an EC key (P-256, P-384).",
        /// RSA under 2048 bits.
        KeyTooSmall => "Issue a new certificate with an RSA key of 2048 bits or more.",
    }
}
