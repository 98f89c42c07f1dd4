//! Why a file is not the metadata that was asked for.

use crate::certificate::CertificateReason;
use crate::dsig::SignatureReason;
use crate::refusal::{Reason as ReasonTrait, Refusal, reasons};
use crate::xml::XmlReason;

/// A refusal of a metadata file; `expected` and `found` name the element.
pub type MetadataRefusal = Refusal<MetadataReason>;

/// Why a metadata file is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MetadataReason {
    /// It is not XML that we read.
    Xml(XmlReason),
    /// A certificate in it cannot be used.
    Certificate(CertificateReason),
    /// The signature of the file is wrong.
    Signature(SignatureReason),
    /// It breaks a rule for metadata.
    Metadata(Reason),
}

impl ReasonTrait for MetadataReason {
    fn code(self) -> &'static str {
        match self {
            MetadataReason::Xml(reason) => reason.code(),
            MetadataReason::Certificate(reason) => reason.code(),
            MetadataReason::Signature(reason) => reason.code(),
            MetadataReason::Metadata(reason) => reason.code(),
        }
    }

    fn fix(self) -> &'static str {
        match self {
            MetadataReason::Xml(reason) => reason.fix(),
            MetadataReason::Certificate(reason) => reason.fix(),
            MetadataReason::Signature(reason) => reason.fix(),
            MetadataReason::Metadata(reason) => reason.fix(),
        }
    }
}

reasons! {
    /// The rules for metadata files.
    Reason {
        /// Longer than 75,000 characters.
        TooLong => "Upload the metadata of this one application, not that of a whole federation.",
        /// The root is another element.
        NotMetadata => "Upload a SAML 2.0 metadata file; its root element is EntityDescriptor.",
        /// EntitiesDescriptor with no or several entities.
        EntityCountNotOne => "Upload a file that describes exactly one entity.",
        /// SP metadata where IdP metadata is expected.
        SpInsteadOfIdp => "This is SP metadata, IdP metadata expected: download the file from the identity provider.",
        /// IdP metadata where SP metadata is expected.
        IdpInsteadOfSp => "This is IdP metadata, SP metadata expected: download the file from the service provider.",
        /// Neither role is described.
        RoleMissing => "Upload a file with the role that is expected here.",
        /// The role is described more than once.
        RoleRepeated => "Upload a file with one descriptor of the role.",
        /// protocolSupportEnumeration does not name SAML 2.0.
        ProtocolNotSupported => "The other side must offer SAML 2.0; its descriptor names other protocols only.",
        /// No entityID, or an empty or overlong one.
        EntityIdMissing => "The file must name its entity in entityID (1 to 1024 characters).",
        /// A required service is missing.
        ServiceMissing => "The file must name this service with a Binding and a Location.",
        /// A Location is no absolute http or https URL.
        LocationNotHttp => "The file must give absolute https URLs as Location.",
        /// No Binding attribute.
        BindingMissing => "The file must name the Binding of each service.",
        /// index is missing or not a number up to 65535, or occurs twice.
        IndexMalformed => "The file must number its AssertionConsumerServices with different numbers from 0 to 65535.",
        /// A boolean attribute has another value.
        BooleanMalformed => "The file must write true or false here.",
        /// validUntil is no time in UTC.
        TimeMalformed => "The file must write validUntil in UTC, such as 2026-11-24T05:00:00Z.",
        /// No signing certificate.
        SigningCertificateMissing => "The file must hold the signing certificate in KeyDescriptor/KeyInfo/X509Data/X509Certificate.",
        /// The file must be signed and is not.
        SignatureMissing => "Let the identity provider sign its metadata, or name nobody who must have signed it.",
        /// The signature stands elsewhere than directly in the root element, or there are several.
        SignatureMisplaced => "The file must carry one signature, directly in its root element.",
        /// An ID occurs twice in a file whose signature counts.
        DuplicateId => "The file must not use an ID twice.",
        /// An element holds something else than text.
        TextExpected => "The file must hold plain text in this element.",
    }
}
