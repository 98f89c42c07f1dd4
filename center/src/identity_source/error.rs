//! Why the identity source was not changed.

use ::store::{Retryable, StoreError};
use http::StatusCode;
use saml::certificate::CertificateRefusal;
use saml::metadata::MetadataRefusal;
use thiserror::Error;

/// Why the identity source was not changed.
#[derive(Debug, Error)]
pub enum SourceError {
    /// The request is not the JSON that is expected.
    #[error("the request's body cannot be read: {0}")]
    BodyInvalid(String),
    /// A kind that does not exist.
    #[error("{0:?} is no kind of identity source that can be chosen")]
    KindUnknown(String),
    /// Active Directory, which exists in AWS and not here.
    #[error("Active Directory cannot be connected to this center")]
    ActiveDirectory,
    /// A metadata file together with values by hand, which could contradict each other.
    #[error("metadataXml and values given by hand exclude each other")]
    MetadataAndValues,
    /// A value by hand is missing.
    #[error("{target} is missing")]
    ValueMissing {
        /// Which.
        target: &'static str,
    },
    /// The file is too large to be looked at.
    #[error("the metadata file has {bytes} bytes")]
    MetadataTooLong {
        /// Its size.
        bytes: usize,
    },
    /// The metadata file is wrong.
    #[error("the identity provider's metadata cannot be used: {0}")]
    Metadata(MetadataRefusal),
    /// It offers neither HTTP-Redirect nor HTTP-POST.
    #[error("the identity provider offers neither HTTP-Redirect nor HTTP-POST for sign-in")]
    NoUsableBinding {
        /// What it offers.
        found: String,
    },
    /// A sign-in URL that is not safe.
    #[error("{target} must be an https URL")]
    UrlNotAllowed {
        /// Which value or element.
        target: &'static str,
        /// What was given.
        found: String,
    },
    /// An issuer that no entity ID can be.
    #[error("the issuer must have 1 to 1,024 characters without blanks")]
    IssuerInvalid {
        /// What was given.
        found: String,
    },
    /// The certificate is longer than AWS takes.
    #[error("the certificate has {characters} characters; 2,500 are the most")]
    CertificateTooLong {
        /// Its length.
        characters: usize,
    },
    /// The certificate cannot be used.
    #[error("the certificate cannot be used: {0}")]
    Certificate(CertificateRefusal),
    /// More certificates than are verified with.
    #[error("{found} signing certificates are more than the {most} that are kept")]
    TooManyCertificates {
        /// How many there are.
        found: usize,
        /// How many may be.
        most: usize,
    },
    /// No certificate is valid any more.
    #[error("every signing certificate has expired")]
    CertificatesExpired {
        /// When the last one did.
        found: String,
    },
    /// The source is the active one already.
    #[error("this is the identity source already")]
    SameSource,
    /// Nobody could get in after a mistake.
    #[error("there is no administrator who could still sign in after the change")]
    NoAdministrator,
    /// ACCEPT was not typed.
    #[error("the change must be confirmed by the word ACCEPT")]
    NotConfirmed {
        /// What was typed.
        found: String,
    },
    /// Nothing is proposed.
    #[error("no change of the identity source is proposed")]
    NoProposal,
    /// There is nothing to go back to.
    #[error("there is no previous identity source")]
    NoPrevious,
    /// What would happen is no longer what was reviewed.
    #[error("users or the identity source changed since the review")]
    ReviewOutdated,
    /// The store's.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Retryable for SourceError {
    fn store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

/// What the administrator hears beside the message. Empty texts are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The HTTP status.
    pub status: StatusCode,
    /// The stable code.
    pub code: &'static str,
    /// The field or element.
    pub target: &'static str,
    /// What would have been right.
    pub expected: String,
    /// What was there.
    pub found: String,
    /// Who has to do what.
    pub fix: String,
}

const BAD: StatusCode = StatusCode::BAD_REQUEST;
const CONFLICT: StatusCode = StatusCode::CONFLICT;

impl SourceError {
    /// The one place that says what an error is on the wire.
    pub fn explain(&self) -> Explanation {
        let say = |status, code, target, expected: &str, found: &str, fix: &str| Explanation {
            status,
            code,
            target,
            expected: expected.to_owned(),
            found: found.to_owned(),
            fix: fix.to_owned(),
        };
        let kinds = "identity-center-directory or external";
        let metadata_limit = "at most 75,000 characters";
        let https = "an absolute https URL (http on loopback alone), without user and fragment";
        match self {
            Self::BodyInvalid(_) => say(BAD, "BodyInvalid", "", "a JSON object", "", "Correct the request's body."),
            Self::KindUnknown(found) => say(BAD, "KindUnknown", "kind", kinds, found, "Choose one of the two kinds."),
            Self::ActiveDirectory => say(BAD, "ActiveDirectoryNotSupported", "kind", kinds, "active-directory", ACTIVE_DIRECTORY),
            Self::MetadataAndValues => say(BAD, "MetadataAndValues", "metadataXml", "metadataXml alone, or signInUrl, issuer and certificatePem", "both", "Leave one of them out."),
            Self::ValueMissing { target } => say(BAD, "ValueMissing", target, "a value", "none", "Give the value, or upload the identity provider's metadata file."),
            Self::MetadataTooLong { bytes } => say(BAD, "TooLong", "metadataXml", metadata_limit, &format!("{bytes} bytes"), "Upload the metadata of this one application, not that of a whole federation."),
            Self::Metadata(refusal) => say(BAD, refusal.code(), "metadataXml", refusal.expected(), refusal.found(), refusal.fix()),
            Self::NoUsableBinding { found } => say(BAD, "NoUsableBinding", "SingleSignOnService/@Binding", "HTTP-Redirect or HTTP-POST", found, "Turn one of these bindings on at the identity provider and download its metadata again."),
            Self::UrlNotAllowed { target, found } => say(BAD, "UrlNotAllowed", target, https, found, "Use the identity provider's https address."),
            Self::IssuerInvalid { found } => say(BAD, "IssuerInvalid", "issuer", "1 to 1,024 characters without blanks", found, "Copy the issuer URL (entity ID) from the identity provider."),
            Self::CertificateTooLong { characters } => say(BAD, "CertificateTooLong", "certificatePem", "at most 2,500 characters", &characters.to_string(), "Give the signing certificate alone, without its chain."),
            Self::Certificate(refusal) => say(BAD, refusal.code(), "certificatePem", refusal.expected(), refusal.found(), refusal.fix()),
            Self::TooManyCertificates { found, most } => say(BAD, "TooManyCertificates", "KeyDescriptor", &format!("at most {most}"), &found.to_string(), "Remove old certificates at the identity provider and download its metadata again."),
            Self::CertificatesExpired { found } => say(BAD, "CertificatesExpired", "X509Certificate", "one certificate that is valid now", &format!("the last one ended {found}"), "Activate a new signing certificate at the identity provider and give that."),
            Self::SameSource => say(CONFLICT, "SameSource", "kind", "another source", "the active one", "Nothing needs to be changed."),
            Self::NoAdministrator => say(CONFLICT, "NoAdministrator", "", "at least one administrator of the center", "none", "Complete the set-up first: administrators keep a way in whatever the source is."),
            Self::NotConfirmed { found } => say(BAD, "NotConfirmed", "confirm", "ACCEPT", found, "Type ACCEPT, in capital letters."),
            Self::NoProposal => say(StatusCode::NOT_FOUND, "NoProposal", "", "a proposed change", "none", "Propose a change first."),
            Self::NoPrevious => say(StatusCode::NOT_FOUND, "NoPrevious", "", "a previous identity source", "none", "Propose the source that you want."),
            Self::ReviewOutdated => say(CONFLICT, "ReviewOutdated", "", "the change as it was reviewed", "another effect on people", "Look at the review again (through the API: put the proposal again), then accept."),
            Self::Store(error) => {
                tracing::error!(%error, "the identity source could not be read or changed");
                say(StatusCode::INTERNAL_SERVER_ERROR, "Internal", "", "", "", "The server's log says what happened.")
            }
        }
    }
}

/// The honest statement about Active Directory.
pub const ACTIVE_DIRECTORY: &str = "This center does not connect to Active Directory. Let an identity provider that reads \
     your directory (for example Entra ID with Entra Connect, AD FS, Keycloak) sign people in over SAML, and \
     choose External identity provider.";
