//! Why a sign-out goes no further.

use saml::logout::LogoutRefusal;
use thiserror::Error;

/// A sign-out that is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SignOutRefusal {
    /// The message breaks a rule.
    #[error("the application's message breaks a rule of single sign-out ({})", .0.code())]
    Message(LogoutRefusal),
    /// The session was not signed on to the application that asks for its end.
    #[error("{application} asks for the end of a session that was not signed in to it")]
    NotParticipant {
        /// Its name.
        application: String,
    },
    /// The request names somebody else than the session's person.
    #[error("{application} asks to sign out somebody else than the person who is signed in here")]
    OtherName {
        /// The application's name.
        application: String,
        /// The name under which the session was signed on to it.
        expected: String,
        /// The name in the request.
        found: String,
    },
    /// The sign-out is over, or was too slow.
    #[error("this sign-out has ended or took too long")]
    Gone,
}

impl SignOutRefusal {
    /// The stable name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Message(refusal) => refusal.code(),
            Self::NotParticipant { .. } => "SignOutNotParticipant",
            Self::OtherName { .. } => "SignOutOtherName",
            Self::Gone => "SignOutGone",
        }
    }

    /// The number at Entra (SignoutInitiatorNotParticipant, SignoutUnknownSessionIdentifier,
    /// SignoutMessageExpired).
    pub fn aadsts(&self) -> u32 {
        match self {
            Self::Message(refusal) => refusal.reason.aadsts(),
            Self::NotParticipant { .. } => 50068,
            Self::OtherName { .. } => 50070,
            Self::Gone => 50071,
        }
    }

    /// What would have been right.
    pub fn expected(&self) -> String {
        match self {
            Self::Message(refusal) => refusal.expected().to_owned(),
            Self::NotParticipant { .. } => "a session that was signed in to the application".to_owned(),
            Self::OtherName { expected, .. } => expected.clone(),
            Self::Gone => "a sign-out of the last ten minutes".to_owned(),
        }
    }

    /// What was there.
    pub fn found(&self) -> String {
        match self {
            Self::Message(refusal) => refusal.found().to_owned(),
            Self::NotParticipant { .. } => "a session without it".to_owned(),
            Self::OtherName { found, .. } => found.chars().take(300).collect(),
            Self::Gone => "no such sign-out".to_owned(),
        }
    }

    /// How to go on.
    pub fn fix(&self) -> &'static str {
        match self {
            Self::Message(refusal) => refusal.fix(),
            Self::NotParticipant { .. } => "You are still signed in. Sign out at /my-apps.",
            Self::OtherName { .. } => {
                "You are still signed in. Sign out at /my-apps. The application must send the NameID that it got."
            }
            Self::Gone => "Close the browser to be sure, or sign out again at /my-apps.",
        }
    }

    /// Who can fix it.
    pub fn who(&self) -> &'static str {
        match self {
            Self::Gone => "you",
            _ => "the administrator of the application, with an administrator of this directory",
        }
    }
}
