//! Why a request is refused, with the number under which administrators know it.

use crate::bindings::BindingReason;
use crate::dsig::SignatureReason;
use crate::refusal::{Reason, Refusal, reasons};
use crate::xml::XmlReason;

/// A refusal of an AuthnRequest.
pub type AuthnRequestRefusal = Refusal<AuthnRequestReason>;

/// Why an AuthnRequest is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AuthnRequestReason {
    /// It is not XML that we read.
    Xml(XmlReason),
    /// It must be signed, and the signature proves nothing.
    Signature(SignatureReason),
    /// It must be signed, and the signature in the query proves nothing.
    Binding(BindingReason),
    /// It breaks a rule for requests.
    Request(RequestReason),
}

impl Reason for AuthnRequestReason {
    fn code(self) -> &'static str {
        match self {
            AuthnRequestReason::Xml(reason) => reason.code(),
            AuthnRequestReason::Signature(reason) => reason.code(),
            AuthnRequestReason::Binding(reason) => reason.code(),
            AuthnRequestReason::Request(reason) => reason.code(),
        }
    }

    fn fix(self) -> &'static str {
        match self {
            AuthnRequestReason::Xml(reason) => reason.fix(),
            AuthnRequestReason::Signature(reason) => reason.fix(),
            AuthnRequestReason::Binding(reason) => reason.fix(),
            AuthnRequestReason::Request(reason) => reason.fix(),
        }
    }
}

impl From<RequestReason> for AuthnRequestReason {
    fn from(reason: RequestReason) -> Self {
        AuthnRequestReason::Request(reason)
    }
}

impl AuthnRequestReason {
    /// The AADSTS number that Entra gives to this refusal, or to the nearest of its own.
    pub fn aadsts(self) -> u32 {
        match self {
            AuthnRequestReason::Xml(_) => 75005,
            AuthnRequestReason::Signature(SignatureReason::NoTrustedCertificate)
            | AuthnRequestReason::Binding(BindingReason::NoTrustedCertificate) => 50003,
            AuthnRequestReason::Signature(_) | AuthnRequestReason::Binding(_) => 50006,
            AuthnRequestReason::Request(reason) => reason.aadsts(),
        }
    }
}

reasons! {
    /// The rules for requests, as Entra documents them ("Single Sign-On SAML protocol").
    RequestReason {
        /// The root is another element.
        NotAnAuthnRequest => "The application must send a samlp:AuthnRequest.",
        /// No ID.
        IdMissing => "The application must give the request an ID.",
        /// The ID begins with a digit, or is no XML name.
        IdMalformed => "The application must begin the ID with a letter or underscore and use no spaces in it.",
        /// The same ID on two elements.
        DuplicateId => "The application must not use an ID twice.",
        /// Another version.
        VersionNot20 => "The application must use SAML 2.0.",
        /// IssueInstant is missing or no time in UTC.
        IssueInstantMalformed => "The application must send IssueInstant as UTC, such as 2026-11-24T05:00:00Z.",
        /// Not exactly one Issuer with text.
        IssuerMissing => "The application must send its identifier (entity ID) as Issuer.",
        /// Issuer has another Format than entity.
        IssuerFormatNotEntity => "The application must send Issuer without Format, or with that of an entity (SAML Core 8.3.6).",
        /// An answer by another binding than HTTP-POST is asked for.
        BindingNotSupported => "The application must ask for the HTTP-POST binding, or for none.",
        /// AssertionConsumerServiceIndex, which is not supported.
        IndexNotSupported => "The application must send AssertionConsumerServiceURL instead of an index.",
        /// The reply URL is not registered.
        ReplyUrlNotRegistered => "Add the reply URL to the application's Basic SAML configuration, or correct it in the application.",
        /// No reply URL in the request and none registered.
        NoReplyUrl => "Add a reply URL to the application's Basic SAML configuration.",
        /// NameIDPolicy asks for a format that does not exist here.
        NameIdFormatNotSupported => "The application must ask for emailAddress, persistent, transient or unspecified.",
        /// RequestedAuthnContext with another comparison than exact.
        ComparisonNotSupported => "The application must use Comparison=\"exact\", or leave RequestedAuthnContext out.",
        /// RequestedAuthnContext with an unknown class, or without any.
        AuthnContextNotSupported => "The application must ask for a supported authentication context class, or for none.",
        /// Subject, which is not supported.
        SubjectNotSupported => "The application must not send a Subject; login_hint in the URL does what it wants.",
        /// Scoping with ProxyCount, IDPList or RequesterID.
        ScopingNotSupported => "The application must send Scoping without ProxyCount, IDPList and RequesterID, or not at all.",
        /// A boolean attribute with another value.
        BooleanMalformed => "The application must write ForceAuthn and IsPassive as true or false.",
        /// A signature is required and there is none.
        SignatureMissing => "The application must sign its requests, or the administrator must not require it.",
        /// A second signature, or one that is not a child of the request.
        SignatureMisplaced => "The application must put one signature directly into the request.",
        /// The request names a key that was not uploaded.
        KeyUnknown => "Upload the certificate that the application signs with, or correct the key in the application.",
        /// The request expired.
        Expired => "Start the sign-in again; check the clocks when it happens to everybody.",
    }
}

impl RequestReason {
    /// The AADSTS number.
    pub fn aadsts(self) -> u32 {
        match self {
            RequestReason::BindingNotSupported => 75003,
            RequestReason::ReplyUrlNotRegistered | RequestReason::NoReplyUrl => 50011,
            RequestReason::NameIdFormatNotSupported => 75016,
            RequestReason::ComparisonNotSupported | RequestReason::AuthnContextNotSupported => 75011,
            RequestReason::SubjectNotSupported => 900_236,
            RequestReason::IndexNotSupported | RequestReason::ScopingNotSupported => 90009,
            RequestReason::SignatureMissing => 76021,
            RequestReason::SignatureMisplaced | RequestReason::KeyUnknown => 50006,
            RequestReason::Expired => 76026,
            _ => 75005,
        }
    }
}
