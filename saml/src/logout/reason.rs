//! Why a logout message is refused.

use crate::bindings::BindingReason;
use crate::dsig::SignatureReason;
use crate::refusal::{Reason, Refusal, reasons};
use crate::xml::XmlReason;

/// A refusal of a logout message.
pub type LogoutRefusal = Refusal<LogoutReason>;

/// Why a logout message is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LogoutReason {
    /// It is not XML that we read.
    Xml(XmlReason),
    /// The signature inside proves nothing.
    Signature(SignatureReason),
    /// The signature in the query proves nothing.
    Binding(BindingReason),
    /// It breaks a rule for logout messages.
    Logout(LogoutRule),
}

impl Reason for LogoutReason {
    fn code(self) -> &'static str {
        match self {
            LogoutReason::Xml(reason) => reason.code(),
            LogoutReason::Signature(reason) => reason.code(),
            LogoutReason::Binding(reason) => reason.code(),
            LogoutReason::Logout(reason) => reason.code(),
        }
    }

    fn fix(self) -> &'static str {
        match self {
            LogoutReason::Xml(reason) => reason.fix(),
            LogoutReason::Signature(reason) => reason.fix(),
            LogoutReason::Binding(reason) => reason.fix(),
            LogoutReason::Logout(reason) => reason.fix(),
        }
    }
}

impl LogoutReason {
    /// The AADSTS number that Entra gives to this refusal, or to the nearest of its own.
    pub fn aadsts(self) -> u32 {
        match self {
            LogoutReason::Signature(SignatureReason::NoTrustedCertificate)
            | LogoutReason::Binding(BindingReason::NoTrustedCertificate) => 50003,
            LogoutReason::Signature(_) | LogoutReason::Binding(_) => 50006,
            LogoutReason::Logout(LogoutRule::SignatureMissing | LogoutRule::SignatureMisplaced) => 50006,
            LogoutReason::Logout(LogoutRule::IssuerMismatch) => 50068,
            LogoutReason::Logout(LogoutRule::Expired) => 50071,
            LogoutReason::Xml(_) | LogoutReason::Logout(_) => 50061,
        }
    }
}

reasons! {
    /// The rules for logout messages, in the order in which they are checked.
    LogoutRule {
        /// The root is another element than samlp:LogoutRequest.
        NotALogoutRequest => "The sender must send a samlp:LogoutRequest to this address.",
        /// The root is another element than samlp:LogoutResponse.
        NotALogoutResponse => "The sender must send a samlp:LogoutResponse to this address.",
        /// The same ID on two elements.
        DuplicateId => "The sender must not use an ID twice; otherwise somebody has tampered with the message.",
        /// A signature is required and there is none.
        SignatureMissing => "The sender must sign its logout messages (SAML Profiles 4.4.4), or the administrator must not require it.",
        /// A second signature, or one that is not a child of the message.
        SignatureMisplaced => "The sender must put one signature directly into the message.",
        /// Another version.
        VersionNot20 => "The sender must use SAML 2.0.",
        /// No ID.
        IdMissing => "The sender must give the message an ID.",
        /// The ID is no XML name or too long.
        IdMalformed => "The sender must begin the ID with a letter or underscore and use no spaces in it.",
        /// IssueInstant or NotOnOrAfter is no time in UTC.
        TimeMalformed => "The sender must write times in UTC, such as 2026-11-24T05:00:00Z.",
        /// Issued in the future.
        NotYetValid => "Set the clocks of both sides; the sender's is ahead.",
        /// NotOnOrAfter is past, or the message was issued too long ago.
        Expired => "Sign out again; check the clocks when it happens to everybody.",
        /// Not exactly one Issuer with text.
        IssuerMissing => "The sender must send its entity ID as Issuer.",
        /// Issuer has another Format than entity.
        IssuerFormatNotEntity => "The sender must send Issuer without Format, or with that of an entity (SAML Core 8.3.6).",
        /// Issuer is somebody else.
        IssuerMismatch => "Compare the sender's entity ID (issuer) with the one stored here.",
        /// A signed message without Destination.
        DestinationMissing => "The sender must send Destination in signed messages (SAML Bindings 3.4.5.2 and 3.5.5.2).",
        /// Destination is another address.
        DestinationMismatch => "Correct the logout URL at the sender.",
        /// Not exactly one NameID with text.
        NameIdMissing => "The sender must name the person by one NameID, as in the assertion.",
        /// The name of the person is encrypted.
        NameIdEncrypted => "Turn off encryption of names at the sender.",
        /// More SessionIndex elements than anybody has sessions.
        TooManySessions => "The sender must name fewer sessions, or none to end all of them.",
        /// An answer to no request.
        InResponseToMissing => "The sender must send InResponseTo in its LogoutResponse.",
        /// An answer to another request.
        InResponseToMismatch => "Sign out again; the answer belongs to another request.",
        /// Not exactly one Status with a StatusCode.
        StatusMissing => "The sender must send a Status with a StatusCode.",
    }
}
