//! Why somebody is not signed in to an application. Each variant is one way to be wrong; the person
//! reads a sentence, the administrator also what was expected, what was found, and the fix.

mod aadsts;
mod explanation;

use saml::authn_request::AuthnRequestRefusal;
use saml::bindings::{BindingReason, BindingRefusal};
use thiserror::Error;

use super::sign_out::SignOutRefusal;
use crate::sign_in::PasswordRefusal;
pub use aadsts::{AADSTS, meaning};
use explanation::{expected, fix, found};

/// A sign-on that is refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The path names a tenant that is not here.
    #[error("there is no directory \"{found}\" at this address")]
    TenantNotFound {
        /// What the path named.
        found: String,
    },
    /// The browser brought no request that could be decoded.
    #[error("the application sent no request that can be read ({})", .0.code())]
    Binding(BindingRefusal),
    /// The request breaks a rule.
    #[error("the application's request breaks a rule of single sign-on ({})", .0.code())]
    Request(AuthnRequestRefusal),
    /// A text in the request that is echoed is longer than anybody needs.
    #[error("the application's request has a value that is too long")]
    NameQualifierTooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// No application of the tenant has this identifier.
    #[error("no application with the identifier \"{identifier}\" is registered in this directory")]
    ApplicationNotFound {
        /// The request's Issuer, or the application id in the path.
        identifier: String,
    },
    /// The application is switched off.
    #[error("sign-in to {application} is switched off")]
    ApplicationDisabled {
        /// Its name.
        application: String,
    },
    /// The application signs nobody in by SAML.
    #[error("{application} is not set up for single sign-on with SAML")]
    NotSaml {
        /// Its name.
        application: String,
    },
    /// The application has no identifier to issue for.
    #[error("{application} has no identifier")]
    NoIdentifier {
        /// Its name.
        application: String,
    },
    /// The registered reply URL is not one that a browser can post to.
    #[error("the reply URL of {application} cannot be used")]
    ReplyUrlUnusable {
        /// Its name.
        application: String,
        /// The URL.
        url: String,
    },
    /// There is no key to sign with, or it does not open.
    #[error("{application} has no certificate that can sign")]
    NoSigningKey {
        /// Its name.
        application: String,
        /// What is wrong with the key.
        found: String,
    },
    /// What the application is told was changed, and there is no certificate of its own to sign that with.
    #[error("{application} has claims of its own and no certificate of its own")]
    CustomSigningKeyMissing {
        /// Its name.
        application: String,
    },
    /// The request asks for another way of signing in.
    #[error("{application} asks for another way of signing in than a password")]
    AuthnContextMismatch {
        /// Its name.
        application: String,
        /// The classes that it asks for; all are from a list.
        requested: Vec<String>,
    },
    /// Requests must be signed, and this one is not, or there is none.
    #[error("{application} takes part in single sign-on with signed requests alone")]
    SignedRequestRequired {
        /// Its name.
        application: String,
    },
    /// Requests must be signed, and at this address another name takes the place of the signed Issuer.
    #[error("{application} takes signed requests, and those have to arrive at the address of the directory")]
    SignedRequestOverridden {
        /// Its name.
        application: String,
    },
    /// A signed request was made for another address.
    #[error("the application's request was made for another address")]
    DestinationMismatch {
        /// The address at which it arrived.
        expected: String,
        /// The address in it.
        found: String,
    },
    /// Assertions are to be encrypted, and the certificate for it is not there or has no RSA key.
    #[error("the assertion for {application} cannot be encrypted")]
    NoEncryptionCertificate {
        /// Its name.
        application: String,
        /// The key credential that the application names.
        key_id: String,
    },
    /// A name and a password sign nobody in.
    #[error(transparent)]
    Password(PasswordRefusal),
    /// Somebody is not signed out.
    #[error(transparent)]
    SignOut(SignOutRefusal),
    /// No page may be shown, and nobody is signed in.
    #[error("nobody is signed in, and the application asked that no sign-in page be shown")]
    NoSession,
    /// The saved request has expired or was answered.
    #[error("this sign-in has expired or was finished already")]
    RequestGone,
    /// The saved request was started by another browser.
    #[error("this sign-in was started in another browser")]
    OtherBrowser,
    /// The chosen user is not here; a person with a session always is.
    #[error("there is no user \"{found}\"")]
    UserNotFound {
        /// What was asked for.
        found: String,
    },
    /// The user's account is disabled.
    #[error("the account {user} is disabled")]
    UserDisabled {
        /// The user principal name.
        user: String,
    },
    /// The application is for assigned people, and this is none of them.
    #[error(
        "{user} is not assigned to {application}: neither directly nor as a direct member of a group \
         that is assigned"
    )]
    NotAssigned {
        /// The user principal name.
        user: String,
        /// The application's name.
        application: String,
        /// Whether the assignment would reach the user if nested groups counted.
        only_nested: bool,
    },
    /// The user has no value for the name that the application is to get.
    #[error("{user} has no {source_property}, which {application} is to get as the user's name")]
    NameIdMissing {
        /// The user principal name.
        user: String,
        /// The application's name.
        application: String,
        /// The property that is empty.
        source_property: String,
    },
    /// The transformation of the NameID gives no name.
    #[error("{transformation} makes no name of {input:?} for {user}, which {application} is to get")]
    NameIdTransformation {
        /// The user principal name.
        user: String,
        /// The application's name.
        application: String,
        /// The functions.
        transformation: String,
        /// The value of the source.
        input: String,
    },
    /// A claim without which nobody is signed in has no value.
    #[error("{user} has no value for the claim {claim}, without which {application} signs nobody in")]
    ClaimMissing {
        /// The user principal name.
        user: String,
        /// The application's name.
        application: String,
        /// The claim.
        claim: String,
        /// Where its value should have come from.
        sources: String,
    },
    /// The saved claims cannot be evaluated.
    #[error("the claim {claim} of {application} cannot be evaluated")]
    ClaimInvalid {
        /// The application's name.
        application: String,
        /// The claim.
        claim: String,
        /// What is wrong with it.
        why: String,
    },
    /// The user is in too many groups for an assertion.
    #[error("{user} is in {found} groups that {application} would be told of; the limit is {limit}")]
    GroupOverage {
        /// The user principal name.
        user: String,
        /// The application's name.
        application: String,
        /// How many groups there are after the filter.
        found: usize,
        /// How many of them are assigned to the application.
        assigned: usize,
        /// The limit.
        limit: u16,
    },
    /// A value of the user cannot be written as XML.
    #[error("a value of the user or the application has a character that cannot be sent")]
    ValueNotXml {
        /// The value.
        value: String,
    },
}

impl Refusal {
    /// The stable name of the check that failed.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TenantNotFound { .. } => "TenantNotFound",
            Self::Binding(refusal) => refusal.code(),
            Self::Request(refusal) => refusal.code(),
            Self::NameQualifierTooLong { .. } => "NameQualifierTooLong",
            Self::ApplicationNotFound { .. } => "ApplicationNotFound",
            Self::ApplicationDisabled { .. } => "ApplicationDisabled",
            Self::NotSaml { .. } => "NotSaml",
            Self::NoIdentifier { .. } => "NoIdentifier",
            Self::ReplyUrlUnusable { .. } => "ReplyUrlUnusable",
            Self::NoSigningKey { .. } => "NoSigningKey",
            Self::CustomSigningKeyMissing { .. } => "CustomSigningKeyMissing",
            Self::AuthnContextMismatch { .. } => "AuthnContextMismatch",
            Self::SignedRequestRequired { .. } => "SignedRequestRequired",
            Self::SignedRequestOverridden { .. } => "SignedRequestOverridden",
            Self::DestinationMismatch { .. } => "DestinationMismatch",
            Self::NoEncryptionCertificate { .. } => "NoEncryptionCertificate",
            Self::SignOut(refusal) => refusal.code(),
            Self::Password(refusal) => refusal.code(),
            Self::NoSession => "NoSession",
            Self::RequestGone => "RequestGone",
            Self::OtherBrowser => "OtherBrowser",
            Self::UserNotFound { .. } => "UserNotFound",
            Self::UserDisabled { .. } => "UserDisabled",
            Self::NotAssigned { .. } => "NotAssigned",
            Self::NameIdMissing { .. } => "NameIdMissing",
            Self::NameIdTransformation { .. } => "NameIdTransformation",
            Self::ClaimMissing { .. } => "ClaimMissing",
            Self::ClaimInvalid { .. } => "ClaimInvalid",
            Self::GroupOverage { .. } => "GroupOverage",
            Self::ValueNotXml { .. } => "ValueNotXml",
        }
    }

    /// The number under which administrators of Entra know it, or the nearest of its own (Microsoft's
    /// "Microsoft Entra authentication and authorization error codes").
    pub fn aadsts(&self) -> u32 {
        match self {
            Self::TenantNotFound { .. } => 90002,
            Self::Binding(refusal) if refusal.reason == BindingReason::ParameterMissing => 750_054,
            Self::Binding(_) => 75001,
            Self::Request(refusal) => refusal.reason.aadsts(),
            Self::NameQualifierTooLong { .. } => 90011,
            Self::ApplicationNotFound { .. } => 700_016,
            Self::ApplicationDisabled { .. } => 70001,
            Self::NotSaml { .. } | Self::ReplyUrlUnusable { .. } | Self::NoEncryptionCertificate { .. } => {
                650_056
            }
            Self::NoIdentifier { .. } => 50010,
            Self::SignedRequestRequired { .. } | Self::SignedRequestOverridden { .. } => 76021,
            Self::DestinationMismatch { .. } => 75008,
            Self::SignOut(refusal) => refusal.aadsts(),
            Self::Password(refusal) => refusal.aadsts(),
            Self::NoSigningKey { .. } => 50003,
            Self::CustomSigningKeyMissing { .. } => 50146,
            Self::AuthnContextMismatch { .. } => 75011,
            Self::NoSession => 50058,
            Self::RequestGone | Self::OtherBrowser => 76026,
            Self::UserNotFound { .. } => 50034,
            Self::UserDisabled { .. } => 50057,
            Self::NotAssigned { .. } => 50105,
            Self::NameIdMissing { .. } | Self::ClaimMissing { .. } => 501_241,
            Self::NameIdTransformation { .. }
            | Self::ClaimInvalid { .. }
            | Self::GroupOverage { .. }
            | Self::ValueNotXml { .. } => 50124,
        }
    }

    /// What would have been right.
    pub fn expected(&self) -> String {
        match self {
            Self::Binding(refusal) => refusal.expected().to_owned(),
            Self::Request(refusal) => refusal.expected().to_owned(),
            Self::DestinationMismatch { expected, .. } => expected.clone(),
            Self::SignOut(refusal) => refusal.expected(),
            Self::Password(refusal) => refusal.expected(),
            other => expected(other).to_owned(),
        }
    }

    /// What was there instead.
    pub fn found(&self) -> String {
        match self {
            Self::Binding(refusal) => refusal.found().to_owned(),
            Self::Request(refusal) => refusal.found().to_owned(),
            Self::SignOut(refusal) => refusal.found(),
            Self::Password(refusal) => refusal.found(),
            other => found(other),
        }
    }

    /// Who can fix it and how.
    pub fn fix(&self) -> &'static str {
        match self {
            Self::Binding(refusal) => refusal.fix(),
            Self::Request(refusal) => refusal.fix(),
            Self::SignOut(refusal) => refusal.fix(),
            Self::Password(refusal) => refusal.fix(),
            other => fix(other),
        }
    }

    /// What the person may see of the value that was found: only what its own browser brought.
    pub fn found_in_request(&self) -> Option<String> {
        matches!(self, Self::Binding(_) | Self::Request(_) | Self::AuthnContextMismatch { .. })
            .then(|| self.found())
    }

    /// The refusal of an identifier that no application has; it comes from a stranger, so it is cut.
    pub fn application_not_found(identifier: &str) -> Self {
        Self::ApplicationNotFound { identifier: printable(identifier) }
    }

    /// The refusal of a tenant that is not here.
    pub fn tenant_not_found(found: &str) -> Self {
        Self::TenantNotFound { found: printable(found) }
    }

    /// The refusal of a user that is not here.
    pub fn user_not_found(found: &str) -> Self {
        Self::UserNotFound { found: printable(found) }
    }

    /// Who can fix it.
    pub fn who(&self) -> &'static str {
        match self {
            Self::Binding(_)
            | Self::Request(_)
            | Self::NameQualifierTooLong { .. }
            | Self::SignedRequestRequired { .. }
            | Self::SignedRequestOverridden { .. }
            | Self::DestinationMismatch { .. }
            | Self::AuthnContextMismatch { .. } => {
                "the administrator of the application, with an administrator of this directory"
            }
            Self::RequestGone | Self::OtherBrowser | Self::NoSession => {
                "you: start again from the application"
            }
            Self::SignOut(refusal) => refusal.who(),
            _ => "an administrator of this directory",
        }
    }
}

/// At most 300 characters, control characters escaped.
fn printable(text: &str) -> String {
    text.chars()
        .take(300)
        .flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] })
        .collect()
}
