//! Why a response signs nobody in.

use crate::dsig::SignatureReason;
use crate::encryption::EncryptionReason;
use crate::refusal::{Reason, Refusal, reasons};
use crate::xml::XmlReason;

/// A refusal of a response.
pub type Reject = Refusal<RejectReason>;

/// Why a response is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RejectReason {
    /// It is not XML that we read.
    Xml(XmlReason),
    /// A signature proves nothing.
    Signature(SignedPart, SignatureReason),
    /// The assertion is encrypted and cannot be read.
    Encryption(EncryptionReason),
    /// It breaks a rule for responses.
    Response(ResponseReason),
}

/// Which signature is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignedPart {
    /// The signature of the response.
    Response,
    /// The signature of the assertion.
    Assertion,
}

impl Reason for RejectReason {
    fn code(self) -> &'static str {
        match self {
            RejectReason::Xml(reason) => reason.code(),
            RejectReason::Signature(_, reason) => reason.code(),
            RejectReason::Encryption(reason) => reason.code(),
            RejectReason::Response(reason) => reason.code(),
        }
    }

    fn fix(self) -> &'static str {
        match self {
            RejectReason::Xml(reason) => reason.fix(),
            RejectReason::Signature(_, reason) => reason.fix(),
            RejectReason::Encryption(reason) => reason.fix(),
            RejectReason::Response(reason) => reason.fix(),
        }
    }
}

reasons! {
    /// The rules for responses (SAML Core, SAML Profiles 4.1.4, and what IAM Identity Center demands), in the order in
    /// which they are checked.
    ResponseReason {
        /// The root is another element.
        NotAResponse => "The identity provider must send a samlp:Response to this address.",
        /// Another version.
        VersionNot20 => "The identity provider must use SAML 2.0.",
        /// The same ID on two elements.
        DuplicateId => "The identity provider must not use an ID twice; otherwise somebody has tampered with the message.",
        /// The identity provider says that the sign-in failed.
        StatusNotSuccess => "Look at the identity provider's sign-in log: it refused this sign-in.",
        /// No Status.
        StatusMissing => "The identity provider must send a Status.",
        /// An encrypted assertion, where no decryption key is given.
        AssertionEncrypted => "Turn off token encryption for this application at the identity provider, or give this side a decryption key.",
        /// Not exactly one assertion.
        AssertionCountNotOne => "The identity provider must send exactly one assertion; otherwise somebody has tampered with the message.",
        /// An assertion that is not a child of the response.
        AssertionMisplaced => "The identity provider must put the assertion directly into the response; otherwise somebody has tampered with the message.",
        /// More characters than the limit.
        AssertionTooLong => "Send fewer claims from the identity provider; groups are usually what makes it long.",
        /// Neither the response nor the assertion is signed.
        Unsigned => "Configure the identity provider to sign the assertion, the response, or both.",
        /// A signature at another place than directly in the response or assertion, or two at one place.
        SignatureMisplaced => "The identity provider must put one signature directly into what it signs; otherwise somebody has tampered with the message.",
        /// An element of the assertion is missing, repeated or malformed.
        AssertionMalformed => "The identity provider must send an assertion that follows SAML Core 2.3.",
        /// The assertion has no NameID.
        NameIdMissing => "Configure the Unique User Identifier (NameID) claim at the identity provider.",
        /// Issuer is another identity provider.
        IssuerMismatch => "Compare the identity provider's entity ID (issuer) with the one stored here; upload its current metadata.",
        /// Issuer has another Format than entity.
        IssuerFormatNotEntity => "The identity provider must send Issuer without Format, or with that of an entity (SAML Core 8.3.6).",
        /// Destination is another address.
        DestinationMismatch => "Correct the reply URL (ACS URL) at the identity provider.",
        /// A signed response without Destination.
        DestinationMissing => "The identity provider must send Destination in signed responses (SAML Bindings 3.5.5.2).",
        /// No AudienceRestriction.
        AudienceMissing => "The identity provider must send an AudienceRestriction.",
        /// The assertion is for another service provider.
        AudienceMismatch => "Correct the identifier (entity ID, audience) of this application at the identity provider.",
        /// A condition that is not known, which SAML Core 2.5.1 says invalidates the assertion.
        ConditionUnknown => "The identity provider must not send conditions that this side cannot judge.",
        /// Conditions or their NotOnOrAfter are missing.
        ConditionsMissing => "The identity provider must send Conditions with NotOnOrAfter.",
        /// NotBefore is in the future.
        NotYetValid => "Set the clocks of both sides; the identity provider's is ahead.",
        /// NotOnOrAfter is past.
        Expired => "Sign in again; when it happens to everybody, set the clocks of both sides.",
        /// Not exactly one SubjectConfirmation with the bearer method.
        BearerConfirmationCountNotOne => "The identity provider must send one SubjectConfirmation with the bearer method.",
        /// SubjectConfirmationData without NotOnOrAfter.
        ConfirmationUnlimited => "The identity provider must limit SubjectConfirmationData by NotOnOrAfter (SAML Profiles 4.1.4.2).",
        /// SubjectConfirmationData with NotBefore.
        ConfirmationNotBefore => "The identity provider must not send NotBefore in SubjectConfirmationData (SAML Profiles 4.1.4.2).",
        /// SubjectConfirmationData's NotOnOrAfter is past.
        ConfirmationExpired => "Sign in again; when it happens to everybody, set the clocks of both sides.",
        /// SubjectConfirmationData without Recipient.
        RecipientMissing => "The identity provider must send Recipient in SubjectConfirmationData.",
        /// Recipient is another address.
        RecipientMismatch => "Correct the reply URL (ACS URL) at the identity provider.",
        /// The response and the assertion answer different requests.
        InResponseToDiffers => "The identity provider must send the same InResponseTo twice; otherwise somebody has tampered with the message.",
        /// An answer to no request, where one is expected.
        InResponseToMissing => "Start the sign-in from the access portal, or allow sign-ins that begin at the identity provider.",
        /// An answer to another or unknown request.
        InResponseToMismatch => "Start the sign-in again from the access portal; the answer belongs to another or an expired request.",
        /// An answer to a request, where none was made.
        InResponseToUnexpected => "Start the sign-in again; this answer belongs to a request that was not made here.",
        /// No AuthnStatement, or several.
        AuthnStatementCountNotOne => "The identity provider must send one AuthnStatement.",
        /// SessionNotOnOrAfter is past.
        SessionExpired => "Sign in again at the identity provider; the session there is over.",
        /// NameID has another format.
        NameIdFormatMismatch => "Set the NameID format (name identifier format) of this application at the identity provider.",
        /// NameID is no e-mail address although its format says so.
        NameIdNotAnAddress => "Choose a source for the NameID claim that holds an e-mail address, equal to the user name here.",
    }
}

/// A refusal under a rule for responses.
pub(super) fn refuse(reason: ResponseReason, expected: impl Into<String>, found: impl AsRef<str>) -> Reject {
    Reject::new(RejectReason::Response(reason), expected, found)
}
